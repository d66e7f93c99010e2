//! Metadata: one flat JSON object with string values (design, "The envelope").

mod members;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use members::{Member, Members};

use super::{CodecError, malformed};
use crate::domain::date::{CivilDate, Day, Timestamp};
use crate::domain::event::{EventMeta, OfficeName};
use crate::domain::ids::{Id, Office, Provenance};
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
    let (key, fingerprint) = meta.key.as_ref().map(|(key, print)| (&**key, &**print)).unzip();
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
        key: key.map(Cow::Borrowed),
        fingerprint: fingerprint.map(Cow::Borrowed),
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
    let members = Members::read(&stored.metadata).map_err(|error| malformed(stored, &error))?;
    let wrong = |what: &str| malformed(stored, &format!("metadata: {what}"));
    let date = |value: &str| CivilDate::parse(value).map_err(|error| malformed(stored, &error));
    let day = |value: &str| Day::parse(value).map_err(|error| malformed(stored, &error));
    let shared = |member| members.shared(member);
    let optional = |member| members.optional_shared(member);
    let id = |member| members.optional(member).map(Id::from);
    Ok(EventMeta {
        schema_version: members
            .text(Member::SchemaVersion)
            .parse()
            .map_err(|_| wrong("schema_version"))?,
        office: Office::parse(members.text(Member::Office)).ok_or_else(|| wrong("office"))?,
        office_id: shared(Member::OfficeId),
        office_name: OfficeName {
            en: shared(Member::OfficeNameEn),
            zh: shared(Member::OfficeNameZh),
        },
        principal: shared(Member::Principal),
        role: shared(Member::Role),
        effective_on: date(members.text(Member::EffectiveOn))?,
        decided_on: members.optional(Member::DecidedOn).map(date).transpose()?,
        received_on: members.optional(Member::ReceivedOn).map(day).transpose()?,
        recorded_at: Timestamp::from_micros(stored.recorded_at_us),
        measure: id(Member::Measure),
        measure_also: id(Member::MeasureAlso),
        edition: optional(Member::Edition),
        article: optional(Member::Article),
        rests_on: shared(Member::RestsOn),
        corrects: shared(Member::Corrects),
        provenance: provenance(members.text(Member::Provenance))
            .ok_or_else(|| wrong("provenance"))?,
        exercise: members.optional(Member::Exercise).is_some(),
        archive: members.optional(Member::Archive).is_some(),
        key: optional(Member::Key).zip(optional(Member::Fingerprint)),
        correlation: optional(Member::Correlation),
        causation: optional(Member::Causation),
        trace: optional(Member::Trace),
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
