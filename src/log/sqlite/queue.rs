//! The appends that wait for the writer, bounded in number and bytes.

use std::sync::Arc;

use tokio::sync::{Semaphore, mpsc, oneshot};

use super::batch::Append;
use super::writer::Request;
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

    pub async fn append(
        &self,
        stream: &StreamName,
        expected: Expected,
        events: Vec<NewEvent>,
    ) -> Result<Appended, LogError> {
        let closed = || LogError::Unavailable("the log was closed".to_owned());
        let bytes = check_append(&events)? + events.len() * EVENT_OVERHEAD_BYTES;
        let room = Arc::clone(&self.room)
            .acquire_many_owned(u32::try_from(bytes).unwrap_or(u32::MAX))
            .await
            .map_err(|_| closed())?;
        let append = Append { stream: stream.clone(), expected, events };
        let (answer, answered) = oneshot::channel();
        self.requests.send(Request::Append(append, answer, room)).await.map_err(|_| closed())?;
        answered.await.unwrap_or_else(|_| {
            Err(LogError::OutcomeUnknown("the log's writer stopped before it answered".to_owned()))
        })
    }
}
