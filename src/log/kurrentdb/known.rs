//! What is believed of a count that was not made now: this node's file, or what others left. Only what
//! `$all` says too: its first and its last event stand where they stood, and around the last stand
//! those events of the log that it has, and no other.

use std::sync::Arc;

use kurrentdb::{Error, Position, ReadAllOptions, StreamPosition};
use uuid::Uuid;

use super::KurrentOptions;
use super::client::{By as _, Client, Failure};
use super::count::Count;
use super::open::LOOK;
use super::read::{MOST_BYTES, bytes_of, collect};

/// So many events of the log before its last are looked at, and among others' so many at most.
const AROUND: u64 = 64;
const MOST: usize = 2048;

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
        Failure::Said(Error::Grpc { .. }) => true,
        Failure::Said(Error::ServerError(text)) => text.contains("InvalidPosition"),
        _ => false,
    }
}
