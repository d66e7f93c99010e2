//! What acts of the programs for cities, regions, centers and bases say, against the measure: the
//! category of a listing, findings per characteristic, projects and their results, what a published
//! result draws on.

use super::Deciding;
use super::content::categories;
use crate::domain::act::{
    Act, ActKind, Deliverable, Evaluation, Listing, Project, ProjectResult, StatedTerm,
};
use crate::domain::event::{Finding, Term};
use crate::domain::ids::{EventRef, Id};
use crate::domain::measure::{ActRule, Measure, Names};
use crate::domain::refusal::{Reason, Refusal, field};
use crate::domain::words::{Given, Member, said};

impl Deciding<'_> {
    /// What these acts must say; any other says nothing of it.
    #[expect(clippy::wildcard_enum_match_arm, reason = "every other act is held to what it says")]
    pub(super) fn check_local(
        &self,
        measure: &Measure,
        rule: &ActRule,
        findings: &mut Vec<Finding>,
    ) -> Result<(), Refusal> {
        self.check_stated(rule, findings)?;
        match &self.request.act {
            Act::List(listing) => self.check_listing(measure, listing, findings),
            Act::Approve(approval) => {
                let applied = self.state.applied.as_ref().and_then(|a| a.category.as_ref());
                self.check_category(measure, approval.category.as_ref(), applied, findings)
            }
            Act::Evaluate(evaluation) => self.check_evaluation(measure, evaluation, findings),
            Act::StateProject(project) => self.check_project(measure, project, findings),
            Act::RecordProjectResult(result) => self.check_project_result(rule, result, findings),
            Act::RecordDeliverable(deliverable) => self.check_draws_on(deliverable),
            _ => Ok(()),
        }
    }

    /// What the rule asks the act to state, of what it could leave out.
    fn check_stated(&self, rule: &ActRule, findings: &mut Vec<Finding>) -> Result<(), Refusal> {
        let act = &self.request.act;
        let silent = rule.states.iter().filter(|member| !act.says(member));
        let errors: Vec<_> = silent
            .map(|member| {
                let text =
                    said!("{member} is not stated", "未填写{member}", member = Member(member));
                field(format!("/{member}"), text)
            })
            .collect();
        if errors.is_empty() {
            return Ok(());
        }
        self.missed(self.invalid(errors).under(&rule.article), findings)
    }

    fn check_listing(
        &self,
        measure: &Measure,
        listing: &Listing,
        findings: &mut Vec<Finding>,
    ) -> Result<(), Refusal> {
        self.check_term(listing.term.as_ref())?;
        let held = self.state.category.as_ref();
        self.check_category(measure, listing.category.as_ref(), held, findings)
    }

    /// A term ends after it begins.
    pub(super) fn check_term(&self, term: Option<&StatedTerm>) -> Result<(), Refusal> {
        let Some(term) = term.filter(|term| term.until.certainly_before(&term.from)) else {
            return Ok(());
        };
        let text = said!(
            "the term ends on {until}, before it begins on {from}",
            "期限的终止日{until}早于起始日{from}",
            until = term.until,
            from = term.from
        );
        Err(self.invalid(vec![field("/term/until", text)]))
    }

    /// The category that a decision gives: one of the measure's, the one on record where there is one,
    /// and the subject's kind where that is the category.
    fn check_category(
        &self,
        measure: &Measure,
        given: Option<&Id>,
        on_record: Option<&Id>,
        findings: &mut Vec<Finding>,
    ) -> Result<(), Refusal> {
        if let Some(given) = given {
            self.known_id("/category", given, Names::Categories, categories(measure))?;
            self.check_kind_of(measure, given)?;
        }
        let known = on_record.or(self.state.category.as_ref());
        // Where one applies, the application has it.
        let applies = measure.rules(ActKind::Apply).next().is_some();
        let asked = !measure.categories.is_empty() && !measure.category_is_kind && !applies;
        match (given, known) {
            (Some(given), Some(known)) if given != known => {
                let text = said!(
                    "the category on record is {known}, not {given}",
                    "已入档的类型为{known}，而非{given}",
                    known = self.named(Names::Categories, known),
                    given = self.named(Names::Categories, given)
                );
                self.missed(self.invalid(vec![field("/category", text)]), findings)
            }
            (None, None) if asked => {
                let text = said!(
                    "no category is on record, so the decision states it: {known}",
                    "尚无类型入档，决定须注明类型：{known}",
                    known = self.all_named(Names::Categories, categories(measure))
                );
                let error = field("/category", text).accepting(categories(measure));
                self.missed(self.invalid(vec![error]), findings)
            }
            _ => Ok(()),
        }
    }

    /// Where the category of a subject is its kind, no other is stated.
    pub(super) fn check_kind_of(&self, measure: &Measure, category: &Id) -> Result<(), Refusal> {
        let kind = &self.ctx.subject.registration.kind;
        if !measure.category_is_kind || kind == category {
            return Ok(());
        }
        let text = said!(
            "{subject} is registered as {kind}, which is its category, not {category}",
            "{subject}登记为{kind}，其类型即为此，而非{category}",
            subject = self.ctx.subject.registration.name,
            kind = self.named(Names::Categories, kind),
            category = self.named(Names::Categories, category)
        );
        let error = field("/category", text).accepting([kind.as_str()]);
        Err(self.invalid(vec![error]))
    }

    /// The category that an act gives: the one that it states, or the kind where that is the category.
    pub(super) fn category_given(&self, stated: Option<&Id>) -> Option<Id> {
        let by_kind = self.edition.filter(|edition| edition.measure.category_is_kind);
        let kind = || by_kind.map(|_| self.ctx.subject.registration.kind.clone());
        stated.cloned().or_else(kind)
    }

    /// A finding on each characteristic and standard.
    fn check_evaluation(
        &self,
        measure: &Measure,
        evaluation: &Evaluation,
        findings: &mut Vec<Finding>,
    ) -> Result<(), Refusal> {
        let known = || measure.characteristics.iter().map(|one| one.id.as_str());
        for id in evaluation.characteristics.keys() {
            self.known_id("/characteristics", id, Names::Characteristics, known())?;
        }
        let silent: Vec<_> = (measure.characteristics.iter())
            .filter(|one| !evaluation.characteristics.contains_key(&one.id))
            .collect();
        let Some(first) = silent.first() else { return Ok(()) };
        let errors = silent.iter().map(|one| {
            let text = said!("a finding on: {content}", "须有结论：{content}", content = one.label);
            field(format!("/characteristics/{}", one.id), text)
        });
        self.missed(self.invalid(errors.collect()).under(&first.article), findings)
    }

    fn check_project(
        &self,
        measure: &Measure,
        project: &Project,
        findings: &mut Vec<Finding>,
    ) -> Result<(), Refusal> {
        if let Some(task) = &project.task {
            let known = measure.tasks_of(self.state.category.as_ref());
            self.known_id("/task", task, Names::Tasks, known.map(|task| task.id.as_str()))?;
        }
        if self.on.earliest().is_none_or(|stated| project.due_on >= stated) {
            return Ok(());
        }
        let text = said!(
            "the project is due on {due}, before it is stated on {on}",
            "项目完成期限{due}早于列报之日{on}",
            due = project.due_on,
            on = self.on
        );
        self.missed(self.invalid(vec![field("/due_on", text)]), findings)
    }

    /// A project has one result.
    fn check_project_result(
        &self,
        rule: &ActRule,
        result: &ProjectResult,
        findings: &mut Vec<Finding>,
    ) -> Result<(), Refusal> {
        let duty =
            self.state.duties.iter().find(|duty| {
                duty.opened_by == result.of.revision && rule.can_meet(&duty.obligation)
            });
        let refusal = match duty {
            Some(duty) if duty.met.is_empty() => return Ok(()),
            Some(duty) => {
                let revision = duty.met.values().next().map_or(duty.opened_by, |met| met.by);
                let text = said!(
                    "the result of this project is on record; mend a wrong one by a correction",
                    "该项目的结果已入档；有误请用更正"
                );
                self.refuse(Reason::AlreadyDecided { revision, by: None }, text)
            }
            None => {
                let text = said!(
                    "what it names is no project that stands on record on that day",
                    "所指的不是当日记录中有效的项目"
                );
                self.invalid(vec![field("/of", text)])
            }
        };
        self.missed(refusal, findings)
    }

    /// The events by which those stand on whom a result draws.
    pub(super) fn drawn_on(&self) -> Vec<EventRef> {
        let Act::RecordDeliverable(deliverable) = &self.request.act else { return Vec::new() };
        deliverable.draws_on.iter().filter_map(|id| (self.ctx.enrolled)(id)).collect()
    }

    /// A result of the whole program draws on enrollments that are on record.
    fn check_draws_on(&self, deliverable: &Deliverable) -> Result<(), Refusal> {
        let draws_on = &deliverable.draws_on;
        if draws_on.is_empty() {
            return Ok(());
        }
        if !self.ctx.subject.is_program() {
            let text = said!(
                "a deliverable of one subject draws on no others: leave this out",
                "单个主体的成果不涉及其他主体：请勿填写"
            );
            return Err(self.invalid(vec![field("/draws_on", text)]));
        }
        let unknown =
            draws_on.iter().enumerate().filter(|(_, id)| (self.ctx.enrolled)(id).is_none());
        let errors: Vec<_> = unknown
            .map(|(index, id)| {
                let text = said!(
                    "{subject} has no standing in “{program}” on {day}",
                    "{subject}在{day}未参加“{program}”",
                    subject = Given(id.as_str()),
                    program = self.ctx.program.name,
                    day = self.day
                );
                field(format!("/draws_on/{index}"), text)
            })
            .collect();
        if errors.is_empty() { Ok(()) } else { Err(self.invalid(errors)) }
    }
}

/// The term that a document states.
pub(super) fn stated_term(stated: &StatedTerm, article: &str) -> Term {
    Term {
        from: stated.from,
        until: stated.until,
        arithmetic: format!("{}, as the decision states", stated.until),
        article: article.to_owned(),
    }
}
