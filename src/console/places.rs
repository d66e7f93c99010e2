//! Places of a program on a day, each opening the enrollment that holds it.

use maud::{Markup, html};
use serde_json::Value;

use super::asking::{Made, Page};
use super::frame::{Head, framed, shown_if};
use super::json::{at, flag, list, number, number_if, text, text_if};
use crate::domain::words;

/// The page.
///
/// # Errors
/// What stands in the way.
pub async fn page(page: &Page) -> Made {
    let id = page.path("program");
    let path = format!("/v1/programs/{id}/quotas");
    let held = [("category", page.parameter("category")), ("held", page.parameter("held"))];
    let answer = page.get(&path, &held).await?;
    let board = page.get(&format!("/v1/programs/{id}/scoreboard"), &[]).await?;
    let programs = page.get_at("/v1/programs").await?;
    let exercise = flag(&answer, "exercise");
    let title = page.say("Quotas and targets", "名额与目标");
    let body = html! {
        h1 { (title) " " span.other { (text(&answer, "program_name")) } }
        nav.row aria-label=(page.say("Programs", "项目")) {
            @for program in list(&programs, "items").iter().filter(|program| text_if(program, "exercise_of").is_some() == exercise) {
                @let of = text(program, "id");
                a href=(page.times.link(&format!("/console/quotas/{of}"), &[])) aria-current=[(of == id).then_some("page")] {
                    (super::frame::named(at(program, "name"), page.language).0)
                } " "
            }
        }
        @if list(&answer, "quotas").is_empty() {
            p.lead { (page.say("This program limits no places on that day.", "该日本项目不限制名额。")) }
        }
        (quotas(page, &answer))
        (targets(page, &board))
        (zones(page, &board))
        @for quota in list(&answer, "quotas") { (of_category(page, quota)) }
    };
    let head = Head { title: title.to_owned(), part: "quotas", exercise, shows: Some(path) };
    framed(page, head, &body).await
}

/// What the documents set out to reach, and what stands.
fn targets(page: &Page, board: &Value) -> Markup {
    let targets = list(board, "targets");
    html! { @if !targets.is_empty() { section {
        h2 { (page.say("Targets", "目标")) }
        div.scroll tabindex="0" { table.fixed {
            thead { tr {
                th scope="col" { (page.say("Target", "目标")) }
                th scope="col" { (page.say("By", "期限")) }
                th.figure scope="col" { (page.say("Wanted", "应达")) }
                th.figure scope="col" { (page.say("Standing", "现有")) }
                th.figure scope="col" { (page.say("Short of", "尚缺")) }
            } }
            tbody { @for target in targets { tr {
                th scope="row" { (text(target, "target_label")) " § " (words::article(text(target, "article"), page.language)) }
                td { (text_if(target, "by").unwrap_or("–")) }
                td.figure { @match (number_if(target, "from"), number_if(target, "to")) {
                    (Some(from), Some(to)) if from != to => { (from) "–" (to) },
                    (Some(from), _) => { @if flag(target, "about") { (page.say("about ", "约")) } (from) },
                    (None, _) => span.quiet { (page.say("in words", "仅为文字")) },
                } }
                td.figure { (super::links::figure(page, at(target, "standing"))) }
                td.figure { @match number_if(target, "short_of") { Some(short) => (short), None => "–" } }
            } } }
        } }
    } } }
}

/// Who stands where, by zone; what has none is counted as that.
fn zones(page: &Page, board: &Value) -> Markup {
    let zones = list(board, "zones");
    html! { @if let Some(first) = zones.first() { section {
        h2 { (page.say("By zone", "按区域")) }
        div.scroll tabindex="0" { table.fixed {
            thead { tr {
                th scope="col" { (page.say("Zone", "区域")) }
                @for phase in list(first, "phases") { th.figure scope="col" { (text(phase, "phase/label")) } }
            } }
            tbody { @for zone in zones { tr {
                th scope="row" { (text(zone, "zone/label")) }
                @for phase in list(zone, "phases") { td.figure { (super::links::figure(page, at(phase, "subjects"))) } }
            } } }
        } }
    } } }
}

/// Each category with its places as boxes.
pub fn quotas(page: &Page, answer: &Value) -> Markup {
    html! {
        dl.places { @for quota in list(answer, "quotas") {
            @let category = text(quota, "category/id");
            dt { span class={ "mark " (category) } {} " " (text(quota, "category/label")) }
            dd {
                div.boxes {
                    @for holder in list(quota, "holders") { (held(page, category, answer, holder)) }
                    @for _ in 0..number(quota, "free").clamp(0, 40) { span.box { span.quiet { (page.say("free", "空")) } } }
                }
                p {
                    (number(quota, "taken"))
                    @if let Some(limit) = number_if(quota, "limit") { (page.say(" of ", "/")) (limit) }
                    (page.say(" places; ", "个名额；")) (number(quota, "free")) (page.say(" free", "个空余"))
                    @if number(quota, "over") > 0 { "; " strong.alarm { (number(quota, "over")) (page.say(" over", "个超额")) } }
                    " § " (words::article(text(quota, "article"), page.language))
                }
            }
        } }
    }
}

fn held(page: &Page, category: &str, answer: &Value, holder: &Value) -> Markup {
    let (program, subject) = (text(answer, "program"), text(holder, "subject"));
    let known = if flag(holder, "attested") { "attested" } else { "recorded" };
    html! {
        a class={ "box " (category) " " (known) } href=(page.times.link(&format!("/console/{program}/{subject}"), &[])) {
            (text(holder, "name"))
        }
    }
}

fn of_category(page: &Page, quota: &Value) -> Markup {
    html! {
        section {
            h2 { (text(quota, "category/label")) }
            @if let Some(reading) = text_if(quota, "reading") {
                p { span.tag { (page.say("reading", "理解")) } " " (reading) }
            }
            div.scroll tabindex="0" { table.fixed {
                thead { tr {
                    th scope="col" { (page.say("Holder", "占用者")) }
                    th scope="col" { (page.say("From", "起")) }
                    th scope="col" { (page.say("Until", "止")) }
                    th scope="col" { (page.say("Known from", "来源")) }
                } }
                tbody { @for holder in list(quota, "holders") { tr {
                    th scope="row" { (text(holder, "name")) }
                    td { (shown_if(holder, "from", page.language)) }
                    td { (shown_if(holder, "until", page.language)) }
                    td { @if flag(holder, "attested") { (page.say("evidence", "佐证")) } @else { (page.say("acts on record", "入档行为")) } }
                } } }
            } }
            @if list(quota, "days_over").is_empty() {
                p.quiet { (page.say("No day is known on which the limit was exceeded.", "未见任何超额之日。")) }
            }
        }
    }
}
