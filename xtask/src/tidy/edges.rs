//! Who may depend on whom: `server -> shell -> core -> core/base` and `wire -> core/base`.
//!
//! The rule of a crate follows from its folder. To add a folder: give it a [`Floor`] in
//! [`Floor::of`] and an arm in [`may_use`].

use std::path::Path;

use cargo_metadata::{DependencyKind, MetadataCommand};

use super::Finding;
use crate::process::Failure;

/// A crate of the workspace with what its manifest asks for.
#[derive(Debug)]
pub struct Member {
    /// The crate's name.
    pub name: String,
    /// Relative to the root, with forward slashes.
    pub folder: String,
    /// Normal, development and build dependencies.
    pub dependencies: Vec<Dependency>,
}

/// One line of a manifest.
#[derive(Debug)]
pub struct Dependency {
    /// The crate's name, also when it is renamed.
    pub name: String,
    /// Which table it stands in.
    pub kind: DependencyKind,
}

/// The floors of the house.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Floor {
    Base,
    Core,
    Wire,
    Shell,
    Server,
    /// `tests/*` and `xtask`: they may use everything, and nobody may use them.
    Free,
}

impl Floor {
    fn of(folder: &str) -> Option<Floor> {
        match folder.split('/').collect::<Vec<_>>().as_slice() {
            ["core", "base"] => Some(Floor::Base),
            ["core", _] => Some(Floor::Core),
            ["wire"] => Some(Floor::Wire),
            ["shell", _] => Some(Floor::Shell),
            ["server"] => Some(Floor::Server),
            ["tests", _] | ["xtask"] => Some(Floor::Free),
            _ => None,
        }
    }
}

/// The rooms of the shell that its other rooms may use: traits, a handle, and the log.
const SHARED_SHELL: [&str; 3] = ["shell/store", "shell/control", "shell/telemetry"];
/// What the core may take from outside: it compiles to plain decisions.
const CORE_EXTERNALS: [&str; 3] = ["serde", "serde_json", "thiserror"];
/// What the core's tests may take besides.
const CORE_TEST_EXTERNALS: [&str; 2] = ["proptest", "tempfile"];

/// Reads the workspace's manifests; no network, no resolving.
pub fn members(root: &Path) -> Result<Vec<Member>, Failure> {
    let metadata = MetadataCommand::new()
        .manifest_path(root.join("Cargo.toml"))
        .no_deps()
        .exec()
        .map_err(|error| Failure(format!("cannot read the workspace: {error}")))?;
    let members = metadata.packages.iter().map(|package| {
        let folder = package.manifest_path.parent().unwrap_or(&package.manifest_path);
        let folder = folder.strip_prefix(&metadata.workspace_root).unwrap_or(folder);
        let dependencies = package
            .dependencies
            .iter()
            .map(|dependency| Dependency { name: dependency.name.clone(), kind: dependency.kind });
        Member {
            name: package.name.to_string(),
            folder: folder.as_str().replace('\\', "/"),
            dependencies: dependencies.collect(),
        }
    });
    Ok(members.collect())
}

/// One finding an edge that points the wrong way, or a crate outside the house.
pub fn check(members: &[Member]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for member in members {
        let Some(floor) = Floor::of(&member.folder) else {
            findings.push(homeless(member));
            continue;
        };
        for dependency in &member.dependencies {
            let finding = match members.iter().find(|other| other.name == dependency.name) {
                Some(to) => inner_edge(member, floor, to, dependency.kind),
                None => outer_edge(member, floor, dependency),
            };
            findings.extend(finding);
        }
    }
    findings
}

/// Judges an edge between two crates of the house.
fn inner_edge(from: &Member, floor: Floor, to: &Member, kind: DependencyKind) -> Option<Finding> {
    let goal = Floor::of(&to.folder)?;
    if may_use(floor, goal, &to.folder, kind) {
        return None;
    }
    let cause = format!("{} may not depend on {} ({})", from.folder, to.folder, to.name);
    Some(Finding::new(&manifest(from), cause, rule(floor)))
}

/// Whether a crate on one floor may use a crate on another.
fn may_use(from: Floor, to: Floor, to_folder: &str, kind: DependencyKind) -> bool {
    match from {
        Floor::Free => true,
        Floor::Base => false,
        Floor::Core | Floor::Wire => to == Floor::Base,
        Floor::Shell => match to {
            Floor::Base | Floor::Core | Floor::Wire => true,
            Floor::Shell => SHARED_SHELL.contains(&to_folder),
            Floor::Server => kind == DependencyKind::Development,
            Floor::Free => false,
        },
        Floor::Server => to != Floor::Free,
    }
}

/// The sentence a person needs who broke a floor's rule.
fn rule(floor: Floor) -> &'static str {
    match floor {
        Floor::Base => "core/base uses no crate of the house; pass the fact in as an argument",
        Floor::Core => {
            "core/* uses curlew-base alone: return an effect, or move the shared word to core/base"
        }
        Floor::Wire => "wire uses curlew-base alone: translate in the shell, beside the user",
        Floor::Shell => {
            "shell/* uses core, wire, curlew-store (its traits), curlew-control and \
             curlew-telemetry, and the server in tests alone: let server/ join the two rooms"
        }
        Floor::Server | Floor::Free => "nobody uses tests/* or xtask: move the shared part down",
    }
}

/// Judges a dependency from outside; only the core's are limited.
fn outer_edge(from: &Member, floor: Floor, dependency: &Dependency) -> Option<Finding> {
    if !matches!(floor, Floor::Base | Floor::Core) {
        return None;
    }
    let name = dependency.name.as_str();
    let in_tests = dependency.kind == DependencyKind::Development;
    if CORE_EXTERNALS.contains(&name) || (in_tests && CORE_TEST_EXTERNALS.contains(&name)) {
        return None;
    }
    let cause = format!("{} may not depend on the outside crate {name}", from.folder);
    let cure = format!(
        "core/ takes {} alone ({} in tests): let the shell do it and pass the result in",
        CORE_EXTERNALS.join(", "),
        CORE_TEST_EXTERNALS.join(", "),
    );
    Some(Finding::new(&manifest(from), cause, cure))
}

fn homeless(member: &Member) -> Finding {
    let cause = format!("the folder `{}` has no floor in the house", member.folder);
    let cure = "move the crate to a floor, or give its folder one in xtask/src/tidy/edges.rs";
    Finding::new(&manifest(member), cause, cure)
}

fn manifest(member: &Member) -> String {
    format!("{}/Cargo.toml", member.folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUSE: [(&str, &str); 10] = [
        ("curlew-base", "core/base"),
        ("curlew-call", "core/call"),
        ("curlew-session", "core/session"),
        ("curlew-wire", "wire"),
        ("curlew-store", "shell/store"),
        ("curlew-control", "shell/control"),
        ("curlew-gateway", "shell/gateway"),
        ("curlew", "server"),
        ("curlew-sim", "tests/sim"),
        ("xtask", "xtask"),
    ];

    /// The causes when one crate of the house has one dependency.
    fn edge(from: &str, to: &str, kind: DependencyKind) -> Vec<String> {
        let members = HOUSE.map(|(name, folder)| Member {
            name: name.to_owned(),
            folder: folder.to_owned(),
            dependencies: if name == from {
                vec![Dependency { name: to.to_owned(), kind }]
            } else {
                Vec::new()
            },
        });
        check(&members).into_iter().map(|finding| finding.cause).collect()
    }

    #[test]
    fn edges_that_point_down_are_fine() {
        for (from, to) in [
            ("curlew-call", "curlew-base"),
            ("curlew-wire", "curlew-base"),
            ("curlew-control", "curlew-call"),
            ("curlew-control", "curlew-store"),
            ("curlew-gateway", "curlew-control"),
            ("curlew-gateway", "curlew-wire"),
            ("curlew", "curlew-gateway"),
            ("curlew", "curlew-call"),
            ("curlew-sim", "curlew"),
            ("xtask", "curlew-wire"),
            ("curlew-base", "serde"),
            ("curlew-store", "rusqlite"),
        ] {
            assert_eq!(edge(from, to, DependencyKind::Normal), [""; 0], "{from} -> {to}");
        }
    }

    #[test]
    fn edges_that_point_up_or_sideways_are_found() {
        for (from, to) in [
            ("curlew-base", "curlew-wire"),
            ("curlew-call", "curlew-session"),
            ("curlew-call", "curlew-wire"),
            ("curlew-call", "curlew-store"),
            ("curlew-wire", "curlew-call"),
            ("curlew-wire", "curlew"),
            ("curlew-control", "curlew-gateway"),
            ("curlew-gateway", "curlew"),
            ("curlew-gateway", "xtask"),
            ("curlew", "curlew-sim"),
        ] {
            assert_eq!(edge(from, to, DependencyKind::Normal).len(), 1, "{from} -> {to}");
        }
    }

    #[test]
    fn the_core_takes_nothing_that_acts() {
        for name in ["tokio", "axum", "rusqlite", "async-trait", "uuid", "rand"] {
            for kind in [DependencyKind::Normal, DependencyKind::Development] {
                let causes = edge("curlew-call", name, kind);
                assert_eq!(
                    causes,
                    [format!("core/call may not depend on the outside crate {name}")]
                );
            }
        }
        assert_eq!(edge("curlew-call", "proptest", DependencyKind::Normal).len(), 1);
        assert_eq!(edge("curlew-call", "proptest", DependencyKind::Development), [""; 0]);
    }

    #[test]
    fn a_test_of_the_shell_may_start_the_server() {
        assert_eq!(edge("curlew-gateway", "curlew", DependencyKind::Development), [""; 0]);
        assert_eq!(edge("curlew-call", "curlew", DependencyKind::Development).len(), 1);
    }

    #[test]
    fn a_crate_in_an_unknown_folder_is_found() {
        let member = Member {
            name: "stray".to_owned(),
            folder: "attic/stray".to_owned(),
            dependencies: Vec::new(),
        };
        let findings = check(&[member]);
        assert_eq!(findings.len(), 1);
        assert!(findings[0].to_string().contains("attic/stray/Cargo.toml"));
    }
}
