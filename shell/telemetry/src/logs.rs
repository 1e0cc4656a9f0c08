//! Structured logs on standard error, so that standard output stays for answers.

use std::fmt;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};

/// How a line of the log looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line, for machines.
    Json,
}

/// Why the logs could not be started.
#[derive(Debug)]
pub enum LogError {
    /// The level is not one; the text says where.
    Level(String),
    /// The process logs already.
    Started(TryInitError),
}

impl fmt::Display for LogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Level(cause) => write!(f, "the log level cannot be read: {cause}"),
            Self::Started(cause) => write!(f, "the logs were started already: {cause}"),
        }
    }
}

impl std::error::Error for LogError {}

/// Starts the logs of this process; once.
///
/// # Errors
/// If the level cannot be read, or logs were started before.
pub fn start(level: &str, format: LogFormat) -> Result<(), LogError> {
    let filter = filter(level)?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match format {
        LogFormat::Text => lines.with_ansi(false).finish().try_init(),
        LogFormat::Json => lines.json().flatten_event(true).finish().try_init(),
    };
    started.map_err(LogError::Started)
}

/// Whether this is a level, or a list such as `info,curlew_gateway=debug`.
///
/// # Errors
/// Says what cannot be read.
pub fn check_level(level: &str) -> Result<(), LogError> {
    filter(level).map(drop)
}

fn filter(level: &str) -> Result<EnvFilter, LogError> {
    const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
    // A bare word that is no level would be taken for the name of a module, and silence all.
    for word in level.split(',').map(str::trim) {
        if !word.contains('=') && !LEVELS.contains(&word.to_ascii_lowercase().as_str()) {
            return Err(LogError::Level(format!("`{word}` is not one of {}", LEVELS.join(", "))));
        }
    }
    EnvFilter::builder().parse(level).map_err(|cause| LogError::Level(cause.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_a_word_or_a_list_and_anything_else_is_named() {
        for good in ["info", "WARN", "info,curlew_gateway=debug"] {
            assert!(check_level(good).is_ok(), "{good}");
        }
        let said = check_level("loud").unwrap_err().to_string();
        assert!(said.contains("`loud`") && said.contains("info"), "{said}");
        assert!(check_level("curlew=loud").is_err());
        assert!(check_level("").is_err());
    }
}
