//! Which engine last changed the table, so that results made before another engine's commit are not taken for current.

use iceberg::spec::{Snapshot, TableMetadata};
use uuid::Uuid;

use super::load::live;
use crate::error::LakeError;

/// Summary property of each of our own commits: the id of its staging.
pub(crate) const COMMIT: &str = "outhaul.commit";
/// Summary property of our own commits: the newest snapshot before them that was another engine's.
///
/// It is handed on from commit to commit, so that it outlives the expiry of the snapshot it names.
pub(crate) const FOREIGN: &str = "outhaul.foreign";

/// What must be equal for equal content versions to mean equal content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Lineage {
    /// The table, new whenever one is made.
    pub table: Uuid,
    /// The newest snapshot in the ancestry that is none of our own commits.
    pub foreign: Option<i64>,
}

/// The lineage of a live snapshot.
pub(crate) fn lineage(metadata: &TableMetadata, snapshot_id: i64) -> Result<Lineage, LakeError> {
    let snapshot = live(metadata, snapshot_id)?;
    Ok(Lineage { table: metadata.uuid(), foreign: newest_foreign(snapshot) })
}

/// The newest snapshot, from `snapshot` on backwards, that another engine made.
pub(crate) fn newest_foreign(snapshot: &Snapshot) -> Option<i64> {
    let properties = &snapshot.summary().additional_properties;
    match properties.contains_key(COMMIT) {
        true => properties.get(FOREIGN).and_then(|id| id.parse().ok()),
        false => Some(snapshot.snapshot_id()),
    }
}
