//! The backup of endpoints, secrets, positions and what waits: one SQLite file, whatever keeps them.
//! So a copy of the one is also the way to the other.

use std::path::Path;

use super::{Place, WebhookError, file};

/// Writes a copy of one instant, also while it is delivered from. The copy holds secrets.
///
/// # Errors
/// [`WebhookError::File`]: no endpoints, or a file at the target.
pub async fn export(place: Place, target: &Path) -> Result<(), WebhookError> {
    match place {
        Place::File(path) => file::export(&path, target),
        #[cfg(feature = "postgres")]
        Place::Postgres(parts) => postgres::export(parts, target.to_owned()).await,
    }
}

/// Puts a copy in the place of the endpoints; nothing may deliver them meanwhile.
///
/// # Errors
/// [`WebhookError::InUse`], or [`WebhookError::File`] where the copy is none; everything is then as
/// it was.
pub async fn import(copy: &Path, place: Place) -> Result<(), WebhookError> {
    match place {
        Place::File(path) => file::import(copy, &path),
        #[cfg(feature = "postgres")]
        Place::Postgres(parts) => postgres::import(copy.to_owned(), parts).await,
    }
}

#[cfg(feature = "postgres")]
mod postgres {
    use std::path::PathBuf;
    use std::sync::Arc;
    use std::time::Duration;

    use rusqlite::TransactionBehavior;

    use super::super::store::deliveries::copy;
    use super::super::store::postgres::{Expected, PostgresEngine, PostgresParts};
    use super::super::store::right::{LEASE, Right};
    use super::super::store::{Access, Engine as _, sqlite};
    use super::super::{WebhookError, file};

    /// How often a holder that may be gone is looked at.
    const LOOK_EVERY: Duration = Duration::from_millis(500);

    pub async fn export(parts: PostgresParts, target: PathBuf) -> Result<(), WebhookError> {
        let engine = PostgresEngine::new(parts, Expected::Any);
        blocking(move || {
            let log_id = engine.log_id()?;
            let mut made = file::make_copy(&target, log_id)?;
            let mut write = || {
                engine.transaction(&Access::Read, &mut |from| {
                    sqlite::run(&mut made, TransactionBehavior::Immediate, &mut |to| copy(from, to))
                })
            };
            // Half a copy must not be taken for one.
            write().inspect_err(|_| drop(std::fs::remove_file(&target)))
        })
        .await
    }

    pub async fn import(from: PathBuf, parts: PostgresParts) -> Result<(), WebhookError> {
        let (mut opened, log_id) = file::open_copy(&from)?;
        let engine = PostgresEngine::new(parts, Expected::Of(log_id));
        blocking(move || {
            let right = Arc::new(alone(&engine)?);
            let put = engine.transaction(&Access::Deliver(right.clone()), &mut |to| {
                to.execute("DELETE FROM endpoint", &[])?;
                let read = TransactionBehavior::Deferred;
                sqlite::run(&mut opened, read, &mut |from| copy(from, to))
            });
            put.and(engine.give_back(&right))
        })
        .await
    }

    /// The right to deliver, once it is sure whether the one who has it is gone.
    fn alone(engine: &PostgresEngine) -> Result<Right, WebhookError> {
        let looks = LEASE.as_millis() / LOOK_EVERY.as_millis() + 2;
        let mut first = None;
        for _ in 0..looks {
            match engine.claim() {
                Err(WebhookError::InUse(_))
                    if *first.get_or_insert(engine.seen()) == engine.seen() =>
                {
                    std::thread::sleep(LOOK_EVERY);
                }
                claimed => return claimed,
            }
        }
        engine.claim()
    }

    async fn blocking<T: Send + 'static>(
        work: impl FnOnce() -> Result<T, WebhookError> + Send + 'static,
    ) -> Result<T, WebhookError> {
        let done = tokio::task::spawn_blocking(work).await;
        done.map_err(|error| WebhookError::BrokenOff(error.to_string()))?
    }
}
