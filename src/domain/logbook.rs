//! Events of Docket's own streams `log`, `measure-<program>` and `calendar-<year>`: no office
//! acted, the principal is `docket`, and none changes a standing. (A calendar is recorded by the
//! registrar, on behalf of the notice that it cites.)

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::calendar::Calendar;
use super::date::Day;
use super::ids::{Id, ProgramId};

/// Sequence 0 of every log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LogCreated {
    /// The log's id.
    pub log_id: uuid::Uuid,
    /// The origin line of its checkpoints, fixed for ever.
    pub origin: String,
    /// The first Ed25519 public key, 32 bytes in base64.
    pub public_key: String,
}

/// An edition of a measure version is used from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MeasureAdopted {
    /// The program.
    #[schemars(with = "String")]
    pub program: ProgramId,
    /// The version.
    pub version: Id,
    /// SHA-256 of the file, whose bytes are kept as a document.
    pub digest: String,
    /// Why this edition exists, as the file itself states.
    pub reason: String,
}

/// The rest days and working weekends of a year.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CalendarAdopted {
    /// The year.
    pub year: i32,
    /// Days off that are not ordinary weekends.
    #[schemars(with = "Vec<String>")]
    pub rest_days: Vec<Day>,
    /// Weekend days that are worked.
    #[schemars(with = "Vec<String>")]
    pub working_weekends: Vec<Day>,
    /// The notice that says so.
    pub source: String,
    /// SHA-256 of the notice, if it was uploaded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
}

impl CalendarAdopted {
    /// The calendar, checked.
    ///
    /// # Errors
    /// Names the day that cannot be in it.
    pub fn calendar(&self) -> Result<Calendar, super::calendar::CalendarError> {
        Calendar::of_year(
            self.year,
            self.rest_days.iter().copied().collect(),
            self.working_weekends.iter().copied().collect(),
            self.source.clone(),
        )
    }
}
