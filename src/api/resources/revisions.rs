//! Revisions: the state at each revision of an enrollment's stream, as of the day on which that
//! event was recorded, with what was on record up to it.
//!
//! The state never changes; how it is told can: a renaming that counts from an earlier day, or a new
//! edition of the measure with other labels. So they are asked for again with their tag, and only
//! what stands in the event itself (an act by its id) is immutable.

use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;

use crate::api::asking::answer::{List, REVALIDATE, tagged};
use crate::api::asking::call::{Answered, Call};
use crate::api::asking::reading::Reading;
use crate::domain::ids::digits;
use crate::views::brief::EventBrief;
use crate::views::problem::{Code, Problem};
use crate::views::standing::Status;

/// A revision in the list.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RevisionItem {
    /// The event that made it.
    #[serde(flatten)]
    pub event: EventBrief,
    /// The address of the state at it.
    #[serde(rename = "self")]
    pub address: String,
}

/// The state at a revision.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RevisionView<'a> {
    /// The revision.
    pub revision: u64,
    /// The event that made it.
    pub event: EventBrief,
    /// The state with it, as of the day on which it was recorded.
    pub snapshot: Status<'a>,
}

/// Lists the revisions of an enrollment.
///
/// # Errors
/// See the route.
pub async fn list_revisions(call: Call) -> Answered {
    let reading = Reading::of(&call).await?;
    let history = reading.history(&call).await?;
    let revision = history.revision().unwrap_or_default();
    let path = call.http.path();
    let items = history.events().iter().map(|event| RevisionItem {
        event: EventBrief::of(event, history.stream(), call.language),
        address: format!("{path}/{}", event.revision),
    });
    let items = items.collect();
    tagged(&call, &reading.tag(&call, revision), REVALIDATE, &List { items })
}

/// Answers the state at a revision.
///
/// # Errors
/// See the route.
pub async fn get_revision(call: Call) -> Answered {
    let mut reading = Reading::of(&call).await?;
    let history = reading.history(&call).await?;
    let asked = call.path("revision");
    let event = digits(&asked).and_then(|revision| history.at(revision));
    let Some(event) = event else {
        let last = history.revision().unwrap_or_default();
        return Err(Problem::new(Code::NotFound)
            .detail(format!("{} has no revision {asked:?}; it has 0 to {last}", reading.stream))
            .detail_zh(format!("{} 没有修订号 {asked:?}；现有 0 至 {last}", reading.stream)));
    };
    reading.day = event.meta.recorded_at.civil_day();
    reading.known_to = event.sequence;
    reading.calendars = Arc::new(call.state.app.library().calendars(event.sequence));
    let events = usize::try_from(event.revision).unwrap_or(usize::MAX).saturating_add(1);
    let history = history.known_to(events);
    let state = history.state_at(reading.day);
    let unlisted = reading.unlisted(&state);
    let judged = reading.judged(&state, &unlisted);
    let snapshot = Status::of_history(&reading, &history, &judged, call.language);
    let view = RevisionView {
        revision: event.revision,
        event: EventBrief::of(event, history.stream(), call.language),
        snapshot,
    };
    let tag = format!("\"{}.json.{}.{}\"", event.id, call.language.tag(), reading.ground);
    tagged(&call, &tag, REVALIDATE, &view)
}
