//! Streams of the log that lost events, or will: by metadata that hides events until a scavenge takes
//! them, by a deletion, by a scavenge. And what a person decided about them.
//!
//! What must hold: a stream that lost events is named, with what brings them back as long as anything
//! does; only what a person accepted (`LossAccepted`) is no reason against recording.

use std::collections::{BTreeMap, BTreeSet};

use kurrentdb::RecordedEvent as Found;
use serde::{Deserialize, Serialize};

use crate::log::{Lost, Stop, StreamName};

/// The revision before which a softly deleted stream hides everything.
const DELETED: u64 = i64::MAX as u64;

/// What is hidden or gone, as far as `$all` was read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Losses {
    /// What the metadata of a stream says that hides events.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    hidden: BTreeMap<String, Hides>,
    /// Streams whose events are gone for good, and how that was seen.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    gone: BTreeMap<String, String>,
    /// What a person decided to go on without.
    #[serde(default, skip)]
    accepted: BTreeSet<String>,
}

/// Metadata by which a server hides events.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Hides {
    #[serde(rename = "$maxAge", default, skip_serializing_if = "Option::is_none")]
    max_age: Option<serde_json::Value>,
    #[serde(rename = "$maxCount", default, skip_serializing_if = "Option::is_none")]
    max_count: Option<serde_json::Value>,
    #[serde(rename = "$tb", default, skip_serializing_if = "Option::is_none")]
    truncate_before: Option<serde_json::Value>,
}

impl Hides {
    fn is_deletion(&self) -> bool {
        self.truncate_before.as_ref().and_then(serde_json::Value::as_u64) == Some(DELETED)
    }

    fn said(&self) -> Option<String> {
        let said = [
            ("$maxAge", &self.max_age),
            ("$maxCount", &self.max_count),
            ("$tb", &self.truncate_before),
        ];
        said.into_iter().find_map(|(name, value)| Some(format!("{name}={}", value.as_ref()?)))
    }
}

impl Losses {
    /// Looks at an event outside the log: metadata of a stream of ours may hide its events.
    pub fn look_at_metadata(&mut self, prefix: &str, found: &Found) {
        let of = found.stream_id().strip_prefix("$$").and_then(|of| of.strip_prefix(prefix));
        let Some(stream) = of.filter(|_| found.event_type == "$metadata") else { return };
        let hides = serde_json::from_slice::<Hides>(&found.data).unwrap_or_default();
        if hides.said().is_some() {
            self.hidden.insert(stream.to_owned(), hides);
        } else {
            self.hidden.remove(stream);
        }
    }

    /// That events of a stream are gone for good.
    pub fn is_gone(&mut self, stream: &str, how: String) {
        self.gone.entry(stream.to_owned()).or_insert(how);
    }

    /// That a person decided to go on without the lost events of these streams.
    pub fn accept(&mut self, streams: impl IntoIterator<Item = String>) {
        self.accepted.extend(streams);
    }

    /// Whether a person did, for a stream.
    pub fn is_accepted(&self, stream: &str) -> bool {
        self.accepted.contains(stream)
    }

    /// Takes over what was known elsewhere; what was accepted is found in the log alone.
    pub fn take_over(&mut self, known: Losses) {
        (self.hidden, self.gone) = (known.hidden, known.gone);
    }

    /// Whether the same is hidden and gone.
    pub fn is_same(&self, other: &Losses) -> bool {
        (&self.hidden, &self.gone) == (&other.hidden, &other.gone)
    }

    /// Whether nothing is hidden or gone.
    pub fn is_empty(&self) -> bool {
        self.hidden.is_empty() && self.gone.is_empty()
    }

    /// Why nothing of a stream can be read, if so: it was deleted, or events of it are gone.
    pub fn reason(&self, prefix: &str, stream: &str) -> Option<String> {
        if let Some(how) = self.gone.get(stream) {
            return Some(how.clone());
        }
        let hides = self.hidden.get(stream).filter(|hides| hides.is_deletion())?;
        Some(remedy(prefix, stream, hides))
    }

    /// Whether metadata hides events of a stream.
    pub fn is_hidden(&self, stream: &str) -> bool {
        self.hidden.contains_key(stream)
    }

    /// Why events of a stream may not be shown, if so.
    pub fn hides(&self, prefix: &str, stream: &str) -> Option<String> {
        self.hidden.get(stream).map(|hides| remedy(prefix, stream, hides))
    }

    /// The streams that lost events, or will, and that nobody has decided about; of those that there are.
    pub fn undecided(&self, prefix: &str, exists: impl Fn(&str) -> bool) -> Vec<Lost> {
        let hidden =
            self.hidden.iter().filter(|(stream, _)| exists(stream)).map(|(stream, hides)| {
                (stream, self.gone.get(stream).cloned().unwrap_or(remedy(prefix, stream, hides)))
            });
        let gone = self.gone.iter().filter(|(stream, _)| !self.hidden.contains_key(*stream));
        let all = hidden.chain(gone.map(|(stream, how)| (stream, how.clone())));
        all.filter(|(stream, _)| !self.accepted.contains(*stream))
            .filter_map(|(stream, reason)| {
                Some(Lost { stream: StreamName::parse(stream).ok()?, reason })
            })
            .collect()
    }
}

/// What brings hidden events back.
fn remedy(prefix: &str, stream: &str, hides: &Hides) -> String {
    let said = hides.said().unwrap_or_default();
    if hides.is_deletion() {
        return format!(
            "the stream was deleted ({said}); as long as no scavenge has run, write empty metadata \
             ({{}}) to {prefix}{stream} twice: the server answers the first time by hiding the events \
             again, the second time they are back"
        );
    }
    format!(
        "its metadata hides events from readers ({said}), and a scavenge removes them; take that out \
         of the metadata of {prefix}{stream} (write {{}} to it)"
    )
}

/// Why recording stops for lost streams: the first by name, and how many more there are.
pub(super) fn stop_for(lost: &[Lost], sequence: Option<u64>) -> Option<Stop> {
    let (first, more) = lost.split_first()?;
    let mut reason = first.reason.clone();
    if !more.is_empty() {
        let names: Vec<_> = more.iter().take(5).map(|lost| lost.stream.as_str()).collect();
        let dots = if more.len() > names.len() { ", …" } else { "" };
        reason += &format!("; so did {} more: {}{dots}", more.len(), names.join(", "));
    }
    Some(Stop::Hole { stream: first.stream.to_string(), sequence, reason })
}

/// The streams that a `LossAccepted` names.
pub(super) fn accepted_in(event_type: &str, data: &[u8]) -> Vec<String> {
    #[derive(Deserialize)]
    struct Accepted {
        #[serde(default)]
        streams: Vec<String>,
    }
    if event_type != "LossAccepted" {
        return Vec::new();
    }
    serde_json::from_slice::<Accepted>(data).map(|accepted| accepted.streams).unwrap_or_default()
}

/// The last sequence that a `LossAccepted` says the log had.
pub(super) fn old_head_in(event_type: &str, data: &[u8]) -> Option<u64> {
    #[derive(Deserialize)]
    struct Accepted {
        old_head: Option<u64>,
    }
    if event_type != "LossAccepted" {
        return None;
    }
    serde_json::from_slice::<Accepted>(data).ok()?.old_head
}
