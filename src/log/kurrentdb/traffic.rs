//! What the stream beside the log says of a move: who moves it, whether appends are paused, where it
//! went.

use std::time::Duration;

use kurrentdb::RecordedEvent as Found;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::log::LogError;

/// How long a pause holds after it was said last.
pub(super) const HOLDS: Duration = Duration::from_secs(12);

pub(super) const BEGAN: &str = "MovingBegan";
pub(super) const ENDED: &str = "MovingEnded";
pub(super) const MOVED: &str = "LogMoved";

/// What the stream's events carry.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Carried {
    /// The address that the log moves to, without user and password.
    pub to: String,
    /// Which mover says it.
    pub mover: String,
    /// Of a log that moved: what people are told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notice: Option<String>,
}

/// What the stream says, as far as `$all` was read.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    pub revision: Option<u64>,
    state: State,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Free,
    Paused {
        said: Carried,
        heard: Instant,
    },
    /// With how many events were counted by then.
    Moved {
        said: Carried,
        events: u64,
    },
}

/// The stream's name: beside the log's, never under its prefix.
pub(super) fn stream_name(prefix: &str) -> String {
    format!("~{prefix}moving")
}

impl Traffic {
    /// Takes note of an event of the stream, before which so many events of the log stand.
    pub fn hear(&mut self, found: &Found, events: u64) {
        self.revision = Some(found.revision);
        let said = serde_json::from_slice::<Carried>(&found.data).ok();
        self.state = match (found.event_type.as_str(), said) {
            (BEGAN, Some(said)) => State::Paused { said, heard: Instant::now() },
            (MOVED, Some(said)) => State::Moved { said, events },
            _ => State::Free,
        };
    }

    /// Whether anything was said so far.
    pub fn is_silent(&self) -> bool {
        self.revision.is_none()
    }

    /// Where the log went, if it did.
    pub fn moved(&self) -> Option<&str> {
        match &self.state {
            State::Moved { said, .. } => Some(said.notice.as_deref().unwrap_or(&said.to)),
            State::Free | State::Paused { .. } => None,
        }
    }

    /// With how many events it went.
    pub fn moved_with(&self) -> Option<u64> {
        match &self.state {
            State::Moved { events, .. } => Some(*events),
            State::Free | State::Paused { .. } => None,
        }
    }

    /// The revision of a pause that holds as far as is known.
    pub fn paused(&self) -> Option<u64> {
        let holds = matches!(&self.state, State::Paused { heard, .. } if heard.elapsed() < HOLDS);
        self.revision.filter(|_| holds)
    }

    /// That the pause at this revision was said too long ago to hold.
    pub fn lapse(&mut self, revision: u64) {
        if self.paused() == Some(revision) {
            self.state = State::Free;
        }
    }

    /// What an append is told while another moves the log.
    pub fn refusal(&self) -> Option<LogError> {
        match &self.state {
            State::Moved { .. } => self.moved().map(|notice| {
                LogError::Moving(format!(
                    "the log moved {notice}; restart the server with that address (--log)"
                ))
            }),
            State::Paused { said, heard } if heard.elapsed() < HOLDS => {
                Some(LogError::Moving(format!("the log is being moved to {}", said.to)))
            }
            State::Paused { .. } | State::Free => None,
        }
    }

    /// Which mover says the pause.
    pub fn mover(&self) -> Option<&str> {
        match &self.state {
            State::Paused { said, .. } => Some(&said.mover),
            State::Free | State::Moved { .. } => None,
        }
    }
}
