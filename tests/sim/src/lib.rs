//! The whole cluster and its devices in pretended time: real `control`, `gateway` and session
//! machine on several nodes over one in-memory store, model devices, and clocks, networks, a bus
//! and a store that misbehave by seed.
//!
//! A run is a function of its seed. `referee` holds the promises; `cargo xtask sim --seed S
//! --runs 1` replays a failure. `world` is the stage, `client` a device with its person, `people`
//! what they do, `cluster` the servers; `history` is what was committed, `ledger` what was told.

pub mod bus;
pub mod client;
pub mod clock;
pub mod cluster;
pub mod device;
pub mod dice;
pub mod faulty;
pub mod history;
pub mod ledger;
pub mod link;
pub mod people;
pub mod referee;
pub mod run;
pub mod stage;
pub mod world;
