//! The rule that applies where the enrollment stands, what it needs of the state, and its outcome.

use super::{Deciding, Footing};
use crate::domain::act::Act;
use crate::domain::evolve::holds;
use crate::domain::ids::{Id, Text, covered};
use crate::domain::measure::{ActRule, Measure, Need, Outcome};
use crate::domain::refusal::{Reason, Refusal};

impl Footing<'_> {
    /// The rule that covers where the enrollment stands, for this office. A founding act is also
    /// allowed where evidence already shows the phase that it enters (G9), even where another rule
    /// for the act covers that phase and its conditions are missing, if by what the act says it
    /// founds that phase.
    pub(super) fn rule<'m>(
        &self,
        measure: &'m Measure,
        founds: &dyn Fn(&ActRule) -> bool,
    ) -> Option<&'m ActRule> {
        let mut rules = self.own_rules(measure);
        let Some(covering) = rules.find(|rule| covered(&rule.from, self.state.node.as_ref()))
        else {
            return self.founding_rules(measure).next();
        };
        if !self.state.is_evidenced_only() || self.check_state(covering).is_ok() {
            return Some(covering);
        }
        let later = self.state.phase_since.is_some_and(|since| since.certainly_before(&self.on));
        let founding = self.founding_rules(measure).find(|rule| founds(rule));
        let founding = founding.filter(|_| !later);
        founding.or(Some(covering))
    }

    fn own_rules<'m>(&self, measure: &'m Measure) -> impl Iterator<Item = &'m ActRule> {
        let office = self.office;
        measure.rules(self.kind).filter(move |rule| rule.by.contains(&office))
    }

    fn founding_rules<'m>(&self, measure: &'m Measure) -> impl Iterator<Item = &'m ActRule> {
        self.own_rules(measure).filter(|rule| {
            self.state.is_evidenced_only()
                && self.is_founding(rule)
                && rule.outcomes.values().any(|outcome| self.enters_evidenced(outcome))
        })
    }

    /// Whether the rule applies only because evidence shows the phase that it enters: the steps
    /// before it are not on record, so nothing that they would have left is asked for.
    pub(super) fn is_founding(&self, rule: &ActRule) -> bool {
        !covered(&rule.from, self.state.node.as_ref())
    }

    pub(super) fn enters_evidenced(&self, outcome: &Outcome) -> bool {
        outcome
            .to
            .as_ref()
            .is_some_and(|to| to.step().is_none() && Some(to.phase()) == self.state.phase())
    }

    pub(super) fn stands_at(&self) -> Option<Id> {
        self.state.node.as_ref().map(|node| Id::from(node.as_str()))
    }

    pub(super) fn not_here(&self, measure: &Measure) -> Refusal {
        let allowed: Vec<Id> =
            measure.rules(self.kind).flat_map(|rule| rule.from.iter().cloned()).collect();
        let article = measure.rules(self.kind).next().map_or("", |rule| &rule.article);
        let stands = self.stands_at();
        let here = stands.as_deref().unwrap_or("none");
        let en = format!(
            "{} is allowed from {}; on {} the enrollment stands at {here}",
            self.kind.as_str(),
            allowed.join(", "),
            self.day
        );
        let zh = format!(
            "{} 须处于 {}；{} 当日处于 {here}",
            self.kind.as_str(),
            allowed.join("、"),
            self.day
        );
        let missing = vec![Id::from("standing")];
        let reason = Reason::NotPermitted { stands_at: stands, allowed_from: allowed, missing };
        self.refuse(reason, en, zh).under(article)
    }

    pub(super) fn check_state(&self, rule: &ActRule) -> Result<(), Refusal> {
        if self.is_founding(rule) {
            return Ok(());
        }
        let mut missing: Vec<(Id, Text)> = Vec::new();
        for need in &rule.needs {
            if !holds(*need, self.state, self.day) {
                missing.push(self.need_text(*need));
            }
        }
        if let Some(matter) = rule.decides
            && !self.state.matters.contains_key(&matter)
        {
            let en = format!("nothing of this kind awaits a decision ({matter:?})");
            missing.push((Id::from("matter_open"), Text { en, zh: "没有待决事项".to_owned() }));
        }
        if let Some(matter) = rule.opens
            && let Some(open) = self.state.matters.get(&matter)
        {
            let en = format!("one already awaits its decision since {}", open.since);
            let zh = format!("自 {} 起已有一件待决", open.since);
            missing.push((Id::from("no_matter_open"), Text { en, zh }));
        }
        if missing.is_empty() {
            return Ok(());
        }
        let en: Vec<_> = missing.iter().map(|(_, text)| text.en.clone()).collect();
        let zh: Vec<_> = missing.iter().map(|(_, text)| text.zh.clone()).collect();
        let reason = Reason::NotPermitted {
            stands_at: self.stands_at(),
            allowed_from: rule.from.clone(),
            missing: missing.iter().map(|(id, _)| id.clone()).collect(),
        };
        Err(self.refuse(reason, en.join("; "), zh.join("；")).under(&rule.article))
    }

    fn need_text(&self, need: Need) -> (Id, Text) {
        let (id, en, zh) = match need {
            Need::TermOver => match &self.state.term {
                Some(term) => (
                    "term_over",
                    format!(
                        "the term ends on {} ({}); this opens the day after",
                        term.until, term.arithmetic
                    ),
                    format!("期限至 {} 届满（{}），次日起方可办理", term.until, term.arithmetic),
                ),
                None => ("term_over", "no term is on record".into(), "没有记录期限".into()),
            },
            Need::TitleOver => match self.state.title.as_ref().and_then(|title| title.until) {
                Some(until) => (
                    "title_over",
                    format!("the title is effective until {until}; the review opens the day after"),
                    format!("称号有效期至 {until}，次日起方可复核"),
                ),
                None => (
                    "title_over",
                    "no title with a term is held".into(),
                    "没有持有有期限的称号".into(),
                ),
            },
            Need::PlanOnRecord => {
                ("plan_on_record", "no plan is on record".into(), "没有记录建设方案".into())
            }
            Need::NoPlanOnRecord => (
                "no_plan_on_record",
                "a plan is on record already; change it by submit_amendment".into(),
                "建设方案已入档；如需变更请用 submit_amendment".into(),
            ),
            Need::AcceptedBefore => (
                "accepted_before",
                "no check and acceptance with the result qualified or unqualified is on record"
                    .into(),
                "没有合格或不合格的验收结果".into(),
            ),
            Need::RectificationOpen => {
                ("rectification_open", "no rectification is open".into(), "没有进行中的整改".into())
            }
            Need::SchemeOwed => (
                "scheme_owed",
                "no implementation scheme is owed".into(),
                "没有应报的实施方案".into(),
            ),
        };
        (Id::from(id), Text { en, zh })
    }
}

impl Deciding<'_> {
    /// The outcome that the act states, if it states one.
    #[expect(clippy::wildcard_enum_match_arm, reason = "only acts with outcomes state one")]
    pub(super) fn given(&self) -> Option<Id> {
        match &self.request.act {
            Act::Approve(_) => self.state.applied.as_ref().and_then(|a| a.rank.clone()),
            Act::List(listing) => Some(listing.rank.clone()),
            Act::Evaluate(evaluation) => Some(evaluation.result.clone()),
            Act::Accept(check) => Some(check.result.clone()),
            Act::Review(review) => Some(review.result.clone()),
            _ => None,
        }
    }

    pub(super) fn outcome<'m>(&self, rule: &'m ActRule) -> Result<(&'m Id, &'m Outcome), Refusal> {
        if let Some(done) = rule.outcomes.get_key_value("done") {
            return Ok(done);
        }
        let founding = self.is_founding(rule);
        let possible = |outcome: &Outcome| !founding || self.enters_evidenced(outcome);
        let given = self.given();
        if founding && given.is_none() {
            let found = rule.outcomes.iter().find(|(_, outcome)| possible(outcome));
            return found.ok_or_else(|| self.no_outcome(rule, "", &possible));
        }
        let given = given.unwrap_or_default();
        let found = rule.outcomes.get_key_value(given.as_str());
        found
            .filter(|(_, outcome)| possible(outcome))
            .ok_or_else(|| self.no_outcome(rule, &given, &possible))
    }

    fn no_outcome(
        &self,
        rule: &ActRule,
        given: &str,
        possible: &dyn Fn(&Outcome) -> bool,
    ) -> Refusal {
        let outcomes = rule.outcomes.iter().filter(|(_, outcome)| possible(outcome));
        let known: Vec<_> = outcomes.map(|(id, _)| id.as_str()).collect();
        self.refuse(
            Reason::NotPermitted {
                stands_at: self.stands_at(),
                allowed_from: rule.from.clone(),
                missing: vec![Id::from("outcome")],
            },
            format!(
                "{} has here the outcomes {}, not {given:?}",
                self.kind.as_str(),
                known.join(", ")
            ),
            format!("{} 在此的结果有 {}，没有 {given:?}", self.kind.as_str(), known.join("、")),
        )
        .under(&rule.article)
    }
}
