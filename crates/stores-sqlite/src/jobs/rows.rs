//! One owner's rows inside a transaction.

use domain::export::{Export, Lease, Step, StepRecord};
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

/// The day under which the owner's claims are counted.
const EVER: Day = Day(0);

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

    fn due(&mut self) -> Result<Vec<ExportId>, StoreError> {
        read::ids(self.tx, sql::DUE_OF_OWNER, params![self.key, self.now.0], "find what is due")
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

    fn held(&mut self, id: ExportId, limit: u32) -> Result<Vec<StepRow>, StoreError> {
        read::many(self.tx, sql::HELD, params![self.key, id.to_string(), limit], step_row, "find who holds steps")
    }

    fn release_all(&mut self, id: ExportId) -> Result<(), StoreError> {
        self.execute(sql::RELEASE_ALL, params![self.key, id.to_string()], "release steps")
    }

    fn next_serving(&mut self) -> Result<u64, StoreError> {
        self.count("served", EVER)
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
