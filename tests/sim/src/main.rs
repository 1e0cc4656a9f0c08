//! `cargo xtask sim --runs N --seed S`: runs seeds and reports broken promises.

use clap::Parser;
use std::process::ExitCode;
use std::time::Instant;

/// Simulates the server and its devices; prints the seed of each broken promise.
#[derive(Parser)]
struct Args {
    /// How many seeds.
    #[arg(long, default_value_t = 1_000)]
    runs: u64,
    /// The first seed.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let start = Instant::now();
    let (mut calls, mut broken) = (0, 0);
    for seed in args.seed..args.seed.saturating_add(args.runs) {
        let outcome = curlew_sim::run::run(seed);
        calls += outcome.calls;
        if !outcome.wrong.is_empty() {
            broken += 1;
            println!("seed {seed}:\n  {}", outcome.wrong.join("\n  "));
        }
    }
    let secs = start.elapsed().as_secs_f64();
    println!("{} runs, {calls} calls, {broken} broken, {secs:.1} s", args.runs);
    if broken == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
