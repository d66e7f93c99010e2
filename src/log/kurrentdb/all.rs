//! Reading the whole log: from what is at hand, or from `$all`, where the next page is asked for while
//! a reader who goes on from page to page works on the last.

use std::sync::Arc;

use kurrentdb::{Position, ReadAllOptions, RecordedEvent as Found, StreamPosition};
use tokio::task::JoinHandle;

use super::Shared;
use super::client::By as _;
use super::count::Count;
use super::patience::FIRST_PAUSE;
use super::read::{LONGEST_PAUSE, again, collect};
use super::rounds::catch_up;
use super::stored::to_recorded;
use crate::log::page::{Order, PageBuilder};
use crate::log::{LogError, Page};

/// How many readers have their next page asked for ahead.
const READERS: usize = 4;
/// How many events are read at once where others' stand between.
const AMONG_OTHERS: usize = 512;

/// A page asked for ahead, or just where one ended.
pub(super) struct Ahead {
    after: u64,
    at: Position,
    read: Option<JoinHandle<Result<Vec<Found>, LogError>>>,
}

pub(super) async fn all_page(
    shared: &Arc<Shared>,
    after: Option<u64>,
    limit: usize,
) -> Result<Page<Option<u64>>, LogError> {
    shared.check_open()?;
    if shared.count().head() < after {
        catch_up(shared).await?;
    }
    let first = after.map_or(0, |after| after.saturating_add(1));
    let mut page = PageBuilder::new(Order::Sequence, first, limit)?;
    let head = {
        let count = shared.count();
        let head = count.head();
        if let Some(after) = after
            && Some(after) > head
        {
            return Err(LogError::BeyondEnd { after, head });
        }
        if after == head {
            // Whoever has read all there is learns why there is no more.
            return count.corrupt().map_or_else(|| Ok(page.into_all_page()), Err);
        }
        if count.fill_recent(&mut page)? {
            return Ok(page.into_all_page());
        }
        head.unwrap_or_default()
    };
    from_server(shared, page, head).await
}

/// Fills a page from `$all`, beginning where its first event stands, or where the page before ended, up
/// to what was counted when the read began.
async fn from_server(
    shared: &Arc<Shared>,
    mut page: PageBuilder,
    head: u64,
) -> Result<Page<Option<u64>>, LogError> {
    let ahead = take_ahead(shared, page.next());
    let goes_on = ahead.is_some();
    let first = shared.count().positions().get(page.next());
    // An event that is gone, and nobody knows where it stood.
    let first = first.ok_or_else(|| gone(&shared.count(), page.next()))?;
    let mut at = Position { commit: first, prepare: first };
    let (mut is_first, mut pause, mut read_ahead) = (true, FIRST_PAUSE, None);
    if let Some(ahead) = ahead {
        (at, is_first) = (ahead.at, false);
        read_ahead = ahead.read;
    }
    loop {
        let found = match read_ahead.take() {
            Some(read) => match read.await {
                Ok(Ok(found)) => found,
                _ => continue,
            },
            None => {
                // As many as are wanted; others' events in between make another read of it.
                let left = usize::try_from(head + 1 - page.next()).unwrap_or(usize::MAX);
                let limit = page.wanted().min(left.saturating_add(1));
                let limit = if is_first { limit } else { limit.max(AMONG_OTHERS) };
                part_of_all(shared, at, limit).await?
            }
        };
        let last = found.last().map(|found| found.position);
        if last.is_none() || (!is_first && last == Some(at)) {
            // Ended early, or cut: what is counted can't be missing for long, unless it is lost.
            let is_lost = pause > FIRST_PAUSE && !shared.count().losses().is_empty();
            if pause > LONGEST_PAUSE || is_lost {
                return Err(gone(&shared.count(), page.next()));
            }
            tokio::time::sleep(pause).await;
            pause *= 3;
            continue;
        }
        pause = FIRST_PAUSE;
        let done = {
            let count = shared.count();
            // Every read after the first begins with an event that was looked at.
            let new = found.into_iter().filter(|found| is_first || found.position != at);
            take_in(&count, &shared.prefix, &mut page, head, new)?
        };
        if let Some(end) = done {
            let page = page.into_all_page();
            if let (false, Some(after), Some(end)) = (page.end, page.next, end) {
                look_ahead(shared, after, end, page.events.len(), goes_on);
            }
            return Ok(page);
        }
        (at, is_first) = (last.unwrap_or(at), false);
    }
}

/// Puts events on the page until it is full or the end is reached: then where its last event stands.
/// Events before one that is missing are a page of their own.
fn take_in(
    count: &Count,
    prefix: &str,
    page: &mut PageBuilder,
    head: u64,
    found: impl Iterator<Item = Found>,
) -> Result<Option<Option<Position>>, LogError> {
    let mut end = None;
    for found in found {
        let Some(name) = found.stream_id().strip_prefix(prefix) else { continue };
        if found.event_type == "$streamDeleted" {
            continue;
        }
        let at = found.position;
        let wanted = page.next();
        let counted = count.sequence_at(at.commit);
        let Some(stream) = count.stream(name).filter(|_| counted == Some(wanted)) else {
            if counted.is_some_and(|counted| counted > wanted) && !page.is_empty() {
                page.ends_before_a_hole();
                return Ok(Some(None));
            }
            return Err(gone(count, wanted));
        };
        if page.is_full() {
            return Ok(Some(end));
        }
        page.push(to_recorded(found, stream, wanted).ok_or_else(|| gone(count, wanted))?)?;
        end = Some(at);
        if wanted == head {
            return Ok(Some(end));
        }
    }
    Ok(None)
}

fn take_ahead(shared: &Shared, first: u64) -> Option<Ahead> {
    let mut ahead = shared.ahead();
    let found = ahead.iter().position(|ahead| ahead.after + 1 == first)?;
    Some(ahead.remove(found))
}

/// Notes where a page ended. To a reader who has gone on from one page to this, the next is asked for.
fn look_ahead(shared: &Arc<Shared>, after: u64, at: Position, events: usize, goes_on: bool) {
    let read = goes_on.then(|| {
        let reading = Arc::clone(shared);
        let limit = events + 2;
        shared.client.runtime().spawn(async move { part_of_all(&reading, at, limit).await })
    });
    let mut all = shared.ahead();
    if all.len() == READERS {
        // Whoever it was for has not come for the longest time.
        let oldest = all.remove(0);
        oldest.read.inspect(JoinHandle::abort);
    }
    all.push(Ahead { after, at, read });
}

/// That an event which was counted is no longer there.
fn gone(count: &Count, sequence: u64) -> LogError {
    let lost = count.undecided().into_iter().next();
    let why = lost.map_or_else(
        || "the database was restored or scavenged".to_owned(),
        |lost| format!("stream {}: {}", lost.stream, lost.reason),
    );
    let reason = format!("the server no longer has in `$all` what this node counted there; {why}");
    LogError::Corrupt { sequence, reason }
}

async fn part_of_all(
    shared: &Arc<Shared>,
    at: Position,
    limit: usize,
) -> Result<Vec<Found>, LogError> {
    let options = ReadAllOptions::default()
        .position(StreamPosition::Position(at))
        .max_count(limit)
        .by(&shared.credentials);
    let read = again(shared, |client| {
        let options = options.clone();
        async move { collect(client.read_all(&options).await?).await }
    });
    Ok(read.await?.unwrap_or_default())
}
