//! The whole log as lines of JSON: streamed, page by page, up to the end that the log had when the
//! answer began. The client's pace is the pace of reading.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::header;

use super::asked::Asked;
use super::backlog::Backlog;
use super::view::write_line;
use super::{LAST_SEQUENCE, VARY};
use crate::api::asking::call::{Answered, Call};
use crate::api::asking::outgoing::{Open, Part};
use crate::views::headers::NO_STORE;
use crate::views::problem::Problem;
use crate::views::sequence::sequence;

struct Lines {
    backlog: Backlog,
    open: Arc<Open>,
    after: Option<u64>,
    end: Option<u64>,
    /// Why it breaks off once what was written before is sent.
    failed: Option<Problem>,
}

/// Every event after the position asked for.
///
/// # Errors
/// As the log's; `rate-limited` and `server-busy`.
pub async fn all(call: &Call, asked: Asked, media: &'static str) -> Answered {
    let log = call.state.app.log().clone();
    // Refused before the first byte where it can't be read.
    log.read_all(asked.after, 1).await?;
    let end = asked.filter.end(log.head().await?);
    let mut response = HttpResponse::Ok();
    response
        .insert_header((header::CONTENT_TYPE, media))
        .insert_header((header::CACHE_CONTROL, NO_STORE))
        .insert_header((header::VARY, VARY));
    if let Some(end) = end {
        response.insert_header((LAST_SEQUENCE, sequence(end)));
    }
    let open = call.open()?;
    let backlog = Backlog::new(log, Arc::new(asked.filter), Arc::new(write_line));
    let lines = Lines { backlog, open: open.clone(), after: asked.after, end, failed: None };
    Ok(open.answer(response, futures_util::stream::unfold(Some(lines), next)))
}

async fn next(lines: Option<Lines>) -> Option<(Result<Part, Problem>, Option<Lines>)> {
    let mut lines = lines?;
    match lines.page().await {
        Ok(None) => None,
        Ok(Some(part)) => Some((Ok(part), Some(lines))),
        Err(problem) => {
            tracing::error!(error = %problem, "a feed broke off");
            Some((Err(problem), None))
        }
    }
}

impl Lines {
    /// The next lines; none in it where a page has nothing that the filter takes.
    async fn page(&mut self) -> Result<Option<Part>, Problem> {
        if let Some(problem) = self.failed.take() {
            return Err(problem);
        }
        let Some(end) = self.end.filter(|end| self.after.is_none_or(|after| after < *end)) else {
            return Ok(None);
        };
        let written = self.backlog.page(&self.open, self.after, end).await?;
        (self.after, self.failed) = (written.last, written.failed);
        Ok(Some(written.part))
    }
}
