//! `cargo xtask tidy`: the house's rules that neither the compiler nor clippy can keep.
//!
//! One rule a file: `edges` (who may depend on whom), `sources` (module docs, lengths), `names`,
//! `core_bans` (no clock, dice, lock, socket), `locks` (no download addresses); the freshness of
//! generated files is in `generate.rs`. To add a rule: write its file with a `check` that returns
//! [`Finding`]s over [`files::SourceFile`]s or a [`edges::Member`] list, and call it in [`check`].

mod core_bans;
mod edges;
mod files;
mod locks;
mod names;
mod sources;

use std::fmt;
use std::path::Path;

use crate::generate;
use crate::process::Failure;

/// One broken rule: where, what is wrong, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Relative to the root.
    file: String,
    /// Counted from 1; `None` when the whole file is meant.
    line: Option<usize>,
    cause: String,
    cure: String,
}

impl Finding {
    /// A finding about a whole file or folder.
    pub fn new(file: &str, cause: impl Into<String>, cure: impl Into<String>) -> Finding {
        Finding { file: file.to_owned(), line: None, cause: cause.into(), cure: cure.into() }
    }

    /// The same finding at a line, counted from 1.
    #[must_use]
    fn at(mut self, line: usize) -> Finding {
        self.line = Some(line);
        self
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}\n    cure: {}", self.cause, self.cure)
    }
}

/// Checks the repository and reports.
pub fn run(root: &Path) -> Result<(), Failure> {
    report(&check(root, &generate::outputs())?)
}

/// Prints every finding; fails if there is one.
pub fn report(findings: &[Finding]) -> Result<(), Failure> {
    for finding in findings {
        println!("{finding}");
    }
    match findings.len() {
        0 => {
            println!("tidy: nothing to say");
            Ok(())
        }
        count => Err(Failure(format!("tidy: {count} to put right, listed above"))),
    }
}

/// Every finding of every rule.
fn check(root: &Path, generated: &[generate::Output]) -> Result<Vec<Finding>, Failure> {
    let paths = files::list(root)?;
    let mut findings = edges::check(&edges::members(root)?);
    findings.extend(names::check(&paths));
    findings.extend(locks::check(root, &paths)?);
    for file in files::read_sources(root, &paths)? {
        findings.extend(sources::check(&file));
        findings.extend(core_bans::check(&file));
    }
    findings.extend(generate::stale(root, generated));
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::process::Command;

    use super::*;
    use crate::generate::Output;

    /// A small house under git: a base, a call machine, a store, and one generated file.
    struct House(tempfile::TempDir);

    impl House {
        fn build() -> House {
            let house = House(tempfile::tempdir().unwrap());
            house.write(
                "Cargo.toml",
                "[workspace]\nresolver = \"3\"\n\
                 members = [\"core/base\", \"core/call\", \"shell/store\"]\n",
            );
            house.member("core/base", "curlew-base", "");
            house.member("core/call", "curlew-call", "curlew-base = { path = \"../base\" }\n");
            house.member("shell/store", "curlew-store", "");
            house.write("sdk/js/src/wire/protocol.ts", "/** Fresh. */\n");
            let mut git = Command::new("git");
            let status = git.arg("init").arg("-q").current_dir(house.0.path()).status();
            assert!(status.unwrap().success());
            house
        }

        fn write(&self, path: &str, text: &str) {
            let path = self.0.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }

        fn member(&self, folder: &str, name: &str, dependencies: &str) {
            self.write(
                &format!("{folder}/Cargo.toml"),
                &format!(
                    "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\
                     [dependencies]\n{dependencies}"
                ),
            );
            self.write(&format!("{folder}/src/lib.rs"), "//! One sentence.\n");
        }

        fn findings(&self) -> Vec<String> {
            let fresh = Output { path: generate::PATHS[0], text: "/** Fresh. */\n".to_owned() };
            let findings = check(self.0.path(), &[fresh]).unwrap();
            findings.iter().map(ToString::to_string).collect()
        }

        /// Asserts one finding that holds every word.
        fn assert_only(&self, words: &[&str]) {
            let findings = self.findings();
            assert_eq!(findings.len(), 1, "{findings:#?}");
            for word in words {
                assert!(findings[0].contains(word), "{word:?} is not in {findings:#?}");
            }
        }
    }

    #[test]
    fn a_tidy_house_has_no_findings() {
        assert_eq!(House::build().findings(), Vec::<String>::new());
    }

    #[test]
    fn a_wrong_edge_fails() {
        let house = House::build();
        house.member(
            "core/call",
            "curlew-call",
            "curlew-store = { path = \"../../shell/store\" }\n",
        );
        house.assert_only(&["core/call/Cargo.toml", "curlew-store", "cure:"]);
    }

    #[test]
    fn a_clock_in_the_core_fails() {
        let house = House::build();
        house.write(
            "core/call/src/clock.rs",
            "//! A clock.\nfn now() {\n    std::time::Instant::now();\n}\n",
        );
        house.assert_only(&["core/call/src/clock.rs:3", "Instant::now", "cure:"]);
    }

    #[test]
    fn a_stale_generated_file_fails() {
        let house = House::build();
        house.write("sdk/js/src/wire/protocol.ts", "/** Stale. */\n");
        house.assert_only(&["sdk/js/src/wire/protocol.ts", "stale", "cargo xtask gen"]);
    }

    #[test]
    fn an_untracked_file_is_seen_and_an_ignored_one_is_not() {
        let house = House::build();
        house.write(".gitignore", "/out\n");
        house.write("out/helpers.ts", "let undocumented;\n");
        assert_eq!(house.findings(), Vec::<String>::new());
        house.write("server/src/main.rs", "fn main() {}\n");
        house.assert_only(&["server/src/main.rs:1", "module doc"]);
    }

    #[test]
    fn findings_make_the_report_fail() {
        assert!(report(&[]).is_ok());
        let told = report(&[Finding::new("a.rs", "wrong", "right")]).unwrap_err();
        assert!(told.to_string().contains("1 to put right"));
    }
}
