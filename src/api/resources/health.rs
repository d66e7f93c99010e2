//! Whether the process lives, has started, and can serve; without authentication, since what asks
//! has no token. It says nothing of what is on record but how much of it there is.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::header;
use schemars::JsonSchema;
use serde::Serialize;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::api::asking::call::{Answered, Call};
use crate::api::asking::tls::Tls;
use crate::projection;
use crate::views::headers::NO_STORE;
use crate::views::problem::Problem;
use crate::views::sequence::sequence;

/// How long each thing that is looked at may take; what asks has a limit of its own.
const PATIENCE: Duration = Duration::from_secs(2);

/// What a probe reads.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Health {
    /// `UP` or `DOWN`.
    pub status: &'static str,
    /// The log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log: Option<LogHealth>,
    /// The documents.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub documents: Option<DocumentsHealth>,
    /// The read models.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_models: Option<ModelsHealth>,
    /// Whether what is on record is answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reads: Option<Works>,
    /// Whether acts are recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acts: Option<Works>,
    /// Whether lists are answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lists: Option<Works>,
    /// Whether clients can trust the certificate, where the listener has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<Works>,
}

/// Whether something works.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Works {
    /// `UP` or `DOWN`.
    pub status: &'static str,
    /// Why not; also why what is shown is not the present.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Works {
    /// Works, unless there is a reason why not.
    fn unless(reason: Option<String>) -> Self {
        Self { status: if reason.is_none() { "UP" } else { "DOWN" }, reason }
    }
}

impl Health {
    fn of(status: &'static str) -> Self {
        let (log, documents, read_models, tls) = (None, None, None, None);
        Self { status, log, documents, read_models, reads: None, acts: None, lists: None, tls }
    }
}

/// The read models' part of it. They can stand still while acts and status go on.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ModelsHealth {
    /// `UP`, `BUILDING`, `RETRYING`, `FAILED`, or `DEGRADED`: nothing moves though the log goes on.
    pub status: &'static str,
    /// The sequence of the last event whose rows are in.
    pub sequence: Option<String>,
    /// How many events follow it.
    pub behind_events: u64,
    /// How old what they show is, in seconds: of the last event in the rows, where more follow.
    pub age_s: Option<i64>,
    /// The sequence at which they stopped.
    pub failed_at: Option<String>,
    /// Why; the log and what is answered from it alone go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Those that stand still: they move together.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stopped: Vec<&'static str>,
}

/// The documents' part of it: how it was when they were last asked for. Without them, acts that cite
/// none go on.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DocumentsHealth {
    /// `UP` or `DOWN`.
    pub status: &'static str,
}

/// The log's part of it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LogHealth {
    /// `UP`, or `DOWN`: it can't be read, or nothing can be recorded; `reads` and `acts` say which.
    pub status: &'static str,
    /// Its newest sequence.
    pub sequence: Option<String>,
}

/// Says that the process lives.
///
/// # Errors
/// None.
pub async fn get_live(_: Call) -> Answered {
    answer(&Health::of("UP"))
}

/// Says that everything is started: it is, once anything is answered.
///
/// # Errors
/// None.
pub async fn get_startup(_: Call) -> Answered {
    answer(&Health::of("UP"))
}

/// Says whether requests should be sent here: as long as what is on record is answered. What else
/// works is said beside it, each with its reason. Nothing recorded, documents that can't be reached
/// and read models that stopped don't make it false: the rest goes on, and another node would stop
/// at the same event.
///
/// # Errors
/// None: what is down is said in the body, with 503.
pub async fn get_ready(call: Call) -> Answered {
    let (head, (not_recordable, documents)) = tokio::join!(head(&call), looked_at(&call));
    let reads = Works::unless(head.as_ref().err().cloned());
    let mut acts = Works::unless(not_recordable.or_else(|| reads.reason.clone()));
    if acts.reason.is_none() {
        // Acts go on; what Docket records by itself waits.
        acts.reason = call.state.app.clock().now_for_own().err().map(|error| error.to_string());
    }
    let is_up = head.is_ok() && !call.state.is_stopping();
    let head = head.ok().flatten();
    answer(&Health {
        status: if is_up { "UP" } else { "DOWN" },
        log: Some(LogHealth { status: acts.status, sequence: head.map(sequence) }),
        documents: Some(documents),
        read_models: Some(models(&call, head)),
        lists: Some(lists(&call)),
        acts: Some(acts),
        reads: Some(reads),
        tls: call.state.tls.as_deref().map(certificate),
    })
}

/// Whether the certificate is good. Its files are no business of who asks without a token.
fn certificate(tls: &Tls) -> Works {
    if tls.has_expired() {
        return Works::unless(Some("the certificate has expired".to_owned()));
    }
    let kept = "the new certificate or key can't be used; the one before is shown";
    Works { status: "UP", reason: tls.trouble().map(|_| kept.to_owned()) }
}

/// The newest sequence, or why it can't be had.
async fn head(call: &Call) -> Result<Option<u64>, String> {
    match timeout(PATIENCE, call.state.app.log().head()).await {
        Ok(Ok(head)) => Ok(head),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(no_answer("the log")),
    }
}

/// Why nothing is recorded, if so, and how the documents are. Looking may hang with the disk.
async fn looked_at(call: &Call) -> (Option<String>, DocumentsHealth) {
    let app = call.state.app.clone();
    let look = move || (app.journal().not_recordable(), app.documents().trouble());
    let (not_recordable, trouble) = match timeout(PATIENCE, spawn_blocking(look)).await {
        Ok(Ok((reason, trouble))) => (reason, trouble.is_some()),
        _ => (Some(no_answer("the disk")), true),
    };
    let status = if trouble { "DOWN" } else { "UP" };
    (not_recordable, DocumentsHealth { status })
}

fn no_answer(who: &str) -> String {
    format!("{who} does not answer within {} s", PATIENCE.as_secs())
}

/// Whether lists are answered. Where the tables stand still, what they show is old.
fn lists(call: &Call) -> Works {
    let status = call.state.models_status.borrow().clone();
    let building = || match status.rebuilding {
        Some((done, of)) => format!("they are being built: {done} of {of} events are in"),
        None => "no copy of the tables serves yet".to_owned(),
    };
    let trouble = call.state.models_trouble();
    let reason = trouble.or_else(|| status.copy.is_none().then(building));
    match reason {
        Some(reason) => Works::unless(Some(reason)),
        None => Works { status: "UP", reason: status.failed.map(|failed| failed.reason) },
    }
}

fn models(call: &Call, head: Option<u64>) -> ModelsHealth {
    let status = call.state.models_status.borrow().clone();
    let next = status.position.map_or(0, |position| position + 1);
    let behind_events = head.map_or(0, |head| (head + 1).saturating_sub(next));
    let now_us = call.state.app.clock().now().micros();
    let known_at_us = status.known_at_us.filter(|_| behind_events > 0);
    ModelsHealth {
        status: match (&status.failed, &status.copy) {
            (Some(failed), _) if failed.retrying => "RETRYING",
            (Some(_), _) => "FAILED",
            (None, _) if status.stands_still => "DEGRADED",
            (None, None) => "BUILDING",
            (None, Some(_)) => "UP",
        },
        sequence: status.position.map(sequence),
        behind_events,
        age_s: known_at_us.map(|known| (now_us - known).max(0) / 1_000_000),
        failed_at: status.failed.as_ref().map(|failed| sequence(failed.sequence)),
        stopped: match &status.failed {
            Some(_) => projection::all().iter().map(|model| model.name()).collect(),
            None => Vec::new(),
        },
        reason: status
            .failed
            .as_ref()
            .map(|failed| failed.reason.clone())
            .or_else(|| still(&status)),
    }
}

/// Why nothing moves, as far as is known.
fn still(status: &projection::Status) -> Option<String> {
    let writer = status.written_by.as_deref().map_or("this process", |writer| writer);
    let still_s = projection::STILL.as_secs();
    status.stands_still.then(|| {
        format!(
            "no event was taken in for {still_s} s though the log goes on; {writer} writes them"
        )
    })
}

fn answer(health: &Health) -> Answered {
    let body = serde_json::to_vec(health).map_err(Problem::internal)?;
    let mut response = match health.status {
        "UP" => HttpResponse::Ok(),
        _ => HttpResponse::ServiceUnavailable(),
    };
    Ok(response
        .insert_header((header::CONTENT_TYPE, "application/json"))
        .insert_header((header::CACHE_CONTROL, NO_STORE))
        .body(body))
}
