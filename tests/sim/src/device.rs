//! A model device: speaks the protocol, keeps what it is told, and complains of broken promises
//! that only a device can see.

use curlew_base::{CallId, ErrorCode, SessionId};
use curlew_wire::call::{CallState, CallView, MediaPath, MediaSettings};
use curlew_wire::client::{Ack, ClientMessage, Hello, Request, Resume, Verb};
use curlew_wire::server::{Event, EventBody, Reply, ServerMessage, SignalFrom};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use tokio::time::Instant;

/// What the device makes of a message.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Go on.
    Fine,
    /// An event is missing: connect again and resume.
    Gap,
}

/// Something that the device's application would be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happening {
    /// A call rings here.
    Rings(CallId),
    /// A call was accepted, and this device is in it.
    Established(CallId),
    /// A call is over for this device.
    Ended(CallId),
    /// The other side spoke, about this leg.
    Signal(CallId, u32),
    /// The server knows that media flows here.
    UpHeard(CallId),
}

/// A request that was not answered yet.
#[derive(Debug)]
struct Pending {
    request: Request,
    /// When it was sent over the connection of the moment, if it was.
    sent_at: Option<Instant>,
}

/// A device as its application knows it.
#[derive(Debug)]
pub struct Device {
    /// Whose it is.
    pub user: String,
    /// Its id, which is also its session key.
    pub name: String,
    /// Every call it was told of, the newest view.
    pub calls: BTreeMap<CallId, CallView>,
    /// Events handled in the session, for the referee: always 1, 2, 3 …
    pub last_event: u64,
    /// Its dials by key, and the call that each became.
    pub dials: BTreeMap<String, Option<CallId>>,
    /// The calls that it asked to accept.
    pub accepted: BTreeSet<CallId>,
    /// The calls whose ring it acknowledged, as the server has confirmed.
    pub rung: BTreeSet<CallId>,
    /// What it last told of its media, sent or not.
    pub paths: BTreeMap<CallId, MediaPath>,
    /// What it last told of its settings.
    pub settings: BTreeMap<CallId, MediaSettings>,
    /// As a caller: which device speaks for a leg.
    pub legs: BTreeMap<(CallId, u32), String>,
    /// Signals it got, in order: call, sender, the sender's count.
    pub signals: Vec<(CallId, String, u32)>,
    /// Of the signals it sent, those that it sent more than once.
    pub resent: BTreeSet<u32>,
    /// Signals it sent.
    pub signals_sent: u32,
    /// How often its application was told that a call rings, and that it ended.
    pub told: BTreeMap<CallId, (u32, u32)>,
    /// The codes of the refusals it got, in order.
    pub refused: Vec<u32>,
    /// Views that came since the last look.
    pub seen: Vec<CallView>,
    /// Broken promises that only the device can see.
    pub complaints: Vec<String>,
    /// Whether the signalling is open.
    pub welcomed: bool,
    session: Option<SessionId>,
    /// The calls it named in its last `hello`.
    asked: BTreeSet<CallId>,
    /// The calls that the session's snapshot answers for: one that is sent again after a resume
    /// knows nothing of the calls that came since.
    named: BTreeSet<CallId>,
    pending: VecDeque<Pending>,
    next_request: u64,
    happened: Vec<Happening>,
}

impl Device {
    /// A device that has never been connected.
    #[must_use]
    pub fn new(user: &str, name: &str) -> Self {
        Self {
            user: user.into(),
            name: name.into(),
            calls: BTreeMap::new(),
            last_event: 0,
            dials: BTreeMap::new(),
            accepted: BTreeSet::new(),
            rung: BTreeSet::new(),
            paths: BTreeMap::new(),
            settings: BTreeMap::new(),
            legs: BTreeMap::new(),
            signals: Vec::new(),
            resent: BTreeSet::new(),
            signals_sent: 0,
            told: BTreeMap::new(),
            refused: Vec::new(),
            seen: Vec::new(),
            complaints: Vec::new(),
            welcomed: false,
            session: None,
            asked: BTreeSet::new(),
            named: BTreeSet::new(),
            pending: VecDeque::new(),
            next_request: 1,
            happened: Vec::new(),
        }
    }

    /// The first message of a connection.
    pub fn hello(&mut self) -> ClientMessage {
        self.lost();
        let resume = self.session.clone();
        self.asked = self.live().map(|view| view.call_id.clone()).take(32).collect();
        ClientMessage::Hello(Hello {
            versions: vec![1],
            session_key: self.name.clone(),
            resume: resume.map(|session| Resume { session, last_event: self.last_event }),
            calls: self.asked.iter().cloned().collect(),
        })
    }

    /// The connection is gone.
    pub fn lost(&mut self) {
        self.welcomed = false;
        self.pending.iter_mut().for_each(|pending| pending.sent_at = None);
    }

    /// The calls that are alive as far as it knows.
    pub fn live(&self) -> impl Iterator<Item = &CallView> {
        self.calls.values().filter(|view| view.ended.is_none())
    }

    /// Whether it is the callee of a call.
    #[must_use]
    pub fn is_callee_of(&self, view: &CallView) -> bool {
        view.callee.user_id.as_str() == self.user
    }

    /// When the oldest unanswered request was sent over the connection of the moment.
    #[must_use]
    pub fn waits_since(&self) -> Option<Instant> {
        self.pending.iter().filter_map(|pending| pending.sent_at).min()
    }

    /// The oldest unanswered request, for people.
    #[must_use]
    pub fn unanswered(&self) -> String {
        let oldest = self.pending.iter().find(|pending| pending.sent_at.is_some());
        oldest.map_or_else(String::new, |pending| {
            format!("{:?} sent {:?} ago", pending.request, pending.sent_at.map(|at| at.elapsed()))
        })
    }

    /// Whether nothing is left to be answered.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.welcomed && self.pending.is_empty()
    }

    /// What has happened since the last look.
    pub fn take_happenings(&mut self) -> Vec<Happening> {
        std::mem::take(&mut self.happened)
    }

    /// Asks the server; the message, if there is a connection to send it over now.
    pub fn ask(&mut self, body: Verb) -> Option<ClientMessage> {
        match &body {
            Verb::Dial(dial) => drop(self.dials.entry(dial.dial_key.clone()).or_default()),
            Verb::Accept(accept) => drop(self.accepted.insert(accept.call_id.clone())),
            Verb::Media(media) => drop(self.paths.insert(media.call_id.clone(), media.path)),
            Verb::Ringing(_)
            | Verb::End(_)
            | Verb::Settings(_)
            | Verb::Signal(_)
            | Verb::UpdateItems(_)
            | Verb::DeleteItems(_) => {}
        }
        let request = Request { id: self.next_request, body };
        self.next_request += 1;
        let sent_at = self.welcomed.then(Instant::now);
        self.pending.push_back(Pending { request: request.clone(), sent_at });
        self.welcomed.then_some(ClientMessage::Request(request))
    }

    /// Handles a message; `out` takes what goes back.
    pub fn handle(&mut self, message: ServerMessage, out: &mut Vec<ClientMessage>) -> Verdict {
        match message {
            ServerMessage::Welcome(welcome) => {
                if !welcome.resumed {
                    self.last_event = 0;
                    self.named = std::mem::take(&mut self.asked);
                    // The server may have forgotten who rings: each says so again.
                    self.rung.clear();
                } else if self.session.as_ref() != Some(&welcome.session) {
                    self.complaints.push("P6: resumed a session it never had".into());
                }
                self.session = Some(welcome.session);
                self.welcomed = true;
                for pending in &mut self.pending {
                    self.resent.extend(count(&pending.request.body));
                    pending.sent_at = Some(Instant::now());
                    out.push(ClientMessage::Request(pending.request.clone()));
                }
            }
            ServerMessage::Reply(reply) => self.answered(reply),
            ServerMessage::Event(event) => return self.event(event, out),
            ServerMessage::Ping => out.push(ClientMessage::Pong),
            // The network doubles frames; a hello that comes twice is refused once.
            ServerMessage::Error(error) if error.error.message.contains("already") => {}
            ServerMessage::Error(error) => {
                self.complaints.push(format!("misunderstood: {}", error.error.message));
            }
            ServerMessage::Pong | ServerMessage::Goodbye(_) => {}
        }
        Verdict::Fine
    }

    fn answered(&mut self, reply: Reply) {
        let at = self.pending.iter().position(|pending| pending.request.id == reply.id);
        let Some(pending) = at.and_then(|at| self.pending.remove(at)) else {
            // The network doubled the request, whose second answer may tell more, or the answer.
            let known = |view: &CallView| self.calls.get(&view.call_id).map_or(0, |v| v.version);
            if let Some(view) = reply.call.filter(|view| view.version > known(view)) {
                self.learn(*view);
            }
            return;
        };
        let refused = reply.error.as_ref().map(|error| error.code);
        self.refused.extend(refused);
        // Rule 9: about a call that is over, the answer says how it ended.
        let status = Some(ErrorCode::InvalidCallStatus.number());
        let known = named(&pending.request.body).filter(|call| self.calls.contains_key(call));
        if let (true, None, Some(call)) = (refused == status, &reply.call, known) {
            self.complaints.push(format!("rule 9: {call} was refused without the call"));
        }
        match (&pending.request.body, refused, &reply.call) {
            (Verb::Dial(dial), None, Some(view)) => {
                let call = view.call_id.clone();
                let before = self.dials.insert(dial.dial_key.clone(), Some(call.clone())).flatten();
                if before.is_some_and(|before| before != call) {
                    self.complaints.push(format!("{}: one key, two calls", dial.dial_key));
                }
            }
            (Verb::Dial(dial), None, None) => {
                self.complaints.push(format!("{}: dialled without a call", dial.dial_key));
            }
            (Verb::Ringing(call), None, _) => drop(self.rung.insert(call.call_id.clone())),
            (Verb::Media(media), None, Some(view))
                if media.path == MediaPath::Up
                    && view.ended.is_none()
                    && !self.tells_of_media(&media.call_id) =>
            {
                self.happened.push(Happening::UpHeard(media.call_id.clone()));
            }
            _ => {}
        }
        if let Some(view) = reply.call {
            self.learn(*view);
        }
    }

    /// Whether a report about a call's media is not answered yet: it may have been overtaken.
    fn tells_of_media(&self, call: &CallId) -> bool {
        let about = |verb: &Verb| matches!(verb, Verb::Media(media) if media.call_id == *call);
        self.pending.iter().any(|pending| about(&pending.request.body))
    }

    fn event(&mut self, event: Event, out: &mut Vec<ClientMessage>) -> Verdict {
        if event.number <= self.last_event {
            return Verdict::Fine;
        }
        if event.number > self.last_event + 1 {
            return Verdict::Gap;
        }
        self.last_event = event.number;
        out.push(ClientMessage::Ack(Ack { number: event.number }));
        match event.body {
            EventBody::Call(event) => self.learn(*event.call),
            EventBody::Signal(signal) => self.signal(signal),
            EventBody::Snapshot(snapshot) => {
                // What was named and is not in it does not exist for this device.
                let told: BTreeSet<_> = snapshot.calls.iter().map(|view| &view.call_id).collect();
                let gone = |id: &CallId| self.named.contains(id) && !told.contains(id);
                self.calls.retain(|id, view| view.ended.is_some() || !gone(id));
                for view in snapshot.calls {
                    let rings = view.state == CallState::Ringing && self.is_callee_of(&view);
                    if rings && self.calls.contains_key(&view.call_id) {
                        self.happened.push(Happening::Rings(view.call_id.clone()));
                    }
                    self.learn(view);
                }
            }
        }
        Verdict::Fine
    }

    fn signal(&mut self, from: SignalFrom) {
        // The pretended candidate names the sender and counts its signals.
        let mark = from.signal.candidates.first().map(|c| c.candidate.clone()).unwrap_or_default();
        let Some((sender, count)) = mark.split_once('#') else {
            return self.complaints.push(format!("a signal of nobody: {mark:?}"));
        };
        let call = from.call_id;
        if self.calls.get(&call).is_some_and(|view| !self.is_callee_of(view)) {
            let leg = (call.clone(), from.leg);
            let known = self.legs.entry(leg).or_insert_with(|| sender.to_owned());
            if known != sender {
                let text = format!("{call}: leg {} is {known} and {sender}", from.leg);
                self.complaints.push(text);
            }
        }
        self.signals.push((call.clone(), sender.to_owned(), count.parse().unwrap_or(0)));
        self.happened.push(Happening::Signal(call, from.leg));
    }

    fn learn(&mut self, view: CallView) {
        self.seen.push(view.clone());
        let id = view.call_id.clone();
        let known = self.calls.get(&id);
        if let Some(known) = known {
            self.complaints.extend(contradiction(known, &view));
            if known.version > view.version {
                return;
            }
        }
        let was = known.map(|known| known.state);
        let callee = self.is_callee_of(&view);
        if was != Some(view.state) {
            match view.state {
                CallState::Ringing if callee => {
                    self.told.entry(id.clone()).or_default().0 += 1;
                    self.happened.push(Happening::Rings(id.clone()));
                }
                CallState::Ringing => {}
                CallState::Established | CallState::Connected => {
                    if was.is_none_or(|was| was == CallState::Ringing) {
                        self.happened.push(Happening::Established(id.clone()));
                    }
                }
                CallState::Ended => {
                    self.told.entry(id.clone()).or_default().1 += 1;
                    self.happened.push(Happening::Ended(id.clone()));
                }
            }
        }
        self.calls.insert(id, view);
    }
}

/// The count of a signal.
fn count(verb: &Verb) -> Option<u32> {
    let Verb::Signal(to) = verb else { return None };
    let (_, count) = to.signal.candidates.first()?.candidate.split_once('#')?;
    count.parse().ok()
}

/// The call that a request names; a dial names none.
const fn named(verb: &Verb) -> Option<&CallId> {
    match verb {
        Verb::Dial(_) => None,
        Verb::Accept(accept) => Some(&accept.call_id),
        Verb::Ringing(call) => Some(&call.call_id),
        Verb::End(end) => Some(&end.call_id),
        Verb::Media(media) => Some(&media.call_id),
        Verb::Settings(settings) => Some(&settings.call_id),
        Verb::Signal(signal) => Some(&signal.call_id),
        Verb::UpdateItems(items) => Some(&items.call_id),
        Verb::DeleteItems(items) => Some(&items.call_id),
    }
}

const fn rank(state: CallState) -> u8 {
    match state {
        CallState::Ringing => 0,
        CallState::Established => 1,
        CallState::Connected => 2,
        CallState::Ended => 3,
    }
}

/// What two views of a call for one device must not differ in.
fn contradiction(a: &CallView, b: &CallView) -> Option<String> {
    let (older, newer) = if a.version <= b.version { (a, b) } else { (b, a) };
    let id = &a.call_id;
    let end = |view: &CallView| view.ended.as_ref().map(|e| (e.result, e.by, e.duration_ms));
    if older.version == newer.version {
        let plain = |view: &CallView| CallView { reach: None, elapsed_ms: None, ..view.clone() };
        let same = plain(older) == plain(newer);
        return (!same).then(|| format!("P6: {id} has two views of version {}", a.version));
    }
    if rank(older.state) > rank(newer.state) {
        return Some(format!("P2: {id} went from {:?} to {:?}", older.state, newer.state));
    }
    if older.ended.is_some() && end(older) != end(newer) {
        return Some(format!("P2: {id}: {:?} became {:?}", end(older), end(newer)));
    }
    None
}
