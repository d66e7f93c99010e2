//! The reports. SQL is as `sql` says; `:known` is the sequence up to which the rows are known.

use crate::projection::audit_trail::FateRow;
use crate::projection::enrollment_places::PlaceHeldRow;
use crate::projection::event_facts::{FactRow, LawRow, OfficeRow};
use crate::projection::obligations::{DutyRow, MetRow};
use crate::projection::rows::TIMES;
use crate::projection::status_history::StatusRow;
use crate::projection::subjects::RegisteredRow;
use crate::projection::table::{Column, Kind, Shown as _, Table};
use crate::projection::timeline::PhaseRow;

/// A report.
#[derive(Debug)]
pub(super) struct Declared {
    pub name: &'static str,
    pub about: &'static str,
    pub parts: &'static [&'static [Part]],
    pub from: &'static str,
    /// What its rows are picked by; empty: all are.
    pub filter: &'static str,
    pub order: &'static str,
}

/// Columns of a report.
#[derive(Debug)]
pub(super) enum Part {
    /// Those of a table, which goes by a name in the question: the named ones.
    Of(&'static str, &'static Table, &'static [&'static str]),
    /// All own columns of a table of spans. Last in a report, so that a new one comes at the end.
    Own(&'static str, &'static Table),
    /// One of its own, and how it is asked for.
    One(Column, &'static str),
}

impl Part {
    /// The columns, each with how it is asked for.
    pub fn columns(&self) -> Vec<(Column, String)> {
        let of = |alias: &str, column: &Column| (*column, format!("{alias}.{}", column.name));
        match self {
            Self::One(column, asked) => vec![(*column, (*asked).to_owned())],
            Self::Own(alias, table) => {
                table.columns.iter().skip(TIMES.len()).map(|column| of(alias, column)).collect()
            }
            Self::Of(alias, table, names) => {
                let columns = names.iter().filter_map(|name| table.column(name));
                columns.map(|at| of(alias, &table.columns[at])).collect()
            }
        }
    }
}

/// A column of its own.
const fn one(name: &'static str, kind: Kind, asked: &'static str, says: &'static str) -> Part {
    Part::One(Column::new(name, kind, says), asked)
}

/// The rows of a table that were known.
macro_rules! known {
    ($alias:literal) => {
        concat!(
            $alias,
            ".known_from <= :known AND (",
            $alias,
            ".known_to IS NULL OR ",
            $alias,
            ".known_to > :known)"
        )
    };
}

/// The newest name of a subject that was known.
macro_rules! name {
    ($column:literal, $subject:literal) => {
        concat!(
            "(SELECT n.",
            $column,
            " FROM subject_name n WHERE n.subject = ",
            $subject,
            " AND ",
            known!("n"),
            " ORDER BY n.from_day DESC, n.revision DESC LIMIT 1)"
        )
    };
}

/// What became of events, `a`, by what was known: as said before the first event that said it anew later.
macro_rules! events {
    ($joined:literal) => {
        concat!(
            "audit_trail a\nLEFT JOIN audit_trail_before b ON b.sequence = a.sequence\n",
            "     AND b.known_to > :known AND NOT EXISTS (SELECT 1 FROM audit_trail_before c\n",
            "     WHERE c.sequence = b.sequence AND c.known_to > :known AND c.known_to < b.known_to)\n",
            $joined
        )
    };
}

/// What it was then.
macro_rules! then {
    ($column:literal) => {
        concat!("CASE WHEN b.sequence IS NULL THEN a.", $column, " ELSE b.", $column, " END")
    };
}

const EXERCISE: &str = "invented subjects; never add them to real ones";
const PROVENANCE: &str = "`recorded`, `attested` or `inferred`: how the fact, or the event named by `source_sequence`, got into the record";

/// An enrollment.
const WHO: &[Part] = &[
    one("enrollment", Kind::Text, "e.stream", "the enrollment's stream, `<program>-<subject>`"),
    one("program", Kind::Text, "e.program", "the program"),
    one("subject", Kind::Text, "e.subject", "the subject"),
    one("exercise", Kind::Flag, "e.exercise", EXERCISE),
];
/// An enrollment or a program as a whole.
const WHOSE: &[Part] = &[
    one(
        "enrollment",
        Kind::Text,
        "e.stream",
        "the stream: `<program>-<subject>`, or `program-<program>` of a program as a whole",
    ),
    one("program", Kind::Text, "e.program", "the program"),
    one("subject", Kind::Text, "e.subject", "the subject; null: the program as a whole"),
    one("exercise", Kind::Flag, "e.exercise", EXERCISE),
];
const FOUND: &[Part] = &[one("provenance", Kind::Text, "a.provenance", PROVENANCE)];
/// The event behind a row.
const SOURCE: &[Part] = &[
    one(
        "source_sequence",
        Kind::Int,
        "a.sequence",
        "the log's number of the event that this row is from; its newest, where there are several",
    ),
    one("recorded_at", Kind::Instant, "a.recorded_at", "at which that event was recorded"),
    one("source_event_id", Kind::Id, "a.event_id", "that event's id"),
];

pub(super) const DECLARED: &[Declared] = &[
    Declared {
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
    },
    // A row that was completed later is two of them: up to the event that completed it without an end (0),
    // from then on with one (1).
    Declared {
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
    },
    Declared {
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
    },
    Declared {
        name: "act",
        about: "One row per act of an office in an enrollment, corrections and what they corrected included (`fate`).",
        parts: &[
            WHOSE,
            &[
                Part::Of(
                    "a",
                    &FactRow::TABLE,
                    &[
                        "revision",
                        "event_id",
                        "act",
                        "event_type",
                        "effective_on",
                        "effective_latest",
                    ],
                ),
                one(
                    "fold_day",
                    Kind::Day,
                    then!("fold_day"),
                    "from which it counts in the order of the fold; null: nothing of it stands there",
                ),
                Part::Of("a", &FactRow::TABLE, &["decided_on", "received_on"]),
                Part::Of(
                    "o",
                    &OfficeRow::TABLE,
                    &["office", "office_id", "office_name_en", "office_name_zh", "role"],
                ),
                Part::Of("l", &LawRow::TABLE, &["measure", "edition", "article"]),
                Part::Of("a", &FactRow::TABLE, &["document_number", "document_title"]),
            ],
            FATE,
            &[Part::Of("a", &FactRow::TABLE, &["corrects", "rests_on", "archive"])],
            FOUND,
            SOURCE,
            &[Part::Of("a", &FactRow::TABLE, &["year", "result", "round", "batch"])],
        ],
        from: events!(
            "JOIN enrollment e ON e.id = a.enrollment\nJOIN recorded_by o ON o.id = a.recorded_by\nLEFT JOIN law l ON l.id = a.law"
        ),
        filter: "a.act IS NOT NULL AND a.sequence <= :known",
        order: "a.sequence",
    },
    Declared {
        name: "annual_result",
        about: "The results of years that stand, by subject and year; of a corrected one the event is the correction that stands in its place.",
        parts: &[
            WHO,
            &[Part::Of("a", &FactRow::TABLE, &["year", "result", "revision", "event_id"])],
            FOUND,
            SOURCE,
        ],
        from: events!("JOIN enrollment e ON e.id = a.enrollment"),
        filter: concat!(
            "a.year IS NOT NULL AND a.result IS NOT NULL AND a.sequence <= :known AND ",
            then!("fate"),
            " = 'stands'"
        ),
        order: "e.program, e.subject, a.year, a.sequence",
    },
    Declared {
        name: "event",
        about: "One row per event of the log, Docket's own included.",
        parts: &[
            &[
                Part::Of(
                    "a",
                    &FactRow::TABLE,
                    &["sequence", "stream", "revision", "event_id", "event_type", "act"],
                ),
                one("program", Kind::Text, "e.program", "the program"),
                one("subject", Kind::Text, "e.subject", "the subject"),
                one("exercise", Kind::Flag, "a.exercise", EXERCISE),
                Part::Of(
                    "a",
                    &FactRow::TABLE,
                    &["effective_on", "effective_latest", "known_at", "corrects", "rests_on"],
                ),
            ],
            FATE,
            FOUND,
            SOURCE,
        ],
        from: events!("LEFT JOIN enrollment e ON e.id = a.enrollment"),
        filter: "a.sequence <= :known",
        order: "a.sequence",
    },
    Declared {
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
    },
    // The event is the newest: every one says a name.
    Declared {
        name: "division",
        about: "One row per subject: provinces, cities, counties and the areas in them. Those without `code` are no division of GB/T 2260.",
        parts: &[
            &[
                Part::Of(
                    "s",
                    &RegisteredRow::TABLE,
                    &["subject", "kind", "code", "code_revision", "province"],
                ),
                one(
                    "name_en",
                    Kind::Text,
                    name!("name_en", "s.subject"),
                    "its newest name, in English",
                ),
                one(
                    "name_zh",
                    Kind::Text,
                    name!("name_zh", "s.subject"),
                    "its newest name, in Chinese",
                ),
                Part::Of("s", &RegisteredRow::TABLE, &["order_key", "source", "effective_on"]),
                one("exercise", Kind::Flag, "s.invented", "invented, for exercises"),
            ],
            FOUND,
            SOURCE,
        ],
        from: "subject s\nJOIN event_fact a ON a.sequence =\n     (SELECT max(n.known_from) FROM subject_name n WHERE n.subject = s.subject AND n.known_from <= :known)",
        filter: known!("s"),
        order: "s.order_key, s.subject",
    },
    Declared {
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
    },
    Declared {
        name: "freshness",
        about: "One row per read model: how far it has read. All of them move together.",
        parts: &[
            &[
                one("read_model", Kind::Text, "m.name", "the read model"),
                one("version", Kind::Int, "m.version", "the version of what its rows say"),
                one(
                    "position",
                    Kind::Int,
                    "a.sequence",
                    "sequence of the newest event whose rows are in; null: none yet",
                ),
                one("known_at", Kind::Instant, "a.known_at", "up to which everything is in"),
            ],
            FOUND,
            SOURCE,
        ],
        from: "read_model m\nCROSS JOIN checkpoint c\nLEFT JOIN event_fact a ON a.sequence =\n     CASE WHEN c.position > :known THEN :known ELSE c.position END",
        filter: "",
        order: "m.name",
    },
];

/// What became of an event.
const FATE: &[Part] = &[
    one("fate", Kind::Text, then!("fate"), FateRow::TABLE.columns[2].says),
    one("corrected_by", Kind::Int, then!("corrected_by"), FateRow::TABLE.columns[3].says),
];
