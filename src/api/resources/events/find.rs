//! Pages of what a filter takes: bounded in events, in bytes, and in how much is looked through.

use tokio::time::{Instant, timeout_at};

use super::asked::Asked;
use super::filter::Filter;
use crate::api::asking::call::Call;
use crate::log::{EventLog, LogError, MAX_PAGE_BYTES, RecordedEvent};

/// Events read at a time while looking for those that a filter takes.
const READ: usize = 512;
/// How many events one request looks through at most; a rare filter is answered with an empty page
/// and a link to go on. A tenth of a second, about.
pub const MAX_EXAMINED: usize = 32 * 1024;

/// What was found.
#[derive(Debug)]
pub struct Found {
    /// What the filter takes, in order.
    pub events: Vec<RecordedEvent>,
    /// The sequence of the last event looked at; as asked for where there was none.
    pub last: Option<u64>,
    /// Whether nothing more stood in the log.
    pub end: bool,
}

/// A page of at most so many events after a position.
///
/// # Errors
/// As [`EventLog::read_all`].
pub async fn find(
    log: &dyn EventLog,
    after: Option<u64>,
    limit: usize,
    filter: &Filter,
) -> Result<Found, LogError> {
    if filter.takes_all() {
        let page = log.read_all(after, limit).await?;
        return Ok(Found { last: page.next, events: page.events, end: page.end });
    }
    let (mut events, mut last, mut examined, mut bytes) = (Vec::new(), after, 0, 0);
    if filter.is_over(after) {
        return Ok(Found { events, last, end: true });
    }
    loop {
        let page = log.read_all(last, READ).await?;
        let count = page.events.len();
        for (at, event) in page.events.into_iter().enumerate() {
            last = Some(event.sequence);
            if !filter.takes(&event) {
                continue;
            }
            bytes += event.data.len() + event.metadata.len();
            events.push(event);
            if events.len() >= limit || bytes >= MAX_PAGE_BYTES {
                let end = page.end && at + 1 == count;
                return Ok(Found { events, last, end: end || filter.is_over(last) });
            }
        }
        examined += count;
        let end = page.end || filter.is_over(last);
        if end || examined >= MAX_EXAMINED {
            return Ok(Found { events, last, end });
        }
    }
}

/// The same; where there is nothing, waits as long as the request prefers.
///
/// # Errors
/// As [`find`].
pub async fn find_or_wait(call: &Call, asked: &Asked, limit: usize) -> Result<Found, LogError> {
    let log = call.state.app.log();
    let (mut head, mut stopping) = (log.watch_head(), call.state.stopping());
    let deadline = asked.wait.map(|wait| Instant::now() + wait);
    let mut after = asked.after;
    loop {
        // Marked as seen before reading: a head that moves meanwhile ends the wait at once.
        head.borrow_and_update();
        let found = find(&**log, after, limit, &asked.filter).await?;
        let Some(deadline) = deadline.filter(|_| found.events.is_empty() && found.end) else {
            return Ok(found);
        };
        after = found.last;
        let moved = async {
            tokio::select! {
                moved = head.changed() => moved.is_ok(),
                _ = stopping.wait_for(|stopping| *stopping) => false,
            }
        };
        if !timeout_at(deadline, moved).await.unwrap_or(false) {
            return Ok(found);
        }
    }
}
