//! The measures: each document with what of it is encoded, and every reading marked.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use maud::{Markup, html};
use serde_json::Value;

use super::Settings;
use super::asking::{Failure, Made, Page};
use super::frame::{Head, framed, named, shown};
use super::json::{at, flag, list as items_of, number, sequence, text, text_if, texts};
use super::links::{address, encoded};
use crate::domain::words;
use crate::views::inside::Inside;
use crate::views::media::SVG;
use crate::views::spoken::spoken;

/// The list.
///
/// # Errors
/// What stands in the way.
pub async fn list(page: &Page) -> Made {
    let programs = page.get_at("/v1/programs").await?;
    let mut known = Vec::new();
    for program in items_of(&programs, "items") {
        known.push(versions(page, program).await?);
    }
    let title = page.say("Measures", "办法");
    let body = html! {
        h1 { (title) }
        div.scroll tabindex="0" { table.fixed {
            thead { tr {
                th.w3 scope="col" { (page.say("Program", "项目")) }
                th.w3 scope="col" { (page.say("Who takes part", "参加主体")) }
                th scope="col" { (page.say("Versions of its measure", "办法版本")) }
            } }
            tbody { @for (program, versions) in items_of(&programs, "items").iter().zip(&known) { @let id = text(program, "id"); tr {
                th scope="row" { a href=(page.times.link(&format!("/console/register/{id}"), &[])) { (named(at(program, "name"), page.language).0) } }
                td { (texts(program, "subject_kind_labels").join(", ")) }
                td { @for version in versions {
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
    framed(page, head, &body).await
}

/// The versions of which an edition was adopted by the event up to which the page knows.
async fn versions(page: &Page, program: &Value) -> Result<Vec<String>, Failure> {
    if page.times.at_sequence.is_none() {
        return Ok(texts(program, "measures").into_iter().map(str::to_owned).collect());
    }
    let of = format!("/v1/programs/{}/measures", encoded(text(program, "id")));
    let answer = page.get_at(&of).await?;
    let is_known = |version: &&Value| !editions(page, version).is_empty();
    let known = items_of(&answer, "items").iter().filter(is_known);
    Ok(known.map(|version| text(version, "version").to_owned()).collect())
}

/// The editions that were adopted by the event up to which the page knows, oldest first.
fn editions<'v>(page: &Page, measure: &'v Value) -> Vec<&'v Value> {
    let known = page.times.at_sequence.as_deref().and_then(|known| known.parse::<u64>().ok());
    let is_known = |edition: &&Value| {
        let of = sequence(text(edition, "sequence")).parse::<u64>();
        known.is_none_or(|known| of.is_ok_and(|of| of <= known))
    };
    items_of(measure, "editions").iter().filter(is_known).collect()
}

/// One measure.
///
/// # Errors
/// What stands in the way.
pub async fn page(page: &Page) -> Made {
    let (program, version) = (page.path("program"), page.path("version"));
    let path = format!("/v1/programs/{}/measures/{}", encoded(&program), encoded(&version));
    let mut answer = page.get_at(&path).await?;
    // What was adopted after the event up to which the page knows, it does not show.
    let then = editions(page, &answer).last().map(|edition| text(edition, "digest").to_owned());
    if let Some(then) = then.filter(|then| then != text(&answer, "edition")) {
        answer = page.get_at(&address(&path, [("edition", then.as_str())])).await?;
    }
    let editions = editions(page, &answer);
    let measure = at(&answer, "measure");
    let cited = Cited::of(page, &program, &version).await?;
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
        section { h2 #graph { (page.say("The way through the phases", "阶段图")) }
            div.scroll tabindex="0" role="region" aria-labelledby="graph" {
                img.graph src=(picture(page, text(&answer, "edition"))) alt=(page.say("Phases from left to right, and the acts that lead from one to another; the tables below say the same.", "阶段自左至右，及由一阶段进入另一阶段的行为；下表所载相同。"));
            }
        }
        section { h2 { (page.say("Acts: who may do what", "行为：何方得为何事")) } (acts(page, measure, "act", &cited)) }
        @if !items_of(measure, "program_act").is_empty() {
            section { h2 { (page.say("Acts for the program as a whole", "就项目整体的行为")) } (acts(page, measure, "program_act", &cited)) }
        }
        section { h2 { (page.say("Obligations", "义务")) } ul { @for duty in items_of(measure, "obligation") { li { (duty_of(page, duty, &cited)) } } } }
        (cited.section(page))
        section { h2 { (page.say("Editions of the file", "文件版次")) }
            @if editions.is_empty() { p { (page.say("None was adopted yet.", "尚无采用的版次。")) } }
            ul { @for (number, edition) in editions.iter().enumerate() { li {
                code { (text(edition, "digest")) } " " (spoken(text(edition, "reason"), page.language))
                @if let Some(before) = number.checked_sub(1).and_then(|before| editions.get(before)) {
                    " " a href=(beside(page, &version, &[("edition", text(before, "digest")), ("other_edition", text(edition, "digest"))])) { (page.say("What it changed", "改变了什么")) }
                }
            } } }
        }
        (others(page, &program, &version).await?)
    };
    let head = Head { title, part: "measures", shows: Some(path), ..Head::default() };
    framed(page, head, &body).await
}

/// The picture of the edition that the page shows.
fn picture(page: &Page, edition: &str) -> String {
    let here = page.http.uri().path();
    address(&format!("{here}/graph"), [("edition", edition), ("lang", page.language.tag())])
}

/// The picture, as the interface draws it.
pub async fn graph(
    http: HttpRequest,
    settings: web::Data<Settings>,
    inside: web::Data<Inside>,
) -> HttpResponse {
    let page = Page::of(http, settings, inside);
    let (program, version) = (page.path("program"), page.path("version"));
    let of = format!("/v1/programs/{}/measures/{}/graph", encoded(&program), encoded(&version));
    let drawn = page.asked(&address(&of, [("edition", page.parameter("edition"))]), SVG).await;
    match drawn {
        // An edition never changes.
        Ok(reply) => HttpResponse::Ok()
            .insert_header((header::CONTENT_TYPE, SVG))
            .insert_header((header::CACHE_CONTROL, "private, max-age=86400"))
            .body(reply.body),
        Err(failure) => page.answer(Err(failure)).await,
    }
}

/// The page of this version beside another, or beside another edition of itself.
fn beside(page: &Page, other: &str, editions: &[(&str, &str)]) -> String {
    let here = page.http.uri().path();
    page.times.link(&format!("{here}/diff/{}", encoded(other)), editions)
}

/// The other versions, to be put beside this one.
async fn others(page: &Page, program: &str, version: &str) -> Made {
    let program = page.get_at(&format!("/v1/programs/{}", encoded(program))).await?;
    let known = versions(page, &program).await?;
    let others: Vec<_> = known.iter().filter(|other| *other != version).collect();
    Ok(html! { @if !others.is_empty() { section {
        h2 { (page.say("Side by side with another version", "与其他版本对照")) }
        ul { @for other in others { li { a href=(beside(page, other, &[])) { (version) " | " (other) } } } }
    } } })
}

fn reading(page: &Page, of: &Value) -> Markup {
    html! { @if let Some(reading) = of.get("reading").filter(|reading| reading.is_object()) {
        br; span.tag { (page.say("reading", "理解")) } " " (named(reading, page.language).0)
    } }
}

/// How many events cite each article of a version.
struct Cited<'p> {
    program: &'p str,
    version: &'p str,
    totals: Value,
}

impl<'p> Cited<'p> {
    async fn of(page: &Page, program: &'p str, version: &'p str) -> Result<Self, Failure> {
        let asked = [("by", "article"), ("program", program), ("measure", version)];
        let pairs = asked.into_iter().chain(page.times.of_record());
        let totals = page.get_at(&address("/v1/events/totals", pairs)).await?;
        Ok(Self { program, version, totals })
    }

    /// The log of those that cite an article.
    fn log(&self, page: &Page, article: &str) -> String {
        let asked = [("program", self.program), ("measure", self.version), ("article", article)];
        page.times.link("/console/log", &asked)
    }

    /// How many cite an article, where there are any.
    fn shown(&self, page: &Page, article: &str) -> Markup {
        let found =
            items_of(&self.totals, "items").iter().find(|item| text(item, "article") == article);
        html! { @if let Some(item) = found { " " a.quiet href=(self.log(page, article)) {
            (page.say("cited ", "援引 ")) (number(item, "events/count")) (page.say(" times", " 次"))
        } } }
    }

    /// All articles that are cited, the most cited first.
    fn section(&self, page: &Page) -> Markup {
        let mut items: Vec<&Value> = items_of(&self.totals, "items").iter().collect();
        items.sort_by_key(|item| std::cmp::Reverse(number(item, "events/count")));
        html! { section { h2 { (page.say("What the record cites", "记录所援引的条文")) }
            @if items.is_empty() { p { (page.say("No event cites this version.", "没有事件援引该版本。")) } }
            ul.many { @for item in items { li {
                "§ " (text(item, "article_label")) " " a href=(self.log(page, text(item, "article"))) {
                    (number(item, "events/count")) (page.say(" events", " 个事件"))
                }
            } } }
        } }
    }
}

fn acts(page: &Page, measure: &Value, list: &str, cited: &Cited<'_>) -> Markup {
    html! { div.scroll tabindex="0" { table.fixed {
        thead { tr { th scope="col" { (page.say("Act", "行为")) } th scope="col" { (page.say("By", "主体")) } th scope="col" { (page.say("Article and reading", "条文与理解")) } } }
        tbody { @for act in items_of(measure, list) { tr {
            th scope="row" { (words::act(text(act, "act"), page.language)) }
            td { @for (index, office) in texts(act, "by").into_iter().enumerate() { @if index > 0 { ", " } (words::role(office, page.language)) } }
            td { "§ " (words::article(text(act, "article"), page.language)) (cited.shown(page, text(act, "article"))) (reading(page, act)) }
        } } }
    } } }
}

fn duty_of(page: &Page, duty: &Value, cited: &Cited<'_>) -> Markup {
    html! {
        strong { (named(at(duty, "label"), page.language).0) }
        @if let Some(article) = text_if(duty, "article") { " § " (words::article(article, page.language)) (cited.shown(page, article)) }
        (reading(page, duty))
    }
}
