//! An act that a correction dates into a time of which no rule is known (G1, G14).

use super::{Deciding, Decision};
use crate::domain::event::{Finding, PlaceEffect, Title, TitleEffect};
use crate::domain::ids::Id;
use crate::domain::measure::{Measure, Outcome};
use crate::domain::refusal::Refusal;

impl Deciding<'_> {
    /// Refuses, or, where a record is mended, takes the act as done: what it leads to is what a known
    /// version says of such an act; no article, no check, no term and no due date of its own.
    pub(super) fn under_unknown_rule(
        &self,
        refusal: Refusal,
        mut findings: Vec<Finding>,
    ) -> Result<Decision, Refusal> {
        self.missed(refusal, &mut findings)?;
        self.check_dated_back(&mut findings)?;
        let mut effects = self.common_effects();
        self.content_effects(&mut effects);
        if let Some(outcome) = self.ctx.versions.find(|measure| self.leads_to(measure)) {
            effects.enters.clone_from(&outcome.to);
            effects.title = outcome.title.map(|title| {
                let article = String::new();
                TitleEffect::Granted(Title { title, from: self.on, until: None, article })
            });
            let category = effects.category.clone().filter(|_| outcome.takes_place);
            effects.place = category.map(|category| PlaceEffect::Takes { category });
            if outcome.frees_place && self.state.place.is_some() {
                effects.place = Some(PlaceEffect::Frees);
            }
        }
        let follows = self.succession(&effects);
        let mut decision = self.plain_decision(effects, findings);
        decision.follows = follows;
        Ok(decision)
    }

    fn leads_to(&self, measure: &Measure) -> Option<Outcome> {
        let applied = || self.state.applied.as_ref().and_then(|applied| applied.rank.as_ref());
        let done = Id::from("done");
        let said = self.request.act.outcome().or_else(applied).unwrap_or(&done);
        let mut rules = measure.rules(self.kind).filter(|rule| rule.by.contains(&self.office));
        let found = rules.find_map(|rule| {
            let kept = || rule.outcomes.values().find(|outcome| self.keeps_entering(outcome));
            rule.outcomes.get(said).or_else(kept).or_else(|| rule.outcomes.get(&done))
        });
        found.cloned()
    }
}
