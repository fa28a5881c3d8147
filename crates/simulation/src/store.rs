//! A job store like DynamoDB: items with versions, writes that hold only while nothing they saw has changed, limits for each
//! item. What a write does is decided by the rules of `stores::jobs::ledger`.

mod cost;
mod view;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::export::{Export, Lease, Phase, Slot, State, Step};
use domain::ids::ExportId;
use domain::limits::Limits;
use domain::owner::Owner;
use domain::time::Micros;
use stores::jobs::ledger::StepRow;
use stores::record;

pub use self::cost::Cost;
use self::cost::{Capacity, export_bytes, write_units};
pub use self::view::{View, Write};
use crate::scenario::Time;

/// What came of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is done.
    Done,
    /// Something it saw has changed meanwhile.
    Conflict,
    /// An item takes no more writes now.
    Throttled,
}

/// All rows.
pub struct Table {
    owners: Vec<Rows>,
    limits: Limits,
    /// The index of due exports.
    due: BTreeSet<(Micros, usize, ExportId)>,
    /// Steps that could be claimed.
    claimable: u64,
    /// What was used so far.
    pub cost: Cost,
}

/// The rows of one owner.
pub struct Rows {
    owner: Owner,
    exports: BTreeMap<ExportId, Item>,
    steps: HashMap<(ExportId, Step), StepRow>,
    /// Steps that somebody holds, by their last heartbeat.
    held: BTreeSet<(ExportId, Micros, Step)>,
    served: u64,
    served_capacity: Capacity,
}

/// An export as it lies there.
struct Item {
    export: Export,
    version: u64,
    bytes: u64,
    capacity: Capacity,
}

impl Table {
    /// A table without exports.
    pub fn new(owners: Vec<Owner>, limits: Limits) -> Self {
        let owners = owners.into_iter().map(Rows::of).collect();
        Self { owners, limits, due: BTreeSet::new(), claimable: 0, cost: Cost::default() }
    }

    /// One owner's rows, to run a rule over.
    pub fn view(&self, owner: usize, now: Micros) -> View<'_> {
        View::new(&self.owners[owner], &self.limits, now)
    }

    /// How many steps could be claimed, at least.
    pub fn claimable(&self) -> u64 {
        self.claimable
    }

    /// An export as it is.
    pub fn export(&self, owner: usize, id: ExportId) -> Option<&Export> {
        self.owners[owner].exports.get(&id).map(|item| &item.export)
    }

    /// At most `limit` owners of exports whose time has come, the earliest first.
    pub fn due(&self, now: Micros, limit: usize) -> Vec<usize> {
        let mut seen = BTreeSet::new();
        let due = self.due.range(..(Micros(now.0 + 1), 0, ExportId(uuid::Uuid::nil())));
        due.map(|(_, owner, _)| *owner).filter(|owner| seen.insert(*owner)).take(limit).collect()
    }

    /// Counts a heartbeat, if the lease still holds.
    pub fn beat(&mut self, owner: usize, lease: &Lease, now: Micros) {
        let rows = &mut self.owners[owner];
        let Some(row) = rows.steps.get_mut(&(lease.export, lease.step)) else { return };
        if row.record.is_held_by(lease) {
            rows.held.remove(&(lease.export, row.beat_at, lease.step));
            (row.record.beat, row.beat_at) = (row.record.beat + 1, now);
            rows.held.insert((lease.export, now, lease.step));
        }
    }

    /// Does a write, if all it saw is as it was and each item takes it.
    pub fn commit(&mut self, owner: usize, write: &Write, at: Time) -> Verdict {
        let rows = &mut self.owners[owner];
        let sizes = write.exports.iter().map(|(export, _)| export_bytes(record::encode(export).len()));
        let sizes: Vec<u64> = sizes.collect();
        let units: u64 = sizes.iter().map(|bytes| write_units(*bytes)).sum();
        let small_items = write.steps.len() as u64 + u64::from(write.served.is_some());
        // One that fails is paid for like one that succeeds.
        self.cost.write_units += units + small_items * write_units(0);
        if !rows.has_capacity(write, &sizes, at) {
            return Verdict::Throttled;
        }
        if !rows.is_as_seen(write) {
            return Verdict::Conflict;
        }
        for ((export, _), bytes) in write.exports.iter().zip(sizes) {
            self.save(owner, export, bytes);
        }
        let rows = &mut self.owners[owner];
        write.steps.iter().for_each(|(id, row, _)| rows.save_step(*id, *row));
        if let Some((served, _)) = write.served {
            rows.served = served;
        }
        Verdict::Done
    }

    fn save(&mut self, owner: usize, export: &Export, bytes: u64) {
        let exports = &mut self.owners[owner].exports;
        let due_before = exports.get(&export.id).and_then(|item| item.export.due_at(&self.limits));
        let claimable_before = exports.get(&export.id).map_or(0, |item| claimable(&item.export));
        let due_at = export.due_at(&self.limits);
        if due_before != due_at {
            // An index takes the old entry out and the new one in.
            self.cost.write_units += u64::from(due_before.is_some()) + u64::from(due_at.is_some());
            due_before.map(|at| self.due.remove(&(at, owner, export.id)));
            due_at.map(|at| self.due.insert((at, owner, export.id)));
        }
        self.claimable = self.claimable + claimable(export) - claimable_before;
        match exports.get_mut(&export.id) {
            Some(item) => (item.export, item.version, item.bytes) = (export.clone(), item.version + 1, bytes),
            None => {
                let item = Item { export: export.clone(), version: 1, bytes, capacity: Capacity::default() };
                exports.insert(export.id, item);
            }
        }
    }
}

impl Rows {
    fn of(owner: Owner) -> Self {
        Self {
            owner,
            exports: BTreeMap::new(),
            steps: HashMap::new(),
            held: BTreeSet::new(),
            served: 0,
            served_capacity: Capacity::default(),
        }
    }

    fn has_capacity(&mut self, write: &Write, sizes: &[u64], at: Time) -> bool {
        let mut has = write.served.is_none() || self.served_capacity.take(write_units(0), at);
        for ((export, _), bytes) in write.exports.iter().zip(sizes) {
            if let Some(item) = self.exports.get_mut(&export.id) {
                has &= item.capacity.take(write_units(*bytes), at);
            }
        }
        has
    }

    fn is_as_seen(&self, write: &Write) -> bool {
        let version = |id| self.exports.get(&id).map_or(0, |item| item.version);
        write.exports.iter().all(|(export, seen)| version(export.id) == *seen)
            && write.served.is_none_or(|(_, seen)| self.served == seen)
            && write.steps.iter().all(|(id, row, seen)| {
                let now = self.steps.get(&(*id, row.record.step)).copied();
                if write.beats_count { now == *seen } else { now.map(without_beats) == seen.map(without_beats) }
            })
    }

    fn save_step(&mut self, id: ExportId, row: StepRow) {
        let key = (id, row.record.step);
        if let Some(before) = self.steps.insert(key, row) {
            self.held.remove(&(id, before.beat_at, row.record.step));
        }
        if row.record.worker.is_some() {
            self.held.insert((id, row.beat_at, row.record.step));
        }
    }
}

/// A result counts under its attempt, however often that has beaten meanwhile.
fn without_beats(mut row: StepRow) -> StepRow {
    (row.record.beat, row.beat_at) = (0, Micros(0));
    row
}

/// Steps of an export that somebody could claim.
fn claimable(export: &Export) -> u64 {
    match &export.state {
        State::Running(Phase::Plan(Slot::Ready(_)) | Phase::Assemble(Slot::Ready(_))) => 1,
        State::Running(Phase::Segments(segments)) => {
            u64::from(segments.total - segments.next) + segments.retry.len() as u64
        }
        _ => 0,
    }
}
