//! Subjects and calendars: what the registrar records beside acts.

use std::collections::BTreeMap;
use std::sync::Arc;

mod correction;
mod indicators;

pub use indicators::{Division, IndicatorCorrection};

use super::beside::{self, Written};
use super::enrollments::Enrollments;
use super::journal::Journal;
use super::library::AdoptedCalendar;
use super::{ActError, Caller, Library};
use crate::codec;
use crate::domain::date::{CivilDate, Timestamp};
use crate::domain::event::{EventMeta, OfficeName};
use crate::domain::ids::{EventRef, Office, SubjectId, Text};
use crate::domain::logbook::CalendarAdopted;
use crate::domain::measure::SubjectKind;
use crate::domain::refusal::{FieldError, field, form_error};
use crate::domain::subject::{Registration, Renaming, SubjectEvent};
use crate::domain::words::{Given, OneOf, said};
use crate::log::{NewEvent, RecordedEvent};

/// Registers subjects and adopts calendars.
pub struct Registrar {
    pub(super) journal: Arc<Journal>,
    pub(super) enrollments: Arc<Enrollments>,
    pub(super) library: Arc<Library>,
}

impl Registrar {
    /// Registers a subject, its id in the one spelling that ids have.
    ///
    /// # Errors
    /// Only the registrar; a code that is none; a province that is not registered; an id that is, in
    /// whatever case.
    pub async fn register_subject(
        &self,
        caller: &Caller,
        registration: Registration,
        key: &str,
    ) -> Result<Written, ActError> {
        registrar_only(caller)?;
        let given = registration.id.clone();
        let registration = self.spelled(registration).await?;
        self.check_registration(&registration).await?;
        let stream = codec::subject_stream(&registration.id);
        let id = registration.id.clone();
        let meta = registrar_meta(caller, registration.effective_on, registration.invented);
        let print = serde_json::to_string(&registration)?;
        let event = SubjectEvent::Registered(registration);
        let call = (caller, key, print.as_str());
        let written = self
            .write(call, &stream, meta, |stands, meta, event_id| match stands {
                [] => Ok(codec::encode_subject(&event, meta, event_id)?),
                [..] => Err(ActError::Exists { what: "subject", name: id.to_string() }),
            })
            .await;
        self.library.forget_subject(&id);
        match written {
            Err(ActError::Exists { .. }) if id != given => Err(same_id(&given, &id)),
            written => written,
        }
    }

    /// A registration with its ids as they are registered; older logs have some in capitals.
    async fn spelled(&self, mut registration: Registration) -> Result<Registration, ActError> {
        let given = registration.id.clone();
        if !given.is_addressable() {
            let text = said!(
                "{given} begins or ends with a dot, which addresses lose: dots stand only within",
                "{given}以点开头或结尾，地址中会丢失：点只可用于中间",
                given = Given(given.as_str())
            );
            return Err(invalid(field("/id", text)));
        }
        registration.id = given.registered_spelling();
        let capitals = SubjectId::parse(&given.as_str().to_ascii_uppercase());
        let older = [Ok(given.clone()), capitals].into_iter().flatten();
        for older in older.filter(|older| *older != given.registered_spelling()) {
            match self.library.subject(&older).await {
                Ok(found) if *found.id() != older => {}
                Ok(_) if older != given => return Err(same_id(&given, &older)),
                Ok(_) => registration.id = older,
                Err(ActError::NotFound { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        self.spell_province(&mut registration).await?;
        Ok(registration)
    }

    /// Writes the province as it is registered.
    async fn spell_province(&self, registration: &mut Registration) -> Result<(), ActError> {
        if let Some(province) = &mut registration.province {
            *province = match self.library.subject(province).await {
                Ok(found) => found.id().clone(),
                Err(ActError::NotFound { .. }) => province.registered_spelling(),
                Err(error) => return Err(error),
            };
        }
        Ok(())
    }

    /// Gives a subject another name from a day on.
    ///
    /// # Errors
    /// Only the registrar; a subject that is not registered.
    pub async fn rename_subject(
        &self,
        caller: &Caller,
        id: &SubjectId,
        renaming: Renaming,
        key: &str,
    ) -> Result<Written, ActError> {
        registrar_only(caller)?;
        let subject = self.library.subject(id).await?;
        let stream = codec::subject_stream(id);
        let meta = registrar_meta(caller, renaming.effective_on, subject.registration.invented);
        let print = serde_json::to_string(&renaming)?;
        let event = SubjectEvent::Renamed(renaming);
        let call = (caller, key, print.as_str());
        let written = self
            .write(call, &stream, meta, |_, meta, event_id| {
                Ok(codec::encode_subject(&event, meta, event_id)?)
            })
            .await;
        self.library.forget_subject(id);
        written
    }

    /// Adopts the calendar of a year.
    ///
    /// # Errors
    /// Only the registrar; days that can't be in it.
    pub async fn adopt_calendar(
        &self,
        caller: &Caller,
        adopted: CalendarAdopted,
        key: &str,
    ) -> Result<Written, ActError> {
        registrar_only(caller)?;
        let calendar = adopted.calendar().map_err(|error| {
            invalid(form_error(
                "",
                error.to_string(),
                "日历有误：年份须在1900至2200之间，须注明来源，所列日期须属于该年",
            ))
        })?;
        let stream = codec::calendar_stream(adopted.year);
        let print = serde_json::to_string(&adopted)?;
        let today = CivilDate::from(self.journal.clock.now().civil_day());
        let meta = registrar_meta(caller, today, false);
        let written = self
            .write((caller, key, &print), &stream, meta, |_, meta, event_id| {
                Ok(codec::encode_own(&adopted, meta, event_id)?)
            })
            .await?;
        if !written.replayed {
            let Written { stream, revision, sequence, id, .. } = written.clone();
            let event = EventRef { stream, revision, id };
            self.library.adopt_calendar(AdoptedCalendar { event, sequence, calendar });
        }
        Ok(written)
    }

    /// What is wrong with a registration beside others: a kind that no program takes, a province that
    /// is none of the record.
    async fn check_registration(&self, registration: &Registration) -> Result<(), ActError> {
        let programs = &self.library.programs().programs;
        let kinds = programs.iter().flat_map(|program| &program.subject_kinds);
        let kinds: BTreeMap<&str, &Text> =
            kinds.map(|kind| (kind.id.as_str(), &kind.label)).collect();
        if !kinds.contains_key(registration.kind.as_str()) {
            let text = said!(
                "no program takes subjects of this kind; a subject is {kinds}",
                "没有项目接受此类主体；现有类别：{kinds}",
                kinds = OneOf(kinds.values().collect())
            );
            return Err(invalid(field("/kind", text).accepting(kinds.into_keys())));
        }
        for (index, zone) in registration.zones.iter().enumerate() {
            let id = SubjectId::parse(&zone.zone).ok().filter(SubjectId::is_addressable);
            if id.is_none() {
                let zone: String = zone.zone.chars().take(80).collect();
                let text = said!(
                    "“{zone}” is no id: letters, digits, _, - and dots within",
                    "“{zone}”不是标识：只可用字母、数字、_、-，点只可用于中间",
                    zone = Given(&zone)
                );
                return Err(invalid(field(format!("/zones/{index}/zone"), text)));
            }
        }
        let of_kind = |kind: &&SubjectKind| kind.id == registration.kind;
        let mut kinds = programs.iter().flat_map(|program| &program.subject_kinds).filter(of_kind);
        registration.check(kinds.all(|kind| kind.anywhere)).map_err(invalid)?;
        let Some(province) =
            registration.province.as_ref().filter(|_| !registration.is_provincial())
        else {
            return Ok(());
        };
        let wrong = |text: Text| Err(invalid(field("/province", text)));
        let given = Given(province.as_str());
        match self.library.subject(province).await {
            Ok(found) if !found.registration.is_provincial() => wrong(said!(
                "“{province}” is no province",
                "“{province}”不是省级主体",
                province = given
            )),
            Ok(found) if found.registration.invented == registration.invented => Ok(()),
            Ok(_) => wrong(said!(
                "real and invented never mix (G16)",
                "真实主体与虚构主体不得混同（G16）"
            )),
            Err(ActError::NotFound { .. }) => wrong(said!(
                "“{province}” is not registered; register it first",
                "“{province}”尚未登记；请先登记",
                province = given
            )),
            Err(error) => Err(error),
        }
    }

    async fn write(
        &self,
        call: (&Caller, &str, &str),
        stream: &str,
        meta: EventMeta,
        encode: impl Fn(&[RecordedEvent], &EventMeta, uuid::Uuid) -> Result<NewEvent, ActError>,
    ) -> Result<Written, ActError> {
        beside::write(&self.journal, call, stream, meta, encode).await
    }
}

/// That an id is registered in another spelling.
fn same_id(given: &SubjectId, registered: &SubjectId) -> ActError {
    let text = said!(
        "{given} is {registered}, which is registered: ids are compared without case",
        "{given}即已登记的{registered}：标识不分大小写",
        given = Given(given.as_str()),
        registered = Given(registered.as_str())
    );
    invalid(field("/id", text))
}

fn invalid(error: FieldError) -> ActError {
    ActError::Invalid(error)
}

fn registrar_only(caller: &Caller) -> Result<(), ActError> {
    if caller.actor.as_ref().is_some_and(|actor| actor.office == Office::Registrar) {
        return Ok(());
    }
    Err(ActError::Forbidden {
        detail: "subjects and calendars are registered by the registrar".to_owned(),
        required: vec![Office::Registrar.as_str()],
    })
}

/// Metadata of what the registrar records; when, is said as it is written.
fn registrar_meta(caller: &Caller, effective_on: CivilDate, exercise: bool) -> EventMeta {
    let mut meta = EventMeta::own(Timestamp::from_micros(0), exercise);
    meta.office = Office::Registrar;
    meta.office_id = caller.actor.as_ref().map_or("", |actor| &actor.office_id).into();
    meta.office_name = OfficeName { en: "Registrar".into(), zh: "登记员".into() };
    meta.principal = caller.principal.as_str().into();
    meta.role = caller.role.as_str().into();
    meta.effective_on = effective_on;
    meta
}
