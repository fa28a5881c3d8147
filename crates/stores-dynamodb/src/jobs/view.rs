//! One owner's items during one write: the rules of `stores::jobs::ledger` over what was read, with what they write kept back.
//!
//! A rule asks for rows one by one and cannot wait for them. Where it asks for one that was not read, it is stopped; what it
//! asked for is read, and it runs again from its beginning.

mod wanted;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use domain::export::{Export, Lane, Step};
use domain::ids::ExportId;
use domain::limits::Limits;
use domain::owner::Owner;
use domain::time::{Day, Micros};
use stores::StoreError;
use stores::jobs::IdempotencyKey;
use stores::jobs::ledger::{KeptKey, Ledger, StepRow};

use super::keys;
use super::reads::{Missing, Reads};
use super::rows::{self, Active, ExportRow, StepItem};
use super::write::Released;
use crate::db::{Change, Condition};
use crate::error::refused;
use crate::item::{Item, Key, Read};

/// One owner's items while a rule runs.
pub(super) struct View<'a> {
    owner: &'a Owner,
    now: Micros,
    limits: &'a Limits,
    reads: &'a Reads,
    missing: RefCell<Missing>,
    exports: BTreeMap<ExportId, ExportRow>,
    /// `None`: removed.
    lanes: BTreeMap<(ExportId, u32), Option<Lane>>,
    steps: BTreeMap<(ExportId, Step), StepRow>,
    active: Option<Active>,
    counted: BTreeMap<Key, u64>,
    kept: BTreeMap<Key, KeptKey>,
    released: BTreeMap<ExportId, Released>,
    /// A lane that was read is not one of the export as it was read before.
    is_overtaken: Cell<bool>,
}

impl<'a> View<'a> {
    pub(super) fn new(owner: &'a Owner, now: Micros, limits: &'a Limits, reads: &'a Reads) -> Self {
        Self {
            owner,
            now,
            limits,
            reads,
            missing: RefCell::default(),
            exports: BTreeMap::new(),
            lanes: BTreeMap::new(),
            steps: BTreeMap::new(),
            active: None,
            counted: BTreeMap::new(),
            kept: BTreeMap::new(),
            released: BTreeMap::new(),
            is_overtaken: Cell::default(),
        }
    }

    /// What is to be read before the rule runs again; nothing where it has run to its end.
    pub(super) fn missing(&self) -> Missing {
        self.missing.take()
    }

    /// Whether the reads do not fit together, since another write came between them.
    pub(super) const fn is_overtaken(&self) -> bool {
        self.is_overtaken.get()
    }

    /// The exports whose steps were taken from their holders.
    pub(super) fn released(&self) -> Vec<Released> {
        self.released.values().cloned().collect()
    }

    /// What the rule wrote, each item on the condition that it is as it was read.
    ///
    /// Rows that were only read are not looked at again: the rules decide by an export and the owner's places, and write both
    /// wherever they decide by them.
    pub(super) fn changes(&self) -> Result<Vec<Change>, StoreError> {
        let mut changes = Vec::new();
        for (id, row) in &self.exports {
            changes.push(self.put(keys::export(self.owner, *id), row.write(self.limits)?));
        }
        for ((id, number), lane) in &self.lanes {
            changes.extend(self.change_of_lane(*id, *number, lane.as_ref())?);
        }
        for ((id, step), row) in &self.steps {
            changes.extend(self.change_of_step(*id, *step, row)?);
        }
        if let Some(active) = &self.active {
            changes.push(self.put(keys::active(self.owner), active.write(self.owner)));
        }
        for (key, counted) in &self.counted {
            let counted = u32::try_from(*counted).unwrap_or(u32::MAX);
            changes.push(self.put(key.clone(), rows::write_day(key, counted, self.now)));
        }
        changes.extend(self.kept.iter().map(|(key, kept)| self.put(key.clone(), rows::write_key(key, kept))));
        Ok(changes)
    }

    fn put(&self, key: Key, item: Item) -> Change {
        let read = self.reads.items.get(&key).and_then(Option::as_ref);
        Change::Put(item, Condition::unchanged(read))
    }

    /// None where the row says the same of itself once the export is written.
    fn change_of_step(&self, id: ExportId, step: Step, row: &StepRow) -> Result<Option<Change>, StoreError> {
        let of = self.export_row(id)?.ok_or_else(|| refused("write a step", "its export is not there"))?;
        let key = keys::step(self.owner, id, of.export.lane_of(step), step);
        let before = self.reads.items.get(&key).and_then(Option::as_ref).map(StepItem::read).transpose()?;
        if before.is_some_and(|before| before.under(&of) == *row) {
            return Ok(None);
        }
        Ok(Some(self.put(key, rows::write_step(row, &of, self.now, self.limits))))
    }

    /// An item that was read; where it was not, the rule ends with an error that nobody sees.
    fn item(&self, key: &Key) -> Result<Option<&'a Item>, StoreError> {
        match self.reads.items.get(key) {
            Some(item) => Ok(item.as_ref()),
            None => Err(self.ask(|missing| missing.items.extend([key.clone()]))),
        }
    }

    fn ask(&self, what: impl FnOnce(&mut Missing)) -> StoreError {
        what(&mut self.missing.borrow_mut());
        refused("decide", "not all that it takes was read yet")
    }

    fn export_row(&self, id: ExportId) -> Result<Option<ExportRow>, StoreError> {
        if let Some(row) = self.exports.get(&id) {
            return Ok(Some(row.clone()));
        }
        let item = self.item(&keys::export(self.owner, id))?;
        item.map(|item| ExportRow::read(self.owner, item)).transpose()
    }

    fn active(&mut self) -> Result<Active, StoreError> {
        match &self.active {
            Some(active) => Ok(active.clone()),
            None => self.item(&keys::active(self.owner))?.map_or(Ok(Active::default()), Active::read),
        }
    }

    /// How much was counted, with what this write adds.
    fn counted(&self, key: &Key) -> Result<u64, StoreError> {
        match self.counted.get(key) {
            Some(counted) => Ok(*counted),
            None => self.item(key)?.map_or(Ok(0), rows::read_count),
        }
    }
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
        Ok(self.export_row(id)?.map(|row| row.export))
    }

    fn save_export(&mut self, export: &Export) -> Result<(), StoreError> {
        let before = self.export_row(export.id)?;
        let (from, to) = (before.as_ref().map(|row| row.export.state.name()), export.state.name());
        if from != Some(to) {
            let mut active = self.active()?;
            active.moved(export.id, from, Some(to))?;
            self.active = Some(active);
        }
        let fence = before.map_or(0, |row| row.fence);
        self.exports.insert(export.id, ExportRow { export: export.clone(), fence });
        Ok(())
    }

    fn running(&mut self) -> Result<u32, StoreError> {
        Ok(u32::try_from(self.active()?.running.len()).unwrap_or(u32::MAX))
    }

    fn next_waiting(&mut self, after: Option<ExportId>) -> Result<Option<ExportId>, StoreError> {
        Ok(self.active()?.waiting.into_iter().find(|id| after.is_none_or(|after| *id > after)))
    }

    fn due(&mut self) -> Result<Vec<(u64, ExportId)>, StoreError> {
        let Some(due) = &self.reads.due else { return Err(self.ask(|missing| missing.due = true)) };
        let served = |key: &Key| -> Result<_, StoreError> {
            let item = self.item(key)?.ok_or_else(|| refused("find what is due", "an export is gone"))?;
            Ok((Read::new(item, "an export").number::<u64>("served")?, keys::export_of(&key.sk)?))
        };
        let mut due: Vec<_> = due.iter().map(served).collect::<Result<_, _>>()?;
        due.sort_unstable();
        Ok(due)
    }

    fn lane(&mut self, id: ExportId, number: u32) -> Result<Option<Lane>, StoreError> {
        match self.lanes.get(&(id, number)) {
            Some(lane) => Ok(lane.clone()),
            None => self.read_lane(id, number),
        }
    }

    fn save_lane(&mut self, of: &Export, lane: &Lane) -> Result<(), StoreError> {
        // A write is on the condition of what was read.
        self.lane_item(of.id, lane.number)?;
        self.lanes.insert((of.id, lane.number), Some(lane.clone()));
        Ok(())
    }

    fn remove_lane(&mut self, of: &Export, number: u32) -> Result<(), StoreError> {
        self.lane_item(of.id, number)?;
        self.lanes.insert((of.id, number), None);
        Ok(())
    }

    fn step(&mut self, id: ExportId, step: Step) -> Result<Option<StepRow>, StoreError> {
        if let Some(row) = self.steps.get(&(id, step)) {
            return Ok(Some(*row));
        }
        let Some(of) = self.export_row(id)? else { return Ok(None) };
        match self.reads.items.get(&self.step_key(&of.export, step)) {
            Some(item) => Ok(item.as_ref().map(StepItem::read).transpose()?.map(|item| item.under(&of))),
            None if !self.reads.doubts && self.is_fresh(id, step)? => Ok(None),
            None => Err(self.ask_for_step(&of.export, step)),
        }
    }

    fn save_step(&mut self, id: ExportId, row: &StepRow) -> Result<(), StoreError> {
        self.steps.insert((id, row.record.step), *row);
        Ok(())
    }

    fn held(&mut self, of: &Export, lane: Option<u32>, limit: u32) -> Result<Vec<StepRow>, StoreError> {
        let Some(items) = self.reads.held.get(&(of.id, lane)) else {
            let under = match lane {
                Some(_) => vec![keys::steps(self.owner, of.id, lane)],
                None => keys::all_steps(self.owner, of.id, of.lanes),
            };
            return Err(self.ask(|missing| missing.held = Some(((of.id, lane), under))));
        };
        let Some(of) = self.export_row(of.id)? else { return Ok(Vec::new()) };
        let rows = items.iter().map(|item| Ok(StepItem::read(item)?.under(&of)));
        let mut held: Vec<_> = rows.collect::<Result<_, StoreError>>()?;
        held.retain(|row| row.record.worker.is_some());
        held.sort_by_key(|row| row.beat_at);
        held.truncate(limit as usize);
        Ok(held)
    }

    fn release_all(&mut self, id: ExportId) -> Result<(), StoreError> {
        let Some(mut row) = self.export_row(id)? else { return Ok(()) };
        row.fence += 1;
        self.released.insert(id, (row.fence, keys::all_steps(self.owner, id, row.export.lanes)));
        self.exports.insert(id, row);
        Ok(())
    }

    fn created_on(&mut self, day: Day) -> Result<u32, StoreError> {
        Ok(u32::try_from(self.counted(&keys::day(self.owner, day))?).unwrap_or(u32::MAX))
    }

    fn count_created(&mut self, day: Day) -> Result<(), StoreError> {
        let key = keys::day(self.owner, day);
        let count = self.counted(&key)? + 1;
        self.counted.insert(key, count);
        Ok(())
    }

    fn kept(&mut self, key: &IdempotencyKey) -> Result<Option<KeptKey>, StoreError> {
        self.item(&keys::client_key(self.owner, key))?.map(rows::read_key).transpose()
    }

    fn keep(&mut self, key: &IdempotencyKey, kept: &KeptKey) -> Result<(), StoreError> {
        self.kept.insert(keys::client_key(self.owner, key), *kept);
        Ok(())
    }
}
