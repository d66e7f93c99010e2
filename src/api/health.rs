//! Whether the process lives, has started, and can serve; without authentication, since what asks
//! has no token. It says nothing of what is on record but how much of it there is.

use actix_web::HttpResponse;
use actix_web::http::header;
use schemars::JsonSchema;
use serde::Serialize;

use super::answer::sequence;
use super::call::{Answered, Call};
use super::problem::Problem;

/// What a probe reads.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Health {
    /// `UP` or `DOWN`.
    pub status: &'static str,
    /// The log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log: Option<LogHealth>,
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
    answer(&Health { status: "UP", log: None })
}

/// Says that everything is started: it is, once anything is answered.
///
/// # Errors
/// None.
pub async fn get_startup(_: Call) -> Answered {
    answer(&Health { status: "UP", log: None })
}

/// Says whether requests should be sent here.
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
    answer(&Health { status: if up { "UP" } else { "DOWN" }, log: Some(log) })
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
