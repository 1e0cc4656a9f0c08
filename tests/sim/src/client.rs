//! A device at work: connects, listens, acts, sleeps, dies. One task.

mod whims;

use curlew_wire::call::{CallState, MediaPath};
use curlew_wire::client::ClientMessage;
use curlew_wire::server::ServerMessage;
use std::collections::BTreeMap;
use std::future::pending;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::clock::Drift;
use crate::cluster::device_key;
use crate::device::{Device, Happening, Verdict};
use crate::dice::Dice;
use crate::ledger::Told;
use crate::link::DeviceEnd;
use crate::people::Deed;
use crate::world::{Shared, World};

/// A connection on which nothing came for this long is dead; what `welcome` says.
const SILENCE: Duration = Duration::from_secs(25);
/// A device gives an unanswered request this long before it connects anew.
const PATIENCE: Duration = Duration::from_secs(12);
/// How often a device in a call looks at its media.
const LOOK_EVERY: Duration = Duration::from_secs(4);
/// A woken device finds a dead connection within this.
const FOUND_AFTER_WAKE: Duration = Duration::from_secs(10);
/// How long a log-out may take before it is asked for again.
const SIGN_OUT_TAKES: Duration = Duration::from_secs(5);
/// What a device is told whose session is over.
const SHUT_OUT: &str = "the session key is unknown";
/// How a complaint of a refusal without its call ends.
const BARE_REFUSAL: &str = "was refused without the call";
/// Devices in a run; past that a reloaded page stays away.
const DEVICES_EVER: u64 = 30;

/// Whether a client goes on.
#[derive(PartialEq, Eq)]
enum Life {
    On,
    Over,
}

/// What came next.
enum Next {
    Order(Option<Deed>),
    Frame(Option<String>),
    Time,
}

/// One device and its person.
pub struct Client {
    world: Arc<World>,
    device: Shared,
    user: String,
    name: String,
    orders: UnboundedReceiver<Deed>,
    dice: Dice,
    clock: Drift,
    line: Option<DeviceEnd>,
    /// When the connection was welcomed.
    opened_at: Option<Instant>,
    /// The node it was last connected to.
    node: Option<usize>,
    retry_at: Instant,
    heard_at: Instant,
    asleep_until: Option<Instant>,
    awake_since: Instant,
    signing_out: bool,
    agenda: BTreeMap<(Instant, u64), Deed>,
    planned: u64,
}

impl Client {
    /// A client that will connect at once.
    #[must_use]
    pub fn new(
        world: Arc<World>,
        device: Shared,
        orders: UnboundedReceiver<Deed>,
        mut dice: Dice,
    ) -> Self {
        let (user, name) = {
            let device = device.lock().unwrap_or_else(PoisonError::into_inner);
            (device.user.clone(), device.name.clone())
        };
        let now = Instant::now();
        let mut client = Self {
            clock: Drift::draw(&mut dice),
            world,
            device,
            user,
            name,
            orders,
            dice,
            line: None,
            opened_at: None,
            node: None,
            retry_at: now,
            heard_at: now,
            asleep_until: None,
            awake_since: now,
            signing_out: false,
            agenda: BTreeMap::new(),
            planned: 0,
        };
        client.plan(LOOK_EVERY, Deed::Look);
        if client.world.mood.is_some() {
            client.plan(Duration::from_millis(500), Deed::Whim);
        }
        client
    }

    /// Lives until it dies.
    pub async fn live(mut self) {
        loop {
            let wake_at = self.wake_at();
            let awake = self.asleep_until.is_none();
            let next = tokio::select! {
                biased;
                deed = self.orders.recv() => Next::Order(deed),
                frame = receive(&mut self.line), if awake => Next::Frame(frame),
                () = sleep_until(wake_at) => Next::Time,
            };
            let life = match next {
                Next::Order(None) => Life::Over,
                Next::Order(Some(deed)) => self.perform(deed).await,
                Next::Frame(frame) => {
                    self.hear(frame);
                    Life::On
                }
                Next::Time => self.pass().await,
            };
            if life == Life::Over {
                return self.world.remove_device(&self.name);
            }
        }
    }

    fn device(&self) -> MutexGuard<'_, Device> {
        self.device.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn plan(&mut self, after: Duration, deed: Deed) {
        self.planned += 1;
        let at = Instant::now() + self.clock.stretch(after);
        self.agenda.insert((at, self.planned), deed);
    }

    fn wake_at(&self) -> Instant {
        if let Some(until) = self.asleep_until {
            return until;
        }
        let agenda = self.agenda.first_key_value().map(|((at, _), _)| *at);
        let line = match &self.line {
            None => Some(self.retry_at),
            Some(_) => {
                let silent = self.heard_at + self.clock.stretch(SILENCE);
                let unanswered = self.device().waits_since().map(|at| at + PATIENCE);
                Some(unanswered.map_or(silent, |at| at.min(silent)))
            }
        };
        let hour = Instant::now() + Duration::from_secs(3_600);
        [agenda, line].into_iter().flatten().fold(hour, Instant::min)
    }

    /// Time has passed: does what is due.
    async fn pass(&mut self) -> Life {
        let now = Instant::now();
        if self.asleep_until.take().is_some_and(|until| until <= now) {
            self.wake();
        }
        if self.line.is_none() && now >= self.retry_at {
            self.connect();
        } else if self.line.is_some() {
            let waits_since = self.device().waits_since();
            if let Some(at) = waits_since.filter(|at| now >= *at + PATIENCE) {
                // What came while it slept is not read yet.
                if at >= self.awake_since {
                    self.complain_of_silence();
                }
                self.hang_up_line();
            } else if now >= self.heard_at + self.clock.stretch(SILENCE) {
                self.hang_up_line();
            }
        }
        while let Some(entry) = self.agenda.first_entry() {
            if entry.key().0 > now || self.asleep_until.is_some() {
                break;
            }
            let deed = entry.remove();
            if self.perform(deed).await == Life::Over {
                return Life::Over;
            }
        }
        Life::On
    }

    /// Rule 9: a request over a connection that works is answered.
    fn complain_of_silence(&self) {
        let whole = self.line.as_ref().is_some_and(|line| line.fate().is_whole());
        if whole && self.opened_at.is_some() {
            let asked = self.device().unanswered();
            let text = format!("rule 9: {} got no answer to {asked}", self.name);
            self.world.ledger().wrong.push(text);
        }
    }

    fn connect(&mut self) {
        self.retry_at = Instant::now() + self.dice.span(500, 3_000);
        let node = self.choose_node();
        let weather = self.world.weather();
        let Some(node) = node else { return };
        self.line = self.world.cluster().connect(node, &mut self.dice, weather);
        self.world.ledger().trace(|| format!("{} connects to {node}", self.name));
        self.node = Some(node);
        self.heard_at = Instant::now();
        let hello = self.device().hello();
        self.world.ledger().hello(&self.name);
        self.send(vec![hello]);
    }

    fn choose_node(&mut self) -> Option<usize> {
        let ready = self.world.cluster().ready();
        let same = self.node.filter(|node| ready.contains(node));
        if same.is_some() && self.dice.chance(70) { same } else { self.dice.pick(&ready) }
    }

    fn hang_up_line(&mut self) {
        if let Some(line) = self.line.take() {
            let code = line.close_code();
            self.world.ledger().trace(|| format!("{}'s line ends {code:?}", self.name));
            self.opened_at = None;
            self.device().lost();
            self.world.ledger().close(&self.name);
        }
        self.retry_at = Instant::now() + self.dice.span(100, 2_000);
    }

    fn send(&mut self, out: Vec<ClientMessage>) {
        for message in out {
            let text = serde_json::to_string(&message).unwrap_or_default();
            if self.line.as_mut().is_some_and(|line| !line.send(text)) {
                self.hang_up_line();
            }
        }
    }

    fn hear(&mut self, frame: Option<String>) {
        let Some(text) = frame else { return self.hang_up_line() };
        self.heard_at = Instant::now();
        let message: ServerMessage = match serde_json::from_str(&text) {
            Ok(message) => message,
            Err(error) => {
                let text = format!("{}: not a message: {error}", self.name);
                return self.world.ledger().wrong.push(text);
            }
        };
        let welcome = matches!(message, ServerMessage::Welcome(_));
        if !matches!(message, ServerMessage::Event(_)) {
            self.world.ledger().trace(|| format!("{} hears {text:.60}", self.name));
        }
        let mut out = Vec::new();
        let verdict = self.device().handle(message, &mut out);
        if let (true, Some(line)) = (welcome || self.opened_at.is_some(), &self.line) {
            let mut ledger = self.world.ledger();
            if welcome || ledger.healthy_since(&self.name).is_none() {
                ledger.open(&self.name, line.fate());
            }
            self.opened_at.get_or_insert_with(Instant::now);
        }
        self.note();
        if verdict == Verdict::Gap {
            return self.hang_up_line();
        }
        self.send(out);
    }

    /// Writes what the device learned into the ledger, and plans what follows from it.
    fn note(&mut self) {
        let (seen, complaints, happenings) = {
            let mut device = self.device();
            let seen = std::mem::take(&mut device.seen);
            (seen, std::mem::take(&mut device.complaints), device.take_happenings())
        };
        let whole = self.line.as_ref().is_some_and(|line| line.fate().is_whole());
        let whole_since = self.opened_at.filter(|_| whole).map(|at| at.max(self.awake_since));
        {
            let mut ledger = self.world.ledger();
            // Whoever signs out may be shut out before it is confirmed. Where several nodes ring,
            // the event that tells a device that another was faster may be on its way yet.
            let nodes = self.world.terms.nodes;
            let said = |complaint: &String| {
                !(self.signing_out && complaint.contains(SHUT_OUT)
                    || nodes > 1 && complaint.ends_with(BARE_REFUSAL))
            };
            let named = complaints.into_iter().filter(said);
            let named = named.map(|complaint| format!("{}: {complaint}", self.name));
            ledger.wrong.extend(named);
            for view in seen {
                let (at, device) = (Instant::now(), self.name.clone());
                ledger.tell(&self.world.history, Told { at, device, whole_since, view });
            }
        }
        happenings.into_iter().for_each(|happening| self.react(happening));
    }

    /// Whether a device does what it should: always where people do only what they are told.
    fn does(&mut self, percent: u64) -> bool {
        self.world.mood.is_none() || self.dice.chance(percent)
    }

    fn react(&mut self, happening: Happening) {
        match happening {
            Happening::Rings(call) => {
                if self.does(95) {
                    let after = self.dice.span(0, 100);
                    self.plan(after, Deed::Ring(call.clone()));
                }
                let after = self.dice.span(0, 100);
                self.plan(after, Deed::Signal(call, None));
            }
            Happening::Signal(call, leg) => {
                let rings = |device: &Device| {
                    let view = device.calls.get(&call);
                    view.is_some_and(|v| v.state == CallState::Ringing && !device.is_callee_of(v))
                };
                if rings(&self.device()) && self.dice.chance(50) {
                    let after = self.dice.span(0, 50);
                    self.plan(after, Deed::Signal(call, Some(leg)));
                }
            }
            Happening::Established(call) => {
                let path = if self.does(97) { MediaPath::Up } else { MediaPath::Failed };
                if self.does(95) {
                    let after = self.dice.span(50, 1_500);
                    self.plan(after, Deed::Media(call.clone(), path));
                }
                let after = self.dice.span(0, 100);
                self.plan(after, Deed::Signal(call, None));
            }
            Happening::UpHeard(call) => self.world.ledger().heard_up(&call, &self.name),
            Happening::Ended(_) => {}
        }
    }

    async fn perform(&mut self, deed: Deed) -> Life {
        if deed != Deed::Whim && deed != Deed::Look {
            self.world.ledger().trace(|| format!("{} does {deed:?}", self.name));
        }
        match deed {
            Deed::In(after, deed) => self.plan(after, *deed),
            Deed::Whim => return self.whim(),
            Deed::Rest => self.agenda.retain(|_, deed| *deed != Deed::Whim),
            Deed::Look => self.look(),
            Deed::HangUpLine => self.hang_up_line(),
            Deed::CutLine => self.line.iter().for_each(|line| line.fate().cut()),
            Deed::Sleep(span) => {
                self.asleep_until = Some(Instant::now() + span);
                let mut ledger = self.world.ledger();
                ledger.awake.remove(&self.name);
                ledger.close(&self.name);
            }
            Deed::Wake => {
                if self.asleep_until.take().is_some() {
                    self.wake();
                }
            }
            Deed::SignOut => return self.sign_out().await,
            Deed::Reload(goodbye) => {
                if goodbye && let Some(node) = self.choose_node() {
                    let key = device_key(&self.user, &self.name);
                    drop(self.world.cluster().sign_out(node, &key));
                }
                self.come_back(Duration::from_millis(300));
                return Life::Over;
            }
            Deed::Die(silent) => {
                if silent {
                    self.line.iter().for_each(|line| line.fate().cut());
                }
                return Life::Over;
            }
            Deed::Dial(..)
            | Deed::Redial
            | Deed::Accept(_)
            | Deed::End(_)
            | Deed::PassOnEnd(_)
            | Deed::Ring(_)
            | Deed::Media(..)
            | Deed::Settings(_)
            | Deed::Signal(..)
            | Deed::SetItem(_)
            | Deed::DropItems(_) => self.ask(&deed),
        }
        Life::On
    }

    fn ask(&mut self, deed: &Deed) {
        match deed {
            Deed::Media(call, path) => {
                let over = self.device().calls.get(call).is_none_or(|view| view.ended.is_some());
                if !over {
                    self.world.ledger().tell_path(call, &self.name, *path);
                }
                if *path == MediaPath::Down {
                    // Broken by itself, not by the other side: it may heal.
                    let after = self.dice.span(1_000, 9_000);
                    self.plan(after, Deed::Media(call.clone(), MediaPath::Up));
                }
            }
            Deed::End(call) => self.end_over_data_channel(call),
            _ => {}
        }
        let asked = {
            let mut device = self.device.lock().unwrap_or_else(PoisonError::into_inner);
            let verb = device.verb(deed, &mut self.dice);
            verb.and_then(|verb| device.ask(verb))
        };
        self.send(asked.into_iter().collect());
    }

    /// Where media flows, the other side hears of the end over the data channel too.
    fn end_over_data_channel(&mut self, call: &curlew_base::CallId) {
        let connected = {
            let device = self.device();
            device.calls.get(call).is_some_and(|view| view.state == CallState::Connected)
        };
        let peer = {
            let ledger = self.world.ledger();
            ledger.flows(call).then(|| ledger.peer(call, &self.name)).flatten()
        };
        if let (true, Some(peer)) = (connected && self.dice.chance(50), peer) {
            let after = self.dice.span(5, 100);
            self.world.order(&peer, Deed::In(after, Box::new(Deed::PassOnEnd(call.clone()))));
        }
    }

    fn wake(&mut self) {
        self.awake_since = Instant::now();
        self.world.ledger().awake.insert(self.name.clone());
        let found = Instant::now() + FOUND_AFTER_WAKE;
        self.heard_at = self.heard_at.min(found.checked_sub(SILENCE).unwrap_or(found));
    }

    /// Logs out; asks again until it is confirmed. Later the person is back on a new device.
    async fn sign_out(&mut self) -> Life {
        self.signing_out = true;
        let node = self.choose_node();
        let key = device_key(&self.user, &self.name);
        let confirmed = node.and_then(|node| self.world.cluster().sign_out(node, &key));
        let confirmed = match confirmed {
            Some(confirmed) => timeout(SIGN_OUT_TAKES, confirmed).await,
            None => return self.sign_out_later(),
        };
        if !matches!(confirmed, Ok(Ok(()))) {
            return self.sign_out_later();
        }
        self.world.ledger().signed_out.insert(self.name.clone(), Instant::now());
        if self.world.mood.is_some() {
            self.come_back(Duration::from_secs(3));
        }
        Life::Over
    }

    fn sign_out_later(&mut self) -> Life {
        self.plan(Duration::from_secs(1), Deed::SignOut);
        Life::On
    }

    fn come_back(&self, after: Duration) {
        if self.world.rests() || self.world.devices_ever() >= DEVICES_EVER {
            return;
        }
        let (world, user) = (Arc::clone(&self.world), self.user.clone());
        tokio::spawn(async move {
            sleep(after).await;
            let added = world.add_device(&user).await;
            added.err().into_iter().for_each(|e| world.ledger().wrong.push(e.to_string()));
        });
    }
}

async fn receive(line: &mut Option<DeviceEnd>) -> Option<String> {
    match line {
        Some(line) => line.recv().await,
        None => pending().await,
    }
}
