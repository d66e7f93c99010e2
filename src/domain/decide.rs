//! `decide`: whether an act is allowed, and what follows from it. Pure and synchronous.
//!
//! The state comes from outside (see `history_decide` for which state an act of a given day is
//! judged by), the time likewise. What a measure says is looked up in its data; code knows the
//! kinds of act, effect and condition. Checks run in one order: the dates and the subject, office and
//! jurisdiction, the standing, then what the act says.

mod annual;
mod application;
mod builtin;
mod checks;
mod content;
mod decision;
mod duties;
mod effects;
mod evidence;
mod findings;
mod local;
mod succession;
mod unknown;

use std::sync::Arc;

use super::act::{ActKind, ActRequest};
use super::date::{CivilDate, Day, Timestamp};
use super::event::{Fact, Finding};
use super::ids::{EventRef, Id, Office, ProgramId, SubjectId, Text};
use super::measure::{ActRule, Edition, Measure, Program, Versions};
use super::permitted::{Obstacle, Question, permitted, permitted_as};
use super::refusal::{Reason, Refusal};
use super::state::State;
use super::subject::{Registration, Subject};

pub(in crate::domain) use annual::year_is_taken;
pub use builtin::{every_program_knows, is_done_for};
pub use checks::needs_document;
pub use decision::{Decision, PlaceWanted};
pub use succession::{succession_due, taken_hold_of_on};

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

/// The division or area that an office has to act for, to act on a subject: a local government acts for its own
/// areas, a department in its province, a province for itself. None: it acts on any.
pub fn division_needed(office: Office, on: &Registration) -> Option<&str> {
    match office {
        Office::NationalOffice | Office::Registrar | Office::Docket => None,
        Office::ProvincialDepartment => Some(on.province.as_ref().unwrap_or(&on.id).as_str()),
        Office::Province | Office::LocalGovernment => Some(on.id.as_str()),
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
    /// What is on record, where that is mended: what the truth misses is then a finding, not a refusal
    /// (G1).
    pub mending: Option<&'a Fact>,
    /// The subject's standing in another program on the act's day.
    pub standing_in: &'a (dyn Fn(&ProgramId) -> Option<OtherStanding> + 'a),
    /// The event that met an obligation owed for the program as a whole, by the act's day.
    pub met_for_whole: &'a (dyn Fn(&Id) -> Option<EventRef> + 'a),
    /// The event by which a subject stands in this program on the act's day (R3).
    pub enrolled: &'a (dyn Fn(&SubjectId) -> Option<EventRef> + 'a),
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
    footing.check().map_err(|refusal| footing.cited(refusal))
}

/// Whether an act of a kind could found the standing that a state has by evidence alone (G9).
pub fn could_found(
    ctx: &Context<'_>,
    state: &State,
    kind: ActKind,
    office: Office,
    on: CivilDate,
) -> bool {
    let footing = Footing::new(ctx, state, kind, office, on);
    let founds = |edition: &'_ Arc<Edition>| {
        let question = footing.question(&edition.measure);
        permitted(question).is_ok_and(|rule| question.is_founding(rule))
    };
    footing.edition.is_some_and(founds) && footing.check().is_ok()
}

/// Decides an act on a state.
///
/// # Errors
/// A [`Refusal`] that names the article, what is missing and what would satisfy it.
pub fn decide(ctx: &Context<'_>, state: &State, request: &ActRequest) -> Result<Decision, Refusal> {
    let deciding = Deciding::new(ctx, state, request);
    deciding.run().map_err(|refusal| deciding.cited(refusal))
}

/// Says by which measure a refusal of the whole history is, and under which article.
pub(in crate::domain) fn cited(
    ctx: &Context<'_>,
    request: &ActRequest,
    refusal: Refusal,
) -> Refusal {
    Deciding::new(ctx, &State::default(), request).cited(refusal)
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
        .and_then(|()| deciding.check_dated_back(&mut Vec::new()))
        .and_then(|()| deciding.check_no_override())
        .map_err(|refusal| deciding.cited(refusal))
}

impl<'a> Footing<'a> {
    fn check(&self) -> Result<(), Refusal> {
        self.check_subject()?;
        if let Some((offices, rule)) = every_program_knows(self.kind) {
            self.only(offices, rule)?;
            return self.check_builtin();
        }
        let question = self.question(&self.governing()?.measure);
        let (_, obstacle) = self.by_rule(&question, permitted(question))?;
        obstacle.map_or(Ok(()), |obstacle| Err(question.refusal(&obstacle)))
    }

    /// The question whether it is permitted, without regard to who the caller is.
    fn question(&self, measure: &'a Measure) -> Question<'a> {
        let Self { state, day, kind, office, .. } = *self;
        Question { measure, state, day, kind, office }
    }

    /// The rule that applies, and what stands in its way beside hands: that it is an act of this
    /// office, for this subject, is asked first.
    fn by_rule(
        &self,
        question: &Question<'a>,
        found: Result<&'a ActRule, Obstacle<'a>>,
    ) -> Result<(&'a ActRule, Option<Obstacle<'a>>), Refusal> {
        let (rule, obstacle) = match found {
            Ok(rule) => (rule, None),
            Err(obstacle @ (Obstacle::Unknown | Obstacle::Office { .. })) => {
                return Err(question.refusal(&obstacle));
            }
            Err(
                obstacle @ (Obstacle::NotHere { rule, .. }
                | Obstacle::Ahead { rule, .. }
                | Obstacle::Unmet { rule, .. }),
            ) => (rule, Some(obstacle)),
        };
        self.check_jurisdiction().map_err(|refusal| refusal.under(&rule.article))?;
        Ok((rule, obstacle))
    }

    /// Names the measure, and where the refusal names no article that of the act, or the rule of the
    /// record (G5).
    fn cited(&self, refusal: Refusal) -> Refusal {
        let by_rule = self.edition.and_then(|edition| {
            let measure = &edition.measure;
            let here = measure.rule_at(self.kind, self.state.node.as_ref());
            here.or_else(|| measure.rules(self.kind).next()).map(|rule| rule.article.as_str())
        });
        let builtin = every_program_knows(self.kind).map(|(_, rule)| rule);
        let refusal = refusal.or_under(by_rule.or(builtin).unwrap_or("G5"));
        match self.edition {
            Some(edition) => refusal.of_measure(&edition.measure.version),
            None => refusal,
        }
    }

    pub(super) fn refuse(&self, reason: Reason, text: Text) -> Refusal {
        Refusal::new(self.kind, reason, text)
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
        let mut findings = Vec::new();
        self.check_recorder()?;
        self.check_dates()?;
        self.check_subject()?;
        if let Some(mut decision) = self.builtin(&mut findings)? {
            self.check_override(&decision)?;
            decision.fact.findings.extend(findings);
            return Ok(decision);
        }
        let edition = match self.governing() {
            Ok(edition) => edition,
            Err(refusal) => return self.under_unknown_rule(refusal, findings),
        };
        let measure = &edition.measure;
        let question = self.question(measure);
        let applied = || self.state.applied.as_ref().and_then(|applied| applied.rank.as_ref());
        let stated = self.request.act.outcome().or_else(applied);
        let (rule, obstacle) = self.by_rule(&question, permitted_as(question, stated))?;
        if let Some(obstacle) = &obstacle {
            self.excuse(question.refusal(obstacle), &mut findings)?;
        }
        self.check_dated_back(&mut findings)?;
        self.check_content(measure, rule, &mut findings)?;
        let outcome = self.outcome(measure, rule)?;
        self.check_outcome(measure, rule, outcome, &mut findings)?;
        let (participation, shown) = self.participation(rule);
        findings.extend(participation);
        let (absent, present) = self.presupposed(rule);
        findings.extend(absent);
        self.stated_findings(rule, &mut findings);
        findings.extend(self.plan_measured_against(measure));
        let mut decision = self.decision(edition, rule, outcome, findings, obstacle.is_some())?;
        decision.rests_on.extend(shown.into_iter().chain(present).chain(self.drawn_on()));
        self.check_override(&decision)?;
        Ok(decision)
    }

    /// Refuses, or, where a record is mended, records what the truth misses as a finding (G1), if the
    /// refusal is that a condition is missing.
    fn excuse(&self, refusal: Refusal, findings: &mut Vec<Finding>) -> Result<(), Refusal> {
        let of_condition = match &*refusal.reason {
            Reason::NotPermitted { .. }
            | Reason::RequirementNotMet { .. }
            | Reason::MaterialMissing { .. }
            | Reason::AlreadyDecided { .. } => true,
            Reason::OfficeForbidden { .. }
            | Reason::JurisdictionForbidden { .. }
            | Reason::IneligibleSubject { .. }
            | Reason::NotInForce { .. }
            | Reason::RuleUnknown
            | Reason::DateConflict { .. }
            | Reason::WouldUnsettle { .. }
            | Reason::NotInForceVersion { .. }
            | Reason::QuotaExhausted { .. }
            | Reason::Invalid { .. } => false,
        };
        if of_condition { self.missed(refusal, findings) } else { Err(refusal) }
    }

    /// Refuses, or, where a record is mended, records what the truth misses as a finding (G1).
    fn missed(&self, refusal: Refusal, findings: &mut Vec<Finding>) -> Result<(), Refusal> {
        if self.ctx.mending.is_none() {
            return Err(refusal);
        }
        findings.push(self.cited(refusal).into_finding());
        Ok(())
    }
}
