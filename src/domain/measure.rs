//! The measure: one dated version of a program's governing document, as data.
//!
//! Code knows the kinds of act ([`ActKind`]), the closed set of effects ([`Effect`]) and the closed
//! set of conditions ([`Need`]); a measure composes them, article by article. Reading the file and
//! checking it (schema, reachability, dead ends) is not here: see `measure_check`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::act::ActKind;
use super::date::{CivilDate, Day};
use super::ids::{Id, Node, Office, ProgramId, Text, covered};
use super::period::{Period, Yearly};

/// One version of a governing document, in one edition of our encoding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measure {
    /// The program it governs.
    pub program: ProgramId,
    /// The version, year and number of the document: `2014-40`.
    pub version: Id,
    /// The document's title.
    pub title: Text,
    /// The document's number, as printed in each language.
    pub number: Text,
    /// Who issued it.
    pub issued_by: Text,
    /// The day from which it governs.
    pub in_force_from: CivilDate,
    /// The article that says so.
    pub in_force_article: String,
    /// Why this edition of the file exists (rule G15); recorded when it is adopted.
    pub edition_reason: String,
    /// Whether only part of the document is known (rule G14).
    #[serde(default)]
    pub known_in_part: bool,
    /// What is not known, when it is known in part.
    #[serde(default, rename = "gap")]
    pub gaps: Vec<Text>,
    /// Categories, one of which an enrollment has at a time.
    #[serde(default, rename = "category")]
    pub categories: Vec<Category>,
    /// Kinds of applicant (C3).
    #[serde(default, rename = "applicant_kind")]
    pub applicant_kinds: Vec<Named>,
    /// What an application states (C4).
    #[serde(default, rename = "requirement")]
    pub requirements: Vec<Requirement>,
    /// Kinds of material.
    #[serde(default, rename = "material")]
    pub materials: Vec<Named>,
    /// The contents that check and acceptance looks at (C14).
    #[serde(default, rename = "acceptance_content")]
    pub acceptance_contents: Vec<Named>,
    /// The annex: tasks and measures, advisory (C10).
    #[serde(default, rename = "guideline")]
    pub guidelines: Vec<Guideline>,
    /// Phases and their steps.
    #[serde(default, rename = "phase")]
    pub phases: Vec<Phase>,
    /// Titles that an enrollment can hold.
    #[serde(default, rename = "title_kind")]
    pub title_kinds: Vec<Named>,
    /// What becomes due, and who owes it.
    #[serde(default, rename = "obligation")]
    pub obligations: Vec<ObligationRule>,
    /// What may be done, by whom, from where, to what effect.
    #[serde(default, rename = "act")]
    pub acts: Vec<ActRule>,
    /// What it lays on those who already stand when it comes into force (C18).
    #[serde(default)]
    pub passing: Option<Passing>,
    /// The national stages it declares (P18).
    #[serde(default, rename = "national_stage")]
    pub national_stages: Vec<NationalStage>,
}

/// Something with an id, a label and the article it is from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Named {
    /// The id used in acts.
    pub id: Id,
    /// The label.
    pub label: Text,
    /// The article.
    pub article: String,
}

/// A category, its places and its main tasks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Category {
    /// The id: `leading`.
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
}

/// A limit on places.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuotaRule {
    /// How many places.
    pub limit: u32,
    /// Whether the national office can go over it, with a written justification.
    pub soft: bool,
    /// The article.
    pub article: String,
}

/// What an application has to state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requirement {
    /// The id: the member of `requirements` in an application.
    pub id: Id,
    /// The label.
    pub label: Text,
    /// The article.
    pub article: String,
    /// A number that must be exceeded.
    #[serde(default)]
    pub more_than: Option<u64>,
    /// Members that a list must contain, each of them.
    #[serde(default)]
    pub covers: Vec<Id>,
}

/// A task of the annex with its measures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Guideline {
    /// The id.
    pub id: Id,
    /// The task.
    pub label: Text,
    /// The main measures under it.
    pub measures: Vec<Text>,
}

/// A phase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phase {
    /// The id.
    pub id: Id,
    /// The label.
    pub label: Text,
    /// The article.
    pub article: String,
    /// Whether a subject in it stands in the program (and not only before it or after it).
    #[serde(default)]
    pub standing: bool,
    /// Whether nothing has to follow.
    #[serde(default)]
    pub terminal: bool,
    /// Whose move it is there, if it is somebody's.
    #[serde(default)]
    pub waiting_for: Option<WaitingRule>,
    /// Steps within the phase.
    #[serde(default, rename = "step")]
    pub steps: Vec<Step>,
}

/// A step within a phase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// The id.
    pub id: Id,
    /// The label.
    pub label: Text,
    /// Whether nothing has to follow.
    #[serde(default)]
    pub terminal: bool,
    /// Whose move it is there.
    #[serde(default)]
    pub waiting_for: Option<WaitingRule>,
}

/// Whose move it is (G17).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WaitingRule {
    /// The office.
    pub office: Office,
    /// The act it is expected to do.
    pub act: ActKind,
    /// The article.
    pub article: String,
}

/// Something that becomes due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObligationRule {
    /// The id.
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    pub by: Vec<Office>,
    /// Where the enrollment must stand: patterns of [`Node`], `none` for no standing.
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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

/// One of the national stages (P18); boundary years belong to both neighbours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NationalStage {
    /// `I`, `II`, `III`.
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

impl Measure {
    /// The rules for an act, in the file's order.
    pub fn rules(&self, act: ActKind) -> impl Iterator<Item = &ActRule> {
        self.acts.iter().filter(move |rule| rule.act == act)
    }

    /// The rule that allows an act where the enrollment stands.
    pub fn rule_at(&self, act: ActKind, node: Option<&Node>) -> Option<&ActRule> {
        self.rules(act).find(|rule| covered(&rule.from, node))
    }

    /// A category by id.
    pub fn category(&self, id: &str) -> Option<&Category> {
        self.categories.iter().find(|category| category.id == id)
    }

    /// A phase by id.
    pub fn phase(&self, id: &str) -> Option<&Phase> {
        self.phases.iter().find(|phase| phase.id == id)
    }

    /// An obligation by id.
    pub fn obligation(&self, id: &str) -> Option<&ObligationRule> {
        self.obligations.iter().find(|obligation| obligation.id == id)
    }

    /// Whether the node's phase, and its step if it has one, are declared.
    pub fn declares(&self, node: &Node) -> bool {
        self.phase(node.phase()).is_some_and(|phase| match node.step() {
            None => true,
            Some(step) => phase.steps.iter().any(|declared| declared.id == step),
        })
    }

    /// Whose move it is at a node.
    pub fn waiting_at(&self, node: &Node) -> Option<&WaitingRule> {
        let phase = self.phase(node.phase())?;
        match node.step() {
            None => phase.waiting_for.as_ref(),
            Some(id) => phase.steps.iter().find(|step| step.id == id)?.waiting_for.as_ref(),
        }
    }

    /// The label of a node: the phase's, and the step's after a colon.
    pub fn label(&self, node: &Node) -> Option<Text> {
        let phase = self.phase(node.phase())?;
        let Some(id) = node.step() else {
            return Some(phase.label.clone());
        };
        let step = phase.steps.iter().find(|step| step.id == id)?;
        Some(Text {
            en: format!("{}: {}", phase.label.en, step.label.en),
            zh: format!("{}：{}", phase.label.zh, step.label.zh),
        })
    }
}

/// A program: its measures in the order in which they came into force, and its subjects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Program {
    /// The id.
    pub id: ProgramId,
    /// The name.
    pub name: Text,
    /// The program whose measures it follows with invented subjects, if it is an exercise (G16).
    #[serde(default)]
    pub exercise_of: Option<ProgramId>,
    /// Kinds of subject that can enroll.
    pub subject_kinds: Vec<Id>,
    /// The articles that say who the subjects are.
    pub article: String,
}

impl Program {
    /// Whether it is an exercise.
    pub fn is_exercise(&self) -> bool {
        self.exercise_of.is_some()
    }

    /// The program whose measures govern it.
    pub fn governed_as(&self) -> &ProgramId {
        self.exercise_of.as_ref().unwrap_or(&self.id)
    }
}

/// The name that an office bears from a day on (G2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfficeName {
    /// The office.
    pub office: Office,
    /// Its name.
    pub name: Text,
    /// From when it bears it; absent: from the beginning.
    #[serde(default)]
    pub from: Option<CivilDate>,
    /// Where that is from.
    pub source: String,
}

/// The programs, and the names of the offices that act in all of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Programs {
    /// The programs.
    #[serde(rename = "program")]
    pub programs: Vec<Program>,
    /// The offices' names.
    #[serde(default, rename = "office_name")]
    pub office_names: Vec<OfficeName>,
}

impl Programs {
    /// A program by id.
    pub fn program(&self, id: &str) -> Option<&Program> {
        self.programs.iter().find(|program| program.id.as_str() == id)
    }

    /// The name that an office bore on a day: the newest whose first day is certainly not after it.
    pub fn office_name(&self, office: Office, day: Day) -> Option<&Text> {
        self.office_names
            .iter()
            .filter(|named| named.office == office)
            .filter(|named| named.from.is_none_or(|from| from.latest() <= day))
            .max_by_key(|named| named.from.map(|from| from.latest()))
            .map(|named| &named.name)
    }
}

/// A measure with the digest of the edition whose bytes it was read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edition {
    /// The measure.
    pub measure: Measure,
    /// SHA-256 of the file's bytes, in hexadecimal.
    pub digest: String,
}

/// The versions of one program's measure.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Versions {
    editions: Vec<std::sync::Arc<Edition>>,
}

impl Versions {
    /// Orders the editions by the day from which they govern.
    pub fn new(mut editions: Vec<std::sync::Arc<Edition>>) -> Self {
        editions.sort_by_key(|edition| edition.measure.in_force_from.latest());
        Self { editions }
    }

    /// All versions, oldest first.
    pub fn all(&self) -> &[std::sync::Arc<Edition>] {
        &self.editions
    }

    /// The version in force on a day: the newest whose first day is certainly not after it.
    pub fn in_force(&self, day: Day) -> Option<&std::sync::Arc<Edition>> {
        self.editions.iter().rev().find(|edition| edition.measure.in_force_from.latest() <= day)
    }

    /// A version by name.
    pub fn version(&self, version: &str) -> Option<&std::sync::Arc<Edition>> {
        self.editions.iter().find(|edition| edition.measure.version == version)
    }

    /// The newest version.
    pub fn newest(&self) -> Option<&std::sync::Arc<Edition>> {
        self.editions.last()
    }

    /// The label of a node in the newest version that declares it.
    pub fn label(&self, node: &Node) -> Option<Text> {
        self.editions.iter().rev().find_map(|edition| edition.measure.label(node))
    }

    /// The label of whatever `pick` finds in the newest version that has it.
    pub fn find<T>(&self, pick: impl Fn(&Measure) -> Option<T>) -> Option<T> {
        self.editions.iter().rev().find_map(|edition| pick(&edition.measure))
    }
}
