//! One event as it is stored, with what it rests on.

use maud::{Markup, html};
use serde_json::Value;

use super::asking::{Failure, Made, Page};
use super::frame::{Head, framed};
use super::json::{at, flag, list as items_of, number, sequence, text};
use super::links::encoded;
use super::obligations::hidden;
use super::openings;
use crate::views::spoken::spoken;

/// One event.
///
/// # Errors
/// What stands in the way.
pub async fn page(page: &Page) -> Made {
    let path = format!("/v1/events/{}", encoded(&page.path("sequence")));
    let event = page.get_at(&path).await?;
    let of = sequence(text(&event, "sequence"));
    let exercise = flag(&event, "exercise");
    let rests: Vec<_> = at(&event, "metadata")
        .get("rests_on")
        .and_then(Value::as_str)
        .map_or_else(Vec::new, |refs| refs.split(' ').collect());
    let title = format!("#{of} {}", text(&event, "type"));
    let at_number = of.parse::<u64>().unwrap_or_default();
    let has_next = newest(page).await.is_some_and(|newest| at_number < newest);
    let body = html! {
        h1 { (title) }
        p.lead { (page.say("Recorded at ", "入档于")) (text(&event, "recorded_at")) " · " code { (text(&event, "stream")) "@" (number(&event, "revision")) } }
        nav.row aria-label=(page.say("Neighbours", "前后")) {
            @if at_number > 0 { a rel="prev" href=(page.times.link(&format!("/console/log/{}", at_number - 1), &[])) { "← #" (at_number - 1) } " " }
            @if has_next { a rel="next" href=(page.times.link(&format!("/console/log/{}", at_number + 1), &[])) { "#" (at_number + 1) " →" } }
            " " a href=(page.times.link(&format!("/console/log/{of}/proof"), &[])) { (page.say("Proof", "证明")) }
            @if let Some(path) = enrollment(text(&event, "stream")) { " " a href=(page.times.link(&path, &[])) { (page.say("The enrollment", "所属记录")) } }
        }
        form.filter action=(format!("/console/log/{of}/beside")) {
            (hidden(page))
            label { (page.say("Side by side with event", "与事件对照")) " " input name="other" size="10" inputmode="numeric" required; }
            button { (page.say("Show", "显示")) }
        }
        section { h2 { (page.say("Data, as stored", "数据（原文）")) } pre { code { (pretty(at(&event, "data"))) } }
            p.quiet { "SHA-256 " code { (text(&event, "data_sha256")) } } }
        section { h2 { (page.say("Metadata, as stored", "元数据（原文）")) }
            dl.pairs { @if let Some(members) = at(&event, "metadata").as_object() { @for (name, value) in members {
                // What is sealed is shown by whom it is of, not as it lies.
                @if name != "persons" { dt { code { (name) } } dd { (spoken(value.as_str().unwrap_or_default(), page.language)) } }
            } } }
            p.quiet { "SHA-256 " code { (text(&event, "metadata_sha256")) } } }
        @if let Some(persons) = persons(page, &event, of).await? { (persons) }
        @if !rests.is_empty() { section { h2 { (page.say("Rests on", "依据的事件")) }
            ul { @for reference in rests { li {
                @match reference.rsplit_once('#') {
                    Some((shown, id)) => a href=(page.times.link(&format!("/console/log/{id}"), &[])) { (shown) },
                    None => (reference),
                }
            } } } } }
    };
    let head = Head { title, part: "log", exercise, shows: Some(path) };
    framed(page, head, &body).await
}

/// The newest event that the page knows of. What an instant knew has no number here.
async fn newest(page: &Page) -> Option<u64> {
    if page.times.known_at.is_some() {
        return None;
    }
    if let Some(known) = &page.times.at_sequence {
        return known.parse().ok();
    }
    let log = page.get_at("/health/ready").await.ok()?;
    sequence(at(&log, "log/sequence").as_str()?).parse().ok()
}

/// The persons whom the event names: in which role and by which id; what is said of them is sealed.
async fn persons(page: &Page, event: &Value, of: &str) -> Result<Option<Markup>, Failure> {
    if at(event, "metadata").get("persons").is_none() {
        return Ok(None);
    }
    let sealed = page.get_at(&format!("/v1/events/{of}/openings")).await?;
    // Whether its reader may open them is nothing that a page says for ever.
    let may_open = flag(&sealed, "may_open") && !page.times.are_fixed();
    Ok(Some(html! { section { h2 { (page.say("Persons", "个人信息")) }
        ul { @for person in items_of(&sealed, "persons") { li {
            (text(person, "role_label")) " " code { (text(person, "data_subject")) } " " span.quiet { (page.say("(sealed)", "（已封存）")) }
        } } }
        @if may_open { p { a href=(openings::address_of(page, of)) { (page.say("Open, with a reason", "说明理由后查看")) } } }
    } }))
}

/// The page of the enrollment whose stream this is.
fn enrollment(stream: &str) -> Option<String> {
    use crate::codec::{StreamKind, kind_of_stream};
    match kind_of_stream(stream) {
        StreamKind::Enrollment { program, subject } => {
            Some(format!("/console/{program}/{}", subject.as_str()))
        }
        _ => None,
    }
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_leads_to_its_enrollment() {
        assert_eq!(
            enrollment("cluster_area-futian").as_deref(),
            Some("/console/cluster_area/futian")
        );
        assert_eq!(enrollment("quota-strong_province.leading"), None);
        assert_eq!(enrollment("log"), None);
    }
}
