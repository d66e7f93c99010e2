-- Which enrollment holds a place of which quota, from which day to which.
CREATE TABLE enrollment_place (
    -- the quota's program
    program TEXT NOT NULL,
    -- the quota's category
    category TEXT NOT NULL,
    -- the enrollment's stream
    enrollment TEXT NOT NULL,
    -- the revision, in the quota's stream, of the event that says so
    revision INTEGER NOT NULL,
    -- day: the first
    from_day TEXT NOT NULL,
    -- boolean: it is of an exercise
    exercise INTEGER NOT NULL,
    -- day: from which it is free again; null: held still
    until_day TEXT,
    -- boolean: known from evidence only
    attested INTEGER NOT NULL,
    -- while it is reserved only: the revision at which the approval will be appended
    reserved_at INTEGER,
    -- boolean: a reservation over the limit, by an override
    over_limit INTEGER NOT NULL,
    -- the sequence of the event that says so
    known_from INTEGER NOT NULL,
    -- the sequence of the event that takes it back; null: none
    known_to INTEGER,
    PRIMARY KEY (program, category, enrollment, revision, from_day)
) STRICT, WITHOUT ROWID;
