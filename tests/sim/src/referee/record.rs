//! A call's commits, with their machines read once.

use curlew_base::{CallId, DeviceId, Role};
use curlew_call::{Call, Party};
use curlew_store::CallRecord;

use crate::history::{Commit, History, machine};

/// One call of the run.
pub struct Case {
    /// Its id.
    pub id: CallId,
    /// Its commits, in order; never empty.
    pub commits: Vec<(Commit, Call)>,
}

impl Case {
    /// The last commit.
    pub fn last(&self) -> &Commit {
        &self.commits[self.commits.len() - 1].0
    }

    /// The machine as it was written last.
    pub fn machine(&self) -> &Call {
        &self.commits[self.commits.len() - 1].1
    }

    /// The commit that ended it.
    pub fn end(&self) -> Option<&Commit> {
        self.commits.iter().map(|(commit, _)| commit).find(|commit| commit.record.ended)
    }

    /// The commit that made it ring no more.
    pub fn stop(&self) -> Option<&Commit> {
        self.commits.iter().map(|(commit, _)| commit).find(|commit| !commit.record.ringing)
    }

    /// The commit that accepted it, and by which device of the callee.
    pub fn accept(&self) -> Option<(&Commit, DeviceId)> {
        let accepted = |(_, call): &&(Commit, Call)| call.answered_leg().is_some();
        let (commit, _) = self.commits.iter().find(accepted)?;
        Some((commit, self.answered_on()?))
    }

    /// The device that answered.
    pub fn answered_on(&self) -> Option<DeviceId> {
        let of = |call: &Call| {
            let seated = call.seated().into_iter().find(|party| party.role == Role::Callee);
            let ended = call.ended().and_then(|ended| ended.answered_on.clone());
            seated.map(|party| party.device).or(ended)
        };
        self.commits.iter().find_map(|(_, call)| of(call))
    }

    /// The caller's device.
    pub fn caller_device(&self) -> &str {
        self.machine().terms().caller_device.as_str()
    }
}

/// Every call of the run, by id.
pub fn cases(history: &History) -> Vec<Case> {
    let read = |commit: Commit| {
        let call = machine(&commit.record);
        (commit, call)
    };
    let case = |(id, commits): (String, Vec<Commit>)| {
        let id = CallId::new(id).ok()?;
        Some(Case { id, commits: commits.into_iter().map(read).collect() })
    };
    history.calls().into_iter().filter_map(case).collect()
}

/// The party that a device of a user is in a call.
pub fn party(row: &CallRecord, user: &str, device: &str) -> Option<Party> {
    let device = DeviceId::new(device).ok()?;
    if row.caller_id == user {
        Some(Party::caller(device))
    } else if row.callee_id == user {
        Some(Party::callee(device))
    } else {
        None
    }
}
