//! The newest events, read once for all the streams that wait for them: with a thousand readers an
//! append costs one read of the log, not a thousand.

use std::sync::Arc;

use tokio::sync::Mutex;

use crate::log::{EventLog, LogError, RecordedEvent};

/// The most events that are read at once: few enough to be still in the processor's cache when they are
/// written.
pub const READ: usize = 256;

/// Events in order, and how many of the first were looked at.
#[derive(Debug, Clone, Default)]
pub struct Newest {
    events: Arc<Vec<RecordedEvent>>,
    at: usize,
}

impl Newest {
    /// Whether every one was looked at.
    pub fn is_empty(&self) -> bool {
        self.at >= self.events.len()
    }

    /// Looks at the next one.
    pub fn take_next(&mut self) -> Option<&RecordedEvent> {
        let event = self.events.get(self.at)?;
        self.at += 1;
        Some(event)
    }
}

/// The last page that was read at the end of the log.
#[derive(Debug, Default)]
pub struct Tail(Mutex<Arc<Vec<RecordedEvent>>>);

impl Tail {
    /// What follows a position near the end of the log; at least one event, if there is one.
    ///
    /// # Errors
    /// As [`EventLog::read_all`].
    pub async fn after(&self, log: &dyn EventLog, after: Option<u64>) -> Result<Newest, LogError> {
        let next = after.map_or(0, |after| after + 1);
        let mut newest = self.0.lock().await;
        let first = newest.first().map(|event| event.sequence);
        let at = first.and_then(|first| next.checked_sub(first)).map(|at| at as usize);
        if let Some(at) = at.filter(|at| *at < newest.len()) {
            return Ok(Newest { events: newest.clone(), at });
        }
        let page = log.read_all(after, READ).await?;
        *newest = Arc::new(page.events);
        Ok(Newest { events: newest.clone(), at: 0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::{Expected, MemoryLog, NewEvent, StreamName};

    fn rest(mut part: Newest) -> Vec<u64> {
        std::iter::from_fn(|| part.take_next().map(|event| event.sequence)).collect()
    }

    #[tokio::test]
    async fn every_reader_gets_what_follows_its_own_position() {
        let log = MemoryLog::default();
        let stream = StreamName::parse("s").unwrap();
        let append = async |number: u64| {
            let event = NewEvent {
                event_id: uuid::Uuid::from_u128(number.into()),
                event_type: "T".to_owned(),
                recorded_at_us: 0,
                data: b"{}".as_slice().into(),
                metadata: b"{}".as_slice().into(),
            };
            let expected = Expected::from(number.checked_sub(1));
            log.append(&stream, expected, vec![event]).await.unwrap();
        };
        let tail = Tail::default();
        for number in 0..3 {
            append(number).await;
        }
        assert_eq!(rest(tail.after(&log, None).await.unwrap()), [0, 1, 2]);
        assert_eq!(rest(tail.after(&log, Some(1)).await.unwrap()), [2]);
        append(3).await;
        assert_eq!(rest(tail.after(&log, Some(2)).await.unwrap()), [3]);
        assert_eq!(rest(tail.after(&log, Some(0)).await.unwrap()), [1, 2, 3]);
        assert_eq!(rest(tail.after(&log, Some(2)).await.unwrap()), [3]);
        assert!(rest(tail.after(&log, Some(3)).await.unwrap()).is_empty());
    }
}
