//! What carries news and events between nodes: in order for each sender, late, and sometimes lost.

use curlew_control::{Control, Deliver, DeviceKey, PeerNews, Peers};
use curlew_gateway::Gateway;
use curlew_wire::close::CloseCode;
use curlew_wire::server::EventBody;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{Instant, sleep, sleep_until};

use crate::dice::Dice;

/// How a bus behaves.
#[derive(Debug, Clone, Copy, Default)]
pub struct BusWeather {
    /// The longest delay, in milliseconds.
    pub delay_ms: u64,
    /// How long it may take until a node's death is noticed, in milliseconds.
    pub notice_ms: u64,
}

/// What goes to another node's devices.
enum Mail {
    Event(DeviceKey, EventBody),
    Close(DeviceKey, CloseCode),
}

/// One node's way to another: two streams, each in order.
struct Route {
    news: Stream<PeerNews>,
    mail: Stream<Mail>,
}

struct Stream<T> {
    to: UnboundedSender<(Instant, T)>,
    last: Instant,
}

impl<T> Stream<T> {
    fn new() -> (Self, UnboundedReceiver<(Instant, T)>) {
        let (to, from) = unbounded_channel();
        (Self { to, last: Instant::now() }, from)
    }

    fn send(&mut self, dice: &mut Dice, weather: BusWeather, thing: T) {
        let at = Instant::now() + dice.span(0, weather.delay_ms);
        self.last = self.last.max(at);
        // A node that is gone misses it.
        let _ = self.to.send((self.last, thing));
    }
}

/// One node's end of the bus. Dropping it is how a node dies for the others.
pub struct NodeBus {
    gateway: OnceLock<Weak<Gateway>>,
    weather: BusWeather,
    routes: Mutex<(Dice, Vec<Route>)>,
}

impl NodeBus {
    /// An end without routes.
    #[must_use]
    pub fn new(dice: Dice, weather: BusWeather) -> Arc<Self> {
        let routes = Mutex::new((dice, Vec::new()));
        Arc::new(Self { gateway: OnceLock::new(), weather, routes })
    }

    /// Sets the node's own gateway, which hears without delay.
    pub fn set_gateway(&self, gateway: &Arc<Gateway>) {
        let _ = self.gateway.set(Arc::downgrade(gateway));
    }

    /// A way from this node, which `from` names, to another one: the futures are to be run by that
    /// one until it dies.
    pub fn route(
        &self,
        from: String,
        (control, gateway): (Arc<Control>, Arc<Gateway>),
    ) -> (impl Future<Output = ()> + use<>, impl Future<Output = ()> + use<>) {
        let (news, mut heard) = Stream::new();
        let (mail, mut brought) = Stream::new();
        let mut routes = self.routes.lock().unwrap_or_else(PoisonError::into_inner);
        let notice = routes.0.span(200, self.weather.notice_ms);
        routes.1.push(Route { news, mail });
        let hear = async move {
            while let Some((at, news)) = heard.recv().await {
                sleep_until(at).await;
                control.hear(&from, news).await;
            }
            sleep(notice).await;
            control.hear(&from, PeerNews::NodeLost).await;
        };
        let bring = async move {
            while let Some((at, mail)) = brought.recv().await {
                sleep_until(at).await;
                match mail {
                    Mail::Event(to, event) => gateway.deliver(&to, event),
                    Mail::Close(to, code) => gateway.close(&to, code),
                }
            }
        };
        (hear, bring)
    }

    fn send(&self, mail: impl Fn() -> Mail) {
        let mut routes = self.routes.lock().unwrap_or_else(PoisonError::into_inner);
        let (dice, routes) = &mut *routes;
        routes.retain(|route| !route.mail.to.is_closed());
        routes.iter_mut().for_each(|route| route.mail.send(dice, self.weather, mail()));
    }
}

impl Peers for NodeBus {
    fn tell(&self, news: PeerNews) {
        let mut routes = self.routes.lock().unwrap_or_else(PoisonError::into_inner);
        let (dice, routes) = &mut *routes;
        routes.iter_mut().for_each(|route| route.news.send(dice, self.weather, news.clone()));
    }
}

impl Deliver for NodeBus {
    fn deliver(&self, to: &DeviceKey, event: EventBody) {
        self.send(|| Mail::Event(to.clone(), event.clone()));
        if let Some(gateway) = self.gateway.get().and_then(Weak::upgrade) {
            gateway.deliver(to, event);
        }
    }

    fn close(&self, to: &DeviceKey, code: CloseCode) {
        self.send(|| Mail::Close(to.clone(), code));
        if let Some(gateway) = self.gateway.get().and_then(Weak::upgrade) {
            gateway.close(to, code);
        }
    }
}
