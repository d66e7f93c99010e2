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

/// The 31 provincial-level divisions of GB/T 2260 to which the Working Plan is addressed (P2).
const PROVINCIAL_DIVISIONS: [&str; 31] = [
    "110000", "120000", "130000", "140000", "150000", "210000", "220000", "230000", "310000",
    "320000", "330000", "340000", "350000", "360000", "370000", "410000", "420000", "430000",
    "440000", "450000", "460000", "500000", "510000", "520000", "530000", "540000", "610000",
    "620000", "630000", "640000", "650000",
];

/// The id of the Xinjiang Production and Construction Corps, which has no code.
const CORPS: &str = "XPCC";

impl Registration {
    /// Whether a province or the Corps is one that there is, or is invented and takes the id of
    /// none (P2, G16). Other kinds of subject have no list to be held to.
    ///
    /// # Errors
    /// What is wrong and what would be accepted.
    pub fn check_division(&self) -> Result<(), Text> {
        if self.kind != "province" && self.kind != "corps" {
            return Ok(());
        }
        let id = self.id.as_str();
        let real = PROVINCIAL_DIVISIONS.contains(&id) || id == CORPS;
        if self.invented {
            return if real {
                Err(Text {
                    en: format!("{id} is the id of a real division; an invented one needs another"),
                    zh: format!("{id} 是真实区划的标识；虚构主体须另用标识"),
                })
            } else {
                Ok(())
            };
        }
        let fits = match self.kind.as_str() {
            "corps" => id == CORPS && self.code.is_none(),
            _ => PROVINCIAL_DIVISIONS.contains(&id) && self.code.as_ref().is_none_or(|c| c == id),
        };
        if fits {
            return Ok(());
        }
        Err(Text {
            en: format!(
                "{id} of kind {} is neither one of the 31 provincial-level divisions by its GB/T 2260 code nor the Corps (XPCC, without code)",
                self.kind
            ),
            zh: format!(
                "类别为 {} 的 {id} 既不是以 GB/T 2260 代码登记的31个省级区划之一，也不是新疆生产建设兵团（XPCC，无代码）",
                self.kind
            ),
        })
    }
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
