//! The network of the browser tests: namespaces joined by a router that delays, loses and cuts.
//!
//! ```text
//! browser in a namespace -- eth0 (TUN) --+
//! browser in a namespace -- eth0, eth1 --+-- Router -- eth0 -- server in a namespace
//! ```
//!
//! Commands come as JSON lines on stdin (`command.rs`), each answered by one line on stdout. When
//! stdin ends, however the test ended, all namespaces and what runs in them are gone. Namespaces
//! that a killed run left behind are removed at the start.

mod command;
mod dice;
mod faults;
mod flows;
mod packet;
mod router;
mod switchboard;
mod world;

use std::io::{BufRead, Write};
use std::sync::mpsc;
use std::thread;

use clap::Parser;
use switchboard::{News, Switchboard};
use world::World;

/// Joins network namespaces by a router with faults to order; told by JSON lines on stdin.
#[derive(Parser)]
struct Args {
    /// Seed of the dice that lose packets.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args = Args::parse();
    let world = World::new(std::process::id())?;
    let (sender, news) = mpsc::channel();
    let mut board = Switchboard::new(world, args.seed, sender.clone());
    thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            let Ok(line) = line else { break };
            if sender.send(News::Command(line)).is_err() {
                return;
            }
        }
        // The board is gone only when the process ends anyway.
        let _ = sender.send(News::Over);
    });
    let mut out = std::io::stdout();
    writeln!(out, "{}", serde_json::json!({ "ready": true, "seed": args.seed }))?;
    out.flush()?;
    board.run(&news, &mut out)?;
    Ok(())
}
