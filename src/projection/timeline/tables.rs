//! The tables of `timeline`, column by column as the rows are written.

use crate::projection::table::Kind::Text;
use crate::projection::table::Table;
use crate::projection::track::{CHANGES, columns};

pub(super) const PHASE: Table = Table {
    name: "timeline_phase",
    columns: columns![("phase", Text), ("since", Text), ("planned_until", Text), ("article", Text),],
    key: &["id"],
    changes: CHANGES,
};

pub(super) const TITLE: Table = Table {
    name: "timeline_title",
    columns: columns![
        ("title", Text),
        ("held_from", Text),
        ("held_until", Text),
        ("article", Text),
    ],
    key: &["id"],
    changes: CHANGES,
};

pub(super) const TERM: Table = Table {
    name: "timeline_term",
    columns: columns![
        ("term_from", Text),
        ("term_until", Text),
        ("arithmetic", Text),
        ("article", Text),
    ],
    key: &["id"],
    changes: CHANGES,
};

pub(super) const CATEGORY: Table = Table {
    name: "timeline_category",
    columns: columns![("category", Text)],
    key: &["id"],
    changes: CHANGES,
};
