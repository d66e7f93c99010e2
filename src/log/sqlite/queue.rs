//! The appends that wait for the writer, bounded in number and bytes.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tracing::Span;

use super::batch::Append;
use super::writer::{Answer, Request};
use crate::log::event::check_append;
use crate::log::{Appended, Expected, LogError, NewEvent, StreamName};

/// Appends that may wait for the writer; more wait outside the queue.
const MAX_WAITING: usize = 1024;
/// Bytes of data, metadata and overhead that may wait.
const MAX_WAITING_BYTES: usize = 32 * 1024 * 1024;
/// What an event takes in the queue besides its data and metadata, roughly.
const EVENT_OVERHEAD_BYTES: usize = 256;

/// Who appends puts it here and waits for the answer.
pub(super) struct Queue {
    requests: mpsc::Sender<Request>,
    room: Arc<Semaphore>,
}

impl Queue {
    /// A queue, and what the writer takes from it.
    pub fn new() -> (Self, mpsc::Receiver<Request>) {
        let (requests, waiting) = mpsc::channel(MAX_WAITING);
        (Self { requests, room: Arc::new(Semaphore::new(MAX_WAITING_BYTES)) }, waiting)
    }

    /// Has the writer take nothing more; an error would say that it has stopped already.
    pub async fn close(&self) {
        let _ = self.requests.send(Request::Close).await;
    }

    /// Has appends written in order, in one transaction, up to the first that can't be.
    pub async fn append_in_order(
        &self,
        group: Vec<Append>,
        bytes: usize,
    ) -> Result<oneshot::Receiver<Vec<Answer>>, LogError> {
        let events: usize = group.iter().map(|append| append.events.len()).sum();
        let room = self.room(bytes + events * EVENT_OVERHEAD_BYTES).await?;
        let (answer, answered) = oneshot::channel();
        self.requests.send(Request::InOrder(group, answer, room)).await.map_err(|_| closed())?;
        Ok(answered)
    }

    async fn room(&self, bytes: usize) -> Result<OwnedSemaphorePermit, LogError> {
        let permits = u32::try_from(bytes.min(MAX_WAITING_BYTES)).unwrap_or(u32::MAX);
        Arc::clone(&self.room).acquire_many_owned(permits).await.map_err(|_| closed())
    }

    pub async fn append(
        &self,
        stream: &StreamName,
        expected: Expected,
        events: Vec<NewEvent>,
    ) -> Result<Appended, LogError> {
        let bytes = check_append(&events)? + events.len() * EVENT_OVERHEAD_BYTES;
        let room = self.room(bytes).await?;
        let append = Append { stream: stream.clone(), expected, events, span: Span::current() };
        let (answer, answered) = oneshot::channel();
        self.requests.send(Request::Append(append, answer, room)).await.map_err(|_| closed())?;
        answered.await.unwrap_or_else(|_| {
            Err(LogError::OutcomeUnknown("the log's writer stopped before it answered".to_owned()))
        })
    }
}

fn closed() -> LogError {
    LogError::Unavailable("the log was closed".to_owned())
}

/// Why a log that is open for reading takes no appends.
pub(super) fn reads_only() -> LogError {
    let text = "it is open for reading only; send the act to the server that writes it";
    LogError::Unavailable(text.to_owned())
}
