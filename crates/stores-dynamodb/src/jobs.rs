//! The job store: each call is one transaction, the rules of `stores::jobs::ledger` over the items of one owner.

mod keys;
mod read;
mod reads;
mod rows;
#[cfg(test)]
mod tests;
mod view;
mod write;

use async_trait::async_trait;
use domain::export::{Export, Lease, Outcome, Seen, Step};
use domain::ids::{ExportId, WorkerId};
use domain::owner::Owner;
use stores::jobs::ledger;
use stores::{Census, Claimed, Created, Due, Jobs, NewExport, Recorded, Retried, SegmentState, StoreError, Then};

pub use self::rows::WAITING_LIMIT;
use self::write::{DUE_LIMIT, Wanted};
use crate::adapter::DynamoStores;
use crate::error::failed;
use crate::item::Key;
use crate::tables::JOBS;

/// Most exports that one look puts off: a transaction takes 100 items.
const LOOK_EXPORTS: usize = 64;

#[async_trait]
impl Jobs for DynamoStores {
    async fn create(&self, new: NewExport) -> Result<Created, StoreError> {
        let owner = new.owner.clone();
        let today = self.clock.now().utc_day();
        let mut items = vec![keys::export(&owner, new.id), keys::active(&owner)];
        items.extend(new.per_day_limit.map(|_| keys::day(&owner, today)));
        items.extend(new.idempotency.as_ref().map(|key| keys::client_key(&owner, key)));
        let wanted = Wanted { items, due: None };
        self.write(&owner, wanted, |view| ledger::create(view, new.clone())).await
    }

    async fn get(&self, owner: &Owner, id: ExportId) -> Result<Option<Export>, StoreError> {
        match self.export(owner, id).await? {
            Some(row) => self.with_lanes(row.export).await.map(Some),
            None => Ok(None),
        }
    }

    async fn list(&self, owner: &Owner, before: Option<ExportId>, limit: u32) -> Result<Vec<Export>, StoreError> {
        self.list_exports(owner, before, limit).await
    }

    async fn unsettled(&self, owner: &Owner) -> Result<Vec<Export>, StoreError> {
        self.unsettled_exports(owner).await
    }

    async fn claim(&self, owner: &Owner, worker: WorkerId, room: u32) -> Result<Option<Claimed>, StoreError> {
        let wanted = Wanted { due: Some(DUE_LIMIT), ..Wanted::default() };
        self.write(owner, wanted, |view| ledger::claim(view, worker, room)).await
    }

    async fn beat(&self, leases: &[Lease]) -> Result<Vec<bool>, StoreError> {
        self.beats(leases).await
    }

    async fn record(&self, lease: &Lease, outcome: Outcome, then: Then) -> Result<Recorded, StoreError> {
        let items = of_record(lease, &outcome, then);
        let wanted = Wanted { items, due: None };
        self.write(&lease.owner, wanted, |view| ledger::record(view, lease, outcome.clone(), then)).await
    }

    async fn look(&self, owner: &Owner) -> Result<Vec<(ExportId, Seen)>, StoreError> {
        let wanted = Wanted { due: Some(LOOK_EXPORTS), ..Wanted::default() };
        self.write(owner, wanted, |view| ledger::look(view)).await
    }

    async fn take_over(&self, owner: &Owner, id: ExportId, seen: &Seen) -> Result<bool, StoreError> {
        let items = vec![keys::export(owner, id), keys::step(owner, id, None, seen.step)];
        self.write(owner, Wanted { items, due: None }, |view| ledger::take_over(view, id, seen)).await
    }

    async fn cancel(&self, owner: &Owner, id: ExportId) -> Result<Option<Export>, StoreError> {
        let items = vec![keys::export(owner, id), keys::active(owner)];
        self.write(owner, Wanted { items, due: None }, |view| ledger::cancel(view, id)).await
    }

    async fn retry(&self, owner: &Owner, id: ExportId) -> Result<Option<Retried>, StoreError> {
        let single = [Step::Assemble, Step::Notify].map(|step| keys::step(owner, id, None, step));
        let items = single.into_iter().chain([keys::export(owner, id), keys::active(owner)]).collect();
        self.write(owner, Wanted { items, due: None }, |view| ledger::retry(view, id)).await
    }

    async fn due(&self, limit: u32) -> Result<Due, StoreError> {
        self.due_owners(limit).await
    }

    async fn segments(
        &self,
        owner: &Owner,
        id: ExportId,
        from: u32,
        limit: u32,
    ) -> Result<Vec<SegmentState>, StoreError> {
        self.segment_states(owner, id, from, limit).await
    }

    async fn purge(&self, settled_seconds: u64) -> Result<u64, StoreError> {
        self.purge_exports(settled_seconds).await
    }

    async fn census(&self) -> Result<Census, StoreError> {
        self.count_exports().await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.db.get(&JOBS, &Key::new("PING", "PING")).await.map(drop).map_err(failed("reach the tables"))
    }
}

/// What recording a result surely reads. Parts that are gone are read with it. Whatever is no segment may end the export
/// and free a place, and who would go on in a lane looks whether other exports run.
fn of_record(lease: &Lease, outcome: &Outcome, then: Then) -> Vec<Key> {
    let Lease { owner, export, step, lane, .. } = lease;
    let mut items = vec![keys::export(owner, *export), keys::step(owner, *export, *lane, *step)];
    items.extend(lane.map(|number| keys::lane(owner, *export, number)));
    if let Outcome::PartsGone { segments } = outcome {
        items.extend(segments.iter().map(|number| keys::step(owner, *export, None, Step::Segment(*number))));
    }
    let goes_on_in_lane = lane.is_some() && then == Then::GoOn;
    if goes_on_in_lane || !matches!(step, Step::Plan | Step::Segment(_)) {
        items.push(keys::active(owner));
    }
    items
}
