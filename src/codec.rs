//! Domain events to stored envelopes and back; the one module that knows both.
//!
//! What must hold: the bytes written are the bytes hashed and kept; a published schema never
//! changes (a new shape is a new version and an upcast here); an event type or version that is not
//! known is an error, never skipped. Unknown members inside a known version are let be.

mod body;
mod cloud_event;
mod encode;
mod flat;
mod form;
mod histories;
mod ids;
mod members;
mod meta;
mod own;
mod persons;
mod request;
mod schema;
mod streams;
mod upcast;

use std::borrow::Cow;

use crate::domain::event::{Event, EventMeta, Recorded};
use crate::domain::event_type::{EventType, Own, Records};
use crate::domain::ids::EventRef;
use crate::domain::indicator::IndicatorEvent;
use crate::domain::logbook::{
    CalendarAdopted, ClockConfirmed, KeyRotated, LogCreated, LossAccepted, MeasureAdopted,
};
use crate::domain::person::{PersonEvent, PersonOpened};
use crate::domain::quota::QuotaEvent;
use crate::domain::subject::SubjectEvent;
use crate::log::RecordedEvent;

pub use body::encode_fact;
pub use cloud_event::{CloudEvents, MAX_DATA_BYTES};
pub use encode::{
    encode_event, encode_event_naming, encode_indicator, encode_own, encode_person, encode_quota,
    encode_subject,
};
pub use flat::{Member, Members};
pub use histories::{indicator_history, subject_history};
pub(crate) use ids::hex;
pub use ids::{caused_event_id, event_id, fingerprint, sha256_hex};
pub use members::MAX_ERRORS;
pub use own::OwnBody;
pub use persons::{SealedPerson, persons_of};
pub use request::{Named, RequestBody, RequestError, parse_act_request};
pub use schema::event_schemas;
pub use streams::{
    ACCESS, CALENDAR, ERASURE, INDICATOR, LOG_STREAM, MEASURE, PROGRAM, QUOTA, SUBJECT, StreamKind,
    access_stream, calendar_stream, enrollment_stream, erasure_stream, indicator_stream,
    kind_of_stream, measure_stream, program_stream, quota_stream, record_stream, snake_case,
    subject_stream,
};

/// Why stored bytes are no event that this program knows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// The type is not known here: the log was written by a newer version.
    #[error(
        "{stream}@{revision}: event type {event_type:?} is not known to this version of docket"
    )]
    UnknownType {
        /// The stream.
        stream: String,
        /// The revision.
        revision: u64,
        /// The type.
        event_type: String,
    },
    /// The type is known, its schema version is not.
    #[error(
        "{stream}@{revision}: {event_type} has schema version {version}; this version of docket knows up to {newest}"
    )]
    UnknownVersion {
        /// The stream.
        stream: String,
        /// The revision.
        revision: u64,
        /// The type.
        event_type: String,
        /// The version found.
        version: u32,
        /// The newest version that is known.
        newest: u32,
    },
    /// The bytes don't have the form of their type and version.
    #[error("{stream}@{revision}: {event_type} can't be read: {reason}")]
    Malformed {
        /// The stream.
        stream: String,
        /// The revision.
        revision: u64,
        /// The type.
        event_type: String,
        /// What is wrong.
        reason: String,
    },
}

/// Any event of a log, decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stored {
    /// Of an enrollment, or of a program as a whole.
    Enrollment(Box<Recorded>),
    /// Of a subject.
    Subject(SubjectEvent, Box<EventMeta>),
    /// Of the indicators of a division.
    Indicator(IndicatorEvent, Box<EventMeta>),
    /// Of a quota.
    Quota(QuotaEvent, Box<EventMeta>),
    /// Sequence 0.
    LogCreated(LogCreated, Box<EventMeta>),
    /// A loss was accepted.
    LossAccepted(LossAccepted, Box<EventMeta>),
    /// Another key signs from here on.
    KeyRotated(KeyRotated, Box<EventMeta>),
    /// The clock was confirmed.
    ClockConfirmed(ClockConfirmed, Box<EventMeta>),
    /// An edition adopted.
    MeasureAdopted(MeasureAdopted, Box<EventMeta>),
    /// A calendar adopted.
    CalendarAdopted(CalendarAdopted, Box<EventMeta>),
    /// Something decided of a person's data.
    Person(PersonEvent, Box<EventMeta>),
    /// Data of persons were read.
    PersonOpened(PersonOpened, Box<EventMeta>),
}

impl Stored {
    /// The event's metadata.
    pub fn meta(&self) -> &EventMeta {
        match self {
            Self::Enrollment(recorded) => &recorded.meta,
            Self::Subject(_, meta)
            | Self::Indicator(_, meta)
            | Self::Quota(_, meta)
            | Self::LogCreated(_, meta)
            | Self::LossAccepted(_, meta)
            | Self::KeyRotated(_, meta)
            | Self::ClockConfirmed(_, meta)
            | Self::MeasureAdopted(_, meta)
            | Self::CalendarAdopted(_, meta)
            | Self::Person(_, meta)
            | Self::PersonOpened(_, meta) => meta,
        }
    }
}

/// Decodes any stored event.
///
/// # Errors
/// A type or version that is not known, or bytes that don't have its form.
pub fn decode(stored: &RecordedEvent) -> Result<Stored, CodecError> {
    let (meta, version) = meta::decode_meta(stored)?;
    let (event_type, data) = current(stored, version)?;
    let data = &*data;
    let meta = Box::new(meta);
    let enrollment = |event, meta: Box<EventMeta>| Box::new(recorded(stored, event, *meta));
    Ok(match event_type.records {
        Records::Act(kind) => {
            let fact = body::decode_fact(kind, data).map_err(|error| malformed(stored, &error))?;
            Stored::Enrollment(enrollment(Event::Acted(Box::new(fact)), meta))
        }
        Records::Own(own) => match own {
            Own::ApprovalAbandoned => {
                Stored::Enrollment(enrollment(Event::ApprovalAbandoned(body(stored, data)?), meta))
            }
            Own::MeasureSucceeded => {
                Stored::Enrollment(enrollment(Event::MeasureSucceeded(body(stored, data)?), meta))
            }
            Own::ObligationLapsed => {
                Stored::Enrollment(enrollment(Event::ObligationLapsed(body(stored, data)?), meta))
            }
            Own::SubjectRegistered => {
                Stored::Subject(SubjectEvent::Registered(body(stored, data)?), meta)
            }
            Own::SubjectRenamed => {
                Stored::Subject(SubjectEvent::Renamed(body(stored, data)?), meta)
            }
            Own::SubjectCorrected => {
                Stored::Subject(SubjectEvent::Corrected(body(stored, data)?), meta)
            }
            Own::IndicatorRecorded => {
                Stored::Indicator(IndicatorEvent::Recorded(body(stored, data)?), meta)
            }
            Own::IndicatorCorrected => {
                Stored::Indicator(IndicatorEvent::Corrected(body(stored, data)?), meta)
            }
            Own::PlaceReserved => {
                Stored::Quota(QuotaEvent::PlaceReserved(body(stored, data)?), meta)
            }
            Own::ReservationReleased => {
                Stored::Quota(QuotaEvent::ReservationReleased(body(stored, data)?), meta)
            }
            Own::PlacesRestated => {
                Stored::Quota(QuotaEvent::PlacesRestated(body(stored, data)?), meta)
            }
            Own::LogCreated => Stored::LogCreated(body(stored, data)?, meta),
            Own::LossAccepted => Stored::LossAccepted(body(stored, data)?, meta),
            Own::KeyRotated => Stored::KeyRotated(body(stored, data)?, meta),
            Own::ClockConfirmed => Stored::ClockConfirmed(body(stored, data)?, meta),
            Own::MeasureAdopted => Stored::MeasureAdopted(body(stored, data)?, meta),
            Own::CalendarAdopted => Stored::CalendarAdopted(body(stored, data)?, meta),
            Own::HoldPlaced => Stored::Person(PersonEvent::HoldPlaced(body(stored, data)?), meta),
            Own::HoldLifted => Stored::Person(PersonEvent::HoldLifted(body(stored, data)?), meta),
            Own::PersonErased => Stored::Person(PersonEvent::Erased(body(stored, data)?), meta),
            Own::PersonOpened => Stored::PersonOpened(body(stored, data)?, meta),
        },
    })
}

/// The type of a stored event, if it stands in a stream of its kind, and its data as the type's
/// current version has them.
fn current(
    stored: &RecordedEvent,
    version: u32,
) -> Result<(&'static EventType, Cow<'_, [u8]>), CodecError> {
    let kind = kind_of_stream(stored.stream.as_str()).kind();
    let event_type = EventType::find(&stored.event_type)
        .filter(|event_type| kind.is_some_and(|kind| event_type.stands_in(kind)))
        .ok_or_else(|| unknown_type(stored))?;
    let data = upcast::upcast(event_type, version, &stored.data)
        .map_err(|error| malformed(stored, &error))?
        .ok_or_else(|| CodecError::UnknownVersion {
            stream: stored.stream.as_str().to_owned(),
            revision: stored.revision,
            event_type: stored.event_type.to_string(),
            version,
            newest: event_type.version,
        })?;
    Ok((event_type, data))
}

fn recorded(stored: &RecordedEvent, event: Event, meta: EventMeta) -> Recorded {
    Recorded {
        revision: stored.revision,
        sequence: Some(stored.sequence),
        id: stored.event_id,
        event,
        meta,
    }
}

/// The metadata of a stored event.
///
/// # Errors
/// Names what is malformed.
pub fn decode_meta(stored: &RecordedEvent) -> Result<EventMeta, CodecError> {
    meta::decode_meta(stored).map(|(meta, _)| meta)
}

/// The range of sequences, first and last, that was lost and is given again from this event on, if it
/// accepts such a loss. One that can't be read accepts nothing.
pub fn lost_range(stored: &RecordedEvent) -> Option<(u64, u64)> {
    if stored.event_type != Own::LossAccepted.recorded_as().name
        || stored.stream.as_str() != LOG_STREAM
    {
        return None;
    }
    let loss: LossAccepted = body(stored, &stored.data).ok()?;
    let last = loss.old_head.filter(|last| *last >= stored.sequence)?;
    Some((stored.sequence, last))
}

/// Decodes an event of an enrollment, or of a program as a whole.
///
/// # Errors
/// As [`decode`].
pub fn decode_enrollment(stored: &RecordedEvent) -> Result<Recorded, CodecError> {
    match decode(stored)? {
        Stored::Enrollment(recorded) => Ok(*recorded),
        Stored::Subject(..)
        | Stored::Indicator(..)
        | Stored::Quota(..)
        | Stored::LogCreated(..)
        | Stored::LossAccepted(..)
        | Stored::KeyRotated(..)
        | Stored::ClockConfirmed(..)
        | Stored::MeasureAdopted(..)
        | Stored::CalendarAdopted(..)
        | Stored::Person(..)
        | Stored::PersonOpened(..) => Err(unknown_type(stored)),
    }
}

fn body<T: serde::de::DeserializeOwned>(
    stored: &RecordedEvent,
    data: &[u8],
) -> Result<T, CodecError> {
    serde_json::from_slice(data).map_err(|error| malformed(stored, &error))
}

fn malformed(stored: &RecordedEvent, reason: &dyn std::fmt::Display) -> CodecError {
    CodecError::Malformed {
        stream: stored.stream.as_str().to_owned(),
        revision: stored.revision,
        event_type: stored.event_type.to_string(),
        reason: reason.to_string(),
    }
}

fn unknown_type(stored: &RecordedEvent) -> CodecError {
    CodecError::UnknownType {
        stream: stored.stream.as_str().to_owned(),
        revision: stored.revision,
        event_type: stored.event_type.to_string(),
    }
}

/// A reference to a stored event.
pub fn reference(stored: &RecordedEvent) -> EventRef {
    EventRef {
        stream: stored.stream.as_str().to_owned(),
        revision: stored.revision,
        id: stored.event_id,
    }
}
