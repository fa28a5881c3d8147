//! The order of a queue: each message once, the oldest first. No waiting and no time, so that a simulation goes by it, too.

use std::collections::{BTreeMap, HashMap};

use crate::Message;

/// Messages in the order in which they came.
#[derive(Debug, Default)]
pub struct Order {
    /// Counts pushes.
    pushes: u64,
    waiting: BTreeMap<u64, Message>,
    places: HashMap<Message, u64>,
}

impl Order {
    /// Adds a message at the end; `false` where the same one waits already, which keeps its place.
    pub fn push(&mut self, message: Message) -> bool {
        if self.places.contains_key(&message) {
            return false;
        }
        self.pushes += 1;
        self.places.insert(message.clone(), self.pushes);
        self.waiting.insert(self.pushes, message);
        true
    }

    /// Takes the oldest.
    pub fn pop(&mut self) -> Option<Message> {
        let (_, message) = self.waiting.pop_first()?;
        self.places.remove(&message);
        Some(message)
    }

    /// Whether any waits but this one.
    pub fn others_wait(&self, message: &Message) -> bool {
        self.waiting.values().take(2).any(|waiting| waiting != message)
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}
