//! What follows from an allowed act: phase, title, term, obligations with their arithmetic, places.

use std::sync::Arc;

use super::{Deciding, Decision, PlaceWanted};
use crate::domain::act::{Act, KeptSince};
use crate::domain::date::{CivilDate, Day};
use crate::domain::event::{
    AppliedFor, Due, DutyMet, DutyOpened, Effects, Fact, Finding, Ground, PlaceEffect,
    ResultRecorded, Series, Term, Title, TitleEffect,
};
use crate::domain::ids::{Id, Provenance};
use crate::domain::measure::{ActRule, DueRule, Edition, Effect, Measure, Outcome};
use crate::domain::refusal::{Reason, Refusal, field};
use crate::domain::state::Duty;
use crate::domain::text::Said;

impl Deciding<'_> {
    pub(super) fn decision(
        &self,
        edition: &Arc<Edition>,
        rule: &ActRule,
        (_, outcome): (&Id, &Outcome),
        mut findings: Vec<Finding>,
    ) -> Result<Decision, Refusal> {
        let measure = &edition.measure;
        let article = outcome.article.as_deref().unwrap_or(&rule.article);
        let mut effects = self.common_effects();
        effects.ground = Ground {
            from: rule.from.clone(),
            needs: rule.needs.iter().copied().filter(|need| !is_of_time(*need)).collect(),
            decides: rule.decides,
        };
        if self.is_founding(rule) {
            effects.ground.needs.clear();
            effects.ground.decides = None;
        }
        effects.enters.clone_from(&outcome.to);
        effects.waives_later = outcome.waives_later;
        effects.ends.clone_from(&outcome.ends);
        effects.opens_matter = rule.opens;
        effects.closes_matter = rule.decides.or(rule.answers);
        self.content_effects(&mut effects);
        let rectify_by = self.stated_day();
        self.rectify_by(outcome.effect, rectify_by, article)?;
        if let Some(period) = outcome.term {
            let from = self.on;
            effects.term = Some(term(from, period, article));
        }
        effects.title = self.title_effect(outcome, article);
        self.duties_opened(measure, &outcome.opens, &mut effects, self.on);
        effects.meets = self.duties_met(rule)?;
        let place = self.place(measure, outcome, &mut effects);
        findings.extend(self.date_findings(&effects));
        let mut decision = self.plain_decision(effects, findings);
        decision.article = Some(article.to_owned());
        decision.place = place;
        Ok(decision)
    }

    /// A decision with what every decision has: measure, grounds, office.
    pub(super) fn plain_decision(&self, effects: Effects, findings: Vec<Finding>) -> Decision {
        let common = &self.request.common;
        let earlier =
            common.effective_on.earliest().and_then(|day| self.ctx.versions.in_force(day));
        let version = self.edition.map(|edition| edition.measure.version.clone());
        let also = match earlier {
            Some(edition) if Some(&edition.measure.version) != version.as_ref() => {
                Some(edition.measure.version.clone())
            }
            _ => None,
        };
        let mut grounds: Vec<u64> = self.state.node_by.into_iter().collect();
        if let Some(matter) = effects.closes_matter.and_then(|m| self.state.matters.get(&m)) {
            grounds.push(matter.by);
        }
        if let Act::Inspect(inspection) = &self.request.act {
            grounds.extend(inspection.follows.as_ref().map(|follows| follows.revision));
        }
        grounds.sort_unstable();
        grounds.dedup();
        Decision {
            fact: Fact {
                act: self.request.act.clone().into(),
                document: common.document.clone(),
                materials: common.materials.clone(),
                over_limit: common.over_limit.clone(),
                effects,
                findings,
                mended: None,
                unsettles: Vec::new(),
            },
            office: self.office,
            article: None,
            measure: version,
            measure_also: also,
            edition: self.edition.map(|edition| Id::from(edition.digest.as_str())),
            grounds,
            rests_on: Vec::new(),
            provenance: Provenance::Recorded,
            place: None,
        }
    }

    /// What every act does: the first one opens the record (G10).
    pub(super) fn common_effects(&self) -> Effects {
        let opens_record = (self.state.kept_since.is_none()).then(|| self.kept_since());
        Effects { opens_record, ..Effects::default() }
    }

    fn kept_since(&self) -> KeptSince {
        let common = &self.request.common;
        if let Some(stated) = &common.kept_since {
            return stated.clone();
        }
        let own_act = common.archive.is_none()
            && self.ctx.actor.office != crate::domain::ids::Office::Registrar;
        if own_act {
            let reason = Said::literal("the effective day of the opening act");
            KeptSince { day: self.day, reason }
        } else {
            let reason = Said::literal("the day of recording");
            KeptSince { day: self.ctx.now.civil_day(), reason }
        }
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "most acts have the effects of their outcome alone"
    )]
    fn content_effects(&self, effects: &mut Effects) {
        let result = |result: &Id| Some(ResultRecorded { of: self.kind, result: result.clone() });
        match &self.request.act {
            Act::Apply(application) => {
                effects.begins_attempt = true;
                effects.applies = Some(AppliedFor {
                    category: application.category.clone(),
                    rank: application.rank.clone(),
                    applicant_kind: application.applicant_kind.clone(),
                });
            }
            Act::Approve(_) => {
                effects.category = self.state.applied.as_ref().and_then(|a| a.category.clone());
                // A founding act has no application on record; evidence shows the category.
                effects.category = effects.category.take().or_else(|| self.state.category.clone());
            }
            Act::RequestAdjustment(request) => {
                effects.asks_category = Some(request.category.clone());
            }
            Act::SubmitPlan(_) | Act::AcceptAmendment(_) => effects.new_plan_version = true,
            Act::Evaluate(evaluation) => effects.result = result(&evaluation.result),
            Act::Accept(check) => effects.result = result(&check.result),
            Act::Review(review) => effects.result = result(&review.result),
            _ => {}
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "only two acts set a day")]
    fn stated_day(&self) -> Option<Day> {
        match &self.request.act {
            Act::Accept(check) => check.rectify_by,
            Act::Review(review) => review.rectify_by,
            _ => None,
        }
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "only a confirmation dates the title otherwise"
    )]
    fn title_effect(&self, outcome: &Outcome, article: &str) -> Option<TitleEffect> {
        let on = match &self.request.act {
            Act::Confirm(confirmation) => confirmation.title_from,
            _ => self.on,
        };
        let until = outcome.title_term.map(|period| period.add_to(&on));
        match outcome.effect {
            Effect::Confirm => outcome.title.as_ref().map(|title| {
                let title = title.clone();
                TitleEffect::Granted(Title { title, from: on, until, article: article.to_owned() })
            }),
            Effect::KeepTitle => Some(TitleEffect::Kept { until }),
            Effect::CancelTitle => Some(TitleEffect::Cancelled),
            Effect::Conclude => self.state.title.as_ref().map(|_| TitleEffect::Cancelled),
            Effect::Advance
            | Effect::Stay
            | Effect::RectifyWithin
            | Effect::AdjustOrExit
            | Effect::None => None,
        }
    }

    /// The obligations that arise from `start`, each due date with rule and arithmetic.
    pub(super) fn duties_opened(
        &self,
        measure: &Measure,
        opens: &[Id],
        effects: &mut Effects,
        start: CivilDate,
    ) {
        for id in opens {
            let Some(rule) = measure.obligation(id) else {
                continue;
            };
            let mut duty = DutyOpened {
                obligation: rule.id.clone(),
                owes: rule.owes,
                article: rule.article.clone(),
                open_from: start,
                due: None,
                after_end: false,
                series: None,
            };
            let due = |on: CivilDate, rule: String, arithmetic: String| Due {
                on,
                start_event: Id::from(self.kind.event_type()),
                start,
                rule: Id::from(rule),
                arithmetic,
            };
            match &rule.due {
                DueRule::After(period) => {
                    let on = period.add_to(&start);
                    duty.due = Some(due(on, period.to_string(), period.arithmetic(&start)));
                }
                DueRule::Stated => {
                    if let Some(day) = self.stated_day() {
                        let arithmetic = format!("{day}, as the decision states");
                        duty.due = Some(due(CivilDate::from(day), "stated".to_owned(), arithmetic));
                    }
                }
                DueRule::AfterEnd => {
                    duty.after_end = true;
                    duty.open_from = self.day_after_end(effects).unwrap_or(start);
                }
                DueRule::Undated => {}
                DueRule::Every { on, during } => {
                    let first_due = on.in_year(start.latest().year() + 1);
                    let (every, during) = (*on, during.clone());
                    duty.series = Some(Series { first_due, every, during });
                }
            }
            effects.opens.push(duty);
        }
    }

    /// The day after the end of the title or the term that the effects set.
    fn day_after_end(&self, effects: &Effects) -> Option<CivilDate> {
        let until = match &effects.title {
            Some(TitleEffect::Granted(title)) => title.until,
            Some(TitleEffect::Kept { until }) => *until,
            Some(TitleEffect::Cancelled) | None => None,
        };
        let until = until.or(effects.term.as_ref().map(|term| term.until))?;
        let earliest = until.earliest().unwrap_or(until.latest()).next();
        Some(CivilDate::interval(earliest, until.latest().next()))
    }

    fn duties_met(&self, rule: &ActRule) -> Result<Vec<DutyMet>, Refusal> {
        let mut met = Vec::new();
        for id in &rule.meets {
            let Some(duty) = self.state.open_duty(id) else {
                continue;
            };
            let due_year = match &duty.series {
                None => None,
                Some(series) => {
                    let Act::SubmitReport(report) = &self.request.act else {
                        continue;
                    };
                    Some(self.reported_year(duty, series, report.year)?)
                }
            };
            met.push(DutyMet { obligation: id.clone(), due_year });
        }
        Ok(met)
    }

    fn reported_year(&self, duty: &Duty, series: &Series, year: i32) -> Result<i32, Refusal> {
        let due_year = year + 1;
        let first = series.first_due.year();
        if due_year < first {
            return Err(self
                .invalid(vec![field(
                    "/year",
                    format!(
                        "no report on {year} is due: the first is on {}, due on {}",
                        first - 1,
                        series.first_due
                    ),
                    format!(
                        "无须报送 {year} 年度报告：首份为 {} 年度，{} 前报送",
                        first - 1,
                        series.first_due
                    ),
                )])
                .under(&duty.article));
        }
        if let Some(met) = duty.met.get(&due_year) {
            return Err(self
                .refuse(
                    Reason::AlreadyDecided { by: None },
                    format!("the report on {year} is on record since {} (revision {}); mend a wrong one by a correction", met.on, met.by),
                    format!("{year} 年度报告已于 {} 入档（修订号 {}）；有误请用更正", met.on, met.by),
                )
                .under(&duty.article));
        }
        Ok(due_year)
    }

    fn place(
        &self,
        measure: &Measure,
        outcome: &Outcome,
        effects: &mut Effects,
    ) -> Option<PlaceWanted> {
        if outcome.recategorises {
            let matter = effects.closes_matter.and_then(|m| self.state.matters.get(&m));
            effects.category = matter.and_then(|matter| matter.category.clone());
        }
        if outcome.frees_place {
            effects.place = self.state.place.as_ref().map(|_| PlaceEffect::Frees);
        }
        if !outcome.takes_place {
            return None;
        }
        let category = effects.category.clone().or_else(|| self.state.category.clone())?;
        effects.place = Some(PlaceEffect::Takes { category: category.clone() });
        if self.state.place.as_ref().is_some_and(|held| held.category == category) {
            return None;
        }
        let quota = measure.category(&category)?.quota.as_ref()?;
        let (limit, soft, article) = (quota.limit, quota.soft, quota.article.clone());
        Some(PlaceWanted { category, limit, soft, article })
    }
}

/// A term of a period from a date.
pub(super) fn term(from: CivilDate, period: crate::domain::period::Period, article: &str) -> Term {
    let until = period.add_to(&from);
    Term { from, until, arithmetic: period.arithmetic(&from), article: article.to_owned() }
}

/// Conditions of time are judged when the act is decided; a correction that moves a date lists
/// what rested on it instead of taking its ground.
fn is_of_time(need: crate::domain::measure::Need) -> bool {
    use crate::domain::measure::Need;
    match need {
        Need::TermOver | Need::TitleOver => true,
        Need::PlanOnRecord
        | Need::NoPlanOnRecord
        | Need::AcceptedBefore
        | Need::RectificationOpen
        | Need::SchemeOwed => false,
    }
}
