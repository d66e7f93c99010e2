//! Events of Docket's own streams `log`, `measure-<program>` and `calendar-<year>`: no office
//! acted, the principal is `docket`, and none changes a standing. (A calendar is recorded by the
//! registrar, on behalf of the notice that it cites.)

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::calendar::Calendar;
use super::date::{Day, Timestamp};
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

/// A person decided that a log that lost events goes on without them. The events that this one and
/// those after it replace are lost for good: who had read them is told which range that is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LossAccepted {
    /// The last sequence that the log is known to have had. Lost are those from this event's own
    /// sequence to that one; none where only streams lost events.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_head: Option<u64>,
    /// The last checkpoint known of the log as it was, a signed note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_checkpoint: Option<String>,
    /// Streams that lost events within the log; their enrollments take no more acts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub streams: Vec<String>,
    /// The origin line of checkpoints from here on.
    pub origin: String,
    /// The first Ed25519 public key from here on, 32 bytes in base64.
    pub public_key: String,
    /// Why, in the words of who decided.
    pub reason: String,
}

/// Checkpoints are signed by another key from here on: those that cover this event, the first of them by the
/// key before as well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyRotated {
    /// The Ed25519 public key, 32 bytes in base64. The origin stays.
    pub public_key: String,
    /// Why, in the words of who decided.
    pub reason: String,
}

/// It was confirmed that the wall clock of a node is right, though it is far from the log's newest
/// event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClockConfirmed {
    /// The instant that was confirmed, RFC 3339 in UTC.
    #[schemars(with = "String")]
    pub now: Timestamp,
    /// The known time of the event before this one.
    #[schemars(with = "String")]
    pub newest: Timestamp,
    /// Who said so: `operator`, or `kernel` where the system's clock is synchronised.
    pub confirmed_by: String,
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
