//! Conditions that nothing can satisfy, matters that nothing decides, duties that nobody can meet.
//!
//! A condition counts as satisfiable when some outcome that brings it about lies on a way to a
//! node from which the act is allowed; whether it holds at a moment is `decide`'s question.

use std::collections::BTreeSet;

use super::effects::landing;
use super::graph::passing_node;
use super::{Graph, Problems};
use crate::domain::condition::Condition;
use crate::domain::ids::{Id, Node, covered};
use crate::domain::measure::{ActRule, DueRule, Measure, Outcome};

type Nodes = BTreeSet<Option<Node>>;

pub(super) fn check(measure: &Measure, graph: &Graph<'_>, problems: &mut Problems) {
    let checking = Checking { measure, graph };
    for (index, rule) in measure.acts.iter().enumerate() {
        for (number, need) in rule.needs.iter().enumerate() {
            if let Some(message) = checking.unsatisfiable(rule, need) {
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
    fn after(&self, mut pick: impl FnMut(&ActRule, &Id, &Outcome) -> bool) -> Nodes {
        let mut nodes = Nodes::new();
        for step in self.graph.moves.iter().filter(|m| self.graph.reached.contains(&m.from)) {
            let rule = &self.measure.acts[step.rule];
            if let Some(outcome) = rule.outcomes.get(step.outcome)
                && pick(rule, step.outcome, outcome)
            {
                nodes.insert(landing(outcome, step.from.as_ref()));
            }
        }
        nodes
    }

    fn leads_to(&self, from: &Nodes, rule: &ActRule) -> bool {
        self.graph.leads(from, |node| covered(&rule.from, node))
    }

    fn opened(&self, obligation: &str) -> Nodes {
        let mut nodes = self.after(|_, _, outcome| outcome.opens.iter().any(|id| id == obligation));
        let passing = self.measure.passing.as_ref();
        if passing.is_some_and(|passing| passing.opens.iter().any(|id| id == obligation)) {
            nodes.insert(passing_node(self.measure));
        }
        nodes
    }

    fn unsatisfiable(&self, rule: &ActRule, need: &Condition) -> Option<String> {
        // What nothing has to bring about holds by itself.
        let mut wanted = true;
        let mut nodes = self.after(|before, id, outcome| {
            let brings = need.is_brought_about(before, id, outcome);
            wanted &= brings.is_some();
            brings == Some(true)
        });
        let passing = self.measure.passing.as_ref();
        let by_passing = passing.is_some_and(|p| {
            matches!(need, Condition::TermOver)
                || need.obligations().iter().any(|id| p.opens.contains(id))
        });
        nodes.extend(passing_node(self.measure).map(Some).filter(|_| by_passing));
        if !wanted || self.leads_to(&nodes, rule) {
            return None;
        }
        Some(format!(
            "{} can never hold where {} is allowed: {}, or drop the condition",
            need.code(),
            rule.act.as_str(),
            need.remedy()
        ))
    }

    fn matters(&self, path: &str, rule: &ActRule, problems: &mut Problems) {
        for (member, matter) in [("decides", &rule.decides), ("answers", &rule.answers)] {
            let Some(name) = matter else { continue };
            let opened = self.after(|before, _, _| before.opens == *matter);
            if !self.leads_to(&opened, rule) {
                problems.add(
                    format!("{path}/{member}"),
                    format!("{member} {name}, but no act opens that matter before it: add `opens = \"{name}\"` to the act that asks for it, or remove this"),
                );
            }
        }
        let Some(name) = &rule.opens else { return };
        let opened = self.after(|opener, _, _| std::ptr::eq(opener, rule));
        let decided = self
            .measure
            .acts
            .iter()
            .any(|later| later.closes(name) && self.leads_to(&opened, later));
        if !decided && !opened.is_empty() {
            problems.add(
                format!("{path}/opens"),
                format!("opens {name}, but no act decides that matter from there on: add `decides = \"{name}\"` to the act that answers it, or remove this"),
            );
        }
    }

    fn obligation(&self, path: &str, id: &Id, problems: &mut Problems) {
        let programwide = self.measure.programwide.as_ref();
        if programwide.is_some_and(|laid| laid.opens.contains(id)) {
            return;
        }
        let mut opened = self.opened(id);
        if self.measure.unlisted.as_ref().is_some_and(|unlisted| unlisted.opens.contains(id)) {
            opened.insert(None);
        }
        if opened.is_empty() {
            problems.add(
                path,
                format!("{id} never arises: let an outcome that can happen name it in `opens`, or remove it"),
            );
            return;
        }
        let meets = |rule: &&ActRule| rule.can_meet(id);
        if !self.measure.acts.iter().filter(meets).any(|rule| self.leads_to(&opened, rule)) {
            let kind = match self.measure.obligation(id).map(|obligation| &obligation.due) {
                Some(DueRule::Every { .. }) => "a recurring duty",
                Some(DueRule::After(_) | DueRule::Stated | DueRule::By(_)) => "a dated duty",
                Some(DueRule::AfterEnd | DueRule::Undated) | None => "a duty",
            };
            problems.add(
                path,
                format!("{id} is {kind} that nothing can meet: name it in `meets` of an act that is allowed where it is owed"),
            );
        }
    }
}
