//! The log: the only truth. A port, [`EventLog`], and its engines.
//!
//! What must hold, on every engine:
//! - `sequence` and each stream's `revision` are dense from 0, and never change once assigned.
//! - An append is all or nothing, lands exactly at the revision the caller expected, and is flushed
//!   before it is acknowledged.
//! - [`LogError::Unavailable`] means that surely nothing was written; whatever can't be told is
//!   [`LogError::OutcomeUnknown`].
//! - A read that breaks off is an error, never a short success; a hole is [`LogError::Corrupt`].
//!
//! Deliberately not here: what events mean. The log knows envelopes (two byte strings and a type
//! name), never event types, and has no "any revision" append.

mod backlog;
mod event;
mod integrity;
mod lane;
mod page;
mod pause;
mod recent;
mod stop;
mod subscription;

pub mod envelope;
#[cfg(feature = "kurrentdb")]
pub mod kurrentdb;
pub mod memory;
pub mod sqlite;

use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use tokio::sync::watch;

use lane::OneByOne;

pub use backlog::{SINGLE_EVENTS, ahead_of_backlog, give_way, on_backlog, yield_to_others};
pub use event::{
    Bytes, MAX_APPEND_BYTES, MAX_APPEND_EVENTS, MAX_EVENT_TYPE_BYTES, MAX_STREAM_NAME_BYTES,
    NewEvent, RecordedEvent, StreamName, StreamNameError,
};
pub use integrity::{Damage, Integrity, Progress};
pub use lane::{Append, Landed, Lane, MAX_UNDER_WAY};
pub use memory::MemoryLog;
pub use page::{MAX_PAGE_BYTES, MAX_PAGE_EVENTS, Page};
pub use pause::{Moved, Pause};
pub use sqlite::{OpenError, SqliteLog, open_sqlite_file};
pub use stop::{Recording, Stop};
pub use subscription::Subscription;

/// The revision at which a caller says the stream stands; exact, there is no "any".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Expected {
    /// The stream has no event yet.
    NoStream,
    /// The stream's last event has this revision.
    Revision(u64),
}

impl Expected {
    /// Whether a stream whose last revision is `actual` stands where the caller said.
    pub fn matches(self, actual: Option<u64>) -> bool {
        match self {
            Expected::NoStream => actual.is_none(),
            Expected::Revision(revision) => actual == Some(revision),
        }
    }
}

impl From<Option<u64>> for Expected {
    fn from(revision: Option<u64>) -> Self {
        revision.map_or(Expected::NoStream, Expected::Revision)
    }
}

impl std::fmt::Display for Expected {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Expected::NoStream => f.write_str("no stream"),
            Expected::Revision(revision) => write!(f, "revision {revision}"),
        }
    }
}

/// Where a durable append ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// Revision of the last event appended.
    pub revision: u64,
    /// Sequence of the last event appended; `None` where the engine does not know it yet.
    pub sequence: Option<u64>,
}

/// A stream that lost events, or will, within the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    /// The stream.
    pub stream: StreamName,
    /// What was met, and what brings the events back.
    pub reason: String,
}

/// Why the log did not do what was asked. As fine as what a caller does differently.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LogError {
    /// Someone else appended first (or the caller was wrong). Nothing was written.
    #[error(
        "the stream was expected at {expected}, but {}; read it again and decide anew",
        match .actual { Some(revision) => format!("stands at revision {revision}"), None => "has no events".to_owned() }
    )]
    Conflict {
        /// What the caller expected.
        expected: Expected,
        /// The revision of the stream's last event.
        actual: Option<u64>,
    },
    /// The log can't do it now; surely nothing was written. The same call may be made again.
    #[error("the log is unavailable, nothing was written: {0}")]
    Unavailable(String),
    /// Appends are stopped while the log is moved to another engine, or for good since it was. Surely
    /// nothing was written.
    #[error("writing is stopped, nothing was written: {0}")]
    Moving(String),
    /// Nothing is written until somebody acts, see [`Stop`]; surely nothing was written. Reads go on.
    #[error("recording is stopped, nothing was written: {0}")]
    Stopped(Stop),
    /// The events may or may not stand in the log. Read the stream before anything else.
    #[error("it is not known whether the events were written: {0}; read the stream to find out")]
    OutcomeUnknown(String),
    /// What is stored is not a log: a hole, or bytes that can't be an event. Readers stop here.
    #[error("the log is damaged at sequence {sequence}: {reason}; restore it from a copy")]
    Corrupt {
        /// The sequence at or next to which the damage was met.
        sequence: u64,
        /// What is wrong there.
        reason: String,
    },
    /// More than the log takes at once. Nothing was written.
    #[error("{what}: {actual}, the limit is {limit}")]
    TooLarge {
        /// What was measured, with its unit.
        what: &'static str,
        /// How much was given.
        actual: usize,
        /// How much is taken.
        limit: usize,
    },
    /// A call that no log can fulfil (an empty append, a page of no events). Nothing was written.
    #[error("{0}")]
    Invalid(String),
    /// A reader asked for what follows an event that this log does not hold: it followed another
    /// log, or this one was cut short.
    #[error("asked for what follows sequence {after}, but the log {}", match .head { Some(head) => format!("ends at {head}"), None => "is empty".to_owned() })]
    BeyondEnd {
        /// The position asked for.
        after: u64,
        /// The log's last sequence.
        head: Option<u64>,
    },
}

/// An append-only log of streams, totally ordered by `sequence`.
///
/// Dropping the future of [`EventLog::append`] does not take the append back: it may still happen.
pub trait EventLog: Send + Sync {
    /// Appends `events` to `stream` at exactly `expected`, all or none, flushed before it answers.
    ///
    /// Event ids are not what makes an append happen once, the expected revision is: made again, it
    /// is a conflict, or on an engine that knows the ids a success. Either way the stream says what
    /// stands there.
    ///
    /// # Errors
    /// [`LogError::Conflict`] when the stream stands elsewhere; [`LogError::Invalid`] and
    /// [`LogError::TooLarge`] for an empty append, an event type that is not 1 to 200 visible
    /// ASCII characters, more than [`MAX_APPEND_EVENTS`] events or [`MAX_APPEND_BYTES`] of data
    /// and metadata; [`LogError::Unavailable`], [`LogError::Moving`] and [`LogError::Stopped`] when
    /// surely nothing was written; [`LogError::OutcomeUnknown`] otherwise.
    fn append<'a>(
        &'a self,
        stream: &'a StreamName,
        expected: Expected,
        events: Vec<NewEvent>,
    ) -> BoxFuture<'a, Result<Appended, LogError>>;

    /// Opens a way for the appends of a single writer who knows what comes next, see [`Lane`].
    ///
    /// # Errors
    /// [`LogError::Unavailable`] when none can be opened now.
    fn lane(&self) -> BoxFuture<'_, Result<Box<dyn Lane + '_>, LogError>> {
        Box::pin(async move { Ok(Box::new(OneByOne::new(self)) as Box<dyn Lane + '_>) })
    }

    /// Reads a stream's events from `from_revision` on, at most `limit`, as of one instant. A
    /// stream without events, or a revision past its end, gives an empty page that is the end.
    /// [`Page::next`] is the next page's `from_revision`.
    ///
    /// # Errors
    /// [`LogError::Corrupt`] at a hole; [`LogError::Invalid`] when `limit` is 0;
    /// [`LogError::Unavailable`] when the read broke off.
    fn read_stream<'a>(
        &'a self,
        stream: &'a StreamName,
        from_revision: u64,
        limit: usize,
    ) -> BoxFuture<'a, Result<Page<u64>, LogError>>;

    /// Reads the whole log after the event with sequence `after` (`None`: from the first), at most
    /// `limit` events, as of one instant. [`Page::next`] is the next page's `after`.
    ///
    /// # Errors
    /// As [`EventLog::read_stream`]; [`LogError::BeyondEnd`] when the log does not hold `after`.
    fn read_all(
        &self,
        after: Option<u64>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Page<Option<u64>>, LogError>>;

    /// The revision of the stream's last event; `None` when it has none.
    ///
    /// # Errors
    /// [`LogError::Unavailable`] when it can't be read.
    fn stream_revision<'a>(
        &'a self,
        stream: &'a StreamName,
    ) -> BoxFuture<'a, Result<Option<u64>, LogError>>;

    /// The names of the streams that begin with `prefix`, in order. An engine that keeps no names
    /// looks through the whole log.
    ///
    /// # Errors
    /// As [`EventLog::read_stream`].
    fn streams<'a>(&'a self, prefix: &'a str) -> BoxFuture<'a, Result<Vec<StreamName>, LogError>> {
        Box::pin(async move {
            let (mut names, mut after) = (BTreeSet::new(), None);
            loop {
                let page = self.read_all(after, MAX_PAGE_EVENTS).await?;
                for event in page.events {
                    if event.stream.as_str().starts_with(prefix) {
                        names.insert(event.stream);
                    }
                }
                if page.end {
                    return Ok(names.into_iter().collect());
                }
                after = page.next;
            }
        })
    }

    /// The sequence of the log's last event; `None` when it is empty.
    ///
    /// # Errors
    /// [`LogError::Unavailable`] when it can't be read.
    fn head(&self) -> BoxFuture<'_, Result<Option<u64>, LogError>>;

    /// The head as it moves. It never shows a sequence before a reader can read it, and shows an
    /// append made through this log before that append is acknowledged. Closed with the log.
    fn watch_head(&self) -> watch::Receiver<Option<u64>>;

    /// Whether this process may append. Engines stop it when their store fails; who finds a reason
    /// outside the log stops it too. An engine asks it before each append.
    fn recording(&self) -> Arc<Recording>;

    /// Looks at the whole log's own structure: that it is dense, as a whole and in each stream, and that
    /// what the engine keeps twice (an index and its table) says the same. What it found, the lowest
    /// sequence first; nothing for a log that is sound.
    ///
    /// # Errors
    /// [`LogError::Unavailable`] when it was told to end, or the log can't be read now.
    fn check(&self, progress: Progress) -> BoxFuture<'_, Result<Vec<Damage>, LogError>> {
        Box::pin(async move { integrity::walk(self, &progress).await })
    }

    /// Begins the same in the background, where the engine has a structure of its own to look at. What
    /// it finds stops recording.
    fn check_behind(&self) {}

    /// What is known of the log's structure since it was opened.
    fn integrity(&self) -> Arc<Integrity> {
        Arc::default()
    }

    /// Streams that lost events within the log and that no `LossAccepted` names, as of the last look.
    fn lost(&self) -> Vec<Lost> {
        Vec::new()
    }

    /// Appends the event by which a person accepts what was lost, though recording is stopped for it;
    /// otherwise as [`EventLog::append`]. Recording goes on with the next start.
    ///
    /// # Errors
    /// As [`EventLog::append`], without [`LogError::Stopped`].
    fn accept<'a>(
        &'a self,
        stream: &'a StreamName,
        expected: Expected,
        events: Vec<NewEvent>,
    ) -> BoxFuture<'a, Result<Appended, LogError>> {
        self.append(stream, expected, events)
    }

    /// Whether others may append beside this process: then what a caller keeps of a stream may be
    /// older than the stream.
    fn is_shared(&self) -> bool {
        false
    }

    /// Stops all appends to this log, also those of other processes, because it is being moved `to`
    /// another address: answers once those under way are done, so that this log's [`EventLog::head`]
    /// asked afterwards is final while the pause lasts. A log opened for reading can do it too.
    ///
    /// # Errors
    /// [`LogError::Unavailable`] when another pause holds or an append does not end;
    /// [`LogError::Moving`] when the log was moved before; [`LogError::Invalid`] when the engine
    /// can't stop its writers.
    fn pause<'a>(&'a self, to: &'a str) -> BoxFuture<'a, Result<Box<dyn Pause>, LogError>> {
        let _ = to;
        let text = "appends to this log can't be stopped from here: stop its server, then copy";
        Box::pin(async move { Err(LogError::Invalid(text.to_owned())) })
    }

    /// Takes no more appends and reads and lets go of what it holds, once those under way are done.
    /// Closing twice is no error.
    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {})
    }
}
