//! The measure: one dated version of a program's governing document, as data.
//!
//! Code knows the kinds of act ([`ActKind`]), the closed set of effects ([`Effect`]) and the closed
//! set of conditions ([`super::condition::Condition`]); a measure composes them, article by article. Reading the file and
//! checking it (schema, reachability, dead ends) is not here: see `measure_check`.

mod names;
mod parts;
mod program;
mod readings;
mod rules;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::act::ActKind;
use super::date::CivilDate;
use super::ids::{Id, Node, ProgramId, Text, covered};

pub use names::Names;
pub use parts::{
    Category, Characteristic, Guideline, GuidelineMeasure, IndicatorRule, Named, NationalStage,
    Phase, PlannedEnd, QuotaRule, Requirement, Step, Target, TargetCount, WaitingRule, ZoneRule,
};
pub use program::{
    Edition, Exercise, OfficeName, OfficesFile, Program, ProgramFile, Programs, SubjectKind,
    Versions,
};
pub use rules::{
    ActRule, DueRule, Effect, FindingRule, ObligationRule, Outcome, Participation, Passing,
    Presupposed, Programwide, Unlisted,
};

/// One version of a governing document, in one edition of our encoding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Measure {
    /// The program it governs.
    pub program: ProgramId,
    /// The version, year and number of the document: `2014-40`. Of a document whose number is not
    /// known the year alone, and a letter where it takes one to tell two apart: `2021`, `2021b`.
    #[schemars(regex(pattern = "^[0-9]{4}(-[0-9]+|[a-z])?$"), example = "2014-40")]
    pub version: Id,
    /// The document's title.
    pub title: Text,
    /// The document's number, as printed in each language; absent: it is not known.
    #[serde(default)]
    pub number: Option<Text>,
    /// Who issued it.
    pub issued_by: Text,
    /// The day from which it governs.
    pub in_force_from: CivilDate,
    /// The article that says so.
    pub in_force_article: String,
    /// How many articles it has, where it is numbered by articles: others can be neither cited nor
    /// interpreted.
    #[serde(default)]
    pub articles: Option<u32>,
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
    /// Whether the category of a subject is its kind: each category has the id of one (N1).
    #[serde(default)]
    pub category_is_kind: bool,
    /// Tasks of all who take part, whatever their category (T4).
    #[serde(default, rename = "task")]
    pub tasks: Vec<Named>,
    /// Characteristics and standards, on each of which an evaluation finds (T2, T3).
    #[serde(default, rename = "characteristic")]
    pub characteristics: Vec<Characteristic>,
    /// Zones that it names (P16, T1).
    #[serde(default, rename = "zone")]
    pub zones: Vec<ZoneRule>,
    /// What it sets out to reach (P13, T1).
    #[serde(default, rename = "target")]
    pub targets: Vec<Target>,
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
    /// What can await a decision.
    #[serde(default, rename = "matter")]
    pub matters: Vec<Named>,
    /// The outcomes that acts state: results, grades, ranks, what is designated.
    #[serde(default, rename = "outcome_name")]
    pub outcome_names: Vec<Named>,
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
    /// What may be done for the program as a whole, in its own stream; it stands nowhere (`none`).
    #[serde(default, rename = "program_act")]
    pub program_acts: Vec<ActRule>,
    /// What it lays on those who already stand when it comes into force (C18).
    #[serde(default)]
    pub passing: Option<Passing>,
    /// What it lays on those who do not stand in the program (P12).
    #[serde(default)]
    pub unlisted: Option<Unlisted>,
    /// What it lays on offices for the whole program (P7, P19).
    #[serde(default)]
    pub programwide: Option<Programwide>,
    /// Conditions that the text states for all who build, looked at in inspections (P19).
    #[serde(default, rename = "base_condition")]
    pub base_conditions: Vec<Named>,
    /// Arrangements that the text links to (P17).
    #[serde(default, rename = "link")]
    pub links: Vec<Named>,
    /// The national stages it declares (P18).
    #[serde(default, rename = "national_stage")]
    pub national_stages: Vec<NationalStage>,
}

impl Measure {
    /// What it says of the program as a whole: the measure by which acts for it are judged.
    #[must_use]
    pub fn of_whole(&self) -> Self {
        let acts = self.program_acts.clone();
        let (program_acts, passing, unlisted) = (Vec::new(), None, None);
        Self { acts, program_acts, passing, unlisted, ..self.clone() }
    }

    /// Whether it lays an obligation on somebody by itself, without an act that opens it.
    pub fn lays(&self, obligation: &Id) -> bool {
        let unlisted = self.unlisted.as_ref().map(|unlisted| &unlisted.opens);
        let programwide = self.programwide.as_ref().map(|programwide| &programwide.opens);
        unlisted.into_iter().chain(programwide).any(|opens| opens.contains(obligation))
    }

    /// The document as texts cite it: by its number, or by its title where that is not known.
    pub fn cited(&self) -> Text {
        self.number.clone().unwrap_or_else(|| Text {
            en: format!("“{}”", self.title.en),
            zh: format!("《{}》", self.title.zh),
        })
    }

    /// The tasks of those of a category: its own, and those of all.
    pub fn tasks_of(&self, category: Option<&Id>) -> impl Iterator<Item = &Named> {
        let own = category.and_then(|id| self.category(id)).map(|category| &category.tasks);
        own.into_iter().flatten().chain(&self.tasks)
    }

    /// A task by its id, of whatever category.
    pub fn task(&self, id: &str) -> Option<&Named> {
        let own = self.categories.iter().flat_map(|category| &category.tasks);
        own.chain(&self.tasks).find(|task| task.id == id)
    }

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

    /// Whose move it is at a node, if their acts are allowed.
    pub fn waiting_at(&self, node: &Node) -> &[WaitingRule] {
        let Some(phase) = self.phase(node.phase()) else { return &[] };
        match node.step() {
            None => &phase.waiting_for,
            Some(id) => {
                phase.steps.iter().find(|step| step.id == id).map_or(&[], |step| &step.waiting_for)
            }
        }
    }

    /// The national stages that a year belongs to: two at a boundary, none before the first (P18).
    pub fn stages_of(&self, year: i32) -> impl Iterator<Item = &NationalStage> {
        self.national_stages.iter().filter(move |s| (s.from_year..=s.to_year).contains(&year))
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
