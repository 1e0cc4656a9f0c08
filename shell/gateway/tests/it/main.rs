//! The gateway over pretended sockets with a paused clock, and over real ones.

mod pretended;
mod real;
mod world;
