//! The tables of `audit_trail`, column by column as the rows are written.

use crate::projection::table::Kind::{Bytes, Int, Text};
use crate::projection::table::{Change, Table};

/// The numbers of the tables.
pub(super) const EVENTS: usize = 0;
pub(super) const OFFICES: usize = 1;
pub(super) const LAWS: usize = 2;
pub(super) const BEFORE: usize = 3;

/// The change that says anew where an event stands and what became of it.
pub(super) const RESTATE: usize = 0;

pub(super) const EVENT_TABLE: Table = Table {
    name: "audit_trail",
    columns: &[
        ("sequence", Int),
        ("stream", Text),
        ("revision", Int),
        ("event_id", Bytes),
        ("enrollment", Int),
        ("exercise", Int),
        ("event_type", Text),
        ("act", Text),
        ("year", Int),
        ("result", Text),
        ("round", Text),
        ("batch", Text),
        ("recorded_by", Int),
        ("law", Int),
        ("effective_on", Text),
        ("effective_latest", Text),
        ("fold_day", Text),
        ("decided_on", Text),
        ("received_on", Text),
        ("recorded_at", Int),
        ("known_at", Int),
        ("provenance", Text),
        ("archive", Int),
        ("corrects", Text),
        ("rests_on", Text),
        ("document_number", Text),
        ("document_title", Text),
        ("fate", Text),
        ("corrected_by", Int),
    ],
    key: &["sequence"],
    changes: &[Change { set: &["fold_day", "fate", "corrected_by"], filter: "sequence = ?" }],
};

pub(super) const OFFICE_TABLE: Table = Table {
    name: "recorded_by",
    columns: &[
        ("id", Int),
        ("office", Text),
        ("office_id", Text),
        ("office_name_en", Text),
        ("office_name_zh", Text),
        ("principal", Text),
        ("role", Text),
    ],
    key: &["id"],
    changes: &[],
};

pub(super) const LAW_TABLE: Table = Table {
    name: "law",
    columns: &[("id", Int), ("measure", Text), ("edition", Text), ("article", Text)],
    key: &["id"],
    changes: &[],
};

pub(super) const BEFORE_TABLE: Table = Table {
    name: "audit_trail_before",
    columns: &[
        ("sequence", Int),
        ("known_to", Int),
        ("fold_day", Text),
        ("fate", Text),
        ("corrected_by", Int),
    ],
    key: &["sequence", "known_to"],
    changes: &[],
};
