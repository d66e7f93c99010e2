-- The newest event of each enrollment, whatever day it counts from. A program as a whole is one without a subject.
CREATE TABLE enrollment (
    -- its number, by which other tables name it: the sequence of its first event
    id INTEGER PRIMARY KEY,
    -- the program
    program TEXT NOT NULL,
    -- the subject; null: the program as a whole
    subject TEXT,
    -- its stream
    stream TEXT NOT NULL,
    -- boolean: it is of an exercise
    exercise INTEGER NOT NULL,
    -- the newest event's revision: what `If-Match` names
    revision INTEGER NOT NULL,
    -- the newest event's sequence
    sequence INTEGER NOT NULL,
    -- instant (UTC): at which that event was recorded
    recorded_at INTEGER NOT NULL
) STRICT;
