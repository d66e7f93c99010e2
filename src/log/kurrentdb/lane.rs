//! Appends of a copy, many on one call of the server, which keeps their order.
//!
//! The client's first poll of an append puts it on the call, so the order of first polls is the order of
//! sending. Whatever is no success ends the call for everything behind it, sent or not, and a clean end of
//! the call tells nobody: what is not answered in time is unknown too. Nothing is sent again here, and
//! what stands is not compared: whoever copies reads it back.

use std::collections::VecDeque;
use std::sync::Arc;

use futures_util::future::{BoxFuture, FutureExt};
use futures_util::poll;
use kurrentdb::{BatchAppendClient, BatchAppendOptions, BatchWriteResult, Error, EventData};
use tokio::time::{Instant, timeout_at};

use super::append::{check_whole, displaced, refused, state};
use super::client::{By as _, Failure, Known};
use super::moving::may_append;
use super::patience::{LOOK, TRY, TRY_GRACE};
use super::stored::to_stored;
use super::{Shared, read};
use crate::log::event::check_append;
use crate::log::lane::{Answer, Append, Landed, Lane};
use crate::log::{Appended, Expected, LogError, StreamName};

/// Codes of gRPC statuses, which are all that the client leaves of an append's error.
const DELETED: i32 = 5;
const ALREADY_EXISTS: i32 = 6;
const PERMISSION_DENIED: i32 = 7;

/// A [`Lane`] into a KurrentDB.
pub(super) struct KurrentLane {
    shared: Arc<Shared>,
    client: Arc<BatchAppendClient>,
    /// The number of the client that the call is of.
    session: u64,
    pending: VecDeque<Pending>,
    /// When there was an answer last, or nothing to be answered.
    answered: Instant,
    /// Why it is at its end, until that was said.
    why: Option<Ended>,
    ended: bool,
}

struct Pending {
    stream: StreamName,
    expected: Expected,
    last: u64,
    written: BoxFuture<'static, Result<BatchWriteResult, Unsent>>,
}

/// Why an append got no success.
enum Unsent {
    /// The server or the client said so.
    Failed(Error),
    /// It was not sent.
    Refused(LogError),
}

impl KurrentLane {
    pub async fn open(shared: Arc<Shared>) -> Result<Self, LogError> {
        shared.check_open()?;
        let session = shared.client.number();
        // Without a deadline, which would be the whole call's.
        let options = BatchAppendOptions::default().by(&shared.credentials);
        let client =
            shared.client.call(LOOK, |client| async move { client.batch_append(&options).await });
        let client = client.await.map_err(|failure| {
            LogError::Unavailable(format!("KurrentDB takes no appends: {failure}"))
        })?;
        let (client, pending) = (Arc::new(client), VecDeque::new());
        let answered = Instant::now();
        Ok(Self { shared, client, session, pending, answered, why: None, ended: false })
    }

    async fn check(&mut self, append: &Append) -> Result<Vec<EventData>, LogError> {
        self.shared.recording.check()?;
        self.shared.check_open()?;
        check_append(&append.events)?;
        check_whole(&self.shared, &append.stream)?;
        may_append(&self.shared).await?;
        Ok(append.events.iter().map(to_stored).collect())
    }

    async fn put(&mut self, append: Append) {
        let checked = self.check(&append).await;
        let first = match append.expected {
            Expected::NoStream => 0,
            Expected::Revision(revision) => revision.saturating_add(1),
        };
        let (name, expected) = (self.shared.full_name(&append.stream), append.expected);
        let client = Arc::clone(&self.client);
        let mut written = match checked {
            Ok(events) => async move {
                let written = client.append_to_stream(name, state(expected), events).await;
                written.map_err(Unsent::Failed)
            }
            .boxed(),
            Err(why) => {
                // What was sent is answered first.
                self.ended = true;
                std::future::ready(Err(Unsent::Refused(why))).boxed()
            }
        };
        if self.pending.is_empty() {
            self.answered = Instant::now();
        }
        if let std::task::Poll::Ready(answer) = poll!(&mut written) {
            written = std::future::ready(answer).boxed();
        }
        let last = (first + append.events.len() as u64).saturating_sub(1);
        self.pending.push_back(Pending { stream: append.stream, expected, last, written });
    }

    /// What the oldest append came to: nothing where it ended the lane.
    fn take(&mut self, answer: Result<BatchWriteResult, Unsent>) -> Option<Landed> {
        let pending = self.pending.pop_front()?;
        self.answered = Instant::now();
        let landed = self.landed(pending, answer);
        landed.map_err(|why| self.end(why)).ok()
    }

    fn end(&mut self, why: Ended) {
        self.ended = true;
        self.pending.clear();
        self.why = Some(why);
    }

    fn landed(
        &self,
        pending: Pending,
        answer: Result<BatchWriteResult, Unsent>,
    ) -> Result<Landed, Ended> {
        let written = match answer {
            Ok(written) => written,
            Err(Unsent::Refused(why)) => return Err(Ended::Known(why)),
            Err(Unsent::Failed(error)) => return Err(Ended::Failed(pending, error)),
        };
        let revision = written.current_revision().unwrap_or_default();
        if revision != pending.last {
            let why = displaced(&self.shared, &pending.stream, pending.last, revision);
            return Err(Ended::Known(why));
        }
        let place = written.current_position().map(|at| at.commit);
        let place = place.filter(|at| (1..u64::MAX).contains(at));
        Ok(Landed { appended: Appended { revision, sequence: None }, place })
    }

    /// The lane's last answer.
    async fn last_answer(&mut self, why: Ended) -> LogError {
        let (pending, error) = match why {
            Ended::Known(why) => return why,
            Ended::Silent => {
                self.shared.client.failed(self.session, &Failure::Silent);
                let reason = "KurrentDB did not answer an append of a call in time";
                return LogError::OutcomeUnknown(reason.to_owned());
            }
            Ended::Failed(pending, error) => (pending, error),
        };
        if let Error::Grpc { code, .. } = &error
            && *code as i32 == ALREADY_EXISTS
        {
            // The client drops what the server says of it.
            let actual = read::stream_revision(&self.shared, &pending.stream).await;
            let expected = pending.expected;
            return actual
                .map_or_else(|error| error, |actual| LogError::Conflict { expected, actual });
        }
        let failure = Failure::Answered(match error {
            Error::Grpc { code, .. } if code as i32 == DELETED => Error::ResourceDeleted,
            Error::Grpc { code, .. } if code as i32 == PERMISSION_DENIED => Error::AccessDenied,
            error => error,
        });
        self.shared.client.failed(self.session, &failure);
        match failure.known() {
            Known::Refused => refused(&pending.stream, &failure),
            Known::NotWritten | Known::Unknown => {
                LogError::OutcomeUnknown(format!("KurrentDB: {failure}"))
            }
        }
    }
}

/// Why a lane is at its end.
enum Ended {
    Known(LogError),
    Failed(Pending, Error),
    Silent,
}

impl Lane for KurrentLane {
    fn send(&mut self, append: Append) -> BoxFuture<'_, ()> {
        async move {
            if !self.ended {
                self.put(append).await;
            }
        }
        .boxed()
    }

    fn answered(&mut self) -> Option<Answer> {
        let answer = self.pending.front_mut()?.written.as_mut().now_or_never()?;
        self.take(answer).map(Ok)
    }

    fn answer(&mut self) -> BoxFuture<'_, Option<Answer>> {
        async move {
            if let Some(front) = self.pending.front_mut() {
                let limit = self.shared.client.address().deadline.unwrap_or(TRY) + TRY_GRACE;
                let answer = timeout_at(self.answered + limit, front.written.as_mut()).await;
                let landed = match answer {
                    Ok(answer) => self.take(answer),
                    Err(_) => {
                        self.end(Ended::Silent);
                        None
                    }
                };
                if let Some(landed) = landed {
                    return Some(Ok(landed));
                }
            }
            let why = self.why.take()?;
            Some(Err(self.last_answer(why).await))
        }
        .boxed()
    }
}
