//! Obligations: of one enrollment from the fold of its stream, across programs from the read model,
//! judged on the day of the question.

use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;

use super::answer::{REVALIDATE, limit, tagged};
use super::brief::{Labels, ObligationView};
use super::call::{Answered, Call};
use super::lists::{version_of, words};
use super::page::{
    CURSOR, Cursor, EXERCISE, Filled, LIMIT, MIN_SEQUENCE, ask, cursor, exercise, page,
};
use super::reading::Reading;
use super::route::Parameter;
use crate::domain::calendar::Calendars;
use crate::domain::date::Day;
use crate::domain::duty::{DueItem, DutyStatus, items};
use crate::domain::ids::ProgramId;
use crate::domain::state::State;
use crate::projection::obligations::{ObligationCursor, ObligationFilter, ObligationRow};

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
    /// The subject.
    pub subject: String,
    /// The day on which they are judged.
    pub as_of: String,
    /// The obligations, in the order in which they arose.
    pub items: Vec<ObligationView>,
}

/// Lists the obligations of one enrollment.
///
/// # Errors
/// See the route.
pub async fn list_enrollment_obligations(call: Call) -> Answered {
    let reading = Reading::of(&call).await?;
    let present = reading.present(&call).await?;
    let (state, revision) = match present {
        Some(cached) => (cached.state.clone(), cached.revision.unwrap_or_default()),
        None => {
            let history = reading.history(&call).await?;
            (history.state_at(reading.day), history.revision().unwrap_or_default())
        }
    };
    let labels = reading.labels();
    let items = items(&state, reading.day, &reading.calendars);
    let items = items.iter().map(|item| ObligationView::of(item, &labels, call.tongue()));
    let view = ObligationsOfOne {
        program: reading.program.id.to_string(),
        subject: reading.subject.id().to_string(),
        as_of: reading.day.to_string(),
        items: items.collect(),
    };
    tagged(&call, &reading.tag(&call, revision), REVALIDATE, &view)
}

/// An obligation in the list across programs.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ObligationItem {
    /// The program.
    pub program: String,
    /// The subject.
    pub subject: String,
    /// Whether it belongs to an exercise.
    pub exercise: bool,
    /// The obligation.
    #[serde(flatten)]
    pub obligation: ObligationView,
    /// The address of the enrollment.
    pub enrollment: String,
}

/// What is picked out of the judged ones.
struct Pick {
    day: Day,
    statuses: Vec<DutyStatus>,
    due_before: Option<Day>,
    due_after: Option<Day>,
    calendars: Arc<Calendars>,
}

impl Pick {
    fn takes(&self, item: &DueItem<'_>) -> bool {
        let due = item.due.map(|due| due.as_rule_gives);
        let before = self.due_before.is_none_or(|day| due.is_some_and(|due| due.latest() < day));
        let after = self
            .due_after
            .is_none_or(|day| due.is_some_and(|due| due.earliest().is_some_and(|e| e > day)));
        let status = self.statuses.is_empty() || self.statuses.contains(&item.status);
        status && before && after
    }

    /// The duty's occasions that are picked, as the state that it stands in has them.
    fn of<T>(&self, row: &ObligationRow, each: impl FnMut(&DueItem<'_>) -> T) -> Vec<T> {
        let state = State {
            kept_since: row.kept_since,
            duties: Arc::new(vec![row.duty.clone()]),
            ..State::default()
        };
        let judged = items(&state, self.day, &self.calendars);
        judged.iter().filter(|item| self.takes(item)).map(each).collect()
    }
}

/// Lists obligations across programs, as of today.
///
/// # Errors
/// See the route.
pub async fn list_obligations(call: Call) -> Answered {
    let limit = limit(&call)?;
    let cursor: Option<Cursor<ObligationCursor>> = cursor(&call)?;
    let day = super::page::day(&call, cursor.as_ref())?;
    let (_, calendars) = call.state.app.library().present_calendars();
    let (due_before, due_after) =
        (call.parsed("due_before", Day::parse)?, call.parsed("due_after", Day::parse)?);
    let statuses = words(&call, "status", STATUSES)?;
    let filter = ObligationFilter {
        exercise: exercise(&call)?,
        program: call.parsed("program", ProgramId::parse)?,
        subject: super::named::subject(&call, "subject").await?,
        obligation: super::named::declared(&call, "obligation", |measure| {
            measure.obligations.iter().map(|o| &o.id).collect()
        })?,
        owes: super::named::office(&call)?,
        due_before,
        due_after,
        only_binding: false,
    };
    let pick = Arc::new(Pick { day, statuses, due_before, due_after, calendars });
    let after = cursor.map(|cursor| cursor.after);
    let picking = pick.clone();
    let answer = ask(&call, move |tables| {
        let (mut picked, mut found, mut after) = (Vec::new(), 0, after);
        loop {
            let rows = tables.list_obligations(&filter, after.as_ref(), limit)?;
            let end = rows.len() < limit;
            for row in rows {
                if found >= limit {
                    return Ok((picked, after));
                }
                after = Some(row.cursor());
                let count = picking.of(&row, |_| ()).len();
                found += count;
                if count > 0 {
                    picked.push(row);
                }
            }
            if end {
                return Ok((picked, None));
            }
        }
    })
    .await?;
    let (rows, more) = answer.value;
    let items = rows.iter().flat_map(|row| judged(&call, row, &pick)).collect::<Vec<_>>();
    let model = ("obligations", version_of("obligations"));
    let (position, known_at_us) = (answer.position, answer.known_at_us);
    page(&call, Filled { items, more, day, model, position, known_at_us })
}

fn judged(call: &Call, row: &ObligationRow, pick: &Pick) -> Vec<ObligationItem> {
    let library = call.state.app.library();
    let program = library.program(row.program.as_str());
    let labels = Labels(program.map(|program| library.versions(program)).unwrap_or_default());
    pick.of(row, |item| ObligationItem {
        program: row.program.to_string(),
        subject: row.subject.to_string(),
        exercise: row.exercise,
        obligation: ObligationView::of(item, &labels, call.tongue()),
        enrollment: format!("/v1/enrollments/{}/{}", row.program, row.subject),
    })
}
