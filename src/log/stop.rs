//! Whether this process may append to its log: what stops it until somebody acts, said once and seen by
//! the engine, by whoever finds the reason outside the log, and by what shows it.
//!
//! What must hold: the first reason stays for the life of the process; what stops recording never stops
//! reading. What passes by itself is only shown here ([`Recording::trouble`]) and stops nothing.

use tokio::sync::watch;

use super::LogError;

/// Why nothing is recorded until somebody acts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Stop {
    /// A write, a flush or a checkpoint failed: what is on the disk is known only after a new start.
    #[error(
        "a write to the log's disk failed ({cause}): mend the disk, then start again; the start reads what is really there"
    )]
    DiskFailed {
        /// The system's or the engine's words.
        cause: String,
    },
    /// What stands at the log's path is no longer what was opened.
    #[error(
        "the log's file was {what} under the running server: put the file back, or stop the server and restore a copy, then start again"
    )]
    Replaced {
        /// `removed`, `replaced`, `cut short` …
        what: String,
    },
    /// What the log's store keeps twice does not say the same, or an event of it can't be had.
    #[error(
        "the log is damaged ({what}): stop the server and restore a backup with `docket store restore`; where only an index is damaged, `docket store copy` to a new file mends it, since it reads none"
    )]
    Damaged {
        /// The first damage and its place.
        what: String,
    },
    /// The log ends before an event that something outside it has seen.
    #[error(
        "the log {}, but {known_by} had read it up to {known}: put the longer log back, or accept the loss with `docket log accept-loss`",
        match .head { Some(head) => format!("ends at {head}"), None => "is empty".to_owned() }
    )]
    Shorter {
        /// The log's last sequence.
        head: Option<u64>,
        /// The sequence that was seen.
        known: u64,
        /// What has seen it: `the read models` …
        known_by: String,
    },
    /// The log holds another event where something outside it has seen one.
    #[error(
        "the log holds another event as {sequence} than {known_by} had read: it is another log, or an older copy that went on; put the right one back, or, if this is the right one, make them anew with `docket rebuild`"
    )]
    Parted {
        /// The sequence.
        sequence: u64,
        /// What has seen it: `the read models` …
        known_by: String,
    },
    /// The log is not the one of which a checkpoint was signed.
    #[error(
        "the log is not the one of which a checkpoint over {size} events was signed{}: put the right log back from a backup; `docket verify` shows what differs",
        match .sequence { Some(sequence) => format!(" (the first other event is {sequence})"), None => String::new() }
    )]
    Forked {
        /// How many events the checkpoint covers.
        size: u64,
        /// The first event that is another, where the tree that was kept shows it.
        sequence: Option<u64>,
    },
    /// Events in the middle of the log are gone.
    #[error(
        "events of the stream {stream} are gone ({reason}): put them back, or accept the loss with `docket log accept-loss`"
    )]
    Hole {
        /// The stream that lost them.
        stream: String,
        /// The first sequence that is missing, where it is known.
        sequence: Option<u64>,
        /// What was met.
        reason: String,
    },
}

impl Stop {
    /// The log's last sequence and the one that is known outside it, where they are the reason.
    pub fn positions(&self) -> Option<(Option<u64>, u64)> {
        match self {
            Self::Shorter { head, known, .. } => Some((*head, *known)),
            Self::DiskFailed { .. }
            | Self::Replaced { .. }
            | Self::Damaged { .. }
            | Self::Parted { .. }
            | Self::Forked { .. }
            | Self::Hole { .. } => None,
        }
    }
}

/// Whether a process may append to its log; one value for each log that is open.
#[derive(Debug)]
pub struct Recording {
    stopped: watch::Sender<Option<Stop>>,
    trouble: watch::Sender<Option<String>>,
}

impl Default for Recording {
    fn default() -> Self {
        Self { stopped: watch::Sender::new(None), trouble: watch::Sender::new(None) }
    }
}

impl Recording {
    /// Stops recording until the process starts again; the first reason stays.
    pub fn stop(&self, why: Stop) {
        self.stopped.send_if_modified(|stopped| {
            let is_first = stopped.is_none();
            if is_first {
                tracing::error!(%why, "nothing is recorded any more");
                *stopped = Some(why);
            }
            is_first
        });
    }

    /// Why nothing is recorded, if so.
    pub fn stopped(&self) -> Option<Stop> {
        self.stopped.borrow().clone()
    }

    /// To be asked before anything is appended.
    ///
    /// # Errors
    /// [`LogError::Stopped`].
    pub fn check(&self) -> Result<(), LogError> {
        match &*self.stopped.borrow() {
            None => Ok(()),
            Some(why) => Err(LogError::Stopped(why.clone())),
        }
    }

    /// Hears of the stop when it comes.
    pub fn watch(&self) -> watch::Receiver<Option<Stop>> {
        self.stopped.subscribe()
    }

    /// Says what keeps the log from recording for now and passes by itself, as a disk without room
    /// does; `None` once it has passed. An engine says it; the appends meanwhile are answered
    /// [`LogError::Unavailable`].
    pub fn set_trouble(&self, what: Option<String>) {
        self.trouble.send_if_modified(|trouble| {
            let is_new = *trouble != what;
            *trouble = what;
            is_new
        });
    }

    /// What keeps the log from recording for now, if so. Not a reason to stop: see
    /// [`Recording::stopped`] for those.
    pub fn trouble(&self) -> Option<String> {
        self.trouble.borrow().clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_reason_stays() {
        let recording = Recording::default();
        assert_eq!(recording.check(), Ok(()));
        let first = Stop::DiskFailed { cause: "EIO".to_owned() };
        recording.stop(first.clone());
        recording.stop(Stop::Replaced { what: "removed".to_owned() });
        assert_eq!(recording.check(), Err(LogError::Stopped(first.clone())));
        assert_eq!(recording.stopped(), Some(first));
    }

    #[test]
    fn what_passes_stops_nothing() {
        let recording = Recording::default();
        recording.set_trouble(Some("no room".to_owned()));
        assert_eq!(recording.trouble().as_deref(), Some("no room"));
        assert_eq!(recording.check(), Ok(()));
        recording.set_trouble(None);
        assert_eq!(recording.trouble(), None);
    }

    #[test]
    fn a_log_cut_short_names_both_positions_and_the_command() {
        let known_by = "the read models".to_owned();
        let why = Stop::Shorter { head: Some(4), known: 9, known_by };
        assert_eq!(why.positions(), Some((Some(4), 9)));
        let text = why.to_string();
        assert!(text.contains("ends at 4") && text.contains("up to 9"), "{text}");
        assert!(text.contains("docket log accept-loss"), "{text}");
    }
}
