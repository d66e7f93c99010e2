//! How far the log was, as endpoints know it; and endpoints brought back to where a log ends whose loss
//! is accepted. For commands and starts: nothing is made where there are no endpoints yet.

use std::path::Path;

use rusqlite::TransactionBehavior;
use uuid::Uuid;

use super::store::rows::one;
use super::store::{Work, deliveries, endpoints, sqlite};
use super::{Place, WebhookError, file};

/// The log that endpoints follow, and the newest event that any of them has looked at; nothing where
/// there is no place for endpoints yet.
///
/// # Errors
/// What is there and can't be read.
pub async fn newest_seen(place: Place) -> Result<Option<(Uuid, Option<u64>)>, WebhookError> {
    blocking(move || {
        let mut next = None;
        let of = within(&place, false, &mut |db| {
            let sql = "SELECT MAX(next_sequence) AS next FROM endpoint";
            next = one(db, sql, &[], |row| row.count("next"))?.flatten();
            Ok(())
        })?;
        Ok(of.map(|of| (of, next.and_then(|next| next.checked_sub(1)))))
    })
    .await
}

/// Brings every endpoint that is further back to an event: what comes under its number and after it is
/// another event than the one that was there.
///
/// # Errors
/// As [`newest_seen`].
pub async fn go_back(place: Place, to: u64) -> Result<(), WebhookError> {
    blocking(move || {
        within(&place, true, &mut |db| {
            for mut endpoint in endpoints::all(db)? {
                if endpoint.next_sequence > to {
                    deliveries::replay(db, &mut endpoint, to)?;
                }
            }
            Ok(())
        })
        .map(drop)
    })
    .await
}

/// Runs a transaction over the endpoints of a place, if it has any; whose they are.
fn within(place: &Place, changes: bool, work: &mut Work<'_>) -> Result<Option<Uuid>, WebhookError> {
    match place {
        Place::File(path) => in_file(path, changes, work),
        #[cfg(feature = "postgres")]
        Place::Postgres(parts) => {
            use super::store::postgres::{Expected, PostgresEngine};
            use super::store::{Access, Engine as _};
            let engine = PostgresEngine::new(parts.clone(), Expected::Any);
            let log_id = match engine.log_id() {
                Err(WebhookError::Missing(_)) => return Ok(None),
                found => found?,
            };
            let access = if changes { Access::Change } else { Access::Read };
            engine.transaction(&access, work).map(|()| Some(log_id))
        }
    }
}

fn in_file(path: &Path, changes: bool, work: &mut Work<'_>) -> Result<Option<Uuid>, WebhookError> {
    if !path.is_file() {
        return Ok(None);
    }
    let (mut connection, log_id) = file::open_copy(path)?;
    let (reads, writes) = (TransactionBehavior::Deferred, TransactionBehavior::Immediate);
    sqlite::run(&mut connection, if changes { writes } else { reads }, work)?;
    Ok(Some(log_id))
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, WebhookError> + Send + 'static,
) -> Result<T, WebhookError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| WebhookError::BrokenOff(error.to_string()))?
}
