//! Whether the process lives, has started, and can serve; without authentication, since what asks
//! has no token. It says nothing of what is on record but how much of it there is.

use actix_web::HttpResponse;
use actix_web::http::header;
use schemars::JsonSchema;
use serde::Serialize;

use super::answer::sequence;
use super::call::{Answered, Call};
use super::problem::Problem;
use crate::projection;

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
    /// `UP` or `DOWN`.
    pub status: &'static str,
    /// Its newest sequence.
    pub sequence: Option<String>,
}

/// Says that the process lives.
///
/// # Errors
/// None.
pub async fn get_live(_: Call) -> Answered {
    answer(&Health { status: "UP", log: None, documents: None, read_models: None })
}

/// Says that everything is started: it is, once anything is answered.
///
/// # Errors
/// None.
pub async fn get_startup(_: Call) -> Answered {
    answer(&Health { status: "UP", log: None, documents: None, read_models: None })
}

/// Says whether requests should be sent here. Documents that can't be reached don't make it false:
/// only what needs them is refused. Neither do read models that stopped: acts,
/// and what is answered from a stream, go on, lists say how old they are, and another node would
/// stop at the same event.
///
/// # Errors
/// None: what is down is said in the body, with 503.
pub async fn get_ready(call: Call) -> Answered {
    let head = call.state.app.log().head().await;
    let log = match &head {
        Ok(head) => LogHealth { status: "UP", sequence: head.map(sequence) },
        Err(_) => LogHealth { status: "DOWN", sequence: None },
    };
    let up = head.is_ok() && !call.state.is_stopping();
    let read_models = Some(models(&call, head.ok().flatten()));
    let documents = match call.state.app.documents().trouble() {
        None => DocumentsHealth { status: "UP" },
        Some(_) => DocumentsHealth { status: "DOWN" },
    };
    let status = if up { "UP" } else { "DOWN" };
    answer(&Health { status, log: Some(log), documents: Some(documents), read_models })
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
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(body))
}
