//! What is found and recorded though it refuses nothing: participation elsewhere that is not shown,
//! a plan that is not on record, dates less sharp than a rule would need.

use super::Deciding;
use crate::domain::act::{Act, ActKind};
use crate::domain::event::{Effects, Finding};
use crate::domain::fulfilment::Seen;
use crate::domain::ids::EventRef;
use crate::domain::measure::{ActRule, Measure};
use crate::domain::words::said;

impl Deciding<'_> {
    /// The finding where participation in another program is not shown (P17), and the event by
    /// which the subject stands there, since the decision rests on it.
    pub(super) fn participation(&self, rule: &ActRule) -> (Option<Finding>, Option<EventRef>) {
        let Some(condition) = &rule.participation else { return (None, None) };
        let standing = (self.ctx.standing_in)(&condition.program);
        let shown = standing.as_ref().is_some_and(|s| condition.phases.contains(&s.phase));
        let by = standing.map(|standing| standing.by);
        let text = said!(
            "participation in the program that the article names is not shown on {day}",
            "{day}未见参加条款所指的项目",
            day = self.day
        );
        let found = Finding::new("participation_not_shown", text, &condition.article);
        ((!shown).then(|| found.read(&condition.reading)), by)
    }

    /// The finding where what the act presupposes was not done for the program as a whole (P19), or
    /// the event by which it was.
    pub(super) fn presupposed(&self, rule: &ActRule) -> (Option<Finding>, Option<EventRef>) {
        let Some(presupposed) = &rule.presupposes else { return (None, None) };
        match (self.ctx.met_for_whole)(&presupposed.obligation) {
            Some(met) => (None, Some(met)),
            None => {
                let (code, text) = (&presupposed.code, presupposed.text.clone());
                (Some(Finding::new(code, text, &presupposed.article)), None)
            }
        }
    }

    /// What the rule says is found where its condition holds.
    pub(super) fn stated_findings(&self, rule: &ActRule, findings: &mut Vec<Finding>) {
        let seen = Seen { state: self.state, day: self.day, act: Some(&self.request.act) };
        let found = rule.findings.iter().filter(|finding| finding.when.holds(seen));
        findings.extend(found.map(|rule| {
            Finding::new(&rule.code, rule.text.clone(), &rule.article).read(&rule.reading)
        }));
    }

    /// For an acceptance: that no plan was on record to measure against, or that the version it measured
    /// against had been superseded (C12).
    pub(super) fn plan_measured_against(&self, measure: &Measure) -> Option<Finding> {
        let Act::Accept(check) = &self.request.act else {
            return None;
        };
        if self.state.plan_versions.is_empty() {
            let text = said!(
                "no plan was on record that it could measure against",
                "记录中没有可对照的建设方案"
            );
            let article = measure.acceptance_contents.first().map_or("", |c| c.article.as_str());
            return Some(Finding::new("no_plan_on_record", text, article));
        }
        let amending = measure.rules(ActKind::AcceptAmendment).next();
        let (against, newest) = (check.plan_version? as usize, self.state.plan_versions.len());
        (against < newest).then(|| {
            let text = said!(
                "measured against version {against} of the plan, which version {newest} had superseded by {day}",
                "所依据的是建设方案第{against}版，至{day}已被第{newest}版取代",
                against = against,
                newest = newest,
                day = self.day
            );
            let article = amending.map_or("", |rule| &rule.article);
            Finding::new("plan_version_superseded", text, article)
        })
    }

    /// Findings on dates that are less sharp than a rule would need.
    pub(super) fn date_findings(&self, effects: &Effects) -> Vec<Finding> {
        let on = self.on;
        let mut findings = Vec::new();
        let versions = self.ctx.versions;
        let earlier = on.earliest().and_then(|day| versions.in_force(day));
        if let (Some(earlier), Some(now)) = (earlier, self.edition)
            && earlier.measure.version != now.measure.version
        {
            let text = said!(
                "judged by {now}, in force on {day}; {earlier} was in force on an earlier day of {on}",
                "按{day}有效的{now}判断；{on}中较早时有效的是{earlier}",
                now = now.measure.cited(),
                day = self.day,
                earlier = earlier.measure.cited(),
                on = on
            );
            let article = &earlier.measure.in_force_article;
            findings.push(Finding::new("another_version_in_force", text, article));
        }
        let yearly = effects.opens.iter().any(|duty| duty.series.is_some());
        let one_year = on.earliest().is_some_and(|day| day.year() == on.latest().year());
        if yearly && !one_year {
            let text = said!(
                "{on} spans more than one year; what is due every year is accepted from its earliest year on, and owed for certain from its latest",
                "{on}跨年；年度事项自其最早年份起可以办理，自其最晚年份起确定应当履行",
                on = on
            );
            findings.push(Finding::new("ambiguous_year", text, "G11"));
        }
        findings
    }
}
