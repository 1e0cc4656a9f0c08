//! The lines on stdin and their answers on stdout.
//!
//! To add a command: a variant here, an arm in `Switchboard::obey`, a method in
//! `tests/e2e/harness/net.mjs`.

use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use crate::faults::Faults;

/// One line on stdin.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// Repeated in the answer.
    pub id: u64,
    /// What to do.
    pub command: Command,
}

/// What can be asked for.
#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    /// Gives a place one more interface with this address; the place is made at its first one.
    Join {
        /// Lower-case letters and digits, at most 16.
        place: String,
        /// The interface's address, unlike all others.
        address: Ipv4Addr,
    },
    /// Sets the faults of an interface; those of before are gone.
    Faults {
        /// The interface.
        address: Ipv4Addr,
        /// Its faults from here on.
        faults: Faults,
    },
    /// Takes an interface down, as when a cable is pulled: its place sees it.
    Unplug {
        /// The interface.
        address: Ipv4Addr,
    },
    /// Brings an interface up again.
    Plug {
        /// The interface.
        address: Ipv4Addr,
    },
    /// Signals whatever runs in a place; the place stays.
    Signal {
        /// The place.
        place: String,
        /// What is sent.
        signal: Signal,
    },
    /// Ends whatever runs in a place and removes it.
    Leave {
        /// The place.
        place: String,
    },
}

/// A signal to processes.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signal {
    /// SIGKILL.
    Kill,
    /// SIGSTOP: the machine falls asleep.
    Stop,
    /// SIGCONT: it wakes.
    Continue,
}

impl Signal {
    /// As `kill` takes it.
    pub const fn option(self) -> &'static str {
        match self {
            Self::Kill => "-KILL",
            Self::Stop => "-STOP",
            Self::Continue => "-CONT",
        }
    }
}

/// One line on stdout.
#[derive(Debug, Serialize)]
pub struct Answer {
    /// The id of the line answered; absent if that could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<u64>,
    /// The namespace of the place joined.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Why it was not done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}
