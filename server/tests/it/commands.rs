//! `check`, `app` and `user`, as typed.

use crate::house::{House, text};

#[test]
fn check_shows_a_good_configuration_and_explains_a_bad_one() {
    let house = House::new();
    assert!(house.told(&["check"]).contains("listen = \"127.0.0.1:7450\""));
    let said = house.told(&["check", "--group-commits", "off"]);
    assert!(said.contains("group_commits = false"), "{said}");
    let path = house.folder.path().join("bad.toml");
    std::fs::write(&path, "lisen = \"x\"\n[log]\nformat = \"xml\"\n").unwrap();
    let said = house.refused(&["check", "--config", path.to_str().unwrap()]);
    for part in ["lisen", "did you mean `listen`?", "bad.toml", "log.format", "xml", "cure:"] {
        assert!(said.contains(part), "{part} in {said}");
    }
    let output = house.command(&["check"]).env("CURLEW_STOP_TIMEOUT_SECS", "0").output().unwrap();
    assert!(text(&output.stderr).contains("CURLEW_STOP_TIMEOUT_SECS"));
    assert!(!house.folder.path().join("data").exists(), "check must leave nothing behind");
}

#[test]
fn applications_are_made_listed_and_given_new_tokens() {
    let house = House::new();
    let made = house.told(&["app", "create", "shop", "--token-required"]);
    let app_id = after(&made, "app id:");
    let list = house.told(&["app", "list"]);
    let shown = format!("{app_id}  token required  glare answer  callee candidates early  shop\n");
    assert_eq!(list, shown);
    let rotated = house.told(&["app", "rotate-token", &app_id]);
    assert_ne!(after(&made, "API token:"), after(&rotated, "API token:"));
    assert!(house.refused(&["app", "rotate-token", "NOPE"]).contains("no application NOPE"));
}

#[test]
fn an_application_decides_about_its_calls() {
    let house = House::new();
    let app_id = after(&house.told(&["app", "create", "shop"]), "app id:");
    let other = after(&house.told(&["app", "create", "other"]), "app id:");
    for (words, glare, candidates) in [
        (&["--glare", "two-calls"][..], "two-calls", "early"),
        (&["--callee-candidates", "after-accept"], "two-calls", "after-accept"),
        (&["--glare", "answer"], "answer", "after-accept"),
        (&["--glare", "two-calls", "--callee-candidates", "early"], "two-calls", "early"),
    ] {
        let said = house.told(&[&["app", "set", &app_id], words].concat());
        let shown = |app_id: &str, glare: &str, candidates: &str, name: &str| {
            format!(
                "{app_id}  token optional  glare {glare}  callee candidates {candidates}  {name}\n"
            )
        };
        let line = shown(&app_id, glare, candidates, "shop");
        assert_eq!(said, line);
        let list = house.told(&["app", "list"]);
        let untouched = shown(&other, "answer", "early", "other");
        assert!(list.contains(&line) && list.contains(&untouched), "{list}");
    }
    assert!(house.refused(&["app", "set", "NOPE", "--glare", "answer"]).contains("no application"));
    assert!(house.refused(&["app", "set", &app_id]).contains("--glare"), "what to set");
    let said = house.refused(&["app", "set", &app_id, "--glare", "both"]);
    assert!(said.contains("two-calls"), "{said}");
}

#[test]
fn users_are_made_once_and_given_new_tokens() {
    let house = House::new();
    assert!(house.refused(&["user", "create", "ann"]).contains("no application yet"));
    house.told(&["app", "create", "only"]);
    let plain = house.told(&["user", "create", "ann/😀"]);
    assert!(plain.contains("ann/😀") && !plain.contains("access token"), "{plain}");
    assert!(house.refused(&["user", "create", "ann/😀"]).contains("exists"));
    let first = after(&house.told(&["user", "create", "bo", "--issue-token"]), "access token:");
    let second = after(&house.told(&["user", "token", "bo"]), "access token:");
    assert_eq!((first.len(), second.len()), (40, 40));
    assert_ne!(first, second);
    assert!(house.refused(&["user", "token", "nobody"]).contains("no such user"));
    let said = house.refused(&["user", "create", &"x".repeat(81)]);
    assert!(said.contains("at most 80 characters, but has 81"), "{said}");
    house.told(&["app", "create", "other"]);
    assert!(house.refused(&["user", "create", "cy"]).contains("--app"));
}

#[test]
fn tokens_of_the_command_line_are_those_that_the_running_server_takes() {
    let house = House::new();
    let server = house.serve(&[]);
    let app_id = server.told["appId"].as_str().unwrap();
    let said = house.told(&["user", "create", "ann", "--issue-token"]);
    let token = after(&said, "access token:");
    let log_in = |token: &str| {
        let body = serde_json::json!({
            "appId": app_id, "userId": "ann", "accessToken": token, "deviceId": "d1",
        });
        server.post("/v1/sessions", &body.to_string()).0
    };
    assert!(log_in(&token).starts_with("HTTP/1.1 200"), "{}", log_in(&token));
    assert!(log_in("").starts_with("HTTP/1.1 401"), "{}", log_in(""));
    let renewed = after(&house.told(&["user", "token", "ann"]), "access token:");
    assert!(log_in(&token).starts_with("HTTP/1.1 401"));
    assert!(log_in(&renewed).starts_with("HTTP/1.1 200"));
}

/// The word after this label.
fn after(said: &str, label: &str) -> String {
    let rest = said.split(label).nth(1).unwrap_or_else(|| panic!("no {label} in {said}"));
    rest.split_whitespace().next().unwrap_or_default().to_owned()
}
