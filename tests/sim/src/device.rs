//! A model device: speaks the protocol, keeps what it is told, and does what its person feels like.

use curlew_base::{CallId, SessionId};
use curlew_wire::call::{CallState, CallView, MediaPath, MediaSettings};
use curlew_wire::client::{
    Accept, Ack, CallRef, ClientMessage, Dial, Hello, Media, Request, Resume, Verb,
};
use curlew_wire::server::{EventBody, ServerMessage};
use std::collections::{BTreeMap, VecDeque};

use crate::dice::Dice;

const SETTINGS: MediaSettings = MediaSettings { audio_enabled: true, video_enabled: true };

/// What the device makes of a message.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Go on.
    Fine,
    /// An event is missing: connect again and resume.
    Gap,
}

/// A device as its person knows it.
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
    session: Option<SessionId>,
    welcomed: bool,
    pending: VecDeque<Request>,
    next_request: u64,
    dials: u64,
    /// Broken promises that only the device can see.
    pub complaints: Vec<String>,
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
            session: None,
            welcomed: false,
            pending: VecDeque::new(),
            next_request: 1,
            dials: 0,
            complaints: Vec::new(),
        }
    }

    /// The first message of a connection.
    pub fn hello(&mut self) -> ClientMessage {
        self.welcomed = false;
        let resume = self.session.clone();
        ClientMessage::Hello(Hello {
            versions: vec![1],
            session_key: self.name.clone(),
            resume: resume.map(|session| Resume { session, last_event: self.last_event }),
            calls: self.live().map(|view| view.call_id.clone()).take(32).collect(),
        })
    }

    /// The calls that are alive as far as it knows.
    pub fn live(&self) -> impl Iterator<Item = &CallView> {
        self.calls.values().filter(|view| view.ended.is_none())
    }

    /// Whether nothing is left to be answered.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.welcomed && self.pending.is_empty()
    }

    /// Handles a message; `out` takes what goes back.
    pub fn handle(&mut self, message: ServerMessage, out: &mut Vec<ClientMessage>) -> Verdict {
        match message {
            ServerMessage::Welcome(welcome) => {
                if !welcome.resumed {
                    self.last_event = 0;
                } else if self.session.as_ref() != Some(&welcome.session) {
                    self.complaints.push("resumed a session it never had".into());
                }
                self.session = Some(welcome.session);
                self.welcomed = true;
                out.extend(self.pending.iter().cloned().map(ClientMessage::Request));
            }
            ServerMessage::Reply(reply) => {
                self.pending.retain(|request| request.id != reply.id);
                if let Some(view) = reply.call {
                    self.learn(*view, out);
                }
            }
            ServerMessage::Event(event) if event.number <= self.last_event => {}
            ServerMessage::Event(event) if event.number > self.last_event + 1 => {
                return Verdict::Gap;
            }
            ServerMessage::Event(event) => {
                self.last_event = event.number;
                out.push(ClientMessage::Ack(Ack { number: event.number }));
                self.learn_event(event.body, out);
            }
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

    fn learn_event(&mut self, body: EventBody, out: &mut Vec<ClientMessage>) {
        match body {
            EventBody::Call(event) => self.learn(*event.call, out),
            EventBody::Signal(_) => {}
            EventBody::Snapshot(snapshot) => {
                for view in snapshot.calls {
                    self.learn(view, out);
                }
            }
        }
    }

    fn learn(&mut self, view: CallView, out: &mut Vec<ClientMessage>) {
        let known = self.calls.get(&view.call_id);
        if known.is_some_and(|known| known.version > view.version || known.ended.is_some()) {
            if let (Some(before), Some(after)) = (known.and_then(|k| k.ended.as_ref()), &view.ended)
                && before.result != after.result
            {
                let (was, is) = (before.result, after.result);
                self.complaints.push(format!("{}: {was:?} became {is:?}", view.call_id));
            }
            return;
        }
        let was = known.map(|known| known.state);
        let (id, state) = (view.call_id.clone(), view.state);
        self.calls.insert(id.clone(), view);
        if state == CallState::Established && was != Some(CallState::Established) {
            let media = Media { call_id: id, path: MediaPath::Up };
            out.extend(self.ask(Verb::Media(media)));
        }
    }

    fn ask(&mut self, body: Verb) -> Option<ClientMessage> {
        let request = Request { id: self.next_request, body };
        self.next_request += 1;
        self.pending.push_back(request.clone());
        self.welcomed.then_some(ClientMessage::Request(request))
    }

    /// Does something that a person might do, or nothing.
    pub fn act(&mut self, dice: &mut Dice, users: &[String], out: &mut Vec<ClientMessage>) {
        let live: Vec<_> = self.live().cloned().collect();
        let verb = match live.get(usize::try_from(dice.below(3)).unwrap_or(0)) {
            Some(view) => {
                let call_id = view.call_id.clone();
                let rung = view.callee.user_id.as_str() == self.user;
                match (view.state, dice.below(4)) {
                    (CallState::Ringing, 0 | 1) if rung => {
                        Some(Verb::Accept(Accept { call_id, settings: SETTINGS }))
                    }
                    (CallState::Ringing | CallState::Connected, 2) => {
                        Some(Verb::End(CallRef { call_id }))
                    }
                    (CallState::Established, 3) => Some(Verb::End(CallRef { call_id })),
                    _ => None,
                }
            }
            None if dice.chance(30) => self.dial(dice, users),
            None => None,
        };
        out.extend(verb.and_then(|verb| self.ask(verb)));
    }

    fn dial(&mut self, dice: &mut Dice, users: &[String]) -> Option<Verb> {
        let others: Vec<_> = users.iter().filter(|user| **user != self.user).collect();
        let at = usize::try_from(dice.below(others.len() as u64)).ok()?;
        self.dials += 1;
        Some(Verb::Dial(Dial {
            dial_key: format!("{}-{}", self.name, self.dials),
            callee_id: curlew_base::UserId::new(others.get(at)?.as_str()).ok()?,
            is_video_call: dice.chance(50),
            settings: SETTINGS,
            ringing_timeout_secs: Some(5 + u32::try_from(dice.below(20)).unwrap_or(0)),
            connection_timeout_secs: Some(20),
            custom_items: BTreeMap::new(),
        }))
    }

    /// Hangs up everything, for the end of a run.
    pub fn ends(&mut self) -> Vec<ClientMessage> {
        let ids: Vec<_> = self.live().map(|view| view.call_id.clone()).collect();
        ids.into_iter().filter_map(|call_id| self.ask(Verb::End(CallRef { call_id }))).collect()
    }

    /// How many calls it dialled.
    #[must_use]
    pub fn dialled(&self) -> usize {
        usize::try_from(self.dials).unwrap_or(usize::MAX)
    }
}
