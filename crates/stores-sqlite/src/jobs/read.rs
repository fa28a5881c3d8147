//! Reads over many rows. Records that cannot be read are passed over, so that one does not hide the others.

use domain::export::{Export, State};
use domain::ids::ExportId;
use domain::limits::Limits;
use domain::owner::Owner;
use domain::time::Micros;
use rusqlite::{Params, Row, Transaction, params};
use stores::jobs::CENSUS_LIMIT;
use stores::jobs::ledger::StepRow;
use stores::record::RECORD_VERSION;
use stores::{Census, Due, SegmentProgress, SegmentState, StoreError};

use super::{rows, sql};
use crate::error::{corrupt, failed};
pub(super) use crate::rows::many;
use crate::rows::value;

pub(super) fn list(
    tx: &Transaction<'_>,
    owner: &Owner,
    before: Option<ExportId>,
    limit: u32,
) -> Result<Vec<Export>, StoreError> {
    // All ids are hexadecimal, and come before this.
    let before = before.map_or("~".to_owned(), |id| id.to_string());
    let read = |row: &Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?));
    let found = many(tx, sql::LIST, params![owner.to_string(), before, limit], read, "list exports")?;
    let export = |(id, record): (String, String)| stores::record::decode(owner, rows::parse_id(&id)?, &record);
    readable(found.into_iter().map(|found| rows::with_lanes(tx, export(found)?)))
}

pub(super) fn unsettled(tx: &Transaction<'_>, owner: &Owner) -> Result<Vec<Export>, StoreError> {
    let found = ids(tx, sql::UNSETTLED, params![owner.to_string()], "list exports")?;
    let exports = found.into_iter().map(|id| rows::told(tx, owner, id));
    readable(exports.filter_map(Result::transpose))
}

fn readable(exports: impl Iterator<Item = Result<Export, StoreError>>) -> Result<Vec<Export>, StoreError> {
    let unreadable = |error: &StoreError| matches!(error, StoreError::TooNew { .. } | StoreError::Corrupt { .. });
    exports.filter(|export| !export.as_ref().is_err_and(unreadable)).collect()
}

/// Those that only a newer program can read are counted, whosever they are.
pub(super) fn due(tx: &Transaction<'_>, now: Micros, limit: u32) -> Result<Due, StoreError> {
    let names = many(tx, sql::DUE, params![now.0, RECORD_VERSION, limit], |row| row.get(0), "find what is due")?;
    let owner = |name: String| name.parse().map_err(|error| corrupt("an owner", error));
    let too_new = tx.query_row(sql::DUE_TOO_NEW, params![now.0, RECORD_VERSION], |row| row.get(0));
    Ok(Due {
        owners: names.into_iter().map(owner).collect::<Result<_, _>>()?,
        too_new: too_new.map_err(failed("find what is due"))?,
    })
}

/// Counts by state, and looks into what is due, the longest first.
pub(super) fn census(tx: &Transaction<'_>, now: Micros, limits: &Limits) -> Result<Census, StoreError> {
    let mut census = Census::default();
    for (count, state) in census.exports.iter_mut().zip(State::NAMES) {
        *count = value(tx, sql::COUNT_OF_STATE, params![state], "count exports")?.unwrap_or(0);
    }
    let key = params![now.0, RECORD_VERSION, CENSUS_LIMIT];
    let read = |row: &Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?));
    let due = many(tx, sql::DUE_RECORDS, key, read, "look into what is due")?;
    let due = due.into_iter().map(|(owner, id, record)| {
        let owner = owner.parse().map_err(|error| corrupt("an owner", error))?;
        rows::with_lanes(tx, stores::record::decode(&owner, rows::parse_id(&id)?, &record)?)
    });
    readable(due)?.iter().for_each(|export| census.count_due(export, now, limits));
    Ok(census)
}

pub(super) fn segments(
    tx: &Transaction<'_>,
    owner: &Owner,
    id: ExportId,
    from: u32,
    limit: u32,
) -> Result<Vec<SegmentState>, StoreError> {
    let plan = rows::export(tx, owner, id)?.and_then(|export| export.plan);
    let end = plan.map_or(0, |plan| plan.segments).min(from.saturating_add(limit));
    let key = params![owner.to_string(), id.to_string(), from, end];
    let claimed = many(tx, sql::SEGMENTS, key, rows::step_row, "list segments")?;
    let mut claimed = claimed.into_iter().peekable();
    let state = |number| {
        let row = claimed.next_if(|row| row.record.step == domain::export::Step::Segment(number));
        let progress = row.as_ref().map_or(SegmentProgress::Waiting, StepRow::progress);
        SegmentState { number, attempt: row.map_or(0, |row| row.record.attempt), progress }
    };
    Ok((from..end).map(state).collect())
}

/// The ids that a statement finds.
pub(super) fn ids(
    tx: &Transaction<'_>,
    statement: &str,
    key: impl Params,
    doing: &'static str,
) -> Result<Vec<ExportId>, StoreError> {
    let found: Vec<String> = many(tx, statement, key, |row| row.get(0), doing)?;
    found.iter().map(|id| rows::parse_id(id)).collect()
}
