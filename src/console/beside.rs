//! Two events side by side, member by member: what a correction wrote otherwise than what it corrects.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};
use serde_json::Value;

use super::asking::{Made, Page};
use super::frame::{Head, framed};
use super::json::{at, flag, sequence, text};
use super::links::encoded;
use crate::views::spoken::spoken;

/// The page of two events.
///
/// # Errors
/// What stands in the way.
pub async fn page(page: &Page) -> Made {
    let event = |named: &str| format!("/v1/events/{}", encoded(named.trim_start_matches('#')));
    let one = page.get_at(&event(&page.path("sequence"))).await?;
    let other = page.get_at(&event(page.parameter("other"))).await?;
    let (of, and) = (sequence(text(&one, "sequence")), sequence(text(&other, "sequence")));
    let title = format!("#{of} | #{and}");
    let body = html! {
        h1 { (page.say("Side by side: ", "对照：")) (title) }
        @if text(&one, "stream") != text(&other, "stream") { p { (page.say("They are of two streams.", "二者属于不同的流。")) } }
        (table(page, &one, &other))
    };
    let exercise = flag(&one, "exercise") || flag(&other, "exercise");
    let head = Head { title, part: "log", exercise, shows: Some(event(&page.path("sequence"))) };
    framed(page, head, &body).await
}

/// What two events say, member by member.
pub fn table(page: &Page, one: &Value, other: &Value) -> Markup {
    let (before, after) = (said(one), said(other));
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let heading = |event: &Value| {
        let of = sequence(text(event, "sequence")).to_owned();
        html! { a href=(page.times.link(&format!("/console/log/{of}"), &[])) { "#" (of) } " " (text(event, "type")) }
    };
    let none = || html! { span.quiet { "–" } };
    html! { div.scroll tabindex="0" { table.compared {
        thead { tr { th scope="col" { (page.say("Member", "成员")) } th scope="col" { (heading(one)) } th scope="col" { (heading(other)) } } }
        tbody { @for name in names {
            @let (old, new) = (before.get(name), after.get(name));
            tr { th scope="row" { code { (name) } }
                td { @match old { Some(old) if new == Some(old) => (spoken(old, page.language)), Some(old) => del { (spoken(old, page.language)) }, None => (none()) } }
                td { @match new { Some(_) if new == old => span.quiet { (page.say("the same", "相同")) }, Some(new) => ins { (spoken(new, page.language)) }, None => (none()) } }
            }
        } }
    } } }
}

/// What an event says of itself; of a correction, what it puts in the place of what it corrects.
fn said(event: &Value) -> BTreeMap<String, String> {
    let (data, metadata) = (at(event, "data"), at(event, "metadata"));
    let mut members = BTreeMap::new();
    match data.get("mended").filter(|mended| mended.is_object()) {
        Some(mended) => {
            flatten("", mended.get("fact").unwrap_or(&Value::Null), &mut members);
            for name in ["effective_on", "decided_on"] {
                flatten(name, mended.get(name).unwrap_or(&Value::Null), &mut members);
            }
        }
        None => {
            flatten("", data, &mut members);
            for name in ["effective_on", "decided_on"] {
                flatten(name, metadata.get(name).unwrap_or(&Value::Null), &mut members);
            }
        }
    }
    members
}

fn flatten(path: &str, value: &Value, members: &mut BTreeMap<String, String>) {
    let under = |name: &str| match path {
        "" => name.to_owned(),
        path => format!("{path}.{name}"),
    };
    match value {
        Value::Object(inner) => {
            inner.iter().for_each(|(name, value)| flatten(&under(name), value, members))
        }
        Value::Array(inner) => {
            for (index, value) in inner.iter().enumerate() {
                flatten(&under(&(index + 1).to_string()), value, members);
            }
        }
        Value::Null => {}
        Value::String(text) => {
            members.insert(path.to_owned(), text.clone());
        }
        Value::Bool(_) | Value::Number(_) => {
            members.insert(path.to_owned(), value.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_correction_says_what_it_puts_in_place() {
        let approved =
            json!({"data": {"content": {"batch": 1}}, "metadata": {"effective_on": "2016-02-10"}});
        let corrected = json!({
            "data": {"content": {"reason": "x"}, "mended": {"fact": {"content": {"batch": 1}}, "effective_on": "2016-02-01", "decided_on": null}},
            "metadata": {"effective_on": "2016-05-20"},
        });
        let (one, other) = (said(&approved), said(&corrected));
        assert_eq!(one["content.batch"], other["content.batch"]);
        assert_eq!(
            (one["effective_on"].as_str(), other["effective_on"].as_str()),
            ("2016-02-10", "2016-02-01")
        );
        assert_eq!(other.len(), 2, "{other:?}");
    }
}
