//! `GET /v1/enrollments/{program}/{subject}`: where an enrollment stands.

use actix_web::HttpResponse;
use actix_web::web::Bytes;

use crate::api::asking::answer::{REVALIDATE, rendered, tagged, written};
use crate::api::asking::call::{Answered, Call};
use crate::api::asking::etag;
use crate::api::asking::reading::Reading;
use crate::api::asking::state::Rendered;
use crate::app::Cached;
use crate::views::problem::Problem;
use crate::views::sequence::sequence;
use crate::views::standing::Status;

/// Answers where an enrollment stands.
///
/// # Errors
/// See the route.
pub async fn get_enrollment(call: Call) -> Answered {
    let reading = Reading::of(&call).await?;
    if let Some(cached) = reading.present(&call).await? {
        let revision = cached.revision.unwrap_or_default();
        let tag = reading.tag(&call, revision);
        if etag::unchanged(&call.http, &tag) {
            return Ok(etag::not_modified(&tag, REVALIDATE, Some(call.language)));
        }
        let body = present_body(&call, &reading, &cached, &tag)?;
        return Ok(rendered(&call, HttpResponse::Ok(), body, REVALIDATE, Some(&tag)));
    }
    let history = reading.history(&call).await?;
    let state = history.state_at(reading.day);
    let unlisted = reading.unlisted(&state);
    let judged = reading.judged(&state, &unlisted);
    let status = Status::of_history(&reading, &history, &judged, call.language);
    let tag = reading.tag(&call, status.revision);
    tagged(&call, &tag, REVALIDATE, &status)
}

/// The present status, which is rendered once and then looked up: its tag names everything that it
/// depends on, so under the same tag it is the same.
fn present_body(
    call: &Call,
    reading: &Reading<'_>,
    cached: &Cached,
    tag: &str,
) -> Result<Bytes, Problem> {
    let kept = &call.state.rendered;
    let key = format!("{}/{}", call.language.tag(), reading.stream);
    if let Some(found) = kept.get(&key)
        && *found.tag == *tag
    {
        return Ok(found.body);
    }
    let unlisted = reading.unlisted(&cached.state);
    let judged = reading.judged(&cached.state, &unlisted);
    let mut status = Status::of(reading, &judged, call.language);
    status.revision = cached.revision.unwrap_or_default();
    status.sequence = cached.sequence.map(sequence);
    let body = written(&status)?;
    // Other days would only push today's out; a sequence that is not known yet will be.
    if !reading.day_named && cached.sequence.is_some() {
        let bytes = key.len() + body.len() + tag.len();
        kept.put(key, Rendered { tag: tag.into(), body: body.clone() }, bytes);
    }
    Ok(body)
}
