//! What became of events, as it is kept.

use crate::domain::date::Day;

/// Where an event stands in the fold, what became of it, and by what.
pub(super) type Placed = (Option<Day>, Standing, Option<u64>);

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It stands as recorded.
    Stands,
    /// Another version stands in its place.
    Corrected,
    /// It was annulled.
    Annulled,
    /// Its ground is gone: it changes nothing. A lapse changes nothing anyway; it says what was known.
    Unsupported,
}

impl Standing {
    /// The name in the table.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stands => "stands",
            Self::Corrected => "corrected",
            Self::Annulled => "annulled",
            Self::Unsupported => "unsupported",
        }
    }
}
