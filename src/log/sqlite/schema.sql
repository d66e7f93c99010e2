-- The log of Docket: one row of `event` per event, never changed, never removed.
--
-- An auditor reads the view `events` with any SQLite tool (3.37 or later). `data` and `metadata` are
-- the very bytes that were recorded and hashed: stored as TEXT where they are UTF-8 without a zero
-- byte (all that Docket writes is), else as BLOB. `recorded_at` is microseconds UTC since 1970.
-- `sequence` is dense in the whole log, `revision` in its stream; both start at 0.
--
-- There is no index on `event_id`: ids are random, and their index would cost a third of the
-- append rate. `stream` holds each name once, so that an event carries an integer.

CREATE TABLE stream (
    key  INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE event (
    sequence    INTEGER PRIMARY KEY,
    stream      INTEGER NOT NULL REFERENCES stream (key),
    revision    INTEGER NOT NULL,
    event_id    BLOB    NOT NULL CHECK (length(event_id) = 16),
    type        TEXT    NOT NULL,
    recorded_at INTEGER NOT NULL,
    data        ANY     NOT NULL,
    metadata    ANY     NOT NULL,
    UNIQUE (stream, revision)
) STRICT;

CREATE VIEW events AS
SELECT
    event.sequence,
    stream.name AS stream,
    event.revision,
    lower(substr(hex(event.event_id), 1, 8) || '-' || substr(hex(event.event_id), 9, 4) || '-'
        || substr(hex(event.event_id), 13, 4) || '-' || substr(hex(event.event_id), 17, 4) || '-'
        || substr(hex(event.event_id), 21)) AS event_id,
    event.type,
    event.recorded_at,
    event.data,
    event.metadata
FROM event JOIN stream ON stream.key = event.stream;

-- The triggers keep an honest program from changing history by mistake. They run before SQLite
-- looks at its unique indexes, so INSERT OR REPLACE, which removes the old row without firing a
-- DELETE trigger, is refused as well: its sequence or its revision is not the next. Who changes the
-- file on purpose is found by the ledger, not here.

CREATE TRIGGER event_is_next BEFORE INSERT ON event BEGIN
    SELECT RAISE(ABORT, 'the log is append-only: the sequence is not the next')
    WHERE new.sequence IS NOT (SELECT coalesce(max(sequence) + 1, 0) FROM event);
    SELECT RAISE(ABORT, 'the log is append-only: the revision is not the next of its stream')
    WHERE new.revision IS NOT
        (SELECT coalesce(max(revision) + 1, 0) FROM event WHERE stream = new.stream);
END;

CREATE TRIGGER event_is_never_changed BEFORE UPDATE ON event BEGIN
    SELECT RAISE(ABORT, 'the log is append-only: an event is never changed');
END;

CREATE TRIGGER event_is_never_removed BEFORE DELETE ON event BEGIN
    SELECT RAISE(ABORT, 'the log is append-only: an event is never removed');
END;

CREATE TRIGGER stream_is_next BEFORE INSERT ON stream BEGIN
    SELECT RAISE(ABORT, 'the log is append-only: the stream key is not the next')
    WHERE new.key IS NOT (SELECT coalesce(max(key) + 1, 1) FROM stream);
    SELECT RAISE(ABORT, 'the log is append-only: the stream is already there')
    WHERE EXISTS (SELECT 1 FROM stream WHERE name = new.name);
END;

CREATE TRIGGER stream_is_never_changed BEFORE UPDATE ON stream BEGIN
    SELECT RAISE(ABORT, 'the log is append-only: a stream is never renamed');
END;

CREATE TRIGGER stream_is_never_removed BEFORE DELETE ON stream BEGIN
    SELECT RAISE(ABORT, 'the log is append-only: a stream is never removed');
END;
