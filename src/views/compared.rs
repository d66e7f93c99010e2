//! What changed between two measures: parts added, removed and changed, with their articles.
//!
//! The parts of a measure are told apart by their ids, a rule for an act by the act and the nodes
//! it starts from; so a rule that only moved within the file is no change.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Serialize;
use toml::Value;

use crate::domain::measure::Measure;

/// A part of a measure that another version or edition has otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PartChange {
    /// Which part: a member, or a list with the id in it; of an act with the nodes that it starts from.
    pub part: String,
    /// `ADDED`, `REMOVED` or `CHANGED`.
    pub change: &'static str,
    /// Its article, in the other; where it is gone, in the one.
    pub article: Option<String>,
    /// What of it is otherwise; all of it where it was added or is gone.
    pub members: Vec<MemberChange>,
}

/// A member of a part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MemberChange {
    /// Its path, with dots; empty: the part itself.
    pub member: String,
    /// Whether it is our reading of the text, and not what the text says.
    pub is_reading: bool,
    /// What it was; absent: nothing.
    pub before: Option<String>,
    /// What it is; absent: nothing.
    pub after: Option<String>,
}

/// What changed from `a` to `b`, in the order of the names of the parts.
///
/// # Errors
/// A measure cannot be written as TOML.
pub fn compared(a: &Measure, b: &Measure) -> Result<Vec<PartChange>, toml::ser::Error> {
    let (a, b) = (parts(a)?, parts(b)?);
    let names: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
    let changes = names.into_iter().filter_map(|name| {
        let (old, new) = (a.get(name), b.get(name));
        let change = match (old, new) {
            (None, _) => "ADDED",
            (_, None) => "REMOVED",
            (Some(_), Some(_)) => "CHANGED",
        };
        let members = members(old, new);
        let article = new.or(old).and_then(|part| part.get("article"));
        let article = article.map(|article| article.trim_matches('"').to_owned());
        (!members.is_empty()).then(|| PartChange { part: name.clone(), change, article, members })
    });
    Ok(changes.collect())
}

/// A part of a measure: its members, flattened.
type Part = BTreeMap<String, String>;

fn members(old: Option<&Part>, new: Option<&Part>) -> Vec<MemberChange> {
    let names: BTreeSet<&String> = [old, new].into_iter().flatten().flat_map(Part::keys).collect();
    let of = |part: Option<&Part>, name| part.and_then(|part| part.get(name)).cloned();
    let changes = names.into_iter().map(|name| MemberChange {
        member: name.clone(),
        is_reading: name.split('.').any(|member| member == "reading"),
        before: of(old, name),
        after: of(new, name),
    });
    changes.filter(|change| change.before != change.after).collect()
}

fn parts(measure: &Measure) -> Result<BTreeMap<String, Part>, toml::ser::Error> {
    let value = Value::try_from(measure)?;
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
                items.iter().map(|item| written(item).trim_matches('"').to_owned()).collect();
            format!("[{}]", items.join(", "))
        }
        Value::String(text) => format!("\"{text}\""),
        other => other.to_string(),
    }
}
