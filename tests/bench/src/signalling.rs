//! `cargo xtask bench signalling`: complete calls, once with each commit alone and once with
//! commits
//! grouped, and idle connections.

use clap::Args;
use curlew_base::CallId;
use curlew_wire::call::CallState;
use std::error::Error;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::http::Http;
use crate::phone::Phone;
use crate::process::{Echo, Server};

/// What to measure, and how much of it.
#[derive(Args)]
pub struct Options {
    /// The server's binary.
    #[arg(long, default_value = "target/release/curlew")]
    binary: PathBuf,
    /// Idle authenticated connections.
    #[arg(long, default_value_t = 10_000)]
    connections: u32,
    /// Complete calls of each pair; more would meet the pace that a connection is held to.
    #[arg(long, default_value_t = 20)]
    calls: u32,
    /// Pairs of people who call each other at the same time.
    #[arg(long, default_value_t = 64)]
    pairs: u32,
    /// The echo server to compare with.
    #[arg(long, default_value = "tests/bench/echo/server.mjs")]
    echo: PathBuf,
}

pub async fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    for group_commits in [false, true] {
        let data = std::env::temp_dir().join(format!("curlew-bench-{}", std::process::id()));
        let server = Server::start(&options.binary, &data, group_commits).await?;
        let host = server.ready.url.trim_start_matches("http://").to_owned();
        let mut http = Http::connect(&host).await?;
        println!("commits grouped: {}", if group_commits { "on" } else { "off" });
        let mut result = calls(options, &server, &host, &mut http).await;
        if group_commits && result.is_ok() {
            result = idle(options, &server, &host, &mut http).await;
        }
        drop(server);
        std::fs::remove_dir_all(&data)?;
        result?;
    }
    Ok(())
}

async fn calls(
    options: &Options,
    server: &Server,
    host: &str,
    http: &mut Http,
) -> Result<(), Box<dyn Error>> {
    let app = &server.ready.app_id;
    let mut pairs = Vec::new();
    for n in 0..options.pairs {
        let (a, b) = (format!("caller-{n}"), format!("callee-{n}"));
        let caller = Phone::sign_in(http, host, app, &a, &format!("{a}-1")).await?;
        let one = Phone::sign_in(http, host, app, &b, &format!("{b}-1")).await?;
        let two = Phone::sign_in(http, host, app, &b, &format!("{b}-2")).await?;
        pairs.push((n, b, caller, one, two));
    }
    let (cpu, wall) = (server.cpu()?, Instant::now());
    let jobs = pairs.into_iter().map(|(n, callee, mut caller, mut one, mut two)| async move {
        let mut ring_times = Vec::new();
        for i in 0..options.calls {
            let start = Instant::now();
            let call = caller.dial(&callee, &format!("{n}-{i}")).await?;
            ring_times.push(complete(&call, start, &mut caller, &mut one, &mut two).await?);
        }
        Ok::<_, Box<dyn Error>>(ring_times)
    });
    let rings = futures_util::future::join_all(jobs).await;
    let (cpu, wall) = (server.cpu()? - cpu, wall.elapsed());
    let mut ring_times = Vec::new();
    for rings in rings {
        ring_times.extend(rings?);
    }
    ring_times.sort();
    let calls = u32::try_from(ring_times.len())?;
    let median = ring_times.get(ring_times.len() / 2).copied().unwrap_or_default();
    println!("  complete calls:         {calls}, {} at a time", options.pairs);
    println!("  server CPU a call:      {:.3} ms", millis(cpu) / f64::from(calls));
    println!("  calls a second:         {:.0}", f64::from(calls) / wall.as_secs_f64());
    println!("  dial to ring, median:   {:.2} ms", millis(median));
    Ok(())
}

/// From a committed dial to its end; returns the time from dial to ring.
async fn complete(
    call: &CallId,
    start: Instant,
    caller: &mut Phone,
    one: &mut Phone,
    two: &mut Phone,
) -> Result<Duration, Box<dyn Error>> {
    one.until(call, CallState::Ringing).await?;
    let ring = start.elapsed();
    two.until(call, CallState::Ringing).await?;
    one.ringing(call).await?;
    two.ringing(call).await?;
    one.accept(call).await?;
    two.until(call, CallState::Ended).await?;
    caller.until(call, CallState::Established).await?;
    caller.media_up(call).await?;
    one.media_up(call).await?;
    caller.until(call, CallState::Connected).await?;
    caller.end(call).await?;
    one.until(call, CallState::Ended).await?;
    Ok(ring)
}

async fn idle(
    options: &Options,
    server: &Server,
    host: &str,
    http: &mut Http,
) -> Result<(), Box<dyn Error>> {
    let app = &server.ready.app_id;
    let before = server.rss_bytes()?;
    let mut phones = Vec::new();
    for n in 0..options.connections {
        let (user, device) = (format!("idle-{n}"), format!("idle-{n}"));
        phones.push(Phone::sign_in(http, host, app, &user, &device).await?);
    }
    let grown = server.rss_bytes()?.saturating_sub(before);
    let each = grown / u64::from(options.connections.max(1));
    println!("idle authenticated connections: {}", phones.len());
    println!("  server memory each:     {each} bytes");
    drop(phones);
    let echo = Echo::start(&options.echo).await?;
    let before = echo.rss_bytes()?;
    let mut sockets = Vec::new();
    for _ in 0..options.connections {
        sockets.push(Phone::bare(&echo.host).await?);
    }
    let each = echo.rss_bytes()?.saturating_sub(before) / u64::from(options.connections.max(1));
    println!("  a bare echo server of `ws` on Node, each: {each} bytes");
    Ok(())
}

fn millis(span: Duration) -> f64 {
    span.as_secs_f64() * 1000.0
}
