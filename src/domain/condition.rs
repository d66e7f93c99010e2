//! Conditions that a measure puts on a standing: a closed set of kinds, each with its parameters.
//!
//! What must hold: a kind is one variant here; the compiler then asks when it holds, what is missing
//! where it does not, and what can bring it about (`fulfilment`). Which of them apply, to what, is the
//! measure's.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::act::ActKind;
use super::ids::Id;

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
    /// Nothing of this kind awaits its decision.
    NothingAwaits(Id),
    /// The act itself leaves this member of its content out.
    Silent(Id),
    /// One of these holds.
    Any(Vec<Condition>),
}

impl Condition {
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
            | Self::NothingAwaits(_)
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
            Self::Awaits(_) => "matter_open",
            Self::NothingAwaits(_) => "no_matter_open",
            Self::Silent(_) => "silent",
            Self::Any(_) => "any",
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
            Self::PlanOnRecord(_) => "add an [[act]] submit_plan from a node before it".to_owned(),
            Self::DutyOpen(id) | Self::DutyPast(id) => {
                format!("let an outcome before it open the obligation {id}")
            }
            Self::DutyMet(id) => format!("let an act before it meet the obligation {id}"),
            Self::LastResult { of, .. } => {
                format!("add an [[act]] {} from a node before it", of.as_str())
            }
            Self::Awaits(matter) => {
                format!("add `opens = \"{matter}\"` to an act before it")
            }
            Self::NothingAwaits(_) | Self::Silent(_) => String::new(),
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
            | Self::NothingAwaits(_)
            | Self::Silent(_) => Vec::new(),
        }
    }
}
