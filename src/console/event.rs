//! The log: event by event as stored, and one event with what it rests on.

use maud::{Markup, html};
use serde_json::Value;

use super::asking::{Failure, Made, Page};
use super::frame::{Head, framed, shown};
use super::json::{at, flag, list as items_of, number, sequence, text};
use super::links::encoded;
use super::obligations::hidden;
use super::openings;
use crate::views::spoken::spoken;

const FILTERS: [&str; 5] = ["program", "subject", "type", "stream", "recorded_from"];

/// The list.
///
/// # Errors
/// What stands in the way.
pub async fn list(page: &Page) -> Made {
    let kept = FILTERS.map(|name| (name, page.parameter(name)));
    // Before the first event there is none: the one asked for is shown first.
    let from = page.parameter("from").parse::<u64>().ok();
    let after = match from {
        Some(from) => from.checked_sub(1).map(|after| after.to_string()),
        None => Some(page.parameter("after").to_owned()),
    };
    let more = [("limit", "50"), ("after", after.as_deref().unwrap_or_default())];
    let pairs = kept.into_iter().chain(more);
    let answer = page.get_at(&super::links::address("/v1/events", pairs)).await?;
    // What came after the event up to which the page knows is not on it.
    let known = page.times.at_sequence.as_deref().and_then(|known| known.parse::<u64>().ok());
    let is_known = |item: &&Value| {
        let of = sequence(text(item, "sequence")).parse::<u64>();
        known.is_none_or(|known| of.is_ok_and(|of| of <= known))
    };
    let all = items_of(&answer, "items");
    let items: Vec<&Value> = all.iter().filter(is_known).collect();
    let goes_on = items.len() == all.len();
    let title = page.say("The log", "日志");
    let body = html! {
        h1 { (title) }
        p.lead { (page.say("Every event as it was recorded, in the order of the record.", "全部事件，按入档顺序，内容如其入档时。")) }
        form.filter {
            (hidden(page))
            label { (page.say("From event", "自事件")) " " input name="from" size="8" inputmode="numeric" value=(page.parameter("from")); }
            @for (name, en, zh) in [("program", "Program", "项目"), ("subject", "Subject", "主体"), ("type", "Type", "类型"), ("stream", "Stream", "流"), ("recorded_from", "Recorded since (2026-11-30T08:00:00+08:00)", "入档不早于（2026-11-30T08:00:00+08:00）")] {
                label { (page.say(en, zh)) " " input name=(name) size="14" value=(page.parameter(name)); }
            }
            button { (page.say("Show", "显示")) }
        }
        @if items.is_empty() { p { (page.say("No event here.", "此处没有事件。")) } }
        div.scroll tabindex="0" { table.fixed {
            thead { tr {
                th.w1.figure scope="col" { "#" }
                th.w3 scope="col" { (page.say("Recorded", "入档时间")) }
                th.w3 scope="col" { (page.say("Type", "类型")) }
                th scope="col" { (page.say("Stream", "流")) }
                th.w1 scope="col" { (page.say("Effective", "生效")) }
                th.w2 scope="col" { (page.say("By", "登记者")) }
            } }
            tbody { @for item in &items { (row(page, item)) } }
        } }
        @if let Some(last) = items.last().filter(|_| goes_on) {
            p { a href=(page.times.link("/console/log", &onward(&kept, sequence(text(last, "sequence"))))) { (page.say("Later events", "后续事件")) } }
        }
    };
    let head = Head {
        title: title.to_owned(),
        part: "log",
        shows: Some("/v1/events".to_owned()),
        ..Head::default()
    };
    framed(page, head, &body).await
}

fn onward<'p>(kept: &[(&'p str, &'p str)], after: &'p str) -> Vec<(&'p str, &'p str)> {
    kept.iter().copied().chain([("after", after)]).collect()
}

fn row(page: &Page, item: &Value) -> Markup {
    let of = sequence(text(item, "sequence"));
    html! {
        tr.invented[flag(item, "exercise")] {
            td.figure { a href=(page.times.link(&format!("/console/log/{of}"), &[])) { "#" (of) } }
            td { (text(item, "recorded_at")) }
            td { (text(item, "type")) }
            td { code { (text(item, "stream")) "@" (number(item, "revision")) } }
            td { (at(item, "metadata").get("effective_on").and_then(Value::as_str).map_or_else(String::new, |date| shown(date, page.language))) }
            td { (at(item, "metadata").get("office_id").and_then(Value::as_str).unwrap_or_default()) }
        }
    }
}

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
