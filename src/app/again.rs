//! Decisions made again from the log: what is on record, judged by another edition (G15), or by the editions
//! that it cites.
//!
//! What must hold: nothing is recorded. Each act is decided on what was on record before it (the
//! enrollment, the subject's registration, standings elsewhere, places), by the editions that were adopted
//! then, with the one that is tried or cited in the place of its version. An event holds all that `decide`
//! read of its caller, so the same edition decides the same.

mod asked;
mod compare;
mod editions;

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;

use super::call::Case;
use super::enrollments::load_history;
use super::{ActError, Acts, App, StartError};
use crate::codec::{kind_of_stream, program_stream};
use crate::domain::act::ActKind;
use crate::domain::date::CivilDate;
use crate::domain::decide::Decision;
use crate::domain::enrollment::Enrollment;
use crate::domain::event::{Event, Recorded};
use crate::domain::history::History;
use crate::domain::history_decide::{decide_at_end, decide_on, fold_day_of_new};
use crate::domain::ids::{EventRef, Id, ProgramId};
use crate::domain::measure::{Edition, Program, Versions};
use crate::domain::refusal::Refusal;
use crate::log::LogError;
use asked::Asked;
pub use compare::Difference;
use editions::Editions;

/// A decision on record that an edition would have judged otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Otherwise {
    /// The program; an exercise follows the editions of its original.
    pub program: ProgramId,
    /// The subject; absent: the program as a whole.
    pub subject: Option<String>,
    /// The event.
    pub event: EventRef,
    /// Its sequence.
    pub sequence: u64,
    /// The act.
    pub act: ActKind,
    /// From when it counts.
    pub effective_on: CivilDate,
    /// The version by which it was decided, its edition and the article.
    pub by: (Option<Id>, Option<String>, Option<String>),
    /// How it would be judged.
    pub judged: Judged,
}

/// How a decision on record would be judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judged {
    /// It would be refused.
    Refused(Box<Refusal>),
    /// Something else would follow from it.
    Differs(Vec<Difference>),
}

/// What was decided again.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DecidedAgain {
    /// How many decisions.
    pub decisions: u64,
    /// Those that would be judged otherwise, in the order of the log.
    pub otherwise: Vec<Otherwise>,
    /// What could not be decided again, an event, a stream or a program, and why.
    pub undecided: Vec<(String, String)>,
}

/// How far it has come: streams done and all of them.
pub type Progress<'a> = &'a mut (dyn FnMut(u64, u64) -> bool + Send);

impl App {
    /// Every adopted edition with this version or digest, the newest last.
    ///
    /// # Errors
    /// As the log's and the documents'.
    pub async fn adopted_edition(
        &self,
        program: &ProgramId,
        is_it: impl Fn(&Edition) -> bool,
    ) -> Result<Option<Arc<Edition>>, StartError> {
        let editions = Editions::of(&self.library, program).await?;
        Ok(editions.newest_where(is_it))
    }

    /// Judges every act on record of a program and of its exercise by an edition, in the place of the
    /// version that it encodes; `None` when `progress` says to stop.
    ///
    /// # Errors
    /// As the log's and the documents'.
    pub async fn judge_again(
        &self,
        edition: &Arc<Edition>,
        progress: Progress<'_>,
    ) -> Result<Option<DecidedAgain>, StartError> {
        let editions = Editions::of(&self.library, &edition.measure.program).await?;
        let streams = self.streams_governed_by(&edition.measure.program).await?;
        let (mut done, total) = (0, streams.len() as u64);
        let mut again = DecidedAgain::default();
        for stream in &streams {
            if !progress(done, total) {
                return Ok(None);
            }
            let history = load_history(&*self.library.log, stream).await?;
            self.judge_history(&history, &editions, Some(edition), &mut again).await?;
            done += 1;
        }
        again.otherwise.sort_by_key(|one| one.sequence);
        Ok(Some(again))
    }

    /// The same for what follows a stream, by its name, until so many decisions were made; with the stream
    /// after which there is more.
    ///
    /// # Errors
    /// As [`App::judge_again`].
    pub async fn judge_some_again(
        &self,
        edition: &Arc<Edition>,
        after: &str,
        most: u64,
    ) -> Result<(DecidedAgain, Option<String>), StartError> {
        let editions = Editions::of(&self.library, &edition.measure.program).await?;
        let streams = self.streams_governed_by(&edition.measure.program).await?;
        let (mut again, mut last) = (DecidedAgain::default(), None);
        for stream in streams.into_iter().filter(|stream| stream.as_str() > after) {
            if again.decisions >= most {
                return Ok((again, last));
            }
            let history = load_history(&*self.library.log, &stream).await?;
            self.judge_history(&history, &editions, Some(edition), &mut again).await?;
            last = Some(stream);
        }
        Ok((again, None))
    }

    /// Judges every act on record by the edition that it cites; `None` when `progress` says to stop. What
    /// can't be read keeps nothing else from being judged.
    ///
    /// # Errors
    /// A log or documents that are away.
    pub async fn judge_by_cited(
        &self,
        progress: Progress<'_>,
    ) -> Result<Option<DecidedAgain>, StartError> {
        let mut again = DecidedAgain::default();
        let programs = self.library.programs().programs.iter().map(Program::governed_as);
        let programs: BTreeSet<&ProgramId> = programs.collect();
        let mut governed = Vec::new();
        for program in programs {
            for stream in self.streams_governed_by(program).await? {
                governed.push((program, stream));
            }
        }
        let (mut done, total) = (0, governed.len() as u64);
        let mut editions = BTreeMap::new();
        for (program, stream) in &governed {
            if !progress(done, total) {
                return Ok(None);
            }
            match self.judge_cited(program, stream, &mut editions, &mut again).await {
                Err(error) if is_of_its_own(&error) => {
                    again.undecided.push((stream.clone(), error.to_string()));
                }
                judged => judged?,
            }
            done += 1;
        }
        again.otherwise.sort_by_key(|one| one.sequence);
        Ok(Some(again))
    }

    async fn judge_cited<'a>(
        &self,
        program: &'a ProgramId,
        stream: &str,
        editions: &mut BTreeMap<&'a ProgramId, Editions>,
        again: &mut DecidedAgain,
    ) -> Result<(), StartError> {
        let editions = match editions.entry(program) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => place.insert(Editions::of(&self.library, program).await?),
        };
        let history = load_history(&*self.library.log, stream).await?;
        Ok(self.judge_history(&history, editions, None, again).await?)
    }

    /// The streams of enrollments, and of the programs as a whole, that the measures of a program govern.
    async fn streams_governed_by(&self, program: &ProgramId) -> Result<BTreeSet<String>, ActError> {
        let programs = self.library.programs().programs.iter();
        let mut streams = BTreeSet::new();
        for one in programs.filter(|one| one.governed_as() == program) {
            // No id of a program has a hyphen, so no other program's streams begin like its own.
            let of_whole = program_stream(&one.id);
            for begins in [format!("{}-", one.id), of_whole.clone()] {
                let names = self.library.log.streams(&begins).await?;
                let names = names.into_iter().map(|name| name.to_string());
                streams.extend(names.filter(|name| begins != of_whole || *name == of_whole));
            }
        }
        Ok(streams)
    }

    async fn judge_history(
        &self,
        history: &History,
        editions: &Editions,
        tried: Option<&Arc<Edition>>,
        again: &mut DecidedAgain,
    ) -> Result<(), ActError> {
        let kind = kind_of_stream(history.stream());
        let Some(program) = kind.program().and_then(|id| self.library.program(id)) else {
            return Ok(());
        };
        let mut before = Enrollment::default();
        for (number, event) in history.events().iter().enumerate() {
            let next = history.events().get(number + 1);
            if event.event.fact().is_some() {
                let cited = event.meta.edition.as_deref().filter(|_| tried.is_none());
                let found = cited.map(|digest| editions.newest_where(|one| one.digest == digest));
                again.decisions += 1;
                if let Some(None) = found {
                    let what = event.reference(history.stream()).to_string();
                    let why = format!(
                        "it cites the edition {}, which was never adopted in this log",
                        cited.unwrap_or_default()
                    );
                    again.undecided.push((what, why));
                } else {
                    let by = tried.cloned().or(found.flatten());
                    let versions = editions.before(event.sequence.unwrap_or(u64::MAX), by);
                    let then = Then { program, versions, history, number, before: &before };
                    if let Some(judged) = self.acts.judge_again(&then, event, next).await? {
                        let one = otherwise(program, kind.subject(), history, event, judged);
                        again.otherwise.push(one);
                    }
                }
            }
            if !before.push(event) {
                before = Enrollment::of(&history.known_to(number + 1));
            }
        }
        Ok(())
    }
}

/// Whether an error is of what was to be decided, and not of a log that is away.
fn is_of_its_own(error: &StartError) -> bool {
    match error {
        StartError::Act(ActError::Log(error)) => matches!(error, LogError::Corrupt { .. }),
        StartError::Measure { .. } | StartError::Act(_) => true,
        StartError::Files(_) | StartError::NotALog { .. } => false,
    }
}

fn otherwise(
    program: &Program,
    subject: Option<&str>,
    history: &History,
    event: &Recorded,
    judged: Judged,
) -> Otherwise {
    let meta = &event.meta;
    let text = |text: &Option<_>| text.as_ref().map(ToString::to_string);
    Otherwise {
        program: program.id.clone(),
        subject: subject.map(str::to_owned),
        event: event.reference(history.stream()),
        sequence: event.sequence.unwrap_or_default(),
        act: event.event.fact().map_or(ActKind::Note, |fact| fact.act.kind()),
        effective_on: meta.effective_on,
        by: (meta.measure.clone(), text(&meta.edition), text(&meta.article)),
        judged,
    }
}

/// What an act on record was decided on.
struct Then<'a> {
    program: &'a Program,
    versions: Arc<Versions>,
    history: &'a History,
    number: usize,
    before: &'a Enrollment,
}

impl Acts {
    /// How an act on record would be judged, if otherwise.
    async fn judge_again(
        &self,
        then: &Then<'_>,
        event: &Recorded,
        next: Option<&Recorded>,
    ) -> Result<Option<Judged>, ActError> {
        let asked = Asked::of(self, then, event).await?;
        let case = asked.case(self, then, event).await?;
        match self.decide_again(&case, then, event).await {
            Ok(decision) => {
                let follows = next.and_then(|next| match &next.event {
                    Event::MeasureSucceeded(succeeded) => {
                        let causation = next.meta.causation.as_deref();
                        (causation == Some(event.id.to_string().as_str())).then_some(&**succeeded)
                    }
                    _ => None,
                });
                let differences = compare::differences(event, follows, then.history, &decision);
                Ok((!differences.is_empty()).then_some(Judged::Differs(differences)))
            }
            Err(ActError::Refused(refusal)) => Ok(Some(Judged::Refused(refusal))),
            Err(error) => Err(error),
        }
    }

    async fn decide_again(
        &self,
        case: &Case<'_>,
        then: &Then<'_>,
        event: &Recorded,
    ) -> Result<Decision, ActError> {
        let (request, now) = (&case.call.request, event.meta.recorded_at);
        let at_end = self.with_context(case, now, |ctx| decide_at_end(ctx, then.before, request));
        let (mut decision, from) = match at_end {
            Some(Ok(decision)) => (decision, request.common.effective_on.latest()),
            _ => {
                let history = then.history.known_to(then.number);
                self.with_context(case, now, |ctx| {
                    let decision = decide_on(ctx, &history, request)?;
                    let from = fold_day_of_new(ctx, &history, request, &decision);
                    Ok::<_, Box<Refusal>>((decision, from))
                })?
            }
        };
        if let Some(wanted) = &decision.place {
            let before = event.sequence.unwrap_or(u64::MAX);
            if !self.places.over_limit_then(case, wanted, from, before).await? {
                decision.fact.over_limit = None;
            }
        }
        Ok(decision)
    }
}

/// A value as it stands in JSON; nothing where it can't be written.
fn json(value: &impl Serialize) -> serde_json::Value {
    serde_json::to_value(value).unwrap_or_default()
}
