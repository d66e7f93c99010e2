//! Opening a log: making it on first use, adopting measures, mending what a crash left.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::Mutex;
use uuid::Uuid;

use super::append::own_meta;
use super::cache::EnrollmentCache;
use super::clock::Clock;
use super::documents::{Digest, DocumentStore, put, read};
use super::enrollment::{read_whole_stream, stream_name};
use super::library::Adopted;
use super::{ActError, App, Library, STRIPES, measure_files};
use crate::codec::{self, Stored};
use crate::domain::calendar::Calendar;
use crate::domain::date::{Day, Timestamp};
use crate::domain::ids::{EventRef, ProgramId};
use crate::domain::logbook::{LogCreated, MeasureAdopted};
use crate::domain::measure::{Edition, Measure, Programs, Versions};
use crate::domain::measure_file::{self, Embedded, FileError};
use crate::log::{EventLog, Expected};

/// A measure file is a small document.
const MAX_MEASURE_BYTES: u64 = 4 * 1024 * 1024;

/// What an application is made of.
pub struct Parts {
    /// The log.
    pub log: Arc<dyn EventLog>,
    /// The documents.
    pub documents: Arc<dyn DocumentStore>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The measure files that this binary brings along.
    pub measures: &'static [Embedded],
    /// The programs file.
    pub programs: Embedded,
    /// A new log's id.
    pub new_log_id: Uuid,
    /// A new log's origin; absent: `docket/<log id>`.
    pub origin: Option<String>,
    /// A new log's public key, base64.
    pub public_key: String,
    /// How many bytes of folded enrollments are kept.
    pub cache_bytes: usize,
}

/// Why a log can't be served.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A measure or programs file.
    #[error("{path}: {message}")]
    Measure {
        /// The file.
        path: String,
        /// What is wrong.
        message: String,
    },
    /// The log's first event is none of Docket's.
    #[error("the log does not begin with LogCreated but with {found}: it is not a log of docket")]
    NotALog {
        /// What it begins with.
        found: String,
    },
    /// Reading or writing.
    #[error(transparent)]
    Act(#[from] ActError),
}

/// Opens the log for serving: its first event, the measures, the calendars, the recovery.
///
/// # Errors
/// [`StartError`].
pub async fn start(parts: Parts) -> Result<App, StartError> {
    let programs = check_files(&parts)?;
    let created = open_log(&parts).await?;
    let mut adopted = HashMap::new();
    for program in programs.programs.iter().filter(|program| !program.is_exercise()) {
        let editions = adopt_measures(&parts, created.log_id, &program.id).await?;
        adopted.insert(program.id.clone(), editions);
    }
    let app = put_together(parts, created, programs, adopted).await?;
    let recovered = app.recover(0).await?;
    let places = app.recover_places().await?;
    if recovered.released + recovered.abandoned + places.restated > 0 {
        tracing::info!(?recovered, restated = places.restated, "mended what a stop left open");
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
    let Some(created) = created(&parts).await? else {
        return Err(StartError::NotALog { found: "nothing".to_owned() });
    };
    let mut adopted = HashMap::new();
    for program in programs.programs.iter().filter(|program| !program.is_exercise()) {
        let adoptions = adoptions(&*parts.log, &codec::measure_stream(&program.id)).await?;
        adopted.insert(program.id.clone(), editions(&parts, &program.id, adoptions).await?);
    }
    put_together(parts, created, programs, adopted).await
}

async fn put_together(
    parts: Parts,
    created: LogCreated,
    programs: Programs,
    adopted: HashMap<ProgramId, Adopted>,
) -> Result<App, StartError> {
    let calendars = read_calendars(&*parts.log).await?;
    Ok(App {
        log: parts.log,
        documents: parts.documents,
        clock: parts.clock,
        log_id: created.log_id,
        origin: created.origin,
        library: Library::new(programs, adopted, calendars),
        enrollments: EnrollmentCache::new(parts.cache_bytes),
        quotas: std::sync::Mutex::default(),
        stripes: (0..STRIPES).map(|_| Mutex::default()).collect(),
        lagging: Mutex::default(),
        counters: super::Counters::default(),
    })
}

/// Checks the programs and every measure file against their schema and by the model check.
fn check_files(parts: &Parts) -> Result<Programs, StartError> {
    let wrong = |path: &str, errors: Vec<FileError>| StartError::Measure {
        path: path.to_owned(),
        message: errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "),
    };
    let programs = measure_files::check_programs(parts.programs.text)
        .map_err(|errors| wrong(parts.programs.path, errors))?;
    for file in parts.measures {
        measure_files::check_measure(file.text, &programs.programs)
            .map_err(|errors| wrong(file.path, errors))?;
    }
    Ok(programs)
}

/// What the log's first event says; nothing for an empty log.
async fn created(parts: &Parts) -> Result<Option<LogCreated>, StartError> {
    let page = parts.log.read_all(None, 1).await.map_err(ActError::from)?;
    let Some(first) = page.events.first() else { return Ok(None) };
    match codec::decode(first).map_err(ActError::from)? {
        Stored::LogCreated(created, _) => Ok(Some(created)),
        _ => Err(StartError::NotALog { found: first.event_type.to_string() }),
    }
}

async fn open_log(parts: &Parts) -> Result<LogCreated, StartError> {
    if let Some(created) = created(parts).await? {
        note_newest(parts).await?;
        return Ok(created);
    }
    let log_id = parts.new_log_id;
    let created = LogCreated {
        log_id,
        origin: parts.origin.clone().unwrap_or_else(|| format!("docket/{log_id}")),
        public_key: parts.public_key.clone(),
    };
    let now = parts.clock.now_for_recording().map_err(ActError::from)?;
    let id = codec::caused_event_id(log_id, codec::LOG_STREAM, 0, "created");
    let event = codec::encode_own("LogCreated", &created, &own_meta(now, false), id)
        .map_err(ActError::from)?;
    let name = stream_name(codec::LOG_STREAM).map_err(ActError::from)?;
    parts.log.append(&name, Expected::NoStream, vec![event]).await.map_err(ActError::from)?;
    Ok(created)
}

/// The clock must not stand far behind the newest event.
async fn note_newest(parts: &Parts) -> Result<(), StartError> {
    if let Some(head) = parts.log.head().await.map_err(ActError::from)? {
        let page = parts.log.read_all(head.checked_sub(1), 1).await.map_err(ActError::from)?;
        if let Some(newest) = page.events.first() {
            parts.clock.saw(Timestamp::from_micros(newest.recorded_at_us));
        }
    }
    Ok(())
}

/// Adopts what the binary brings along and the log does not know.
async fn adopt_measures(
    parts: &Parts,
    log_id: Uuid,
    program: &ProgramId,
) -> Result<Adopted, StartError> {
    let stream = codec::measure_stream(program);
    let mut adoptions = adoptions(&*parts.log, &stream).await?;
    for file in parts.measures {
        let measure = read_measure(file.path, file.text)?;
        if measure.program != *program {
            continue;
        }
        let digest = Digest::of(file.text.as_bytes()).to_string();
        if adoptions.iter().any(|(adopted, _)| adopted.digest == digest) {
            continue;
        }
        let adopted = MeasureAdopted {
            program: program.clone(),
            version: measure.version.clone(),
            digest,
            reason: measure.edition_reason.clone(),
        };
        let reference =
            adopt(parts, log_id, &stream, adoptions.len() as u64, &adopted, file).await?;
        adoptions.push((adopted, reference));
    }
    editions(parts, program, adoptions).await
}

/// What a program's stream says was adopted, in order.
async fn adoptions(
    log: &dyn EventLog,
    stream: &str,
) -> Result<Vec<(MeasureAdopted, EventRef)>, StartError> {
    let mut adoptions = Vec::new();
    for stored in read_whole_stream(log, stream, 0).await.map_err(ActError::from)? {
        if let Stored::MeasureAdopted(adopted, _) =
            codec::decode(&stored).map_err(ActError::from)?
        {
            adoptions.push((adopted, codec::reference(&stored)));
        }
    }
    Ok(adoptions)
}

/// Reads every version in its newest adopted edition, from the stored bytes.
async fn editions(
    parts: &Parts,
    program: &ProgramId,
    adoptions: Vec<(MeasureAdopted, EventRef)>,
) -> Result<Adopted, StartError> {
    let mut newest: HashMap<String, Arc<Edition>> = HashMap::new();
    let mut events = HashMap::new();
    for (adopted, reference) in adoptions {
        let text = stored_text(parts, &adopted).await?;
        let measure = read_measure(&format!("{program}/{} (adopted)", adopted.version), &text)?;
        let digest = adopted.digest.clone();
        newest.insert(adopted.version.to_string(), Arc::new(Edition { measure, digest }));
        events.insert(adopted.digest, reference);
    }
    Ok(Adopted { versions: Arc::new(Versions::new(newest.into_values().collect())), events })
}

fn read_measure(path: &str, text: &str) -> Result<Measure, StartError> {
    measure_file::read(text)
        .map_err(|error| StartError::Measure { path: path.to_owned(), message: error.to_string() })
}

async fn adopt(
    parts: &Parts,
    log_id: Uuid,
    stream: &str,
    revision: u64,
    adopted: &MeasureAdopted,
    file: &Embedded,
) -> Result<EventRef, StartError> {
    let bytes =
        futures_util::stream::iter([Ok::<_, std::convert::Infallible>(file.text.as_bytes())]);
    put(&*parts.documents, bytes, None, MAX_MEASURE_BYTES).await.map_err(ActError::from)?;
    let now = parts.clock.now_for_recording().map_err(ActError::from)?;
    let id = codec::caused_event_id(log_id, stream, revision, &adopted.digest);
    let event = codec::encode_own("MeasureAdopted", adopted, &own_meta(now, false), id)
        .map_err(ActError::from)?;
    let name = stream_name(stream).map_err(ActError::from)?;
    let expected = revision.checked_sub(1).map_or(Expected::NoStream, Expected::Revision);
    parts.log.append(&name, expected, vec![event]).await.map_err(ActError::from)?;
    Ok(EventRef { stream: stream.to_owned(), revision, id })
}

/// The edition's bytes from the documents; a file of the same digest will do as well.
async fn stored_text(parts: &Parts, adopted: &MeasureAdopted) -> Result<String, StartError> {
    let own = parts
        .measures
        .iter()
        .find(|file| Digest::of(file.text.as_bytes()).to_string() == adopted.digest);
    if let Some(file) = own {
        return Ok(file.text.to_owned());
    }
    let wrong = |message: String| StartError::Measure {
        path: format!("{}/{} with digest {}", adopted.program, adopted.version, adopted.digest),
        message,
    };
    let digest = Digest::parse(&adopted.digest).map_err(|error| wrong(error.to_string()))?;
    let bytes = read(&*parts.documents, digest).await.map_err(ActError::from)?;
    String::from_utf8(bytes).map_err(|error| wrong(error.to_string()))
}

async fn read_calendars(log: &dyn EventLog) -> Result<Vec<(u64, Calendar)>, StartError> {
    let mut calendars = Vec::new();
    for year in Day::MIN.year()..=Day::MAX.year() {
        let stream = codec::calendar_stream(year);
        for stored in read_whole_stream(log, &stream, 0).await.map_err(ActError::from)? {
            if let Stored::CalendarAdopted(adopted, _) =
                codec::decode(&stored).map_err(ActError::from)?
                && let Ok(calendar) = adopted.calendar()
            {
                calendars.push((stored.sequence, calendar));
            }
        }
    }
    calendars.sort_by_key(|(sequence, _)| *sequence);
    Ok(calendars)
}
