//! Pages of lists out of the read models: opaque cursors, links, and how far the tables have read.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::header;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::answer::{REVALIDATE, sequence};
use super::call::{Answered, Call};
use super::etag;
use super::etag::VARY;
use super::outgoing::Limit;
use super::problem::{Code, Problem};
use super::route::Parameter;
use super::times::{Known, Times, a_sequence};
use crate::domain::date::{Day, Timestamp};
use crate::projection::{Answer, At, CopyId, DatabaseError, StoreError, Tables};

/// The longest that a caller can have a list wait for an event, in seconds.
const MAX_WAIT_S: u64 = 30;
/// How long what was on record at an instant is waited for: the tables are a batch behind the log.
pub const CATCH_UP: Duration = Duration::from_millis(500);

/// The parameter with which a page goes on.
pub const CURSOR: Parameter = Parameter {
    name: "cursor",
    en: "Where the page begins: taken unchanged from `next`.",
    zh: "本页起点：原样取自 next。",
};
/// How many items a page has.
pub const LIMIT: Parameter = Parameter {
    name: "limit",
    en: "Items in a page: 50 unless told, 1000 at most.",
    zh: "每页条数：默认 50，至多 1000。",
};
/// How far the list must have read.
pub const MIN_SEQUENCE: Parameter = Parameter {
    name: "min_sequence",
    en: "The list must have read at least this event; with `Prefer: wait=<seconds>` it is waited for.",
    zh: "列表至少须读到该序号；可用 Prefer: wait=<秒> 等待。",
};
/// Real ones or exercises.
pub const EXERCISE: Parameter = Parameter {
    name: "exercise",
    en: "`true`: the exercises, which never stand in one list with the real ones.",
    zh: "true：演练数据；与真实数据绝不同列。",
};

/// How far the tables had read when a list was made.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ProjectionView {
    /// The read model.
    pub name: &'static str,
    /// The version of what its rows say.
    pub version: u32,
    /// The sequence of the last event whose rows are in.
    pub sequence: Option<String>,
    /// When that was known, UTC.
    pub recorded_at: Option<String>,
    /// Why it stopped, if it did; what is shown is then as old as it says.
    pub failed: Option<String>,
}

/// A page of a list.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Whether they are those of the exercises, rather than the real ones (G16).
    pub exercise: bool,
    /// The day on which they are judged.
    pub as_of: String,
    /// The instant asked about, if one was.
    pub known_at: Option<String>,
    /// The sequence up to which the log was looked at, if not all of it was: the last that was on
    /// record then; absent also where nothing was on record yet.
    pub known_to_sequence: Option<String>,
    /// By program, the version of the measure by which the items are judged.
    pub measures: BTreeMap<String, String>,
    /// The link to the next page; absent on the last one.
    pub next: Option<String>,
    /// How far the tables have read.
    pub projection: ProjectionView,
}

/// A cursor: the two times of the walk through the pages, and the last row.
#[derive(Debug, Serialize, Deserialize)]
pub struct Cursor<T> {
    /// The day asked about.
    pub day: Day,
    /// The sequence up to which the log is looked at, if not all of it is.
    pub known: Option<u64>,
    /// The last row.
    pub after: T,
}

/// Waits for `min_sequence` where it is asked for, then asks the tables.
///
/// # Errors
/// `projection-behind`, `projection-failed`, `projection-rebuilding`, `read-models-unavailable`.
pub async fn ask<T: Send + 'static>(
    call: &Call,
    question: impl FnOnce(&Tables<'_>) -> Result<T, DatabaseError> + Send + 'static,
) -> Result<Answer<T>, Problem> {
    if let Some(required) = call.parsed("min_sequence", a_sequence)? {
        reach(call, required, Duration::ZERO).await?;
    }
    in_time(call, call.state.models.read(question)).await
}

/// How long a question to the tables may take, its turn included.
pub fn read_within(call: &Call) -> Duration {
    call.state.settings.answer_timeout / 2
}

/// What the tables answer, if they do: a database that hangs says nothing.
///
/// # Errors
/// `read-models-unavailable`, and those of [`unreadable`].
pub async fn in_time<T>(
    call: &Call,
    read: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, Problem> {
    let within = read_within(call);
    let (reason, problem) = match tokio::time::timeout(within, read).await {
        Ok(Ok(answer)) => {
            call.state.note_models_trouble(None);
            return Ok(answer);
        }
        Ok(Err(error)) => (error.to_string(), unreadable(call, &error)),
        Err(_) => {
            call.state.outgoing.count_refused(Limit::Time);
            let reason = format!("the tables did not answer within {} s", within.as_secs());
            let problem = Problem::new(Code::ReadModelsUnavailable).cause(&reason);
            (reason, problem)
        }
    };
    call.state.note_models_trouble(Some(reason));
    Err(problem)
}

/// Asks the tables about two times, once they have read as much as is asked about. Where nothing
/// was on record there is nothing to ask.
///
/// # Errors
/// As [`ask`].
pub async fn ask_at<T: Default + Send + 'static>(
    call: &Call,
    times: &Times,
    question: impl FnOnce(&Tables<'_>, At) -> Result<T, DatabaseError> + Send + 'static,
) -> Result<Answer<T>, Problem> {
    if let Known::To(known) = times.known {
        reach(call, known, CATCH_UP).await?;
    }
    match times.at() {
        Some(at) => ask(call, move |tables| question(tables, at)).await,
        None => ask(call, |_| Ok(T::default())).await,
    }
}

/// Waits at least so long, or as long as the request does, until the tables hold an event.
///
/// # Errors
/// `projection-behind`, `projection-failed`, `read-models-unavailable`.
pub async fn reach(call: &Call, required: u64, at_least: Duration) -> Result<(), Problem> {
    let wait = call.prefers_to_wait().unwrap_or_default().min(MAX_WAIT_S);
    let wait = Duration::from_secs(wait).max(at_least);
    let mut status = call.state.models_status.clone();
    let reached = |status: &crate::projection::Status| {
        status.has(required) || status.failed.as_ref().is_some_and(|failed| !failed.retrying)
    };
    let _ = tokio::time::timeout(wait, status.wait_for(reached)).await;
    let now = status.borrow().clone();
    if now.has(required) {
        return Ok(());
    }
    let code = match &now.failed {
        Some(failed) if failed.retrying => {
            return Err(Problem::new(Code::ReadModelsUnavailable).cause(&failed.reason));
        }
        Some(_) => Code::ProjectionFailed,
        None => Code::ProjectionBehind,
    };
    Err(Problem::new(code)
        .member("projection", "read_models")
        .member("sequence", now.position.map(sequence))
        .member("required_sequence", sequence(required)))
}

/// The problem of tables that can't be read.
pub fn unreadable(call: &Call, error: &StoreError) -> Problem {
    let status = call.state.models_status.borrow();
    if error.is_damage() || matches!(error, StoreError::Missing(_)) {
        let progress = status.rebuilding.map(|(done, of)| format!("{done}/{of}"));
        return Problem::new(Code::ProjectionRebuilding).member("progress", progress).cause(error);
    }
    if error.is_outage() {
        return Problem::new(Code::ReadModelsUnavailable).cause(error);
    }
    Problem::internal(error)
}

/// The cursor that a request carries, if it is one of this list under these filters.
///
/// # Errors
/// `cursor-invalid`.
pub fn cursor<T: DeserializeOwned>(call: &Call) -> Result<Option<Cursor<T>>, Problem> {
    let Some(text) = call.parameter("cursor") else { return Ok(None) };
    let invalid = || Problem::new(Code::CursorInvalid).member("parameter", "cursor");
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| invalid())?;
    let (mac, hidden) = bytes.split_at_checked(16).ok_or_else(invalid)?;
    let plain = mixed(call, mac, hidden);
    if sealed(call, &plain)[..16] != *mac {
        return Err(invalid());
    }
    serde_json::from_slice(&plain).map(Some).map_err(|_| invalid())
}

/// Writes a cursor: opaque, and good for this list under these filters only. It gives no right to
/// anything, so it is sealed against mistakes, not against its own server.
fn write_cursor<T: Serialize>(call: &Call, cursor: &Cursor<T>) -> Result<String, Problem> {
    let plain = serde_json::to_vec(cursor).map_err(Problem::internal)?;
    let mac = &sealed(call, &plain)[..16];
    let mut bytes = mac.to_vec();
    bytes.extend(mixed(call, mac, &plain));
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

fn sealed(call: &Call, plain: &[u8]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(call.state.app.log_id());
    hasher.update(call.http.path());
    for (name, value) in &call.parameters {
        if !["cursor", "limit", "min_sequence"].contains(&name.as_str()) {
            hasher.update([0]);
            hasher.update(name);
            hasher.update([1]);
            hasher.update(value);
        }
    }
    hasher.update([2]);
    hasher.update(plain);
    hasher.finalize().into()
}

fn mixed(call: &Call, mac: &[u8], bytes: &[u8]) -> Vec<u8> {
    let mut mixed = Vec::with_capacity(bytes.len());
    for (index, block) in bytes.chunks(32).enumerate() {
        let mut hasher = Sha256::new();
        hasher.update(call.state.app.log_id());
        hasher.update(mac);
        hasher.update(index.to_be_bytes());
        mixed.extend(block.iter().zip(hasher.finalize()).map(|(byte, key)| byte ^ key));
    }
    mixed
}

/// What goes into a page.
pub struct Filled<T, C> {
    /// The items.
    pub items: Vec<T>,
    /// Whether they are those of the exercises.
    pub exercise: bool,
    /// The last row, if more may follow.
    pub more: Option<C>,
    /// The programs of the items.
    pub programs: BTreeSet<String>,
    /// The times.
    pub times: Times,
    /// The read model, and its version.
    pub model: (&'static str, u32),
    /// The copy that was asked.
    pub copy: CopyId,
    /// How far it had read.
    pub position: Option<u64>,
    /// When that was known, in microseconds UTC.
    pub known_at_us: Option<i64>,
}

/// Answers with a page.
///
/// # Errors
/// `internal-error`.
pub fn page<T: Serialize, C: Serialize>(call: &Call, filled: Filled<T, C>) -> Answered {
    let (name, version) = filled.model;
    let failed = call.state.models_status.borrow().failed.as_ref().map(|f| f.reason.clone());
    let times = filled.times;
    let tag = tag(call, &times, (version, &filled.copy, filled.position), failed.is_some());
    if etag::unchanged(&call.http, &tag) {
        return Ok(etag::not_modified(&tag, REVALIDATE, Some(call.language)));
    }
    let (day, known) = (times.day, times.known.sequence());
    let next = match filled.more {
        Some(after) => Some(next_link(call, &write_cursor(call, &Cursor { day, known, after })?)),
        None => None,
    };
    let page = Page {
        items: filled.items,
        exercise: filled.exercise,
        as_of: day.to_string(),
        known_at: times.known_at.map(|instant| instant.to_rfc3339()),
        known_to_sequence: known.map(sequence),
        measures: measures(call, filled.programs, day),
        next: next.clone(),
        projection: ProjectionView {
            name,
            version,
            sequence: filled.position.map(sequence),
            recorded_at: filled.known_at_us.map(|us| Timestamp::from_micros(us).to_rfc3339()),
            failed: failed.map(|_| "an event could not be taken in; see /health/ready".to_owned()),
        },
    };
    let body = serde_json::to_vec(&page).map_err(Problem::internal)?;
    let mut response = HttpResponse::Ok();
    response
        .insert_header((header::CONTENT_TYPE, "application/json"))
        .insert_header((header::CONTENT_LANGUAGE, call.language.tag()))
        .insert_header((header::VARY, VARY))
        .insert_header((header::CACHE_CONTROL, REVALIDATE))
        .insert_header((header::ETAG, tag));
    if let Some(next) = next {
        response.insert_header((header::LINK, format!("<{next}>; rel=\"next\"")));
    }
    Ok(response.body(body))
}

/// The tag of a page: it depends on the copy that was asked, since another can have been made to
/// mend this one, and on how far it has read; where only a part of the log is looked at, on that
/// part and the editions that label and judge it.
fn tag(
    call: &Call,
    times: &Times,
    (version, copy, position): (u32, &CopyId, Option<u64>),
    failed: bool,
) -> String {
    let read = match times.known {
        Known::All => position.map_or_else(|| "none".to_owned(), |position| position.to_string()),
        Known::To(known) => format!("to-{known}-{}", editions(call)),
        Known::Nothing => format!("to-none-{}", editions(call)),
    };
    let failed = if failed { "failed-" } else { "" };
    format!("W/\"{failed}{version}-{read}-{}-{}-{copy}\"", times.day, call.language.tag())
}

/// How many editions of each program's measure were adopted; none is ever taken back.
fn editions(call: &Call) -> String {
    let library = call.state.app.library();
    let programs = library.programs().programs.iter();
    let adopted = programs.filter_map(|program| library.adopted(program));
    let counts: Vec<String> = adopted.map(|adopted| adopted.events.len().to_string()).collect();
    counts.join(".")
}

fn measures(call: &Call, programs: BTreeSet<String>, day: Day) -> BTreeMap<String, String> {
    let library = call.state.app.library();
    let version = |id: String| {
        let versions = library.versions(library.program(&id)?);
        let in_force = versions.in_force(day)?.measure.version.to_string();
        Some((id, in_force))
    };
    programs.into_iter().filter_map(version).collect()
}

/// The address of this list from a cursor on.
pub fn next_link(call: &Call, cursor: &str) -> String {
    let mut link = format!("{}{}?", call.state.settings.public_url, call.http.path());
    for pair in call.http.query_string().split('&').filter(|pair| !pair.is_empty()) {
        let name = pair.split('=').next().unwrap_or_default();
        if !["cursor", "after", "lastEventId", "min_sequence"].contains(&name) {
            link.push_str(pair);
            link.push('&');
        }
    }
    link.push_str(cursor_name(call));
    link.push('=');
    link.push_str(cursor);
    link
}

fn cursor_name(call: &Call) -> &'static str {
    if call.route.operation == "list_events" { "after" } else { "cursor" }
}
