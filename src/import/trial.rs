//! Trying a file, and recording what was tried. What is done with one line is in `lines`.

mod lines;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::mpsc;

use super::bad::BadLine;
use super::documents::{Documents, TrialDocuments};
use super::line::{self, Line, Source};
use super::trial_log::TrialLog;
use crate::app::documents::DocumentStore;
use crate::app::{ActError, App, Caller, Parts, StartError, start_reading};
use crate::domain::ids::EventRef;
use crate::domain::measure_file::FILES;
use crate::log::{Lane, LogError};

/// How many lines are handed on together: two threads that wake each other for each of them do nothing else.
const TOGETHER: usize = 64;
/// How many of these are read ahead of those that are tried.
const AHEAD: usize = 8;
/// Bytes of folded enrollments that a trial keeps.
const CACHE_BYTES: usize = 64 << 20;

/// What is done at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Lines are tried; counted in bytes of the file.
    Checking,
    /// What was tried is appended; counted in events.
    Recording,
    /// A bundle is made; counted in events that are proved.
    Making,
}

/// What becomes of a line that is not bad, if anything is recorded.
#[derive(Debug)]
pub enum Became<'a> {
    /// It is recorded as this event.
    Recorded(&'a EventRef),
    /// It is on record.
    OnRecord(&'a EventRef),
    /// Another line of its enrollment is bad, or it itself was in an earlier pass.
    LeftOut,
}

/// Who watches an import, and may stop it.
pub trait Watch: Send + Sync {
    /// So much of the work is done.
    fn progress(&self, step: Step, done: u64, total: u64);

    /// The lines are tried from the first on: once, and where bad ones are left out, again without those.
    fn begins_pass(&self) {}

    /// What becomes of a line; each line is told of once in a pass, so or as bad.
    fn becomes(&self, _line: &Line, _became: Became<'_>) {}

    /// A line is bad.
    fn is_bad(&self, bad: &BadLine);

    /// Whether it is to end; not asked any more once recording has begun.
    fn is_stopped(&self) -> bool;

    /// Whether recording may begin.
    fn begins_recording(&self) -> bool {
        !self.is_stopped()
    }
}

/// What an import came to.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Default,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
pub struct Outcome {
    /// Lines of the file.
    pub lines: u64,
    /// Lines that are bad.
    pub bad_lines: u64,
    /// Lines left out since another line of their enrollment is bad.
    pub left_out: u64,
    /// Lines that were on record before.
    pub on_record: u64,
    /// Lines recorded now, or that would be.
    pub recorded: u64,
    /// Whether what could be was recorded.
    pub is_recorded: bool,
}

/// Why an import could not be done.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file.
    #[error("{}: {source}", path.display())]
    File {
        /// Where it is.
        path: PathBuf,
        /// What it says.
        source: std::io::Error,
    },
    /// The record.
    #[error(transparent)]
    Act(#[from] ActError),
    /// The trial.
    #[error("what is to be imported can't be tried: {0}")]
    Trial(#[from] StartError),
    /// The log did not take all of it.
    #[error(
        "{done} of {all} events were recorded, then: {reason}; run the import again, it goes on from there"
    )]
    Ended {
        /// How many events were recorded.
        done: u64,
        /// Of how many.
        all: u64,
        /// What the log said.
        reason: LogError,
    },
    /// The user stopped it before anything was recorded.
    #[error("interrupted; nothing was imported")]
    Interrupted,
}

impl From<LogError> for ImportError {
    fn from(error: LogError) -> Self {
        Self::Act(error.into())
    }
}

/// An import.
pub struct Import<'a> {
    /// The application whose record it goes into.
    pub app: &'a App,
    /// Who imports.
    pub caller: Caller,
    /// A folder for what is tried, of which nothing stays.
    pub scratch: &'a Path,
    /// Whether enrollments without a bad line are imported though others have one.
    pub lenient: bool,
    /// Whether nothing is recorded in any case.
    pub only_tries: bool,
    /// Who watches.
    pub watch: &'a dyn Watch,
}

/// One pass over the file.
struct Trial {
    app: App,
    log: Arc<TrialLog>,
    path: PathBuf,
    outcome: Outcome,
    /// Streams with a bad line.
    bad: BTreeSet<String>,
}

impl Drop for Trial {
    fn drop(&mut self) {
        // It is in a folder of which nothing stays.
        let _ = std::fs::remove_file(&self.path);
    }
}

impl Import<'_> {
    /// Tries the whole file; records it if nothing is bad, or what is whole where that was asked for.
    ///
    /// # Errors
    /// [`ImportError`]; bad lines are none, they are told to who watches.
    pub async fn run(&self, source: Arc<dyn Source>) -> Result<Outcome, ImportError> {
        let mut left_out = BTreeSet::new();
        let mut bad_lines = 0;
        for pass in 0.. {
            let bad_before = bad_lines;
            let mut trial = self.trial(pass, source.documents()).await?;
            self.watch.begins_pass();
            self.try_all(&mut trial, source.clone(), &left_out).await?;
            bad_lines += trial.outcome.bad_lines;
            trial.outcome.bad_lines = bad_lines;
            // The bad lines of the passes before are among them.
            trial.outcome.left_out = trial.outcome.left_out.saturating_sub(bad_before);
            let has_bad = !trial.bad.is_empty();
            if has_bad && self.lenient {
                // What they did is taken back for the others, too: a place, a subject.
                left_out.append(&mut trial.bad);
                continue;
            }
            if has_bad || self.only_tries {
                return Ok(trial.outcome);
            }
            if !self.watch.begins_recording() {
                return Err(ImportError::Interrupted);
            }
            if let Some(documents) = source.documents() {
                let kept = documents.keep(&**self.app.documents()).await;
                kept.map_err(ActError::from)?;
            }
            self.record(&trial).await?;
            trial.outcome.is_recorded = true;
            return Ok(trial.outcome);
        }
        Ok(Outcome::default())
    }

    async fn trial(&self, pass: u64, beside: Option<Arc<Documents>>) -> Result<Trial, ImportError> {
        let kept = self.app.documents().clone();
        let documents: Arc<dyn DocumentStore> = match beside {
            Some(beside) => Arc::new(TrialDocuments { kept, beside }),
            None => kept,
        };
        let path = self.scratch.join(format!("trial-{pass}.sqlite"));
        let log = Arc::new(TrialLog::over(self.app.log().clone(), &path).await?);
        let app = start_reading(Parts {
            log: log.clone(),
            documents,
            clock: self.app.clock().clone(),
            files: FILES,
            new_log_id: uuid::Uuid::nil(),
            origin: None,
            public_key: String::new(),
            cache_bytes: CACHE_BYTES,
        })
        .await?;
        Ok(Trial { app, log, path, outcome: Outcome::default(), bad: BTreeSet::new() })
    }

    async fn try_all(
        &self,
        trial: &mut Trial,
        source: Arc<dyn Source>,
        left_out: &BTreeSet<String>,
    ) -> Result<(), ImportError> {
        let path = source.path().to_owned();
        let broken = |error| ImportError::File { path: path.clone(), source: error };
        let total = source.bytes();
        let (lines, mut read) = mpsc::channel(AHEAD);
        // Lines are read and parsed while those before are tried.
        let reading = tokio::task::spawn_blocking(move || -> std::io::Result<()> {
            let mut together = Vec::with_capacity(TOGETHER);
            for line in source.lines()? {
                let line = line?;
                let said = match &line.json {
                    Ok(json) => line::read(line.number, json),
                    Err(bad) => Err(bad.clone()),
                };
                together.push((line, said));
                if together.len() == TOGETHER {
                    let full = std::mem::replace(&mut together, Vec::with_capacity(TOGETHER));
                    if lines.blocking_send(full).is_err() {
                        return Ok(());
                    }
                }
            }
            // Nobody listens any more where this fails.
            let _ = lines.blocking_send(together);
            Ok(())
        });
        while let Some(together) = read.recv().await {
            for (line, said) in together {
                if self.watch.is_stopped() {
                    return Err(ImportError::Interrupted);
                }
                self.try_one(trial, &line, said, left_out).await?;
                self.watch.progress(Step::Checking, line.read, total);
            }
        }
        match reading.await {
            Ok(read) => read.map_err(broken),
            Err(error) => Err(broken(std::io::Error::other(error))),
        }
    }

    /// Appends what was tried, as it stands. One page is read while the one before is on its way.
    async fn record(&self, trial: &Trial) -> Result<(), ImportError> {
        let (all, mut sent, mut done) = (trial.log.events(), 0, 0);
        let mut lane = self.app.log().lane().await?;
        let mut before: Option<Sent> = None;
        loop {
            let (appends, events) = trial.log.appends_after(sent)?;
            let mut page = Sent::default();
            for append in appends {
                page.streams.insert(append.stream.to_string());
                page.sizes.push(append.events.len() as u64);
                lane.send(append).await;
            }
            sent += events;
            if let Some(before) = before.take() {
                let ended = before.landed(&mut *lane, &mut done).await;
                self.app.heard_of(&before.streams).await;
                if let Some(reason) = ended {
                    return Err(ImportError::Ended { done, all, reason });
                }
                self.watch.progress(Step::Recording, done, all);
            }
            if page.sizes.is_empty() {
                return Ok(());
            }
            before = Some(page);
        }
    }
}

/// Appends that were sent together.
#[derive(Default)]
struct Sent {
    streams: BTreeSet<String>,
    /// How many events each has.
    sizes: Vec<u64>,
}

impl Sent {
    /// Counts the events of those that landed; why another did not.
    async fn landed(&self, lane: &mut dyn Lane, done: &mut u64) -> Option<LogError> {
        for size in &self.sizes {
            match lane.answer().await {
                Some(Ok(_)) => *done += size,
                Some(Err(reason)) => return Some(reason),
                None => {
                    let why = "it ended without an answer".to_owned();
                    return Some(LogError::OutcomeUnknown(why));
                }
            }
        }
        None
    }
}
