//! The machine against the model, step by step, over seeded lives.

use curlew_base::{Instant, Role};
use curlew_call::{
    Answer, Busy, Call, Effect, Input, ItemsChange, MediaSettings, News, Party, Path, Refusal,
    ViewState,
};
use std::collections::BTreeMap;

use crate::model::Model;
use crate::story::{ON, Story, party};

/// Lives a test; each is a function of its number.
const LIVES: u64 = 2_000;
const START: u64 = 1_000_000;
const EVERYONE: [&str; 5] = ["a1", "a2", "b1", "b2", "b3"];

/// SplitMix64.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }

    fn party(&mut self) -> Party {
        // The strangers `a2` and `b3` less often.
        let at = [0, 0, 0, 1, 2, 2, 3, 3, 4][usize::try_from(self.below(9)).unwrap()];
        party(EVERYONE[at])
    }

    fn settings(&mut self) -> MediaSettings {
        let (audio_enabled, on_hold) = (self.below(2) == 0, self.below(4) == 0);
        let revision = u32::try_from(self.below(4)).unwrap();
        MediaSettings { audio_enabled, video_enabled: true, on_hold, revision }
    }

    fn change(&mut self) -> ItemsChange {
        let key = format!("k{}", self.below(12));
        match self.below(8) {
            0 => ItemsChange::DeleteAll,
            1 => ItemsChange::Delete([key].into()),
            2 => ItemsChange::Update((0..9).map(|n| (format!("k{n}"), key.clone())).collect()),
            _ => ItemsChange::Update([(key.clone(), key)].into()),
        }
    }

    fn input(&mut self, now: u64) -> Input {
        let path = [Path::Up, Path::Up, Path::Up, Path::Down, Path::Failed];
        match self.below(32) {
            0..3 => Input::Arrived(self.party()),
            3..7 => {
                let ago = [0, 0, 7_000, 26_000, 40_000][usize::try_from(self.below(5)).unwrap()];
                Input::Lost(self.party(), Instant::from_unix_ms(now - ago.min(now - START)))
            }
            7 => Input::Left(self.party()),
            8 => {
                let names = EVERYONE.iter().filter(|_| self.below(2) == 0);
                let known: Vec<_> = names.map(|name| party(name)).collect();
                let mut word = |who| {
                    let lost =
                        (self.below(3) == 0).then(|| Instant::from_unix_ms(now - self.below(5)));
                    (who, lost)
                };
                Input::Presence(known.into_iter().map(&mut word).collect::<BTreeMap<_, _>>())
            }
            9..12 => Input::Rung(self.party()),
            12..16 => {
                Input::Accept(self.party(), Answer { settings: self.settings(), dial_key: None })
            }
            16..18 => Input::End(self.party(), Busy::InAnotherCall),
            18 => Input::End(self.party(), Busy::Free),
            19 => Input::PeerEnded(self.party()),
            20..26 => Input::Media(self.party(), path[usize::try_from(self.below(5)).unwrap()]),
            26..28 => Input::Settings(self.party(), self.settings()),
            28..31 => Input::Items(self.party(), self.change()),
            _ => Input::Tick,
        }
    }
}

/// What one step came to.
#[derive(Default)]
struct Did {
    shown: Vec<Party>,
    news: Vec<News>,
    refusal: Option<Refusal>,
}

fn handle(call: &mut Call, now: u64, input: Input, did: &mut Did) {
    call.handle(Instant::from_unix_ms(now), input);
    while let Some(effect) = call.poll() {
        match effect {
            Effect::Show(party) => did.shown.push(party),
            Effect::Refresh(_) => {}
            Effect::Tell(news) => did.news.push(news),
            Effect::Refuse(refusal) => did.refusal = Some(refusal),
        }
    }
}

/// Fires every deadline up to `now`, each at its time.
fn let_time_pass(call: &mut Call, from: u64, now: u64, did: &mut Did) {
    let due = |call: &Call| call.wake_at().map(Instant::unix_ms).filter(|at| *at <= now);
    while let Some(at) = due(call) {
        handle(call, at.max(from), Input::Tick, did);
    }
}

struct Life {
    seed: u64,
    call: Call,
    model: Model,
    now: u64,
    news: Vec<News>,
}

impl Life {
    fn new(seed: u64, dice: &mut Dice) -> Self {
        let devices: Vec<&str> = ["b1", "b2"].into_iter().filter(|_| dice.below(4) > 0).collect();
        let mut call = Story::dial(&devices.join(" ")).call;
        while call.poll().is_some() {}
        let timeouts = (60_000, 60_000);
        let model = Model { start: START, timeouts, devices, settings: ON, log: Vec::new() };
        Self { seed, call, model, now: START, news: Vec::new() }
    }

    /// Gets to talking, so that more happens than rings.
    fn connect(&mut self, dice: &mut Dice) {
        let answer = Answer { settings: ON, dial_key: None };
        self.take(300, Input::Accept(party("b1"), answer));
        self.take(0, Input::Media(party("a1"), Path::Up));
        self.take(dice.below(3), Input::Media(party("b1"), Path::Up));
    }

    fn step(&mut self, dice: &mut Dice) {
        let pause = [0, 1, 300, 2_000, 9_000, 30_000][usize::try_from(dice.below(6)).unwrap()];
        let input = dice.input(self.now + pause);
        self.take(pause, input);
    }

    fn take(&mut self, pause: u64, input: Input) {
        let (before, mut did) = (self.now, Did::default());
        self.now += pause;
        let_time_pass(&mut self.call, before, self.now, &mut did);
        self.compare(None, &did);
        let seen = self.views();
        let mut did = Did::default();
        handle(&mut self.call, self.now, input.clone(), &mut did);
        let refusal = did.refusal;
        let_time_pass(&mut self.call, self.now, self.now, &mut did);
        did.refusal = refusal;
        self.model.log.push((self.now, input.clone()));
        self.compare(Some(&did), &did);
        self.the_others_are_shown(&input, &seen, &did);
    }

    /// The life so far, a line each.
    fn log(&self) -> String {
        self.model.log.iter().map(|(at, input)| format!("\n  {} {input:?}", at - START)).collect()
    }

    fn views(&self) -> Vec<(Party, Option<ViewState>)> {
        let see = |name: &&str| {
            let who = party(name);
            let view = self.call.view(&who).map(|view| view.state);
            (who, view)
        };
        EVERYONE.iter().map(see).collect()
    }

    fn compare(&mut self, step: Option<&Did>, did: &Did) {
        let seed = self.seed;
        for (who, seen) in self.views() {
            let expected = self.model.sees(&who, self.now);
            assert_eq!(seen, expected, "life {seed}: {who:?} sees, by {}", self.log());
        }
        let (caller, callee) = self.call.settings();
        let expected = self.model.settings(Role::Caller, self.now);
        assert_eq!(Some(caller), expected, "life {seed}: caller's settings");
        let expected = self.model.settings(Role::Callee, self.now);
        let accepted = self.call.answered_leg().map(|_| callee);
        assert_eq!(accepted, expected, "life {seed}: callee's settings, {}", self.log());
        assert_eq!(*self.call.custom_items(), self.model.items(), "life {seed}: items");
        let reach = usize::try_from(self.call.ringing_devices()).unwrap();
        assert_eq!(reach, self.model.reach(self.now), "life {seed}: reach, {}", self.log());
        if let Some(step) = step {
            let refusal = self.model.refusal();
            assert_eq!(step.refusal, refusal, "life {seed}: refusal, {}", self.log());
        }
        self.news.extend(&did.news);
        let ended = self.news.iter().filter(|news| **news == News::Ended).count();
        assert_eq!(
            ended,
            usize::from(self.model.end(self.now).is_some()),
            "life {seed}: told ends"
        );
        let accepts = self.news.iter().filter(|news| **news == News::Accepted).count();
        assert_eq!(accepts, usize::from(accepted.is_some()), "life {seed}: told accepts");
    }

    /// Whoever sees something else than before is shown it, or asked for it.
    fn the_others_are_shown(
        &self,
        input: &Input,
        before: &[(Party, Option<ViewState>)],
        did: &Did,
    ) {
        let asker = match input {
            Input::Accept(by, _)
            | Input::End(by, _)
            | Input::PeerEnded(by)
            | Input::Media(by, _)
            | Input::Settings(by, _)
            | Input::Rung(by)
            | Input::Items(by, _)
            // Whoever is lost hears of it when it is back.
            | Input::Lost(by, _)
            | Input::Left(by) => Some(by),
            Input::Arrived(_) | Input::Presence(_) | Input::Tick => None,
        };
        for ((who, before), (_, after)) in before.iter().zip(self.views()) {
            // Who had no part in the call is not called about what is over for it.
            let over = matches!(after, Some(ViewState::Ended { .. }));
            let concerned = before.is_some() || !over;
            let gone = after.is_none();
            if *before != after && concerned && !gone && Some(who) != asker {
                let seed = self.seed;
                // The call of a device that was over for it alone has ended; that is no news to it.
                let again = matches!((before, after), (Some(ViewState::Ended { .. }), _));
                assert!(
                    again || did.shown.contains(who),
                    "life {seed}: {who:?} was not shown {after:?} after {before:?}, {}",
                    self.log()
                );
            }
        }
    }
}

fn live(from: u64) {
    let mut ends = BTreeMap::new();
    for seed in from..from + LIVES {
        let mut dice = Dice(seed);
        let mut life = Life::new(seed, &mut dice);
        if dice.below(3) == 0 {
            life.connect(&mut dice);
        }
        let steps = 4 + dice.below(22);
        (0..steps).for_each(|_| life.step(&mut dice));
        let end = life.call.ended().map(|ended| ended.result.as_str());
        *ends.entry(end).or_insert(0) += 1;
    }
    // Every kind of end came up often enough for the comparison to mean something.
    for result in [
        "no_answer",
        "canceled",
        "declined",
        "completed",
        "timed_out",
        "connection_lost",
        "not_connected",
    ] {
        assert!(ends.get(&Some(result)).is_some_and(|n| *n > 20), "few {result} in {ends:?}");
    }
}

#[test]
fn the_machine_does_what_the_model_says_from_0() {
    live(0);
}

#[test]
fn the_machine_does_what_the_model_says_from_100_000() {
    live(100_000);
}
