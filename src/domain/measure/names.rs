//! The lists of a measure, and what each of their ids is called.
//!
//! What must hold: an id says something only within its list. `funds` is an outcome, a base condition
//! and an obligation, each with a label of its own.

use super::{Measure, Named, Versions};
use crate::domain::ids::{Id, Text};

/// A list of what a measure names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Names {
    /// Kinds of applicant.
    Applicants,
    /// Base conditions, looked at in inspections.
    BaseConditions,
    /// Categories.
    Categories,
    /// What an evaluation finds on.
    Characteristics,
    /// What check and acceptance looks at.
    Contents,
    /// Tasks of the advisory annex.
    Guidelines,
    /// Kinds of material.
    Materials,
    /// What can await a decision.
    Matters,
    /// What becomes due.
    Obligations,
    /// Results, grades, what is designated or given; a rank is called as the phase that it gives.
    Outcomes,
    /// Phases.
    Phases,
    /// What an application states.
    Requirements,
    /// Main tasks of every category.
    Tasks,
    /// Titles.
    Titles,
}

impl Measure {
    /// What a list names, each id with its label, in the order of the file.
    pub fn names(&self, list: Names) -> Box<dyn Iterator<Item = (&Id, &Text)> + '_> {
        let named = |list| Box::new(pairs(list));
        match list {
            Names::Applicants => named(&self.applicant_kinds),
            Names::BaseConditions => named(&self.base_conditions),
            Names::Categories => Box::new(self.categories.iter().map(|c| (&c.id, &c.label))),
            Names::Characteristics => {
                Box::new(self.characteristics.iter().map(|one| (&one.id, &one.label)))
            }
            Names::Contents => named(&self.acceptance_contents),
            Names::Guidelines => Box::new(self.guidelines.iter().map(|g| (&g.id, &g.label))),
            Names::Materials => named(&self.materials),
            Names::Matters => named(&self.matters),
            Names::Obligations => Box::new(self.obligations.iter().map(|o| (&o.id, &o.label))),
            Names::Outcomes => {
                Box::new(pairs(&self.outcome_names).chain(self.names(Names::Phases)))
            }
            Names::Phases => Box::new(self.phases.iter().map(|phase| (&phase.id, &phase.label))),
            Names::Requirements => Box::new(self.requirements.iter().map(|r| (&r.id, &r.label))),
            Names::Tasks => {
                let own = self.categories.iter().flat_map(|c| pairs(&c.tasks));
                Box::new(own.chain(pairs(&self.tasks)))
            }
            Names::Titles => named(&self.title_kinds),
        }
    }

    /// What a list calls an id, if it has it.
    pub fn name_in(&self, list: Names, id: &str) -> Option<&Text> {
        self.names(list).find(|(known, _)| *known == id).map(|(_, label)| label)
    }

    /// What a list calls an id; one that it lacks is called by itself.
    pub fn label_in(&self, list: Names, id: &str) -> Text {
        self.name_in(list, id).cloned().unwrap_or_else(|| Text { en: id.into(), zh: id.into() })
    }
}

impl Versions {
    /// What the newest version that has an id in a list calls it.
    pub fn name_in(&self, list: Names, id: &str) -> Option<&Text> {
        self.find(|measure| measure.name_in(list, id))
    }
}

fn pairs(list: &[Named]) -> impl Iterator<Item = (&Id, &Text)> {
    list.iter().map(|named| (&named.id, &named.label))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The base condition "funds" was called as the outcome of that id.
    #[test]
    fn an_id_is_called_as_its_list_calls_it() {
        let text = include_str!("../../../schemas/measures/strong_province/2015-59.toml");
        let measure: Measure = toml::from_str(text).unwrap();
        let called = |list| measure.label_in(list, "funds").en;
        assert_eq!(called(Names::BaseConditions), "Fund investment");
        assert_eq!(called(Names::Outcomes), "funds");
        assert_eq!(called(Names::Titles), "funds");
        assert_eq!(measure.name_in(Names::Titles, "funds"), None);
        assert_eq!(measure.label_in(Names::Outcomes, "demonstration").zh, "示范省（区、市）");
    }
}
