//! The clock and the dice that control is given.

use std::time::SystemTime;

use aws_lc_rs::digest;
use base64::Engine as _;
use curlew_base::{CallId, Instant, SessionId};
use curlew_control::{Clock, Ids};
use uuid::Uuid;

/// The wall clock as it stood at the start plus what has passed since, so that time never runs
/// backwards when somebody sets the clock.
pub struct SystemClock {
    start_unix_ms: u64,
    start: std::time::Instant,
}

impl SystemClock {
    /// Reads the wall clock, this once.
    #[must_use]
    pub fn start() -> Self {
        let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let start_unix_ms = since_epoch.map_or(0, whole_ms);
        Self { start_unix_ms, start: std::time::Instant::now() }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Instant {
        Instant::from_unix_ms(self.start_unix_ms.saturating_add(whole_ms(self.start.elapsed())))
    }
}

fn whole_ms(span: std::time::Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

/// Ids and secrets from the operating system's randomness.
pub struct RandomIds;

impl Ids for RandomIds {
    fn call_id(&self) -> CallId {
        CallId::new(Uuid::now_v7().to_string()).expect("a UUID is a valid id")
    }

    fn session_id(&self) -> SessionId {
        SessionId::new(Uuid::new_v4().to_string()).expect("a UUID is a valid id")
    }

    fn secret(&self) -> [u8; 32] {
        random()
    }
}

/// Bytes that nobody can guess.
#[must_use]
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

/// A token as people copy it: 40 hexadecimal digits.
#[must_use]
pub fn token() -> String {
    random::<20>().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A secret as people copy it: 43 characters.
#[must_use]
pub fn secret_text() -> String {
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(random::<32>())
}

/// What is kept of a token.
#[must_use]
pub fn hash(token: &str) -> Vec<u8> {
    digest::digest(&digest::SHA256, token.as_bytes()).as_ref().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_is_near_the_wall_and_never_runs_back() {
        let clock = SystemClock::start();
        let first = clock.now();
        assert!(first.unix_ms() > 1_700_000_000_000);
        assert!(clock.now() >= first);
    }

    #[test]
    fn call_ids_sort_by_time_and_tokens_differ() {
        let ids: Vec<CallId> = (0..50).map(|_| RandomIds.call_id()).collect();
        assert!(ids.is_sorted());
        assert_ne!(token(), token());
        assert_eq!((token().len(), secret_text().len(), hash("").len()), (40, 43, 32));
    }
}
