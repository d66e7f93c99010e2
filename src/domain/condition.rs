//! Conditions that a measure puts on a standing: a closed set of kinds, each with its parameters.
//!
//! What must hold: a kind is one variant here, with when it holds, what it says where it does not, and
//! what can bring it about (for the model check). Which of them apply, to what, is the measure's.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::act::{Act, ActKind};
use super::date::{CivilDate, Day};
use super::ids::{Id, Language, Text};
use super::measure::{ActRule, Measure, Outcome};
use super::state::{Duty, State};
use super::words;

/// A condition on a standing.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// The term's last day has passed.
    TermOver,
    /// The title's last day has passed.
    TitleOver,
    /// Whether a plan is on record.
    PlanOnRecord(bool),
    /// An obligation of this id is owed and not met.
    DutyOpen(Id),
    /// The newest obligation of this id was met.
    DutyMet(Id),
    /// The due date of the newest obligation of this id has passed.
    DutyPast(Id),
    /// The last result of an act is one of these.
    LastResult {
        /// The act.
        of: ActKind,
        /// The results.
        r#in: Vec<Id>,
    },
    /// Something of this kind awaits its decision.
    Awaits(Id),
    /// The act itself leaves this member of its content out.
    Silent(Id),
    /// One of these holds.
    Any(Vec<Condition>),
}

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

    /// Whether it is one of time: judged when the act is decided. A correction that moves a date lists
    /// what rested on it instead of taking its ground.
    pub fn is_of_time(&self) -> bool {
        match self {
            Self::TermOver | Self::TitleOver | Self::DutyPast(_) => true,
            Self::Any(conditions) => conditions.iter().any(Self::is_of_time),
            Self::PlanOnRecord(_)
            | Self::DutyOpen(_)
            | Self::DutyMet(_)
            | Self::LastResult { .. }
            | Self::Awaits(_)
            | Self::Silent(_) => false,
        }
    }

    /// The name of its kind, for programs that read a refusal.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TermOver => "term_over",
            Self::TitleOver => "title_over",
            Self::PlanOnRecord(true) => "plan_on_record",
            Self::PlanOnRecord(false) => "no_plan_on_record",
            Self::DutyOpen(_) => "duty_open",
            Self::DutyMet(_) => "duty_met",
            Self::DutyPast(_) => "duty_past",
            Self::LastResult { .. } => "last_result",
            Self::Awaits(_) => "awaits",
            Self::Silent(_) => "silent",
            Self::Any(_) => "any",
        }
    }

    /// What is missing where it does not hold, and since when or until when.
    pub fn unmet(&self, seen: Seen<'_>, measure: &Measure) -> Text {
        let said = |en: String, zh: String| Text { en, zh };
        match self {
            Self::TermOver => match &seen.state.term {
                Some(term) => said(
                    format!(
                        "the term ends on {} ({}); this opens the day after",
                        term.until, term.arithmetic
                    ),
                    format!(
                        "期限于{}届满（{}），次日起方可办理",
                        words::zh(term.until),
                        words::arithmetic(&term.arithmetic, Language::Zh)
                    ),
                ),
                None => said("no term is on record".into(), "没有记录期限".into()),
            },
            Self::TitleOver => match title_end(seen.state) {
                Some(until) => said(
                    format!("the title is effective until {until}; this opens the day after"),
                    format!("称号有效期至{}，次日起方可办理", words::zh(until)),
                ),
                None => said("no title with a term is held".into(), "没有持有有期限的称号".into()),
            },
            Self::PlanOnRecord(true) => {
                said("no plan is on record".into(), "没有记录建设方案".into())
            }
            Self::PlanOnRecord(false) => said(
                "a plan is on record already; change it by an amendment".into(),
                "建设方案已入档；如需变更，请提交方案修改".into(),
            ),
            Self::DutyOpen(id) => {
                let label = measure.obligation_label(id);
                said(format!("not owed: {}", label.en), format!("没有待履行的义务：{}", label.zh))
            }
            Self::DutyMet(id) => {
                let label = measure.obligation_label(id);
                said(format!("not done yet: {}", label.en), format!("尚未履行：{}", label.zh))
            }
            Self::DutyPast(id) => {
                let label = measure.obligation_label(id);
                match newest(seen.state, id).and_then(|duty| duty.due.as_ref()) {
                    Some(due) => said(
                        format!("{} is due on {}, which has not passed", label.en, due.on),
                        format!("{}的期限（{}）尚未届满", label.zh, words::zh(due.on)),
                    ),
                    None => said(
                        format!("no day is set: {}", label.en),
                        format!("未定期限：{}", label.zh),
                    ),
                }
            }
            Self::LastResult { of, r#in } => {
                let names: Vec<Text> = r#in.iter().map(|id| measure.outcome_label(id)).collect();
                let en: Vec<&str> = names.iter().map(|name| name.en.as_str()).collect();
                let zh: Vec<&str> = names.iter().map(|name| name.zh.as_str()).collect();
                let act = of.as_str();
                said(
                    format!("no result {} of {act} is on record", en.join(" or ")),
                    format!("没有“{}”结果为{}的记录", words::act_zh(*of), zh.join("或")),
                )
            }
            Self::Awaits(matter) => {
                let label = measure.matter_label(matter);
                said(
                    format!("nothing awaits a decision: {}", label.en),
                    format!("没有待决事项：{}", label.zh),
                )
            }
            Self::Silent(member) => said(
                format!("{member} is stated"),
                format!("已填写{}", words::member(member).unwrap_or_default()),
            ),
            Self::Any(conditions) => {
                let all: Vec<Text> =
                    conditions.iter().map(|one| one.unmet(seen, measure)).collect();
                let en: Vec<&str> = all.iter().map(|one| one.en.as_str()).collect();
                let zh: Vec<&str> = all.iter().map(|one| one.zh.as_str()).collect();
                said(format!("one of these is needed: {}", en.join("; or ")), zh.join("；或"))
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

    /// What a measure has to say so that it can hold.
    pub fn remedy(&self) -> String {
        match self {
            Self::TermOver => {
                "give the outcome that begins the term a `term`, such as \"P3Y\"".to_owned()
            }
            Self::TitleOver => {
                "give the outcome that grants the title a `title_term`, such as \"P3Y\"".to_owned()
            }
            Self::PlanOnRecord(_) => "add an [[act]] submit_plan from a place before it".to_owned(),
            Self::DutyOpen(id) | Self::DutyPast(id) => {
                format!("let an outcome before it open the obligation {id}")
            }
            Self::DutyMet(id) => format!("let an act before it meet the obligation {id}"),
            Self::LastResult { of, .. } => {
                format!("add an [[act]] {} from a place before it", of.as_str())
            }
            Self::Awaits(matter) => {
                format!("add `opens = \"{matter}\"` to an act before it")
            }
            Self::Silent(_) => String::new(),
            Self::Any(conditions) => {
                let all: Vec<String> = conditions.iter().map(Self::remedy).collect();
                all.join(", or ")
            }
        }
    }

    /// The obligations that it names.
    pub fn obligations(&self) -> Vec<&Id> {
        match self {
            Self::DutyOpen(id) | Self::DutyMet(id) | Self::DutyPast(id) => vec![id],
            Self::Any(conditions) => conditions.iter().flat_map(Self::obligations).collect(),
            Self::TermOver
            | Self::TitleOver
            | Self::PlanOnRecord(_)
            | Self::LastResult { .. }
            | Self::Awaits(_)
            | Self::Silent(_) => Vec::new(),
        }
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
