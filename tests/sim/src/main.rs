//! `cargo xtask sim --runs N --seed S`: runs seeds on every core and reports broken promises.

use clap::Parser;
use curlew_sim::run::{Outcome, run_traced};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::time::Instant;

/// Seeds between two lines of progress.
const PROGRESS: u64 = 1_000;

/// Simulates the cluster and its devices; prints the seed of each broken promise.
#[derive(Parser)]
struct Args {
    /// How many seeds.
    #[arg(long, default_value_t = 1_000)]
    runs: u64,
    /// The first seed.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many seeds at a time; unset, one for each core.
    #[arg(long)]
    threads: Option<usize>,
    /// Stop as soon as this many seeds broke a promise.
    #[arg(long, default_value_t = 20)]
    give_up_after: u64,
    /// Print what happens.
    #[arg(long)]
    trace: bool,
}

/// What all runs came to.
#[derive(Default)]
struct Sum {
    runs: u64,
    calls: usize,
    accepted: usize,
    told: usize,
    broken: u64,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let threads = args.threads.unwrap_or(cores).max(1);
    let until = args.seed.saturating_add(args.runs);
    let next = AtomicU64::new(args.seed);
    let start = Instant::now();
    let mut sum = Sum::default();
    std::thread::scope(|scope| {
        let (done, outcomes) = channel();
        for _ in 0..threads {
            let (done, next) = (done.clone(), &next);
            scope.spawn(move || work((next, until), args.trace, &done));
        }
        drop(done);
        for (seed, outcome) in outcomes {
            sum.add(seed, &outcome);
            if sum.runs.is_multiple_of(PROGRESS) {
                sum.print(start);
            }
            if sum.broken >= args.give_up_after {
                next.store(until, Ordering::Relaxed);
            }
        }
    });
    sum.print(start);
    println!("seeds {} to {}", args.seed, until.saturating_sub(1));
    if sum.broken == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Takes one seed after the other.
fn work((next, until): (&AtomicU64, u64), traced: bool, done: &Sender<(u64, Outcome)>) {
    loop {
        let seed = next.fetch_add(1, Ordering::Relaxed);
        if seed >= until || done.send((seed, run_traced(seed, traced))).is_err() {
            return;
        }
    }
}

impl Sum {
    fn add(&mut self, seed: u64, outcome: &Outcome) {
        self.runs += 1;
        self.calls += outcome.calls;
        self.accepted += outcome.accepted;
        self.told += outcome.told;
        outcome.trace.iter().for_each(|line| println!("{line}"));
        if !outcome.wrong.is_empty() {
            self.broken += 1;
            println!("seed {seed}:\n  {}", outcome.wrong.join("\n  "));
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    fn print(&self, start: Instant) {
        let secs = start.elapsed().as_secs_f64();
        let a_minute = self.calls as f64 / secs * 60.0;
        let Self { runs, calls, accepted, told, broken } = self;
        println!(
            "{runs} runs, {calls} calls, {accepted} accepted, {told} views told, {broken} broken, \
             {secs:.1} s, {a_minute:.0} calls a minute"
        );
    }
}
