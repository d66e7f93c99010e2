//! Events whose every field follows from a number, and reading them back.

use std::sync::Arc;

use docket::log::{EventLog, NewEvent, RecordedEvent, StreamName};
use uuid::Uuid;

pub type Log = Arc<dyn EventLog>;

pub fn stream(name: &str) -> StreamName {
    StreamName::parse(name).unwrap()
}

/// An event whose every field follows from `number`.
pub fn event(number: u64) -> NewEvent {
    NewEvent {
        event_id: Uuid::from_u64_pair(0x5eed, number),
        event_type: format!("Happened{}", number % 7),
        recorded_at_us: 1_700_000_000_000_000 + number as i64,
        data: format!(r#"{{"number":{number}}}"#).into_bytes().into(),
        metadata: br#"{"principal":"tester"}"#.as_slice().into(),
    }
}

pub fn events(numbers: std::ops::Range<u64>) -> Vec<NewEvent> {
    numbers.map(event).collect()
}

pub fn is_as_given(recorded: &RecordedEvent, given: &NewEvent) -> bool {
    recorded.event_id == given.event_id
        && recorded.event_type == given.event_type
        && recorded.recorded_at_us == given.recorded_at_us
        && recorded.data == given.data
        && recorded.metadata == given.metadata
}

/// The whole log after `after`, in pages of `limit`.
pub async fn read_everything(
    log: &Log,
    mut after: Option<u64>,
    limit: usize,
) -> Vec<RecordedEvent> {
    let mut all = Vec::new();
    loop {
        let page = log.read_all(after, limit).await.unwrap();
        all.extend(page.events);
        after = page.next;
        if page.end {
            return all;
        }
    }
}

/// A whole stream, in pages of `limit`.
pub async fn read_whole_stream(log: &Log, stream: &StreamName, limit: usize) -> Vec<RecordedEvent> {
    let (mut all, mut from) = (Vec::new(), 0);
    loop {
        let page = log.read_stream(stream, from, limit).await.unwrap();
        all.extend(page.events);
        from = page.next;
        if page.end {
            return all;
        }
    }
}
