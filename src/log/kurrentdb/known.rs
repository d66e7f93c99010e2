//! What is believed of a count that was not made now: this node's file, or what others left. Only what
//! `$all` says too: its first and its last event stand where they stood, and around the last stand
//! those events of the log that it has, and no other. The rest is looked at behind the start.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use kurrentdb::{Error, Position, ReadAllOptions, StreamPosition};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::all::all_page;
use super::client::{By as _, Client, Failure};
use super::count::Count;
use super::patience::LOOK;
use super::read::{MOST_BYTES, bytes_of, collect};
use super::{KurrentOptions, Shared, cache};
use crate::log::{LogError, Stop};

/// So many events of the log before its last are looked at, and among others' so many at most.
const AROUND: u64 = 64;
const MOST: usize = 2048;
/// How much is looked at afterwards at once, and how long a pause is at least.
const PAGE: usize = 1024;
const LEAST_PAUSE: Duration = Duration::from_millis(20);

/// What a count was found to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Known {
    /// The log's.
    Same,
    /// The log's, which has lost events since: the first that is known.
    Lacking(u64),
    /// Longer than the log is, or of another past.
    Short,
    /// Another log's: what stands where its first event was.
    Other(Option<Uuid>),
}

/// Compares a count with the server.
pub(super) async fn check(
    client: &Arc<Client>,
    options: &KurrentOptions,
    count: &Count,
) -> Result<Known, Failure> {
    let Some((first, last)) = count.ends() else { return Ok(Known::Same) };
    let found_last = event_at(client, last.1).await?;
    let found_first = event_at(client, first.1).await?;
    if found_first != Some(first.0) && found_last != Some(last.0) {
        return Ok(Known::Other(found_first));
    }
    let around = around(client, options, count, last.1).await?;
    Ok(match (found_last == Some(last.0), around) {
        (true, Around::Same) => Known::Same,
        (_, Around::Unknown) | (false, Around::Ended) => Known::Short,
        (true, Around::Ended) => Known::Same,
        (_, Around::Lacking(sequence)) => Known::Lacking(sequence),
        (false, Around::Same) => Known::Lacking(count.positions().len() - 1),
    })
}

/// Looks at all that was taken over from others, beside the work and slower than it: one event left
/// out, and every number after it is wrong.
pub(super) async fn check_behind(shared: Arc<Shared>, taken_over: Range<u64>) {
    let mut after = taken_over.start.checked_sub(1);
    while after.is_none_or(|after| after + 1 < taken_over.end) {
        let began = Instant::now();
        match all_page(&shared, after, PAGE).await {
            Ok(page) => after = page.next,
            Err(LogError::Corrupt { sequence, reason }) if shared.count().losses().is_empty() => {
                return is_wrong(&shared, sequence, &reason);
            }
            // Lost, and known as that: on behind it.
            Err(LogError::Corrupt { sequence, .. }) => after = Some(sequence),
            Err(_) if *shared.closed.borrow() => return,
            Err(_) => {}
        }
        sleep(began.elapsed().max(LEAST_PAUSE)).await;
    }
    tracing::info!(events = taken_over.end, "the count that other nodes left is the log's");
}

/// That what others left is not the log's: its numbers were handed out, so nothing is written on them.
fn is_wrong(shared: &Shared, sequence: u64, reason: &str) {
    let stream = super::told::stream_name(&shared.prefix);
    shared.count().told_mut().end();
    if let Some(path) = &shared.options.cache
        && let Err(error) = cache::forget(path)
    {
        tracing::warn!(%error, path = %path.display(), "this node's count can't be deleted");
    }
    let reason = format!(
        "no loss: the count that another node left there is not the log's, at {sequence} {reason}; \
         delete this stream and start again, and rebuild what read models have read here"
    );
    shared.recording.stop(Stop::Hole { stream, sequence: Some(sequence), reason });
}

enum Around {
    Same,
    Lacking(u64),
    /// `$all` ends before the last event.
    Ended,
    /// An event of the log's stands where none was counted.
    Unknown,
}

/// Looks at the newest events of a count.
async fn around(
    client: &Arc<Client>,
    options: &KurrentOptions,
    count: &Count,
    last: u64,
) -> Result<Around, Failure> {
    let from = count.positions().len().saturating_sub(AROUND);
    let (from, run) = count.positions().run(from, AROUND as usize);
    let Some(first) = run.first() else { return Ok(Around::Same) };
    let at = Position { commit: *first, prepare: *first };
    let how = ReadAllOptions::default()
        .position(StreamPosition::Position(at))
        .max_count(MOST)
        .by(&client.credentials());
    let read =
        client.call(LOOK, |client| async move { collect(client.read_all(&how).await?).await });
    let found = match read.await {
        Err(failure) if is_no_position(&failure) => return Ok(Around::Ended),
        found => found?,
    };
    let up_to = found.last().map_or(0, |event| event.position.commit).min(last);
    let bytes: usize = found.iter().map(bytes_of).sum();
    let is_end = found.len() < MOST && bytes < MOST_BYTES && up_to < last;
    let ours = found.iter().filter(|event| {
        event.stream_id().starts_with(&options.prefix)
            && event.event_type != "$streamDeleted"
            && event.position.commit <= last
    });
    let ours: Vec<u64> = ours.map(|event| event.position.commit).collect();
    if ours.iter().any(|at| run.binary_search(at).is_err()) {
        return Ok(Around::Unknown);
    }
    let mut counted = (from..).zip(&run).filter(|(_, at)| **at <= up_to);
    let missing = counted.find(|(_, at)| ours.binary_search(at).is_err());
    Ok(match (is_end, missing) {
        (true, _) => Around::Ended,
        (false, Some((sequence, _))) => Around::Lacking(sequence),
        (false, None) => Around::Same,
    })
}

/// The id of the event at a position of `$all`.
async fn event_at(client: &Arc<Client>, at: u64) -> Result<Option<Uuid>, Failure> {
    let at = Position { commit: at, prepare: at };
    let options = ReadAllOptions::default()
        .position(StreamPosition::Position(at))
        .max_count(1)
        .by(&client.credentials());
    let looked =
        client.call(LOOK, |client| async move { client.read_all(&options).await?.next().await });
    match looked.await {
        Ok(found) => Ok(found
            .and_then(|found| found.link.or(found.event))
            .filter(|event| event.position == at)
            .map(|event| event.id)),
        Err(failure) if is_no_position(&failure) => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// A position that is none of this database's is an invalid request on some servers.
fn is_no_position(failure: &Failure) -> bool {
    match failure {
        Failure::Answered(Error::Grpc { .. }) => true,
        Failure::Answered(Error::ServerError(text)) => text.contains("InvalidPosition"),
        _ => false,
    }
}
