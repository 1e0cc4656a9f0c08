//! The stop of the real process: softly on a signal, hard at the limit.
#![cfg(unix)]

use std::io::{Read, Write};
use std::net::TcpStream;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::house::House;

#[test]
fn each_stop_signal_ends_softly_with_success_and_only_one_json_line() {
    for signal in ["TERM", "INT"] {
        let house = House::new();
        let server = house.serve(&[]);
        let address = server.address().to_owned();
        server.signal(signal);
        let (status, out, err) = server.ended();
        assert!(status.success(), "{signal}: {err}");
        assert_eq!(out, "", "the JSON line was read; nothing else belongs on standard output");
        assert!(err.contains("Open in two browser tabs") && err.contains("stopped"), "{err}");
        assert!(TcpStream::connect(address).is_err());
    }
}

/// P10: who connects and says nothing, or nothing more, does not hold a connection for ever.
#[test]
fn a_silent_connection_is_closed() {
    let house = House::new();
    let server = house.serve(&[]);
    let mut mute = TcpStream::connect(server.address()).unwrap();
    let mut once = TcpStream::connect(server.address()).unwrap();
    once.write_all(b"GET /healthz HTTP/1.1\r\nHost: curlew\r\n\r\n").unwrap();
    let mut all = String::new();
    for stream in [&mut once, &mut mute] {
        // Fails instead of hanging if the server keeps it open.
        stream.set_read_timeout(Some(std::time::Duration::from_secs(60))).unwrap();
        stream.read_to_string(&mut all).unwrap();
    }
    assert!(all.starts_with("HTTP/1.1 200"), "{all}");
}

#[test]
fn an_unfinished_request_is_cut_at_the_limit() {
    let house = House::new();
    let server = house.serve(&["--stop-timeout-secs", "1"]);
    let mut stream = TcpStream::connect(server.address()).unwrap();
    // The server asks for the body, so it reads this request; the body never comes.
    let head = "POST /v1/sessions HTTP/1.1\r\nHost: curlew\r\nContent-Type: application/json\r\n\
        Content-Length: 10\r\nExpect: 100-continue\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let mut asked = [0; 12];
    stream.read_exact(&mut asked).unwrap();
    assert_eq!(&asked, b"HTTP/1.1 100");
    server.signal("TERM");
    let (status, _, err) = server.ended();
    assert!(!status.success() && err.contains("stopped hard"), "{err}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_connected_device_is_told_to_come_back_and_finds_its_session_after_the_restart() {
    let house = House::new();
    let server = house.serve(&[]);
    let app_id = server.told["appId"].as_str().unwrap().to_owned();
    let body = json!({ "appId": app_id, "userId": "ann", "deviceId": "d1" }).to_string();
    let (head, body) = server.post("/v1/sessions", &body);
    assert!(head.starts_with("HTTP/1.1 200"), "{head}\n{body}");
    let key = serde_json::from_str::<Value>(&body).unwrap()["sessionKey"].clone();
    let hello = json!({ "type": "hello", "versions": [1], "sessionKey": key }).to_string();

    let url = format!("ws://{}/v1/socket", server.address());
    let (mut socket, _) = tokio_tungstenite::connect_async(&url).await.unwrap();
    socket.send(Message::text(hello.clone())).await.unwrap();
    let welcome = socket.next().await.unwrap().unwrap().into_text().unwrap();
    assert!(welcome.contains("\"welcome\""), "{welcome}");
    server.signal("TERM");
    let mut goodbye = None;
    let close = loop {
        match socket.next().await.expect("a close comes before the end").unwrap() {
            Message::Close(close) => break close.expect("the close has a code"),
            Message::Text(text) if text.contains("\"goodbye\"") => goodbye = Some(text),
            _ => {}
        }
    };
    assert_eq!(u16::from(close.code), 1012);
    assert!(goodbye.is_some_and(|text| text.contains("1000")), "it says when to come back");
    // Reading on answers the close.
    while let Some(Ok(_)) = socket.next().await {}
    let (status, _, err) = server.ended();
    assert!(status.success(), "{err}");

    let again = house.serve(&[]);
    let url = format!("ws://{}/v1/socket", again.address());
    let (mut socket, _) = tokio_tungstenite::connect_async(&url).await.unwrap();
    socket.send(Message::text(hello)).await.unwrap();
    let welcome = socket.next().await.unwrap().unwrap().into_text().unwrap();
    assert!(welcome.contains("\"welcome\""), "{welcome}");
}
