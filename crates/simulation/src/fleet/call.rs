//! Calls of the job store: read, decide by the rules, write if nothing has changed, else begin anew after a while.

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::Duration;

use domain::export::{Lease, Outcome, Seen};
use domain::ids::ExportId;
use domain::random::backoff;
use stores::jobs::ledger;
use stores::{Claimed, Recorded, Then};

use super::worker::Who;
use super::{Event, Fleet};
use crate::scenario::Time;
use crate::store::{Verdict, View, Write};

/// The wait before a write that met another is tried again, the longest one, and how often it is tried at most.
const FIRST_WAIT: Duration = Duration::from_millis(25);
const LONGEST_WAIT: Duration = Duration::from_millis(3_200);
const TRIES: u32 = 12;

/// What a worker asks of the store.
#[derive(Clone, Debug)]
pub enum Ask {
    /// Steps to work on.
    Claim { room: u32 },
    /// A result.
    Record { run: u64, lease: Lease, outcome: Outcome, then: Then },
    /// Who holds steps.
    Look,
    /// The step of somebody who is gone.
    TakeOver { export: ExportId, seen: Seen },
}

/// What the store answers.
#[derive(Debug)]
pub enum Answer {
    Claimed(Option<Box<Claimed>>),
    Recorded(Recorded),
    Looked(Vec<(ExportId, Seen)>),
    TookOver(bool),
}

/// One call on its way.
struct Call {
    worker: Who,
    owner: usize,
    ask: Ask,
    tries: u32,
    decided: Option<(Answer, Write)>,
}

/// All calls on their way.
pub struct Calls {
    calls: HashMap<u64, Call>,
    made: u64,
    /// Where claims are serial: owners whose export somebody claims of, and who waits for that.
    claiming: HashSet<usize>,
    waiting: Vec<VecDeque<u64>>,
}

impl Calls {
    pub fn new(owners: u32) -> Self {
        let waiting = (0..owners).map(|_| VecDeque::new()).collect();
        Self { calls: HashMap::new(), made: 0, claiming: HashSet::new(), waiting }
    }
}

impl Fleet {
    /// Begins a call.
    pub(super) fn ask(&mut self, worker: Who, owner: usize, ask: Ask) {
        self.calls.made += 1;
        let number = self.calls.made;
        let is_serial = self.scenario.switches.serial_claims && matches!(ask, Ask::Claim { .. });
        self.calls.calls.insert(number, Call { worker, owner, ask, tries: 0, decided: None });
        if is_serial && !self.calls.claiming.insert(owner) {
            self.calls.waiting[owner].push_back(number);
        } else {
            self.send(number);
        }
    }

    fn send(&mut self, call: u64) {
        let way = self.half_a_call();
        self.events.at(self.now + way, Event::Read { call });
    }

    fn half_a_call(&mut self) -> Time {
        self.dice.around(self.scenario.times.store_call) / 2
    }

    /// The reads reach the store, and the rule decides on what they find.
    pub(super) fn read(&mut self, number: u64) {
        let call = &self.calls.calls[&number];
        if !self.is_alive(call.worker) {
            return self.forget(number);
        }
        let wall = self.wall();
        let mut view = self.table.view(call.owner, wall);
        let answer = decide(&mut view, call);
        let (cost, reads) = view.reads(!matches!(call.ask, Ask::Record { .. }));
        let write = view.into_write(matches!(call.ask, Ask::TakeOver { .. }));
        self.table.cost.read_half_units += cost.read_half_units;
        self.tally.calls.count(&call.ask, reads);
        let further = (reads - 1) * self.scenario.times.store_call;
        let is_empty = write.is_empty();
        self.calls.calls.get_mut(&number).expect("it is on its way").decided = Some((answer, write));
        let back = self.half_a_call() + further;
        if is_empty {
            self.events.at(self.now + back, Event::Answer { call: number, verdict: Verdict::Done });
        } else {
            let way = self.half_a_call();
            self.events.at(self.now + back + way, Event::Commit { call: number });
        }
    }

    /// The write reaches the store.
    pub(super) fn commit(&mut self, number: u64) {
        let call = &self.calls.calls[&number];
        let (_, write) = call.decided.as_ref().expect("it has read");
        self.tally.calls.count(&call.ask, 1);
        let verdict = if self.dice.happens(self.scenario.faults.throttled) {
            Verdict::Throttled
        } else {
            self.table.commit(call.owner, write, self.now)
        };
        let (owner, exports): (_, Vec<_>) = (call.owner, write.exports.iter().map(|(export, _)| export.id).collect());
        match verdict {
            Verdict::Done => exports.into_iter().for_each(|id| self.seen(owner, id)),
            Verdict::Conflict => self.tally.conflicts += 1,
            Verdict::Throttled => self.tally.throttled += 1,
        }
        let back = self.half_a_call();
        self.events.at(self.now + back, Event::Answer { call: number, verdict });
    }

    /// The worker hears of it.
    pub(super) fn answer(&mut self, number: u64, verdict: Verdict) {
        let call = self.calls.calls.get_mut(&number).expect("it is on its way");
        if !self.workers[call.worker.place].is(call.worker) {
            return self.forget(number);
        }
        if verdict != Verdict::Done {
            call.tries += 1;
            if call.tries < TRIES {
                let wait = backoff(FIRST_WAIT, LONGEST_WAIT, call.tries - 1, &self.dice.random).as_micros() as Time;
                let way = self.half_a_call();
                return self.events.at(self.now + wait + way, Event::Read { call: number });
            }
        }
        let call = self.calls.calls.remove(&number).expect("it is on its way");
        self.unlock(&call);
        let answer = call.decided.map(|(answer, _)| answer).filter(|_| verdict == Verdict::Done);
        self.tally.gave_up += u64::from(answer.is_none());
        self.answered(call.worker, call.owner, call.ask, answer);
    }

    fn forget(&mut self, number: u64) {
        let call = self.calls.calls.remove(&number).expect("it is on its way");
        self.unlock(&call);
    }

    /// Where claims are serial, the next one may begin.
    fn unlock(&mut self, call: &Call) {
        if !self.scenario.switches.serial_claims || !matches!(call.ask, Ask::Claim { .. }) {
            return;
        }
        match self.calls.waiting[call.owner].pop_front() {
            Some(next) => self.send(next),
            None => drop(self.calls.claiming.remove(&call.owner)),
        }
    }
}

fn decide(view: &mut View<'_>, call: &Call) -> Answer {
    let decided = match &call.ask {
        Ask::Claim { room } => {
            ledger::claim(view, call.worker.id, *room).map(|claimed| Answer::Claimed(claimed.map(Box::new)))
        }
        Ask::Record { lease, outcome, then, .. } => {
            ledger::record(view, lease, outcome.clone(), *then).map(Answer::Recorded)
        }
        Ask::Look => ledger::look(view).map(Answer::Looked),
        Ask::TakeOver { export, seen } => ledger::take_over(view, *export, seen).map(Answer::TookOver),
    };
    decided.expect("the table reads and writes")
}
