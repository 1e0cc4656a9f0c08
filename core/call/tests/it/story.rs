//! A little language for the tests: one call, named devices, time in seconds.

use curlew_base::{CallId, DeviceId, EndResult, Instant, Millis, Role, UserId};
use curlew_call::{
    Answer, Busy, Call, Dial, Effect, Input, MediaSettings, News, Party, Path, Refusal, ViewState,
};

/// A call under test. Devices `a…` are the caller's, all others the callee's.
pub struct Story {
    pub call: Call,
    now: Instant,
    shown: Vec<String>,
    refreshed: Vec<String>,
    news: Vec<News>,
    refusal: Option<Refusal>,
}

pub fn party(name: &str) -> Party {
    let device = DeviceId::new(name).unwrap();
    if name.starts_with('a') { Party::caller(device) } else { Party::callee(device) }
}

pub const ON: MediaSettings =
    MediaSettings { audio_enabled: true, video_enabled: true, on_hold: false, revision: 0 };

pub const fn answer() -> Answer {
    Answer { settings: ON, dial_key: None }
}

impl Story {
    /// `a1` dials; the callee's `devices` (separated by spaces) are connected.
    pub fn dial(devices: &str) -> Self {
        let now = Instant::from_unix_ms(1_000_000);
        let terms = Dial {
            call_id: CallId::new("call").unwrap(),
            caller: UserId::new("alice").unwrap(),
            caller_device: DeviceId::new("a1").unwrap(),
            callee: UserId::new("bob").unwrap(),
            is_video_call: true,
            custom_items: [].into(),
            settings: ON,
            ringing_timeout: Millis::from_secs(60),
            connection_timeout: Millis::from_secs(60),
        };
        let devices = devices.split_whitespace().map(|d| DeviceId::new(d).unwrap()).collect();
        let call = Call::dial(now, terms, &devices);
        let (shown, refreshed, news) = (Vec::new(), Vec::new(), Vec::new());
        let mut story = Self { call, now, shown, refreshed, news, refusal: None };
        story.drain();
        story
    }

    fn drain(&mut self) {
        self.refusal = None;
        while let Some(effect) = self.call.poll() {
            match effect {
                Effect::Show(party) => self.shown.push(party.device.to_string()),
                Effect::Refresh(party) => self.refreshed.push(party.device.to_string()),
                Effect::Tell(news) => self.news.push(news),
                Effect::Refuse(refusal) => self.refusal = Some(refusal),
            }
        }
    }

    pub fn handle(&mut self, input: Input) -> &mut Self {
        self.call.handle(self.now, input);
        self.drain();
        self
    }

    /// Lets time pass, firing each deadline at its time.
    pub fn wait(&mut self, secs: u64) -> &mut Self {
        let until = self.now + Millis::from_secs(secs);
        while let Some(at) = self.call.wake_at().filter(|at| *at <= until) {
            self.now = self.now.max(at);
            self.handle(Input::Tick);
        }
        self.now = until;
        self
    }

    pub fn accept(&mut self, name: &str) -> &mut Self {
        self.handle(Input::Accept(party(name), answer()))
    }

    pub fn end(&mut self, name: &str) -> &mut Self {
        self.handle(Input::End(party(name), Busy::Free))
    }

    pub fn decline_busy(&mut self, name: &str) -> &mut Self {
        self.handle(Input::End(party(name), Busy::InAnotherCall))
    }

    pub fn arrive(&mut self, name: &str) -> &mut Self {
        self.handle(Input::Arrived(party(name)))
    }

    pub fn lose(&mut self, name: &str) -> &mut Self {
        let now = self.now;
        self.handle(Input::Lost(party(name), now))
    }

    pub fn leave(&mut self, name: &str) -> &mut Self {
        self.handle(Input::Left(party(name)))
    }

    pub fn path(&mut self, name: &str, path: Path) -> &mut Self {
        self.handle(Input::Media(party(name), path))
    }

    pub fn connect(&mut self, callee: &str) -> &mut Self {
        self.accept(callee).path("a1", Path::Up).path(callee, Path::Up)
    }

    /// Lets time pass without its ticks, as on a busy server.
    pub fn late(&mut self, secs: u64) -> &mut Self {
        self.now = self.now + Millis::from_secs(secs);
        self
    }

    /// The last input was not refused.
    #[track_caller]
    pub fn granted(&mut self) -> &mut Self {
        assert_eq!(self.refusal, None);
        self
    }

    #[track_caller]
    pub fn refused(&mut self, refusal: Refusal) -> &mut Self {
        assert_eq!(self.refusal, Some(refusal));
        self
    }

    /// The devices that were shown something since the last look, in order.
    #[track_caller]
    pub fn shown(&mut self, devices: &str) -> &mut Self {
        assert_eq!(self.shown.join(" "), devices);
        self.shown.clear();
        self
    }

    /// The devices whose view was refreshed, for what is not durable, since the last look.
    #[track_caller]
    pub fn refreshed(&mut self, devices: &str) -> &mut Self {
        assert_eq!(self.refreshed.join(" "), devices);
        self.refreshed.clear();
        self
    }

    pub fn rung(&mut self, name: &str) -> &mut Self {
        self.handle(Input::Rung(party(name)))
    }

    /// How many devices the caller is told of.
    #[track_caller]
    pub fn reaches(&mut self, devices: u32) -> &mut Self {
        assert_eq!(self.call.ringing_devices(), devices);
        self
    }

    /// The server starts anew: nobody is known to be connected.
    pub fn restart(&mut self) -> &mut Self {
        self.handle(Input::Presence([].into()))
    }

    /// Everyone named sees this end, and the world heard of exactly one.
    #[track_caller]
    pub fn ended(&mut self, devices: &str, result: EndResult, duration_secs: u64) -> &mut Self {
        for name in devices.split_whitespace() {
            let seen = self.call.view(&party(name)).map(|view| view.state);
            match seen {
                Some(ViewState::Ended { result: r, duration, .. }) => {
                    assert_eq!((r, duration), (result, Millis::from_secs(duration_secs)), "{name}");
                }
                other => panic!("{name} sees {other:?}, not {result:?}"),
            }
        }
        assert_eq!(self.news.iter().filter(|n| **n == News::Ended).count(), 1);
        self
    }

    #[track_caller]
    pub fn sees(&mut self, name: &str, state: ViewState) -> &mut Self {
        assert_eq!(self.call.view(&party(name)).map(|v| v.state), Some(state), "{name}");
        self
    }

    /// This device's view is over with a result while the call may go on.
    #[track_caller]
    pub fn over_for(&mut self, name: &str, result: EndResult) -> &mut Self {
        match self.call.view(&party(name)).map(|v| v.state) {
            Some(ViewState::Ended { result: r, .. }) => assert_eq!(r, result, "{name}"),
            other => panic!("{name} sees {other:?}, not {result:?}"),
        }
        self
    }

    #[track_caller]
    pub fn ended_by(&mut self, by: Option<Role>) -> &mut Self {
        assert_eq!(self.call.ended().unwrap().by, by);
        self
    }
}
