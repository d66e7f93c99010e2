//! What was meant, where nothing is called as was asked: the names that are fewest edits away.

use maud::{Markup, html};
use serde_json::Value;
use strsim::levenshtein;

use super::asking::{Failure, Page};
use super::json::{flag, list, text};
use super::links::{address, encoded};

/// How many are named.
const NAMED: usize = 5;

/// Of these enrollments, those whose subject or name is near what was asked, the nearest first.
pub fn nearest<'v>(items: &'v [Value], asked: &str) -> Vec<&'v Value> {
    let asked = asked.to_lowercase();
    let edits = |known: &str| {
        let known = known.to_lowercase();
        let edits = levenshtein(&asked, &known);
        (edits <= known.chars().count() / 3 + 1).then_some(edits)
    };
    let of = |item: &Value| {
        let both = [edits(text(item, "subject")), edits(text(item, "name"))];
        both.into_iter().flatten().min()
    };
    let mut near: Vec<_> = items.iter().filter_map(|item| Some((of(item)?, item))).collect();
    near.sort_by_key(|(edits, _)| *edits);
    near.into_iter().map(|(_, item)| item).take(NAMED).collect()
}

/// Why there is no page of a subject, with those of its program that are near it.
pub async fn beside(page: &Page, program: &str, subject: &str, failure: Failure) -> Failure {
    let Failure::Problem(status, mut problem) = failure else { return failure };
    let pairs = |exercise| [("program", program), ("limit", "1000"), ("exercise", exercise)];
    for exercise in ["", "true"] {
        let all = page.get_at(&address("/v1/enrollments", pairs(exercise))).await;
        let all = all.unwrap_or_default();
        let near = nearest(list(&all, "items"), subject);
        if let (Some(members), false) = (problem.as_object_mut(), near.is_empty()) {
            members.insert("near".to_owned(), near.into_iter().cloned().collect());
        }
    }
    Failure::Problem(status, problem)
}

/// They, as links.
pub fn shown(page: &Page, near: &[&Value]) -> Markup {
    html! { @if !near.is_empty() {
        p { (page.say("Near it:", "相近的有：")) }
        ul { @for item in near { li {
            @let path = format!("/console/{}/{}", encoded(text(item, "program")), encoded(text(item, "subject")));
            a href=(page.times.link(&path, &[])) { (text(item, "name")) } " " span.quiet { (text(item, "subject")) } " · " (text(item, "program_name"))
            @if flag(item, "exercise") { " " span.tag.invented { (page.say("exercise", "演练")) } }
        } } }
    } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_slip_finds_what_was_meant() {
        let items = [("futian", "Futian District"), ("440000", "广东省"), ("xicheng", "Xicheng")];
        let items = items.map(|(subject, name)| json!({"subject": subject, "name": name}));
        let found = |asked: &str| {
            let near = nearest(&items, asked);
            near.into_iter().map(|item| text(item, "subject").to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(found("futain"), ["futian"]);
        assert_eq!(found("广东"), ["440000"]);
        assert_eq!(found("XICHENG "), ["xicheng"]);
        assert!(found("nothing like it").is_empty());
    }
}
