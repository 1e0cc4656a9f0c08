//! The server under test as a process, and what the kernel says of it.

use serde::Deserialize;
use std::error::Error;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// Clock ticks a second in `/proc/PID/stat`; 100 on every Linux.
const TICKS_PER_SEC: u64 = 100;

/// What the server prints when it listens.
#[derive(Deserialize)]
pub struct Ready {
    pub url: String,
    #[serde(rename = "appId")]
    pub app_id: String,
}

/// A running server; killed when dropped.
pub struct Server {
    child: Child,
    pub ready: Ready,
}

impl Server {
    /// `group_commits` is the server's setting of that name.
    pub async fn start(
        binary: &Path,
        data: &Path,
        group_commits: bool,
    ) -> Result<Self, Box<dyn Error>> {
        let mut child = Command::new(binary)
            .args(["serve", "--listen", "127.0.0.1:0", "--print-json", "--group-commits"])
            .arg(group_commits.to_string())
            .arg("--data-dir")
            .arg(data)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let out = child.stdout.take().ok_or("no standard output")?;
        let line = BufReader::new(out).lines().next_line().await?.ok_or("the server ended")?;
        Ok(Self { child, ready: serde_json::from_str(&line)? })
    }

    /// Resident memory in bytes.
    pub fn rss_bytes(&self) -> Result<u64, Box<dyn Error>> {
        rss_bytes(&self.child)
    }

    /// User and system time so far.
    pub fn cpu(&self) -> Result<Duration, Box<dyn Error>> {
        let stat = read(&self.child, "stat")?;
        let fields: Vec<_> = stat.rsplit(')').next().ok_or("no stat")?.split_whitespace().collect();
        let tick = |at: usize| -> Result<u64, Box<dyn Error>> {
            Ok(fields.get(at).ok_or("short stat")?.parse()?)
        };
        Ok(Duration::from_millis((tick(11)? + tick(12)?) * 1000 / TICKS_PER_SEC))
    }
}

/// A bare echo server of `ws` on Node; killed when dropped.
pub struct Echo {
    child: Child,
    pub host: String,
}

impl Echo {
    pub async fn start(script: &Path) -> Result<Self, Box<dyn Error>> {
        let mut child = Command::new("node")
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let out = child.stdout.take().ok_or("no standard output")?;
        let line = BufReader::new(out).lines().next_line().await?;
        let port = line.ok_or("the echo server ended; run `npm ci` in tests/bench/echo")?;
        Ok(Self { child, host: format!("127.0.0.1:{port}") })
    }

    /// Resident memory in bytes.
    pub fn rss_bytes(&self) -> Result<u64, Box<dyn Error>> {
        rss_bytes(&self.child)
    }
}

fn read(child: &Child, file: &str) -> Result<String, Box<dyn Error>> {
    let pid = child.id().ok_or("the process ended")?;
    Ok(std::fs::read_to_string(format!("/proc/{pid}/{file}"))?)
}

fn rss_bytes(child: &Child) -> Result<u64, Box<dyn Error>> {
    let status = read(child, "status")?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).ok_or("no VmRSS")?;
    let kib: u64 = line.split_whitespace().nth(1).ok_or("no VmRSS")?.parse()?;
    Ok(kib * 1024)
}
