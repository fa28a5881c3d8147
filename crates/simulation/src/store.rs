//! A job store like DynamoDB: items with versions, writes that hold only while nothing they saw has changed, limits for each
//! item. What a write does is decided by the rules of `stores::jobs::ledger`.

mod cost;
mod view;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::export::{Export, Lane, Lease, Phase, Segments, Slot, State, Step};
use domain::ids::ExportId;
use domain::limits::Limits;
use domain::owner::Owner;
use domain::time::Micros;
use stores::jobs::ledger::StepRow;
use stores::record;

pub use self::cost::Cost;
use self::cost::{Capacity, item_bytes, write_units};
pub use self::view::{View, Write, Written};
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
    due: BTreeSet<(Micros, usize, Unit)>,
    /// Steps that could be claimed.
    claimable: u64,
    /// What was used so far.
    pub cost: Cost,
}

/// An export, or one of its lanes.
pub type Unit = (ExportId, Option<u32>);

/// The rows of one owner.
pub struct Rows {
    owner: Owner,
    exports: BTreeMap<ExportId, Item<Export>>,
    lanes: BTreeMap<(ExportId, u32), Item<Lane>>,
    steps: HashMap<(ExportId, Step), StepRow>,
    /// Steps that somebody holds, by their last heartbeat.
    held: BTreeSet<(Unit, Micros, Step)>,
    /// What each partition takes: that of the exports, and those of steps, which lie with their lane.
    capacities: HashMap<Option<Unit>, Capacity>,
}

/// An export or a lane as it lies there.
struct Item<T> {
    of: T,
    version: u64,
    bytes: u64,
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
        self.owners[owner].exports.get(&id).map(|item| &item.of)
    }

    /// At most `limit` owners of exports whose time has come, the earliest first.
    pub fn due(&self, now: Micros, limit: usize) -> Vec<usize> {
        let mut seen = BTreeSet::new();
        let due = self.due.range(..(Micros(now.0 + 1), 0, (ExportId(uuid::Uuid::nil()), None)));
        due.map(|(_, owner, _)| *owner).filter(|owner| seen.insert(*owner)).take(limit).collect()
    }

    /// Counts a heartbeat, if the lease still holds.
    pub fn beat(&mut self, owner: usize, lease: &Lease, now: Micros) {
        let rows = &mut self.owners[owner];
        let Some(row) = rows.steps.get_mut(&(lease.export, lease.step)) else { return };
        if row.record.is_held_by(lease) {
            let unit = (lease.export, lease.lane);
            rows.held.remove(&(unit, row.beat_at, lease.step));
            (row.record.beat, row.beat_at) = (row.record.beat + 1, now);
            rows.held.insert((unit, now, lease.step));
        }
    }

    /// Does a write, if all it saw is as it was and each item takes it.
    pub fn commit(&mut self, owner: usize, write: &Write, at: Time) -> Verdict {
        let rows = &mut self.owners[owner];
        let units = rows.units(write);
        // One that fails is paid for like one that succeeds.
        self.cost.write_units += units.values().sum::<u64>();
        if !rows.have_capacity(&units, at) {
            return Verdict::Throttled;
        }
        if !rows.is_as_seen(write) {
            return Verdict::Conflict;
        }
        for (export, _) in &write.exports {
            self.save(owner, export);
        }
        for (of, number, lane, _) in &write.lanes {
            self.save_lane(owner, of, *number, lane.as_ref());
        }
        let rows = &mut self.owners[owner];
        write.steps.iter().for_each(|step| rows.save_step(step));
        Verdict::Done
    }

    fn save(&mut self, owner: usize, export: &Export) {
        let exports = &mut self.owners[owner].exports;
        let before = exports.get(&export.id);
        let (due_before, claimable_before) =
            before.map_or((None, 0), |item| (item.of.due_at(&self.limits), claimable(&item.of)));
        put(exports, export.id, export, bytes_of(export));
        self.claimable = self.claimable + claimable(export) - claimable_before;
        self.index(owner, (export.id, None), due_before, export.due_at(&self.limits));
    }

    fn save_lane(&mut self, owner: usize, of: &Export, number: u32, lane: Option<&Lane>) {
        let (key, lanes) = ((of.id, number), &mut self.owners[owner].lanes);
        let due_at = |lane: &Lane| of.lane_due_at(lane, &self.limits);
        let before = lanes.get(&key);
        let (due_before, claimable_before) =
            before.map_or((None, 0), |item| (due_at(&item.of), open(&item.of.segments)));
        let due = lane.and_then(due_at);
        self.claimable = self.claimable + lane.map_or(0, |lane| open(&lane.segments)) - claimable_before;
        match lane {
            Some(lane) => put(lanes, key, lane, bytes_of_lane(lane)),
            None => drop(lanes.remove(&key)),
        }
        self.index(owner, (of.id, Some(number)), due_before, due);
    }

    /// The index of what is due takes the old entry out and the new one in.
    fn index(&mut self, owner: usize, unit: Unit, before: Option<Micros>, due_at: Option<Micros>) {
        if before != due_at {
            self.cost.write_units += u64::from(before.is_some()) + u64::from(due_at.is_some());
            before.map(|at| self.due.remove(&(at, owner, unit)));
            due_at.map(|at| self.due.insert((at, owner, unit)));
        }
    }
}

impl Rows {
    fn of(owner: Owner) -> Self {
        Self {
            owner,
            exports: BTreeMap::new(),
            lanes: BTreeMap::new(),
            steps: HashMap::new(),
            held: BTreeSet::new(),
            capacities: HashMap::new(),
        }
    }

    /// The units of a write for each partition; where a holder changes, an index is written as well.
    fn units(&self, write: &Write) -> HashMap<Option<Unit>, u64> {
        let mut units = HashMap::new();
        let mut count = |partition, of: u64| *units.entry(partition).or_default() += of;
        for (export, _) in &write.exports {
            count(None, write_units(bytes_of(export)));
        }
        for (of, number, lane, _) in &write.lanes {
            count(Some((of.id, Some(*number))), write_units(lane.as_ref().map_or(0, bytes_of_lane)));
        }
        for Written { unit, row, before } in &write.steps {
            let was_held = before.is_some_and(|before| before.record.worker.is_some());
            count(Some(*unit), write_units(0) + u64::from(was_held != row.record.worker.is_some()));
        }
        units
    }

    fn have_capacity(&mut self, units: &HashMap<Option<Unit>, u64>, at: Time) -> bool {
        let mut take = |partition, units| self.capacities.entry(partition).or_default().take(units, at);
        units.iter().fold(true, |has, (partition, units)| take(*partition, *units) & has)
    }

    fn is_as_seen(&self, write: &Write) -> bool {
        let version = |id| self.exports.get(&id).map_or(0, |item| item.version);
        write.exports.iter().all(|(export, seen)| version(export.id) == *seen)
            && write
                .lanes
                .iter()
                .all(|(of, number, _, seen)| self.lanes.get(&(of.id, *number)).map_or(0, |item| item.version) == *seen)
            && write.steps.iter().all(|Written { unit, row, before }| {
                let now = self.steps.get(&(unit.0, row.record.step)).copied();
                if write.beats_count { now == *before } else { now.map(without_beats) == before.map(without_beats) }
            })
    }

    fn save_step(&mut self, Written { unit, row, .. }: &Written) {
        let (step, key) = (row.record.step, (unit.0, row.record.step));
        if let Some(before) = self.steps.insert(key, *row) {
            self.held.remove(&(*unit, before.beat_at, step));
        }
        if row.record.worker.is_some() {
            self.held.insert((*unit, row.beat_at, step));
        }
    }
}

fn put<K: Ord, T: Clone>(items: &mut BTreeMap<K, Item<T>>, key: K, of: &T, bytes: u64) {
    let version = items.get(&key).map_or(0, |item| item.version) + 1;
    items.insert(key, Item { of: of.clone(), version, bytes });
}

fn bytes_of(export: &Export) -> u64 {
    item_bytes(record::encode(export).len())
}

fn bytes_of_lane(lane: &Lane) -> u64 {
    item_bytes(record::encode_lane(lane).len())
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
        State::Running(Phase::Segments(segments)) => open(segments),
        _ => 0,
    }
}

fn open(segments: &Segments) -> u64 {
    u64::from(segments.fresh.count()) + segments.retry.len() as u64
}
