//! Which engine last changed the table, and whether it was ever put back from a backup, so that what was made of another
//! history is not taken for current.

use domain::ids::IngestId;
use iceberg::spec::{Snapshot, TableMetadata};
use uuid::Uuid;

use super::load::live;
use crate::error::LakeError;

/// Summary property of each of our own commits: the id of its staging.
pub const COMMIT: &str = "outhaul.commit";
/// Summary property of our own commits: the newest snapshot before them that was another engine's.
///
/// It is handed on from commit to commit, so that it outlives the expiry of the snapshot it names.
pub(crate) const FOREIGN: &str = "outhaul.foreign";

/// Summary property of our own commits: the newest of them that said that the table was put back from a backup.
///
/// Sequence numbers then begin again at those of the backup, so what was built of the lost future would seem to be current.
pub(crate) const RESTORED: &str = "outhaul.restored";

/// What must be equal for equal content versions to mean equal content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Lineage {
    /// The table, new whenever one is made.
    pub table: Uuid,
    /// The newest snapshot in the ancestry that is none of our own commits.
    pub foreign: Option<i64>,
    /// The newest commit in the ancestry that said that the table was put back from a backup.
    pub restored: Option<IngestId>,
}

/// The lineage of a live snapshot.
pub(crate) fn lineage(metadata: &TableMetadata, snapshot_id: i64) -> Result<Lineage, LakeError> {
    let snapshot = live(metadata, snapshot_id)?;
    let restored = restored(snapshot).and_then(|id| id.parse().ok());
    Ok(Lineage { table: metadata.uuid(), foreign: newest_foreign(snapshot), restored })
}

/// The commit of ours that made a snapshot, if one did.
pub fn commit_of(snapshot: &Snapshot) -> Option<IngestId> {
    snapshot.summary().additional_properties.get(COMMIT)?.parse().ok()
}

/// The newest snapshot, from `snapshot` on backwards, that another engine made.
pub(crate) fn newest_foreign(snapshot: &Snapshot) -> Option<i64> {
    let properties = &snapshot.summary().additional_properties;
    match properties.contains_key(COMMIT) {
        true => properties.get(FOREIGN).and_then(|id| id.parse().ok()),
        false => Some(snapshot.snapshot_id()),
    }
}

/// What a snapshot, one of ours, says of the newest restore.
pub(crate) fn restored(snapshot: &Snapshot) -> Option<&str> {
    snapshot.summary().additional_properties.get(RESTORED).map(String::as_str)
}
