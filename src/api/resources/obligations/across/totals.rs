//! Obligations added up by office, province and year of the due date: who was late, by how many days, the
//! national office first.
//!
//! What must hold: each figure is the number of items in the list that it opens. What two offices owe
//! together stands under each of them, as the list of either has it; so offices are never summed.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::laid::AfterUnlisted;
use super::pick::DueYear;
use super::{After, Found, Question};
use crate::api::asking::answer::json;
use crate::api::asking::call::{Answered, Call};
use crate::api::asking::counted::{Count, by_changed, counted};
use crate::api::asking::named::UNASSIGNED;
use crate::api::asking::opening::{Figure, Opening, exercises};
use crate::api::asking::page::ask_at;
use crate::api::asking::tabular::{Column, Holds, csv};
use crate::api::asking::times::Times;
use crate::domain::duty::{DueItem, DutyStatus};
use crate::domain::ids::{Office, SubjectId};
use crate::domain::words;
use crate::projection::obligations::{ObligationFilter, ObligationRow};
use crate::projection::{At, DatabaseError, Tables};
use crate::views::media::CSV;
use crate::views::problem::Problem;
use crate::views::sequence::sequence;

/// Duties judged in one go.
const CHUNK: usize = 1000;

/// Obligations added up.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Totals {
    /// One for each office, province and year, the national office first.
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
    /// The office.
    pub office: &'static str,
    /// What it is called.
    pub office_label: &'static str,
    /// The province; `unassigned`: the subject lies in none, or it is owed for a program as a whole.
    pub province: String,
    /// Its name on the day.
    pub province_name: String,
    /// The year of the due date, that of its latest day; `undated`: it has none.
    pub year: String,
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

/// Whose total: the office in the order of offices, the province, the last of which is none, the year.
type Key = (usize, (bool, String), DueYear);

/// What is counted of one of them.
#[derive(Debug, Clone, Default)]
struct Sum {
    by_status: BTreeMap<DutyStatus, u64>,
    late: Days,
    overdue: Days,
}

/// How often there were so many days.
#[derive(Debug, Clone, Default)]
struct Days(BTreeMap<i64, u64>);

impl Days {
    fn add(&mut self, days: i64, times: u64) {
        *self.0.entry(days).or_default() += times;
    }

    fn take_off(&mut self, days: i64, times: u64) {
        let left = self.0.entry(days).or_default();
        *left = left.saturating_sub(times);
        self.0.retain(|_, times| *times > 0);
    }

    fn sum(&self) -> i64 {
        self.0.iter().map(|(days, times)| days * i64::try_from(*times).unwrap_or(i64::MAX)).sum()
    }

    fn max(&self) -> i64 {
        self.0.last_key_value().map_or(0, |(days, _)| *days)
    }
}

impl Sum {
    fn add(&mut self, other: &Self) {
        for (status, count) in &other.by_status {
            *self.by_status.entry(*status).or_default() += count;
        }
        other.late.0.iter().for_each(|(days, times)| self.late.add(*days, *times));
        other.overdue.0.iter().for_each(|(days, times)| self.overdue.add(*days, *times));
    }

    fn take_off(&mut self, other: &Self) {
        for (status, count) in &other.by_status {
            let left = self.by_status.entry(*status).or_default();
            *left = left.saturating_sub(*count);
        }
        self.by_status.retain(|_, count| *count > 0);
        other.late.0.iter().for_each(|(days, times)| self.late.take_off(*days, *times));
        other.overdue.0.iter().for_each(|(days, times)| self.overdue.take_off(*days, *times));
    }
}

type Sums = BTreeMap<Key, Sum>;

/// Adds up what is owed, on a day, as known up to an event.
///
/// # Errors
/// See the route.
pub async fn get_obligation_totals(call: Call) -> Answered {
    let times = Times::of::<()>(&call, None).await?;
    let question = Arc::new(Question::of(&call, &times, "office", CHUNK).await?);
    let (asked, state) = (question.clone(), call.state.clone());
    let answer = ask_at(&call, &times, move |tables, at| {
        let (adopted, _) = state.app.library().present_calendars();
        let recorded = Recorded { question: &asked, at, adopted };
        let is_past = at.known.is_some();
        let mut sums = counted(&state.counted, tables, &recorded, is_past, Sums::clone)?;
        // What no stream has is little, and depends on more than what is recorded of enrollments.
        let mut after = Some(After::Unlisted(AfterUnlisted::default()));
        while let Some(begin) = after {
            let (found, more) = asked.find(tables, at, Some(begin))?;
            found.iter().for_each(|found| add(&asked, found, &mut sums));
            after = more;
        }
        Ok(sums)
    });
    let answer = answer.await?;
    let opening = Opening::of(&call, times.day);
    let mut items = Vec::with_capacity(answer.value.len());
    for (key, sum) in &answer.value {
        items.push(total(&call, &question, (key, sum), &opening).await?);
    }
    if call.accepted() == Some(CSV) {
        return csv(&call, COLUMNS, &items, None);
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

/// What stands in the streams, added up. Kept, and brought up to date by who changed.
struct Recorded<'a> {
    question: &'a Question,
    at: At,
    /// How many calendars are on record: with another one, due dates can be judged otherwise.
    adopted: usize,
}

impl Recorded<'_> {
    fn sums(
        &self,
        tables: &Tables<'_>,
        only: Option<&[u64]>,
        at: At,
    ) -> Result<Sums, DatabaseError> {
        let (mut sums, mut after) = (Sums::new(), None);
        let filter = &self.question.filter;
        let filter = ObligationFilter { enrollments: only.map(<[u64]>::to_vec), ..filter.clone() };
        loop {
            let rows = tables.list_obligations(&filter, at, after.as_ref(), CHUNK)?;
            let end = rows.len() < CHUNK;
            after = rows.last().map(ObligationRow::cursor);
            rows.into_iter().for_each(|row| add(self.question, &Found::of(row), &mut sums));
            if end {
                return Ok(sums);
            }
        }
    }
}

impl Count for Recorded<'_> {
    type Value = Sums;

    fn key(&self) -> String {
        let Self { question, at, adopted } = self;
        format!("totals {:?} {:?} {at:?} {adopted}", question.filter, question.pick)
    }

    fn count(&self, tables: &Tables<'_>) -> Result<Sums, DatabaseError> {
        self.sums(tables, None, self.at)
    }

    fn further(
        &self,
        tables: &Tables<'_>,
        sums: &mut Sums,
        since: u64,
    ) -> Result<bool, DatabaseError> {
        let ask = |changed: &[u64], at| self.sums(tables, Some(changed), at);
        by_changed(tables, (self.at, since), ask, |before, now| {
            for (key, now) in now {
                sums.entry(key).or_default().add(&now);
            }
            for (key, before) in before {
                sums.entry(key).or_default().take_off(&before);
            }
            sums.retain(|_, sum| !sum.by_status.is_empty());
        })
    }

    fn bytes(sums: &Sums) -> usize {
        let days = |sum: &Sum| sum.late.0.len() + sum.overdue.0.len();
        sums.values().map(|sum| 256 + 24 * days(sum)).sum()
    }
}

/// Adds the occasions of a duty, under each office that owes it.
fn add(question: &Question, found: &Found, sums: &mut Sums) {
    let province = found.province.as_ref().map_or((true, UNASSIGNED), |id| (false, id.as_str()));
    for item in &question.pick.of(&found.state) {
        let year = DueYear::of(item);
        for office in offices(item) {
            if question.filter.owes.is_some_and(|asked| asked != office) {
                continue;
            }
            let at = Office::ALL.iter().position(|known| *known == office).unwrap_or_default();
            let sum = sums.entry((at, (province.0, province.1.to_owned()), year)).or_default();
            *sum.by_status.entry(item.status).or_default() += 1;
            let days = item.days_late(question.pick.day).unwrap_or_default();
            match item.status {
                DutyStatus::Late => sum.late.add(days, 1),
                DutyStatus::Overdue => sum.overdue.add(days, 1),
                DutyStatus::Open
                | DutyStatus::Met
                | DutyStatus::Waived
                | DutyStatus::NotInTheRecord => {}
            }
        }
    }
}

/// Those who owe it, each once.
fn offices(item: &DueItem<'_>) -> Vec<Office> {
    let mut offices = vec![item.duty.owes];
    offices.extend(item.duty.with.iter().filter(|office| **office != item.duty.owes));
    offices
}

async fn total(
    call: &Call,
    question: &Question,
    ((office, (_, province), year), sum): (&Key, &Sum),
    opening: &Opening,
) -> Result<Total, Problem> {
    let office = Office::ALL[*office];
    let year = year.written();
    let filter = &question.filter;
    let figure = |statuses: &[DutyStatus]| {
        let count = statuses.iter().filter_map(|status| sum.by_status.get(status)).sum();
        let marks: Vec<_> = statuses.iter().map(|status| status.mark()).collect();
        let filters = [
            exercises(filter.exercise),
            ("program", filter.program.as_ref().map(|id| id.as_str())),
            ("subject", filter.subject.as_ref().map(SubjectId::as_str)),
            ("obligation", filter.obligation.as_deref()),
            ("owes", Some(office.as_str())),
            ("province", Some(province.as_str())),
            ("due_year", Some(year.as_str())),
            ("status", Some(&*marks.join(","))),
        ];
        opening.figure(count, "/v1/obligations", &filters)
    };
    let owed = [DutyStatus::Met, DutyStatus::Late, DutyStatus::Open, DutyStatus::Overdue];
    Ok(Total {
        office: office.as_str(),
        office_label: words::office(office, call.language),
        province_name: name_of(call, province, question).await?,
        owed: figure(&owed),
        met_in_time: figure(&[DutyStatus::Met]),
        late: figure(&[DutyStatus::Late]),
        days_late_sum: sum.late.sum(),
        days_late_max: sum.late.max(),
        open: figure(&[DutyStatus::Open]),
        overdue: figure(&[DutyStatus::Overdue]),
        days_overdue_sum: sum.overdue.sum(),
        days_overdue_max: sum.overdue.max(),
        waived: figure(&[DutyStatus::Waived]),
        not_in_the_record: figure(&[DutyStatus::NotInTheRecord]),
        province: province.clone(),
        year,
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
