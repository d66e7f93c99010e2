//! What is wrong with a line, and where.

use serde::Serialize;

use crate::app::ActError;
use crate::codec::RequestError;
use crate::domain::ids::{Language, Text};
use crate::domain::refusal::{FieldError, Reason};
use crate::views::problem::{Code, Problem};

/// Something that is wrong with a line; a line of the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BadLine {
    /// The line, counted from 1; in a sheet its row.
    pub line: u64,
    /// The file, where there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The column or member, `document.number`; absent: the line as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// The code of the problem, as REST has it.
    pub code: String,
    /// What is wrong, and what would be accepted.
    pub reason: String,
    /// The same in Chinese.
    pub reason_zh: String,
}

impl BadLine {
    /// A line that is wrong as a whole, or in a column.
    pub fn new(line: u64, column: Option<&str>, code: Code, reason: Text) -> Self {
        let column = column.map(str::to_owned);
        Self {
            line,
            file: None,
            column,
            code: code.as_str(),
            reason: reason.en,
            reason_zh: reason.zh,
        }
    }

    /// What a line can't be read as.
    pub fn of_request(line: u64, error: RequestError) -> Vec<Self> {
        match error {
            RequestError::Malformed(text) => {
                vec![Self::new(line, None, Code::MalformedRequest, text)]
            }
            RequestError::Invalid(errors) => Self::of_fields(line, errors),
        }
    }

    fn of_fields(line: u64, errors: Vec<FieldError>) -> Vec<Self> {
        let of_one = |error: FieldError| {
            let column = column(&error.pointer);
            Self::new(line, Some(&column), Code::ValidationError, error.detail)
        };
        errors.into_iter().map(of_one).collect()
    }

    /// Why the record does not take a line.
    pub fn of_act(line: u64, error: ActError) -> Vec<Self> {
        if let ActError::Refused(refusal) = &error
            && let Reason::Invalid { errors } = &*refusal.reason
        {
            return Self::of_fields(line, errors.clone());
        }
        let error = match error {
            ActError::Invalid(error) => return Self::of_fields(line, vec![error]),
            error => error,
        };
        let column = match &error {
            ActError::DocumentMissing { pointer, .. } => Some(column(pointer)),
            ActError::NotFound { what, .. } => Some((*what).to_owned()),
            _ => None,
        };
        let problem = Problem::of_act(error, Language::En);
        let said = |language| problem.says(language).to_owned();
        let text = Text { en: said(Language::En), zh: said(Language::Zh) };
        vec![Self::new(line, column.as_deref(), problem.code(), text)]
    }
}

/// A member by its JSON Pointer as a column is named.
fn column(pointer: &str) -> String {
    let parts = pointer.split('/').skip(1);
    let parts: Vec<String> = parts.map(|part| part.replace("~1", "/").replace("~0", "~")).collect();
    parts.join(".")
}
