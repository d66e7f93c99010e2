//! The timeline of one enrollment, from its history: never from a table.
//!
//! The national stages are a background (rule P18): boundary years belong to both neighbours, years
//! before the first stage to none, and nothing is judged by them.

use serde::Serialize;

use super::planned;
use crate::domain::date::{CivilDate, Day};
use crate::domain::event::{Term, Title};
use crate::domain::evolve::{Part, evolve};
use crate::domain::history::History;
use crate::domain::ids::{Id, Text};
use crate::domain::measure::{NationalStage, Versions};
use crate::domain::state::{Duty, State};

/// An enrollment's phases, titles and terms on the background of the national stages.
#[derive(Debug, Clone, PartialEq)]
pub struct Timeline {
    /// The national stages.
    pub stages: Vec<NationalStage>,
    /// Its phases, first first.
    pub phases: Vec<PhaseSpan>,
    /// The categories, one at a time.
    pub categories: Vec<Held<Id>>,
    /// The titles held.
    pub titles: Vec<Held<Title>>,
    /// The terms that ran.
    pub terms: Vec<Held<Term>>,
    /// What became due, as the fold has it at the end.
    pub duties: Vec<Duty>,
    /// Its acts, in the order of the effective history.
    pub acts: Vec<ActMark>,
}

/// A phase from a day to a day, planned beside actual.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PhaseSpan {
    /// The phase.
    pub phase: Id,
    /// Its label.
    pub label: Option<Text>,
    /// Since when, as sharp as its source.
    pub from: CivilDate,
    /// The day from which it counts in the fold.
    pub from_day: Day,
    /// When the next phase began; absent while it lasts.
    pub to: Option<CivilDate>,
    /// The day from which it no longer counts.
    pub to_day: Option<Day>,
    /// Until when it was planned to last: what is planned limits nothing.
    pub planned_until: Option<CivilDate>,
    /// The article of that.
    pub planned_article: Option<String>,
    /// Our reading of that article, where it is one.
    pub planned_reading: Option<Text>,
    /// The article under which it was entered.
    pub article: Option<String>,
    /// The revision of the event that entered it.
    pub entered_by: u64,
    /// The national stages in which it lies, by their ids.
    pub stages: Vec<Id>,
    /// Whether years of it lie before the first of them.
    pub before_stages: bool,
}

/// Something held from a day to a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held<T> {
    /// What, with its own dates and article.
    pub what: T,
    /// The day from which the fold has it.
    pub from_day: Day,
    /// The day from which it has it no longer; absent while it lasts.
    pub to_day: Option<Day>,
}

/// An act as a mark.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ActMark {
    /// The act.
    pub act: &'static str,
    /// The stored type.
    pub event_type: &'static str,
    /// When, as sharp as its source.
    pub effective_on: CivilDate,
    /// The day at which it stands in the effective history.
    pub fold_day: Day,
    /// Its revision; for a corrected event the original's.
    pub revision: u64,
    /// Its sequence, where it is known.
    pub sequence: Option<u64>,
    /// Whether it has its ground.
    pub supported: bool,
}

/// The timeline as of a day, or of all that is recorded. `stages` come from the measure that
/// declares them, also for a program whose own measure does not.
pub fn timeline(
    history: &History,
    versions: &Versions,
    stages: &[NationalStage],
    as_of: Option<Day>,
) -> Timeline {
    let mut line = Timeline {
        stages: stages.to_vec(),
        phases: Vec::new(),
        categories: Vec::new(),
        titles: Vec::new(),
        terms: Vec::new(),
        duties: Vec::new(),
        acts: Vec::new(),
    };
    let mut state = State::default();
    for entry in history.effective().entries() {
        let fold_day = entry.fold_day();
        if as_of.is_some_and(|day| fold_day > day) {
            break;
        }
        let before = state.clone();
        evolve(&mut state, &entry.event, fold_day, entry.part);
        let event = &entry.event;
        let supported = !state.unsupported.contains(&event.revision);
        line.phase(&before, &state, event, fold_day, versions);
        let (had, has) = (before.category.as_ref(), state.category.as_ref());
        hold(&mut line.categories, had, has, fold_day);
        hold(&mut line.titles, before.title.as_deref(), state.title.as_deref(), fold_day);
        hold(&mut line.terms, before.term.as_deref(), state.term.as_deref(), fold_day);
        // A decision whose effect lies ahead is one mark, where it takes effect.
        if let Some(fact) = event.event.fact().filter(|_| entry.part != Part::Decided) {
            line.acts.push(ActMark {
                act: fact.act.kind().as_str(),
                event_type: event.event.event_type(),
                effective_on: event.meta.effective_on,
                fold_day,
                revision: event.revision,
                sequence: event.sequence,
                supported,
            });
        }
    }
    line.duties = state.duties.iter().map(|duty| Duty::clone(duty)).collect();
    for span in &mut line.phases {
        span.stages = stages_between(stages, span.from_day, last_day(span).or(as_of));
        let first = stages.iter().map(|stage| stage.from_year).min();
        span.before_stages = first.is_some_and(|first| span.from_day.year() < first);
    }
    line
}

/// The last day of a phase that is over.
fn last_day(span: &PhaseSpan) -> Option<Day> {
    span.to_day.map(|to| to.prev().max(span.from_day))
}

impl Timeline {
    fn phase(
        &mut self,
        before: &State,
        after: &State,
        event: &crate::domain::event::Recorded,
        fold_day: Day,
        versions: &Versions,
    ) {
        let plan = Plan::of(after, versions);
        if before.phase() == after.phase() && before.phase_since == after.phase_since {
            if let Some(last) = self.phases.last_mut().filter(|_| after.phase().is_some()) {
                plan.put_in(last);
            }
            return;
        }
        let on = event.meta.effective_on;
        if let Some(last) = self.phases.last_mut().filter(|last| last.to_day.is_none()) {
            (last.to, last.to_day) = (Some(on), Some(fold_day));
        }
        let (Some(phase), Some(from)) = (after.phase(), after.phase_since) else { return };
        let mut span = PhaseSpan {
            phase: Id::from(phase),
            label: versions.find(|measure| measure.phase(phase).map(|phase| phase.label.clone())),
            from,
            from_day: fold_day,
            to: None,
            to_day: None,
            planned_until: None,
            planned_article: None,
            planned_reading: None,
            article: event.meta.article.as_deref().map(str::to_owned),
            entered_by: event.revision,
            stages: Vec::new(),
            before_stages: false,
        };
        plan.put_in(&mut span);
        self.phases.push(span);
    }
}

/// Until when a phase was planned, under which article, and whether that is our reading.
struct Plan {
    until: Option<CivilDate>,
    article: Option<String>,
    reading: Option<Text>,
}

impl Plan {
    fn of(state: &State, versions: &Versions) -> Self {
        let (until, article) = planned(state).unzip();
        let own = state.planned.as_deref().filter(|own| Some(own.until) == until);
        let reading = own.and_then(|own| {
            versions.find(|measure| {
                let planned = measure.phase(state.phase()?)?.planned.as_ref()?;
                planned.reading.clone().filter(|_| planned.article == own.article)
            })
        });
        Self { until, article: article.map(str::to_owned), reading }
    }

    fn put_in(self, span: &mut PhaseSpan) {
        span.planned_until = self.until;
        span.planned_article = self.article;
        span.planned_reading = self.reading;
    }
}

fn hold<T: Clone + PartialEq>(
    spans: &mut Vec<Held<T>>,
    before: Option<&T>,
    after: Option<&T>,
    day: Day,
) {
    if before == after {
        return;
    }
    if let Some(last) = spans.last_mut().filter(|last| last.to_day.is_none()) {
        last.to_day = Some(day);
    }
    if let Some(what) = after {
        spans.push(Held { what: what.clone(), from_day: day, to_day: None });
    }
}

/// The national stages that days from `from` to `to` (both included; without an end: for ever) lie
/// in. A boundary year belongs to both its stages.
pub fn stages_between(stages: &[NationalStage], from: Day, to: Option<Day>) -> Vec<Id> {
    stages
        .iter()
        .filter(|stage| {
            from.year() <= stage.to_year && to.is_none_or(|to| to.year() >= stage.from_year)
        })
        .map(|stage| stage.id.clone())
        .collect()
}
