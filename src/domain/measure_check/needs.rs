//! Conditions that nothing can satisfy, matters that nothing decides, duties that nobody can meet.
//!
//! A condition counts as satisfiable when some outcome that brings it about lies on a way to a
//! place from which the act is allowed; whether it holds at a moment is `decide`'s question.

use std::collections::BTreeSet;

use super::effects::landing;
use super::graph::passing_node;
use super::{Graph, Problems};
use crate::domain::act::ActKind;
use crate::domain::ids::{Id, Node, covered};
use crate::domain::measure::{ActRule, DueRule, Matter, Measure, Need, Outcome};

type Places = BTreeSet<Option<Node>>;

pub(super) fn check(measure: &Measure, graph: &Graph<'_>, problems: &mut Problems) {
    let checking = Checking { measure, graph };
    for (index, rule) in measure.acts.iter().enumerate() {
        for (number, need) in rule.needs.iter().enumerate() {
            if let Some(message) = checking.unsatisfiable(rule, *need) {
                problems.add(format!("/act/{index}/needs/{number}"), message);
            }
        }
        checking.matters(&format!("/act/{index}"), rule, problems);
    }
    for (index, obligation) in measure.obligations.iter().enumerate() {
        checking.obligation(&format!("/obligation/{index}"), &obligation.id, problems);
    }
}

struct Checking<'a> {
    measure: &'a Measure,
    graph: &'a Graph<'a>,
}

impl Checking<'_> {
    /// Where an enrollment stands right after an outcome that is picked.
    fn after(&self, pick: impl Fn(&ActRule, &Id, &Outcome) -> bool) -> Places {
        let mut places = Places::new();
        for step in self.graph.moves.iter().filter(|m| self.graph.reached.contains(&m.from)) {
            let rule = &self.measure.acts[step.rule];
            if let Some(outcome) = rule.outcomes.get(step.outcome)
                && pick(rule, step.outcome, outcome)
            {
                places.insert(landing(outcome, step.from.as_ref()));
            }
        }
        places
    }

    fn leads_to(&self, from: &Places, rule: &ActRule) -> bool {
        self.graph.leads(from, |node| covered(&rule.from, node))
    }

    fn opened(&self, obligation: &str) -> Places {
        let mut places =
            self.after(|_, _, outcome| outcome.opens.iter().any(|id| id == obligation));
        let passing = self.measure.passing.as_ref();
        if passing.is_some_and(|passing| passing.opens.iter().any(|id| id == obligation)) {
            places.insert(passing_node(self.measure));
        }
        places
    }

    fn unsatisfiable(&self, rule: &ActRule, need: Need) -> Option<String> {
        let (places, name, satisfies) = match need {
            Need::NoPlanOnRecord => return None,
            Need::TermOver => {
                let mut places = self.after(|_, _, outcome| outcome.term.is_some());
                places.extend(passing_node(self.measure).map(Some));
                (
                    places,
                    "term_over",
                    "give the outcome that begins the term a `term`, such as \"P3Y\"",
                )
            }
            Need::TitleOver => (
                self.after(|_, _, outcome| outcome.title_term.is_some()),
                "title_over",
                "give the outcome that grants the title a `title_term`, such as \"P3Y\"",
            ),
            Need::PlanOnRecord => (
                self.after(|before, _, _| before.act == ActKind::SubmitPlan),
                "plan_on_record",
                "add an [[act]] submit_plan from a place before it",
            ),
            Need::AcceptedBefore => (
                self.after(|before, id, _| {
                    before.act == ActKind::Accept && (id == "qualified" || id == "unqualified")
                }),
                "accepted_before",
                "add an [[act]] accept from a place before it",
            ),
            Need::RectificationOpen => (
                self.opened("rectification"),
                "rectification_open",
                "let an outcome before it open the obligation rectification",
            ),
            Need::SchemeOwed => (
                self.opened("scheme"),
                "scheme_owed",
                "let an outcome before it open the obligation scheme",
            ),
        };
        (!self.leads_to(&places, rule)).then(|| {
            format!(
                "{name} can never hold where {} is allowed: {satisfies}, or drop the condition",
                rule.act.as_str()
            )
        })
    }

    fn matters(&self, path: &str, rule: &ActRule, problems: &mut Problems) {
        for (member, matter) in [("decides", rule.decides), ("answers", rule.answers)] {
            let Some(matter) = matter else { continue };
            let opened = self.after(|before, _, _| before.opens == Some(matter));
            if !self.leads_to(&opened, rule) {
                let name = matter_name(matter);
                problems.add(
                    format!("{path}/{member}"),
                    format!("{member} {name}, but no act opens that matter before it: add `opens = \"{name}\"` to the act that asks for it, or remove this"),
                );
            }
        }
        let Some(matter) = rule.opens else { return };
        let opened = self.after(|opener, _, _| std::ptr::eq(opener, rule));
        let decided = self
            .measure
            .acts
            .iter()
            .any(|later| later.decides == Some(matter) && self.leads_to(&opened, later));
        if !decided && !opened.is_empty() {
            let name = matter_name(matter);
            problems.add(
                format!("{path}/opens"),
                format!("opens {name}, but no act decides that matter from there on: add `decides = \"{name}\"` to the act that answers it, or remove this"),
            );
        }
    }

    fn obligation(&self, path: &str, id: &Id, problems: &mut Problems) {
        let opened = self.opened(id);
        if opened.is_empty() {
            problems.add(
                path,
                format!("{id} never arises: let an outcome that can happen name it in `opens`, or remove it"),
            );
            return;
        }
        let meets = |rule: &&ActRule| rule.meets.contains(id);
        if !self.measure.acts.iter().filter(meets).any(|rule| self.leads_to(&opened, rule)) {
            let kind = match self.measure.obligation(id).map(|obligation| &obligation.due) {
                Some(DueRule::Every { .. }) => "a recurring duty",
                Some(DueRule::After(_) | DueRule::Stated) => "a dated duty",
                Some(DueRule::AfterEnd | DueRule::Undated) | None => "a duty",
            };
            problems.add(
                path,
                format!("{id} is {kind} that nothing can meet: name it in `meets` of an act that is allowed where it is owed"),
            );
        }
    }
}

fn matter_name(matter: Matter) -> &'static str {
    match matter {
        Matter::Scheme => "scheme",
        Matter::Amendment => "amendment",
        Matter::Adjustment => "adjustment",
        Matter::Acceptance => "acceptance",
    }
}
