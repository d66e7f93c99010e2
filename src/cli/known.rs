//! How far the log was, as what lies outside it knows: a log that is shorter is not written on before a
//! person has decided.

use super::config::Config;
use super::node::read_models;
use super::webhooks::place;
use crate::app::ActError;
use crate::app::decisions::LogBook;
use crate::log::{EventLog, Stop};
use crate::projection::extent;
use crate::webhooks::newest_seen;

/// What has seen an event of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// The event's sequence.
    pub sequence: u64,
    /// What has seen it.
    pub by: &'static str,
}

/// The newest event that anything outside the log has seen.
///
/// # Errors
/// What is there and can't be read.
pub async fn outside(config: &Config, log: &dyn EventLog) -> anyhow::Result<Option<Known>> {
    let copies = read_models(config)?;
    let seen = match tokio::task::spawn_blocking(move || extent(&*copies)).await? {
        Ok(seen) => seen,
        // A damaged copy knows nothing; the runner says what is wrong with it.
        Err(error) => {
            tracing::warn!(%error, "the read models can't say how far they had read the log");
            None
        }
    };
    let by_models = seen.map(|seen| Known { sequence: seen.position, by: "the read models" });
    let by_webhooks = webhooks(config, log).await?;
    Ok(by_models.into_iter().chain(by_webhooks).max_by_key(|known| known.sequence))
}

/// The newest event that a webhook endpoint of this log has passed.
async fn webhooks(config: &Config, log: &dyn EventLog) -> anyhow::Result<Option<Known>> {
    let seen = match newest_seen(place(config, None)?).await {
        Ok(seen) => seen,
        // Who delivers from them says what is wrong with them.
        Err(error) => {
            tracing::warn!(%error, "the webhook endpoints can't say how far they had read the log");
            None
        }
    };
    let Some((log_id, sequence)) = seen else { return Ok(None) };
    let is_ours = LogBook::read(log).await?.is_none_or(|book| book.log_id() == log_id);
    Ok(is_ours.then_some(Known { sequence, by: "a webhook endpoint" }))
}

/// Why the log can't be written on, if it ends before what is known and nobody has accepted that.
///
/// # Errors
/// As the log's.
pub async fn shorter(log: &dyn EventLog, known: Option<&Known>) -> Result<Option<Stop>, ActError> {
    let Some(known) = known else { return Ok(None) };
    let head = log.head().await?;
    if head >= Some(known.sequence) {
        return Ok(None);
    }
    let book = match LogBook::read(log).await {
        Err(error) if error.is_unreadable() => {
            tracing::error!(%error, "which losses were accepted can't be read");
            None
        }
        book => book?,
    };
    let lost = book.map(|book| book.lost).unwrap_or_default();
    if lost.iter().any(|(first, last)| (*first..=*last).contains(&known.sequence)) {
        return Ok(None);
    }
    Ok(Some(Stop::Shorter { head, known: known.sequence, known_by: known.by.to_owned() }))
}
