//! The log in memory, for tests and for questions about copies. It keeps the port's promises except
//! one: nothing outlives the process. Deliberately no shortcut that the other engines lack.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use futures_util::future::{BoxFuture, FutureExt};
use tokio::sync::watch;

use super::event::check_append;
use super::page::{Order, PageBuilder};
use super::{
    Appended, EventLog, Expected, LogError, NewEvent, Page, RecordedEvent, Recording, StreamName,
};

/// An [`EventLog`] that lives as long as the value.
pub struct MemoryLog {
    stored: RwLock<Stored>,
    head: watch::Sender<Option<u64>>,
    recording: Arc<Recording>,
}

#[derive(Default)]
struct Stored {
    events: Vec<RecordedEvent>,
    /// For each stream the index in `events` (the sequence) of each of its revisions.
    streams: HashMap<StreamName, Vec<usize>>,
}

impl Default for MemoryLog {
    fn default() -> Self {
        Self {
            stored: RwLock::default(),
            head: watch::Sender::new(None),
            recording: Arc::default(),
        }
    }
}

impl MemoryLog {
    /// An empty log.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads under the lock. A writer that panicked left nothing half done: it extends the two
    /// collections only after every check.
    fn read<T>(&self, read: impl FnOnce(&Stored) -> T) -> T {
        read(&self.stored.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn append_now(
        &self,
        stream: &StreamName,
        expected: Expected,
        events: Vec<NewEvent>,
    ) -> Result<Appended, LogError> {
        check_append(&events)?;
        self.recording.check()?;
        let mut stored = self.stored.write().unwrap_or_else(PoisonError::into_inner);
        let actual = stored.revision(stream);
        if !expected.matches(actual) {
            return Err(LogError::Conflict { expected, actual });
        }
        let appended = stored.extend(stream, events);
        // Under the lock, so that the head never moves back.
        self.head.send_replace(appended.sequence);
        Ok(appended)
    }
}

impl Stored {
    fn head(&self) -> Option<u64> {
        (self.events.len() as u64).checked_sub(1)
    }

    fn revision(&self, stream: &StreamName) -> Option<u64> {
        let revisions = self.streams.get(stream)?.len() as u64;
        revisions.checked_sub(1)
    }

    fn extend(&mut self, stream: &StreamName, events: Vec<NewEvent>) -> Appended {
        let indexes = self.streams.entry(stream.clone()).or_default();
        for event in events {
            let index = self.events.len();
            self.events.push(RecordedEvent {
                sequence: index as u64,
                stream: stream.clone(),
                revision: indexes.len() as u64,
                event_id: event.event_id,
                event_type: event.event_type.into(),
                recorded_at_us: event.recorded_at_us,
                data: event.data,
                metadata: event.metadata,
            });
            indexes.push(index);
        }
        Appended { revision: (indexes.len() as u64).saturating_sub(1), sequence: self.head() }
    }

    fn stream_page(
        &self,
        stream: &StreamName,
        from: u64,
        limit: usize,
    ) -> Result<Page<u64>, LogError> {
        let mut page = PageBuilder::new(Order::Revision, from, limit)?;
        let indexes = self.streams.get(stream).map_or(&[][..], Vec::as_slice);
        let start = usize::try_from(from).unwrap_or(usize::MAX);
        for index in indexes.iter().skip(start).take(page.wanted()) {
            if page.is_full() {
                break;
            }
            page.push(self.events[*index].clone())?;
        }
        Ok(page.into_stream_page())
    }

    fn all_page(&self, after: Option<u64>, limit: usize) -> Result<Page<Option<u64>>, LogError> {
        let head = self.head();
        if let Some(after) = after
            && Some(after) > head
        {
            return Err(LogError::BeyondEnd { after, head });
        }
        let first = after.map_or(0, |after| after + 1);
        let mut page = PageBuilder::new(Order::Sequence, first, limit)?;
        for event in self.events.iter().skip(first as usize).take(page.wanted()) {
            if page.is_full() {
                break;
            }
            page.push(event.clone())?;
        }
        Ok(page.into_all_page())
    }
}

impl EventLog for MemoryLog {
    fn append<'a>(
        &'a self,
        stream: &'a StreamName,
        expected: Expected,
        events: Vec<NewEvent>,
    ) -> BoxFuture<'a, Result<Appended, LogError>> {
        async move { self.append_now(stream, expected, events) }.boxed()
    }

    fn read_stream<'a>(
        &'a self,
        stream: &'a StreamName,
        from_revision: u64,
        limit: usize,
    ) -> BoxFuture<'a, Result<Page<u64>, LogError>> {
        async move { self.read(|stored| stored.stream_page(stream, from_revision, limit)) }.boxed()
    }

    fn read_all(
        &self,
        after: Option<u64>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Page<Option<u64>>, LogError>> {
        async move { self.read(|stored| stored.all_page(after, limit)) }.boxed()
    }

    fn stream_revision<'a>(
        &'a self,
        stream: &'a StreamName,
    ) -> BoxFuture<'a, Result<Option<u64>, LogError>> {
        async move { Ok(self.read(|stored| stored.revision(stream))) }.boxed()
    }

    fn head(&self) -> BoxFuture<'_, Result<Option<u64>, LogError>> {
        async move { Ok(self.read(Stored::head)) }.boxed()
    }

    fn recording(&self) -> Arc<Recording> {
        Arc::clone(&self.recording)
    }

    fn watch_head(&self) -> watch::Receiver<Option<u64>> {
        self.head.subscribe()
    }
}
