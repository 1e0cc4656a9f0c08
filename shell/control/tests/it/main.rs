//! Control over the in-memory store, in pretended time.

#[cfg(test)]
mod promises;
#[cfg(test)]
mod vectors;
#[cfg(test)]
mod world;
