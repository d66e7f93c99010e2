//! How far the log was, as what lies outside it knows: a log that is shorter is not written on before a
//! person has decided.

use anyhow::Context as _;
use uuid::Uuid;

use super::config::Config;
use super::node::read_models;
use super::webhooks::place;
use crate::app::ActError;
use crate::app::decisions::LogBook;
use crate::ledger;
use crate::log::{EventLog, LogError, Stop};
use crate::projection::extent;
use crate::webhooks::newest_seen;

/// What has seen an event of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// The event's sequence.
    pub sequence: u64,
    /// Its id, where that is known.
    pub id: Option<Uuid>,
    /// What has seen it.
    pub by: &'static str,
}

/// The newest event that each thing outside the log has seen, the newest of all last, and that nobody has
/// accepted as lost; `book` is what the stream `log` says, and is told there which log this may be.
///
/// # Errors
/// What is there and can't be read.
pub async fn outside(
    config: &Config,
    mut book: Option<&mut LogBook>,
) -> anyhow::Result<Vec<Known>> {
    let by_webhooks = webhooks(config, book.as_deref_mut()).await?;
    let by_models = read_models_know(config, book.as_deref()).await?;
    let by_ledger = checkpoint(config, book.as_deref())?;
    let mut all: Vec<_> = by_ledger.into_iter().chain(by_models).chain(by_webhooks).collect();
    all.sort_by_key(|known| known.sequence);
    Ok(all)
}

/// The newest event that a checkpoint of this log covers. After an accepted loss checkpoints have another
/// origin.
fn checkpoint(config: &Config, book: Option<&LogBook>) -> anyhow::Result<Option<Known>> {
    let folder = ledger::folder_of(&config.store.data_dir);
    let kept = ledger::kept::read(&folder)
        .with_context(|| format!("the checkpoints in {} can't be read", folder.display()))?;
    let origin = book.and_then(|book| book.identities.last()).map(|identity| &identity.origin);
    let newest = kept.iter().rev().find(|signed| origin.is_none_or(|ours| signed.origin == *ours));
    let sequence = newest.and_then(|signed| signed.size.checked_sub(1));
    Ok(sequence.map(|sequence| Known { sequence, id: None, by: "the last signed checkpoint" }))
}

async fn read_models_know(
    config: &Config,
    book: Option<&LogBook>,
) -> anyhow::Result<Option<Known>> {
    let copies = read_models(config)?;
    let losses = book.map(|book| book.losses.clone()).unwrap_or_default();
    let firsts = losses.iter().filter_map(|loss| Some(loss.range?.0)).collect::<Vec<_>>();
    let seen = match tokio::task::spawn_blocking(move || extent(&*copies, &firsts)).await? {
        Ok(seen) => seen,
        // A damaged copy knows nothing; the runner says what is wrong with it.
        Err(error) => {
            tracing::warn!(%error, "the read models can't say how far they had read the log");
            None
        }
    };
    let Some(seen) = seen else { return Ok(None) };
    // Of another log they say nothing of this one.
    let first = book.and_then(|book| book.first);
    if first.is_some_and(|first| seen.log != Some(first.to_string())) {
        return Ok(None);
    }
    // What had read the event that accepted a loss has read what came after that loss.
    let is_accepted = losses.iter().any(|loss| {
        let covers = |(first, last)| (first..=last).contains(&seen.position);
        loss.range.is_some_and(covers) && !seen.losses.contains(&loss.accepted_by)
    });
    let known = Known { sequence: seen.position, id: seen.last, by: "the read models" };
    Ok((!is_accepted).then_some(known))
}

/// The newest event that a webhook endpoint of this log has passed. Accepting a loss takes endpoints
/// back, so what they have passed since is what came after it.
async fn webhooks(config: &Config, book: Option<&mut LogBook>) -> anyhow::Result<Option<Known>> {
    let seen = match newest_seen(place(config, None)?).await {
        Ok(seen) => seen,
        // Who delivers from them says what is wrong with them.
        Err(error) => {
            tracing::warn!(%error, "the webhook endpoints can't say how far they had read the log");
            None
        }
    };
    let Some((log_id, newest)) = seen else { return Ok(None) };
    let mut is_ours = true;
    if let Some(book) = book {
        book.may_be(log_id);
        is_ours = book.log_id().is_none_or(|ours| ours == log_id);
    }
    let newest = newest.filter(|_| is_ours);
    Ok(newest.map(|sequence| Known { sequence, id: None, by: "a webhook endpoint" }))
}

/// Why the log can't be written on, if it ends before what is known, or holds another event there.
///
/// # Errors
/// As the log's.
pub async fn shorter(log: &dyn EventLog, known: &[Known]) -> Result<Option<Stop>, ActError> {
    let head = log.head().await?;
    let newest = known.last().filter(|newest| head < Some(newest.sequence));
    if let Some(newest) = newest {
        let (known, known_by) = (newest.sequence, newest.by.to_owned());
        return Ok(Some(Stop::Shorter { head, known, known_by }));
    }
    for known in known.iter().rev() {
        let Some(id) = known.id else { continue };
        let there = match log.read_all(known.sequence.checked_sub(1), 1).await {
            Ok(page) => page.events.first().map(|event| event.event_id),
            // One that can't be read is not another.
            Err(LogError::Corrupt { .. }) => None,
            Err(error) => return Err(error.into()),
        };
        if there.is_some_and(|there| there != id) {
            let known_by = known.by.to_owned();
            return Ok(Some(Stop::Parted { sequence: known.sequence, known_by }));
        }
    }
    Ok(None)
}
