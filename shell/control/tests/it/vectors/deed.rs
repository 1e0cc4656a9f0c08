//! The words of a step: who does what, in which call.

use curlew_base::{CallId, Role, UserId};
use curlew_wire::call::{MediaPath, MediaSettings};
use std::collections::BTreeMap;

/// One step of a script.
#[derive(Debug, Clone)]
pub enum Act {
    /// `wait <seconds>`: time passes, deadlines fire.
    Wait(u64),
    /// `restart`: the server stops and another starts on the same store.
    Restart,
    /// `<device> <verb> …`, and at the end the call, if it is not the first.
    Deed { who: String, call_id: CallId, deed: Deed },
}

/// What a device does, or what happens to it.
#[derive(Debug, Clone)]
pub enum Deed {
    Arrive,
    Lose,
    SignOut,
    Dial {
        callee: UserId,
        items: BTreeMap<String, String>,
    },
    Ring,
    Accept,
    End,
    PassEndOn,
    Media(MediaPath),
    Settings(MediaSettings),
    SetItems(BTreeMap<String, String>),
    DeleteItems(Option<Vec<String>>),
    Snapshot(Vec<CallId>),
    /// Past the server: what the other device, or its own application, told this one.
    HearSettings(Role, MediaSettings),
    EndHere(String, Option<Role>),
    /// It is told again what it was told as its n-th view, counted from 1.
    HearAgain(usize),
}

/// Reads a step; the message says what is wrong with it.
pub fn parse(text: &str) -> Result<Act, String> {
    let mut words: Vec<&str> = text.split(' ').collect();
    let bad = || format!("no such step: {text:?}");
    if words == ["restart"] {
        return Ok(Act::Restart);
    }
    if let ["wait", secs] = words[..] {
        return secs.parse().map(Act::Wait).map_err(|_| bad());
    }
    let is_call = |word: &&str| word.starts_with("call-");
    let about_one = words.get(1).is_some_and(|verb| *verb != "snapshot");
    let named = if about_one { words.pop_if(|last| is_call(&&**last)) } else { None };
    let call_id = CallId::new(named.unwrap_or("call-1")).map_err(|_| bad())?;
    let (who, verb) = (words.first().ok_or_else(bad)?, words.get(1).ok_or_else(bad)?);
    let deed = deed(verb, &words[2..]).ok_or_else(bad)?;
    Ok(Act::Deed { who: (*who).to_owned(), call_id, deed })
}

fn deed(verb: &str, rest: &[&str]) -> Option<Deed> {
    Some(match (verb, rest) {
        ("arrive", []) => Deed::Arrive,
        ("lose", []) => Deed::Lose,
        ("sign-out", []) => Deed::SignOut,
        ("dial", [callee, items @ ..]) => {
            Deed::Dial { callee: UserId::new(*callee).ok()?, items: pairs(items)? }
        }
        ("ring", []) => Deed::Ring,
        ("accept", []) => Deed::Accept,
        ("end", []) => Deed::End,
        ("pass-end-on", []) => Deed::PassEndOn,
        ("media", ["up"]) => Deed::Media(MediaPath::Up),
        ("media", ["down"]) => Deed::Media(MediaPath::Down),
        ("media", ["failed"]) => Deed::Media(MediaPath::Failed),
        ("settings", [on, revision]) => Deed::Settings(settings(on, revision)?),
        ("set", items @ [_, ..]) => Deed::SetItems(pairs(items)?),
        ("delete", keys @ [_, ..]) => Deed::DeleteItems(Some(strings(keys))),
        ("delete-all", []) => Deed::DeleteItems(None),
        ("snapshot", calls) => {
            Deed::Snapshot(calls.iter().map(|id| CallId::new(*id).ok()).collect::<Option<_>>()?)
        }
        ("hear-settings", [side, on, revision]) => {
            Deed::HearSettings(role(side)?, settings(on, revision)?)
        }
        ("end-here", [result]) => Deed::EndHere((*result).to_owned(), None),
        ("end-here", [result, side]) => Deed::EndHere((*result).to_owned(), Some(role(side)?)),
        ("hear-again", [number]) => Deed::HearAgain(number.parse().ok()?),
        _ => return None,
    })
}

fn pairs(words: &[&str]) -> Option<BTreeMap<String, String>> {
    let pair = |word: &&str| word.split_once('=').map(|(k, v)| (k.to_owned(), v.to_owned()));
    words.iter().map(pair).collect()
}

fn strings(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn role(word: &str) -> Option<Role> {
    match word {
        "dc_caller" => Some(Role::Caller),
        "dc_callee" => Some(Role::Callee),
        _ => None,
    }
}

/// `av 2`: audio and video are on, in the second change; `h` is on hold, `-` is nothing on.
fn settings(on: &str, revision: &str) -> Option<MediaSettings> {
    if on.is_empty() || !on.chars().all(|c| "avh-".contains(c)) {
        return None;
    }
    Some(MediaSettings {
        audio_enabled: on.contains('a'),
        video_enabled: on.contains('v'),
        on_hold: on.contains('h'),
        revision: revision.parse().ok()?,
    })
}

/// Settings with microphone and camera on, unchanged since the start.
pub const ON: MediaSettings =
    MediaSettings { audio_enabled: true, video_enabled: true, on_hold: false, revision: 0 };
