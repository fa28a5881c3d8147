//! Exports, steps and counters as items.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::AttributeValue;
use domain::export::{Export, Lane, Phase, State, Step, StepRecord};
use domain::ids::ExportId;
use domain::limits::Limits;
use domain::owner::Owner;
use domain::time::Micros;
use stores::jobs::ledger::{KeptKey, SegmentResult, StepRow, finished_at};
use stores::{StoreError, record};

use super::keys;
use crate::error::{corrupt, refused};
use crate::item::{ITEM_LIMIT_BYTES, Item, Key, Read, Write, number, size_bytes};
use crate::tables::shelf;

/// Most exports of one owner that wait for a place: their ids stand in one item.
pub const WAITING_LIMIT: usize = 2_000;
/// How long the item of a finished segment outlives its last write, beside files and record (seconds): longer than an export runs.
const SEGMENT_SPARE_SECONDS: u64 = 30 * 86_400;

/// An export and what only this adapter keeps of it.
#[derive(Clone, Debug)]
pub(super) struct ExportRow {
    pub(super) export: Export,
    /// Steps claimed under a smaller number are nobody's any more.
    pub(super) fence: u64,
}

impl ExportRow {
    pub(super) fn read(owner: &Owner, item: &Item) -> Result<Self, StoreError> {
        let read = Read::new(item, "an export");
        let id = keys::export_of(read.text("sk")?)?;
        Ok(Self { export: record::decode(owner, id, read.text("record")?)?, fence: read.number("fence")? })
    }

    /// # Errors
    /// The export has grown larger than an item may be.
    pub(super) fn write(&self, limits: &Limits) -> Result<Item, StoreError> {
        let Self { export, fence } = self;
        let item = Write::new(&keys::export(&export.owner, export.id))
            .text("record", record::encode(export))
            .number("record_version", record::RECORD_VERSION)
            .text("state", export.state.name())
            .number("served", export.served)
            .number("fence", fence)
            .number("lanes", export.lanes);
        let due_at = export.due_at(limits);
        let shelved = |kind, at: Micros| (shelf(kind, hash_of(export.id)), at);
        let place = due_at.map(|at| shelved("due", at)).or_else(|| finished_at(export).map(|at| shelved("over", at)));
        // A claim looks into all lanes; each of them is on a shelf by itself.
        let open_at = if has_lanes(export) { Some(Micros(0)) } else { due_at };
        let item = item.maybe("open_at", open_at, |item, name, at| item.number(name, at.0));
        let item =
            item.maybe("shelf", place, |item, name, (shelf, at)| item.text(name, shelf).number("shelf_at", at.0));
        fits(item.item(), || format!("the record of export {}", export.id))
    }
}

/// Whether the segments are counted in lanes now.
pub(super) const fn has_lanes(export: &Export) -> bool {
    matches!(export.state, State::Running(Phase::Lanes(_)))
}

pub(super) fn read_lane(id: ExportId, number: u32, item: &Item) -> Result<Lane, StoreError> {
    record::decode_lane(id, number, Read::new(item, "a lane").text("record")?)
}

/// # Errors
/// The lane has grown larger than an item may be.
pub(super) fn write_lane(of: &Export, lane: &Lane, limits: &Limits) -> Result<Item, StoreError> {
    let item = Write::new(&keys::lane(&of.owner, of.id, lane.number))
        .text("record", record::encode_lane(lane))
        .number("record_version", record::RECORD_VERSION);
    let item = item.maybe("shelf", of.lane_due_at(lane, limits), |item, name, at| {
        item.text(name, shelf("due", hash_of(of.id).wrapping_add(lane.number))).number("shelf_at", at.0)
    });
    fits(item.item(), || format!("lane {} of export {}", lane.number, of.id))
}

fn hash_of(id: ExportId) -> u32 {
    id.0.as_bytes().iter().rev().take(4).fold(0, |hash, byte| hash << 8 | u32::from(*byte))
}

fn fits(item: Item, what: impl FnOnce() -> String) -> Result<Item, StoreError> {
    let bytes = size_bytes(&item);
    if bytes <= ITEM_LIMIT_BYTES {
        return Ok(item);
    }
    Err(refused("write an item", format!("{} has {bytes} bytes, {ITEM_LIMIT_BYTES} is the most", what())))
}

/// A step, and under which fence and retry of its export it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct StepItem {
    row: StepRow,
    fence: u64,
    retries: u32,
}

impl StepItem {
    pub(super) fn read(item: &Item) -> Result<Self, StoreError> {
        let read = Read::new(item, "a step");
        let record = StepRecord {
            step: keys::step_of(read.text("sk")?)?,
            attempt: read.number("attempt")?,
            worker: read.maybe("worker", Read::parsed)?,
            beat: read.number("beat")?,
            failures: read.number("failures")?,
        };
        let row = StepRow { record, beat_at: Micros(read.number("beat_at")?), result: result(&read)? };
        Ok(Self { row, fence: read.number("fence")?, retries: read.number("retries")? })
    }

    /// The step as it counts now: what happened to all steps of an export at once is written on the export alone.
    pub(super) fn under(&self, of: &ExportRow) -> StepRow {
        let mut row = self.row;
        if self.fence < of.fence {
            row.record.worker = None;
        }
        if self.retries < of.export.retries {
            row.record.failures = 0;
            row.result = row.result.filter(|result| *result != SegmentResult::Failed);
        }
        if is_built_again(&of.export, row.record.step) {
            row.result = None;
        }
        row
    }
}

/// A segment that waits to be built again has no result.
fn is_built_again(export: &Export, step: Step) -> bool {
    let Step::Segment(number) = step else { return false };
    let running = match &export.state {
        State::Running(Phase::Segments(segments)) => Some(segments),
        _ => None,
    };
    running.or(export.resume.as_ref()).is_some_and(|segments| segments.retry.contains_key(&number))
}

/// Whether nobody has ever claimed this step, as far as the export and its lane tell: its item is not there.
pub(super) fn is_fresh(export: &Export, lane: Option<&Lane>, step: Step) -> bool {
    let Step::Segment(number) = step else { return false };
    match &export.state {
        State::Running(Phase::Plan(_)) => true,
        State::Running(Phase::Segments(segments)) => segments.fresh.contains(number),
        State::Running(Phase::Lanes(_)) => lane.is_some_and(|lane| lane.segments.fresh.contains(number)),
        _ => false,
    }
}

/// The item of a step of this export, as it counts now.
pub(super) fn write_step(row: &StepRow, of: &ExportRow, now: Micros, limits: &Limits) -> Item {
    let ExportRow { export, fence } = of;
    let StepRecord { step, attempt, worker, beat, failures } = row.record;
    let item = Write::new(&keys::step(&export.owner, export.id, export.lane_of(step), step))
        .number("attempt", attempt)
        .number("beat", beat)
        .number("beat_at", row.beat_at.0)
        .number("failures", failures)
        .number("fence", fence)
        .number("retries", export.retries);
    let item = item.maybe("worker", worker, |item, name, worker| {
        item.text(name, worker.to_string()).number("open_at", row.beat_at.0)
    });
    let item = item.maybe("result", row.result, |item, name, result| match result {
        SegmentResult::Failed => item.text(name, "failed"),
        SegmentResult::Done { rows, bytes, reused } => item
            .text(name, "done")
            .number("rows", rows)
            .number("bytes", bytes)
            .value("reused", AttributeValue::Bool(reused))
            .number("ttl", segment_ttl(now, limits)),
    });
    item.item()
}

fn segment_ttl(now: Micros, limits: &Limits) -> i64 {
    let life = limits.files_live_seconds.saturating_add(limits.settled_live_seconds);
    seconds(now.plus_seconds(life.saturating_add(SEGMENT_SPARE_SECONDS)))
}

/// As DynamoDB counts the time of a removal.
pub(super) const fn seconds(at: Micros) -> i64 {
    at.0.div_euclid(1_000_000)
}

fn result(read: &Read<'_>) -> Result<Option<SegmentResult>, StoreError> {
    match read.maybe("result", Read::text)? {
        None => Ok(None),
        Some("failed") => Ok(Some(SegmentResult::Failed)),
        Some("done") => {
            let reused = matches!(read.get("reused")?, AttributeValue::Bool(true));
            Ok(Some(SegmentResult::Done { rows: read.number("rows")?, bytes: read.number("bytes")?, reused }))
        }
        Some(_) => Err(corrupt("a step", "its result is not known")),
    }
}

/// What of an owner runs and waits, and how many exports it has in each state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Active {
    pub(super) running: BTreeSet<ExportId>,
    pub(super) waiting: BTreeSet<ExportId>,
    pub(super) counts: BTreeMap<String, u64>,
}

impl Active {
    pub(super) fn read(item: &Item) -> Result<Self, StoreError> {
        let ids = |name| match item.get(name) {
            None => Ok(BTreeSet::new()),
            Some(AttributeValue::Ss(ids)) => ids.iter().map(|id| id.parse()).collect::<Result<_, _>>(),
            Some(_) => Err(domain::ids::IdError::Uuid),
        };
        let corrupt = |error| corrupt("what an owner has", error);
        let (running, waiting) = (ids("running").map_err(corrupt)?, ids("waiting").map_err(corrupt)?);
        Ok(Self { running, waiting, counts: read_counts(item)? })
    }

    pub(super) fn write(&self, owner: &Owner) -> Item {
        let ids = |ids: &BTreeSet<ExportId>| AttributeValue::Ss(ids.iter().map(ToString::to_string).collect());
        let set = |item: Write, name: &str, of: &BTreeSet<ExportId>| {
            if of.is_empty() { item } else { item.value(name, ids(of)) }
        };
        let counts = self.counts.iter().map(|(state, count)| (state.clone(), number(count))).collect();
        let key = keys::active(owner);
        let shelf = shelf("owner", key.pk.bytes().fold(0, |hash: u32, byte| hash.wrapping_mul(31) + u32::from(byte)));
        let item =
            Write::new(&key).text("shelf", shelf).number("shelf_at", 0).value("counts", AttributeValue::M(counts));
        set(set(item, "running", &self.running), "waiting", &self.waiting).item()
    }

    /// An export has gone from one state to another; `None` before its creation, and once it is purged.
    ///
    /// # Errors
    /// More exports wait than one item holds.
    pub(super) fn moved(
        &mut self,
        id: ExportId,
        from: Option<&str>,
        to: Option<&'static str>,
    ) -> Result<(), StoreError> {
        if let Some(from) = from {
            self.running.remove(&id);
            self.waiting.remove(&id);
            let count = self.counts.entry(from.to_owned()).or_default();
            *count = count.saturating_sub(1);
        }
        if let Some(to) = to {
            *self.counts.entry(to.to_owned()).or_default() += 1;
        }
        match to {
            Some("running") => self.running.extend([id]),
            Some("queued") => self.waiting.extend([id]),
            _ => {}
        }
        if self.waiting.len() > WAITING_LIMIT {
            return Err(refused("let an export wait", format!("{WAITING_LIMIT} exports of this owner wait already")));
        }
        Ok(())
    }
}

/// How many exports an owner has in each state.
pub(super) fn read_counts(item: &Item) -> Result<BTreeMap<String, u64>, StoreError> {
    let Some(AttributeValue::M(counts)) = item.get("counts") else { return Ok(BTreeMap::new()) };
    let read = Read::new(counts, "what an owner has");
    counts.keys().map(|state| Ok((state.clone(), read.number(state)?))).collect()
}

pub(super) fn read_key(item: &Item) -> Result<KeptKey, StoreError> {
    let read = Read::new(item, "a client's key");
    Ok(KeptKey {
        request_hash: read.bytes("request_hash")?,
        export: read.parsed("export")?,
        keep_until: Micros(read.number("keep_until")?),
    })
}

pub(super) fn write_key(key: &Key, kept: &KeptKey) -> Item {
    Write::new(key)
        .bytes("request_hash", &kept.request_hash)
        .text("export", kept.export.to_string())
        .number("keep_until", kept.keep_until.0)
        .number("ttl", seconds(kept.keep_until) + 1)
        .item()
}

/// How much was counted.
pub(super) fn read_count(item: &Item) -> Result<u64, StoreError> {
    Read::new(item, "a counter").number("counted")
}

/// A count of one day, which is forgotten a day behind its end.
pub(super) fn write_day(key: &Key, counted: u32, now: Micros) -> Item {
    Write::new(key).number("counted", counted).number("ttl", seconds(now) + 3 * 86_400).item()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: usize) -> ExportId {
        format!("00000000-0000-7000-8000-{number:012x}").parse().expect("an id")
    }

    #[test]
    fn so_many_may_wait_and_no_more() {
        let (mut active, owner) = (Active::default(), "org.acme".parse().expect("an owner"));
        active.moved(id(0), None, Some("running")).expect("there is room");
        for number in 1..=WAITING_LIMIT {
            active.moved(id(number), None, Some("queued")).expect("there is room");
        }
        let item = active.write(&owner);
        assert!(size_bytes(&item) < ITEM_LIMIT_BYTES / 4);
        assert_eq!(Active::read(&item).expect("as it was written"), active);
        let error = active.clone().moved(id(9_999), None, Some("queued")).expect_err("one too many");
        assert!(matches!(error, StoreError::Backend { doing: "let an export wait", .. }), "{error:?}");
        active.moved(id(1), Some("queued"), Some("running")).expect("one less waits");
        active.moved(id(0), Some("running"), None).expect("it is purged");
        assert_eq!((active.running.len(), active.waiting.len()), (1, WAITING_LIMIT - 1));
        assert_eq!(active.counts["queued"], WAITING_LIMIT as u64 - 1);
    }
}
