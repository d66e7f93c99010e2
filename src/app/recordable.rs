//! Whether an act would be recorded now, as far as is known without trying one.
//!
//! What must hold: what is said passes by itself, with the next append that succeeds or once there is
//! room again; what needs a person is the log's ([`crate::log::Recording`]).

use std::sync::{Mutex, PoisonError};

use super::App;
use crate::log::{EventLog, LogError};

/// With less free than this a failed append is put down to the want of room, and with more it is
/// worth another try: some pages of the log, many times over.
const ENOUGH_BYTES: u64 = 1024 * 1024;

/// How the last append ended, if it could not be made for now.
#[derive(Debug, Default)]
pub struct LastAppend(Mutex<Option<Obstacle>>);

#[derive(Debug)]
struct Obstacle {
    reason: String,
    /// Whether there was no room.
    full: bool,
}

impl LastAppend {
    /// Notes what an append came to.
    pub fn note<T>(&self, log: &dyn EventLog, appended: &Result<T, LogError>) {
        let obstacle = match appended {
            Ok(_) => None,
            Err(error @ (LogError::Unavailable(_) | LogError::Moving(_))) => {
                Some(Obstacle { reason: error.to_string(), full: has_room(log) == Some(false) })
            }
            // They say nothing of the next append, or the log says it itself.
            Err(
                LogError::Conflict { .. }
                | LogError::Stopped(_)
                | LogError::OutcomeUnknown(_)
                | LogError::Corrupt { .. }
                | LogError::TooLarge { .. }
                | LogError::Invalid(_)
                | LogError::BeyondEnd { .. },
            ) => return,
        };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = obstacle;
    }

    fn obstacle(&self, log: &dyn EventLog) -> Option<String> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if last.as_ref().is_some_and(|obstacle| obstacle.full) && has_room(log) == Some(true) {
            *last = None;
        }
        last.as_ref().map(|obstacle| obstacle.reason.clone())
    }
}

fn has_room(log: &dyn EventLog) -> Option<bool> {
    log.free_bytes().map(|free| free >= ENOUGH_BYTES)
}

impl App {
    /// Why no act would be recorded now, if so; asks the disk, and may block.
    pub fn not_recordable(&self) -> Option<String> {
        let stopped = self.log.recording().stopped().map(|why| why.to_string());
        let clock = || self.clock.now_for_recording().err().map(|error| error.to_string());
        stopped.or_else(clock).or_else(|| self.last_append.obstacle(&*self.log))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::MemoryLog;

    #[test]
    fn an_obstacle_passes_with_the_next_append() {
        let (last, log) = (LastAppend::default(), MemoryLog::default());
        assert_eq!(last.obstacle(&log), None);
        last.note::<()>(&log, &Err(LogError::Unavailable("busy".to_owned())));
        assert!(last.obstacle(&log).is_some_and(|reason| reason.contains("busy")));
        last.note::<()>(&log, &Err(LogError::Invalid("x".to_owned())));
        assert!(last.obstacle(&log).is_some());
        last.note(&log, &Ok(()));
        assert_eq!(last.obstacle(&log), None);
    }
}
