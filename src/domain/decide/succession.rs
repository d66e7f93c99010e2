//! What a later version lays on those who stand by an earlier one when it comes into force (C18).

use super::effects::term;
use super::{Context, Deciding};
use crate::domain::act::{ActRequest, Common};
use crate::domain::date::{CivilDate, Day};
use crate::domain::event::{DutyOpened, Effects, Event, MeasureSucceeded, Recorded};
use crate::domain::history::{Entry, History};
use crate::domain::ids::Node;
use crate::domain::measure::{Measure, ObligationRule, Passing, Versions};
use crate::domain::state::State;

impl Deciding<'_> {
    /// The event that follows an act by which a standing is founded before a later version's day.
    pub(super) fn succession(&self, effects: &Effects) -> Option<MeasureSucceeded> {
        let (measure, passing) = self.succeeding(effects.enters.as_ref()?, self.on)?;
        // Three years from ratification (C8).
        let start = self.request.common.decided_on.unwrap_or(self.on);
        let term = term(start, passing.term, &passing.term_article);
        let mut laid = Effects { term: Some(term), ..Effects::default() };
        self.duties_opened(measure, &passing.opens, &mut laid, start);
        let in_force = measure.in_force_from;
        laid.opens.iter_mut().for_each(|duty| begin_in_force(duty, in_force));
        Some(MeasureSucceeded {
            version: measure.version.clone(),
            in_force_from: in_force,
            phase: passing.phase.clone(),
            founded_by: 0,
            article: passing.article.clone(),
            reading: passing.reading.clone(),
            term: laid.term,
            opens: laid.opens,
        })
    }

    /// The later version that takes hold of who has stood in a phase since a date.
    pub(super) fn succeeding(&self, node: &Node, since: CivilDate) -> Option<(&Measure, &Passing)> {
        succeeding(self.ctx.versions, node.phase(), since)
    }

    /// Whether it depends on which side of a version's day the date lies, and the date does not say.
    pub(super) fn is_uncertain(&self, rule: &ObligationRule, on: CivilDate) -> bool {
        let mut versions = self.ctx.versions.all().iter().map(|edition| &edition.measure);
        versions.any(|measure| {
            let from = measure.in_force_from;
            let straddles = on.latest() >= from.latest()
                && on.earliest().is_none_or(|earliest| earliest < from.latest());
            let passing = measure.passing.as_ref();
            passing.is_some_and(|passing| straddles && !passing.opens.contains(&rule.id))
        })
    }
}

fn succeeding<'v>(
    versions: &'v Versions,
    phase: &str,
    since: CivilDate,
) -> Option<(&'v Measure, &'v Passing)> {
    versions.all().iter().find_map(|edition| {
        let measure = &edition.measure;
        let passing = measure.passing.as_ref()?;
        let before = since.certainly_before(&measure.in_force_from);
        (before && passing.phase == phase).then_some((measure, passing))
    })
}

/// The day from which a later version takes hold of who stands in a state by acts on record.
pub fn taken_hold_of_on(versions: &Versions, state: &State) -> Option<Day> {
    let (phase, since) = (state.phase()?, state.phase_since?);
    let (measure, _) = succeeding(versions, phase, since).filter(|_| !state.is_evidenced_only())?;
    Some(measure.in_force_from.latest())
}

/// What a later version lays, by a day, on who stands by an act on record, where no event says so yet:
/// the version was adopted after that act was recorded. With it the founding act's own revision.
pub fn succession_due(ctx: &Context<'_>, history: &History, day: Day) -> Option<MeasureSucceeded> {
    let effective = history.effective();
    let state = effective.state_at(day);
    taken_hold_of_on(ctx.versions, &state).filter(|from| *from <= day)?;
    let founds = |entry: &&Entry<'_>| {
        !entry.is_evidence()
            && entry.phase() == state.phase()
            && Some(entry.event.meta.effective_on) == state.phase_since
    };
    let founding = effective.entries().iter().rev().find(founds)?;
    let (fact, meta) = (founding.event.event.fact()?, &founding.event.meta);
    let common = Common {
        effective_on: meta.effective_on,
        decided_on: meta.decided_on,
        received_on: None,
        document: None,
        materials: Vec::new(),
        archive: None,
        over_limit: None,
        kept_since: None,
    };
    let request = ActRequest { act: fact.act.read().ok()?.clone(), common };
    let nowhere = State::default();
    let laid = Deciding::new(ctx, &nowhere, &request).succession(&fact.effects)?;
    let founded_by = founding.revision();
    let says = |event: &Recorded| match &event.event {
        Event::MeasureSucceeded(known) => {
            known.version == laid.version && known.founded_by == founded_by
        }
        Event::Acted(_) | Event::ApprovalAbandoned(_) | Event::ObligationLapsed(_) => false,
    };
    let on_record = history.events().iter().any(says);
    (!on_record).then_some(MeasureSucceeded { founded_by, ..laid })
}

/// What is laid on who stood already is open from the day on which the version came into force.
fn begin_in_force(duty: &mut DutyOpened, in_force_from: CivilDate) {
    if duty.open_from.latest() < in_force_from.latest() {
        duty.open_from = in_force_from;
    }
    if let Some(series) = &mut duty.series {
        series.first_due = series.every.first_after(in_force_from.latest());
        series.certain_from = None;
    }
}
