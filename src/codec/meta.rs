//! Metadata: one flat JSON object with string values (design, "The envelope").

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::{CodecError, malformed};
use crate::domain::date::{CivilDate, Day, Timestamp};
use crate::domain::event::EventMeta;
use crate::domain::ids::{Id, Office, Provenance, Text};
use crate::log::RecordedEvent;

#[derive(Serialize, Deserialize, Default)]
struct Flat<'a> {
    #[serde(borrow)]
    schema_version: Cow<'a, str>,
    #[serde(borrow, default)]
    office: Cow<'a, str>,
    #[serde(borrow, default)]
    office_id: Cow<'a, str>,
    #[serde(borrow, default)]
    office_name_en: Cow<'a, str>,
    #[serde(borrow, default)]
    office_name_zh: Cow<'a, str>,
    #[serde(borrow, default)]
    principal: Cow<'a, str>,
    #[serde(borrow, default)]
    role: Cow<'a, str>,
    #[serde(borrow)]
    effective_on: Cow<'a, str>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    decided_on: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    received_on: Option<Cow<'a, str>>,
    #[serde(borrow)]
    recorded_at: Cow<'a, str>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    measure: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    measure_also: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    edition: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    article: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    rests_on: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    corrects: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    provenance: Cow<'a, str>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    exercise: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    archive: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    key: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    fingerprint: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    correlation: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    causation: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    trace: Option<Cow<'a, str>>,
}

/// Writes metadata.
///
/// # Errors
/// When it can't be written as JSON.
pub fn encode_meta(meta: &EventMeta) -> Result<Vec<u8>, serde_json::Error> {
    let text = |value: &dyn std::fmt::Display| Some(Cow::Owned(value.to_string()));
    let borrowed = |value: &'_ str| (!value.is_empty()).then(|| Cow::Owned(value.to_owned()));
    let flag = |set: bool| set.then_some(Cow::Borrowed("true"));
    let (key, fingerprint) = meta.key.clone().unzip();
    let flat = Flat {
        schema_version: Cow::Owned(meta.schema_version.to_string()),
        office: Cow::Borrowed(meta.office.as_str()),
        office_id: Cow::Borrowed(&meta.office_id),
        office_name_en: Cow::Borrowed(&meta.office_name.en),
        office_name_zh: Cow::Borrowed(&meta.office_name.zh),
        principal: Cow::Borrowed(&meta.principal),
        role: Cow::Borrowed(&meta.role),
        effective_on: Cow::Owned(meta.effective_on.to_string()),
        decided_on: meta.decided_on.and_then(|date| text(&date)),
        received_on: meta.received_on.and_then(|day| text(&day)),
        recorded_at: Cow::Owned(meta.recorded_at.to_rfc3339()),
        measure: meta.measure.as_deref().and_then(borrowed),
        measure_also: meta.measure_also.as_deref().and_then(borrowed),
        edition: meta.edition.as_deref().and_then(borrowed),
        article: meta.article.as_deref().and_then(borrowed),
        rests_on: borrowed(&meta.rests_on),
        corrects: borrowed(&meta.corrects),
        provenance: Cow::Borrowed(meta.provenance.as_str()),
        exercise: flag(meta.exercise),
        archive: flag(meta.archive),
        key: key.map(Cow::Owned),
        fingerprint: fingerprint.map(Cow::Owned),
        correlation: meta.correlation.as_deref().and_then(borrowed),
        causation: meta.causation.as_deref().and_then(borrowed),
        trace: meta.trace.as_deref().and_then(borrowed),
    };
    serde_json::to_vec(&flat)
}

/// Reads metadata.
///
/// # Errors
/// Names what is malformed.
pub fn decode_meta(stored: &RecordedEvent) -> Result<EventMeta, CodecError> {
    let flat: Flat<'_> =
        serde_json::from_slice(&stored.metadata).map_err(|error| malformed(stored, &error))?;
    let wrong = |what: &str| malformed(stored, &format!("metadata: {what}"));
    let date = |value: &str| CivilDate::parse(value).map_err(|error| malformed(stored, &error));
    let day = |value: &str| Day::parse(value).map_err(|error| malformed(stored, &error));
    let owned = |value: Option<Cow<'_, str>>| value.map(Cow::into_owned);
    let id = |value: Option<Cow<'_, str>>| value.map(|value| Id::from(&*value));
    Ok(EventMeta {
        schema_version: flat.schema_version.parse().map_err(|_| wrong("schema_version"))?,
        office: Office::parse(&flat.office).ok_or_else(|| wrong("office"))?,
        office_id: flat.office_id.into_owned(),
        office_name: Text {
            en: flat.office_name_en.into_owned(),
            zh: flat.office_name_zh.into_owned(),
        },
        principal: flat.principal.into_owned(),
        role: flat.role.into_owned(),
        effective_on: date(&flat.effective_on)?,
        decided_on: flat.decided_on.as_deref().map(date).transpose()?,
        received_on: flat.received_on.as_deref().map(day).transpose()?,
        recorded_at: Timestamp::from_micros(stored.recorded_at_us),
        measure: id(flat.measure),
        measure_also: id(flat.measure_also),
        edition: id(flat.edition),
        article: owned(flat.article),
        rests_on: owned(flat.rests_on).unwrap_or_default(),
        corrects: owned(flat.corrects).unwrap_or_default(),
        provenance: provenance(&flat.provenance).ok_or_else(|| wrong("provenance"))?,
        exercise: flat.exercise.is_some(),
        archive: flat.archive.is_some(),
        key: owned(flat.key).zip(owned(flat.fingerprint)),
        correlation: owned(flat.correlation),
        causation: owned(flat.causation),
        trace: owned(flat.trace),
    })
}

fn provenance(name: &str) -> Option<Provenance> {
    match name {
        "" | "recorded" => Some(Provenance::Recorded),
        "attested" => Some(Provenance::Attested),
        "inferred" => Some(Provenance::Inferred),
        _ => None,
    }
}
