//! The log as server-sent events (WHATWG HTML, 9.2): the backlog, then whatever comes.
//!
//! What must hold: each event has its sequence as its id, so a reader that connects anew with
//! `Last-Event-ID` loses and repeats nothing; whenever the reader has everything it is told so,
//! with the position reached; a reader that is idle holds a position and a place in two waiting
//! lists, nothing else: no thread, no page, no connection to the database; one that stops reading
//! holds a page at most, since nothing is read before what was written is sent, and its connection
//! leaves it. Ends when the server stops or the token with which it was asked for no longer holds.

use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::{self, Bytes};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use uuid::Uuid;

use super::asked::Asked;
use super::backlog::Backlog;
use super::filter::Filter;
use super::{EVENT_STREAM, VARY, position};
use crate::api::asking::auth::Verified;
use crate::api::asking::call::refused_parameter;
use crate::api::asking::call::{Answered, Call};
use crate::api::asking::outgoing::{Open, Part};
use crate::api::asking::state::ApiState;
use crate::api::asking::tail::Newest;
use crate::api::asking::tail::READ;
use crate::codec::kind_of_stream;
use crate::log::RecordedEvent;
use crate::views::headers::NO_STORE;
use crate::views::problem::Problem;
use crate::views::sequence::sequence;

/// What is written at once of the last page there is. Larger pieces would leave each idle reader's
/// connection with a buffer of their size.
const PIECE_BYTES: usize = 4 * 1024;
/// After how many events that the filter leaves out their number is told.
const PROGRESS_EVENTS: u64 = 8192;
/// The longest silence.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How long a position reached without an event for this reader is kept back: on a busy log each
/// append would be told to each filtered reader.
const MARKER_PAUSE: Duration = Duration::from_secs(1);
/// How long a client is to wait before it connects anew.
const BEGIN: &[u8] = b": the log, as CloudEvents\nretry: 3000\n\n";
const COMMENT: &[u8] = b": still here\n\n";

/// A stream of events after the position asked for.
///
/// # Errors
/// `malformed-request` for a limit: a stream has none.
pub fn stream(call: &Call, asked: Asked) -> Answered {
    if call.parameter("limit").is_some() {
        return Err(refused_parameter(
            "limit",
            "a stream has none; pages and lines have",
            "事件流没有数量限制；分页和逐行才有",
        ));
    }
    let mut response = HttpResponse::Ok();
    response
        .insert_header((header::CONTENT_TYPE, EVENT_STREAM))
        .insert_header((header::CACHE_CONTROL, NO_STORE))
        .insert_header(("x-accel-buffering", "no"))
        .insert_header((header::VARY, VARY));
    let (open, filter, log) = (call.open()?, Arc::new(asked.filter), call.state.app.log());
    let state = call.state.clone();
    let write =
        Arc::new(move |event: &RecordedEvent, out: &mut Vec<u8>| write_event(&state, event, out));
    let reader = Reader {
        head: log.watch_head(),
        backlog: Backlog::new(log.clone(), filter.clone(), write),
        open: open.clone(),
        state: call.state.clone(),
        verified: call.verified.clone(),
        filter: (!filter.takes_all()).then_some(filter),
        stopping: call.state.stopping(),
        after: asked.after,
        after_id: None,
        told: None,
        page: Newest::default(),
        failed: None,
        marker_due: Some(Instant::now()),
        sent_at: None,
    };
    Ok(open.answer(response, futures_util::stream::unfold(Some(reader), next)))
}

struct Reader {
    state: web::Data<ApiState>,
    verified: Option<Arc<Verified>>,
    filter: Option<Arc<Filter>>,
    backlog: Backlog,
    open: Arc<Open>,
    head: watch::Receiver<Option<u64>>,
    stopping: watch::Receiver<bool>,
    /// The last event looked at.
    after: Option<u64>,
    /// Its id, once one was read.
    after_id: Option<Uuid>,
    /// The last one that the client was told of.
    told: Option<u64>,
    /// What was read and is not written yet.
    page: Newest,
    /// Why it breaks off once what was written before is sent.
    failed: Option<Problem>,
    /// When the client is to be told that it has everything.
    marker_due: Option<Instant>,
    /// When something was sent last; none yet.
    sent_at: Option<Instant>,
}

async fn next(reader: Option<Reader>) -> Option<(Result<Part, Problem>, Option<Reader>)> {
    let mut reader = reader?;
    match reader.piece().await {
        Ok(part) => {
            reader.sent_at = Some(Instant::now());
            Some((Ok(part?), Some(reader)))
        }
        Err(problem) => {
            tracing::error!(error = %problem, "a stream of events broke off");
            Some((Err(problem), None))
        }
    }
}

impl Reader {
    /// What is sent next; nothing once the server stops.
    async fn piece(&mut self) -> Result<Option<Part>, Problem> {
        let Some(sent_at) = self.sent_at else {
            return Ok(Some(Part::small(Bytes::from_static(BEGIN))));
        };
        loop {
            if let Some(problem) = self.failed.take() {
                // Lets the connection send what it has.
                tokio::task::yield_now().await;
                return Err(problem);
            }
            if *self.stopping.borrow() || !self.may_go_on() {
                return Ok(None);
            }
            if let Some(part) = self.written().await? {
                return Ok(Some(part));
            }
            // Marked as seen before reading: a head that moves meanwhile ends the wait at once.
            let head = *self.head.borrow_and_update();
            if head > self.after {
                match self.read(head).await? {
                    Some(part) => return Ok(Some(part)),
                    None => continue,
                }
            }
            let now = Instant::now();
            if self.marker_due.is_some_and(|due| due <= now) {
                self.marker_due = None;
                return Ok(Some(self.position("caught-up")));
            }
            let silent_until = sent_at + KEEP_ALIVE;
            if silent_until <= now {
                return Ok(Some(Part::small(Bytes::from_static(COMMENT))));
            }
            let until = self.marker_due.map_or(silent_until, |due| due.min(silent_until));
            tokio::select! {
                moved = self.head.changed() => if moved.is_err() { return Ok(None) },
                _ = self.stopping.changed() => {}
                () = sleep_until(until) => {}
            }
        }
    }

    fn may_go_on(&self) -> bool {
        let authenticator = &self.state.authenticator;
        self.verified.as_ref().is_some_and(|verified| authenticator.still_holds(verified))
    }

    /// Reads on: what is near the end together with whoever else waits for it; what is far from it
    /// is written at once.
    async fn read(&mut self, head: Option<u64>) -> Result<Option<Part>, Problem> {
        let next = self.after.map_or(0, |after| after + 1);
        if let Some(head) = head.filter(|head| *head >= next + READ as u64) {
            let written = self.backlog.page(&self.open, self.after, head).await?;
            self.after_id = written.last_id.or(self.after_id);
            (self.after, self.failed) = (written.last, written.failed);
            self.told = written.told.or(self.told);
            return Ok(self.looked_at(written.part));
        }
        self.page = self.state.tail.after(&**self.state.app.log(), self.after).await?;
        if self.page.is_empty() {
            return Err(Problem::internal("the log ended before its head"));
        }
        Ok(None)
    }

    /// Events of the page in hand: a piece, with room for the connection to send it before the next.
    async fn written(&mut self) -> Result<Option<Part>, Problem> {
        if self.page.is_empty() {
            return Ok(None);
        }
        tokio::task::yield_now().await;
        let mut out = Vec::new();
        while let Some(event) = self.page.take_next() {
            self.after = Some(event.sequence);
            self.after_id = Some(event.event_id);
            if self.filter.as_ref().is_some_and(|filter| !filter.takes(event)) {
                continue;
            }
            let before = out.len();
            if let Err(problem) = write_event(&self.state, event, &mut out) {
                out.truncate(before);
                // No reader is told that it is past an event that it never got.
                self.after = event.sequence.checked_sub(1);
                self.after_id = None;
                self.failed = Some(problem);
                break;
            }
            self.told = self.after;
            if out.len() >= PIECE_BYTES {
                break;
            }
        }
        if self.page.is_empty() {
            // Gives the page's memory back.
            self.page = Newest::default();
        }
        Ok(self.looked_at(Part::small(out.into())))
    }

    /// What is sent once events were looked at: those that were written, or now and then how many
    /// were not.
    fn looked_at(&mut self, part: Part) -> Option<Part> {
        if !part.bytes.is_empty() {
            self.marker_due = Some(Instant::now());
            return Some(part);
        }
        self.marker_due.get_or_insert_with(|| Instant::now() + MARKER_PAUSE);
        let told = self.told.map_or(0, |told| told + 1);
        let silent = self.after.map_or(0, |after| after + 1).saturating_sub(told);
        (silent >= PROGRESS_EVENTS).then(|| self.position("progress"))
    }

    /// A notice with the position reached, which a client that connects anew goes on from.
    fn position(&mut self, name: &str) -> Part {
        self.told = self.after;
        let text = match (self.after, self.after_id) {
            (Some(after), id) => {
                let app = &self.state.app;
                let id = match (app.lost_range(after), id) {
                    (None, _) => format!("id: {}\n", sequence(after)),
                    (Some(_), Some(id)) => format!("id: {id}\n"),
                    // The client has it: it began from there.
                    (Some(_), None) => String::new(),
                };
                format!("event: {name}\n{id}data: {{\"sequence\":\"{}\"}}\n\n", sequence(after))
            }
            (None, _) => format!("event: {name}\ndata: {{\"sequence\":null}}\n\n"),
        };
        Part::small(text.into())
    }
}

/// Appends an event with its id and type. The type's name and the event have no line break.
fn write_event(state: &ApiState, event: &RecordedEvent, out: &mut Vec<u8>) -> Result<(), Problem> {
    out.extend_from_slice(b"id: ");
    let cloud = &state.cloud_events;
    out.extend_from_slice(position(&state.app, event.sequence, event.event_id).as_bytes());
    out.extend_from_slice(b"\nevent: ");
    cloud.write_type(kind_of_stream(event.stream.as_str()).label(), &event.event_type, out);
    out.extend_from_slice(b"\ndata: ");
    cloud.write(event, out).map_err(Problem::internal)?;
    out.extend_from_slice(b"\n\n");
    Ok(())
}
