//! Node's half of the house: is Node there, are the modules there, run an npm script.

use std::path::Path;

use crate::process::{Failure, Job, answer};

/// The browser SDK.
pub const SDK: &str = "sdk/js";
/// The end-to-end tests.
pub const E2E: &str = "tests/e2e";

/// The oldest Node whose test runner and `fetch` the SDK's tools rely on.
const OLDEST_NODE: u32 = 20;

/// Installs a folder's modules when there are none or the lock is newer than they are.
pub fn install(root: &Path, folder: &str) -> Result<(), Failure> {
    ready(root, folder)?;
    if !modules_stale(&root.join(folder)) {
        return Ok(());
    }
    Job::new("npm", &["ci"]).inside(folder).run(root)
}

/// Runs an npm script of a folder, with the folder's modules installed first.
pub fn script(root: &Path, folder: &str, args: &[&str]) -> Result<(), Failure> {
    install(root, folder)?;
    Job::new("npm", args).inside(folder).run(root)
}

/// Builds the SDK's bundles, which the server embeds and the page loads.
pub fn build_sdk(root: &Path) -> Result<(), Failure> {
    script(root, SDK, &["run", "build"])
}

/// Node is new enough, npm is there, and the folder has a package to work on.
fn ready(root: &Path, folder: &str) -> Result<(), Failure> {
    check_node(answer("node", &["--version"]).as_deref())?;
    if answer("npm", &["--version"]).is_none() {
        return Err(Failure(
            "npm was not found. It comes with Node; on Debian: apt-get install npm".to_owned(),
        ));
    }
    for file in ["package.json", "package-lock.json"] {
        if !root.join(folder).join(file).is_file() {
            return Err(Failure(format!("{folder}/{file} is missing: nothing to build or test")));
        }
    }
    Ok(())
}

/// Judges what `node --version` printed.
fn check_node(version: Option<&str>) -> Result<(), Failure> {
    let cure = format!(
        "Node {OLDEST_NODE} or newer builds and tests the browser SDK.\n  \
         Debian 13 and newer: apt-get install nodejs npm\n  \
         elsewhere: install Node {OLDEST_NODE} and put `node` and `npm` on the PATH"
    );
    let Some(version) = version else {
        return Err(Failure(format!("`node` was not found. {cure}")));
    };
    let major = version.trim_start_matches('v').split('.').next().unwrap_or_default();
    match major.parse::<u32>() {
        Ok(major) if major >= OLDEST_NODE => Ok(()),
        _ => Err(Failure(format!("`node` is {version}, too old. {cure}"))),
    }
}

/// npm writes `node_modules/.package-lock.json` last, so its time is that of a finished install.
fn modules_stale(folder: &Path) -> bool {
    let time = |file: &str| std::fs::metadata(folder.join(file)).and_then(|m| m.modified());
    match (time("node_modules/.package-lock.json"), time("package-lock.json")) {
        (Ok(installed), Ok(locked)) => locked > installed,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn node_is_judged_by_its_major_version() {
        assert!(check_node(Some("v20.0.0")).is_ok());
        assert!(check_node(Some("v24.1.3")).is_ok());
        for (version, word) in [(Some("v18.20.4"), "too old"), (None, "not found")] {
            let message = check_node(version).unwrap_err().to_string();
            assert!(message.contains(word), "{message}");
            assert!(message.contains("apt-get install nodejs"), "{message}");
        }
    }

    #[test]
    fn modules_are_stale_when_missing_or_older_than_the_lock() {
        let folder = tempfile::tempdir().unwrap();
        let touch = |file: &str, second: u64| {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            let file = File::create(path).unwrap();
            file.set_modified(UNIX_EPOCH + Duration::from_secs(second)).unwrap();
        };
        touch("package-lock.json", 100);
        assert!(modules_stale(folder.path()));
        touch("node_modules/.package-lock.json", 200);
        assert!(!modules_stale(folder.path()));
        touch("package-lock.json", 300);
        assert!(modules_stale(folder.path()));
    }

    #[test]
    fn a_folder_without_a_package_fails_clearly() {
        let root = tempfile::tempdir().unwrap();
        let message = install(root.path(), "sdk/js").unwrap_err().to_string();
        assert!(message.contains("sdk/js/package.json is missing"), "{message}");
    }
}
