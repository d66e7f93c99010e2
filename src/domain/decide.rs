//! `decide`: whether an act is allowed, and what follows from it. Pure and synchronous.
//!
//! The state comes from outside (see `history_decide` for which state an act of a given day is
//! judged by), the time likewise. What a measure says is looked up in its data; code knows the
//! kinds of act, effect and condition. Checks run in one order: office and jurisdiction, content
//! against the measure, state.

mod builtin;
mod content;
mod effects;

use std::sync::Arc;

use super::act::{Act, ActKind, ActRequest};
use super::date::{Day, Timestamp};
use super::event::{Fact, Finding};
use super::evolve::holds;
use super::ids::{EventRef, Id, Node, Office, ProgramId, Provenance, Text, covered};
use super::measure::{ActRule, Edition, Measure, Need, Outcome, Program, Versions};
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
    decided.map_err(|refusal| match edition {
        Some(edition) => refusal.of_measure(&edition.measure.version),
        None => refusal,
    })
}

impl<'a> Deciding<'a> {
    fn run(&self) -> Result<Decision, Refusal> {
        self.check_recorder()?;
        self.check_dates()?;
        self.check_subject()?;
        if let Some(decision) = self.builtin()? {
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
        let mut findings = self.check_participation(rule)?;
        findings.extend(self.date_findings());
        self.decision(edition, rule, outcome, findings)
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

    /// Only the registrar records another office's act; auditor and operator never get here.
    fn check_recorder(&self) -> Result<(), Refusal> {
        let common = &self.request.common;
        let registrar = self.ctx.actor.office == Office::Registrar;
        if common.archive.is_some() && !registrar {
            let reason = Reason::OfficeForbidden { required: vec![Office::Registrar] };
            return Err(self.refuse(
                reason,
                "only the registrar records another office's act from an archive; leave out `archive` to act in your own name",
                "只有登记员可以从档案补录其他机关的行为；以本机关名义行事请去掉 archive",
            ));
        }
        let recording = common.archive.is_some() || registrar;
        if (common.received_on.is_some() || common.kept_since.is_some()) && !recording {
            let reason = Reason::OfficeForbidden { required: vec![Office::Registrar] };
            return Err(self.refuse(
                reason,
                "`received_on` and `kept_since` are stated by the registrar; timeliness is judged by the day of recording, or by acknowledge_receipt of the receiving office (G12)",
                "received_on 与 kept_since 只能由登记员填写；是否按期以入档日为准，或由接收机关以 acknowledge_receipt 确认（G12）",
            ));
        }
        Ok(())
    }

    fn check_dates(&self) -> Result<(), Refusal> {
        let today = self.ctx.now.civil_day();
        let common = &self.request.common;
        if let Some(decided) = common.decided_on
            && decided.earliest().is_some_and(|earliest| earliest > today)
        {
            return Err(self.refuse(
                Reason::DateConflict { with: None },
                format!("decided_on {decided} lies in the future (today is {today}): a decision is recorded once it is made; a later effect is stated by effective_on"),
                format!("decided_on {decided} 在将来（今天是 {today}）：决定作出后方可入档；以后生效的，用 effective_on 表示"),
            ));
        }
        if let Some(received) = common.received_on
            && received > today
        {
            return Err(self.refuse(
                Reason::DateConflict { with: None },
                format!("received_on {received} lies in the future (today is {today})"),
                format!("received_on {received} 在将来（今天是 {today}）"),
            ));
        }
        if self.office != Office::NationalOffice
            && !self.ctx.program.is_exercise()
            && common.effective_on.earliest().is_some_and(|earliest| earliest > today)
            && common.archive.is_none()
            && self.ctx.actor.office != Office::Registrar
        {
            return Err(self.refuse(
                Reason::DateConflict { with: None },
                format!("effective_on {} lies in the future (today is {today}): what is submitted counts from the day it is submitted", common.effective_on),
                format!("effective_on {} 在将来（今天是 {today}）：提交的材料自提交之日起算", common.effective_on),
            ));
        }
        Ok(())
    }

    /// Real and invented never mix (G16); only the program's kinds of subject enroll.
    fn check_subject(&self) -> Result<(), Refusal> {
        let (program, registration) = (self.ctx.program, &self.ctx.subject.registration);
        let reason = || Reason::IneligibleSubject { allowed_kinds: program.subject_kinds.clone() };
        if registration.invented != program.is_exercise() {
            let (en, zh) = if registration.invented {
                ("an invented subject takes part only in an exercise", "虚构主体只能参加演练项目")
            } else {
                ("an exercise accepts only invented subjects", "演练项目只接受虚构主体")
            };
            let en = format!(
                "{} in {}: {en}; real and invented never mix (G16)",
                registration.id, program.id
            );
            return Err(self.refuse(reason(), en, format!("{zh}（G16）")));
        }
        if !program.subject_kinds.contains(&registration.kind) {
            let kinds = program.subject_kinds.join(", ");
            return Err(self
                .refuse(
                    reason(),
                    format!(
                        "{} is of kind {}; subjects of {} are of kind {kinds}",
                        registration.id, registration.kind, program.id
                    ),
                    format!(
                        "{} 的类别为 {}；{} 的主体类别为 {kinds}",
                        registration.id, registration.kind, program.id
                    ),
                )
                .under(&program.article));
        }
        Ok(())
    }

    fn governing(&self) -> Result<&'a Arc<Edition>, Refusal> {
        let versions = self.ctx.versions;
        let Some(edition) = self.edition else {
            let known = versions
                .all()
                .iter()
                .map(|e| (e.measure.version.clone(), e.measure.in_force_from))
                .collect();
            return Err(self.refuse(
                Reason::NotInForce { versions: known },
                format!("no known version of the measure was in force on {}; the registrar can record the act as done under an unknown rule (G14)", self.day),
                format!("{} 尚无已知的有效办法版本；可由登记员按“规则不明”入档（G14）", self.day),
            ));
        };
        let measure = &edition.measure;
        if measure.known_in_part && measure.rules(self.kind()).next().is_none() {
            let gaps: Vec<_> = measure.gaps.iter().map(|gap| gap.en.clone()).collect();
            return Err(self.refuse(
                Reason::RuleUnknown,
                format!("measure {} is known in part and its rule for {} is not known ({}); the registrar can record the act as done under an unknown rule (G14)", measure.version, self.kind().as_str(), gaps.join("; ")),
                format!("办法 {} 仅部分已知，其关于 {} 的规则不明；可由登记员按“规则不明”入档（G14）", measure.version, self.kind().as_str()),
            ));
        }
        Ok(edition)
    }

    fn check_office(&self, measure: &Measure) -> Result<(), Refusal> {
        let mut required: Vec<Office> = Vec::new();
        let mut article = "";
        for rule in measure.rules(self.kind()) {
            article = &rule.article;
            required.extend(&rule.by);
        }
        if article.is_empty() {
            return Err(self.refuse(
                Reason::NotPermitted {
                    stands_at: self.stands_at(),
                    allowed_from: vec![],
                    missing: vec![],
                },
                format!("measure {} knows no {}", measure.version, self.kind().as_str()),
                format!("办法 {} 没有 {} 这一行为", measure.version, self.kind().as_str()),
            ));
        }
        required.sort_unstable();
        required.dedup();
        if required.contains(&self.office) {
            return Ok(());
        }
        let names: Vec<_> = required.iter().map(|office| office.as_str()).collect();
        let en = format!(
            "{} is an act of {}, not of {}",
            self.kind().as_str(),
            names.join(" or "),
            self.office.as_str()
        );
        let zh = format!(
            "{} 由 {} 作出，{} 无权作出",
            self.kind().as_str(),
            names.join("、"),
            self.office.as_str()
        );
        Err(self.refuse(Reason::OfficeForbidden { required }, en, zh).under(article))
    }

    /// A local government acts for its own areas, a department in its province, a province for itself.
    pub(super) fn check_jurisdiction(&self) -> Result<(), Refusal> {
        if self.ctx.actor.office == Office::Registrar {
            return Ok(());
        }
        let registration = &self.ctx.subject.registration;
        let needed = match self.office {
            Office::NationalOffice | Office::Registrar | Office::Docket => return Ok(()),
            Office::ProvincialDepartment => {
                registration.province.as_ref().unwrap_or(&registration.id).as_str()
            }
            Office::Province | Office::LocalGovernment => registration.id.as_str(),
        };
        if self.ctx.actor.divisions.iter().any(|division| division == needed) {
            return Ok(());
        }
        let reason = Reason::JurisdictionForbidden { division: needed.to_owned() };
        Err(self.refuse(
            reason,
            format!(
                "this token acts for {}; {} needs one for {needed}",
                listed(&self.ctx.actor.divisions),
                registration.id
            ),
            format!(
                "该令牌的辖区为 {}；办理 {} 需要辖区 {needed}",
                listed(&self.ctx.actor.divisions),
                registration.id
            ),
        ))
    }

    /// The rule that covers where the enrollment stands, for this office. A founding act is also
    /// allowed where evidence already shows the phase that it enters (G9).
    fn rule<'m>(&self, measure: &'m Measure) -> Option<&'m ActRule> {
        let by_office = |rule: &&ActRule| rule.by.contains(&self.office);
        let node = self.state.node.as_ref();
        measure.rules(self.kind()).filter(by_office).find(|r| covered(&r.from, node)).or_else(
            || {
                measure.rules(self.kind()).filter(by_office).find(|rule| {
                    self.state.is_evidenced_only()
                        && rule.outcomes.values().any(|outcome| {
                            outcome.to.as_ref().map(Node::phase) == self.state.phase()
                                && outcome.to.as_ref().is_some_and(|to| to.step().is_none())
                        })
                })
            },
        )
    }

    pub(super) fn stands_at(&self) -> Option<Id> {
        self.state.node.as_ref().map(|node| Id::from(node.as_str()))
    }

    fn not_here(&self, measure: &Measure) -> Refusal {
        let allowed: Vec<Id> =
            measure.rules(self.kind()).flat_map(|rule| rule.from.iter().cloned()).collect();
        let article = measure.rules(self.kind()).next().map_or("", |rule| &rule.article);
        let stands = self.stands_at();
        let here = stands.as_deref().unwrap_or("none");
        let en = format!(
            "{} is allowed from {}; on {} the enrollment stands at {here}",
            self.kind().as_str(),
            allowed.join(", "),
            self.day
        );
        let zh = format!(
            "{} 须处于 {}；{} 当日处于 {here}",
            self.kind().as_str(),
            allowed.join("、"),
            self.day
        );
        let missing = vec![Id::from("standing")];
        let reason = Reason::NotPermitted { stands_at: stands, allowed_from: allowed, missing };
        self.refuse(reason, en, zh).under(article)
    }

    fn check_state(&self, rule: &ActRule) -> Result<(), Refusal> {
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

    fn outcome<'m>(&self, rule: &'m ActRule) -> Result<(&'m Id, &'m Outcome), Refusal> {
        if let Some(done) = rule.outcomes.get_key_value("done") {
            return Ok(done);
        }
        let given = match &self.request.act {
            Act::Approve(_) => self.state.applied.as_ref().and_then(|a| a.rank.clone()),
            Act::List(listing) => Some(listing.rank.clone()),
            Act::Evaluate(evaluation) => Some(evaluation.result.clone()),
            Act::Accept(check) => Some(check.result.clone()),
            Act::Review(review) => Some(review.result.clone()),
            _ => None,
        };
        let given = given.unwrap_or_default();
        rule.outcomes.get_key_value(given.as_str()).ok_or_else(|| {
            let known: Vec<_> = rule.outcomes.keys().map(Id::as_str).collect();
            self.refuse(
                Reason::NotPermitted {
                    stands_at: self.stands_at(),
                    allowed_from: rule.from.clone(),
                    missing: vec![Id::from("outcome")],
                },
                format!(
                    "{} has here the outcomes {}, not {given:?}",
                    self.kind().as_str(),
                    known.join(", ")
                ),
                format!(
                    "{} 在此的结果有 {}，没有 {given:?}",
                    self.kind().as_str(),
                    known.join("、")
                ),
            )
            .under(&rule.article)
        })
    }

    fn check_participation(&self, rule: &ActRule) -> Result<Vec<Finding>, Refusal> {
        let Some(condition) = &rule.participation else {
            return Ok(vec![]);
        };
        let shown = (self.ctx.standing_in)(&condition.program)
            .is_some_and(|standing| condition.phases.contains(&standing.phase));
        if shown {
            return Ok(vec![]);
        }
        let phases = condition.phases.join(", ");
        let text = Text {
            en: format!(
                "participation in {} ({phases}) is not shown on {}",
                condition.program, self.day
            ),
            zh: format!("{} 未见参加 {}（{phases}）", self.day, condition.program),
        };
        if condition.refuse {
            let reason = Reason::NotPermitted {
                stands_at: self.stands_at(),
                allowed_from: rule.from.clone(),
                missing: vec![Id::from("participation")],
            };
            return Err(self.refuse(reason, text.en, text.zh).under(&condition.article));
        }
        let code = Id::from("participation_not_shown");
        Ok(vec![Finding { code, text, article: condition.article.clone() }])
    }
}

fn listed(divisions: &[String]) -> String {
    if divisions.is_empty() { "no division".to_owned() } else { divisions.join(", ") }
}
