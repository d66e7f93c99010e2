-- One row per event of the log, in the log's order: what it says by itself. Rows are never changed.

CREATE TABLE event_fact (
    sequence           INTEGER PRIMARY KEY,
    stream             TEXT    NOT NULL,
    revision           INTEGER NOT NULL,
    event_id           BLOB    NOT NULL,
    enrollment         INTEGER,
    exercise           INTEGER NOT NULL,
    event_type         TEXT    NOT NULL,
    act                TEXT,
    year               INTEGER,
    result             TEXT,
    round              TEXT,
    batch              TEXT,
    recorded_by        INTEGER NOT NULL,
    law                INTEGER,
    effective_on       TEXT    NOT NULL,
    effective_latest   TEXT    NOT NULL,
    decided_on         TEXT,
    received_on        TEXT,
    recorded_at        INTEGER NOT NULL,
    known_at           INTEGER NOT NULL,
    provenance         TEXT    NOT NULL,
    archive            INTEGER NOT NULL,
    corrects           TEXT,
    rests_on           TEXT,
    document_number    TEXT,
    document_title     TEXT
) STRICT;

-- Who acted and who recorded, once for all events that say the same.
CREATE TABLE recorded_by (
    id             INTEGER PRIMARY KEY,
    office         TEXT NOT NULL,
    office_id      TEXT NOT NULL,
    office_name_en TEXT NOT NULL,
    office_name_zh TEXT NOT NULL,
    principal      TEXT NOT NULL,
    role           TEXT NOT NULL
) STRICT;

-- Under what, once for all events that say the same.
CREATE TABLE law (
    id      INTEGER PRIMARY KEY,
    measure TEXT,
    edition TEXT,
    article TEXT
) STRICT;
