//! That a later version of a program's measure took hold of an enrollment.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{DutyOpened, Term};
use crate::domain::date::CivilDate;
use crate::domain::ids::{Id, Text};

/// That a later version came into force while a standing was held, and what it lays on that (C18). It
/// changes no phase; a correction of the founding act restates it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MeasureSucceeded {
    /// The version that took hold.
    pub version: Id,
    /// From when it governs.
    pub in_force_from: CivilDate,
    /// The phase in which it takes hold of who stands there.
    pub phase: Id,
    /// The revision of the act that founded the standing; of a corrected one, the original's.
    pub founded_by: u64,
    /// The article by which it prevails.
    pub article: String,
    /// Our choice where the text is silent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reading: Option<Text>,
    /// The term that it sets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub term: Option<Term>,
    /// The obligations that arise by it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub opens: Vec<DutyOpened>,
}
