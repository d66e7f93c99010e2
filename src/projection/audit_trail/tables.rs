//! The tables of `audit_trail`.

use crate::domain::date::Day;
use crate::projection::declare::table;
use crate::projection::fate::Placed;

/// The numbers of the tables.
pub(super) const FATES: usize = 0;
pub(super) const BEFORE: usize = 1;

table! {
    /// Where an event stands in the fold, and what became of it, as known now. An act that stands at the
    /// last of the days from which it counts has no row, nor has an event that no fold places and that
    /// stands.
    FateRow("event_fate", key ["sequence"], changes []), |of: (u64, Placed)|
    /// the event
    sequence: u64 = of.0,
    /// from which it counts in the order of the fold; null: nothing of it stands there
    fold_day: Option<Day> = of.1.0,
    /// `stands`, `corrected`, `annulled` or `unsupported`
    fate: &str = of.1.1.as_str(),
    /// the revision of the correction in force
    corrected_by: Option<u64> = of.1.2,
}

table! {
    /// What was said of an event before a later event said it anew: up to that one, and not from it on.
    BeforeRow("audit_trail_before", key ["sequence", "known_to"], changes []),
    |of: (u64, u64, Placed)|
    /// the event
    sequence: u64 = of.0,
    /// the sequence of the event that said it anew
    known_to: u64 = of.1,
    /// from which it counted in the order of the fold; null: nothing of it stood there
    fold_day: Option<Day> = of.2.0,
    /// `stands`, `corrected`, `annulled` or `unsupported`
    fate: &str = of.2.1.as_str(),
    /// the revision of the correction that was in force
    corrected_by: Option<u64> = of.2.2,
}
