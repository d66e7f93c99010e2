//! How events and pages of them are written, in each form.

use actix_web::HttpResponse;
use actix_web::http::header;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{CLOUD_EVENTS, JSON, JSONL, NDJSON};
use crate::api::asking::answer::rendered;
use crate::api::asking::call::Call;
use crate::api::asking::etag;
use crate::codec::{self, CloudEvents, Member, Members};
use crate::domain::date::Timestamp;
use crate::log::{RecordedEvent, SINGLE_EVENTS, give_way, on_backlog};
use crate::views::problem::{Code, Problem};
use crate::views::sequence::sequence;

/// An archive page; its links are in the header `Link`, since which pages follow changes.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ArchivePage<'a> {
    /// The number of the page, from 0.
    pub page: u64,
    /// The sequence of its first event.
    pub first_sequence: String,
    /// That of its last.
    pub last_sequence: String,
    /// Its 256 events.
    pub items: Vec<EventView<'a>>,
}

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
    /// SHA-256 of `metadata` as it was stored.
    pub metadata_sha256: String,
    /// SHA-256 of `data` as it was stored.
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
    /// The events, in order; without a filter, dense.
    pub items: Vec<EventView<'a>>,
    /// The link to what follows; absent at the end. A page without items may have one: what was
    /// looked at is not what the filter takes.
    pub next: Option<&'a str>,
    /// The sequence of the last event looked at: where to go on later.
    pub last_sequence: Option<String>,
}

impl<'a> EventView<'a> {
    /// The view of an event.
    ///
    /// # Errors
    /// `log-integrity-failure` where it is no JSON.
    pub fn of(event: &'a RecordedEvent) -> Result<Self, Problem> {
        let raw = |bytes: &'a [u8]| serde_json::from_slice::<&RawValue>(bytes);
        let meta = Members::read(&event.metadata).map_err(|error| unreadable(event, &error))?;
        Ok(Self {
            sequence: sequence(event.sequence),
            stream: event.stream.as_str(),
            revision: event.revision,
            id: event.event_id,
            event_type: &event.event_type,
            recorded_at: Timestamp::from_micros(event.recorded_at_us).to_rfc3339(),
            exercise: meta.escaped(Member::Exercise).is_some(),
            metadata_sha256: codec::sha256_hex(&event.metadata),
            data_sha256: codec::sha256_hex(&event.data),
            metadata: raw(&event.metadata).map_err(|error| unreadable(event, &error))?,
            data: raw(&event.data).map_err(|error| unreadable(event, &error))?,
        })
    }
}

/// That the stored bytes of an event are none that can be shown.
fn unreadable(event: &RecordedEvent, reason: &dyn std::fmt::Display) -> Problem {
    let cause = format!("event {} can't be read: {reason}", sequence(event.sequence));
    Problem::new(Code::LogIntegrityFailure).cause(cause)
}

/// What stands around the events of a page of JSON.
pub enum Around {
    /// The link to what follows, and the sequence of the last event looked at.
    Feed(Option<String>, Option<u64>),
    /// The number of the page, its first and its last sequence.
    Archive(u64, u64, u64),
}

impl Around {
    fn page(&self, events: &[RecordedEvent]) -> Result<Vec<u8>, Problem> {
        let items = events.iter().inspect(|_| give_way()).map(EventView::of);
        let items = items.collect::<Result<Vec<_>, _>>()?;
        let written = match self {
            Self::Feed(next, last) => {
                let last_sequence = last.map(sequence);
                serde_json::to_vec(&EventPage { items, next: next.as_deref(), last_sequence })
            }
            Self::Archive(page, first, last) => serde_json::to_vec(&ArchivePage {
                page: *page,
                first_sequence: sequence(*first),
                last_sequence: sequence(*last),
                items,
            }),
        };
        written.map_err(Problem::internal)
    }
}

/// Events in a form, and what their tag is made of.
pub struct Body {
    bytes: Vec<u8>,
    content: String,
}

/// Writes a page; a long one on the threads of the backlog, where it keeps nobody waiting.
///
/// # Errors
/// `internal-error` where an event is no JSON.
pub async fn body(
    call: &Call,
    media: &'static str,
    events: Vec<RecordedEvent>,
    around: Around,
) -> Result<Body, Problem> {
    let cloud = call.state.cloud_events.clone();
    let is_short = events.len() <= SINGLE_EVENTS;
    let write = move || {
        let bytes = written(&events, media, &around, &cloud)?;
        let content = codec::sha256_hex(&bytes);
        Ok(Body { bytes, content })
    };
    if is_short { write() } else { on_backlog(write).await? }
}

fn written(
    events: &[RecordedEvent],
    media: &str,
    around: &Around,
    cloud: &CloudEvents,
) -> Result<Vec<u8>, Problem> {
    match media {
        CLOUD_EVENTS => batch(events, cloud),
        NDJSON | JSONL => {
            let mut lines = Vec::new();
            for event in events {
                give_way();
                write_line(event, &mut lines)?;
            }
            Ok(lines)
        }
        _ => around.page(events),
    }
}

/// Appends an event as one line. What stands in it as it was stored may have raw line breaks, if
/// another program wrote it; in JSON they can only stand between tokens, where a space says the
/// same.
///
/// # Errors
/// As [`EventView::of`].
pub fn write_line(event: &RecordedEvent, out: &mut Vec<u8>) -> Result<(), Problem> {
    let from = out.len();
    serde_json::to_writer(&mut *out, &EventView::of(event)?).map_err(Problem::internal)?;
    for byte in &mut out[from..] {
        if matches!(byte, b'\n' | b'\r') {
            *byte = b' ';
        }
    }
    out.push(b'\n');
    Ok(())
}

fn batch(events: &[RecordedEvent], cloud: &CloudEvents) -> Result<Vec<u8>, Problem> {
    let mut out = vec![b'['];
    for (at, event) in events.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        give_way();
        cloud.write(event, &mut out).map_err(Problem::internal)?;
    }
    out.push(b']');
    Ok(out)
}

/// An answer whose tag is that of its content; 304 where the caller has it.
pub fn answer(call: &Call, media: &'static str, body: Body, cache: &'static str) -> HttpResponse {
    let form = match media {
        JSON => "json",
        CLOUD_EVENTS => "cloudevents",
        _ => "lines",
    };
    let tag = format!("\"{}.{form}.{}\"", &body.content[..32], call.language.tag());
    if etag::unchanged(&call.http, &tag) {
        return etag::not_modified(&tag, cache, Some(call.language));
    }
    let mut response = rendered(call, HttpResponse::Ok(), body.bytes.into(), cache, Some(&tag));
    let media = header::HeaderValue::from_static(media);
    response.headers_mut().insert(header::CONTENT_TYPE, media);
    response
}

/// The form of a CloudEvent as it is written here, for the OpenAPI document.
pub fn cloud_event_schema() -> Value {
    let text = |description: &str| json!({ "type": "string", "description": description });
    let mut properties = serde_json::Map::new();
    for (name, description) in [
        ("id", "The event's id; with `source` it tells events apart."),
        ("source", "The log."),
        ("type", "`<prefix>.<kind of stream>.<type in snake case>`."),
        ("datacontenttype", "`application/json`."),
        ("dataschema", "The schema of `data`."),
        ("subject", "`<program>/<subject>` of an enrollment, else what the stream is about."),
        ("time", "When it was recorded, UTC."),
        ("recordedtime", "The same."),
        ("sequence", "Its number in the log, 20 digits; dense, and the order of the feed."),
        ("partitionkey", "What is in order for itself: the stream."),
        ("streamid", "The stream."),
        ("effectivedate", "From when it counts: a civil date in China or an interval (EDTF)."),
        ("program", "The program."),
        ("measureversion", "The version of the measure that governed it."),
        ("article", "The article."),
        ("authtype", "`system` for Docket's own events, else `unknown`."),
        ("authid", "Who recorded it: issuer and subject of the token."),
        ("actorrole", "In which role."),
        ("actoroffice", "For which office."),
        ("correctsid", "The id of the event that it corrects."),
        ("correlationid", "What it belongs together with."),
        ("causationid", "The id of the event that caused it."),
        ("traceparent", "The W3C trace context of the request."),
        ("datahash", "SHA-256 of the data as stored, in hexadecimal."),
    ] {
        properties.insert(name.to_owned(), text(description));
    }
    properties.insert("specversion".to_owned(), json!({ "type": "string", "const": "1.0" }));
    let revision = json!({ "type": "integer", "description": "Its number in the stream, from 0." });
    properties.insert("streamrevision".to_owned(), revision);
    let exercise = json!({ "type": "boolean", "const": true, "description": "There where it belongs to an exercise." });
    properties.insert("exercise".to_owned(), exercise);
    properties.insert("data".to_owned(), json!({ "description": "What happened." }));
    json!({
        "type": "object",
        "description": "A CloudEvent 1.0.",
        "required": ["specversion", "id", "source", "type"],
        "properties": properties,
    })
}
