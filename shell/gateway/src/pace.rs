//! How fast one connection may send.

use curlew_base::Instant;

/// What a message costs: 50 a second in the long run. A call in full swing takes 5; lower would
/// hurt a device that sends its ICE candidates one by one, higher lets one device load the rest.
const MESSAGE_MS: u64 = 20;
/// Messages at once before requests are refused.
const BURST: u64 = 200;
/// Messages at once, refused ones included, before the connection is closed.
const ABUSE: u64 = 400;

/// What to do with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pass {
    /// Handle it.
    Free,
    /// Refuse it.
    Refused,
    /// Close the connection.
    Abuse,
}

/// A token bucket as one number: the moment at which it is full again. Refused messages count
/// too, so that a device has to slow down to be heard again.
#[derive(Debug)]
pub(crate) struct Pace {
    full_at: u64,
}

impl Pace {
    pub(crate) const fn new(now: Instant) -> Self {
        Self { full_at: now.unix_ms() }
    }

    pub(crate) fn take(&mut self, now: Instant) -> Pass {
        let now = now.unix_ms();
        self.full_at = self.full_at.max(now).saturating_add(MESSAGE_MS);
        match self.full_at.saturating_sub(now) {
            owed if owed <= BURST * MESSAGE_MS => Pass::Free,
            owed if owed <= ABUSE * MESSAGE_MS => Pass::Refused,
            _ => Pass::Abuse,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_a_flood_is_refused_then_closed() {
        let at = Instant::from_unix_ms;
        let mut pace = Pace::new(at(1000));
        let passes: Vec<_> = (0..401).map(|_| pace.take(at(1000))).collect();
        assert!(passes[..200].iter().all(|p| *p == Pass::Free));
        assert!(passes[200..400].iter().all(|p| *p == Pass::Refused));
        assert_eq!(passes[400], Pass::Abuse);
        assert_eq!(pace.take(at(60_000)), Pass::Free);
    }

    #[test]
    fn the_long_run_rate_passes_for_ever() {
        let mut pace = Pace::new(Instant::from_unix_ms(0));
        for n in 0..10_000 {
            assert_eq!(pace.take(Instant::from_unix_ms(n * MESSAGE_MS)), Pass::Free);
        }
    }
}
