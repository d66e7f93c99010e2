//! Silence as a fact: that something fell due and nothing was received.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::date::{CivilDate, Day};
use crate::domain::ids::{Id, Office};

/// That the due date of an obligation passed and nothing was received by then (G10 to G13). It says
/// what the record showed when it was recorded and changes no standing: what is received later is
/// late, not impossible.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ObligationLapsed {
    /// The obligation's id in the measure.
    pub obligation: Id,
    /// The revision of the event that opened it; of a corrected one, the original's.
    pub opened_by: u64,
    /// Who owed it.
    #[schemars(with = "String")]
    pub owes: Office,
    /// The article.
    pub article: String,
    /// The due date as the rule gives it.
    #[schemars(with = "String")]
    pub due: CivilDate,
    /// For a recurring obligation: the year of the due date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_year: Option<i32>,
    /// The last day in time by which it was judged: the due date's later end, moved to a working day.
    #[schemars(with = "String")]
    pub not_late_before: Day,
    /// Whether the calendars of all days looked at were on record (G13).
    pub holidays_known: bool,
}

impl ObligationLapsed {
    /// The day from which it counts: the first one that is late.
    pub fn lapsed_on(&self) -> Day {
        self.not_late_before.next()
    }
}
