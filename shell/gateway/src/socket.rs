//! What a connection needs of a WebSocket, so that a pretended one plugs in.

use async_trait::async_trait;
use curlew_wire::close::CloseCode;

/// What came from a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// A text message.
    Text(String),
    /// Something other than text, or not WebSocket.
    Broken,
    /// A message over the limit.
    TooBig,
    /// The device closed.
    Closed,
}

/// The device cannot be reached over this socket any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SocketGone;

/// A WebSocket of one device.
#[async_trait]
pub trait Socket: Send {
    /// The next message; `None` when the socket is gone. Dropping the future loses nothing.
    async fn recv(&mut self) -> Option<Frame>;
    /// Sends a text message.
    async fn send(&mut self, text: String) -> Result<(), SocketGone>;
    /// Closes with a code.
    async fn close(&mut self, code: CloseCode);
}
