//! The whole router, driven without a socket over the store in memory.

mod calls;
mod sessions;
mod users;
mod world;
