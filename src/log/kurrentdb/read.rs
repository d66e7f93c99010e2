//! Reading streams: from the server, with this node's numbers. The whole log is read in `all`.

use std::sync::Arc;
use std::time::Duration;

use kurrentdb::{Error, ReadEvent, ReadStreamOptions, RecordedEvent as Found, StreamPosition};
use tokio::time::{Instant, timeout};

use super::Shared;
use super::client::{By as _, Failure};
use super::count::Count;
use super::patience::{FIRST_PAUSE, READ, TRIED_FOR};
use super::rounds::catch_up;
use super::stored::to_recorded;
use crate::log::page::{Order, PageBuilder};
use crate::log::{LogError, MAX_PAGE_BYTES, Page, RecordedEvent, StreamName};

pub(super) const LONGEST_PAUSE: Duration = Duration::from_secs(2);
const MOST_PAUSE: Duration = Duration::from_millis(500);
/// A page and what tells whether it is the last: as much as is read at once.
pub(super) const MOST_BYTES: usize = 2 * MAX_PAGE_BYTES;

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
            Err(Failure::Answered(Error::ResourceNotFound)) => return Ok(None),
            Err(failure) => failure,
        };
        match &failure {
            Failure::Answered(Error::ResourceDeleted) => {
                let sequence = shared.count().head().map_or(0, |head| head + 1);
                let reason = "the stream was deleted for good (a tombstone)".to_owned();
                return Err(LogError::Corrupt { sequence, reason });
            }
            // A newer server's word for a place in `$all` where nothing stands any more.
            Failure::Answered(Error::ServerError(text) | Error::Grpc { message: text, .. })
                if text.contains("InvalidPosition") =>
            {
                let sequence = shared.count().head().map_or(0, |head| head + 1);
                let reason = "the server has nothing any more where this node counted events; the \
                              database was restored or scavenged";
                return Err(LogError::Corrupt { sequence, reason: reason.to_owned() });
            }
            Failure::Answered(Error::AccessDenied) => {
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

/// The events of a read of one stream, and the stream's last revision where the server tells it.
async fn collect_with_end(
    mut events: kurrentdb::ReadStream,
) -> Result<(Vec<Found>, Option<u64>), Error> {
    let (mut found, mut bytes, mut last) = (Vec::new(), 0, None);
    while bytes < MOST_BYTES
        && let Some(read) = events.next_read_event().await?
    {
        match read {
            ReadEvent::Event(event) => {
                let Some(event) = event.link.or(event.event) else { continue };
                bytes += bytes_of(&event);
                found.push(event);
            }
            ReadEvent::LastStreamPosition(revision) => last = Some(revision),
            ReadEvent::FirstStreamPosition(_) | ReadEvent::LastAllStreamPosition(_) => {}
        }
    }
    Ok((found, last))
}

pub(super) fn bytes_of(event: &Found) -> usize {
    event.data.len() + event.custom_metadata.len()
}

/// A part of a stream as the server has it.
struct Part {
    found: Vec<Found>,
    /// The stream's last revision, where the server told it.
    last: Option<u64>,
}

/// Events of a stream as the server has them, at most `limit`; none where there is no such stream.
async fn of_stream(
    shared: &Arc<Shared>,
    stream: &StreamName,
    from: u64,
    limit: usize,
) -> Result<Option<Part>, LogError> {
    let options = ReadStreamOptions::default()
        .position(StreamPosition::Position(from))
        .max_count(limit)
        .by(&shared.credentials);
    let name = shared.full_name(stream);
    let read = again(shared, |client| {
        let (name, options) = (name.clone(), options.clone());
        async move { collect_with_end(client.read_stream(name, &options).await?).await }
    });
    let read = read.await.map_err(|error| match error {
        // What is gone is named as that.
        LogError::Corrupt { .. } => shared.count().lost(stream).unwrap_or(error),
        error => error,
    });
    Ok(read?.map(|(found, last)| Part { found, last }))
}

/// What stands at a revision and after, with the sequence of the last where it is counted.
pub(super) async fn standing(
    shared: &Arc<Shared>,
    stream: &StreamName,
    first: u64,
    limit: usize,
) -> Result<(Vec<RecordedEvent>, Option<u64>), LogError> {
    let part = of_stream(shared, stream, first, limit).await?;
    let found = part.map(|part| part.found).unwrap_or_default();
    let count = shared.count();
    let sequence = found.last().and_then(|last| count.sequence_at(last.position.commit));
    let recorded = found.into_iter().filter_map(|found| {
        let sequence = count.sequence_at(found.position.commit).unwrap_or_default();
        to_recorded(found, stream.clone(), sequence)
    });
    Ok((recorded.collect(), sequence))
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
    counted_to(shared, stream, found.last().map(|last| last.position.commit)).await?;
    let count = shared.count();
    for found in found {
        if page.is_full() {
            break;
        }
        let (at, revision) = (found.position.commit, found.revision);
        let sequence = count.sequence_at(at).ok_or_else(|| uncounted(&count, stream, revision))?;
        // Counted without being one of Docket's it can't be.
        let recorded = to_recorded(found, stream.clone(), sequence);
        page.push(recorded.ok_or_else(|| uncounted(&count, stream, revision))?)?;
    }
    Ok(page.into_stream_page())
}

/// Events of a stream, all that there are by what this node or the server knows: a read that ends
/// before them is made again. Of a stream that was deleted, or lost events, none.
async fn whole_part(
    shared: &Arc<Shared>,
    stream: &StreamName,
    from: u64,
    limit: usize,
) -> Result<Vec<Found>, LogError> {
    let mut pause = FIRST_PAUSE;
    loop {
        if let Some(lost) = shared.count().lost(stream) {
            return Err(lost);
        }
        let part = of_stream(shared, stream, from, limit).await?;
        let last = last_known(shared, stream, part.as_ref()).await?;
        let found = part.map(|part| part.found).unwrap_or_default();
        let bytes: usize = found.iter().map(bytes_of).sum();
        // Revisions that don't follow on one another are judged by whoever fills the page.
        let is_judged = found.first().is_some_and(|first| first.revision != from);
        let next = from + found.len() as u64;
        if bytes >= MOST_BYTES || found.len() >= limit || is_judged || last < Some(next) {
            return Ok(found);
        }
        let is_hidden = shared.count().losses().is_hidden(stream.as_str());
        if pause > LONGEST_PAUSE || is_hidden {
            return Err(shared.count().not_shown(stream, next));
        }
        tokio::time::sleep(pause).await;
        pause *= 3;
        // It may have been deleted just now.
        catch_up(shared).await?;
    }
}

/// The last revision of a stream that is known to be there. What this node has counted is there; of a
/// stream that it took over from elsewhere and has not looked at the server is asked once.
async fn last_known(
    shared: &Arc<Shared>,
    stream: &StreamName,
    part: Option<&Part>,
) -> Result<Option<u64>, LogError> {
    let told = part.and_then(|part| part.last);
    let known = shared.count().last_revision(stream);
    if let Some(Some(last)) = known {
        return Ok(told.max(Some(last)));
    }
    if told.is_some() || known.is_none() {
        return Ok(told);
    }
    let last = last_event(shared, shared.full_name(stream)).await;
    let last = last
        .map_err(|failure| LogError::Unavailable(format!("KurrentDB can't be read: {failure}")))?;
    let Some(last) = last else {
        // It began, and is not there.
        return Ok(Some(u64::MAX));
    };
    shared.count().note_last(stream, last.revision, last.position.commit);
    Ok(Some(last.revision))
}

fn not_counted(stream: &StreamName) -> LogError {
    LogError::Unavailable(format!("this node has not counted up to the end of {stream} yet"))
}

/// What an event means that has no number here.
fn uncounted(count: &Count, stream: &StreamName, revision: u64) -> LogError {
    let reason = format!(
        "revision {revision} of stream {stream} stands where this node counted no event of the log"
    );
    let sequence = count.head().map_or(0, |head| head + 1);
    count.corrupt().unwrap_or(LogError::Corrupt { sequence, reason })
}

/// Waits until this node has seen `$all` up to a position.
async fn counted_to(
    shared: &Arc<Shared>,
    stream: &StreamName,
    at: Option<u64>,
) -> Result<(), LogError> {
    let Some(at) = at else { return Ok(()) };
    let is_there = || {
        let count = shared.count();
        if count.position().is_some_and(|seen| seen.commit >= at) {
            return Ok(true);
        }
        count.foreign().and_then(|_| count.corrupt()).map_or(Ok(false), Err)
    };
    if at == u64::MAX {
        let text = "the server does not tell where events of a stream stand".to_owned();
        return Err(LogError::Unavailable(text));
    }
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
    if let Some(lost) = shared.count().lost(stream) {
        return Err(lost);
    }
    let name = shared.full_name(stream);
    let read = again(shared, |client| last_of(client, name.clone(), shared.credentials.clone()));
    let last = read.await?.flatten().map(|last| last.revision);
    let count = shared.count();
    if last.is_none() && count.last_revision(stream).is_some() {
        return Err(count.not_shown(stream, 0));
    }
    Ok(last)
}

/// The last event of a stream by its full name, asked for once.
pub(super) async fn last_event(
    shared: &Arc<Shared>,
    name: String,
) -> Result<Option<Found>, Failure> {
    let account = shared.credentials.clone();
    match shared.client.call(READ, |client| last_of(client, name, account)).await {
        Err(Failure::Answered(Error::ResourceNotFound)) => Ok(None),
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
