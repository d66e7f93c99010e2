//! Docket's events as a KurrentDB keeps them, and back.
//!
//! Data and metadata are the very bytes that were given. The instant of recording is in the metadata
//! (`recorded_at`), for the server's own time is another and is cut. Metadata that does not say it,
//! which no event of Docket's has, goes behind a mark that does, so that the port's promise holds for
//! every event.

use bytes::{BufMut as _, BytesMut};
use chrono::DateTime;
use kurrentdb::{EventData, RecordedEvent as Found};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::log::event::MAX_ADDED_BYTES;
use crate::log::{Bytes, NewEvent, RecordedEvent, StreamName};

/// What stands before metadata that does not say when the event was recorded: no JSON begins so.
const MARK: &[u8] = b"\0docket1";
const _: () = assert!(MARK.len() + size_of::<i64>() <= MAX_ADDED_BYTES);

/// An event in the client's form.
pub(super) fn to_stored(event: &NewEvent) -> EventData {
    // As raw text it is written as it stands, so what is stored is what is hashed.
    let json = serde_json::from_slice::<&RawValue>(&event.data)
        .ok()
        .filter(|raw| raw.get().len() == event.data.len())
        .and_then(|raw| EventData::json(&event.event_type, &raw).ok());
    let stored = json.unwrap_or_else(|| EventData::binary(&event.event_type, event.data.clone()));
    stored.id(event.event_id).metadata(with_instant(&event.metadata, event.recorded_at_us))
}

fn with_instant(metadata: &Bytes, recorded_at_us: i64) -> Bytes {
    if !metadata.starts_with(MARK) && said_in(metadata) == Some(recorded_at_us) {
        return metadata.clone();
    }
    let mut marked = BytesMut::with_capacity(MARK.len() + 8 + metadata.len());
    marked.put_slice(MARK);
    marked.put_i64(recorded_at_us);
    marked.put_slice(metadata);
    marked.freeze()
}

/// The instant that metadata says, and the metadata as it was given.
fn instant_of(stored: &Bytes) -> Option<(i64, Bytes)> {
    let Some(marked) = stored.strip_prefix(MARK) else {
        return Some((said_in(stored)?, stored.clone()));
    };
    let (instant, _) = marked.split_first_chunk::<8>()?;
    Some((i64::from_be_bytes(*instant), stored.slice(MARK.len() + 8..)))
}

/// In microseconds; only if the text says it to the microsecond and not finer.
fn said_in(metadata: &[u8]) -> Option<i64> {
    // Within a text a quotation mark is escaped, so this is a name of the one flat object.
    const NAME: &[u8] = br#","recorded_at":""#;
    if let Some(at) = metadata.windows(NAME.len()).position(|part| part == NAME) {
        let text = metadata[at + NAME.len()..].split(|byte| *byte == b'"').next();
        return text.and_then(|text| instant(std::str::from_utf8(text).ok()?));
    }
    #[derive(Deserialize)]
    struct Carried<'a> {
        recorded_at: &'a str,
    }
    let said: Carried<'_> = serde_json::from_slice(metadata).ok()?;
    instant(said.recorded_at)
}

fn instant(text: &str) -> Option<i64> {
    let instant = DateTime::parse_from_rfc3339(text).ok()?;
    (instant.timestamp_subsec_nanos() % 1000 == 0).then(|| instant.timestamp_micros())
}

/// An event as the port hands it out; nothing where the metadata is none of Docket's.
pub(super) fn to_recorded(
    found: Found,
    stream: StreamName,
    sequence: u64,
) -> Option<RecordedEvent> {
    let (recorded_at_us, metadata) = instant_of(&found.custom_metadata)?;
    Some(RecordedEvent {
        sequence,
        stream,
        revision: found.revision,
        event_id: found.id,
        event_type: found.event_type.into(),
        recorded_at_us,
        data: found.data,
        metadata,
    })
}

/// Whether what stands is what was to be written.
pub(super) fn is_same(standing: &RecordedEvent, given: &NewEvent) -> bool {
    standing.event_id == given.event_id
        && standing.event_type == given.event_type
        && standing.recorded_at_us == given.recorded_at_us
        && standing.data == given.data
        && standing.metadata == given.metadata
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_of_docket_is_kept_as_it_is_and_any_other_comes_back_as_it_was() {
        let said =
            Bytes::from_static(br#"{"act":"exit","recorded_at":"2026-11-22T09:30:00.123456Z"}"#);
        let instant = 1_795_339_800_123_456;
        assert_eq!(with_instant(&said, instant), said);
        assert_eq!(instant_of(&said), Some((instant, said.clone())));
        let others: [&[u8]; 5] = [b"", b"{}", b"\0", b"\0docket1", br#"{"recorded_at":"soon"}"#];
        for metadata in others.into_iter().map(Bytes::from_static).chain([said]) {
            for instant in [i64::MIN, -1, 0, i64::MAX] {
                let stored = with_instant(&metadata, instant);
                assert_ne!(stored, metadata);
                assert_eq!(instant_of(&stored), Some((instant, metadata.clone())));
            }
        }
        for foreign in [&b"{}"[..], b"", b"\0docket1123", br#"{"recorded_at":7}"#] {
            assert_eq!(instant_of(&Bytes::copy_from_slice(foreign)), None);
        }
    }
}
