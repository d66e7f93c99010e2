//! The proof that something is not on record: every event of a stream by dense revisions, and from its last
//! one on the entries of the whole log, none of which is of that stream.

use serde_json::Value;

use super::event::Event;
use super::finding::{Kind, Report};
use super::note::Checkpoint;
use super::tree::{Hash, Tree, leaf};

/// What is said not to be on record: an event of a type in a stream that counts on one of some days.
pub struct Claim {
    /// The stream.
    pub stream: String,
    /// The type, and the act that becomes such an event.
    pub event_type: String,
    /// That act.
    pub act: String,
    /// The first day; empty: any.
    pub from: String,
    /// The last day.
    pub by: String,
    /// The last sequence that is looked at.
    pub up_to: u64,
    /// From which day the record is said to be complete.
    pub kept_since: Option<String>,
    /// The roots of the perfect subtrees over what comes before the entries.
    pub before: Vec<Hash>,
    /// The entries of the log from the stream's last event on, up to the end of the checkpoint's tree.
    pub entries: Vec<Vec<u8>>,
}

impl Claim {
    /// Whether a date, a day or an interval, can lie within: its ends are compared by the digits they have.
    fn covers(&self, date: &str) -> bool {
        let (begins, ends) = date.split_once('/').unwrap_or((date, date));
        let from = self.from.get(..ends.len()).unwrap_or(&self.from);
        (begins == ".." || begins <= self.by.as_str()) && (ends == ".." || ends >= from)
    }

    /// Whether an event, or what a correction puts in the place of one, is what is said not to be there.
    fn is_shown_by(&self, event: &Event<'_>) -> bool {
        let read = |bytes| serde_json::from_slice::<Value>(bytes).unwrap_or_default();
        let mended = &read(event.data)["content"]["replacement"];
        // Without a date it can be of any.
        let within = |date: &Value| date.as_str().is_none_or(|date| self.covers(date));
        (event.kind == self.event_type && within(&read(event.metadata)["effective_on"]))
            || (mended["act"]["act"] == self.act && within(&mended["common"]["effective_on"]))
    }

    /// Whether the entries from an event on are those that a checkpoint covers, and none of them, as far as
    /// is looked at, is of the stream.
    fn has_rest(&self, from: u64, checkpoint: &Checkpoint) -> bool {
        let Some(mut tree) = Tree::of(from, &self.before) else { return false };
        for entry in &self.entries {
            // After its version: the length of the stream's name, and that name.
            let length = entry.get(1..3).map(|two| usize::from(two[0]) << 8 | usize::from(two[1]));
            let name = length.and_then(|length| entry.get(3..3 + length));
            if tree.size() <= self.up_to && name.is_none_or(|name| name == self.stream.as_bytes()) {
                return false;
            }
            tree.push(leaf(entry));
        }
        tree.size() == checkpoint.size && tree.root() == checkpoint.root
    }

    /// Judges it by the events of a bundle, each of which has its own proof, and by its checkpoint.
    pub fn judge(&self, events: &[Event<'_>], checkpoint: &Checkpoint, report: &mut Report) {
        let mut found = |text: String| report.found(Kind::Absence, None, text);
        let mut own = events.iter().filter(|event| event.stream == self.stream).peekable();
        if own.peek().is_some_and(|first| first.revision != 0) {
            found(format!("the first event of {} is not there", self.stream));
        }
        let (mut from, up_to) = (0, self.up_to);
        for event in own.filter(|event| event.sequence <= up_to) {
            from = event.sequence.saturating_add(1);
            if self.is_shown_by(event) {
                found(format!("event {} is what is said not to be on record", event.sequence));
            }
        }
        if up_to >= checkpoint.size {
            found(format!("the checkpoint does not cover event {up_to}"));
        } else if from <= up_to && !self.has_rest(from, checkpoint) {
            found(format!("events {from} to {up_to} are not proved to be of other streams"));
        }
        let Self { event_type, stream, from, by, .. } = self;
        let days = if from.is_empty() { by.clone() } else { format!("{by}, from {from} on") };
        let kept = self.kept_since.as_deref().unwrap_or("no known day");
        report.absent = Some(format!(
            "no {event_type} in {stream} effective by {days}, recorded up to {up_to}; kept since {kept}; \
             times are the server's unless a witness or a time-stamp covers them"
        ));
    }
}
