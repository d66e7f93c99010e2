//! What a later version lays on those who stand by an earlier one when it comes into force (C18).

use super::Deciding;
use super::effects::term;
use crate::domain::date::CivilDate;
use crate::domain::event::{DutyOpened, Effects, MeasureSucceeded};
use crate::domain::ids::Node;
use crate::domain::measure::{Measure, ObligationRule, Passing};

impl Deciding<'_> {
    /// The event that follows an act by which a standing is founded before a later version's day.
    pub(super) fn succession(&self, effects: &Effects) -> Option<MeasureSucceeded> {
        let (measure, passing) = self.succeeding(effects.enters.as_ref()?, self.on)?;
        // Three years from ratification (C8).
        let start = self.request.common.decided_on.unwrap_or(self.on);
        let mut laid = Effects::default();
        laid.term = Some(term(start, passing.term, &passing.term_article));
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
        self.ctx.versions.all().iter().find_map(|edition| {
            let measure = &edition.measure;
            let passing = measure.passing.as_ref()?;
            let before = since.certainly_before(&measure.in_force_from);
            (before && passing.phase == node.phase()).then_some((measure, passing))
        })
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
