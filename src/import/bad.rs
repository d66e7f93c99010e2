//! What is wrong with a line, and where.

use serde::{Deserialize, Serialize};

use crate::app::ActError;
use crate::codec::RequestError;
use crate::domain::ids::{Language, Text};
use crate::domain::refusal::{FieldError, Reason};
use crate::views::problem::{Code, Problem};

/// What figures are kept of.
const DIVISION: &str = "division";

/// Something that is wrong with a line; a line of the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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

    /// Says more, behind the reason.
    pub fn add(&mut self, more: &Text) {
        self.reason.push_str(&more.en);
        self.reason_zh.push_str(&more.zh);
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

    /// Why the record does not take a line; `within`: the member that holds what was refused.
    pub fn of_act(line: u64, within: Option<&str>, error: ActError) -> Vec<Self> {
        let placed = |mut errors: Vec<FieldError>| {
            for error in &mut errors {
                if let Some(member) = within {
                    error.pointer = format!("/{member}{}", error.pointer);
                }
            }
            Self::of_fields(line, errors)
        };
        if let ActError::Refused(refusal) = &error
            && let Reason::Invalid { errors } = &*refusal.reason
        {
            return placed(errors.clone());
        }
        let error = match error {
            ActError::Invalid(error) => return placed(vec![error]),
            error => error,
        };
        if let (ActError::NotFound { what: DIVISION, name }, Some(member)) = (&error, within) {
            let column = format!("{member}.{DIVISION}");
            return vec![Self::new(line, Some(&column), Code::NotFound, no_division(name))];
        }
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

fn no_division(name: &str) -> Text {
    let name: String = name.chars().take(80).collect();
    Text {
        en: format!(
            "{name:?} is no registered subject, no prefecture-level division of GB/T 2260 as of January 2021 and no listed total; a division that was abolished before is registered first, with its `code_revision`"
        ),
        zh: format!(
            "“{name}”不是已登记的主体，不是2021年1月GB/T 2260所列的地级行政区划，也不是所列的合计项；此前已撤销的区划须先登记并注明代码版本"
        ),
    }
}

/// A member by its JSON Pointer as a column is named.
fn column(pointer: &str) -> String {
    let parts = pointer.split('/').skip(1);
    let parts: Vec<String> = parts.map(|part| part.replace("~1", "/").replace("~0", "~")).collect();
    parts.join(".")
}
