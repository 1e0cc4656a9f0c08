//! The stop of the real process: softly on a signal, hard at the limit.
#![cfg(unix)]

use std::io::{Read, Write};
use std::net::TcpStream;

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
