//! The reports. SQL is as `sql` says; `:known` is the sequence up to which the rows are known.

use crate::projection::table::TIMES;
use crate::projection::table::{Column, Kind, Table};

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

mod enrollments;
mod events;
mod figures;

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

/// All of them.
pub(super) const DECLARED: &[Declared] = &[
    enrollments::ENROLLMENT_CURRENT,
    enrollments::ENROLLMENT_HISTORY,
    enrollments::PHASE_INTERVAL,
    events::ACT,
    events::ANNUAL_RESULT,
    events::EXCEPTION,
    events::EVENT,
    enrollments::OBLIGATION,
    events::DIVISION,
    figures::INDICATOR_OBSERVATION,
    enrollments::PLACE,
    events::FRESHNESS,
];
