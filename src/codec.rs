//! Domain events to stored envelopes and back; the one module that knows both.
//!
//! What must hold: the bytes written are the bytes hashed and kept; a published schema never
//! changes (a new shape is a new version and an upcast here); an event type or version that is not
//! known is an error, never skipped. Unknown members inside a known version are let be.

mod body;
mod cloud_event;
mod flat;
mod form;
mod ids;
mod labels;
mod members;
mod meta;
mod request;
mod schema;
mod streams;
mod whole;

use uuid::Uuid;

use crate::domain::event::{
    ApprovalAbandoned, Event, EventMeta, MeasureSucceeded, ObligationLapsed, Recorded,
};
use crate::domain::ids::EventRef;
use crate::domain::logbook::{
    CalendarAdopted, ClockConfirmed, LogCreated, LossAccepted, MeasureAdopted,
};
use crate::domain::quota::QuotaEvent;
use crate::domain::subject::SubjectEvent;
use crate::log::{NewEvent, RecordedEvent};

pub use body::{decode_act_event, encode_event};
pub use cloud_event::{CloudEvents, MAX_DATA_BYTES};
pub use flat::Flattened;
pub use form::check_json;
pub(crate) use ids::hex;
pub use ids::{caused_event_id, event_id, fingerprint, sha256_hex};
pub use labels::{StreamLabel, event_types, label_of_stream, snake_case};
pub use members::{MAX_ERRORS, parse_object};
pub use meta::{decode_meta, encode_meta};
pub use request::{RequestError, check_text, parse_act_request};
pub use schema::event_schemas;
pub use streams::{
    CALENDAR, LOG_STREAM, MEASURE, QUOTA, SUBJECT, StreamKind, calendar_stream, enrollment_stream,
    kind_of_stream, measure_stream, quota_stream, subject_stream,
};

/// The type of the event that says that a clock is right.
pub const CLOCK_CONFIRMED: &str = "ClockConfirmed";
/// The type of the event that says that a loss was accepted.
pub const LOSS_ACCEPTED: &str = "LossAccepted";

/// The newest schema version of every type so far.
pub const SCHEMA_VERSION: u32 = 1;

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
        "{stream}@{revision}: {event_type} has schema version {version}; this version of docket knows up to {SCHEMA_VERSION}"
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
    /// Of an enrollment.
    Enrollment(Box<Recorded>),
    /// Of a subject.
    Subject(SubjectEvent, Box<EventMeta>),
    /// Of a quota.
    Quota(QuotaEvent, Box<EventMeta>),
    /// Sequence 0.
    LogCreated(LogCreated, Box<EventMeta>),
    /// A loss was accepted.
    LossAccepted(LossAccepted, Box<EventMeta>),
    /// The clock was confirmed.
    ClockConfirmed(ClockConfirmed, Box<EventMeta>),
    /// An edition adopted.
    MeasureAdopted(MeasureAdopted, Box<EventMeta>),
    /// A calendar adopted.
    CalendarAdopted(CalendarAdopted, Box<EventMeta>),
}

impl Stored {
    /// The event's metadata.
    pub fn meta(&self) -> &EventMeta {
        match self {
            Self::Enrollment(recorded) => &recorded.meta,
            Self::Subject(_, meta)
            | Self::Quota(_, meta)
            | Self::LogCreated(_, meta)
            | Self::LossAccepted(_, meta)
            | Self::ClockConfirmed(_, meta)
            | Self::MeasureAdopted(_, meta)
            | Self::CalendarAdopted(_, meta) => meta,
        }
    }
}

/// Decodes any stored event.
///
/// # Errors
/// A type or version that is not known, or bytes that don't have its form.
pub fn decode(stored: &RecordedEvent) -> Result<Stored, CodecError> {
    let meta = decode_meta(stored)?;
    if meta.schema_version != SCHEMA_VERSION {
        return Err(CodecError::UnknownVersion {
            stream: stored.stream.as_str().to_owned(),
            revision: stored.revision,
            event_type: stored.event_type.to_string(),
            version: meta.schema_version,
        });
    }
    let own = |meta| Box::new(meta);
    match kind_of_stream(stored.stream.as_str()) {
        StreamKind::Enrollment { .. } => {
            Ok(Stored::Enrollment(Box::new(decode_recorded(stored, meta)?)))
        }
        StreamKind::Subject(_) => Ok(Stored::Subject(decode_subject(stored)?, own(meta))),
        StreamKind::Quota { .. } => Ok(Stored::Quota(decode_quota(stored)?, own(meta))),
        StreamKind::Log => match stored.event_type.as_str() {
            "LogCreated" => Ok(Stored::LogCreated(body(stored)?, own(meta))),
            LOSS_ACCEPTED => Ok(Stored::LossAccepted(body(stored)?, own(meta))),
            CLOCK_CONFIRMED => Ok(Stored::ClockConfirmed(body(stored)?, own(meta))),
            _ => Err(unknown_type(stored)),
        },
        StreamKind::Measure(_) => match stored.event_type.as_str() {
            "MeasureAdopted" => Ok(Stored::MeasureAdopted(body(stored)?, own(meta))),
            _ => Err(unknown_type(stored)),
        },
        StreamKind::Calendar(_) => match stored.event_type.as_str() {
            "CalendarAdopted" => Ok(Stored::CalendarAdopted(body(stored)?, own(meta))),
            _ => Err(unknown_type(stored)),
        },
        StreamKind::Other => Err(unknown_type(stored)),
    }
}

/// The range of sequences, first and last, that was lost and is given again from this event on, if it
/// accepts such a loss. One that can't be read accepts nothing.
pub fn lost_range(stored: &RecordedEvent) -> Option<(u64, u64)> {
    if stored.event_type != LOSS_ACCEPTED || stored.stream.as_str() != LOG_STREAM {
        return None;
    }
    let loss = body::<LossAccepted>(stored).ok()?;
    let last = loss.old_head.filter(|last| *last >= stored.sequence)?;
    Some((stored.sequence, last))
}

/// Decodes an event of an enrollment.
///
/// # Errors
/// As [`decode`].
pub fn decode_enrollment(stored: &RecordedEvent) -> Result<Recorded, CodecError> {
    match decode(stored)? {
        Stored::Enrollment(recorded) => Ok(*recorded),
        Stored::Subject(..)
        | Stored::Quota(..)
        | Stored::LogCreated(..)
        | Stored::LossAccepted(..)
        | Stored::ClockConfirmed(..)
        | Stored::MeasureAdopted(..)
        | Stored::CalendarAdopted(..) => Err(unknown_type(stored)),
    }
}

fn decode_recorded(stored: &RecordedEvent, meta: EventMeta) -> Result<Recorded, CodecError> {
    let event = match stored.event_type.as_str() {
        "ApprovalAbandoned" => Event::ApprovalAbandoned(body::<ApprovalAbandoned>(stored)?),
        "ObligationLapsed" => Event::ObligationLapsed(body::<Box<ObligationLapsed>>(stored)?),
        "MeasureSucceeded" => Event::MeasureSucceeded(body::<Box<MeasureSucceeded>>(stored)?),
        _ => decode_act_event(stored)?,
    };
    Ok(Recorded {
        revision: stored.revision,
        sequence: Some(stored.sequence),
        id: stored.event_id,
        event,
        meta,
    })
}

fn decode_subject(stored: &RecordedEvent) -> Result<SubjectEvent, CodecError> {
    match stored.event_type.as_str() {
        "SubjectRegistered" => Ok(SubjectEvent::Registered(body(stored)?)),
        "SubjectRenamed" => Ok(SubjectEvent::Renamed(body(stored)?)),
        _ => Err(unknown_type(stored)),
    }
}

fn decode_quota(stored: &RecordedEvent) -> Result<QuotaEvent, CodecError> {
    match stored.event_type.as_str() {
        "PlaceReserved" => Ok(QuotaEvent::PlaceReserved(body(stored)?)),
        "ReservationReleased" => Ok(QuotaEvent::ReservationReleased(body(stored)?)),
        "PlacesRestated" => Ok(QuotaEvent::PlacesRestated(body(stored)?)),
        _ => Err(unknown_type(stored)),
    }
}

fn body<T: serde::de::DeserializeOwned>(stored: &RecordedEvent) -> Result<T, CodecError> {
    serde_json::from_slice(&stored.data).map_err(|error| malformed(stored, &error))
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

/// An event of an own stream (subject, quota, log, measure, calendar), ready to append.
///
/// # Errors
/// When the body can't be written as JSON.
pub fn encode_own<T: serde::Serialize>(
    event_type: &str,
    body: &T,
    meta: &EventMeta,
    event_id: Uuid,
) -> Result<NewEvent, serde_json::Error> {
    Ok(NewEvent {
        event_id,
        event_type: event_type.to_owned(),
        recorded_at_us: meta.recorded_at.micros(),
        data: serde_json::to_vec(body)?.into(),
        metadata: encode_meta(meta)?.into(),
    })
}

/// A subject's event, ready to append.
///
/// # Errors
/// As [`encode_own`].
pub fn encode_subject(
    event: &SubjectEvent,
    meta: &EventMeta,
    event_id: Uuid,
) -> Result<NewEvent, serde_json::Error> {
    match event {
        SubjectEvent::Registered(body) => encode_own("SubjectRegistered", body, meta, event_id),
        SubjectEvent::Renamed(body) => encode_own("SubjectRenamed", body, meta, event_id),
    }
}

/// A quota's event, ready to append.
///
/// # Errors
/// As [`encode_own`].
pub fn encode_quota(
    event: &QuotaEvent,
    meta: &EventMeta,
    event_id: Uuid,
) -> Result<NewEvent, serde_json::Error> {
    match event {
        QuotaEvent::PlaceReserved(body) => encode_own("PlaceReserved", body, meta, event_id),
        QuotaEvent::ReservationReleased(body) => {
            encode_own("ReservationReleased", body, meta, event_id)
        }
        QuotaEvent::PlacesRestated(body) => encode_own("PlacesRestated", body, meta, event_id),
    }
}
