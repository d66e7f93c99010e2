//! What a measure declares beside its acts: categories, requirements, materials, phases, stages.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::act::ActKind;
use crate::domain::date::CivilDate;
use crate::domain::decimal::Decimal;
use crate::domain::ids::{Id, Office, Text};
use crate::domain::schema::ID_FORM;

/// Something with an id, a label and the article it is from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Named {
    /// The id used in acts.
    #[schemars(regex(pattern = ID_FORM))]
    pub id: Id,
    /// The label.
    pub label: Text,
    /// The article.
    pub article: String,
}

/// A category, its places and its main tasks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Category {
    /// The id: `leading`.
    #[schemars(regex(pattern = ID_FORM))]
    pub id: Id,
    /// The label.
    pub label: Text,
    /// The article.
    pub article: String,
    /// The limit on places, if there is one.
    #[serde(default)]
    pub quota: Option<QuotaRule>,
    /// The category's main tasks (P6).
    #[serde(default, rename = "task")]
    pub tasks: Vec<Named>,
    /// By what those of the category are measured (P14).
    #[serde(default, rename = "indicator")]
    pub indicators: Vec<IndicatorRule>,
}

/// A limit on places.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QuotaRule {
    /// How many places.
    #[schemars(range(min = 1))]
    pub limit: u32,
    /// Whether the national office can go over it, with a written justification.
    pub soft: bool,
    /// The article.
    pub article: String,
    /// Our choice where the text is silent, marked as one.
    #[serde(default)]
    pub reading: Option<Text>,
}

/// Something that a document sets out to reach: a number, or a text that is never computed (P13, T1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// The id.
    #[schemars(regex(pattern = ID_FORM))]
    pub id: Id,
    /// What is to be reached, as the document says it.
    pub label: Text,
    /// The article.
    pub article: String,
    /// Our choice where the text is silent, marked as one.
    #[serde(default)]
    pub reading: Option<Text>,
    /// By when.
    pub by: CivilDate,
    /// Of which category.
    #[serde(default)]
    pub category: Option<Id>,
    /// How many subjects in which phase; absent: the target is a text.
    #[serde(default)]
    pub count: Option<TargetCount>,
}

/// How many subjects are to stand in a phase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetCount {
    /// The phase.
    pub phase: Id,
    /// The fewest.
    pub from: u32,
    /// The most.
    pub to: u32,
    /// Whether the document says "about".
    #[serde(default)]
    pub about: bool,
}

/// An indicator that a document names, with its unit and what is to be reached (P14).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IndicatorRule {
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
    /// The unit in which it is observed; absent: the document implies none.
    #[serde(default)]
    pub unit: Option<Text>,
    /// By when its target is to be reached.
    pub by: CivilDate,
    /// The target: a number at least, or from a number to another; absent: it is the text alone.
    #[serde(default)]
    pub at_least: Option<Decimal>,
    /// The most, where the document gives a range.
    #[serde(default)]
    pub at_most: Option<Decimal>,
    /// The target as the document says it; never computed.
    pub target: Text,
    /// The kind of division below the subject that it is a share or a number of: it applies to no
    /// subject that has none.
    #[serde(default)]
    pub counts: Option<Id>,
}

/// A zone or region that a document names (P16, T1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ZoneRule {
    /// The id, by which registrations name it.
    #[schemars(regex(pattern = ID_FORM))]
    pub id: Id,
    /// The label.
    pub label: Text,
    /// The article.
    pub article: String,
    /// Whether it is an open class, of which the document does not say what belongs to it.
    #[serde(default)]
    pub open: bool,
}

/// A characteristic to be reached, or a standard to be met, on each of which an evaluation finds (T2, T3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Characteristic {
    /// The id: a key of `characteristics` in an evaluation.
    #[schemars(regex(pattern = ID_FORM))]
    pub id: Id,
    /// The label.
    pub label: Text,
    /// The article.
    pub article: String,
    /// By when it is to be reached; absent: it is tied to no year.
    #[serde(default)]
    pub by: Option<CivilDate>,
}

/// What an application has to state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Requirement {
    /// The id: the member of `requirements` in an application.
    #[schemars(regex(pattern = ID_FORM))]
    pub id: Id,
    /// The label.
    pub label: Text,
    /// The article.
    pub article: String,
    /// A number that must be exceeded.
    #[serde(default)]
    pub more_than: Option<u64>,
    /// What is counted, as in "30家".
    #[serde(default)]
    pub unit: Option<Text>,
    /// Members that a list should contain; those that are missing are a finding.
    #[serde(default)]
    pub covers: Vec<Named>,
    /// Our choice where the text is silent, marked as one.
    #[serde(default)]
    pub reading: Option<Text>,
}

/// A task of the annex with its measures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Guideline {
    /// The id.
    #[schemars(regex(pattern = ID_FORM))]
    pub id: Id,
    /// The task.
    pub label: Text,
    /// The article.
    pub article: String,
    /// The main measures under it.
    pub measures: Vec<GuidelineMeasure>,
}

/// A measure of the annex with its work ideas.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GuidelineMeasure {
    /// The measure.
    pub label: Text,
    /// The work ideas beside it.
    pub ideas: Text,
}

/// A phase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Phase {
    /// The id.
    #[schemars(regex(pattern = ID_FORM))]
    pub id: Id,
    /// The label.
    pub label: Text,
    /// The article.
    pub article: String,
    /// Whether a subject in it stands in the program (and not only before it or after it).
    #[serde(default)]
    pub standing: bool,
    /// Whether it is outside of the program: being in it is no attempt to enter.
    #[serde(default)]
    pub outside: bool,
    /// Whether nothing has to follow.
    #[serde(default)]
    pub terminal: bool,
    /// Until when the document plans it, shown beside what was; never a limit (P18).
    #[serde(default)]
    pub planned: Option<PlannedEnd>,
    /// Whose move it is there, if it is somebody's: each of them whose act is allowed.
    #[serde(default)]
    pub waiting_for: Vec<WaitingRule>,
    /// Steps within the phase.
    #[serde(default, rename = "step")]
    pub steps: Vec<Step>,
}

/// Until when a document plans a phase for all who are in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlannedEnd {
    /// The end, as sharp as the document.
    pub until: CivilDate,
    /// The article.
    pub article: String,
    /// Our choice where the text is silent.
    #[serde(default)]
    pub reading: Option<Text>,
}

/// A step within a phase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// The id.
    #[schemars(regex(pattern = ID_FORM))]
    pub id: Id,
    /// The label.
    pub label: Text,
    /// Whether nothing has to follow.
    #[serde(default)]
    pub terminal: bool,
    /// Whose move it is there: each of them whose act is allowed.
    #[serde(default)]
    pub waiting_for: Vec<WaitingRule>,
}

/// Whose move it is (G17).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WaitingRule {
    /// The office.
    pub office: Office,
    /// The act it is expected to do.
    pub act: ActKind,
    /// The article.
    pub article: String,
    /// Whether it is waited for only where none before it in the list is.
    #[serde(default)]
    pub otherwise: bool,
}

/// One of the national stages (P18); boundary years belong to both neighbours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NationalStage {
    /// `I`, `II`, `III`.
    #[schemars(regex(pattern = "^[IVX]+$"))]
    pub id: Id,
    /// The label.
    pub label: Text,
    /// The article.
    pub article: String,
    /// First year.
    pub from_year: i32,
    /// Last year.
    pub to_year: i32,
}
