//! The job store in memory.

mod rows;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use domain::clock::Clock;
use domain::export::{Export, Lease, Outcome, Seen, State, Step};
use domain::ids::{ExportId, WorkerId};
use domain::limits::Limits;
use domain::owner::Owner;
use domain::time::{Day, Micros};

use self::rows::{Rows, View};
use crate::jobs::{CENSUS_LIMIT, PURGE_LIMIT, ledger};
use crate::{
    Census, Claimed, Created, Due, Jobs, NewExport, Recorded, Retried, SegmentProgress, SegmentState, StoreError, Then,
};

/// A job store that lives as long as its process.
pub struct MemoryJobs {
    clock: Arc<dyn Clock>,
    limits: Limits,
    rows: Mutex<Rows>,
}

impl MemoryJobs {
    /// An empty job store.
    pub fn new(clock: Arc<dyn Clock>, limits: Limits) -> Self {
        Self { clock, limits, rows: Mutex::default() }
    }

    fn read<T>(&self, work: impl FnOnce(&Rows) -> T) -> T {
        work(&self.rows.lock().expect("no panic while the rows are held"))
    }

    fn write<T>(&self, owner: &Owner, work: impl FnOnce(&mut View<'_>) -> T) -> T {
        let mut rows = self.rows.lock().expect("no panic while the rows are held");
        work(&mut View { rows: &mut rows, owner, now: self.clock.now(), limits: &self.limits })
    }
}

#[async_trait]
impl Jobs for MemoryJobs {
    async fn create(&self, new: NewExport) -> Result<Created, StoreError> {
        let owner = new.owner.clone();
        self.write(&owner, |view| ledger::create(view, new))
    }

    async fn get(&self, owner: &Owner, id: ExportId) -> Result<Option<Export>, StoreError> {
        Ok(self.read(|rows| rows.exports.get(&(owner.clone(), id)).map(|export| rows.told(export))))
    }

    async fn list(&self, owner: &Owner, before: Option<ExportId>, limit: u32) -> Result<Vec<Export>, StoreError> {
        let older = |export: &&Export| before.is_none_or(|before| export.id < before);
        Ok(self.read(|rows| {
            rows.of(owner).rev().filter(older).take(limit as usize).map(|export| rows.told(export)).collect()
        }))
    }

    async fn unsettled(&self, owner: &Owner) -> Result<Vec<Export>, StoreError> {
        Ok(self.read(|rows| {
            rows.of(owner).filter(|export| !export.state.is_settled()).map(|export| rows.told(export)).collect()
        }))
    }

    async fn claim(&self, owner: &Owner, worker: WorkerId, room: u32) -> Result<Option<Claimed>, StoreError> {
        self.write(owner, |view| ledger::claim(view, worker, room))
    }

    async fn beat(&self, leases: &[Lease]) -> Result<Vec<bool>, StoreError> {
        let now = self.clock.now();
        let mut rows = self.rows.lock().expect("no panic while the rows are held");
        Ok(leases.iter().map(|lease| rows.beat(lease, now)).collect())
    }

    async fn record(&self, lease: &Lease, outcome: Outcome, then: Then) -> Result<Recorded, StoreError> {
        self.write(&lease.owner, |view| ledger::record(view, lease, outcome, then))
    }

    async fn look(&self, owner: &Owner) -> Result<Vec<(ExportId, Seen)>, StoreError> {
        self.write(owner, |view| ledger::look(view))
    }

    async fn take_over(&self, owner: &Owner, id: ExportId, seen: &Seen) -> Result<bool, StoreError> {
        self.write(owner, |view| ledger::take_over(view, id, seen))
    }

    async fn cancel(&self, owner: &Owner, id: ExportId) -> Result<Option<Export>, StoreError> {
        self.write(owner, |view| ledger::cancel(view, id))
    }

    async fn retry(&self, owner: &Owner, id: ExportId) -> Result<Option<Retried>, StoreError> {
        self.write(owner, |view| ledger::retry(view, id))
    }

    async fn due(&self, limit: u32) -> Result<Due, StoreError> {
        let now = self.clock.now();
        let mut earliest = BTreeMap::<Owner, Micros>::new();
        self.read(|rows| {
            for export in rows.exports.values() {
                if let Some(due_at) = rows.due_at(export, &self.limits).filter(|due_at| *due_at <= now) {
                    let known = earliest.entry(export.owner.clone()).or_insert(due_at);
                    *known = due_at.min(*known);
                }
            }
        });
        let mut owners: Vec<_> = earliest.into_iter().collect();
        owners.sort_by_key(|(_, due_at)| *due_at);
        Ok(Due { owners: owners.into_iter().take(limit as usize).map(|(owner, _)| owner).collect(), too_new: 0 })
    }

    async fn segments(
        &self,
        owner: &Owner,
        id: ExportId,
        from: u32,
        limit: u32,
    ) -> Result<Vec<SegmentState>, StoreError> {
        Ok(self.read(|rows| {
            let total = rows.exports.get(&(owner.clone(), id)).and_then(|export| export.plan).map_or(0, |p| p.segments);
            let state = |number| {
                let row = rows.steps.get(&(owner.clone(), id, Step::Segment(number)));
                let progress = row.map_or(SegmentProgress::Waiting, ledger::StepRow::progress);
                SegmentState { number, attempt: row.map_or(0, |row| row.record.attempt), progress }
            };
            (from..total).take(limit as usize).map(state).collect()
        }))
    }

    async fn purge(&self, settled_seconds: u64) -> Result<u64, StoreError> {
        let now = self.clock.now();
        let settled_before = now.minus_seconds(settled_seconds);
        let mut rows = self.rows.lock().expect("no panic while the rows are held");
        let over = |export: &&Export| ledger::finished_at(export).is_some_and(|at| at < settled_before);
        let over: Vec<_> = rows.exports.values().filter(over).take(PURGE_LIMIT as usize).cloned().collect();
        over.iter().for_each(|export| rows.remove(export));
        rows.forget_before(now, Day(now.utc_day().0 - 1));
        Ok(over.len() as u64)
    }

    async fn census(&self) -> Result<Census, StoreError> {
        let (now, mut census) = (self.clock.now(), Census::default());
        self.read(|rows| {
            let mut due = Vec::new();
            for export in rows.exports.values() {
                if let Some(at) = State::NAMES.iter().position(|name| *name == export.state.name()) {
                    census.exports[at] += 1;
                }
                if let Some(due_at) = rows.due_at(export, &self.limits).filter(|due_at| *due_at <= now) {
                    due.push((due_at, rows.told(export)));
                }
            }
            due.sort_by_key(|(due_at, _)| *due_at);
            let looked_into = due.iter().take(CENSUS_LIMIT as usize);
            looked_into.for_each(|(_, export)| census.count_due(export, now, &self.limits));
        });
        Ok(census)
    }

    async fn ping(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::jobs_contract!(async |clock, limits| ((), MemoryJobs::new(clock, limits)));
}
