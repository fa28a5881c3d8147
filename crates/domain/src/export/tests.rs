//! Drives the transitions through random interleavings of everything that can go wrong.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};

use super::*;
use crate::calendar::{DateRange, Zone};
use crate::dataset::Dataset;
use crate::filter::Filter;
use crate::ids::{UserId, WorkerId};
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
    letters: BTreeMap<Letter, Sending>,
    wakes: u32,
    workers: Vec<Worker>,
    born: u64,
}

/// The stable id of a letter.
type Letter = (ExportId, &'static str, u32);

/// What became of one letter.
#[derive(Debug, Default)]
struct Sending {
    /// How often the mail server took it.
    sent: u32,
    /// Senders that were cut off between the server's answer and their record of it.
    cut_off: u32,
    /// Out of attempts, or its files were removed first.
    given_up: bool,
}

struct Worker {
    id: WorkerId,
    leases: Vec<Lease>,
    /// Letters sent, and not yet recorded.
    sent: Vec<Lease>,
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

/// Which export takes a place now: the oldest waiting one, if a place is free.
fn next_to_promote<'a>(unsettled: impl Iterator<Item = &'a Export>, limits: &Limits) -> Option<&'a Export> {
    let (mut running, mut oldest) = (0, None::<&Export>);
    for export in unsettled {
        match export.state {
            State::Running(_) => running += 1,
            State::Queued if oldest.is_none_or(|known| export.id < known.id) => oldest = Some(export),
            _ => {}
        }
    }
    oldest.filter(|_| running < limits.running_exports_per_organisation)
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
            letters: BTreeMap::new(),
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
        Worker { id: WorkerId(self.id()), leases: Vec::new(), sent: Vec::new(), watched: BTreeMap::new() }
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
        let email = "u1@example.org".parse().unwrap();
        let requester = Requester { user: UserId(self.id()), email };
        let requested_by = self.chance(70).then_some(requester);
        let export = Export { requested_by, ..Export::new(id, owner(), request(), self.now()) };
        self.exports.insert(id, export);
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
        let letter = letter_of(export);
        let claim = export.claim(now, room, &self.limits);
        export.served += 1;
        let id = export.id;
        if claim.steps.contains(&Step::Expire) {
            self.letters.entry(letter).or_default().given_up |= true;
        }
        assert!(!claim.steps.is_empty());
        for step in claim.steps {
            self.lease(w, id, step);
        }
        if claim.more {
            self.wake();
        }
    }

    fn lease(&mut self, w: usize, id: ExportId, step: Step) {
        let record = self.records.entry((id, step)).or_insert(StepRecord::unclaimed(step));
        assert_eq!(record.worker, None, "{step} was claimed twice");
        *record = record.claimed_by(self.workers[w].id);
        let lease =
            Lease { owner: owner(), export: id, step, lane: None, attempt: record.attempt, worker: self.workers[w].id };
        self.workers[w].leases.push(lease);
    }

    /// All exports here are small: their workers may go on with the next step at once.
    fn go_on(&mut self, w: usize, id: ExportId) {
        let (now, export) = (self.now(), self.exports.get_mut(&id).unwrap());
        let letter = letter_of(export);
        if let Some(step) = export.go_on(now, &self.limits) {
            if step == Step::Expire {
                self.letters.entry(letter).or_default().given_up |= true;
            }
            self.lease(w, id, step);
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
        if lease.step == Step::Notify && !(faults && self.chance(40)) {
            let letter = letter_of(&self.exports[&lease.export]);
            self.letters.entry(letter).or_default().sent += 1;
            self.workers[w].sent.push(lease);
            return;
        }
        let outcome = self.outcome(lease.step, faults || lease.step == Step::Notify);
        self.settle(lease.export, lease.step, outcome);
        if self.chance(50) {
            self.go_on(w, lease.export);
        }
        self.wake();
    }

    /// What was sent is recorded, unless its sender lost the lease meanwhile, or dies.
    fn record_sent(&mut self, w: usize, faults: bool) {
        for lease in std::mem::take(&mut self.workers[w].sent) {
            let held = self.records.get(&(lease.export, lease.step)).is_some_and(|record| record.is_held_by(&lease));
            if held && !(faults && self.chance(20)) {
                self.settle(lease.export, lease.step, Outcome::Notified);
                self.wake();
            } else {
                self.cut_off(&lease);
            }
        }
    }

    fn cut_off(&mut self, lease: &Lease) {
        for (letter, sending) in &mut self.letters {
            if letter.0 == lease.export {
                sending.cut_off += 1;
            }
        }
    }

    fn outcome(&mut self, step: Step, faults: bool) -> Outcome {
        if step == Step::Notify || (faults && self.chance(15)) {
            let (message, days) = ("x".to_owned(), Some((Day(1), Day(2))));
            return match self.below(6) {
                0 => Outcome::Refused { message, days },
                1 => Outcome::GivenBack,
                2 if step == Step::Assemble => Outcome::PartsGone { segments: vec![0] },
                _ => Outcome::Failed { message, days },
            };
        }
        match step {
            Step::Plan => Outcome::Planned(PlanFacts { snapshot: 1, segments: self.below(12) as u32, rows: 0 }),
            Step::Segment(_) => Outcome::SegmentDone { rows: 1, bytes: 1, reused: false },
            Step::Assemble => Outcome::Assembled { files: Vec::new() },
            Step::Notify => Outcome::Notified,
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
        let (letter, notified) = (letter_of(export), outcome == Outcome::Notified);
        match export.record(step, record.failures, outcome, now, &limits) {
            Ok(Settled::Again { failures }) => record.failures = failures,
            Ok(Settled::Done) => {
                record.failures = 0;
                if step == Step::Notify && !notified {
                    self.letters.entry(letter).or_default().given_up = true;
                }
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
            self.records.retain(|(export, _), record| *export != id || record.worker.is_some());
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
                State::Failed { notify, removal, .. } => notify.is_some() || removal.is_some(),
                State::Cancelled { removal, .. } => removal.is_some(),
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
                assert_eq!(counted, segments.total - segments.fresh.count(), "{segments:?}");
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
            13 => {
                let lost = std::mem::take(&mut self.workers[w].sent);
                lost.iter().for_each(|lease| self.cut_off(lease));
                self.workers[w] = self.worker();
            }
            14..=15 => self.beat(w),
            16..=17 => self.sweep(w),
            18 => self.take_over(w),
            19 => self.wall += (self.below(7200) as i64 - 3600) * SECOND,
            20 if self.chance(20) => self.cancel(),
            21 => self.record_sent(w, true),
            22 => self.retry(),
            _ => {
                let seconds = 1 + self.below(8) as i64;
                self.pass(seconds);
            }
        }
        self.check();
    }

    fn cancel(&mut self) {
        let (pick, now) = (self.below(self.exports.len()), self.now());
        if let Some(export) = self.exports.values_mut().nth(pick)
            && export.cancel(now)
        {
            let id = export.id;
            self.release_all(id);
            self.promote();
            self.wake();
        }
    }

    fn retry(&mut self) {
        let (pick, now) = (self.below(self.exports.len()), self.now());
        if let Some(export) = self.exports.values_mut().nth(pick)
            && export.retry(now)
        {
            let id = export.id;
            self.release_all(id);
            let mine = self.records.iter_mut().filter(|((export, _), _)| *export == id);
            mine.for_each(|(_, record)| record.failures = 0);
            self.promote();
            self.wake();
        }
    }

    fn release_all(&mut self, id: ExportId) {
        self.records.iter_mut().filter(|((export, _), _)| *export == id).for_each(|(_, record)| record.worker = None);
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
                self.record_sent(w, false);
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
    for (letter, sending) in &world.letters {
        assert!(sending.sent <= 1 + sending.cut_off, "sent once too often: {letter:?} {sending:?}");
    }
    assert!(world.records.values().all(|record| record.worker.is_none()), "a lease was left");
    for export in world.exports.values() {
        if let (State::Expired { .. }, Some(_)) = (&export.state, &export.requested_by) {
            let sending = &world.letters[&(export.id, "ready", export.retries)];
            assert!(sending.sent > 0 || sending.given_up, "nobody was told: {export:?}");
        }
        if let State::Expired { .. } = export.state {
            let segments = export.plan.unwrap().segments;
            let recorded = world.done.keys().filter(|(id, _)| *id == export.id).count();
            assert_eq!(recorded, segments as usize, "a segment was left out");
        }
    }
    states
}

fn letter_of(export: &Export) -> Letter {
    let what = if matches!(export.state, State::Failed { .. }) { "failed" } else { "ready" };
    (export.id, what, export.retries)
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

/// An export with segments of which so many failed, asked for by somebody.
fn failed_segments(total: u32, failed: u32, limits: &Limits) -> Export {
    let requester = Requester { user: UserId(uuid::Uuid::nil()), email: "u1@example.org".parse().unwrap() };
    let id = ExportId(uuid::Uuid::nil());
    let mut export = Export { requested_by: Some(requester), ..Export::new(id, owner(), request(), Micros(0)) };
    export.promote(Micros(0));
    export.claim(Micros(0), 1, limits);
    let planned = Outcome::Planned(PlanFacts { snapshot: 1, segments: total, rows: 0 });
    export.record(Step::Plan, 0, planned, Micros(0), limits).unwrap();
    while let Some(step @ Step::Segment(number)) = next_step(&export, Micros(0), limits) {
        export.claim(Micros(0), 1, limits);
        let days = Some((Day(number as i32), Day(number as i32 + 1)));
        let outcome = if number < failed {
            Outcome::Refused { message: "damaged".to_owned(), days }
        } else {
            Outcome::SegmentDone { rows: 1, bytes: 1, reused: false }
        };
        export.record(step, 0, outcome, Micros(0), limits).unwrap();
    }
    export
}

#[test]
fn a_retry_goes_on_with_what_failed_and_what_nobody_tried() {
    let limits = Limits { retry_set: 2, ..Limits::default() };
    let mut export = failed_segments(9, 9, &limits);
    let State::Failed { failure, notify: Some(_), removal: Some(Slot::Ready(at)), .. } = &export.state else {
        panic!("{export:?}")
    };
    let numbers: Vec<_> = failure.segments.iter().map(|segment| (segment.number, segment.days)).collect();
    assert_eq!(numbers, [(0, Some((Day(0), Day(1)))), (1, Some((Day(1), Day(2))))]);
    assert_eq!(
        (failure.rest.as_ref().unwrap().ranges(), *at),
        (&[(2, 9)][..], Micros(0).plus_seconds(limits.files_live_seconds))
    );
    assert!(export.retry(Micros(5)) && !export.retry(Micros(5)));
    assert_eq!((&export.state, export.retries), (&State::Queued, 1));
    export.promote(Micros(6));
    let State::Running(Phase::Segments(segments)) = &export.state else { panic!("{export:?}") };
    assert_eq!((segments.fresh.ranges(), segments.done, segments.retry.len()), (&[(2, 9)][..], 0, 2));
}

#[test]
fn what_is_being_removed_cannot_be_retried() {
    let limits = Limits::default();
    let mut export = failed_segments(3, 1, &limits);
    let late = Micros(0).plus_seconds(limits.files_live_seconds);
    assert!(export.can_be_retried());
    assert_eq!(export.claim(late, 9, &limits).steps, [Step::Notify, Step::Delete]);
    export.record(Step::Delete, 0, Outcome::GivenBack, late, &limits).unwrap();
    assert!(!export.can_be_retried() && !export.retry(late));
}

#[test]
fn a_mail_server_may_be_away_for_an_hour() {
    let limits = Limits::default();
    let mut export = failed_segments(3, 1, &limits);
    let (mut now, mut failures) = (Micros(0), 0);
    while export.claim(now, 1, &limits).steps == [Step::Notify] {
        let outcome = Outcome::Failed { message: "away".to_owned(), days: None };
        match export.record(Step::Notify, failures, outcome, now, &limits).unwrap() {
            Settled::Again { failures: counted } => failures = counted,
            Settled::Done => break,
        }
        now = export.due_at(&limits).unwrap();
    }
    assert_eq!(failures + 1, limits.notify_attempts);
    assert!(now > Micros(3_600 * SECOND) && matches!(export.state, State::Failed { notify: None, .. }));
}
