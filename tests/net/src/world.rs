//! Places: network namespaces with TUN interfaces, made and removed with iproute2.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::Command;

use tun_rs::{DeviceBuilder, SyncDevice};

use crate::command::Signal;

/// Namespaces are called `curlew-<process id>-<place>`.
const PREFIX: &str = "curlew";
/// The name that this program has in `/proc/<id>/comm`.
const PROGRAM: &str = "curlew-net";
const MAX_PLACE_NAME: usize = 16;
const MAX_PLACES: usize = 64;
/// A place with more interfaces than this has no route for them.
const MAX_INTERFACES: usize = 4;

/// Why a place could not be made or changed.
#[derive(Debug, thiserror::Error)]
pub enum WorldError {
    /// iproute2 is not there, or could not be started.
    #[error("cannot run `ip`: {0}. It comes with iproute2; on Debian: apt-get install iproute2")]
    NoIp(io::Error),
    /// iproute2 refused.
    #[error("`{command}` failed: {said}")]
    Ip {
        /// What was run.
        command: String,
        /// What it said on stderr.
        said: String,
    },
    /// The kernel gives us no namespace.
    #[error(
        "cannot make a network namespace: {0}\nthe network tests need root (CAP_SYS_ADMIN and \
         CAP_NET_ADMIN); run them with sudo, or in a container started with --privileged"
    )]
    NoNamespace(String),
    /// The kernel gives us no interface.
    #[error(
        "cannot make a TUN interface: {0}\nthe network tests need /dev/net/tun and CAP_NET_ADMIN; \
         load the module `tun`, or start the container with --device /dev/net/tun"
    )]
    NoTun(io::Error),
    /// The order names what is not there, is there already, or is too much.
    #[error("{0}")]
    Order(String),
}

struct Place {
    namespace: String,
    /// In order of joining: `eth0`, `eth1`, ...
    interfaces: Vec<Ipv4Addr>,
}

/// All places of this run. They are removed when it is dropped.
pub struct World {
    process: u32,
    places: BTreeMap<String, Place>,
    made: u32,
}

impl World {
    /// A world without places; what runs that are over have left behind is removed.
    pub fn new(process: u32) -> Result<Self, WorldError> {
        sweep()?;
        Ok(Self { process, places: BTreeMap::new(), made: 0 })
    }

    /// Gives a place an interface and its other end.
    pub fn join(
        &mut self,
        place: &str,
        address: Ipv4Addr,
    ) -> Result<(String, SyncDevice), WorldError> {
        if self.find(address).is_ok() {
            return Err(WorldError::Order(format!("{address} is taken")));
        }
        let namespace = self.namespace(place)?;
        let index = self.places.get(place).map_or(0, |place| place.interfaces.len());
        if index >= MAX_INTERFACES {
            return Err(WorldError::Order(format!("{place} has {MAX_INTERFACES} interfaces")));
        }
        self.made += 1;
        let first_name = format!("cw{}-{}", self.process, self.made);
        let device = DeviceBuilder::new()
            .name(&first_name)
            .enable(false)
            .build_sync()
            .map_err(WorldError::NoTun)?;
        let name = format!("eth{index}");
        ip(&["link", "set", &first_name, "netns", &namespace, "name", &name])?;
        let within = ["-n", &namespace];
        ip(&[&within[..], &["link", "set", &name, "addrgenmode", "none", "mtu", "1500"]].concat())?;
        let host = format!("{address}/32");
        ip(&[&within[..], &["address", "add", &host, "dev", &name]].concat())?;
        let table = table(index);
        let rule = ["rule", "add", "from", &address.to_string(), "table", &table].map(String::from);
        let rule: Vec<&str> = rule.iter().map(String::as_str).collect();
        ip(&[&within[..], &rule].concat())?;
        up(&namespace, index)?;
        if let Some(place) = self.places.get_mut(place) {
            place.interfaces.push(address);
        }
        Ok((namespace, device))
    }

    /// Takes an interface down.
    pub fn unplug(&self, address: Ipv4Addr) -> Result<(), WorldError> {
        let (place, index) = self.find(address)?;
        ip(&["-n", &place.namespace, "link", "set", &format!("eth{index}"), "down"])?;
        Ok(())
    }

    /// Brings an interface up, with its routes, which went with it.
    pub fn plug(&self, address: Ipv4Addr) -> Result<(), WorldError> {
        let (place, index) = self.find(address)?;
        up(&place.namespace, index)
    }

    /// Signals what runs in a place.
    pub fn signal(&self, place: &str, signal: Signal) -> Result<(), WorldError> {
        let known = self.places.get(place);
        signal_all(&known.ok_or_else(|| unknown(place))?.namespace, signal)
    }

    /// Removes a place; gives the addresses that are gone with it.
    pub fn leave(&mut self, place: &str) -> Result<Vec<Ipv4Addr>, WorldError> {
        let known = self.places.remove(place).ok_or_else(|| unknown(place))?;
        remove(&known.namespace)?;
        Ok(known.interfaces)
    }

    /// The namespace of a place, made if there is none.
    fn namespace(&mut self, place: &str) -> Result<String, WorldError> {
        if let Some(known) = self.places.get(place) {
            return Ok(known.namespace.clone());
        }
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        if place.is_empty() || place.len() > MAX_PLACE_NAME || !place.chars().all(is_plain) {
            return Err(WorldError::Order(format!("`{place}` cannot name a place")));
        }
        if self.places.len() >= MAX_PLACES {
            return Err(WorldError::Order(format!("there are {MAX_PLACES} places already")));
        }
        let namespace = format!("{PREFIX}-{}-{place}", self.process);
        ip(&["netns", "add", &namespace]).map_err(|error| match error {
            WorldError::Ip { said, .. } => WorldError::NoNamespace(said),
            other => other,
        })?;
        let made = Place { namespace: namespace.clone(), interfaces: Vec::new() };
        self.places.insert(place.to_owned(), made);
        ip(&["-n", &namespace, "link", "set", "lo", "up"])?;
        Ok(namespace)
    }

    fn find(&self, address: Ipv4Addr) -> Result<(&Place, usize), WorldError> {
        let places = self.places.values();
        let mut all = places.filter_map(|place| {
            Some((place, place.interfaces.iter().position(|known| *known == address)?))
        });
        all.next().ok_or_else(|| WorldError::Order(format!("no interface has {address}")))
    }
}

impl Drop for World {
    fn drop(&mut self) {
        for place in self.places.values() {
            if let Err(error) = remove(&place.namespace) {
                eprintln!("left behind: {error}");
            }
        }
    }
}

fn unknown(place: &str) -> WorldError {
    WorldError::Order(format!("there is no place `{place}`"))
}

/// The routing table of an interface of its own: what has its address leaves by it.
fn table(index: usize) -> String {
    (100 + index).to_string()
}

/// The first interface that is up carries what has no address yet.
fn up(namespace: &str, index: usize) -> Result<(), WorldError> {
    let (name, metric, table) = (format!("eth{index}"), (10 + index).to_string(), table(index));
    ip(&["-n", namespace, "link", "set", &name, "up"])?;
    let route = ["-n", namespace, "route", "replace", "default", "dev", &name];
    ip(&[&route[..], &["metric", &metric]].concat())?;
    ip(&[&route[..], &["table", &table]].concat())?;
    Ok(())
}

fn remove(namespace: &str) -> Result<(), WorldError> {
    signal_all(namespace, Signal::Kill)?;
    ip(&["netns", "delete", namespace]).map(|_| ())
}

/// Signals the processes of a namespace by their ids. One that ended by itself is no failure.
fn signal_all(namespace: &str, signal: Signal) -> Result<(), WorldError> {
    let processes = ip(&["netns", "pids", namespace])?;
    let ids: Vec<&str> = processes.split_whitespace().collect();
    if !ids.is_empty() {
        let _ = Command::new("kill").arg(signal.option()).args(ids).output();
    }
    Ok(())
}

/// Removes the namespaces of runs that are over.
fn sweep() -> Result<(), WorldError> {
    for line in ip(&["netns", "list"])?.lines() {
        let Some(name) = line.split_whitespace().next() else { continue };
        if owner(name).is_some_and(|process| !is_running(process)) {
            remove(name)?;
        }
    }
    Ok(())
}

/// The process that made a namespace, if it is one of ours.
fn owner(namespace: &str) -> Option<u32> {
    let mut parts = namespace.split('-');
    if parts.next() != Some(PREFIX) {
        return None;
    }
    let process = parts.next()?.parse().ok()?;
    parts.next().map(|_| process)
}

/// Whether this id still is a process of this program, and not of another that got its number.
fn is_running(process: u32) -> bool {
    let name = fs::read_to_string(Path::new("/proc").join(process.to_string()).join("comm"));
    name.is_ok_and(|name| name.trim_end() == PROGRAM)
}

fn ip(args: &[&str]) -> Result<String, WorldError> {
    let output = Command::new("ip").args(args).output().map_err(WorldError::NoIp)?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(WorldError::Ip { command: format!("ip {}", args.join(" ")), said })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_namespaces_of_ours_have_an_owner() {
        assert_eq!(owner("curlew-123-alice"), Some(123));
        for name in ["curlew-123", "curlew-x-alice", "other-123-alice", ""] {
            assert_eq!(owner(name), None, "{name}");
        }
        assert!(!is_running(std::process::id()), "a test is not the program");
    }
}
