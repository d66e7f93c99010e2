-- Who takes part, as registered. What a correction says anew is known up to it (`known_to`), and from it on as it says.
CREATE TABLE subject (
    -- the id: a GB/T 2260 code, `XPCC`, or an area's own
    subject TEXT NOT NULL,
    -- `province`, `corps`, `city`, `county`, or an area's kind
    kind TEXT NOT NULL,
    -- the GB/T 2260 code
    code TEXT,
    -- the revision of GB/T 2260 that it is from
    code_revision TEXT,
    -- the province in which it lies; its own id for a province
    province TEXT,
    -- boolean: for exercises
    invented INTEGER NOT NULL,
    -- what subjects are listed by, then by their id: the code, else the province's, else the id
    order_key TEXT NOT NULL,
    -- where the facts are from
    source TEXT NOT NULL,
    -- EDTF: from when the registration holds
    effective_on TEXT NOT NULL,
    -- the newest event of the subject while the row was known
    revision INTEGER NOT NULL,
    -- its sequence
    sequence INTEGER NOT NULL,
    -- the sequence of the event from which on it was known
    known_from INTEGER NOT NULL,
    -- the sequence of the correction up to which it was
    known_to INTEGER,
    PRIMARY KEY (subject, known_from)
) STRICT, WITHOUT ROWID;

-- The names of subjects, by the day from which each holds.
CREATE TABLE subject_name (
    -- the subject
    subject TEXT NOT NULL,
    -- day: from which it holds
    from_day TEXT NOT NULL,
    -- the revision of the registration or renaming (not of its correction)
    revision INTEGER NOT NULL,
    -- in English
    name_en TEXT NOT NULL,
    -- in Chinese
    name_zh TEXT NOT NULL,
    -- where that is from
    source TEXT NOT NULL,
    -- the sequence of the event from which on it was known
    known_from INTEGER NOT NULL,
    -- the sequence of the correction up to which it was
    known_to INTEGER,
    PRIMARY KEY (subject, from_day, revision, known_from)
) STRICT, WITHOUT ROWID;

-- The offices responsible for areas, by the day from which each holds.
CREATE TABLE subject_office (
    -- the subject
    subject TEXT NOT NULL,
    -- day: from which it holds
    from_day TEXT NOT NULL,
    -- the revision of the registration or renaming (not of its correction)
    revision INTEGER NOT NULL,
    -- in English
    office_en TEXT NOT NULL,
    -- in Chinese
    office_zh TEXT NOT NULL,
    -- the sequence of the event from which on it was known
    known_from INTEGER NOT NULL,
    -- the sequence of the correction up to which it was
    known_to INTEGER,
    PRIMARY KEY (subject, from_day, revision, known_from)
) STRICT, WITHOUT ROWID;

-- The zones that areas belong to.
CREATE TABLE subject_zone (
    -- the subject
    subject TEXT NOT NULL,
    -- the zone
    zone TEXT NOT NULL,
    -- who says so
    source TEXT NOT NULL,
    -- the sequence of the event from which on it was known
    known_from INTEGER NOT NULL,
    -- the sequence of the correction up to which it was
    known_to INTEGER,
    PRIMARY KEY (subject, zone, known_from)
) STRICT, WITHOUT ROWID;
