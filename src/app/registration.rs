//! Subjects and calendars: what the registrar records beside acts.

use std::collections::BTreeSet;

use super::append::{check_size, own_meta};
use super::enrollment::read_whole_stream;
use super::library::AdoptedCalendar;
use super::{ActError, App, Caller};
use crate::codec::{self, Stored};
use crate::domain::date::{CivilDate, Timestamp};
use crate::domain::division;
use crate::domain::event::{EventMeta, OfficeName};
use crate::domain::ids::{EventRef, Office, SubjectId};
use crate::domain::logbook::CalendarAdopted;
use crate::domain::subject::{Registration, Renaming, SubjectEvent};
use crate::log::{LogError, NewEvent, RecordedEvent};

/// An event that is on record outside of the enrollments.
#[derive(Debug, Clone)]
pub struct Written {
    /// The stream.
    pub stream: String,
    /// The revision.
    pub revision: u64,
    /// The sequence, where it is known.
    pub sequence: Option<u64>,
    /// The event's id.
    pub id: uuid::Uuid,
    /// Whether it was on record already under this key.
    pub replayed: bool,
}

impl App {
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
        let effective_on = registration.effective_on;
        let exercise = registration.invented;
        let event = SubjectEvent::Registered(registration);
        let print = print_of(&event);
        let written = self
            .write(caller, &stream, key, &print, true, effective_on, exercise, |meta, event_id| {
                codec::encode_subject(&event, meta, event_id)
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
            let detail = format!(
                "{given} begins or ends with a dot, which addresses lose: dots stand only within"
            );
            return Err(ActError::Invalid { pointer: "/id".to_owned(), detail });
        }
        for (index, zone) in registration.zones.iter().enumerate() {
            let id = SubjectId::parse(&zone.zone).ok().filter(SubjectId::is_addressable);
            if id.is_none() {
                let zone: String = zone.zone.chars().take(80).collect();
                let detail = format!("{zone:?} is no id: letters, digits, _, - and dots within");
                return Err(ActError::Invalid { pointer: format!("/zones/{index}/zone"), detail });
            }
        }
        registration.id = given.registered_spelling();
        let capitals = SubjectId::parse(&given.as_str().to_ascii_uppercase());
        let older = [Ok(given.clone()), capitals].into_iter().flatten();
        for older in older.filter(|older| *older != given.registered_spelling()) {
            match self.subject(&older).await {
                Ok(found) if *found.id() != older => {}
                Ok(_) if older != given => return Err(same_id(&given, &older)),
                Ok(_) => registration.id = older,
                Err(ActError::NotFound { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        if let Some(province) = &mut registration.province {
            *province = match self.subject(province).await {
                Ok(found) => found.id().clone(),
                Err(ActError::NotFound { .. }) => province.registered_spelling(),
                Err(error) => return Err(error),
            };
        }
        Ok(registration)
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
        let subject = self.subject(id).await?;
        let exercise = subject.registration.invented;
        let stream = codec::subject_stream(id);
        let effective_on = renaming.effective_on;
        let event = SubjectEvent::Renamed(renaming);
        let print = print_of(&event);
        let written = self
            .write(caller, &stream, key, &print, false, effective_on, exercise, |meta, event_id| {
                codec::encode_subject(&event, meta, event_id)
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
        let calendar = adopted.calendar().map_err(|error| ActError::Invalid {
            pointer: String::new(),
            detail: error.to_string(),
        })?;
        let stream = codec::calendar_stream(adopted.year);
        let print = serde_json::to_string(&adopted)?;
        let today = CivilDate::from(self.clock.now().civil_day());
        let written = self
            .write(caller, &stream, key, &print, false, today, false, |meta, event_id| {
                codec::encode_own(&adopted, meta, event_id)
            })
            .await?;
        if !written.replayed {
            let Written { stream, revision, sequence, id, .. } = written.clone();
            let event = EventRef { stream, revision, id };
            self.library.adopt_calendar(AdoptedCalendar { event, sequence, calendar });
        }
        Ok(written)
    }

    async fn check_registration(&self, registration: &Registration) -> Result<(), ActError> {
        let invalid = |pointer: &str, detail: String| {
            Err(ActError::Invalid { pointer: pointer.to_owned(), detail })
        };
        let id = registration.id.as_str();
        let programs = &self.library.programs().programs;
        let kinds = programs.iter().flat_map(|program| &program.subject_kinds);
        let kinds = kinds.map(|kind| kind.as_str()).collect::<BTreeSet<_>>();
        if !kinds.contains(registration.kind.as_str()) {
            let kinds = kinds.into_iter().collect::<Vec<_>>().join(", ");
            let detail = format!("no program takes subjects of this kind; kinds are {kinds}");
            return invalid("/kind", detail);
        }
        let listed = division::is_province(id) || id == division::CORPS;
        if registration.invented && listed {
            return invalid(
                "/id",
                format!("{id} is a real division; an invented subject has an id of its own"),
            );
        }
        match registration.kind.as_str() {
            "province" if !registration.invented && !division::is_province(id) => invalid(
                "/id",
                format!(
                    "{id} is not the GB/T 2260 code of one of the 31 provincial-level divisions"
                ),
            ),
            "corps" if !registration.invented && id != division::CORPS => {
                invalid("/id", format!("the Corps is registered as {}", division::CORPS))
            }
            "province" | "corps" => Ok(()),
            _ if listed => invalid("/kind", format!("{id} is a province or the Corps")),
            _ => {
                let Some(province) = &registration.province else {
                    return invalid("/province", "name the province in which it lies".to_owned());
                };
                match self.subject(province).await {
                    Ok(found)
                        if !matches!(found.registration.kind.as_str(), "province" | "corps") =>
                    {
                        invalid(
                            "/province",
                            format!(
                                "{province} is no province: its kind is {}",
                                found.registration.kind
                            ),
                        )
                    }
                    Ok(found) if found.registration.invented == registration.invented => Ok(()),
                    Ok(_) => invalid("/province", "real and invented never mix (G16)".to_owned()),
                    Err(ActError::NotFound { .. }) => invalid(
                        "/province",
                        format!("{province} is not registered; register it first"),
                    ),
                    Err(error) => Err(error),
                }
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "what every own event is written with")]
    async fn write(
        &self,
        caller: &Caller,
        stream: &str,
        key: &str,
        print: &str,
        must_be_new: bool,
        effective_on: CivilDate,
        exercise: bool,
        encode: impl Fn(&EventMeta, uuid::Uuid) -> Result<NewEvent, serde_json::Error>,
    ) -> Result<Written, ActError> {
        let _turn = self.stripe(stream).lock().await;
        let fingerprint = codec::sha256_hex(print.as_bytes());
        for _ in 0..8 {
            let events = read_whole_stream(&*self.log, stream, 0).await?;
            if let Some(written) = find_key(&events, caller, key, &fingerprint)? {
                self.counters.count_replay();
                return Ok(written);
            }
            if must_be_new && !events.is_empty() {
                let name = stream.strip_prefix(codec::SUBJECT).unwrap_or(stream);
                return Err(ActError::Exists { what: "subject", name: name.to_owned() });
            }
            let now = self.clock.now_for_recording()?;
            let mut meta = registrar_meta(caller, now, effective_on, exercise);
            meta.key = Some((key.into(), fingerprint.as_str().into()));
            let after = events.last().map(|event| event.revision);
            let revision = after.map_or(0, |revision| revision + 1);
            let id = codec::event_id(
                self.log_id,
                stream,
                revision,
                &caller.principal,
                key,
                &fingerprint,
            );
            let event = encode(&meta, id)?;
            check_size(&event.data)?;
            match self.append_after(stream, after, event).await {
                Ok(landed) => {
                    let (stream, sequence) = (stream.to_owned(), landed.sequence);
                    return Ok(Written { stream, revision, sequence, id, replayed: false });
                }
                Err(ActError::Log(LogError::Conflict { .. })) => {}
                Err(error) => return Err(error),
            }
        }
        Err(ActError::Busy { what: stream.to_owned() })
    }
}

/// That an id is registered in another spelling.
fn same_id(given: &SubjectId, registered: &SubjectId) -> ActError {
    let detail =
        format!("{given} is {registered}, which is registered: ids are compared without case");
    ActError::Invalid { pointer: "/id".to_owned(), detail }
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

fn registrar_meta(
    caller: &Caller,
    now: Timestamp,
    effective_on: CivilDate,
    exercise: bool,
) -> EventMeta {
    let mut meta = own_meta(now, exercise);
    meta.office = Office::Registrar;
    meta.office_id = caller.actor.as_ref().map_or("", |actor| &actor.office_id).into();
    meta.office_name = OfficeName { en: "Registrar".into(), zh: "登记员".into() };
    meta.principal = caller.principal.as_str().into();
    meta.role = caller.role.as_str().into();
    meta.effective_on = effective_on;
    meta
}

fn print_of(event: &SubjectEvent) -> String {
    let print = match event {
        SubjectEvent::Registered(registration) => serde_json::to_string(registration),
        SubjectEvent::Renamed(renaming) => serde_json::to_string(renaming),
    };
    print.unwrap_or_default()
}

fn find_key(
    events: &[RecordedEvent],
    caller: &Caller,
    key: &str,
    fingerprint: &str,
) -> Result<Option<Written>, ActError> {
    for stored in events {
        let decoded: Stored = codec::decode(stored)?;
        let meta = decoded.meta();
        let Some((used, print)) = &meta.key else { continue };
        if used != key || meta.principal != caller.principal {
            continue;
        }
        if print != fingerprint {
            return Err(ActError::KeyReused { first_used_at: meta.recorded_at });
        }
        return Ok(Some(Written {
            stream: stored.stream.as_str().to_owned(),
            revision: stored.revision,
            sequence: Some(stored.sequence),
            id: stored.event_id,
            replayed: true,
        }));
    }
    Ok(None)
}
