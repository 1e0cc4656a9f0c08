//! The gateway over pretended sockets with a paused clock, and over real ones.

#[cfg(test)]
mod pretended;
#[cfg(test)]
mod real;
#[cfg(test)]
mod world;
