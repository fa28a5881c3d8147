-- The summaries of large exports: how far a range of the segments is. An export with lanes is due with the first of them.
CREATE TABLE lanes (
    owner TEXT NOT NULL,
    export TEXT NOT NULL,
    lane INTEGER NOT NULL,
    due_at INTEGER,
    record TEXT NOT NULL,
    PRIMARY KEY (owner, export, lane),
    FOREIGN KEY (owner, export) REFERENCES exports (owner, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
-- Claims are in order by the clock now, and nobody counts them.
DELETE FROM counters WHERE name = 'served';
