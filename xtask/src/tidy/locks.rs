//! npm's locks name no download address, so that a clone installs from whichever registry it has.

use std::fs;
use std::path::Path;

use super::Finding;
use crate::process::Failure;

/// One finding a lock that holds an address, at its first one.
pub fn check(root: &Path, paths: &[String]) -> Result<Vec<Finding>, Failure> {
    let mut findings = Vec::new();
    for path in paths.iter().filter(|path| path.rsplit('/').next() == Some("package-lock.json")) {
        let text = fs::read_to_string(root.join(path))
            .map_err(|error| Failure(format!("cannot read {path}: {error}")))?;
        findings.extend(address_line(&text).map(|line| finding(path).at(line)));
    }
    Ok(findings)
}

fn address_line(lock: &str) -> Option<usize> {
    let resolved = |line: &str| line.trim_start().starts_with("\"resolved\": \"http");
    lock.lines().position(resolved).map(|index| index + 1)
}

fn finding(path: &str) -> Finding {
    let cure = "set `omit-lockfile-registry-resolved=true` in the folder's .npmrc, delete the \
                lock and run `npm install`";
    Finding::new(path, "the lock names a download address", cure)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_with_an_address_is_found_at_its_line() {
        let root = tempfile::tempdir().unwrap();
        let paths = ["package-lock.json".to_owned()];
        fs::write(root.path().join(&paths[0]), "{\n  \"version\": \"1.0.0\"\n}\n").unwrap();
        assert_eq!(check(root.path(), &paths).unwrap(), []);
        fs::write(root.path().join(&paths[0]), "{\n  \"resolved\": \"https://a/b.tgz\"\n}\n")
            .unwrap();
        let findings = check(root.path(), &paths).unwrap();
        assert_eq!(findings.len(), 1);
        assert!(findings[0].to_string().starts_with("package-lock.json:2: "));
    }
}
