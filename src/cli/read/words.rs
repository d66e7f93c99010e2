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
        "office" => Some(office(answer, &code)),
        "act" => ActKind::parse(&code).map(|kind| kind.label().zh.to_owned()),
        "type" => EventType::find(&code).map(|kind| kind.label.zh.to_owned()),
        "status" | "provenance" => words::marked(&code, ZH).map(str::to_owned),
        "article" => Some(words::article(&code, ZH)),
        "program" => answer.programs.get(&code).cloned(),
        _ => None,
    };
    said.unwrap_or(code)
}

/// Who owes something: all of them, where it is owed jointly.
fn owners(answer: &Answer, item: &Value) -> String {
    let joint = item["with"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let owners = item["owes"].as_str().into_iter().chain(joint);
    owners.map(|code| office(answer, code)).collect::<Vec<_>>().join(separator(answer))
}

/// How something that is due stands; said with it, where it is uncertain whether it is due at all.
fn status(answer: &Answer, item: &Value) -> String {
    let status = cell(answer, item, "/status");
    match item["uncertain"].as_bool() {
        Some(true) => {
            answer.say("{}, uncertain", "{}（是否负有该义务不能确定）").replace("{}", &status)
        }
        _ => status,
    }
}

/// When something was received; by each office, where several receive it.
fn received(answer: &Answer, item: &Value) -> String {
    let each = item["received_by"].as_array().filter(|each| !each.is_empty());
    let Some(each) = each else { return cell(answer, item, "/met/received_on") };
    let of = |receipt: &Value| {
        let by = office(answer, receipt["office"].as_str().unwrap_or_default());
        format!("{by} {}", receipt["on"].as_str().unwrap_or_default())
    };
    each.iter().map(of).collect::<Vec<_>>().join(separator(answer))
}

fn office(answer: &Answer, code: &str) -> String {
    match Office::parse(code).filter(|_| !answer.is_english) {
        Some(office) => words::office(office, ZH).to_owned(),
        None => code.to_owned(),
    }
}

fn separator(answer: &Answer) -> &'static str {
    answer.say(", ", "、")
}

/// A row of cells.
pub fn row(answer: &Answer, item: &Value, pointers: &[&str]) -> Vec<String> {
    let said = |pointer: &&str| match *pointer {
        "/owes" => owners(answer, item),
        "/status" => status(answer, item),
        "/met/received_on" => received(answer, item),
        pointer => cell(answer, item, pointer),
    };
    pointers.iter().map(said).collect()
}
