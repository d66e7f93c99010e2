//! What the answers say to programs, said to people: in Chinese every office, act, type of event,
//! status and citation by its words. English tables show them as the interface has them, as they are
//! asked about.

use serde_json::Value;

use super::text;
use crate::cli::client::Answer;
use crate::domain::act::ActKind;
use crate::domain::event_type::EventType;
use crate::domain::ids::{Language, Office};
use crate::domain::words;

const ZH: Language = Language::Zh;

/// The text at a JSON pointer, as people read it in the language of the answer.
pub fn cell(answer: &Answer, item: &Value, pointer: &str) -> String {
    let code = text(item, pointer);
    if answer.is_english || code.is_empty() {
        return code;
    }
    let member = pointer.rsplit('/').next().unwrap_or_default();
    let said = match member {
        "office" | "owes" => Office::parse(&code).map(|kind| words::office(kind, ZH).to_owned()),
        "act" => ActKind::parse(&code).map(|kind| kind.label().zh.to_owned()),
        "type" => EventType::find(&code).map(|kind| kind.label.zh.to_owned()),
        "status" | "provenance" => words::marked(&code, ZH).map(str::to_owned),
        "article" => Some(words::article(&code, ZH)),
        "program" => answer.programs.get(&code).cloned(),
        _ => None,
    };
    said.unwrap_or(code)
}

/// A row of cells.
pub fn row(answer: &Answer, item: &Value, pointers: &[&str]) -> Vec<String> {
    pointers.iter().map(|pointer| cell(answer, item, pointer)).collect()
}
