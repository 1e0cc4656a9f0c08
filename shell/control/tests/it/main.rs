//! Control over the in-memory store, in pretended time.

mod promises;
mod vectors;
mod world;
