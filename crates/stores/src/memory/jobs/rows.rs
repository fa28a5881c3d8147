//! The rows of the job store in memory, and one owner's view of them.

use std::collections::BTreeMap;

use domain::export::{Export, Lane, Lease, State, Step};
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
    lanes: BTreeMap<(Owner, ExportId, u32), Lane>,
    created: BTreeMap<(Owner, Day), u32>,
    keys: BTreeMap<(Owner, Option<UserId>, ClientKey), KeptKey>,
}

impl Rows {
    /// The exports of an owner, the oldest first.
    pub(super) fn of(&self, owner: &Owner) -> impl DoubleEndedIterator<Item = &Export> {
        self.exports.iter().filter(move |((of, _), _)| of == owner).map(|(_, export)| export)
    }

    /// An export with what its lanes have come to.
    pub(super) fn told(&self, export: &Export) -> Export {
        export.clone().with_lanes(&self.lanes_of(export).cloned().collect::<Vec<_>>())
    }

    /// When something of an export is due: of itself, or of its lanes.
    pub(super) fn due_at(&self, export: &Export, limits: &Limits) -> Option<Micros> {
        let lanes = self.lanes_of(export).filter_map(|lane| export.lane_due_at(lane, limits));
        export.due_at(limits).into_iter().chain(lanes).min()
    }

    fn lanes_of(&self, export: &Export) -> impl Iterator<Item = &Lane> {
        let key = |number| (export.owner.clone(), export.id, number);
        self.lanes.range(key(0)..=key(u32::MAX)).map(|(_, lane)| lane)
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

    fn due(&mut self) -> Result<Vec<(u64, ExportId)>, StoreError> {
        let due_at = |export: &Export| self.rows.due_at(export, self.limits);
        let is_due = |export: &&Export| due_at(export).is_some_and(|due_at| due_at <= self.now);
        let mut due: Vec<_> =
            self.rows.of(self.owner).filter(is_due).map(|export| (export.served, export.id)).collect();
        due.sort_unstable();
        Ok(due)
    }

    fn lane(&mut self, id: ExportId, number: u32) -> Result<Option<Lane>, StoreError> {
        Ok(self.rows.lanes.get(&(self.owner.clone(), id, number)).cloned())
    }

    fn save_lane(&mut self, of: &Export, lane: &Lane) -> Result<(), StoreError> {
        self.rows.lanes.insert((self.owner.clone(), of.id, lane.number), lane.clone());
        Ok(())
    }

    fn remove_lane(&mut self, of: &Export, number: u32) -> Result<(), StoreError> {
        self.rows.lanes.remove(&(self.owner.clone(), of.id, number));
        Ok(())
    }

    fn step(&mut self, id: ExportId, step: Step) -> Result<Option<StepRow>, StoreError> {
        Ok(self.rows.steps.get(&(self.owner.clone(), id, step)).copied())
    }

    fn save_step(&mut self, id: ExportId, row: &StepRow) -> Result<(), StoreError> {
        self.rows.steps.insert((self.owner.clone(), id, row.record.step), *row);
        Ok(())
    }

    fn held(&mut self, of: &Export, lane: Option<u32>, limit: u32) -> Result<Vec<StepRow>, StoreError> {
        let is_of = |(owner, export, step): &(Owner, ExportId, Step)| {
            (owner, *export) == (self.owner, of.id) && (lane.is_none() || of.lane_of(*step) == lane)
        };
        let rows = self.rows.steps.iter().filter(|(key, row)| is_of(key) && row.record.worker.is_some());
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
