-- Where each enrollment stands: one row per span of days on which nothing shown here changes.
-- The status on a day D: valid_from <= D AND (valid_to IS NULL OR valid_to > D).

CREATE TABLE current_status (
    program           TEXT    NOT NULL,
    subject           TEXT    NOT NULL,
    valid_from        TEXT    NOT NULL,
    exercise          INTEGER NOT NULL,
    valid_to          TEXT,
    stands_at         TEXT,
    phase             TEXT,
    step              TEXT,
    phase_since       TEXT,
    node_since        TEXT,
    category          TEXT,
    title             TEXT,
    title_from        TEXT,
    title_until       TEXT,
    term_from         TEXT,
    term_until        TEXT,
    place_category    TEXT,
    place_from        TEXT,
    place_attested    INTEGER,
    provenance        TEXT    NOT NULL,
    attempt           INTEGER NOT NULL,
    last_evidenced_on TEXT,
    kept_since        TEXT,
    waiting           TEXT    NOT NULL,
    unsupported       INTEGER NOT NULL,
    PRIMARY KEY (program, subject, valid_from)
) STRICT, WITHOUT ROWID;

-- The newest event of each enrollment, whatever day it counts from.
CREATE TABLE enrollment (
    program     TEXT    NOT NULL,
    subject     TEXT    NOT NULL,
    stream      TEXT    NOT NULL,
    exercise    INTEGER NOT NULL,
    revision    INTEGER NOT NULL,
    sequence    INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    PRIMARY KEY (program, subject)
) STRICT, WITHOUT ROWID;
