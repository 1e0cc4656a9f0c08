//! The scripts on bare machines: `curlew_call::Call` beside control, with no store and no wire.
//! What the devices are told must be the same, and the pairs of state and input are counted here.

use curlew_base::{CallId, DeviceId, ErrorCode, Instant, Millis, Role, UserId, limits};
use curlew_call::{
    Answer, Busy, Call, Dial, Effect, Input, ItemsChange, MediaSettings, Party, Path, Refusal,
    ViewState,
};
use curlew_control::DeviceKey;
use curlew_wire::call as wire;
use std::collections::{BTreeMap, BTreeSet};

use super::coverage::{Pair, Who, kind_of, party_of, state_of};
use super::deed::{Act, Deed, ON};
use super::seen::Seen;
use crate::world::key;

type Items = BTreeMap<String, String>;

/// One call.
struct Live {
    caller: UserId,
    callee: UserId,
    call: Call,
    /// As it would be after a restart: comings and goings alone are not written.
    written: Call,
    /// The devices that ring, or rang when it was answered or ended.
    rung: BTreeSet<DeviceId>,
}

/// All calls, and who is connected.
pub struct Model {
    now: Instant,
    calls: BTreeMap<CallId, Live>,
    /// The devices with a session, with the time since when they have no connection.
    presence: BTreeMap<String, Option<Instant>>,
    ids: usize,
    dials: usize,
    pub reached: BTreeSet<Pair>,
}

/// What came of one step.
#[derive(Debug, Default, PartialEq)]
pub struct Outcome {
    pub told: BTreeMap<String, Vec<Seen>>,
    pub refused: Option<u32>,
}

impl Model {
    pub fn new() -> Self {
        Self {
            now: Instant::from_unix_ms(1_000_000),
            calls: BTreeMap::new(),
            presence: BTreeMap::new(),
            ids: 0,
            dials: 0,
            reached: BTreeSet::new(),
        }
    }

    pub fn perform(&mut self, act: &Act) -> Outcome {
        let mut out = Outcome::default();
        match act {
            Act::Wait(secs) => self.wait(*secs, &mut out),
            Act::Restart => self.restart(),
            Act::Deed { who, call_id, deed } => self.deed(who, call_id, deed, &mut out),
        }
        out
    }

    fn wait(&mut self, secs: u64, out: &mut Outcome) {
        let until = self.now + Millis::from_secs(secs);
        let next = |calls: &BTreeMap<CallId, Live>| {
            let due =
                calls.iter().filter_map(|(id, live)| Some((live.call.wake_at()?, id.clone())));
            due.min().filter(|(at, _)| *at <= until)
        };
        while let Some((at, id)) = next(&self.calls) {
            self.now = self.now.max(at);
            self.hand(&id, Input::Tick, out);
        }
        self.now = until;
        // A tick that comes too early, or after the end, does nothing.
        for id in self.ids_of(None) {
            self.hand(&id, Input::Tick, out);
        }
    }

    fn restart(&mut self) {
        self.presence.clear();
        for id in self.ids_of(None) {
            let live = self.calls.get_mut(&id).unwrap();
            live.call = live.written.clone();
            // Nobody is connected yet who could be told.
            self.hand(&id, Input::Presence(BTreeMap::new()), &mut Outcome::default());
        }
    }

    fn deed(&mut self, who: &str, id: &CallId, deed: &Deed, out: &mut Outcome) {
        match deed.clone() {
            Deed::Arrive => {
                self.presence.insert(who.to_owned(), None);
                self.hand_to_all_of(who, Input::Arrived, out);
            }
            Deed::Lose => {
                let now = self.now;
                self.presence.insert(who.to_owned(), Some(now));
                self.hand_to_all_of(who, |party| Input::Lost(party, now), out);
            }
            Deed::SignOut => {
                self.presence.remove(who);
                self.hand_to_all_of(who, Input::Left, out);
            }
            Deed::Dial { callee, items } => self.dial(who, &callee, items, out),
            Deed::Ring => self.ask(who, id, Input::Rung, out),
            Deed::Accept => {
                let answer = Answer { settings: settings(ON), dial_key: None };
                self.ask(who, id, |party| Input::Accept(party, answer), out);
            }
            Deed::End => {
                let busy = if self.is_busy(who, id) { Busy::InAnotherCall } else { Busy::Free };
                self.ask(who, id, |party| Input::End(party, busy), out);
            }
            Deed::PassEndOn => self.ask(who, id, Input::PeerEnded, out),
            Deed::Media(path) => {
                self.ask(who, id, |party| Input::Media(party, self::path(path)), out)
            }
            Deed::Settings(to) => {
                self.ask(who, id, |party| Input::Settings(party, settings(to)), out);
            }
            Deed::SetItems(items) => self.change(who, id, ItemsChange::Update(items), out),
            Deed::DeleteItems(Some(keys)) => {
                self.change(who, id, ItemsChange::Delete(keys.into_iter().collect()), out);
            }
            Deed::DeleteItems(None) => self.change(who, id, ItemsChange::DeleteAll, out),
            Deed::Snapshot(named) => self.snapshot(who, &named, out),
            // The server knows nothing of these.
            Deed::HearSettings(..) | Deed::EndHere(..) | Deed::HearAgain(_) => {}
        }
    }

    /// Hands an input to a machine and counts the pair.
    fn hand(&mut self, id: &CallId, input: Input, out: &mut Outcome) -> Option<Refusal> {
        let now = self.now;
        let live = self.calls.get_mut(id).unwrap();
        let is_due = live.call.wake_at().is_some_and(|at| at <= now);
        let who = party_of(&input).map_or(Who::Nobody, |party| live.who(party));
        self.reached.insert((state_of(&live.call), who, kind_of(&live.call, &input, is_due)));
        let passing = matches!(
            input,
            Input::Arrived(_) | Input::Lost(..) | Input::Presence(_) | Input::Rung(_) | Input::Tick
        );
        let before = live.call.clone();
        live.call.handle(now, input);
        let durable = !passing && live.call.differs_from(&before);
        self.show(id, durable, out)
    }

    /// Tells whom the machine wants told, and keeps what control would write.
    fn show(&mut self, id: &CallId, durable: bool, out: &mut Outcome) -> Option<Refusal> {
        let now = self.now;
        let live = self.calls.get_mut(id).unwrap();
        let (mut shows, mut refreshes, mut refusal) = (Vec::new(), Vec::new(), None);
        while let Some(effect) = live.call.poll() {
            match effect {
                Effect::Show(party) => shows.push(party),
                Effect::Refresh(party) => refreshes.push(party),
                Effect::Refuse(why) => refusal = Some(why),
                Effect::Tell(_) => {}
            }
        }
        if durable || !shows.is_empty() {
            live.written = live.call.clone();
        }
        live.note_rings();
        refreshes.retain(|party| !shows.contains(party));
        for party in shows.into_iter().chain(refreshes) {
            if let Some(seen) = Seen::at_machine(&live.call, &party, now) {
                out.told.entry(party.device.to_string()).or_default().push(seen);
            }
        }
        refusal
    }

    fn ask(
        &mut self,
        who: &str,
        id: &CallId,
        input: impl FnOnce(Party) -> Input,
        out: &mut Outcome,
    ) {
        let Some(party) = self.party(who, id) else {
            out.refused = Some(ErrorCode::CallDoesNotExist.number());
            return;
        };
        let refusal = self.hand(id, input(party.clone()), out);
        self.reply(&party, id, refusal, out);
    }

    /// Any device of the user may change items, and is answered with the call as the user sees it.
    fn change(&mut self, who: &str, id: &CallId, change: ItemsChange, out: &mut Outcome) {
        let Some(party) = self.party(who, id) else {
            out.refused = Some(ErrorCode::CallDoesNotExist.number());
            return;
        };
        let refusal = self.hand(id, Input::Items(party.clone(), change), out);
        let call = &self.calls[id].call;
        if refusal.is_none() && call.view(&party).is_none() {
            let seen = Seen::by_user(call, party.role, self.now);
            out.told.entry(who.to_owned()).or_default().push(seen);
        } else {
            self.reply(&party, id, refusal, out);
        }
    }

    fn reply(&self, party: &Party, id: &CallId, refusal: Option<Refusal>, out: &mut Outcome) {
        let seen = Seen::at_machine(&self.calls[id].call, party, self.now);
        let code = match refusal {
            Some(Refusal::Over | Refusal::WrongState) => Some(ErrorCode::InvalidCallStatus),
            Some(Refusal::NotAParty) => Some(ErrorCode::NoPermission),
            Some(Refusal::TooManyDevices) => Some(ErrorCode::RateLimited),
            Some(Refusal::TooManyItems) => Some(ErrorCode::InvalidParams),
            // A device that has no part in the call is not shown it.
            None => seen.is_none().then_some(ErrorCode::NoPermission),
        };
        out.refused = code.map(ErrorCode::number);
        if let Some(seen) = seen {
            out.told.entry(party.device.to_string()).or_default().push(seen);
        }
    }

    /// Rule 4: a dial to someone whose call rings here is the answer to it.
    fn dial(&mut self, who: &str, callee: &UserId, items: Items, out: &mut Outcome) {
        let from = key(who).user;
        self.dials += 1;
        self.ids += 1;
        let crosses = |live: &Live| live.caller == *callee && live.callee == from;
        let mut crossing = self.calls.iter().filter(|(_, live)| crosses(live) && live.rings());
        if let Some(id) = crossing.next().map(|(id, _)| id.clone()) {
            let party = Party::callee(key(who).device);
            let dial_key = Some(format!("key-{}", self.dials));
            let answer = Answer { settings: settings(ON), dial_key };
            let refusal = self.hand(&id, Input::Accept(party.clone(), answer), out);
            if refusal.is_none() {
                return self.reply(&party, &id, None, out);
            }
            // It declined that call for itself; another one starts, with an id of its own.
            self.ids += 1;
        }
        self.start(who, callee, items, out);
    }

    fn start(&mut self, who: &str, callee: &UserId, items: Items, out: &mut Outcome) {
        let id = CallId::new(format!("call-{}", self.ids)).unwrap();
        let DeviceKey { user: caller, device: caller_device, .. } = key(who);
        let terms = Dial {
            call_id: id.clone(),
            caller: caller.clone(),
            caller_device: caller_device.clone(),
            callee: callee.clone(),
            is_video_call: true,
            custom_items: items,
            settings: settings(ON),
            ringing_timeout: limits::RINGING_TIMEOUT,
            connection_timeout: limits::CONNECTION_TIMEOUT,
        };
        let present = self.presence.iter().map(|(device, lost)| (key(device), *lost));
        let present: Vec<_> = present.filter(|(device, _)| device.user == *callee).collect();
        let devices = present.iter().map(|(key, _)| key.device.clone()).collect();
        let call = Call::dial(self.now, terms, &devices);
        let (written, callee) = (call.clone(), callee.clone());
        let live = Live { caller, callee, call, written, rung: BTreeSet::new() };
        self.calls.insert(id.clone(), live);
        self.show(&id, true, out);
        for (key, lost) in present {
            if let Some(since) = lost {
                self.hand(&id, Input::Lost(Party::callee(key.device), since), out);
            }
        }
        self.reply(&Party::caller(caller_device), &id, None, out);
    }

    /// The device's live calls, and how those it names have ended.
    fn snapshot(&self, who: &str, named: &[CallId], out: &mut Outcome) {
        let views = self.calls.iter().filter_map(|(id, live)| {
            let seen = Seen::at_machine(&live.call, &self.party(who, id)?, self.now)?;
            (seen.ended.is_none() || named.contains(id)).then_some(seen)
        });
        let views: Vec<_> = views.collect();
        if !views.is_empty() {
            out.told.insert(who.to_owned(), views);
        }
    }

    fn hand_to_all_of(&mut self, who: &str, input: impl Fn(Party) -> Input, out: &mut Outcome) {
        for id in self.ids_of(Some(who)) {
            let party = self.party(who, &id).unwrap();
            self.hand(&id, input(party), out);
        }
    }

    /// Every call, those that are over too; or those of the device's user.
    fn ids_of(&self, who: Option<&str>) -> Vec<CallId> {
        let ids = self.calls.keys().filter(|id| who.is_none_or(|w| self.party(w, id).is_some()));
        ids.cloned().collect()
    }

    fn party(&self, who: &str, id: &CallId) -> Option<Party> {
        let (device, live) = (key(who), self.calls.get(id)?);
        let role = match device.user {
            user if user == live.caller => Role::Caller,
            user if user == live.callee => Role::Callee,
            _ => return None,
        };
        Some(Party { role, device: device.device })
    }

    /// Whether the device is in another call, rather than merely rung by it.
    fn is_busy(&self, who: &str, except: &CallId) -> bool {
        let others = self.calls.iter().filter(|(id, _)| *id != except);
        let mut parties = others.map(|(id, live)| (self.party(who, id), live));
        parties.any(|(party, live)| party.is_some_and(|p| live.call.seated().contains(&p)))
    }
}

impl Live {
    /// The device's role, from what the machine says of itself and who rang.
    fn who(&self, party: &Party) -> Who {
        let is_caller = party.device == self.call.terms().caller_device;
        let answered = match self.call.ended() {
            Some(ended) => ended.answered_on.clone(),
            None => {
                self.call.seated().into_iter().find(|p| p.role == Role::Callee).map(|p| p.device)
            }
        };
        match party.role {
            Role::Caller if is_caller => Who::Caller,
            Role::Caller => Who::CallersOther,
            Role::Callee if answered.as_ref() == Some(&party.device) => Who::Answered,
            Role::Callee if self.call.declined_by(&party.device) => Who::Declined,
            Role::Callee if self.rung.contains(&party.device) => Who::Rung,
            Role::Callee => Who::CalleesOther,
        }
    }

    fn rings(&self) -> bool {
        matches!(self.call.seated_state(), ViewState::Ringing)
    }

    fn note_rings(&mut self) {
        if self.rings() {
            let parties = self.call.presence().into_keys();
            let callees = parties.filter(|party| party.role == Role::Callee);
            self.rung = callees.map(|party| party.device).collect();
        }
    }
}

const fn settings(from: wire::MediaSettings) -> MediaSettings {
    let wire::MediaSettings { audio_enabled, video_enabled, on_hold, revision } = from;
    MediaSettings { audio_enabled, video_enabled, on_hold, revision }
}

const fn path(path: wire::MediaPath) -> Path {
    match path {
        wire::MediaPath::Up => Path::Up,
        wire::MediaPath::Down => Path::Down,
        wire::MediaPath::Failed => Path::Failed,
    }
}
