//! A lane as it is kept: under its export and number, in a row of its own.

use domain::export::{Lane, Segments};
use domain::ids::ExportId;
use serde::{Deserialize, Serialize};

use super::state::SegmentsRow;
use super::{RECORD_VERSION, Version};
use crate::StoreError;

#[derive(Serialize, Deserialize)]
struct LaneRow {
    version: u32,
    segments: SegmentsRow,
    rows: u64,
    bytes: u64,
    reused_parts: u32,
    built_parts: u32,
    served: u64,
}

/// Writes a lane; its export and number are the key it lies under. It is written more often than its export, by whatever
/// version, so it says its own.
pub fn encode_lane(lane: &Lane) -> String {
    let Lane { number: _, segments, rows, bytes, reused_parts, built_parts, served } = lane;
    let row = LaneRow {
        version: RECORD_VERSION,
        segments: segments.into(),
        rows: *rows,
        bytes: *bytes,
        reused_parts: *reused_parts,
        built_parts: *built_parts,
        served: *served,
    };
    serde_json::to_string(&row).expect("text, numbers and lists have a JSON form")
}

/// Reads the lane of an export that lies under a number.
///
/// # Errors
/// [`StoreError::TooNew`] where a newer program wrote it, [`StoreError::Corrupt`] where nobody of ours did.
pub fn decode_lane(id: ExportId, number: u32, record: &str) -> Result<Lane, StoreError> {
    let what = || format!("lane {number} of export {id}");
    let corrupt = |source| StoreError::Corrupt { what: what(), source };
    let Version { version } = serde_json::from_str(record).map_err(|error| corrupt(error.into()))?;
    if version > RECORD_VERSION {
        return Err(StoreError::TooNew { what: what(), found: version, known: RECORD_VERSION });
    }
    let row: LaneRow = serde_json::from_str(record).map_err(|error| corrupt(error.into()))?;
    let LaneRow { version: _, segments, rows, bytes, reused_parts, built_parts, served } = row;
    let segments = Segments::try_from(segments).map_err(corrupt)?;
    Ok(Lane { number, segments, rows, bytes, reused_parts, built_parts, served })
}
