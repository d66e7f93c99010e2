//! Metadata: one flat JSON object with string values (design, "The envelope").

use std::sync::Arc;

use super::flat::{Member, Members};
use super::{CodecError, malformed};
use crate::domain::date::{CivilDate, Day, Timestamp};
use crate::domain::event::{EventMeta, OfficeName};
use crate::domain::ids::{Id, Office, Provenance};
use crate::domain::shared_str::SharedStr;
use crate::log::RecordedEvent;

/// Writes metadata of data of a version, beside them the sealed persons, which [`EventMeta`] does not have:
/// so nothing that decides or folds can read them. What is empty is left out.
///
/// # Errors
/// When it can't be written as JSON.
pub fn encode_meta(
    meta: &EventMeta,
    version: u32,
    persons: &str,
) -> Result<Vec<u8>, serde_json::Error> {
    // Every member by its name, so that none is forgotten.
    let EventMeta {
        office,
        office_id,
        office_name,
        divisions,
        principal,
        role,
        effective_on,
        decided_on,
        received_on,
        recorded_at,
        measure,
        measure_also,
        edition,
        article,
        rests_on,
        corrects,
        provenance,
        exercise,
        archive,
        key,
        correlation,
        causation,
        trace,
    } = meta;
    fn text<T: std::ops::Deref<Target = str>>(text: &Option<T>) -> &str {
        text.as_deref().unwrap_or_default()
    }
    let flag = |set: bool| if set { "true" } else { "" };
    let (key, fingerprint) = key.as_ref().map_or(("", ""), |(key, fingerprint)| (key, fingerprint));
    let received_on = received_on.map(|day| day.to_string());
    Members::write(&[
        (Member::SchemaVersion, &version.to_string()),
        (Member::Office, office.as_str()),
        (Member::OfficeId, office_id),
        (Member::OfficeNameEn, &office_name.en),
        (Member::OfficeNameZh, &office_name.zh),
        (Member::Divisions, divisions),
        (Member::Principal, principal),
        (Member::Role, role),
        (Member::EffectiveOn, effective_on.as_str()),
        (Member::DecidedOn, decided_on.as_ref().map_or("", CivilDate::as_str)),
        (Member::ReceivedOn, text(&received_on)),
        (Member::RecordedAt, &recorded_at.to_rfc3339()),
        (Member::Measure, text(measure)),
        (Member::MeasureAlso, text(measure_also)),
        (Member::Edition, text(edition)),
        (Member::Article, text(article)),
        (Member::RestsOn, rests_on),
        (Member::Corrects, corrects),
        (Member::Provenance, provenance.as_str()),
        (Member::Exercise, flag(*exercise)),
        (Member::Archive, flag(*archive)),
        (Member::Key, key),
        (Member::Fingerprint, fingerprint),
        (Member::Correlation, text(correlation)),
        (Member::Causation, text(causation)),
        (Member::Trace, text(trace)),
        (Member::Persons, persons),
    ])
}

/// Reads metadata, with the version of the data beside them.
///
/// # Errors
/// Names what is malformed.
pub fn decode_meta(stored: &RecordedEvent) -> Result<(EventMeta, u32), CodecError> {
    let wrong = |what: &dyn std::fmt::Display| malformed(stored, &format!("metadata: {what}"));
    let members = Members::read(&stored.metadata).map_err(|error| wrong(&error))?;
    let whole: Arc<str> = members.text().into();
    let text = |member| members.value(member, &whole).map_err(|error| wrong(&error));
    let shared = |member| Ok::<_, CodecError>(text(member)?.unwrap_or_default());
    let required = |member: Member| text(member)?.ok_or_else(|| wrong(&member.name()));
    let date = |text: SharedStr| CivilDate::parse(&text).map_err(|error| wrong(&error));
    let id = |member| Ok::<_, CodecError>(text(member)?.map(|id| Id::from(&*id)));
    let version = required(Member::SchemaVersion)?;
    let provenance = text(Member::Provenance)?.map(|name| Provenance::parse(&name));
    let meta = EventMeta {
        office: Office::parse(&required(Member::Office)?).ok_or_else(|| wrong(&"office"))?,
        office_id: shared(Member::OfficeId)?,
        office_name: OfficeName {
            en: shared(Member::OfficeNameEn)?,
            zh: shared(Member::OfficeNameZh)?,
        },
        divisions: shared(Member::Divisions)?,
        principal: shared(Member::Principal)?,
        role: shared(Member::Role)?,
        effective_on: date(required(Member::EffectiveOn)?)?,
        decided_on: text(Member::DecidedOn)?.map(date).transpose()?,
        received_on: text(Member::ReceivedOn)?
            .map(|day| Day::parse(&day).map_err(|error| wrong(&error)))
            .transpose()?,
        recorded_at: Timestamp::from_micros(stored.recorded_at_us),
        measure: id(Member::Measure)?,
        measure_also: id(Member::MeasureAlso)?,
        edition: text(Member::Edition)?,
        article: text(Member::Article)?,
        rests_on: shared(Member::RestsOn)?,
        corrects: shared(Member::Corrects)?,
        provenance: provenance
            .unwrap_or(Some(Provenance::Recorded))
            .ok_or_else(|| wrong(&"provenance"))?,
        exercise: text(Member::Exercise)?.is_some(),
        archive: text(Member::Archive)?.is_some(),
        key: text(Member::Key)?.zip(text(Member::Fingerprint)?),
        correlation: text(Member::Correlation)?,
        causation: text(Member::Causation)?,
        trace: text(Member::Trace)?,
    };
    Ok((meta, version.parse().map_err(|_| wrong(&"schema_version"))?))
}
