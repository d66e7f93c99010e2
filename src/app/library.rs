//! Programs, measures, subjects and calendars: what acts are judged by, from the log.

mod subjects;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use smol_str::SmolStr;
use uuid::Uuid;

use super::ActError;
use super::clock::Clock;
use super::documents::DocumentStore;
use super::kept::Kept;
use super::parts::Parts;
use crate::codec::{self, CodecError, Stored};
use crate::domain::calendar::{Calendar, Calendars};
use crate::domain::date::Day;
use crate::domain::event::ObligationLapsed;
use crate::domain::ids::{EventRef, Id, ProgramId, SubjectId, Text};
use crate::domain::indicator::printed_label;
use crate::domain::measure::{Program, Programs, Versions};
use crate::domain::measure_file::Source;
use crate::domain::subject::{Subject, Zone};
use crate::log::{EventLog, LogError, RecordedEvent};

/// Subjects kept at most, in bytes; the others are read again.
const SUBJECT_BYTES: usize = 16 << 20;

/// The adopted editions of one program's measures.
#[derive(Debug, Clone, Default)]
pub struct Adopted {
    /// The versions, each in its newest adopted edition.
    pub versions: Arc<Versions>,
    /// The event that adopted each edition, by digest.
    pub events: HashMap<String, EventRef>,
    /// The revision up to which the measure's stream was read.
    pub(super) read_to: Option<u64>,
    /// Whether an edition after those can't be had.
    pub(super) is_behind: bool,
}

/// Editions by program, and how far the log is known to have adopted more.
#[derive(Default)]
struct Editions {
    adopted: HashMap<ProgramId, Arc<Adopted>>,
    /// Adoptions of other nodes that are not among them yet, by revision.
    announced: HashMap<ProgramId, u64>,
}

impl Editions {
    fn read_to(&self, program: &ProgramId) -> Option<u64> {
        self.adopted.get(program).and_then(|adopted| adopted.read_to)
    }
}

/// A calendar that was adopted.
#[derive(Debug, Clone)]
pub(super) struct AdoptedCalendar {
    /// The event.
    pub event: EventRef,
    /// Its sequence, where it is known.
    pub sequence: Option<u64>,
    /// What it says.
    pub calendar: Calendar,
}

impl AdoptedCalendar {
    /// What a stored event adopts, if it does and the days can be in a calendar.
    ///
    /// # Errors
    /// Stored bytes that this version does not know.
    pub fn of(stored: &RecordedEvent) -> Result<Option<Self>, CodecError> {
        let Stored::CalendarAdopted(adopted, _) = codec::decode(stored)? else { return Ok(None) };
        let calendar = adopted.calendar().ok();
        let (event, sequence) = (codec::reference(stored), Some(stored.sequence));
        Ok(calendar.map(|calendar| Self { event, sequence, calendar }))
    }

    fn order(&self) -> (i32, u64) {
        (self.calendar.year(), self.event.revision)
    }
}

/// What acts are judged by.
pub struct Library {
    pub(super) log: Arc<dyn EventLog>,
    pub(super) documents: Arc<dyn DocumentStore>,
    pub(super) clock: Arc<dyn Clock>,
    /// The programs, measures and offices that this binary brings along.
    pub(super) files: &'static [Source<'static>],
    pub(super) log_id: Uuid,
    programs: Programs,
    editions: RwLock<Editions>,
    subjects: Kept<SmolStr, Arc<Subject>>,
    /// How often a subject was forgotten: what was read before that is not kept after it.
    forgotten: Mutex<u64>,
    /// By year and revision.
    calendars: RwLock<Vec<AdoptedCalendar>>,
    /// Years of which a calendar can't be read: as if none was adopted, and nothing lapses by them.
    unread_years: BTreeMap<i32, ActError>,
    present: RwLock<(usize, Arc<Calendars>)>,
    /// The programs in whose own stream another node appended.
    moved: RwLock<HashSet<ProgramId>>,
    /// By program, and the sequence of each event of its stream: the day as of which the list of who
    /// takes part is complete since that event.
    complete_lists: RwLock<HashMap<ProgramId, BTreeMap<u64, Option<Day>>>>,
}

impl Library {
    pub(super) fn new(
        parts: &Parts,
        log_id: Uuid,
        programs: Programs,
        adopted: HashMap<ProgramId, Adopted>,
        (mut calendars, unread_years): (Vec<AdoptedCalendar>, BTreeMap<i32, ActError>),
        lists: HashMap<ProgramId, BTreeMap<u64, Option<Day>>>,
    ) -> Self {
        calendars.sort_by_key(AdoptedCalendar::order);
        let behind = adopted.iter().filter(|(_, one)| one.is_behind);
        let announced = behind
            .map(|(program, one)| (program.clone(), one.read_to.map_or(0, |read_to| read_to + 1)));
        let announced = announced.collect();
        let adopted = adopted.into_iter().map(|(program, one)| (program, Arc::new(one))).collect();
        let editions = Editions { adopted, announced };
        let library = Self {
            log: parts.log.clone(),
            documents: parts.documents.clone(),
            clock: parts.clock.clone(),
            files: parts.files,
            log_id,
            programs,
            editions: RwLock::new(editions),
            subjects: Kept::new(SUBJECT_BYTES),
            forgotten: Mutex::default(),
            calendars: RwLock::new(calendars),
            unread_years,
            present: RwLock::default(),
            moved: RwLock::default(),
            complete_lists: RwLock::new(lists),
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
    pub fn adopted(&self, program: &Program) -> Option<Arc<Adopted>> {
        read(&self.editions).adopted.get(program.governed_as()).cloned()
    }

    /// The versions that govern a program.
    pub fn versions(&self, program: &Program) -> Arc<Versions> {
        self.adopted(program).map(|adopted| adopted.versions.clone()).unwrap_or_default()
    }

    /// What an indicator is called: as a measure names it, else as the tables that print it do.
    pub fn indicator_label(&self, indicator: &Id) -> Option<Text> {
        let declared = self.programs.programs.iter().find_map(|program| {
            self.versions(program).find(|measure| {
                let mut declared = measure.categories.iter().flat_map(|one| &one.indicators);
                declared.find(|rule| rule.id == *indicator).map(|rule| rule.label.clone())
            })
        });
        declared.or_else(|| printed_label(indicator))
    }

    /// The programs, real ones or exercises, each with the versions that govern it.
    pub fn governed(&self, exercises: bool) -> Vec<(Program, Arc<Versions>)> {
        let programs = self.programs.programs.iter();
        let programs = programs.filter(|program| program.is_exercise() == exercises);
        programs.map(|program| (program.clone(), self.versions(program))).collect()
    }

    /// Notes that the log has adopted an edition, at a revision of the measure's stream.
    pub(super) fn note_adoption(&self, program: &ProgramId, revision: u64) {
        let mut editions = write(&self.editions);
        if editions.read_to(program) < Some(revision) {
            let announced = editions.announced.entry(program.clone()).or_default();
            *announced = revision.max(*announced);
        }
    }

    /// The revision up to which a measure's stream was read.
    pub(super) fn editions_read_to(&self, program: &ProgramId) -> Option<u64> {
        read(&self.editions).read_to(program)
    }

    /// Whether the log has adopted editions of a program that are not among these.
    pub(super) fn is_behind(&self, program: &ProgramId) -> bool {
        read(&self.editions).announced.contains_key(program)
    }

    /// The programs of which that is true.
    pub(super) fn behind(&self) -> Vec<ProgramId> {
        read(&self.editions).announced.keys().cloned().collect()
    }

    /// Puts a program's editions in place, unless more of them are.
    pub(super) fn adopt_editions(&self, program: &ProgramId, adopted: Adopted) {
        let mut editions = write(&self.editions);
        let read_to = adopted.read_to;
        if editions.read_to(program) < read_to {
            editions.adopted.insert(program.clone(), Arc::new(adopted));
        }
        if editions.announced.get(program).is_some_and(|announced| Some(*announced) <= read_to) {
            editions.announced.remove(program);
        }
    }

    /// The calendars adopted up to a sequence; all of them without one.
    pub fn calendars(&self, known_to: Option<u64>) -> Calendars {
        of_adopted(&read(&self.calendars), known_to)
    }

    /// All calendars adopted so far, and how many adoptions that took; kept ready.
    pub fn present_calendars(&self) -> (usize, Arc<Calendars>) {
        read(&self.present).clone()
    }

    /// The adoptions in force for these years.
    pub(super) fn adoptions_of(&self, years: std::ops::RangeInclusive<i32>) -> Vec<EventRef> {
        let adopted = read(&self.calendars);
        let newest = |year: i32| adopted.iter().rev().find(|one| one.calendar.year() == year);
        years.filter_map(newest).map(|one| one.event.clone()).collect()
    }

    /// Whether a year of these has a calendar that can't be read.
    pub(super) fn unread_year(&self, years: std::ops::RangeInclusive<i32>) -> Option<&ActError> {
        self.unread_years.range(years).next().map(|(_, error)| error)
    }

    fn renew_present(&self) {
        // Locked first, so that who counted less does not come last.
        let mut present = write(&self.present);
        let adopted = read(&self.calendars);
        *present = (adopted.len(), Arc::new(of_adopted(&adopted, None)));
    }

    pub(super) fn adopt_calendar(&self, adopted: AdoptedCalendar) {
        let mut calendars = write(&self.calendars);
        match calendars.binary_search_by_key(&adopted.order(), AdoptedCalendar::order) {
            Ok(at) => {
                if let Some(known) = calendars.get_mut(at) {
                    known.sequence = known.sequence.or(adopted.sequence);
                }
            }
            Err(at) => calendars.insert(at, adopted),
        }
        drop(calendars);
        self.renew_present();
    }

    /// Takes in what the events of a program's stream say, each by its sequence, of the day as of which
    /// the list of who takes part is complete.
    pub fn note_list(&self, program: &ProgramId, said: BTreeMap<u64, Option<Day>>) {
        let mut lists = write(&self.complete_lists);
        let known = lists.entry(program.clone()).or_default();
        if known.len() <= said.len() {
            *known = said;
        }
    }

    /// The first day as of which the list of who takes part in a program is complete, as known up to
    /// a sequence (P12): before that, whom the record lacks may still be on it (G10).
    pub fn list_complete_since(&self, program: &ProgramId, known_to: Option<u64>) -> Option<Day> {
        let lists = read(&self.complete_lists);
        let mut known = lists.get(program)?.range(..=known_to.unwrap_or(u64::MAX));
        known.next_back().and_then(|(_, since)| *since)
    }

    /// Notes that another node recorded something for a program as a whole.
    pub(super) fn note_whole(&self, program: ProgramId) {
        write(&self.moved).insert(program);
    }

    /// The programs of which that is so since the last time it was asked.
    pub(super) fn take_whole(&self) -> HashSet<ProgramId> {
        std::mem::take(&mut write(&self.moved))
    }

    /// How many events are on record for a program as a whole.
    pub fn events_for_whole(&self, program: &ProgramId) -> usize {
        read(&self.complete_lists).get(program).map_or(0, BTreeMap::len)
    }

    /// Takes in that a subject's stream has an event of this revision.
    pub(super) fn note_subject(&self, id: &str, revision: u64) {
        let mut forgotten = self.forgotten();
        *forgotten += 1;
        if self.subjects.get(id).is_some_and(|kept| kept.revision < revision) {
            self.subjects.remove(id);
        }
    }

    pub(super) fn forget_subject(&self, id: &SubjectId) {
        let mut forgotten = self.forgotten();
        *forgotten += 1;
        self.subjects.remove(id.as_str());
    }

    fn forgotten(&self) -> MutexGuard<'_, u64> {
        self.forgotten.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a subject that was read when so many had been forgotten: a renaming meanwhile is in
    /// the log, and may not be in what was read.
    fn keep_subject(&self, subject: Arc<Subject>, forgotten_before: u64) {
        let forgotten = self.forgotten();
        if *forgotten == forgotten_before {
            let bytes = bytes_of(&subject);
            self.subjects.put(subject.id().clone().into(), subject, bytes);
        }
    }
}

fn of_adopted(adopted: &[AdoptedCalendar], known_to: Option<u64>) -> Calendars {
    let mut calendars = Calendars::default();
    for one in adopted {
        if known_to.is_none_or(|known| one.sequence.is_some_and(|sequence| sequence <= known)) {
            calendars.adopt(one.calendar.clone());
        }
    }
    calendars
}

fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
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

impl Library {
    /// The reference of the event that adopted the edition an act was judged by.
    pub(super) fn adoption(&self, program: &Program, edition: Option<&Id>) -> Option<EventRef> {
        self.adopted(program)?.events.get(edition?.as_str()).cloned()
    }

    /// That the calendars by which a lapse is judged can be read.
    pub(super) fn check_calendars(&self, lapse: &ObligationLapsed) -> Result<(), ActError> {
        let last = lapse.not_late_before.year();
        let years = lapse.due.latest().year().min(last)..=last;
        let Some(error) = self.unread_year(years) else { return Ok(()) };
        let (sequence, reason) = (0, format!("a calendar that it needs: {error}"));
        Err(LogError::Corrupt { sequence, reason }.into())
    }
}
