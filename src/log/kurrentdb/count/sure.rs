//! What of the count is sure, and what was lost.

use super::{Count, Foreign, Known};
use crate::log::{LogError, Lost, StreamName};

/// Where the first event of any stream can stand: only `LogCreated` is surely before it.
const AFTER_THE_FIRST: u64 = 1;

impl Count {
    /// Events are missing right before this revision, and stood nobody knows where since the one before
    /// them. From here on the numbers are right again: those that are missing count.
    pub(super) fn miss(
        &mut self,
        stream: &StreamName,
        revision: u64,
        missing: u64,
        of: Option<Known>,
    ) {
        let first = revision - missing;
        self.losses.is_gone(
            stream.as_str(),
            format!(
                "revision {first} is missing, the next that stands there is {revision}: a scavenge took what was deleted or hidden; restore the database from a backup"
            ),
        );
        let after = of.and_then(|of| of.last).map(|(_, sequence)| sequence + 1);
        self.is_unsure_from(after.unwrap_or(AFTER_THE_FIRST));
        self.positions.skip(missing);
        self.recent.clear();
    }

    pub(super) fn tombstone(&mut self, stream: &str) {
        let how = "it was deleted for good (a tombstone), and the next scavenge takes its events: \
                   copy the log before that (docket store copy), or restore the database from a backup";
        self.losses.is_gone(stream, how.to_owned());
        if !self.streams.contains_key(stream) {
            // It had events, and how many nobody knows any more.
            self.is_unsure_from(AFTER_THE_FIRST);
        }
    }

    fn is_unsure_from(&mut self, sequence: u64) {
        self.unsure_from = Some(self.unsure_from.map_or(sequence, |other| other.min(sequence)));
    }

    /// How many events are surely numbered.
    pub(super) fn sure(&self) -> u64 {
        let all = self.positions.len();
        self.unsure_from.filter(|_| !self.is_decided()).map_or(all, |unsure| unsure.min(all))
    }

    fn is_decided(&self) -> bool {
        self.undecided().is_empty()
    }

    pub fn head(&self) -> Option<u64> {
        self.sure().checked_sub(1)
    }

    /// Streams that lost events and that nobody has decided about.
    pub fn undecided(&self) -> Vec<Lost> {
        self.losses.undecided(&self.prefix, |stream| self.streams.contains_key(stream))
    }

    /// Whether others may start from this count.
    pub fn may_be_told(&self) -> bool {
        self.broken.is_none() && (self.unsure_from.is_none() || self.is_decided())
    }

    /// Whether every number of it is sure.
    pub fn is_whole(&self) -> bool {
        self.unsure_from.is_none()
    }

    /// From which sequence on numbers are not sure.
    pub fn unsure_from(&self) -> Option<u64> {
        self.unsure_from
    }

    /// That a stream under the prefix is somebody else's.
    pub fn foreign(&self) -> Option<&Foreign> {
        self.broken.as_ref()
    }

    /// What a reader who has come to the end is told, if it is not the log's.
    pub fn corrupt(&self) -> Option<LogError> {
        let sequence = self.sure();
        if let Some(foreign) = &self.broken {
            return Some(LogError::Corrupt { sequence, reason: foreign.to_string() });
        }
        let lost = (sequence < self.positions.len()).then(|| self.undecided())?;
        let Lost { stream, reason } = lost.into_iter().next()?;
        let reason = format!("a hole in the record, stream {stream}: {reason}");
        Some(LogError::Corrupt { sequence, reason })
    }

    /// What it means that the server does not show events of a stream which are there.
    pub fn not_shown(&self, stream: &StreamName, revision: u64) -> LogError {
        let known = self.losses.hides(&self.prefix, stream.as_str());
        let reason = format!(
            "the server hides or lost events of stream {stream} from revision {revision} on{}",
            known.map_or_else(String::new, |known| format!(": {known}"))
        );
        let sequence = self.streams.get(stream).map_or(self.sure(), |known| known.began);
        LogError::Corrupt { sequence, reason }
    }

    /// Why nothing of a stream can be read, if so.
    pub fn lost(&self, stream: &StreamName) -> Option<LogError> {
        let reason = self.losses.reason(&self.prefix, stream.as_str())?;
        let sequence = self.streams.get(stream.as_str()).map_or(self.sure(), |known| known.began);
        let reason = format!("events of the stream {stream} are gone: {reason}");
        Some(LogError::Corrupt { sequence, reason })
    }
}
