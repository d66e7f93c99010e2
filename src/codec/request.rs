//! The body of a request: one JSON object. An act's has its name, the members common to all acts, and
//! the members of its content. Every unknown or wrong member is named.

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::form;
use super::members::{self, Errors, shown};
use crate::domain::act::{ActKind, ActRequest, COMMON_MEMBERS, Common};
use crate::domain::ids::Text;
use crate::domain::person::{Person, check_persons};
use crate::domain::refusal::{FieldError, form_error};

/// Why a body is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// Not JSON, or not an object.
    #[error("{}", .0.en)]
    Malformed(Text),
    /// Members are missing, unknown or wrong.
    #[error("members are missing, unknown or wrong")]
    Invalid(Vec<FieldError>),
}

/// A body whose form was read; what it means is not known yet.
#[derive(Debug, Clone, Default)]
pub struct RequestBody {
    value: Value,
    errors: Errors,
}

impl RequestBody {
    /// Reads the form of a body.
    ///
    /// # Errors
    /// [`RequestError`] where it is no JSON, or more of it than any request has.
    pub fn read(body: &[u8]) -> Result<Self, RequestError> {
        form::read(body).map(|(value, errors)| Self { value, errors })
    }

    /// The whole.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// Takes a member out, as a body of its own.
    pub fn take(&mut self, member: &str) -> Option<Self> {
        let value = self.value.as_object_mut()?.remove(member)?;
        Some(Self { value, errors: Errors::default() })
    }

    fn members(self) -> Result<(Map<String, Value>, Errors), RequestError> {
        match self.value {
            Value::Object(members) => Ok((members, self.errors)),
            _ => Err(RequestError::Malformed(Text {
                en: "the body is not a JSON object".to_owned(),
                zh: "请求体不是 JSON 对象".to_owned(),
            })),
        }
    }

    /// The body as a type, other than an act.
    ///
    /// # Errors
    /// [`RequestError`] with every member that is wrong, by JSON Pointer.
    pub fn object<T: DeserializeOwned + JsonSchema>(self) -> Result<T, RequestError> {
        let (members, mut errors) = self.members()?;
        let read = members::read_type::<T>(members, &mut errors);
        errors.or(read)
    }

    /// The body as an act that names no person.
    ///
    /// # Errors
    /// [`RequestError`] with the members that are wrong, by JSON Pointer.
    pub fn act(self) -> Result<ActRequest, RequestError> {
        let (members, errors) = self.members()?;
        act(members, errors)
    }

    /// The body as an act, and apart from it the persons whom it names.
    ///
    /// # Errors
    /// As [`RequestBody::act`].
    pub fn act_naming(self) -> Result<(ActRequest, Vec<Person>), RequestError> {
        let (mut members, mut errors) = self.members()?;
        let mut named = Map::new();
        named.extend(members.remove_entry(PERSONS));
        let named = members::read_type::<Named>(named, &mut errors);
        let persons = named.map(|named| named.persons).unwrap_or_default();
        check_persons(&persons).into_iter().for_each(|error| errors.push(error));
        Ok((act(members, errors)?, persons))
    }
}

/// The member of an act's body that names persons.
const PERSONS: &str = "persons";

/// The personal member of an act's body, which stands apart from the act's own.
#[derive(Deserialize, JsonSchema)]
pub struct Named {
    /// The persons whom the act names: sealed at once, opened only for those who may. Such as
    /// `[{"data_subject": "p-7f3a", "role": "contact", "name": "…"}]`.
    #[serde(default)]
    persons: Vec<Person>,
}

fn act(mut members: Map<String, Value>, mut errors: Errors) -> Result<ActRequest, RequestError> {
    let kind = act_kind(&mut members)?;
    let mut common = Map::new();
    for name in COMMON_MEMBERS {
        common.extend(members.remove_entry(name));
    }
    let common = members::read_type::<Common>(common, &mut errors);
    let act = members::read_content(kind, members, &mut errors);
    errors.or(act.zip(common).map(|(act, common)| ActRequest { act, common }))
}

/// Reads the body of an act request.
///
/// # Errors
/// As [`RequestBody::read`] and [`RequestBody::act`].
pub fn parse_act_request(body: &[u8]) -> Result<ActRequest, RequestError> {
    RequestBody::read(body)?.act()
}

fn act_kind(members: &mut Map<String, Value>) -> Result<ActKind, RequestError> {
    let known = || ActKind::ALL.iter().map(|kind| kind.as_str());
    let Some(Value::String(name)) = members.remove("act") else {
        let error = form_error("/act", "name the act", "须注明行为").accepting(known());
        return Err(RequestError::Invalid(vec![error]));
    };
    ActKind::parse(&name).ok_or_else(|| {
        let name = shown(&name);
        let error =
            form_error("/act", format!("{name:?} is not an act"), format!("“{name}”不是行为"))
                .accepting(known());
        RequestError::Invalid(vec![error])
    })
}
