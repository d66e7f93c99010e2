//! What the events of a stream without an enrollment tell together.

use super::{CodecError, Stored, decode};
use crate::domain::indicator::{IndicatorHistory, IndicatorRecord};
use crate::domain::subject::{SubjectHistory, SubjectRecord};
use crate::log::RecordedEvent;

/// The history of a subject, out of the events of its stream.
///
/// # Errors
/// As [`decode`].
pub fn subject_history(events: &[RecordedEvent]) -> Result<SubjectHistory, CodecError> {
    let mut history = SubjectHistory::default();
    for stored in events {
        if let Stored::Subject(event, _) = decode(stored)? {
            let (revision, sequence, id) = (stored.revision, stored.sequence, stored.event_id);
            history.push(SubjectRecord { revision, sequence, id, event });
        }
    }
    Ok(history)
}

/// The history of a division's indicators, out of the events of its stream.
///
/// # Errors
/// As [`decode`].
pub fn indicator_history(events: &[RecordedEvent]) -> Result<IndicatorHistory, CodecError> {
    let mut history = IndicatorHistory::default();
    for stored in events {
        if let Stored::Indicator(event, _) = decode(stored)? {
            let (revision, sequence, id) = (stored.revision, stored.sequence, stored.event_id);
            history.push(IndicatorRecord { revision, sequence, id, event });
        }
    }
    Ok(history)
}
