//! `cargo xtask test`: every check and test of the house, in order, stopping at the first failure.

use std::path::Path;
use std::time::Instant;

use crate::node::{self, E2E, SDK};
use crate::process::{Failure, Job, answer};
use crate::tidy;

/// What `test` may be told.
#[derive(clap::Args)]
pub struct Args {
    /// Run this step alone.
    #[arg(long, value_name = "STEP")]
    only: Option<String>,
    /// Name the steps and run none.
    #[arg(long)]
    list: bool,
}

/// One step: a name to rerun it by, a heading, and the deed.
struct Step {
    name: &'static str,
    heading: &'static str,
    act: fn(&Path) -> Result<(), Failure>,
}

/// The steps. The SDK is built before any Rust, because the server embeds its bundles; the quick
/// and the likely to fail come before the slow. To add one: add a line here.
const STEPS: &[Step] = &[
    Step { name: "fmt", heading: "Rust format", act: fmt },
    Step { name: "sdk-install", heading: "SDK modules", act: |root| node::install(root, SDK) },
    Step { name: "sdk-build", heading: "SDK bundles", act: node::build_sdk },
    Step { name: "clippy", heading: "Clippy, warnings denied", act: clippy },
    Step { name: "tidy", heading: "Rules of the house", act: tidy::run },
    Step { name: "rust", heading: "Rust tests, vectors, simulation", act: rust },
    Step { name: "sdk-types", heading: "SDK types", act: |root| sdk(root, &["run", "typecheck"]) },
    Step { name: "sdk-lint", heading: "SDK lint", act: |root| sdk(root, &["run", "lint"]) },
    Step { name: "sdk-test", heading: "SDK tests", act: |root| sdk(root, &["test"]) },
    Step { name: "server", heading: "Server binary", act: server },
    Step { name: "chromium", heading: "Chromium", act: chromium },
    Step { name: "network", heading: "Network namespaces", act: network },
    Step {
        name: "e2e-install",
        heading: "Browser test modules",
        act: |root| node::install(root, E2E),
    },
    Step {
        name: "e2e",
        heading: "Two browsers end to end",
        act: |root| node::script(root, E2E, &["test"]),
    },
];

/// Runs the steps, or one of them, or names them.
pub fn run(root: &Path, args: &Args) -> Result<(), Failure> {
    if args.list {
        for step in STEPS {
            println!("{:12} {}", step.name, step.heading);
        }
        return Ok(());
    }
    let chosen = choose(STEPS, args.only.as_deref())?;
    perform(root, &chosen)
}

fn choose<'a>(steps: &'a [Step], only: Option<&str>) -> Result<Vec<&'a Step>, Failure> {
    let chosen: Vec<&Step> =
        steps.iter().filter(|step| only.is_none_or(|name| name == step.name)).collect();
    if chosen.is_empty() {
        let names: Vec<&str> = steps.iter().map(|step| step.name).collect();
        return Err(Failure(format!("no such step; there are: {}", names.join(", "))));
    }
    Ok(chosen)
}

/// Each step's own output passes through unchanged, so that its own summary can be read.
fn perform(root: &Path, steps: &[&Step]) -> Result<(), Failure> {
    for (index, step) in steps.iter().enumerate() {
        println!("\n== {}/{} {} ({}) ==", index + 1, steps.len(), step.heading, step.name);
        let start = Instant::now();
        let result = (step.act)(root);
        let seconds = start.elapsed().as_secs_f32();
        if let Err(failure) = result {
            return Err(Failure(format!(
                "step `{}` failed after {seconds:.1} s: {failure}\n\
                 to run it alone: cargo xtask test --only {}",
                step.name, step.name
            )));
        }
        println!("-- {}: {seconds:.1} s", step.name);
    }
    Ok(())
}

fn fmt(root: &Path) -> Result<(), Failure> {
    Job::new("cargo", &["fmt", "--all", "--check"]).run(root)
}

fn clippy(root: &Path) -> Result<(), Failure> {
    let args = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
    Job::new("cargo", &args).run(root)
}

fn rust(root: &Path) -> Result<(), Failure> {
    if answer("cargo", &["nextest", "--version"]).is_none() {
        println!("cargo-nextest is missing; building it takes a few minutes, once.");
        Job::new("cargo", &["install", "cargo-nextest", "--locked"]).run(root)?;
    }
    Job::new("cargo", &["nextest", "run", "--workspace"]).run(root)
}

fn sdk(root: &Path, args: &[&str]) -> Result<(), Failure> {
    node::script(root, SDK, args)
}

/// The browsers' tests start the real binary. With `--tests` the features of all crates are those
/// of the test run, so that nothing is built a second time.
fn server(root: &Path) -> Result<(), Failure> {
    Job::new("cargo", &["build", "--workspace", "--bins", "--tests"]).run(root)
}

/// Where Debian puts its Chromium.
const CHROMIUM: &str = "/usr/bin/chromium";

fn chromium(root: &Path) -> Result<(), Failure> {
    if Path::new(CHROMIUM).exists() {
        return Ok(());
    }
    let cause = format!("{CHROMIUM} is missing: the browser tests drive Debian's Chromium.");
    install(root, "chromium", &cause)
}

/// The network tests put browsers into namespaces of their own, which takes root and iproute2.
fn network(root: &Path) -> Result<(), Failure> {
    if !is_root() {
        return Err(Failure(
            "the network tests make network namespaces, which only root may do.\n  \
             run: sudo -E env \"PATH=$PATH\" cargo xtask test"
                .to_owned(),
        ));
    }
    if answer("ip", &["-V"]).is_some() {
        return Ok(());
    }
    install(root, "iproute2", "`ip` is missing: the network tests make namespaces with it.")
}

fn is_root() -> bool {
    answer("id", &["-u"]).as_deref() == Some("0")
}

/// Installs a package of Debian, or says how.
fn install(root: &Path, package: &str, cause: &str) -> Result<(), Failure> {
    if !is_root() || answer("apt-get", &["--version"]).is_none() {
        return Err(Failure(format!(
            "{cause}\n  install it: sudo apt-get update && sudo apt-get install -y {package}"
        )));
    }
    Job::new("apt-get", &["update"]).run(root)?;
    let quiet = ["DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-y", package];
    Job::new("env", &quiet).run(root)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;

    use super::*;

    /// Leaves a mark in the folder, so that a test sees which steps ran.
    fn mark(root: &Path, name: &str) -> Result<(), Failure> {
        fs::write(root.join(name), "").map_err(|error| Failure(error.to_string()))
    }

    const SAMPLE: &[Step] = &[
        Step { name: "one", heading: "First", act: |root| mark(root, "one") },
        Step { name: "two", heading: "Second", act: |_| Err(Failure("it broke".to_owned())) },
        Step { name: "three", heading: "Third", act: |root| mark(root, "three") },
    ];

    #[test]
    fn the_first_failure_stops_the_run_and_tells_how_to_rerun_it() {
        let root = tempfile::tempdir().unwrap();
        let steps = choose(SAMPLE, None).unwrap();
        let message = perform(root.path(), &steps).unwrap_err().to_string();
        assert!(message.contains("it broke"), "{message}");
        assert!(message.contains("cargo xtask test --only two"), "{message}");
        assert!(root.path().join("one").exists());
        assert!(!root.path().join("three").exists());
    }

    #[test]
    fn one_step_runs_alone_and_an_unknown_one_is_answered_with_the_names() {
        let root = tempfile::tempdir().unwrap();
        perform(root.path(), &choose(SAMPLE, Some("three")).unwrap()).unwrap();
        assert!(!root.path().join("one").exists());
        assert!(root.path().join("three").exists());
        let unknown = choose(SAMPLE, Some("four")).err().unwrap();
        assert!(unknown.to_string().contains("one, two, three"), "{unknown}");
    }

    #[test]
    fn names_of_steps_are_unique() {
        let names: BTreeSet<&str> = STEPS.iter().map(|step| step.name).collect();
        assert_eq!(names.len(), STEPS.len());
    }
}
