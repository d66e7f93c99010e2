//! Obligations added up by office, province and year of the due date: who was late, by how many days, the
//! national office first.
//!
//! What must hold: each figure is the number of items in the list that it opens. What two offices owe
//! together stands under each of them, as the list of either has it; so offices are never summed: where it is
//! not added up by office, each occasion counts once.

mod sums;

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::laid::AfterUnlisted;
use super::pick::{DueIn, UNDATED};
use super::{After, Question};
use crate::api::asking::answer::json;
use crate::api::asking::call::{Answered, Call};
use crate::api::asking::counted::counted;
use crate::api::asking::named::{self, UNASSIGNED};
use crate::api::asking::opening::{Figure, Opening, exercises};
use crate::api::asking::page::ask_at;
use crate::api::asking::tabular::{Column, Holds, csv};
use crate::api::asking::times::Times;
use crate::domain::duty::DutyStatus;
use crate::domain::ids::{Office, SubjectId};
use crate::domain::words;
use crate::views::media::CSV;
use crate::views::problem::Problem;
use crate::views::sequence::sequence;
pub use sums::totals_at_hand;
use sums::{Added, By, CHUNK, Key, Recorded, Sums, add, grouped};

/// Obligations added up.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Totals {
    /// One for each office, province and year, or of what `by` names, the national office first.
    pub items: Vec<Total>,
    /// Whether they are those of the exercises.
    pub exercise: bool,
    /// The day on which they are judged.
    pub as_of: String,
    /// The instant asked about, if one was.
    pub known_at: Option<String>,
    /// The sequence up to which the log was looked at, if not all of it was.
    pub known_to_sequence: Option<String>,
    /// The sequence of the last event that the tables had read.
    pub read_to_sequence: Option<String>,
}

/// What an office owes in a province in a year.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Total {
    /// The office; absent, as its label, where `by` does not name it.
    pub office: Option<&'static str>,
    /// What it is called.
    pub office_label: Option<&'static str>,
    /// The province; `unassigned`: the subject lies in none, or it is owed for a program as a whole. Absent, as
    /// its name, where `by` does not name it.
    pub province: Option<String>,
    /// Its name on the day.
    pub province_name: Option<String>,
    /// The year of the due date, that of its latest day; `undated`: it has none. Absent where `by` names neither
    /// year nor month.
    pub year: Option<String>,
    /// The month of the due date, as `2026-11`; `undated`: it has none. Where `by` names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub month: Option<String>,
    /// What was owed by the day: met, met late, open or overdue.
    pub owed: Figure,
    /// Met in time, or where there is no date.
    pub met_in_time: Figure,
    /// Met after the last day in time.
    pub late: Figure,
    /// How many days that was after it, all together.
    pub days_late_sum: i64,
    /// The most days that it was after it.
    pub days_late_max: i64,
    /// Not met, and not overdue.
    pub open: Figure,
    /// Not met, and the last day in time has passed.
    pub overdue: Figure,
    /// How many days have passed since then, all together.
    pub days_overdue_sum: i64,
    /// The most days that have passed since then.
    pub days_overdue_max: i64,
    /// Waived.
    pub waived: Figure,
    /// Due before the record is complete, and not recorded: it proves no failure.
    pub not_in_the_record: Figure,
}

/// Their columns as a table.
pub const COLUMNS: &[Column] = &[
    ("office", "/office", Holds::Text),
    ("office_label", "/office_label", Holds::Text),
    ("province", "/province", Holds::Text),
    ("province_name", "/province_name", Holds::Text),
    ("year", "/year", Holds::Text),
    ("owed", "/owed/count", Holds::Int),
    ("met_in_time", "/met_in_time/count", Holds::Int),
    ("late", "/late/count", Holds::Int),
    ("days_late_sum", "/days_late_sum", Holds::Int),
    ("days_late_max", "/days_late_max", Holds::Int),
    ("open", "/open/count", Holds::Int),
    ("overdue", "/overdue/count", Holds::Int),
    ("days_overdue_sum", "/days_overdue_sum", Holds::Int),
    ("days_overdue_max", "/days_overdue_max", Holds::Int),
    ("waived", "/waived/count", Holds::Int),
    ("not_in_the_record", "/not_in_the_record/count", Holds::Int),
    ("opens", "/owed/opens", Holds::Text),
];

/// By what can be added up.
pub const BY: [&str; 4] = ["office", "province", "year", "month"];

fn asked_by(call: &Call) -> Result<By, Problem> {
    let known: Vec<_> = BY.iter().map(|name| (*name, *name)).collect();
    let asked = named::words(call, "by", &known)?;
    let has = |name: &str| asked.contains(&name);
    Ok(match asked.is_empty() {
        true => By { office: true, province: true, year: true, month: false },
        false => By {
            office: has("office"),
            province: has("province"),
            year: has("year"),
            month: has("month"),
        },
    })
}

/// Adds up what is owed, on a day, as known up to an event.
///
/// # Errors
/// See the route.
pub async fn get_obligation_totals(call: Call) -> Answered {
    let times = Times::of::<()>(&call, None).await?;
    let by = asked_by(&call)?;
    let question = Arc::new(Question::of(&call, &times, "office", CHUNK).await?);
    let by_month = by.month || question.pick.due_months.is_some();
    let (asked, state) = (question.clone(), call.state.clone());
    let answer = ask_at(&call, &times, move |tables, at| {
        let (adopted, _) = state.app.library().present_calendars();
        let recorded = Recorded::of(&asked, by_month, at, adopted);
        let is_past = at.known.is_some();
        let read = |sums: &Sums| grouped(sums, &asked, by);
        let mut sums = counted(&state.counted, tables, &recorded, is_past, read)?;
        // What no stream has is little, and depends on more than what is recorded of enrollments.
        let (mut little, mut after) =
            (Sums::new(), Some(After::Unlisted(AfterUnlisted::default())));
        while let Some(begin) = after {
            let (found, more) = asked.find(tables, at, Some(begin))?;
            found.iter().for_each(|found| add(&asked.pick, by_month, found, &mut little));
            after = more;
        }
        for (key, sum) in grouped(&little, &asked, by) {
            sums.entry(key).or_default().add(&sum);
        }
        Ok(sums)
    });
    let answer = answer.await?;
    let opening = Opening::of(&call, times.day);
    let mut items = Vec::with_capacity(answer.value.len());
    for (key, sum) in &answer.value {
        items.push(total(&call, (&question, by), (key, sum), &opening).await?);
    }
    if call.accepted() == Some(CSV) {
        let month: Column = ("month", "/month", Holds::Text);
        let columns = COLUMNS.iter().copied().chain(by.month.then_some(month));
        return csv(&call, &columns.collect::<Vec<_>>(), &items, None);
    }
    let body = Totals {
        items,
        exercise: question.filter.exercise,
        as_of: times.day.to_string(),
        known_at: times.known_at.map(|instant| instant.to_rfc3339()),
        known_to_sequence: times.known.sequence().map(sequence),
        read_to_sequence: answer.position.map(sequence),
    };
    json(&call, &body)
}

async fn total(
    call: &Call,
    (question, by): (&Question, By),
    ((office, province, due), sum): (&Key, &Added),
    opening: &Opening,
) -> Result<Total, Problem> {
    let filter = &question.filter;
    let office = office.and_then(|place| Office::ALL.get(place).copied());
    let province = province.as_ref().map(|(_, id)| id.as_str());
    let asked_province = filter.province.as_ref().map(SubjectId::as_str);
    let asked_province = asked_province.or(filter.no_province.then_some(UNASSIGNED));
    let year = due.map(|due| due.year().written());
    let month = due.filter(|_| by.month).map(DueIn::written);
    // What has no date is in no month either.
    let opened_month = month.as_deref().filter(|month| *month != UNDATED);
    let figure = |statuses: &[DutyStatus]| {
        let count = statuses.iter().filter_map(|status| sum.by_status.get(status)).sum();
        let marks: Vec<_> = statuses.iter().map(|status| status.mark()).collect();
        let of_year = year.as_deref().filter(|_| opened_month.is_none());
        let filters = [
            exercises(filter.exercise),
            ("program", filter.program.as_ref().map(|id| id.as_str())),
            ("subject", filter.subject.as_ref().map(SubjectId::as_str)),
            ("obligation", filter.obligation.as_deref()),
            ("owes", office.or(filter.owes).map(Office::as_str)),
            ("province", province.or(asked_province)),
            ("due_year", of_year.or(call.parameter("due_year"))),
            ("due_month", opened_month.or(call.parameter("due_month"))),
            ("status", Some(&*marks.join(","))),
        ];
        opening.figure(count, "/v1/obligations", &filters)
    };
    let owed = [DutyStatus::Met, DutyStatus::Late, DutyStatus::Open, DutyStatus::Overdue];
    Ok(Total {
        office: office.map(Office::as_str),
        office_label: office.map(|office| words::office(office, call.language)),
        province_name: match province {
            Some(province) => Some(name_of(call, province, question).await?),
            None => None,
        },
        owed: figure(&owed),
        met_in_time: figure(&[DutyStatus::Met]),
        late: figure(&[DutyStatus::Late]),
        days_late_sum: sum.late.sum,
        days_late_max: sum.late.max,
        open: figure(&[DutyStatus::Open]),
        overdue: figure(&[DutyStatus::Overdue]),
        days_overdue_sum: sum.overdue.sum,
        days_overdue_max: sum.overdue.max,
        waived: figure(&[DutyStatus::Waived]),
        not_in_the_record: figure(&[DutyStatus::NotInTheRecord]),
        province: province.map(str::to_owned),
        year,
        month,
    })
}

/// The name of a province on the day.
async fn name_of(call: &Call, province: &str, question: &Question) -> Result<String, Problem> {
    let unassigned = words::pick(call.language, "of no province", "不属于某一省（区、市）");
    match SubjectId::parse(province) {
        Ok(id) if province != UNASSIGNED => {
            super::name_of(call, Some(&id), province, question.pick.day).await
        }
        _ => Ok(unassigned.to_owned()),
    }
}
