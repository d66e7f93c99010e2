//! Two logs compared event by event, as each stood when the comparison began.

use std::fmt;

use chrono::{DateTime, SecondsFormat};
use sha2::{Digest, Sha256};

use super::walk::{Walk, count};
use super::{MoveError, Observer, Side};
use crate::ledger::Root;
use crate::log::envelope::leaf_hash;
use crate::log::{EventLog, RecordedEvent, StreamName};

/// What two logs came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// The tree over the first log.
    pub from: Root,
    /// The tree over the second log.
    pub to: Root,
    /// The first event at which they are not one; absent where they are.
    pub first: Option<Difference>,
}

/// An event at which two logs are not one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Its sequence.
    pub sequence: u64,
    /// Its stream, in the first log that has it.
    pub stream: StreamName,
    /// Its revision there.
    pub revision: u64,
    /// What is not the same.
    pub what: What,
}

/// What is not the same at an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// These fields.
    Fields(Vec<Field>),
    /// The other log ends before it.
    OnlyIn(Side),
}

/// A field with its two values, as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// The field's name in the envelope.
    pub name: &'static str,
    /// Its value in the first log.
    pub from: String,
    /// Its value in the second.
    pub to: String,
}

impl Difference {
    /// The difference of two events that are not the same.
    pub(super) fn between(from: &RecordedEvent, to: &RecordedEvent) -> Self {
        let fields = values(from).into_iter().zip(values(to));
        let fields = fields.filter(|((_, from), (_, to))| from != to);
        let fields = fields.map(|((name, from), (_, to))| Field { name, from, to }).collect();
        Self { what: What::Fields(fields), ..Self::only(from, Side::From) }
    }

    /// An event that one log has alone.
    fn only(event: &RecordedEvent, side: Side) -> Self {
        Self {
            sequence: event.sequence,
            stream: event.stream.clone(),
            revision: event.revision,
            what: What::OnlyIn(side),
        }
    }
}

fn values(event: &RecordedEvent) -> [(&'static str, String); 8] {
    let at = DateTime::from_timestamp_micros(event.recorded_at_us).map_or_else(
        || event.recorded_at_us.to_string(),
        |at| at.to_rfc3339_opts(SecondsFormat::Micros, true),
    );
    let bytes = |bytes: &[u8]| {
        let digest: String = Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect();
        format!("{} bytes with SHA-256 {digest}", bytes.len())
    };
    [
        ("sequence", event.sequence.to_string()),
        ("stream", event.stream.to_string()),
        ("revision", event.revision.to_string()),
        ("event_id", event.event_id.to_string()),
        ("type", event.event_type.to_string()),
        ("recorded_at", at),
        ("data", bytes(&event.data)),
        ("metadata", bytes(&event.metadata)),
    ]
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sequence, stream, revision, what } = self;
        write!(
            f,
            "The first difference is at sequence {sequence} ({stream}, revision {revision}):"
        )?;
        match what {
            What::OnlyIn(Side::From) => f.write_str(" only the first log has this event"),
            What::OnlyIn(Side::To) => f.write_str(" only the second log has this event"),
            What::Fields(fields) => fields.iter().enumerate().try_for_each(|(index, field)| {
                let and = if index == 0 { "" } else { ";" };
                write!(
                    f,
                    "{and} {} is {} in the first, {} in the second",
                    field.name, field.from, field.to
                )
            }),
        }
    }
}

/// Compares two logs from their first events to where each stood when asked. Both are read to their
/// ends, so that both roots are known also where they differ.
///
/// # Errors
/// A log that can't be read, or is damaged; [`MoveError::Interrupted`].
pub async fn compare(
    from: &dyn EventLog,
    to: &dyn EventLog,
    watch: &dyn Observer,
) -> Result<Comparison, MoveError> {
    let ends = (count(from, Side::From, watch).await?, count(to, Side::To, watch).await?);
    compare_until((from, ends.0), (to, ends.1), watch, false).await
}

/// Compares the first events of two logs, so many of each: a copy, and a log that has grown since.
///
/// # Errors
/// As [`compare`].
pub async fn compare_first(
    from: &dyn EventLog,
    to: &dyn EventLog,
    events: u64,
    watch: &dyn Observer,
) -> Result<Comparison, MoveError> {
    compare_until((from, events), (to, events), watch, true).await
}

/// Compares the first events of two logs, so many of each; on request only up to the first difference.
pub(super) async fn compare_until(
    (from, from_end): (&dyn EventLog, u64),
    (to, to_end): (&dyn EventLog, u64),
    watch: &dyn Observer,
    stops_at_first: bool,
) -> Result<Comparison, MoveError> {
    let mut from = Walk::new(from, Side::From, watch, 0..from_end);
    let mut to = Walk::new(to, Side::To, watch, 0..to_end);
    let mut compared = Comparison { from: Root::new(), to: Root::new(), first: None };
    loop {
        if watch.is_stopped() {
            return Err(MoveError::Interrupted);
        }
        let filled = futures_util::future::join(from.fill(), to.fill()).await;
        filled.0.and(filled.1)?;
        match from.events.len().min(to.events.len()) {
            0 if from.events.is_empty() && to.events.is_empty() => return Ok(compared),
            0 => compared.take_rest(&mut from, &mut to),
            both => compared.take_pairs(from.events.drain(..both), to.events.drain(..both)),
        }
        let done = compared.from.size().max(compared.to.size());
        watch.progress(done, from_end.max(to_end));
        if stops_at_first && compared.first.is_some() {
            return Ok(compared);
        }
    }
}

impl Comparison {
    fn take_pairs(
        &mut self,
        from: impl Iterator<Item = RecordedEvent>,
        to: impl Iterator<Item = RecordedEvent>,
    ) {
        for (from, to) in from.zip(to) {
            let leaves = (leaf_hash(&from), leaf_hash(&to));
            if self.first.is_none() && leaves.0 != leaves.1 {
                self.first = Some(Difference::between(&from, &to));
            }
            self.from.push(leaves.0);
            self.to.push(leaves.1);
        }
    }

    /// What only one log has, since the other ended.
    fn take_rest<'a>(&mut self, from: &mut Walk<'a>, to: &mut Walk<'a>) {
        let (walk, root) =
            if from.events.is_empty() { (to, &mut self.to) } else { (from, &mut self.from) };
        for event in walk.events.drain(..) {
            self.first.get_or_insert_with(|| Difference::only(&event, walk.side));
            root.push(leaf_hash(&event));
        }
    }
}
