//! Persons whom acts name: sealed before they are appended, opened for those who may, erased by destroying
//! the key of their data subject.
//!
//! What must hold: what a person is called goes into the log as ciphertext alone, and out of it in one answer
//! that nobody keeps, after its opening is on record; a key is destroyed only once its erasure is on record,
//! and no erased data subject gets another.

mod decided;
mod opening;
mod seal;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use uuid::Uuid;

use super::ActError;
use super::enrollments::read_whole_stream;
use super::journal::Journal;
use crate::codec::{self, SealedPerson, Stored};
use crate::domain::person::{DataSubject, Person, PersonStanding};

pub use super::person_error::PersonError;
pub use super::person_keys::{FileKeys, Found, KeyStoreError, PersonKey, PersonKeys};
pub use opening::{Opened, OpenedPerson, Opening, may_open};

/// Where keys are kept, and where new ones come from.
struct Keeping {
    keys: Arc<dyn PersonKeys>,
    fresh: fn() -> PersonKey,
}

/// Seals, opens and erases.
pub struct Persons {
    journal: Arc<Journal>,
    keeping: OnceLock<Keeping>,
    /// The stream of openings that this process wrote to last, and how far that is known.
    accesses: Mutex<Option<(String, u64)>>,
    /// Whether erased keys were looked for since the start.
    looked_through: AtomicBool,
}

impl Persons {
    pub(super) fn new(journal: Arc<Journal>) -> Self {
        Self {
            journal,
            keeping: OnceLock::new(),
            accesses: Mutex::default(),
            looked_through: AtomicBool::new(false),
        }
    }

    /// Says where keys are kept; until then no act can name a person here.
    pub(super) fn keep_in(&self, keys: Arc<dyn PersonKeys>, fresh: fn() -> PersonKey) {
        let _ = self.keeping.set(Keeping { keys, fresh });
    }

    fn keeping(&self) -> Result<&Keeping, ActError> {
        self.keeping.get().ok_or_else(|| PersonError::from(KeyStoreError::None).into())
    }

    fn log_id(&self) -> Uuid {
        self.journal.log_id
    }

    /// Whether persons can be named: before anything is decided on the act that does.
    pub(super) async fn check(&self, persons: &[Person]) -> Result<(), ActError> {
        for person in persons {
            let found = self.keeping()?.keys.find(self.log_id(), &person.data_subject).await;
            if found.map_err(PersonError::from)? == Found::Destroyed {
                return Err(PersonError::Erased(person.data_subject.clone()).into());
            }
        }
        Ok(())
    }

    /// Seals the persons of an act whose event has this id.
    pub(super) async fn seal(
        &self,
        stream: &str,
        event: Uuid,
        persons: &[Person],
    ) -> Result<Vec<SealedPerson>, ActError> {
        let mut sealed = Vec::with_capacity(persons.len());
        for person in persons {
            let Keeping { keys, fresh } = self.keeping()?;
            let found = keys.find_or_keep(self.log_id(), &person.data_subject, fresh()).await;
            let Found::Key(key) = found.map_err(PersonError::from)? else {
                return Err(PersonError::Erased(person.data_subject.clone()).into());
            };
            let (role, data_subject) = (person.role, person.data_subject.clone());
            let at = seal::Place { stream, event, role, data_subject: &data_subject };
            let sealed_bytes = seal::seal(&key, &at, &person.details())?;
            sealed.push(SealedPerson { role, data_subject, sealed: sealed_bytes });
        }
        Ok(sealed)
    }

    /// What is decided of a data subject.
    ///
    /// # Errors
    /// [`PersonError::Unknown`]; as the log's and the key store's.
    pub async fn standing(&self, of: &DataSubject) -> Result<PersonStanding, ActError> {
        let standing = self.decided(of).await?;
        if standing == PersonStanding::default() {
            self.known(of).await?;
        }
        Ok(standing)
    }

    /// What the record says of a data subject; nothing where it says nothing.
    async fn decided(&self, of: &DataSubject) -> Result<PersonStanding, ActError> {
        let stream = codec::erasure_stream(of);
        standing_of(&read_whole_stream(&*self.journal.log, &stream, 0).await?)
    }

    /// That the key store knows a data subject.
    async fn known(&self, of: &DataSubject) -> Result<Found, ActError> {
        match self.keeping()?.keys.find(self.log_id(), of).await.map_err(PersonError::from)? {
            Found::Nothing => Err(PersonError::Unknown(of.clone()).into()),
            found => Ok(found),
        }
    }

    /// Destroys the keys of data subjects that the record says are erased: those that a crash left, and
    /// those that came back with an older copy of the key store. Once it was through it does nothing more: the
    /// record is asked before anything is opened. How many.
    ///
    /// # Errors
    /// As the log's and the key store's.
    pub async fn destroy_what_is_erased(&self) -> Result<u64, ActError> {
        let Some(Keeping { keys, .. }) = self.keeping.get() else { return Ok(0) };
        if self.looked_through.load(Ordering::Relaxed) {
            return Ok(0);
        }
        let mut destroyed = 0;
        for of in keys.all(self.log_id()).await.map_err(PersonError::from)? {
            if self.decided(&of).await?.erased.is_some() {
                keys.destroy(self.log_id(), &of).await.map_err(PersonError::from)?;
                destroyed += 1;
            }
        }
        self.looked_through.store(true, Ordering::Relaxed);
        Ok(destroyed)
    }
}

fn standing_of(events: &[crate::log::RecordedEvent]) -> Result<PersonStanding, ActError> {
    let mut standing = PersonStanding::default();
    for stored in events {
        if let Stored::Person(event, meta) = codec::decode(stored)? {
            standing.take_in(stored.revision, &event, &meta);
        }
    }
    Ok(standing)
}
