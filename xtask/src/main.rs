//! The house's chores, one subcommand a file: `cargo xtask help` lists them.
//!
//! To add a chore: write `xtask/src/<name>.rs` with a `run`, add a variant to [`Chore`] and an arm
//! to [`perform`]. To add a step to the test command, see `STEPS` in `test.rs`.

mod bench;
mod dist;
mod generate;
mod node;
mod process;
mod run;
mod sim;
mod test;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::process::Failure;

/// The house's chores.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Args {
    #[command(subcommand)]
    chore: Chore,
}

/// One chore a variant.
#[derive(Subcommand)]
enum Chore {
    /// Build what is needed and start the server with its page; arguments go to `curlew serve`.
    Run(process::PassedOn),
    /// Run every check and test, in order, and stop at the first failure.
    Test(test::Args),
    /// Check crate edges, module docs, lengths, names, the core's bans and generated files.
    Tidy,
    /// Write the TypeScript types and the JSON schema that follow from `wire/`.
    Gen(generate::Args),
    /// Run a benchmark of `tests/bench`, for example `cargo xtask bench signalling`.
    Bench(process::PassedOn),
    /// Run the simulation, for example `cargo xtask sim --runs 1000 --seed 1`.
    Sim(process::PassedOn),
    /// Build the SDK and the release binary.
    Dist,
}

fn main() -> ExitCode {
    match perform(Args::parse().chore, &root()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("\nerror: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn perform(chore: Chore, root: &Path) -> Result<(), Failure> {
    match chore {
        Chore::Run(args) => run::run(root, &args.args),
        Chore::Test(args) => test::run(root, &args),
        Chore::Tidy => tidy::run(root),
        Chore::Gen(args) => generate::run(root, &args),
        Chore::Bench(args) => bench::run(root, &args.args),
        Chore::Sim(args) => sim::run(root, &args.args),
        Chore::Dist => dist::run(root),
    }
}

/// The repository's root: the parent of this crate's folder.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}
