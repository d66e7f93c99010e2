//! That a later version of a program's measure took hold of an enrollment.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{DutyOpened, EventMeta, Recorded, Term};
use crate::domain::date::{CivilDate, Timestamp};
use crate::domain::ids::{EventRef, Id, Text};

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

impl MeasureSucceeded {
    /// Of the standing that an act founds; where that act is a correction, of the one whose original it
    /// names already.
    #[must_use]
    pub fn founded(self, founding: &Recorded) -> Self {
        match founding.meta.corrects.is_empty() {
            true => Self { founded_by: founding.revision, ..self },
            false => self,
        }
    }

    /// The metadata of it: it counts from the day on which the version governs, and rests on the founding
    /// act's version in force.
    pub fn meta(&self, founding: &EventRef, at: Timestamp, exercise: bool) -> EventMeta {
        EventMeta {
            effective_on: self.in_force_from,
            measure: Some(self.version.clone()),
            article: Some(self.article.as_str().into()),
            rests_on: founding.to_string().into(),
            ..EventMeta::own(at, exercise)
        }
    }
}
