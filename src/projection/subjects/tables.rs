//! The tables of `subjects`, column by column as the rows are written.

use crate::projection::table::Kind::{Int, Text};
use crate::projection::table::{Change, Table};

/// The numbers of the tables.
pub(super) const SUBJECTS: usize = 0;
pub(super) const NAMES: usize = 1;
pub(super) const OFFICES: usize = 2;
pub(super) const ZONES: usize = 3;
pub(super) const ALL: [usize; 4] = [SUBJECTS, NAMES, OFFICES, ZONES];

/// The change that says from which event on the rows of a subject are said anew.
pub(super) const SAID_ANEW: usize = 0;
/// The change of `subject` that says which event of it is the newest.
pub(super) const NEWEST: usize = 1;

const ANEW: Change = Change { set: &["known_to"], filter: "subject = ? AND known_to IS NULL" };

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
        ("known_from", Int),
        ("known_to", Int),
    ],
    key: &["subject", "known_from"],
    changes: &[
        ANEW,
        Change { set: &["revision", "sequence"], filter: "subject = ? AND known_to IS NULL" },
    ],
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
        ("known_to", Int),
    ],
    key: &["subject", "from_day", "revision", "known_from"],
    changes: &[ANEW],
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
        ("known_to", Int),
    ],
    key: &["subject", "from_day", "revision", "known_from"],
    changes: &[ANEW],
};

pub(super) const ZONE: Table = Table {
    name: "subject_zone",
    columns: &[
        ("subject", Text),
        ("zone", Text),
        ("source", Text),
        ("known_from", Int),
        ("known_to", Int),
    ],
    key: &["subject", "zone", "known_from"],
    changes: &[ANEW],
};
