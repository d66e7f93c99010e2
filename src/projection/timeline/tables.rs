//! The tables of `timeline`, column by column as the rows are written.

use crate::projection::table::Kind::{Int, Text};
use crate::projection::table::Table;
use crate::projection::track::CHANGES;

pub(super) const PHASE: Table = Table {
    name: "timeline_phase",
    columns: &[
        ("id", Int),
        ("enrollment", Int),
        ("valid_from", Text),
        ("known_from", Int),
        ("valid_to", Text),
        ("valid_to_known", Int),
        ("known_to", Int),
        ("phase", Text),
        ("since", Text),
        ("planned_until", Text),
        ("article", Text),
    ],
    key: &["id"],
    changes: CHANGES,
};

pub(super) const TITLE: Table = Table {
    name: "timeline_title",
    columns: &[
        ("id", Int),
        ("enrollment", Int),
        ("valid_from", Text),
        ("known_from", Int),
        ("valid_to", Text),
        ("valid_to_known", Int),
        ("known_to", Int),
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
    columns: &[
        ("id", Int),
        ("enrollment", Int),
        ("valid_from", Text),
        ("known_from", Int),
        ("valid_to", Text),
        ("valid_to_known", Int),
        ("known_to", Int),
        ("term_from", Text),
        ("term_until", Text),
        ("arithmetic", Text),
        ("article", Text),
    ],
    key: &["id"],
    changes: CHANGES,
};
