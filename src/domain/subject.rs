//! Subjects: the divisions and areas that take part, as their registrations say.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::date::{CivilDate, Day};
use super::ids::{Id, SubjectId, Text};

/// A zone that a subject belongs to, with its source (P16).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Zone {
    /// The zone.
    pub zone: Id,
    /// Who says so.
    pub source: String,
}

/// A registration: code with its revision, names, kind, province, responsible office.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Registration {
    /// The id: a GB/T 2260 code, `XPCC`, or an area's own.
    #[schemars(with = "String")]
    pub id: SubjectId,
    /// `province`, `corps`, `cluster_area` …
    pub kind: Id,
    /// The names.
    pub name: Text,
    /// The GB/T 2260 code, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Id>,
    /// The revision of GB/T 2260 that the code is from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_revision: Option<Id>,
    /// The province in which it lies; for a province its own id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub province: Option<SubjectId>,
    /// The office responsible for an area.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub responsible_office: Option<Text>,
    /// Zones, each with its source; empty: unassigned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub zones: Vec<Zone>,
    /// Whether it is invented, for an exercise (G16).
    #[serde(default)]
    pub invented: bool,
    /// Where the facts are from.
    pub source: String,
    /// From when they hold.
    #[schemars(with = "String")]
    pub effective_on: CivilDate,
}

/// A new name from a day on; the old one stays for earlier days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Renaming {
    /// The new names.
    pub name: Text,
    /// Another responsible office, if that changed too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub responsible_office: Option<Text>,
    /// Where the fact is from.
    pub source: String,
    /// From when it holds.
    #[schemars(with = "String")]
    pub effective_on: CivilDate,
}

/// An event of a subject's stream `subject-<id>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubjectEvent {
    /// It is registered.
    Registered(Registration),
    /// It has another name.
    Renamed(Renaming),
}

/// What the events of a subject's stream say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Subject {
    /// The registration.
    pub registration: Registration,
    /// Names by the day from which each holds, oldest first.
    pub names: Vec<(Day, Text)>,
    /// Responsible offices likewise.
    pub offices: Vec<(Day, Text)>,
    /// The revision of the newest event.
    pub revision: u64,
}

impl Subject {
    /// The subject as registered.
    pub fn registered(registration: Registration) -> Self {
        let from = registration.effective_on.earliest().unwrap_or(Day::MIN);
        let names = vec![(from, registration.name.clone())];
        let offices =
            registration.responsible_office.iter().map(|office| (from, office.clone())).collect();
        Self { registration, names, offices, revision: 0 }
    }

    /// Folds a later event.
    pub fn evolve(&mut self, event: SubjectEvent, revision: u64) {
        self.revision = revision;
        match event {
            SubjectEvent::Registered(registration) => *self = Self::registered(registration),
            SubjectEvent::Renamed(renaming) => {
                let from = renaming.effective_on.latest();
                self.names.push((from, renaming.name));
                self.names.sort_by_key(|(day, _)| *day);
                if let Some(office) = renaming.responsible_office {
                    self.offices.push((from, office));
                    self.offices.sort_by_key(|(day, _)| *day);
                }
            }
        }
    }

    /// The name on a day; before the first registered one, the first.
    pub fn name_on(&self, day: Day) -> &Text {
        on(&self.names, day).unwrap_or(&self.registration.name)
    }

    /// The responsible office on a day, if one is registered.
    pub fn office_on(&self, day: Day) -> Option<&Text> {
        on(&self.offices, day)
    }

    /// The id.
    pub fn id(&self) -> &SubjectId {
        &self.registration.id
    }
}

fn on(named: &[(Day, Text)], day: Day) -> Option<&Text> {
    named.iter().rev().find(|(from, _)| *from <= day).or_else(|| named.first()).map(|(_, t)| t)
}
