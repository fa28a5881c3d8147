//! Sweeps: owners whose time has come are woken, whether their wakes were lost or not.

use super::worker::Who;
use super::{Event, Fleet};
use crate::scenario::{MILLISECOND, Time};

/// Owners that one sweep wakes.
const SWEEP_OWNERS: usize = 1_000;
/// Keys over which the index of due exports is spread, each asked by a call.
const INDEX_KEYS: u64 = 16;

impl Fleet {
    pub(super) fn sweep(&mut self, worker: Who) {
        if !self.is_alive(worker) {
            return;
        }
        let pause = self.scenario.limits.sweep_milliseconds * MILLISECOND;
        self.events.at(self.now + pause, Event::Sweep { worker });
        if !self.scenario.switches.each_sweeps && !self.has_the_turn(pause) {
            return;
        }
        let due = self.table.due(self.wall(), SWEEP_OWNERS);
        self.tally.calls.sweep += INDEX_KEYS;
        self.tally.sweeps += 1;
        (0..INDEX_KEYS).for_each(|_| self.table.cost.read_index(due.len() / INDEX_KEYS as usize));
        due.into_iter().for_each(|owner| self.push_found(owner));
        self.deliver();
    }

    /// Whether this worker sweeps for all.
    fn has_the_turn(&mut self, pause: Time) -> bool {
        let is_due = self.last_sweep.is_none_or(|last| self.now >= last + pause * 9 / 10);
        if is_due {
            self.last_sweep = Some(self.now);
        }
        is_due
    }
}
