//! One connection: `hello`, then requests and events until it ends. One task, nothing spawned.

use curlew_base::{ErrorCode, limits};
use curlew_control::DeviceKey;
use curlew_session::{Attached, CloseReason, Effect};
use curlew_wire::client::{ClientMessage, Hello};
use curlew_wire::close::CloseCode;
use curlew_wire::server::{EventBody, Goodbye, ServerMessage, Snapshot, Welcome};
use curlew_wire::{DecodeError, PROTOCOL_VERSION};
use std::sync::Arc;
use tokio::time::{sleep, timeout};

use crate::desk::{Line, Order};
use crate::gateway::Gateway;
use crate::hello::{First, identify, key_hash, sort_first};
use crate::pace::{Pace, Pass};
use crate::requests::{bad_field, perform, refusal, refused};
use crate::socket::{Frame, Socket, SocketGone};

/// Why a connection ends.
enum Ending {
    /// By the server.
    Ordered(Order),
    /// By the device or the network.
    Gone,
}

type Step<T = ()> = Result<T, Ending>;

impl From<SocketGone> for Ending {
    fn from(_: SocketGone) -> Self {
        Self::Gone
    }
}

const fn close<T>(code: CloseCode) -> Step<T> {
    Err(Ending::Ordered(Order::Close(code)))
}

/// A device that asks for too much may come back later, so its code is one of those after which a
/// device reconnects; the error message before it says what was too much.
const TOO_MUCH: CloseCode = CloseCode::ServerFailed;

/// Counts a connection while it lasts.
struct Counted<'a>(&'a Gateway);

impl<'a> Counted<'a> {
    fn new(gateway: &'a Gateway) -> Self {
        gateway.open.send_modify(|open| *open += 1);
        metrics::gauge!("curlew_connections").increment(1);
        Self(gateway)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.open.send_modify(|open| *open = open.saturating_sub(1));
        metrics::gauge!("curlew_connections").decrement(1);
    }
}

impl Gateway {
    /// Serves one connection until it ends.
    pub async fn serve(&self, mut socket: impl Socket) {
        let _counted = Counted::new(self);
        let hello = Box::pin(self.await_hello(&mut socket)).await;
        let ending = match hello {
            Ok(hello) => Box::pin(self.serve_device(&mut socket, hello)).await,
            Err(ending) => ending,
        };
        Box::pin(finish(&mut socket, ending)).await;
    }

    async fn await_hello(&self, socket: &mut impl Socket) -> Step<Box<Hello>> {
        let mut goodbye = self.goodbye.subscribe();
        let text = tokio::select! {
            biased;
            said = goodbye.wait_for(Option::is_some) => {
                let retry_after_ms = said.ok().and_then(|said| *said).unwrap_or_default();
                return Err(Ending::Ordered(Order::Goodbye { retry_after_ms }));
            }
            frame = timeout(limits::HELLO_TIMEOUT.duration(), socket.recv()) => match frame {
                Ok(frame) => text(frame)?,
                Err(_) => return close(CloseCode::TimedOut),
            },
        };
        let not_yet = || refusal(ErrorCode::NotAuthorized, "say hello with a session key first");
        let (message, code) = match sort_first(&text) {
            First::Hello(hello) => return Ok(hello),
            First::OtherVersions => {
                let text = format!("versions: this server speaks version {PROTOCOL_VERSION}");
                let error = refusal(ErrorCode::InvalidParams, text);
                (refused(None, error), CloseCode::VersionUnsupported)
            }
            First::Request(id) => (refused(Some(id), not_yet()), CloseCode::NotAuthenticated),
            First::Other => (refused(None, not_yet()), CloseCode::NotAuthenticated),
            First::Bad(DecodeError::Bad { bad, .. }) => {
                (refused(None, bad_field(bad)), CloseCode::BrokenFrame)
            }
            First::Bad(DecodeError::Broken(_)) => return close(CloseCode::BrokenFrame),
        };
        write(socket, &message).await?;
        close(code)
    }

    /// From the `hello` to the end. The turn is held from before control hears of the connection
    /// until it has heard of its end: an earlier connection finishes its request first.
    async fn serve_device(&self, socket: &mut impl Socket, hello: Box<Hello>) -> Ending {
        let hash = key_hash(&hello.session_key);
        let key = match identify(self.control.store().as_ref(), &hash).await {
            Ok((key, _)) => key,
            Err(code) => return self.refuse_key(socket, code).await,
        };
        let line = Arc::new(Line::default());
        let id = self.control.ids().session_id();
        let claimed = self.desk().claim(self.now(), &key, &line, id);
        let Ok(turn) = claimed else {
            let text = format!("a user may have {} devices at a time", limits::DEVICES_PER_USER);
            let message = refused(None, refusal(ErrorCode::RateLimited, text));
            return match write(socket, &message).await {
                Ok(()) => Ending::Ordered(Order::Close(TOO_MUCH)),
                Err(gone) => gone.into(),
            };
        };
        if let Some(retry_after_ms) = *self.goodbye.borrow() {
            line.order(Order::Goodbye { retry_after_ms });
        }
        let turn = tokio::select! {
            biased;
            order = line.until_ordered() => Err(Ending::Ordered(order)),
            turn = turn.lock_owned() => Ok(turn),
        };
        let (turn, ending) = match turn {
            Ok(turn) => {
                let mut device = Device { gateway: self, socket, key: &key, line: &line };
                let opened = Box::pin(device.open(&hash, *hello)).await;
                let ending = match opened {
                    Ok(()) => device.run().await,
                    Err(ending) => ending,
                };
                (Some(turn), ending)
            }
            Err(ending) => (None, ending),
        };
        let left = self.desk().leave(self.now(), &key, &line);
        if let Some(last_heard) = left {
            self.sooner.notify_one();
            Box::pin(self.control.lost(&key, last_heard)).await;
        }
        drop(turn);
        ending
    }

    async fn refuse_key(&self, socket: &mut impl Socket, code: CloseCode) -> Ending {
        if code == CloseCode::NotAuthenticated {
            let text = "the session key is unknown or no longer valid; authenticate again";
            let message = refused(None, refusal(ErrorCode::NotAuthorized, text));
            if write(socket, &message).await.is_err() {
                return Ending::Gone;
            }
        }
        Ending::Ordered(Order::Close(code))
    }
}

/// A connection that serves its device.
struct Device<'a, S> {
    gateway: &'a Gateway,
    socket: &'a mut S,
    key: &'a DeviceKey,
    line: &'a Arc<Line>,
}

impl<S: Socket> Device<'_, S> {
    /// Attaches, welcomes, and gives the snapshot if one is needed.
    async fn open(&mut self, hash: &[u8], hello: Hello) -> Step {
        let control = &self.gateway.control;
        let new_id = control.ids().session_id();
        let (id, attached) = {
            let mut desk = self.gateway.desk();
            let Some(seat) = desk.served(self.key, self.line) else { return self.obey() };
            let resume = hello.resume.filter(|resume| resume.session == seat.id);
            let last_event = resume.map(|resume| resume.last_event);
            let attached = seat.session.attach(self.gateway.now(), last_event);
            if attached == Attached::NeedsSnapshot {
                seat.id = new_id;
            }
            (seat.id.clone(), attached)
        };
        control.arrived(self.key).await;
        // Whoever was signed out before control knew the device was missed by the sign-out, and is
        // seen here; whoever is signed out later is ordered off.
        let user = match identify(control.store().as_ref(), hash).await {
            Ok((key, user)) if key == *self.key => user,
            Ok(_) => return self.shut_out(CloseCode::NotAuthenticated),
            Err(CloseCode::ServerFailed) => return close(CloseCode::ServerFailed),
            Err(code) => return self.shut_out(code),
        };
        let resumed = attached == Attached::Resumed;
        let heartbeat_ms = limits::HEARTBEAT_INTERVAL.0 + limits::HEARTBEAT_TIMEOUT.0;
        let version = PROTOCOL_VERSION;
        let welcome = Welcome { version, session: id, resumed, user, heartbeat_ms };
        self.send(&ServerMessage::Welcome(welcome)).await?;
        if resumed {
            return Ok(());
        }
        let calls = match control.snapshot(self.key, &hello.calls).await {
            Ok(calls) => calls,
            Err(refusal) => {
                tracing::error!(%refusal, "a snapshot failed");
                return close(CloseCode::ServerFailed);
            }
        };
        let body = EventBody::Snapshot(Snapshot { calls });
        let Some(text) = written(serde_json::to_string(&body)) else {
            return close(CloseCode::ServerFailed);
        };
        if let Some(seat) = self.gateway.desk().served(self.key, self.line) {
            seat.session.handle_snapshot(text);
        }
        Ok(())
    }

    /// Ends the session of a device that is not allowed in.
    fn shut_out(&self, code: CloseCode) -> Step {
        let mut desk = self.gateway.desk();
        if desk.served(self.key, self.line).is_some() {
            desk.end(self.gateway.now(), self.key);
            self.gateway.sooner.notify_one();
        }
        close(code)
    }

    /// The order that took the place away from this connection.
    fn obey(&self) -> Step {
        let order = self.line.ordered().unwrap_or(Order::Close(CloseCode::Replaced));
        Err(Ending::Ordered(order))
    }

    async fn run(&mut self) -> Ending {
        let mut pace = Pace::new(self.gateway.now());
        loop {
            if let Err(ending) = self.step(&mut pace).await {
                return ending;
            }
        }
    }

    /// Sends what is due, then waits for the next thing to happen and handles it.
    async fn step(&mut self, pace: &mut Pace) -> Step {
        let wake_at = loop {
            let (effect, wake_at) = {
                let mut desk = self.gateway.desk();
                let Some(seat) = desk.served(self.key, self.line) else { return self.obey() };
                (seat.session.poll(), seat.session.wake_at())
            };
            match effect {
                Some(effect) => self.perform(effect).await?,
                None => break wake_at,
            }
        };
        let now = self.gateway.now();
        let wait = wake_at.map_or(limits::HEARTBEAT_INTERVAL, |at| at.since(now));
        let frame = tokio::select! {
            biased;
            // First, so that a flood of events cannot keep acknowledgements from being read; a
            // flood of messages keeps no event back, because each step begins with those.
            frame = self.socket.recv() => Some(frame),
            () = self.line.wake.notified() => None,
            () = sleep(wait.duration()) => None,
        };
        if let Some(order) = self.line.ordered() {
            return Err(Ending::Ordered(order));
        }
        match frame {
            Some(frame) => {
                let text = text(frame)?;
                self.handle(pace, &text).await
            }
            None => {
                let mut desk = self.gateway.desk();
                if let Some(seat) = desk.served(self.key, self.line) {
                    seat.session.handle_wake(self.gateway.now());
                }
                Ok(())
            }
        }
    }

    async fn perform(&mut self, effect: Effect) -> Step {
        match effect {
            Effect::Send { number, text } => {
                // The envelope around a body that is JSON already.
                let text = format!(r#"{{"type":"event","number":{number},"body":{text}}}"#);
                self.send_text(text).await
            }
            Effect::Ping => self.send(&ServerMessage::Ping).await,
            Effect::Close(CloseReason::Silent | CloseReason::Behind) | Effect::Expired => {
                close(CloseCode::TimedOut)
            }
        }
    }

    async fn handle(&mut self, pace: &mut Pace, text: &str) -> Step {
        let now = self.gateway.now();
        let pass = pace.take(now);
        if let Some(seat) = self.gateway.desk().served(self.key, self.line) {
            seat.session.handle_heard(now);
        }
        let too_many = || refusal(ErrorCode::RateLimited, "too many messages; slow down");
        if pass == Pass::Abuse {
            self.send(&refused(None, too_many())).await?;
            return close(TOO_MUCH);
        }
        let message = match curlew_wire::decode_client(text) {
            Ok(message) => message,
            Err(DecodeError::Broken(_)) => return close(CloseCode::BrokenFrame),
            Err(DecodeError::Bad { id, bad }) => {
                return self.send(&refused(id, bad_field(bad))).await;
            }
        };
        match message {
            ClientMessage::Ack(ack) => {
                if let Some(seat) = self.gateway.desk().served(self.key, self.line) {
                    seat.session.handle_ack(now, ack.number);
                }
                Ok(())
            }
            ClientMessage::Ping => self.send(&ServerMessage::Pong).await,
            ClientMessage::Pong => Ok(()),
            ClientMessage::Hello(_) => {
                let error = refusal(ErrorCode::InvalidParams, "hello was said already");
                self.send(&refused(None, error)).await
            }
            ClientMessage::Request(request) if pass == Pass::Refused => {
                self.send(&refused(Some(request.id), too_many())).await
            }
            ClientMessage::Request(request) => {
                let reply = Box::pin(perform(&self.gateway.control, self.key, request)).await;
                self.send(&ServerMessage::Reply(reply)).await
            }
        }
    }

    async fn send(&mut self, message: &ServerMessage) -> Step {
        let Some(text) = written(serde_json::to_string(message)) else {
            return close(CloseCode::ServerFailed);
        };
        self.send_text(text).await
    }

    /// A device that does not read is dropped, and an order does not wait for it.
    async fn send_text(&mut self, text: String) -> Step {
        let sending = timeout(limits::HEARTBEAT_TIMEOUT.duration(), self.socket.send(text));
        tokio::select! {
            biased;
            sent = sending => match sent {
                Ok(sent) => Ok(sent?),
                Err(_) => close(CloseCode::TimedOut),
            },
            order = self.line.until_ordered() => Err(Ending::Ordered(order)),
        }
    }
}

/// Closes as ordered. A device that does not read cannot keep the task.
async fn finish(socket: &mut impl Socket, ending: Ending) {
    let Ending::Ordered(order) = ending else { return };
    let code = match order {
        Order::Close(code) => code,
        Order::Goodbye { retry_after_ms } => {
            let goodbye = ServerMessage::Goodbye(Goodbye { retry_after_ms });
            if write(socket, &goodbye).await.is_err() {
                return;
            }
            CloseCode::Restarting
        }
    };
    drop(timeout(limits::HEARTBEAT_TIMEOUT.duration(), socket.close(code)).await);
}

fn text(frame: Option<Frame>) -> Step<String> {
    match frame {
        Some(Frame::Text(text)) if text.len() <= limits::MESSAGE_BYTES => Ok(text),
        Some(Frame::Text(_) | Frame::TooBig) => close(CloseCode::TooBig),
        Some(Frame::Broken) => close(CloseCode::BrokenFrame),
        Some(Frame::Closed) | None => Err(Ending::Gone),
    }
}

async fn write(socket: &mut impl Socket, message: &ServerMessage) -> Result<(), SocketGone> {
    let Some(text) = written(serde_json::to_string(message)) else { return Err(SocketGone) };
    let sending = timeout(limits::HEARTBEAT_TIMEOUT.duration(), socket.send(text));
    sending.await.unwrap_or(Err(SocketGone))
}

fn written(text: serde_json::Result<String>) -> Option<String> {
    text.inspect_err(|error| tracing::error!(%error, "a message could not be written")).ok()
}
