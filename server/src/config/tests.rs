//! Precedence, completeness of the default file, and what is said about bad values.

use std::ffi::OsString;
use std::path::Path;

use super::layers::flat;
use super::*;

fn load(
    file: Option<&Path>,
    environment: &[(&str, &str)],
    flags: Vec<Flag>,
) -> Result<Config, Problems> {
    let environment = environment.iter().map(|(k, v)| (OsString::from(k), OsString::from(v)));
    Config::from_layers(Layers::read(file, environment, flags))
}

fn file(text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("my.toml");
    std::fs::write(&path, text).unwrap();
    (folder, path)
}

fn flag(key: &'static str, name: &'static str, text: &str) -> Flag {
    Flag { key, name, text: Some(text.to_owned()) }
}

#[test]
fn the_default_file_lists_every_key_with_its_default_and_no_other() {
    let of_file = flat(DEFAULT_FILE.parse().unwrap());
    let of_struct = flat(toml::Table::try_from(Config::default()).unwrap());
    let sorted = |mut rows: Vec<(String, toml::Value)>| {
        rows.sort_by(|a, b| a.0.cmp(&b.0));
        rows
    };
    assert_eq!(sorted(of_file), sorted(of_struct));
    assert_eq!(load(None, &[], vec![]).unwrap(), Config::default());
}

#[test]
fn a_flag_is_stronger_than_the_environment_and_that_than_the_file() {
    let (_folder, path) =
        file("listen = \"127.0.0.1:1\"\nmetrics = false\n[log]\nlevel = \"warn\"");
    let from_file = load(Some(&path), &[], vec![]).unwrap();
    assert_eq!((from_file.listen.port(), from_file.metrics), (1, false));
    let environment = [("CURLEW_LISTEN", "127.0.0.1:2"), ("CURLEW_LOG_LEVEL", "debug")];
    let from_environment = load(Some(&path), &environment, vec![]).unwrap();
    assert_eq!((from_environment.listen.port(), from_environment.metrics), (2, false));
    let flags = vec![flag("listen", "--listen", "127.0.0.1:3")];
    let all = load(Some(&path), &environment, flags).unwrap();
    assert_eq!((all.listen.port(), all.log.level.as_str()), (3, "debug"));
}

#[test]
fn the_environment_may_name_the_file_and_sets_every_type() {
    let (_folder, path) = file("metrics = false");
    let environment = [
        ("CURLEW_CONFIG", path.to_str().unwrap()),
        ("CURLEW_STOP_TIMEOUT_SECS", "3"),
        ("CURLEW_GROUP_COMMITS", "off"),
        ("CURLEW_TLS_NAMES", "desk.local, 192.168.1.20"),
        ("CURLEW_SERVICE_HOST", "10.0.0.1"),
    ];
    let config = load(None, &environment, vec![]).unwrap();
    assert_eq!((config.metrics, config.stop_timeout_secs), (false, 3));
    assert!(!config.group_commits);
    assert_eq!(config.tls.names, ["desk.local", "192.168.1.20"]);
}

#[test]
fn a_mistyped_key_is_refused_with_a_suggestion_and_its_place() {
    let (_folder, path) = file("lisen = \"127.0.0.1:1\"\n[log]\nlevle = \"info\"");
    let said = load(Some(&path), &[("CURLEW_LITSEN", "x")], vec![]).unwrap_err().to_string();
    for part in ["lisen", "`listen`", "`log.level`", "my.toml", "CURLEW_LISTEN"] {
        assert!(said.contains(part), "{part} in {said}");
    }
}

#[test]
fn every_bad_value_is_named_with_origin_cause_and_cure() {
    let (_folder, path) = file("listen = \"here\"\n[tls]\nmode = \"maybe\"");
    let flags = vec![flag("log.level", "--log-level", "loud")];
    let environment = [
        ("CURLEW_STOP_TIMEOUT_SECS", "soon"),
        ("CURLEW_METRICS", "perhaps"),
        ("CURLEW_GROUP_COMMITS", "sometimes"),
    ];
    let Problems(problems) = load(Some(&path), &environment, flags).unwrap_err();
    let keys: Vec<&str> = problems.iter().map(|problem| problem.key.as_str()).collect();
    assert_eq!(
        keys,
        ["listen", "metrics", "stop_timeout_secs", "group_commits", "tls.mode", "log.level"]
    );
    assert!(problems[0].cure.contains("127.0.0.1:7450"));
    assert_eq!(problems[1].origin, Origin::Environment("CURLEW_METRICS".to_owned()));
    assert!(problems[4].cause.contains("maybe"), "{}", problems[4].cause);
    assert_eq!(problems[5].origin, Origin::Flag("--log-level".to_owned()));
}

#[test]
fn a_stop_timeout_holds_at_its_bounds() {
    for (seconds, good) in [("0", false), ("1", true), ("600", true), ("601", false)] {
        let loaded = load(None, &[("CURLEW_STOP_TIMEOUT_SECS", seconds)], vec![]);
        assert_eq!(loaded.is_ok(), good, "{seconds}");
    }
}

#[test]
fn certificate_files_go_with_their_mode() {
    let said = load(None, &[("CURLEW_TLS_MODE", "files")], vec![]).unwrap_err().to_string();
    assert!(said.contains("tls.cert") && said.contains("tls.key"), "{said}");
    let said = load(None, &[("CURLEW_TLS_CERT", "a.pem")], vec![]).unwrap_err().to_string();
    assert!(said.contains("does not use it"), "{said}");
}

#[test]
fn a_missing_or_broken_file_is_one_problem_of_the_whole_file() {
    let said = load(Some(Path::new("no-such.toml")), &[], vec![]).unwrap_err().to_string();
    assert!(said.contains("(whole file), set by the file no-such.toml"), "{said}");
    let (_folder, path) = file("listen = ");
    let said = load(Some(&path), &[], vec![]).unwrap_err().to_string();
    assert!(said.contains("line 1"), "{said}");
}
