-- What became due in each enrollment. Whether it is open, met, late or overdue depends on the day of the question and on rest days, so it is judged from these columns and stands in none of them.
CREATE TABLE obligation (
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
    -- the revision of the event that opened it
    opened_by INTEGER NOT NULL,
    -- the obligation's id in the measure
    obligation TEXT NOT NULL,
    -- day: from which the enrollment's record is complete; null: not known to be
    kept_since TEXT,
    -- the kind of office that owes it
    owes TEXT NOT NULL,
    -- the article
    article TEXT NOT NULL,
    -- EDTF: the effective date of the event that opened it
    opened_on TEXT NOT NULL,
    -- EDTF: from when it can be fulfilled
    open_from TEXT NOT NULL,
    -- EDTF: by when it is due, before rest days; null: undated, or it recurs
    due_on TEXT,
    -- day: the earliest on which it may be due
    due_earliest TEXT,
    -- day: the latest on which it may be due; rest days can only make it later
    due_latest TEXT,
    -- the event from which it runs
    start_event TEXT,
    -- EDTF: that event's effective date
    start_on TEXT,
    -- the rule for the day, as the measure gives it (`P3M`, `stated`)
    rule TEXT,
    -- how the day was worked out
    arithmetic TEXT,
    -- day: the first due date of a duty that recurs
    first_due TEXT,
    -- of a duty that recurs: the day of each year (`--01-31`)
    every TEXT,
    -- of a duty that recurs: the phases during which it does, separated by spaces
    during TEXT,
    -- the revision of the event that ended it unmet
    ended_by INTEGER,
    -- day: from which it no longer binds; what fell due earlier stands
    ended_from TEXT,
    -- boolean: it was waived rather than over
    ended_waived INTEGER,
    -- boolean: it is owed from the end of a term or title on, at `open_from`
    after_end INTEGER NOT NULL,
    -- the kinds of office that owe it together with that one, separated by spaces
    owed_with TEXT NOT NULL,
    -- the kinds of office that receive what meets it, each with its own receipt, separated by spaces
    receivers TEXT NOT NULL,
    -- boolean: whether it is owed at all depends on a date that does not say so
    uncertain INTEGER NOT NULL,
    -- day: of a duty that recurs: the due date from which it is certainly owed; null: from the first
    certain_from TEXT
) STRICT;

-- How a duty was met.
CREATE TABLE obligation_met (
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
    -- the duty: the revision of the event that opened it
    opened_by INTEGER NOT NULL,
    -- the duty: its id in the measure
    obligation TEXT NOT NULL,
    -- the year of the due date that was met; 0 for a duty that does not recur
    due_year INTEGER NOT NULL,
    -- the revision of the event that met it
    met_by INTEGER NOT NULL,
    -- EDTF: that event's effective date
    met_on TEXT NOT NULL,
    -- day: of receipt, by which timeliness is judged
    received_on TEXT NOT NULL,
    -- boolean: that day was stated rather than that of recording
    stated INTEGER NOT NULL,
    -- JSON: where several offices receive it, each with its day (`by`, `on`, `stated`)
    receipts TEXT NOT NULL,
    -- EDTF: by when it was due, before rest days; null: undated
    due_on TEXT,
    -- the number of days that it was received after that; null: it was not. Rest days can make it none
    days_after INTEGER
) STRICT;

-- Which due dates passed in silence, as Docket recorded it.
CREATE TABLE obligation_lapse (
    -- the enrollment
    enrollment INTEGER NOT NULL,
    -- the revision of the event that says so
    lapsed_by INTEGER NOT NULL,
    -- the sequence of that event
    known_from INTEGER NOT NULL,
    -- the duty: the revision of the event that opened it
    opened_by INTEGER NOT NULL,
    -- the duty: its id in the measure
    obligation TEXT NOT NULL,
    -- EDTF: the due date that passed
    due_on TEXT NOT NULL,
    -- day: the last in time by which it was judged
    not_late_before TEXT NOT NULL,
    PRIMARY KEY (enrollment, lapsed_by)
) STRICT, WITHOUT ROWID;
