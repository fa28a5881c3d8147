//! The job store: each call is one transaction, the rules of `stores::jobs::ledger` over the rows of one owner.

mod read;
mod rows;
mod sql;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use async_trait::async_trait;
use domain::export::{Export, Lease, Outcome, Seen};
use domain::ids::{ExportId, WorkerId};
use domain::owner::Owner;
use domain::time::Day;
use rusqlite::Transaction;
use stores::jobs::{PURGE_LIMIT, ledger};
use stores::{Census, Claimed, Created, Due, Jobs, NewExport, Recorded, Retried, SegmentState, StoreError, Then};

use self::rows::Rows;
use crate::adapter::SqliteStores;
use crate::error::failed;
use crate::failpoint::{self, Points};
use crate::writer::{Lasts, Write};

impl SqliteStores {
    /// One write over one owner's rows.
    async fn write<T: Send + 'static>(
        &self,
        owner: &Owner,
        points: Points,
        lasts: Lasts,
        work: impl FnOnce(&mut Rows<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.write_if(owner, points, lasts, move |rows| work(rows).map(Write::Commit)).await
    }

    async fn write_if<T: Send + 'static>(
        &self,
        owner: &Owner,
        points: Points,
        lasts: Lasts,
        work: impl FnOnce(&mut Rows<'_>) -> Result<Write<T>, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (owner, clock, limits) = (owner.clone(), Arc::clone(&self.clock), Arc::clone(&self.limits));
        // The clock is read once the write has its turn.
        let write = move |tx: &Transaction<'_>| work(&mut Rows::new(tx, &owner, clock.now(), &limits));
        self.database.write_if(points, lasts, write).await
    }
}

#[async_trait]
impl Jobs for SqliteStores {
    async fn create(&self, new: NewExport) -> Result<Created, StoreError> {
        let owner = new.owner.clone();
        self.write(&owner, failpoint::CREATE, Lasts::Now, move |rows| ledger::create(rows, new)).await
    }

    async fn get(&self, owner: &Owner, id: ExportId) -> Result<Option<Export>, StoreError> {
        let owner = owner.clone();
        self.database.read(move |tx| rows::told(tx, &owner, id)).await
    }

    async fn list(&self, owner: &Owner, before: Option<ExportId>, limit: u32) -> Result<Vec<Export>, StoreError> {
        let owner = owner.clone();
        self.database.read(move |tx| read::list(tx, &owner, before, limit)).await
    }

    async fn unsettled(&self, owner: &Owner) -> Result<Vec<Export>, StoreError> {
        let owner = owner.clone();
        self.database.read(move |tx| read::unsettled(tx, &owner)).await
    }

    async fn claim(&self, owner: &Owner, worker: WorkerId, room: u32) -> Result<Option<Claimed>, StoreError> {
        self.write(owner, failpoint::CLAIM, Lasts::Soon, move |rows| ledger::claim(rows, worker, room)).await
    }

    async fn beat(&self, leases: &[Lease]) -> Result<Vec<bool>, StoreError> {
        let (leases, clock) = (leases.to_vec(), Arc::clone(&self.clock));
        let beat = move |tx: &Transaction<'_>| {
            let now = clock.now();
            let held: Result<_, _> = leases.iter().map(|lease| rows::beat(tx, lease, now)).collect();
            held.map(Write::Commit)
        };
        self.database.write_if(failpoint::NONE, Lasts::Soon, beat).await
    }

    async fn record(&self, lease: &Lease, outcome: Outcome, then: Then) -> Result<Recorded, StoreError> {
        let (held, lasts) = (lease.clone(), lasts(&outcome));
        let record = move |rows: &mut Rows<'_>| {
            let recorded = ledger::record(rows, &held, outcome, then)?;
            let is_settled = matches!(&recorded, Recorded::Done { export, .. } if export.state.is_settled());
            Ok(if is_settled { Write::CommitNow(recorded) } else { Write::Commit(recorded) })
        };
        self.write_if(&lease.owner, failpoint::RECORD, lasts, record).await
    }

    async fn look(&self, owner: &Owner) -> Result<Vec<(ExportId, Seen)>, StoreError> {
        self.write(owner, failpoint::NONE, Lasts::Soon, |rows| ledger::look(rows)).await
    }

    async fn take_over(&self, owner: &Owner, id: ExportId, seen: &Seen) -> Result<bool, StoreError> {
        let seen = *seen;
        self.write(owner, failpoint::TAKE_OVER, Lasts::Now, move |rows| ledger::take_over(rows, id, &seen)).await
    }

    async fn cancel(&self, owner: &Owner, id: ExportId) -> Result<Option<Export>, StoreError> {
        self.write(owner, failpoint::NONE, Lasts::Now, move |rows| ledger::cancel(rows, id)).await
    }

    async fn retry(&self, owner: &Owner, id: ExportId) -> Result<Option<Retried>, StoreError> {
        self.write(owner, failpoint::NONE, Lasts::Now, move |rows| ledger::retry(rows, id)).await
    }

    async fn due(&self, limit: u32) -> Result<Due, StoreError> {
        let now = self.clock.now();
        self.database.read(move |tx| read::due(tx, now, limit)).await
    }

    async fn segments(
        &self,
        owner: &Owner,
        id: ExportId,
        from: u32,
        limit: u32,
    ) -> Result<Vec<SegmentState>, StoreError> {
        let owner = owner.clone();
        self.database.read(move |tx| read::segments(tx, &owner, id, from, limit)).await
    }

    async fn purge(&self, settled_seconds: u64) -> Result<u64, StoreError> {
        let now = self.clock.now();
        let settled_before = now.minus_seconds(settled_seconds);
        let purge = move |tx: &Transaction<'_>| {
            let run = |statement, values: &[i64]| {
                let changed = tx.execute(statement, rusqlite::params_from_iter(values));
                changed.map_err(failed("remove what is over"))
            };
            let removed = run(sql::PURGE, &[settled_before.0, PURGE_LIMIT.into()])?;
            run(sql::PURGE_KEYS, &[now.0])?;
            // Yesterday's counters stay, should the clock step back over midnight.
            let Day(today) = now.utc_day();
            run(sql::PURGE_COUNTERS, &[i64::from(today) - 1])?;
            Ok(removed as u64)
        };
        self.database.write(failpoint::NONE, purge).await
    }

    async fn census(&self) -> Result<Census, StoreError> {
        let (now, limits) = (self.clock.now(), Arc::clone(&self.limits));
        self.database.read(move |tx| read::census(tx, now, &limits)).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.database.read(|tx| crate::schema::version(tx).map(drop)).await
    }
}

/// How long a power cut may take a result back: what is on the way to its end is done again then, while an end is told to
/// people ([0016](../../../docs/adr/0016-what-is-synced-and-when.md)).
const fn lasts(outcome: &Outcome) -> Lasts {
    match outcome {
        Outcome::Planned(_) | Outcome::SegmentDone { .. } | Outcome::PartsGone { .. } => Lasts::Soon,
        _ => Lasts::Now,
    }
}
