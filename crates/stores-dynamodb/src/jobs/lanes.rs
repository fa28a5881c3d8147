//! Lanes of large exports as items.

use domain::export::{Export, Lane, Phase, State};
use domain::ids::ExportId;
use domain::limits::Limits;
use stores::{StoreError, record};

use super::keys;
use super::rows::{ExportRow, fits, hash_of};
use crate::item::{Item, Read, Write};
use crate::tables::shelf;

/// Whether the segments are counted in lanes now.
pub(super) const fn has_lanes(export: &Export) -> bool {
    matches!(export.state, State::Running(Phase::Lanes(_)))
}

pub(super) fn read_lane(id: ExportId, number: u32, item: &Item) -> Result<Lane, StoreError> {
    record::decode_lane(id, number, Read::new(item, "a lane").text("record")?)
}

/// Under which fence of its export it was written.
pub(super) fn fence_of(item: &Item) -> Result<u64, StoreError> {
    Read::new(item, "a lane").number("fence")
}

/// # Errors
/// The lane has grown larger than an item may be.
pub(super) fn write_lane(of: &ExportRow, lane: &Lane, limits: &Limits) -> Result<Item, StoreError> {
    let ExportRow { export: of, fence } = of;
    let item = Write::new(&keys::lane(&of.owner, of.id, lane.number))
        .text("record", record::encode_lane(lane))
        .number("record_version", record::RECORD_VERSION)
        .number("fence", fence);
    let item = item.maybe("shelf", of.lane_due_at(lane, limits), |item, name, at| {
        item.text(name, shelf("due", hash_of(of.id).wrapping_add(lane.number))).number("shelf_at", at.0)
    });
    fits(item.item(), || format!("lane {} of export {}", lane.number, of.id))
}
