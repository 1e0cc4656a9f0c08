//! Ids as types: checked once where they enter, then carried byte for byte.

use serde::{Deserialize, Serialize};
use std::fmt;

use crate::limits;

/// Why a text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The text is empty.
    #[error("must not be empty")]
    Empty,
    /// The text is longer than `max` characters.
    #[error("must be at most {max} characters, but has {len}")]
    TooLong {
        /// The limit, in Unicode scalar values.
        max: usize,
        /// What was given, in Unicode scalar values.
        len: usize,
    },
    /// The text holds a character that this kind of id cannot have.
    #[error("must not contain the character U+{0:04X}")]
    BadCharacter(u32),
}

fn check(text: &str, max: usize, allowed: fn(char) -> bool) -> Result<(), IdError> {
    if text.is_empty() {
        return Err(IdError::Empty);
    }
    let len = text.chars().count();
    if len > max {
        return Err(IdError::TooLong { max, len });
    }
    match text.chars().find(|&c| !allowed(c)) {
        Some(c) => Err(IdError::BadCharacter(c as u32)),
        None => Ok(()),
    }
}

fn opaque(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-' || c == '_'
}

fn printable(c: char) -> bool {
    !c.is_control()
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $max:expr, $allowed:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Takes the text as it is, without trimming or normalising.
            ///
            /// # Errors
            /// Says which rule of this kind of id the text breaks.
            pub fn new(text: impl Into<String>) -> Result<Self, IdError> {
                let text = text.into();
                check(&text, $max, $allowed)?;
                Ok(Self(text))
            }

            /// The text, byte for byte as it came in.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id!(
    /// An application: letters, digits, `-` and `_`, at most 64.
    AppId, limits::APP_ID_CHARS, opaque
);
id!(
    /// A user within an application: 1 to 80 characters, anything but control characters.
    UserId, limits::USER_ID_CHARS, printable
);
id!(
    /// One device (a browser tab, a process) of a user; chosen by the device, at most 64.
    DeviceId, limits::OPAQUE_ID_CHARS, opaque
);
id!(
    /// A direct call; made by the server, sorts by time.
    CallId, limits::OPAQUE_ID_CHARS, opaque
);
id!(
    /// One signalling session in a server's memory; new after a restart.
    SessionId, limits::OPAQUE_ID_CHARS, opaque
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_ids_keep_every_byte_or_are_refused_with_a_reason() {
        for odd in ["a/b", "a%2Fb", "+#? &", "__", "😀", "مرحبا", "208"] {
            assert_eq!(UserId::new(odd).unwrap().as_str(), odd);
        }
        assert!(UserId::new("é".repeat(80)).is_ok());
        let err = UserId::new("é".repeat(81)).unwrap_err();
        assert_eq!(err.to_string(), "must be at most 80 characters, but has 81");
        assert_eq!(UserId::new("").unwrap_err(), IdError::Empty);
        assert_eq!(UserId::new("a\0b").unwrap_err(), IdError::BadCharacter(0));
    }

    #[test]
    fn opaque_ids_refuse_what_could_be_a_path() {
        assert!(DeviceId::new("../x").is_err());
        assert!(serde_json::from_str::<CallId>("\"\"").is_err());
    }
}
