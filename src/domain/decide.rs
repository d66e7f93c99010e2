//! `decide`: whether an act is allowed, and what follows from it. Pure and synchronous.
//!
//! The state comes from outside (see `history_decide` for which state an act of a given day is
//! judged by), the time likewise. What a measure says is looked up in its data; code knows the
//! kinds of act, effect and condition. Checks run in one order: office and jurisdiction, content
//! against the measure, state.

mod builtin;
mod checks;
mod content;
mod effects;
mod findings;
mod standing;

use std::sync::Arc;

use super::act::{ActKind, ActRequest};
use super::date::{CivilDate, Day, Timestamp};
use super::event::Fact;
use super::ids::{EventRef, Id, Office, ProgramId, Provenance};
use super::measure::{Edition, Program, Versions};
use super::refusal::{Reason, Refusal};
use super::state::State;
use super::subject::Subject;

pub use builtin::every_program_knows;

/// Who acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The kind of office.
    pub office: Office,
    /// The office's own id.
    pub office_id: String,
    /// The divisions and areas for which it may act.
    pub divisions: Vec<String>,
}

impl Actor {
    /// Whether it may act for a division or area.
    pub fn acts_for(&self, id: &str) -> bool {
        self.divisions.iter().any(|division| division.eq_ignore_ascii_case(id))
    }
}

/// Another program's standing, for a condition on participation (P17).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherStanding {
    /// The phase.
    pub phase: Id,
    /// The event that entered it.
    pub by: EventRef,
}

/// What `decide` reads beside the state; all of it is in the log or cited by digest.
pub struct Context<'a> {
    /// The program.
    pub program: &'a Program,
    /// Its measures.
    pub versions: &'a Versions,
    /// The subject.
    pub subject: &'a Subject,
    /// The stream of the enrollment.
    pub stream: &'a str,
    /// Who acts.
    pub actor: &'a Actor,
    /// The instant of recording.
    pub now: Timestamp,
    /// The subject's standing in another program on the act's day.
    pub standing_in: &'a (dyn Fn(&ProgramId) -> Option<OtherStanding> + 'a),
}

/// A place that must be reserved before the act can be appended (P4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceWanted {
    /// The category.
    pub category: Id,
    /// The limit.
    pub limit: u32,
    /// Whether an override is possible.
    pub soft: bool,
    /// The article.
    pub article: String,
}

/// What was decided: the fact to append, and under what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The fact.
    pub fact: Fact,
    /// The office that acts, also where the registrar records it.
    pub office: Office,
    /// The article.
    pub article: Option<String>,
    /// The measure version.
    pub measure: Option<Id>,
    /// Another version in force on an earlier day of the interval.
    pub measure_also: Option<Id>,
    /// The edition's digest.
    pub edition: Option<Id>,
    /// What it rests on in its own stream, by revision.
    pub grounds: Vec<u64>,
    /// What it rests on in other streams.
    pub rests_on: Vec<EventRef>,
    /// How the fact gets into the record.
    pub provenance: Provenance,
    /// The place that it takes.
    pub place: Option<PlaceWanted>,
}

/// An act of some kind, by an office on a day, before anything is said of its content.
pub(super) struct Footing<'a> {
    pub ctx: &'a Context<'a>,
    pub state: &'a State,
    pub kind: ActKind,
    pub office: Office,
    pub on: CivilDate,
    pub day: Day,
    pub edition: Option<&'a Arc<Edition>>,
}

/// One act being decided on one state.
pub(super) struct Deciding<'a> {
    pub footing: Footing<'a>,
    pub request: &'a ActRequest,
}

impl<'a> std::ops::Deref for Deciding<'a> {
    type Target = Footing<'a>;

    fn deref(&self) -> &Footing<'a> {
        &self.footing
    }
}

impl<'a> Footing<'a> {
    fn new(
        ctx: &'a Context<'a>,
        state: &'a State,
        kind: ActKind,
        office: Office,
        on: CivilDate,
    ) -> Self {
        let day = on.latest();
        Self { ctx, state, kind, office, on, day, edition: ctx.versions.in_force(day) }
    }
}

/// Why an office could not do an act of a kind on a day, whatever the act said; nothing where its
/// content alone decides. In the order of [`decide`], and by the same rules.
///
/// # Errors
/// The [`Refusal`] that any such act meets.
pub fn check_footing(
    ctx: &Context<'_>,
    state: &State,
    kind: ActKind,
    office: Office,
    on: CivilDate,
) -> Result<(), Refusal> {
    let footing = Footing::new(ctx, state, kind, office, on);
    footing.check().map_err(|refusal| named_measure(refusal, footing.edition))
}

/// Decides an act on a state.
///
/// # Errors
/// A [`Refusal`] that names the article, what is missing and what would satisfy it.
pub fn decide(ctx: &Context<'_>, state: &State, request: &ActRequest) -> Result<Decision, Refusal> {
    let deciding = Deciding::new(ctx, state, request);
    deciding.run().map_err(|refusal| named_measure(refusal, deciding.edition))
}

fn named_measure(refusal: Refusal, edition: Option<&Arc<Edition>>) -> Refusal {
    match edition {
        Some(edition) => refusal.of_measure(&edition.measure.version),
        None => refusal,
    }
}

/// Checks what every act says beside its content, for acts that are not decided on a state.
pub(in crate::domain) fn check_common(
    ctx: &Context<'_>,
    state: &State,
    request: &ActRequest,
) -> Result<(), Refusal> {
    let deciding = Deciding::new(ctx, state, request);
    deciding
        .check_recorder()
        .and_then(|()| deciding.check_dates())
        .and_then(|()| deciding.check_no_override())
        .map_err(|refusal| named_measure(refusal, deciding.edition))
}

impl Footing<'_> {
    fn check(&self) -> Result<(), Refusal> {
        self.check_subject()?;
        if let Some((offices, rule)) = every_program_knows(self.kind) {
            self.only(offices, rule)?;
            return self.check_builtin();
        }
        let measure = &self.governing()?.measure;
        self.check_office(measure)?;
        self.check_jurisdiction()?;
        let rule = self.rule(measure, &|_| true).ok_or_else(|| self.not_here(measure))?;
        self.check_state(rule)?;
        self.check_participation(rule).map(|_| ())
    }

    pub(super) fn refuse(
        &self,
        reason: Reason,
        en: impl Into<String>,
        zh: impl Into<String>,
    ) -> Refusal {
        Refusal::new(self.kind, reason, en, zh)
    }
}

impl<'a> Deciding<'a> {
    fn new(ctx: &'a Context<'a>, state: &'a State, request: &'a ActRequest) -> Self {
        let common = &request.common;
        let office = common.archive.as_ref().map_or(ctx.actor.office, |archive| archive.office);
        let kind = request.act.kind();
        Self { footing: Footing::new(ctx, state, kind, office, common.effective_on), request }
    }

    fn run(&self) -> Result<Decision, Refusal> {
        self.check_recorder()?;
        self.check_dates()?;
        self.check_subject()?;
        if let Some(decision) = self.builtin()? {
            self.check_override(&decision)?;
            return Ok(decision);
        }
        let edition = self.governing()?;
        let measure = &edition.measure;
        self.check_office(measure)?;
        self.check_jurisdiction()?;
        let given = self.given();
        let rule = self.rule(measure, &|rule| {
            let outcome = given.as_ref().and_then(|given| rule.outcomes.get(given));
            outcome.is_some_and(|outcome| self.enters_evidenced(outcome))
        });
        self.check_content(measure, rule)?;
        let rule = rule.ok_or_else(|| self.not_here(measure))?;
        self.check_state(rule)?;
        let outcome = self.outcome(rule)?;
        let (mut findings, shown) = self.check_participation(rule)?;
        findings.extend(self.plan_findings(measure));
        let mut decision = self.decision(edition, rule, outcome, findings)?;
        decision.rests_on.extend(shown);
        self.check_override(&decision)?;
        Ok(decision)
    }
}
