//! The reports on events, subjects and the copy itself.

use super::{Declared, EXERCISE, FOUND, Part, SOURCE, WHO, WHOSE, one};
use crate::projection::audit_trail::FateRow;
use crate::projection::event_facts::{ExceptionRow, FactRow, LawRow, OfficeRow};
use crate::projection::subjects::RegisteredRow;
use crate::projection::table::Kind;

pub(super) const ACT: Declared = Declared {
    name: "act",
    about: "One row per act of an office in an enrollment, corrections and what they corrected included (`fate`).",
    parts: &[
        WHOSE,
        &[
            Part::Of(
                "a",
                &FactRow::TABLE,
                &["revision", "event_id", "act", "event_type", "effective_on", "effective_latest"],
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
};

pub(super) const ANNUAL_RESULT: Declared = Declared {
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
};

pub(super) const EXCEPTION: Declared = Declared {
    name: "exception",
    about: "The register of exceptions: one row for each thing for which an event is in it. What was late and met is in `obligation`, days over a quota follow from `place`.",
    parts: &[
        WHOSE,
        &[
            Part::Of("x", &ExceptionRow::TABLE, &["number", "kind", "code"]),
            Part::Of(
                "a",
                &FactRow::TABLE,
                &["revision", "event_type", "act", "effective_on", "effective_latest"],
            ),
            Part::Of("o", &OfficeRow::TABLE, &["office", "office_id"]),
            Part::Of("l", &LawRow::TABLE, &["measure", "article"]),
        ],
        FATE,
        FOUND,
        SOURCE,
    ],
    from: events!(
        "JOIN exception x ON x.sequence = a.sequence\nJOIN enrollment e ON e.id = a.enrollment\nJOIN recorded_by o ON o.id = a.recorded_by\nLEFT JOIN law l ON l.id = a.law"
    ),
    filter: "a.sequence <= :known",
    order: "a.sequence, x.number",
};

pub(super) const EVENT: Declared = Declared {
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
};

/// The event is the newest: every one says a name.
pub(super) const DIVISION: Declared = Declared {
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
};

pub(super) const FRESHNESS: Declared = Declared {
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
};

/// What became of an event.
const FATE: &[Part] = &[
    one("fate", Kind::Text, then!("fate"), FateRow::TABLE.columns[2].says),
    one("corrected_by", Kind::Int, then!("corrected_by"), FateRow::TABLE.columns[3].says),
];
