//! Drives the transitions through random interleavings of everything that can go wrong.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};

use super::*;
use crate::calendar::{DateRange, Zone};
use crate::dataset::Dataset;
use crate::filter::Filter;
use crate::ids::WorkerId;
use crate::limits::Limits;
use crate::request::{Columns, Format, Profile, Shape};
use crate::time::{Day, SECOND};

/// One owner's exports in a store where each method is one atomic write, W workers, a queue that loses and forges.
struct World {
    rng: ChaCha8Rng,
    limits: Limits,
    /// The store's wall clock, which steps both ways, and everybody's monotonic one, which does not.
    wall: i64,
    monotonic: i64,
    exports: BTreeMap<ExportId, Export>,
    records: BTreeMap<(ExportId, Step), StepRecord>,
    done: BTreeMap<(ExportId, u32), u32>,
    wakes: u32,
    workers: Vec<Worker>,
    born: u64,
}

struct Worker {
    id: WorkerId,
    leases: Vec<Lease>,
    watched: BTreeMap<(ExportId, Step), (Seen, i64)>,
}

fn owner() -> Owner {
    Owner::Organisation("acme".parse().unwrap())
}

fn request() -> Request {
    Request {
        dataset: Dataset::Messages,
        range: Some(DateRange::new(Day(0), Day(0), Zone::utc()).unwrap()),
        format: Format::Zip,
        profile: Profile::Rfc4180,
        columns: Columns::all(Dataset::Messages),
        filter: Filter::default(),
        reuse: true,
        shape: Shape::of(&Limits::default(), false),
    }
}

impl World {
    fn new(seed: u64, workers: usize) -> Self {
        let limits = Limits { retry_set: 4, claim_segments: 3, ..Limits::default() };
        let rng = ChaCha8Rng::seed_from_u64(seed);
        let mut world = Self {
            rng,
            limits,
            wall: 1_000_000 * SECOND,
            monotonic: 0,
            exports: BTreeMap::new(),
            records: BTreeMap::new(),
            done: BTreeMap::new(),
            wakes: 0,
            workers: Vec::new(),
            born: 0,
        };
        (0..workers).for_each(|_| {
            let worker = world.worker();
            world.workers.push(worker);
        });
        world
    }

    fn id(&mut self) -> uuid::Uuid {
        self.born += 1;
        uuid::Uuid::from_u128(u128::from(self.born))
    }

    fn worker(&mut self) -> Worker {
        Worker { id: WorkerId(self.id()), leases: Vec::new(), watched: BTreeMap::new() }
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.rng.next_u64() % bound.max(1) as u64) as usize
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn now(&self) -> Micros {
        Micros(self.wall)
    }

    fn create(&mut self) {
        let id = ExportId(self.id());
        self.exports.insert(id, Export::new(id, owner(), request(), self.now()));
        self.promote();
        self.wake();
    }

    /// Part of each write that may have freed a place.
    fn promote(&mut self) {
        let now = self.now();
        while let Some(id) = next_to_promote(self.exports.values(), &self.limits).map(|export| export.id) {
            self.exports.get_mut(&id).unwrap().promote(now);
        }
    }

    /// Sending comes after the write and may be lost or doubled; the sender may die in between.
    fn wake(&mut self) {
        if self.chance(80) {
            self.wakes += 1 + u32::from(self.chance(10));
        }
    }

    fn take_wake(&mut self, w: usize) {
        if self.wakes == 0 {
            return;
        }
        self.wakes -= 1;
        self.claim(w);
    }

    fn claim(&mut self, w: usize) {
        let (now, room) = (self.now(), 1 + self.below(4) as u32);
        let claimable = |export: &&mut Export| next_step(export, now, &self.limits).is_some();
        let Some(export) = self.exports.values_mut().filter(claimable).min_by_key(|export| export.served) else {
            return self.look(w);
        };
        let claim = export.claim(now, room, &self.limits);
        export.served += 1;
        let id = export.id;
        assert!(!claim.steps.is_empty());
        for step in claim.steps {
            let record = self.records.entry((id, step)).or_insert(StepRecord::unclaimed(step));
            assert_eq!(record.worker, None, "{step} was claimed twice");
            *record = record.claimed_by(self.workers[w].id);
            let lease = Lease { owner: owner(), export: id, step, attempt: record.attempt, worker: self.workers[w].id };
            self.workers[w].leases.push(lease);
        }
        if claim.more {
            self.wake();
        }
    }

    fn look(&mut self, w: usize) {
        let look_at = self.now().plus(5 * SECOND);
        for (key, record) in &self.records {
            if let Some(seen) = record.seen() {
                self.workers[w].watched.entry(*key).or_insert((seen, self.monotonic));
            }
        }
        self.exports.values_mut().for_each(|export| export.looked(look_at));
    }

    fn take_over(&mut self, w: usize) {
        let lease_micros = self.limits.lease_milliseconds as i64 * 1000;
        let old: Vec<_> = self.workers[w].watched.iter().map(|(key, seen)| (*key, *seen)).collect();
        for (key, (seen, since)) in old {
            if self.monotonic - since < lease_micros {
                continue;
            }
            self.workers[w].watched.remove(&key);
            if self.records.get(&key).and_then(StepRecord::seen) == Some(seen) {
                self.settle(key.0, key.1, Outcome::Died);
                self.wake();
            }
        }
    }

    fn beat(&mut self, w: usize) {
        for lease in &self.workers[w].leases {
            match self.records.get_mut(&(lease.export, lease.step)) {
                Some(record) if record.is_held_by(lease) => record.beat += 1,
                _ => {}
            }
        }
    }

    fn work(&mut self, w: usize, faults: bool) {
        if self.workers[w].leases.is_empty() {
            return;
        }
        let pick = self.below(self.workers[w].leases.len());
        let lease = self.workers[w].leases.swap_remove(pick);
        if !self.records.get(&(lease.export, lease.step)).is_some_and(|record| record.is_held_by(&lease)) {
            return;
        }
        let outcome = self.outcome(lease.step, faults);
        self.settle(lease.export, lease.step, outcome);
        self.wake();
    }

    fn outcome(&mut self, step: Step, faults: bool) -> Outcome {
        if faults && self.chance(15) {
            let message = "x".to_owned();
            return match self.below(6) {
                0 => Outcome::Refused { message },
                1 => Outcome::GivenBack,
                2 if step == Step::Assemble => Outcome::PartsGone { segments: vec![0] },
                _ => Outcome::Failed { message },
            };
        }
        match step {
            Step::Plan => Outcome::Planned(PlanFacts { snapshot: 1, segments: self.below(12) as u32, rows: 0 }),
            Step::Segment(_) => Outcome::SegmentDone { rows: 1, bytes: 1, reused: false },
            Step::Assemble => Outcome::Assembled { files: Vec::new() },
            Step::Expire | Step::Delete => Outcome::Removed,
        }
    }

    /// One write: the result under its attempt, the summary, the promotion of the next.
    fn settle(&mut self, id: ExportId, step: Step, outcome: Outcome) {
        if let Outcome::PartsGone { segments } = &outcome {
            segments.iter().for_each(|n| {
                self.done.remove(&(id, *n));
            });
        }
        let removed = outcome == Outcome::Removed;
        let success = matches!(outcome, Outcome::SegmentDone { .. });
        let (now, limits) = (self.now(), self.limits.clone());
        let (export, record) = (self.exports.get_mut(&id).unwrap(), self.records.get_mut(&(id, step)).unwrap());
        let was_settled = export.state.is_settled();
        let before = export.state.name();
        record.worker = None;
        match export.record(step, record.failures, outcome, now, &limits) {
            Ok(Settled::Again { failures }) => record.failures = failures,
            Ok(Settled::Done) => {
                if let (Step::Segment(n), true) = (step, success) {
                    *self.done.entry((id, n)).or_default() += 1;
                }
            }
            // Only somebody who cancelled may have changed the state under a live lease.
            Err(refused) => assert!(was_settled || refused.state == "cancelled", "{refused}"),
        }
        let after = export.state.name();
        assert!(!was_settled || after == before || (before, after) == ("succeeded", "expired"), "{before} to {after}");
        if removed {
            self.records.retain(|(export, _), _| *export != id);
        }
        self.promote();
        self.check();
    }

    /// What holds after every write.
    fn check(&self) {
        let running = self.exports.values().filter(|export| matches!(export.state, State::Running(_))).count();
        assert!(running <= self.limits.running_exports_per_organisation as usize);
        for export in self.exports.values() {
            let waits = export.state == State::Queued;
            assert!(!waits || running == self.limits.running_exports_per_organisation as usize);
            let open = match &export.state {
                State::Queued | State::Expired { .. } => false,
                State::Failed { removal, .. } | State::Cancelled { removal, .. } => removal.is_some(),
                State::Running(_) | State::Succeeded { .. } => true,
            };
            assert_eq!(export.due_at(&self.limits).is_some(), open, "{export:?}");
            if next_step(export, self.now(), &self.limits).is_some() {
                // At once, or where the clock was put back with the next look at another segment.
                let soon = export.due_at(&self.limits).unwrap() <= self.now().plus(HORIZON);
                assert!(soon || export.is_due(self.now(), &self.limits));
            }
            if let State::Running(Phase::Segments(segments)) = &export.state {
                let held = |(key, record): (&(ExportId, Step), &StepRecord)| {
                    key.0 == export.id && matches!(key.1, Step::Segment(_)) && record.worker.is_some()
                };
                let leased = self.records.iter().filter(|entry| held(*entry)).count();
                assert_eq!(segments.leased as usize, leased);
                let counted = segments.done + segments.leased + (segments.retry.len() + segments.failed.len()) as u32;
                assert_eq!(counted, segments.next, "{segments:?}");
            }
        }
        assert!(self.done.values().all(|count| *count == 1), "a segment was recorded twice");
    }

    fn sweep(&mut self, w: usize) {
        if self.exports.values().any(|export| export.is_due(self.now(), &self.limits)) {
            // A sweeper that cannot push claims for the owner itself.
            if self.chance(50) { self.wakes += 1 } else { self.claim(w) }
        }
    }

    fn random_event(&mut self) {
        let w = self.below(self.workers.len());
        match self.below(24) {
            0 if self.exports.len() < 5 => self.create(),
            1..=4 => self.take_wake(w),
            5..=10 => self.work(w, true),
            11 => self.wakes = self.wakes.saturating_sub(1),
            12 => self.wakes += 1 + self.below(5) as u32,
            13 => self.workers[w] = self.worker(),
            14..=15 => self.beat(w),
            16..=17 => self.sweep(w),
            18 => self.take_over(w),
            19 => self.wall += (self.below(7200) as i64 - 3600) * SECOND,
            20 if self.chance(20) => self.cancel(),
            _ => {
                let seconds = 1 + self.below(8) as i64;
                self.pass(seconds);
            }
        }
        self.check();
    }

    fn cancel(&mut self) {
        let (pick, now) = (self.below(self.exports.len()), self.now());
        if let Some(export) = self.exports.values_mut().nth(pick) {
            export.cancel(now);
            self.promote();
            self.wake();
        }
    }

    fn pass(&mut self, seconds: i64) {
        (self.wall, self.monotonic) = (self.wall + seconds * SECOND, self.monotonic + seconds * SECOND);
    }

    /// The faults are over: everybody beats, sweeps and works, and time passes.
    fn calm(&mut self) -> BTreeSet<&'static str> {
        for _ in 0..2_000 {
            for w in 0..self.workers.len() {
                self.beat(w);
                self.work(w, false);
                self.take_wake(w);
                self.sweep(w);
                self.take_over(w);
            }
            self.pass(if self.exports.values().all(|export| export.state.is_settled()) { 86_400 } else { 1 });
            if self.exports.values().all(|export| export.due_at(&self.limits).is_none() && export.state.is_settled()) {
                return self.exports.values().map(|export| export.state.name()).collect();
            }
        }
        panic!("not settled: {:#?}", self.exports);
    }
}

fn every_run_ends(seed: u64, workers: usize, events: usize) -> BTreeSet<&'static str> {
    let mut world = World::new(seed, workers);
    world.create();
    (0..events).for_each(|_| world.random_event());
    let states = world.calm();
    assert!(world.records.values().all(|record| record.worker.is_none()), "a lease was left");
    for export in world.exports.values() {
        if let State::Expired { .. } = export.state {
            let segments = export.plan.unwrap().segments;
            let recorded = world.done.keys().filter(|(id, _)| *id == export.id).count();
            assert_eq!(recorded, segments as usize, "a segment was left out");
        }
    }
    states
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn every_interleaving_ends_in_one_terminal_state(seed in any::<u64>(), workers in 1..6_usize, events in 0..400_usize) {
        every_run_ends(seed, workers, events);
    }
}

#[test]
fn the_random_runs_reach_every_end() {
    let reached: BTreeSet<_> = (0..300).flat_map(|seed| every_run_ends(seed, 3, 300)).collect();
    assert_eq!(reached, BTreeSet::from(["cancelled", "expired", "failed"]));
}

#[test]
fn an_export_that_ends_its_workers_is_given_up_after_three() {
    let mut world = World::new(1, 2);
    world.create();
    let id = *world.exports.keys().next().unwrap();
    for _ in 0..3 {
        world.claim(0);
        world.workers[0].leases.clear();
        world.look(1);
        world.pass(16);
        world.take_over(1);
        world.pass(60);
    }
    let State::Failed { failure, .. } = &world.exports[&id].state else { panic!("{:?}", world.exports) };
    assert_eq!(failure.code, FailureCode::WorkersDied);
}
