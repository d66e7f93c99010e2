//! What an event changed: for which days which question is answered otherwise since it is on record.

use maud::{Markup, html};
use serde_json::Value;

use super::asking::{Made, Page};
use super::beside;
use super::frame::{Head, framed, is_exercise, shown};
use super::json::{at, list, sequence, text, text_if};
use super::links::{address, encoded};
use super::obligations::cursor;
use crate::domain::words;

/// What one event changed for its enrollment.
///
/// # Errors
/// What stands in the way.
pub async fn page(page: &Page) -> Made {
    let (program, subject, of) =
        (page.path("program"), page.path("subject"), page.path("sequence"));
    let exercise = is_exercise(page, &program).await?;
    let before = of.parse::<u64>().unwrap_or_default().saturating_sub(1).to_string();
    let asked = [
        ("since_sequence", before.as_str()),
        ("at_sequence", of.as_str()),
        ("program", program.as_str()),
        ("subject", subject.as_str()),
        ("exercise", if exercise { "true" } else { "" }),
        ("limit", "200"),
        ("cursor", page.parameter("cursor")),
    ];
    let answer = page.get_at(&address("/v1/changes", asked)).await?;
    let event = page.get_at(&format!("/v1/events/{}", encoded(&of))).await?;
    // What it corrects, by its id.
    let corrects = at(&event, "metadata").get("corrects").and_then(Value::as_str);
    let corrected = match corrects.and_then(|reference| reference.rsplit_once('#')) {
        Some((_, id)) => Some(page.get_at(&format!("/v1/events/{}", encoded(id))).await?),
        None => None,
    };
    let items = list(&answer, "items");
    let path = format!("/console/{}/{}", encoded(&program), encoded(&subject));
    let title =
        format!("{} #{}", page.say("What changed by event", "事件改变了什么："), sequence(&of));
    let body = html! {
        p.crumbs { a href=(page.times.link(&path, &[])) { (items.first().map_or(subject.as_str(), |item| text(item, "name"))) } }
        h1 { (title) }
        p.lead { (text(&event, "type")) ", " (page.say("recorded at ", "入档于")) (text(&event, "recorded_at")) " · "
            a href=(page.times.link(&format!("/console/log/{}", sequence(&of)), &[])) { "#" (sequence(&of)) } }
        @if items.is_empty() { p { (page.say(
            "No answer for any day is another since this event: it added what has no effect, or said again what stood.",
            "自该事件起，任何一日的答案均未改变：其内容不生效力，或重述已有内容。"
        )) } } @else { (table(page, items)) }
        @if let Some(next) = text_if(&answer, "next") {
            p { a href=(page.times.link(page.http.uri().path(), &[("cursor", cursor(next))])) { (page.say("Further ones", "下一页")) } }
        }
        @if let Some(corrected) = &corrected { section { h2 { (page.say("What was written", "写了什么")) } (beside::table(page, corrected, &event)) } }
    };
    let head = Head { title, part: "register", exercise, shows: Some("/v1/changes".to_owned()) };
    framed(page, head, &body).await
}

fn table(page: &Page, items: &[Value]) -> Markup {
    html! { div.scroll tabindex="0" { table.fixed {
        thead { tr {
            th scope="col" { (page.say("Question", "问题")) }
            th.w3 scope="col" { (page.say("For the days", "所涉日期")) }
            th scope="col" { (page.say("Before", "此前的答案")) }
            th scope="col" { (page.say("After", "此后的答案")) }
        } }
        tbody { @for item in items { tr {
            th scope="row" { (text(item, "asked_label"))
                @if let Some(obligation) = text_if(item, "obligation_label") { ": " (obligation) }
                @if let Some(year) = at(item, "year").as_i64() { " (" (year) ")" }
            }
            td { (days(page, item)) }
            td { (answer(page, at(item, "before"))) }
            td { (answer(page, at(item, "after"))) }
        } } }
    } } }
}

fn days(page: &Page, item: &Value) -> String {
    let from = text_if(item, "from_day").map(|day| shown(day, page.language));
    match (from, text_if(item, "to_day")) {
        (Some(from), Some(to)) => {
            format!(
                "{}{from} {} {}",
                page.say("from ", "自"),
                page.say("until before", "至（不含）"),
                shown(to, page.language)
            )
        }
        (Some(from), None) => format!("{}{from}{}", page.say("from ", "自"), page.say(" on", "起")),
        (None, _) => page.say("any", "任何一日").to_owned(),
    }
}

fn answer(page: &Page, answer: &Value) -> Markup {
    if answer.is_null() {
        return html! { span.quiet { (page.say("none", "无")) } };
    }
    let dates = [
        ("on", "on", "于"),
        ("received_on", "received on", "收到于"),
        ("ended_on", "ended on", "终于"),
    ];
    html! {
        (text_if(answer, "code_label").or(text_if(answer, "figure")).unwrap_or_default())
        @for (member, en, zh) in dates { @if let Some(date) = text_if(answer, member) {
            " " span.quiet { (page.say(en, zh)) } " " (shown(date, page.language))
        } }
        @if let Some(article) = answer.get("article").and_then(Value::as_str) { " § " (words::article(article, page.language)) }
    }
}
