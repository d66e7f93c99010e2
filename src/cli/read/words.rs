//! What the answers say to programs, said to people: in Chinese what has a label beside its code by
//! that label. English tables show codes as the interface has them, as they are asked about.

use serde_json::Value;

use super::{items, text};
use crate::cli::client::Answer;

/// The text at a JSON pointer, as people read it in the language of the answer.
pub fn cell(answer: &Answer, item: &Value, pointer: &str) -> String {
    let code = text(item, pointer);
    if answer.is_english {
        return code;
    }
    let label = match pointer {
        "/program" => text(item, "/program_name"),
        pointer => text(item, &format!("{pointer}_label")),
    };
    if label.is_empty() { code } else { label }
}

/// What something is owed for: a subject, or the program as a whole.
fn whose(answer: &Answer, item: &Value) -> String {
    match item["subject"].is_null() {
        true => answer.say("(the program as a whole)", "（项目整体）").to_owned(),
        false => text(item, "/subject"),
    }
}

/// Who owes something: all of them, where it is owed jointly.
fn owners(answer: &Answer, item: &Value) -> String {
    let joint = if answer.is_english { "/with" } else { "/with_labels" };
    let joint = items(item, joint).filter_map(Value::as_str).map(str::to_owned);
    let owners = std::iter::once(cell(answer, item, "/owes")).chain(joint);
    owners.collect::<Vec<_>>().join(separator(answer))
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
    let each = items(item, "/received_by");
    let of = |receipt| format!("{} {}", cell(answer, receipt, "/office"), text(receipt, "/on"));
    let each: Vec<String> = each.map(of).collect();
    match each.is_empty() {
        true => text(item, "/met/received_on"),
        false => each.join(separator(answer)),
    }
}

fn separator(answer: &Answer) -> &'static str {
    answer.say(", ", "、")
}

/// A row of cells.
pub fn row(answer: &Answer, item: &Value, pointers: &[&str]) -> Vec<String> {
    let said = |pointer: &&str| match *pointer {
        "/subject" => whose(answer, item),
        "/owes" => owners(answer, item),
        "/status" => status(answer, item),
        "/met/received_on" => received(answer, item),
        pointer => cell(answer, item, pointer),
    };
    pointers.iter().map(said).collect()
}
