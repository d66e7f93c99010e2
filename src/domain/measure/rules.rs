//! What a measure allows and what follows: acts with their outcomes, obligations, conditions. The
//! sets of effects, conditions and matters are closed; documents compose them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::act::ActKind;
use crate::domain::ids::{Id, Node, Office, ProgramId, Text};
use crate::domain::period::{Period, Yearly};
use crate::domain::schema::ID_FORM;

/// Something that becomes due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ObligationRule {
    /// The id.
    #[schemars(regex(pattern = ID_FORM))]
    pub id: Id,
    /// The label.
    pub label: Text,
    /// The article.
    pub article: String,
    /// Our choice where the text is silent, marked as one.
    #[serde(default)]
    pub reading: Option<Text>,
    /// Who owes it.
    pub owes: Office,
    /// When it is due.
    pub due: DueRule,
}

/// When an obligation is due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum DueRule {
    /// A period after the effective day of the act that opens it.
    After(Period),
    /// On a day that the opening act states.
    Stated,
    /// From the day after the term's or the title's end, without a last day.
    AfterEnd,
    /// Without a date: open, never overdue.
    Undated,
    /// Every year on a day, first in the year after the opening act, while a phase lasts.
    Every {
        /// The day of the year.
        on: Yearly,
        /// The phases during which it recurs; leaving them ends the series.
        during: Vec<Id>,
    },
}

/// What an outcome does to a standing. A closed set: documents compose it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Enters another phase or step.
    Advance,
    /// Enters a phase and grants its title.
    Confirm,
    /// Stays where it is.
    Stay,
    /// Rectification is due by a stated day.
    RectifyWithin,
    /// Only adjustment or exit may follow.
    AdjustOrExit,
    /// The title is kept for another term.
    KeepTitle,
    /// The title is lost.
    CancelTitle,
    /// The enrollment's attempt ends.
    Conclude,
    /// Recorded; changes nothing.
    None,
}

/// A condition on the state. A closed set, like the effects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Need {
    /// The construction period's last day has passed.
    TermOver,
    /// The title's last day has passed.
    TitleOver,
    /// A plan is on record.
    PlanOnRecord,
    /// No plan is on record yet.
    NoPlanOnRecord,
    /// A check and acceptance had the result qualified or unqualified.
    AcceptedBefore,
    /// A rectification is open.
    RectificationOpen,
    /// A scheme is owed and none awaits its decision.
    SchemeOwed,
}

/// Something submitted that awaits a decision.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Matter {
    /// An implementation scheme (P5).
    Scheme,
    /// An amendment of the plan (C12).
    Amendment,
    /// An adjustment of the category (P10).
    Adjustment,
    /// A request for another check and acceptance (C16).
    Acceptance,
}

/// One permission: an act, who may do it, from where, what it needs, what follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ActRule {
    /// The act.
    pub act: ActKind,
    /// The article.
    pub article: String,
    /// Our choice where the text is silent, marked as one.
    #[serde(default)]
    pub reading: Option<Text>,
    /// Who may do it.
    #[schemars(length(min = 1))]
    pub by: Vec<Office>,
    /// Where the enrollment must stand: patterns of [`Node`], `none` for no standing.
    #[schemars(
        length(min = 1),
        inner(regex(pattern = "^(\\*|[a-z][a-z0-9_]{0,63}(\\.(\\*|[a-z][a-z0-9_]{0,63}))?)$"))
    )]
    pub from: Vec<Id>,
    /// Conditions on the state.
    #[serde(default)]
    pub needs: Vec<Need>,
    /// Materials that must come with it.
    #[serde(default)]
    pub materials: Vec<Id>,
    /// Whether a document must be cited.
    #[serde(default)]
    pub document_required: bool,
    /// The matter it opens; refused while one of that kind is open.
    #[serde(default)]
    pub opens: Option<Matter>,
    /// The matter it decides; refused when none is open.
    #[serde(default)]
    pub decides: Option<Matter>,
    /// A matter it closes if one is open.
    #[serde(default)]
    pub answers: Option<Matter>,
    /// Obligations that it meets.
    #[serde(default)]
    pub meets: Vec<Id>,
    /// Participation in another program that it presupposes (P17).
    #[serde(default)]
    pub participation: Option<Participation>,
    /// What follows, by outcome; `done` where the act has no outcomes.
    #[serde(rename = "outcome")]
    pub outcomes: BTreeMap<Id, Outcome>,
}

/// A condition on another program's standing (P17).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Participation {
    /// The other program.
    pub program: ProgramId,
    /// The phases that count as participation.
    pub phases: Vec<Id>,
    /// Whether the act is refused where it is not shown; otherwise the finding is recorded.
    pub refuse: bool,
    /// The article.
    pub article: String,
}

/// What one outcome of an act does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// The effect.
    pub effect: Effect,
    /// Where the enrollment stands afterwards; absent: where it stood.
    #[serde(default)]
    pub to: Option<Node>,
    /// The article, where it is another than the act's.
    #[serde(default)]
    pub article: Option<String>,
    /// Our choice where the text is silent, marked as one.
    #[serde(default)]
    pub reading: Option<Text>,
    /// The title granted or kept.
    #[serde(default)]
    pub title: Option<Id>,
    /// How long the title lasts; absent: without expiry.
    #[serde(default)]
    pub title_term: Option<Period>,
    /// The construction period, from the act's effective day.
    #[serde(default)]
    pub term: Option<Period>,
    /// Obligations that arise.
    #[serde(default)]
    pub opens: Vec<Id>,
    /// Obligations that are over, though nobody met them.
    #[serde(default)]
    pub ends: Vec<Id>,
    /// Whether a place of the category is taken.
    #[serde(default)]
    pub takes_place: bool,
    /// Whether the place held is freed.
    #[serde(default)]
    pub frees_place: bool,
    /// Whether obligations that fall due later are waived.
    #[serde(default)]
    pub waives_later: bool,
    /// Whether the category becomes the one asked for.
    #[serde(default)]
    pub recategorises: bool,
}

/// What a version lays on those who stand already when it comes into force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Passing {
    /// The article.
    pub article: String,
    /// Our choice where the text is silent.
    #[serde(default)]
    pub reading: Option<Text>,
    /// The phase entered under the earlier version.
    pub phase: Id,
    /// The term, from the day that phase was entered.
    pub term: Period,
    /// Obligations that arise; a yearly one first falls due after this version came into force.
    pub opens: Vec<Id>,
}
