//! One owner's rows inside a transaction.

use domain::export::{Export, Lane, Lease, Phase, State, Step, StepRecord};
use domain::ids::{ExportId, WorkerId};
use domain::limits::Limits;
use domain::owner::Owner;
use domain::time::{Day, Micros};
use rusqlite::types::Type;
use rusqlite::{Params, Row, Transaction, params};
use stores::jobs::IdempotencyKey;
use stores::jobs::ledger::{KeptKey, Ledger, SegmentResult, StepRow, finished_at};
use stores::{StoreError, record};

use super::{read, sql};
use crate::error::{corrupt, failed};
use crate::rows::one;

/// One owner's rows during one write.
pub(super) struct Rows<'a> {
    tx: &'a Transaction<'a>,
    owner: &'a Owner,
    key: String,
    now: Micros,
    limits: &'a Limits,
}

impl<'a> Rows<'a> {
    pub(super) fn new(tx: &'a Transaction<'a>, owner: &'a Owner, now: Micros, limits: &'a Limits) -> Self {
        Self { tx, owner, key: owner.to_string(), now, limits }
    }

    fn execute(&self, statement: &str, values: impl Params, doing: &'static str) -> Result<(), StoreError> {
        let changed = self.tx.prepare_cached(statement).and_then(|mut statement| statement.execute(values));
        changed.map(drop).map_err(failed(doing))
    }

    fn one<T>(
        &self,
        statement: &str,
        key: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
        doing: &'static str,
    ) -> Result<Option<T>, StoreError> {
        one(self.tx, statement, key, read, doing)
    }

    fn count(&self, name: &str, Day(day): Day) -> Result<u64, StoreError> {
        let counted = self.one(sql::COUNT, params![self.key, name, day], |row| row.get(0), "count")?;
        counted.ok_or_else(|| corrupt("a counter", "no count came back"))
    }
}

impl Ledger for Rows<'_> {
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
        export(self.tx, self.owner, id)
    }

    fn save_export(&mut self, export: &Export) -> Result<(), StoreError> {
        let values = params![
            self.key,
            export.id.to_string(),
            export.state.name(),
            export.due_at(self.limits).map(|due_at| due_at.0),
            finished_at(export).map(|at| at.0),
            export.served,
            record::RECORD_VERSION,
            record::encode(export),
        ];
        self.execute(sql::SAVE_EXPORT, values, "write an export")
    }

    fn running(&mut self) -> Result<u32, StoreError> {
        let counted = self.one(sql::RUNNING, params![self.key], |row| row.get(0), "count what runs")?;
        Ok(counted.unwrap_or(0))
    }

    fn next_waiting(&mut self, after: Option<ExportId>) -> Result<Option<ExportId>, StoreError> {
        let after = after.map_or(String::new(), |id| id.to_string());
        let read = |row: &Row<'_>| row.get::<_, Option<String>>(0);
        let id = self.one(sql::NEXT_WAITING, params![self.key, after], read, "find who waits")?;
        id.flatten().map(|id| parse_id(&id)).transpose()
    }

    fn due(&mut self) -> Result<Vec<(u64, ExportId)>, StoreError> {
        let key = params![self.key, self.now.0];
        let read = |row: &Row<'_>| Ok((row.get::<_, u64>(0)?, row.get::<_, String>(1)?));
        let due = read::many(self.tx, sql::DUE_OF_OWNER, key, read, "find what is due")?;
        due.into_iter().map(|(served, id)| Ok((served, parse_id(&id)?))).collect()
    }

    fn lane(&mut self, id: ExportId, number: u32) -> Result<Option<Lane>, StoreError> {
        let key = params![self.key, id.to_string(), number];
        let found = self.one(sql::LANE, key, |row| row.get::<_, String>(0), "read a lane")?;
        found.map(|text| record::decode_lane(id, number, &text)).transpose()
    }

    fn save_lane(&mut self, of: &Export, lane: &Lane) -> Result<(), StoreError> {
        let due_at = of.lane_due_at(lane, self.limits).map(|due_at| due_at.0);
        let values = params![self.key, of.id.to_string(), lane.number, due_at, record::encode_lane(lane)];
        self.execute(sql::SAVE_LANE, values, "write a lane")?;
        self.execute(sql::DUE_BY_LANES, params![self.key, of.id.to_string()], "write an export")
    }

    fn remove_lane(&mut self, of: &Export, number: u32) -> Result<(), StoreError> {
        self.execute(sql::REMOVE_LANE, params![self.key, of.id.to_string(), number], "remove a lane")?;
        match of.state {
            State::Running(Phase::Lanes(_)) => {
                self.execute(sql::DUE_BY_LANES, params![self.key, of.id.to_string()], "write an export")
            }
            _ => Ok(()),
        }
    }

    fn step(&mut self, id: ExportId, step: Step) -> Result<Option<StepRow>, StoreError> {
        self.one(sql::STEP, params![self.key, id.to_string(), step_key(step)], step_row, "read a step")
    }

    fn save_step(&mut self, id: ExportId, row: &StepRow) -> Result<(), StoreError> {
        let (result, rows, bytes, reused) = match row.result {
            None => (None, None, None, None),
            Some(SegmentResult::Done { rows, bytes, reused }) => (Some("done"), Some(rows), Some(bytes), Some(reused)),
            Some(SegmentResult::Failed) => (Some("failed"), None, None, None),
        };
        let StepRecord { step, attempt, worker, beat, failures } = row.record;
        let worker = worker.map(|worker| worker.to_string());
        let key = (&self.key, id.to_string(), step_key(step));
        let values =
            params![key.0, key.1, key.2, attempt, worker, beat, row.beat_at.0, failures, result, rows, bytes, reused];
        self.execute(sql::SAVE_STEP, values, "write a step")
    }

    fn held(&mut self, of: &Export, lane: Option<u32>, limit: u32) -> Result<Vec<StepRow>, StoreError> {
        let (from, to) = lane.map_or((i64::MIN, i64::MAX), |lane| {
            let (from, to) = of.numbers_of(lane);
            (i64::from(from), i64::from(to))
        });
        let key = params![self.key, of.id.to_string(), from, to, limit];
        read::many(self.tx, sql::HELD, key, step_row, "find who holds steps")
    }

    fn release_all(&mut self, id: ExportId) -> Result<(), StoreError> {
        self.execute(sql::RELEASE_ALL, params![self.key, id.to_string()], "release steps")
    }

    fn created_on(&mut self, Day(day): Day) -> Result<u32, StoreError> {
        let counted = self.one(sql::COUNTED, params![self.key, "created", day], |row| row.get(0), "read a counter")?;
        Ok(counted.unwrap_or(0))
    }

    fn count_created(&mut self, day: Day) -> Result<(), StoreError> {
        self.count("created", day).map(drop)
    }

    fn kept(&mut self, key: &IdempotencyKey) -> Result<Option<KeptKey>, StoreError> {
        let values = params![self.key, user(key), key.key.as_str()];
        let read = |row: &Row<'_>| Ok((row.get(0)?, row.get::<_, String>(1)?, row.get(2)?));
        let Some((request_hash, export, keep_until)) = self.one(sql::KEPT, values, read, "look a key up")? else {
            return Ok(None);
        };
        Ok(Some(KeptKey { request_hash, export: parse_id(&export)?, keep_until: Micros(keep_until) }))
    }

    fn keep(&mut self, key: &IdempotencyKey, kept: &KeptKey) -> Result<(), StoreError> {
        let export = kept.export.to_string();
        let values = params![self.key, user(key), key.key.as_str(), kept.request_hash, export, kept.keep_until.0];
        self.execute(sql::KEEP, values, "keep a key")
    }
}

/// Reads an export, with what its lanes have come to.
pub(super) fn told(tx: &Transaction<'_>, owner: &Owner, id: ExportId) -> Result<Option<Export>, StoreError> {
    export(tx, owner, id)?.map(|export| with_lanes(tx, export)).transpose()
}

/// Adds to an export what its lanes have come to.
pub(super) fn with_lanes(tx: &Transaction<'_>, export: Export) -> Result<Export, StoreError> {
    if !matches!(export.state, State::Running(Phase::Lanes(_))) {
        return Ok(export);
    }
    let key = params![export.owner.to_string(), export.id.to_string()];
    let read = |row: &Row<'_>| Ok((row.get::<_, u32>(0)?, row.get::<_, String>(1)?));
    let lanes = read::many(tx, sql::LANES, key, read, "read lanes")?.into_iter();
    let lanes: Result<Vec<_>, _> = lanes.map(|(number, text)| record::decode_lane(export.id, number, &text)).collect();
    Ok(export.with_lanes(&lanes?))
}

/// Reads an export.
pub(super) fn export(tx: &Transaction<'_>, owner: &Owner, id: ExportId) -> Result<Option<Export>, StoreError> {
    let key = params![owner.to_string(), id.to_string()];
    let found = one(tx, sql::EXPORT, key, |row| row.get::<_, String>(0), "read an export")?;
    found.map(|text| record::decode(owner, id, &text)).transpose()
}

/// Counts a heartbeat if the lease still holds.
pub(super) fn beat(tx: &Transaction<'_>, lease: &Lease, now: Micros) -> Result<bool, StoreError> {
    let (owner, export) = (lease.owner.to_string(), lease.export.to_string());
    let values = params![owner, export, step_key(lease.step), lease.attempt, lease.worker.to_string(), now.0];
    let changed = tx.prepare_cached(sql::BEAT).and_then(|mut statement| statement.execute(values));
    Ok(changed.map_err(failed("count a heartbeat"))? == 1)
}

/// The columns that every statement over steps selects.
pub(super) fn step_row(row: &Row<'_>) -> rusqlite::Result<StepRow> {
    let step = row.get(0)?;
    let wrong = |column, kind| rusqlite::Error::FromSqlConversionFailure(column, kind, "is not ours".into());
    let worker: Option<String> = row.get(2)?;
    let worker = worker.map(|id| id.parse::<WorkerId>().map_err(|_| wrong(2, Type::Text))).transpose()?;
    let result = match row.get::<_, Option<String>>(6)?.as_deref() {
        None => None,
        Some("done") => Some(SegmentResult::Done { rows: row.get(7)?, bytes: row.get(8)?, reused: row.get(9)? }),
        Some("failed") => Some(SegmentResult::Failed),
        Some(_) => return Err(wrong(6, Type::Text)),
    };
    let step = step_of(step).ok_or_else(|| wrong(0, Type::Integer))?;
    let record = StepRecord { step, attempt: row.get(1)?, worker, beat: row.get(3)?, failures: row.get(5)? };
    Ok(StepRow { record, beat_at: Micros(row.get(4)?), result })
}

/// Reads an id that we wrote.
pub(super) fn parse_id(text: &str) -> Result<ExportId, StoreError> {
    text.parse().map_err(|error| corrupt("the id of an export", error))
}

fn user(key: &IdempotencyKey) -> String {
    key.user.map_or(String::new(), |user| user.to_string())
}

fn step_key(step: Step) -> i64 {
    match step {
        Step::Segment(number) => number.into(),
        Step::Plan => -1,
        Step::Assemble => -2,
        Step::Expire => -3,
        Step::Delete => -4,
        Step::Notify => -5,
    }
}

fn step_of(key: i64) -> Option<Step> {
    match key {
        -1 => Some(Step::Plan),
        -2 => Some(Step::Assemble),
        -3 => Some(Step::Expire),
        -4 => Some(Step::Delete),
        -5 => Some(Step::Notify),
        number => u32::try_from(number).ok().map(Step::Segment),
    }
}
