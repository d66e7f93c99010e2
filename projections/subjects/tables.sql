-- Who takes part, as registered; names and responsible offices by the day from which each holds. What a
-- correction says anew is known up to it (known_to), and from it on as it says.

CREATE TABLE subject (
    subject       TEXT    NOT NULL,
    kind          TEXT    NOT NULL,
    code          TEXT,
    code_revision TEXT,
    province      TEXT,
    invented      INTEGER NOT NULL,
    -- Subjects are listed by this, then by their id: the GB/T 2260 code, else the province's, else the id.
    order_key     TEXT    NOT NULL,
    source        TEXT    NOT NULL,
    effective_on  TEXT    NOT NULL,
    revision      INTEGER NOT NULL,
    sequence      INTEGER NOT NULL,
    known_from    INTEGER NOT NULL,
    known_to      INTEGER,
    PRIMARY KEY (subject, known_from)
) STRICT, WITHOUT ROWID;

CREATE TABLE subject_name (
    subject  TEXT    NOT NULL,
    from_day TEXT    NOT NULL,
    revision INTEGER NOT NULL,
    name_en  TEXT    NOT NULL,
    name_zh  TEXT    NOT NULL,
    source   TEXT    NOT NULL,
    known_from INTEGER NOT NULL,
    known_to INTEGER,
    PRIMARY KEY (subject, from_day, revision, known_from)
) STRICT, WITHOUT ROWID;

CREATE TABLE subject_office (
    subject   TEXT    NOT NULL,
    from_day  TEXT    NOT NULL,
    revision  INTEGER NOT NULL,
    office_en TEXT    NOT NULL,
    office_zh TEXT    NOT NULL,
    known_from INTEGER NOT NULL,
    known_to INTEGER,
    PRIMARY KEY (subject, from_day, revision, known_from)
) STRICT, WITHOUT ROWID;

CREATE TABLE subject_zone (
    subject TEXT NOT NULL,
    zone    TEXT NOT NULL,
    source  TEXT NOT NULL,
    known_from INTEGER NOT NULL,
    known_to INTEGER,
    PRIMARY KEY (subject, zone, known_from)
) STRICT, WITHOUT ROWID;
