-- Where an event stands in the fold, and what became of it, as known now. An act that stands at the last
-- of the days from which it counts has no row, nor has an event that no fold places and that stands.
CREATE TABLE event_fate (
    sequence     INTEGER PRIMARY KEY,
    fold_day     TEXT,
    fate         TEXT    NOT NULL,
    corrected_by INTEGER
) STRICT;

-- What was said of an event before a later event said it anew: up to that one, and not from it on.
CREATE TABLE audit_trail_before (
    sequence     INTEGER NOT NULL,
    known_to     INTEGER NOT NULL,
    fold_day     TEXT,
    fate         TEXT    NOT NULL,
    corrected_by INTEGER,
    PRIMARY KEY (sequence, known_to)
) STRICT, WITHOUT ROWID;
