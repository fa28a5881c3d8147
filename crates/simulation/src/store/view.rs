//! One owner's rows as a rule sees them: reads go to the table and are counted, writes are kept for later.

use std::collections::{BTreeMap, BTreeSet};

use domain::export::{Export, Lane, Phase, State, Step};
use domain::ids::ExportId;
use domain::limits::Limits;
use domain::owner::Owner;
use domain::time::{Day, Micros};
use stores::StoreError;
use stores::jobs::IdempotencyKey;
use stores::jobs::ledger::{KeptKey, Ledger, StepRow};

use super::cost::Cost;
use super::{Rows, Unit};

/// The rows of one owner, and what a rule wants to write.
pub struct View<'a> {
    rows: &'a Rows,
    limits: &'a Limits,
    now: Micros,
    exports: BTreeMap<ExportId, Export>,
    /// `None`: removed.
    lanes: BTreeMap<(ExportId, u32), (Export, Option<Lane>)>,
    steps: BTreeMap<(ExportId, Step), StepRow>,
    /// Lanes that were read, whether they were there or not.
    read_lanes: BTreeSet<(ExportId, u32)>,
    cost: Cost,
    /// Whether rows of steps were there, and whether holders were looked for.
    found_steps: bool,
    looked: u64,
}

/// A write and what it saw.
#[derive(Debug, Default)]
pub struct Write {
    /// Exports, with the version that each had.
    pub exports: Vec<(Export, u64)>,
    /// Steps, with what there was of each.
    pub steps: Vec<Written>,
    /// Lanes of exports by number, `None` where one is removed, with the version that each had.
    pub lanes: Vec<(Export, u32, Option<Lane>, u64)>,
    /// Whether a heartbeat meanwhile is a change.
    pub beats_count: bool,
}

/// A step to write.
#[derive(Debug)]
pub struct Written {
    /// Its export, and its lane if it has one.
    pub unit: Unit,
    /// What it becomes.
    pub row: StepRow,
    /// What it was.
    pub before: Option<StepRow>,
}

impl Write {
    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.exports.is_empty() && self.lanes.is_empty() && self.steps.is_empty()
    }
}

impl<'a> View<'a> {
    pub(super) fn new(rows: &'a Rows, limits: &'a Limits, now: Micros) -> Self {
        Self {
            rows,
            limits,
            now,
            exports: BTreeMap::new(),
            lanes: BTreeMap::new(),
            steps: BTreeMap::new(),
            read_lanes: BTreeSet::new(),
            cost: Cost::default(),
            found_steps: false,
            looked: 0,
        }
    }

    /// What was read, and by how many calls one behind the other: what was known to be wanted comes with the first. Where
    /// only the export names more, lanes come with one call for the first and one for the others, steps with one more.
    /// Holders are looked for export by export and lane by lane.
    pub fn reads(&self, named: bool) -> (Cost, u64) {
        let further = self.read_lanes.len().min(2) as u64 + u64::from(self.found_steps);
        (self.cost, 1 + if named { further } else { 0 } + self.looked)
    }

    /// What the rule wants to write.
    pub fn into_write(self, beats_count: bool) -> Write {
        let rows = self.rows;
        let known = |id| self.exports.get(&id).or_else(|| rows.exports.get(&id).map(|item| &item.of));
        let written = |((id, step), row): (&(ExportId, Step), &StepRow)| Written {
            unit: (*id, known(*id).and_then(|of| of.lane_of(*step))),
            row: *row,
            before: rows.steps.get(&(*id, *step)).copied(),
        };
        let steps = self.steps.iter().map(written).collect();
        let version = |id: &ExportId| rows.exports.get(id).map_or(0, |item| item.version);
        let exports = self.exports.into_iter().map(|(id, export)| (export, version(&id))).collect();
        let version = |key: &(ExportId, u32)| rows.lanes.get(key).map_or(0, |item| item.version);
        let lanes = self.lanes.into_iter().map(|(key, (of, lane))| (of, key.1, lane, version(&key))).collect();
        Write { exports, lanes, steps, beats_count }
    }

    /// All exports, as they will be.
    fn all(&self) -> impl Iterator<Item = &Export> {
        let new = self.exports.values().filter(|export| !self.rows.exports.contains_key(&export.id));
        let old = self.rows.exports.values().map(|item| self.exports.get(&item.of.id).unwrap_or(&item.of));
        old.chain(new)
    }
}

impl Ledger for View<'_> {
    fn owner(&self) -> &Owner {
        &self.rows.owner
    }

    fn now(&self) -> Micros {
        self.now
    }

    fn limits(&self) -> &Limits {
        self.limits
    }

    fn export(&mut self, id: ExportId) -> Result<Option<Export>, StoreError> {
        if let Some(export) = self.exports.get(&id) {
            return Ok(Some(export.clone()));
        }
        let item = self.rows.exports.get(&id);
        self.cost.read(item.map_or(0, |item| item.bytes));
        Ok(item.map(|item| item.of.clone()))
    }

    fn save_export(&mut self, export: &Export) -> Result<(), StoreError> {
        self.exports.insert(export.id, export.clone());
        Ok(())
    }

    fn running(&mut self) -> Result<u32, StoreError> {
        let running = self.all().filter(|export| matches!(export.state, State::Running(_)));
        Ok(u32::try_from(running.count()).unwrap_or(u32::MAX))
    }

    fn next_waiting(&mut self, after: Option<ExportId>) -> Result<Option<ExportId>, StoreError> {
        let waits = |export: &&Export| export.state == State::Queued && after.is_none_or(|after| export.id > after);
        Ok(self.all().filter(waits).map(|export| export.id).min())
    }

    fn due(&mut self) -> Result<Vec<(u64, ExportId)>, StoreError> {
        let exports = self.rows.exports.values().map(|item| &item.of);
        let has_lanes = |export: &Export| matches!(export.state, State::Running(Phase::Lanes(_)));
        let has_come = |export: &Export| export.due_at(self.limits).is_some_and(|due_at| due_at <= self.now);
        let is_due = |export: &&Export| has_lanes(export) || has_come(export);
        let mut due: Vec<_> = exports.filter(is_due).map(|export| (export.served, export.id)).collect();
        due.sort_unstable();
        Ok(due)
    }

    fn lane(&mut self, id: ExportId, number: u32) -> Result<Option<Lane>, StoreError> {
        if let Some((_, lane)) = self.lanes.get(&(id, number)) {
            return Ok(lane.clone());
        }
        let item = self.rows.lanes.get(&(id, number));
        if self.read_lanes.insert((id, number)) {
            self.cost.read(item.map_or(0, |item| item.bytes));
        }
        Ok(item.map(|item| item.of.clone()))
    }

    fn save_lane(&mut self, of: &Export, lane: &Lane) -> Result<(), StoreError> {
        self.lanes.insert((of.id, lane.number), (of.clone(), Some(lane.clone())));
        Ok(())
    }

    fn remove_lane(&mut self, of: &Export, number: u32) -> Result<(), StoreError> {
        self.lanes.insert((of.id, number), (of.clone(), None));
        Ok(())
    }

    fn step(&mut self, id: ExportId, step: Step) -> Result<Option<StepRow>, StoreError> {
        if let Some(row) = self.steps.get(&(id, step)) {
            return Ok(Some(*row));
        }
        let row = self.rows.steps.get(&(id, step)).copied();
        if row.is_some() {
            self.cost.read(0);
            self.found_steps = true;
        }
        Ok(row)
    }

    fn save_step(&mut self, id: ExportId, row: &StepRow) -> Result<(), StoreError> {
        self.steps.insert((id, row.record.step), *row);
        Ok(())
    }

    fn held(&mut self, of: &Export, lane: Option<u32>, limit: u32) -> Result<Vec<StepRow>, StoreError> {
        let first = ((of.id, lane), Micros(i64::MIN), Step::Plan);
        let held = self.rows.held.range(first..).take_while(|(unit, ..)| *unit == first.0).take(limit as usize);
        let rows: Vec<_> = held.map(|(_, _, step)| self.rows.steps[&(of.id, *step)]).collect();
        self.cost.read_index(rows.len());
        self.looked += 1;
        Ok(rows)
    }

    fn release_all(&mut self, id: ExportId) -> Result<(), StoreError> {
        let held = self.rows.held.iter().filter(|(unit, ..)| unit.0 == id).map(|(_, _, step)| *step);
        for step in held {
            let mut row = self.rows.steps[&(id, step)];
            row.record.worker = None;
            self.steps.insert((id, step), row);
        }
        Ok(())
    }

    /// Nothing in a run is limited by the day, and no client has keys.
    fn created_on(&mut self, _day: Day) -> Result<u32, StoreError> {
        Ok(0)
    }

    fn count_created(&mut self, _day: Day) -> Result<(), StoreError> {
        Ok(())
    }

    fn kept(&mut self, _key: &IdempotencyKey) -> Result<Option<KeptKey>, StoreError> {
        Ok(None)
    }

    fn keep(&mut self, _key: &IdempotencyKey, _kept: &KeptKey) -> Result<(), StoreError> {
        Ok(())
    }
}
