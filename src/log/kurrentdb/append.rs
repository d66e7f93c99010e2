//! Appending: sent until its outcome is known or time is up, answered from what stands.
//!
//! The server takes the same ids at the same exact revision for the same append, for ever and across
//! restarts, so sending it again is safe. It does not compare the data: another node's try of the
//! same act has the same id, and then what stands is the other's. So an append is a success only when
//! the very bytes that were sent stand at the revision; otherwise somebody else was faster.

use std::sync::Arc;
use std::time::Duration;

use kurrentdb::{AppendToStreamOptions, CurrentRevision, Error, EventData, StreamState};
use tokio::time::{Instant, sleep, timeout};

use super::client::{By as _, Failure, Known};
use super::moving::{self, may_append};
use super::patience::{TRY, TRY_GRACE};
use super::stored::{is_same, to_stored};
use super::{Shared, read};
use crate::log::event::check_append;
use crate::log::{Appended, Expected, LogError, NewEvent, RecordedEvent, StreamName};

/// The pauses between tries.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

struct Append {
    stream: StreamName,
    expected: Expected,
    events: Vec<NewEvent>,
    first: u64,
    last: u64,
}

pub(super) async fn append(
    shared: Arc<Shared>,
    stream: StreamName,
    expected: Expected,
    events: Vec<NewEvent>,
) -> Result<Appended, LogError> {
    check_append(&events)?;
    check_whole(&shared, &stream)?;
    let first = match expected {
        Expected::NoStream => 0,
        // No stream has come so far, and on the wire such numbers may mean something else.
        Expected::Revision(revision) if revision >= i64::MAX as u64 => {
            let actual = read::stream_revision(&shared, &stream).await?;
            return Err(LogError::Conflict { expected, actual });
        }
        Expected::Revision(revision) => revision + 1,
    };
    let last = first + events.len() as u64 - 1;
    let append = Append { stream, expected, events, first, last };
    let (told, seen) = {
        let mut count = shared.count();
        let told = count.waiters.wait_for(&append.stream, append.first, append.last);
        (told, count.position().map_or(0, |at| at.commit))
    };
    let at = match send(&shared, &append).await? {
        Sent::Stands(at) => at,
        Sent::Conflict(actual) => return Err(LogError::Conflict { expected, actual }),
    };
    // Counted before it was asked for, it is an earlier append of the same, or of another, that stands.
    if at.is_none_or(|at| at > seen) {
        if shared.count().waiters.stand(&append.stream, append.last) {
            shared.wake.notify_one();
        }
        if let Ok(Ok(standing)) = timeout(shared.options.count_limit, told).await {
            let sequence = standing.last().map(|event| event.sequence);
            return append.answer(&standing, sequence);
        }
    }
    let standing = read::standing(&shared, &append.stream, append.first, append.events.len()).await;
    let standing = standing.map_err(|error| LogError::OutcomeUnknown(error.to_string()))?;
    let (standing, sequence) = standing;
    let mut moved = shared.count().traffic().moved().map(str::to_owned);
    if moved.is_none() && sequence.is_none() {
        // Not seen in `$all` yet, it may stand behind a move that was not seen either.
        let by_now = moving::moved_by_now(&shared).await;
        moved = by_now.map_err(|failure| LogError::OutcomeUnknown(failure.to_string()))?;
    }
    if let Some(notice) = moved {
        // What stands after the move is no event of the log, and was never acknowledged.
        return Err(LogError::OutcomeUnknown(format!("the log moved {notice}")));
    }
    append.answer(&standing, sequence)
}

/// Whether the log takes an append to a stream at all.
pub(super) fn check_whole(shared: &Shared, stream: &StreamName) -> Result<(), LogError> {
    let count = shared.count();
    if let Some(foreign) = count.foreign() {
        return Err(LogError::Unavailable(foreign.to_string()));
    }
    if let Some(lost) = count.lost(stream) {
        return Err(lost);
    }
    if count.losses().is_accepted(stream.as_str()) {
        let reason = format!(
            "the stream {stream} lost events, which was accepted (LossAccepted): it is closed"
        );
        return Err(LogError::Corrupt { sequence: count.head().unwrap_or_default(), reason });
    }
    Ok(())
}

impl Append {
    fn answer(
        &self,
        standing: &[RecordedEvent],
        sequence: Option<u64>,
    ) -> Result<Appended, LogError> {
        let pairs = standing.iter().zip(&self.events);
        if !pairs.into_iter().all(|(standing, given)| is_same(standing, given)) {
            let actual = Some(self.last);
            return Err(LogError::Conflict { expected: self.expected, actual });
        }
        if standing.len() < self.events.len() {
            let reason = "the server took the events and does not show them yet".to_owned();
            return Err(LogError::OutcomeUnknown(reason));
        }
        Ok(Appended { revision: self.last, sequence })
    }
}

pub(super) fn state(expected: Expected) -> StreamState {
    match expected {
        Expected::NoStream => StreamState::NoStream,
        Expected::Revision(revision) => StreamState::StreamRevision(revision),
    }
}

/// What became of an append that was sent.
enum Sent {
    /// Events with its ids stand at its revisions; where the last one does, if that was said.
    Stands(Option<u64>),
    /// The stream stands elsewhere.
    Conflict(Option<u64>),
}

/// Sends until the outcome is known, or time is up; then looks what stands there.
async fn send(shared: &Arc<Shared>, append: &Append) -> Result<Sent, LogError> {
    let stored: Vec<EventData> = append.events.iter().map(to_stored).collect();
    let until = Instant::now() + shared.options.append_limit;
    let (mut pause, mut may_stand) = (FIRST_PAUSE, false);
    loop {
        if let Err(stopped) = may_append(shared).await {
            let failure = Failure::Broken(stopped.to_string());
            // Nothing is sent any more, and what was sent may stand.
            return if may_stand {
                give_up(shared, append, &failure, true).await
            } else {
                Err(stopped)
            };
        }
        let failure = match send_once(shared, append, &stored).await {
            Ok((revision, at)) if revision == append.last => return Ok(Sent::Stands(at)),
            Ok((revision, _)) => {
                return Err(displaced(shared, &append.stream, append.last, revision));
            }
            Err(Failure::Answered(Error::WrongExpectedVersion { current, .. })) => {
                return Ok(Sent::Conflict(match current {
                    CurrentRevision::Current(revision) => Some(revision),
                    CurrentRevision::NoStream => None,
                }));
            }
            Err(failure) => failure,
        };
        let known = failure.known();
        may_stand |= known == Known::Unknown;
        if known == Known::Refused && !may_stand {
            return Err(refused(&append.stream, &failure));
        }
        if known == Known::Refused || Instant::now() + pause >= until || *shared.closed.borrow() {
            return give_up(shared, append, &failure, may_stand).await;
        }
        tracing::debug!(%failure, stream = %append.stream, "an append is sent again");
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

async fn send_once(
    shared: &Arc<Shared>,
    append: &Append,
    stored: &[EventData],
) -> Result<(u64, Option<u64>), Failure> {
    let limit = shared.client.address().deadline.unwrap_or(TRY);
    let options = AppendToStreamOptions::default()
        .stream_state(state(append.expected))
        .deadline(limit)
        .by(&shared.credentials);
    let (name, events) = (shared.full_name(&append.stream), stored.to_vec());
    let started = Instant::now();
    let answer = shared
        .client
        .call(limit + TRY_GRACE, |client| async move {
            client.append_to_stream(name, &options, events).await
        })
        .await;
    if answer.is_ok() {
        shared.client.nodelay.took(started.elapsed());
    }
    answer.map(|written| {
        let at = Some(written.position.commit).filter(|at| (1..u64::MAX).contains(at));
        (written.next_expected_version, at)
    })
}

/// Time is up, or the server refuses to go on.
async fn give_up(
    shared: &Arc<Shared>,
    append: &Append,
    failure: &Failure,
    may_stand: bool,
) -> Result<Sent, LogError> {
    if !may_stand {
        return Err(LogError::Unavailable(format!("KurrentDB took no append: {failure}")));
    }
    let unknown = || LogError::OutcomeUnknown(format!("KurrentDB: {failure}"));
    let standing = read::standing(shared, &append.stream, append.first, 1).await;
    match standing.map_err(|_| unknown())?.0.first() {
        // Ours or another's: what stands decides.
        Some(event) if event.event_id == append.events[0].event_id => Ok(Sent::Stands(None)),
        Some(event) => Ok(Sent::Conflict(Some(event.revision))),
        None => Err(unknown()),
    }
}

pub(super) fn refused(stream: &StreamName, failure: &Failure) -> LogError {
    match failure {
        Failure::Answered(Error::ResourceDeleted) => {
            LogError::Unavailable(format!("the stream {stream} was deleted for good"))
        }
        Failure::Answered(Error::AccessDenied) => LogError::Unavailable(
            "the account may not append; give it write access to the log's streams".to_owned(),
        ),
        Failure::Answered(Error::Grpc { message, .. })
            if message.to_ascii_lowercase().contains("size") =>
        {
            LogError::Invalid(format!("the server takes less in one append: {message}"))
        }
        failure => LogError::Invalid(format!("the server refuses the append: {failure}")),
    }
}

/// A stream that was deleted goes on at its old revision.
pub(super) fn displaced(
    shared: &Shared,
    stream: &StreamName,
    wanted: u64,
    revision: u64,
) -> LogError {
    let reason = format!(
        "stream {stream} took an append for revision {wanted} at {revision}: events before were deleted"
    );
    LogError::Corrupt { sequence: shared.count().head().map_or(0, |head| head + 1), reason }
}
