//! Conditions held against a standing: when each holds, what is missing where it does not, and what can
//! bring it about (for the model check).

use super::act::{Act, ActKind};
use super::condition::Condition;
use super::date::{CivilDate, Day};
use super::ids::{Id, Language, Text};
use super::measure::{ActRule, Measure, Outcome};
use super::state::{Duty, State};
use super::words;

/// What a condition is held against.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// The standing.
    pub state: &'a State,
    /// The day.
    pub day: Day,
    /// The act, where one is at hand: before that nothing is said of its content.
    pub act: Option<&'a Act>,
}

impl Condition {
    /// Whether it holds. Only what certainly does not is denied (G11); where evidence alone shows the
    /// standing, what came before it is not in the record and is not held against it (G10).
    pub fn holds(&self, seen: Seen<'_>) -> bool {
        let Seen { state, day, act } = seen;
        match self {
            Self::TermOver => {
                state.term.as_ref().is_some_and(|term| may_have_passed(&term.until, day))
            }
            Self::TitleOver => title_end(state).is_some_and(|until| may_have_passed(&until, day)),
            Self::PlanOnRecord(wanted) => state.plan_versions.is_empty() != *wanted,
            Self::DutyOpen(id) => state.open_duty(id).is_some(),
            Self::DutyMet(id) => newest(state, id).is_some_and(|duty| !duty.met.is_empty()),
            Self::DutyPast(id) => newest(state, id)
                .and_then(|duty| duty.due.as_ref())
                .is_some_and(|due| may_have_passed(&due.on, day)),
            Self::LastResult { of, r#in } => match state.last_result(*of) {
                Some(last) => r#in.contains(&last.result),
                None => state.is_evidenced_only() && state.title.is_some(),
            },
            Self::Awaits(matter) => state.matters.contains_key(matter),
            Self::Silent(member) => act.is_some_and(|act| !act.says(member)),
            Self::Any(conditions) => conditions.iter().any(|one| one.holds(seen)),
        }
    }

    /// What is missing where it does not hold, and since when or until when.
    pub fn unmet(&self, seen: Seen<'_>, measure: &Measure) -> Text {
        match self {
            Self::TermOver => term_not_over(seen.state),
            Self::TitleOver => title_not_over(seen.state),
            Self::PlanOnRecord(true) => text("no plan is on record", "没有记录建设方案"),
            Self::PlanOnRecord(false) => text(
                "a plan is on record already; change it by an amendment",
                "建设方案已入档；如需变更，请提交方案修改",
            ),
            Self::DutyOpen(id) => {
                let label = measure.obligation_label(id);
                text(format!("not owed: {}", label.en), format!("没有待履行的义务：{}", label.zh))
            }
            Self::DutyMet(id) => {
                let label = measure.obligation_label(id);
                text(format!("not done yet: {}", label.en), format!("尚未履行：{}", label.zh))
            }
            Self::DutyPast(id) => not_past(&measure.obligation_label(id), newest(seen.state, id)),
            Self::LastResult { of, r#in } => {
                let names: Vec<Text> = r#in.iter().map(|id| measure.outcome_label(id)).collect();
                let en: Vec<&str> = names.iter().map(|name| name.en.as_str()).collect();
                let zh: Vec<&str> = names.iter().map(|name| name.zh.as_str()).collect();
                let act = of.as_str();
                text(
                    format!("no result {} of {act} is on record", en.join(" or ")),
                    format!("没有“{}”结果为{}的记录", words::act_zh(*of), zh.join("或")),
                )
            }
            Self::Awaits(matter) => {
                let label = measure.matter_label(matter);
                text(
                    format!("nothing awaits a decision: {}", label.en),
                    format!("没有待决事项：{}", label.zh),
                )
            }
            Self::Silent(member) => text(
                format!("{member} is stated"),
                format!("已填写{}", words::member(member).unwrap_or_default()),
            ),
            Self::Any(conditions) => {
                let all: Vec<Text> =
                    conditions.iter().map(|one| one.unmet(seen, measure)).collect();
                let en: Vec<&str> = all.iter().map(|one| one.en.as_str()).collect();
                let zh: Vec<&str> = all.iter().map(|one| one.zh.as_str()).collect();
                text(format!("one of these is needed: {}", en.join("; or ")), zh.join("；或"))
            }
        }
    }

    /// Whether an outcome of an act can bring it about; what nothing has to bring about is `None`.
    pub fn is_brought_about(&self, rule: &ActRule, id: &Id, outcome: &Outcome) -> Option<bool> {
        match self {
            Self::PlanOnRecord(false) | Self::Silent(_) => None,
            Self::TermOver => Some(outcome.term.is_some()),
            Self::TitleOver => Some(outcome.title_term.is_some()),
            Self::PlanOnRecord(true) => Some(rule.act == ActKind::SubmitPlan),
            Self::DutyOpen(duty) | Self::DutyPast(duty) => Some(outcome.opens.contains(duty)),
            Self::DutyMet(duty) => Some(rule.meets.contains(duty) || outcome.meets.contains(duty)),
            Self::LastResult { of, r#in } => Some(rule.act == *of && r#in.contains(id)),
            Self::Awaits(matter) => Some(rule.opens.as_ref() == Some(matter)),
            Self::Any(conditions) => conditions.iter().try_fold(false, |found, one| {
                one.is_brought_about(rule, id, outcome).map(|brings| found || brings)
            }),
        }
    }
}

fn text(en: impl Into<String>, zh: impl Into<String>) -> Text {
    Text { en: en.into(), zh: zh.into() }
}

fn term_not_over(state: &State) -> Text {
    let Some(term) = &state.term else { return text("no term is on record", "没有记录期限") };
    let (until, arithmetic) = (term.until, &term.arithmetic);
    text(
        format!("the term ends on {until} ({arithmetic}); this opens the day after"),
        format!(
            "期限于{}届满（{}），次日起方可办理",
            words::zh(until),
            words::arithmetic(arithmetic, Language::Zh)
        ),
    )
}

fn title_not_over(state: &State) -> Text {
    match title_end(state) {
        Some(until) => text(
            format!("the title is effective until {until}; this opens the day after"),
            format!("称号有效期至{}，次日起方可办理", words::zh(until)),
        ),
        None => text("no title with a term is held", "没有持有有期限的称号"),
    }
}

fn not_past(label: &Text, duty: Option<&Duty>) -> Text {
    match duty.and_then(|duty| duty.due.as_ref()) {
        Some(due) => text(
            format!("{} is due on {}, which has not passed", label.en, due.on),
            format!("{}的期限（{}）尚未届满", label.zh, words::zh(due.on)),
        ),
        None => text(format!("no day is set: {}", label.en), format!("未定期限：{}", label.zh)),
    }
}

/// The newest obligation of an id, met or not.
fn newest<'s>(state: &'s State, id: &str) -> Option<&'s Duty> {
    state.duties.iter().rev().map(|duty| &**duty).find(|duty| duty.obligation == id)
}

fn title_end(state: &State) -> Option<CivilDate> {
    state.title.as_ref().and_then(|title| title.until)
}

/// Whether a last day may have passed by `day`: only what certainly has not is refused (G11).
fn may_have_passed(until: &CivilDate, day: Day) -> bool {
    until.earliest().is_none_or(|earliest| earliest < day)
}
