//! The rows of the job store in memory, and one owner's view of them.

use std::collections::BTreeMap;

use domain::export::{Export, Lease, State, Step};
use domain::ids::{ExportId, UserId};
use domain::limits::Limits;
use domain::owner::Owner;
use domain::time::{Day, Micros};

use crate::StoreError;
use crate::jobs::ledger::{KeptKey, Ledger, StepRow};
use crate::jobs::{ClientKey, IdempotencyKey};

/// Everything that the job store remembers.
#[derive(Default)]
pub(super) struct Rows {
    pub(super) exports: BTreeMap<(Owner, ExportId), Export>,
    pub(super) steps: BTreeMap<(Owner, ExportId, Step), StepRow>,
    servings: BTreeMap<Owner, u64>,
    created: BTreeMap<(Owner, Day), u32>,
    keys: BTreeMap<(Owner, Option<UserId>, ClientKey), KeptKey>,
}

impl Rows {
    /// The exports of an owner, the oldest first.
    pub(super) fn of(&self, owner: &Owner) -> impl DoubleEndedIterator<Item = &Export> {
        self.exports.iter().filter(move |((of, _), _)| of == owner).map(|(_, export)| export)
    }

    /// Counts a heartbeat if the lease still holds.
    pub(super) fn beat(&mut self, lease: &Lease, now: Micros) -> bool {
        let row = self.steps.get_mut(&(lease.owner.clone(), lease.export, lease.step));
        let Some(row) = row.filter(|row| row.record.is_held_by(lease)) else { return false };
        row.record.beat += 1;
        row.beat_at = now;
        true
    }

    /// Removes an export and its steps.
    pub(super) fn remove(&mut self, export: &Export) {
        self.exports.remove(&(export.owner.clone(), export.id));
        self.steps.retain(|(owner, id, _), _| (owner, id) != (&export.owner, &export.id));
    }

    /// Removes keys past their time and the counters of days before `day`.
    pub(super) fn forget_before(&mut self, now: Micros, day: Day) {
        self.keys.retain(|_, kept| now < kept.keep_until);
        self.created.retain(|(_, of), _| *of >= day);
    }
}

/// One owner's rows during one write.
pub(super) struct View<'a> {
    pub(super) rows: &'a mut Rows,
    pub(super) owner: &'a Owner,
    pub(super) now: Micros,
    pub(super) limits: &'a Limits,
}

impl Ledger for View<'_> {
    fn owner(&self) -> &Owner {
        self.owner
    }

    fn now(&self) -> Micros {
        self.now
    }

    fn limits(&self) -> &Limits {
        self.limits
    }

    fn export(&mut self, id: ExportId) -> Result<Option<Export>, StoreError> {
        Ok(self.rows.exports.get(&(self.owner.clone(), id)).cloned())
    }

    fn save_export(&mut self, export: &Export) -> Result<(), StoreError> {
        self.rows.exports.insert((self.owner.clone(), export.id), export.clone());
        Ok(())
    }

    fn running(&mut self) -> Result<u32, StoreError> {
        let running = self.rows.of(self.owner).filter(|export| matches!(export.state, State::Running(_)));
        Ok(u32::try_from(running.count()).unwrap_or(u32::MAX))
    }

    fn next_waiting(&mut self, after: Option<ExportId>) -> Result<Option<ExportId>, StoreError> {
        let waits = |export: &&Export| export.state == State::Queued && after.is_none_or(|after| export.id > after);
        Ok(self.rows.of(self.owner).find(waits).map(|export| export.id))
    }

    fn due(&mut self) -> Result<Vec<ExportId>, StoreError> {
        let is_due = |export: &&Export| export.due_at(self.limits).is_some_and(|due_at| due_at <= self.now);
        let mut due: Vec<_> =
            self.rows.of(self.owner).filter(is_due).map(|export| (export.served, export.id)).collect();
        due.sort_unstable();
        Ok(due.into_iter().map(|(_, id)| id).collect())
    }

    fn step(&mut self, id: ExportId, step: Step) -> Result<Option<StepRow>, StoreError> {
        Ok(self.rows.steps.get(&(self.owner.clone(), id, step)).copied())
    }

    fn save_step(&mut self, id: ExportId, row: &StepRow) -> Result<(), StoreError> {
        self.rows.steps.insert((self.owner.clone(), id, row.record.step), *row);
        Ok(())
    }

    fn held(&mut self, id: ExportId, limit: u32) -> Result<Vec<StepRow>, StoreError> {
        let of = |(owner, export, _): &(Owner, ExportId, Step)| (owner, *export) == (self.owner, id);
        let rows = self.rows.steps.iter().filter(|(key, row)| of(key) && row.record.worker.is_some());
        let mut held: Vec<_> = rows.map(|(_, row)| *row).collect();
        held.sort_by_key(|row| row.beat_at);
        held.truncate(limit as usize);
        Ok(held)
    }

    fn release_all(&mut self, id: ExportId) -> Result<(), StoreError> {
        let of = |(owner, export, _): &(Owner, ExportId, Step)| (owner, *export) == (self.owner, id);
        self.rows.steps.iter_mut().filter(|(key, _)| of(key)).for_each(|(_, row)| row.record.worker = None);
        Ok(())
    }

    fn next_serving(&mut self) -> Result<u64, StoreError> {
        let count = self.rows.servings.entry(self.owner.clone()).or_default();
        *count += 1;
        Ok(*count)
    }

    fn created_on(&mut self, day: Day) -> Result<u32, StoreError> {
        Ok(self.rows.created.get(&(self.owner.clone(), day)).copied().unwrap_or(0))
    }

    fn count_created(&mut self, day: Day) -> Result<(), StoreError> {
        *self.rows.created.entry((self.owner.clone(), day)).or_default() += 1;
        Ok(())
    }

    fn kept(&mut self, key: &IdempotencyKey) -> Result<Option<KeptKey>, StoreError> {
        Ok(self.rows.keys.get(&(self.owner.clone(), key.user, key.key.clone())).copied())
    }

    fn keep(&mut self, key: &IdempotencyKey, kept: &KeptKey) -> Result<(), StoreError> {
        self.rows.keys.insert((self.owner.clone(), key.user, key.key.clone()), *kept);
        Ok(())
    }
}
