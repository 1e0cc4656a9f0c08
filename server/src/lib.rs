//! The server: configuration, start and stop, subcommands, and the wiring of its parts.
//!
//! Look first at `wiring.rs`, which puts the parts together from top to bottom, and `serve.rs`,
//! which starts and stops them.

mod accept;
mod chance;
pub mod cli;
pub mod config;
mod folder;
mod pages;
mod people;
mod run;
mod serve;
mod tls;
mod wiring;

pub use chance::{RandomIds, SystemClock};
pub use run::{Failure, run};
pub use wiring::{App, app};
