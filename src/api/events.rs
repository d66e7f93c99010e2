//! The log as a feed: pages of JSON, or all of it as one line of JSON for each event.
//!
//! What must hold: dense and in order; data and metadata exactly as they were stored and hashed;
//! memory bounded by a page, however much is asked for; a read that breaks off ends the answer
//! without its last chunk, so a short feed can't look complete.

use actix_web::http::header;
use actix_web::web::Bytes;
use actix_web::{HttpResponse, HttpResponseBuilder};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::RawValue;
use std::sync::Arc;
use uuid::Uuid;

use super::answer::{IMMUTABLE, REVALIDATE, VARY, by_content, limit, sequence, tagged};
use super::call::{Answered, Call, wrong_parameter};
use super::dispatch::{accepted, media_of};
use super::page::next_link;
use super::problem::{Code, Problem};
use super::route::Parameter;
use crate::codec;
use crate::domain::date::Timestamp;
use crate::log::{EventLog, RecordedEvent};

/// The parameters of the feed.
pub const EVENTS: &[Parameter] = &[
    Parameter {
        name: "after",
        en: "Events after this one, by its sequence or id; from the first unless told.",
        zh: "该事件（序号或标识）之后的事件；默认从头开始。",
    },
    Parameter {
        name: "limit",
        en: "Events in a page: 50 unless told, 1000 at most; as lines of JSON also `all`.",
        zh: "每页事件数：默认 50，至多 1000；逐行 JSON 时可为 all。",
    },
];
/// Events read at a time for a stream of lines.
const BATCH: usize = 512;

/// An event with its full envelope.
#[derive(Debug, Serialize, JsonSchema)]
pub struct EventView<'a> {
    /// Its number in the log, 20 digits.
    pub sequence: String,
    /// The stream.
    pub stream: &'a str,
    /// Its number in the stream, from 0.
    pub revision: u64,
    /// Its id.
    #[schemars(with = "String")]
    pub id: Uuid,
    /// Its type.
    #[serde(rename = "type")]
    pub event_type: &'a str,
    /// When it was recorded, UTC.
    pub recorded_at: String,
    /// Whether it belongs to an exercise.
    pub exercise: bool,
    /// SHA-256 of `metadata` as it stands here.
    pub metadata_sha256: String,
    /// SHA-256 of `data` as it stands here.
    pub data_sha256: String,
    /// Who, when, under what: the bytes that were stored.
    #[serde(borrow)]
    #[schemars(with = "serde_json::Value")]
    pub metadata: &'a RawValue,
    /// What happened: the bytes that were stored.
    #[schemars(with = "serde_json::Value")]
    pub data: &'a RawValue,
}

/// A page of the feed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct EventPage<'a> {
    /// The events, dense and in order.
    pub items: Vec<EventView<'a>>,
    /// The link to what follows; absent at the end.
    pub next: Option<String>,
    /// The sequence of the last event looked at: where to go on later.
    pub last_sequence: Option<String>,
}

impl<'a> EventView<'a> {
    fn of(event: &'a RecordedEvent) -> Result<Self, Problem> {
        let raw = |bytes: &'a [u8]| serde_json::from_slice::<&RawValue>(bytes);
        let meta = codec::decode_meta(event).map_err(Problem::internal)?;
        Ok(Self {
            sequence: sequence(event.sequence),
            stream: event.stream.as_str(),
            revision: event.revision,
            id: event.event_id,
            event_type: &event.event_type,
            recorded_at: Timestamp::from_micros(event.recorded_at_us).to_rfc3339(),
            exercise: meta.exercise,
            metadata_sha256: codec::sha256_hex(&event.metadata),
            data_sha256: codec::sha256_hex(&event.data),
            metadata: raw(&event.metadata).map_err(Problem::internal)?,
            data: raw(&event.data).map_err(Problem::internal)?,
        })
    }
}

/// Lists events.
///
/// # Errors
/// See the route.
pub async fn list_events(call: Call) -> Answered {
    let after = after(&call).await?;
    let accept = call.header(header::ACCEPT).unwrap_or("*/*");
    let media = accepted(accept, media_of(call.route)).unwrap_or("application/json");
    let all = call.parameter("limit") == Some("all");
    let log = call.state.app.log().clone();
    if media != "application/json" {
        let end = log.head().await?;
        let limit = if all { u64::MAX } else { limit(&call)? as u64 };
        // Refused before the first byte where there is nothing to follow.
        log.read_all(after, 1).await?;
        let mut response = HttpResponse::Ok();
        let last = after.map_or(Some(limit - 1), |after| after.checked_add(limit));
        if let Some(last) = last.filter(|last| end.is_some_and(|end| *last < end)) {
            let next = next_link(&call, &sequence(last));
            response.insert_header((header::LINK, format!("<{next}>; rel=\"next\"")));
        }
        return Ok(lines(response, Feed { log, after, end, left: limit }, media));
    }
    if all {
        return Err(wrong_parameter("limit", "all is for lines: ask for application/x-ndjson"));
    }
    let page = log.read_all(after, limit(&call)?).await?;
    let items = page.events.iter().map(EventView::of).collect::<Result<Vec<_>, _>>()?;
    let next = (!page.end).then_some(page.next).flatten();
    let next = next.map(|next| next_link(&call, &sequence(next)));
    let last_sequence = page.next.map(sequence);
    let mut response = HttpResponse::Ok();
    if let Some(next) = &next {
        response.insert_header((header::LINK, format!("<{next}>; rel=\"next\"")));
    }
    // What follows a full page is known to be there, so the page is the same for ever.
    let cache = if next.is_some() { IMMUTABLE } else { REVALIDATE };
    by_content(&call, response, &EventPage { items, next, last_sequence }, cache)
}

async fn after(call: &Call) -> Result<Option<u64>, Problem> {
    let Some(text) = call.parameter("after") else { return Ok(None) };
    if let Ok(number) = text.parse::<u64>() {
        return Ok(Some(number));
    }
    let id = Uuid::parse_str(text)
        .map_err(|_| wrong_parameter("after", "it is neither a sequence nor an event's id"))?;
    Ok(Some(sequence_of(call, id).await?))
}

async fn sequence_of(call: &Call, id: Uuid) -> Result<u64, Problem> {
    let found = super::page::ask(call, move |tables| tables.find_event(id)).await?;
    found.value.map(|(sequence, _)| sequence).ok_or_else(|| unknown(&id.to_string()))
}

fn unknown(asked: &str) -> Problem {
    Problem::new(Code::NotFound)
        .detail(format!("there is no event {asked}"))
        .detail_zh(format!("没有事件 {asked}"))
}

/// Answers an event by its sequence or id.
///
/// # Errors
/// See the route.
pub async fn get_event(call: Call) -> Answered {
    let asked: String = call.path("event").chars().take(80).collect();
    let number = match (asked.parse::<u64>(), Uuid::parse_str(&asked)) {
        (Ok(number), _) => number,
        (_, Ok(id)) => sequence_of(&call, id).await?,
        _ => return Err(unknown(&asked)),
    };
    let head = call.state.app.log().head().await?;
    if head.is_none_or(|head| head < number) {
        return Err(unknown(&asked));
    }
    let page = call.state.app.log().read_all(number.checked_sub(1), 1).await?;
    let event = page.events.first().ok_or_else(|| unknown(&asked))?;
    let tag = format!("\"{}.json.{}\"", event.event_id, call.language.tag());
    tagged(&call, &tag, IMMUTABLE, &EventView::of(event)?)
}

struct Feed {
    log: Arc<dyn EventLog>,
    after: Option<u64>,
    end: Option<u64>,
    left: u64,
}

/// One line for each event, up to the end that the log had when the answer began.
fn lines(mut response: HttpResponseBuilder, feed: Feed, media: &'static str) -> HttpResponse {
    response
        .insert_header((header::CONTENT_TYPE, media))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::VARY, VARY))
        .streaming(futures_util::stream::unfold(Some(feed), next_lines))
}

type Lines = Result<Bytes, Problem>;

async fn next_lines(feed: Option<Feed>) -> Option<(Lines, Option<Feed>)> {
    let mut feed = feed?;
    let done = feed.end.is_none_or(|end| feed.after.is_some_and(|after| after >= end));
    if done || feed.left == 0 {
        return None;
    }
    match feed.batch().await {
        Ok(bytes) => Some((Ok(bytes), Some(feed))),
        Err(problem) => {
            tracing::error!(error = %problem, "a feed broke off");
            Some((Err(problem), None))
        }
    }
}

impl Feed {
    async fn batch(&mut self) -> Result<Bytes, Problem> {
        let wanted = usize::try_from(self.left).unwrap_or(usize::MAX).min(BATCH);
        let page = self.log.read_all(self.after, wanted).await?;
        let mut bytes = Vec::new();
        for event in &page.events {
            if self.end.is_some_and(|end| event.sequence > end) {
                break;
            }
            serde_json::to_writer(&mut bytes, &EventView::of(event)?).map_err(Problem::internal)?;
            bytes.push(b'\n');
            self.after = Some(event.sequence);
            self.left -= 1;
        }
        if page.events.is_empty() {
            return Err(Problem::internal("the log ended before the end that it had"));
        }
        Ok(Bytes::from(bytes))
    }
}
