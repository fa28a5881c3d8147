//! Random histories: workers that claim, beat, die, return and are replaced, exports that come and are cancelled.

use std::collections::{BTreeMap, BTreeSet};

use domain::export::{Seen, State, Step};

use super::*;

/// Seeds that are tried; the transitions themselves are tried far more often in `domain`.
const HISTORIES: u64 = 6;
const EVENTS: u32 = 150;
const WORKERS: u32 = 3;
const EXPORTS: u32 = 5;
const CALM_ROUNDS: u32 = 400;

/// Every export ends in a settled state with nothing due, and each of its segments counts once.
pub async fn random_histories_end_well<J: Jobs, K>(make: impl AsyncFn(Arc<dyn Clock>, Limits) -> (K, J)) -> Checked {
    for seed in 0..HISTORIES {
        // In every other one exports of two segments and more have lanes.
        let lane_segments = if seed.is_multiple_of(2) { 5_000 } else { 1 };
        let limits = Limits { retry_set: 4, claim_segments: 3, lanes: 3, lane_segments, ..Limits::default() };
        let world = World::new(limits, &make).await;
        let mut history = History { world, random: seed, created: 0, leases: Vec::new(), watched: BTreeMap::new() };
        for _ in 0..EVENTS {
            history.event().await?;
        }
        history.calm().await?;
        history.check_ends().await?;
    }
    Ok(())
}

struct History<J, K> {
    world: World<J, K>,
    random: u64,
    created: u32,
    /// What the workers hold, or believe to hold.
    leases: Vec<Lease>,
    watched: BTreeMap<(ExportId, Step), (Seen, Duration)>,
}

impl<J: Jobs, K> History<J, K> {
    /// SplitMix64 (Steele, Lea and Flood 2014).
    fn below(&mut self, bound: u32) -> u32 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.random;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((bits ^ (bits >> 31)) % u64::from(bound.max(1))) as u32
    }

    async fn event(&mut self) -> Checked {
        match self.below(12) {
            0 if self.created < EXPORTS => {
                self.created += 1;
                self.world.create(self.created).await?;
            }
            1..=3 => self.claim().await?,
            4..=6 => self.work(true).await?,
            7 => drop(self.world.jobs.beat(&self.leases.clone()).await?),
            8 => self.look().await?,
            9 if self.below(4) == 0 => self.leases.clear(),
            10 if self.below(8) == 0 => {
                let number = 1 + self.below(self.created);
                self.world.jobs.cancel(&acme(), id(number)).await?;
            }
            11 if self.below(4) == 0 => {
                let number = 1 + self.below(self.created);
                self.world.jobs.retry(&acme(), id(number)).await?;
            }
            _ => {
                let seconds = self.below(12);
                self.world.pass(Duration::from_secs(seconds.into()));
            }
        }
        self.check_places().await
    }

    async fn claim(&mut self) -> Checked {
        let (by, room) = (self.below(WORKERS), 1 + self.below(4));
        if let Some(claimed) = self.world.jobs.claim(&acme(), worker(by), room).await? {
            assert!(!claimed.leases.is_empty() && claimed.leases.len() <= room.min(3) as usize);
            for lease in &claimed.leases {
                let same = |known: &Lease| {
                    (known.export, known.step, known.attempt) == (lease.export, lease.step, lease.attempt)
                };
                assert!(!self.leases.iter().any(same), "claimed twice: {lease:?}");
            }
            self.leases.extend(claimed.leases);
        }
        Ok(())
    }

    /// Ends one attempt, held or lost long ago.
    async fn work(&mut self, faults: bool) -> Checked {
        if self.leases.is_empty() {
            return Ok(());
        }
        let at = self.below(self.leases.len() as u32) as usize;
        let lease = self.leases.swap_remove(at);
        let outcome = match (self.below(8), lease.step) {
            (0, _) if faults => failed(),
            (1, _) if faults => Outcome::GivenBack,
            (2, Step::Assemble) if faults => Outcome::PartsGone { segments: vec![0] },
            (_, Step::Plan) => planned(1 + self.below(9)),
            (_, Step::Segment(_)) => built(1),
            (_, Step::Assemble) => Outcome::Assembled { files: Vec::new() },
            (3, Step::Notify) if faults => Outcome::Refused { message: "no such person".to_owned(), days: None },
            (_, Step::Notify) => Outcome::Notified,
            (_, Step::Expire | Step::Delete) => Outcome::Removed,
        };
        let held = self.world.jobs.beat(std::slice::from_ref(&lease)).await? == [true];
        let then = if self.below(2) == 0 { Then::GoOn } else { Then::LetGo };
        let recorded = self.world.jobs.record(&lease, outcome, then).await?;
        assert_eq!(held, recorded != Recorded::Fenced, "{lease:?}");
        if let Recorded::Done { next: Some(next), .. } = recorded {
            assert_eq!((next.export, next.worker, then), (lease.export, lease.worker, Then::GoOn));
            self.leases.push(next);
        }
        Ok(())
    }

    /// Notes what is held, and takes over what did not change for the time of a lease.
    async fn look(&mut self) -> Checked {
        let now = self.world.clock.monotonic();
        for (export, seen) in self.world.jobs.look(&acme()).await? {
            let known = self.watched.entry((export, seen.step)).or_insert((seen, now));
            if known.0 != seen {
                *known = (seen, now);
            }
        }
        let lease = Duration::from_millis(self.world.limits.lease_milliseconds);
        let overdue: Vec<_> = self.watched.iter().filter(|(_, (_, since))| now - *since >= lease).collect();
        let overdue: Vec<_> = overdue.into_iter().map(|(key, (seen, _))| (*key, *seen)).collect();
        for (key, seen) in overdue {
            self.watched.remove(&key);
            self.world.jobs.take_over(&acme(), key.0, &seen).await?;
        }
        Ok(())
    }

    async fn check_places(&self) -> Checked {
        let open = self.world.jobs.unsettled(&acme()).await?;
        let running = open.iter().filter(|export| matches!(export.state, State::Running(_))).count();
        let places = self.world.limits.running_exports_per_organisation as usize;
        assert!(running <= places && (running == open.len() || running == places), "{open:?}");
        Ok(())
    }

    /// No more faults: everybody works until nothing is left to do.
    async fn calm(&mut self) -> Checked {
        for _ in 0..CALM_ROUNDS {
            while !self.leases.is_empty() {
                self.work(false).await?;
            }
            self.look().await?;
            self.claim().await?;
            let open = self.world.jobs.unsettled(&acme()).await?.len();
            let exports = self.world.jobs.list(&acme(), None, u32::MAX).await?;
            if self.leases.is_empty()
                && exports.iter().all(|export| export.due_at(&self.world.limits).is_none())
                && open == 0
            {
                return Ok(());
            }
            // Once all are settled only the end of their files is waited for.
            self.world.pass(Duration::from_secs(if open == 0 { 86_400 } else { 5 }));
        }
        panic!("not settled: {:#?}", self.world.jobs.list(&acme(), None, u32::MAX).await?);
    }

    async fn check_ends(&self) -> Checked {
        assert_eq!(self.world.jobs.due(9).await?.owners, []);
        let exports = self.world.jobs.list(&acme(), None, u32::MAX).await?;
        assert_eq!(exports.len() as u32, self.created);
        for export in &exports {
            if let (State::Expired { .. }, Some(plan)) = (&export.state, export.plan) {
                assert_eq!((export.rows, export.built_parts), (plan.segments.into(), plan.segments));
                let progress = self.world.jobs.segments(&acme(), export.id, 0, u32::MAX).await?;
                let kinds: BTreeSet<_> = progress.iter().map(|state| format!("{:?}", state.progress)).collect();
                assert_eq!(progress.len() as u32, plan.segments);
                assert_eq!(kinds.len(), 1, "{kinds:?}");
            }
        }
        self.world.pass(Duration::from_secs(1));
        let settled = self.world.jobs.purge(0).await?;
        assert_eq!(settled, exports.len() as u64);
        Ok(())
    }
}
