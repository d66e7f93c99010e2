//! Why an act is refused: the article, what is missing, and what would satisfy it (rule G5).
//!
//! An office's own "no" is an act (`reject`, `return`) and an event; a refusal is only what Docket
//! does, and leaves no event.

use super::act::ActKind;
use super::date::CivilDate;
use super::ids::{EventRef, Id, Office, Text};

/// What is wrong with one member of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// JSON Pointer to the member.
    pub pointer: String,
    /// What is wrong and what would be accepted.
    pub detail: Text,
}

/// The kind of refusal; fine enough for what a caller does differently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// The act is not allowed where the enrollment stands, or a condition is missing.
    NotPermitted {
        /// Where it stands; absent: nowhere yet.
        stands_at: Option<Id>,
        /// From where the act would be allowed.
        allowed_from: Vec<Id>,
        /// The conditions that are missing, by name.
        missing: Vec<Id>,
    },
    /// Another office does this act.
    OfficeForbidden {
        /// The offices that may.
        required: Vec<Office>,
    },
    /// The office is the right one, for another's subject.
    JurisdictionForbidden {
        /// The division or area that a token must name.
        division: String,
    },
    /// A requirement is not met.
    RequirementNotMet {
        /// Its id.
        requirement: Id,
        /// What is required.
        required: String,
        /// What was given.
        given: String,
    },
    /// Materials are missing.
    MaterialMissing {
        /// Their kinds.
        materials: Vec<Id>,
    },
    /// The subject cannot enroll in this program.
    IneligibleSubject {
        /// The kinds that can.
        allowed_kinds: Vec<Id>,
    },
    /// No version of the measure was in force.
    NotInForce {
        /// The known versions with the day from which each governs.
        versions: Vec<(Id, CivilDate)>,
    },
    /// The rule that governs the act is not known (G14).
    RuleUnknown,
    /// A date contradicts the record, or lies where it cannot.
    DateConflict {
        /// The event that it contradicts.
        with: Option<EventRef>,
    },
    /// The act would take the ground from a later event.
    WouldUnsettle {
        /// The events that would lose their ground.
        events: Vec<EventRef>,
    },
    /// It was decided already.
    AlreadyDecided {
        /// The event that decided it.
        by: Option<EventRef>,
    },
    /// What a correction names is not the version in force.
    NotInForceVersion {
        /// The version in force, if the event exists.
        in_force: Option<EventRef>,
    },
    /// No place is left (P4).
    QuotaExhausted {
        /// The category.
        category: Id,
        /// The limit.
        limit: u32,
        /// Places taken on the first day that is full.
        taken: u32,
        /// That day.
        on: super::date::Day,
        /// Whether an override is possible.
        override_possible: bool,
    },
    /// Members are missing, unknown or wrong.
    Invalid {
        /// All of them.
        errors: Vec<FieldError>,
    },
}

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{act}: {}", detail.en, act = act.as_str())]
pub struct Refusal {
    /// The act that was refused.
    pub act: ActKind,
    /// Why.
    pub reason: Box<Reason>,
    /// The article that forbids it or states the condition.
    pub article: Option<String>,
    /// The measure version.
    pub measure: Option<Id>,
    /// What is wrong and what would satisfy it, in both languages.
    pub detail: Text,
}

impl Refusal {
    /// A refusal without article.
    pub fn new(act: ActKind, reason: Reason, en: impl Into<String>, zh: impl Into<String>) -> Self {
        let detail = Text { en: en.into(), zh: zh.into() };
        Self { act, reason: Box::new(reason), article: None, measure: None, detail }
    }

    /// Adds the article.
    #[must_use]
    pub fn under(mut self, article: &str) -> Self {
        self.article = Some(article.to_owned());
        self
    }

    /// Adds the article, or the rule of the record, where none is named yet.
    #[must_use]
    pub fn or_under(mut self, article: &str) -> Self {
        self.article.get_or_insert_with(|| article.to_owned());
        self
    }

    /// Adds the measure version, if none is named yet.
    #[must_use]
    pub fn of_measure(mut self, version: &Id) -> Self {
        self.measure.get_or_insert_with(|| version.clone());
        self
    }
}

/// One wrong member.
pub fn field(
    pointer: impl Into<String>,
    en: impl Into<String>,
    zh: impl Into<String>,
) -> FieldError {
    FieldError { pointer: pointer.into(), detail: Text { en: en.into(), zh: zh.into() } }
}
