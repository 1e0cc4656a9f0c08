//! What is wrong with the wire of one interface, in both directions.

use std::time::Duration;

use serde::Deserialize;

/// The longest delay that can be ordered, so that a queue stays short.
const MAX_DELAY_MS: u64 = 10_000;

/// The faults of one interface. What an order leaves out is well.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Faults {
    /// Milliseconds that a packet needs through this interface, in either direction.
    pub delay_ms: u64,
    /// Of a hundred packets through this interface, how many are lost.
    pub loss_percent: f64,
    /// UDP alone.
    pub udp: Datagrams,
    /// TCP alone.
    pub tcp: Segments,
    /// Everything, whatever it is.
    pub all: Datagrams,
}

/// What becomes of packets that can only pass or vanish.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Datagrams {
    /// They pass.
    #[default]
    Pass,
    /// They vanish, and nobody is told.
    Drop,
}

/// What becomes of TCP.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Segments {
    /// Segments pass.
    #[default]
    Pass,
    /// They vanish, and nobody is told.
    Drop,
    /// Connections that exist are reset at once at both ends, and new ones are refused.
    Reset,
    /// Segments of connections that exist vanish and new connections pass, as behind a NAT that
    /// has forgotten.
    Stale,
}

impl Faults {
    /// The delay through this interface.
    pub fn delay(&self) -> Duration {
        Duration::from_millis(self.delay_ms)
    }

    /// The name of the field that is out of bounds, if one is.
    pub fn out_of_bounds(&self) -> Option<&'static str> {
        if self.delay_ms > MAX_DELAY_MS {
            return Some("delayMs");
        }
        (!(0.0..=100.0).contains(&self.loss_percent)).then_some("lossPercent")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_kept_at_the_limit() {
        let read = |text: &str| serde_json::from_str::<Faults>(text).unwrap().out_of_bounds();
        assert_eq!(read(r#"{"delayMs":10000,"lossPercent":100}"#), None);
        assert_eq!(read(r#"{"delayMs":10001}"#), Some("delayMs"));
        assert_eq!(read(r#"{"lossPercent":100.1}"#), Some("lossPercent"));
        assert_eq!(read(r#"{"lossPercent":-1}"#), Some("lossPercent"));
        assert!(serde_json::from_str::<Faults>(r#"{"jitter":1}"#).is_err());
    }
}
