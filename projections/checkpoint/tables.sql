-- How far a copy of the read models has read. One row: rows and checkpoint move in one transaction.

CREATE TABLE checkpoint (
    only     INTEGER PRIMARY KEY CHECK (only = 1),
    -- The sequence of the last event whose rows are in; null before the first.
    position INTEGER,
    -- The running maximum of recorded_at up to it, microseconds UTC since 1970.
    known_at INTEGER NOT NULL,
    -- The id of the log's first event: rows of one log are never continued from another.
    log      TEXT,
    -- Who writes: only the writer of this epoch moves the checkpoint.
    epoch    INTEGER NOT NULL,
    holder   TEXT,
    -- Grows with each sign of life of that writer. It only saves work: what keeps rows right is the
    -- epoch.
    lease    INTEGER NOT NULL,
    -- The event at which the writer stopped, and why; null while it goes on.
    failed   INTEGER,
    failure  TEXT
) STRICT;

INSERT INTO checkpoint (only, position, known_at, epoch, lease) VALUES (1, NULL, -9223372036854775808, 0, 0);

-- The read models in this copy, each with the version of what its rows say.
CREATE TABLE read_model (
    name    TEXT    PRIMARY KEY,
    version INTEGER NOT NULL
) STRICT;

-- The checksum of each table's rows (projection/checksum.rs), kept up with every batch.
CREATE TABLE table_checksum (
    name     TEXT PRIMARY KEY,
    checksum TEXT NOT NULL
) STRICT;
