//! Two controls over one store, with a bus that the test carries by hand.

use curlew_base::EndResult;
use curlew_control::{Control, Deliver, PeerNews, Peers};
use curlew_store::Store;
use curlew_wire::call::{CallState, CallView, MediaPath, Signal};
use curlew_wire::client::{Accept, Media, SignalTo};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::world::{CountedIds, ON, PausedClock, World, dial, end_of, key};

/// What one node has told and the test has not carried yet.
#[derive(Default)]
struct Wire(Mutex<Vec<PeerNews>>);

impl Peers for Wire {
    fn tell(&self, news: PeerNews) {
        self.0.lock().unwrap().push(news);
    }
}

struct Cluster {
    world: World,
    two: Arc<Control>,
    wires: [Arc<Wire>; 2],
}

impl Cluster {
    /// The world's own control is node one; node two starts beside it.
    async fn new() -> Self {
        let world = World::new().await;
        let store: Arc<dyn Store> = Arc::new(world.store.clone());
        let clock = Arc::new(PausedClock::start());
        let two = Control::new(store, clock, Arc::new(CountedIds::starting_at(100)));
        let deliver: Arc<dyn Deliver> = world.told.clone();
        two.set_deliver(&deliver);
        let wires = [Arc::<Wire>::default(), Arc::default()];
        world.control.set_peers(wires[0].clone());
        two.set_peers(wires[1].clone());
        two.recover().await.unwrap();
        let runner = Arc::clone(&two);
        tokio::spawn(async move { runner.run_deadlines().await });
        let cluster = Self { world, two, wires };
        cluster.carry().await;
        cluster
    }

    /// Carries news until both nodes have nothing left to say.
    async fn carry(&self) {
        loop {
            let take = |wire: &Wire| std::mem::take(&mut *wire.0.lock().unwrap());
            let (from_one, from_two) = (take(&self.wires[0]), take(&self.wires[1]));
            if from_one.is_empty() && from_two.is_empty() {
                return;
            }
            for news in from_one {
                self.two.hear("one", news).await;
            }
            for news in from_two {
                self.world.control.hear("two", news).await;
            }
        }
    }

    /// Forgets what was said: a bus may lose it.
    fn lose_news(&self) {
        self.wires.iter().for_each(|wire| wire.0.lock().unwrap().clear());
    }

    fn last(&self, device: &str) -> CallView {
        self.world.views(device).pop().expect("it was told something")
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_crosses_nodes() {
    let cluster = Cluster::new().await;
    let (one, two) = (&cluster.world.control, &cluster.two);
    one.arrived(&key("a1")).await;
    two.arrived(&key("b1")).await;
    two.arrived(&key("b2")).await;
    cluster.carry().await;
    let call_id = one.dial(&key("a1"), dial("k", "b1", false)).await.unwrap().call_id;
    assert_eq!(cluster.last("b1").state, CallState::Ringing);
    cluster.carry().await;
    let accept = Accept { call_id: call_id.clone(), settings: ON };
    two.accept(&key("b1"), accept.clone()).await.unwrap();
    assert_eq!(cluster.last("a1").state, CallState::Established);
    let lost = cluster.last("b2").ended.unwrap().result;
    assert_eq!(lost, EndResult::OtherDeviceAccepted);
    cluster.carry().await;
    for (node, device) in [(one, "a1"), (two, "b1")] {
        let up = Media { call_id: call_id.clone(), path: MediaPath::Up };
        node.media(&key(device), up).await.unwrap();
        cluster.carry().await;
    }
    assert_eq!(cluster.last("a1").state, CallState::Connected);
    let end = one.end(&key("a1"), end_of(&call_id)).await.unwrap().ended;
    cluster.carry().await;
    assert_eq!(cluster.last("b1").ended, end);
    assert_eq!((one.live_calls(), two.live_calls()), (0, 0));
}

/// A node whose copy is behind decides by the row: two accepts cannot both win, and nothing is
/// refused for what is only old.
#[tokio::test(start_paused = true)]
async fn a_node_that_missed_the_news_is_not_wrong() {
    let cluster = Cluster::new().await;
    let (one, two) = (&cluster.world.control, &cluster.two);
    one.arrived(&key("a1")).await;
    two.arrived(&key("b1")).await;
    one.arrived(&key("b2")).await;
    cluster.carry().await;
    let call_id = one.dial(&key("a1"), dial("k", "b1", false)).await.unwrap().call_id;
    cluster.carry().await;
    let accept = Accept { call_id: call_id.clone(), settings: ON };
    two.accept(&key("b1"), accept.clone()).await.unwrap();
    cluster.lose_news();
    let late = one.accept(&key("b2"), accept).await.unwrap_err();
    assert_eq!(late.call.unwrap().ended.unwrap().result, EndResult::OtherDeviceAccepted);
    two.end(&key("b1"), end_of(&call_id)).await.unwrap();
    cluster.lose_news();
    let up = Media { call_id: call_id.clone(), path: MediaPath::Up };
    let seen = one.media(&key("a1"), up).await.unwrap();
    assert_eq!(seen.ended.unwrap().result, EndResult::NotConnected);
    // A device that comes learns of a call that its node has never heard of.
    let other = two.dial(&key("c1"), dial("k2", "b1", false)).await.unwrap().call_id;
    cluster.lose_news();
    one.arrived(&key("b9")).await;
    let views = one.snapshot(&key("b9"), &[]).await.unwrap();
    let seen: Vec<_> = views.iter().map(|view| (&view.call_id, view.state)).collect();
    assert_eq!(seen, [(&other, CallState::Ringing)]);
}

/// Two dials at two nodes at once: the store decides, and one call comes of them.
#[tokio::test(start_paused = true)]
async fn crossing_dials_at_two_nodes_meet() {
    let cluster = Cluster::new().await;
    let (one, two) = (&cluster.world.control, &cluster.two);
    one.arrived(&key("a1")).await;
    two.arrived(&key("b1")).await;
    let first = one.dial(&key("a1"), dial("ka", "b1", false)).await.unwrap();
    let second = two.dial(&key("b1"), dial("kb", "a1", false)).await.unwrap();
    assert_eq!((first.call_id, CallState::Established), (second.call_id, second.state));
}

/// Signals find their way from a node that does not know yet that the call was answered.
#[tokio::test(start_paused = true)]
async fn a_signal_reads_the_row_before_it_gives_up() {
    let cluster = Cluster::new().await;
    let (one, two) = (&cluster.world.control, &cluster.two);
    one.arrived(&key("a1")).await;
    two.arrived(&key("b1")).await;
    cluster.carry().await;
    let call_id = one.dial(&key("a1"), dial("k", "b1", false)).await.unwrap().call_id;
    cluster.carry().await;
    let accept = Accept { call_id: call_id.clone(), settings: ON };
    two.accept(&key("b1"), accept).await.unwrap();
    cluster.lose_news();
    let signal = Signal { revision: 3, description: None, candidates: Vec::new() };
    one.signal(&key("a1"), SignalTo { call_id, leg: None, signal }).await.unwrap();
    assert_eq!(cluster.world.signals("b1").last(), Some(&(0, 3)));
}

/// A node dies; the calls it held end, or go on, by the rules and not by its death.
#[tokio::test(start_paused = true)]
async fn another_node_takes_up_the_calls_of_a_dead_one() {
    let cluster = Cluster::new().await;
    let (one, two) = (&cluster.world.control, &cluster.two);
    two.arrived(&key("a1")).await;
    two.arrived(&key("b1")).await;
    cluster.carry().await;
    let call_id = two.dial(&key("a1"), dial("k", "b1", false)).await.unwrap().call_id;
    let accept = Accept { call_id: call_id.clone(), settings: ON };
    two.accept(&key("b1"), accept).await.unwrap();
    cluster.lose_news();
    // Node two never speaks again; the bus tells so.
    one.hear("two", PeerNews::NodeLost).await;
    assert_eq!(one.live_calls(), 1);
    one.arrived(&key("a1")).await;
    one.arrived(&key("b1")).await;
    tokio::time::sleep(Duration::from_secs(40)).await;
    let up = Media { call_id: call_id.clone(), path: MediaPath::Up };
    let seen = one.media(&key("a1"), up).await.unwrap();
    assert_eq!(seen.state, CallState::Established);
}
