//! Clocks that start apart and run at their own rates, over Tokio's paused time.

use curlew_base::Instant;
use curlew_control::Clock;
use std::time::Duration;

use crate::dice::Dice;

/// Where pretended time starts, in Unix milliseconds.
const EPOCH_MS: i64 = 1_700_000_000_000;
/// How far a clock may be from the others at the start, in milliseconds.
pub const OFFSET_MS: u64 = 1_000;
/// How much faster or slower than true time a clock may run, in millionths.
pub const RATE_PPM: u64 = 1_000;

/// How a clock differs from true time.
#[derive(Debug, Clone, Copy, Default)]
pub struct Drift {
    offset_ms: i64,
    rate_ppm: i64,
}

impl Drift {
    /// Any clock within the bounds.
    pub fn draw(dice: &mut Dice) -> Self {
        Self { offset_ms: around_zero(dice, OFFSET_MS), rate_ppm: around_zero(dice, RATE_PPM) }
    }

    /// How long a timer of this clock really takes.
    #[must_use]
    pub fn stretch(self, span: Duration) -> Duration {
        let ms = i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
        let ms = ms.saturating_sub(ms.saturating_mul(self.rate_ppm) / 1_000_000);
        Duration::from_millis(u64::try_from(ms).unwrap_or(0))
    }
}

fn around_zero(dice: &mut Dice, most: u64) -> i64 {
    let roll = i64::try_from(dice.below(2 * most + 1)).unwrap_or(0);
    roll - i64::try_from(most).unwrap_or(0)
}

/// The clock of one node. It never runs backwards.
pub struct NodeClock {
    start: tokio::time::Instant,
    drift: Drift,
}

impl NodeClock {
    /// A clock that is off by `drift`, in a world that started at `start`.
    #[must_use]
    pub const fn new(start: tokio::time::Instant, drift: Drift) -> Self {
        Self { start, drift }
    }
}

impl Clock for NodeClock {
    fn now(&self) -> Instant {
        let real = i64::try_from(self.start.elapsed().as_millis()).unwrap_or(i64::MAX);
        let skew = real.saturating_mul(self.drift.rate_ppm) / 1_000_000;
        let ms = EPOCH_MS.saturating_add(real).saturating_add(skew) + self.drift.offset_ms;
        Instant::from_unix_ms(u64::try_from(ms).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_clock_keeps_its_rate_and_never_runs_backwards() {
        let start = tokio::time::Instant::now();
        let drift = Drift { offset_ms: -500, rate_ppm: -1_000 };
        let clock = NodeClock::new(start, drift);
        let first = clock.now();
        let mut before = first;
        for _ in 0..10_000 {
            tokio::time::advance(Duration::from_millis(100)).await;
            let now = clock.now();
            assert!(now >= before);
            before = now;
        }
        assert_eq!(before.since(first).0, 999_000);
        assert_eq!(drift.stretch(Duration::from_secs(1_000)), Duration::from_secs(1_001));
    }
}
