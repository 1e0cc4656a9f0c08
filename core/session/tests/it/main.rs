//! The session machine: its rules one by one, and any order of life against a model device.

mod model;
mod rules;
