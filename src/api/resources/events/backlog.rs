//! The middle of the log for those who read all of it: page by page, each read and written on the
//! threads of the backlog, in the room that its bytes take.

use std::sync::Arc;

use actix_web::web::Bytes;
use uuid::Uuid;

use super::filter::Filter;
use crate::api::asking::outgoing::{Open, Part};
use crate::api::asking::tail::READ;
use crate::log::{EventLog, RecordedEvent, give_way, on_backlog};
use crate::views::problem::Problem;

/// What a page should take, written; of larger events fewer are read.
const PAGE_BYTES: usize = 512 * 1024;
/// The fewest events in a page.
const LEAST: usize = 8;

/// Writes one event.
pub type Write = Arc<dyn Fn(&RecordedEvent, &mut Vec<u8>) -> Result<(), Problem> + Send + Sync>;

/// Reads on and writes what is read.
pub struct Backlog {
    log: Arc<dyn EventLog>,
    filter: Arc<Filter>,
    write: Write,
    /// Events to be read next.
    limit: usize,
}

/// A page as it was written.
pub struct Written {
    /// What goes out.
    pub part: Part,
    /// The last event looked at.
    pub last: Option<u64>,
    /// Its id; none, if none was looked at.
    pub last_id: Option<Uuid>,
    /// The last one written; none, if the filter takes none.
    pub told: Option<u64>,
    /// Why nothing follows.
    pub failed: Option<Problem>,
}

impl Backlog {
    /// Reads a log, writes what a filter takes.
    pub fn new(log: Arc<dyn EventLog>, filter: Arc<Filter>, write: Write) -> Self {
        Self { log, filter, write, limit: READ }
    }

    /// The page after an event, up to and with another.
    ///
    /// # Errors
    /// As the log's; `rate-limited` and `server-busy` where there is no room for it.
    pub async fn page(
        &mut self,
        open: &Open,
        after: Option<u64>,
        until: u64,
    ) -> Result<Written, Problem> {
        let room = open.room(PAGE_BYTES).await?;
        let events = self.log.read_all(after, self.limit).await?.events;
        if events.is_empty() {
            return Err(Problem::internal("the log ended before the end that it had"));
        }
        let read: usize = events.iter().map(|event| event.data.len() + event.metadata.len()).sum();
        let each = (read / events.len()).max(1);
        self.limit = (PAGE_BYTES / 2 / each).clamp(LEAST, READ);
        let (filter, write) = (Arc::clone(&self.filter), Arc::clone(&self.write));
        let written = on_backlog(move || write_all(&events, until, &filter, &write)).await;
        let (bytes, mut written) = written?;
        written.last = written.last.or(after);
        written.part = Part { room: Some(open.fit(room, bytes.len()).await?), bytes };
        Ok(written)
    }
}

fn write_all(
    events: &[RecordedEvent],
    until: u64,
    filter: &Filter,
    write: &Write,
) -> (Bytes, Written) {
    let mut out = Vec::new();
    let (mut last, mut last_id, mut told, mut failed) = (None, None, None, None);
    for event in events.iter().take_while(|event| event.sequence <= until) {
        give_way();
        if filter.takes(event) {
            if out.capacity() == 0 {
                out.reserve(PAGE_BYTES);
            }
            let before = out.len();
            if let Err(problem) = write(event, &mut out) {
                out.truncate(before);
                failed = Some(problem);
                break;
            }
            told = Some(event.sequence);
        }
        (last, last_id) = (Some(event.sequence), Some(event.event_id));
    }
    // Room is counted by what is there.
    out.shrink_to_fit();
    let part = Part { bytes: Bytes::new(), room: None };
    (out.into(), Written { part, last, last_id, told, failed })
}
