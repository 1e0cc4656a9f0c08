//! The same over real WebSockets on the loopback interface: what only axum and TCP can break.

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::world::{World, dial, hello, resume};

type Client = WebSocketStream<MaybeTlsStream<TcpStream>>;

struct Server {
    world: World,
    address: String,
}

impl Server {
    async fn start() -> Self {
        let world = World::new().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("ws://{}/v1/socket", listener.local_addr().unwrap());
        let router = Arc::clone(&world.gateway).router();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { world, address }
    }

    async fn connect(&self) -> Client {
        connect_async(self.address.as_str()).await.unwrap().0
    }

    async fn open(&self, device: &str) -> (Client, String) {
        let mut client = self.connect().await;
        say(&mut client, &hello(device)).await;
        let welcome = hear(&mut client).await;
        assert_eq!(hear(&mut client).await["body"]["event"], "snapshot");
        (client, welcome["session"].as_str().unwrap().to_owned())
    }
}

async fn say(client: &mut Client, message: &Value) {
    client.send(Message::text(message.to_string())).await.unwrap();
}

async fn hear(client: &mut Client) -> Value {
    match client.next().await {
        Some(Ok(Message::Text(text))) => serde_json::from_str(text.as_str()).unwrap(),
        other => panic!("expected a message, got {other:?}"),
    }
}

/// The close code, after any messages.
async fn closed(client: &mut Client) -> u16 {
    loop {
        match client.next().await {
            Some(Ok(Message::Close(Some(frame)))) => return frame.code.into(),
            Some(Ok(_)) => {}
            other => panic!("expected a close, got {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_call_rings_over_real_sockets_and_pings_do_no_harm() {
    let server = Server::start().await;
    let (mut caller, _) = server.open("a1").await;
    let (mut callee, _) = server.open("b1").await;
    caller.send(Message::Ping("x".into())).await.unwrap();
    assert!(matches!(caller.next().await, Some(Ok(Message::Pong(_)))));
    say(&mut caller, &dial(1)).await;
    assert_eq!(hear(&mut caller).await["call"]["state"], "ringing");
    assert_eq!(hear(&mut callee).await["body"]["call"]["caller"]["userId"], "alice");
}

#[tokio::test]
async fn the_close_codes_arrive() {
    let server = Server::start().await;
    let mut client = server.connect().await;
    say(&mut client, &hello("a9")).await;
    assert_eq!(closed(&mut client).await, 4401);
    let mut client = server.connect().await;
    say(&mut client, &dial(1)).await;
    assert_eq!(hear(&mut client).await["error"]["code"], 401_121);
    assert_eq!(closed(&mut client).await, 4401);
    let (mut client, _) = server.open("a1").await;
    client.send(Message::binary(vec![1, 2, 3])).await.unwrap();
    assert_eq!(closed(&mut client).await, 4400);
    let (mut client, _) = server.open("a1").await;
    let big = "x".repeat(curlew_base::limits::MESSAGE_BYTES + 1);
    client.send(Message::text(big)).await.unwrap();
    assert_eq!(closed(&mut client).await, 4413);
    let (mut older, _) = server.open("a1").await;
    let (mut newer, _) = server.open("a1").await;
    assert_eq!(closed(&mut older).await, 4409);
    server.world.gateway.say_goodbye(5);
    assert_eq!(hear(&mut newer).await, json!({"type": "goodbye", "retryAfterMs": 5}));
    assert_eq!(closed(&mut newer).await, 1012);
    drop((older, newer));
    server.world.gateway.closed().await;
}

#[tokio::test]
async fn a_dropped_connection_resumes() {
    let server = Server::start().await;
    let (mut caller, _) = server.open("a1").await;
    let (callee, session) = server.open("b1").await;
    drop(callee);
    say(&mut caller, &dial(1)).await;
    assert_eq!(hear(&mut caller).await["call"]["state"], "ringing");
    let mut callee = server.connect().await;
    say(&mut callee, &resume("b1", &session, 1)).await;
    assert_eq!(hear(&mut callee).await["resumed"], true);
    let ring = hear(&mut callee).await;
    assert_eq!((&ring["number"], &ring["body"]["event"]), (&json!(2), &json!("call")));
}
