//! Appending, with the one thing that makes an unknown outcome known: looking at the stream.

use uuid::Uuid;

use super::enrollment::stream_name;
use super::{ActError, App};
use crate::codec::{MAX_DATA_BYTES, encode_data};
use crate::domain::date::{CivilDate, Timestamp};
use crate::domain::event::{Event, EventMeta, Fact, OfficeName};
use crate::domain::ids::{Office, Provenance};
use crate::domain::shared_str::SharedStr;
use crate::log::{Expected, LogError, NewEvent, RecordedEvent};

/// What the machine calls itself in its own events.
pub const DOCKET: &str = "docket";

/// Where an append ended.
pub(super) struct Landed {
    /// The sequence of the last event, where it is known.
    pub sequence: Option<u64>,
    /// What stands at the revision where that may be other bytes than those sent: another try of the
    /// same, with the same id. Whoever appended goes on with this.
    pub stands: Option<RecordedEvent>,
}

impl App {
    /// Appends one event after `revision`. An unknown outcome is made known, if it can be, by what
    /// stands at the revision: the event's id, written here or by another node, or another event,
    /// which is a conflict.
    pub(super) async fn append_after(
        &self,
        stream: &str,
        revision: Option<u64>,
        event: NewEvent,
    ) -> Result<Landed, ActError> {
        self.append_all_after(stream, revision, vec![event]).await
    }

    /// The same for events that stand or fall together; what stands is told of the first.
    pub(super) async fn append_all_after(
        &self,
        stream: &str,
        revision: Option<u64>,
        events: Vec<NewEvent>,
    ) -> Result<Landed, ActError> {
        let Some(event) = events.first() else {
            return Ok(Landed { sequence: None, stands: None });
        };
        let name = stream_name(stream)?;
        let expected = revision.map_or(Expected::NoStream, Expected::Revision);
        let (id, recorded_at) = (event.event_id, event.recorded_at_us);
        let event_types: Vec<String> =
            events.iter().map(|event| event.event_type.clone()).collect();
        let count = || event_types.iter().for_each(|name| self.counters.count_appended(name));
        let next = revision.map_or(0, |revision| revision + 1);
        let answer = self.log.append(&name, expected, events).await;
        self.enrollments.appended(stream);
        self.last_append.note(&*self.log, &answer);
        let error = match answer {
            Ok(appended) => {
                self.clock.saw(Timestamp::from_micros(recorded_at));
                count();
                return Ok(Landed { sequence: appended.sequence, stands: None });
            }
            // Once recording has stopped, what can be read need not be on the disk.
            Err(LogError::OutcomeUnknown(reason)) if self.log.recording().stopped().is_none() => {
                let page = self.log.read_stream(&name, next, 1).await;
                match page.ok().and_then(|page| page.events.into_iter().next()) {
                    Some(found) if found.event_id == id => {
                        count();
                        let last = found.sequence + event_types.len() as u64 - 1;
                        return Ok(Landed { sequence: Some(last), stands: Some(found) });
                    }
                    Some(_) => LogError::Conflict { expected, actual: Some(next) },
                    None => LogError::OutcomeUnknown(reason),
                }
            }
            Err(error) => error,
        };
        if matches!(error, LogError::Conflict { .. }) {
            self.counters.count_conflict();
        }
        Err(error.into())
    }

    /// Metadata of an event that no office acted for.
    pub(super) fn own_meta(&self, now: Timestamp, exercise: bool) -> EventMeta {
        own_meta(now, exercise)
    }

    pub(super) fn caused_id(&self, stream: &str, revision: u64, cause: &str) -> Uuid {
        crate::codec::caused_event_id(self.log_id, stream, revision, cause)
    }
}

/// Refuses what a client asks to record before it is appended: its event would be larger than every
/// intermediary passes on. Larger content is a document, cited by its digest.
pub(super) fn check_size(data: &[u8]) -> Result<(), ActError> {
    if data.len() <= MAX_DATA_BYTES {
        return Ok(());
    }
    let (bytes, limit) = (data.len(), MAX_DATA_BYTES);
    Err(ActError::EventTooLarge { bytes, limit })
}

/// The same for an act that a place is first taken for.
pub(super) fn check_fact_size(fact: &Fact) -> Result<(), ActError> {
    check_size(&encode_data(&Event::Acted(Box::new(fact.clone())))?)
}

/// Metadata of an event that no office acted for.
pub(super) fn own_meta(now: Timestamp, exercise: bool) -> EventMeta {
    EventMeta {
        office: Office::Docket,
        office_id: DOCKET.into(),
        office_name: OfficeName { en: "Docket".into(), zh: "Docket".into() },
        divisions: SharedStr::default(),
        principal: DOCKET.into(),
        role: DOCKET.into(),
        effective_on: CivilDate::from(now.civil_day()),
        decided_on: None,
        received_on: None,
        recorded_at: now,
        measure: None,
        measure_also: None,
        edition: None,
        article: None,
        rests_on: SharedStr::default(),
        corrects: SharedStr::default(),
        provenance: Provenance::Recorded,
        exercise,
        archive: false,
        key: None,
        correlation: None,
        causation: None,
        trace: None,
    }
}
