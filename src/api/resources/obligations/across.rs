//! The obligations across programs: first what stands in the streams, then what the measures lay
//! on subjects that are not listed (P12), which stands in none.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{ObligationItem, STATUSES};
use crate::api::asking::answer::limit;
use crate::api::asking::call::{Answered, Call};
use crate::api::asking::cursor::{Cursor, cursor};
use crate::api::asking::named;
use crate::api::asking::page::version_of;
use crate::api::asking::page::{Filled, ask_at, page};
use crate::api::asking::times::Times;
use crate::domain::calendar::Calendars;
use crate::domain::date::Day;
use crate::domain::duty::{DueItem, DutyStatus, items, owed_unlisted};
use crate::domain::ids::{Id, SubjectId};
use crate::domain::measure::{Edition, Program};
use crate::domain::state::{Duty, State};
use crate::projection::obligations::{ObligationCursor, ObligationFilter, ObligationRow};
use crate::projection::subjects::{SubjectCursor, UnlistedFilter};
use crate::projection::{At, DatabaseError, Tables};
use crate::views::brief::ObligationView;
use crate::views::labels::Labels;

/// Duties or subjects asked for in one go: few questions, however few of them are picked.
const CHUNK: usize = 200;
/// How many of them one request looks through; where few are picked, the page is short or empty and
/// its link goes on. Some tenths of a second.
const MAX_EXAMINED: usize = 20_000;

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

    /// The duty's occasions that are picked, in a record that is complete from a day on.
    fn of<T>(
        &self,
        duty: &Duty,
        kept_since: Option<Day>,
        each: impl FnMut(&DueItem<'_>) -> T,
    ) -> Vec<T> {
        let duties = Arc::new(vec![Arc::new(duty.clone())]);
        let state = State { kept_since, duties, ..State::default() };
        let judged = items(&state, self.day, &self.calendars);
        judged.iter().filter(|item| self.takes(item)).map(each).collect()
    }
}

/// A duty of a program's unlisted subjects.
struct Unlisted {
    filter: UnlistedFilter,
    obligation: Id,
    edition: Arc<Edition>,
    /// The day as of which the list of who takes part is known to be complete.
    complete_since: Option<Day>,
}

/// A duty found.
enum Found {
    Recorded(Box<ObligationRow>),
    Unlisted(usize, SubjectId, Arc<Duty>, Option<Day>),
}

/// Where the next page begins.
#[derive(Debug, Serialize, Deserialize)]
enum After {
    Recorded(ObligationCursor),
    Unlisted(AfterUnlisted),
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct AfterUnlisted {
    program: String,
    obligation: String,
    subject: Option<SubjectCursor>,
}

struct Question {
    filter: ObligationFilter,
    pick: Pick,
    unlisted: Vec<Unlisted>,
    limit: usize,
}

/// Lists obligations across programs, as of a day, as known up to an event.
///
/// # Errors
/// See the route.
pub async fn list_obligations(call: Call) -> Answered {
    let limit = limit(&call)?;
    let cursor: Option<Cursor<After>> = cursor(&call)?;
    let times = Times::of(&call, cursor.as_ref()).await?;
    let calendars = match times.known.sequence() {
        None => call.state.app.library().present_calendars().1,
        known => Arc::new(call.state.app.library().calendars(known)),
    };
    let (due_before, due_after) =
        (call.parsed("due_before", Day::parse)?, call.parsed("due_after", Day::parse)?);
    let statuses = named::words(&call, "status", STATUSES)?;
    let filter = ObligationFilter {
        exercise: named::exercise(&call)?,
        program: named::program(&call)?.map(|program| program.id.clone()),
        subject: named::subject(&call, "subject").await?,
        obligation: named::declared(&call, "obligation", |measure| {
            let declared = measure.obligations.iter().map(|obligation| obligation.id.clone());
            declared.collect()
        })?,
        owes: named::office(&call)?,
        due_before,
        due_after,
        only_binding: false,
    };
    let pick = Pick { day: times.day, statuses, due_before, due_after, calendars };
    let unlisted = all_unlisted(&call, &filter, &times);
    let question = Arc::new(Question { filter, pick, unlisted, limit });
    let asked = question.clone();
    let after = cursor.map(|cursor| cursor.after);
    let answer = ask_at(&call, &times, move |tables, at| asked.find(tables, at, after)).await?;
    let ((found, more), copy) = (answer.value, answer.copy);
    let items = found.iter().flat_map(|one| question.judged(&call, one)).collect::<Vec<_>>();
    let programs = items.iter().map(|item| item.program.clone()).collect();
    let model = ("obligations", version_of("obligations"));
    let (position, known_at_us) = (answer.position, answer.known_at_us);
    let exercise = question.filter.exercise;
    let filled =
        Filled { items, exercise, more, programs, times, model, copy, position, known_at_us };
    page(&call, filled)
}

/// The programs whose unlisted subjects owe something that the filter picks, by id.
fn all_unlisted(call: &Call, filter: &ObligationFilter, times: &Times) -> Vec<Unlisted> {
    let programs = call.state.app.library().programs().programs.iter();
    let mut owed: Vec<Unlisted> = programs
        .filter(|program| program.is_exercise() == filter.exercise)
        .filter(|program| filter.program.as_ref().is_none_or(|id| *id == program.id))
        .flat_map(|program| of_program(call, program, filter, times))
        .collect();
    owed.sort_by(|one, other| one.key().cmp(&other.key()));
    owed
}

fn of_program(
    call: &Call,
    program: &Program,
    filter: &ObligationFilter,
    times: &Times,
) -> Vec<Unlisted> {
    let library = call.state.app.library();
    let versions = library.versions(program);
    let Some(edition) = versions.in_force(times.day) else { return Vec::new() };
    let measure = &edition.measure;
    // They have no due date.
    if filter.due_before.or(filter.due_after).is_some() {
        return Vec::new();
    }
    let owed = owed_unlisted(measure, &State::default(), times.day, Some(Day::MIN));
    let picked = |duty: &&Arc<Duty>| {
        filter.obligation.as_ref().is_none_or(|id| *id == duty.obligation)
            && filter.owes.is_none_or(|office| office == duty.owes || duty.with.contains(&office))
    };
    let standing = measure.phases.iter().filter(|phase| phase.standing);
    let filter = UnlistedFilter {
        program: program.id.clone(),
        exercise: program.is_exercise(),
        kinds: program.kinds(),
        standing: standing.map(|phase| phase.id.clone()).collect(),
        subject: filter.subject.clone(),
    };
    let complete_since = library.list_complete_since(&program.id, times.known.sequence());
    let one = |duty: &Arc<Duty>| Unlisted {
        filter: filter.clone(),
        obligation: duty.obligation.clone(),
        edition: edition.clone(),
        complete_since,
    };
    owed.duties.iter().filter(picked).map(one).collect()
}

impl Unlisted {
    /// The duty of one of them, with the day from which it is known to be owed.
    fn owed(&self, state: &State, day: Day) -> Option<(Arc<Duty>, Option<Day>)> {
        let owed = owed_unlisted(&self.edition.measure, state, day, self.complete_since);
        let duty = owed.duties.iter().find(|duty| duty.obligation == self.obligation)?;
        Some((duty.clone(), owed.kept_since))
    }

    fn key(&self) -> (&str, &str) {
        (self.filter.program.as_str(), self.obligation.as_str())
    }
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
        let (recorded, begin) = match after {
            None => (Some(None), AfterUnlisted::default()),
            Some(After::Recorded(cursor)) => (Some(Some(cursor)), AfterUnlisted::default()),
            Some(After::Unlisted(begin)) => (None, begin),
        };
        if let Some(after) = recorded
            && let Some(more) =
                self.recorded(tables, at, after, (&mut left, &mut examined), &mut found)?
        {
            return Ok((found, Some(After::Recorded(more))));
        }
        let more = self.unlisted(tables, at, begin, (left, examined), &mut found)?;
        Ok((found, more.map(After::Unlisted)))
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
                let count = self.pick.of(&row.duty, row.kept_since, |_| ()).len();
                *left = left.saturating_sub(count);
                if count > 0 {
                    found.push(Found::Recorded(Box::new(row)));
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

    fn unlisted(
        &self,
        tables: &Tables<'_>,
        at: At,
        begin: AfterUnlisted,
        (mut left, mut examined): (usize, usize),
        found: &mut Vec<Found>,
    ) -> Result<Option<AfterUnlisted>, DatabaseError> {
        let mut last = begin.clone();
        for (index, unlisted) in self.unlisted.iter().enumerate() {
            let (key, begins) =
                (unlisted.key(), (begin.program.as_str(), begin.obligation.as_str()));
            if key < begins {
                continue;
            }
            let after = |subject: Option<SubjectCursor>| {
                let (program, obligation) = (key.0.to_owned(), key.1.to_owned());
                AfterUnlisted { program, obligation, subject }
            };
            let mut from = begin.subject.clone().filter(|_| key == begins);
            loop {
                let rows = tables.list_unlisted(&unlisted.filter, at, from.as_ref(), CHUNK)?;
                let end = rows.len() < CHUNK;
                examined += rows.len();
                for row in rows {
                    from = Some(row.subject.cursor());
                    let Some((duty, kept)) = unlisted.owed(&row.state, self.pick.day) else {
                        continue;
                    };
                    if self.pick.of(&duty, kept, |_| ()).is_empty() {
                        continue;
                    }
                    if left == 0 {
                        return Ok(Some(last));
                    }
                    left -= 1;
                    last = after(from.clone());
                    found.push(Found::Unlisted(index, row.subject.subject, duty, kept));
                }
                if end {
                    break;
                }
                if examined >= MAX_EXAMINED {
                    return Ok(Some(after(from)));
                }
            }
        }
        Ok(None)
    }

    fn judged(&self, call: &Call, found: &Found) -> Vec<ObligationItem> {
        let (program, subject, duty, kept_since) = match found {
            Found::Recorded(row) => (&row.program, &row.subject, &row.duty, row.kept_since),
            Found::Unlisted(index, subject, duty, kept_since) => {
                (&self.unlisted[*index].filter.program, subject, &**duty, *kept_since)
            }
        };
        let library = call.state.app.library();
        let known = library.program(program.as_str());
        let labels = Labels(known.map(|program| library.versions(program)).unwrap_or_default());
        self.pick.of(duty, kept_since, |item| ObligationItem {
            program: program.to_string(),
            subject: subject.to_string(),
            exercise: self.filter.exercise,
            obligation: ObligationView::of(item, self.pick.day, &labels, call.tongue()),
            enrollment: format!("/v1/enrollments/{program}/{subject}"),
        })
    }
}
