//! The configuration: default file < own file < environment < flags, and why a value is refused.
//!
//! To add a key: a line with its comment in `curlew.default.toml`, a field here, its line in
//! [`Config::from_layers`] with a cure, and a flag in `cli.rs`.

mod layers;
mod problem;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use layers::{Flag, Layers, Origin};
pub use problem::{Problem, Problems};

/// The commented default file.
pub const DEFAULT_FILE: &str = include_str!("../curlew.default.toml");

/// The longest soft stop that can be set, in seconds.
const STOP_TIMEOUT_MAX_SECS: u64 = 600;

/// All that can be set; `curlew.default.toml` says what each key means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Config {
    /// Where everything lies that the server keeps.
    pub data_dir: PathBuf,
    /// Where it listens.
    pub listen: SocketAddr,
    /// Whether `/metrics` answers.
    pub metrics: bool,
    /// The limit of a soft stop, in seconds.
    pub stop_timeout_secs: u64,
    /// Whether writes that wait together share one commit; off for measuring.
    pub group_commits: bool,
    /// Encryption of the port.
    pub tls: Tls,
    /// What is logged.
    pub log: Log,
}

/// Encryption of the port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tls {
    /// Whether, and with whose certificate.
    pub mode: TlsMode,
    /// The certificate chain, with [`TlsMode::Files`].
    pub cert: PathBuf,
    /// Its private key, with [`TlsMode::Files`].
    pub key: PathBuf,
    /// Further names of this machine, with [`TlsMode::SelfSigned`].
    pub names: Vec<String>,
}

/// Whether the port is encrypted, and with whose certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TlsMode {
    /// Plain HTTP.
    Off,
    /// A certificate that the server makes.
    SelfSigned,
    /// A certificate from files.
    Files,
}

/// What is logged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Log {
    /// A level, or a list of them by part.
    pub level: String,
    /// How a line looks.
    pub format: Format,
}

/// How a line of the log looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data_dir: PathBuf::from("./curlew-data"),
            listen: SocketAddr::from(([127, 0, 0, 1], 7450)),
            metrics: true,
            stop_timeout_secs: 10,
            group_commits: true,
            tls: Tls {
                mode: TlsMode::Off,
                cert: PathBuf::new(),
                key: PathBuf::new(),
                names: Vec::new(),
            },
            log: Log { level: "info".to_owned(), format: Format::Text },
        }
    }
}

impl Config {
    /// Reads every value and finds all that is wrong, not only the first.
    ///
    /// # Errors
    /// Each problem with its key, where it was set, its cause and its cure.
    pub fn from_layers(mut layers: Layers) -> Result<Self, Problems> {
        let default = Self::default();
        let config = Self {
            data_dir: layers.take("data_dir", "give a path", default.data_dir),
            listen: layers.take("listen", LISTEN_CURE, default.listen),
            metrics: layers.take("metrics", "give true or false", default.metrics),
            stop_timeout_secs: layers.take(
                "stop_timeout_secs",
                "give whole seconds, 1 to 600",
                default.stop_timeout_secs,
            ),
            group_commits: layers.take(
                "group_commits",
                "give true or false",
                default.group_commits,
            ),
            tls: Tls {
                mode: layers.take(
                    "tls.mode",
                    "give \"off\", \"self-signed\" or \"files\"",
                    default.tls.mode,
                ),
                cert: layers.take("tls.cert", "give the path of a PEM file", default.tls.cert),
                key: layers.take("tls.key", "give the path of a PEM file", default.tls.key),
                names: layers.take("tls.names", NAMES_CURE, default.tls.names),
            },
            log: Log {
                level: layers.take("log.level", LEVEL_CURE, default.log.level),
                format: layers.take("log.format", "give \"text\" or \"json\"", default.log.format),
            },
        };
        config.judge(&mut layers);
        layers.finish().map(|()| config)
    }

    /// What the types alone do not refuse.
    fn judge(&self, layers: &mut Layers) {
        if self.data_dir.as_os_str().is_empty() {
            layers.refuse("data_dir", "the path is empty".to_owned(), "give a path");
        }
        if !(1..=STOP_TIMEOUT_MAX_SECS).contains(&self.stop_timeout_secs) {
            let cause = format!("{} is out of bounds", self.stop_timeout_secs);
            layers.refuse("stop_timeout_secs", cause, "give whole seconds, 1 to 600");
        }
        if let Err(error) = curlew_telemetry::check_level(&self.log.level) {
            layers.refuse("log.level", error.to_string(), LEVEL_CURE);
        }
        for (key, path) in [("tls.cert", &self.tls.cert), ("tls.key", &self.tls.key)] {
            let set = !path.as_os_str().is_empty();
            match (self.tls.mode, set) {
                (TlsMode::Files, false) => layers.refuse(
                    key,
                    "tls.mode is \"files\", but this file is not named".to_owned(),
                    "name the PEM file, or set tls.mode to \"self-signed\"",
                ),
                (TlsMode::Files, true) => {
                    if let Err(error) = std::fs::File::open(path) {
                        let cause = format!("{} cannot be read: {error}", path.display());
                        layers.refuse(key, cause, "correct the path or its permissions");
                    }
                }
                (TlsMode::Off | TlsMode::SelfSigned, true) => layers.refuse(
                    key,
                    "a file is named, but tls.mode does not use it".to_owned(),
                    "set tls.mode to \"files\", or leave this key out",
                ),
                (TlsMode::Off | TlsMode::SelfSigned, false) => {}
            }
        }
    }

    /// The limit of a soft stop.
    #[must_use]
    pub const fn stop_timeout(&self) -> Duration {
        Duration::from_secs(self.stop_timeout_secs)
    }
}

const LISTEN_CURE: &str = "give address and port, such as \"127.0.0.1:7450\" or \"0.0.0.0:7450\"";
const NAMES_CURE: &str = "give a list of names, such as [\"desk.local\", \"192.168.1.20\"]";
const LEVEL_CURE: &str = "give off, error, warn, info, debug or trace";

#[cfg(test)]
mod tests;
