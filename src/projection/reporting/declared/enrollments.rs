//! The reports on enrollments.

use super::{Declared, EXERCISE, FOUND, Part, SOURCE, WHO, WHOSE, one};
use crate::projection::declare::Shown as _;
use crate::projection::enrollment_places::PlaceHeldRow;
use crate::projection::obligations::{DutyRow, MetRow};
use crate::projection::status_history::StatusRow;
use crate::projection::table::Kind;
use crate::projection::timeline::PhaseRow;

pub(super) const ENROLLMENT_CURRENT: Declared = Declared {
    name: "enrollment_current",
    about: "One row per enrollment: where it stands after everything that is recorded, whatever day that counts from (`valid_from` can lie ahead).",
    parts: &[
        WHO,
        &[
            one(
                "name_en",
                Kind::Text,
                name!("name_en", "e.subject"),
                "its newest name, in English",
            ),
            one(
                "name_zh",
                Kind::Text,
                name!("name_zh", "e.subject"),
                "its newest name, in Chinese",
            ),
            one("valid_from", Kind::Day, "h.valid_from", "from which it stands so"),
            one(
                "revision",
                Kind::Int,
                "a.revision",
                "number of its newest event in its stream: the ETag's revision",
            ),
        ],
        SOURCE,
        &[Part::Own("h", &StatusRow::TABLE)],
    ],
    from: "enrollment e\nJOIN status_history h ON h.enrollment = e.id\nJOIN event_fact a ON a.sequence =\n     (SELECT max(n.sequence) FROM event_fact n WHERE n.enrollment = e.id AND n.sequence <= :known)",
    filter: concat!(
        "e.subject IS NOT NULL AND ",
        known!("h"),
        "\n  AND (h.valid_to IS NULL OR h.valid_to_known > :known)"
    ),
    order: "e.program, e.subject",
};

/// A row that was completed later is two of them: up to the event that completed it without an end (0),
/// from then on with one (1).
pub(super) const ENROLLMENT_HISTORY: Declared = Declared {
    name: "enrollment_history",
    about: "Where each enrollment stood on any day, as known at any event: rectangles of days × sequences, both half-open, that never overlap within an enrollment. What held on day D as known at sequence K is the one row with `valid_from <= D AND (valid_to IS NULL OR valid_to > D) AND known_from <= K AND (known_to IS NULL OR known_to > K)`.",
    parts: &[
        WHO,
        &[
            one("valid_from", Kind::Day, "h.valid_from", "the first on which it holds"),
            one(
                "valid_to",
                Kind::Day,
                "CASE WHEN k.half = 0 THEN NULL ELSE h.valid_to END",
                "the first on which it no longer holds; null: without an end",
            ),
            one(
                "known_from",
                Kind::Int,
                "a.sequence",
                "sequence: the event from which on this was known",
            ),
            one(
                "known_to",
                Kind::Int,
                "CASE WHEN k.half = 0 AND h.valid_to_known <= :known THEN h.valid_to_known WHEN k.half = 1 AND h.known_to <= :known THEN h.known_to END",
                "sequence: the event from which on it was no longer what is known; null: it is known now",
            ),
            one(
                "known_from_at",
                Kind::Instant,
                "a.known_at",
                "from which on it was known: the running maximum of `recorded_at`",
            ),
        ],
        SOURCE,
        &[Part::Own("h", &StatusRow::TABLE)],
    ],
    from: "enrollment e\nCROSS JOIN status_history h\nCROSS JOIN (SELECT 0 AS half UNION ALL SELECT 1 AS half) k\nJOIN event_fact a ON a.sequence =\n     CASE WHEN k.half = 1 AND h.valid_to_known > h.known_from THEN h.valid_to_known ELSE h.known_from END",
    filter: "e.subject IS NOT NULL AND h.enrollment = e.id AND a.sequence <= :known\n  AND ((k.half = 0 AND h.valid_to_known > h.known_from)\n    OR (k.half = 1 AND (h.known_to IS NULL\n      OR (h.known_to > h.known_from AND (h.valid_to_known IS NULL OR h.known_to > h.valid_to_known)))))",
    order: "e.program, e.subject, h.valid_from, a.sequence",
};

pub(super) const PHASE_INTERVAL: Declared = Declared {
    name: "phase_interval",
    about: "The phases of each enrollment by days, as known now.",
    parts: &[
        WHO,
        &[
            one("valid_from", Kind::Day, "p.valid_from", "the first on which it holds"),
            one(
                "valid_to",
                Kind::Day,
                "CASE WHEN p.valid_to_known > :known THEN NULL ELSE p.valid_to END",
                "the first on which it no longer holds; null: without an end",
            ),
        ],
        FOUND,
        SOURCE,
        &[Part::Own("p", &PhaseRow::TABLE)],
    ],
    from: "enrollment e\nCROSS JOIN timeline_phase p\nJOIN event_fact a ON a.sequence =\n     CASE WHEN p.valid_to_known > p.known_from AND p.valid_to_known <= :known\n          THEN p.valid_to_known ELSE p.known_from END",
    filter: concat!("p.enrollment = e.id AND ", known!("p")),
    order: "e.program, e.subject, p.valid_from, p.id",
};

pub(super) const OBLIGATION: Declared = Declared {
    name: "obligation",
    about: "One row per duty as known now, of subjects and of programs as a whole; one that recurs has a row for each year in which it was met. Whether it is late depends on the day asked about and on rest days: compare the days, or ask the API.",
    parts: &[
        WHOSE,
        FOUND,
        SOURCE,
        &[
            one(
                "met_due_year",
                Kind::Int,
                "m.due_year",
                "year of the due date that was met; 0 for a duty that does not recur; null: not met",
            ),
            Part::Of("m", &MetRow::TABLE, &["met_by", "met_on"]),
            one(
                "met_received_on",
                Kind::Day,
                "m.received_on",
                "of receipt, which counts for being in time",
            ),
            one(
                "met_receipts",
                Kind::Json,
                "m.receipts",
                "the offices that received it, each with its day (`by`, `on`, `stated`), where several receive it",
            ),
            Part::Own("o", &DutyRow::TABLE),
        ],
    ],
    from: concat!(
        "obligation o\nJOIN enrollment e ON e.id = o.enrollment\n",
        "LEFT JOIN obligation_met m ON m.enrollment = o.enrollment AND m.opened_by = o.opened_by\n",
        "     AND m.obligation = o.obligation AND ",
        known!("m"),
        "\n",
        "     AND (m.valid_to IS NULL OR m.valid_to_known > :known)\n",
        "JOIN event_fact a ON a.sequence =\n",
        "     CASE WHEN m.known_from > o.known_from THEN m.known_from ELSE o.known_from END"
    ),
    filter: concat!(known!("o"), "\n  AND (o.valid_to IS NULL OR o.valid_to_known > :known)"),
    order: "e.program, coalesce(e.subject, ''), o.opened_by, o.obligation, coalesce(m.due_year, -1), o.id",
};

pub(super) const PLACE: Declared = Declared {
    name: "place",
    about: "Places of quotas that are held or reserved, as known now, by days.",
    parts: &[
        &[
            Part::Of("p", &PlaceHeldRow::TABLE, &["program", "category", "enrollment"]),
            one("subject", Kind::Text, "e.subject", "the subject; null before its first event"),
            one("exercise", Kind::Flag, "p.exercise", EXERCISE),
            Part::Of(
                "p",
                &PlaceHeldRow::TABLE,
                &["from_day", "until_day", "attested", "reserved_at", "over_limit"],
            ),
        ],
        FOUND,
        SOURCE,
    ],
    from: "enrollment_place p\nJOIN event_fact a ON a.sequence = p.known_from\nLEFT JOIN enrollment e ON e.stream = p.enrollment AND e.id <= :known",
    filter: known!("p"),
    order: "p.program, p.category, p.enrollment, p.revision, p.from_day",
};
