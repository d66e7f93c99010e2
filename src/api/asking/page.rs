//! Pages of lists out of the read models: what is in them, and how far the tables have read.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::HttpResponse;
use actix_web::http::header;
use schemars::JsonSchema;
use serde::Serialize;

use super::answer::{REVALIDATE, written};
use super::call::{Answered, Call};
use super::cursor::{Cursor, next_link, write_cursor};
use super::etag;
use super::etag::VARY;
use super::tables::{CATCH_UP, ask, reach};
use super::times::{Known, Times};
use crate::domain::date::{Day, Timestamp};
use crate::projection::{Answer, At, CopyId, DatabaseError, Tables, all};
use crate::views::parameter::{Kind, Parameter};
use crate::views::problem::Problem;
use crate::views::sequence::sequence;

/// How many items a page has.
pub const LIMIT: Parameter = Parameter::new(
    "limit",
    Kind::Limit(None),
    "Items in a page: 50 unless told, 1000 at most.",
    "每页条数：默认 50，至多 1000。",
);
/// How far the list must have read.
pub const MIN_SEQUENCE: Parameter = Parameter::new(
    "min_sequence",
    Kind::Sequence,
    "The list must have read at least this event; with `Prefer: wait=<seconds>` it is waited for.",
    "列表至少须读到该序号；可用 Prefer: wait=<秒> 等待。",
);
/// Real ones or exercises.
pub const EXERCISE: Parameter = Parameter::new(
    "exercise",
    Kind::Flag,
    "`true`: the exercises, which never stand in one list with the real ones.",
    "true：演练数据；与真实数据绝不同列。",
);

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
#[schemars(rename = "PageOf{T}")]
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

/// That the caller has the page as it would be now: what the tables have read says so, and no row is
/// asked for.
///
/// # Errors
/// As [`ask`].
pub async fn had_already(
    call: &Call,
    times: &Times,
    model: &'static str,
) -> Result<Option<HttpResponse>, Problem> {
    if !call.http.headers().contains_key(header::IF_NONE_MATCH) {
        return Ok(None);
    }
    let now = ask_at(call, times, |_, _| Ok(())).await?;
    let tag = tag(call, times, (version_of(model), &now.copy, now.position));
    let had = etag::unchanged(&call.http, &tag);
    Ok(had.then(|| etag::not_modified(&tag, REVALIDATE, Some(call.language))))
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
    let failed = call.state.models_status.borrow().failed.is_some();
    let times = filled.times;
    let tag = tag(call, &times, (version, &filled.copy, filled.position));
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
            failed: failed.then(|| "an event could not be taken in; see /health/ready".to_owned()),
        },
    };
    let body = written(&page)?;
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
) -> String {
    let read = match times.known {
        Known::All => position.map_or_else(|| "none".to_owned(), |position| position.to_string()),
        Known::To(known) => format!("to-{known}-{}", editions(call)),
        Known::Nothing => format!("to-none-{}", editions(call)),
    };
    let failed = call.state.models_status.borrow().failed.is_some();
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

/// Cuts off the row that only shows that there are more, and gives the cursor of the last.
pub fn more<R, C>(rows: &mut Vec<R>, limit: usize, cursor: impl Fn(&R) -> C) -> Option<C> {
    let more = rows.len() > limit;
    rows.truncate(limit);
    rows.last().filter(|_| more).map(cursor)
}

/// The version of what a read model's rows say.
pub fn version_of(name: &str) -> u32 {
    static VERSIONS: std::sync::OnceLock<Vec<(&'static str, u32)>> = std::sync::OnceLock::new();
    let versions = VERSIONS
        .get_or_init(|| all().iter().map(|model| (model.name(), model.version())).collect());
    versions.iter().find(|(known, _)| *known == name).map_or(0, |(_, version)| *version)
}
