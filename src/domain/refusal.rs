//! Why an act is refused: the article, what is missing, and what would satisfy it (rule G5).
//!
//! An office's own "no" is an act (`reject`, `return`) and an event; a refusal is only what Docket
//! does, and leaves no event.

use super::act::ActKind;
use super::date::CivilDate;
use super::event::Finding;
use super::ids::{EventRef, Id, Language, Office, Text};
use super::words::{self, said};

/// What is wrong with one member of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// JSON Pointer to the member.
    pub pointer: String,
    /// What is wrong and what would be accepted.
    pub detail: Text,
    /// The values that would be, as they are written, where they are few.
    pub accepted: Vec<Id>,
}

impl FieldError {
    /// Adds the values that would be accepted.
    #[must_use]
    pub fn accepting<'k>(mut self, values: impl IntoIterator<Item = &'k str>) -> Self {
        self.accepted = values.into_iter().map(Id::from).collect();
        self
    }
}

/// A code with what it is called: answers name both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Called {
    /// The code.
    pub id: Id,
    /// What it is called.
    pub label: Text,
}

impl Called {
    /// A code with its label.
    pub fn new(id: &str, label: Text) -> Self {
        Self { id: Id::from(id), label }
    }
}

/// What an act lacks beside the conditions of its rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lack {
    /// A standing from which it is allowed.
    Standing,
    /// A subject, or a program as a whole, for which it is done.
    Subject,
    /// An outcome that it has where the enrollment stands.
    Outcome,
    /// An override in writing.
    Override,
    /// A standing known from evidence alone (G10).
    AttestedStanding,
    /// An act that could be corrected (G1).
    ActOnRecord,
    /// An act that met an obligation (G12).
    ObligationMet,
    /// A rule that is not known (G14).
    UnknownRule,
}

impl Lack {
    fn called(self) -> Called {
        let (id, label) = match self {
            Self::Standing => {
                ("standing", said!("a standing from which it is allowed", "允许该行为的状态"))
            }
            Self::Subject => ("subject", said!("another kind of subject", "适格的办理对象")),
            Self::Outcome => ("outcome", said!("an outcome that it has here", "此处可有的结果")),
            Self::Override => ("override", said!("an override in writing", "书面突破决定")),
            Self::AttestedStanding => (
                "attested_standing",
                said!("a standing known from evidence alone", "仅凭佐证记录的状态"),
            ),
            Self::ActOnRecord => ("act_on_record", said!("an act on record", "已入档的行为")),
            Self::ObligationMet => (
                "obligation_met",
                said!("an act on record that met an obligation", "已入档的履行义务的行为"),
            ),
            Self::UnknownRule => ("unknown_rule", said!("a rule that is not known", "不详的规定")),
        };
        Called::new(id, label)
    }
}

impl From<Lack> for Called {
    fn from(lack: Lack) -> Self {
        lack.called()
    }
}

/// The kind of refusal; fine enough for what a caller does differently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// The act is not allowed where the enrollment stands, or a condition is missing.
    NotPermitted {
        /// Where it stands; absent: nowhere yet.
        stands_at: Option<Called>,
        /// From where the act would be allowed.
        allowed_from: Vec<Called>,
        /// The conditions that are missing.
        missing: Vec<Called>,
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
        /// Which.
        requirement: Called,
        /// What is required.
        required: Text,
        /// What was given.
        given: Text,
    },
    /// Materials are missing.
    MaterialMissing {
        /// Their kinds.
        materials: Vec<Called>,
    },
    /// The subject cannot enroll in this program.
    IneligibleSubject {
        /// The kinds that can.
        allowed_kinds: Vec<Called>,
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
        /// The revision of the event that decided it.
        revision: u64,
        /// That event, once it was looked up.
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
        category: Called,
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
    /// Our choice that it rests on, where the text is silent.
    pub reading: Option<Box<Text>>,
    /// The measure version.
    pub measure: Option<Id>,
    /// What is wrong and what would satisfy it, in both languages.
    pub detail: Text,
}

impl Refusal {
    /// A refusal without article.
    pub fn new(act: ActKind, reason: Reason, detail: Text) -> Self {
        Self { act, reason: Box::new(reason), article: None, measure: None, reading: None, detail }
    }

    /// A refusal because members of the act are wrong.
    pub fn invalid(act: ActKind, errors: Vec<FieldError>) -> Self {
        let text = members_wrong(&errors);
        Self::new(act, Reason::Invalid { errors }, text)
    }

    /// Adds the article.
    #[must_use]
    pub fn under(mut self, article: &str) -> Self {
        self.article = Some(article.to_owned());
        self
    }

    /// Adds the reading that it rests on.
    #[must_use]
    pub fn read(mut self, reading: &Option<Text>) -> Self {
        self.reading = reading.clone().map(Box::new);
        self
    }

    /// Adds the article, or the rule of the record, where none is named yet.
    #[must_use]
    pub fn or_under(mut self, article: &str) -> Self {
        self.article.get_or_insert_with(|| article.to_owned());
        self
    }

    /// What is found instead, where a record is mended toward it (G1).
    pub fn into_finding(self) -> Finding {
        let article = self.article.unwrap_or_else(|| "G1".to_owned());
        Finding::new("condition_missing", self.detail, &article)
            .read(&self.reading.map(|text| *text))
    }

    /// Whether it is of who may act, or of the standing, whatever the act says.
    pub fn is_of_standing(&self) -> bool {
        match &*self.reason {
            Reason::NotPermitted { .. }
            | Reason::OfficeForbidden { .. }
            | Reason::JurisdictionForbidden { .. }
            | Reason::IneligibleSubject { .. }
            | Reason::NotInForce { .. }
            | Reason::RuleUnknown
            | Reason::AlreadyDecided { .. } => true,
            Reason::RequirementNotMet { .. }
            | Reason::MaterialMissing { .. }
            | Reason::DateConflict { .. }
            | Reason::WouldUnsettle { .. }
            | Reason::NotInForceVersion { .. }
            | Reason::QuotaExhausted { .. }
            | Reason::Invalid { .. } => false,
        }
    }

    /// Names the event that a revision is.
    #[must_use]
    pub fn naming(mut self, event: impl Fn(u64) -> Option<EventRef>) -> Self {
        if let Reason::AlreadyDecided { revision, by } = &mut *self.reason {
            *by = event(*revision);
        }
        self
    }

    /// Adds the measure version, if none is named yet.
    #[must_use]
    pub fn of_measure(mut self, version: &Id) -> Self {
        self.measure.get_or_insert_with(|| version.clone());
        self
    }
}

/// All the members that are wrong, each by where it stands.
pub fn members_wrong(errors: &[FieldError]) -> Text {
    words::both(|language| {
        let details = errors.iter().map(|error| {
            let detail = error.detail.get(language);
            match (language, words::member(&error.pointer)) {
                (Language::Zh, Some(member)) => format!("{member}：{detail}"),
                (Language::En, _) if !error.pointer.is_empty() => {
                    format!("{}: {detail}", error.pointer)
                }
                (Language::En | Language::Zh, _) => detail.to_owned(),
            }
        });
        details.collect::<Vec<_>>().join(words::pick(language, "; ", "；"))
    })
}

/// One member whose form is wrong: said with names and texts as they are written.
pub fn form_error(
    pointer: impl Into<String>,
    en: impl Into<String>,
    zh: impl Into<String>,
) -> FieldError {
    field(pointer, Text { en: en.into(), zh: zh.into() })
}

/// One wrong member.
pub fn field(pointer: impl Into<String>, detail: Text) -> FieldError {
    FieldError { pointer: pointer.into(), detail, accepted: Vec::new() }
}
