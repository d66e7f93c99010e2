//! The event types of the registry as values: name, kind of stream, version, label, and what each
//! records.

use super::act::ActKind;
use super::registry::{Label, registry};

/// What kind of stream an event stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// One subject in one program.
    Enrollment,
    /// A program as a whole.
    Program,
    /// A subject.
    Subject,
    /// The indicators of a division.
    Indicator,
    /// A quota.
    Quota,
    /// The log itself.
    Log,
    /// The adopted editions of a program's measures.
    Measure,
    /// The calendar of a year.
    Calendar,
    /// What is decided of the data of a person.
    Erasure,
    /// Who read data of persons, in a month.
    Access,
}

impl Kind {
    /// The name that readers outside know.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Enrollment => "enrollment",
            Self::Program => "program",
            Self::Subject => "subject",
            Self::Indicator => "indicator",
            Self::Quota => "quota",
            Self::Log => "log",
            Self::Measure => "measure",
            Self::Calendar => "calendar",
            Self::Erasure => "erasure",
            Self::Access => "access",
        }
    }
}

/// What an event of a type records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Records {
    /// An office acted.
    Act(ActKind),
    /// No office acted.
    Own(Own),
}

/// A type of event.
#[derive(Debug, PartialEq, Eq)]
pub struct EventType {
    /// The name under which it is stored.
    pub name: &'static str,
    /// The kind of stream that it stands in; see [`EventType::stands_in`].
    pub kind: Kind,
    /// The version written now.
    pub version: u32,
    /// What people call it.
    pub label: Label,
    /// What it records.
    pub records: Records,
}

impl EventType {
    /// Whether it stands in streams of a kind: what offices do for a subject is also done for a program
    /// as a whole, and what is owed for it lapses likewise.
    pub fn stands_in(&self, kind: Kind) -> bool {
        let of_whole = kind == Kind::Program
            && self.kind == Kind::Enrollment
            && matches!(self.records, Records::Act(_) | Records::Own(Own::ObligationLapsed));
        self.kind == kind || of_whole
    }

    /// The type of a name.
    pub fn find(name: &str) -> Option<&'static Self> {
        match ActKind::of_event(name) {
            Some(act) => Some(act.recorded_as()),
            None => OWN.iter().find(|own| own.name == name),
        }
    }

    /// Every type, in the registry's order.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        ACTS.iter().chain(OWN)
    }
}

macro_rules! values {
    (
        $( acts of $acts_on:ident { $(
            $(#[$doc:meta])*
            $act:ident($content:ty) $name:literal ($en:literal, $zh:literal)
                => $event:ident $version:literal ($event_en:literal, $event_zh:literal);
        )* } )*
        $( own of $own_on:ident { $(
            $own:ident($body:ty) $own_version:literal ($own_en:literal, $own_zh:literal);
        )* } )*
    ) => {
        /// The types that no act becomes.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Own { $($(
            #[doc = $own_en]
            $own,
        )*)* }

        /// In the order of `ActKind`.
        static ACTS: &[EventType] = &[$($(EventType {
            name: stringify!($event),
            kind: Kind::$acts_on,
            version: $version,
            label: Label { en: $event_en, zh: $event_zh },
            records: Records::Act(ActKind::$act),
        },)*)*];

        /// In the order of [`Own`].
        static OWN: &[EventType] = &[$($(EventType {
            name: stringify!($own),
            kind: Kind::$own_on,
            version: $own_version,
            label: Label { en: $own_en, zh: $own_zh },
            records: Records::Own(Own::$own),
        },)*)*];
    };
}

registry!(values);

impl ActKind {
    /// The type of the event that the act becomes.
    pub fn recorded_as(self) -> &'static EventType {
        &ACTS[self as usize]
    }
}

impl Own {
    /// The type.
    pub fn recorded_as(self) -> &'static EventType {
        &OWN[self as usize]
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_type_is_found_by_its_name_and_by_what_it_records() {
        for event_type in EventType::all() {
            assert_eq!(EventType::find(event_type.name), Some(event_type));
            let recorded_as = match event_type.records {
                Records::Act(act) => act.recorded_as(),
                Records::Own(own) => own.recorded_as(),
            };
            assert_eq!(recorded_as, event_type);
        }
        assert_eq!(EventType::find("PlanWithdrawn"), None);
    }

    /// A name, or what it is called, that two have could not be told apart by who reads it.
    #[test]
    fn names_and_labels_are_of_one_alone() {
        let labels = |label: Label| [label.en, label.zh];
        let of_events = EventType::all().flat_map(|t| labels(t.label).into_iter().chain([t.name]));
        let of_acts =
            ActKind::ALL.iter().flat_map(|k| labels(k.label()).into_iter().chain([k.as_str()]));
        for all in [of_events.collect::<Vec<_>>(), of_acts.collect()] {
            let told_apart: BTreeSet<&&str> = all.iter().collect();
            // A type whose English label is its name has it once more.
            let same = EventType::all().filter(|t| t.label.en == t.name).count();
            assert!(told_apart.len() + same >= all.len(), "{all:?}");
            assert!(all.iter().all(|text| !text.is_empty()));
        }
    }
}
