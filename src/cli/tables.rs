//! The tables that lists come from, for a question to a log: the copy beside it where that one is
//! current, else one made from the log for this question.
//!
//! What must hold: a copy counts only if it was made from this very log by this version's read
//! models and has read as far as the log goes. Where it can't be read, or is behind, nothing is
//! wrong: the log itself tells.

use std::sync::Arc;
use std::time::Duration;

use super::ask::fill;
use super::config::Config;
use super::node::read_models;
use super::temporary::TemporaryFolder;
use crate::app::decisions::LogBook;
use crate::log::EventLog;
use crate::projection::store::stale;
use crate::projection::{self, Copies, Models, SqliteCopies, Status, StoreError};

/// How often a copy that somebody fills just now is looked at, and how long between.
const LOOKS: u32 = 10;
const PAUSE: Duration = Duration::from_millis(100);

/// Tables, and how far they go.
pub struct Tables {
    pub copies: Arc<dyn Copies>,
    pub status: Status,
    /// Removed when dropped.
    _folder: Option<TemporaryFolder>,
}

impl Tables {
    /// None, for questions that need none.
    pub fn none() -> Tables {
        Tables { copies: Arc::new(SqliteCopies::new("")), status: Status::default(), _folder: None }
    }

    /// Those of a log.
    ///
    /// # Errors
    /// Where there is no room for a copy, or the log can't be read.
    pub async fn of(log: &Arc<dyn EventLog>, config: &Config) -> anyhow::Result<Tables> {
        if let Some(tables) = current(log, config).await? {
            return Ok(tables);
        }
        Self::anew(log, config).await
    }

    /// Those of a log, made from it.
    ///
    /// # Errors
    /// As [`Tables::of`].
    pub async fn anew(log: &Arc<dyn EventLog>, config: &Config) -> anyhow::Result<Tables> {
        let folder = TemporaryFolder::new(&config.store.data_dir)?;
        let copies = SqliteCopies::new(folder.path());
        let status = fill(log.clone(), copies.clone()).await?;
        Ok(Tables { copies: Arc::new(copies), status, _folder: Some(folder) })
    }
}

async fn current(log: &Arc<dyn EventLog>, config: &Config) -> anyhow::Result<Option<Tables>> {
    // An address that can't be used is no matter: nobody asked for it.
    let Ok(copies) = read_models(config) else { return Ok(None) };
    let first = LogBook::read(&**log).await?.and_then(|book| book.first);
    let (Some(first), Some(head)) = (first, log.head().await?) else { return Ok(None) };
    let first = first.to_string();
    for _ in 0..LOOKS {
        let (looked_at, first) = (copies.clone(), first.clone());
        let looked = tokio::task::spawn_blocking(move || look(&*looked_at, &first)).await?;
        match looked {
            Ok(Some((status, _))) if status.has(head) => {
                return Ok(Some(Tables { copies, status, _folder: None }));
            }
            Ok(Some((_, true))) => tokio::time::sleep(PAUSE).await,
            Ok(_) => return Ok(None),
            Err(error) => {
                tracing::debug!(%error, "the read models can't be used; the log is read instead");
                return Ok(None);
            }
        }
    }
    Ok(None)
}

/// How far the copy that serves goes, if it can be used, and whether somebody fills it.
fn look(copies: &dyn Copies, first: &str) -> Result<Option<(Status, bool)>, StoreError> {
    let Some(copy) = copies.serving()? else { return Ok(None) };
    if copies.damage(&copy)?.is_some() {
        return Ok(None);
    }
    let models = Models::new(projection::all());
    let mut reader = copies.reader(&copy)?;
    let mut snapshot = reader.snapshot()?;
    let others = stale(&mut *snapshot, &models)?;
    let checkpoint = snapshot.checkpoint().clone();
    drop(snapshot);
    let is_ours = checkpoint.log.as_deref() == Some(first);
    if !is_ours || !others.is_empty() || checkpoint.failed.is_some() {
        return Ok(None);
    }
    let is_filled = checkpoint.holder.is_some();
    let (position, known_at_us) = (checkpoint.position, Some(checkpoint.known_at_us));
    let status = Status { copy: Some(copy), position, known_at_us, ..Status::default() };
    Ok(Some((status, is_filled)))
}
