//! `cargo xtask bench <name>`: a benchmark of `tests/bench` in a release build, and its part that
//! needs a browser.

use std::path::Path;

use crate::node;
use crate::process::{Failure, Job};

/// The echo server that the signalling benchmark compares with.
const ECHO: &str = "tests/bench/echo";

/// Builds what is measured and what measures, then runs both parts.
pub fn run(root: &Path, args: &[String]) -> Result<(), Failure> {
    node::install(root, ECHO)?;
    node::build_sdk(root)?;
    Job::new("cargo", &["build", "--release", "-p", "curlew", "-p", "curlew-bench"]).run(root)?;
    Job::new("target/release/curlew-bench", args).run(root)?;
    node::script(root, node::E2E, &["run", "bench"])
}
