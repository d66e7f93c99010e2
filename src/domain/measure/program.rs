//! A program, its measure's versions, and the names of the offices. What `program.toml` and
//! `offices.toml` say is joined to [`Programs`] here.

use std::collections::HashMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Measure, ObligationRule};
use crate::domain::date::{CivilDate, Day};
use crate::domain::ids::{Id, Language, Node, Office, ProgramId, Text};
use crate::domain::schema::ID_FORM;

/// A program: who takes part, and which measures govern it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// The id.
    pub id: ProgramId,
    /// The name.
    pub name: Text,
    /// The program whose measures it follows with invented subjects, if it is an exercise (G16).
    pub exercise_of: Option<ProgramId>,
    /// Kinds of subject that can enroll.
    pub subject_kinds: Vec<SubjectKind>,
    /// The articles that say who the subjects are.
    pub article: String,
}

impl Program {
    /// Whether it is an exercise.
    pub fn is_exercise(&self) -> bool {
        self.exercise_of.is_some()
    }

    /// The ids of the kinds of subject that can enroll.
    pub fn kinds(&self) -> Vec<Id> {
        self.subject_kinds.iter().map(|kind| kind.id.clone()).collect()
    }

    /// Whether subjects of a kind can enroll.
    pub fn takes(&self, kind: &Id) -> bool {
        self.subject_kinds.iter().any(|one| one.id == *kind)
    }

    /// The program whose measures govern it.
    pub fn governed_as(&self) -> &ProgramId {
        self.exercise_of.as_ref().unwrap_or(&self.id)
    }
}

/// A program and its exercise, as `program.toml` in the folder of its measures declares them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProgramFile {
    /// The id, which is also the folder's name.
    pub id: ProgramId,
    /// The name.
    pub name: Text,
    /// Kinds of subject that can enroll.
    #[schemars(length(min = 1))]
    pub subject_kinds: Vec<SubjectKind>,
    /// The article that says who the subjects are.
    pub article: String,
    /// The program of the same measures and of invented subjects, if there is one (G16).
    #[serde(default)]
    pub exercise: Option<Exercise>,
}

/// A kind of subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SubjectKind {
    /// The id, by which subjects of any program are registered.
    #[schemars(regex(pattern = ID_FORM))]
    pub id: Id,
    /// The label.
    pub label: Text,
    /// Our choice where the text is silent, marked as one.
    #[serde(default)]
    pub reading: Option<Text>,
    /// Whether the province of such a subject may be unknown, or it may lie in several.
    #[serde(default)]
    pub anywhere: bool,
}

/// An exercise of a program (G16).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Exercise {
    /// The id, such as `exercise_cluster_area`.
    pub id: ProgramId,
    /// The name.
    pub name: Text,
}

/// The name that an office bears from a day on (G2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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

/// The names that offices bore, as `offices.toml` lists them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OfficesFile {
    /// The names.
    #[serde(rename = "office_name")]
    #[schemars(length(min = 1))]
    pub office_names: Vec<OfficeName>,
}

/// The programs, and the names of the offices that act in all of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Programs {
    /// The programs, exercises after all others.
    pub programs: Vec<Program>,
    /// The offices' names.
    pub office_names: Vec<OfficeName>,
}

impl Programs {
    /// Joins what the files say.
    pub fn of(offices: OfficesFile, files: impl IntoIterator<Item = ProgramFile>) -> Self {
        let (mut programs, mut exercises) = (Vec::new(), Vec::new());
        for file in files {
            let program = Program {
                id: file.id,
                name: file.name,
                exercise_of: None,
                subject_kinds: file.subject_kinds,
                article: file.article,
            };
            exercises.extend(file.exercise.map(|exercise| Program {
                id: exercise.id,
                name: exercise.name,
                exercise_of: Some(program.id.clone()),
                ..program.clone()
            }));
            programs.push(program);
        }
        programs.append(&mut exercises);
        Self { programs, office_names: offices.office_names }
    }

    /// A program by id, in whatever case.
    pub fn program(&self, id: &str) -> Option<&Program> {
        self.programs.iter().find(|program| program.id.as_str().eq_ignore_ascii_case(id))
    }

    /// The label of a kind of subject; of one that no program takes, its id.
    pub fn kind_label<'a>(&'a self, kind: &'a str, language: Language) -> &'a str {
        let mut kinds = self.programs.iter().flat_map(|program| &program.subject_kinds);
        kinds.find(|one| one.id == kind).map_or(kind, |one| one.label.get(language))
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
    editions: Vec<Arc<Edition>>,
    /// Where each obligation is declared, newest version first: what is owed is asked for with each
    /// answer, a dozen times.
    obligations: HashMap<Id, Vec<(usize, usize)>>,
}

impl Versions {
    /// Orders the editions by the day from which they govern.
    pub fn new(mut editions: Vec<Arc<Edition>>) -> Self {
        editions.sort_by_key(|edition| edition.measure.in_force_from.latest());
        let mut obligations: HashMap<Id, Vec<_>> = HashMap::new();
        for (at, edition) in editions.iter().enumerate().rev() {
            for (index, rule) in edition.measure.obligations.iter().enumerate() {
                obligations.entry(rule.id.clone()).or_default().push((at, index));
            }
        }
        Self { editions, obligations }
    }

    /// What they say of the program as a whole.
    #[must_use]
    pub fn of_whole(&self) -> Self {
        let whole = |edition: &Arc<Edition>| {
            let (measure, digest) = (edition.measure.of_whole(), edition.digest.clone());
            Arc::new(Edition { measure, digest })
        };
        Self::new(self.editions.iter().map(whole).collect())
    }

    /// All versions, oldest first.
    pub fn all(&self) -> &[Arc<Edition>] {
        &self.editions
    }

    /// The version in force on a day: the newest whose first day is certainly not after it.
    pub fn in_force(&self, day: Day) -> Option<&Arc<Edition>> {
        self.editions.iter().rev().find(|edition| edition.measure.in_force_from.latest() <= day)
    }

    /// A version by name.
    pub fn version(&self, version: &str) -> Option<&Arc<Edition>> {
        self.editions.iter().find(|edition| edition.measure.version == version)
    }

    /// The newest version.
    pub fn newest(&self) -> Option<&Arc<Edition>> {
        self.editions.last()
    }

    /// The label of a node in the newest version that declares it.
    pub fn label(&self, node: &Node) -> Option<Text> {
        self.editions.iter().rev().find_map(|edition| edition.measure.label(node))
    }

    /// The label of whatever `pick` finds in the newest version that has it.
    pub fn find<'a, T>(&'a self, pick: impl Fn(&'a Measure) -> Option<T>) -> Option<T> {
        self.editions.iter().rev().find_map(|edition| pick(&edition.measure))
    }

    /// The rules of an obligation, each with its measure, newest version first.
    pub fn obligation<'a>(
        &'a self,
        id: &str,
    ) -> impl Iterator<Item = (&'a Measure, &'a ObligationRule)> + use<'a> {
        self.obligations.get(id).into_iter().flatten().filter_map(|(at, index)| {
            let measure = &self.editions.get(*at)?.measure;
            Some((measure, measure.obligations.get(*index)?))
        })
    }
}
