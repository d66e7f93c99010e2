//! Reading streams: from the server, with this node's numbers. The whole log is read in `all`.

use std::sync::Arc;
use std::time::Duration;

use kurrentdb::{Error, ReadStreamOptions, RecordedEvent as Found, StreamPosition};
use tokio::time::{Instant, timeout};

use super::Shared;
use super::client::{By as _, Failure};
use super::follow::catch_up;
use super::stored::to_recorded;
use crate::log::page::{Order, PageBuilder};
use crate::log::{LogError, MAX_PAGE_BYTES, Page, RecordedEvent, StreamName};

/// How long a read may take, and for how long it is begun again: as long as a cluster takes to find
/// another leader, about twice.
const READ: Duration = Duration::from_secs(5);
pub(super) const TRIED_FOR: Duration = Duration::from_secs(5);
pub(super) const FIRST_PAUSE: Duration = Duration::from_millis(20);
pub(super) const LONGEST_PAUSE: Duration = Duration::from_secs(2);
const MOST_PAUSE: Duration = Duration::from_millis(500);
/// A page and what tells whether it is the last: as much as is read at once.
const MOST_BYTES: usize = 2 * MAX_PAGE_BYTES;

/// Makes a read that may be made again. `Ok(None)`: there is no such stream.
pub(super) async fn again<T, F, Fut>(shared: &Arc<Shared>, read: F) -> Result<Option<T>, LogError>
where
    T: Send + 'static,
    F: Fn(kurrentdb::Client) -> Fut,
    Fut: Future<Output = Result<T, Error>> + Send + 'static,
{
    let (mut pause, until) = (FIRST_PAUSE, Instant::now() + TRIED_FOR);
    loop {
        shared.check_open()?;
        let failure = match shared.client.call(READ, &read).await {
            Ok(answer) => return Ok(Some(answer)),
            Err(Failure::Said(Error::ResourceNotFound)) => return Ok(None),
            Err(failure) => failure,
        };
        match &failure {
            Failure::Said(Error::ResourceDeleted) => {
                let sequence = shared.count().head().map_or(0, |head| head + 1);
                let reason = "the stream was deleted for good (a tombstone)".to_owned();
                return Err(LogError::Corrupt { sequence, reason });
            }
            Failure::Said(Error::AccessDenied) => {
                let reason =
                    "the account may not read; its user or password is wrong, or it lacks access";
                return Err(LogError::Unavailable(reason.to_owned()));
            }
            _ if Instant::now() + pause >= until => {
                return Err(LogError::Unavailable(format!("KurrentDB can't be read: {failure}")));
            }
            _ => {}
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(MOST_PAUSE);
    }
}

/// The events of a read, as many as are read at once: others' may be large, and no page takes more.
pub(super) async fn collect(mut events: kurrentdb::ReadStream) -> Result<Vec<Found>, Error> {
    let (mut found, mut bytes) = (Vec::new(), 0);
    while bytes < MOST_BYTES
        && let Some(event) = events.next().await?
    {
        let Some(event) = event.link.or(event.event) else { continue };
        bytes += bytes_of(&event);
        found.push(event);
    }
    Ok(found)
}

fn bytes_of(event: &Found) -> usize {
    event.data.len() + event.custom_metadata.len()
}

/// Events of a stream as the server has them, at most `limit`.
async fn of_stream(
    shared: &Arc<Shared>,
    stream: &StreamName,
    from: u64,
    limit: usize,
) -> Result<Vec<Found>, LogError> {
    let options = ReadStreamOptions::default()
        .position(StreamPosition::Position(from))
        .max_count(limit)
        .by(&shared.credentials);
    let name = shared.full_name(stream);
    let read = again(shared, |client| {
        let (name, options) = (name.clone(), options.clone());
        async move { collect(client.read_stream(name, &options).await?).await }
    });
    Ok(read.await?.unwrap_or_default())
}

/// What stands at a revision and after, with the sequence where it is counted.
pub(super) async fn standing(
    shared: &Arc<Shared>,
    stream: &StreamName,
    first: u64,
    limit: usize,
) -> Result<Vec<RecordedEvent>, LogError> {
    let found = of_stream(shared, stream, first, limit).await?;
    let count = shared.count();
    let sequences = count.sequences(stream, first);
    let recorded = found.into_iter().enumerate().filter_map(|(index, found)| {
        to_recorded(found, stream.clone(), sequences.get(index).copied().unwrap_or_default())
    });
    Ok(recorded.collect())
}

pub(super) async fn stream_page(
    shared: &Arc<Shared>,
    stream: &StreamName,
    from: u64,
    limit: usize,
) -> Result<Page<u64>, LogError> {
    shared.check_open()?;
    let mut page = PageBuilder::new(Order::Revision, from, limit)?;
    if from > i64::MAX as u64 {
        return Ok(page.into_stream_page());
    }
    let found = whole_part(shared, stream, from, page.wanted()).await?;
    let wanted = found.last().map(|last| last.revision);
    counted_to(shared, stream, wanted).await?;
    let count = shared.count();
    for found in found {
        if page.is_full() {
            break;
        }
        let sequence = count.sequences(stream, found.revision).first().copied();
        let recorded = sequence.and_then(|sequence| to_recorded(found, stream.clone(), sequence));
        // Counted without being one of Docket's it can't be.
        let Some(recorded) = recorded else {
            return Err(count.corrupt().unwrap_or_else(|| not_counted(stream)));
        };
        page.push(recorded)?;
    }
    Ok(page.into_stream_page())
}

/// Events of a stream, all that this node has counted there: a read that ends before them is made
/// again.
async fn whole_part(
    shared: &Arc<Shared>,
    stream: &StreamName,
    from: u64,
    limit: usize,
) -> Result<Vec<Found>, LogError> {
    let mut pause = FIRST_PAUSE;
    loop {
        let found = of_stream(shared, stream, from, limit).await?;
        let bytes: usize = found.iter().map(bytes_of).sum();
        if bytes >= MOST_BYTES {
            return Ok(found);
        }
        let missing = {
            let count = shared.count();
            let counted = count.sequences(stream, from);
            counted.get(..counted.len().min(limit)).and_then(|all| all.get(found.len())).copied()
        };
        // Revisions that don't follow on one another are judged by whoever fills the page.
        let Some(sequence) = missing.filter(|_| found.first().is_none_or(|f| f.revision == from))
        else {
            return Ok(found);
        };
        if pause > LONGEST_PAUSE {
            let reason = format!(
                "the server hides or lost events of stream {stream} from revision {} on",
                from + found.len() as u64
            );
            return Err(LogError::Corrupt { sequence, reason });
        }
        tokio::time::sleep(pause).await;
        pause *= 3;
    }
}

fn not_counted(stream: &StreamName) -> LogError {
    LogError::Unavailable(format!("this node has not counted up to the end of {stream} yet"))
}

/// Waits until this node has counted a revision of a stream.
async fn counted_to(
    shared: &Arc<Shared>,
    stream: &StreamName,
    revision: Option<u64>,
) -> Result<(), LogError> {
    let Some(revision) = revision else { return Ok(()) };
    let is_there = || {
        let count = shared.count();
        if !count.sequences(stream, revision).is_empty() {
            return Ok(true);
        }
        count.corrupt().map_or(Ok(false), Err)
    };
    if is_there()? {
        return Ok(());
    }
    // One round suffices where reads see what was written before; a follower may lag behind a leader.
    let wait = async {
        while !is_there()? {
            catch_up(shared).await?;
        }
        Ok(())
    };
    timeout(shared.options.count_limit, wait).await.unwrap_or_else(|_| Err(not_counted(stream)))
}

pub(super) async fn stream_revision(
    shared: &Arc<Shared>,
    stream: &StreamName,
) -> Result<Option<u64>, LogError> {
    let name = shared.full_name(stream);
    let read = again(shared, |client| last_of(client, name.clone(), shared.credentials.clone()));
    Ok(read.await?.flatten().map(|last| last.revision))
}

/// The last event of a stream by its full name, asked for once.
pub(super) async fn last_event(
    shared: &Arc<Shared>,
    name: String,
) -> Result<Option<Found>, Failure> {
    let account = shared.credentials.clone();
    match shared.client.call(READ, |client| last_of(client, name, account)).await {
        Err(Failure::Said(Error::ResourceNotFound)) => Ok(None),
        answer => answer,
    }
}

async fn last_of(
    client: kurrentdb::Client,
    name: String,
    account: Option<kurrentdb::Credentials>,
) -> Result<Option<Found>, Error> {
    let options = ReadStreamOptions::default()
        .position(StreamPosition::End)
        .backwards()
        .max_count(1)
        .by(&account);
    let last = client.read_stream(name, &options).await?.next().await?;
    Ok(last.and_then(|event| event.link.or(event.event)))
}
