//! Carries devices' WebSockets to sessions, and sessions' requests to control.
//!
//! Look first at `connection.rs`, the life of one connection, then at `desk.rs`, which holds the
//! sessions of all devices and decides which connection serves which.

mod axum_socket;
mod connection;
mod desk;
mod gateway;
mod hello;
mod pace;
mod requests;
mod socket;

pub use gateway::Gateway;
pub use socket::{Frame, Socket, SocketGone};
