//! Wakes, and the workers that wait for them.

use std::collections::{HashMap, VecDeque};

use domain::owner::Owner;
use queue::{Message, Order, Wake};

use super::worker::Who;
use super::{Event, Fleet};

/// The queue, and who waits at it.
pub struct Wakes {
    order: Kind,
    messages: Vec<Message>,
    owners: HashMap<Message, usize>,
    takers: VecDeque<Who>,
}

enum Kind {
    /// As it is: each owner once, the oldest first.
    Turns(Order),
    /// Every wake, the newest first.
    NoTurns(Vec<usize>),
}

impl Wakes {
    pub fn new(owners: &[Owner], no_turns: bool) -> Self {
        let messages: Vec<_> = owners.iter().map(|owner| Wake::of(owner.clone()).encode()).collect();
        let owners = messages.iter().cloned().zip(0..).collect();
        let order = if no_turns { Kind::NoTurns(Vec::new()) } else { Kind::Turns(Order::default()) };
        Self { order, messages, owners, takers: VecDeque::new() }
    }

    pub fn push(&mut self, owner: usize) {
        match &mut self.order {
            Kind::Turns(order) => drop(order.push(self.messages[owner].clone())),
            Kind::NoTurns(stack) => stack.push(owner),
        }
    }

    fn pop(&mut self) -> Option<usize> {
        match &mut self.order {
            Kind::Turns(order) => order.pop().map(|message| self.owners[&message]),
            Kind::NoTurns(stack) => stack.pop(),
        }
    }

    /// Whether others than this owner wait; without turns nobody asks.
    pub fn others_wait(&self, owner: usize) -> bool {
        match &self.order {
            Kind::Turns(order) => order.others_wait(&self.messages[owner]),
            Kind::NoTurns(_) => false,
        }
    }

    fn is_empty(&self) -> bool {
        match &self.order {
            Kind::Turns(order) => order.is_empty(),
            Kind::NoTurns(stack) => stack.is_empty(),
        }
    }
}

impl Fleet {
    /// Says that an owner may have work.
    pub(super) fn push(&mut self, owner: usize) {
        self.tally.wakes.pushed += 1;
        if self.dice.happens(self.scenario.faults.lost_wakes) {
            self.tally.wakes.lost += 1;
            return;
        }
        let way = self.dice.around(self.scenario.times.queue_call);
        self.events.at(self.now + way, Event::Pushed { owner });
    }

    /// The same for what a sweep found; all at once, since nothing waits for their way.
    pub(super) fn push_found(&mut self, owner: usize) {
        self.tally.wakes.pushed += 1;
        if self.dice.happens(self.scenario.faults.lost_wakes) {
            self.tally.wakes.lost += 1;
        } else {
            self.wakes.push(owner);
        }
    }

    pub(super) fn pushed(&mut self, owner: usize) {
        self.wakes.push(owner);
        self.deliver();
    }

    /// A worker waits for the next wake.
    pub(super) fn take(&mut self, worker: Who) {
        self.wakes.takers.push_back(worker);
        self.deliver();
    }

    pub(super) fn deliver(&mut self) {
        while !self.wakes.is_empty() {
            let Some(taker) = self.wakes.takers.pop_front() else { return };
            if !self.is_alive(taker) {
                continue;
            }
            let owner = self.wakes.pop().expect("one waits");
            self.tally.wakes.taken += 1;
            // The way to the worker, and its question whether others wait.
            let way = 2 * self.dice.around(self.scenario.times.queue_call);
            self.events.at(self.now + way, Event::Woken { worker: taker, owner });
        }
    }
}
