//! What a rule of an act names.

use std::collections::BTreeSet;

use super::Checking;
use crate::domain::act::ActKind;
use crate::domain::condition::Condition;
use crate::domain::decide::every_program_knows;
use crate::domain::ids::{Id, Node, Office};
use crate::domain::measure::{ActRule, Outcome};
use crate::domain::measure_check::programs::undeclared;

impl Checking<'_> {
    pub(super) fn acts(&mut self) {
        let measure = self.measure;
        for (index, rule) in measure.acts.iter().enumerate() {
            self.act(&format!("/act/{index}"), rule);
        }
    }

    fn act(&mut self, path: &str, rule: &ActRule) {
        let measure = self.measure;
        self.article(&format!("{path}/article"), &rule.article);
        self.reading(path, &rule.reading);
        self.performers(path, rule);
        for (number, pattern) in rule.from.iter().enumerate() {
            self.pattern(&format!("{path}/from/{number}"), pattern);
        }
        for (number, material) in rule.materials.iter().enumerate() {
            let known = measure.materials.iter().map(|material| &material.id);
            self.declared(&format!("{path}/materials/{number}"), "material", material, known);
        }
        for (number, member) in rule.states.iter().enumerate() {
            let known = rule.act.may_leave_out();
            if !known.contains(&member.as_str()) {
                let (act, known) = (rule.act.as_str(), known.join(", "));
                self.problems.add(
                    format!("{path}/states/{number}"),
                    format!("{act} never leaves out {member}: it can leave out {known}"),
                );
            }
        }
        for (number, kind) in rule.kinds.iter().enumerate() {
            let known = measure.outcome_names.iter().map(|named| &named.id);
            self.declared(&format!("{path}/kinds/{number}"), "outcome_name", kind, known);
        }
        for (number, obligation) in rule.meets.iter().enumerate() {
            self.obligation(&format!("{path}/meets/{number}"), obligation);
        }
        if let Some(participation) = &rule.participation {
            self.article(&format!("{path}/participation/article"), &participation.article);
            self.reading(&format!("{path}/participation"), &participation.reading);
            if !self.programs.iter().any(|program| program.id == participation.program) {
                self.problems.add(
                    format!("{path}/participation/program"),
                    undeclared(&participation.program),
                );
            }
        }
        self.conditions(&format!("{path}/needs"), &rule.needs);
        for (member, matter) in
            [("opens", &rule.opens), ("decides", &rule.decides), ("answers", &rule.answers)]
        {
            if let Some(matter) = matter {
                self.matter(&format!("{path}/{member}"), matter);
            }
        }
        for (number, finding) in rule.findings.iter().enumerate() {
            let path = format!("{path}/finding/{number}");
            self.text(&format!("{path}/text"), &finding.text);
            self.article(&format!("{path}/article"), &finding.article);
            self.reading(&path, &finding.reading);
            self.condition(&format!("{path}/when"), &finding.when);
            self.silent(&format!("{path}/when"), rule, &finding.when);
        }
        if let Some(presupposed) = &rule.presupposes {
            self.text(&format!("{path}/presupposes/text"), &presupposed.text);
            self.article(&format!("{path}/presupposes/article"), &presupposed.article);
        }
        for (id, outcome) in &rule.outcomes {
            self.outcome(&format!("{path}/outcome/{id}"), outcome);
        }
    }

    fn matter(&mut self, path: &str, id: &Id) {
        let known = self.measure.matters.iter().map(|matter| &matter.id);
        self.declared(path, "matter", id, known);
    }

    fn conditions(&mut self, path: &str, conditions: &[Condition]) {
        for (number, condition) in conditions.iter().enumerate() {
            self.condition(&format!("{path}/{number}"), condition);
        }
    }

    fn condition(&mut self, path: &str, condition: &Condition) {
        match condition {
            Condition::DutyOpen(id) | Condition::DutyMet(id) | Condition::DutyPast(id) => {
                self.obligation(path, id);
            }
            Condition::Awaits(id) | Condition::NothingAwaits(id) => self.matter(path, id),
            Condition::LastResult { of, r#in } => {
                let rules = self.measure.acts.iter().filter(|rule| rule.act == *of);
                let known: BTreeSet<&str> =
                    rules.flat_map(|rule| rule.outcomes.keys().map(Id::as_str)).collect();
                for id in r#in.iter().filter(|id| !known.contains(id.as_str())) {
                    let known: Vec<&str> = known.iter().copied().collect();
                    let (act, known) = (of.as_str(), known.join(", "));
                    let message = format!("{act} never has the result {id}: it has {known}");
                    self.problems.add(path, message);
                }
            }
            Condition::Any(conditions) => self.conditions(&format!("{path}/any"), conditions),
            Condition::TermOver
            | Condition::TitleOver
            | Condition::PlanOnRecord(_)
            | Condition::Silent(_) => {}
        }
    }

    fn silent(&mut self, path: &str, rule: &ActRule, condition: &Condition) {
        let Condition::Silent(member) = condition else { return };
        let known = rule.act.may_leave_out();
        if !known.contains(&member.as_str()) {
            let (act, known) = (rule.act.as_str(), known.join(", "));
            self.problems
                .add(path, format!("{act} never leaves out {member}: it can leave out {known}"));
        }
    }

    fn performers(&mut self, path: &str, rule: &ActRule) {
        if rule.by.is_empty() {
            self.problems.add(format!("{path}/by"), "nobody may do it: name at least one office");
        }
        for (number, office) in rule.by.iter().enumerate() {
            // Where who files is not known, the registrar does (N4).
            let files = *office == Office::Registrar && rule.act == ActKind::File;
            if matches!(office, Office::Registrar | Office::Docket) && !files {
                self.problems.add(
                    format!("{path}/by/{number}"),
                    format!("{} never acts in a program: name the office that does, whose acts the registrar can record from an archive", office.as_str()),
                );
            }
        }
        if every_program_knows(rule.act).is_some() {
            self.problems.add(
                format!("{path}/act"),
                format!(
                    "{} is the same in every program and needs no rule: remove it",
                    rule.act.as_str()
                ),
            );
        }
        if rule.from.is_empty() {
            self.problems.add(
                format!("{path}/from"),
                "from nowhere: name the nodes from which it is allowed, such as \"none\", \"pilot\" or \"pilot.*\"",
            );
        }
    }

    pub(super) fn pattern(&mut self, path: &str, pattern: &Id) {
        if pattern == "*" || pattern == "none" {
            return;
        }
        let stem = pattern.strip_suffix(".*").unwrap_or(pattern);
        let whole_phase = stem.len() < pattern.len();
        let known = Node::parse(stem).is_ok_and(|node| {
            self.measure.declares(&node) && !(whole_phase && node.step().is_some())
        });
        if !known {
            self.problems.add(path, format!(
                "{pattern} covers no declared node: write \"none\", \"*\", a phase, \"phase.*\" or \"phase.step\" out of [[phase]]"
            ));
        }
    }

    pub(super) fn obligation(&mut self, path: &str, id: &Id) {
        let known = self.measure.obligations.iter().map(|obligation| &obligation.id);
        self.declared(path, "obligation", id, known);
    }

    fn outcome(&mut self, path: &str, outcome: &Outcome) {
        let measure = self.measure;
        if let Some(article) = &outcome.article {
            self.article(&format!("{path}/article"), article);
        }
        self.reading(path, &outcome.reading);
        if let Some(to) = &outcome.to
            && !measure.declares(to)
        {
            self.problems.add(
                format!("{path}/to"),
                format!("{to} is no declared phase or step: declare it in [[phase]] or [[phase.step]], or lead elsewhere"),
            );
        }
        if let Some(title) = &outcome.title {
            let known = measure.title_kinds.iter().map(|title| &title.id);
            self.declared(&format!("{path}/title"), "title_kind", title, known);
        }
        self.conditions(&format!("{path}/needs"), &outcome.needs);
        for (number, matter) in outcome.drops.iter().enumerate() {
            self.matter(&format!("{path}/drops/{number}"), matter);
        }
        for (member, obligations) in
            [("meets", &outcome.meets), ("opens", &outcome.opens), ("ends", &outcome.ends)]
        {
            for (number, obligation) in obligations.iter().enumerate() {
                self.obligation(&format!("{path}/{member}/{number}"), obligation);
            }
        }
    }
}
