-- The newest event of each enrollment, whatever day it counts from. Its id, by which other tables
-- name it, is the sequence of its first event. A program as a whole is one without a subject.

CREATE TABLE enrollment (
    id          INTEGER PRIMARY KEY,
    program     TEXT    NOT NULL,
    subject     TEXT,
    stream      TEXT    NOT NULL,
    exercise    INTEGER NOT NULL,
    revision    INTEGER NOT NULL,
    sequence    INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL
) STRICT;
