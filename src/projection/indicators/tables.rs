//! The table of `indicators`, column by column as the rows are written.

use super::{Said, division};
use crate::domain::date::CivilDate;
use crate::projection::declare::table;
use crate::projection::table::Change;

/// The number of the table.
pub(super) const OBSERVATIONS: usize = 0;
/// The change that says from which event on an observation is said anew.
pub(super) const SAID_ANEW: usize = 0;

table! {
    /// The figures of divisions, as printed. What a revision says anew is known up to it (`known_to`), and from
    /// it on as it says.
    ObservationRow(
        "indicator_observation",
        key ["division", "observation", "known_from"],
        changes [
            Change {
                set: &["known_to"],
                filter: "division = ? AND observation = ? AND known_to IS NULL",
            },
        ]
    ),
    |of: Said<'_>|
    /// the division: a registered subject, a prefecture-level division by its code, or a total
    division: &str = division(of.envelope),
    /// the revision in the division's stream by which the observation was first recorded
    observation: u64 = of.first,
    /// the indicator
    indicator: &str = of.one.indicator.as_str(),
    /// the period, or the day of a stock
    period: CivilDate = of.one.period,
    /// what of the period: a stock at its end, a single month, the year to date
    basis: Option<&str> = of.one.basis.as_deref(),
    /// what it covers, where that is not the division as a whole
    coverage: Option<&str> = of.one.coverage.as_deref(),
    /// the value, as printed: a decimal
    value: &str = of.one.value.as_str(),
    /// `exactly`, `more_than`, `about`, `at_least` or `at_most` that value
    bound: &str = of.one.bound.as_str(),
    /// the unit
    unit: &str = &of.one.unit,
    /// who says so
    source: &str = &of.one.source,
    /// `attested` where the source prints it, `inferred` where it follows from what it prints
    confidence: &str = of.one.confidence.as_str(),
    /// what else the source says of it
    note: Option<&str> = of.one.note.as_deref(),
    /// of an invented division, for exercises
    exercise: bool = of.exercise,
    /// the revision of the event whose words these are
    revision: u64 = of.revision,
    /// the sequence of the event from which on it was known
    known_from: u64 = of.envelope.sequence,
    /// the sequence of the revision up to which it was
    known_to: Option<u64> = None,
}
