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
mod said;
mod standing;

use std::sync::Arc;

use super::act::{ActKind, ActRequest};
use super::date::{Day, Timestamp};
use super::event::Fact;
use super::ids::{EventRef, Id, Office, ProgramId, Provenance};
use super::measure::{Edition, Program, Versions};
use super::refusal::{Reason, Refusal};
use super::state::State;
use super::subject::Subject;

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

/// One act being decided on one state.
pub(super) struct Deciding<'a> {
    pub ctx: &'a Context<'a>,
    pub state: &'a State,
    pub request: &'a ActRequest,
    pub edition: Option<&'a Arc<Edition>>,
    pub office: Office,
    pub day: Day,
}

/// Decides an act on a state.
///
/// # Errors
/// A [`Refusal`] that names the article, what is missing and what would satisfy it.
pub fn decide(ctx: &Context<'_>, state: &State, request: &ActRequest) -> Result<Decision, Refusal> {
    let day = request.common.effective_on.latest();
    let office = request.common.archive.as_ref().map_or(ctx.actor.office, |a| a.office);
    let edition = ctx.versions.in_force(day);
    let deciding = Deciding { ctx, state, request, edition, office, day };
    let decided = deciding.run();
    decided.map_err(|refusal| named_measure(refusal, edition))
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
    let day = request.common.effective_on.latest();
    let office = request.common.archive.as_ref().map_or(ctx.actor.office, |a| a.office);
    let edition = ctx.versions.in_force(day);
    let deciding = Deciding { ctx, state, request, edition, office, day };
    deciding
        .check_recorder()
        .and_then(|()| deciding.check_dates())
        .and_then(|()| deciding.check_said())
        .and_then(|()| deciding.check_no_override())
        .map_err(|refusal| named_measure(refusal, edition))
}

impl Deciding<'_> {
    fn run(&self) -> Result<Decision, Refusal> {
        self.check_recorder()?;
        self.check_dates()?;
        self.check_said()?;
        self.check_subject()?;
        if let Some(decision) = self.builtin()? {
            self.check_override(&decision)?;
            return Ok(decision);
        }
        let edition = self.governing()?;
        let measure = &edition.measure;
        self.check_office(measure)?;
        self.check_jurisdiction()?;
        let rule = self.rule(measure);
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

    pub(super) fn kind(&self) -> ActKind {
        self.request.act.kind()
    }

    pub(super) fn refuse(
        &self,
        reason: Reason,
        en: impl Into<String>,
        zh: impl Into<String>,
    ) -> Refusal {
        Refusal::new(self.kind(), reason, en, zh)
    }
}
