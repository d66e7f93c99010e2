//! The log as a feed: pages of JSON or CloudEvents, all of it as one line of JSON for each event, or
//! a stream of server-sent events that never ends by itself; and fixed archive pages.
//!
//! What must hold: dense and in order; data and metadata exactly as they were stored and hashed;
//! memory bounded by a page, however much is asked for; a read that breaks off ends the answer
//! without its last chunk, so a short feed can't look complete; a filtered feed says how far it has
//! looked, so that a reader gets past what its filter leaves out.

mod archive;
mod asked;
mod backlog;
mod filter;
mod find;
mod lines;
mod sse;
mod tally;
mod totals;
mod view;

use actix_web::http::header;
use uuid::Uuid;

use crate::api::asking::answer::{IMMUTABLE, REVALIDATE, tagged};
use crate::api::asking::call::refused_parameter;
use crate::api::asking::call::{Answered, Call};
use crate::api::asking::cursor::next_link;
use crate::api::asking::times::{AT_SEQUENCE, KNOWN_AT};
use crate::app::App;
use crate::domain::ids::{Office, digits};
use crate::log::{RecordedEvent, SINGLE_EVENTS};
use crate::views::media::{CLOUD_EVENTS, EVENT_STREAM, JSON, JSONL, NDJSON};
use crate::views::parameter::{Kind, Parameter};
use crate::views::problem::{Code, Problem};
use crate::views::sequence::sequence;
use asked::{Asked, Limit};
use find::find_or_wait;
use view::Around;

pub use archive::{get_archive_page, get_event_schema};
pub use tally::kinds_at_hand;
pub use totals::{EventTotals, TOTALS, get_event_totals};
pub use view::ArchivePage;
pub use view::{EventPage, EventView, cloud_event_schema};

/// What the feed can be had as.
pub const FEED: &[&str] = &[JSON, NDJSON, JSONL, CLOUD_EVENTS, EVENT_STREAM];
/// What an archive page can be had as.
pub const ARCHIVE: &[&str] = &[JSON, NDJSON, JSONL, CLOUD_EVENTS];

/// What an event takes in memory while a page is made of it, roughly.
const EVENT_BYTES: usize = 4 * 1024;
/// What a page of the feed depends on besides its address.
const VARY: &str = "Accept, Accept-Language, Authorization, Last-Event-ID, Prefer";
/// The sequence of the last event that was looked at, whether or not it is in the answer.
const LAST_SEQUENCE: &str = "docket-last-sequence";

/// The parameters of the feed.
pub const EVENTS: &[Parameter] = &[
    Parameter::new(
        "after",
        Kind::Text,
        "Events after this one, by its sequence or id; from the first unless told. The header `Last-Event-ID` goes before it.",
        "该事件（序号或标识）之后的事件；默认从头开始。请求头 Last-Event-ID 优先。",
    ),
    Parameter::new(
        "lastEventId",
        Kind::Text,
        "Another name for `after`, as HTTP Feeds call it.",
        "after 的别名（HTTP Feeds 的叫法）。",
    ),
    Parameter::new(
        "limit",
        Kind::Limit(Some("all")),
        "Events in a page: 50 unless told, 1000 at most; as lines of JSON also `all`; not for a stream.",
        "每页事件数：默认 50，至多 1000；逐行 JSON 时可为 all；事件流不适用。",
    ),
    PROGRAM,
    Parameter::new(
        "subject",
        Kind::Text,
        "Only events of this subject: its enrollments and its registration.",
        "仅该主体的事件：其记录和登记。",
    ),
    TYPE,
    Parameter::new(
        "stream",
        Kind::Text,
        "Only events of this stream, such as `cluster_area-futian`.",
        "仅该流的事件，例如 cluster_area-futian。",
    ),
    Parameter::new(
        "category",
        Kind::Text,
        "Only events of streams whose name has this before its first hyphen.",
        "仅流名在第一个连字符之前为此值的事件。",
    ),
    Parameter::new(
        "recorded_from",
        Kind::Instant,
        "Only events recorded at this instant or later (RFC 3339).",
        "仅在该时刻或之后入档的事件（RFC 3339）。",
    ),
    Parameter::new(
        "recorded_to",
        Kind::Instant,
        "Only events recorded before this instant (RFC 3339).",
        "仅在该时刻之前入档的事件（RFC 3339）。",
    ),
    OFFICE,
    MEASURE,
    ARTICLE,
    EXERCISE,
    KNOWN_AT,
    AT_SEQUENCE,
];
/// Of which program.
const PROGRAM: Parameter = Parameter::new(
    "program",
    Kind::Text,
    "Only events of this program: its enrollments, measures and quotas.",
    "仅该项目的事件：其记录、办法和名额。",
);
/// Of which types.
const TYPE: Parameter = Parameter::new(
    "type",
    Kind::Texts,
    "Only events of these types, as stored (`PlanSubmitted`) or as in CloudEvents (`docket.enrollment.plan_submitted`), with commas between.",
    "仅这些类型的事件：存储名（PlanSubmitted）或 CloudEvents 名，以逗号分隔。",
);
/// Of which kind of office.
const OFFICE: Parameter = Parameter::new(
    "office",
    Kind::OneOf(|| Office::ALL.iter().map(|office| office.as_str()).collect()),
    "Only events of this kind of office.",
    "仅此类机关的事件。",
);
/// Under which measure.
const MEASURE: Parameter = Parameter::new(
    "measure",
    Kind::Text,
    "Only events under this version of a measure, such as `2014-40`.",
    "仅依该办法版本的事件，例如 2014-40。",
);
/// Under which article.
const ARTICLE: Parameter = Parameter::new(
    "article",
    Kind::Text,
    "Only events that cite this article, as they name it.",
    "仅援引该条文的事件（写法如其所载）。",
);
/// Real ones, or those of exercises.
const EXERCISE: Parameter = Parameter::new(
    "exercise",
    Kind::Flag,
    "`true`: only events of exercises; `false`: only real ones; both unless told.",
    "true：仅演练事件；false：仅真实事件；默认二者皆列。",
);

/// Lists events.
///
/// # Errors
/// See the route.
pub async fn list_events(call: Call) -> Answered {
    let media = call.accepted().unwrap_or(JSON);
    let asked = Asked::of(&call).await?;
    if media == EVENT_STREAM {
        return sse::stream(&call, asked);
    }
    let limit = match asked.limit {
        Limit::All if media == NDJSON || media == JSONL => {
            return lines::all(&call, asked, media).await;
        }
        Limit::All => {
            return Err(refused_parameter(
                "limit",
                "all is for lines: ask for application/x-ndjson",
                "all 仅用于逐行 JSON：请接受 application/x-ndjson",
            ));
        }
        Limit::Events(limit) => limit,
    };
    // A long page takes more than its events while it is made.
    let room =
        if limit > SINGLE_EVENTS { Some(call.room(limit * EVENT_BYTES).await?) } else { None };
    let found = find_or_wait(&call, &asked, limit).await?;
    let more = if found.end { None } else { found.last };
    let next = match more {
        Some(last) => Some(next_link(&call, &position_after(&call, &found.events, last).await?)),
        None => None,
    };
    // What follows a full page is known to be there, so the page is the same for ever.
    let cache = if next.is_some() { IMMUTABLE } else { REVALIDATE };
    let around = Around::Feed(next.clone(), found.last);
    let body = view::body(&call, media, found.events, around).await?;
    drop(room);
    let mut response = view::answer(&call, media, body, cache);
    let headers = response.headers_mut();
    let text = |text: &str| header::HeaderValue::from_str(text).map_err(Problem::internal);
    headers.insert(header::VARY, header::HeaderValue::from_static(VARY));
    if let Some(next) = &next {
        headers.insert(header::LINK, text(&format!("<{next}>; rel=\"next\""))?);
    } else if let Some(newest) = found.last.and_then(archive::newest_full) {
        let archive = archive::address(&call, newest);
        headers.insert(header::LINK, text(&format!("{archive}; rel=\"prev-archive\""))?);
    }
    if let Some(last) = found.last {
        headers.insert(header::HeaderName::from_static(LAST_SEQUENCE), text(&sequence(last))?);
    }
    if let Some(wait) = asked.wait {
        let applied = text(&format!("wait={}", wait.as_secs()))?;
        headers.insert(header::HeaderName::from_static("preference-applied"), applied);
    }
    Ok(response)
}

/// What a reader goes on from: the sequence, or where that was given twice (an accepted loss), the id.
fn position(app: &App, event: u64, id: Uuid) -> String {
    match app.lost_range(event) {
        None => sequence(event),
        Some(_) => id.to_string(),
    }
}

/// The same of the last event looked at, which a filter may have left out of the page.
async fn position_after(
    call: &Call,
    events: &[RecordedEvent],
    last: u64,
) -> Result<String, Problem> {
    let app = &*call.state.app;
    if let Some(event) = events.last().filter(|event| event.sequence == last) {
        return Ok(position(app, last, event.event_id));
    }
    if app.lost_range(last).is_none() {
        return Ok(sequence(last));
    }
    let page = app.log().read_all(last.checked_sub(1), 1).await?;
    let event = page.events.first().ok_or_else(|| unknown(&sequence(last)))?;
    Ok(position(app, last, event.event_id))
}

fn unknown(asked: &str) -> Problem {
    Problem::new(Code::NotFound)
        .detail(format!("there is no event {asked:?}"))
        .detail_zh(format!("没有事件 {asked:?}"))
}

/// What an id that nobody knows may be since losses were accepted, and what helps then, in both languages.
fn if_lost(ranges: &[(u64, u64)]) -> Option<(String, String)> {
    let first = sequence(ranges.iter().map(|(first, _)| *first).min()?);
    let list = |to: &str, and: &str| {
        let ranges = ranges.iter().map(|(a, z)| format!("{}{to}{}", sequence(*a), sequence(*z)));
        ranges.collect::<Vec<_>>().join(and)
    };
    let (en, zh) = (list(" to ", ", "), list(" 至 ", "、"));
    Some((
        format!(
            "the events {en} were lost and their sequences given again: if it was one of them, begin before {first}"
        ),
        format!("序号 {zh} 的事件已丢失，序号已重新使用：若为其中之一，请从 {first} 之前开始"),
    ))
}

fn unknown_id(call: &Call, id: Uuid) -> Problem {
    match if_lost(&call.state.app.lost_ranges()) {
        None => unknown(&id.to_string()),
        Some((en, zh)) => Problem::new(Code::NotFound)
            .detail(format!("there is no event {id}; {en}"))
            .detail_zh(format!("没有事件 {id}；{zh}")),
    }
}

/// The event that the path names by its sequence or id.
///
/// # Errors
/// `not-found`; as the log's.
pub async fn event_named(call: &Call) -> Result<RecordedEvent, Problem> {
    let asked: String = call.path("event").chars().take(80).collect();
    let number = match (digits(&asked), Uuid::parse_str(&asked)) {
        (Some(number), _) => number,
        (_, Ok(id)) => asked::sequence_of(call, id).await?.ok_or_else(|| unknown_id(call, id))?,
        _ => return Err(unknown(&asked)),
    };
    let head = call.state.app.log().head().await?;
    if head.is_none_or(|head| head < number) {
        return Err(unknown(&asked));
    }
    let page = call.state.app.log().read_all(number.checked_sub(1), 1).await?;
    page.events.into_iter().next().ok_or_else(|| unknown(&asked))
}

/// Answers an event by its sequence or id.
///
/// # Errors
/// See the route.
pub async fn get_event(call: Call) -> Answered {
    let event = event_named(&call).await?;
    let tag = format!("\"{}.json.{}\"", event.event_id, call.language.tag());
    tagged(&call, &tag, IMMUTABLE, &EventView::of(&event)?)
}
