-- Where each enrollment stood on any day, as known at any event: one row per span of days on which
-- nothing shown here changes. What held on a day D as known up to the event K:
--   valid_from <= D AND known_from <= K AND (known_to IS NULL OR known_to > K)
--   AND (valid_to_known IS NULL OR valid_to_known > K OR valid_to > D)

CREATE TABLE status_history (
    id                INTEGER PRIMARY KEY,
    enrollment        INTEGER NOT NULL,
    valid_from        TEXT    NOT NULL,
    known_from        INTEGER NOT NULL,
    valid_to          TEXT,
    valid_to_known    INTEGER,
    known_to          INTEGER,
    stands_at         TEXT,
    phase             TEXT,
    phase_since       TEXT,
    node_since        TEXT,
    category          TEXT,
    round             TEXT,
    batch             TEXT,
    title             TEXT,
    title_from        TEXT,
    title_until       TEXT,
    term_from         TEXT,
    term_until        TEXT,
    place_category    TEXT,
    place_from        TEXT,
    place_attested    INTEGER,
    provenance        TEXT    NOT NULL,
    attempt           INTEGER NOT NULL,
    last_evidenced_on TEXT,
    kept_since        TEXT,
    waiting           TEXT    NOT NULL,
    unsupported       INTEGER NOT NULL,
    met_outside       TEXT    NOT NULL
) STRICT;
