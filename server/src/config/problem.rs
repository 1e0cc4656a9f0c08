//! What is wrong with a configuration: the key, where it was set, the cause and the cure.

use std::fmt;

use super::Origin;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The key, with dots.
    pub key: String,
    /// Where it was set.
    pub origin: Origin,
    /// What is wrong.
    pub cause: String,
    /// What to do.
    pub cure: String,
}

/// All that is wrong; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = if self.key.is_empty() { "(whole file)" } else { &self.key };
        writeln!(f, "{name}, set by {}", self.origin)?;
        writeln!(f, "  cause: {}", self.cause.trim().replace('\n', "\n         "))?;
        write!(f, "  cure:  {}", self.cure)
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the configuration is not usable:")?;
        for problem in &self.0 {
            write!(f, "\n{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}
