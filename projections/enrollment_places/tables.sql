-- Which enrollment holds a place of which quota, from which day to which.

CREATE TABLE enrollment_place (
    program     TEXT    NOT NULL,
    category    TEXT    NOT NULL,
    enrollment  TEXT    NOT NULL,
    -- The revision, in the quota's stream, of the event that says so.
    revision    INTEGER NOT NULL,
    from_day    TEXT    NOT NULL,
    exercise    INTEGER NOT NULL,
    until_day   TEXT,
    attested    INTEGER NOT NULL,
    -- Set while the place is reserved only: the revision at which the approval will be appended.
    reserved_at INTEGER,
    over_limit  INTEGER NOT NULL,
    -- The sequences from which and to which this was known.
    known_from  INTEGER NOT NULL,
    known_to    INTEGER,
    PRIMARY KEY (program, category, enrollment, revision, from_day)
) STRICT, WITHOUT ROWID;
