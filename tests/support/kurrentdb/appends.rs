//! Appends, deletions and tombstones as the server answers them, with the faults asked for.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use tokio::time::sleep;
use tonic::metadata::MetadataMap;
use tonic::{Code, Status, Streaming};

use super::faults::{Call, Fault};
use super::node::Link;
use super::services::{MAX_MESSAGE, check_leader, not_leader, refusal};
use super::store::{Outcome, Proposed};
use super::wire::{
    AppendContent, AppendReq, AppendResp, AppendResult, Current, DeleteReq, DeleteResp, Expected,
    Position, ProposedEvent, StreamAt, Success, SuccessPosition, SuccessRevision, WasExpected,
    WrongExpectedVersion,
};

/// The most data in one append, in bytes; some versions count metadata and type names in it.
pub const MAX_APPEND: usize = 1 << 20;

pub struct Append {
    pub stream: String,
    pub expected: Expected,
    pub events: Vec<Proposed>,
}

pub async fn append(
    link: Link,
    metadata: &MetadataMap,
    messages: Streaming<AppendReq>,
) -> Result<AppendResp, Status> {
    link.world.counters.appends.fetch_add(1, Relaxed);
    link.world.accounts.check(metadata, None)?;
    check_leader(&link, metadata)?;
    let deadline = deadline(metadata);
    let append = Arc::new(collect(messages, link.world.counts_all_of_an_append()).await?);
    let fault = link.world.faults.take(Call::Append, &append.stream);
    let answer = answer(link, append, fault);
    // A deadline of 0 is none.
    let deadline = deadline.filter(|deadline| !deadline.is_zero());
    match deadline.filter(|_| !matches!(fault, Some(Fault::NeverAnswer { .. }))) {
        None => answer.await,
        Some(deadline) => {
            tokio::time::timeout(deadline, answer).await.unwrap_or_else(|_| Err(passed()))
        }
    }
}

async fn answer(
    link: Link,
    append: Arc<Append>,
    fault: Option<Fault>,
) -> Result<AppendResp, Status> {
    let write = || write(&link, &append);
    match fault {
        None => {
            let answer = write();
            link.world.flush().await;
            answer
        }
        Some(Fault::DropConnection { written }) => {
            if written {
                // The answer is what the client is not to see.
                let _ = write();
            }
            link.cut().await
        }
        Some(Fault::AnswerLate(by)) => {
            let answer = write();
            sleep(by).await;
            answer
        }
        Some(Fault::Hold { written: true }) => {
            let answer = write();
            link.world.held.wait().await;
            answer
        }
        Some(Fault::WriteLate(by)) => write_after(&link, &append, sleep(by)).await,
        Some(Fault::Hold { written: false }) => {
            let world = link.world.clone();
            write_after(&link, &append, async move { world.held.wait().await }).await
        }
        Some(Fault::NeverAnswer { written }) => {
            if written {
                let _ = write();
            }
            std::future::pending().await
        }
        Some(Fault::DeadlineExceeded { written }) => {
            if written {
                let _ = write();
            }
            Err(passed())
        }
        Some(Fault::TimedOut) => write().and(Err(Status::aborted("Operation timed out"))),
        Some(Fault::NotLeader) => Err(not_leader(&link)),
        Some(Fault::NotReady) => Err(Status::unavailable("Server Is Not Ready")),
        Some(Fault::TooBusy) => Err(Status::unavailable("Server Is Too Busy")),
        Some(Fault::Restart { down }) => {
            let _ = write();
            link.world.restart_later(link.node, down);
            std::future::pending().await
        }
        Some(
            Fault::EndEarly { .. }
            | Fault::Nonsense { .. }
            | Fault::FailAfter { .. }
            | Fault::DropAfter { .. }
            | Fault::EndCall { .. },
        ) => unreachable!("such a rule is not taken for appends"),
    }
}

/// Writes when `time` has come, whatever has become of the caller by then.
async fn write_after(
    link: &Link,
    append: &Arc<Append>,
    time: impl Future<Output = ()> + Send + 'static,
) -> Result<AppendResp, Status> {
    let (link, append) = (link.clone(), append.clone());
    let task = tokio::spawn(async move {
        time.await;
        write(&link, &append)
    });
    task.await.unwrap_or_else(|_| Err(Status::internal("the write was lost")))
}

fn write(link: &Link, append: &Append) -> Result<AppendResp, Status> {
    let mut store = link.world.store.lock().unwrap();
    let outcome = store.append(&append.stream, append.expected, &append.events);
    drop(store);
    link.world.grown.notify_waiters();
    let result = match outcome {
        Outcome::Deleted => return Err(deleted(&append.stream)),
        Outcome::Wrong { actual } => AppendResult::Wrong(WrongExpectedVersion {
            current: Some(actual.map_or(Current::NoStream(()), Current::Revision)),
            expected: Some(match append.expected {
                Expected::Revision(revision) => WasExpected::Revision(revision),
                Expected::NoStream(()) => WasExpected::NoStream(()),
                Expected::Any(()) => WasExpected::Any(()),
                Expected::StreamExists(()) => WasExpected::StreamExists(()),
            }),
        }),
        Outcome::Written { revision, position } => AppendResult::Success(Success {
            revision: Some(
                revision.map_or(SuccessRevision::NoStream(()), SuccessRevision::Revision),
            ),
            position: Some(SuccessPosition::Position(at(position))),
        }),
    };
    Ok(AppendResp { result: Some(result) })
}

/// Reads the whole append; nothing of it counts before its end has come.
async fn collect(mut messages: Streaming<AppendReq>, counts_all: bool) -> Result<Append, Status> {
    let mut head = None;
    let mut events = Vec::new();
    while let Some(message) = messages.message().await.map_err(too_long)? {
        match message.content {
            Some(AppendContent::Options(options)) => head = Some(options),
            Some(AppendContent::Event(event)) => events.push(event),
            None => return Err(Status::invalid_argument("a message without content")),
        }
    }
    whole(head, events, counts_all)
}

/// An append of which all has come.
pub fn whole(
    head: Option<StreamAt>,
    proposals: Vec<ProposedEvent>,
    counts_all: bool,
) -> Result<Append, Status> {
    let mut events = Vec::with_capacity(proposals.len());
    let mut size = 0;
    for event in proposals {
        let event = proposed(event)?;
        size += event.data.len();
        if counts_all {
            size += event.metadata.len() + 2 * event.kind.chars().count();
        }
        events.push(event);
    }
    let (stream, expected) = target(head)?;
    if size > MAX_APPEND {
        let text = format!("Maximum Append Size of {MAX_APPEND} Exceeded.");
        let mut status = refusal(Code::InvalidArgument, &text, "maximum-append-size-exceeded");
        status.metadata_mut().insert("maximum-append-size", MAX_APPEND.into());
        return Err(status);
    }
    // A retry with `Any` is known only for a while: whoever uses it here is told at once.
    if matches!(expected, Expected::Any(())) && !stream.starts_with("$$") {
        return Err(Status::invalid_argument("an append must expect a revision"));
    }
    Ok(Append { stream, expected, events })
}

fn too_long(status: Status) -> Status {
    if status.code() != Code::OutOfRange {
        return status;
    }
    Status::resource_exhausted(format!(
        "Received message exceeds the maximum of {MAX_MESSAGE} bytes"
    ))
}

fn proposed(mut event: ProposedEvent) -> Result<Proposed, Status> {
    let id = event.id.and_then(|id| id.read()).filter(|id| !id.is_nil());
    let id = id.ok_or_else(|| Status::unknown("Empty eventId provided."))?;
    let mut property = |name: &str| {
        event.metadata.remove(name).ok_or_else(|| {
            let text = format!("Required Metadata Property '{name}' is missing");
            refusal(Code::InvalidArgument, &text, "missing-required-metadata-property")
        })
    };
    Ok(Proposed {
        id,
        kind: property("type")?,
        is_json: property("content-type")? == "application/json",
        metadata: event.custom_metadata,
        data: event.data,
    })
}

fn target(options: Option<StreamAt>) -> Result<(String, Expected), Status> {
    let options = options.ok_or_else(|| Status::invalid_argument("no options"))?;
    let name = options.stream.map(|stream| stream.name).unwrap_or_default();
    let name = String::from_utf8(name.into()).map_err(|_| Status::unknown("no UTF-8"))?;
    if name.is_empty() {
        return Err(Status::unknown("Exception was thrown by handler: eventStreamId"));
    }
    let expected = options.expected.ok_or_else(|| Status::invalid_argument("no expectation"))?;
    Ok((name, expected))
}

/// Deletes a stream, softly or for ever.
pub fn delete(
    link: &Link,
    metadata: &MetadataMap,
    request: DeleteReq,
    for_ever: bool,
) -> Result<DeleteResp, Status> {
    link.world.accounts.check(metadata, None)?;
    check_leader(link, metadata)?;
    let (stream, expected) = target(request.options)?;
    let mut store = link.world.store.lock().unwrap();
    let outcome = store.delete(&stream, expected, for_ever);
    drop(store);
    link.world.grown.notify_waiters();
    match outcome {
        Outcome::Written { position, .. } => Ok(DeleteResp { position: Some(at(position)) }),
        Outcome::Deleted => Err(deleted(&stream)),
        Outcome::Wrong { actual } => {
            let text = format!("wrong expected version of '{stream}', it is at {actual:?}");
            let mut status = refusal(Code::FailedPrecondition, &text, "wrong-expected-version");
            let actual = actual.map(|actual| actual.to_string()).unwrap_or_default();
            status.metadata_mut().insert("actual-version", actual.parse().unwrap());
            Err(status)
        }
    }
}

pub fn at(position: u64) -> Position {
    Position { commit: position, prepare: position }
}

pub fn deleted(stream: &str) -> Status {
    let text = format!("Event stream '{stream}' is deleted.");
    refusal(Code::FailedPrecondition, &text, "stream-deleted")
}

fn passed() -> Status {
    Status::deadline_exceeded("Deadline Exceeded")
}

/// How long the caller waits, from `grpc-timeout`.
pub fn deadline(metadata: &MetadataMap) -> Option<Duration> {
    let text = metadata.get("grpc-timeout")?.to_str().ok()?;
    let (number, unit) = text.split_at(text.len().checked_sub(1)?);
    let number = number.parse().ok()?;
    Some(match unit {
        "H" => Duration::from_secs(number * 3600),
        "M" => Duration::from_secs(number * 60),
        "S" => Duration::from_secs(number),
        "m" => Duration::from_millis(number),
        "u" => Duration::from_micros(number),
        _ => Duration::from_nanos(number),
    })
}
