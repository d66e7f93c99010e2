//! A log whose appends go wrong where they are told to, in the ways of a database at the other end of
//! a network.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use docket::log::{Appended, EventLog, Expected, LogError, NewEvent, Page, StreamName};
use futures_util::future::BoxFuture;
use tokio::sync::watch;

use super::engines::Written;

/// What becomes of an append.
#[derive(Debug, Clone)]
pub enum Fault {
    /// Nothing is written, and that is said.
    Unavailable,
    /// Nothing is written, and the outcome is unknown.
    LostBefore,
    /// It is written, and the outcome is unknown.
    LostAfter,
    /// The outcome is unknown, and the first so many events of it are written before the next append.
    Late(usize),
    /// The process that asked dies: nothing after this is asked for. Written or not before.
    Dies { written: bool },
    /// Someone else appends this first.
    Other(Written),
    /// There is never an answer.
    Hangs,
    /// Success is said, though other data is written (an id that is known is not compared).
    Alters,
}

pub struct Faulty<'a> {
    inner: &'a dyn EventLog,
    faults: Mutex<BTreeMap<usize, Fault>>,
    made: Mutex<usize>,
    late: Mutex<Vec<(StreamName, Expected, Vec<NewEvent>)>>,
    /// Whether sequences are never told.
    pub is_quiet: bool,
    /// How long each append takes at least.
    pub takes: Duration,
}

impl<'a> Faulty<'a> {
    /// Appends counted from 0 go wrong as said, retries counted too.
    pub fn new(inner: &'a dyn EventLog, faults: impl IntoIterator<Item = (usize, Fault)>) -> Self {
        let faults = Mutex::new(faults.into_iter().collect());
        let (made, late) = (Mutex::new(0), Mutex::default());
        Self { inner, faults, made, late, is_quiet: false, takes: Duration::ZERO }
    }

    /// How many appends were asked for.
    pub fn appends(&self) -> usize {
        *self.made.lock().unwrap()
    }

    fn next_fault(&self) -> Option<Fault> {
        let mut made = self.made.lock().unwrap();
        let fault = self.faults.lock().unwrap().remove(&made);
        *made += 1;
        fault
    }

    async fn append_now(
        &self,
        stream: &StreamName,
        expected: Expected,
        mut events: Vec<NewEvent>,
    ) -> Result<Appended, LogError> {
        let late = std::mem::take(&mut *self.late.lock().unwrap());
        for (stream, expected, events) in late {
            self.inner.append(&stream, expected, events).await?;
        }
        let unknown = || Err(LogError::OutcomeUnknown("told to".to_owned()));
        match self.next_fault() {
            None => self.inner.append(stream, expected, events).await,
            Some(Fault::Unavailable) => Err(LogError::Unavailable("told to".to_owned())),
            Some(Fault::LostBefore) => unknown(),
            Some(Fault::LostAfter) => {
                self.inner.append(stream, expected, events).await?;
                unknown()
            }
            Some(Fault::Late(part)) => {
                events.truncate(part);
                self.late.lock().unwrap().push((stream.clone(), expected, events));
                unknown()
            }
            Some(Fault::Dies { written }) => {
                if written {
                    self.inner.append(stream, expected, events).await?;
                }
                Err(LogError::Invalid("it died".to_owned()))
            }
            Some(Fault::Other((other, new))) => {
                let tip = Expected::from(self.inner.stream_revision(&other).await?);
                self.inner.append(&other, tip, new).await?;
                self.inner.append(stream, expected, events).await
            }
            Some(Fault::Hangs) => std::future::pending().await,
            Some(Fault::Alters) => {
                events[0].data = b"altered".as_slice().into();
                self.inner.append(stream, expected, events).await
            }
        }
    }
}

impl EventLog for Faulty<'_> {
    fn append<'a>(
        &'a self,
        stream: &'a StreamName,
        expected: Expected,
        events: Vec<NewEvent>,
    ) -> BoxFuture<'a, Result<Appended, LogError>> {
        Box::pin(async move {
            tokio::time::sleep(self.takes).await;
            let appended = self.append_now(stream, expected, events).await?;
            let sequence = appended.sequence.filter(|_| !self.is_quiet);
            Ok(Appended { sequence, ..appended })
        })
    }

    fn read_stream<'a>(
        &'a self,
        stream: &'a StreamName,
        from_revision: u64,
        limit: usize,
    ) -> BoxFuture<'a, Result<Page<u64>, LogError>> {
        self.inner.read_stream(stream, from_revision, limit)
    }

    fn read_all(
        &self,
        after: Option<u64>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Page<Option<u64>>, LogError>> {
        self.inner.read_all(after, limit)
    }

    fn stream_revision<'a>(
        &'a self,
        stream: &'a StreamName,
    ) -> BoxFuture<'a, Result<Option<u64>, LogError>> {
        self.inner.stream_revision(stream)
    }

    fn head(&self) -> BoxFuture<'_, Result<Option<u64>, LogError>> {
        self.inner.head()
    }

    fn recording(&self) -> std::sync::Arc<docket::log::Recording> {
        self.inner.recording()
    }

    fn watch_head(&self) -> watch::Receiver<Option<u64>> {
        self.inner.watch_head()
    }
}
