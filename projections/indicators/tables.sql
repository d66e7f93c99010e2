-- The figures of divisions, as printed. What a revision says anew is known up to it (`known_to`), and from it on as it says.
CREATE TABLE indicator_observation (
    -- the division: a registered subject, a prefecture-level division by its code, or a total
    division TEXT NOT NULL,
    -- the revision in the division's stream by which the observation was first recorded
    observation INTEGER NOT NULL,
    -- the indicator
    indicator TEXT NOT NULL,
    -- EDTF: the period, or the day of a stock
    period TEXT NOT NULL,
    -- what of the period: a stock at its end, a single month, the year to date
    basis TEXT,
    -- what it covers, where that is not the division as a whole
    coverage TEXT,
    -- the value, as printed: a decimal
    value TEXT NOT NULL,
    -- `exactly`, `more_than`, `about`, `at_least` or `at_most` that value
    bound TEXT NOT NULL,
    -- the unit
    unit TEXT NOT NULL,
    -- who says so
    source TEXT NOT NULL,
    -- `attested` where the source prints it, `inferred` where it follows from what it prints
    confidence TEXT NOT NULL,
    -- what else the source says of it
    note TEXT,
    -- boolean: of an invented division, for exercises
    exercise INTEGER NOT NULL,
    -- the revision of the event whose words these are
    revision INTEGER NOT NULL,
    -- the sequence of the event from which on it was known
    known_from INTEGER NOT NULL,
    -- the sequence of the revision up to which it was
    known_to INTEGER,
    PRIMARY KEY (division, observation, known_from)
) STRICT, WITHOUT ROWID;
