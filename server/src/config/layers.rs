//! The layers of values, the stronger over the weaker, each value with the place that set it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use toml::{Table, Value};

use super::{DEFAULT_FILE, Problem, Problems};

/// The variable that names the configuration file.
const FILE_VARIABLE: &str = "CURLEW_CONFIG";
/// What our variables begin with.
const PREFIX: &str = "CURLEW_";
/// Edits between a mistyped name and the one it was meant to be.
const NEAR: usize = 3;

/// Where a value was set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The default.
    Default,
    /// A file.
    File(PathBuf),
    /// A variable of the environment.
    Environment(String),
    /// A flag of the command line.
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("the default"),
            Self::File(path) => write!(f, "the file {}", path.display()),
            Self::Environment(name) => write!(f, "the environment variable {name}"),
            Self::Flag(name) => write!(f, "the flag {name}"),
        }
    }
}

/// A value given as a flag.
pub struct Flag {
    /// The key, with dots.
    pub key: &'static str,
    /// The flag as typed.
    pub name: &'static str,
    /// The text after it.
    pub text: Option<String>,
}

/// The values by key (with dots), and what was found wrong on the way.
pub struct Layers {
    values: BTreeMap<String, (Value, Origin)>,
    problems: Vec<Problem>,
}

impl Layers {
    /// Reads all layers. The file is the one given, else the one `CURLEW_CONFIG` names, else none.
    pub fn read(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
        flags: Vec<Flag>,
    ) -> Self {
        let mut layers = Self { values: BTreeMap::new(), problems: Vec::new() };
        let defaults: Table = DEFAULT_FILE.parse().expect("a test reads the default file");
        for (key, value) in flat(defaults) {
            layers.values.insert(key, (value, Origin::Default));
        }
        let ours: BTreeMap<String, OsString> = environment
            .into_iter()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
            .filter(|(name, _)| name.starts_with(PREFIX))
            .collect();
        let named = ours.get(FILE_VARIABLE).map(PathBuf::from);
        if let Some(path) = file.map(Path::to_path_buf).or(named) {
            layers.lay_file(&path);
        }
        layers.lay_environment(ours);
        for Flag { key, name, text } in flags {
            if let Some(text) = text {
                layers.lay_text(key, &text, Origin::Flag(name.to_owned()));
            }
        }
        layers
    }

    /// Takes the value out; the fallback stands in for one that is refused.
    pub fn take<T: DeserializeOwned>(&mut self, key: &str, cure: &str, fallback: T) -> T {
        let Some((value, _)) = self.values.get(key) else { return fallback };
        match value.clone().try_into() {
            Ok(value) => value,
            Err(error) => {
                let cause = format!("`{value}`: {}", error.to_string().trim());
                self.refuse(key, cause, cure);
                fallback
            }
        }
    }

    /// Notes a problem of a known key; the first one of a key is enough.
    pub fn refuse(&mut self, key: &str, cause: String, cure: &str) {
        if self.problems.iter().any(|problem| problem.key == key) {
            return;
        }
        let origin = self.values.get(key).map_or(Origin::Default, |(_, origin)| origin.clone());
        self.problems.push(Problem { key: key.to_owned(), origin, cause, cure: cure.to_owned() });
    }

    /// Whether all is well.
    ///
    /// # Errors
    /// All that was noted.
    pub fn finish(self) -> Result<(), Problems> {
        if self.problems.is_empty() { Ok(()) } else { Err(Problems(self.problems)) }
    }

    fn lay_file(&mut self, path: &Path) {
        let origin = Origin::File(path.to_path_buf());
        let broken = |cause: String, cure: &str| Problem {
            key: String::new(),
            origin: origin.clone(),
            cause,
            cure: cure.to_owned(),
        };
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) => {
                let cure = "correct the path, or leave it out to use the defaults";
                self.problems.push(broken(error.to_string(), cure));
                return;
            }
        };
        match text.parse::<Table>() {
            Ok(table) => {
                for (key, value) in flat(table) {
                    self.lay(key, value, origin.clone());
                }
            }
            Err(error) => {
                let cure = "write it as TOML, like curlew.default.toml";
                self.problems.push(broken(error.to_string(), cure));
            }
        }
    }

    /// A variable near a name of ours is a slip and refused; any other is not for us: cluster
    /// managers set variables such as `CURLEW_SERVICE_HOST` by themselves.
    fn lay_environment(&mut self, ours: BTreeMap<String, OsString>) {
        let known: Vec<String> = self.values.keys().cloned().collect();
        for (name, text) in ours {
            if name == FILE_VARIABLE {
                continue;
            }
            let origin = Origin::Environment(name.clone());
            let text = text.to_string_lossy().into_owned();
            if let Some(key) = known.iter().find(|key| variable(key) == name) {
                self.lay_text(key, &text, origin);
                continue;
            }
            let names = known.iter().map(|key| variable(key));
            if let Some(near) = nearest(&name, names.chain([FILE_VARIABLE.to_owned()])) {
                self.problems.push(Problem {
                    key: name,
                    origin,
                    cause: "there is no such variable".to_owned(),
                    cure: format!("did you mean {near}? Otherwise unset it"),
                });
            }
        }
    }

    /// Lays a text in the type that the default has; what does not fit stays text and is refused
    /// when it is taken.
    fn lay_text(&mut self, key: &str, text: &str, origin: Origin) {
        let own = || Value::String(text.to_owned());
        let value = match self.values.get(key) {
            Some((Value::Integer(_), _)) => text.parse().map_or_else(|_| own(), Value::Integer),
            Some((Value::Boolean(_), _)) => match text {
                "true" | "on" => Value::Boolean(true),
                "false" | "off" => Value::Boolean(false),
                _ => own(),
            },
            Some((Value::Array(_), _)) => Value::Array(
                text.split(',')
                    .map(str::trim)
                    .filter(|part| !part.is_empty())
                    .map(|part| Value::String(part.to_owned()))
                    .collect(),
            ),
            _ => own(),
        };
        self.lay(key.to_owned(), value, origin);
    }

    fn lay(&mut self, key: String, value: Value, origin: Origin) {
        if let Some(place) = self.values.get_mut(&key) {
            *place = (value, origin);
            return;
        }
        let cure = match nearest(&key, self.values.keys().cloned()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "leave it out; curlew.default.toml lists every key".to_owned(),
        };
        let cause = "there is no such key".to_owned();
        self.problems.push(Problem { key, origin, cause, cure });
    }
}

/// The variable of a key: `log.level` is `CURLEW_LOG_LEVEL`.
fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.replace('.', "_").to_ascii_uppercase())
}

/// Every value with its key, in which dots stand for sections.
pub(super) fn flat(table: Table) -> Vec<(String, Value)> {
    let mut rows = Vec::new();
    for (key, value) in table {
        match value {
            Value::Table(inner) => {
                rows.extend(flat(inner).into_iter().map(|(last, v)| (format!("{key}.{last}"), v)));
            }
            value => rows.push((key, value)),
        }
    }
    rows
}

/// The known name that this one was most likely meant to be.
fn nearest(name: &str, known: impl Iterator<Item = String>) -> Option<String> {
    let limit = NEAR.min(name.chars().count() / 2);
    known
        .map(|candidate| (edits(name, &candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}

/// How many letters to add, drop or change to get from one to the other.
fn edits(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, &b) in to.iter().enumerate() {
            let change = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = change.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[to.len()]
}
