//! `core/` decides and does nothing: no clock, dice, lock, socket, file, thread or async in it.
//!
//! `core/clippy.toml` bans most of this by type; the scan of the text also sees what clippy cannot
//! (a word in a macro, an `async fn`, a crate that is not there yet).

use super::Finding;
use super::files::SourceFile;

/// A word that may not stand in the core, and what to do about it.
struct Ban {
    word: &'static str,
    cure: &'static str,
}

const TIME: &str = "take `curlew_base::Instant` as an argument";
const DICE: &str = "take the random value or a seed as an argument";
const LOCK: &str = "one owner and `&mut self`; sharing is the shell's work";
const ACTS: &str = "return an effect; the shell performs it";

const BANS: &[Ban] = &[
    Ban { word: "Instant::now", cure: TIME },
    Ban { word: "SystemTime", cure: TIME },
    Ban { word: "std::time::Instant", cure: TIME },
    Ban { word: "rand::", cure: DICE },
    Ban { word: "getrandom", cure: DICE },
    Ban { word: "RandomState", cure: DICE },
    Ban { word: "Mutex", cure: LOCK },
    Ban { word: "RwLock", cure: LOCK },
    Ban { word: "RefCell", cure: LOCK },
    Ban { word: "tokio", cure: ACTS },
    Ban { word: "async", cure: ACTS },
    Ban { word: "std::net", cure: ACTS },
    Ban { word: "TcpStream", cure: ACTS },
    Ban { word: "TcpListener", cure: ACTS },
    Ban { word: "UdpSocket", cure: ACTS },
    Ban { word: "std::fs", cure: ACTS },
    Ban { word: "std::thread", cure: ACTS },
];

/// One finding a line, for its first banned word, in files of `core/` alone.
pub fn check(file: &SourceFile) -> Vec<Finding> {
    if !file.path.starts_with("core/") {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for (index, line) in file.text.lines().enumerate() {
        let code = without_comment(line);
        if let Some(ban) = BANS.iter().find(|ban| holds_word(code, ban.word)) {
            let cause = format!("`{}` has no place in core/", ban.word);
            findings.push(Finding::new(&file.path, cause, ban.cure).at(index + 1));
        }
    }
    findings
}

/// The line up to a comment; a `//` inside a word (an address in a string) begins none.
fn without_comment(line: &str) -> &str {
    let starts = line.match_indices("//").map(|(at, _)| at);
    let comment = starts.into_iter().find(|&at| at == 0 || line[..at].ends_with([' ', '\t', ';']));
    comment.map_or(line, |at| &line[..at])
}

/// Whether the word stands in the line on its own, not as a part of a longer name.
fn holds_word(line: &str, word: &str) -> bool {
    let in_name = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        let open = word.ends_with(':') || !after.is_some_and(in_name);
        open && !before.is_some_and(in_name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(path: &str, line: &str) -> usize {
        check(&SourceFile { path: path.to_owned(), text: format!("//! Doc.\n{line}\n") }).len()
    }

    #[test]
    fn clocks_dice_locks_and_sockets_are_found_in_core_alone() {
        for line in [
            "let t = Instant::now();",
            "use std::time::{SystemTime, Duration};",
            "let x: u8 = rand::random();",
            "use std::sync::{Arc, Mutex};",
            "    state: std::sync::RwLock<u8>,",
            "tokio::spawn(f());",
            "pub async fn act() {}",
            "use std::net::TcpStream as S;",
        ] {
            assert_eq!(words("core/call/src/a.rs", line), 1, "{line}");
            assert_eq!(words("shell/control/src/a.rs", line), 0, "{line}");
        }
    }

    #[test]
    fn comments_and_longer_names_are_left_alone() {
        for line in [
            "// Mutex",
            "/// There is no `Instant::now` here.",
            "let a = 1; // no tokio",
            "let operand::Kind = b;",
            "let asynchronous = MutexLike;",
        ] {
            assert_eq!(words("core/call/src/a.rs", line), 0, "{line}");
        }
        assert_eq!(words("core/call/src/a.rs", "let a = \"http://b\"; tokio::c();"), 1);
    }

    #[test]
    fn a_finding_names_line_word_and_cure() {
        let text = "//! Doc.\n\nlet t = Instant::now();\n".to_owned();
        let findings = check(&SourceFile { path: "core/base/src/a.rs".to_owned(), text });
        let shown = findings[0].to_string();
        assert!(shown.starts_with("core/base/src/a.rs:3: `Instant::now`"), "{shown}");
        assert!(shown.contains("curlew_base::Instant"), "{shown}");
    }
}
