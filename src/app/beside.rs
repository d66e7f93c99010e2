//! Events that stand beside the enrollments: written once for each key, after what stands in their stream.

use super::enrollments::read_whole_stream;
use super::journal::{Journal, check_size};
use super::{ActError, Caller};
use crate::codec::{self, Stored};
use crate::domain::event::EventMeta;
use crate::log::{LogError, NewEvent, RecordedEvent};

/// An event that is on record outside of the enrollments.
#[derive(Debug, Clone)]
pub struct Written {
    /// The stream.
    pub stream: String,
    /// The revision.
    pub revision: u64,
    /// The sequence, where it is known.
    pub sequence: Option<u64>,
    /// The event's id.
    pub id: uuid::Uuid,
    /// Whether it was on record already under this key.
    pub replayed: bool,
}

/// Writes an event beside the enrollments, once for each key, as `encode` makes it after what
/// stands in its stream.
pub(super) async fn write(
    journal: &Journal,
    (caller, key, print): (&Caller, &str, &str),
    stream: &str,
    mut meta: EventMeta,
    encode: impl Fn(&[RecordedEvent], &EventMeta, uuid::Uuid) -> Result<NewEvent, ActError>,
) -> Result<Written, ActError> {
    let _turn = journal.turn(stream).await;
    let fingerprint = codec::sha256_hex(print.as_bytes());
    for _ in 0..8 {
        let events = read_whole_stream(&*journal.log, stream, 0).await?;
        if let Some(written) = find_key(&events, caller, key, &fingerprint)? {
            journal.counters.count_replay();
            return Ok(written);
        }
        meta.recorded_at = journal.clock.now_for_recording()?;
        meta.key = Some((key.into(), fingerprint.as_str().into()));
        let after = events.last().map(|event| event.revision);
        let revision = after.map_or(0, |revision| revision + 1);
        let id =
            codec::event_id(journal.log_id, stream, revision, &caller.principal, key, &fingerprint);
        let event = encode(&events, &meta, id)?;
        check_size(&event.data)?;
        match journal.append_after(stream, after, event).await {
            Ok(landed) => {
                let (stream, sequence) = (stream.to_owned(), landed.sequence);
                return Ok(Written { stream, revision, sequence, id, replayed: false });
            }
            Err(ActError::Log(LogError::Conflict { .. })) => {}
            Err(error) => return Err(error),
        }
    }
    Err(ActError::Busy { what: stream.to_owned() })
}

/// Where the event stands that this caller recorded under a key.
pub(super) fn under_key(
    events: &[RecordedEvent],
    caller: &Caller,
    key: &str,
) -> Result<Option<usize>, ActError> {
    for (at, stored) in events.iter().enumerate() {
        let decoded: Stored = codec::decode(stored)?;
        let meta = decoded.meta();
        let is_used = meta.key.as_ref().is_some_and(|(used, _)| used == key);
        if is_used && meta.principal == caller.principal {
            return Ok(Some(at));
        }
    }
    Ok(None)
}

fn find_key(
    events: &[RecordedEvent],
    caller: &Caller,
    key: &str,
    fingerprint: &str,
) -> Result<Option<Written>, ActError> {
    let Some(at) = under_key(events, caller, key)? else { return Ok(None) };
    let stored = &events[at];
    let decoded: Stored = codec::decode(stored)?;
    let meta = decoded.meta();
    if meta.key.as_ref().is_some_and(|(_, print)| print != fingerprint) {
        return Err(ActError::KeyReused { first_used_at: meta.recorded_at });
    }
    Ok(Some(Written {
        stream: stored.stream.as_str().to_owned(),
        revision: stored.revision,
        sequence: Some(stored.sequence),
        id: stored.event_id,
        replayed: true,
    }))
}
