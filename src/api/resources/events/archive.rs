//! Archive pages (RFC 5005, 4): the log in fixed parts of 256 events, at the borders of its Merkle
//! tree's tiles. A page is there once it is full and never changes, so it may be kept for ever; and
//! the schemas that the events refer to, which never change either.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::Bytes;

use super::view::{self, Around, answer};
use super::{EVENT_BYTES, JSON, LAST_SEQUENCE};
use crate::api::asking::answer::{IMMUTABLE, rendered};
use crate::api::asking::call::{Answered, Call};
use crate::api::asking::etag;
use crate::codec::{event_schemas, sha256_hex};
use crate::domain::ids::digits;
use crate::log::{EventLog, RecordedEvent};
use crate::views::problem::{Code, Problem};
use crate::views::sequence::sequence;

/// Events in a page.
const EVENTS: u64 = 256;

/// Answers a full page.
///
/// # Errors
/// See the route.
pub async fn get_archive_page(call: Call) -> Answered {
    let asked: String = call.path("page").chars().take(40).collect();
    let bounds = digits(&asked).and_then(|page| {
        let first = page.checked_mul(EVENTS)?;
        Some((page, first, first.checked_add(EVENTS - 1)?))
    });
    let Some((page, first, last)) = bounds else {
        return Err(Problem::new(Code::NotFound)
            .detail(format!("{asked:?} is no number of an archive page; they begin at 0"))
            .detail_zh(format!("{asked:?} 不是存档页的编号；编号从 0 开始")));
    };
    let log = call.state.app.log();
    let head = log.head().await?;
    if head.is_none_or(|head| head < last) {
        return Err(open_page(page, first, last, head));
    }
    let room = call.room(EVENTS as usize * EVENT_BYTES).await?;
    let events = read(&**log, first).await?;
    let media = call.accepted().unwrap_or(JSON);
    let body = view::body(&call, media, events, Around::Archive(page, first, last)).await?;
    drop(room);
    let mut response = answer(&call, media, body, IMMUTABLE);
    let mut put = |name: &'static str, value: &str| {
        let value = header::HeaderValue::from_str(value).map_err(Problem::internal)?;
        response.headers_mut().insert(header::HeaderName::from_static(name), value);
        Ok::<(), Problem>(())
    };
    put("link", &links(&call, page, last, head))?;
    put(LAST_SEQUENCE, &sequence(last))?;
    Ok(response)
}

/// A page that events are still added to is none of the archive's.
fn open_page(page: u64, first: u64, last: u64, head: Option<u64>) -> Problem {
    let head = head.map_or_else(|| "-".to_owned(), sequence);
    let (first, last) = (sequence(first), sequence(last));
    Problem::new(Code::NotFound)
        .detail(format!(
            "archive page {page} is not full: it will be there once event {last} is on record; the log ends at {head}. Events from {first} on are at /v1/events"
        ))
        .detail_zh(format!(
            "存档页 {page} 尚未满：待事件 {last} 入档后可取；日志目前止于 {head}。{first} 之后的事件见 /v1/events"
        ))
}

/// The newest page that is full where the log ends at this sequence.
pub fn newest_full(head: u64) -> Option<u64> {
    (head / EVENTS + u64::from(head % EVENTS == EVENTS - 1)).checked_sub(1)
}

/// The address of a page, as `Link` has it.
pub fn address(call: &Call, page: u64) -> String {
    format!("<{}/v1/events/archive/{page}>", call.state.settings.public_url)
}

fn links(call: &Call, page: u64, last: u64, head: Option<u64>) -> String {
    let base = &call.state.settings.public_url;
    let archive = |page: u64| address(call, page);
    let mut links = Vec::new();
    if let Some(before) = page.checked_sub(1) {
        links.push(format!("{}; rel=\"prev-archive\"", archive(before)));
    }
    if head.is_some_and(|head| head >= last.saturating_add(EVENTS)) {
        links.push(format!("{}; rel=\"next-archive\"", archive(page + 1)));
    }
    links.push(format!("<{base}/v1/events?after={}>; rel=\"current\"", sequence(last)));
    links.join(", ")
}

async fn read(log: &dyn EventLog, first: u64) -> Result<Vec<RecordedEvent>, Problem> {
    let wanted = EVENTS as usize;
    let mut events: Vec<RecordedEvent> = Vec::with_capacity(wanted);
    while events.len() < wanted {
        let after = events.last().map_or(first.checked_sub(1), |event| Some(event.sequence));
        let page = log.read_all(after, wanted - events.len()).await?;
        if page.events.is_empty() {
            return Err(Problem::internal("the log ended before its head"));
        }
        events.extend(page.events);
    }
    Ok(events)
}

/// A schema as it goes out.
struct Published {
    text: Bytes,
    content: String,
}

/// The schemas by name; they are those of the program, and written once.
static SCHEMAS: LazyLock<BTreeMap<String, Published>> = LazyLock::new(|| {
    let published = |(name, schema): (String, serde_json::Value)| {
        let text = Bytes::from(schema.to_string());
        (name, Published { content: sha256_hex(&text), text })
    };
    event_schemas().into_iter().map(published).collect()
});

/// Answers the schema of an event type's version.
///
/// # Errors
/// See the route.
pub async fn get_event_schema(call: Call) -> Answered {
    let name: String = call.path("schema").chars().take(200).collect();
    let Some(schema) = SCHEMAS.get(&name) else {
        return Err(Problem::new(Code::NotFound)
            .detail(format!("there is no event schema {name:?}; names are <Type>.v<version>.json"))
            .detail_zh(format!("没有事件结构 {name:?}；名称形如 <类型>.v<版本>.json")));
    };
    let tag = format!("\"{}.json.{}\"", &schema.content[..32], call.language.tag());
    if etag::unchanged(&call.http, &tag) {
        return Ok(etag::not_modified(&tag, IMMUTABLE, Some(call.language)));
    }
    Ok(rendered(&call, HttpResponse::Ok(), schema.text.clone(), IMMUTABLE, Some(&tag)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_full_pages_are_the_archives() {
        let found = [0, 254, 255, 256, 510, 511, 512].map(newest_full);
        assert_eq!(found, [None, None, Some(0), Some(0), Some(0), Some(1), Some(1)]);
    }
}
