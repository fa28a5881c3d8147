//! Every statement of the job store; a test shows that each goes by an index.

pub(super) const EXPORT: &str = "SELECT record FROM exports WHERE owner = ?1 AND id = ?2";

pub(super) const SAVE_EXPORT: &str =
    "INSERT INTO exports (owner, id, state, due_at, finished_at, served, version, record)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
     ON CONFLICT (owner, id) DO UPDATE SET state = excluded.state, due_at = excluded.due_at,
         finished_at = excluded.finished_at, served = excluded.served, version = excluded.version,
         record = excluded.record";

pub(super) const UNSETTLED: &str =
    "SELECT id FROM exports WHERE owner = ?1 AND state IN ('queued', 'running') ORDER BY id";

pub(super) const RUNNING: &str = "SELECT count(*) FROM exports WHERE state = 'running' AND owner = ?1";

pub(super) const NEXT_WAITING: &str = "SELECT min(id) FROM exports WHERE state = 'queued' AND owner = ?1 AND id > ?2";

pub(super) const DUE_OF_OWNER: &str =
    "SELECT served, id FROM exports WHERE owner = ?1 AND due_at IS NOT NULL AND due_at <= ?2 ORDER BY served, id";

pub(super) const LIST: &str = "SELECT id, record FROM exports WHERE owner = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3";

pub(super) const DUE: &str = "SELECT owner FROM exports WHERE due_at IS NOT NULL AND due_at <= ?1 AND version <= ?2
     GROUP BY owner ORDER BY min(due_at), owner LIMIT ?3";

pub(super) const DUE_TOO_NEW: &str =
    "SELECT count(*) FROM exports WHERE due_at IS NOT NULL AND due_at <= ?1 AND version > ?2";

pub(super) const DUE_RECORDS: &str = "SELECT owner, id, record FROM exports
     WHERE due_at IS NOT NULL AND due_at <= ?1 AND version <= ?2 ORDER BY due_at LIMIT ?3";

pub(super) const COUNT_OF_STATE: &str = "SELECT count(*) FROM exports WHERE state = ?1";

pub(super) const LANE: &str = "SELECT record FROM lanes WHERE owner = ?1 AND export = ?2 AND lane = ?3";

pub(super) const LANES: &str = "SELECT lane, record FROM lanes WHERE owner = ?1 AND export = ?2 ORDER BY lane";

pub(super) const SAVE_LANE: &str = "INSERT INTO lanes (owner, export, lane, due_at, record) VALUES (?1, ?2, ?3, ?4, ?5)
     ON CONFLICT (owner, export, lane) DO UPDATE SET due_at = excluded.due_at, record = excluded.record";

pub(super) const REMOVE_LANE: &str = "DELETE FROM lanes WHERE owner = ?1 AND export = ?2 AND lane = ?3";

/// An export with lanes is due with the first of them.
pub(super) const DUE_BY_LANES: &str =
    "UPDATE exports SET due_at = (SELECT min(due_at) FROM lanes WHERE owner = ?1 AND export = ?2)
     WHERE owner = ?1 AND id = ?2";

pub(super) const STEP: &str = "SELECT step, attempt, worker, beat, beat_at, failures, result, rows, bytes, reused
     FROM steps WHERE owner = ?1 AND export = ?2 AND step = ?3";

pub(super) const SAVE_STEP: &str =
    "INSERT INTO steps (owner, export, step, attempt, worker, beat, beat_at, failures, result, rows, bytes, reused)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
     ON CONFLICT (owner, export, step) DO UPDATE SET attempt = excluded.attempt, worker = excluded.worker,
         beat = excluded.beat, beat_at = excluded.beat_at, failures = excluded.failures, result = excluded.result,
         rows = excluded.rows, bytes = excluded.bytes, reused = excluded.reused";

pub(super) const HELD: &str = "SELECT step, attempt, worker, beat, beat_at, failures, result, rows, bytes, reused
     FROM steps WHERE owner = ?1 AND export = ?2 AND worker IS NOT NULL AND step >= ?3 AND step < ?4
     ORDER BY beat_at LIMIT ?5";

pub(super) const SEGMENTS: &str = "SELECT step, attempt, worker, beat, beat_at, failures, result, rows, bytes, reused
     FROM steps WHERE owner = ?1 AND export = ?2 AND step >= ?3 AND step < ?4 ORDER BY step";

pub(super) const RELEASE_ALL: &str =
    "UPDATE steps SET worker = NULL WHERE owner = ?1 AND export = ?2 AND worker IS NOT NULL";

pub(super) const BEAT: &str = "UPDATE steps SET beat = beat + 1, beat_at = ?6
     WHERE owner = ?1 AND export = ?2 AND step = ?3 AND attempt = ?4 AND worker = ?5";

pub(super) const COUNT: &str = "INSERT INTO counters (owner, name, day, count) VALUES (?1, ?2, ?3, 1)
     ON CONFLICT (owner, name, day) DO UPDATE SET count = count + 1 RETURNING count";

pub(super) const COUNTED: &str = "SELECT count FROM counters WHERE owner = ?1 AND name = ?2 AND day = ?3";

pub(super) const KEPT: &str =
    "SELECT request_hash, export, keep_until FROM idempotency WHERE owner = ?1 AND user = ?2 AND key = ?3";

pub(super) const KEEP: &str = "INSERT OR REPLACE INTO idempotency (owner, user, key, request_hash, export, keep_until)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

pub(super) const PURGE: &str = "DELETE FROM exports WHERE rowid IN
     (SELECT rowid FROM exports WHERE finished_at IS NOT NULL AND finished_at < ?1 ORDER BY finished_at LIMIT ?2)";

pub(super) const PURGE_KEYS: &str = "DELETE FROM idempotency WHERE keep_until <= ?1";

pub(super) const PURGE_COUNTERS: &str = "DELETE FROM counters WHERE name = 'created' AND day < ?1";

#[cfg(test)]
pub(super) const ALL: &[&str] = &[
    EXPORT,
    SAVE_EXPORT,
    UNSETTLED,
    RUNNING,
    NEXT_WAITING,
    DUE_OF_OWNER,
    LIST,
    DUE,
    DUE_TOO_NEW,
    DUE_RECORDS,
    COUNT_OF_STATE,
    LANE,
    LANES,
    SAVE_LANE,
    REMOVE_LANE,
    DUE_BY_LANES,
    STEP,
    SAVE_STEP,
    HELD,
    SEGMENTS,
    RELEASE_ALL,
    BEAT,
    COUNT,
    COUNTED,
    KEPT,
    KEEP,
    PURGE,
    PURGE_KEYS,
    PURGE_COUNTERS,
];
