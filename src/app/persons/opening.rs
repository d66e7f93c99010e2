//! Opening: what is sealed of persons, for those who may, after that is on record.

use std::sync::PoisonError;

use super::{Found, KeyStoreError, PersonError, Persons, seal};
use crate::app::{ActError, Caller};
use crate::codec::{self, SealedPerson};
use crate::domain::date::Timestamp;
use crate::domain::event::EventMeta;
use crate::domain::ids::Office;
use crate::domain::person::{DataSubject, Details, PersonOpened, PersonRole};
use crate::domain::text::NonBlank;
use crate::log::{LogError, RecordedEvent};

/// How often an opening is appended again when another was faster.
const MAX_TRIES: usize = 16;

/// What is to be opened, and why.
pub struct Opening {
    /// Of this data subject alone.
    pub data_subject: Option<DataSubject>,
    /// Why.
    pub reason: NonBlank,
}

/// What was opened.
pub struct Opened {
    /// The persons, in the act's order.
    pub persons: Vec<OpenedPerson>,
    /// Where the opening is on record, `stream@revision#id`.
    pub recorded: String,
    /// When.
    pub at: Timestamp,
}

/// A person whom an act names.
pub struct OpenedPerson {
    /// Why.
    pub role: PersonRole,
    /// Who.
    pub data_subject: DataSubject,
    /// What was sealed; nothing where it was erased.
    pub details: Option<Details>,
}

impl Persons {
    /// Opens what an event has sealed.
    ///
    /// # Errors
    /// Another office's event; one that names no such person; data that were erased.
    pub async fn open(
        &self,
        caller: &Caller,
        event: &RecordedEvent,
        opening: Opening,
    ) -> Result<Opened, ActError> {
        held_to(caller, &codec::decode_meta(event)?)?;
        let named = codec::persons_of(event)?;
        let wanted = |person: &SealedPerson| {
            opening.data_subject.as_ref().is_none_or(|wanted| *wanted == person.data_subject)
        };
        let reference = codec::reference(event);
        let mut persons = Vec::new();
        for person in named.into_iter().filter(wanted) {
            persons.push(self.opened(event, person).await?);
        }
        let Some(first) = persons.first() else {
            return Err(PersonError::NotNamed(reference.to_string()).into());
        };
        let first = first.data_subject.clone();
        let is_open = |person: &&OpenedPerson| person.details.is_some();
        let mut data_subjects: Vec<_> =
            persons.iter().filter(is_open).map(|person| person.data_subject.clone()).collect();
        data_subjects.dedup();
        if data_subjects.is_empty() {
            return Err(PersonError::Erased(first).into());
        }
        let body = PersonOpened { event: reference, data_subjects, reason: opening.reason };
        let (recorded, at) = self.record_opening(caller, &body).await?;
        Ok(Opened { persons, recorded, at })
    }

    /// One person. The record is asked first: a key that came back with an older copy of the key store opens
    /// nothing, and goes again.
    async fn opened(
        &self,
        event: &RecordedEvent,
        person: SealedPerson,
    ) -> Result<OpenedPerson, ActError> {
        let keys = &self.keeping()?.keys;
        let SealedPerson { role, data_subject, sealed } = person;
        let (log, of) = (self.log_id(), &data_subject);
        let found = keys.find(log, of).await.map_err(PersonError::from)?;
        let is_erased = self.decided(of).await?.erased.is_some();
        let details = match found {
            Found::Key(_) if is_erased => {
                keys.destroy(log, of).await.map_err(PersonError::from)?;
                None
            }
            Found::Key(key) => {
                let stream = event.stream.as_str();
                let at = seal::Place { stream, event: event.event_id, role, data_subject: of };
                Some(seal::open(&key, &at, &sealed).map_err(PersonError::from)?)
            }
            Found::Nothing if !is_erased => {
                return Err(PersonError::from(KeyStoreError::Lost(of.clone())).into());
            }
            Found::Nothing | Found::Destroyed => None,
        };
        Ok(OpenedPerson { role, data_subject, details })
    }

    /// Records an opening, each one by itself: a request that is sent again is another.
    async fn record_opening(
        &self,
        caller: &Caller,
        body: &PersonOpened,
    ) -> Result<(String, Timestamp), ActError> {
        let mut meta = self.meta_of(caller);
        let now = self.journal.clock.now_for_recording()?;
        meta.recorded_at = now;
        let stream = codec::access_stream(now.civil_day());
        let _turn = self.journal.turn(&stream).await;
        let mut after = self.last_access(&stream);
        let cause = format!("opening {} {} {}", caller.principal, body.event, now.micros());
        for _ in 0..MAX_TRIES {
            let revision = after.map_or(0, |after| after + 1);
            let id = self.journal.caused_id(&stream, revision, &cause);
            let event = codec::encode_own(body, &meta, id)?;
            match self.journal.append_after(&stream, after, event).await {
                Ok(_) => {
                    let mut accesses = self.accesses.lock().unwrap_or_else(PoisonError::into_inner);
                    *accesses = Some((stream.clone(), revision));
                    return Ok((format!("{stream}@{revision}#{id}"), now));
                }
                Err(ActError::Log(LogError::Conflict { actual, .. })) => after = actual,
                Err(error) => return Err(error),
            }
        }
        Err(ActError::Busy { what: stream })
    }

    fn last_access(&self, stream: &str) -> Option<u64> {
        let accesses = self.accesses.lock().unwrap_or_else(PoisonError::into_inner);
        accesses.as_ref().filter(|(known, _)| known == stream).map(|(_, revision)| *revision)
    }
}

/// Whether a caller may read what an event has sealed.
///
/// # Errors
/// An event that can't be read.
pub fn may_open(caller: &Caller, event: &RecordedEvent) -> Result<bool, ActError> {
    Ok(held_to(caller, &codec::decode_meta(event)?).is_ok())
}

/// Who may read what an event has sealed: the national office, and who acts for no office but may
/// ask at all (the auditor, the custodian), of any; other offices of what they recorded, or what was recorded in
/// their name.
fn held_to(caller: &Caller, meta: &EventMeta) -> Result<(), ActError> {
    let Some(actor) = &caller.actor else { return Ok(()) };
    let is_own = meta.office == actor.office && *meta.office_id == *actor.office_id;
    if actor.office == Office::NationalOffice || is_own || *meta.principal == *caller.principal {
        return Ok(());
    }
    Err(ActError::Forbidden {
        detail:
            "an office opens the personal data of its own acts alone; others' are opened by the \
                 national office, the auditor or the custodian"
                .to_owned(),
        required: vec![Office::NationalOffice.as_str(), "auditor", "custodian"],
    })
}
