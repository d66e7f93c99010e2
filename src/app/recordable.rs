//! Whether an act would be recorded now, as far as is known without trying one.
//!
//! What must hold: what is said passes by itself, with the next append that succeeds or once there is
//! room again; what needs a person is the log's ([`crate::log::Recording`]).

use std::sync::{Mutex, PoisonError};

use crate::log::{EventLog, LogError};

/// How the last append ended, if it could not be made for now and the log does not say so itself.
#[derive(Debug, Default)]
pub struct LastAppend(Mutex<Option<String>>);

impl LastAppend {
    /// Notes what an append came to.
    pub fn note<T>(&self, log: &dyn EventLog, appended: &Result<T, LogError>) {
        let obstacle = match appended {
            Ok(_) => None,
            Err(error @ (LogError::Unavailable(_) | LogError::Moving(_))) => {
                log.recording().trouble().is_none().then(|| error.to_string())
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

    /// What kept the last append from being made, if it can pass by itself.
    pub fn obstacle(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::MemoryLog;

    #[test]
    fn an_obstacle_passes_with_the_next_append_unless_the_log_tells_of_it_itself() {
        let (last, log) = (LastAppend::default(), MemoryLog::default());
        let busy = || Err::<(), _>(LogError::Unavailable("busy".to_owned()));
        last.note(&log, &busy());
        assert!(last.obstacle().is_some_and(|reason| reason.contains("busy")));
        last.note::<()>(&log, &Err(LogError::Invalid("x".to_owned())));
        assert!(last.obstacle().is_some());
        last.note(&log, &Ok(()));
        assert_eq!(last.obstacle(), None);
        log.recording().set_trouble(Some("no room".to_owned()));
        last.note(&log, &busy());
        assert_eq!(last.obstacle(), None);
    }
}
