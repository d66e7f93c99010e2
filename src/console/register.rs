//! The register of a program: who stands where, in one sentence, as tiles and as a table.

use actix_web::{HttpRequest, HttpResponse, web};
use maud::{Markup, html};
use serde_json::Value;

use super::asking::{Failure, Made, Page};
use super::course::course;
use super::frame::{Head, counted, framed, known_from, shown_if};
use super::json::{at, flag, list, number, sequence, text, text_if, texts};
use super::obligations::cursor;
use super::tiles::{self, tiles};
use super::{Settings, places, see_other};
use crate::domain::ids::Language;
use crate::views::inside::Inside;

/// What a figure that opens here says of those that it counts.
const FILTERS: [&str; 10] = [
    "phase",
    "category",
    "stands_at",
    "zone",
    "round",
    "batch",
    "decided_in_round",
    "decided_in_batch",
    "decided_again",
    "province",
];
/// Items of a list that a page shows.
const SHOWN: &str = "100";

/// The page.
///
/// # Errors
/// What stands in the way.
pub async fn page(page: &Page) -> Made {
    let id = page.path("program");
    let program = page.get_at(&format!("/v1/programs/{id}")).await?;
    let programs = page.get_at("/v1/programs").await?;
    let exercise = text_if(&program, "exercise_of").is_some();
    let flagged = if exercise { "true" } else { "" };
    let own = [("program", id.as_str()), ("limit", SHOWN), ("exercise", flagged)];
    let filters = FILTERS.map(|name| (name, page.parameter(name)));
    let begins = page.parameter("cursor");
    let asked: Vec<_> = own.into_iter().chain(filters).chain([("cursor", begins)]).collect();
    let is_part = filters.iter().any(|(_, value)| !value.is_empty());
    let enrolled = page.get("/v1/enrollments", &asked).await?;
    let went = match is_part {
        true => Value::Null,
        false => page.get(&format!("/v1/programs/{id}/course"), &[]).await?,
    };
    let quotas = match page.get(&format!("/v1/programs/{id}/quotas"), &[]).await {
        Err(Failure::SignIn) => return Err(Failure::SignIn),
        // No version of its measure was in force on that day.
        Err(Failure::Problem(..)) => Value::Null,
        Ok(quotas) => quotas,
    };
    let items = list(&enrolled, "items");
    let (name, other) = super::frame::named(at(&program, "name"), page.language);
    let shown = tiles::shown(page, &id).await?;
    let is_of_provinces = texts(&program, "subject_kinds").contains(&"province") && !exercise;
    let body = html! {
        h1 { (name) " " span.other lang=(other_tag(page)) { (other) } }
        (tabs(page, &programs, &id))
        p.lead { (sentence(page, items, (&enrolled, &went))) }
        @if is_part { p { span.tag { (page.say("a part of the register", "名册的一部分")) } " "
            @for (name, value) in filters.iter().filter(|(_, value)| !value.is_empty()) { code { (name) "=" (value) } " " }
            a href=(page.times.link(&format!("/console/register/{id}"), &[])) { (page.say("All", "全部")) }
        } }
        @if !is_part { (course(page, &id, &went)) }
        div.columns {
            @if is_of_provinces { section aria-labelledby="tiles" {
                h2 #tiles { (page.say("By province", "各省情况")) }
                (tiles(page, &id, items, &shown))
            } }
            @if !list(&quotas, "quotas").is_empty() { section aria-labelledby="places" {
                h2 #places { (page.say("Places", "名额")) }
                (places::quotas(page, &quotas))
            } }
        }
        (table(page, &enrolled, &filters))
    };
    let shows = format!("/v1/enrollments?program={id}");
    let head = Head { title: name, part: "register", exercise, shows: Some(shows) };
    framed(page, head, &body).await
}

fn other_tag(page: &Page) -> &'static str {
    match page.language {
        Language::En => Language::Zh.tag(),
        Language::Zh => Language::En.tag(),
    }
}

/// The programs, the exercises kept apart.
fn tabs(page: &Page, programs: &Value, here: &str) -> Markup {
    let is_exercise = |program: &&Value| text_if(program, "exercise_of").is_some();
    let (invented, real): (Vec<_>, Vec<_>) = list(programs, "items").iter().partition(is_exercise);
    let entries = |programs: Vec<&Value>| {
        html! { ul { @for program in programs {
            @let id = text(program, "id");
            li { a href=(page.times.link(&format!("/console/register/{id}"), &[])) aria-current=[(id == here).then_some("page")] {
                (super::frame::named(at(program, "name"), page.language).0)
            } }
        } } }
    };
    html! {
        details.tabs { summary { (page.say("Other programs", "其他项目")) }
            (entries(real))
            h3 { (page.say("Exercises, kept apart", "演练（另列）")) }
            (entries(invented))
        }
    }
}

/// What the record shows, in a sentence.
fn sentence(page: &Page, items: &[Value], (answer, went): (&Value, &Value)) -> Markup {
    // More than a page has, or another page of them: as many as stand where, of all.
    if !went.is_null() && (!at(answer, "next").is_null() || !page.parameter("cursor").is_empty()) {
        return standing(page, list(went, "standing"));
    }
    let mut phases: Vec<(&str, &str, usize)> = Vec::new();
    for item in items {
        let (phase, label) = (text(item, "stands_at/phase"), text(item, "stands_at/label"));
        match phases.iter_mut().find(|(known, _, _)| *known == phase) {
            Some((_, _, count)) => *count += 1,
            None => phases.push((phase, label, 1)),
        }
    }
    let attested = items.iter().filter(|item| text(item, "provenance") != "RECORDED").count();
    if items.is_empty() {
        return html! { (page.say(
            "None is enrolled, by what is on record: nothing was recorded for this program up to here.",
            "记录中尚无参加者：截至此处，本项目没有任何入档内容。"
        )) };
    }
    html! {
        strong { (counted(answer)) } (page.say(" are on record: ", "个在册："))
        @for (index, (_, label, count)) in phases.iter().enumerate() {
            @if index > 0 { (page.say(", ", "，")) }
            strong { (count) }
            @match *label {
                "" => (page.say(" of which only notes are kept", "个仅有备注")),
                label => { (page.say(" at “", "个处于“")) (label) (page.say("”", "”")) },
            }
        }
        (page.say(". ", "。"))
        @if attested > 0 {
            (page.say("Of ", "其中")) strong { (attested) }
            (page.say(" the standing is known from evidence alone; no decision of the office is on record.", "个仅有佐证，记录中没有主管机关的决定。"))
        }
    }
}

/// How many stand in each phase, of all who are on record.
fn standing(page: &Page, alike: &[Value]) -> Markup {
    let mut phases: Vec<(&str, i64)> = Vec::new();
    for one in alike {
        let (label, count) = (text(one, "phase/label"), number(one, "subjects"));
        match phases.iter_mut().find(|(known, _)| *known == label) {
            Some((_, known)) => *known += count,
            None => phases.push((label, count)),
        }
    }
    html! {
        strong { (phases.iter().map(|(_, count)| count).sum::<i64>()) } (page.say(" stand in the program: ", "个处于本项目："))
        @for (index, (label, count)) in phases.iter().enumerate() {
            @if index > 0 { (page.say(", ", "，")) }
            strong { (count) } (page.say(" at “", "个处于“")) (label) (page.say("”", "”"))
        }
        (page.say(". ", "。"))
    }
}

fn table(page: &Page, answer: &Value, filters: &[(&str, &str)]) -> Markup {
    let items = list(answer, "items");
    html! {
        section aria-labelledby="register" {
            h2 #register { (page.say("The register", "名册")) " " span.quiet { (counted(answer)) } }
            div.scroll tabindex="0" { table.fixed {
                thead { tr {
                    th scope="col" { (page.say("Subject", "主体")) }
                    th.w1 scope="col" { (page.say("Category", "类型")) }
                    th.w2 scope="col" { (page.say("Stands at", "所处状态")) }
                    th.w1 scope="col" { (page.say("Since", "起始")) }
                    th.w1 scope="col" { (page.say("Last evidenced", "最近依据")) }
                    th.w1 scope="col" { (page.say("Known from", "来源")) }
                    th.w2 scope="col" { (page.say("What waits", "待办事项")) }
                    th.w1.figure scope="col" { (page.say("Newest event", "最新事件")) }
                } }
                tbody { @for item in items { (row(page, item)) } }
            } }
            @if let Some(next) = text_if(answer, "next") {
                @let onward = [filters, &[("cursor", cursor(next))]].concat();
                p { a href=(page.times.link(page.http.uri().path(), &onward)) { (page.say("Further ones", "下一页")) } }
            }
        }
    }
}

fn row(page: &Page, item: &Value) -> Markup {
    let (program, subject) = (text(item, "program"), text(item, "subject"));
    let waiting = list(item, "waiting");
    html! {
        tr {
            th scope="row" { a href=(page.times.link(&format!("/console/{program}/{subject}"), &[])) { (text(item, "name")) } " " span.quiet { (subject) } }
            td { @match text_if(item, "category/id") {
                Some(id) => { span class={ "mark " (id) } {} " " (text(item, "category/label")) },
                None => "–",
            } }
            td { @match text_if(item, "stands_at/label") {
                Some(label) => (label),
                None => span.quiet { (page.say("notes only", "仅有备注")) },
            } }
            td { (shown_if(item, "stands_at/phase_since", page.language)) }
            td { (shown_if(item, "last_evidenced_on", page.language)) }
            td { @match text(item, "provenance") {
                "RECORDED" => (text(item, "provenance_label")),
                _ => (known_from(item)),
            } }
            td { @if waiting.is_empty() { span.quiet { (page.say("nothing", "无")) } }
                @for one in waiting { (text(one, "matter_label")) " " } }
            td.figure {
                @let newest = sequence(text(item, "sequence"));
                a href=(page.times.link(&format!("/console/log/{newest}"), &[])) { "#" (newest) }
                span.quiet { " (" (number(item, "revision") + 1) ")" }
            }
        }
    }
}

/// Where a search leads: an event by its number, a subject by id or name.
pub async fn find(
    http: HttpRequest,
    settings: web::Data<Settings>,
    inside: web::Data<Inside>,
) -> HttpResponse {
    let page = Page::of(http, settings, inside);
    let asked = page.parameter("q").to_owned();
    if let Some(number) = asked.strip_prefix('#') {
        return see_other(
            &page.times.link(&format!("/console/log/{}", super::links::encoded(number)), &[]),
        );
    }
    let made = found(&page, &asked).await;
    page.answer(made).await
}

async fn found(page: &Page, asked: &str) -> Made {
    let wanted = asked.to_lowercase();
    let (mut hits, mut near) = (Vec::new(), Vec::new());
    for exercise in ["", "true"] {
        let all = page
            .get_at(&super::links::address(
                "/v1/enrollments",
                [("limit", "1000"), ("exercise", exercise)],
            ))
            .await?;
        let is_hit = |item: &&Value| {
            !wanted.is_empty()
                && (text(item, "subject").to_lowercase().contains(&wanted)
                    || text(item, "name").to_lowercase().contains(&wanted))
        };
        hits.extend(list(&all, "items").iter().filter(is_hit).cloned());
        near.extend(super::near::nearest(list(&all, "items"), asked).into_iter().cloned());
    }
    let title = page.say("Found", "查找结果");
    let body = html! {
        h1 { (title) }
        @if hits.is_empty() { p.lead { (page.say("No enrollment has this in its name or number: ", "没有名称或代码含有下列内容的记录：")) "“" (asked) "”" }
            (super::near::shown(page, &near.iter().collect::<Vec<_>>()))
        }
        ul { @for hit in &hits { li {
            @let path = format!("/console/{}/{}", text(hit, "program"), text(hit, "subject"));
            a href=(page.times.link(&path, &[])) { (text(hit, "name")) } " · " (text(hit, "program_name"))
            @if flag(hit, "exercise") { " " span.tag.invented { (page.say("exercise", "演练")) } }
        } } }
    };
    let head = Head { title: title.to_owned(), ..Head::default() };
    framed(page, head, &body).await
}
