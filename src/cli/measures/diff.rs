//! What changed between two measures: members added, removed and changed, with their articles.
//!
//! The parts of a measure are told apart by their ids, a rule for an act by the act and the nodes
//! it starts from; so a rule that only moved within the file is no change.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use toml::Value;

use crate::domain::measure::Measure;

/// Lists what changed from `a` to `b`, one line each: `+` added, `-` removed, `~` changed.
///
/// # Errors
/// A measure cannot be written as TOML.
pub fn diff(a: &Measure, b: &Measure) -> anyhow::Result<Vec<String>> {
    let (a, b) = (parts(a)?, parts(b)?);
    let names: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
    let mut changes = Vec::new();
    for name in names {
        match (a.get(name), b.get(name)) {
            (None, Some(new)) => changes.push(format!("+ {name}{}", cited(new))),
            (Some(old), None) => changes.push(format!("- {name}{}", cited(old))),
            (Some(old), Some(new)) => compare(name, old, new, &mut changes),
            (None, None) => {}
        }
    }
    Ok(changes)
}

/// A part of a measure: its members, flattened.
type Part = BTreeMap<String, String>;

fn cited(part: &Part) -> String {
    part.get("article").map_or_else(String::new, |article| format!(" ({})", unquoted(article)))
}

fn unquoted(text: &str) -> &str {
    text.trim_matches('"')
}

fn compare(name: &str, old: &Part, new: &Part, changes: &mut Vec<String>) {
    let members: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    for member in members {
        let (before, after) = (old.get(member), new.get(member));
        if before != after {
            let shown = |value: Option<&String>| value.map_or("nothing", String::as_str).to_owned();
            let member = if member.is_empty() { String::new() } else { format!(": {member}") };
            changes.push(format!(
                "~ {name}{}{member} was {}, is {}",
                cited(new),
                shown(before),
                shown(after)
            ));
        }
    }
}

fn parts(measure: &Measure) -> anyhow::Result<BTreeMap<String, Part>> {
    let value = Value::try_from(measure).context("a measure as TOML")?;
    let mut parts = BTreeMap::new();
    let Value::Table(members) = value else { return Ok(parts) };
    for (member, value) in members {
        match value {
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    let name = format!("{member} {}", item_name(item, index));
                    parts.insert(name, flat(item));
                }
            }
            other => {
                parts.insert(member, flat(&other));
            }
        }
    }
    Ok(parts)
}

fn item_name(item: &Value, index: usize) -> String {
    let text = |member: &str| item.get(member).and_then(Value::as_str);
    if let Some(act) = text("act") {
        let from = item.get("from").map(written).unwrap_or_default();
        return format!("{act} from {from}");
    }
    text("id").map_or_else(|| (index + 1).to_string(), str::to_owned)
}

fn flat(value: &Value) -> Part {
    let mut part = Part::new();
    flatten("", value, &mut part);
    part
}

fn flatten(at: &str, value: &Value, part: &mut Part) {
    let under = |name: &str| if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") };
    match value {
        Value::Table(members) => {
            for (name, value) in members {
                flatten(&under(name), value, part);
            }
        }
        Value::Array(items) if items.iter().any(Value::is_table) => {
            for (index, item) in items.iter().enumerate() {
                flatten(&under(&item_name(item, index)), item, part);
            }
        }
        other => {
            part.insert(at.to_owned(), written(other));
        }
    }
}

fn written(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            let items: Vec<String> =
                items.iter().map(|item| unquoted(&written(item)).to_owned()).collect();
            format!("[{}]", items.join(", "))
        }
        Value::String(text) => format!("\"{text}\""),
        other => other.to_string(),
    }
}
