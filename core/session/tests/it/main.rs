//! The session machine: its rules one by one, and any order of life against a model device.

#[cfg(test)]
mod model;
#[cfg(test)]
mod rules;
