//! The log as this process appends to it: in turns by stream, counted, and with the one thing that makes
//! an unknown outcome known, looking at the stream.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, MutexGuard};
use uuid::Uuid;

use super::ActError;
use super::clock::Clock;
use super::counters::Counters;
use super::enrollments::{Enrollments, stream_name};
use super::recordable::LastAppend;
use crate::codec::{MAX_DATA_BYTES, encode_fact};
use crate::domain::date::Timestamp;
use crate::domain::event::Fact;
use crate::log::{EventLog, Expected, LogError, NewEvent, RecordedEvent};
use crate::trace;
use tracing::Instrument as _;

/// Where an append ended.
pub(super) struct Landed {
    /// The sequence of the last event, where it is known.
    pub sequence: Option<u64>,
    /// What stands at the revision where that may be other bytes than those sent: another try of the
    /// same, with the same id. Whoever appended goes on with this.
    pub stands: Option<RecordedEvent>,
}

/// How many turns the streams share; acts on one enrollment wait for one another here rather than lose
/// races in the log.
const TURNS: usize = 1024;
/// How long a question about an event waits that this node has not heard of yet.
const HEAR_WITHIN: Duration = Duration::from_secs(2);

/// The log, as this process appends to it.
pub struct Journal {
    pub(super) log: Arc<dyn EventLog>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) log_id: Uuid,
    pub(super) counters: Counters,
    last_append: LastAppend,
    turns: Vec<Mutex<()>>,
    enrollments: Arc<Enrollments>,
}

impl Journal {
    pub(super) fn new(
        log: Arc<dyn EventLog>,
        clock: Arc<dyn Clock>,
        log_id: Uuid,
        enrollments: Arc<Enrollments>,
    ) -> Self {
        let turns = (0..TURNS).map(|_| Mutex::default()).collect();
        let (counters, last_append) = (Counters::default(), LastAppend::default());
        Self { log, clock, log_id, counters, last_append, turns, enrollments }
    }

    /// Waits until nothing else of this process appends to a stream.
    pub(super) async fn turn(&self, stream: &str) -> MutexGuard<'_, ()> {
        use std::hash::{DefaultHasher, Hash, Hasher};
        let mut hasher = DefaultHasher::new();
        stream.hash(&mut hasher);
        let index = usize::try_from(hasher.finish() % TURNS as u64).unwrap_or_default();
        self.turns[index].lock().await
    }

    /// Why no act would be recorded now, if so.
    pub fn not_recordable(&self) -> Option<String> {
        let recording = self.log.recording();
        let stopped = recording.stopped().map(|why| why.to_string());
        let clock = || self.clock.now_for_recording().err().map(|error| error.to_string());
        let obstacle = || self.last_append.obstacle();
        stopped.or_else(clock).or_else(|| recording.trouble()).or_else(obstacle)
    }

    /// Whether Docket may record anything of its own accord now.
    pub(super) fn may_write_by_itself(&self) -> Result<(), ActError> {
        self.log.recording().check()?;
        self.clock.now_for_own()?;
        Ok(())
    }

    /// The log's last sequence. Where others append, an event of which a caller speaks may be one that
    /// this node is about to hear of: that is waited for, for a moment.
    ///
    /// # Errors
    /// As the log's.
    pub async fn head_with(&self, sequence: u64) -> Result<Option<u64>, ActError> {
        let head = self.log.head().await?;
        if !self.log.is_shared() || head.is_some_and(|head| head >= sequence) {
            return Ok(head);
        }
        let mut moves = self.log.watch_head();
        let there = moves.wait_for(|head| head.is_some_and(|head| head >= sequence));
        let _ = tokio::time::timeout(HEAR_WITHIN, there).await;
        Ok(self.log.head().await?)
    }

    /// Appends one event after `revision`. An unknown outcome is made known, if it can be, by what
    /// stands at the revision: the event's id, written here or by another node, or another event,
    /// which is a conflict.
    pub(super) async fn append_after(
        &self,
        stream: &str,
        revision: Option<u64>,
        event: NewEvent,
    ) -> Result<Landed, ActError> {
        self.append_all_after(stream, revision, vec![event]).await
    }

    /// The same for events that stand or fall together; what stands is told of the first.
    pub(super) async fn append_all_after(
        &self,
        stream: &str,
        revision: Option<u64>,
        events: Vec<NewEvent>,
    ) -> Result<Landed, ActError> {
        let Some(event) = events.first() else {
            return Ok(Landed { sequence: None, stands: None });
        };
        let name = stream_name(stream)?;
        let expected = revision.map_or(Expected::NoStream, Expected::Revision);
        let (id, recorded_at) = (event.event_id, event.recorded_at_us);
        let event_types: Vec<String> =
            events.iter().map(|event| event.event_type.clone()).collect();
        let count = || event_types.iter().for_each(|name| self.counters.count_appended(name));
        let next = revision.map_or(0, |revision| revision + 1);
        let span = trace::append(events.len());
        let answer = self.log.append(&name, expected, events).instrument(span).await;
        self.enrollments.cache.appended(stream);
        self.last_append.note(&*self.log, &answer);
        let error = match answer {
            Ok(appended) => {
                self.clock.saw(Timestamp::from_micros(recorded_at));
                count();
                return Ok(Landed { sequence: appended.sequence, stands: None });
            }
            // Once recording has stopped, what can be read need not be on the disk.
            Err(LogError::OutcomeUnknown(reason)) if self.log.recording().stopped().is_none() => {
                let page = self.log.read_stream(&name, next, 1).await;
                match page.ok().and_then(|page| page.events.into_iter().next()) {
                    Some(found) if found.event_id == id => {
                        count();
                        let last = found.sequence + event_types.len() as u64 - 1;
                        return Ok(Landed { sequence: Some(last), stands: Some(found) });
                    }
                    Some(_) => LogError::Conflict { expected, actual: Some(next) },
                    None => LogError::OutcomeUnknown(reason),
                }
            }
            Err(error) => error,
        };
        if matches!(error, LogError::Conflict { .. }) {
            self.counters.count_conflict();
        }
        Err(error.into())
    }

    pub(super) fn caused_id(&self, stream: &str, revision: u64, cause: &str) -> Uuid {
        crate::codec::caused_event_id(self.log_id, stream, revision, cause)
    }
}

/// Refuses what a client asks to record before it is appended: its event would be larger than every
/// intermediary passes on. Larger content is a document, cited by its digest.
pub(super) fn check_size(data: &[u8]) -> Result<(), ActError> {
    if data.len() <= MAX_DATA_BYTES {
        return Ok(());
    }
    let (bytes, limit) = (data.len(), MAX_DATA_BYTES);
    Err(ActError::EventTooLarge { bytes, limit })
}

/// The same for an act that a place is first taken for.
pub(super) fn check_fact_size(fact: &Fact) -> Result<(), ActError> {
    check_size(&encode_fact(fact)?)
}
