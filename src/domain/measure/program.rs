//! A program, its measure's versions, and the names of the offices.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Measure;
use crate::domain::date::{CivilDate, Day};
use crate::domain::ids::{Id, Node, Office, ProgramId, Text};

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
    /// A program by id, in whatever case.
    pub fn program(&self, id: &str) -> Option<&Program> {
        self.programs.iter().find(|program| program.id.as_str().eq_ignore_ascii_case(id))
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
}

impl Versions {
    /// Orders the editions by the day from which they govern.
    pub fn new(mut editions: Vec<Arc<Edition>>) -> Self {
        editions.sort_by_key(|edition| edition.measure.in_force_from.latest());
        Self { editions }
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
    pub fn find<T>(&self, pick: impl Fn(&Measure) -> Option<T>) -> Option<T> {
        self.editions.iter().rev().find_map(|edition| pick(&edition.measure))
    }
}
