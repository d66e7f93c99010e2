//! Programs, measures, subjects and calendars: what acts are judged by, from the log.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, RwLock};

use super::enrollment::read_whole_stream;
use super::kept::Kept;
use super::{ActError, App};
use crate::codec::{self, Stored};
use crate::domain::calendar::{Calendar, Calendars};
use crate::domain::date::Day;
use crate::domain::ids::{EventRef, Id, ProgramId, SubjectId, Text};
use crate::domain::measure::{Program, Programs, Versions};
use crate::domain::subject::{Subject, SubjectEvent, Zone};

/// Subjects kept at most, in bytes; the others are read again.
const SUBJECT_BYTES: usize = 32 << 20;

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
    subjects: Kept<Arc<Subject>>,
    /// How often a subject was forgotten: what was read before that is not kept after it.
    forgotten: Mutex<u64>,
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
            subjects: Kept::new(SUBJECT_BYTES),
            forgotten: Mutex::default(),
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

    /// The sequences of the adoptions in force for these years.
    pub(super) fn adoptions_of(&self, years: std::ops::RangeInclusive<i32>) -> Vec<u64> {
        let adopted = self.calendars.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        let newest = |year: i32| adopted.iter().rev().find(|(_, calendar)| calendar.year() == year);
        years.filter_map(newest).map(|(sequence, _)| *sequence).collect()
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
        let mut forgotten = self.forgotten();
        *forgotten += 1;
        self.subjects.remove(id.as_str());
    }

    fn forgotten(&self) -> MutexGuard<'_, u64> {
        self.forgotten.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Keeps a subject that was read when so many had been forgotten: a renaming meanwhile is in
    /// the log, and may not be in what was read.
    fn keep_subject(&self, subject: Arc<Subject>, forgotten_before: u64) {
        let forgotten = self.forgotten();
        if *forgotten == forgotten_before {
            let bytes = bytes_of(&subject);
            self.subjects.put(subject.id().clone().as_str(), subject, bytes);
        }
    }
}

/// What a subject takes in memory, about.
fn bytes_of(subject: &Subject) -> usize {
    let text = |text: &Text| text.en.capacity() + text.zh.capacity();
    let from = |list: &[(Day, Text)]| -> usize {
        list.iter().map(|(_, name)| size_of::<(Day, Text)>() + text(name)).sum()
    };
    let registration = &subject.registration;
    let zones: usize =
        registration.zones.iter().map(|zone| size_of::<Zone>() + zone.source.capacity()).sum();
    size_of::<Subject>()
        + text(&registration.name)
        + registration.responsible_office.as_ref().map_or(0, text)
        + registration.source.capacity()
        + zones
        + from(&subject.names)
        + from(&subject.offices)
}

impl App {
    /// A registered subject.
    ///
    /// # Errors
    /// [`ActError::NotFound`], and as the log's.
    pub async fn subject(&self, id: &SubjectId) -> Result<Arc<Subject>, ActError> {
        if let Some(subject) = self.library.subjects.get(id.as_str()) {
            return Ok(subject);
        }
        let forgotten_before = *self.library.forgotten();
        let found = self.read_subject(id).await?;
        let not_found = || ActError::NotFound { what: "subject", name: id.to_string() };
        let subject = Arc::new(found.ok_or_else(not_found)?);
        self.library.keep_subject(subject.clone(), forgotten_before);
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
