-- The phases of each enrollment by days.
CREATE TABLE timeline_phase (
    -- the row: the enrollment's number times 2^20, and which of its rows
    id INTEGER PRIMARY KEY,
    -- the enrollment
    enrollment INTEGER NOT NULL,
    -- day: the first on which it holds
    valid_from TEXT NOT NULL,
    -- the sequence of the event from which this is known
    known_from INTEGER NOT NULL,
    -- day: from which it no longer holds; null while it does
    valid_to TEXT,
    -- the sequence from which that end is known
    valid_to_known INTEGER,
    -- the sequence from which it is known to be untrue
    known_to INTEGER,
    -- the phase
    phase TEXT,
    -- EDTF: since when
    since TEXT,
    -- EDTF: until when it was planned to last: the end of the term that began with the phase, else the end of the title held, else what the document plans for all in that phase (a reading, never a limit)
    planned_until TEXT,
    -- the article that says until when
    article TEXT
) STRICT;

-- The categories of each enrollment by days.
CREATE TABLE timeline_category (
    -- the row: the enrollment's number times 2^20, and which of its rows
    id INTEGER PRIMARY KEY,
    -- the enrollment
    enrollment INTEGER NOT NULL,
    -- day: the first on which it holds
    valid_from TEXT NOT NULL,
    -- the sequence of the event from which this is known
    known_from INTEGER NOT NULL,
    -- day: from which it no longer holds; null while it does
    valid_to TEXT,
    -- the sequence from which that end is known
    valid_to_known INTEGER,
    -- the sequence from which it is known to be untrue
    known_to INTEGER,
    -- the category
    category TEXT NOT NULL
) STRICT;
