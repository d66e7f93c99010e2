//! Adopted editions of measures: what the log says of them, their stored bytes, and adopting what
//! this binary brings along.
//!
//! What must hold: acts are judged by the newest adopted edition, from its stored bytes, also on a
//! node whose own file is older, and also where another node adopted it a moment ago. A node that
//! cannot read it decides nothing under that program.

use std::collections::HashMap;
use std::sync::Arc;

use uuid::Uuid;

use super::clock::Clock;
use super::documents::{Digest, put, read};
use super::enrollments::{read_whole_stream, stream_name};
use super::library::Adopted;
use super::parts::{MAX_TRIES, Parts, StartError};
use super::{ActError, Library};
use crate::codec::{self, Stored};
use crate::domain::event::EventMeta;
use crate::domain::ids::{EventRef, ProgramId};
use crate::domain::logbook::MeasureAdopted;
use crate::domain::measure::{Edition, Measure, Program, Versions};
use crate::domain::measure_file::{self, Source};
use crate::log::{EventLog, LogError, RecordedEvent};

use super::documents::DocumentStore;

/// A measure file is a small document.
const MAX_MEASURE_BYTES: u64 = 4 * 1024 * 1024;

/// Where editions are read from.
#[derive(Clone, Copy)]
pub(super) struct Shelf<'a> {
    pub log: &'a dyn EventLog,
    pub documents: &'a dyn DocumentStore,
    pub files: &'static [Source<'static>],
    pub clock: &'a dyn Clock,
}

impl<'a> Shelf<'a> {
    pub fn of(parts: &'a Parts) -> Self {
        Self {
            log: &*parts.log,
            documents: &*parts.documents,
            files: parts.files,
            clock: &*parts.clock,
        }
    }

    pub fn of_library(library: &'a Library) -> Self {
        Self {
            log: &*library.log,
            documents: &*library.documents,
            files: library.files,
            clock: &*library.clock,
        }
    }

    /// A program's adopted editions.
    pub async fn editions(self, program: &ProgramId) -> Result<Adopted, StartError> {
        let adoptions = adoptions(self.log, &codec::measure_stream(program)).await?;
        self.editions_of(program, adoptions).await
    }

    /// The same at a start: where one of them can't be had, those before it, to be shown. Nothing is
    /// decided by them; that is tried again with each act.
    pub async fn editions_to_show(self, program: &ProgramId) -> Result<Adopted, StartError> {
        let error = match self.editions(program).await {
            Err(error) if error.keeps_one_program() => error,
            editions => return editions,
        };
        tracing::error!(%program, %error, "an edition can't be read; nothing is decided under it");
        let adoptions = adoptions_before(self.log, &codec::measure_stream(program)).await?;
        let shown = match self.editions_of(program, adoptions).await {
            Err(error) if error.keeps_one_program() => Adopted::default(),
            shown => shown?,
        };
        Ok(Adopted { is_behind: true, ..shown })
    }

    /// Reads every version in its newest adopted edition, from the stored bytes.
    async fn editions_of(
        self,
        program: &ProgramId,
        adoptions: Vec<(MeasureAdopted, EventRef)>,
    ) -> Result<Adopted, StartError> {
        let read_to = adoptions.last().map(|(_, reference)| reference.revision);
        let (mut adopted_last, mut events) = (HashMap::new(), HashMap::new());
        for (adopted, reference) in adoptions {
            events.insert(adopted.digest.clone(), reference);
            adopted_last.insert(adopted.version.to_string(), adopted);
        }
        let mut newest = Vec::new();
        for adopted in adopted_last.into_values() {
            newest.push(self.edition(program, adopted).await?);
        }
        let versions = Arc::new(Versions::new(newest));
        Ok(Adopted { versions, events, read_to, is_behind: false })
    }

    /// Every edition that was adopted, with the sequence of its adoption, oldest first.
    pub async fn every_edition(
        self,
        program: &ProgramId,
    ) -> Result<Vec<(u64, Arc<Edition>)>, StartError> {
        let stream = codec::measure_stream(program);
        let mut editions = Vec::new();
        for stored in read_whole_stream(self.log, &stream, 0).await.map_err(ActError::from)? {
            let Some((adopted, _)) = adoption(&stored)? else { continue };
            editions.push((stored.sequence, self.edition(program, adopted).await?));
        }
        Ok(editions)
    }

    async fn edition(
        self,
        program: &ProgramId,
        adopted: MeasureAdopted,
    ) -> Result<Arc<Edition>, StartError> {
        let text = self.stored_text(&adopted).await?;
        let measure = read_measure(&format!("{program}/{} (adopted)", adopted.version), &text)?;
        Ok(Arc::new(Edition { measure, digest: adopted.digest }))
    }

    /// The edition's bytes from the documents; a file of the same digest will do as well.
    async fn stored_text(self, adopted: &MeasureAdopted) -> Result<String, StartError> {
        let mut files = measure_file::measures(self.files);
        let own = files.find(|file| digest_of(file) == adopted.digest);
        if let Some(file) = own {
            return Ok(file.text.to_owned());
        }
        let wrong = |message: String| StartError::Measure {
            path: format!("{}/{} with digest {}", adopted.program, adopted.version, adopted.digest),
            message,
        };
        let digest = Digest::parse(&adopted.digest).map_err(|error| wrong(error.to_string()))?;
        let bytes = read(self.documents, digest).await.map_err(ActError::from)?;
        String::from_utf8(bytes).map_err(|error| wrong(error.to_string()))
    }
}

fn digest_of(file: &Source<'_>) -> String {
    Digest::of(file.text.as_bytes()).to_string()
}

/// What a program's stream says was adopted, in order.
async fn adoptions(
    log: &dyn EventLog,
    stream: &str,
) -> Result<Vec<(MeasureAdopted, EventRef)>, StartError> {
    let stored = read_whole_stream(log, stream, 0).await.map_err(ActError::from)?;
    let decoded = stored.iter().map(adoption).collect::<Result<Vec<_>, _>>()?;
    Ok(decoded.into_iter().flatten().collect())
}

/// The same up to the first that can't be read.
async fn adoptions_before(
    log: &dyn EventLog,
    stream: &str,
) -> Result<Vec<(MeasureAdopted, EventRef)>, StartError> {
    let name = stream_name(stream).map_err(ActError::from)?;
    let mut adoptions = Vec::new();
    for revision in 0.. {
        let event = match log.read_stream(&name, revision, 1).await {
            Err(LogError::Corrupt { .. }) => None,
            page => page.map_err(ActError::from)?.events.into_iter().next(),
        };
        let Some(Ok(adopted)) = event.as_ref().map(adoption) else { break };
        adoptions.extend(adopted);
    }
    Ok(adoptions)
}

fn adoption(stored: &RecordedEvent) -> Result<Option<(MeasureAdopted, EventRef)>, ActError> {
    match codec::decode(stored)? {
        Stored::MeasureAdopted(adopted, _) => Ok(Some((adopted, codec::reference(stored)))),
        _ => Ok(None),
    }
}

/// Adopts what the binary brings along and the log does not know. Where another node adopts at the
/// same time, its stream is read again and what is still missing is adopted.
pub(super) async fn adopt_measures(
    shelf: Shelf<'_>,
    log_id: Uuid,
    program: &ProgramId,
) -> Result<Adopted, StartError> {
    let stream = codec::measure_stream(program);
    for _ in 0..MAX_TRIES {
        let mut adoptions = match adoptions(shelf.log, &stream).await {
            Err(error) if error.keeps_one_program() => {
                return shelf.editions_to_show(program).await;
            }
            adoptions => adoptions?,
        };
        match adopt_missing(shelf, log_id, program, &mut adoptions).await {
            Ok(()) => return shelf.editions_to_show(program).await,
            // Docket's own writers wait; what was adopted before judges meanwhile.
            Err(StartError::Act(
                error @ (ActError::Clock(_) | ActError::Log(LogError::Stopped(_))),
            )) => {
                tracing::warn!(%error, %program, "editions that this program brings along wait to be adopted");
                return shelf.editions_to_show(program).await;
            }
            Err(StartError::Act(ActError::Log(error))) if looks_again(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Err(ActError::Busy { what: stream }.into())
}

/// Whether the stream says what became of an append.
pub(super) fn looks_again(error: &LogError) -> bool {
    matches!(error, LogError::Conflict { .. } | LogError::OutcomeUnknown(_))
}

async fn adopt_missing(
    shelf: Shelf<'_>,
    log_id: Uuid,
    program: &ProgramId,
    adoptions: &mut Vec<(MeasureAdopted, EventRef)>,
) -> Result<(), StartError> {
    for file in measure_file::measures(shelf.files) {
        let measure = read_measure(file.path, file.text)?;
        let digest = digest_of(file);
        let known = adoptions.iter().any(|(adopted, _)| adopted.digest == digest);
        if measure.program != *program || known {
            continue;
        }
        let adopted = MeasureAdopted {
            program: program.clone(),
            version: measure.version.clone(),
            digest,
            reason: measure.edition_reason.clone(),
        };
        let after = adoptions.last().map(|(_, reference)| reference.revision);
        let reference = adopt(shelf, log_id, after, &adopted, file).await?;
        adoptions.push((adopted, reference));
    }
    Ok(())
}

async fn adopt(
    shelf: Shelf<'_>,
    log_id: Uuid,
    after: Option<u64>,
    adopted: &MeasureAdopted,
    file: &Source<'static>,
) -> Result<EventRef, StartError> {
    let bytes =
        futures_util::stream::iter([Ok::<_, std::convert::Infallible>(file.text.as_bytes())]);
    put(shelf.documents, bytes, None, MAX_MEASURE_BYTES).await.map_err(ActError::from)?;
    let now = shelf.clock.now_for_own().map_err(ActError::from)?;
    let stream = codec::measure_stream(&adopted.program);
    let revision = after.map_or(0, |revision| revision + 1);
    let id = codec::caused_event_id(log_id, &stream, revision, &adopted.digest);
    let event =
        codec::encode_own(adopted, &EventMeta::own(now, false), id).map_err(ActError::from)?;
    let name = stream_name(&stream).map_err(ActError::from)?;
    shelf.log.append(&name, after.into(), vec![event]).await.map_err(ActError::from)?;
    Ok(EventRef { stream, revision, id })
}

fn read_measure(path: &str, text: &str) -> Result<Measure, StartError> {
    measure_file::read(text)
        .map_err(|error| StartError::Measure { path: path.to_owned(), message: error.to_string() })
}

impl Library {
    /// Adopts what a start under a doubtful clock left out.
    ///
    /// # Errors
    /// As the log's and the documents'.
    pub async fn adopt_what_is_missing(&self) -> Result<(), StartError> {
        for program in self.programs().programs.iter().filter(|p| !p.is_exercise()) {
            let adopted = adopt_measures(Shelf::of_library(self), self.log_id, &program.id).await?;
            self.adopt_editions(&program.id, adopted);
        }
        Ok(())
    }

    /// The versions by which acts of a program are judged; refuses where the log has adopted an
    /// edition that this node can't read.
    ///
    /// # Errors
    /// [`ActError::EditionUnread`], and as the log's and the documents'.
    pub(super) async fn versions_to_judge_by(
        &self,
        program: &Program,
    ) -> Result<Arc<Versions>, ActError> {
        if self.is_behind(program.governed_as()) {
            self.renew_editions(program.governed_as()).await?;
        }
        Ok(self.versions(program))
    }

    /// Reads a program's editions again if its stream holds an adoption that is not among them.
    ///
    /// # Errors
    /// As [`Library::versions_to_judge_by`].
    pub(super) async fn renew_editions(&self, program: &ProgramId) -> Result<(), ActError> {
        let name = stream_name(&codec::measure_stream(program))?;
        let next = self.editions_read_to(program).map_or(0, |newest| newest + 1);
        let page = self.log.read_stream(&name, next, 1).await?;
        let Some(newest) = page.events.first() else { return Ok(()) };
        self.note_adoption(program, newest.revision);
        let adopted =
            Shelf::of_library(self).editions(program).await.map_err(|error| match error {
                StartError::Act(error) => error,
                error @ (StartError::Files(_)
                | StartError::Measure { .. }
                | StartError::NotALog { .. }) => {
                    let (program, reason) = (program.to_string(), error.to_string());
                    ActError::EditionUnread { program, reason }
                }
            })?;
        self.adopt_editions(program, adopted);
        Ok(())
    }

    /// Reads the editions that other nodes have adopted.
    pub(super) async fn catch_up_editions(&self) {
        for program in self.behind() {
            match self.renew_editions(&program).await {
                Ok(()) if self.is_behind(&program) => {}
                Ok(()) => {
                    tracing::info!(%program, "took over an edition that another node adopted")
                }
                Err(error) => {
                    tracing::warn!(%program, %error, "an edition can't be read; tried again")
                }
            }
        }
    }
}
