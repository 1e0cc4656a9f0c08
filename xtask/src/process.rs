//! Starts other programs in a folder of the repository and says plainly what failed.

use std::fmt;
use std::path::Path;
use std::process::{Command, Stdio};

/// Why a chore failed, in words for the person at the terminal.
#[derive(Debug)]
pub struct Failure(pub String);

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Arguments that a chore hands on unread.
#[derive(clap::Args)]
pub struct PassedOn {
    /// Handed on as they are.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub args: Vec<String>,
}

/// One program with its arguments and the folder, relative to the root, that it runs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    program: String,
    args: Vec<String>,
    folder: String,
}

impl Job {
    /// A job in the repository's root.
    pub fn new<A: AsRef<str>>(program: &str, args: &[A]) -> Job {
        let args = args.iter().map(|arg| arg.as_ref().to_owned()).collect();
        Job { program: program.to_owned(), args, folder: String::new() }
    }

    /// The same job in a folder below the root.
    #[must_use]
    pub fn inside(mut self, folder: &str) -> Job {
        self.folder = folder.to_owned();
        self
    }

    /// The same job with more arguments.
    #[must_use]
    pub fn with(mut self, more: &[String]) -> Job {
        self.args.extend_from_slice(more);
        self
    }

    /// Runs the job with our own input and output and waits for it.
    pub fn run(&self, root: &Path) -> Result<(), Failure> {
        let status = self.command(root).status().map_err(|error| self.not_started(&error))?;
        if status.success() { Ok(()) } else { Err(Failure(format!("`{self}` failed ({status})"))) }
    }

    /// Becomes the job, so that signals (Ctrl-C, SIGTERM) reach it and nobody stands between.
    #[cfg(unix)]
    pub fn become_it(&self, root: &Path) -> Result<(), Failure> {
        use std::os::unix::process::CommandExt;
        Err(self.not_started(&self.command(root).exec()))
    }

    /// Runs the job: this system cannot replace a process.
    #[cfg(not(unix))]
    pub fn become_it(&self, root: &Path) -> Result<(), Failure> {
        self.run(root)
    }

    fn command(&self, root: &Path) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.args).current_dir(root.join(&self.folder));
        command
    }

    fn not_started(&self, error: &std::io::Error) -> Failure {
        Failure(format!("`{self}` did not start: {error}"))
    }
}

impl fmt::Display for Job {
    /// The line a person would type in the root to get the same.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = std::iter::once(&self.program).chain(&self.args);
        let line = words.map(|word| quoted(word)).collect::<Vec<_>>().join(" ");
        if self.folder.is_empty() {
            f.write_str(&line)
        } else {
            write!(f, "(cd {} && {line})", self.folder)
        }
    }
}

/// A word as a shell would need it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./:,@+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// What a program prints when asked something small; `None` when it is missing or refuses.
pub fn answer(program: &str, args: &[&str]) -> Option<String> {
    let output = Command::new(program).args(args).stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    output.status.success().then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_shows_the_line_that_a_person_would_type() {
        let job = Job::new("npm", &["run", "build"]).inside("sdk/js").with(&["it's".to_owned()]);
        assert_eq!(job.to_string(), r"(cd sdk/js && npm run build 'it'\''s')");
        assert_eq!(Job::new("cargo", &["fmt"]).to_string(), "cargo fmt");
    }

    #[test]
    fn a_failing_and_a_missing_program_are_named() {
        let root = tempfile::tempdir().unwrap();
        let refused = Job::new("git", &["no-such-command"]).run(root.path()).unwrap_err();
        assert!(refused.to_string().contains("`git no-such-command` failed"), "{refused}");
        let missing = Job::new("curlew-no-such-program", &[""]).run(root.path()).unwrap_err();
        assert!(missing.to_string().contains("did not start"), "{missing}");
        assert_eq!(answer("curlew-no-such-program", &[]), None);
    }
}
