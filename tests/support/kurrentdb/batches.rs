//! Batch appends as the server answers them: one call, appends done in the order of sending, each answered
//! by itself in that order, with the faults asked for in the middle of it.
//!
//! An append's error is an answer of the call, not its end: it is the client that gives up the call then.

use std::pin::Pin;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use futures_util::Stream;
use futures_util::stream::unfold;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tonic::metadata::MetadataMap;
use tonic::{Code, Status, Streaming};

use super::appends::{Append, at, whole};
use super::batch_wire::{BatchAppendReq, BatchAppendResp, BatchError, BatchExpected, BatchResult};
use super::faults::{Call, Fault};
use super::node::Link;
use super::services::{check_leader, not_leader};
use super::store::Outcome;
use super::wire::{Expected, Id, StreamIdentifier, Success, SuccessPosition, SuccessRevision};

type Answer = Result<BatchAppendResp, Status>;
/// The answers of a call.
pub type Answers = Pin<Box<dyn Stream<Item = Answer> + Send>>;

/// What follows an append on its call.
enum Next {
    Answer {
        result: BatchResult,
        after: Duration,
    },
    /// Written while those behind it are taken, and answered then.
    Late(JoinHandle<BatchResult>),
    Fails(Status),
    /// The call ends, and says nothing more.
    Ends,
    /// Nothing is ever answered any more.
    Silent,
}

/// Begins a call.
pub fn batch_append(
    link: Link,
    metadata: &MetadataMap,
    messages: Streaming<BatchAppendReq>,
) -> Result<Answers, Status> {
    link.world.accounts.check(metadata, None)?;
    check_leader(&link, metadata)?;
    let needs_leader = metadata.get("requires-leader").is_some_and(|value| value == "true");
    let (sender, done) = mpsc::unbounded_channel();
    tokio::spawn(take_all(link.clone(), messages, needs_leader, sender));
    let answers = unfold((link, Some(done)), async |(link, done)| {
        let mut done: mpsc::UnboundedReceiver<(BatchAppendResp, Next)> = done?;
        let (mut answer, next) = done.recv().await?;
        link.world.counters.waiting.fetch_sub(1, Relaxed);
        match next {
            Next::Answer { result, after } => {
                link.world.flush().await;
                if !after.is_zero() {
                    tokio::time::sleep(after).await;
                }
                answer.result = Some(result);
                Some((Ok(answer), (link, Some(done))))
            }
            Next::Late(written) => {
                answer.result = written.await.ok();
                Some((Ok(answer), (link, Some(done))))
            }
            Next::Fails(status) => Some((Err(status), (link, None))),
            Next::Ends => None,
            Next::Silent => std::future::pending().await,
        }
    });
    Ok(Box::pin(answers))
}

/// Takes the appends of a call one by one; what is answered, and when, is for the other half.
async fn take_all(
    link: Link,
    mut messages: Streaming<BatchAppendReq>,
    needs_leader: bool,
    answers: mpsc::UnboundedSender<(BatchAppendResp, Next)>,
) {
    while let Ok(Some(message)) = messages.message().await {
        let counters = &link.world.counters;
        counters.batched.fetch_add(1, Relaxed);
        counters.most_batched.fetch_max(counters.waiting.fetch_add(1, Relaxed) + 1, Relaxed);
        let answer = head(&message);
        let next = match needs_leader && link.world.leader() != link.node {
            true => Next::Fails(not_leader(&link)),
            false => take(&link, message).await,
        };
        let is_last = matches!(next, Next::Fails(_) | Next::Ends | Next::Silent);
        if answers.send((answer, next)).is_err() || is_last {
            return;
        }
    }
}

/// What an answer repeats of what it answers.
fn head(message: &BatchAppendReq) -> BatchAppendResp {
    let options = message.options.clone().unwrap_or_default();
    let expected = match options.expected {
        Some(Expected::Revision(revision)) => Some(BatchExpected::Revision(revision)),
        Some(Expected::NoStream(())) => Some(BatchExpected::NoStream(())),
        _ => None,
    };
    let correlation_id = message.correlation_id.as_ref().and_then(Id::read).map(Id::text);
    let stream = options.stream.or(Some(StreamIdentifier::default()));
    BatchAppendResp { correlation_id, result: None, stream, expected }
}

async fn take(link: &Link, message: BatchAppendReq) -> Next {
    let counts_all = link.world.counts_all_of_an_append();
    let append = match whole(message.options, message.events, counts_all) {
        Ok(append) => append,
        Err(status) => return error(status.code() as i32, status.message()),
    };
    let answer = |result| Next::Answer { result, after: Duration::ZERO };
    let write_if = |is_written: bool| is_written.then(|| write(link, &append));
    match link.world.faults.take(Call::Batched, &append.stream) {
        None => answer(write(link, &append)),
        Some(Fault::DropConnection { written }) => {
            write_if(written);
            link.cut().await
        }
        Some(Fault::AnswerLate(after)) => Next::Answer { result: write(link, &append), after },
        Some(Fault::WriteLate(after)) => {
            let link = link.clone();
            Next::Late(tokio::spawn(async move {
                tokio::time::sleep(after).await;
                write(&link, &append)
            }))
        }
        Some(Fault::Hold { written }) => {
            let result = write_if(written);
            link.world.held.wait().await;
            answer(result.unwrap_or_else(|| write(link, &append)))
        }
        Some(Fault::NeverAnswer { written }) => {
            write_if(written);
            Next::Silent
        }
        Some(Fault::EndCall { written }) => {
            write_if(written);
            Next::Ends
        }
        Some(Fault::DeadlineExceeded { written }) => {
            write_if(written);
            error(Code::DeadlineExceeded as i32, "Deadline Exceeded")
        }
        Some(Fault::TimedOut) => {
            write_if(true);
            error(Code::DeadlineExceeded as i32, "Timeout")
        }
        Some(Fault::NotLeader) => Next::Fails(not_leader(link)),
        // Nobody gave these a code.
        Some(Fault::NotReady) => error(Code::Ok as i32, "Server Is Not Ready"),
        Some(Fault::TooBusy) => error(Code::Ok as i32, "Server Is Busy"),
        Some(Fault::Restart { down }) => {
            write_if(true);
            link.world.restart_later(link.node, down);
            Next::Silent
        }
        Some(
            Fault::EndEarly { .. }
            | Fault::Nonsense { .. }
            | Fault::FailAfter { .. }
            | Fault::DropAfter { .. },
        ) => unreachable!("such a rule is not taken for appends"),
    }
}

fn error(code: i32, message: &str) -> Next {
    let result = BatchResult::Error(BatchError { code, message: message.to_owned() });
    Next::Answer { result, after: Duration::ZERO }
}

fn write(link: &Link, append: &Append) -> BatchResult {
    let mut store = link.world.store.lock().unwrap();
    let outcome = store.append(&append.stream, append.expected, &append.events);
    drop(store);
    link.world.grown.notify_waiters();
    let error = |code: Code, message: &str| {
        BatchResult::Error(BatchError { code: code as i32, message: message.to_owned() })
    };
    match outcome {
        Outcome::Written { revision, position } => BatchResult::Success(Success {
            revision: Some(
                revision.map_or(SuccessRevision::NoStream(()), SuccessRevision::Revision),
            ),
            position: Some(SuccessPosition::Position(at(position))),
        }),
        Outcome::Wrong { .. } => error(Code::AlreadyExists, "WrongExpectedVersion"),
        Outcome::Deleted => error(Code::NotFound, "StreamDeleted"),
    }
}
