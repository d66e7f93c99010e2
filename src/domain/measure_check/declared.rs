//! What the file names: articles, labels in both languages, ids declared once and nothing else used.

mod acts;
mod aims;

use std::collections::BTreeSet;

use super::Problems;
use crate::domain::ids::{Id, Node, Text, covered};
use crate::domain::measure::{
    DueRule, Measure, Named, ObligationRule, Phase, Program, WaitingRule,
};
use crate::domain::text::says_something;
use crate::domain::words::article_numbers;

/// What stands for an article in a document of which only part is known.
const NOT_KNOWN: &str = "not known";

pub(super) fn check(measure: &Measure, programs: &[Program], problems: &mut Problems) {
    let mut checking = Checking { measure, programs, problems };
    checking.document();
    checking.lists();
    checking.aims();
    checking.phases();
    checking.obligations();
    checking.acts();
    checking.laid();
    checking.passing();
}

pub(super) fn check_acts(measure: &Measure, programs: &[Program], problems: &mut Problems) {
    Checking { measure, programs, problems }.acts();
}

struct Checking<'a> {
    measure: &'a Measure,
    programs: &'a [Program],
    problems: &'a mut Problems,
}

impl Checking<'_> {
    fn text(&mut self, path: &str, text: &Text) {
        for (member, value) in [("en", &text.en), ("zh", &text.zh)] {
            if !says_something(value) {
                let language = if member == "en" { "English" } else { "Chinese" };
                self.problems.add(
                    format!("{path}/{member}"),
                    format!("empty: give the text in {language} (every label has both languages)"),
                );
            }
        }
    }

    /// What is chosen where the text is silent is said in both languages as well.
    fn reading(&mut self, of: &str, reading: &Option<Text>) {
        if let Some(reading) = reading {
            self.text(&format!("{of}/reading"), reading);
        }
    }

    fn article(&mut self, path: &str, article: &str) {
        if !says_something(article) {
            self.problems.add(
                path,
                "no article: cite it as the document does, such as \"Art. 17\" or \"III(I)1\"; what the text does not say is marked by `reading` under the nearest article",
            );
        } else if article == NOT_KNOWN && !self.measure.known_in_part {
            self.problems.add(
                path,
                "the article may be \"not known\" only where `known_in_part = true`: cite the article",
            );
        } else if let Some(articles) = self.measure.articles
            && article_numbers(article)
                .is_some_and(|of| of.iter().any(|n| !(1..=articles).contains(n)))
        {
            self.problems.add(
                path,
                format!("the document has Art. 1 to Art. {articles}: cite one of these"),
            );
        }
    }

    fn document(&mut self) {
        let measure = self.measure;
        self.text("/title", &measure.title);
        if let Some(number) = &measure.number {
            self.text("/number", number);
        } else if !measure.known_in_part {
            self.problems.add(
                "/number",
                "no number: give it as printed; only where `known_in_part = true` may it be unknown",
            );
        }
        self.text("/issued_by", &measure.issued_by);
        self.article("/in_force_article", &measure.in_force_article);
        if !says_something(&measure.edition_reason) {
            self.problems.add("/edition_reason", "empty: say why this edition of the file exists");
        }
        match self.programs.iter().find(|program| program.id == measure.program) {
            None => self.problems.add(
                "/program",
                super::programs::undeclared(&measure.program),
            ),
            Some(program) if program.is_exercise() => self.problems.add(
                "/program",
                format!(
                    "{} is an exercise of {}, whose measures govern it: write the measure for that program",
                    program.id,
                    program.governed_as()
                ),
            ),
            Some(_) => {}
        }
        if measure.known_in_part && measure.gaps.is_empty() {
            self.problems.add(
                "/known_in_part",
                "known in part, but no gap is listed: say in [[gap]] what is not known",
            );
        }
        if !measure.known_in_part && !measure.gaps.is_empty() {
            self.problems.add(
                "/gap",
                "a gap in a measure that is not known in part: set `known_in_part = true`, or remove the gap",
            );
        }
        for (index, gap) in measure.gaps.iter().enumerate() {
            self.text(&format!("/gap/{index}"), gap);
        }
    }

    fn lists(&mut self) {
        let measure = self.measure;
        self.named("/applicant_kind", &measure.applicant_kinds);
        self.named("/material", &measure.materials);
        self.named("/acceptance_content", &measure.acceptance_contents);
        self.named("/title_kind", &measure.title_kinds);
        self.named("/matter", &measure.matters);
        self.named("/outcome_name", &measure.outcome_names);
        self.named("/base_condition", &measure.base_conditions);
        self.named("/link", &measure.links);
        self.unique("/category", measure.categories.iter().map(|category| &category.id));
        for (index, category) in measure.categories.iter().enumerate() {
            let path = format!("/category/{index}");
            self.text(&format!("{path}/label"), &category.label);
            self.article(&format!("{path}/article"), &category.article);
            if let Some(quota) = &category.quota {
                self.article(&format!("{path}/quota/article"), &quota.article);
                self.reading(&format!("{path}/quota"), &quota.reading);
            }
            self.named(&format!("{path}/task"), &category.tasks);
        }
        self.unique("/requirement", measure.requirements.iter().map(|r| &r.id));
        for (index, requirement) in measure.requirements.iter().enumerate() {
            self.text(&format!("/requirement/{index}/label"), &requirement.label);
            self.article(&format!("/requirement/{index}/article"), &requirement.article);
            self.named(&format!("/requirement/{index}/covers"), &requirement.covers);
            self.reading(&format!("/requirement/{index}"), &requirement.reading);
            if let Some(unit) = &requirement.unit {
                self.text(&format!("/requirement/{index}/unit"), unit);
            }
        }
        self.unique("/guideline", measure.guidelines.iter().map(|guideline| &guideline.id));
        for (index, guideline) in measure.guidelines.iter().enumerate() {
            self.text(&format!("/guideline/{index}/label"), &guideline.label);
            self.article(&format!("/guideline/{index}/article"), &guideline.article);
            for (number, text) in guideline.measures.iter().enumerate() {
                self.text(&format!("/guideline/{index}/measures/{number}/label"), &text.label);
                self.text(&format!("/guideline/{index}/measures/{number}/ideas"), &text.ideas);
            }
        }
        self.unique("/national_stage", measure.national_stages.iter().map(|stage| &stage.id));
        for (index, stage) in measure.national_stages.iter().enumerate() {
            let path = format!("/national_stage/{index}");
            self.text(&format!("{path}/label"), &stage.label);
            self.article(&format!("{path}/article"), &stage.article);
            if stage.from_year > stage.to_year {
                self.problems.add(
                    format!("{path}/to_year"),
                    format!("ends before it begins: a year from {} on", stage.from_year),
                );
            }
        }
    }

    fn named(&mut self, path: &str, list: &[Named]) {
        self.unique(path, list.iter().map(|named| &named.id));
        for (index, named) in list.iter().enumerate() {
            self.text(&format!("{path}/{index}/label"), &named.label);
            self.article(&format!("{path}/{index}/article"), &named.article);
        }
    }

    fn unique<'i>(&mut self, path: &str, ids: impl Iterator<Item = &'i Id>) {
        let mut seen = BTreeSet::new();
        for (index, id) in ids.enumerate() {
            if !seen.insert(id) {
                self.problems.add(
                    format!("{path}/{index}/id"),
                    format!("{id} is declared twice: give each its own id"),
                );
            }
        }
    }

    fn phases(&mut self) {
        let measure = self.measure;
        self.unique("/phase", measure.phases.iter().map(|phase| &phase.id));
        for (index, phase) in measure.phases.iter().enumerate() {
            let path = format!("/phase/{index}");
            self.text(&format!("{path}/label"), &phase.label);
            self.article(&format!("{path}/article"), &phase.article);
            if let Some(planned) = &phase.planned {
                self.article(&format!("{path}/planned/article"), &planned.article);
                self.reading(&format!("{path}/planned"), &planned.reading);
            }
            self.waiting(&path, &phase.id, &phase.waiting_for);
            self.steps(&path, phase);
        }
    }

    fn steps(&mut self, path: &str, phase: &Phase) {
        self.unique(&format!("{path}/step"), phase.steps.iter().map(|step| &step.id));
        for (number, step) in phase.steps.iter().enumerate() {
            let path = format!("{path}/step/{number}");
            self.text(&format!("{path}/label"), &step.label);
            let node = format!("{}.{}", phase.id, step.id);
            self.waiting(&path, &node, &step.waiting_for);
        }
    }

    fn waiting(&mut self, path: &str, node: &str, waiting: &[WaitingRule]) {
        let node = match Node::parse(node) {
            Ok(node) => node,
            Err(error) => return self.problems.add(format!("{path}/id"), error.to_string()),
        };
        for (number, waiting) in waiting.iter().enumerate() {
            self.waiting_act(&format!("{path}/waiting_for/{number}"), &node, waiting);
        }
    }

    fn waiting_act(&mut self, path: &str, node: &Node, waiting: &WaitingRule) {
        self.article(&format!("{path}/article"), &waiting.article);
        let done = self
            .measure
            .rules(waiting.act)
            .any(|rule| rule.by.contains(&waiting.office) && covered(&rule.from, Some(node)));
        if !done {
            let (act, office) = (waiting.act.as_str(), waiting.office.as_str());
            self.problems.add(
                path,
                format!(
                    "{office} is waited for at {node} to {act}, but no rule lets it: add an [[act]] {act} by {office} from \"{node}\", or name another act"
                ),
            );
        }
    }

    fn obligations(&mut self) {
        let measure = self.measure;
        self.unique("/obligation", measure.obligations.iter().map(|o| &o.id));
        for (index, obligation) in measure.obligations.iter().enumerate() {
            let path = format!("/obligation/{index}");
            self.text(&format!("{path}/label"), &obligation.label);
            self.article(&format!("{path}/article"), &obligation.article);
            self.reading(&path, &obligation.reading);
            self.recurring(&path, obligation);
        }
    }

    fn recurring(&mut self, path: &str, obligation: &ObligationRule) {
        let DueRule::Every { during, .. } = &obligation.due else { return };
        for (number, phase) in during.iter().enumerate() {
            let known = self.measure.phases.iter().map(|phase| &phase.id);
            self.declared(&format!("{path}/due/every/during/{number}"), "phase", phase, known);
        }
    }

    fn declared<'i>(
        &mut self,
        path: &str,
        what: &str,
        id: &Id,
        known: impl Iterator<Item = &'i Id>,
    ) {
        let known: Vec<&str> = known.map(Id::as_str).collect();
        if !known.contains(&id.as_str()) {
            let choice = if known.is_empty() {
                "none is declared".to_owned()
            } else {
                format!("declared are {}", known.join(", "))
            };
            self.problems.add(path, format!("{id} is no declared {what}: {choice}; declare it in [[{what}]] or name one of them"));
        }
    }

    /// What is laid on who does not stand in the program, and on offices for the whole of it.
    fn laid(&mut self) {
        if let Some(unlisted) = &self.measure.unlisted {
            self.article("/unlisted/article", &unlisted.article);
            self.reading("/unlisted", &unlisted.reading);
            for (number, pattern) in unlisted.pending.iter().enumerate() {
                self.pattern(&format!("/unlisted/pending/{number}"), pattern);
            }
            for (number, obligation) in unlisted.opens.iter().enumerate() {
                self.obligation(&format!("/unlisted/opens/{number}"), obligation);
            }
        }
        if let Some(programwide) = &self.measure.programwide {
            for (number, obligation) in programwide.opens.iter().enumerate() {
                self.obligation(&format!("/programwide/opens/{number}"), obligation);
            }
        }
    }

    fn passing(&mut self) {
        let Some(passing) = &self.measure.passing else { return };
        self.article("/passing/article", &passing.article);
        self.article("/passing/term_article", &passing.term_article);
        self.reading("/passing", &passing.reading);
        let known = self.measure.phases.iter().map(|phase| &phase.id);
        self.declared("/passing/phase", "phase", &passing.phase, known);
        for (number, obligation) in passing.opens.iter().enumerate() {
            self.obligation(&format!("/passing/opens/{number}"), obligation);
        }
    }
}
