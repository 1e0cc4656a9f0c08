//! Every JSON shape that leaves the process. `docs/protocol/README.md` tells their story.

pub mod call;
pub mod client;
pub mod close;
mod decode;
pub mod rest;
pub mod schema;
pub mod server;
pub mod webhook;

pub use decode::{BadField, DecodeError, decode_body, decode_client};

/// The version of the signalling protocol that this build speaks.
pub const PROTOCOL_VERSION: u32 = 1;
