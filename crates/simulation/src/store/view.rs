//! One owner's rows as a rule sees them: reads go to the table and are counted, writes are kept for later.

use std::collections::BTreeMap;

use domain::export::{Export, State, Step};
use domain::ids::ExportId;
use domain::limits::Limits;
use domain::owner::Owner;
use domain::time::{Day, Micros};
use stores::StoreError;
use stores::jobs::IdempotencyKey;
use stores::jobs::ledger::{KeptKey, Ledger, StepRow};

use super::Rows;
use super::cost::Cost;

/// The rows of one owner, and what a rule wants to write.
pub struct View<'a> {
    rows: &'a Rows,
    limits: &'a Limits,
    now: Micros,
    exports: BTreeMap<ExportId, Export>,
    steps: BTreeMap<(ExportId, Step), StepRow>,
    served: Option<u64>,
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
    pub steps: Vec<(ExportId, StepRow, Option<StepRow>)>,
    /// The owner's count of claims, now and before.
    pub served: Option<(u64, u64)>,
    /// Whether a heartbeat meanwhile is a change.
    pub beats_count: bool,
}

impl Write {
    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.exports.is_empty() && self.steps.is_empty() && self.served.is_none()
    }
}

impl<'a> View<'a> {
    pub(super) fn new(rows: &'a Rows, limits: &'a Limits, now: Micros) -> Self {
        Self {
            rows,
            limits,
            now,
            exports: BTreeMap::new(),
            steps: BTreeMap::new(),
            served: None,
            cost: Cost::default(),
            found_steps: false,
            looked: 0,
        }
    }

    /// What was read, and by how many calls one behind the other: what was known to be wanted comes with the first, the
    /// rows of steps that only an export names come with one more (`named`), and holders are looked for export by export.
    pub fn reads(&self, named: bool) -> (Cost, u64) {
        (self.cost, 1 + u64::from(named && self.found_steps) + self.looked)
    }

    /// What the rule wants to write.
    pub fn into_write(self, beats_count: bool) -> Write {
        let version = |id: &ExportId| self.rows.exports.get(id).map_or(0, |item| item.version);
        let before = |key: &(ExportId, Step)| self.rows.steps.get(key).copied();
        Write {
            exports: self.exports.into_iter().map(|(id, export)| (export, version(&id))).collect(),
            steps: self.steps.into_iter().map(|(key, row)| (key.0, row, before(&key))).collect(),
            served: self.served.map(|served| (served, self.rows.served)),
            beats_count,
        }
    }

    /// All exports, as they will be.
    fn all(&self) -> impl Iterator<Item = &Export> {
        let new = self.exports.values().filter(|export| !self.rows.exports.contains_key(&export.id));
        let old = self.rows.exports.values().map(|item| self.exports.get(&item.export.id).unwrap_or(&item.export));
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
        Ok(item.map(|item| item.export.clone()))
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

    fn due(&mut self) -> Result<Vec<ExportId>, StoreError> {
        let exports = self.rows.exports.values().map(|item| &item.export);
        let is_due = |export: &&Export| export.due_at(self.limits).is_some_and(|due_at| due_at <= self.now);
        let mut due: Vec<_> = exports.filter(is_due).map(|export| (export.served, export.id)).collect();
        due.sort_unstable();
        Ok(due.into_iter().map(|(_, id)| id).collect())
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

    fn held(&mut self, id: ExportId, limit: u32) -> Result<Vec<StepRow>, StoreError> {
        let first = (id, Micros(i64::MIN), Step::Plan);
        let held = self.rows.held.range(first..).take_while(|(export, ..)| *export == id).take(limit as usize);
        let rows: Vec<_> = held.map(|(_, _, step)| self.rows.steps[&(id, *step)]).collect();
        self.cost.read_index(rows.len());
        self.looked += 1;
        Ok(rows)
    }

    fn release_all(&mut self, id: ExportId) -> Result<(), StoreError> {
        let held = self.rows.held.iter().filter(|(export, ..)| *export == id).map(|(_, _, step)| *step);
        for step in held {
            let mut row = self.rows.steps[&(id, step)];
            row.record.worker = None;
            self.steps.insert((id, step), row);
        }
        Ok(())
    }

    fn next_serving(&mut self) -> Result<u64, StoreError> {
        let served = self.served.unwrap_or(self.rows.served) + 1;
        self.served = Some(served);
        Ok(served)
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
