//! One run: a seed makes the world, its people and its weather; referees watch.

use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};

use crate::bus::BusWeather;
use crate::cluster::Terms;
use crate::dice::Dice;
use crate::faulty::Faults;
use crate::link::Weather;
use crate::people::{Deed, Mood};
use crate::referee;
use crate::world::World;

/// How long people do things.
const BUSY: Duration = Duration::from_secs(90);
/// How long after that all have to come to rest. A connection that looks alive and is dead is found
/// within 25 s, by either end.
const SETTLE: Duration = Duration::from_secs(12);
/// How long the calls of the dead may last: P3's grace, and a sweep of overdue calls.
const GRACE: Duration = Duration::from_secs(36);

/// What a run was, and what was broken in it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Calls committed.
    pub calls: usize,
    /// Of these, accepted.
    pub accepted: usize,
    /// Views told to devices.
    pub told: usize,
    /// A number that differs if anything told differs in content, order or time.
    pub digest: u64,
    /// Broken promises.
    pub wrong: Vec<String>,
    /// What happened, line by line, if it was asked for.
    pub trace: Vec<String>,
}

/// What a seed comes to.
#[derive(Debug)]
struct Plan {
    terms: Terms,
    weather: Weather,
    mood: Mood,
    users: u64,
    devices: u64,
    /// Chances in a thousand, each half second, that a node is killed.
    kill_permille: u64,
    /// Chances in a thousand, each half second, that two people dial each other.
    glare_permille: u64,
    /// Whether everyone vanishes in the middle of their calls at the end.
    vanish: bool,
}

impl Plan {
    fn draw(dice: &mut Dice) -> Self {
        let rough = dice.chance(75);
        let mut most = |most: u64| if rough { dice.below(most + 1) } else { 0 };
        let (cut, lose) = (most(8), most(6).saturating_sub(3));
        let (double_percent, overtake_percent) = (most(8), most(8).saturating_sub(2));
        let (conflict, unavailable) = (most(20), most(6));
        let (slow_percent, crash) = (most(15), most(60));
        let mishap_permille = most(40);
        let kill_permille = most(12);
        let nodes = 1 + usize::try_from(dice.below(3)).unwrap_or(0);
        let users = 2 + dice.below(2);
        Self {
            terms: Terms {
                nodes,
                glare_answers: dice.chance(80),
                faults: Faults {
                    conflict_permille: conflict,
                    unavailable_permille: unavailable,
                    slow_percent,
                    slow_ms: 1 + dice.below(200),
                    crash_per_100_000: crash,
                },
                bus: BusWeather { delay_ms: dice.below(200), notice_ms: 200 + dice.below(4_000) },
                clocks_drift: dice.chance(80),
            },
            weather: Weather {
                delay_ms: 5 + dice.below(250),
                cut_permille: cut,
                lose_permille: lose,
                double_percent,
                overtake_percent,
            },
            mood: Mood { pause_ms: 400 + dice.below(2_000), mishap_permille },
            users,
            devices: users + dice.below(7 - users),
            kill_permille,
            glare_permille: dice.below(120),
            vanish: dice.chance(40),
        }
    }
}

/// Runs one seed to its end.
///
/// # Panics
/// If the runtime cannot be built.
#[must_use]
pub fn run(seed: u64) -> Outcome {
    run_traced(seed, false)
}

/// Runs one seed to its end, and tells what happened if asked to.
///
/// # Panics
/// If the runtime cannot be built.
#[must_use]
pub fn run_traced(seed: u64, traced: bool) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime without I/O");
    runtime.block_on(play(seed, traced))
}

async fn play(seed: u64, traced: bool) -> Outcome {
    let mut dice = Dice::new(seed);
    let plan = Plan::draw(&mut dice);
    let users: Vec<_> = (0..plan.users).map(|n| format!("user-{n}")).collect();
    let people = (users.clone(), Some(plan.mood));
    let failed = |error: curlew_store::StoreError| Outcome {
        wrong: vec![format!("setting up: {error}")],
        ..Outcome::default()
    };
    let world = match World::new(plan.terms, plan.weather, people, dice.fork()).await {
        Ok(world) => world,
        Err(error) => return failed(error),
    };
    world.ledger().trace = traced.then(Vec::new);
    world.ledger().trace(|| format!("{plan:?}"));
    for user in users.iter().cycle().take(usize::try_from(plan.devices).unwrap_or(0)) {
        if let Err(error) = world.add_device(user).await {
            return failed(error);
        }
    }
    busy(&world, &plan, &mut dice).await;
    let mut wrong = rest(&world, &plan).await;
    wrong.extend(referee::after_all(&world).await);
    let calls = world.history.calls();
    let accepted = |versions: &Vec<crate::history::Commit>| {
        versions
            .last()
            .is_some_and(|last| crate::history::machine(&last.record).answered_leg().is_some())
    };
    let mut ledger = world.ledger();
    wrong.extend(ledger.wrong.iter().cloned());
    wrong.dedup();
    Outcome {
        calls: calls.len(),
        accepted: calls.iter().filter(|(_, versions)| accepted(versions)).count(),
        told: ledger.told.len(),
        digest: ledger.digest(),
        wrong,
        trace: ledger.trace.take().unwrap_or_default(),
    }
}

/// People live; nodes are killed and started; crossing dials are arranged.
async fn busy(world: &Arc<World>, plan: &Plan, dice: &mut Dice) {
    let start = Instant::now();
    while start.elapsed() < BUSY {
        sleep(Duration::from_millis(500)).await;
        if dice.rare(plan.kill_permille) {
            let node = usize::try_from(dice.below(plan.terms.nodes as u64)).unwrap_or(0);
            world.ledger().upheaval(|| format!("node {node} is killed"));
            world.cluster().kill(node, dice.chance(30));
            let (world, after) = (Arc::clone(world), dice.span(0, 6_000));
            tokio::spawn(async move {
                sleep(after).await;
                world.start_node(node);
            });
        }
        if dice.rare(plan.glare_permille) {
            cross(world, dice);
        }
    }
}

/// Two people dial each other at about the same time.
fn cross(world: &Arc<World>, dice: &mut Dice) {
    let living = world.living();
    let user_of = |name: &String| {
        let device = world.device(name)?;
        let device = device.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        Some(device.user.clone())
    };
    let (Some(one), Some(other)) = (dice.pick(&living), dice.pick(&living)) else { return };
    let (Some(user), Some(other_user)) = (user_of(&one), user_of(&other)) else { return };
    if user == other_user {
        return;
    }
    for (name, callee) in [(one, other_user), (other, user)] {
        let dial = Deed::Dial(callee, 4 + u32::try_from(dice.below(20)).unwrap_or(0));
        world.order(&name, Deed::In(dice.span(0, 300), Box::new(dial)));
    }
}

/// Good weather and no new deeds: all must come to rest and agree. Then the devices die, and
/// nothing may outlive them.
async fn rest(world: &Arc<World>, plan: &Plan) -> Vec<String> {
    world.ledger().trace(|| "calm".into());
    world.calm();
    sleep(SETTLE).await;
    let mut wrong = referee::in_step(world).await;
    if plan.vanish {
        world.order_all(&Deed::Die(true));
        sleep(GRACE).await;
    } else {
        let living = world.living();
        for name in living.iter().take(living.len() / 2) {
            world.order(name, Deed::Die(true));
        }
        for name in world.living() {
            end_all(world, &name);
        }
        sleep(GRACE).await;
        wrong.extend(referee::in_step(world).await);
        world.order_all(&Deed::Die(false));
        sleep(GRACE).await;
    }
    wrong.extend(referee::nothing_left(world));
    wrong
}

fn end_all(world: &Arc<World>, name: &str) {
    let Some(device) = world.device(name) else { return };
    let device = device.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    for view in device.live() {
        world.order(name, Deed::End(view.call_id.clone()));
    }
}
