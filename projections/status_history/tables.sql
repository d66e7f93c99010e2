-- Where each enrollment stood on any day, as known at any event: one row per span of days on which nothing shown here changes.
CREATE TABLE status_history (
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
    -- the node: a phase, or `phase.step`; null: nowhere yet
    stands_at TEXT,
    -- the node's phase
    phase TEXT,
    -- EDTF: since when it is in the phase
    phase_since TEXT,
    -- EDTF: since when it stands at the node
    node_since TEXT,
    -- the category applied for or held
    category TEXT,
    -- the annual round in which the present attempt was last decided
    round TEXT,
    -- the batch in which the present attempt was last decided
    batch TEXT,
    -- the title held
    title TEXT,
    -- EDTF: from when it is held
    title_from TEXT,
    -- EDTF: until when; null: without an end
    title_until TEXT,
    -- EDTF: the beginning of the term that runs or ran
    term_from TEXT,
    -- EDTF: that term's last day
    term_until TEXT,
    -- the category of the quota in which it holds a place
    place_category TEXT,
    -- day: from which it holds the place
    place_from TEXT,
    -- boolean: the place is known from evidence only
    place_attested INTEGER,
    -- `recorded`, `attested` or `inferred`: how the standing got into the record
    provenance TEXT NOT NULL,
    -- the number of the present attempt, from 1; 0 before the first
    attempt INTEGER NOT NULL,
    -- EDTF: the latest date on which an event shows the standing
    last_evidenced_on TEXT,
    -- day: from which the record is complete; null: not known to be
    kept_since TEXT,
    -- JSON: what awaits a decision, each with `matter`, `since` (EDTF), `by` (revision), `category`
    waiting TEXT NOT NULL,
    -- how many events lost their ground
    unsupported INTEGER NOT NULL,
    -- JSON: what was met where nobody owed it, such as by a province outside the program: `obligation`, `by` (revision), `on` (EDTF), `received_on`, `stated`
    met_outside TEXT NOT NULL
) STRICT;
