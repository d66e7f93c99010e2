//! Obligations: of one enrollment from the fold of its stream, across programs from the read model,
//! judged on the day of the question.

mod across;

use schemars::JsonSchema;
use serde::Serialize;

use super::answer::{REVALIDATE, tagged};
use super::brief::ObligationView;
use super::call::{Answered, Call};
use super::page::{CURSOR, EXERCISE, LIMIT, MIN_SEQUENCE};
use super::problem::{Code, Problem};
use super::reading::Reading;
use super::route::Parameter;
use super::times::{AS_OF, AT_SEQUENCE, KNOWN_AT};
use crate::domain::duty::DutyStatus;
use crate::domain::state::State;

pub use across::list_obligations;

/// The parameters of the list across programs.
pub const OBLIGATIONS: &[Parameter] = &[
    Parameter { name: "program", en: "Of one program.", zh: "某一项目。" },
    Parameter { name: "subject", en: "Of one subject.", zh: "某一主体。" },
    Parameter { name: "obligation", en: "Which, by its id.", zh: "某一义务（标识）。" },
    Parameter { name: "owes", en: "Owed by this office.", zh: "由该机关履行。" },
    Parameter {
        name: "status",
        en: "One or more of OPEN, MET, LATE, OVERDUE, WAIVED, NOT_IN_THE_RECORD, with commas.",
        zh: "OPEN、MET、LATE、OVERDUE、WAIVED、NOT_IN_THE_RECORD，可用逗号并列。",
    },
    Parameter {
        name: "due_before",
        en: "Certainly due before this day.",
        zh: "到期日必在该日之前。",
    },
    Parameter {
        name: "due_after",
        en: "Certainly due after this day.",
        zh: "到期日必在该日之后。",
    },
    EXERCISE,
    AS_OF,
    KNOWN_AT,
    AT_SEQUENCE,
    MIN_SEQUENCE,
    CURSOR,
    LIMIT,
];

const STATUSES: &[(&str, DutyStatus)] = &[
    ("OPEN", DutyStatus::Open),
    ("MET", DutyStatus::Met),
    ("LATE", DutyStatus::Late),
    ("OVERDUE", DutyStatus::Overdue),
    ("WAIVED", DutyStatus::Waived),
    ("NOT_IN_THE_RECORD", DutyStatus::NotInTheRecord),
];

/// The obligations of one enrollment.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ObligationsOfOne {
    /// The program.
    pub program: String,
    /// Its name.
    pub program_name: String,
    /// The subject; absent: the program as a whole.
    pub subject: Option<String>,
    /// Whether it is an exercise.
    pub exercise: bool,
    /// The day on which they are judged.
    pub as_of: String,
    /// The obligations, in the order in which they arose.
    pub items: Vec<ObligationView>,
}

/// Lists the obligations of one enrollment. Of a subject without a record in the program it lists
/// what the measure lays on those who are not listed (P12).
///
/// # Errors
/// See the route.
pub async fn list_enrollment_obligations(call: Call) -> Answered {
    let reading = Reading::of(&call).await?;
    let (state, revision) = match on_record(&call, &reading).await {
        Ok((state, revision)) => (Some(state), Some(revision)),
        Err(problem) if problem.code() == Code::NotFound => {
            if !reading.can_be_unlisted(&call).await? {
                return Err(problem);
            }
            (None, None)
        }
        Err(problem) => return Err(problem),
    };
    let state = state.unwrap_or_default();
    let unlisted = reading.unlisted(&state);
    let labels = reading.labels();
    let judged = reading.judged(&state, &unlisted);
    let shown =
        judged.iter().map(|item| ObligationView::of(item, reading.day, &labels, call.tongue()));
    let view = ObligationsOfOne {
        program: reading.program.id.to_string(),
        program_name: reading.program.name.get(call.tongue()).to_owned(),
        subject: reading.named(),
        exercise: reading.program.is_exercise(),
        as_of: reading.day.to_string(),
        items: shown.collect(),
    };
    tagged(&call, &reading.tag(&call, revision), REVALIDATE, &view)
}

async fn on_record(call: &Call, reading: &Reading<'_>) -> Result<(State, u64), Problem> {
    if let Some(cached) = reading.present(call).await? {
        return Ok((cached.state.clone(), cached.revision.unwrap_or_default()));
    }
    let history = reading.history(call).await?;
    Ok((history.state_at(reading.day), history.revision().unwrap_or_default()))
}

/// An obligation in the list across programs.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ObligationItem {
    /// The program.
    pub program: String,
    /// Its name.
    pub program_name: String,
    /// The subject; absent: it is owed for the program as a whole.
    pub subject: Option<String>,
    /// Whether it belongs to an exercise.
    pub exercise: bool,
    /// The obligation.
    #[serde(flatten)]
    pub obligation: ObligationView,
    /// The address of the enrollment; absent where there is no subject.
    pub enrollment: Option<String>,
}
