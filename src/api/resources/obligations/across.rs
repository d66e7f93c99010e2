//! The obligations across programs: first what stands in the streams, then what the measures lay by
//! themselves and stands in none: on subjects that are not listed (P12), and for programs as a whole
//! whose record no act has opened.

mod laid;
mod moves;
mod pick;
mod totals;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::feeds::{Entry, Feeding, is_feed};
use super::{ObligationItem, STATUSES};
use crate::api::asking::answer::{MAX_LIMIT, limit};
use crate::api::asking::call::{Answered, Call};
use crate::api::asking::cursor::{Cursor, cursor, next_link, write_cursor};
use crate::api::asking::named;
use crate::api::asking::page::version_of;
use crate::api::asking::page::{Filled, ask_at, had_already, page};
use crate::api::asking::times::Times;
use crate::domain::date::Day;
use crate::domain::duty::{DueItem, DutyStatus};
use crate::domain::ids::{Language, ProgramId, SubjectId};
use crate::domain::measure::{Edition, Program, Versions};
use crate::domain::state::State;
use crate::domain::words;
use crate::projection::obligations::{ObligationCursor, ObligationFilter, ObligationRow};
use crate::projection::{At, DatabaseError, Tables};
use crate::views::brief::ObligationView;
use crate::views::labels::Labels;
use crate::views::media::JSON;
use crate::views::problem::Problem;
use laid::{AfterUnlisted, AfterWhole, Unlisted, all_unlisted, lay_on_whole};
use pick::{DueYear, Months, Pick, year_begins, year_ends};

pub use moves::{MOVE_COLUMNS, Move, list_moves, moves_at_hand};
pub use totals::{BY, COLUMNS as TOTAL_COLUMNS, Totals, get_obligation_totals, totals_at_hand};

/// Duties or subjects asked for in one go: few questions, however few of them are picked.
const CHUNK: usize = 200;
/// How many of them one request looks through; where few are picked, the page is short or empty and
/// its link goes on. Some tenths of a second.
const MAX_EXAMINED: usize = 20_000;

/// A duty found, as a state with that duty alone.
struct Found {
    program: ProgramId,
    /// Absent: it is owed for the program as a whole.
    subject: Option<SubjectId>,
    /// The province in which that lies.
    province: Option<SubjectId>,
    state: State,
}

impl Found {
    fn of(row: ObligationRow) -> Self {
        let (program, subject) = (row.program.clone(), row.subject.clone());
        Self { program, subject, province: row.province.clone(), state: row.into_state() }
    }
}

/// What is asked.
struct Question {
    filter: ObligationFilter,
    pick: Pick,
    unlisted: Vec<Unlisted>,
    /// The measures that lay something on their program as a whole, by program.
    whole: BTreeMap<ProgramId, Arc<Edition>>,
    limit: usize,
}

impl Question {
    /// What a request asks, `office` being the parameter that names who owes.
    ///
    /// # Errors
    /// `malformed-request`, `not-found`, and the log's.
    async fn of(call: &Call, times: &Times, office: &str, limit: usize) -> Result<Self, Problem> {
        Self::narrowed(call, times, office, (limit, &|_| {})).await
    }

    /// The same of less, as `narrow` has it.
    ///
    /// # Errors
    /// As [`Question::of`].
    async fn narrowed(
        call: &Call,
        times: &Times,
        office: &str,
        (limit, narrow): (usize, &(dyn Fn(&mut ObligationFilter) + Sync)),
    ) -> Result<Self, Problem> {
        let library = call.state.app.library();
        let calendars = match times.known.sequence() {
            None => library.present_calendars().1,
            known => Arc::new(library.calendars(known)),
        };
        let (due_before, due_after) =
            (call.parsed("due_before", Day::parse)?, call.parsed("due_after", Day::parse)?);
        let (due_year, due_months) = (DueYear::asked(call)?, Months::asked(call)?);
        let (province, no_province) = named::province(call).await?;
        let mut filter = ObligationFilter {
            exercise: named::exercise(call)?,
            program: named::program(call)?.map(|program| program.id.clone()),
            subject: named::subject(call, "subject").await?,
            province,
            no_province,
            obligation: named::declared(call, "obligation", |measure| {
                let declared = measure.obligations.iter().map(|obligation| obligation.id.clone());
                declared.collect()
            })?,
            owes: named::office(call, office)?,
            due_before: due_before.or(year_ends(due_year)).or(due_months.map(Months::end)),
            due_after: due_after.or(year_begins(due_year)).or(due_months.map(Months::begin)),
            ..ObligationFilter::default()
        };
        narrow(&mut filter);
        let statuses = named::words(call, "status", STATUSES)?;
        let (day, moves) = (times.day, false);
        let pick =
            Pick { day, statuses, due_before, due_after, due_year, due_months, moves, calendars };
        let unlisted = all_unlisted(call, &filter, times);
        let whole = lay_on_whole(call, &filter, times).await?;
        Ok(Self { filter, pick, unlisted, whole, limit })
    }
}

/// Where the next page begins.
#[derive(Debug, Serialize, Deserialize)]
enum After {
    Recorded(ObligationCursor),
    Unlisted(AfterUnlisted),
    Whole(AfterWhole),
}

/// Lists obligations across programs, as of a day, as known up to an event.
///
/// # Errors
/// See the route.
pub async fn list_obligations(call: Call) -> Answered {
    let media = call.accepted().unwrap_or(JSON);
    let limit = match call.parameter("limit") {
        None if is_feed(media) => MAX_LIMIT,
        _ => limit(&call)?,
    };
    let cursor: Option<Cursor<After>> = cursor(&call)?;
    let times = Times::of(&call, cursor.as_ref()).await?;
    let mut question = Question::of(&call, &times, "owes", limit).await?;
    if is_feed(media) && question.pick.statuses.is_empty() {
        question.pick.statuses = vec![DutyStatus::Open, DutyStatus::Overdue];
    }
    if let Some(had) = had_already(&call, &times, "obligations").await? {
        return Ok(had);
    }
    let question = Arc::new(question);
    let asked = question.clone();
    let after = cursor.map(|cursor| cursor.after);
    let answer = ask_at(&call, &times, move |tables, at| asked.find(tables, at, after)).await?;
    let ((found, more), copy) = (answer.value, answer.copy);
    let judged: Vec<_> = found.iter().map(|one| Judged::of(&call, &question, one)).collect();
    let items = judged.iter().flat_map(|one| one.shown(&question, call.language));
    let items: Vec<_> = items.collect();
    if is_feed(media) {
        return feed(&call, &items, more, &times).await?.answer(media);
    }
    let programs = items.iter().map(|item| item.program.to_owned()).collect();
    let model = ("obligations", version_of("obligations"));
    let (position, known_at_us) = (answer.position, answer.known_at_us);
    let exercise = question.filter.exercise;
    let filled =
        Filled { items, exercise, more, programs, times, model, copy, position, known_at_us };
    page(&call, filled)
}

/// The same as a calendar or a feed, with the names of those of whom something is due.
async fn feed<'a>(
    call: &'a Call,
    items: &[ObligationItem<'_>],
    more: Option<After>,
    times: &Times,
) -> Result<Feeding<'a>, Problem> {
    let mut entries = Vec::with_capacity(items.len());
    for item in items {
        let subject = item.subject.and_then(|id| SubjectId::parse(id).ok());
        let name = name_of(call, subject.as_ref(), item.program_name, times.day).await?;
        entries.push(Entry::of(call, item, &name));
    }
    let title = words::pick(call.language, "Docket: what is due", "Docket：应履行的义务");
    feeding(call, title, entries, more, times)
}

/// A feed with these entries.
fn feeding<'a, A: Serialize>(
    call: &'a Call,
    title: &'static str,
    entries: Vec<Entry>,
    more: Option<A>,
    times: &Times,
) -> Result<Feeding<'a>, Problem> {
    let (day, known) = (times.day, times.known.sequence());
    let next = match more {
        Some(after) => Some(next_link(call, &write_cursor(call, &Cursor { day, known, after })?)),
        None => None,
    };
    Ok(Feeding { call, title, entries, as_of: day.to_string(), next })
}

/// The name of a subject on a day; of a program as a whole, the program's.
async fn name_of(
    call: &Call,
    subject: Option<&SubjectId>,
    program_name: &str,
    day: Day,
) -> Result<String, Problem> {
    let Some(id) = subject else { return Ok(program_name.to_owned()) };
    let subject = call.state.app.subject(id).await.map_err(|error| call.problem(error))?;
    Ok(subject.name_on(day).get(call.language).to_owned())
}

impl Question {
    /// A page of what is found, and where the next one begins.
    fn find(
        &self,
        tables: &Tables<'_>,
        at: At,
        after: Option<After>,
    ) -> Result<(Vec<Found>, Option<After>), DatabaseError> {
        let (mut found, mut left, mut examined) = (Vec::new(), self.limit, 0);
        let (recorded, begin, last) = match after {
            None => (Some(None), Some(AfterUnlisted::default()), None),
            Some(After::Recorded(cursor)) => {
                (Some(Some(cursor)), Some(AfterUnlisted::default()), None)
            }
            Some(After::Unlisted(begin)) => (None, Some(begin), None),
            Some(After::Whole(last)) => (None, None, Some(last)),
        };
        if let Some(after) = recorded
            && let Some(more) =
                self.recorded(tables, at, after, (&mut left, &mut examined), &mut found)?
        {
            return Ok((found, Some(After::Recorded(more))));
        }
        if let Some(begin) = begin
            && let Some(more) =
                self.unlisted(tables, at, begin, (&mut left, examined), &mut found)?
        {
            return Ok((found, Some(After::Unlisted(more))));
        }
        let more = self.laid_on_whole(tables, at, last, left, &mut found)?;
        Ok((found, more.map(After::Whole)))
    }

    fn recorded(
        &self,
        tables: &Tables<'_>,
        at: At,
        mut after: Option<ObligationCursor>,
        (left, examined): (&mut usize, &mut usize),
        found: &mut Vec<Found>,
    ) -> Result<Option<ObligationCursor>, DatabaseError> {
        let mut chunk = self.limit + 1;
        loop {
            let rows = tables.list_obligations(&self.filter, at, after.as_ref(), chunk)?;
            let end = rows.len() < chunk;
            *examined += rows.len();
            chunk = chunk.max(CHUNK);
            for row in rows {
                if *left == 0 {
                    return Ok(after);
                }
                after = Some(row.cursor());
                let one = Found::of(row);
                let count = self.pick.of(&one.state).len();
                *left = left.saturating_sub(count);
                if count > 0 {
                    found.push(one);
                }
            }
            if end {
                return Ok(None);
            }
            if *examined >= MAX_EXAMINED {
                return Ok(after);
            }
        }
    }
}

/// A duty found, with its occasions that are picked.
struct Judged<'a> {
    found: &'a Found,
    program: Option<&'a Program>,
    versions: Arc<Versions>,
    items: Vec<DueItem<'a>>,
}

impl<'a> Judged<'a> {
    fn of(call: &'a Call, question: &Question, found: &'a Found) -> Self {
        let library = call.state.app.library();
        let program = library.program(found.program.as_str());
        let versions = program.map(|program| library.versions(program)).unwrap_or_default();
        Self { found, program, versions, items: question.pick.of(&found.state) }
    }

    /// The program's name; its id where it is not known.
    fn program_name(&self, language: Language) -> &str {
        let id = self.found.program.as_str();
        self.program.map_or(id, |program| program.name.get(language))
    }

    fn shown<'b>(
        &'b self,
        question: &'b Question,
        language: Language,
    ) -> impl Iterator<Item = ObligationItem<'b>> {
        let Found { program, subject, .. } = self.found;
        let id = program.as_str();
        let enrollment =
            subject.as_ref().map(|subject| format!("/v1/enrollments/{program}/{subject}"));
        let labels = Labels(&self.versions);
        self.items.iter().map(move |item| ObligationItem {
            program: id,
            program_name: self.program_name(language),
            subject: subject.as_ref().map(SubjectId::as_str),
            exercise: question.filter.exercise,
            obligation: ObligationView::of(item, question.pick.day, labels, language),
            enrollment: enrollment.clone(),
        })
    }
}
