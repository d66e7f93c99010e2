//! What nodes tell each other of their counts, in a stream beside the log's.

use kurrentdb::RecordedEvent as Found;
use serde::{Deserialize, Serialize};

use super::losses::Losses;
use super::positions::{Place, Positions};

pub(super) const COUNTED: &str = "Counted";

/// The stream's name: beside the log's, never under its prefix.
pub(super) fn stream_name(prefix: &str) -> String {
    format!("~{prefix}counts")
}

/// One event of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Left {
    /// How many events the ones before it tell of.
    pub after: u64,
    /// The sequence of the first event whose position is told here: later than that only where nobody
    /// knows where events stood that are gone.
    pub from: u64,
    /// The sequence after the last.
    pub next: u64,
    /// The positions, as bytes in base64.
    pub positions: String,
    /// The streams that begin with these events.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub streams: Vec<String>,
    /// The log's first and last event by then.
    pub first: Place,
    pub last: Place,
    /// How far `$all` was read.
    pub seen: (u64, u64),
    #[serde(default, skip_serializing_if = "Losses::is_empty")]
    pub losses: Losses,
}

impl Left {
    /// What an event of the stream says.
    pub fn read(found: &Found) -> Option<Self> {
        if found.event_type != COUNTED {
            return None;
        }
        serde_json::from_slice(&found.data).ok()
    }
}

/// What is told there, as far as it was read.
#[derive(Debug)]
pub(super) struct Told {
    stream: String,
    pub revision: Option<u64>,
    pub next: u64,
    pub seen: u64,
    pub losses: Losses,
    /// That this node's own count is not the log's.
    pub is_wrong: bool,
}

impl Told {
    pub fn new(prefix: &str) -> Self {
        let stream = stream_name(prefix);
        let losses = Losses::default();
        Self { stream, revision: None, next: 0, seen: 0, losses, is_wrong: false }
    }

    /// Whether this is the stream.
    pub fn is_said_in(&self, stream: &str) -> bool {
        self.stream == stream
    }

    /// Takes note of an event of it.
    pub fn hear(&mut self, found: &Found, counted: &Positions) {
        self.revision = Some(found.revision);
        let Some(left) = Left::read(found) else { return };
        if left.next > 0 && counted.get(left.next - 1) != Some(left.last.1) {
            tracing::error!(
                sequence = left.next - 1,
                "another node counts the log otherwise than this one: who starts from its count is \
                 told so; delete the stream {} to have it left anew",
                self.stream
            );
        }
        self.note(left);
    }

    /// That nothing is left of this node's count any more.
    pub fn end(&mut self) {
        self.is_wrong = true;
    }

    /// That what was left is left no more, or not all of it: it is left anew.
    pub fn forget(&mut self) {
        (self.next, self.seen) = (0, 0);
    }

    /// Takes note of what this node left.
    pub fn note(&mut self, left: Left) {
        (self.next, self.seen) = (self.next.max(left.next), self.seen.max(left.seen.0));
        self.losses = left.losses;
    }
}
