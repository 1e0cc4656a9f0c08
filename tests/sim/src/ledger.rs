//! What every device was told and when, and when it could be told: the referees read it.

use curlew_base::CallId;
use curlew_wire::call::{CallState, CallView, MediaPath};
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

use crate::history::History;
use crate::link::Fate;

/// A view that reached a device.
#[derive(Debug, Clone)]
pub struct Told {
    /// When.
    pub at: Instant,
    /// Which device.
    pub device: String,
    /// Since when its connection is open, if every frame on it has arrived in order.
    pub whole_since: Option<Instant>,
    /// What it was told.
    pub view: CallView,
}

/// A time in which a device could speak to its server and be heard.
#[derive(Debug)]
struct Stretch {
    from: Instant,
    until: Option<Instant>,
    fate: Arc<Fate>,
}

/// What a device last told of its media in a call.
#[derive(Debug, Clone, Copy)]
pub struct PathTold {
    /// When it first told that its media is not up any more, until the server knows otherwise.
    pub down_since: Option<Instant>,
    /// Whether it gave up, ever.
    pub failed: bool,
}

/// Everything noted in a run.
#[derive(Debug)]
pub struct Ledger {
    start: Instant,
    /// Every view that reached a device, in order of time.
    pub told: Vec<Told>,
    /// Promises that were seen to break as it happened.
    pub wrong: Vec<String>,
    /// Whose each device is, ever.
    pub users: BTreeMap<String, String>,
    /// When nodes died or started.
    pub upheavals: Vec<Instant>,
    /// The devices that run and are awake.
    pub awake: BTreeSet<String>,
    /// The devices that are in a call, as far as they know.
    pub inside: BTreeMap<CallId, BTreeSet<String>>,
    /// What devices told of their media.
    pub paths: BTreeMap<(CallId, String), PathTold>,
    /// The devices that signed out, and when that was confirmed.
    pub signed_out: BTreeMap<String, Instant>,
    /// What happened, line by line, if somebody wants to read it.
    pub trace: Option<Vec<String>>,
    stretches: BTreeMap<String, Vec<Stretch>>,
    /// When each device said hello, also where it never heard the answer.
    hellos: BTreeMap<String, Vec<Instant>>,
    digest: DefaultHasher,
}

impl Ledger {
    /// An empty ledger of a run that starts now.
    #[must_use]
    pub fn new() -> Self {
        Self {
            start: Instant::now(),
            told: Vec::new(),
            wrong: Vec::new(),
            users: BTreeMap::new(),
            upheavals: Vec::new(),
            awake: BTreeSet::new(),
            inside: BTreeMap::new(),
            paths: BTreeMap::new(),
            signed_out: BTreeMap::new(),
            trace: None,
            stretches: BTreeMap::new(),
            hellos: BTreeMap::new(),
            digest: DefaultHasher::new(),
        }
    }

    /// Adds a line to the trace.
    pub fn trace(&mut self, line: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            trace.push(format!("{:>9.3} {}", self.start.elapsed().as_secs_f64(), line()));
        }
    }

    /// Notes a view. It must be committed by now (P4).
    pub fn tell(&mut self, history: &History, told: Told) {
        let Told { device, view, .. } = &told;
        self.trace(|| {
            let (id, version, state) = (&view.call_id, view.version, view.state);
            let end = view.ended.as_ref().map(|e| (e.result, e.duration_ms));
            format!("{device} is told {id} v{version} {state:?} {end:?} {:?}", view.reach)
        });
        (told.at - self.start, device, view.call_id.as_str(), view.version).hash(&mut self.digest);
        if !history.holds(view.call_id.as_str(), view.version) {
            let (id, version) = (&view.call_id, view.version);
            self.wrong.push(format!("P4: {device} was told version {version} of {id}, unwritten"));
        }
        let inside = matches!(view.state, CallState::Established | CallState::Connected);
        let devices = self.inside.entry(view.call_id.clone()).or_default();
        if inside {
            devices.insert(device.clone());
        } else {
            devices.remove(device);
        }
        self.told.push(told);
    }

    /// Notes what a device is about to tell of its media.
    pub fn tell_path(&mut self, call: &CallId, device: &str, path: MediaPath) {
        let key = (call.clone(), device.to_owned());
        let told = self.paths.entry(key).or_insert(PathTold { down_since: None, failed: false });
        match path {
            MediaPath::Up => {}
            MediaPath::Down => drop(told.down_since.get_or_insert_with(Instant::now)),
            MediaPath::Failed => told.failed = true,
        }
    }

    /// The server has confirmed that it knows that a device's media is up.
    pub fn heard_up(&mut self, call: &CallId, device: &str) {
        if let Some(told) = self.paths.get_mut(&(call.clone(), device.to_owned())) {
            told.down_since = None;
        }
    }

    /// Whether media can flow to a device in a call: nobody in it is gone or asleep.
    #[must_use]
    pub fn flows(&self, call: &CallId) -> bool {
        let devices = self.inside.get(call).into_iter().flatten();
        devices.into_iter().all(|device| self.awake.contains(device))
    }

    /// The other device that is in a call.
    #[must_use]
    pub fn peer(&self, call: &CallId, device: &str) -> Option<String> {
        self.inside.get(call)?.iter().find(|other| *other != device).cloned()
    }

    /// A device says hello: the server may have heard it from here on.
    pub fn hello(&mut self, device: &str) {
        self.hellos.entry(device.to_owned()).or_default().push(Instant::now());
    }

    /// A device's signalling is open from now on.
    pub fn open(&mut self, device: &str, fate: &Arc<Fate>) {
        self.close(device);
        let fate = Arc::clone(fate);
        let stretch = Stretch { from: Instant::now(), until: None, fate };
        self.stretches.entry(device.to_owned()).or_default().push(stretch);
    }

    /// A device cannot be reached from now on.
    pub fn close(&mut self, device: &str) {
        let last = self.stretches.get_mut(device).and_then(|stretches| stretches.last_mut());
        if let Some(stretch) = last {
            stretch.until.get_or_insert_with(Instant::now);
        }
    }

    /// When a device could last be heard without fail before a moment; `None` if never.
    #[must_use]
    pub fn last_healthy(&self, device: &str, before: Instant) -> Option<Instant> {
        self.last(device, before, |fate| fate.lost_at())
    }

    /// When a device could last be heard at all before a moment; `None` if never.
    #[must_use]
    pub fn last_heard(&self, device: &str, before: Instant) -> Option<Instant> {
        let hellos = self.hellos.get(device).into_iter().flatten().copied();
        let hello = hellos.filter(|at| *at <= before).max();
        self.last(device, before, |fate| fate.cut_at()).max(hello)
    }

    fn last(
        &self,
        device: &str,
        before: Instant,
        harm: impl Fn(&Fate) -> Option<Instant>,
    ) -> Option<Instant> {
        let stretches = self.stretches.get(device)?.iter().filter(|s| s.from <= before);
        let ends = stretches.map(|stretch| {
            [stretch.until, harm(&stretch.fate)].into_iter().flatten().fold(before, Instant::min)
        });
        ends.max()
    }

    /// Since when a device's signalling has been open and whole without a break.
    #[must_use]
    pub fn healthy_since(&self, device: &str) -> Option<Instant> {
        let stretch = self.stretches.get(device)?.last()?;
        (stretch.until.is_none() && stretch.fate.lost_at().is_none()).then_some(stretch.from)
    }

    /// How long a device had been out of reach at a moment.
    #[must_use]
    pub fn silent_for(&self, device: &str, at: Instant) -> Duration {
        self.last_healthy(device, at).map_or(Duration::MAX, |last| at - last)
    }

    /// Notes that a node died or started.
    pub fn upheaval(&mut self, what: impl FnOnce() -> String) {
        self.trace(what);
        self.upheavals.push(Instant::now());
    }

    /// Whether a node died or started between two moments, or shortly before.
    #[must_use]
    pub fn a_node_died(&self, from: Instant, to: Instant) -> bool {
        let from = from.checked_sub(Duration::from_secs(2)).unwrap_or(from);
        self.upheavals.iter().any(|at| from <= *at && *at <= to)
    }

    /// When a node last died or started before a moment.
    #[must_use]
    pub fn last_upheaval(&self, before: Instant) -> Option<Instant> {
        self.upheavals.iter().copied().filter(|at| *at <= before).max()
    }

    /// A number that differs if anything told differs in content, order or time.
    #[must_use]
    pub fn digest(&self) -> u64 {
        self.digest.finish()
    }
}

impl Default for Ledger {
    fn default() -> Self {
        Self::new()
    }
}
