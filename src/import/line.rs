//! What one line says: an act, or the registration of a subject.
//!
//! A line is one JSON object. An act's has `program`, `subject` (or `for_the_program`), and what the body
//! of the act has over REST; a registration's has `register` with what the body of one has. `key` is the
//! line's own key; without one it is made of the line's content, never of its number.

use std::path::Path;
use std::sync::Arc;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::bad::BadLine;
use super::documents::Documents;
use crate::codec::{self, RequestBody, RequestError};
use crate::domain::act::ActRequest;
use crate::domain::ids::{SubjectId, Text};
use crate::domain::refusal::{FieldError, form_error};
use crate::domain::subject::Registration;
use crate::views::problem::Code;

/// The longest key of a line, as of any request.
const MAX_KEY_CHARS: usize = 255;

/// A line of a file, not read yet.
#[derive(Debug, Clone)]
pub struct Line {
    /// Its number, from 1.
    pub number: u64,
    /// Its JSON, or what is wrong with its form.
    pub json: Result<Vec<u8>, Vec<BadLine>>,
    /// How many bytes of the file were read up to its end.
    pub read: u64,
    /// The file in which it stands, where there are several.
    pub file: Option<Arc<str>>,
}

/// A file of lines, which can be read again.
pub trait Source: Send + Sync {
    /// Where it is, for messages.
    fn path(&self) -> &Path;

    /// How many bytes it has.
    fn bytes(&self) -> u64;

    /// The documents beside it.
    fn documents(&self) -> Option<Arc<Documents>> {
        None
    }

    /// Its lines, from the first.
    ///
    /// # Errors
    /// What stands in the way of reading it; a form that is none.
    fn lines(&self) -> std::io::Result<Box<dyn Iterator<Item = std::io::Result<Line>> + Send>>;
}

/// What a line says.
#[derive(Debug, Clone)]
pub(super) enum What {
    Act(Box<ActLine>),
    Register(Box<Registration>),
}

#[derive(Debug, Clone)]
pub(super) struct ActLine {
    pub program: String,
    pub subject: Option<SubjectId>,
    pub request: ActRequest,
}

impl What {
    /// Where it goes.
    pub fn stream(&self) -> String {
        match self {
            What::Act(act) => match &act.subject {
                Some(subject) => format!("{}-{}", act.program, subject.registered_spelling()),
                None => format!("program-{}", act.program),
            },
            What::Register(registration) => {
                codec::subject_stream(&registration.id.registered_spelling())
            }
        }
    }
}

/// A line that was read.
#[derive(Debug, Clone)]
pub(super) struct Said {
    pub what: What,
    pub key: String,
    /// Whether the key is the line's own.
    pub is_keyed: bool,
}

/// Where a line goes, as far as that can be read though the line is bad.
pub(super) fn stream_named(json: &[u8]) -> Option<String> {
    let line: Value = serde_json::from_slice(json).ok()?;
    let text = |pointer: &str| line.pointer(pointer).and_then(Value::as_str);
    let subject = |text: &str| Some(SubjectId::parse(text).ok()?.registered_spelling());
    if let Some(id) = text("/register/id") {
        return Some(codec::subject_stream(&subject(id)?));
    }
    let program = text("/program")?;
    Some(match text("/subject") {
        Some(id) => format!("{program}-{}", subject(id)?),
        None => format!("program-{program}"),
    })
}

/// Reads a line.
pub(super) fn read(number: u64, json: &[u8]) -> Result<Said, Vec<BadLine>> {
    let wrong = |error| BadLine::of_request(number, error);
    let mut body = RequestBody::read(json).map_err(wrong)?;
    let own = text(&mut body, "key").map_err(wrong)?;
    if own.as_ref().is_some_and(|key| key.is_empty() || key.chars().count() > MAX_KEY_CHARS) {
        let text = Text {
            en: format!("a key has 1 to {MAX_KEY_CHARS} characters"),
            zh: format!("键须为1至{MAX_KEY_CHARS}个字符"),
        };
        return Err(vec![BadLine::new(number, Some("key"), Code::ValidationError, text)]);
    }
    let is_keyed = own.is_some();
    let key = own.unwrap_or_else(|| digest(&body));
    let what = what(body).map_err(wrong)?;
    Ok(Said { what, key, is_keyed })
}

fn what(mut body: RequestBody) -> Result<What, RequestError> {
    if let Some(registration) = body.take("register") {
        body.object::<Nothing>()?;
        return Ok(What::Register(Box::new(registration.object()?)));
    }
    let program = text(&mut body, "program")?;
    let subject = text(&mut body, "subject")?;
    let whole =
        body.take("for_the_program").is_some_and(|whole| whole.value() == &Value::Bool(true));
    let mut errors: Vec<FieldError> = Vec::new();
    if program.is_none() {
        errors.push(form_error("/program", "name the program", "须注明项目"));
    }
    let subject = subject.map(|subject| SubjectId::parse(&subject)).transpose();
    match &subject {
        Err(error) => errors.push(form_error("/subject", error.to_string(), "主体编号格式不符")),
        Ok(None) if !whole => errors.push(form_error(
            "/subject",
            "name the subject, or say `for_the_program`: true",
            "须注明主体，或以 for_the_program 注明就项目整体",
        )),
        Ok(_) => {}
    }
    let request = match (body.act(), errors.is_empty()) {
        (Ok(request), true) => request,
        (Err(RequestError::Invalid(more)), _) => {
            errors.extend(more);
            return Err(RequestError::Invalid(errors));
        }
        (Err(error), _) => return Err(error),
        (Ok(_), false) => return Err(RequestError::Invalid(errors)),
    };
    let (program, subject) = (program.unwrap_or_default(), subject.unwrap_or_default());
    Ok(What::Act(Box::new(ActLine { program, subject, request })))
}

/// That nothing else stands in a line.
#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Nothing {}

fn text(body: &mut RequestBody, member: &'static str) -> Result<Option<String>, RequestError> {
    match body.take(member) {
        None => Ok(None),
        Some(value) => match value.value() {
            Value::String(text) => Ok(Some(text.clone())),
            _ => Err(RequestError::Invalid(vec![form_error(
                format!("/{member}"),
                "it is no text",
                "须为文本",
            )])),
        },
    }
}

/// The key of a line without one: its content, in whatever order its members stand.
fn digest(body: &RequestBody) -> String {
    let hash = Sha256::digest(body.value().to_string());
    let digits: String = hash.iter().take(20).map(|byte| format!("{byte:02x}")).collect();
    format!("import-{digits}")
}
