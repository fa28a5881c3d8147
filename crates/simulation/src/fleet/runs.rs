//! What one slot works on: a step, from its claim to its record, and those that are given along with a result.

use domain::export::{Lease, Outcome, PlanFacts, Step};
use stores::{Recorded, Then};

use super::call::Ask;
use super::worker::Who;
use super::{Event, Fleet};
use crate::scenario::{MILLISECOND, Time};

/// How often a result is offered, and the wait before the second offer, which doubles with each further one.
const RECORD_ATTEMPTS: u32 = 6;
const RECORD_WAIT: Time = 100 * MILLISECOND;

/// The work of one slot.
pub struct Run {
    pub owner: usize,
    pub lease: Lease,
    /// Since when the step is at work; it is not while its result is being recorded.
    pub works_since: Option<Time>,
    offers: u32,
}

impl Fleet {
    /// A slot begins with a step.
    pub(super) fn begin(&mut self, worker: Who, owner: usize, lease: Lease) {
        self.tally.runs += 1;
        let number = self.tally.runs;
        let it = &mut self.workers[worker.place];
        it.free_slots -= 1;
        it.runs.insert(number, Run { owner, lease, works_since: None, offers: 0 });
        self.work(worker, number);
    }

    fn run_of(&mut self, worker: Who, run: u64) -> &mut Run {
        self.workers[worker.place].runs.get_mut(&run).expect("the slot is taken")
    }

    fn work(&mut self, worker: Who, number: u64) {
        let now = self.now;
        let run = self.run_of(worker, number);
        (run.works_since, run.offers) = (Some(now), 0);
        let lease = run.lease.clone();
        self.busy += 1;
        let duration = self.duration(&lease);
        let story = self.stories.get_mut(&lease.export).expect("it was asked for");
        story.begin(now);
        if self.dice.happens(self.scenario.faults.crashes) {
            let after = self.dice.below(duration.max(1));
            self.events.at(now + after, Event::Crash { worker });
        } else {
            self.events.at(now + duration, Event::StepEnded { worker, run: number });
        }
    }

    fn duration(&mut self, lease: &Lease) -> Time {
        let times = &self.scenario.times;
        let segments = self.stories[&lease.export].segments;
        match lease.step {
            Step::Segment(number) if self.parts.contains(&(lease.export, number)) => times.reuse,
            Step::Segment(_) => self.dice.log_normal(times.segment_median, times.segment_p99),
            Step::Assemble => 50 * MILLISECOND + Time::from(segments) * times.assemble_part,
            _ => times.plan,
        }
    }

    pub(super) fn step_ended(&mut self, worker: Who, number: u64) {
        if !self.is_alive(worker) {
            return;
        }
        self.busy -= 1;
        let now = self.now;
        let run = self.run_of(worker, number);
        let since = run.works_since.take().expect("the step is at work");
        let lease = run.lease.clone();
        self.stories.get_mut(&lease.export).expect("it was asked for").own += now - since;
        if let Step::Segment(segment) = lease.step {
            let is_new = self.parts.insert((lease.export, segment));
            self.tally.segments += u64::from(is_new);
        }
        self.offer(worker, number);
    }

    fn outcome(&self, lease: &Lease) -> Outcome {
        let segments = self.stories[&lease.export].segments;
        let target = self.scenario.limits.segment_rows_target;
        match lease.step {
            Step::Plan => Outcome::Planned(PlanFacts { snapshot: 1, segments, rows: u64::from(segments) * target }),
            Step::Segment(_) => Outcome::SegmentDone { rows: target, bytes: 50 * target, reused: false },
            Step::Assemble => Outcome::Assembled { files: Vec::new() },
            Step::Notify => Outcome::Notified,
            Step::Expire | Step::Delete => Outcome::Removed,
        }
    }

    /// Offers a result.
    pub(super) fn offer(&mut self, worker: Who, number: u64) {
        if !self.is_alive(worker) {
            return;
        }
        let run = self.run_of(worker, number);
        let (owner, lease) = (run.owner, run.lease.clone());
        let outcome = self.outcome(&lease);
        // In a lane it goes on while nobody waits for a turn.
        let goes_on = lease.lane.is_none() || !self.wakes.others_wait(owner);
        let then = if goes_on { Then::GoOn } else { Then::LetGo };
        self.ask(worker, owner, Ask::Record { run: number, lease, outcome, then });
    }

    pub(super) fn not_recorded(&mut self, worker: Who, number: u64) {
        let run = self.run_of(worker, number);
        run.offers += 1;
        let wait = RECORD_WAIT << (run.offers - 1);
        if run.offers < RECORD_ATTEMPTS {
            self.events.at(self.now + wait, Event::Offer { worker, run: number });
        } else {
            self.end(worker, number);
        }
    }

    pub(super) fn recorded(&mut self, worker: Who, owner: usize, number: u64, recorded: Recorded) {
        match recorded {
            Recorded::Fenced => {
                self.tally.fenced += 1;
                self.end(worker, number);
            }
            Recorded::Done { next: Some(lease), .. } => {
                self.run_of(worker, number).lease = lease;
                self.work(worker, number);
            }
            Recorded::Done { next: None, .. } => {
                self.push(owner);
                self.end(worker, number);
            }
        }
    }

    /// The slot is free.
    fn end(&mut self, worker: Who, number: u64) {
        let it = &mut self.workers[worker.place];
        it.runs.remove(&number);
        it.free_slots += 1;
        self.wait(worker);
    }
}
