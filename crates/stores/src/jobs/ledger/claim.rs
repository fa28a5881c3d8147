//! Claiming steps of the export that was served least recently.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::vec;

use domain::export::{Claim, Export, Lane, Lease, Phase, State, Step, StepRecord, next_step};
use domain::ids::{ExportId, WorkerId};
use domain::time::Micros;

use super::{Ledger, StepRow, lanes};
use crate::StoreError;
use crate::jobs::Claimed;

/// One write: the export's summary, or that of one of its lanes, and each claimed step under its next attempt.
pub fn claim(ledger: &mut impl Ledger, worker: WorkerId, room: u32) -> Result<Option<Claimed>, StoreError> {
    if room == 0 {
        return Ok(None);
    }
    let mut search = Search::new(ledger.due()?, worker);
    let Some(mut unit) = search.next(ledger)? else { return search.unreadable.map_or(Ok(None), Err) };
    let claim = unit.claim(ledger, room, search.latest);
    let mut leases = Vec::with_capacity(claim.steps.len());
    for step in claim.steps {
        leases.push(lease(ledger, &unit.export, step, worker)?);
    }
    let Unit { export, lane } = unit;
    match &lane {
        Some(lane) => ledger.save_lane(&export, lane)?,
        None => ledger.save_export(&export)?,
    }
    // Its other lanes were not looked at.
    let other_lanes = matches!(&export.state, State::Running(Phase::Lanes(lanes)) if lanes.open > 1);
    let more = claim.more || other_lanes || search.next(ledger)?.is_some() || search.found_newer();
    Ok(Some(Claimed { export, leases, more }))
}

/// Part of the write that records a result: the next step of a small export for the worker that goes on with it.
pub(super) fn go_on(
    ledger: &mut impl Ledger,
    export: &mut Export,
    worker: WorkerId,
) -> Result<Option<Lease>, StoreError> {
    let step = export.go_on(ledger.now(), &ledger.limits().clone());
    step.map(|step| lease(ledger, export, step, worker)).transpose()
}

/// The same of a lane, unless other exports of the owner run, which would wait for their turn.
pub(super) fn go_on_in_lane(
    ledger: &mut impl Ledger,
    export: &Export,
    lane: &mut Lane,
    worker: WorkerId,
) -> Result<Option<Lease>, StoreError> {
    if ledger.running()? > 1 {
        return Ok(None);
    }
    lane.served = served(ledger.now(), lane.served);
    let step = export.claim_in_lane(lane, ledger.now(), 1, &ledger.limits().clone()).steps.pop();
    step.map(|step| lease(ledger, export, step, worker)).transpose()
}

/// What is claimed from at once: an export, or one of its lanes.
struct Unit {
    export: Export,
    lane: Option<Lane>,
}

impl Unit {
    fn served(&self) -> u64 {
        self.lane.as_ref().map_or(self.export.served, |lane| lane.served)
    }

    fn claim(&mut self, ledger: &impl Ledger, room: u32, latest: u64) -> Claim {
        let (now, limits) = (ledger.now(), ledger.limits());
        let Self { export, lane } = self;
        match lane {
            Some(lane) => {
                lane.served = served(now, latest);
                export.claim_in_lane(lane, now, room, limits)
            }
            None => {
                export.served = served(now, latest);
                export.claim(now, room, limits)
            }
        }
    }
}

/// The time of a claim, later than those that are known, wherever the clock was put.
fn served(now: Micros, latest: u64) -> u64 {
    u64::try_from(now.0).unwrap_or(0).max(latest.saturating_add(1))
}

/// Looks through the due exports of an owner. One that cannot be read is passed over, so that it does not stop the
/// others.
struct Search {
    due: vec::IntoIter<(u64, ExportId)>,
    worker: WorkerId,
    /// What was found and is not served yet.
    found: Vec<Unit>,
    /// The latest time of a claim that is known.
    latest: u64,
    unreadable: Option<StoreError>,
}

impl Search {
    fn new(due: Vec<(u64, ExportId)>, worker: WorkerId) -> Self {
        let latest = due.iter().map(|(served, _)| *served).max().unwrap_or(0);
        Self { due: due.into_iter(), worker, found: Vec::new(), latest, unreadable: None }
    }

    /// The next export or lane with something to claim.
    ///
    /// Exports come in the order in which they were served, their lanes were served later than they say themselves: so
    /// once an export without lanes is found, nothing that was served earlier comes behind it.
    fn next(&mut self, ledger: &mut impl Ledger) -> Result<Option<Unit>, StoreError> {
        while let Some((_, id)) = self.due.next() {
            match self.unit(ledger, id) {
                Ok(Some(unit)) => {
                    let has_lanes = unit.lane.is_some();
                    self.found.push(unit);
                    if !has_lanes {
                        break;
                    }
                }
                Ok(None) => {}
                Err(error @ StoreError::TooNew { .. }) => self.unreadable = Some(error),
                Err(error @ StoreError::Corrupt { .. }) => self.unreadable = self.unreadable.take().or(Some(error)),
                Err(error) => return Err(error),
            }
        }
        let first = (0..self.found.len()).min_by_key(|at| self.found[*at].served());
        Ok(first.map(|at| self.found.swap_remove(at)))
    }

    /// What can be claimed of an export.
    fn unit(&mut self, ledger: &mut impl Ledger, id: ExportId) -> Result<Option<Unit>, StoreError> {
        let Some(export) = ledger.export(id)? else { return Ok(None) };
        if lanes::has_lanes(&export) {
            let lane = self.lane(ledger, &export)?;
            return Ok(lane.map(|lane| Unit { export, lane: Some(lane) }));
        }
        let is_claimable = next_step(&export, ledger.now(), ledger.limits()).is_some();
        Ok(is_claimable.then_some(Unit { export, lane: None }))
    }

    /// The lane of an export that this worker claims from. Each worker has an order of its own, so that they are spread
    /// over all lanes, and over those that are left.
    fn lane(&mut self, ledger: &mut impl Ledger, export: &Export) -> Result<Option<Lane>, StoreError> {
        let mut order: Vec<_> = (0..export.lanes).collect();
        order.sort_by_cached_key(|number| hash_of(self.worker, *number));
        for number in order {
            let Some(lane) = ledger.lane(export.id, number)? else { continue };
            self.latest = self.latest.max(lane.served);
            if export.next_in_lane(&lane, ledger.now(), ledger.limits()).is_some() {
                return Ok(Some(lane));
            }
        }
        Ok(None)
    }

    /// An export of a newer program is something for the next claim: perhaps it is a newer worker that makes it.
    const fn found_newer(&self) -> bool {
        matches!(self.unreadable, Some(StoreError::TooNew { .. }))
    }
}

/// Any order will do, as long as workers have different ones.
fn hash_of(worker: WorkerId, lane: u32) -> u64 {
    let mut hasher = DefaultHasher::new();
    (worker, lane).hash(&mut hasher);
    hasher.finish()
}

fn lease(ledger: &mut impl Ledger, export: &Export, step: Step, worker: WorkerId) -> Result<Lease, StoreError> {
    let before = ledger.step(export.id, step)?.map_or(StepRecord::unclaimed(step), |row| row.record);
    let record = before.claimed_by(worker);
    ledger.save_step(export.id, &StepRow { record, beat_at: ledger.now(), result: None })?;
    let (owner, lane) = (ledger.owner().clone(), export.lane_of(step));
    Ok(Lease { owner, export: export.id, step, lane, attempt: record.attempt, worker })
}
