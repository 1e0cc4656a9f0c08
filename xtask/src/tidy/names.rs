//! Names that say nothing about what is inside are refused, for files and for folders.

use super::Finding;

/// Each is where things go that nobody could place.
const FORBIDDEN: [&str; 6] = ["common", "util", "utils", "helper", "helpers", "misc"];

/// One finding a path whose file or folder has a forbidden name.
pub fn check(paths: &[String]) -> Vec<Finding> {
    paths.iter().filter_map(|path| Some(finding(path, forbidden(path)?))).collect()
}

/// The first forbidden part of a path; what follows a dot does not count.
fn forbidden(path: &str) -> Option<&str> {
    let stems = path.split('/').map(|part| part.split('.').next().unwrap_or(part));
    stems.into_iter().find(|stem| FORBIDDEN.contains(&stem.to_ascii_lowercase().as_str()))
}

fn finding(path: &str, name: &str) -> Finding {
    let cause = format!("the name `{name}` says nothing about what is inside");
    Finding::new(path, cause, "name it after the one thing it knows, or move each part to its user")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_and_folders_with_forbidden_names_are_found() {
        for path in ["a/utils.ts", "a/common/b.rs", "Helpers.rs", "sdk/util.test.ts"] {
            assert_eq!(check(&[path.to_owned()]).len(), 1, "{path}");
        }
        for path in ["core/base/src/id.rs", "a/commonwealth.rs", ".gitignore", "a/utility.ts"] {
            assert_eq!(check(&[path.to_owned()]), [], "{path}");
        }
    }
}
