//! What one line says: an act, the registration of a subject, a figure of a division or a correction of one.
//!
//! A line is one JSON object. An act's has `program`, `subject` (or `for_the_program`), and what the body
//! of the act has over REST; a registration's has `register`, a figure's `record_indicator`, its
//! correction's `correct_indicator`, each with what the body of one has, the last two with `division`
//! besides. `key` is the line's own key; without one it is made of the line's content, never of its number.

use std::path::Path;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::bad::BadLine;
use super::documents::Documents;
use crate::app::{ActCall, IndicatorCorrection, Precondition};
use crate::codec::{self, RequestBody, RequestError};
use crate::domain::act::{Act, ActKind, ActRequest};
use crate::domain::ids::{SubjectId, Text};
use crate::domain::indicator::Observation;
use crate::domain::refusal::{FieldError, form_error};
use crate::domain::subject::Registration;
use crate::views::problem::Code;

/// The member in which a line registers a subject.
pub(super) const REGISTER: &str = "register";
/// The member in which a line says a figure.
pub(super) const RECORD_INDICATOR: &str = "record_indicator";
/// The member in which a line says the correction of one.
pub(super) const CORRECT_INDICATOR: &str = "correct_indicator";
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
    Act(Box<ActCall>),
    Register(Box<Registration>),
    Figure(SubjectId, Box<Observation>),
    Correction(SubjectId, Box<IndicatorCorrection>),
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
            What::Figure(division, _) | What::Correction(division, _) => {
                codec::indicator_stream(&division.registered_spelling())
            }
        }
    }

    /// What it is about within its stream, where two lines that say different things of that hardly both
    /// hold.
    fn about(&self) -> Option<String> {
        match self {
            What::Act(call) => Some(about_act(&call.request)),
            What::Register(_) => Some("register".to_owned()),
            What::Figure(_, of) => {
                let (basis, coverage) = (of.basis.as_deref(), of.coverage.as_deref());
                let parts = [Some(&*of.indicator), Some(of.period.as_str()), basis, coverage];
                Some(parts.map(Option::unwrap_or_default).join("\t"))
            }
            What::Correction(..) => None,
        }
    }

    /// The member of the line that holds it, where that is not the line as a whole.
    pub fn member(&self) -> Option<&'static str> {
        match self {
            What::Act(_) => None,
            What::Register(_) => Some(REGISTER),
            What::Figure(..) => Some(RECORD_INDICATOR),
            What::Correction(..) => Some(CORRECT_INDICATOR),
        }
    }

    /// Whether only one line can say what it is about.
    pub fn is_said_once(&self) -> bool {
        matches!(self, What::Act(call) if call.request.act.kind() == ActKind::AttestStanding)
    }
}

/// The act and its day, and what tells it from others of that day: its document, the year of a report, the
/// source of evidence.
fn about_act(request: &ActRequest) -> String {
    let ActRequest { act, common } = request;
    let number = common.document.as_ref().and_then(|document| document.number.as_deref());
    let own = match act {
        Act::SubmitReport(report) => report.year.to_string(),
        Act::AttestStanding(evidence) => evidence.source.to_string(),
        _ => String::new(),
    };
    let number = number.unwrap_or_default();
    format!("{}\t{}\t{number}\t{own}", act.kind().as_str(), common.effective_on)
}

/// A line that was read.
#[derive(Debug, Clone)]
pub(super) struct Said {
    pub what: What,
    pub key: String,
    /// Whether the key is the line's own.
    pub is_keyed: bool,
    pub about: Option<String>,
}

/// Where a line goes, as far as that can be read though the line is bad.
pub(super) fn stream_named(json: &[u8]) -> Option<String> {
    let line: Value = serde_json::from_slice(json).ok()?;
    let text = |pointer: &str| line.pointer(pointer).and_then(Value::as_str);
    let subject = |text: &str| Some(SubjectId::parse(text).ok()?.registered_spelling());
    if let Some(id) = text("/register/id") {
        return Some(codec::subject_stream(&subject(id)?));
    }
    for of in [RECORD_INDICATOR, CORRECT_INDICATOR] {
        if let Some(id) = text(&format!("/{of}/division")) {
            return Some(codec::indicator_stream(&subject(id)?));
        }
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
    let what = what(body, &key).map_err(wrong)?;
    let about = what.about();
    Ok(Said { what, key, is_keyed, about })
}

fn what(mut body: RequestBody, key: &str) -> Result<What, RequestError> {
    if let Some(registration) = body.take(REGISTER) {
        body.object::<Nothing>()?;
        let registration = registration.object().map_err(|error| within(REGISTER, error))?;
        return Ok(What::Register(Box::new(registration)));
    }
    if let Some(figure) = body.take(RECORD_INDICATOR) {
        body.object::<Nothing>()?;
        let (division, figure) = of_division(RECORD_INDICATOR, figure)?;
        return Ok(What::Figure(division, Box::new(figure)));
    }
    if let Some(correction) = body.take(CORRECT_INDICATOR) {
        body.object::<Nothing>()?;
        let (division, correction) = of_division(CORRECT_INDICATOR, correction)?;
        return Ok(What::Correction(division, Box::new(correction)));
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
    Ok(What::Act(Box::new(ActCall {
        persons: Vec::new(),
        program,
        subject,
        request,
        key: key.to_owned(),
        precondition: Precondition::Any,
        trace: None,
        validate_only: false,
    })))
}

/// What is said of a division, and which.
fn of_division<T: DeserializeOwned + JsonSchema>(
    member: &str,
    mut body: RequestBody,
) -> Result<(SubjectId, T), RequestError> {
    if !body.value().is_object() {
        return Err(RequestError::Invalid(vec![no_object(member)]));
    }
    let division = text(&mut body, "division").map_err(|error| within(member, error))?;
    let at = format!("/{member}/division");
    let division = match division.map(|id| SubjectId::parse(&id)) {
        Some(Ok(division)) => Ok(division),
        Some(Err(error)) => Err(form_error(at, error.to_string(), "区域标识格式不符")),
        None => Err(form_error(at, "name the division", "须注明区域")),
    };
    let said = body.object().map_err(|error| within(member, error));
    match (division, said) {
        (Ok(division), Ok(said)) => Ok((division, said)),
        (Err(error), Err(RequestError::Invalid(mut errors))) => {
            errors.insert(0, error);
            Err(RequestError::Invalid(errors))
        }
        (Err(error), _) => Err(RequestError::Invalid(vec![error])),
        (Ok(_), Err(error)) => Err(error),
    }
}

/// What is wrong with a member of a line, by where that stands in the line.
fn within(member: &str, error: RequestError) -> RequestError {
    match error {
        RequestError::Invalid(mut errors) => {
            for error in &mut errors {
                error.pointer = format!("/{member}{}", error.pointer);
            }
            RequestError::Invalid(errors)
        }
        RequestError::Malformed(_) => RequestError::Invalid(vec![no_object(member)]),
    }
}

fn no_object(member: &str) -> FieldError {
    form_error(format!("/{member}"), "it is no JSON object", "须为 JSON 对象")
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
