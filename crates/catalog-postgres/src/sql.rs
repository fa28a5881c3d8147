//! Every statement of the catalog.

/// Swaps go one at a time, and this one waits for those that are under way. The number is any, the same in all programs.
pub(crate) const ALONE: &str = "SELECT pg_advisory_xact_lock(8031170781853410304)";

/// Waits for the swap that is under way, beside others who do the same.
pub(crate) const BETWEEN_SWAPS: &str = "SELECT pg_advisory_xact_lock_shared(8031170781853410304)";

pub(crate) const POINTER: &str = "SELECT metadata_location FROM iceberg_tables
     WHERE catalog_name = $1 AND table_namespace = $2 AND table_name = $3";

pub(crate) const NAMESPACE: &str =
    "INSERT INTO iceberg_namespace_properties VALUES ($1, $2, 'exists', 'true') ON CONFLICT DO NOTHING";

pub(crate) const CREATE: &str =
    "INSERT INTO iceberg_tables VALUES ($1, $2, $3, $4, NULL, 'TABLE') ON CONFLICT DO NOTHING";

pub(crate) const MOVE: &str = "UPDATE iceberg_tables SET metadata_location = $4, previous_metadata_location = $5
     WHERE catalog_name = $1 AND table_namespace = $2 AND table_name = $3 AND metadata_location = $5";

pub(crate) const COMMITTED: &str = "SELECT attempt FROM commits WHERE id = $1";

pub(crate) const RECORD_COMMIT: &str = "INSERT INTO commits (id, attempt, committed_at) VALUES ($1, $2, $3)";

pub(crate) const BATCH: &str = "SELECT ingest_id, snapshot_id, accepted, refused, committed_at FROM batches
     WHERE organisation = $1 AND batch_key = $2";

pub(crate) const RECORD_BATCH: &str =
    "INSERT INTO batches (organisation, batch_key, ingest_id, snapshot_id, accepted, refused, committed_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7)";

pub(crate) const PINNED: &str = "SELECT export_id, owner, snapshot_id, pinned_at FROM pins WHERE export_id = $1";

pub(crate) const PIN: &str =
    "INSERT INTO pins (export_id, owner, snapshot_id, pinned_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";

pub(crate) const UNPIN: &str = "DELETE FROM pins WHERE export_id = $1";

pub(crate) const PINS: &str = "SELECT export_id, owner, snapshot_id, pinned_at FROM pins ORDER BY pinned_at, export_id";
