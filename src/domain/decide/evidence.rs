//! Evidence of a standing, and its confirmation (G9, G10, P12, C17).
//!
//! What must hold: evidence is no act. It takes no step for granted, opens no obligation and begins a
//! term or a title only with the phase that it shows; what it shows of a review is said by a member,
//! never read out of free text.

use std::collections::BTreeSet;

use super::Deciding;
use super::effects::term;
use super::local::stated_term;
use crate::domain::act::Attestation;
use crate::domain::date::CivilDate;
use crate::domain::decide::Decision;
use crate::domain::event::{
    DutyOpened, Effects, Finding, PlaceEffect, ResultRecorded, Title, TitleEffect,
};
use crate::domain::ids::{Id, Node, Provenance};
use crate::domain::measure::{ActRule, DueRule, Effect, Measure, Names, Outcome};
use crate::domain::refusal::{Reason, Refusal, field};
use crate::domain::words::{self, Given, said};

impl Deciding<'_> {
    pub(super) fn attest(&self, attestation: &Attestation) -> Result<Decision, Refusal> {
        self.check_evidence(attestation)?;
        let node = &attestation.stands_at;
        let shown = self.shown(attestation)?;
        let on = self.on;
        let mut effects = self.common_effects();
        effects.enters = Some(node.clone());
        effects.stands_by = Some(attestation.confidence);
        effects.category.clone_from(&attestation.category);
        effects.outside = self.declared_phase(node, |phase| phase.outside);
        let known = self.state.phase() == Some(node.phase());
        let founding = self.founding(node);
        effects.title = self.attested_title(attestation, founding, shown);
        if let Some((rule, outcome)) = founding.filter(|_| !known && node.step().is_none())
            && let Some(period) = outcome.term
        {
            effects.term = Some(term(on, period, article_of(rule, outcome)));
        }
        if let Some(stated) = &attestation.term {
            self.check_term(Some(stated))?;
            effects.term = Some(stated_term(stated, ""));
        }
        if founding.is_some_and(|(_, outcome)| outcome.takes_place) {
            let category = attestation.category.clone().or_else(|| self.state.category.clone());
            effects.place = category.map(|category| PlaceEffect::Takes { category });
        } else if self.state.place.is_some() && !known {
            effects.place = Some(PlaceEffect::Frees);
        }
        if let (Some(shows), Some(grade)) = (attestation.shows, &attestation.grade) {
            let (of, result) = (shows.act(), grade.clone());
            effects.result = Some(ResultRecorded { of, result, year: None });
        }
        let mut findings = self.date_findings(&effects);
        findings.extend(self.contradiction(attestation));
        let mut decision = self.plain_decision(effects, findings);
        decision.provenance = attestation.confidence;
        Ok(decision)
    }

    fn check_evidence(&self, attestation: &Attestation) -> Result<(), Refusal> {
        if attestation.confidence == Provenance::Recorded {
            let text = said!(
                "evidence is attested (a source says so) or inferred (it follows from one)",
                "可信程度为佐证（来源明示）或推定（由来源推知）"
            );
            return Err(self.invalid(vec![field("/confidence", text)]));
        }
        let (on, today) = (self.on, self.ctx.now.civil_day());
        if on.earliest().is_some_and(|earliest| earliest > today) {
            let why = said!("evidence speaks of a day that has come", "佐证只能说明已到之日的情况");
            let text = self.ahead("effective_on", on, why);
            return Err(self.refuse(Reason::DateConflict { with: None }, text).under("G9"));
        }
        self.check_stands_at(&attestation.stands_at, attestation.category.as_ref())?;
        let Some(title) = &attestation.title else { return Ok(()) };
        let all = self.ctx.versions.all().iter();
        let known = all.flat_map(|edition| &edition.measure.title_kinds);
        self.known_id("/title", title, Names::Titles, known.map(|kind| kind.id.as_str()))?;
        let (node, phases) = (&attestation.stands_at, self.phases_of(title));
        if phases.is_empty() || phases.iter().any(|phase| *phase == node.phase()) {
            return Ok(());
        }
        let text = said!(
            "the title {title} is that of {phases}, not of {shown}",
            "{title}称号属于{phases}，不属于{shown}",
            title = self.named(Names::Titles, title),
            phases = self.all_named(Names::Phases, phases.iter().map(Id::as_str)),
            shown = self.named(Names::Phases, node.phase())
        );
        Err(self.invalid(vec![field("/title", text)]).under("G9"))
    }

    /// The phases in which a title is held.
    fn phases_of(&self, title: &Id) -> Vec<Id> {
        let rules = self.ctx.versions.all().iter().flat_map(|edition| &edition.measure.acts);
        let outcomes = rules.flat_map(|rule| rule.outcomes.values());
        let grants =
            outcomes.filter(|o| o.effect == Effect::Confirm && o.title.as_ref() == Some(title));
        let mut phases: Vec<Id> =
            grants.filter_map(|o| o.to.as_ref()).map(|to| Id::from(to.phase())).collect();
        phases.sort_unstable();
        phases.dedup();
        phases
    }

    /// The outcome of the act that the evidence shows, where it says which or its standing does.
    fn shown(&self, attestation: &Attestation) -> Result<Option<(&ActRule, &Outcome)>, Refusal> {
        let Some(shows) = attestation.shows else {
            return match &attestation.grade {
                None => Ok(None),
                Some(_) => {
                    let text = said!(
                        "a grade of what? say in `shows` what the source shows",
                        "评定等次属于何种事项？请注明佐证内容"
                    );
                    Err(self.invalid(vec![field("/grade", text)]))
                }
            };
        };
        let node = &attestation.stands_at;
        let measures = || self.ctx.versions.all().iter().rev().map(|edition| &edition.measure);
        let rules = || measures().flat_map(|measure| measure.rules(shows.act()));
        if rules().next().is_none() && measures().all(|measure| measure.known_in_part) {
            return Ok(None);
        }
        let outcomes = || rules().flat_map(|rule| rule.outcomes.iter());
        if let Some(grade) = &attestation.grade {
            let known = outcomes().map(|(id, _)| id.as_str()).filter(|id| *id != "done");
            let known = known.collect::<BTreeSet<_>>().into_iter();
            self.known_id("/grade", grade, Names::Outcomes, known)?;
        }
        let leads = |rule: &ActRule, outcome: &Outcome| match &outcome.to {
            Some(to) => to == node,
            None => rule.from.iter().any(|from| node.matches(from)),
        };
        let pairs = rules().flat_map(|rule| rule.outcomes.iter().map(move |(id, o)| (rule, id, o)));
        let found = pairs
            .filter(|(_, id, _)| attestation.grade.as_ref().is_none_or(|grade| grade == *id))
            .find(|(rule, _, outcome)| leads(rule, outcome));
        Ok(found.map(|(rule, _, outcome)| (rule, outcome)))
    }

    /// The title that evidence shows; one held before is lost where the subject stands no more.
    fn attested_title(
        &self,
        attestation: &Attestation,
        founding: Option<(&ActRule, &Outcome)>,
        shown: Option<(&ActRule, &Outcome)>,
    ) -> Option<TitleEffect> {
        let on = self.on;
        if let Some((_, outcome)) = shown.filter(|(_, o)| o.effect == Effect::KeepTitle)
            && self.state.title.is_some()
        {
            return Some(TitleEffect::Kept { until: outcome.title_term.map(|p| p.add_to(&on)) });
        }
        let Some(title) = attestation.title.clone() else {
            let stands = self.declared_phase(&attestation.stands_at, |phase| phase.standing);
            return (self.state.title.is_some() && !stands).then_some(TitleEffect::Cancelled);
        };
        let (rule, outcome) = match shown.or(founding) {
            Some(found) => found,
            None => {
                let article = String::new();
                return Some(TitleEffect::Granted(Title { title, from: on, until: None, article }));
            }
        };
        let until = outcome.title_term.map(|period| period.add_to(&on));
        let article = article_of(rule, outcome).to_owned();
        Some(TitleEffect::Granted(Title { title, from: on, until, article }))
    }

    fn declared_phase(
        &self,
        node: &Node,
        pick: impl Fn(&crate::domain::measure::Phase) -> bool,
    ) -> bool {
        let versions = self.ctx.versions;
        versions.find(|measure| measure.phase(node.phase()).map(&pick)) == Some(true)
    }

    /// That another standing is on record: by acts another phase or step, by acts or evidence another
    /// category or title in the same phase.
    fn contradiction(&self, shown: &Attestation) -> Option<Finding> {
        let (state, at) = (self.state, &shown.stands_at);
        let node = state.node.as_ref()?;
        let by_acts = state.provenance == Provenance::Recorded;
        let labelled = |node: &Node| {
            let label = self.ctx.versions.label(node);
            label.map_or_else(|| words::quoted(Given(node.as_str())), words::quoted)
        };
        let other_step = at.step().is_some() && at.step() != node.step();
        let title = state.title.as_ref().map(|title| &title.title);
        let differs = |list: Names, held: Option<&Id>, shown: &Option<Id>| {
            let pair = held.zip(shown.as_ref()).filter(|(held, shown)| held != shown);
            pair.map(|(held, shown)| (self.named(list, held), self.named(list, shown)))
        };
        let (held, shown) = if node.phase() != at.phase() || other_step {
            by_acts.then(|| (labelled(node), labelled(at)))?
        } else {
            differs(Names::Categories, state.category.as_ref(), &shown.category)
                .or_else(|| differs(Names::Titles, title, &shown.title))?
        };
        let by = match by_acts {
            true => said!("the acts", "行为"),
            false => said!("earlier evidence", "佐证"),
        };
        let text = said!(
            "by {by} on record it was {held} on {day}, not {shown}",
            "据已入档的{by}，{day}为{held}，而非{shown}",
            by = by,
            held = held,
            day = self.day,
            shown = shown
        );
        Some(Finding::new("contradicts_standing", text, "G9"))
    }

    /// The national office takes an evidenced standing for its own: its duties are open from now on.
    pub(super) fn confirm_standing(&self, node: &Node) -> Result<Decision, Refusal> {
        let mut effects = self.common_effects();
        effects.stands_by = Some(Provenance::Recorded);
        effects.ground.from = vec![Id::from(node.as_str())];
        let held = self.state.place.as_ref().map(|place| place.category.clone());
        effects.place = held.map(|category| PlaceEffect::Takes { category });
        let start = self.state.phase_since.unwrap_or(self.on);
        effects.term = self.state.term.as_deref().cloned();
        effects.title = self.state.title.as_deref().cloned().map(TitleEffect::Granted);
        let succeeded = self.succeeding(node, start);
        if let Some((measure, passing)) = succeeded {
            effects.term =
                effects.term.or_else(|| Some(term(start, passing.term, &passing.term_article)));
            self.duties_opened(measure, &passing.opens, &mut effects, start);
        } else if let (Some(edition), Some((_, outcome))) = (self.edition, self.founding(node)) {
            self.duties_opened(&edition.measure, &outcome.opens, &mut effects, start);
        }
        self.duties_of_step(node, &mut effects, start);
        self.yearly_duties(node, &mut effects, start);
        let today = self.on;
        for duty in &mut effects.opens {
            open_since(duty, today);
        }
        Ok(self.plain_decision(effects, vec![]))
    }

    /// Where evidence shows a step, what the act that led to it met is owed no more, and what it opened
    /// is, as far as it needs no day that only the act would state.
    fn duties_of_step(&self, node: &Node, effects: &mut Effects, start: CivilDate) {
        let Some(edition) = self.edition.filter(|_| node.step().is_some()) else { return };
        let measure = &edition.measure;
        for rule in &measure.acts {
            let leads = |outcome: &&Outcome| outcome.to.as_ref() == Some(node);
            let Some(outcome) = rule.outcomes.values().find(leads) else { continue };
            effects.opens.retain(|duty| !rule.meets.contains(&duty.obligation));
            let is_new = |id: &&Id| !effects.opens.iter().any(|duty| duty.obligation == **id);
            let stated = |id: &Id| measure.obligation(id).is_some_and(|o| o.due == DueRule::Stated);
            let opens: Vec<Id> = outcome.opens.iter().filter(is_new).cloned().collect();
            let opens: Vec<Id> = opens.into_iter().filter(|id| !stated(id)).collect();
            self.duties_opened(measure, &opens, effects, start);
        }
    }

    /// What recurs every year while an enrollment stands in this phase, whenever that began.
    fn yearly_duties(&self, node: &Node, effects: &mut Effects, start: CivilDate) {
        let Some(edition) = self.edition else { return };
        let measure = &edition.measure;
        let opened: Vec<Id> = effects.opens.iter().map(|duty| duty.obligation.clone()).collect();
        let recurs = |due: &DueRule| match due {
            DueRule::Every { during, .. } => during.iter().any(|phase| *phase == node.phase()),
            DueRule::After(_)
            | DueRule::Stated
            | DueRule::AfterEnd
            | DueRule::Undated
            | DueRule::By(_) => false,
        };
        let rules = measure.obligations.iter();
        let missing: Vec<Id> = rules
            .filter(|rule| recurs(&rule.due) && !opened.contains(&rule.id))
            .map(|rule| rule.id.clone())
            .collect();
        self.duties_opened(measure, &missing, effects, start);
    }

    /// The rule and the outcome by which an enrollment enters a node's phase, in the measure in force.
    fn founding(&self, node: &Node) -> Option<(&ActRule, &Outcome)> {
        let measure: &Measure = &self.edition?.measure;
        let phase = node.phase();
        let within = |rule: &ActRule| {
            rule.from.iter().any(|from| from.split('.').next().is_some_and(|p| p == phase))
        };
        let rules = measure.acts.iter().filter(|rule| !within(rule));
        let pairs =
            rules.flat_map(|rule| rule.outcomes.values().map(move |outcome| (rule, outcome)));
        let enters = |to: &Node| to.phase() == phase && to.step().is_none();
        pairs.into_iter().find(|(_, outcome)| outcome.to.as_ref().is_some_and(enters))
    }
}

/// A duty of a standing that was evidenced is open from its confirmation on.
fn open_since(duty: &mut DutyOpened, confirmed: CivilDate) {
    if duty.open_from.latest() < confirmed.latest() {
        duty.open_from = confirmed;
        // What its end opened before is open by the confirmation.
        duty.after_end = false;
    }
    if let Some(series) = &mut duty.series {
        let next = series.every.first_after(confirmed.latest());
        series.first_due = series.first_due.max(next);
        series.certain_from = series.certain_from.filter(|certain| *certain > series.first_due);
    }
}

fn article_of<'m>(rule: &'m ActRule, outcome: &'m Outcome) -> &'m str {
    outcome.article.as_deref().unwrap_or(&rule.article)
}
