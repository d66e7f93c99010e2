//! What a request to the feed asks for: from where, how much, of what, and how long to wait.

use std::time::Duration;

use uuid::Uuid;

use super::filter::Filter;
use crate::api::asking::answer;
use crate::api::asking::call::Call;
use crate::api::asking::call::refused_parameter;
use crate::api::asking::tables::ask;
use crate::api::asking::times::known;
use crate::domain::ids::digits;
use crate::views::problem::{Code, Problem};
use crate::views::sequence::sequence;

/// The longest that a request can have the feed wait for an event.
const MAX_WAIT_S: u64 = 60;
/// How long an id that the tables do not know yet is waited for.
const TABLES_WAIT: Duration = Duration::from_secs(5);
/// What a browser sends when it connects anew.
const LAST_EVENT_ID: &str = "Last-Event-ID";

/// How many events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// A page.
    Events(usize),
    /// All that there are.
    All,
}

/// What is asked for.
#[derive(Debug)]
pub struct Asked {
    /// The sequence after which to begin; it is in the log.
    pub after: Option<u64>,
    /// How many.
    pub limit: Limit,
    /// Which.
    pub filter: Filter,
    /// How long to wait for one where there is none; whole seconds.
    pub wait: Option<Duration>,
}

impl Asked {
    /// Reads a request.
    ///
    /// # Errors
    /// `malformed-request` for what has the wrong form; `cursor-invalid` for a position that the
    /// log has not reached; `not-found` for an id that is none's.
    pub async fn of(call: &Call) -> Result<Self, Problem> {
        let (_, known) = known(call).await?;
        let filter = Filter::of(call, known)?;
        let limit = match call.parameter("limit") {
            Some("all") => Limit::All,
            _ => Limit::Events(answer::limit(call)?),
        };
        let wait = call.prefers_to_wait().filter(|seconds| *seconds > 0);
        let wait = wait.map(|seconds| Duration::from_secs(seconds.min(MAX_WAIT_S)));
        Ok(Self { after: after(call).await?, limit, filter, wait })
    }
}

async fn after(call: &Call) -> Result<Option<u64>, Problem> {
    let (name, text) = match (
        call.http.headers().get(LAST_EVENT_ID),
        call.parameter("after"),
        call.parameter("lastEventId"),
    ) {
        (_, Some(_), Some(_)) => {
            return Err(refused_parameter(
                "lastEventId",
                "it is another name for after: send one of them",
                "它是 after 的别名：只能给出其一",
            ));
        }
        // The address of a connection made anew still has the parameter that it began with.
        (Some(value), _, _) if !value.is_empty() => (LAST_EVENT_ID, value.to_str().unwrap_or("?")),
        (_, Some(text), _) => ("after", text),
        (_, _, Some(text)) => ("lastEventId", text),
        (_, None, None) => return Ok(None),
    };
    let after = match (digits(text), Uuid::parse_str(text)) {
        (Some(number), _) => match call.state.app.lost_range(number) {
            Some(range) => return Err(lost(name, number, range)),
            None => number,
        },
        (_, Ok(id)) => match sequence_of(call, id).await? {
            Some(number) => number,
            None => return Err(unknown_after(name, id, &call.state.app.lost_ranges())),
        },
        _ => {
            let shown: String = text.chars().take(80).collect();
            return Err(refused_parameter(
                name,
                &format!("{shown:?} is neither the sequence of an event nor its id"),
                &format!("{shown:?} 既不是事件的序号，也不是其标识"),
            ));
        }
    };
    let head =
        call.state.app.journal().head_with(after).await.map_err(|error| call.problem(error))?;
    if head.is_none_or(|head| after > head) {
        return Err(beyond(name, after, head));
    }
    Ok(Some(after))
}

/// Since a loss was accepted, a sequence in its range says no longer which event a reader has there.
fn lost(name: &str, after: u64, (first, last): (u64, u64)) -> Problem {
    let [after, first, last] = [after, first, last].map(sequence);
    Problem::new(Code::CursorInvalid)
        .detail(format!(
            "{name} is {after}, but the events {first} to {last} were lost and their sequences given again: name the id of the event that you have there, or begin before {first}"
        ))
        .detail_zh(format!(
            "{name} 为 {after}，但序号 {first} 至 {last} 的事件已丢失，序号已重新使用：请改用您在该处所持事件的标识，或从 {first} 之前开始"
        ))
        .member("parameter", name)
}

/// An event that nobody knows: since a loss was accepted, it may be one of those that were lost.
fn unknown_after(name: &str, id: Uuid, lost: &[(u64, u64)]) -> Problem {
    match super::if_lost(lost) {
        None => super::unknown(&id.to_string()),
        Some((en, zh)) => Problem::new(Code::CursorInvalid)
            .detail(format!("{name} is {id}, which is no event of this log; {en}"))
            .detail_zh(format!("{name} 为 {id}，本日志中没有该事件；{zh}"))
            .member("parameter", name),
    }
}

/// A reader from the future followed another log, or this one was cut short.
fn beyond(name: &str, after: u64, head: Option<u64>) -> Problem {
    let (en, zh) = match head {
        Some(head) => (format!("ends at {}", sequence(head)), format!("止于 {}", sequence(head))),
        None => ("is empty".to_owned(), "为空".to_owned()),
    };
    Problem::new(Code::CursorInvalid)
        .detail(format!(
            "{name} is {}, but the log {en}: the reader followed another log, or this one was cut short",
            sequence(after)
        ))
        .detail_zh(format!(
            "{name} 为 {}，但日志{zh}：读者此前读的是另一日志，或本日志被截短",
            sequence(after)
        ))
        .member("parameter", name)
}

/// The sequence of an event by its id, if there is one, which is looked up in the tables; where they have
/// not read the whole log, that is waited for: the id may be that of the newest event.
///
/// # Errors
/// What a read of the tables can fail with.
pub async fn sequence_of(call: &Call, id: Uuid) -> Result<Option<u64>, Problem> {
    let find = || ask(call, move |tables| tables.find_event(id));
    if let Some((sequence, _)) = find().await?.value {
        return Ok(Some(sequence));
    }
    let Some(head) = call.state.app.log().head().await? else { return Ok(None) };
    let mut status = call.state.models_status.clone();
    let there = status.wait_for(|status| status.has(head));
    match tokio::time::timeout(TABLES_WAIT, there).await {
        Ok(Ok(_)) => Ok(find().await?.value.map(|(sequence, _)| sequence)),
        _ => Err(Problem::new(Code::ProjectionBehind)
            .member("projection", "read_models")
            .member("required_sequence", sequence(head))),
    }
}
