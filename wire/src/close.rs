//! WebSocket close codes of the signalling protocol (RFC 6455 section 7.4.2, private range).

/// Why the server closed a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CloseCode {
    /// 1012: the server restarts; come back.
    Restarting,
    /// 4400: the frame was not a JSON text message.
    BrokenFrame,
    /// 4401: the session key is unknown or no longer valid; authenticate again.
    NotAuthenticated,
    /// 4408: no `hello` in time, or no sign of life.
    TimedOut,
    /// 4409: a newer connection of the same device took over.
    Replaced,
    /// 4410: the session was ended on purpose (signed out, user removed, token revoked).
    SessionEnded,
    /// 4413: the message was too long.
    TooBig,
    /// 4426: no protocol version in common.
    VersionUnsupported,
    /// 4500: the server failed; come back.
    ServerFailed,
}

impl CloseCode {
    /// The number on the wire.
    #[must_use]
    pub const fn number(self) -> u16 {
        match self {
            Self::Restarting => 1012,
            Self::BrokenFrame => 4400,
            Self::NotAuthenticated => 4401,
            Self::TimedOut => 4408,
            Self::Replaced => 4409,
            Self::SessionEnded => 4410,
            Self::TooBig => 4413,
            Self::VersionUnsupported => 4426,
            Self::ServerFailed => 4500,
        }
    }

    /// The reason on the wire.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Restarting => "server restarts",
            Self::BrokenFrame => "not a JSON text message",
            Self::NotAuthenticated => "not authenticated",
            Self::TimedOut => "timed out",
            Self::Replaced => "replaced by a newer connection",
            Self::SessionEnded => "session ended",
            Self::TooBig => "message too big",
            Self::VersionUnsupported => "no protocol version in common",
            Self::ServerFailed => "server failed",
        }
    }
}
