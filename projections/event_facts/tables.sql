-- One row per event of the log, in the log's order: what it says by itself. Rows are never changed.
CREATE TABLE event_fact (
    -- the event's number in the log
    sequence INTEGER PRIMARY KEY,
    -- the stream
    stream TEXT NOT NULL,
    -- its number in the stream, from 0
    revision INTEGER NOT NULL,
    -- UUID: the event's id
    event_id BLOB NOT NULL,
    -- the enrollment, as in table `enrollment`; null for events of other streams
    enrollment INTEGER,
    -- boolean: it is of an exercise
    exercise INTEGER NOT NULL,
    -- the stored type
    event_type TEXT NOT NULL,
    -- the act; null for Docket's own events
    act TEXT,
    -- the year that the act reports on or evaluates; of a correction here and below, of what it puts in place
    year INTEGER,
    -- the result that it states, as printed
    result TEXT,
    -- the annual round that it states
    round TEXT,
    -- the batch that it states
    batch TEXT,
    -- who acted and who recorded it: a row of `recorded_by`
    recorded_by INTEGER NOT NULL,
    -- under what: a row of `law`; null where nothing is cited
    law INTEGER,
    -- EDTF: from when it counts
    effective_on TEXT NOT NULL,
    -- day: the latest from which it may count
    effective_latest TEXT NOT NULL,
    -- EDTF: when it was decided
    decided_on TEXT,
    -- day: of receipt, as stated
    received_on TEXT,
    -- instant (UTC): at which it was recorded
    recorded_at INTEGER NOT NULL,
    -- instant (UTC): the running maximum of `recorded_at` up to the event: it never falls, so an instant is resolved to a sequence by it
    known_at INTEGER NOT NULL,
    -- `recorded`, `attested` or `inferred`
    provenance TEXT NOT NULL,
    -- boolean: recorded by the registrar out of an archive
    archive INTEGER NOT NULL,
    -- the event corrected: `stream@revision#id`
    corrects TEXT,
    -- the events that it rests on, separated by spaces
    rests_on TEXT,
    -- the number of the document cited, as printed
    document_number TEXT,
    -- its title
    document_title TEXT
) STRICT;

-- Who acted and who recorded, once for all events that say the same.
CREATE TABLE recorded_by (
    -- its number: 63 bits of the SHA-256 of what it says
    id INTEGER PRIMARY KEY,
    -- the kind of office that acted
    office TEXT NOT NULL,
    -- which one
    office_id TEXT NOT NULL,
    -- its name on that day, in English
    office_name_en TEXT NOT NULL,
    -- its name on that day, in Chinese
    office_name_zh TEXT NOT NULL,
    -- who recorded it
    principal TEXT NOT NULL,
    -- the role in which it was recorded
    role TEXT NOT NULL
) STRICT;

-- Under what, once for all events that say the same.
CREATE TABLE law (
    -- its number: 63 bits of the SHA-256 of what it says
    id INTEGER PRIMARY KEY,
    -- the measure's version
    measure TEXT,
    -- SHA-256 of the edition
    edition TEXT,
    -- the article
    article TEXT
) STRICT;

-- The register of exceptions (G18): one row for each thing for which an event is in it. Rows are never changed.
CREATE TABLE exception (
    -- the event
    sequence INTEGER NOT NULL,
    -- its number among those of the event, from 0
    number INTEGER NOT NULL,
    -- the kind: `override`, `correction`, `stated_receipt` …
    kind TEXT NOT NULL,
    -- of a finding, its code
    code TEXT,
    -- the enrollment, as in table `enrollment`
    enrollment INTEGER,
    -- boolean: it is of an exercise
    exercise INTEGER NOT NULL,
    PRIMARY KEY (sequence, number)
) STRICT, WITHOUT ROWID;
