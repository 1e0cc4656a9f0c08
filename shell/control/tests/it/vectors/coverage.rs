//! Which pairs of state and input the scripts reach, for each role that a device can have.
//!
//! The lists and the matches name every state, role and input: a new one does not compile until
//! it is listed here, and then fails the test until a script reaches it.

use curlew_base::Role;
use curlew_call::{Busy, Call, Input, ItemsChange, Party, Path, ViewState};
use std::collections::BTreeSet;

macro_rules! listed {
    ($name:ident: $($(#[$doc:meta])* $variant:ident),+ $(,)?) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name { $($(#[$doc])* $variant),+ }
        impl $name {
            const ALL: &[Self] = &[$(Self::$variant),+];
        }
    };
}

listed!(State: Ringing, Established, Connected, EndedUnanswered, EndedAnswered);

listed!(Who:
    /// The device that dialled.
    Caller,
    /// Another device of the caller's user.
    CallersOther,
    /// A device that rings, or rang and did not answer.
    Rung,
    /// The device that answered.
    Answered,
    /// A device that declined for itself alone.
    Declined,
    /// A device of the callee that was never rung, or that left the ring.
    CalleesOther,
    /// No device: the input is about time or about all.
    Nobody,
);

listed!(Kind:
    Arrived, Lost, Left, Presence, Rung, Accept, AcceptByDial, EndFree, EndBusy, PeerEnded,
    MediaPending, MediaUp, MediaDown, MediaFailed, Settings, SettingsLate, ItemsUpdate,
    ItemsDelete, ItemsDeleteAll, TickEarly, TickDue,
);

/// A state, a role and an input.
pub type Pair = (State, Who, Kind);

/// Where a call stands, told apart by whether it was answered.
pub fn state_of(call: &Call) -> State {
    match call.seated_state() {
        ViewState::Ringing => State::Ringing,
        ViewState::Established => State::Established,
        ViewState::Connected => State::Connected,
        ViewState::Ended { .. } if call.answered_leg().is_some() => State::EndedAnswered,
        ViewState::Ended { .. } => State::EndedUnanswered,
    }
}

/// What an input is to a call at that moment; `is_due` says whether a tick has something to do.
pub fn kind_of(call: &Call, input: &Input, is_due: bool) -> Kind {
    match input {
        Input::Arrived(_) => Kind::Arrived,
        Input::Lost(..) => Kind::Lost,
        Input::Left(_) => Kind::Left,
        Input::Presence(_) => Kind::Presence,
        Input::Rung(_) => Kind::Rung,
        Input::Accept(_, answer) if answer.dial_key.is_some() => Kind::AcceptByDial,
        Input::Accept(..) => Kind::Accept,
        Input::End(_, Busy::Free) => Kind::EndFree,
        Input::End(_, Busy::InAnotherCall) => Kind::EndBusy,
        Input::PeerEnded(_) => Kind::PeerEnded,
        Input::Media(_, Path::Pending) => Kind::MediaPending,
        Input::Media(_, Path::Up) => Kind::MediaUp,
        Input::Media(_, Path::Down) => Kind::MediaDown,
        Input::Media(_, Path::Failed) => Kind::MediaFailed,
        Input::Settings(party, settings) => {
            let (callers, callees) = call.settings();
            let known = match party.role {
                Role::Caller => callers,
                Role::Callee => callees,
            };
            if settings.revision > known.revision { Kind::Settings } else { Kind::SettingsLate }
        }
        Input::Items(_, ItemsChange::Update(_)) => Kind::ItemsUpdate,
        Input::Items(_, ItemsChange::Delete(_)) => Kind::ItemsDelete,
        Input::Items(_, ItemsChange::DeleteAll) => Kind::ItemsDeleteAll,
        Input::Tick if is_due => Kind::TickDue,
        Input::Tick => Kind::TickEarly,
    }
}

/// Whose input it is.
pub const fn party_of(input: &Input) -> Option<&Party> {
    match input {
        Input::Arrived(party)
        | Input::Lost(party, _)
        | Input::Left(party)
        | Input::Rung(party)
        | Input::Accept(party, _)
        | Input::End(party, _)
        | Input::PeerEnded(party)
        | Input::Media(party, _)
        | Input::Settings(party, _)
        | Input::Items(party, _) => Some(party),
        Input::Presence(_) | Input::Tick => None,
    }
}

/// Whether a role exists in a state.
const fn exists(state: State, who: Who) -> bool {
    match (state, who) {
        (State::Ringing | State::EndedUnanswered, Who::Answered) => false,
        (State::Established | State::Connected | State::EndedAnswered, Who::Answered)
        | (
            State::Ringing
            | State::Established
            | State::Connected
            | State::EndedUnanswered
            | State::EndedAnswered,
            Who::Caller
            | Who::CallersOther
            | Who::Rung
            | Who::Declined
            | Who::CalleesOther
            | Who::Nobody,
        ) => true,
    }
}

/// Whether a pair has to be reached. What is left out cannot come, and why stands beside it.
const fn is_wanted((state, who, kind): Pair) -> bool {
    let is_over = matches!(state, State::EndedUnanswered | State::EndedAnswered);
    let is_callee = matches!(who, Who::Rung | Who::Declined | Who::CalleesOther);
    let by_device = exists(state, who) && !matches!(who, Who::Nobody);
    match kind {
        Kind::Arrived
        | Kind::Lost
        | Kind::Left
        | Kind::Rung
        | Kind::Accept
        | Kind::EndFree
        | Kind::EndBusy
        | Kind::PeerEnded
        | Kind::MediaUp
        | Kind::MediaDown
        | Kind::MediaFailed
        | Kind::Settings
        | Kind::ItemsUpdate
        | Kind::ItemsDelete
        | Kind::ItemsDeleteAll => by_device,
        // A dial is an answer only while the other one rings, and only the callee's.
        Kind::AcceptByDial => by_device && is_callee && matches!(state, State::Ringing),
        // No word of the protocol says that a path is pending.
        Kind::MediaPending => false,
        // Only who has a seat has sent something before.
        Kind::SettingsLate => !is_over && by_device && matches!(who, Who::Caller | Who::Answered),
        Kind::Presence | Kind::TickEarly => matches!(who, Who::Nobody),
        // A call that is over has no deadline.
        Kind::TickDue => matches!(who, Who::Nobody) && !is_over,
    }
}

/// Every pair that has to be reached.
pub fn wanted() -> BTreeSet<Pair> {
    let mut pairs = BTreeSet::new();
    for &state in State::ALL {
        for &who in Who::ALL {
            let kinds = Kind::ALL.iter().map(|&kind| (state, who, kind));
            pairs.extend(kinds.filter(|pair| is_wanted(*pair)));
        }
    }
    pairs
}
