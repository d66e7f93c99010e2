//! Persons whom an act names, by the opaque id of a data subject, and what is recorded of their data: legal
//! holds, erasure, each opening.
//!
//! What must hold: neither `decide` nor `evolve` reads anything of this; what a person is called is printed
//! nowhere, not even for debugging.

mod standing;

use std::collections::BTreeSet;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::ids::{EventRef, IdError};
use super::refusal::{FieldError, field};
use super::registry::Label;
use super::text::NonBlank;
use super::words::{Given, said};

pub use standing::{Erasure, Hand, Hold, PersonStanding};

/// How many persons an act names at most.
pub const MAX_PERSONS: usize = 8;
/// How long each member of a person is at most, in characters.
pub const MAX_CHARS: usize = 120;
/// Digits from which on a number is that of a citizen or a telephone, and no opaque id.
const TELLING_DIGITS: usize = 11;

/// A data subject: an opaque id that the recording office gives a person, the same over all acts.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "SmolStr", into = "SmolStr")]
pub struct DataSubject(SmolStr);

impl DataSubject {
    /// Reads the id.
    ///
    /// # Errors
    /// Names the accepted form; a citizen's or telephone number is no opaque id.
    pub fn parse(value: &str) -> Result<Self, IdError> {
        let digits = value.bytes().filter(u8::is_ascii_digit).count();
        let is_number = digits >= TELLING_DIGITS && digits + 1 >= value.len();
        let good = (1..=64).contains(&value.len())
            && value.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b))
            && !is_number;
        if good {
            return Ok(Self(SmolStr::from(value)));
        }
        Err(IdError {
            what: "a data subject",
            value: value.chars().take(80).collect(),
            expected: "an opaque id of the recording office: letters, digits, _ and -, at most 64, no \
                       citizen's or telephone number, such as p-7f3a",
        })
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<SmolStr> for DataSubject {
    type Error = IdError;
    fn try_from(value: SmolStr) -> Result<Self, IdError> {
        Self::parse(&value)
    }
}

impl From<DataSubject> for SmolStr {
    fn from(value: DataSubject) -> Self {
        value.0
    }
}

impl fmt::Display for DataSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why an act names a person.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum PersonRole {
    /// Whom to ask about it.
    Contact,
    /// Who signed it.
    Signatory,
}

impl PersonRole {
    /// Each of them.
    pub const ALL: [Self; 2] = [Self::Contact, Self::Signatory];

    /// The name in requests and in the record.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Contact => "contact",
            Self::Signatory => "signatory",
        }
    }

    /// Reads the name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }

    /// What people call it.
    pub fn label(self) -> Label {
        match self {
            Self::Contact => Label { en: "contact", zh: "联系人" },
            Self::Signatory => Label { en: "signatory", zh: "签署人" },
        }
    }
}

/// A person whom an act names: kept sealed with the key of the data subject, apart from the act.
#[derive(Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// The opaque id that the recording office gives the person, the same over all acts.
    #[schemars(with = "String")]
    pub data_subject: DataSubject,
    /// Why the act names the person.
    pub role: PersonRole,
    /// The name.
    pub name: NonBlank,
    /// The position.
    #[serde(default)]
    pub position: Option<NonBlank>,
    /// The telephone number.
    #[serde(default)]
    pub telephone: Option<NonBlank>,
    /// The e-mail address.
    #[serde(default)]
    pub email: Option<NonBlank>,
}

/// Names and numbers are not printed.
impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Person({} {})", self.role.as_str(), self.data_subject)
    }
}

/// What is sealed of a person.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Details {
    /// The name.
    pub name: NonBlank,
    /// The position.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<NonBlank>,
    /// The telephone number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub telephone: Option<NonBlank>,
    /// The e-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<NonBlank>,
}

impl Person {
    /// What is sealed.
    pub fn details(&self) -> Details {
        let Self { name, position, telephone, email, .. } = self.clone();
        Details { name, position, telephone, email }
    }

    fn texts(&self) -> [(&'static str, Option<&NonBlank>); 4] {
        [
            ("name", Some(&self.name)),
            ("position", self.position.as_ref()),
            ("telephone", self.telephone.as_ref()),
            ("email", self.email.as_ref()),
        ]
    }
}

/// What is wrong with the persons of an act beside the form of each, by pointers into its body.
pub fn check_persons(persons: &[Person]) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if persons.len() > MAX_PERSONS {
        let text = said!(
            "an act names {most} persons at most",
            "一个行为最多载明{most}人",
            most = Given(&MAX_PERSONS.to_string())
        );
        errors.push(field("/persons", text));
    }
    let mut named = BTreeSet::new();
    for (at, person) in persons.iter().enumerate() {
        for (member, _) in person
            .texts()
            .into_iter()
            .filter(|(_, text)| text.is_some_and(|text| text.chars().count() > MAX_CHARS))
        {
            let text = said!(
                "it has more than {most} characters",
                "超过{most}个字符",
                most = Given(&MAX_CHARS.to_string())
            );
            errors.push(field(format!("/persons/{at}/{member}"), text));
        }
        if !named.insert((&person.data_subject, person.role)) {
            let text = said!(
                "this data subject is named in this role already",
                "该信息主体已以此身份载明"
            );
            errors.push(field(format!("/persons/{at}/data_subject"), text));
        }
    }
    errors
}

/// The legal ground on which personal data are erased: Personal Information Protection Law (PIPL), Art. 47.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ground {
    /// The purpose is achieved, can't be achieved, or no longer needs the data (1).
    PurposeAchieved,
    /// The service has ended, or the retention period is over (2).
    RetentionOver,
    /// The person withdrew the consent (3).
    ConsentWithdrawn,
    /// The processing broke the law or what was agreed (4).
    Unlawful,
    /// Another law or regulation says so, which the statement names (5).
    OtherLaw,
}

impl Ground {
    /// Each of them.
    pub const ALL: [Self; 5] = [
        Self::PurposeAchieved,
        Self::RetentionOver,
        Self::ConsentWithdrawn,
        Self::Unlawful,
        Self::OtherLaw,
    ];

    /// The name in requests and in the record.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PurposeAchieved => "purpose_achieved",
            Self::RetentionOver => "retention_over",
            Self::ConsentWithdrawn => "consent_withdrawn",
            Self::Unlawful => "unlawful",
            Self::OtherLaw => "other_law",
        }
    }

    /// What people call it, with its article.
    pub fn label(self) -> Label {
        match self {
            Self::PurposeAchieved => Label {
                en: "the purpose is achieved or given up (PIPL Art. 47(1))",
                zh: "处理目的已实现、无法实现或不再必要（《个人信息保护法》第四十七条第一项）",
            },
            Self::RetentionOver => Label {
                en: "the retention period is over (PIPL Art. 47(2))",
                zh: "保存期限已届满（《个人信息保护法》第四十七条第二项）",
            },
            Self::ConsentWithdrawn => Label {
                en: "the consent was withdrawn (PIPL Art. 47(3))",
                zh: "个人撤回同意（《个人信息保护法》第四十七条第三项）",
            },
            Self::Unlawful => Label {
                en: "the processing was unlawful (PIPL Art. 47(4))",
                zh: "违法或违约处理（《个人信息保护法》第四十七条第四项）",
            },
            Self::OtherLaw => Label {
                en: "another law says so (PIPL Art. 47(5))",
                zh: "法律、行政法规规定的其他情形（《个人信息保护法》第四十七条第五项）",
            },
        }
    }
}

/// What a hold is called: the data subject and the revision at which it was placed.
pub fn hold_id(of: &DataSubject, revision: u64) -> String {
    format!("{of}@{revision}")
}

/// The data of a person may not be erased until the hold is lifted by another than who placed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HoldPlaced {
    /// The person, by the opaque id.
    #[schemars(with = "String")]
    pub data_subject: DataSubject,
    /// Why, and on whose order.
    pub reason: NonBlank,
}

/// A hold was lifted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HoldLifted {
    /// The person, by the opaque id.
    #[schemars(with = "String")]
    pub data_subject: DataSubject,
    /// The revision at which the hold was placed.
    pub hold: u64,
    /// Why.
    pub reason: NonBlank,
}

/// The key with which everything was sealed that names a person was destroyed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonErased {
    /// The person, by the opaque id.
    #[schemars(with = "String")]
    pub data_subject: DataSubject,
    /// The legal ground.
    pub ground: Ground,
    /// What it was decided on: the request, its number, the provision.
    pub statement: NonBlank,
}

/// Somebody read what was sealed of persons.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonOpened {
    /// The event that names them, `stream@revision#id`.
    #[schemars(with = "String")]
    pub event: EventRef,
    /// Whose data were opened.
    #[schemars(with = "Vec<String>")]
    pub data_subjects: Vec<DataSubject>,
    /// Why.
    pub reason: NonBlank,
}

/// What is recorded of a data subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PersonEvent {
    /// A hold was placed.
    HoldPlaced(HoldPlaced),
    /// A hold was lifted.
    HoldLifted(HoldLifted),
    /// The data were erased.
    Erased(PersonErased),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_opaque_id_is_no_number_of_a_person() {
        for good in ["p-7f3a", "P1", "0000000001", "gd-2026-000000000017", &"x".repeat(64)] {
            assert_eq!(DataSubject::parse(good).map(|id| id.to_string()), Ok(good.to_owned()));
        }
        let long = "x".repeat(65);
        for bad in
            ["", "张三", "a b", "a@b.cn", "a.b", "13800138000", "44030119800101123X", &long, "a/b"]
        {
            assert!(DataSubject::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_person_is_named_once_in_a_role_and_never_printed() {
        let person = |name: &str, role| Person {
            data_subject: DataSubject::parse("p-1").unwrap(),
            role,
            name: NonBlank::parse(name).unwrap(),
            position: None,
            telephone: None,
            email: None,
        };
        let (one, two) = (person("Li", PersonRole::Contact), person("Li", PersonRole::Signatory));
        assert_eq!(check_persons(&[one.clone(), two]), []);
        let twice = check_persons(&[one.clone(), one.clone()]);
        assert_eq!(twice[0].pointer, "/persons/1/data_subject");
        let long = check_persons(&[person(&"x".repeat(MAX_CHARS + 1), PersonRole::Contact)]);
        assert_eq!(long[0].pointer, "/persons/0/name");
        assert_eq!(format!("{one:?}"), "Person(contact p-1)");
    }
}
