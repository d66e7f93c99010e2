//! Outcomes: each result that an act can have is handled, each effect has the data that it needs.

use super::Problems;
use crate::domain::act::ActKind;
use crate::domain::ids::{Id, Node, covered};
use crate::domain::measure::{ActRule, DueRule, Effect, Measure, Outcome};

pub(super) fn check(measure: &Measure, problems: &mut Problems) {
    for (index, rule) in measure.acts.iter().enumerate() {
        let path = format!("/act/{index}");
        handled(measure, &path, rule, problems);
        if rule.act == ActKind::Accept && measure.acceptance_contents.is_empty() {
            problems.add(
                format!("{path}/act"),
                "accept looks at contents, but none is declared: add [[acceptance_content]]",
            );
        }
        for (id, outcome) in &rule.outcomes {
            let checking =
                Checking { measure, rule, outcome, path: format!("{path}/outcome/{id}") };
            checking.run(problems);
        }
    }
}

/// The outcomes that an act has to have: where it says one, each is named; any other act is done.
fn handled(measure: &Measure, path: &str, rule: &ActRule, problems: &mut Problems) {
    let act = rule.act.as_str();
    let by_rank = matches!(rule.act, ActKind::Approve | ActKind::List);
    if rule.outcomes.is_empty() {
        let message =
            format!("{act} has no outcome: add [act.outcome.<outcome>] for each that it can have");
        return problems.add(path, message);
    }
    let done = rule.outcomes.contains_key("done");
    if rule.act.outcome_member().is_none() && !by_rank {
        if !done {
            let message = format!(
                "the outcome done of {act} is not handled: add [act.outcome.done] with its effect"
            );
            problems.add(path, message);
        }
        for id in rule.outcomes.keys().filter(|id| *id != "done") {
            let message = format!("{act} never has the outcome {id}: its outcome is done");
            problems.add(format!("{path}/outcome/{id}"), message);
        }
        return;
    }
    if done && rule.outcomes.len() > 1 {
        let message = format!("{act} is done or has other outcomes, not both: remove one");
        problems.add(format!("{path}/outcome/done"), message);
    }
    let named = |id: &Id| {
        measure.outcome_names.iter().any(|name| name.id == *id) || measure.phase(id).is_some()
    };
    for id in rule.outcomes.keys().filter(|id| *id != "done" && !named(id)) {
        let message = format!(
            "the outcome {id} has no name: declare it in [[outcome_name]] with its label, or name a phase"
        );
        problems.add(format!("{path}/outcome/{id}"), message);
    }
    let others = || measure.rules(rule.act).flat_map(|other| other.outcomes.keys());
    let grades = rule.act.outcome_member() == Some("result");
    for id in others().filter(|id| grades && !rule.outcomes.contains_key(*id)) {
        let message = format!(
            "the outcome {id} of {act}, which another rule has, is not handled: add [act.outcome.{id}] with its effect"
        );
        problems.add(path, message);
    }
}

struct Checking<'a> {
    measure: &'a Measure,
    rule: &'a ActRule,
    outcome: &'a Outcome,
    path: String,
}

impl Checking<'_> {
    fn run(&self, problems: &mut Problems) {
        match self.outcome.effect {
            Effect::Advance => self.needs_to("advance", problems),
            Effect::Confirm => {
                self.needs_to("confirm", problems);
                self.needs_title("confirm", problems);
            }
            Effect::KeepTitle => self.needs_title("keep_title", problems),
            Effect::CancelTitle => self.needs_to("cancel_title", problems),
            Effect::Stay => self.stays("stay", problems),
            Effect::None => {
                self.stays("none", problems);
                self.changes_nothing(problems);
            }
            Effect::RectifyWithin => self.rectifies(problems),
            Effect::AdjustOrExit => self.adjusts(problems),
            Effect::Conclude => self.concludes(problems),
        }
        self.title_term(problems);
        self.dates(problems);
        self.places(problems);
    }

    fn needs_to(&self, effect: &str, problems: &mut Problems) {
        if self.outcome.to.is_none() {
            problems.add(
                &self.path,
                format!(
                    "the effect {effect} leads nowhere: add `to` with the phase or step entered"
                ),
            );
        }
    }

    fn needs_title(&self, effect: &str, problems: &mut Problems) {
        if self.outcome.title.is_none() {
            problems.add(
                &self.path,
                format!("the effect {effect} has no title: add `title` with one of [[title_kind]]"),
            );
        }
    }

    fn stays(&self, effect: &str, problems: &mut Problems) {
        if let Some(to) = &self.outcome.to {
            problems.add(
                format!("{}/to", self.path),
                format!("the effect {effect} moves nothing, but leads to {to}: use advance, or remove `to`"),
            );
        }
    }

    fn changes_nothing(&self, problems: &mut Problems) {
        let outcome = self.outcome;
        let changes = !outcome.opens.is_empty()
            || !outcome.ends.is_empty()
            || outcome.term.is_some()
            || outcome.takes_place
            || outcome.frees_place
            || outcome.waives_later
            || outcome.recategorises;
        if changes {
            problems.add(
                format!("{}/effect", self.path),
                "the effect none changes nothing, but this outcome does: use stay",
            );
        }
    }

    fn opens(&self, pick: impl Fn(&DueRule) -> bool) -> Option<&Id> {
        let due = |id: &&Id| self.measure.obligation(id).is_some_and(|o| pick(&o.due));
        self.outcome.opens.iter().find(due)
    }

    fn rectifies(&self, problems: &mut Problems) {
        if self.opens(|due| *due == DueRule::Stated).is_none() {
            problems.add(
                &self.path,
                "rectify_within opens nothing that is due on the stated day: let `opens` name an obligation with `due = \"stated\"`",
            );
        }
    }

    fn adjusts(&self, problems: &mut Problems) {
        self.needs_to("adjust_or_exit", problems);
        let Some(to) = &self.outcome.to else { return };
        for act in [ActKind::RequestAdjustment, ActKind::DeclareExit] {
            if !self.measure.rules(act).any(|rule| covered(&rule.from, Some(to))) {
                problems.add(
                    format!("{}/to", self.path),
                    format!("after adjust_or_exit the enrollment must be able to {0}, but no rule allows it from {to}: add an [[act]] {0} from \"{to}\"", act.as_str()),
                );
            }
        }
    }

    fn concludes(&self, problems: &mut Problems) {
        self.needs_to("conclude", problems);
        let Some(to) = &self.outcome.to else { return };
        let ends = self.measure.phase(to.phase()).is_some_and(|phase| match to.step() {
            None => phase.terminal && !phase.standing,
            Some(id) => phase.steps.iter().any(|step| step.id == id && step.terminal),
        });
        if self.measure.declares(to) && !ends {
            problems.add(
                format!("{}/to", self.path),
                format!("conclude ends the attempt, but {to} is not terminal or still stands: lead to a phase with `terminal = true` and without `standing`"),
            );
        }
    }

    fn title_term(&self, problems: &mut Problems) {
        let grants = matches!(self.outcome.effect, Effect::Confirm | Effect::KeepTitle);
        for (member, given) in [
            ("title", self.outcome.title.is_some()),
            ("title_term", self.outcome.title_term.is_some()),
        ] {
            if given && !grants {
                problems.add(
                    format!("{}/{member}", self.path),
                    format!("{member} without a title granted or kept: use the effect confirm or keep_title, or remove it"),
                );
            }
        }
    }

    /// A duty that runs from an end, or to a stated day, needs that end or day in the same outcome.
    fn dates(&self, problems: &mut Problems) {
        let outcome = self.outcome;
        if let Some(id) = self.opens(|due| *due == DueRule::AfterEnd)
            && outcome.term.is_none()
            && outcome.title_term.is_none()
        {
            problems.add(
                format!("{}/opens", self.path),
                format!("{id} is due after an end, but this outcome begins no term: add `term` or `title_term`"),
            );
        }
        if let Some(id) = self.opens(|due| *due == DueRule::Stated)
            && outcome.effect != Effect::RectifyWithin
            && self.rule.act != ActKind::StateProject
        {
            problems.add(
                format!("{}/opens", self.path),
                format!("{id} is due on a stated day, which only rectify_within and state_project state: use that effect, or another `due`"),
            );
        }
    }

    fn places(&self, problems: &mut Problems) {
        let outcome = self.outcome;
        let quotas = self.measure.categories.iter().any(|category| category.quota.is_some());
        for (member, given) in
            [("takes_place", outcome.takes_place), ("frees_place", outcome.frees_place)]
        {
            if given && !quotas {
                problems.add(
                    format!("{}/{member}", self.path),
                    format!("{member}, but no category has a quota: add `quota` to a [[category]], or remove it"),
                );
            }
        }
        let asks = |rule: &&ActRule| rule.act == ActKind::RequestAdjustment;
        let asked = self.measure.acts.iter().find(asks).and_then(|rule| rule.opens.as_ref());
        if outcome.recategorises && (asked.is_none() || self.rule.decides.as_ref() != asked) {
            problems.add(
                format!("{}/recategorises", self.path),
                "recategorises, but no request for it is decided: let `decides` name the matter that request_adjustment opens, or remove it",
            );
        }
    }
}

/// Where an outcome leaves those who stood at `from`.
pub(super) fn landing(outcome: &Outcome, from: Option<&Node>) -> Option<Node> {
    outcome.to.as_ref().or(from).cloned()
}
