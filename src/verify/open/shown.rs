//! An event as a server shows it and a bundle holds it, read; and a finding, shown.

use std::fmt;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::verify::{Event, Finding, Kind};

/// An event as a server shows it and a bundle holds it: in JSON, with what was hashed as it stands.
#[derive(Deserialize)]
pub struct Shown<'a> {
    /// The sequence in digits.
    pub sequence: String,
    /// The stream.
    pub stream: String,
    /// The place in it.
    pub revision: u64,
    id: String,
    #[serde(rename = "type")]
    kind: String,
    recorded_at: String,
    #[serde(borrow)]
    data: &'a RawValue,
    #[serde(borrow)]
    metadata: &'a RawValue,
}

impl Shown<'_> {
    /// The event; `None` where a part of it is none.
    pub fn event(&self) -> Option<Event<'_>> {
        Some(Event {
            sequence: self.sequence.parse().ok()?,
            stream: &self.stream,
            revision: self.revision,
            id: *uuid::Uuid::parse_str(&self.id).ok()?.as_bytes(),
            kind: &self.kind,
            recorded_at: chrono::DateTime::parse_from_rfc3339(&self.recorded_at)
                .ok()?
                .timestamp_micros(),
            data: self.data.get().as_bytes(),
            metadata: self.metadata.get().as_bytes(),
        })
    }
}

impl Kind {
    /// The word for programs: `other-log` for `OtherLog`.
    pub fn word(self) -> String {
        let mut word = String::new();
        for letter in format!("{self:?}").chars() {
            if letter.is_uppercase() && !word.is_empty() {
                word.push('-');
            }
            word.push(letter.to_ascii_lowercase());
        }
        word
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.between {
            Some((first, last)) if first == last => write!(f, "sequence {first}: ")?,
            Some((first, last)) => write!(f, "sequences {first} to {last}: ")?,
            None => {}
        }
        f.write_str(&self.text)
    }
}
