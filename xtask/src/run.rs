//! `cargo xtask run`: from a fresh clone to a server with its page.

use std::path::Path;

use crate::node;
use crate::process::{Failure, Job};

/// Builds the SDK, then becomes `curlew serve`. The page in `examples/phone` needs no build.
pub fn run(root: &Path, args: &[String]) -> Result<(), Failure> {
    node::build_sdk(root)?;
    Job::new("cargo", &["run", "-p", "curlew", "--", "serve"]).with(args).become_it(root)
}
