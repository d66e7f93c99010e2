//! What a measure allows and what follows: acts with their outcomes, obligations, findings. The sets
//! of effects and of conditions are closed; documents compose them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::act::ActKind;
use crate::domain::condition::Condition;
use crate::domain::date::CivilDate;
use crate::domain::event::Due;
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
    /// Who owes it together with that office.
    #[serde(default)]
    pub with: Vec<Office>,
    /// When it is due.
    pub due: DueRule,
    /// The offices that receive what meets it, each with its own receipt; empty: one receipt is enough.
    #[serde(default)]
    pub receivers: Vec<Office>,
    /// Whether each event that opens it opens one more beside those that are open; otherwise the new
    /// one takes the place of the old.
    #[serde(default)]
    pub each: bool,
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
    /// By a date that the document states.
    By(CivilDate),
    /// Every year on a day, first in the year after the opening act, while a phase lasts.
    Every {
        /// The day of the year.
        on: Yearly,
        /// The phases during which it recurs; leaving them ends the series.
        during: Vec<Id>,
    },
}

impl DueRule {
    /// The date that the document itself states, running from an event of a type and its date.
    pub fn by(&self, start: CivilDate, start_event: &str) -> Option<Due> {
        let Self::By(on) = self else { return None };
        Some(Due {
            on: *on,
            start_event: Id::from(start_event),
            start,
            rule: Id::from("by"),
            arithmetic: format!("{on}, as the document states"),
        })
    }
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
    /// Conditions on the standing.
    #[serde(default)]
    pub needs: Vec<Condition>,
    /// Materials that must come with it.
    #[serde(default)]
    pub materials: Vec<Id>,
    /// Whether a document must be cited.
    #[serde(default)]
    pub document_required: bool,
    /// Whether the document must be another than this program's measures, cited by its number.
    #[serde(default)]
    pub other_document: bool,
    /// The matter that from now on awaits a decision; refused while one of that kind does.
    #[serde(default)]
    pub opens: Option<Id>,
    /// The matter it decides; refused where none awaits that.
    #[serde(default)]
    pub decides: Option<Id>,
    /// A matter it settles if one awaits its decision.
    #[serde(default)]
    pub answers: Option<Id>,
    /// Obligations that it meets.
    #[serde(default)]
    pub meets: Vec<Id>,
    /// Members that it must state, of those that an act of its kind can leave out.
    #[serde(default)]
    pub states: Vec<Id>,
    /// The kinds that it can state, where the text lists them; otherwise any.
    #[serde(default)]
    pub kinds: Vec<Id>,
    /// Whether it is done once for a year, the second being a correction.
    #[serde(default)]
    pub once_a_year: bool,
    /// What is found and recorded, though it refuses nothing.
    #[serde(default, rename = "finding")]
    pub findings: Vec<FindingRule>,
    /// Participation in another program that it presupposes (P17).
    #[serde(default)]
    pub participation: Option<Participation>,
    /// What is done for the program as a whole that it presupposes (P19): its absence is a finding.
    #[serde(default)]
    pub presupposes: Option<Presupposed>,
    /// What follows, by outcome; `done` where the act has no outcomes.
    #[serde(rename = "outcome")]
    pub outcomes: BTreeMap<Id, Outcome>,
}

impl ActRule {
    /// Whether it decides a matter, or answers it.
    pub fn closes(&self, matter: &Id) -> bool {
        [&self.decides, &self.answers].into_iter().flatten().any(|closed| closed == matter)
    }

    /// Whether one of its outcomes meets an obligation.
    pub fn can_meet(&self, obligation: &Id) -> bool {
        let by_outcome = |outcome: &Outcome| outcome.meets.contains(obligation);
        self.meets.contains(obligation) || self.outcomes.values().any(by_outcome)
    }
}

/// What is found and recorded with an act where a condition holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FindingRule {
    /// A stable code: `scheme_not_approved`.
    #[schemars(regex(pattern = ID_FORM))]
    pub code: Id,
    /// Where it is found.
    pub when: Condition,
    /// In words.
    pub text: Text,
    /// The article.
    pub article: String,
    /// Our choice where the text is silent, marked as one.
    #[serde(default)]
    pub reading: Option<Text>,
}

/// An obligation that is owed for the program as a whole, and what is found where it is not met.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Presupposed {
    /// The obligation, one of those that [`Programwide`] opens.
    pub obligation: Id,
    /// A stable code: `no_indicator_system`.
    #[schemars(regex(pattern = ID_FORM))]
    pub code: Id,
    /// In words.
    pub text: Text,
    /// The article.
    pub article: String,
}

/// A condition on another program's standing (P17).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Participation {
    /// The other program.
    pub program: ProgramId,
    /// The phases that count as participation.
    pub phases: Vec<Id>,
    /// The article.
    pub article: String,
    /// Our choice where the text is silent, marked as one.
    #[serde(default)]
    pub reading: Option<Text>,
}

/// What one outcome of an act does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// The effect.
    pub effect: Effect,
    /// Conditions on the standing, beside those of the act.
    #[serde(default)]
    pub needs: Vec<Condition>,
    /// Whether it is possible only by an override of the national office, with a written justification.
    #[serde(default)]
    pub only_by_override: bool,
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
    /// Whether its term and its dated obligations count from the day of the decision where that is
    /// stated, not from the effective day.
    #[serde(default)]
    pub counts_from_decision: bool,
    /// Obligations that it meets, beside those of the act.
    #[serde(default)]
    pub meets: Vec<Id>,
    /// Matters that fall with it, undecided.
    #[serde(default)]
    pub drops: Vec<Id>,
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
    /// The article by which it prevails.
    pub article: String,
    /// Our choice where the text is silent.
    #[serde(default)]
    pub reading: Option<Text>,
    /// The phase entered under the earlier version.
    pub phase: Id,
    /// The term, from the day that phase was entered.
    pub term: Period,
    /// The article of the term.
    pub term_article: String,
    /// Obligations that arise; a yearly one first falls due after this version came into force.
    pub opens: Vec<Id>,
}

/// What a program lays on those of its kind who do not stand in it (P12).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Unlisted {
    /// The article.
    pub article: String,
    /// Our choice where the text is silent.
    #[serde(default)]
    pub reading: Option<Text>,
    /// What is owed, without a date.
    pub opens: Vec<Id>,
    /// Where an application awaits its decision: until then they are not asked.
    #[serde(default)]
    pub pending: Vec<Id>,
}

/// What a program lays on offices for all its subjects, in its own stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Programwide {
    /// What is owed from the day on which the measure comes into force.
    pub opens: Vec<Id>,
}
