//! A worker process: its loop takes a wake, claims, hands out steps, looks after who holds steps.

use std::collections::{BTreeMap, HashSet};

use domain::export::Seen;
use domain::ids::{ExportId, WorkerId};
use domain::random::uuid_v7;
use domain::turns;
use stores::Claimed;

use super::call::{Answer, Ask};
use super::runs::Run;
use super::{Event, Fleet};
use crate::scenario::{MILLISECOND, Time};

/// The wait of the loop after the store failed.
const TROUBLE_WAIT: Time = 500 * MILLISECOND;

/// One life of a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Who {
    /// Which of the fleet.
    pub place: usize,
    /// New for each process.
    pub id: WorkerId,
}

/// One process.
pub struct Worker {
    id: Option<WorkerId>,
    pub free_slots: u32,
    /// Whether the loop serves an owner, or waits for a wake.
    is_serving: bool,
    waits: bool,
    pub runs: BTreeMap<u64, Run>,
    watching: HashSet<(ExportId, Seen)>,
}

impl Worker {
    /// A place without a process.
    pub fn none() -> Self {
        Self {
            id: None,
            free_slots: 0,
            is_serving: false,
            waits: false,
            runs: BTreeMap::new(),
            watching: HashSet::new(),
        }
    }

    /// Whether it still lives.
    pub fn is(&self, who: Who) -> bool {
        self.id == Some(who.id)
    }
}

impl Fleet {
    pub(super) fn is_alive(&self, who: Who) -> bool {
        self.workers[who.place].is(who)
    }

    /// A process begins in this place.
    pub(super) fn start(&mut self, place: usize) {
        let id = WorkerId(uuid_v7(self.wall(), &self.dice.random));
        self.workers[place] = Worker { id: Some(id), free_slots: self.scenario.slots, ..Worker::none() };
        let worker = Who { place, id };
        let (beat, sweep) = (self.scenario.limits.heartbeat_milliseconds, self.scenario.limits.sweep_milliseconds);
        self.events.at(self.now + beat * MILLISECOND, Event::Beat { worker });
        let first_sweep = self.dice.below(sweep * MILLISECOND);
        self.events.at(self.now + first_sweep, Event::Sweep { worker });
        self.look_up(worker);
    }

    /// The loop goes round: with room for work it waits for a wake.
    pub(super) fn look_up(&mut self, worker: Who) {
        if !self.is_alive(worker) {
            return;
        }
        let it = &mut self.workers[worker.place];
        it.is_serving = false;
        self.wait(worker);
    }

    /// Waits for a wake, unless the loop is at something else or has no room.
    pub(super) fn wait(&mut self, worker: Who) {
        let it = &mut self.workers[worker.place];
        if !it.is_serving && !it.waits && it.free_slots > 0 {
            it.waits = true;
            self.take(worker);
        }
    }

    /// A wake is there: steps are claimed.
    pub(super) fn woken(&mut self, worker: Who, owner: usize) {
        if !self.is_alive(worker) {
            return;
        }
        let others_wait = self.wakes.others_wait(owner);
        let it = &mut self.workers[worker.place];
        (it.waits, it.is_serving) = (false, true);
        let room = turns::room(it.free_slots, others_wait, &self.scenario.limits);
        self.ask(worker, owner, Ask::Claim { room });
    }

    /// What follows an answer of the store.
    pub(super) fn answered(&mut self, worker: Who, owner: usize, ask: Ask, answer: Option<Answer>) {
        match (ask, answer) {
            (Ask::Claim { .. }, Some(Answer::Claimed(claimed))) => {
                self.claimed(worker, owner, claimed.map(|claimed| *claimed))
            }
            (Ask::Claim { .. }, _) => self.events.at(self.now + TROUBLE_WAIT, Event::Free { worker }),
            (Ask::Record { run, .. }, Some(Answer::Recorded(recorded))) => self.recorded(worker, owner, run, recorded),
            (Ask::Record { run, .. }, _) => self.not_recorded(worker, run),
            (Ask::Look, Some(Answer::Looked(held))) => self.looked(worker, owner, &held),
            (Ask::Look, _) => self.look_up(worker),
            (Ask::TakeOver { export, seen }, answer) => {
                self.workers[worker.place].watching.remove(&(export, seen));
                if matches!(answer, Some(Answer::TookOver(true))) {
                    self.tally.took_over += 1;
                    self.push(owner);
                }
            }
        }
    }

    fn claimed(&mut self, worker: Who, owner: usize, claimed: Option<Claimed>) {
        let Some(Claimed { leases, more, .. }) = claimed else {
            return self.ask(worker, owner, Ask::Look);
        };
        self.tally.claims += 1;
        self.tally.claimed += leases.len() as u64;
        // Before the work starts, so that others can take the rest meanwhile.
        if more {
            self.push(owner);
        }
        leases.into_iter().for_each(|lease| self.begin(worker, owner, lease));
        self.look_up(worker);
    }

    fn looked(&mut self, worker: Who, owner: usize, held: &[(ExportId, Seen)]) {
        let lease = self.scenario.limits.lease_milliseconds * MILLISECOND;
        for (export, seen) in held.iter().copied() {
            let it = &mut self.workers[worker.place];
            let is_own = it.runs.values().any(|run| (run.lease.export, run.lease.step) == (export, seen.step));
            if !is_own && it.watching.insert((export, seen)) {
                self.events.at(self.now + lease, Event::Watched { worker, owner, export, seen });
            }
        }
        self.look_up(worker);
    }

    pub(super) fn watched(&mut self, worker: Who, owner: usize, export: ExportId, seen: Seen) {
        if self.is_alive(worker) {
            self.ask(worker, owner, Ask::TakeOver { export, seen });
        }
    }

    /// The process ends, with all it holds.
    pub(super) fn crash(&mut self, worker: Who) {
        if !self.is_alive(worker) {
            return;
        }
        self.tally.crashes += 1;
        let now = self.now;
        for run in self.workers[worker.place].runs.values() {
            self.busy -= u64::from(run.works_since.is_some());
            let story = self.stories.get_mut(&run.lease.export).expect("it was asked for");
            story.lose(now, run.works_since.map_or(0, |since| now - since));
        }
        self.workers[worker.place] = Worker::none();
        self.events.at(self.now + self.scenario.times.restart, Event::Start { worker: worker.place });
    }

    /// A worker says that it is alive.
    pub(super) fn beat(&mut self, worker: Who) {
        if !self.is_alive(worker) {
            return;
        }
        let wall = self.wall();
        let mut beats = 0;
        for run in self.workers[worker.place].runs.values() {
            self.table.beat(run.owner, &run.lease, wall);
            beats += 1;
        }
        self.tally.beat(beats);
        self.table.cost.write_units += beats;
        let pause = self.scenario.limits.heartbeat_milliseconds * MILLISECOND;
        self.events.at(self.now + pause, Event::Beat { worker });
    }
}
