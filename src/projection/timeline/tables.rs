//! The tables of `timeline`, column by column as the rows are written.

use crate::projection::rows::{CHANGES, columns};
use crate::projection::table::Kind::Text;
use crate::projection::table::Table;

pub(super) const PHASE: Table = Table {
    name: "timeline_phase",
    columns: columns![("phase", Text), ("since", Text), ("planned_until", Text), ("article", Text),],
    key: &["id"],
    changes: CHANGES,
};

pub(super) const CATEGORY: Table = Table {
    name: "timeline_category",
    columns: columns![("category", Text)],
    key: &["id"],
    changes: CHANGES,
};
