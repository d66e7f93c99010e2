//! What holds on every page: head, navigation, the two times in words, and the foot.

use actix_web::http::StatusCode;
use maud::{DOCTYPE, Markup, html};
use serde_json::Value;

use super::asking::{Failure, Keeps, Made, Page, pairs};
use super::json::{at, list, sequence, text, text_if};
use super::links::{Times, address, encoded};
use super::sheet;
use super::standstill;
use crate::domain::date::{CivilDate, Day};
use crate::domain::ids::Language;
use crate::domain::words;

/// What a page says of itself.
#[derive(Debug, Clone, Default)]
pub struct Head {
    /// The title.
    pub title: String,
    /// Which entry of the navigation it belongs to.
    pub part: &'static str,
    /// Whether it is of an exercise.
    pub exercise: bool,
    /// The answer of the interface that it shows.
    pub shows: Option<String>,
}

/// An entry of the navigation.
struct Part {
    id: &'static str,
    /// Its address.
    to: &'static str,
    /// The address of the interface that it shows: who may not read that is not led there.
    shows: &'static str,
    en: &'static str,
    zh: &'static str,
}

const fn part(
    id: &'static str,
    (to, shows): (&'static str, &'static str),
    en: &'static str,
    zh: &'static str,
) -> Part {
    Part { id, to, shows, en, zh }
}

const PARTS: [Part; 6] = [
    part("register", ("/console/register/strong_province", ENROLLMENTS), "Register", "名册"),
    part("move", ("/console/move", "/v1/moves"), "Whose move", "待办"),
    part("exceptions", ("/console/exceptions", "/v1/exceptions"), "Exceptions", "例外"),
    part(
        "quotas",
        ("/console/quotas/strong_province", "/v1/programs/{program}/quotas"),
        "Quotas and targets",
        "名额与目标",
    ),
    part("log", ("/console/log", EVENTS), "Log", "日志"),
    part("measures", ("/console/measures", "/v1/programs"), "Measures", "办法"),
];
/// Where a reader begins: with the first part that they may read; who may read none, with what the interface says
/// of itself; who is not signed in, with what asks them to.
pub fn beginning(page: &Page) -> &'static str {
    let first = PARTS.iter().find(|part| !page.is_signed_in() || page.may_read(part.shows));
    first.map_or("/docs", |part| part.to)
}

/// What a search looks through.
const ENROLLMENTS: &str = "/v1/enrollments";
const EVENTS: &str = "/v1/events";

/// The whole page around its content, or its record sheet.
///
/// # Errors
/// What stands in the way.
pub async fn framed(page: &Page, head: Head, body: &Markup) -> Made {
    match page.keeps == Keeps::AsFixed && sheet::is_asked(page) {
        true => sheet::sheet(page, &head, body).await,
        false => Ok(whole(page, head, body).await),
    }
}

/// The whole page around its content.
pub async fn whole(page: &Page, head: Head, body: &Markup) -> Markup {
    // A page with both times fixed says nothing of now.
    let log = match page.times.are_fixed() {
        true => None,
        // What can't serve says why all the same.
        false => match page.get_at("/health/ready").await {
            Ok(health) | Err(Failure::Problem(_, health)) => Some(health),
            Err(Failure::SignIn) => None,
        },
    };
    let newest = log.as_ref().and_then(|log| log.pointer("/log/sequence")?.as_str()).map(sequence);
    let other = match page.language {
        Language::En => Language::Zh,
        Language::Zh => Language::En,
    };
    let title = match head.title.as_str() {
        "" => "Docket".to_owned(),
        title => format!("{title} · Docket"),
    };
    html! {
        (DOCTYPE)
        html lang=(page.language.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                link rel="stylesheet" href=(page.settings.style);
                link rel="icon" href="data:,";
                script src=(page.settings.keys_script) defer {}
            }
            body.exercise[head.exercise] {
                a.skip href="#content" { (page.say("To the content", "跳至正文")) }
                header.top { div.wide {
                    a.brand href=(page.times.link("/console", &[])) { span.seal aria-hidden="true" { "牍" } " Docket" }
                    @if page.is_signed_in() { (navigation(page, head.part)) }
                    a hreflang=(other.tag()) lang=(other.tag()) href=(in_language(page, other)) {
                        @match other { Language::En => "English", Language::Zh => "中文" }
                    }
                    @if page.is_signed_in() {
                        form method="post" action="/console/logout" {
                            button.plain { (page.say("Sign out", "退出")) }
                        }
                    }
                } }
                @if page.is_signed_in() { (times(page)) }
                @if let Some(log) = log.as_ref().filter(|_| page.is_signed_in()) { (standstill::bar(page, log)) }
                @if head.exercise { (band(page)) }
                main #content { (body) }
                (foot(page, &head, newest))
            }
        }
    }
}

/// The parts that the reader may read, and the search.
fn navigation(page: &Page, here: &str) -> Markup {
    let parts = PARTS.iter().filter(|part| page.may_read(part.shows));
    html! {
        nav aria-label=(page.say("Parts", "栏目")) { @for Part { id, to, en, zh, .. } in parts {
            a href=(page.times.link(to, &[])) aria-current=[(*id == here).then_some("page")] data-key=(if *id == "move" { "w" } else { &id[..1] }) {
                (page.say(en, zh))
            }
        } }
        @if page.may_read(ENROLLMENTS) { form.find action="/console/find" role="search" {
            label.quiet for="find" { (page.say("Find", "查找")) }
            input #find name="q" size="18" placeholder=(page.say("Subject, number, #event", "主体、代码、#事件"));
        } }
    }
}

/// That all of a page is invented.
pub fn band(page: &Page) -> Markup {
    html! { section.band aria-label=(page.say("Exercise", "演练")) { (page.say(
        "EXERCISE: everything on this page is invented.", "演练：本页内容均为虚构。"
    )) } }
}

/// The same page in another language.
fn in_language(page: &Page, language: Language) -> String {
    let path = page.http.uri().path();
    let query = pairs(page.http.query_string());
    let others = query.iter().filter(|(name, _)| name != "lang");
    let others = others.map(|(name, value)| (name.as_str(), value.as_str()));
    address(path, others.chain([("lang", language.tag())]))
}

/// The times as a form, and in a sentence.
fn times(page: &Page) -> Markup {
    let Times { as_of, at_sequence, known_at, .. } = &page.times;
    let query = pairs(page.http.query_string());
    let kept = query.iter().filter(|(name, _)| {
        !["as_of", "at_sequence", "known_at", "cursor", "after"].contains(&name.as_str())
    });
    html! {
        section.times.past[page.times.are_past()] aria-label=(page.say("The two times", "两个时间")) { div.wide {
            form {
                @for (name, value) in kept { input type="hidden" name=(name) value=(value); }
                label for="as_of" { (page.say("As of", "截至")) }
                input #as_of name="as_of" size="11" placeholder="2016-12-31" value=[as_of.as_deref()];
                label for="at_sequence" { (page.say("known up to event", "已知至事件")) }
                input #at_sequence name="at_sequence" size="8" inputmode="numeric" value=[at_sequence.as_deref()];
                @if let Some(known_at) = known_at { input type="hidden" name="known_at" value=(known_at); }
                button { (page.say("Show", "显示")) }
                @if page.times.are_past() {
                    a href=(Times { language: page.times.language, ..Times::default() }.link(page.http.uri().path(), &[])) {
                        (page.say("Now", "回到现在"))
                    }
                }
            }
            p { (sentence(page)) }
        } }
    }
}

/// The two times in words.
pub fn sentence(page: &Page) -> String {
    let Times { as_of, at_sequence, known_at, .. } = &page.times;
    let (en, zh) = match as_of.as_deref() {
        Some(day) => (
            format!("What held on {}", shown(day, Language::En)),
            format!("{}的状态", shown(day, Language::Zh)),
        ),
        None => ("What holds today".to_owned(), "今日状态".to_owned()),
    };
    let (known_en, known_zh) = match (at_sequence, known_at) {
        (Some(sequence), _) => (
            format!("by what was on record up to event {sequence}"),
            format!("依据至事件{sequence}已入档的内容"),
        ),
        (None, Some(instant)) => {
            (format!("by what was on record at {instant}"), format!("依据{instant}已入档的内容"))
        }
        (None, None) => ("by everything on record".to_owned(), "依据全部已入档内容".to_owned()),
    };
    match page.language {
        Language::En => format!("{en}, {known_en}."),
        Language::Zh => format!("{zh}，{known_zh}。"),
    }
}

fn foot(page: &Page, head: &Head, newest: Option<&str>) -> Markup {
    let today = page.times.as_of.as_deref();
    html! {
        footer { div.wide {
            @if let Some(newest) = newest.filter(|_| page.may_read(EVENTS)) {
                p { (page.say("The log, events ", "日志，事件 ")) a href=(page.times.link("/console/log", &[])) { "0–" (newest) } }
            }
            @if let Some(shows) = &head.shows {
                p { (page.say("This page as ", "本页数据：")) a href=(shows) { "JSON" }
                    (page.say(" (asked with a token)", "（须以令牌请求）")) }
            }
            @if let (Some(newest), Some(day)) = (newest, today) {
                p { a href=(at_times(page, day, page.times.at_sequence.as_deref().unwrap_or(newest))) {
                    (page.say("This page with both times fixed", "本页的固定地址（两个时间均固定）"))
                } }
            }
            @if page.keeps == Keeps::AsFixed && page.is_signed_in() {
                p { a rel="nofollow" href=(printed(page)) { (page.say("Record sheet, to print and cite", "记录单（供打印、引用）")) } }
            }
            p { a data-key="keys" href=(page.times.link("/console/keys", &[])) { (page.say("Keys", "快捷键")) } }
            p { a href="/docs" { (page.say("The REST interface", "接口说明")) } }
        } }
    }
}

/// The address of the page with its times and its language fixed.
pub fn at_times(page: &Page, day: &str, known: &str) -> String {
    let query = pairs(page.http.query_string());
    let own = query.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let own = own.filter(|(name, _)| !["as_of", "at_sequence", "known_at", "lang"].contains(name));
    let times = [("as_of", day), ("at_sequence", known), ("lang", page.language.tag())];
    address(page.http.uri().path(), times.into_iter().chain(own))
}

/// The record sheet of the page.
fn printed(page: &Page) -> String {
    let query = pairs(page.http.query_string());
    let own = query.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    address(page.http.uri().path(), own.chain([("print", "1")]))
}

/// The answer to an address that is none.
///
/// # Errors
/// Always: that there is nothing.
pub async fn nowhere(page: &Page) -> Made {
    Err(no_such_page(page))
}

/// That there is no such page.
pub fn no_such_page(page: &Page) -> Failure {
    let title = page.say("There is no such page", "没有此页面");
    let detail = format!(
        "{} {}",
        page.http.uri().path(),
        page.say("is no page of the console.", "不是本控制台的页面。")
    );
    let problem = serde_json::json!({"title": title, "detail": detail});
    Failure::Problem(StatusCode::NOT_FOUND, problem)
}

/// A problem of the interface as a page: what, article, what would satisfy it, trace id.
pub fn problem(page: &Page, problem: &Value) -> Markup {
    if problem.is_null() {
        return html! { h1 { (page.say("No answer", "没有答复")) } };
    }
    let near: Vec<_> =
        problem.get("near").and_then(Value::as_array).into_iter().flatten().collect();
    html! {
        h1 { (text(problem, "title")) }
        p.lead { (problem.get("detail").and_then(Value::as_str).unwrap_or_default()) }
        @if let Some(article) = problem.get("article").and_then(Value::as_str) {
            p { "§ " (words::article(article, page.language)) }
        }
        @if let Some(errors) = problem.get("errors").and_then(Value::as_array) {
            ul { @for error in errors { li { (error.get("detail").and_then(Value::as_str).unwrap_or_default()) } } }
        }
        (super::near::shown(page, &near))
        @if let Some(trace) = problem.get("trace_id").and_then(Value::as_str) {
            p.quiet { (page.say("Trace ", "追踪号 ")) code { (trace) } }
        }
    }
}

/// A date as sharp as its source, in words.
pub fn shown(date: &str, language: Language) -> String {
    match CivilDate::parse(date) {
        Ok(date) => words::date(&date, language),
        Err(_) => date.to_owned(),
    }
}

/// The same, if there is one.
pub fn shown_if(value: &Value, path: &str, language: Language) -> String {
    text_if(value, path).map_or_else(|| "–".to_owned(), |date| shown(date, language))
}

/// The last day that a date can be.
pub fn day_of(date: &str) -> Option<Day> {
    CivilDate::parse(date).ok().map(|date| date.latest())
}

/// How something is known, where it is not by an act recorded at its time.
pub fn known_from(value: &Value) -> Markup {
    let class = match text(value, "provenance") {
        "ATTESTED" => "tag attested",
        "INFERRED" => "tag inferred",
        _ => return html! {},
    };
    html! { span class=(class) { (text(value, "provenance_label")) } }
}

/// A name with the other language's beside it, where there is one.
pub fn named(name: &Value, language: Language) -> (String, String) {
    let of = |language: Language| {
        let key = match language {
            Language::En => "en",
            Language::Zh => "zh",
        };
        text(name, key).to_owned()
    };
    match language {
        Language::En => (of(Language::En), of(Language::Zh)),
        Language::Zh => (of(Language::Zh), of(Language::En)),
    }
}

/// How many there are of a list that the interface pages; with a plus where there are more.
pub fn counted(answer: &Value) -> String {
    let more = if at(answer, "next").is_null() { "" } else { "+" };
    format!("{}{more}", list(answer, "items").len())
}

/// Whether a program is an exercise of another.
///
/// # Errors
/// What stands in the way.
pub async fn is_exercise(page: &Page, program: &str) -> Result<bool, Failure> {
    let program = page.get_at(&format!("/v1/programs/{}", encoded(program))).await?;
    Ok(text_if(&program, "exercise_of").is_some())
}
