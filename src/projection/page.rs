//! Events decoded, once for all read models.

use super::step::Envelope;
use crate::codec::{CodecError, Stored, decode};
use crate::log::RecordedEvent;

/// An event out of its bytes.
#[derive(Debug)]
pub struct Decoded {
    /// Where it stands.
    pub envelope: Envelope,
    /// What it says.
    pub stored: Stored,
}

impl Decoded {
    /// The sequence.
    pub fn sequence(&self) -> u64 {
        self.envelope.sequence
    }
}

/// Decodes a page up to the first event that this program doesn't know; that one's sequence and
/// the reason come second. `known_at_us` is the running maximum of `recorded_at` before the page.
pub fn decode_page(
    events: Vec<RecordedEvent>,
    mut known_at_us: i64,
) -> (Vec<Decoded>, Option<(u64, CodecError)>) {
    let mut decoded = Vec::with_capacity(events.len());
    for event in events {
        known_at_us = known_at_us.max(event.recorded_at_us);
        match decode(&event) {
            Ok(stored) => decoded.push(Decoded { envelope: envelope(event, known_at_us), stored }),
            Err(error) => return (decoded, Some((event.sequence, error))),
        }
    }
    (decoded, None)
}

fn envelope(event: RecordedEvent, known_at_us: i64) -> Envelope {
    Envelope {
        sequence: event.sequence,
        stream: event.stream,
        revision: event.revision,
        event_id: event.event_id,
        event_type: event.event_type,
        recorded_at_us: event.recorded_at_us,
        known_at_us,
    }
}
