//! `cargo xtask sim --runs N --seed S`: the simulation outside the test command.

use std::path::Path;

use crate::process::{Failure, Job};

/// Hands everything on to the simulation program.
pub fn run(root: &Path, args: &[String]) -> Result<(), Failure> {
    Job::new("cargo", &["run", "-p", "curlew-sim", "--"]).with(args).become_it(root)
}
