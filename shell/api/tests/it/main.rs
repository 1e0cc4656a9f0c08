//! The whole router, driven without a socket over the store in memory.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod call_log;
mod calls;
mod sessions;
mod users;
mod world;
