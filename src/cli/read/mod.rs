//! What the commands that read have in common: which enrollment, which day, and how it is shown.

pub mod audit;
pub mod changes;
pub mod cohorts;
mod exceptions;
pub mod indicators;
pub mod moves;
pub mod obligations;
pub mod scoreboard;
pub mod status;
pub mod timeline;
mod words;

use serde_json::Value;

use super::ask::{AskArgs, Asker};
use super::client::{Answer, segment};
use super::output::{Format, Page, print, print_json};
use words::{cell, row};

/// Which day, and how much of the record.
#[derive(Debug, clap::Args)]
pub struct TimeArgs {
    /// What held on this day, such as 2016-12-31 [default: today]
    #[arg(long, value_name = "DAY")]
    as_of: Option<String>,
    /// What was on record at this instant, such as 2020-01-01T00:00:00+08:00
    #[arg(long, value_name = "INSTANT")]
    known_at: Option<String>,
    /// Exactly this much of the log: up to and with this sequence
    #[arg(long, value_name = "SEQUENCE", conflicts_with = "known_at")]
    at_sequence: Option<String>,
}

impl TimeArgs {
    /// As parameters of a query.
    pub fn query(&self) -> Vec<(&'static str, String)> {
        let mut query = Vec::new();
        push(&mut query, "as_of", self.as_of.as_ref());
        push(&mut query, "known_at", self.known_at.as_ref());
        push(&mut query, "at_sequence", self.at_sequence.as_ref());
        query
    }
}

/// Adds a parameter, if it is given.
pub fn push(query: &mut Vec<(&'static str, String)>, name: &'static str, value: Option<&String>) {
    query.extend(value.map(|value| (name, value.clone())));
}

/// The address of an enrollment, or of something of it.
///
/// # Errors
/// An id that no address can hold.
pub fn enrollment(program: &str, subject: &str, part: &str) -> anyhow::Result<String> {
    Ok(format!("/v1/enrollments/{}/{}{part}", segment(program)?, segment(subject)?))
}

/// Shows an answer, in the form asked for, and ends the asking. What is invented says so on its first
/// line (G16).
///
/// # Errors
/// When it can't be written.
pub async fn show(
    asker: Asker,
    args: &AskArgs,
    answer: Answer,
    page: impl FnOnce(&Answer) -> Page,
) -> anyhow::Result<()> {
    asker.close().await?;
    match args.output {
        Format::Json => print_json(&answer.body)?,
        Format::Table => {
            let mut shown = Page::default();
            if answer.body["exercise"] == true {
                shown.strong(
                    answer.say(
                        "EXERCISE: invented, no real record",
                        "演练：内容均为虚构，并非真实记录",
                    ),
                );
            }
            shown.append(page(&answer));
            print(&shown)?;
        }
    }
    Ok(())
}

/// What an answer about one enrollment is about: the subject's name, program and id.
fn heading(answer: &Answer) -> String {
    let body = &answer.body;
    let (program, subject) = (cell(answer, body, "/program"), text(body, "/subject"));
    format!("{}  {program} / {subject}", text(body, "/name"))
}

/// The text at a JSON pointer; numbers as they are written, nothing as an empty text.
pub fn text(value: &Value, pointer: &str) -> String {
    match value.pointer(pointer) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// The items of an array at a JSON pointer; none where there is no such array.
pub fn items<'a>(value: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> {
    value.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
}

/// Two texts with something between, if neither is empty; else the one there is.
pub fn joined(first: String, between: &str, second: String) -> String {
    match (first.is_empty(), second.is_empty()) {
        (false, false) => format!("{first}{between}{second}"),
        (true, _) => second,
        (false, true) => first,
    }
}
