//! What differs between a decision on record and the same made again.

use std::collections::BTreeSet;

use serde_json::Value;

use super::json;
use crate::domain::decide::Decision;
use crate::domain::event::{Fact, MeasureSucceeded, Recorded};
use crate::domain::history::History;
use crate::domain::ids::EventRef;

/// One value that is another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// A JSON Pointer into what was decided (RFC 6901).
    pub pointer: String,
    /// What is on record; null: nothing.
    pub on_record: Value,
    /// What it would be; null: nothing.
    pub otherwise: Value,
}

/// In what a decision differs from the record. How something is worded makes no other decision.
pub(super) fn differences(
    event: &Recorded,
    follows: Option<&MeasureSucceeded>,
    history: &History,
    decision: &Decision,
) -> Vec<Difference> {
    let Some(fact) = event.event.fact() else { return Vec::new() };
    let meta = &event.meta;
    let mut on_record = decided(fact);
    let mut otherwise = decided(&decision.fact);
    let text = |text: Option<&str>| text.map_or(Value::Null, Value::from);
    let members = [
        ("measure", text(meta.measure.as_deref()), text(decision.measure.as_deref())),
        (
            "measure_also",
            text(meta.measure_also.as_deref()),
            text(decision.measure_also.as_deref()),
        ),
        ("article", text(meta.article.as_deref()), text(decision.article.as_deref())),
        ("rests_on", own(event, history), json(&decision.grounds.iter().collect::<BTreeSet<_>>())),
        ("follows", json(&follows), json(&decision.follows)),
    ];
    for (name, is, would_be) in members {
        on_record.push((name, is));
        otherwise.push((name, would_be));
    }
    let mut found = Vec::new();
    for ((name, is), (_, would_be)) in on_record.iter().zip(&otherwise) {
        compare(&format!("/{name}"), is, would_be, &mut found);
    }
    found
}

/// What follows from an act.
fn decided(fact: &Fact) -> Vec<(&'static str, Value)> {
    let mended = fact.mended.as_ref().map(|mended| {
        let members = decided(&mended.fact).into_iter();
        Value::Object(members.map(|(name, value)| (name.to_owned(), value)).collect())
    });
    vec![
        ("effects", json(&fact.effects)),
        ("findings", json(&fact.findings)),
        ("override", json(&fact.over_limit)),
        ("unsettles", json(&fact.unsettles.iter().map(EventRef::to_string).collect::<Vec<_>>())),
        ("mended", mended.unwrap_or_default()),
    ]
}

/// The revisions of its own stream that an event names as what it rests on.
fn own(event: &Recorded, history: &History) -> Value {
    let named = EventRef::parse_list(&event.meta.rests_on).unwrap_or_default();
    let own = named.iter().filter(|named| named.stream == history.stream());
    json(&own.map(|named| named.revision).collect::<BTreeSet<_>>())
}

fn compare(pointer: &str, is: &Value, would_be: &Value, found: &mut Vec<Difference>) {
    match (is, would_be) {
        (Value::Object(is), Value::Object(would_be)) => {
            let names: BTreeSet<&String> = is.keys().chain(would_be.keys()).collect();
            for name in names.into_iter().filter(|name| !is_wording(name)) {
                let of = |object: &serde_json::Map<String, Value>| {
                    object.get(name).cloned().unwrap_or_default()
                };
                compare(&format!("{pointer}/{}", escaped(name)), &of(is), &of(would_be), found);
            }
        }
        (Value::Array(is), Value::Array(would_be)) => {
            for at in 0..is.len().max(would_be.len()) {
                let of = |list: &[Value]| list.get(at).cloned().unwrap_or_default();
                compare(&format!("{pointer}/{at}"), &of(is), &of(would_be), found);
            }
        }
        _ if is == would_be => {}
        _ => found.push(Difference {
            pointer: pointer.to_owned(),
            on_record: is.clone(),
            otherwise: would_be.clone(),
        }),
    }
}

/// Members that say something in words, or of our choice.
fn is_wording(name: &str) -> bool {
    matches!(name, "en" | "zh" | "reading")
}

/// A member's name in a JSON Pointer.
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
