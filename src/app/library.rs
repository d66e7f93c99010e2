//! Programs, measures, subjects and calendars: what acts are judged by, from the log.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use super::enrollment::read_whole_stream;
use super::{ActError, App};
use crate::codec::{self, Stored};
use crate::domain::calendar::{Calendar, Calendars};
use crate::domain::ids::{EventRef, Id, ProgramId, SubjectId};
use crate::domain::measure::{Program, Programs, Versions};
use crate::domain::subject::{Subject, SubjectEvent};

/// Subjects kept at most; beyond, all are let go and read again.
const MAX_SUBJECTS: usize = 50_000;

/// The adopted editions of one program's measures.
#[derive(Debug, Clone, Default)]
pub struct Adopted {
    /// The versions, each in its newest adopted edition.
    pub versions: Arc<Versions>,
    /// The event that adopted each edition, by digest.
    pub events: HashMap<String, EventRef>,
}

/// What acts are judged by.
pub struct Library {
    programs: Programs,
    adopted: HashMap<ProgramId, Adopted>,
    subjects: RwLock<HashMap<SubjectId, Arc<Subject>>>,
    calendars: RwLock<Vec<(u64, Calendar)>>,
    present: RwLock<(usize, Arc<Calendars>)>,
}

impl Library {
    pub(super) fn new(
        programs: Programs,
        adopted: HashMap<ProgramId, Adopted>,
        calendars: Vec<(u64, Calendar)>,
    ) -> Self {
        let library = Self {
            programs,
            adopted,
            subjects: RwLock::default(),
            calendars: RwLock::new(calendars),
            present: RwLock::default(),
        };
        library.renew_present();
        library
    }

    /// The programs and the offices' names.
    pub fn programs(&self) -> &Programs {
        &self.programs
    }

    /// A program by id.
    pub fn program(&self, id: &str) -> Option<&Program> {
        self.programs.program(id)
    }

    /// The adopted editions that govern a program; an exercise follows those of its original.
    pub fn adopted(&self, program: &Program) -> Option<&Adopted> {
        self.adopted.get(program.governed_as())
    }

    /// The versions that govern a program.
    pub fn versions(&self, program: &Program) -> Arc<Versions> {
        self.adopted(program).map(|adopted| adopted.versions.clone()).unwrap_or_default()
    }

    /// The calendars adopted up to a sequence; all of them without one.
    pub fn calendars(&self, known_to: Option<u64>) -> Calendars {
        let adopted = self.calendars.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut calendars = Calendars::default();
        for (sequence, calendar) in adopted.iter() {
            if known_to.is_none_or(|known| *sequence <= known) {
                calendars.adopt(calendar.clone());
            }
        }
        calendars
    }

    /// All calendars adopted so far, and how many adoptions that took; kept ready.
    pub fn present_calendars(&self) -> (usize, Arc<Calendars>) {
        self.present.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    fn renew_present(&self) {
        let count = self.calendars.read().unwrap_or_else(std::sync::PoisonError::into_inner).len();
        let present = (count, Arc::new(self.calendars(None)));
        *self.present.write().unwrap_or_else(std::sync::PoisonError::into_inner) = present;
    }

    pub(super) fn adopt_calendar(&self, sequence: u64, calendar: Calendar) {
        let mut adopted = self.calendars.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        adopted.push((sequence, calendar));
        adopted.sort_by_key(|(sequence, _)| *sequence);
        drop(adopted);
        self.renew_present();
    }

    pub(super) fn forget_subject(&self, id: &SubjectId) {
        self.subjects.write().unwrap_or_else(std::sync::PoisonError::into_inner).remove(id);
    }

    fn kept_subject(&self, id: &SubjectId) -> Option<Arc<Subject>> {
        self.subjects.read().unwrap_or_else(std::sync::PoisonError::into_inner).get(id).cloned()
    }

    fn keep_subject(&self, subject: Arc<Subject>) {
        let mut subjects = self.subjects.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        if subjects.len() >= MAX_SUBJECTS {
            subjects.clear();
        }
        subjects.insert(subject.id().clone(), subject);
    }
}

impl App {
    /// A registered subject.
    ///
    /// # Errors
    /// [`ActError::NotFound`], and as the log's.
    pub async fn subject(&self, id: &SubjectId) -> Result<Arc<Subject>, ActError> {
        if let Some(subject) = self.library.kept_subject(id) {
            return Ok(subject);
        }
        let found = self.read_subject(id).await?;
        let not_found = || ActError::NotFound { what: "subject", name: id.to_string() };
        let subject = Arc::new(found.ok_or_else(not_found)?);
        self.library.keep_subject(subject.clone());
        Ok(subject)
    }

    async fn read_subject(&self, id: &SubjectId) -> Result<Option<Subject>, ActError> {
        let stream = codec::subject_stream(id);
        let mut subject: Option<Subject> = None;
        for stored in read_whole_stream(&*self.log, &stream, 0).await? {
            let Stored::Subject(event, _) = codec::decode(&stored)? else { continue };
            match (&mut subject, event) {
                (Some(known), event) => known.evolve(event, stored.revision),
                (None, SubjectEvent::Registered(registration)) => {
                    subject = Some(Subject::registered(registration));
                }
                (None, SubjectEvent::Renamed(_)) => {}
            }
            if let Some(known) = &mut subject {
                known.revision = stored.revision;
                known.event_id = stored.event_id;
            }
        }
        Ok(subject)
    }

    /// The reference of the event that adopted the edition an act was judged by.
    pub(super) fn adoption(&self, program: &Program, edition: Option<&Id>) -> Option<EventRef> {
        self.library.adopted(program)?.events.get(edition?.as_str()).cloned()
    }
}
