//! The log: event by event as it was recorded, with how many there are of each type, program and office.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use maud::{Markup, html};
use serde_json::{Value, json};

use super::Settings;
use super::asking::{Failure, Made, Page};
use super::frame::{Head, framed, shown};
use super::json::{at, flag, list, number, sequence, text, text_if};
use super::links::{address, said_in};
use super::obligations::hidden;
use crate::domain::ids::Language;
use crate::views::headers::NO_STORE;
use crate::views::inside::Inside;

/// What events are counted by, and what that is called.
const FACETS: [(&str, &str, &str); 4] = [
    ("program", "Program", "项目"),
    ("type", "Type", "类型"),
    ("office", "Office", "机关"),
    ("exercise", "Real or exercise", "真实或演练"),
];
/// By these alone they are listed, not counted.
const TYPED: [(&str, &str, &str); 3] = [
    ("subject", "Subject", "主体"),
    ("stream", "Stream", "流"),
    (
        "recorded_from",
        "Recorded since (2026-11-30T08:00:00+08:00)",
        "入档不早于（2026-11-30T08:00:00+08:00）",
    ),
];
/// By these a page elsewhere leads here.
const CITED: [&str; 2] = ["measure", "article"];

/// What the page keeps on the way to another of its kind.
fn kept(page: &Page) -> Vec<(&'static str, &str)> {
    let counted = FACETS.iter().map(|(name, ..)| *name);
    let typed = TYPED.iter().map(|(name, ..)| *name);
    let names = counted.chain(typed).chain(CITED);
    names.map(|name| (name, page.parameter(name))).filter(|(_, value)| !value.is_empty()).collect()
}

/// The same without one of them.
fn kept_but<'p>(kept: &[(&'p str, &'p str)], name: &str) -> Vec<(&'p str, &'p str)> {
    kept.iter().copied().filter(|(known, _)| *known != name).collect()
}

/// The page.
///
/// # Errors
/// What stands in the way.
pub async fn page(page: &Page) -> Made {
    let kept = kept(page);
    // Before the first event there is none: the one asked for is shown first.
    let from = page.parameter("from").parse::<u64>().ok();
    let after = match from {
        Some(from) => from.checked_sub(1).map(|after| after.to_string()),
        None => Some(page.parameter("after").to_owned()),
    };
    let more = [("limit", "50"), ("after", after.as_deref().unwrap_or_default())];
    let pairs = kept.iter().copied().chain(more).chain(page.times.of_record());
    let answer = page.get_at(&address("/v1/events", pairs)).await?;
    let items = list(&answer, "items");
    let next = text_if(&answer, "next").map(|next| said_in(next, "after"));
    let last = text_if(&answer, "last_sequence").map(sequence);
    let title = page.say("The log", "日志");
    let body = html! {
        h1 { (title) }
        p.lead { (page.say("Every event as it was recorded, in the order of the record.", "全部事件，按入档顺序，内容如其入档时。")) }
        (facets(page, &kept).await?)
        (form(page))
        @if items.is_empty() { p { @match (&next, last) {
            (Some(_), Some(last)) => { (page.say("None so far; looked through up to event ", "尚未找到；已查至事件 ")) "#" (last) },
            _ => (page.say("No event here.", "此处没有事件。")),
        } } }
        @else { (table(page, items)) }
        @if let Some(next) = &next {
            p { a href=(page.times.link("/console/log", &[&kept[..], &[("after", next)]].concat())) { (page.say("Later events", "后续事件")) } }
        }
        @if let Some(last) = last.filter(|_| next.is_none() && !page.times.are_past()) { (newer_ones(page, &kept, last)) }
    };
    let head = Head {
        title: title.to_owned(),
        part: "log",
        shows: Some("/v1/events".to_owned()),
        ..Head::default()
    };
    framed(page, head, &body).await
}

fn form(page: &Page) -> Markup {
    let counted = FACETS.iter().map(|(name, ..)| *name).chain(CITED);
    html! {
        form.filter {
            (hidden(page))
            @for name in counted.filter(|name| !page.parameter(name).is_empty()) {
                input type="hidden" name=(name) value=(page.parameter(name));
            }
            label { (page.say("From event", "自事件")) " " input name="from" size="8" inputmode="numeric" value=(page.parameter("from")); }
            @for (name, en, zh) in TYPED {
                label { (page.say(en, zh)) " " input name=(name) size="14" value=(page.parameter(name)); }
            }
            button { (page.say("Show", "显示")) }
        }
    }
}

/// What events are filtered by, and how many there are of each.
async fn facets(page: &Page, kept: &[(&str, &str)]) -> Made {
    let is_counted = TYPED.iter().all(|(name, ..)| page.parameter(name).is_empty());
    let mut shown = Vec::new();
    for facet @ (name, ..) in FACETS {
        let others = kept_but(kept, name);
        // What is typed in is too rare to be counted beforehand.
        let counts = match is_counted {
            true => Some(totals(page, &others, name).await?),
            false => None,
        };
        shown.push(one_facet(page, facet, &others, counts.as_ref()));
    }
    let cited: Vec<_> =
        CITED.iter().map(|name| page.parameter(name)).filter(|text| !text.is_empty()).collect();
    let without = |kept: &[(&str, &str)]| {
        let others: Vec<_> =
            kept.iter().copied().filter(|(name, _)| !CITED.contains(name)).collect();
        page.times.link("/console/log", &others)
    };
    Ok(html! {
        @if !cited.is_empty() { p {
            (page.say("Only those that cite ", "仅援引者：")) strong { (cited.join(" § ")) }
            " " a href=(without(kept)) { (page.say("show all", "显示全部")) }
        } }
        div.facets { @for facet in shown { (facet) } }
    })
}

async fn totals(page: &Page, kept: &[(&str, &str)], by: &str) -> Result<Value, Failure> {
    let pairs = kept.iter().copied().chain([("by", by)]).chain(page.times.of_record());
    page.get_at(&address("/v1/events/totals", pairs)).await
}

fn one_facet(
    page: &Page,
    (name, en, zh): (&str, &str, &str),
    others: &[(&str, &str)],
    counts: Option<&Value>,
) -> Markup {
    let chosen = page.parameter(name);
    let items = counts.map_or(&[][..], |counts| list(counts, "items"));
    let to = |value: &str| page.times.link("/console/log", &[others, &[(name, value)]].concat());
    let label = |item: &Value| match name {
        "program" => text(item, "program_name").to_owned(),
        "type" => text(item, "type_label").to_owned(),
        "office" => text(item, "office_label").to_owned(),
        _ => said_exercise(page, flag(item, "exercise")).to_owned(),
    };
    let value = |item: &Value| match name {
        "exercise" => flag(item, "exercise").to_string(),
        name => text(item, name).to_owned(),
    };
    let is_chosen = |item: &&Value| value(item) == chosen;
    let found = items.iter().find(is_chosen).map(label);
    let said = found.unwrap_or_else(|| match (name, chosen) {
        ("exercise", "true" | "false") => said_exercise(page, chosen == "true").to_owned(),
        _ => chosen.to_owned(),
    });
    html! { @if !items.is_empty() || !chosen.is_empty() { details.facet {
        summary { (page.say(en, zh)) @if !chosen.is_empty() { ": " strong { (said) } } }
        ul {
            @if !chosen.is_empty() { li { a href=(page.times.link("/console/log", others)) { (page.say("all", "全部")) } } }
            @for item in items { li {
                a href=(to(&value(item))) aria-current=[(value(item) == chosen).then_some("true")] { (label(item)) }
                " " span.figure { (number(item, "events/count")) }
            } }
        }
    } } }
}

fn said_exercise(page: &Page, exercise: bool) -> &'static str {
    match exercise {
        true => page.say("exercises", "演练"),
        false => page.say("real", "真实"),
    }
}

fn table(page: &Page, items: &[Value]) -> Markup {
    html! { div.scroll tabindex="0" { table.fixed {
        thead { tr {
            th.w1.figure scope="col" { "#" }
            th.w3 scope="col" { (page.say("Recorded", "入档时间")) }
            th.w3 scope="col" { (page.say("Type", "类型")) }
            th scope="col" { (page.say("Stream", "流")) }
            th.w1 scope="col" { (page.say("Effective", "生效")) }
            th.w2 scope="col" { (page.say("By", "登记者")) }
        } }
        tbody { @for item in items { (row(page, item)) } }
    } } }
}

fn row(page: &Page, item: &Value) -> Markup {
    let of = sequence(text(item, "sequence"));
    let said = |name: &str| at(item, "metadata").get(name).and_then(Value::as_str);
    html! {
        tr.invented[flag(item, "exercise")] {
            td.figure { a href=(page.times.link(&format!("/console/log/{of}"), &[])) { "#" (of) } }
            td { (text(item, "recorded_at")) }
            td { (text(item, "type")) }
            td { code { (text(item, "stream")) "@" (number(item, "revision")) } }
            td { (said("effective_on").map_or_else(String::new, |date| shown(date, page.language))) }
            td { (said("office_id").unwrap_or_default()) }
        }
    }
}

/// Where a script says that there are newer events; without one the page says how to look.
fn newer_ones(page: &Page, kept: &[(&str, &str)], last: &str) -> Markup {
    let on = [kept, &[("after", last)]].concat();
    let language = [("lang", page.language.tag())];
    let asks = address("/console/log/newer", on.iter().copied().chain(language));
    html! {
        p { (page.say("The end of the log. ", "日志到此为止。")) a href=(page.times.link("/console/log", &on)) { (page.say("Look for newer events", "查看新事件")) } }
        p #newer role="status" data-asks=(asks) {}
        script src=(page.settings.newer_script) defer {}
    }
}

/// How many events were recorded after the last one of a page, for its script.
pub async fn newer(
    http: HttpRequest,
    settings: web::Data<Settings>,
    inside: web::Data<Inside>,
) -> HttpResponse {
    let page = Page::of(http, settings, inside);
    let (kept, after) = (kept(&page), page.parameter("after").to_owned());
    let asked = kept.iter().copied().chain([("after", after.as_str()), ("limit", "1000")]);
    let found = match page.get_at(&address("/v1/events", asked)).await {
        Ok(found) => found,
        Err(failure) => return page.answer(Err(failure)).await,
    };
    let count = list(&found, "items").len();
    if count == 0 {
        return HttpResponse::NoContent().insert_header((header::CACHE_CONTROL, NO_STORE)).finish();
    }
    let to = page.times.link("/console/log", &[&kept[..], &[("after", &*after)]].concat());
    let text = match (count, page.language) {
        (1, Language::En) => "1 newer event".to_owned(),
        (count, _) => format!("{count}{}", page.say(" newer events", " 条新事件")),
    };
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, NO_STORE))
        .json(json!({ "text": text, "to": to }))
}
