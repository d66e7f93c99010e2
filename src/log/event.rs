//! What the port carries: stream names, events before and after they are recorded, and the limits
//! that hold on every engine. Not here: what is inside `data` and `metadata`.

use std::sync::Arc;

use smol_str::SmolStr;
use uuid::Uuid;

use super::LogError;

/// Bytes as they were given and hashed; cheap to share. Those out of a read share the page they came
/// in, so what is to be kept for long is copied.
pub type Bytes = bytes::Bytes;

/// The longest stream name, in bytes.
pub const MAX_STREAM_NAME_BYTES: usize = 200;
/// The longest event type name, in bytes.
pub const MAX_EVENT_TYPE_BYTES: usize = 200;
/// The most data and metadata in one append, in bytes. A KurrentDB takes 1 MiB by default, and some
/// versions count twice the characters of each type name in it: so that any append which is taken here
/// is taken there, whatever its types, with room for what the engine adds (see the assertion).
pub const MAX_APPEND_BYTES: usize = 512 * 1024;
/// The most events in one append.
pub const MAX_APPEND_EVENTS: usize = 1024;
/// What an engine may add to an event's metadata, in bytes.
pub const MAX_ADDED_BYTES: usize = 64;

const _: () = assert!(
    MAX_APPEND_BYTES + MAX_APPEND_EVENTS * (2 * MAX_EVENT_TYPE_BYTES + MAX_ADDED_BYTES) <= 1 << 20
);

/// The name of a stream: 1 to 200 visible ASCII characters, not starting with `$`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamName(Arc<str>);

/// Why a text is not a stream name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} is not a stream name: {reason}")]
pub struct StreamNameError {
    name: String,
    reason: &'static str,
}

impl StreamName {
    /// Reads a stream name.
    ///
    /// # Errors
    /// When it is empty, longer than [`MAX_STREAM_NAME_BYTES`], starts with `$` (reserved by
    /// engines), or has a character that is not visible ASCII.
    pub fn parse(name: &str) -> Result<Self, StreamNameError> {
        match refusal(name, MAX_STREAM_NAME_BYTES) {
            None => Ok(Self(name.into())),
            Some(reason) => Err(StreamNameError {
                name: name.chars().take(MAX_STREAM_NAME_BYTES).collect(),
                reason,
            }),
        }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for StreamName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::borrow::Borrow<str> for StreamName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for StreamName {
    type Err = StreamNameError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::parse(name)
    }
}

/// What keeps `name` from being a name in the log. Type names follow the same rule: engines keep
/// `$` for themselves there too.
fn refusal(name: &str, limit: usize) -> Option<&'static str> {
    if name.is_empty() {
        Some("it is empty")
    } else if name.len() > limit {
        Some("it is longer than 200 bytes")
    } else if name.starts_with('$') {
        Some("names that start with `$` are reserved")
    } else if !name.bytes().all(|byte| byte.is_ascii_graphic()) {
        Some("it may hold only visible ASCII characters, without spaces")
    } else {
        None
    }
}

/// An event on its way into the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// Identity given by the caller; the log does not look events up by it.
    pub event_id: Uuid,
    /// Name of the event's type: 1 to 200 visible ASCII characters, not starting with `$`.
    pub event_type: String,
    /// The instant of recording, in microseconds UTC since 1970.
    pub recorded_at_us: i64,
    /// The event itself; the log keeps it byte for byte.
    pub data: Bytes,
    /// What is said about the event; kept byte for byte.
    pub metadata: Bytes,
}

/// An event that stands in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedEvent {
    /// Dense number in the whole log, from 0; also the index of its Merkle leaf.
    pub sequence: u64,
    /// The stream it stands in.
    pub stream: StreamName,
    /// Dense number in its stream, from 0.
    pub revision: u64,
    /// Identity given by the caller.
    pub event_id: Uuid,
    /// Name of the event's type.
    pub event_type: SmolStr,
    /// The instant of recording, in microseconds UTC since 1970.
    pub recorded_at_us: i64,
    /// The event itself, the bytes that were given.
    pub data: Bytes,
    /// What is said about the event, the bytes that were given.
    pub metadata: Bytes,
}

/// Refuses an append that no engine takes, and returns its size in bytes.
pub(super) fn check_append(events: &[NewEvent]) -> Result<usize, LogError> {
    if events.is_empty() {
        return Err(LogError::Invalid("an append needs at least one event".to_owned()));
    }
    if events.len() > MAX_APPEND_EVENTS {
        return Err(LogError::TooLarge {
            what: "events in one append",
            actual: events.len(),
            limit: MAX_APPEND_EVENTS,
        });
    }
    for event in events {
        if let Some(reason) = refusal(&event.event_type, MAX_EVENT_TYPE_BYTES) {
            let name: String = event.event_type.chars().take(MAX_EVENT_TYPE_BYTES).collect();
            return Err(LogError::Invalid(format!("{name:?} is not an event type name: {reason}")));
        }
    }
    let bytes = events.iter().map(|event| event.data.len() + event.metadata.len()).sum();
    if bytes > MAX_APPEND_BYTES {
        return Err(LogError::TooLarge {
            what: "bytes of data and metadata in one append",
            actual: bytes,
            limit: MAX_APPEND_BYTES,
        });
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stream_names_are_visible_ascii_of_bounded_length() {
        let longest = "x".repeat(MAX_STREAM_NAME_BYTES);
        for good in ["log", "strong_province-440000", "quota-strong_province.leading", &longest] {
            assert_eq!(StreamName::parse(good).map(|n| n.to_string()), Ok(good.to_owned()));
        }
        let too_long = "x".repeat(MAX_STREAM_NAME_BYTES + 1);
        for bad in ["", "$all", "a b", "a\tb", "a\0b", "广东", "a\u{7f}", &too_long] {
            assert!(StreamName::parse(bad).is_err(), "{bad:?}");
        }
    }
}
