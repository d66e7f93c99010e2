-- Where an event stands in the fold, and what became of it, as known now. An act that stands at the last of the days from which it counts has no row, nor has an event that no fold places and that stands.
CREATE TABLE event_fate (
    -- the event
    sequence INTEGER PRIMARY KEY,
    -- day: from which it counts in the order of the fold; null: nothing of it stands there
    fold_day TEXT,
    -- `stands`, `corrected`, `annulled` or `unsupported`
    fate TEXT NOT NULL,
    -- the revision of the correction in force
    corrected_by INTEGER
) STRICT;

-- What was said of an event before a later event said it anew: up to that one, and not from it on.
CREATE TABLE audit_trail_before (
    -- the event
    sequence INTEGER NOT NULL,
    -- the sequence of the event that said it anew
    known_to INTEGER NOT NULL,
    -- day: from which it counted in the order of the fold; null: nothing of it stood there
    fold_day TEXT,
    -- `stands`, `corrected`, `annulled` or `unsupported`
    fate TEXT NOT NULL,
    -- the revision of the correction that was in force
    corrected_by INTEGER,
    PRIMARY KEY (sequence, known_to)
) STRICT, WITHOUT ROWID;
