-- The timeline of each enrollment as spans of days: its phases, titles and terms.
-- valid_from and valid_to (exclusive, null while it lasts) are days of the record; the columns in
-- EDTF are the dates as sharp as their source.

CREATE TABLE timeline_phase (
    program       TEXT    NOT NULL,
    subject       TEXT    NOT NULL,
    valid_from    TEXT    NOT NULL,
    exercise      INTEGER NOT NULL,
    valid_to      TEXT,
    phase         TEXT    NOT NULL,
    since         TEXT,
    planned_until TEXT,
    article       TEXT,
    PRIMARY KEY (program, subject, valid_from)
) STRICT, WITHOUT ROWID;

CREATE TABLE timeline_title (
    program    TEXT    NOT NULL,
    subject    TEXT    NOT NULL,
    valid_from TEXT    NOT NULL,
    exercise   INTEGER NOT NULL,
    valid_to   TEXT,
    title      TEXT    NOT NULL,
    held_from  TEXT    NOT NULL,
    held_until TEXT,
    article    TEXT    NOT NULL,
    PRIMARY KEY (program, subject, valid_from)
) STRICT, WITHOUT ROWID;

CREATE TABLE timeline_term (
    program    TEXT    NOT NULL,
    subject    TEXT    NOT NULL,
    valid_from TEXT    NOT NULL,
    exercise   INTEGER NOT NULL,
    valid_to   TEXT,
    term_from  TEXT    NOT NULL,
    term_until TEXT    NOT NULL,
    arithmetic TEXT    NOT NULL,
    article    TEXT    NOT NULL,
    PRIMARY KEY (program, subject, valid_from)
) STRICT, WITHOUT ROWID;
