//! The whole server and its devices in pretended time: real `control`, `gateway` and session
//! machine over the in-memory store, model devices, and a network that misbehaves by seed.
//!
//! A run is a function of its seed. `referee` holds the promises; `cargo xtask sim --seed S
//! --runs 1` replays a failure.

pub mod device;
pub mod dice;
pub mod link;
pub mod referee;
pub mod run;
pub mod server;
