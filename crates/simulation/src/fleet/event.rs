//! What happens, in the order of its time; of what happens at the same time, in the order in which it was foreseen.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use domain::export::Seen;
use domain::ids::ExportId;

use super::worker::Who;
use crate::scenario::Time;
use crate::store::Verdict;

/// One thing that happens.
#[derive(Clone, Copy, Debug)]
pub enum Event {
    /// A worker process begins.
    Start { worker: usize },
    /// Somebody asks for an export.
    Asked { owner: usize, segments: u32 },
    /// One of the others asks for a small one.
    Probe,
    /// A wake reaches the queue.
    Pushed { owner: usize },
    /// A worker has a wake, and knows whether others wait.
    Woken { worker: Who, owner: usize },
    /// A worker's loop looks for a wake.
    Free { worker: Who },
    /// A step is done.
    StepEnded { worker: Who, run: u64 },
    /// A worker dies.
    Crash { worker: Who },
    /// Results are offered.
    Offer { worker: Who, run: u64 },
    /// A heartbeat is due.
    Beat { worker: Who },
    /// A sweep is due.
    Sweep { worker: Who },
    /// A step that was looked at has been watched for a lease.
    Watched { worker: Who, owner: usize, export: ExportId, seen: Seen },
    /// A call reads.
    Read { call: u64 },
    /// A call writes.
    Commit { call: u64 },
    /// A call is answered.
    Answer { call: u64, verdict: Verdict },
}

/// What is to happen.
#[derive(Default)]
pub struct Events {
    order: BinaryHeap<Reverse<(Time, u64)>>,
    events: HashMap<u64, Event>,
    foreseen: u64,
}

impl Events {
    /// Foresees an event.
    pub fn at(&mut self, at: Time, event: Event) {
        self.foreseen += 1;
        self.order.push(Reverse((at, self.foreseen)));
        self.events.insert(self.foreseen, event);
    }

    /// The next one, with its time.
    pub fn next(&mut self) -> Option<(Time, Event)> {
        let Reverse((at, number)) = self.order.pop()?;
        Some((at, self.events.remove(&number).expect("it was foreseen")))
    }
}
