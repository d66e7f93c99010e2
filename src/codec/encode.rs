//! Domain events as stored envelopes.

use uuid::Uuid;

use super::body::encode_data;
use super::meta::encode_meta;
use super::own::OwnBody;
use super::persons::{self, SealedPerson};
use crate::domain::event::{Event, EventMeta};
use crate::domain::event_type::EventType;
use crate::domain::indicator::IndicatorEvent;
use crate::domain::person::PersonEvent;
use crate::domain::quota::QuotaEvent;
use crate::domain::subject::SubjectEvent;
use crate::log::NewEvent;

/// An event of an enrollment or a program, ready to append.
///
/// # Errors
/// When it can't be written as JSON.
pub fn encode_event(
    event: &Event,
    meta: &EventMeta,
    event_id: Uuid,
) -> Result<NewEvent, serde_json::Error> {
    encode_event_naming(event, meta, event_id, &[])
}

/// The same of an act that names persons, sealed already.
///
/// # Errors
/// As [`encode_event`].
pub fn encode_event_naming(
    event: &Event,
    meta: &EventMeta,
    event_id: Uuid,
    persons: &[SealedPerson],
) -> Result<NewEvent, serde_json::Error> {
    encode(event.recorded_as(), encode_data(event)?, meta, event_id, persons)
}

/// An event that no act becomes, ready to append.
///
/// # Errors
/// When the body can't be written as JSON.
pub fn encode_own<T: OwnBody>(
    body: &T,
    meta: &EventMeta,
    event_id: Uuid,
) -> Result<NewEvent, serde_json::Error> {
    encode(T::OWN.recorded_as(), serde_json::to_vec(body)?, meta, event_id, &[])
}

fn encode(
    event_type: &EventType,
    data: Vec<u8>,
    meta: &EventMeta,
    event_id: Uuid,
    persons: &[SealedPerson],
) -> Result<NewEvent, serde_json::Error> {
    Ok(NewEvent {
        event_id,
        event_type: event_type.name.to_owned(),
        recorded_at_us: meta.recorded_at.micros(),
        data: data.into(),
        metadata: encode_meta(meta, event_type.version, &persons::written(persons))?.into(),
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
        SubjectEvent::Registered(body) => encode_own(body, meta, event_id),
        SubjectEvent::Renamed(body) => encode_own(body, meta, event_id),
        SubjectEvent::Corrected(body) => encode_own(&**body, meta, event_id),
    }
}

/// An event of a division's indicators, ready to append.
///
/// # Errors
/// As [`encode_own`].
pub fn encode_indicator(
    event: &IndicatorEvent,
    meta: &EventMeta,
    event_id: Uuid,
) -> Result<NewEvent, serde_json::Error> {
    match event {
        IndicatorEvent::Recorded(body) => encode_own(body, meta, event_id),
        IndicatorEvent::Corrected(body) => encode_own(&**body, meta, event_id),
    }
}

/// An event of what is decided of a person's data, ready to append.
///
/// # Errors
/// As [`encode_own`].
pub fn encode_person(
    event: &PersonEvent,
    meta: &EventMeta,
    event_id: Uuid,
) -> Result<NewEvent, serde_json::Error> {
    match event {
        PersonEvent::HoldPlaced(body) => encode_own(body, meta, event_id),
        PersonEvent::HoldLifted(body) => encode_own(body, meta, event_id),
        PersonEvent::Erased(body) => encode_own(body, meta, event_id),
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
        QuotaEvent::PlaceReserved(body) => encode_own(body, meta, event_id),
        QuotaEvent::ReservationReleased(body) => encode_own(body, meta, event_id),
        QuotaEvent::PlacesRestated(body) => encode_own(body, meta, event_id),
    }
}
