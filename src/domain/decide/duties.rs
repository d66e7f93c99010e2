//! What becomes due by an act and what is met by it: each due date with its rule and arithmetic.

use super::Deciding;
use crate::domain::act::Act;
use crate::domain::date::{CivilDate, Day};
use crate::domain::event::{Due, DutyMet, DutyOpened, Effects, Finding, Series, TitleEffect};
use crate::domain::ids::Id;
use crate::domain::measure::{ActRule, DueRule, Effect, Measure, ObligationRule, Outcome};
use crate::domain::period::Yearly;
use crate::domain::refusal::{Reason, Refusal, field};
use crate::domain::state::Duty;
use crate::domain::words::said;

impl Deciding<'_> {
    #[expect(clippy::wildcard_enum_match_arm, reason = "only two acts set rectification")]
    fn rectify_by(&self) -> Option<Day> {
        match &self.request.act {
            Act::Accept(check) => check.rectify_by,
            Act::Review(review) => review.rectify_by,
            _ => None,
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "of other acts it is that of rectification")]
    fn stated_day(&self) -> Option<Day> {
        match &self.request.act {
            Act::StateProject(project) => Some(project.due_on),
            _ => self.rectify_by(),
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
        for rule in opens.iter().filter_map(|id| measure.obligation(id)) {
            let duty = self.duty(rule, effects, start, measure.in_force_from);
            effects.opens.push(duty);
        }
    }

    fn duty(
        &self,
        rule: &ObligationRule,
        effects: &Effects,
        start: CivilDate,
        governs: CivilDate,
    ) -> DutyOpened {
        let mut duty = DutyOpened {
            obligation: rule.id.clone(),
            owes: rule.owes,
            with: rule.with.clone(),
            receivers: rule.receivers.clone(),
            each: rule.each,
            uncertain: self.is_uncertain(rule, start),
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
                duty.open_from = day_after_end(effects).unwrap_or(start);
            }
            DueRule::Undated => {}
            DueRule::By(_) => duty.due = rule.due.by(start, self.kind.event_type()),
            DueRule::Every { on, during } => {
                duty.series = Some(series(*on, during, start, governs));
            }
        }
        duty
    }

    /// The obligations that the act meets. What the measure lays by itself is met there, and where
    /// several of a kind are open, that of the event which the act names.
    pub(super) fn duties_met(
        &self,
        measure: &Measure,
        rule: &ActRule,
        outcome: &Outcome,
        findings: &mut Vec<Finding>,
    ) -> Result<Vec<DutyMet>, Refusal> {
        let named = self.request.act.follows().map(|follows| follows.revision);
        let mut met = Vec::new();
        for id in rule.meets.iter().chain(&outcome.meets) {
            let obligation = id.clone();
            if measure.obligation(id).is_some_and(|rule| rule.each) {
                let owed = |duty: &&Duty| duty.obligation == *id && Some(duty.opened_by) == named;
                let mut duties = self.state.duties.iter().map(|duty| &**duty);
                let owed = duties.find(owed).filter(|duty| duty.met.is_empty());
                met.extend(owed.map(|duty| DutyMet {
                    obligation,
                    due_year: None,
                    opened_by: Some(duty.opened_by),
                }));
                continue;
            }
            let Some(duty) = self.state.open_duty(id) else {
                if measure.lays(id) {
                    met.push(DutyMet { obligation, due_year: None, opened_by: None });
                }
                continue;
            };
            let due_year = match (&duty.series, &self.request.act) {
                (None, _) => None,
                (Some(series), Act::SubmitReport(report)) => {
                    match self.reported_year(duty, series, report.year) {
                        Ok(due_year) => Some(due_year),
                        Err(refusal) => {
                            self.missed(refusal, findings)?;
                            continue;
                        }
                    }
                }
                (Some(_), _) => continue,
            };
            met.push(DutyMet { obligation, due_year, opened_by: None });
        }
        Ok(met)
    }

    /// The year of the due date that a report meets: the one after the year reported.
    fn reported_year(&self, duty: &Duty, series: &Series, year: i32) -> Result<i32, Refusal> {
        let due_year = year + 1;
        let first = series.first_due.year();
        if due_year < first {
            let text = said!(
                "no report on {year} is due: the first is on {first}, due by {due}",
                "无须报送{year}年度报告：首份为{first}年度，不晚于{due}报送",
                year = year,
                first = first - 1,
                due = series.first_due
            );
            return Err(self.invalid(vec![field("/year", text)]).under(&duty.article));
        }
        if let Some(met) = duty.met.get(&due_year) {
            let text = said!(
                "the report on {year} is on record since {on} (revision {by}); mend a wrong one by a correction",
                "{year}年度报告已于{on}入档（修订号{by}）；有误请用更正",
                year = year,
                on = met.on,
                by = met.by
            );
            let reason = Reason::AlreadyDecided { revision: met.by, by: None };
            return Err(self.refuse(reason, text).under(&duty.article));
        }
        Ok(due_year)
    }

    /// For an outcome that sets a day for rectification: that the day is given and lies ahead.
    pub(super) fn check_rectify_by(
        &self,
        effect: Effect,
        article: &str,
        findings: &mut Vec<Finding>,
    ) -> Result<(), Refusal> {
        let text = match self.rectify_by() {
            Some(day) if effect != Effect::RectifyWithin => said!(
                "{day} is given, but this outcome sets no rectification",
                "填写了{day}，但该结果不要求整改",
                day = day
            ),
            Some(day) if self.on.earliest().is_some_and(|earliest| day < earliest) => {
                said!("{day} lies before the decision itself", "{day}早于该决定", day = day)
            }
            None if effect == Effect::RectifyWithin => said!(
                "an unqualified result sets the day by which rectification is due",
                "不合格的，须确定整改期限"
            ),
            Some(_) | None => return Ok(()),
        };
        let refusal = self.invalid(vec![field("/rectify_by", text)]).under(article);
        self.missed(refusal, findings)
    }
}

/// A series from a date on: due first in the year after the earliest that it can be, owed for certain
/// from the year after its latest.
fn series(every: Yearly, during: &[Id], start: CivilDate, governs: CivilDate) -> Series {
    let year_after = |day: Day| every.in_year(day.year() + 1);
    let certain = year_after(start.latest());
    let earliest = start.earliest().max(governs.earliest()).unwrap_or(start.latest());
    let first_due = year_after(earliest).min(certain);
    let certain_from = Some(certain).filter(|certain| *certain > first_due);
    Series { first_due, certain_from, every, during: during.to_vec() }
}

/// The day after the end of the title or the term that the effects set.
fn day_after_end(effects: &Effects) -> Option<CivilDate> {
    let until = match &effects.title {
        Some(TitleEffect::Granted(title)) => title.until,
        Some(TitleEffect::Kept { until }) => *until,
        Some(TitleEffect::Cancelled) | None => None,
    };
    let until = until.or(effects.term.as_ref().map(|term| term.until))?;
    let earliest = until.earliest().unwrap_or(until.latest()).next();
    Some(CivilDate::interval(earliest, until.latest().next()))
}
