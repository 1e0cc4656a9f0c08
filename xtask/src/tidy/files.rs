//! The files that people write: tracked or about to be, neither ignored nor generated.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::generate;
use crate::process::Failure;

/// A `.rs` or `.ts` file.
#[derive(Debug)]
pub struct SourceFile {
    /// Relative to the root, with forward slashes.
    pub path: String,
    /// The whole content.
    pub text: String,
}

/// Folders whose content no one writes by hand, wherever they stand.
const SKIPPED_FOLDERS: [&str; 3] = ["dist", "node_modules", "target"];

/// The paths of all files, sorted.
pub fn list(root: &Path) -> Result<Vec<String>, Failure> {
    let told = |cause: String| Failure(format!("cannot list the files with git: {cause}"));
    let output = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard", "-z"])
        .current_dir(root)
        .output()
        .map_err(|error| told(error.to_string()))?;
    if !output.status.success() {
        return Err(told(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
    }
    let listing = String::from_utf8_lossy(&output.stdout);
    let mut paths: Vec<String> = listing
        .split('\0')
        .filter(|path| !path.is_empty() && !skipped(path))
        // A file deleted but not yet committed is still listed.
        .filter(|path| root.join(path).is_file())
        .map(str::to_owned)
        .collect();
    paths.sort();
    paths.dedup();
    Ok(paths)
}

/// Reads those of the paths that are source files.
pub fn read_sources(root: &Path, paths: &[String]) -> Result<Vec<SourceFile>, Failure> {
    let sources = paths.iter().filter(|path| path.ends_with(".rs") || path.ends_with(".ts"));
    sources
        .map(|path| {
            let text = fs::read_to_string(root.join(path))
                .map_err(|error| Failure(format!("cannot read {path}: {error}")))?;
            Ok(SourceFile { path: path.clone(), text })
        })
        .collect()
}

fn skipped(path: &str) -> bool {
    generate::PATHS.contains(&path) || path.split('/').any(|part| SKIPPED_FOLDERS.contains(&part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_files_and_build_output_are_skipped() {
        for path in [generate::PATHS[0], "sdk/js/dist/curlew.d.ts", "a/node_modules/b/c.ts"] {
            assert!(skipped(path), "{path}");
        }
        assert!(!skipped("sdk/js/src/wire/by_hand.ts"));
        assert!(!skipped("xtask/src/dist.rs"));
    }

    #[test]
    fn a_folder_without_git_is_refused_with_the_reason() {
        let root = tempfile::tempdir().unwrap();
        let message = list(root.path()).unwrap_err().to_string();
        assert!(message.contains("with git"), "{message}");
    }
}
