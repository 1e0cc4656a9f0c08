//! A signed-in device on a WebSocket.

use curlew_base::{CallId, UserId};
use curlew_wire::call::{CallState, CallView, MediaPath, MediaSettings};
use curlew_wire::client::{
    Accept, Ack, CallRef, ClientMessage, Dial, End, Hello, Media, Request, Verb,
};
use curlew_wire::rest::SessionCreated;
use curlew_wire::server::{EventBody, ServerMessage};
use futures_util::{SinkExt, StreamExt};
use std::collections::BTreeMap;
use std::error::Error;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use crate::http::Http;

const ON: MediaSettings =
    MediaSettings { audio_enabled: true, video_enabled: false, on_hold: false, revision: 0 };

/// A device; it knows the last view of each call.
pub struct Phone {
    socket: WebSocketStream<TcpStream>,
    next_id: u64,
    calls: BTreeMap<CallId, CallView>,
}

impl Phone {
    pub async fn sign_in(
        http: &mut Http,
        host: &str,
        app: &str,
        user: &str,
        device: &str,
    ) -> Result<Self, Box<dyn Error>> {
        let body = serde_json::json!({ "appId": app, "userId": user, "deviceId": device });
        let answer = http.post("/v1/sessions", &body.to_string()).await?;
        let session: SessionCreated = serde_json::from_slice(&answer)?;
        let socket = connect(host).await?;
        let mut phone = Self { socket, next_id: 1, calls: BTreeMap::new() };
        let hello = Hello {
            versions: vec![curlew_wire::PROTOCOL_VERSION],
            session_key: session.session_key,
            resume: None,
            calls: Vec::new(),
        };
        phone.send(&ClientMessage::Hello(hello)).await?;
        while !matches!(phone.next().await?, ServerMessage::Event(_)) {}
        Ok(phone)
    }

    /// A connection that has echoed one message, without any signing in.
    pub async fn bare(host: &str) -> Result<WebSocketStream<TcpStream>, Box<dyn Error>> {
        let mut socket = connect(host).await?;
        socket.send(Message::text("a message of about the length of a heartbeat")).await?;
        socket.next().await.ok_or("the server closed")??;
        Ok(socket)
    }

    async fn send(&mut self, message: &ClientMessage) -> Result<(), Box<dyn Error>> {
        Ok(self.socket.send(Message::text(serde_json::to_string(message)?)).await?)
    }

    /// The next message; events are acknowledged, pings answered, views kept.
    async fn next(&mut self) -> Result<ServerMessage, Box<dyn Error>> {
        loop {
            let frame = self.socket.next().await.ok_or("the server closed")??;
            let Message::Text(text) = frame else { continue };
            let message: ServerMessage = serde_json::from_str(&text)?;
            match &message {
                ServerMessage::Ping => {
                    self.send(&ClientMessage::Pong).await?;
                    continue;
                }
                ServerMessage::Event(event) => {
                    self.send(&ClientMessage::Ack(Ack { number: event.number })).await?;
                    if let EventBody::Call(event) = &event.body {
                        self.calls.insert(event.call.call_id.clone(), (*event.call).clone());
                    }
                }
                ServerMessage::Reply(reply) => {
                    if let Some(view) = &reply.call {
                        self.calls.insert(view.call_id.clone(), (**view).clone());
                    }
                }
                _ => {}
            }
            return Ok(message);
        }
    }

    async fn ask(&mut self, body: Verb) -> Result<CallView, Box<dyn Error>> {
        let id = self.next_id;
        self.next_id += 1;
        self.send(&ClientMessage::Request(Request { id, body })).await?;
        loop {
            if let ServerMessage::Reply(reply) = self.next().await?
                && reply.id == id
            {
                let refused = || format!("refused: {:?}", reply.error);
                return Ok(*reply.call.clone().ok_or_else(refused)?);
            }
        }
    }

    /// Waits until the call is in a state, as this device is told.
    pub async fn until(&mut self, call: &CallId, state: CallState) -> Result<(), Box<dyn Error>> {
        while self.calls.get(call).is_none_or(|view| view.state != state) {
            self.next().await?;
        }
        Ok(())
    }

    pub async fn dial(&mut self, callee: &str, key: &str) -> Result<CallId, Box<dyn Error>> {
        let dial = Dial {
            dial_key: key.to_owned(),
            callee_id: UserId::new(callee)?,
            is_video_call: false,
            settings: ON,
            ringing_timeout_secs: None,
            connection_timeout_secs: None,
            custom_items: BTreeMap::new(),
        };
        Ok(self.ask(Verb::Dial(dial)).await?.call_id)
    }

    /// Says that it rings, as the SDK does once the application was handed the call.
    pub async fn ringing(&mut self, call: &CallId) -> Result<(), Box<dyn Error>> {
        self.ask(Verb::Ringing(CallRef { call_id: call.clone() })).await.map(drop)
    }

    pub async fn accept(&mut self, call: &CallId) -> Result<(), Box<dyn Error>> {
        let accept = Accept { call_id: call.clone(), settings: ON };
        self.ask(Verb::Accept(accept)).await.map(drop)
    }

    pub async fn media_up(&mut self, call: &CallId) -> Result<(), Box<dyn Error>> {
        let media = Media { call_id: call.clone(), path: MediaPath::Up };
        self.ask(Verb::Media(media)).await.map(drop)
    }

    pub async fn end(&mut self, call: &CallId) -> Result<(), Box<dyn Error>> {
        self.calls.clear();
        self.ask(Verb::End(End { call_id: call.clone(), ended_by_peer: false })).await.map(drop)
    }
}

async fn connect(host: &str) -> Result<WebSocketStream<TcpStream>, Box<dyn Error>> {
    let stream = TcpStream::connect(host).await?;
    stream.set_nodelay(true)?;
    let config = WebSocketConfig::default().read_buffer_size(2048).write_buffer_size(0);
    let url = format!("ws://{host}/v1/socket");
    Ok(client_async_with_config(url, stream, Some(config)).await?.0)
}
