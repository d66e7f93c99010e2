//! The tables of `obligations`, column by column as the rows are written.

use crate::projection::rows::{CHANGES, columns};
use crate::projection::table::Kind::{Int, Text};
use crate::projection::table::Table;

/// The number of `obligation`.
pub(super) const OBLIGATION: usize = 0;
/// The number of `obligation_met`.
pub(super) const MET: usize = 1;

/// The number of `obligation_lapse`.
pub(super) const LAPSE: usize = 2;

pub(super) const OBLIGATION_TABLE: Table = Table {
    name: "obligation",
    columns: columns![
        ("opened_by", Int),
        ("obligation", Text),
        ("kept_since", Text),
        ("owes", Text),
        ("article", Text),
        ("opened_on", Text),
        ("open_from", Text),
        ("due_on", Text),
        ("due_earliest", Text),
        ("due_latest", Text),
        ("start_event", Text),
        ("start_on", Text),
        ("rule", Text),
        ("arithmetic", Text),
        ("first_due", Text),
        ("every", Text),
        ("during", Text),
        ("ended_by", Int),
        ("ended_from", Text),
        ("ended_waived", Int),
        ("after_end", Int),
        ("owed_with", Text),
        ("receivers", Text),
        ("uncertain", Int),
        ("certain_from", Text),
    ],
    key: &["id"],
    changes: CHANGES,
};

pub(super) const MET_TABLE: Table = Table {
    name: "obligation_met",
    columns: columns![
        ("opened_by", Int),
        ("obligation", Text),
        ("due_year", Int),
        ("met_by", Int),
        ("met_on", Text),
        ("received_on", Text),
        ("stated", Int),
        ("receipts", Text),
    ],
    key: &["id"],
    changes: CHANGES,
};

pub(super) const LAPSE_TABLE: Table = Table {
    name: "obligation_lapse",
    columns: &[
        ("enrollment", Int),
        ("lapsed_by", Int),
        ("known_from", Int),
        ("opened_by", Int),
        ("obligation", Text),
        ("due_on", Text),
        ("not_late_before", Text),
    ],
    key: &["enrollment", "lapsed_by"],
    changes: &[],
};
