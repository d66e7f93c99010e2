-- The timeline of each enrollment as spans of days: its phases and categories, with the times of
-- status_history. The columns in EDTF are the dates as sharp as their source.

CREATE TABLE timeline_phase (
    id             INTEGER PRIMARY KEY,
    enrollment     INTEGER NOT NULL,
    valid_from     TEXT    NOT NULL,
    known_from     INTEGER NOT NULL,
    valid_to       TEXT,
    valid_to_known INTEGER,
    known_to       INTEGER,
    phase          TEXT    NOT NULL,
    since          TEXT,
    planned_until  TEXT,
    article        TEXT
) STRICT;

CREATE TABLE timeline_category (
    id             INTEGER PRIMARY KEY,
    enrollment     INTEGER NOT NULL,
    valid_from     TEXT    NOT NULL,
    known_from     INTEGER NOT NULL,
    valid_to       TEXT,
    valid_to_known INTEGER,
    known_to       INTEGER,
    category       TEXT    NOT NULL
) STRICT;
