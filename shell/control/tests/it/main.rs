//! Control over the in-memory store, in pretended time.

#[cfg(test)]
mod direct_calls;
#[cfg(test)]
mod nodes;
#[cfg(test)]
mod promises;
#[cfg(test)]
mod vectors;
#[cfg(test)]
mod world;
