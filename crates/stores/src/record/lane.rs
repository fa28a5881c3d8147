//! A lane as it is kept: under its export and number, in a row of its own.

use domain::export::{Lane, Segments};
use domain::ids::ExportId;
use serde::{Deserialize, Serialize};

use super::RECORD_VERSION;
use super::state::SegmentsRow;
use crate::StoreError;

#[derive(Serialize, Deserialize)]
struct LaneRow {
    segments: SegmentsRow,
    rows: u64,
    bytes: u64,
    reused_parts: u32,
    built_parts: u32,
    served: u64,
}

/// Writes a lane; its export and number are the key it lies under. Its export has a version, which counts for both.
pub fn encode_lane(lane: &Lane) -> String {
    let Lane { number: _, segments, rows, bytes, reused_parts, built_parts, served } = lane;
    let row = LaneRow {
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
/// [`StoreError::Corrupt`] where no program of ours up to this version wrote it.
pub fn decode_lane(id: ExportId, number: u32, record: &str) -> Result<Lane, StoreError> {
    let corrupt = |source| {
        let what = format!("lane {number} of export {id} (version {RECORD_VERSION} or less)");
        StoreError::Corrupt { what, source }
    };
    let row: LaneRow = serde_json::from_str(record).map_err(|error| corrupt(error.into()))?;
    let LaneRow { segments, rows, bytes, reused_parts, built_parts, served } = row;
    let segments = Segments::try_from(segments).map_err(corrupt)?;
    Ok(Lane { number, segments, rows, bytes, reused_parts, built_parts, served })
}
