//! The tables of the read models, asked in time: how long they are waited for, and what it means where
//! they don't answer or have not read far enough.

use std::time::Duration;

use super::call::Call;
use super::outgoing::Limit;
use crate::projection::{Answer, DatabaseError, StoreError, Tables};
use crate::views::problem::{Code, Problem};
use crate::views::sequence::{a_sequence, sequence};

/// The longest that a caller can have a list wait for an event, in seconds.
const MAX_WAIT_S: u64 = 30;
/// How long what was on record at an instant is waited for: the tables are a batch behind the log.
pub const CATCH_UP: Duration = Duration::from_millis(500);

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
