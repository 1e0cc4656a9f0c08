//! One run: a seed makes the world, its people and its weather; referees watch.

use curlew_control::DeviceKey;
use curlew_wire::client::ClientMessage;
use curlew_wire::server::ServerMessage;
use std::time::Duration;
use tokio::time::{Instant, sleep_until, timeout};

use crate::device::{Device, Verdict};
use crate::dice::Dice;
use crate::link::{DeviceEnd, Weather};
use crate::referee;
use crate::server::{Server, device_key};

/// How long people do things, and how long they then get to come to rest.
const BUSY: Duration = Duration::from_secs(60);
const QUIET: Duration = Duration::from_secs(90);
/// P3's grace, with a second for deadlines to fire.
const GRACE: Duration = Duration::from_secs(31);
const STEP: Duration = Duration::from_millis(50);
/// A device gives an unanswered request this long before it connects anew.
const PATIENCE: Duration = Duration::from_secs(12);

/// What a run was, and what was broken in it.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Calls dialled.
    pub calls: usize,
    /// Broken promises.
    pub wrong: Vec<String>,
    /// Differences that may yet pass.
    late: Vec<String>,
}

struct Actor {
    device: Device,
    line: Option<DeviceEnd>,
    retry_at: Instant,
    heard_at: Instant,
    dice: Dice,
}

/// Runs one seed to its end.
///
/// # Panics
/// If the runtime cannot be built.
#[must_use]
pub fn run(seed: u64) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime without I/O");
    runtime.block_on(play(seed))
}

async fn play(seed: u64) -> Outcome {
    let mut dice = Dice::new(seed);
    let weather = weather(&mut dice);
    let keys = people(&mut dice);
    let mut users: Vec<String> = keys.iter().map(|key| key.user.to_string()).collect();
    users.dedup();
    let mut server = match Server::new(&keys).await {
        Ok(server) => server,
        Err(error) => return Outcome { wrong: vec![error.to_string()], ..Outcome::default() },
    };
    let now = Instant::now();
    let mut actors: Vec<Actor> = keys
        .iter()
        .map(|key| Actor {
            device: Device::new(key.user.as_str(), key.device.as_str()),
            line: None,
            retry_at: now,
            heard_at: now,
            dice: dice.fork(),
        })
        .collect();
    let mut outcome = Outcome::default();
    let kills = dice.chance(30);
    while now.elapsed() < BUSY {
        if kills && dice.chance(1) {
            server.kill();
            actors.iter_mut().for_each(|actor| actor.line = None);
            sleep_until(Instant::now() + Duration::from_millis(dice.below(5_000))).await;
            outcome.wrong.extend(server.start().await.err().map(|e| format!("restart: {e}")));
        }
        step(&mut server, &mut actors, weather, Some(&users)).await;
        watch(&actors, &mut outcome);
    }
    finish(&mut server, &mut actors, &mut outcome).await;
    outcome
}

fn weather(dice: &mut Dice) -> Weather {
    let rough = dice.chance(75);
    let mut percent = |most: u64| if rough { dice.below(most + 1) } else { 0 };
    let (cut_percent, double_percent, overtake_percent) = (percent(3), percent(10), percent(10));
    Weather { delay_ms: 5 + dice.below(300), cut_percent, double_percent, overtake_percent }
}

/// Two or three users with two to six devices in all.
fn people(dice: &mut Dice) -> Vec<DeviceKey> {
    let users = 2 + dice.below(2);
    let devices = users + dice.below(7 - users);
    let mut keys: Vec<_> = (0..devices)
        .map(|n| device_key(&format!("user-{}", n % users), &format!("device-{n}")))
        .collect();
    keys.sort();
    keys
}

async fn step(
    server: &mut Server,
    actors: &mut [Actor],
    weather: Weather,
    users: Option<&[String]>,
) {
    let until = Instant::now() + STEP;
    for actor in actors.iter_mut() {
        actor.connect(server, weather);
        if let Some(users) = users {
            let mut out = Vec::new();
            if actor.dice.chance(4) {
                actor.device.act(&mut actor.dice, users, &mut out);
            }
            if actor.dice.chance(1) && actor.dice.chance(20) {
                actor.hang_up_line();
            }
            actor.send(out);
        }
    }
    for actor in actors.iter_mut() {
        actor.listen().await;
    }
    sleep_until(until).await;
}

impl Actor {
    fn connect(&mut self, server: &mut Server, weather: Weather) {
        let now = Instant::now();
        let stuck = self.line.is_some() && now - self.heard_at > PATIENCE;
        if stuck && !self.device.is_settled() || self.line.as_ref().is_some_and(DeviceEnd::is_cut) {
            // What TCP or a heartbeat would find out, sooner or later.
            if self.dice.chance(2) || now - self.heard_at > PATIENCE {
                self.hang_up_line();
            }
        }
        if self.line.is_none() && now >= self.retry_at {
            self.line = server.connect(&mut self.dice, weather);
            self.heard_at = now;
            self.retry_at = now + Duration::from_millis(1_000 + self.dice.below(2_000));
            let hello = self.device.hello();
            self.send(vec![hello]);
        }
    }

    fn hang_up_line(&mut self) {
        self.line = None;
        self.retry_at = Instant::now() + Duration::from_millis(self.dice.below(4_000));
    }

    fn send(&mut self, out: Vec<ClientMessage>) {
        for message in out {
            let text = serde_json::to_string(&message).unwrap_or_default();
            if self.line.as_mut().is_some_and(|line| !line.send(text)) {
                self.hang_up_line();
            }
        }
    }

    /// Handles what has arrived by now.
    async fn listen(&mut self) {
        while let Some(line) = &mut self.line {
            let Ok(frame) = timeout(Duration::ZERO, line.recv()).await else { return };
            let Some(text) = frame else { return self.hang_up_line() };
            self.heard_at = Instant::now();
            let message: ServerMessage = match serde_json::from_str(&text) {
                Ok(message) => message,
                Err(error) => {
                    self.device.complaints.push(format!("not a message: {error}"));
                    continue;
                }
            };
            let mut out = Vec::new();
            if self.device.handle(message, &mut out) == Verdict::Gap {
                return self.hang_up_line();
            }
            self.send(out);
        }
    }
}

fn watch(actors: &[Actor], outcome: &mut Outcome) {
    let devices: Vec<_> = actors.iter().map(|actor| &actor.device).collect();
    outcome.wrong.extend(referee::at_most_one_answers(&devices));
}

/// P6: nobody waits for an event that never comes. A deadline may fire at the very moment of the
/// look, so a difference counts only if it stays.
async fn still_in_step(
    server: &mut Server,
    actors: &mut [Actor],
    weather: Weather,
    outcome: &mut Outcome,
) {
    for _ in 0..3 {
        let mut wrong = Vec::new();
        for actor in actors.iter() {
            let key = device_key(&actor.device.user, &actor.device.name);
            let known: Vec<_> = actor.device.calls.keys().cloned().collect();
            let truth = server.truth(&key, &known).await;
            wrong.extend(referee::in_step(&actor.device, &truth));
        }
        if wrong.is_empty() {
            return;
        }
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(1) {
            step(server, actors, weather, None).await;
        }
        outcome.late = wrong;
    }
    outcome.wrong.append(&mut outcome.late);
}

/// Good weather and no new deeds: all must come to rest and agree. Then all devices die, and
/// nothing may outlive them.
async fn finish(server: &mut Server, actors: &mut Vec<Actor>, outcome: &mut Outcome) {
    let calm = Weather { delay_ms: 20, cut_percent: 0, double_percent: 0, overtake_percent: 0 };
    let start = Instant::now();
    actors.iter_mut().for_each(Actor::hang_up_line);
    while start.elapsed() < Duration::from_secs(10) {
        step(server, actors, calm, None).await;
    }
    still_in_step(server, actors, calm, outcome).await;
    let dead = actors.len() / 2;
    actors.iter_mut().take(dead).for_each(|actor| actor.line = None);
    for actor in actors.iter_mut() {
        let ends: Vec<_> = actor.device.ends();
        actor.send(ends);
    }
    while start.elapsed() < QUIET {
        step(server, actors, calm, None).await;
    }
    let devices: Vec<_> = actors.iter().map(|actor| &actor.device).collect();
    outcome.wrong.extend(referee::all_agree(server.store(), &devices).await);
    outcome.calls = outcome.calls.max(devices.iter().map(|device| device.dialled()).sum());
    actors.clear();
    tokio::time::sleep(GRACE).await;
    if server.live_calls() > 0 {
        outcome.wrong.push(format!("P3: {} calls outlive every device", server.live_calls()));
    }
    outcome.wrong.dedup();
}
