//! Names and references: newtypes made by `parse`, so that a value of the type is well formed.

use std::fmt;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use uuid::Uuid;

use super::division::CORPS;

/// A short identifier that a measure or a registration defines: lower case, digits, `_`.
pub type Id = SmolStr;

/// Why a string is not the identifier it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{value:?} is not {what}: {expected}")]
pub struct IdError {
    /// What the value was meant to be.
    pub what: &'static str,
    /// The value as given, cut to 80 characters.
    pub value: String,
    /// The form that would be accepted.
    pub expected: &'static str,
}

fn bad(what: &'static str, value: &str, expected: &'static str) -> IdError {
    IdError { what, value: value.chars().take(80).collect(), expected }
}

macro_rules! newtype {
    ($(#[$doc:meta])* $name:ident, $what:literal, $expected:literal, $check:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "SmolStr", into = "SmolStr")]
        pub struct $name(SmolStr);

        impl $name {
            /// Reads the identifier.
            ///
            /// # Errors
            /// Names the accepted form when the value has another.
            pub fn parse(value: &str) -> Result<Self, IdError> {
                let check: fn(&str) -> bool = $check;
                if check(value) {
                    Ok(Self(SmolStr::from(value)))
                } else {
                    Err(bad($what, value, $expected))
                }
            }

            /// The identifier as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<SmolStr> for $name {
            type Error = IdError;
            fn try_from(value: SmolStr) -> Result<Self, IdError> {
                Self::parse(&value)
            }
        }

        impl From<$name> for SmolStr {
            fn from(value: $name) -> Self {
                value.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

/// A number that is written in digits alone: no sign, no space, and not too large.
pub fn digits(text: &str) -> Option<u64> {
    let are_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if are_digits { text.parse().ok() } else { None }
}

fn is_snake(value: &str) -> bool {
    !value.is_empty()
        && value.len() <= 64
        && value.starts_with(|c: char| c.is_ascii_lowercase())
        && value.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

newtype!(
    /// A program: one policy instrument, `strong_province`, `cluster_area`.
    ProgramId,
    "a program",
    "lower-case letters, digits and _, at most 64, such as strong_province",
    is_snake
);

newtype!(
    /// A subject: a GB/T 2260 code (`440000`), `XPCC`, or the registered id of an area (`futian`).
    SubjectId,
    "a subject",
    "letters, digits, _, - and dots within, at most 64, such as 440000, XPCC or futian",
    |value| {
        !value.is_empty()
            && value.len() <= 64
            && value.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b))
    }
);

/// What names a program also names what is done for it as a whole.
impl From<&ProgramId> for SubjectId {
    fn from(program: &ProgramId) -> Self {
        Self(program.0.clone())
    }
}

impl SubjectId {
    /// The one spelling in which an id is registered: lower case, but for the Corps. Ids are compared
    /// without case; older logs can have others.
    pub fn registered_spelling(&self) -> Self {
        if self.0.eq_ignore_ascii_case(CORPS) {
            return Self(SmolStr::from(CORPS));
        }
        Self(SmolStr::from(self.0.to_ascii_lowercase()))
    }

    /// Whether it can be registered: an address ends or loses a part at an outer dot. Older logs can
    /// have some.
    pub fn is_addressable(&self) -> bool {
        !self.0.starts_with('.') && !self.0.ends_with('.')
    }
}

newtype!(
    /// The SHA-256 of a document: 64 lower-case hexadecimal digits.
    Digest,
    "a SHA-256 digest",
    "64 lower-case hexadecimal digits",
    |value| {
        value.len() == 64
            && value.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    }
);

newtype!(
    /// Where an enrollment stands: a phase, or a step within a phase (`pilot`, `pilot.failed`).
    Node,
    "a node of a program",
    "phase or phase.step, such as pilot.failed",
    |value| {
        let (phase, step) = value.split_once('.').unwrap_or((value, "x"));
        is_snake(phase) && is_snake(step)
    }
);

impl Node {
    /// The phase.
    pub fn phase(&self) -> &str {
        self.0.split_once('.').map_or(self.0.as_str(), |(phase, _)| phase)
    }

    /// The step within the phase, if it is in one.
    pub fn step(&self) -> Option<&str> {
        self.0.split_once('.').map(|(_, step)| step)
    }

    /// Whether a pattern of a measure covers this node: `*` everything, `pilot.*` the phase with
    /// every step, `pilot` the phase outside its steps, `pilot.failed` that step.
    pub fn matches(&self, pattern: &str) -> bool {
        pattern == "*"
            || pattern == self.0
            || pattern.strip_suffix(".*").is_some_and(|phase| phase == self.phase())
    }
}

/// Whether one of a measure's patterns covers where an enrollment stands; `none` covers a subject
/// that has no standing yet.
pub fn covered(patterns: &[Id], node: Option<&Node>) -> bool {
    patterns.iter().any(|pattern| match node {
        Some(node) => node.matches(pattern),
        None => pattern == "none" || pattern == "*",
    })
}

/// An event by where it is recorded and its id, written `stream@revision#id`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EventRef {
    /// The stream, without any engine's prefix.
    pub stream: String,
    /// The revision in that stream, from 0.
    pub revision: u64,
    /// The event's id.
    pub id: Uuid,
}

impl EventRef {
    /// Reads `stream@revision#id`.
    ///
    /// # Errors
    /// Names the accepted form.
    pub fn parse(value: &str) -> Result<Self, IdError> {
        let error = || bad("an event reference", value, "stream@revision#id");
        let (stream, rest) = value.split_once('@').ok_or_else(error)?;
        let (revision, id) = rest.split_once('#').ok_or_else(error)?;
        let revision = digits(revision).ok_or_else(error)?;
        let id = Uuid::parse_str(id).map_err(|_| error())?;
        if stream.is_empty() {
            return Err(error());
        }
        Ok(Self { stream: stream.to_owned(), revision, id })
    }

    /// Reads several, separated by spaces.
    ///
    /// # Errors
    /// Names the first that is malformed.
    pub fn parse_list(value: &str) -> Result<Vec<Self>, IdError> {
        value.split_ascii_whitespace().map(Self::parse).collect()
    }

    /// Writes several, separated by spaces.
    pub fn write_list(list: &[Self]) -> String {
        list.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    }
}

impl fmt::Display for EventRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}#{}", self.stream, self.revision, self.id)
    }
}

impl TryFrom<String> for EventRef {
    type Error = IdError;
    fn try_from(value: String) -> Result<Self, IdError> {
        Self::parse(&value)
    }
}

impl From<EventRef> for String {
    fn from(value: EventRef) -> Self {
        value.to_string()
    }
}

/// A label in both languages (rule G8).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// English.
    pub en: String,
    /// Chinese (zh-CN).
    pub zh: String,
}

/// The two languages of labels, titles and sentences (rule G8), and of answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum Language {
    /// English.
    #[serde(rename = "en")]
    En,
    /// Chinese, simplified: the language of the program documents.
    #[default]
    #[serde(rename = "zh-CN")]
    Zh,
}

impl Language {
    /// Its tag (RFC 5646).
    pub fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Zh => "zh-CN",
        }
    }

    /// The language that a tag or range (`zh`, `zh-CN`, `en-GB`) stands for.
    pub fn parse(tag: &str) -> Option<Self> {
        let primary = tag.trim().split('-').next()?;
        let is = |known: Self| known.tag().split('-').next() == Some(&primary.to_ascii_lowercase());
        [Self::En, Self::Zh].into_iter().find(|known| is(*known))
    }
}

impl Text {
    /// The text in one language.
    pub fn get(&self, language: Language) -> &str {
        match language {
            Language::En => &self.en,
            Language::Zh => &self.zh,
        }
    }
}

/// Who acts. The measure says which of them may do what; auditor and operator never act.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Office {
    /// The national IP office (SIPO, later CNIPA).
    NationalOffice,
    /// The competent IP department of a province.
    ProvincialDepartment,
    /// A province, autonomous region, municipality or the Corps itself.
    Province,
    /// The local people's government of an area.
    LocalGovernment,
    /// Records archives, evidence and registrations; never decides.
    Registrar,
    /// The machine itself, for its own events; changes no standing.
    Docket,
}

impl Office {
    /// Every office, and Docket itself.
    pub const ALL: [Self; 6] = [
        Self::NationalOffice,
        Self::ProvincialDepartment,
        Self::Province,
        Self::LocalGovernment,
        Self::Registrar,
        Self::Docket,
    ];

    /// The name used in tokens, events and measures.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NationalOffice => "national_office",
            Self::ProvincialDepartment => "provincial_department",
            Self::Province => "province",
            Self::LocalGovernment => "local_government",
            Self::Registrar => "registrar",
            Self::Docket => "docket",
        }
    }

    /// Reads the name.
    pub fn parse(value: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|office| office.as_str() == value)
    }
}

/// How a fact got into the record (rule G9).
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Default,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Provenance {
    /// An office's own act.
    #[default]
    Recorded,
    /// Known from evidence that says so.
    Attested,
    /// Known from evidence that implies it.
    Inferred,
}

impl Provenance {
    const ALL: [Self; 3] = [Self::Recorded, Self::Attested, Self::Inferred];

    /// Reads the name.
    pub fn parse(value: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|provenance| provenance.as_str() == value)
    }

    /// The name used in read models.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Recorded => "recorded",
            Self::Attested => "attested",
            Self::Inferred => "inferred",
        }
    }
}
