//! The register of exceptions: every kind with its count, zero stated, and each case with its event.

use maud::{Markup, html};
use serde_json::Value;

use super::asking::{Made, Page};
use super::frame::{Head, framed, shown};
use super::json::{list, number, sequence, text, text_if};
use super::obligations::{cursor, hidden};
use crate::domain::ids::Language;
use crate::domain::words;
use crate::views::spoken::spoken;

const FILTERS: [&str; 6] = ["kind", "program", "province", "office", "from", "until"];

/// The page.
///
/// # Errors
/// What stands in the way.
pub async fn page(page: &Page) -> Made {
    let exercise = page.parameter("exercise") == "true";
    let kept = FILTERS.map(|name| (name, page.parameter(name)));
    let flagged = ("exercise", if exercise { "true" } else { "" });
    let more = [flagged, ("limit", "100"), ("cursor", page.parameter("cursor"))];
    // The register is of everything on record: no day cuts it.
    let known = page.times.pairs().into_iter().filter(|(name, _)| *name != "as_of");
    let pairs = known.chain(kept).chain(more);
    let answer = page.get_at(&super::links::address("/v1/exceptions", pairs)).await?;
    let (totals, items) = (list(&answer, "totals"), list(&answer, "items"));
    let all: i64 = totals.iter().map(|total| number(total, "count")).sum();
    let title = page.say("Exceptions", "例外");
    // What is looked at may end before what is read.
    let read = sequence(text(&answer, "read_to_sequence"));
    let place = |text: &str| text.parse::<u64>().unwrap_or(u64::MAX);
    let known = page.times.at_sequence.as_deref();
    let read = known.filter(|known| place(known) < place(read)).unwrap_or(read);
    let body = html! {
        h1 { (title) }
        p.lead { strong { (all) } (page.say(" departures from the rule or from certainty are on record, looked for up to event ", "项例外在册，查至事件")) (read) (page.say(".", "。")) }
        form.filter {
            (hidden(page))
            @for name in FILTERS { @if name != "office" {
                label { (label(page, name)) " " input name=(name) size="12" value=(page.parameter(name)); }
            } }
            label { input type="checkbox" name="exercise" value="true" checked[exercise]; " " (page.say("the exercises instead", "改看演练")) }
            button { (page.say("Show", "显示")) }
        }
        div.columns {
            section aria-labelledby="kinds" {
                h2 #kinds { (page.say("By kind", "按类别")) }
                table.fixed.slim { tbody { @for total in totals { tr {
                    @let kind = text(total, "kind");
                    th.rest scope="row" { (text(total, "kind_label")) }
                    td.w2.figure { @match number(total, "count") {
                        0 => span.quiet { "0" },
                        count => a href=(page.times.link("/console/exceptions", &[("kind", kind), flagged])) { (count) },
                    } }
                } } } }
            }
            section aria-labelledby="cases" {
                h2 #cases { (page.say("Cases", "逐项")) }
                @if items.is_empty() { p { (page.say("None.", "无。")) } }
                ol.cases { @for item in items { (case(page, item)) } }
                @if let Some(next) = text_if(&answer, "next") {
                    p { a href=(page.times.link("/console/exceptions", &onward(&kept, flagged, cursor(next)))) { (page.say("Further ones", "下一页")) } }
                }
            }
        }
    };
    let shows = Some("/v1/exceptions".to_owned());
    let head = Head { title: title.to_owned(), part: "exceptions", exercise, shows };
    framed(page, head, &body).await
}

fn onward<'p>(
    kept: &[(&'p str, &'p str)],
    flagged: (&'p str, &'p str),
    cursor: &'p str,
) -> Vec<(&'p str, &'p str)> {
    kept.iter().copied().chain([flagged, ("cursor", cursor)]).collect()
}

fn label<'p>(page: &'p Page, name: &str) -> &'p str {
    match name {
        "kind" => page.say("Kind", "类别"),
        "program" => page.say("Program", "项目"),
        "province" => page.say("Province", "省份"),
        "from" => page.say("From", "自"),
        _ => page.say("Until", "至"),
    }
}

fn case(page: &Page, item: &Value) -> Markup {
    let said = match page.language {
        Language::En => text(item, "sentence_en"),
        Language::Zh => text(item, "sentence_zh"),
    };
    let event = item.get("event").filter(|event| !event.is_null());
    html! {
        li {
            span.tag { (text(item, "kind_label")) } " "
            strong { (text_if(item, "name").unwrap_or(text(item, "program_name"))) } ": " (spoken(said, page.language))
            @if let Some(article) = text_if(item, "article") { " § " (words::article(article, page.language)) }
            @if let Some(event) = event {
                @let number = sequence(text(event, "sequence"));
                br; span.quiet { (shown(text(event, "effective_on"), page.language)) " · " }
                a href=(page.times.link(&format!("/console/log/{number}"), &[])) { "#" (number) }
            }
        }
    }
}
