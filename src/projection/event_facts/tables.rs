//! The tables of `event_facts`, column by column as the rows are written.

use crate::projection::table::Kind::{Bytes, Int, Text};
use crate::projection::table::Table;

/// The numbers of the tables.
pub(super) const FACTS: usize = 0;
pub(super) const OFFICES: usize = 1;
pub(super) const LAWS: usize = 2;

pub(super) const FACT_TABLE: Table = Table {
    name: "event_fact",
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
    ],
    key: &["sequence"],
    changes: &[],
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
