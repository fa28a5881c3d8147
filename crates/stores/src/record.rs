//! The form in which adapters keep an export: versioned JSON, read by this program and newer ones.

mod lane;
mod request;
mod state;
#[cfg(test)]
mod tests;

use std::error::Error as StdError;

use domain::export::{Export, PlanFacts, Requester, Segments};
use domain::ids::ExportId;
use domain::owner::Owner;
use domain::time::Micros;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use self::request::RequestRow;
use self::state::{SegmentsRow, StateRow};
use crate::StoreError;

pub use self::lane::{decode_lane, encode_lane};

/// The version that is written, and the greatest that is read.
pub const RECORD_VERSION: u32 = 3;

/// Writes an export; its owner and id are the key it lies under.
pub fn encode(export: &Export) -> String {
    serde_json::to_string(&ExportRow::from(export)).expect("text, numbers and lists have a JSON form")
}

/// Reads the export that lies under a key.
///
/// # Errors
/// [`StoreError::TooNew`] where a newer program wrote it, [`StoreError::Corrupt`] where nobody of ours did.
pub fn decode(owner: &Owner, id: ExportId, record: &str) -> Result<Export, StoreError> {
    let corrupt = |source| StoreError::Corrupt { what: format!("the record of export {id}"), source };
    let row = serde_json::from_str::<ExportRow>(record);
    // A newer record may have another form, so that only its version can be read.
    let version = match &row {
        Ok(row) => Ok(row.version),
        Err(_) => serde_json::from_str(record).map(|Version { version }| version),
    };
    let version = version.map_err(|error| corrupt(error.into()))?;
    if version > RECORD_VERSION {
        let what = format!("the record of export {id}");
        return Err(StoreError::TooNew { what, found: version, known: RECORD_VERSION });
    }
    row.map_err(|error| corrupt(error.into()))?.into_export(owner.clone(), id).map_err(corrupt)
}

#[derive(Deserialize)]
struct Version {
    version: u32,
}

/// An export as it is kept.
#[derive(Serialize, Deserialize)]
struct ExportRow {
    version: u32,
    request: RequestRow,
    #[serde(default)]
    requested_by: Option<RequesterRow>,
    created_at: i64,
    state: StateRow,
    plan: Option<PlanRow>,
    rows: u64,
    bytes: u64,
    reused_parts: u32,
    built_parts: u32,
    served: u64,
    #[serde(default)]
    retries: u32,
    #[serde(default)]
    resume: Option<SegmentsRow>,
    #[serde(default = "one")]
    lanes: u32,
}

/// Before version 3 no export had lanes.
const fn one() -> u32 {
    1
}

#[derive(Serialize, Deserialize)]
struct PlanRow {
    snapshot: i64,
    segments: u32,
    rows: u64,
}

#[derive(Serialize, Deserialize)]
struct RequesterRow {
    user: String,
    email: String,
}

/// A word or number that means nothing to this program.
#[derive(Debug, Error)]
#[error("'{value}' is no {what}")]
struct Unknown {
    what: &'static str,
    value: String,
}

impl Unknown {
    fn new(what: &'static str, value: &str) -> Self {
        Self { what, value: value.chars().take(80).collect() }
    }
}

/// Why a row is no export.
type RowError = Box<dyn StdError + Send + Sync>;

impl From<&Requester> for RequesterRow {
    fn from(requester: &Requester) -> Self {
        Self { user: requester.user.to_string(), email: requester.email.to_string() }
    }
}

impl TryFrom<RequesterRow> for Requester {
    type Error = RowError;

    fn try_from(row: RequesterRow) -> Result<Self, RowError> {
        Ok(Self { user: row.user.parse()?, email: row.email.parse()? })
    }
}

impl From<&Export> for ExportRow {
    fn from(export: &Export) -> Self {
        let plan = |plan: PlanFacts| PlanRow { snapshot: plan.snapshot, segments: plan.segments, rows: plan.rows };
        Self {
            version: RECORD_VERSION,
            request: RequestRow::from(&export.request),
            requested_by: export.requested_by.as_ref().map(RequesterRow::from),
            created_at: export.created_at.0,
            state: StateRow::from(&export.state),
            plan: export.plan.map(plan),
            rows: export.rows,
            bytes: export.bytes,
            reused_parts: export.reused_parts,
            built_parts: export.built_parts,
            served: export.served,
            retries: export.retries,
            resume: export.resume.as_ref().map(SegmentsRow::from),
            lanes: export.lanes,
        }
    }
}

impl ExportRow {
    fn into_export(self, owner: Owner, id: ExportId) -> Result<Export, RowError> {
        let plan = |plan: PlanRow| PlanFacts { snapshot: plan.snapshot, segments: plan.segments, rows: plan.rows };
        Ok(Export {
            id,
            owner,
            request: self.request.try_into()?,
            requested_by: self.requested_by.map(Requester::try_from).transpose()?,
            created_at: Micros(self.created_at),
            state: self.state.try_into()?,
            plan: self.plan.map(plan),
            rows: self.rows,
            bytes: self.bytes,
            reused_parts: self.reused_parts,
            built_parts: self.built_parts,
            served: self.served,
            retries: self.retries,
            resume: self.resume.map(Segments::try_from).transpose()?,
            lanes: self.lanes,
        })
    }
}
