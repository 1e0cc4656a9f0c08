//! `cargo xtask bench <name>`: a benchmark of `tests/bench` in a release build.

use std::path::Path;

use crate::process::{Failure, Job};

/// Hands everything on to the benchmark program.
pub fn run(root: &Path, args: &[String]) -> Result<(), Failure> {
    Job::new("cargo", &["run", "--release", "-p", "curlew-bench", "--"]).with(args).become_it(root)
}
