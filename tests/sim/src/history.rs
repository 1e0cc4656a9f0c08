//! What was committed, when, by which node: the one memory against which all telling is held.

use curlew_call::Call;
use curlew_store::{CallCommit, CallRecord};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::time::Instant;

/// One committed version of a call.
#[derive(Debug, Clone)]
pub struct Commit {
    /// When the caller of the store heard of it, or would have.
    pub at: Instant,
    /// The node that wrote it.
    pub node: usize,
    /// The row.
    pub record: Arc<CallRecord>,
}

/// A dial that was committed while the callee's own call to the caller rang.
#[derive(Debug, Clone)]
pub struct Crossing {
    /// The call that rang, as it then was.
    pub rang: Arc<CallRecord>,
    /// The one that was added beside it.
    pub added: Arc<CallRecord>,
}

#[derive(Debug, Default)]
struct Kept {
    calls: BTreeMap<String, BTreeMap<i64, Commit>>,
    crossings: Vec<Crossing>,
}

/// All commits of a run. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct History(Arc<Mutex<Kept>>);

/// What the row's `machine_json` holds, as far as the referees read it.
#[derive(Deserialize)]
struct Stored {
    machine: Call,
}

/// The machine of a row.
///
/// # Panics
/// If the row cannot be read, which is a defect.
#[must_use]
pub fn machine(row: &CallRecord) -> Call {
    let stored: Stored = serde_json::from_str(&row.machine_json).expect("a readable row");
    stored.machine
}

impl History {
    /// Notes a commit that the store has taken.
    pub fn note(&self, node: usize, commit: &CallCommit) {
        let record = Arc::new(commit.record.clone());
        let mut kept = self.kept();
        if commit.expected_version.is_none() {
            let crossed = kept.calls.values().filter_map(newest).find(|other| {
                other.record.ringing
                    && other.record.caller_id == record.callee_id
                    && other.record.callee_id == record.caller_id
            });
            if let Some(other) = crossed {
                let crossing =
                    Crossing { rang: Arc::clone(&other.record), added: Arc::clone(&record) };
                kept.crossings.push(crossing);
            }
        }
        let versions = kept.calls.entry(record.call_id.clone()).or_default();
        versions.insert(record.version, Commit { at: Instant::now(), node, record });
    }

    /// A version of a call.
    #[must_use]
    pub fn version(&self, call_id: &str, version: i64) -> Option<Commit> {
        self.kept().calls.get(call_id)?.get(&version).cloned()
    }

    /// Whether a version of a call is written.
    #[must_use]
    pub fn holds(&self, call_id: &str, version: i64) -> bool {
        self.kept().calls.get(call_id).is_some_and(|versions| versions.contains_key(&version))
    }

    /// Every call with all its versions, in order.
    #[must_use]
    pub fn calls(&self) -> Vec<(String, Vec<Commit>)> {
        let kept = self.kept();
        let all = |versions: &BTreeMap<i64, Commit>| versions.values().cloned().collect();
        kept.calls.iter().map(|(id, versions)| (id.clone(), all(versions))).collect()
    }

    /// The dials that were committed beside a crossing one.
    #[must_use]
    pub fn crossings(&self) -> Vec<Crossing> {
        self.kept().crossings.clone()
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn newest(versions: &BTreeMap<i64, Commit>) -> Option<&Commit> {
    versions.values().next_back()
}
