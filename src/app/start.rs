//! Opening a log: making it on first use, adopting measures, mending what a crash left.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::{FutureExt as _, StreamExt as _};

use super::adoption::{Shelf, adopt_measures, looks_again};
use super::decisions::{LogBook, first_id, newest};
use super::enrollments::{read_whole_stream, stream_name};
use super::known::Chronology;
use super::library::{Adopted, AdoptedCalendar};
use super::measure_files::Checked;
use super::parts::{Parts, StartError};
use super::persons::Persons;
use super::recovery::{Recovered, UNDER_WAY_US};
use super::whole::read_lists;
use super::{ActError, Acts, App, Enrollments, Journal, Library, Places, Registrar, measure_files};
use crate::codec;
use crate::domain::date::{Day, Timestamp};
use crate::domain::event::EventMeta;
use crate::domain::ids::ProgramId;
use crate::domain::logbook::LogCreated;
use crate::domain::measure::Programs;
use crate::log::{EventLog, Expected};

/// How often, and at which interval, the first event is looked for that another node has appended: a
/// node that counts the events itself may hear of it a moment later.
const CREATED_LOOKS: usize = 100;
const CREATED_EVERY: Duration = Duration::from_millis(100);

/// Streams read at once: a log elsewhere takes a while to answer each.
const AT_ONCE: usize = 16;

/// Opens the log for serving: its first event, the measures, the calendars, the recovery.
///
/// # Errors
/// [`StartError`].
pub async fn start(parts: Parts) -> Result<App, StartError> {
    let head = parts.log.head().await.map_err(ActError::from)?;
    let book = book_of(&*parts.log).await?;
    start_from(parts, head, book).await
}

/// As [`start`], with what the stream `log` says; `head` is where the log ended before that was read: what
/// comes after it is followed.
///
/// # Errors
/// [`StartError`].
pub async fn start_from(
    parts: Parts,
    head: Option<u64>,
    book: Option<LogBook>,
) -> Result<App, StartError> {
    let programs = check_files(&parts)?;
    let book = open_log(&parts, book).await?;
    let log_id = book.log_id().unwrap_or_default();
    let mut adopted = HashMap::new();
    for program in programs.programs.iter().filter(|program| !program.is_exercise()) {
        let editions = adopt_measures(Shelf::of(&parts), log_id, &program.id).await?;
        adopted.insert(program.id.clone(), editions);
    }
    let app = put_together(parts, book, programs, adopted, head).await?;
    // Beside other nodes a young reservation may belong to an act under way.
    let older_than_us = if app.log().is_shared() { UNDER_WAY_US } else { 0 };
    if let Err(error) = app.journal.may_write_by_itself() {
        // Until then a place counts as taken.
        tracing::warn!(%error, "what docket records by itself waits");
        app.postponed.store(true, Ordering::Relaxed);
        return Ok(app);
    }
    match app.places.recover_newest(older_than_us).await {
        Ok(Recovered { released: 0, abandoned: 0, restated: 0, .. }) => {}
        Ok(recovered) => tracing::info!(?recovered, "mended what a stop left open"),
        Err(error) => tracing::warn!(%error, "what a stop left open is mended later"),
    }
    Ok(app)
}

/// Opens the log for reading only, also beside a server: nothing is made, adopted or mended, and
/// acts are judged by the editions that the log has adopted. The parts of a new log are not used.
///
/// # Errors
/// [`StartError`]; [`StartError::NotALog`] for a log without events.
pub async fn start_reading(parts: Parts) -> Result<App, StartError> {
    let programs = check_files(&parts)?;
    let head = parts.log.head().await.map_err(ActError::from)?;
    let Some(book) = book_of(&*parts.log).await? else {
        return Err(StartError::NotALog { found: "nothing".to_owned() });
    };
    let mut adopted = HashMap::new();
    for program in programs.programs.iter().filter(|program| !program.is_exercise()) {
        let editions = Shelf::of(&parts).editions_to_show(&program.id).await?;
        adopted.insert(program.id.clone(), editions);
    }
    put_together(parts, book, programs, adopted, head).await
}

async fn put_together(
    parts: Parts,
    book: LogBook,
    programs: Programs,
    adopted: HashMap<ProgramId, Adopted>,
    head: Option<u64>,
) -> Result<App, StartError> {
    let calendars = read_calendars(&*parts.log).await?;
    let lists = read_lists(&*parts.log, &programs).await?;
    let log_id = book.log_id().unwrap_or_default();
    let library = Arc::new(Library::new(&parts, log_id, programs, adopted, calendars, lists));
    let Parts { log, documents, clock, cache_bytes, .. } = parts;
    let enrollments = Arc::new(Enrollments::new(log.clone(), cache_bytes));
    let journal = Arc::new(Journal::new(log.clone(), clock, log_id, enrollments.clone()));
    let places = Arc::new(Places::new(journal.clone(), enrollments.clone(), library.clone()));
    let persons = Arc::new(Persons::new(journal.clone()));
    let acts = Acts {
        journal: journal.clone(),
        enrollments: enrollments.clone(),
        places: places.clone(),
        library: library.clone(),
        documents: documents.clone(),
        persons: persons.clone(),
    };
    let registrar = Registrar {
        journal: journal.clone(),
        enrollments: enrollments.clone(),
        library: library.clone(),
    };
    Ok(App {
        origin: book.origin().map(ToOwned::to_owned),
        read_to: head,
        documents,
        enrollments,
        journal,
        library,
        places,
        acts,
        persons,
        registrar,
        chronology: Chronology::new(log, book),
        postponed: AtomicBool::new(false),
    })
}

/// Checks what the binary brings along against the schemas and by the model check.
fn check_files(parts: &Parts) -> Result<Programs, StartError> {
    let Checked { programs, faults, .. } = measure_files::check_files(parts.files, None);
    if faults.is_empty() {
        return Ok(programs);
    }
    let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
    Err(StartError::Files(lines.join("\n")))
}

/// What the stream `log` says; nothing for an empty log.
///
/// # Errors
/// [`StartError::NotALog`]; as the log's, but for events that can't be read.
pub async fn book_of(log: &dyn EventLog) -> Result<Option<LogBook>, StartError> {
    let book = LogBook::read(log).await?;
    if book.is_some() {
        return Ok(book);
    }
    let page = log.read_all(None, 1).await.map_err(ActError::from)?;
    match page.events.first() {
        None => Ok(None),
        Some(first) => Err(StartError::NotALog { found: first.event_type.to_string() }),
    }
}

async fn open_log(parts: &Parts, book: Option<LogBook>) -> Result<LogBook, StartError> {
    if let Some(book) = book {
        note_newest(parts).await?;
        if let Some(why) = book.nameless() {
            parts.log.recording().stop(why);
        }
        return Ok(book);
    }
    match create_log(parts).await {
        // Another node was faster, or nobody knows: the log's first event says what it is.
        Err(ActError::Log(error)) if parts.log.is_shared() && looks_again(&error) => {
            for _ in 0..CREATED_LOOKS {
                if let Some(book) = book_of(&*parts.log).await? {
                    return Ok(book);
                }
                tokio::time::sleep(CREATED_EVERY).await;
            }
            Err(ActError::Log(error).into())
        }
        created => Ok(created?),
    }
}

async fn create_log(parts: &Parts) -> Result<LogBook, ActError> {
    let log_id = parts.new_log_id;
    let created = LogCreated {
        log_id,
        origin: parts.origin.clone().unwrap_or_else(|| format!("docket/{log_id}")),
        public_key: parts.public_key.clone(),
    };
    let now = parts.clock.now_for_own()?;
    let id = first_id(log_id);
    let event = codec::encode_own(&created, &EventMeta::own(now, false), id)?;
    let name = stream_name(codec::LOG_STREAM)?;
    parts.log.append(&name, Expected::NoStream, vec![event]).await?;
    Ok(LogBook::begin(id, created))
}

/// The clock must not stand far behind the newest event.
async fn note_newest(parts: &Parts) -> Result<(), StartError> {
    if let Some(newest) = newest(&*parts.log).await? {
        parts.clock.saw(Timestamp::from_micros(newest.recorded_at_us));
    }
    Ok(())
}

type ReadCalendars = (Vec<AdoptedCalendar>, BTreeMap<i32, ActError>);

/// The calendars of all years, and the years of which one can't be read.
async fn read_calendars(log: &dyn EventLog) -> Result<ReadCalendars, StartError> {
    let years: Vec<_> = (Day::MIN.year()..=Day::MAX.year())
        .map(|year| async move { (year, calendars_of(log, year).await) }.boxed())
        .collect();
    let mut read = futures_util::stream::iter(years).buffer_unordered(AT_ONCE);
    let (mut calendars, mut unread) = (Vec::new(), BTreeMap::new());
    while let Some((year, adopted)) = read.next().await {
        match adopted {
            Ok(adopted) => calendars.extend(adopted),
            Err(error) if error.is_unreadable() => {
                tracing::error!(%error, year, "a calendar can't be read; nothing lapses in its year");
                unread.insert(year, error);
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok((calendars, unread))
}

async fn calendars_of(log: &dyn EventLog, year: i32) -> Result<Vec<AdoptedCalendar>, ActError> {
    let mut calendars = Vec::new();
    for stored in read_whole_stream(log, &codec::calendar_stream(year), 0).await? {
        calendars.extend(AdoptedCalendar::of(&stored)?);
    }
    Ok(calendars)
}
