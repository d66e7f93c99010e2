-- What became due in each enrollment, with the times of status_history. Whether it is open, met, late
-- or overdue depends on the day of the question and on rest days, so it is judged from these columns
-- and stands in none of them.

CREATE TABLE obligation (
    id             INTEGER PRIMARY KEY,
    enrollment     INTEGER NOT NULL,
    valid_from     TEXT    NOT NULL,
    known_from     INTEGER NOT NULL,
    valid_to       TEXT,
    valid_to_known INTEGER,
    known_to       INTEGER,
    opened_by      INTEGER NOT NULL,
    obligation     TEXT    NOT NULL,
    kept_since     TEXT,
    owes           TEXT    NOT NULL,
    article        TEXT    NOT NULL,
    opened_on      TEXT    NOT NULL,
    open_from      TEXT    NOT NULL,
    due_on         TEXT,
    due_earliest   TEXT,
    due_latest     TEXT,
    start_event    TEXT,
    start_on       TEXT,
    rule           TEXT,
    arithmetic     TEXT,
    first_due      TEXT,
    every          TEXT,
    during         TEXT,
    ended_by       INTEGER,
    ended_from     TEXT,
    ended_waived   INTEGER,
    after_end      INTEGER NOT NULL,
    owed_with      TEXT    NOT NULL,
    receivers      TEXT    NOT NULL,
    uncertain      INTEGER NOT NULL,
    certain_from   TEXT
) STRICT;

-- How a duty was met; for a recurring one by the year of the due date, else due_year is 0.
CREATE TABLE obligation_met (
    id             INTEGER PRIMARY KEY,
    enrollment     INTEGER NOT NULL,
    valid_from     TEXT    NOT NULL,
    known_from     INTEGER NOT NULL,
    valid_to       TEXT,
    valid_to_known INTEGER,
    known_to       INTEGER,
    opened_by      INTEGER NOT NULL,
    obligation     TEXT    NOT NULL,
    due_year       INTEGER NOT NULL,
    met_by         INTEGER NOT NULL,
    met_on         TEXT    NOT NULL,
    received_on    TEXT    NOT NULL,
    stated         INTEGER NOT NULL,
    receipts       TEXT    NOT NULL
) STRICT;

-- Which due dates passed in silence, as Docket recorded it: the revision of the event that says so.
CREATE TABLE obligation_lapse (
    enrollment      INTEGER NOT NULL,
    lapsed_by       INTEGER NOT NULL,
    known_from      INTEGER NOT NULL,
    opened_by       INTEGER NOT NULL,
    obligation      TEXT    NOT NULL,
    due_on          TEXT    NOT NULL,
    not_late_before TEXT    NOT NULL,
    PRIMARY KEY (enrollment, lapsed_by)
) STRICT, WITHOUT ROWID;
