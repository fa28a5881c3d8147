-- Times are microseconds since 1970, UTC. Owners, ids and steps are text as the program writes it.
CREATE TABLE exports (
    owner TEXT NOT NULL,
    id TEXT NOT NULL,
    state TEXT NOT NULL,
    -- When something is to be done; null while it waits for a place, and for ever once nothing is left.
    due_at INTEGER,
    -- Since when nothing is left to do.
    finished_at INTEGER,
    served INTEGER NOT NULL,
    version INTEGER NOT NULL,
    record TEXT NOT NULL,
    PRIMARY KEY (owner, id)
) STRICT;
CREATE INDEX exports_unsettled ON exports (owner, id) WHERE state IN ('queued', 'running');
CREATE INDEX exports_due ON exports (due_at, owner, version) WHERE due_at IS NOT NULL;
CREATE INDEX exports_due_of_owner ON exports (owner, due_at, served, id) WHERE due_at IS NOT NULL;
CREATE INDEX exports_finished ON exports (finished_at, owner, id) WHERE finished_at IS NOT NULL;

-- Steps that were ever claimed. Segment n is n; plan, assemble, expire and delete are -1 to -4.
CREATE TABLE steps (
    owner TEXT NOT NULL,
    export TEXT NOT NULL,
    step INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    worker TEXT,
    beat INTEGER NOT NULL,
    beat_at INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    result TEXT CHECK (result IN ('done', 'failed')),
    rows INTEGER,
    bytes INTEGER,
    reused INTEGER,
    PRIMARY KEY (owner, export, step),
    FOREIGN KEY (owner, export) REFERENCES exports (owner, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX steps_held ON steps (owner, export, beat_at) WHERE worker IS NOT NULL;

CREATE TABLE idempotency (
    owner TEXT NOT NULL,
    -- Empty where no user asked.
    user TEXT NOT NULL,
    key TEXT NOT NULL,
    request_hash BLOB NOT NULL,
    export TEXT NOT NULL,
    keep_until INTEGER NOT NULL,
    PRIMARY KEY (owner, user, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_over ON idempotency (keep_until);

-- name 'served' (day 0): claims of the owner; name 'created': exports created on a UTC day.
CREATE TABLE counters (
    owner TEXT NOT NULL,
    name TEXT NOT NULL,
    day INTEGER NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (owner, name, day)
) STRICT, WITHOUT ROWID;
CREATE INDEX counters_created ON counters (day) WHERE name = 'created';

CREATE TABLE organisations (
    slug TEXT NOT NULL PRIMARY KEY,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
