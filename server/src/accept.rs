//! Accepted connections: sent without delay, and ended when nothing comes for too long.

use axum_server::accept::Accept;
use curlew_base::Millis;
use std::future::{Ready, ready};
use std::pin::Pin;
use tokio::net::TcpStream;
use tokio_io_timeout::TimeoutStream;

/// A client that vanished without a word, or that only holds a connection open, is let go after
/// this. A WebSocket hears its device at each heartbeat, well within it; an answered request may
/// be followed by another one within it.
const SILENCE_LIMIT: Millis = Millis::from_secs(30);

/// Sets `TCP_NODELAY`, and the limit of silence.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PatientAcceptor;

impl<S> Accept<TcpStream, S> for PatientAcceptor {
    type Stream = Pin<Box<TimeoutStream<TcpStream>>>;
    type Service = S;
    type Future = Ready<std::io::Result<(Self::Stream, Self::Service)>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        ready(stream.set_nodelay(true).map(|()| {
            let mut stream = TimeoutStream::new(stream);
            stream.set_read_timeout(Some(SILENCE_LIMIT.duration()));
            // What cannot be sent for as long is lost, too.
            stream.set_write_timeout(Some(SILENCE_LIMIT.duration()));
            (Box::pin(stream), service)
        }))
    }
}
