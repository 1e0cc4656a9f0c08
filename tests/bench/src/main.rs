//! Benchmarks, run by `cargo xtask bench`; they report and never gate.

mod http;
mod phone;
mod process;
mod signalling;

use clap::{Parser, Subcommand};

/// Measures the server.
#[derive(Parser)]
struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Memory per idle connection, CPU time per complete call, time from dial to ring.
    Signalling(signalling::Options),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    match Args::parse().what {
        What::Signalling(options) => signalling::run(&options).await,
    }
}
