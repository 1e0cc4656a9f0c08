//! The loop: packets from the interfaces, commands from stdin, packets that are due.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use tun_rs::SyncDevice;

use crate::command::{Answer, Command, Line};
use crate::router::Router;
use crate::world::{World, WorldError};

/// Larger than the interfaces' MTU of 1,500.
const BUFFER: usize = 2_048;
/// How long the loop waits when nothing is under way; anything that happens wakes it.
const IDLE: Duration = Duration::from_secs(3_600);

/// What wakes the loop.
pub enum News {
    /// A packet came in by the interface of this address.
    Packet(Ipv4Addr, Vec<u8>),
    /// A line of stdin.
    Command(String),
    /// Stdin has ended.
    Over,
}

/// Owns the world, the router, and our ends of the interfaces.
pub struct Switchboard {
    world: World,
    router: Router,
    devices: BTreeMap<Ipv4Addr, Arc<SyncDevice>>,
    sender: Sender<News>,
}

impl Switchboard {
    /// A board without interfaces; their readers will send on `sender`.
    pub fn new(world: World, seed: u64, sender: Sender<News>) -> Self {
        Self { world, router: Router::new(seed), devices: BTreeMap::new(), sender }
    }

    /// Runs until stdin ends.
    pub fn run(&mut self, news: &Receiver<News>, out: &mut impl Write) -> io::Result<()> {
        loop {
            let now = Instant::now();
            while let Some(parcel) = self.router.poll(now) {
                if let Some(device) = self.devices.get(&parcel.to) {
                    // An interface that is down takes nothing: the packet is lost.
                    let _ = device.send(&parcel.bytes);
                }
            }
            let due = self.router.wake_at();
            let wait = due.map_or(IDLE, |due| due.saturating_duration_since(Instant::now()));
            match news.recv_timeout(wait) {
                Ok(News::Packet(from, bytes)) => {
                    self.router.handle_packet(Instant::now(), from, bytes);
                }
                Ok(News::Command(line)) => {
                    let answer = serde_json::to_string(&self.answer(&line))?;
                    writeln!(out, "{answer}")?;
                    out.flush()?;
                }
                Ok(News::Over) | Err(RecvTimeoutError::Disconnected) => return Ok(()),
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    fn answer(&mut self, line: &str) -> Answer {
        match serde_json::from_str::<Line>(line) {
            Err(error) => Answer { id: None, namespace: None, error: Some(error.to_string()) },
            Ok(Line { id, command }) => match self.obey(command) {
                Ok(namespace) => Answer { id: Some(id), namespace, error: None },
                Err(error) => {
                    Answer { id: Some(id), namespace: None, error: Some(error.to_string()) }
                }
            },
        }
    }

    fn obey(&mut self, command: Command) -> Result<Option<String>, WorldError> {
        match command {
            Command::Join { place, address } => {
                let (namespace, device) = self.world.join(&place, address)?;
                self.attach(address, device);
                return Ok(Some(namespace));
            }
            Command::Faults { address, faults } => {
                if let Some(field) = faults.out_of_bounds() {
                    return Err(WorldError::Order(format!("{field} is out of bounds")));
                }
                if !self.router.set_faults(Instant::now(), address, faults) {
                    return Err(WorldError::Order(format!("no interface has {address}")));
                }
            }
            Command::Unplug { address } => self.world.unplug(address)?,
            Command::Plug { address } => self.world.plug(address)?,
            Command::Signal { place, signal } => self.world.signal(&place, signal)?,
            Command::Leave { place } => {
                for address in self.world.leave(&place)? {
                    self.router.leave(address);
                    self.devices.remove(&address);
                }
            }
        }
        Ok(None)
    }

    /// Starts the reader of an interface. It ends with the interface or with the process.
    fn attach(&mut self, address: Ipv4Addr, device: SyncDevice) {
        let device = Arc::new(device);
        self.router.join(address);
        self.devices.insert(address, Arc::clone(&device));
        let sender = self.sender.clone();
        thread::spawn(move || {
            let mut buffer = [0; BUFFER];
            loop {
                match device.recv(&mut buffer) {
                    Ok(length) => {
                        let packet = News::Packet(address, buffer[..length].to_vec());
                        if sender.send(packet).is_err() {
                            return;
                        }
                    }
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => {
                        eprintln!("{address}: {error}");
                        return;
                    }
                }
            }
        });
    }
}
