//! Every source file opens with its purpose and stays short enough to be read in one go.
//!
//! There is no list of exceptions, and none is wanted: a file that is too long has two subjects.

use super::Finding;
use super::files::SourceFile;

/// Lines of a file without its trailing test module. More, and a reader loses the thread; fewer,
/// and one subject is spread over many files.
const MAX_LINES: usize = 500;
/// Characters of a line: two files side by side on one screen.
const MAX_COLUMNS: usize = 100;

/// The findings about one file.
pub fn check(file: &SourceFile) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !opens_with_doc(file) {
        let mark = if file.path.ends_with(".rs") { "//! …" } else { "/** … */" };
        let cure = format!("open the file with one sentence on what it is for: `{mark}`");
        findings.push(Finding::new(&file.path, "no module doc", cure).at(1));
    }
    let lines: Vec<&str> = file.text.lines().collect();
    let length = lines_without_tests(&lines);
    if length > MAX_LINES {
        let cause = format!("{length} lines without tests, more than {MAX_LINES}");
        findings.push(Finding::new(
            &file.path,
            cause,
            "divide it by subject; the noun is a folder",
        ));
    }
    for (index, line) in lines.iter().enumerate() {
        let columns = line.chars().count();
        if columns > MAX_COLUMNS {
            let cause = format!("{columns} columns, more than {MAX_COLUMNS}");
            findings.push(Finding::new(&file.path, cause, "break the line").at(index + 1));
        }
    }
    findings
}

/// The first line that is neither empty nor a shebang begins a module doc with words in it.
fn opens_with_doc(file: &SourceFile) -> bool {
    let is_rust = file.path.ends_with(".rs");
    let shebang = |line: &&str| line.starts_with("#!") && !line.starts_with("#![");
    let mut lines = file.text.lines().skip_while(|line| line.trim().is_empty() || shebang(line));
    let first = lines.next().unwrap_or_default();
    let words = |line: &str| line.chars().any(char::is_alphanumeric);
    if is_rust {
        first.strip_prefix("//!").is_some_and(words)
    } else {
        let second = lines.next().unwrap_or_default();
        first.strip_prefix("/**").is_some_and(|rest| words(rest) || words(second))
    }
}

/// The number of lines before a `#[cfg(test)]` module that closes the file, or of all of them.
fn lines_without_tests(lines: &[&str]) -> usize {
    let opens_tests = |from: usize| {
        lines[from] == "#[cfg(test)]"
            && lines[from + 1..]
                .iter()
                .find(|line| !line.starts_with("#["))
                .is_some_and(|line| line.starts_with("mod ") && line.ends_with('{'))
    };
    let Some(start) = (0..lines.len()).find(|&from| opens_tests(from)) else {
        return lines.len();
    };
    // The module closes the file when its brace, the first one at the margin, is the last line.
    let close = lines[start..].iter().position(|line| *line == "}").map(|at| start + at);
    let closes = close.is_some_and(|at| lines[at + 1..].iter().all(|line| line.trim().is_empty()));
    if closes { start } else { lines.len() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn causes(path: &str, text: &str) -> Vec<String> {
        let file = SourceFile { path: path.to_owned(), text: text.to_owned() };
        check(&file).into_iter().map(|finding| finding.cause).collect()
    }

    #[test]
    fn a_file_opens_with_a_module_doc() {
        for (path, text) in [
            ("a.rs", "//! What it is for.\n"),
            ("a.rs", "//! What it is for.\n#![no_main]\n"),
            ("a.ts", "/** What it is for. */\n"),
            ("a.ts", "#!/usr/bin/env node\n/**\n * What it is for.\n */\n"),
        ] {
            assert_eq!(causes(path, text), Vec::<String>::new(), "{text}");
        }
        for (path, text) in [
            ("a.rs", ""),
            ("a.rs", "//!\n"),
            ("a.rs", "// An ordinary comment.\n"),
            ("a.rs", "#![no_main]\n//! Too late.\n"),
            ("a.rs", "/** TypeScript's way. */\n"),
            ("a.ts", "// An ordinary comment.\n"),
            ("a.ts", "/** */\n"),
        ] {
            assert_eq!(causes(path, text), ["no module doc"], "{text}");
        }
    }

    #[test]
    fn a_file_may_have_500_lines_and_not_one_more() {
        let of = |lines: usize| format!("//! Doc.\n{}", "let a = 1;\n".repeat(lines - 1));
        assert_eq!(causes("a.rs", &of(500)), Vec::<String>::new());
        assert_eq!(causes("a.rs", &of(501)), ["501 lines without tests, more than 500"]);
    }

    #[test]
    fn the_trailing_test_module_does_not_count() {
        let code = format!("//! Doc.\n{}", "let a = 1;\n".repeat(499));
        let tests = "#[cfg(test)]\n#[expect(x, reason = \"y\")]\nmod tests {\n    fn b() {}\n}\n";
        assert_eq!(causes("a.rs", &format!("{code}{tests}")), Vec::<String>::new());
        // Code behind the tests makes them count: they do not close the file.
        assert_eq!(causes("a.rs", &format!("{code}{tests}fn c() {{\n}}\n")).len(), 1);
        // A module in another file is one line here and judged there.
        assert_eq!(causes("a.rs", &format!("{code}#[cfg(test)]\nmod tests;\n")).len(), 1);
    }

    #[test]
    fn a_line_may_have_100_characters_and_not_one_more() {
        let of = |columns: usize| format!("//! Doc.\n{}\n", "é".repeat(columns));
        assert_eq!(causes("a.rs", &of(100)), Vec::<String>::new());
        assert_eq!(causes("a.rs", &of(101)), ["101 columns, more than 100"]);
    }
}
