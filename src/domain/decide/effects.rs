//! What follows from an allowed act: phase, title, term, places. What becomes due and what is met is
//! in `duties`.

use std::sync::Arc;

use super::local::stated_term;
use super::{Deciding, Decision, PlaceWanted, year_is_taken};
use crate::domain::act::{Act, KeptSince, Plan};
use crate::domain::date::CivilDate;
use crate::domain::duty::laid_on_whole;
use crate::domain::event::{
    AppliedFor, Effects, Fact, Finding, Ground, PlaceEffect, Planned, ResultRecorded, Term, Title,
    TitleEffect,
};
use crate::domain::fulfilment::Seen;
use crate::domain::ids::{Id, Node, Office, Provenance};
use crate::domain::measure::{ActRule, Edition, Effect, Measure, Names, Outcome};
use crate::domain::permitted::enters_evidenced;
use crate::domain::refusal::{Lack, Refusal};
use crate::domain::words::said;

impl Deciding<'_> {
    /// The outcome that the act has by a rule.
    pub(super) fn outcome<'m>(
        &self,
        measure: &'m Measure,
        rule: &'m ActRule,
    ) -> Result<&'m Outcome, Refusal> {
        if let Some(done) = rule.outcomes.get("done") {
            return Ok(done);
        }
        let founding = self.question(measure).is_founding(rule);
        let possible = |outcome: &Outcome| !founding || enters_evidenced(self.state, outcome);
        let applied = || self.state.applied.as_ref().and_then(|applied| applied.rank.as_ref());
        let given = self.request.act.outcome().or_else(applied);
        let found = match given {
            Some(given) => rule.outcomes.get(given).filter(|outcome| possible(outcome)),
            None => {
                let mut known = rule.outcomes.values().filter(|outcome| possible(outcome));
                let first = known.clone().next();
                known.find(|outcome| self.keeps_entering(outcome)).or(first)
            }
        };
        if let Some(outcome) = found {
            return Ok(outcome);
        }
        let given = given.cloned().unwrap_or_default();
        let known = rule.outcomes.iter().filter(|(_, outcome)| possible(outcome));
        let known = known.map(|(id, _)| id.as_str());
        if let Some(member) = self.kind.outcome_member() {
            let known_id = self.known_id(&format!("/{member}"), &given, Names::Outcomes, known);
            known_id.map_err(|refusal| refusal.under(&rule.article))?;
        }
        let text = said!(
            "{act} has no outcome {given} here",
            "{act}在此没有结果{given}",
            act = self.kind,
            given = self.named(Names::Outcomes, &given)
        );
        Err(self.lacking(Lack::Outcome, text).under(&rule.article))
    }

    /// Whether it leads where the record that is mended leads: what an act decided that says no outcome
    /// itself is still known from there, where what it followed is not on record by its day.
    pub(super) fn keeps_entering(&self, outcome: &Outcome) -> bool {
        let mended = self.ctx.mending.map(|fact| &fact.effects);
        mended.is_some_and(|effects| outcome.to.is_some() && effects.enters == outcome.to)
    }

    /// What an outcome asks beside its act.
    pub(super) fn check_outcome(
        &self,
        measure: &Measure,
        rule: &ActRule,
        outcome: &Outcome,
        findings: &mut Vec<Finding>,
    ) -> Result<(), Refusal> {
        let article = outcome.article.as_deref().unwrap_or(&rule.article);
        let seen = Seen { state: self.state, day: self.day, act: Some(&self.request.act) };
        for need in outcome.needs.iter().filter(|need| !need.holds(seen)) {
            let refusal = self.lacking(need.called(seen, measure), need.unmet(seen, measure));
            self.excuse(refusal.under(article), findings)?;
        }
        if outcome.only_by_override && self.request.common.over_limit.is_none() {
            let text = said!(
                "the text does not provide for it; the national office can decide it all the same, with a written justification in `override`",
                "文件未作此规定；国家知识产权局可书面说明理由后决定"
            );
            let refusal = self.lacking(Lack::Override, text).under(article);
            self.excuse(refusal.read(&outcome.reading), findings)?;
        }
        self.check_rectify_by(outcome.effect, article, findings)?;
        match year_is_taken(self.ctx, self.state, self.request) {
            Some(refusal) => self.excuse(refusal, findings),
            None => Ok(()),
        }
    }

    pub(super) fn decision(
        &self,
        edition: &Arc<Edition>,
        rule: &ActRule,
        outcome: &Outcome,
        mut findings: Vec<Finding>,
        groundless: bool,
    ) -> Result<Decision, Refusal> {
        let measure = &edition.measure;
        let article = outcome.article.as_deref().unwrap_or(&rule.article);
        let mut effects = self.common_effects();
        let founding = self.question(measure).is_founding(rule);
        effects.ground.from.clone_from(&rule.from);
        if !founding {
            let needs = rule.needs.iter().filter(|need| !need.is_of_time()).cloned();
            effects.ground = Ground {
                from: rule.from.clone(),
                needs: needs.collect(),
                decides: rule.decides.clone(),
            };
        }
        if groundless {
            effects.ground = Ground::default();
        }
        effects.enters.clone_from(&outcome.to);
        let enters = outcome.to.as_ref().and_then(|to| measure.phase(to.phase()));
        effects.outside = enters.is_some_and(|phase| phase.outside);
        effects.waives_later = outcome.waives_later;
        effects.ends.clone_from(&outcome.ends);
        effects.opens_matter.clone_from(&rule.opens);
        effects.closes =
            rule.decides.iter().chain(&rule.answers).chain(&outcome.drops).cloned().collect();
        self.content_effects(&mut effects);
        let start = match self.request.common.decided_on {
            Some(decided_on) if outcome.counts_from_decision => decided_on,
            _ => self.on,
        };
        effects.term = match (self.request.act.stated_term(), outcome.term) {
            (Some(stated), _) => Some(stated_term(stated, article)),
            (None, Some(period)) => Some(term(start, period, article)),
            (None, None) => None,
        };
        effects.title = self.title_effect(outcome, article, &mut effects);
        self.duties_opened(measure, &outcome.opens, &mut effects, start);
        effects.meets = self.duties_met(measure, rule, outcome, &mut findings)?;
        let place = self.place(measure, outcome, &mut effects);
        findings.extend(self.date_findings(&effects));
        let follows = self.succession(&effects);
        let mut decision = self.plain_decision(effects, findings);
        decision.article = Some(rule.cites(outcome));
        decision.fact.over_limit.clone_from(&self.request.common.over_limit);
        if place.is_none() && !outcome.only_by_override {
            decision.fact.over_limit = None;
        }
        decision.place = place;
        decision.follows = follows;
        Ok(decision)
    }

    /// A decision with what every decision has: measure, grounds, office.
    pub(super) fn plain_decision(&self, mut effects: Effects, findings: Vec<Finding>) -> Decision {
        effects.planned = effects.enters.as_ref().and_then(|node| self.planned(node));
        let common = &self.request.common;
        let earlier =
            common.effective_on.earliest().and_then(|day| self.ctx.versions.in_force(day));
        let version = self.edition.map(|edition| edition.measure.version.clone());
        let also = match earlier {
            Some(edition) if Some(&edition.measure.version) != version.as_ref() => {
                Some(edition.measure.version.clone())
            }
            _ => None,
        };
        let mut grounds: Vec<u64> = self.state.node_by.into_iter().collect();
        let matters = effects.closes.iter().filter_map(|matter| self.state.matters.get(matter));
        grounds.extend(matters.map(|matter| matter.by));
        grounds.extend(self.request.act.follows().map(|follows| follows.revision));
        grounds.sort_unstable();
        grounds.dedup();
        Decision {
            fact: Box::new(Fact {
                act: self.request.act.clone().into(),
                document: common.document.clone(),
                materials: common.materials.clone(),
                archive: common.archive.clone(),
                over_limit: None,
                effects,
                findings,
                mended: None,
                unsettles: Vec::new(),
            }),
            office: self.office,
            article: None,
            measure: version,
            measure_also: also,
            edition: self.edition.map(|edition| Id::from(edition.digest.as_str())),
            grounds,
            rests_on: Vec::new(),
            provenance: Provenance::Recorded,
            place: None,
            follows: None,
        }
    }

    /// Until when the document plans a phase, by the version in force, else by one that plans it.
    fn planned(&self, node: &Node) -> Option<Planned> {
        let plan = |measure: &Measure| measure.phase(node.phase())?.planned.clone();
        let planned = match self.edition {
            Some(edition) => plan(&edition.measure),
            None => self.ctx.versions.find(plan),
        };
        planned.map(|planned| Planned { until: planned.until, article: planned.article })
    }

    /// What every act does: the first one opens the record (G10), and a round or batch that it
    /// states is that of the attempt (C7, P3).
    pub(super) fn common_effects(&self) -> Effects {
        let opens_record = (self.state.kept_since.is_none()).then(|| self.kept_since());
        let (round, batch) = self.request.act.round_and_batch();
        // What is laid on the program as a whole stands in its record from its first act on.
        let opens_whole = opens_record.is_some() && self.ctx.subject.is_program();
        let edition = self.edition.filter(|_| opens_whole);
        let lays = edition.map(|edition| laid_on_whole(&edition.measure)).unwrap_or_default();
        Effects { opens_record, lays, round, batch, ..Effects::default() }
    }

    fn kept_since(&self) -> KeptSince {
        let common = &self.request.common;
        if let Some(stated) = &common.kept_since {
            return stated.clone();
        }
        let own_act = common.archive.is_none() && self.ctx.actor.office != Office::Registrar;
        if own_act {
            KeptSince::from_act(self.day)
        } else {
            KeptSince::from_recording(self.ctx.now.civil_day())
        }
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "most acts have the effects of their outcome alone"
    )]
    pub(super) fn content_effects(&self, effects: &mut Effects) {
        let result = |result: &Id, year| {
            Some(ResultRecorded { of: self.kind, result: result.clone(), year })
        };
        let plan = |plan: &Plan| Some(plan.indicators.keys().cloned().collect());
        match &self.request.act {
            Act::Apply(application) => {
                effects.begins_attempt = true;
                effects.applies = Some(AppliedFor {
                    category: application.category.clone(),
                    rank: application.rank.clone(),
                    applicant_kind: application.applicant_kind.clone(),
                });
            }
            Act::Approve(approval) => {
                let applied = self.state.applied.as_ref().and_then(|a| a.category.as_ref());
                effects.category = applied.or(approval.category.as_ref()).cloned();
                // A founding act has no application on record; evidence shows the category.
                let mended = || self.ctx.mending.and_then(|fact| fact.effects.category.clone());
                let shown = self.state.category.clone();
                effects.category = effects.category.take().or(shown).or_else(mended);
            }
            Act::List(listing) => {
                effects.category = self.category_given(listing.category.as_ref());
            }
            Act::RequestAdjustment(request) => {
                effects.asks_category = Some(request.category.clone());
            }
            Act::SubmitPlan(submitted) => effects.plan = plan(submitted),
            Act::SubmitAmendment(amendment) => effects.asks_plan = plan(&amendment.plan),
            Act::AcceptAmendment(_) => {
                let mut closed = effects.closes.iter().filter_map(|m| self.state.matters.get(m));
                effects.plan = Some(closed.find_map(|m| m.plan.clone()).unwrap_or_default());
            }
            Act::Evaluate(evaluation) => effects.result = result(&evaluation.result, None),
            Act::EvaluateAnnually(evaluation) => {
                effects.result =
                    result(&Id::from(evaluation.result.as_str()), Some(evaluation.year));
            }
            Act::Accept(check) => effects.result = result(&check.result, None),
            Act::Review(review) => effects.result = result(&review.result, None),
            _ => {}
        }
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "only a confirmation dates the title otherwise"
    )]
    fn title_effect(
        &self,
        outcome: &Outcome,
        article: &str,
        effects: &mut Effects,
    ) -> Option<TitleEffect> {
        let on = match &self.request.act {
            Act::Confirm(confirmation) => confirmation.title_from,
            _ => self.on,
        };
        if on.certainly_after(&self.on) {
            effects.starts_on = Some(on);
        }
        let until = outcome.title_term.map(|period| period.add_to(&on));
        match outcome.effect {
            Effect::Confirm => outcome.title.as_ref().map(|title| {
                let title = title.clone();
                TitleEffect::Granted(Title { title, from: on, until, article: article.to_owned() })
            }),
            Effect::KeepTitle => Some(TitleEffect::Kept { until }),
            Effect::CancelTitle => Some(TitleEffect::Cancelled),
            Effect::Conclude => self.state.title.as_ref().map(|_| TitleEffect::Cancelled),
            Effect::Advance
            | Effect::Stay
            | Effect::RectifyWithin
            | Effect::AdjustOrExit
            | Effect::None => None,
        }
    }

    fn place(
        &self,
        measure: &Measure,
        outcome: &Outcome,
        effects: &mut Effects,
    ) -> Option<PlaceWanted> {
        if outcome.recategorises {
            let mut closed = effects.closes.iter().filter_map(|m| self.state.matters.get(m));
            effects.category = closed.find_map(|matter| matter.category.clone());
        }
        if outcome.frees_place {
            effects.place = self.state.place.as_ref().map(|_| PlaceEffect::Frees);
        }
        if !outcome.takes_place {
            return None;
        }
        let category = effects.category.clone().or_else(|| self.state.category.clone())?;
        effects.place = Some(PlaceEffect::Takes { category: category.clone() });
        let held = self.state.place.as_ref().filter(|held| held.category == category);
        if held.is_some_and(|held| !held.attested) {
            return None;
        }
        let quota = measure.category(&category)?.quota.as_ref()?;
        Some(PlaceWanted { category, quota: quota.clone(), shown: held.is_some() })
    }
}

/// A term of a period from a date.
pub(super) fn term(from: CivilDate, period: crate::domain::period::Period, article: &str) -> Term {
    let until = period.add_to(&from);
    Term { from, until, arithmetic: period.arithmetic(&from), article: article.to_owned() }
}
