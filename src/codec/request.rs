//! The body of an act request: one JSON object with the act's name, the members common to all acts,
//! and the members of its content. Every unknown or wrong member is named.

use serde_json::{Map, Value};

use super::members::{self, Errors, shown};
use crate::domain::act::{ActKind, ActRequest, COMMON_MEMBERS, Common};
use crate::domain::refusal::{FieldError, field};

/// Why a body is no act.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// Not JSON, or not an object.
    #[error("{0}")]
    Malformed(String),
    /// Members are missing, unknown or wrong.
    #[error("members are missing, unknown or wrong")]
    Invalid(Vec<FieldError>),
}

/// How deep a body may be nested.
const MAX_DEPTH: usize = 16;

/// The text of a JSON body: UTF-8, and not nested too deep to be parsed.
///
/// # Errors
/// [`RequestError::Malformed`].
pub fn check_text(body: &[u8]) -> Result<&str, RequestError> {
    let text = std::str::from_utf8(body).map_err(|error| {
        let at = error.valid_up_to();
        RequestError::Malformed(format!("the body is not UTF-8: byte {at} begins no character"))
    })?;
    if depth(body) > MAX_DEPTH {
        let limit = format!("the body is nested deeper than {MAX_DEPTH} levels");
        return Err(RequestError::Malformed(limit));
    }
    Ok(text)
}

/// Reads the body of an act request.
///
/// # Errors
/// [`RequestError`] with the members that are wrong, by JSON Pointer.
pub fn parse_act_request(body: &[u8]) -> Result<ActRequest, RequestError> {
    let mut members = members::object(check_text(body)?)?;
    let mut errors = Errors::default();
    members::check_sizes(&members, "", &mut errors);
    let kind = act_kind(&mut members)?;
    let mut common = Map::new();
    for name in COMMON_MEMBERS {
        if let Some(value) = members.remove(name) {
            common.insert(name.to_owned(), value);
        }
    }
    let common = members::read_type::<Common>(common, &mut errors);
    let act = members::read_content(kind, members, &mut errors);
    errors.or(act.zip(common).map(|(act, common)| ActRequest { act, common }))
}

fn act_kind(members: &mut Map<String, Value>) -> Result<ActKind, RequestError> {
    let known = || ActKind::ALL.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(", ");
    let Some(Value::String(name)) = members.remove("act") else {
        let error = field(
            "/act",
            format!("name the act: one of {}", known()),
            format!("须注明行为：{}", known()),
        );
        return Err(RequestError::Invalid(vec![error]));
    };
    ActKind::parse(&name).ok_or_else(|| {
        let name = shown(&name);
        let error = field(
            "/act",
            format!("{name:?} is not an act; acts are {}", known()),
            format!("{name:?} 不是行为；可用的有 {}", known()),
        );
        RequestError::Invalid(vec![error])
    })
}

/// How deep brackets are nested outside of strings; cheap enough to run before parsing.
fn depth(body: &[u8]) -> usize {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0usize, 0usize, false, false);
    for &byte in body {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}
