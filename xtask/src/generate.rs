//! `cargo xtask gen`: the files that follow from `wire/`, written or checked for freshness.

use std::fs;
use std::path::Path;

use crate::process::Failure;
use crate::tidy::Finding;

/// What `gen` may be told.
#[derive(clap::Args)]
pub struct Args {
    /// Write nothing; fail when a file is not what `wire/` says.
    #[arg(long)]
    check: bool,
}

/// A file whose whole content follows from the code.
#[derive(Debug)]
pub struct Output {
    /// Relative to the root, with forward slashes.
    pub path: &'static str,
    /// The whole content.
    pub text: String,
}

/// The paths of [`outputs`], which `tidy` does not judge as if a person had written them.
pub const PATHS: [&str; 2] = ["sdk/js/src/wire/protocol.ts", "docs/protocol/schema.json"];

/// Writes the files, or only checks them.
pub fn run(root: &Path, args: &Args) -> Result<(), Failure> {
    if args.check {
        return crate::tidy::report(&stale(root, &outputs()));
    }
    for output in outputs() {
        if write(root, &output)? {
            println!("wrote {}", output.path);
        } else {
            println!("{} is fresh", output.path);
        }
    }
    Ok(())
}

/// Everything that is generated. To add a file: add its path to [`PATHS`] and its text here.
pub fn outputs() -> Vec<Output> {
    let schema = format!("{:#}\n", curlew_wire::schema::json_schema());
    let texts = [curlew_wire::schema::typescript(), schema];
    PATHS.into_iter().zip(texts).map(|(path, text)| Output { path, text }).collect()
}

/// A finding for every output that is missing or differs on the disk.
pub fn stale(root: &Path, outputs: &[Output]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for output in outputs {
        let cause = match fs::read_to_string(root.join(output.path)) {
            Ok(text) if text == output.text => continue,
            Ok(text) => {
                let line = first_difference(&text, &output.text);
                format!("generated file is stale from line {line} on")
            }
            Err(error) => format!("generated file cannot be read: {error}"),
        };
        findings.push(Finding::new(output.path, cause, "run `cargo xtask gen` and commit it"));
    }
    findings
}

/// Writes an output; answers whether the disk changed.
fn write(root: &Path, output: &Output) -> Result<bool, Failure> {
    let path = root.join(output.path);
    if fs::read_to_string(&path).is_ok_and(|text| text == output.text) {
        return Ok(false);
    }
    let told = |error: std::io::Error| Failure(format!("cannot write {}: {error}", output.path));
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(told)?;
    }
    fs::write(&path, &output.text).map_err(told)?;
    Ok(true)
}

/// The number of the first line that differs, counted from 1.
fn first_difference(old: &str, new: &str) -> usize {
    let same = old.split('\n').zip(new.split('\n')).take_while(|(a, b)| a == b).count();
    same + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_fresh_and_a_changed_byte_is_stale() {
        let root = tempfile::tempdir().unwrap();
        let outputs = outputs();
        assert_eq!(stale(root.path(), &outputs).len(), PATHS.len());
        for output in &outputs {
            assert!(write(root.path(), output).unwrap());
            assert!(!write(root.path(), output).unwrap());
        }
        assert!(stale(root.path(), &outputs).is_empty());

        let changed = outputs[0].text.replacen('{', "{ x: 1;", 1);
        fs::write(root.path().join(PATHS[0]), changed).unwrap();
        let findings = stale(root.path(), &outputs);
        assert_eq!(findings.len(), 1);
        let shown = findings[0].to_string();
        assert!(shown.starts_with(PATHS[0]) && shown.contains("stale from line"), "{shown}");
        assert!(shown.contains("cargo xtask gen"), "{shown}");
    }

    #[test]
    fn generating_twice_gives_the_same_bytes() {
        let (first, second) = (outputs(), outputs());
        assert!(first.iter().zip(&second).all(|(a, b)| a.path == b.path && a.text == b.text));
    }

    #[test]
    fn the_first_different_line_is_named() {
        assert_eq!(first_difference("a\nb\n", "a\nc\n"), 2);
        assert_eq!(first_difference("a\n", "a\nb\n"), 2);
    }
}
