//! The tables of `audit_trail`, column by column as the rows are written.

use crate::projection::table::Kind::{Int, Text};
use crate::projection::table::Table;

/// The numbers of the tables.
pub(super) const FATES: usize = 0;
pub(super) const BEFORE: usize = 1;

pub(super) const FATE_TABLE: Table = Table {
    name: "event_fate",
    columns: &[("sequence", Int), ("fold_day", Text), ("fate", Text), ("corrected_by", Int)],
    key: &["sequence"],
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
