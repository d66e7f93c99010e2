//! The whole log as lines of JSON: streamed, page by page, up to the end that the log had when the
//! answer began. The client's pace is the pace of reading.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::Bytes;

use super::asked::Asked;
use super::filter::Filter;
use super::view::write_line;
use super::{LAST_SEQUENCE, VARY};
use crate::api::answer::sequence;
use crate::api::call::{Answered, Call};
use crate::api::problem::Problem;
use crate::log::EventLog;

/// Events read at a time.
const READ: usize = 512;

struct Lines {
    log: Arc<dyn EventLog>,
    filter: Filter,
    after: Option<u64>,
    end: Option<u64>,
}

/// Every event after the position asked for.
///
/// # Errors
/// As the log's.
pub async fn all(call: &Call, asked: Asked, media: &'static str) -> Answered {
    let log = call.state.app.log().clone();
    // Refused before the first byte where it can't be read.
    log.read_all(asked.after, 1).await?;
    let end = log.head().await?;
    let mut response = HttpResponse::Ok();
    response
        .insert_header((header::CONTENT_TYPE, media))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::VARY, VARY));
    if let Some(end) = end {
        response.insert_header((LAST_SEQUENCE, sequence(end)));
    }
    let lines = Lines { log, filter: asked.filter, after: asked.after, end };
    Ok(response.streaming(futures_util::stream::unfold(Some(lines), next)))
}

async fn next(lines: Option<Lines>) -> Option<(Result<Bytes, Problem>, Option<Lines>)> {
    let mut lines = lines?;
    let done = lines.end.is_none_or(|end| lines.after.is_some_and(|after| after >= end));
    if done {
        return None;
    }
    match lines.page().await {
        Ok(bytes) => Some((Ok(bytes), Some(lines))),
        Err(problem) => {
            tracing::error!(error = %problem, "a feed broke off");
            Some((Err(problem), None))
        }
    }
}

impl Lines {
    /// The next lines; none where a page has nothing that the filter takes.
    async fn page(&mut self) -> Result<Bytes, Problem> {
        let page = self.log.read_all(self.after, READ).await?;
        let mut bytes = Vec::new();
        for event in &page.events {
            if self.end.is_some_and(|end| event.sequence > end) {
                break;
            }
            if self.filter.takes(event) {
                write_line(event, &mut bytes)?;
            }
            self.after = Some(event.sequence);
        }
        if page.events.is_empty() {
            return Err(Problem::internal("the log ended before the end that it had"));
        }
        Ok(Bytes::from(bytes))
    }
}
