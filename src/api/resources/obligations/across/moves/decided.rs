//! The decisions and steps that somebody is waited for: the tables say of which enrollments that can be,
//! the fold of each says whether it is.

use std::ops::Deref;
use std::sync::Arc;

use super::super::Question;
use super::view::Move;
use crate::api::asking::call::Call;
use crate::api::asking::page::ask_at;
use crate::api::asking::times::{Known, Times};
use crate::app::Cached;
use crate::codec;
use crate::domain::date::Day;
use crate::domain::duty::{decisions_among, items};
use crate::domain::ids::{Id, Office};
use crate::domain::measure::{Measure, Program, WaitingRule};
use crate::domain::state::State;
use crate::projection::current_status::{EnrollmentCursor, EnrollmentFilter, EnrollmentRow};
use crate::views::problem::Problem;

/// Enrollments asked for in one go.
const CHUNK: usize = 200;
/// How many of them one request looks into; a page can then be short, and its link goes on.
const MAX_EXAMINED: usize = 2_000;

/// Adds the decisions that are waited for, until the page is full; where the next one begins.
///
/// # Errors
/// Those of the tables and the log.
pub(super) async fn decisions(
    call: &Call,
    question: &Question,
    times: &Times,
    after: Option<EnrollmentCursor>,
    found: &mut Vec<Move>,
) -> Result<Option<EnrollmentCursor>, Problem> {
    let (mut last, mut examined) = (after, 0);
    for program in programs(call, question) {
        if last.as_ref().is_some_and(|last| *program.id.as_str() < *last.program) {
            continue;
        }
        let versions = call.state.app.library().versions(program);
        let Some(edition) = versions.in_force(times.day) else { continue };
        let filter = filter(question, program, &edition.measure);
        loop {
            let (asked, from) = (filter.clone(), last.clone());
            let rows = ask_at(call, times, move |tables, at| {
                tables.list_enrollments(&asked, at, from.as_ref(), CHUNK)
            });
            let rows = rows.await?.value;
            let end = rows.len() < CHUNK;
            for row in rows {
                if found.len() >= question.limit || examined >= MAX_EXAMINED {
                    return Ok(last);
                }
                examined += 1;
                last = Some(row.cursor());
                of_enrollment(call, question, (program, &edition.measure), (&row, times), found)
                    .await?;
            }
            if end {
                break;
            }
        }
    }
    Ok(None)
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
fn filter(question: &Question, program: &Program, measure: &Measure) -> EnrollmentFilter {
    let asked = &question.filter;
    let waits = |rules: &[WaitingRule]| {
        rules.iter().any(|rule| asked.owes.is_none_or(|office| office == rule.office))
    };
    let mut nodes = Vec::new();
    for phase in &measure.phases {
        if waits(&phase.waiting_for) {
            nodes.push(phase.id.clone());
        }
        let steps = phase.steps.iter().filter(|step| waits(&step.waiting_for));
        nodes.extend(steps.map(|step| Id::from(format!("{}.{}", phase.id, step.id))));
    }
    EnrollmentFilter {
        exercise: asked.exercise,
        program: Some(program.id.clone()),
        province: asked.province.clone(),
        no_province: asked.no_province,
        subject: asked.subject.clone(),
        moves_at: Some(nodes),
        ..EnrollmentFilter::default()
    }
}

async fn of_enrollment(
    call: &Call,
    question: &Question,
    (program, measure): (&Program, &Measure),
    (row, times): (&EnrollmentRow, &Times),
    found: &mut Vec<Move>,
) -> Result<(), Problem> {
    let stream = codec::enrollment_stream(&program.id, &row.subject);
    let state = state_on(call, &stream, times.day, times.known).await?;
    let unmet = items(&state, times.day, &question.pick.calendars);
    let waiting = decisions_among(&state, measure, times.day, &unmet);
    let asked = |office: Office| question.filter.owes.is_none_or(|asked| asked == office);
    let versions = call.state.app.library().versions(program);
    let waiting = waiting.into_iter().filter(|waiting| asked(waiting.office));
    found.extend(
        waiting
            .map(|one| Move::decision(program, &versions, row, (&one, times.day), call.language)),
    );
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
