//! The tables of `subjects`, column by column as the rows are written.

use crate::projection::table::Kind::{Int, Text};
use crate::projection::table::{Change, Table};

/// The numbers of the tables.
pub(super) const SUBJECTS: usize = 0;
pub(super) const NAMES: usize = 1;
pub(super) const OFFICES: usize = 2;
pub(super) const ZONES: usize = 3;
pub(super) const ALL: [usize; 4] = [SUBJECTS, NAMES, OFFICES, ZONES];

/// The change that removes all rows of a subject.
pub(super) const REMOVE: usize = 0;
/// The change of `subject` that says which event of it is the newest.
pub(super) const NEWEST: usize = 1;

const REMOVAL: Change = Change { set: &[], filter: "subject = ?" };

pub(super) const SUBJECT: Table = Table {
    name: "subject",
    columns: &[
        ("subject", Text),
        ("kind", Text),
        ("code", Text),
        ("code_revision", Text),
        ("province", Text),
        ("invented", Int),
        ("order_key", Text),
        ("source", Text),
        ("effective_on", Text),
        ("revision", Int),
        ("sequence", Int),
    ],
    key: &["subject"],
    changes: &[REMOVAL, Change { set: &["revision", "sequence"], filter: "subject = ?" }],
};

pub(super) const NAME: Table = Table {
    name: "subject_name",
    columns: &[
        ("subject", Text),
        ("from_day", Text),
        ("revision", Int),
        ("name_en", Text),
        ("name_zh", Text),
        ("source", Text),
        ("known_from", Int),
    ],
    key: &["subject", "from_day", "revision"],
    changes: &[REMOVAL],
};

pub(super) const OFFICE: Table = Table {
    name: "subject_office",
    columns: &[
        ("subject", Text),
        ("from_day", Text),
        ("revision", Int),
        ("office_en", Text),
        ("office_zh", Text),
        ("known_from", Int),
    ],
    key: &["subject", "from_day", "revision"],
    changes: &[REMOVAL],
};

pub(super) const ZONE: Table = Table {
    name: "subject_zone",
    columns: &[("subject", Text), ("zone", Text), ("source", Text)],
    key: &["subject", "zone"],
    changes: &[REMOVAL],
};
