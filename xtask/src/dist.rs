//! `cargo xtask dist`: the release binary with the SDK and the page inside it.

use std::path::Path;

use crate::node;
use crate::process::{Failure, Job};

/// Builds the SDK first, because the binary embeds its bundles.
pub fn run(root: &Path) -> Result<(), Failure> {
    node::build_sdk(root)?;
    Job::new("cargo", &["build", "--release", "-p", "curlew"]).run(root)?;
    println!("target/release/curlew is ready: one file, nothing beside it.");
    Ok(())
}
