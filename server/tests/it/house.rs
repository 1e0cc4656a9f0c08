//! One binary on one folder, driven as a person or a service manager would.
#![expect(clippy::unwrap_used, reason = "a failed step of the harness is a failed test")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

/// A folder for the data of one test.
pub struct House {
    pub folder: TempDir,
}

impl House {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// The binary with these words, on this folder, deaf to the variables of whoever runs the test.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_curlew"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("CURLEW_") {
                command.env_remove(name);
            }
        }
        command.args(words).arg("--data-dir").arg(self.folder.path().join("data"));
        command
    }

    pub fn run(&self, words: &[&str]) -> Output {
        self.command(words).output().unwrap()
    }

    /// What a deed that must succeed says.
    pub fn told(&self, words: &[&str]) -> String {
        let output = self.run(words);
        assert!(output.status.success(), "{words:?}: {}", text(&output.stderr));
        text(&output.stdout)
    }

    /// What a deed that must fail says.
    pub fn refused(&self, words: &[&str]) -> String {
        let output = self.run(words);
        assert!(!output.status.success(), "{words:?}: {}", text(&output.stdout));
        text(&output.stderr)
    }

    /// Starts the server on a free port and waits for its line.
    pub fn serve(&self, more: &[&str]) -> Serving {
        let mut command = self.command(&["serve", "--print-json", "--listen", "127.0.0.1:0"]);
        let mut child =
            command.args(more).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let told = serde_json::from_str(&line).unwrap_or_else(|error| {
            let mut log = String::new();
            child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
            panic!("no start line ({error}): {line}{log}");
        });
        Serving { child, out, told }
    }
}

/// A server that listens; killed when dropped.
pub struct Serving {
    child: Child,
    out: BufReader<std::process::ChildStdout>,
    /// The line of `--print-json`.
    pub told: Value,
}

impl Serving {
    /// `host:port`.
    pub fn address(&self) -> &str {
        self.told["url"].as_str().unwrap().split("//").nth(1).unwrap()
    }

    /// One GET: head and body.
    pub fn get(&self, path: &str) -> (String, String) {
        self.ask(&format!("GET {path} HTTP/1.1\r\nHost: curlew\r\nConnection: close\r\n\r\n"))
    }

    /// One POST of a JSON body: head and body.
    pub fn post(&self, path: &str, body: &str) -> (String, String) {
        let length = body.len();
        self.ask(&format!(
            "POST {path} HTTP/1.1\r\nHost: curlew\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        ))
    }

    /// One request over a connection of its own.
    fn ask(&self, request: &str) -> (String, String) {
        let mut stream = TcpStream::connect(self.address()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.to_owned(), body.to_owned())
    }

    #[cfg(unix)]
    pub fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &id]).status().unwrap().success());
    }

    /// Waits for the end: status, the rest of standard output, standard error.
    pub fn ended(mut self) -> (ExitStatus, String, String) {
        let (mut out, mut err) = (String::new(), String::new());
        self.out.read_to_string(&mut out).unwrap();
        self.child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        (self.child.wait().unwrap(), out, err)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // It may have ended already; then both fail and nothing is left to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
