//! The decisions and steps that somebody is waited for: the tables say of which enrollments that can be,
//! the fold of each says whether it is.

use std::collections::BTreeMap;
use std::ops::{Bound, Deref};
use std::sync::Arc;

use super::super::{Question, name_of};
use super::mine::Mine;
use super::view::Move;
use crate::api::asking::call::Call;
use crate::api::asking::counted::{Count, changed, counted};
use crate::api::asking::page::ask_at;
use crate::api::asking::state::ApiState;
use crate::api::asking::times::{Known, Times};
use crate::app::Cached;
use crate::codec;
use crate::domain::date::Day;
use crate::domain::duty::{decisions_among, items};
use crate::domain::ids::{Id, Office, ProgramId, SubjectId};
use crate::domain::measure::{Measure, Program, WaitingRule};
use crate::domain::state::State;
use crate::projection::current_status::{EnrollmentCursor, EnrollmentFilter};
use crate::projection::{At, DatabaseError, Tables};
use crate::views::problem::Problem;

/// How many enrollments one request looks into; a page can then be short, and its link goes on.
const MAX_EXAMINED: usize = 2_000;

/// Adds the decisions that are waited for, until the page is full; where the next one begins.
///
/// # Errors
/// Those of the tables and the log.
pub(super) async fn decisions(
    call: &Call,
    (question, mine): (&Question, &Mine),
    times: &Times,
    after: Option<EnrollmentCursor>,
    found: &mut Vec<Move>,
) -> Result<Option<EnrollmentCursor>, Problem> {
    let governed: Vec<_> = programs(call, question)
        .into_iter()
        .filter_map(|program| {
            let edition = call.state.app.library().versions(program).in_force(times.day)?.clone();
            Some((program, edition))
        })
        .collect();
    let filter = filter(question);
    let asked = governed.iter().map(|(program, edition)| Asked {
        program: program.id.clone(),
        filter: filter.clone(),
        nodes: nodes(question.filter.owes, &edition.measure),
    });
    let (asked, state) = (asked.collect::<Vec<_>>(), call.state.clone());
    let begin = after.clone();
    let moving = ask_at(call, times, move |tables, at| {
        let (mut left, mut moving) = (MAX_EXAMINED, Vec::new());
        for of in asked {
            let begin = match &begin {
                Some(after) if *of.program.as_str() < *after.program => {
                    moving.push(Vec::new());
                    continue;
                }
                Some(after) if *of.program.as_str() == *after.program => {
                    Bound::Excluded((after.order_key.clone(), after.subject.clone()))
                }
                _ => Bound::Unbounded,
            };
            let count = MovingAt { of, at };
            let some = counted(&state.counted, tables, &count, at.known.is_some(), |moving| {
                let next = moving.range((begin, Bound::Unbounded)).map(|(at, _)| at.clone());
                next.take(left + 1).collect::<Vec<_>>()
            })?;
            left = left.saturating_sub(some.len());
            moving.push(some);
        }
        Ok(moving)
    });
    let moving = moving.await?.value;
    let (mut last, mut examined) = (after, 0);
    for ((program, edition), moving) in governed.iter().zip(moving) {
        for (order_key, subject) in moving {
            if found.len() >= question.limit || examined >= MAX_EXAMINED {
                return Ok(last);
            }
            examined += 1;
            let of = SubjectId::parse(&subject).map_err(Problem::internal)?;
            if mine.takes(call, Some(&of)).await? {
                let under = (*program, &edition.measure);
                of_enrollment(call, question, under, (&of, times), found).await?;
            }
            last = Some(EnrollmentCursor { program: program.id.to_string(), order_key, subject });
        }
    }
    Ok(None)
}

/// Has at hand of whom somebody is waited for on a day.
///
/// # Errors
/// Those of the database.
pub fn moves_at_hand(state: &ApiState, tables: &Tables<'_>, at: At) -> Result<(), DatabaseError> {
    for program in &state.app.library().programs().programs {
        let versions = state.app.library().versions(program);
        let Some(edition) = versions.in_force(at.day) else { continue };
        let exercise = program.is_exercise();
        let filter = EnrollmentFilter { exercise, ..EnrollmentFilter::default() };
        let nodes = nodes(None, &edition.measure);
        let count = MovingAt { of: Asked { program: program.id.clone(), filter, nodes }, at };
        counted(&state.counted, tables, &count, false, |_| ())?;
    }
    Ok(())
}

/// Of which enrollments of a program somebody can be waited for.
#[derive(Debug, Clone)]
struct Asked {
    program: ProgramId,
    filter: EnrollmentFilter,
    nodes: Vec<Id>,
}

/// The same on a day.
struct MovingAt {
    of: Asked,
    at: At,
}

/// The enrollments, by what their subjects are listed by, and the subject.
type Moving = BTreeMap<(String, String), u64>;

impl MovingAt {
    fn add(
        &self,
        tables: &Tables<'_>,
        only: Option<&[u64]>,
        moving: &mut Moving,
    ) -> Result<(), DatabaseError> {
        let Asked { program, filter, nodes } = &self.of;
        let rows = tables.list_moving(program, (filter, nodes), self.at, only)?.into_iter();
        moving.extend(rows.map(|row| ((row.order_key, row.subject.to_string()), row.enrollment)));
        Ok(())
    }
}

impl Count for MovingAt {
    type Value = Moving;

    fn key(&self) -> String {
        format!("moving {:?} {:?}", self.of, self.at)
    }

    fn count(&self, tables: &Tables<'_>) -> Result<Self::Value, DatabaseError> {
        let mut moving = Moving::new();
        self.add(tables, None, &mut moving)?;
        Ok(moving)
    }

    fn further(
        &self,
        tables: &Tables<'_>,
        moving: &mut Moving,
        since: u64,
    ) -> Result<bool, DatabaseError> {
        let Some(changed) = changed(tables, since)? else { return Ok(false) };
        if !changed.is_empty() {
            moving.retain(|_, enrollment| changed.binary_search(enrollment).is_err());
            self.add(tables, Some(&changed), moving)?;
        }
        Ok(true)
    }

    fn bytes(value: &Self::Value) -> usize {
        128 * (value.len() + 1)
    }
}

/// The programs asked about, in the order of the list.
fn programs<'a>(call: &'a Call, question: &Question) -> Vec<&'a Program> {
    let filter = &question.filter;
    let programs = call.state.app.library().programs().programs.iter();
    let asked = programs
        .filter(|program| program.is_exercise() == filter.exercise)
        .filter(|program| filter.program.as_ref().is_none_or(|id| *id == program.id));
    let mut asked: Vec<_> = asked.collect();
    asked.sort_by(|one, other| one.id.as_str().cmp(other.id.as_str()));
    asked
}

/// Where somebody can be waited for.
fn nodes(asked: Option<Office>, measure: &Measure) -> Vec<Id> {
    let waits = |rules: &[WaitingRule]| {
        rules.iter().any(|rule| asked.is_none_or(|office| office == rule.office))
    };
    let mut nodes = Vec::new();
    for phase in &measure.phases {
        if waits(&phase.waiting_for) {
            nodes.push(phase.id.clone());
        }
        let steps = phase.steps.iter().filter(|step| waits(&step.waiting_for));
        nodes.extend(steps.map(|step| Id::from(format!("{}.{}", phase.id, step.id))));
    }
    nodes
}

/// Of whom.
fn filter(question: &Question) -> EnrollmentFilter {
    let asked = &question.filter;
    EnrollmentFilter {
        exercise: asked.exercise,
        province: asked.province.clone(),
        no_province: asked.no_province,
        subject: asked.subject.clone(),
        ..EnrollmentFilter::default()
    }
}

async fn of_enrollment(
    call: &Call,
    question: &Question,
    (program, measure): (&Program, &Measure),
    (subject, times): (&SubjectId, &Times),
    found: &mut Vec<Move>,
) -> Result<(), Problem> {
    let stream = codec::enrollment_stream(&program.id, subject);
    let state = state_on(call, &stream, times.day, times.known).await?;
    let owed = || items(&state, times.day, &question.pick.calendars);
    let waiting = decisions_among(&state, measure, (times.day, question.filter.owes), owed);
    if waiting.is_empty() {
        return Ok(());
    }
    let name = name_of(call, Some(subject), subject.as_str(), times.day).await?;
    let versions = call.state.app.library().versions(program);
    found.extend(waiting.iter().map(|one| {
        let whose = (subject, name.as_str());
        Move::decision(program, &versions, whose, (one, times.day), call.language)
    }));
    Ok(())
}

/// A state, kept or made.
enum StateOn {
    Kept(Arc<Cached>),
    Made(Box<State>),
}

impl Deref for StateOn {
    type Target = State;

    fn deref(&self) -> &State {
        match self {
            Self::Kept(cached) => &cached.state,
            Self::Made(state) => state,
        }
    }
}

/// The state of an enrollment on a day, as known up to an event.
async fn state_on(call: &Call, stream: &str, day: Day, known: Known) -> Result<StateOn, Problem> {
    let app = &call.state.app;
    if known == Known::All {
        let cached = app.enrollment(stream).await.map_err(|error| call.problem(error))?;
        if cached.is_reached(day) && cached.state.unsupported.is_empty() {
            return Ok(StateOn::Kept(cached));
        }
    }
    let history = app.history(stream).await.map_err(|error| call.problem(error))?;
    Ok(StateOn::Made(Box::new(known.of(history).state_at(day))))
}
