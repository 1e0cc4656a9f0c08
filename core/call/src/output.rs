//! What a call wants done. The host performs it after the change is durable.

use serde::{Deserialize, Serialize};

use crate::input::Party;

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Effect {
    /// Send the party's current view to it. Never emitted for the party whose request is handled:
    /// the reply carries its view.
    Show(Party),
    /// Send the party its view for what is not part of the committed truth: how far the ring
    /// reaches. Nothing that must survive has changed.
    Refresh(Party),
    /// Tell the world, once.
    Tell(News),
    /// Answer the request with a refusal; nothing changed.
    Refuse(Refusal),
}

/// What webhooks tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum News {
    /// It was dialled.
    Dialled,
    /// It was accepted.
    Accepted,
    /// It ended.
    Ended,
}

/// Why a request was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refusal {
    /// The call is over, for this device or for all (rule 9).
    Over,
    /// The call is not in a state for that.
    WrongState,
    /// The device has no part in this call.
    NotAParty,
    /// The call rings on as many devices as it may.
    TooManyDevices,
    /// The call would have more custom items than it may.
    TooManyItems,
}
