//! What pages about all enrollments count is counted before somebody asks: at the start, and when a day
//! begins. From then on questions bring it up to date.

use std::sync::Arc;
use std::time::Duration;

use super::cohorts::cohorts_at_hand;
use super::course::courses_at_hand;
use super::events::kinds_at_hand;
use super::exceptions::exceptions_at_hand;
use super::obligations::{moves_at_hand, totals_at_hand};
use super::scoreboard::scoreboards_at_hand;
use crate::api::asking::state::ApiState;
use crate::domain::date::Day;
use crate::log::LogError;
use crate::projection::{At, StoreError};

/// How often it is looked whether a day began.
const EVERY: Duration = Duration::from_secs(20);

/// Counts until it is stopped.
pub async fn keep_at_hand(state: Arc<ApiState>) {
    let mut counted: Option<Day> = None;
    loop {
        let today = state.today();
        if counted != Some(today) {
            match count(&state, today).await {
                Ok(true) => counted = Some(today),
                Ok(false) => {}
                Err(error) => tracing::debug!(%error, "the pages' figures can't be counted yet"),
            }
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// Why nothing could be counted.
#[derive(Debug, thiserror::Error)]
enum NotCounted {
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Counts once the tables have read as far as the log goes; whether they had within the time.
async fn count(state: &Arc<ApiState>, day: Day) -> Result<bool, NotCounted> {
    let Some(head) = state.app.log().head().await? else { return Ok(false) };
    let mut status = state.models_status.clone();
    let there = tokio::time::timeout(EVERY, status.wait_for(|status| status.has(head))).await;
    if !there.is_ok_and(|there| there.is_ok()) {
        return Ok(false);
    }
    let at = At { day, known: None };
    let counts = [
        kinds_at_hand,
        exceptions_at_hand,
        scoreboards_at_hand,
        cohorts_at_hand,
        courses_at_hand,
        moves_at_hand,
        totals_at_hand,
    ];
    for count in counts {
        let of = state.clone();
        state.models.read(move |tables| count(&of, tables, at)).await?;
    }
    Ok(true)
}
