//! Filters that name something a measure or a program declares: a name that none declares is an
//! error, since an empty list would say that nobody stands there.

use super::call::{Call, wrong_parameter};
use super::problem::Problem;
use crate::domain::ids::{Id, Office, SubjectId};
use crate::domain::measure::Measure;

/// The phase, category or obligation that a parameter names.
///
/// # Errors
/// `malformed-request`, with those that there are.
pub fn declared(
    call: &Call,
    parameter: &'static str,
    ids: impl Fn(&Measure) -> Vec<Id>,
) -> Result<Option<Id>, Problem> {
    let Some(asked) = call.parameter(parameter) else { return Ok(None) };
    let library = call.state.app.library();
    let mut known = Vec::new();
    for program in &library.programs().programs {
        if call.parameter("program").is_some_and(|only| only != program.id.as_str()) {
            continue;
        }
        for edition in library.versions(program).all() {
            known.extend(ids(&edition.measure));
        }
    }
    one_of(parameter, asked, known).map(Some)
}

/// The kind of subject that `kind` names.
///
/// # Errors
/// `malformed-request`, with the kinds that there are.
pub fn kind(call: &Call) -> Result<Option<Id>, Problem> {
    let Some(asked) = call.parameter("kind") else { return Ok(None) };
    let programs = &call.state.app.library().programs().programs;
    let known = programs.iter().flat_map(|program| program.subject_kinds.iter().cloned()).collect();
    one_of("kind", asked, known).map(Some)
}

/// The office that `owes` names.
///
/// # Errors
/// `malformed-request`, with the offices that there are.
pub fn office(call: &Call) -> Result<Option<Office>, Problem> {
    call.parsed("owes", |text| {
        Office::parse(text).ok_or_else(|| {
            let known = Office::ALL.iter().map(|office| office.as_str()).collect::<Vec<_>>();
            format!("{text:?} is none of {}", known.join(", "))
        })
    })
}

/// The registered subject that a parameter names.
///
/// # Errors
/// `malformed-request` for what is no id, `not-found` for a subject that is not registered.
pub async fn subject(call: &Call, parameter: &'static str) -> Result<Option<SubjectId>, Problem> {
    let subject = call.parsed(parameter, SubjectId::parse)?;
    if let Some(subject) = &subject {
        call.state.app.subject(subject).await.map_err(|error| call.problem(error))?;
    }
    Ok(subject)
}

fn one_of(parameter: &str, asked: &str, mut known: Vec<Id>) -> Result<Id, Problem> {
    if let Some(id) = known.iter().find(|id| *id == asked) {
        return Ok(id.clone());
    }
    known.sort();
    known.dedup();
    let known = match known.is_empty() {
        true => "this program has none".to_owned(),
        false => format!("it is none of {}", known.join(", ")),
    };
    Err(wrong_parameter(parameter, &format!("{asked:?} is not known; {known}")))
}
