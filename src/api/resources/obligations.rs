//! Obligations: of one enrollment from the fold of its stream, across programs from the read model,
//! judged on the day of the question.

mod across;
mod feeds;

use schemars::JsonSchema;
use serde::Serialize;

use crate::api::asking::answer::{REVALIDATE, tagged};
use crate::api::asking::call::{Answered, Call};
use crate::api::asking::cursor::CURSOR;
use crate::api::asking::page::{EXERCISE, LIMIT, MIN_SEQUENCE};
use crate::api::asking::reading::Reading;
use crate::api::asking::times::{AS_OF, AT_SEQUENCE, KNOWN_AT};
use crate::domain::duty::DutyStatus;
use crate::domain::ids::Office;
use crate::domain::state::State;
use crate::views::brief::ObligationView;
use crate::views::media::{ATOM, CALENDAR, CSV, JSON};
use crate::views::parameter::{Kind, Parameter};
use crate::views::problem::{Code, Problem};

pub use across::{
    BY, MOVE_COLUMNS, Move, TOTAL_COLUMNS, Totals, get_obligation_totals, list_moves,
    list_obligations, moves_at_hand, totals_at_hand,
};

/// What the list across programs can be had as.
pub const FORMS: &[&str] = &[JSON, CALENDAR, ATOM];

/// What the list of what waits can be had as.
pub const MOVES_FORMS: &[&str] = &[JSON, CALENDAR, ATOM, CSV];
/// What the totals can be had as.
pub const TOTALS_FORMS: &[&str] = &[JSON, CSV];

const PROGRAM: Parameter = Parameter::new("program", Kind::Text, "Of one program.", "某一项目。");
const SUBJECT: Parameter = Parameter::new("subject", Kind::Text, "Of one subject.", "某一主体。");
const PROVINCE: Parameter = Parameter::new(
    "province",
    Kind::Text,
    "Of subjects in this province, and of it itself; `unassigned`: of those in none, and of programs \
     as a whole.",
    "该省（区、市）及其所辖主体；unassigned：不属于任何省的主体及项目整体。",
);
const OBLIGATION: Parameter =
    Parameter::new("obligation", Kind::Text, "Which, by its id.", "某一义务（标识）。");
const OFFICE: Parameter = Parameter::new(
    "office",
    Kind::OneOf(|| Office::ALL.iter().map(|office| office.as_str()).collect()),
    "Waiting at this office; what offices owe together waits at each.",
    "由该机关办理；共同负有的义务在各机关均列。",
);

const MINE: Parameter = Parameter::new(
    "mine",
    Kind::Flag,
    "`true`: only what waits at the office for which the caller acts, of subjects for which it acts; without \
     `office`.",
    "true：仅列待调用者所代表的机关就其辖区主体办理的事项；不与 office 同用。",
);

/// The parameters of the list of what waits.
pub const MOVES: &[Parameter] = &[
    PROGRAM,
    SUBJECT,
    PROVINCE,
    OFFICE,
    MINE,
    EXERCISE,
    AS_OF,
    KNOWN_AT,
    AT_SEQUENCE,
    MIN_SEQUENCE,
    CURSOR,
    LIMIT,
];

const DUE_MONTH: Parameter = Parameter::new(
    "due_month",
    Kind::Text,
    "Due in this month (`2026-11`), or in the months from one to another (`2026-11/2027-10`), by the latest day \
     of the due date.",
    "到期月份（2026-11）或起止月份（2026-11/2027-10），以到期日的最晚一日计。",
);

/// The parameters of the totals.
pub const TOTALS: &[Parameter] = &[
    PROGRAM,
    SUBJECT,
    PROVINCE,
    OBLIGATION,
    OFFICE,
    Parameter::new(
        "by",
        Kind::SomeOf(|| BY.to_vec()),
        "By what is added up: one or more of office, province, year, month, with commas; by default office, \
         province and year. Without office, what offices owe together counts once.",
        "分组方式：office、province、year、month，可用逗号并列；默认按机关、省份、年份。不按机关分组时，共同负有的义务只计一次。",
    ),
    Parameter::new(
        "due_year",
        Kind::Text,
        "Of this year alone, or `undated`.",
        "仅该年份，或 undated（无期限）。",
    ),
    DUE_MONTH,
    EXERCISE,
    AS_OF,
    KNOWN_AT,
    AT_SEQUENCE,
    MIN_SEQUENCE,
];

/// The parameters of the list across programs.
pub const OBLIGATIONS: &[Parameter] = &[
    PROGRAM,
    SUBJECT,
    PROVINCE,
    OBLIGATION,
    Parameter::new(
        "owes",
        Kind::OneOf(|| Office::ALL.iter().map(|office| office.as_str()).collect()),
        "Owed by this office.",
        "由该机关履行。",
    ),
    Parameter::new(
        "status",
        Kind::SomeOf(|| STATUSES.iter().map(|(name, _)| *name).collect()),
        "One or more of OPEN, MET, LATE, OVERDUE, WAIVED, NOT_IN_THE_RECORD, with commas.",
        "OPEN、MET、LATE、OVERDUE、WAIVED、NOT_IN_THE_RECORD，可用逗号并列。",
    ),
    Parameter::new(
        "due_before",
        Kind::Day,
        "Certainly due before this day.",
        "到期日必在该日之前。",
    ),
    Parameter::new("due_after", Kind::Day, "Certainly due after this day.", "到期日必在该日之后。"),
    Parameter::new(
        "due_year",
        Kind::Text,
        "Due in this year, by the latest day of the due date; `undated`: without one.",
        "到期年份（以到期日的最晚一日计）；undated：无期限。",
    ),
    DUE_MONTH,
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
pub struct ObligationsOfOne<'a> {
    /// The program.
    pub program: String,
    /// Its name.
    pub program_name: String,
    /// The subject; absent: the program as a whole.
    pub subject: Option<String>,
    /// Its name on the day; of a program as a whole, the program's.
    pub name: String,
    /// Whether it is an exercise.
    pub exercise: bool,
    /// The day on which they are judged.
    pub as_of: String,
    /// The obligations, in the order in which they arose.
    pub items: Vec<ObligationView<'a>>,
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
    let shown = judged
        .items
        .iter()
        .map(|item| ObligationView::of(item, reading.day, labels, call.language));
    let view = ObligationsOfOne {
        program: reading.program.id.to_string(),
        program_name: reading.program.name.get(call.language).to_owned(),
        subject: reading.named(),
        name: reading.subject.name_on(reading.day).get(call.language).to_owned(),
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
pub struct ObligationItem<'a> {
    /// The program.
    pub program: &'a str,
    /// Its name.
    pub program_name: &'a str,
    /// The subject; absent: it is owed for the program as a whole.
    pub subject: Option<&'a str>,
    /// Whether it belongs to an exercise.
    pub exercise: bool,
    /// The obligation.
    #[serde(flatten)]
    pub obligation: ObligationView<'a>,
    /// The address of the enrollment; absent where there is no subject.
    pub enrollment: Option<String>,
}
