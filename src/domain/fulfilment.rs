//! Conditions held against a standing: when each holds, what is missing where it does not, and what can
//! bring it about (for the model check).

use super::act::{Act, ActKind};
use super::condition::Condition;
use super::date::{CivilDate, Day};
use super::ids::{Id, Text};
use super::measure::{ActRule, Measure, Names, Outcome};
use super::refusal::Called;
use super::state::{Duty, State};
use super::words::{self, Arithmetic, Member, OneOf, said};

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
            Self::NothingAwaits(matter) => !state.matters.contains_key(matter),
            Self::Silent(member) => act.is_some_and(|act| !act.says(member)),
            Self::Any(conditions) => conditions.iter().any(|one| one.holds(seen)),
        }
    }

    /// What is missing where it does not hold: what it asks for, and why that is not so.
    pub fn unmet(&self, seen: Seen<'_>, measure: &Measure) -> Text {
        let wanted = self.wanted(seen, measure);
        match self.because(seen.state) {
            Some(why) => said!(
                "needed: {wanted}; {why}",
                "须满足：{wanted}；{why}",
                wanted = wanted,
                why = why
            ),
            None => said!("needed: {wanted}", "须满足：{wanted}", wanted = wanted),
        }
    }

    /// Its code, called by what it asks for.
    pub fn called(&self, seen: Seen<'_>, measure: &Measure) -> Called {
        Called::new(self.code(), self.wanted(seen, measure))
    }

    /// What it asks for.
    fn wanted(&self, seen: Seen<'_>, measure: &Measure) -> Text {
        let duty = |id| words::quoted(measure.label_in(Names::Obligations, id));
        let matter = |id| words::quoted(measure.label_in(Names::Matters, id));
        match self {
            Self::TermOver => said!("the term is over", "期限已届满"),
            Self::TitleOver => said!("the title's term is over", "称号有效期已届满"),
            Self::PlanOnRecord(true) => said!("a plan is on record", "建设方案已入档"),
            Self::PlanOnRecord(false) => said!("no plan is on record", "建设方案尚未入档"),
            Self::DutyOpen(id) => said!("{duty} is owed", "{duty}待履行", duty = duty(id)),
            Self::DutyMet(id) => said!("{duty} is done", "{duty}已履行", duty = duty(id)),
            Self::DutyPast(id) => {
                let due = newest(seen.state, id).and_then(|duty| duty.due.as_ref());
                match due {
                    Some(due) => said!(
                        "the day set for {duty}, {due}, has passed",
                        "{duty}的期限（{due}）已届满",
                        due = due.on,
                        duty = duty(id)
                    ),
                    None => said!(
                        "a day set for {duty} has passed",
                        "{duty}的期限已届满",
                        duty = duty(id)
                    ),
                }
            }
            Self::LastResult { of, r#in } => said!(
                "the last result of {act} on record is {results}",
                "入档的最近一次{act}结果为{results}",
                act = of,
                results = results(measure, r#in)
            ),
            Self::NothingAwaits(id) => {
                said!("no {matter} awaits a decision", "没有待决的{matter}", matter = matter(id))
            }
            Self::Awaits(id) => {
                said!("{matter} awaits a decision", "有待决的{matter}", matter = matter(id))
            }
            Self::Silent(member) => {
                said!("{member} is left out", "未填写{member}", member = Member(member))
            }
            Self::Any(conditions) => said!(
                "one of these: {wanted}",
                "下列之一：{wanted}",
                wanted = either(conditions, seen, measure)
            ),
        }
    }

    /// Why it does not hold, where the standing says more than that.
    fn because(&self, state: &State) -> Option<Text> {
        match self {
            Self::TermOver => Some(match &state.term {
                Some(term) => said!(
                    "the term ends on {until} ({arithmetic}), and this opens the day after",
                    "期限于{until}届满（{arithmetic}），次日起方可办理",
                    until = term.until,
                    arithmetic = Arithmetic(&term.arithmetic)
                ),
                None => said!("no term is on record", "没有记录期限"),
            }),
            Self::TitleOver => Some(match title_end(state) {
                Some(until) => said!(
                    "the title is effective until {until}, and this opens the day after",
                    "称号有效期至{until}，次日起方可办理",
                    until = until
                ),
                None => said!("no title with a term is held", "没有持有有期限的称号"),
            }),
            Self::PlanOnRecord(false) => Some(said!(
                "the one on record is changed by an amendment",
                "已入档的方案如需变更，请提交方案修改"
            )),
            Self::NothingAwaits(id) => state.matters.get(id).map(|open| {
                said!("one does since {since}", "自{since}起已有一件待决", since = open.since)
            }),
            Self::PlanOnRecord(true)
            | Self::DutyOpen(_)
            | Self::DutyMet(_)
            | Self::DutyPast(_)
            | Self::LastResult { .. }
            | Self::Awaits(_)
            | Self::Silent(_)
            | Self::Any(_) => None,
        }
    }

    /// Whether an outcome of an act can bring it about; what nothing has to bring about is `None`.
    pub fn is_brought_about(&self, rule: &ActRule, id: &Id, outcome: &Outcome) -> Option<bool> {
        match self {
            Self::PlanOnRecord(false) | Self::NothingAwaits(_) | Self::Silent(_) => None,
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

fn results(measure: &Measure, ids: &[Id]) -> OneOf<Text> {
    OneOf(ids.iter().map(|id| words::quoted(measure.label_in(Names::Outcomes, id))).collect())
}

fn either(conditions: &[Condition], seen: Seen<'_>, measure: &Measure) -> Text {
    let wanted: Vec<Text> = conditions.iter().map(|one| one.wanted(seen, measure)).collect();
    words::both(|language| {
        let wanted: Vec<&str> = wanted.iter().map(|text| text.get(language)).collect();
        wanted.join(words::pick(language, "; or ", "；或"))
    })
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
