//! The enrollments: the history of each from the log, its fold from what is kept in memory.

use std::sync::Arc;

use super::ActError;
use super::cache::{Cached, EnrollmentCache, Seen};
use crate::codec;
use crate::domain::history::History;
use crate::log::{EventLog, LogError, RecordedEvent, StreamName};

/// Events asked for at a time.
const PAGE: usize = 1000;

/// Reads a whole stream; a read that breaks off is an error.
///
/// # Errors
/// As [`EventLog::read_stream`].
pub async fn read_whole_stream(
    log: &dyn EventLog,
    stream: &str,
    from_revision: u64,
) -> Result<Vec<RecordedEvent>, LogError> {
    let name = stream_name(stream)?;
    let mut events = Vec::new();
    let mut from = from_revision;
    loop {
        let page = log.read_stream(&name, from, PAGE).await?;
        events.extend(page.events);
        if page.end {
            return Ok(events);
        }
        from = page.next;
    }
}

/// Reads the history of an enrollment.
///
/// # Errors
/// As [`read_whole_stream`], and stored bytes that this version does not know.
pub async fn load_history(log: &dyn EventLog, stream: &str) -> Result<History, ActError> {
    let mut history = History::new(stream);
    for stored in read_whole_stream(log, stream, 0).await? {
        history.push(codec::decode_enrollment(&stored)?);
    }
    Ok(history)
}

pub(super) fn stream_name(stream: &str) -> Result<StreamName, LogError> {
    StreamName::parse(stream).map_err(|error| LogError::Invalid(error.to_string()))
}

/// A fold, with what is to be stated when one that goes on from it is kept.
pub(super) struct Loaded {
    pub cached: Arc<Cached>,
    pub seen: Seen,
}

impl std::ops::Deref for Loaded {
    type Target = Cached;

    fn deref(&self) -> &Cached {
        &self.cached
    }
}

/// The enrollments of a log.
pub struct Enrollments {
    log: Arc<dyn EventLog>,
    pub(super) cache: EnrollmentCache,
}

impl Enrollments {
    pub(super) fn new(log: Arc<dyn EventLog>, cache_bytes: usize) -> Self {
        let cache = EnrollmentCache::new(cache_bytes, log.is_shared());
        Self { log, cache }
    }

    /// The history of an enrollment; without events when it has none.
    ///
    /// # Errors
    /// As [`load_history`].
    pub async fn history(&self, stream: &str) -> Result<History, ActError> {
        load_history(&*self.log, stream).await
    }

    /// The fold of an enrollment, from the cache where it is kept. What is kept is the newest where
    /// one process appends; on a shared log it follows the others' events, a moment behind.
    ///
    /// # Errors
    /// As [`load_history`].
    pub async fn get(&self, stream: &str) -> Result<Arc<Cached>, ActError> {
        match self.cache.kept(stream) {
            Some(cached) => Ok(cached),
            None => Ok(self.reload(stream).await?.1.cached),
        }
    }

    /// The fold of an enrollment as its stream stands now, whatever is kept of it.
    ///
    /// # Errors
    /// As [`load_history`].
    pub async fn get_anew(&self, stream: &str) -> Result<Arc<Cached>, ActError> {
        Ok(self.reload(stream).await?.1.cached)
    }

    pub(super) async fn load(&self, stream: &str) -> Result<Loaded, ActError> {
        match self.cache.get(stream) {
            (Some(cached), seen) => Ok(Loaded { cached, seen }),
            (None, _) => Ok(self.reload(stream).await?.1),
        }
    }

    /// Reads the enrollment anew, whatever is kept of it.
    pub(super) async fn reload(&self, stream: &str) -> Result<(History, Loaded), ActError> {
        let seen = self.cache.seen(stream);
        let history = self.history(stream).await?;
        let cached = Arc::new(Cached::of(&history));
        self.cache.put(stream, cached.clone(), seen);
        Ok((history, Loaded { cached, seen }))
    }
}
