//! The events a device has not acknowledged, bounded in number and bytes.

use curlew_base::limits;
use std::collections::VecDeque;

/// Consecutive events, the first of which follows the last acknowledged one.
#[derive(Debug, Default)]
pub(crate) struct Buffer {
    events: VecDeque<String>,
    bytes: usize,
}

/// The event does not fit.
pub(crate) struct Full;

impl Buffer {
    pub(crate) fn push_back(&mut self, text: String) -> Result<(), Full> {
        self.reserve(&text)?;
        self.events.push_back(text);
        Ok(())
    }

    /// For the snapshot, which is numbered before the events that overtook it.
    pub(crate) fn push_front(&mut self, text: String) -> Result<(), Full> {
        // A snapshot alone may be longer than the cap: without it the device would never get on.
        if self.events.is_empty() {
            self.bytes = text.len();
        } else {
            self.reserve(&text)?;
        }
        self.events.push_front(text);
        Ok(())
    }

    fn reserve(&mut self, text: &str) -> Result<(), Full> {
        let bytes = self.bytes.saturating_add(text.len());
        if self.events.len() >= limits::UNACKED_EVENTS || bytes > limits::UNACKED_BYTES {
            return Err(Full);
        }
        self.bytes = bytes;
        Ok(())
    }

    /// Forgets the first `count` events, and gives the memory back with the last one.
    pub(crate) fn drop_first(&mut self, count: usize) {
        for text in self.events.drain(..count.min(self.events.len())) {
            self.bytes = self.bytes.saturating_sub(text.len());
        }
        if self.events.is_empty() {
            *self = Self::default();
        }
    }

    pub(crate) fn get(&self, index: usize) -> Option<&String> {
        self.events.get(index)
    }

    pub(crate) fn len(&self) -> usize {
        self.events.len()
    }

    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }
}
