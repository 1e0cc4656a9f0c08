//! The WebSocket of axum as a [`Socket`].

use async_trait::async_trait;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use curlew_base::{Millis, limits};
use curlew_wire::close::CloseCode;

use crate::socket::{Frame, Socket, SocketGone};

/// Bytes read at once. Each idle connection owns a buffer of this size.
const READ_BUFFER_BYTES: usize = 4096;
/// Bytes written at once; an idle connection owns as much.
const WRITE_BUFFER_BYTES: usize = 1024;
/// How long a closing handshake may take before the connection is dropped.
const CLOSE_TIMEOUT: Millis = Millis::from_secs(1);

/// Bounds the buffers and messages of a connection.
pub(crate) fn bounded(upgrade: WebSocketUpgrade) -> WebSocketUpgrade {
    upgrade
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(WRITE_BUFFER_BYTES)
        .max_message_size(limits::MESSAGE_BYTES)
        .max_frame_size(limits::MESSAGE_BYTES)
}

pub(crate) struct AxumSocket(pub(crate) WebSocket);

#[async_trait]
impl Socket for AxumSocket {
    async fn recv(&mut self) -> Option<Frame> {
        loop {
            return Some(match self.0.recv().await? {
                Ok(Message::Text(text)) => Frame::Text(text.as_str().to_owned()),
                Ok(Message::Binary(_)) => Frame::Broken,
                Ok(Message::Close(_)) => Frame::Closed,
                // RFC 6455 section 5.5.2: the library answers a ping by itself.
                Ok(Message::Ping(_) | Message::Pong(_)) => continue,
                Err(error) => from_error(&error),
            });
        }
    }

    async fn send(&mut self, text: String) -> Result<(), SocketGone> {
        self.0.send(Message::Text(text.into())).await.map_err(|_| SocketGone)
    }

    async fn close(&mut self, code: CloseCode) {
        let frame = CloseFrame { code: code.number(), reason: code.reason().into() };
        let handshake = async {
            if self.0.send(Message::Close(Some(frame))).await.is_ok() {
                // Reading on until the device's close frame keeps TCP from resetting the connection
                // before the device has read ours.
                while let Some(Ok(_)) = self.0.recv().await {}
            }
        };
        // Past the time-out the connection is dropped without a handshake.
        drop(tokio::time::timeout(CLOSE_TIMEOUT.duration(), handshake).await);
    }
}

/// axum hides the type of its errors, not their text; a test over a real socket guards the words.
fn from_error(error: &axum::Error) -> Frame {
    let text = error.to_string();
    if text.starts_with("Space limit exceeded") {
        Frame::TooBig
    } else if text.starts_with("WebSocket protocol error") || text.starts_with("UTF-8") {
        Frame::Broken
    } else {
        Frame::Closed
    }
}
