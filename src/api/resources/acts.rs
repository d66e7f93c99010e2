//! `POST …/acts`: the one place where a standing changes; and acts that are on record.
//!
//! What must hold: the order of checks is that of the decision table (key, revision, form, office,
//! content, state); the answer is a function of the events alone, so a retry gets the same.

use actix_web::HttpResponse;
use actix_web::http::header;
use uuid::Uuid;

use super::act_view::{ActView, Recording, state_by};
use super::outlook::{Outlook, sentences};
use super::permitted;
use crate::api::asking::answer::{IMMUTABLE, List, REVALIDATE, json_with, tagged};
use crate::api::asking::call::{Answered, Call, to_the_end};
use crate::api::asking::etag::{enrollment_tag, idempotency_key, preconditions};
use crate::api::asking::reading::Reading;
use crate::app::{ActAnswer, ActCall, ActError, Caller, Precondition};
use crate::codec::RequestError;
use crate::domain::words;
use crate::views::brief::EventBrief;
use crate::views::headers::NO_STORE;
use crate::views::problem::{Code, Problem};

/// Records an act.
///
/// # Errors
/// See the route.
pub async fn record_act(mut call: Call) -> Answered {
    let caller = call.caller()?;
    let program = call.program()?.id.clone();
    let subject = call.subject().await?;
    let subject = call.names_subject().then(|| subject.id().clone());
    let app = &call.state.app;
    let key = idempotency_key(&call)?;
    let stated = preconditions(&call)?;
    let validate_only = call.flag("validate_only")?;
    let (request, persons) = match std::mem::take(&mut call.body).act_naming() {
        Ok(request) => request,
        Err(RequestError::Malformed(detail)) => {
            return Err(Problem::from(RequestError::Malformed(detail)));
        }
        Err(RequestError::Invalid(errors)) => {
            let before = any_of(&stated, async |stated| {
                app.acts()
                    .check_before_content(&caller, program.as_str(), subject.as_ref(), &key, stated)
                    .await
            });
            if let Err(error) = before.await {
                return Err(refused(&call, &caller, error, &key).await);
            }
            return Err(crate::views::problem::of_fields(&errors, call.language));
        }
    };
    let trace = call.trace();
    let mut asked = ActCall {
        program: program.to_string(),
        subject,
        request,
        persons,
        key,
        precondition: Precondition::Never,
        trace,
        validate_only,
    };
    let key = asked.key.clone();
    let state = call.state.clone().into_inner();
    let Some(running) = state.begin(&caller.principal, call.http.path(), &key) else {
        return Err(Problem::new(Code::IdempotencyRequestInProgress).member("retry_after", 1));
    };
    let acting = caller.clone();
    let recorded = to_the_end(async move {
        let recorded = any_of(&stated, async |stated| {
            asked.precondition = stated;
            state.app.act(&acting, &asked).await
        });
        let recorded = recorded.await;
        drop(running);
        recorded
    });
    match recorded.await? {
        Ok(answer) => answered(&call, &answer).await,
        Err(error) => Err(refused(&call, &caller, error, &key).await),
    }
}

/// Tries what is stated of the revision, one after the other, until one of it holds: a conflict leaves
/// nothing behind. Where none does, the first is the answer.
async fn any_of<T>(
    stated: &[Precondition],
    mut attempt: impl AsyncFnMut(Precondition) -> Result<T, ActError>,
) -> Result<T, ActError> {
    let mut first = None;
    for precondition in stated {
        match attempt(*precondition).await {
            Err(conflict @ ActError::Conflict { .. }) => first = first.or(Some(conflict)),
            answer => return answer,
        }
    }
    Err(first.unwrap_or(ActError::PreconditionRequired { actual: None }))
}

async fn answered(call: &Call, answer: &ActAnswer) -> Answered {
    if answer.validated_only {
        return tried(call, answer).await;
    }
    let reading = Reading::of_answer(call, answer).await?;
    let state = state_by(call, &reading, answer).await?;
    let unlisted = reading.unlisted(&state);
    let judged = reading.judged(&state, &unlisted);
    let mut view = Recording::of(&reading, answer, &judged, call.language);
    if let (Some(wait_s), Some(sequence)) = (call.prefers_to_wait(), answer.recorded.sequence) {
        view.proof = super::ledger::receipt(call, sequence, wait_s).await?;
    }
    let (recorded, last) = (&answer.recorded, answer.last());
    let day = reading.day;
    let tag = enrollment_tag(Some(last.revision), day, call.language, &reading.ground);
    let mut response = HttpResponse::Created();
    response.insert_header((header::LOCATION, format!("{}/{}", call.http.path(), recorded.id)));
    json_with(call, response, &view, NO_STORE, Some(&tag))
}

/// Answers what was only tried: on the day on which it would count, where that lies ahead.
async fn tried(call: &Call, answer: &ActAnswer) -> Answered {
    let mut reading = Reading::of_answer(call, answer).await?;
    reading.day = reading.day.max(answer.recorded.meta.effective_on.latest());
    let history = call.state.app.history(&reading.stream).await;
    let history = history.map_err(|error| call.problem(error))?;
    // What others recorded since it was decided is not what it was decided on.
    let events = usize::try_from(answer.recorded.revision).unwrap_or(usize::MAX);
    let mut history = history.known_to(events);
    let before = history.state_at(reading.day);
    answer.events().for_each(|event| history.push(event.clone()));
    let after = history.state_at(reading.day);
    let unlisted = (reading.unlisted(&before), reading.unlisted(&after));
    let before = reading.judged(&before, &unlisted.0);
    let after = reading.judged(&after, &unlisted.1);
    let sentences = sentences(&reading, &history, events, call.language);
    let mut view = Recording::of(&reading, answer, &after, call.language);
    view.would = Some(Outlook::of(&reading, sentences, (&before, &after), call.language));
    json_with(call, HttpResponse::Ok(), &view, NO_STORE, None)
}

/// The problem of an act that was not recorded, with what the caller needs to go on.
async fn refused(call: &Call, caller: &Caller, error: ActError, key: &str) -> Problem {
    let actual = match &error {
        ActError::Conflict { actual, .. } | ActError::PreconditionRequired { actual } => *actual,
        _ => None,
    };
    let mut problem = call.problem(error).instance(call.http.path());
    if problem.code() == Code::OutcomeUnknown {
        problem = problem.member("idempotency_key", key);
    }
    if matches!(problem.code(), Code::EnrollmentExists) {
        let path = call.http.path();
        problem = problem.member("enrollment", path.strip_suffix("/acts").unwrap_or(path));
    }
    if let Some(revision) = actual
        && let Ok(reading) = Reading::of(call).await
    {
        problem = problem.member("current_etag", reading.tag(call, revision));
    }
    if problem.code() == Code::ActNotPermitted
        && let Ok(permitted) = permitted::names(call, caller).await
    {
        let label = |act| words::both(|language| words::act(act, language).to_owned());
        let labels = permitted.iter().map(|act| label(act)).collect();
        problem =
            problem.member("permitted_acts", permitted).labels("permitted_act_labels", labels);
    }
    problem
}

/// Lists the acts of an enrollment, as they were recorded.
///
/// # Errors
/// See the route.
pub async fn list_acts(call: Call) -> Answered {
    let reading = Reading::of(&call).await?;
    let history = reading.history(&call).await?;
    let revision = history.revision().unwrap_or_default();
    let in_time = |event: &&crate::domain::event::Recorded| {
        !reading.day_named
            || event.meta.effective_on.earliest().is_none_or(|first| first <= reading.day)
    };
    let acts = history.events().iter().filter(|event| !event.event.is_own()).filter(in_time);
    let items = acts.map(|event| EventBrief::of(event, history.stream(), call.language)).collect();
    tagged(&call, &reading.tag(&call, revision), REVALIDATE, &List { items })
}

/// Answers an act by its id.
///
/// # Errors
/// See the route.
pub async fn get_act(call: Call) -> Answered {
    let reading = Reading::of(&call).await?;
    let history = reading.history(&call).await?;
    let id = Uuid::parse_str(&call.path("act")).ok();
    let found = history.events().iter().find(|event| Some(event.id) == id);
    let Some(event) = found.filter(|event| !event.event.is_own()) else {
        return Err(Problem::new(Code::NotFound)
            .detail(format!("{} has no act {:?}", reading.stream, call.path("act")))
            .detail_zh(format!("{} 中没有行为 {:?}", reading.stream, call.path("act"))));
    };
    let view = ActView::of(&call, &reading, event).await?;
    tagged(&call, &format!("\"{}.json.{}\"", event.id, call.language.tag()), IMMUTABLE, &view)
}
