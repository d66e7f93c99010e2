//! The measures: each document with what of it is encoded, and every reading marked.

use maud::{Markup, html};
use serde_json::Value;

use super::asking::{Made, Page};
use super::frame::{Head, framed, named, shown};
use super::json::{at, flag, list as items_of, text, text_if, texts};
use super::spoken::spoken;
use crate::domain::words;

/// The list.
///
/// # Errors
/// What stands in the way.
pub async fn list(page: &Page) -> Made {
    let programs = page.get_at("/v1/programs").await?;
    let title = page.say("Measures", "办法");
    let body = html! {
        h1 { (title) }
        div.scroll tabindex="0" { table {
            thead { tr {
                th scope="col" { (page.say("Program", "项目")) }
                th scope="col" { (page.say("Who takes part", "参加主体")) }
                th scope="col" { (page.say("Versions of its measure", "办法版本")) }
            } }
            tbody { @for program in items_of(&programs, "items") { @let id = text(program, "id"); tr {
                th scope="row" { a href=(page.times.link(&format!("/console/register/{id}"), &[])) { (named(at(program, "name"), page.language).0) } }
                td { (texts(program, "subject_kind_labels").join(", ")) }
                td { @for version in texts(program, "measures") {
                    a href=(page.times.link(&format!("/console/measures/{id}/{version}"), &[])) { (version) } " "
                } }
            } } }
        } }
    };
    let head = Head {
        title: title.to_owned(),
        part: "measures",
        shows: Some("/v1/programs".to_owned()),
        ..Head::default()
    };
    Ok(framed(page, head, &body).await)
}

/// One measure.
///
/// # Errors
/// What stands in the way.
pub async fn page(page: &Page) -> Made {
    let path = format!("/v1/programs/{}/measures/{}", page.path("program"), page.path("version"));
    let answer = page.get_at(&path).await?;
    let measure = at(&answer, "measure");
    let (title, other) = named(at(&answer, "title"), page.language);
    let body = html! {
        h1 { (title) " " span.other { (spoken(&other, page.language)) } }
        p.lead {
            @if let Some(number) = answer.get("number").filter(|number| number.is_object()) { (named(number, page.language).0) " · " }
            (named(at(&answer, "issued_by"), page.language).0) " · "
            (page.say("in force from ", "施行：")) (shown(text(&answer, "in_force_from"), page.language))
            " § " (words::article(text(&answer, "in_force_article"), page.language))
        }
        @if flag(&answer, "known_in_part") {
            p { span.tag.care { (page.say("known in part", "仅知部分内容")) } }
            ul { @for gap in items_of(&answer, "gaps") { li { (named(gap, page.language).0) } } }
        }
        section { h2 { (page.say("Phases", "阶段")) } ul { @for phase in items_of(measure, "phase") { li {
            strong { (named(at(phase, "label"), page.language).0) } " § " (words::article(text(phase, "article"), page.language))
        } } } }
        section { h2 { (page.say("Acts: who may do what", "行为：何方得为何事")) } (acts(page, measure, "act")) }
        @if !items_of(measure, "program_act").is_empty() {
            section { h2 { (page.say("Acts for the program as a whole", "就项目整体的行为")) } (acts(page, measure, "program_act")) }
        }
        section { h2 { (page.say("Obligations", "义务")) } ul { @for duty in items_of(measure, "obligation") { li { (duty_of(page, duty)) } } } }
        section { h2 { (page.say("Editions of the file", "文件版次")) }
            ul { @for edition in items_of(&answer, "editions") { li { code { (text(edition, "digest").get(..16).unwrap_or_default()) "…" } " " (spoken(text(edition, "reason"), page.language)) } } }
        }
    };
    let head = Head { title, part: "measures", shows: Some(path), ..Head::default() };
    Ok(framed(page, head, &body).await)
}

fn reading(page: &Page, of: &Value) -> Markup {
    html! { @if let Some(reading) = of.get("reading").filter(|reading| reading.is_object()) {
        br; span.tag { (page.say("reading", "理解")) } " " (named(reading, page.language).0)
    } }
}

fn acts(page: &Page, measure: &Value, list: &str) -> Markup {
    html! { div.scroll tabindex="0" { table {
        thead { tr { th scope="col" { (page.say("Act", "行为")) } th scope="col" { (page.say("By", "主体")) } th scope="col" { (page.say("Article and reading", "条文与理解")) } } }
        tbody { @for act in items_of(measure, list) { tr {
            th scope="row" { (words::act(text(act, "act"), page.language)) }
            td { @for (index, office) in texts(act, "by").into_iter().enumerate() { @if index > 0 { ", " } (words::role(office, page.language)) } }
            td { "§ " (words::article(text(act, "article"), page.language)) (reading(page, act)) }
        } } }
    } } }
}

fn duty_of(page: &Page, duty: &Value) -> Markup {
    html! {
        strong { (named(at(duty, "label"), page.language).0) }
        @if let Some(article) = text_if(duty, "article") { " § " (words::article(article, page.language)) }
        (reading(page, duty))
    }
}
