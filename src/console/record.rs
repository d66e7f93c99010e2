//! Recording an act: which one, what it says, what it will do, and then for ever.
//!
//! What must hold: nothing is recorded before it was checked and shown; a form counts once, by the key
//! that was minted with it and signed for who is signed in; nothing typed is lost where it is refused.

use actix_web::web;
use actix_web::{HttpRequest, HttpResponse};
use maud::{Markup, html};
use serde_json::Value;

use super::asking::{Failure, Keeps, Made, Page};
use super::files::{self, Sent};
use super::form::{self, Field};
use super::frame::{Head, is_exercise, shown, whole};
use super::json::{at, flag, list, number, sequence, text, text_if};
use super::links::encoded;
use super::outlook::outlook;
use super::session::{is_from_here, is_signed, minted, refused};
use super::{Settings, see_other};
use crate::domain::words;
use crate::views::inside::Inside;
use crate::views::spoken::spoken;

/// What a form is about.
struct Form<'p> {
    act: &'p str,
    fields: Vec<Field>,
    revision: String,
    key: String,
    typed: Vec<(String, String)>,
    exercise: bool,
    /// Kinds of material, and what they are called.
    kinds: Vec<(String, String)>,
}

/// What stands in the way of a form: the problem, and what is shown with it.
struct Wrong {
    problem: Value,
    more: Markup,
}

impl Form<'_> {
    /// What a browser sent.
    fn sent<'p>(page: &'p Page, openapi: &Value, exercise: bool) -> Form<'p> {
        let act = page.parameter("act");
        Form {
            act,
            fields: form::fields(openapi, act),
            revision: page.parameter("revision").to_owned(),
            key: page.parameter("key").to_owned(),
            typed: page.query.clone(),
            exercise,
            kinds: serde_json::from_str(page.parameter("kinds")).unwrap_or_default(),
        }
    }
}

/// Which act, or the form of one.
///
/// # Errors
/// What stands in the way.
pub async fn ask(page: &Page) -> Made {
    let acts = page.get_at(&format!("{}/permitted-acts", path(page))).await?;
    let act = page.parameter("act");
    let openapi = page.get_at("/openapi.json").await?;
    let fields = form::fields(&openapi, act);
    if fields.is_empty() {
        return choice(page, &acts).await;
    }
    let form = Form {
        act,
        fields,
        revision: number_of(&acts),
        key: minted(page),
        typed: Vec::new(),
        exercise: is_exercise(page, &page.path("program")).await?,
        kinds: files::kinds(&acts, act),
    };
    Ok(shown_form(page, &form, None).await)
}

fn path(page: &Page) -> String {
    format!("/v1/enrollments/{}/{}", encoded(&page.path("program")), encoded(&page.path("subject")))
}

fn here(page: &Page) -> String {
    format!(
        "/console/{}/{}/acts/new",
        encoded(&page.path("program")),
        encoded(&page.path("subject"))
    )
}

/// The revision on which an act is to rest; none where there is no record yet.
fn number_of(acts: &Value) -> String {
    match at(acts, "revision").as_u64() {
        Some(revision) => revision.to_string(),
        None => String::new(),
    }
}

/// Which act: those that are permitted to who asks, and the others with the reason.
async fn choice(page: &Page, acts: &Value) -> Made {
    let (allowed, others): (Vec<_>, Vec<_>) =
        list(acts, "acts").iter().partition(|act| flag(act, "allowed"));
    let title = page.say("Record an act", "登记行为");
    let body = html! {
        h1 { (title) }
        p.crumbs { a href=(page.times.link(&format!("/console/{}/{}", page.path("program"), page.path("subject")), &[])) { (page.path("subject")) } }
        @let act = page.parameter("act");
        @if !act.is_empty() { p.alarm role="alert" { (page.say("There is no such act: ", "没有此种行为：")) (act) } }
        @if allowed.is_empty() { p.lead { (page.say("You may record nothing here today.", "您今日在此无可登记的行为。")) } }
        ul.choice { @for act in allowed { li {
            a href=(page.times.link(&here(page), &[("act", text(act, "act"))])) { strong { (text(act, "act_label")) } }
            " § " (words::article(text(act, "article"), page.language))
            @if let Some(reading) = text_if(act, "reading") { br; span.tag { (page.say("reading", "理解")) } " " (reading) }
        } } }
        details { summary { (page.say("Acts that are not permitted now, and why", "目前不得作出的行为及理由")) }
            ul { @for act in others { li { strong { (text(act, "act_label")) } ": " (text(act, "why_not")) " § " (words::article(text(act, "article"), page.language)) } } }
        }
    };
    let exercise = is_exercise(page, &page.path("program")).await?;
    let head = Head { title: title.to_owned(), part: "register", exercise, shows: None };
    Ok(whole(page, head, &body).await)
}

/// The form, with what is wrong where something is.
async fn shown_form(page: &Page, form: &Form<'_>, wrong: Option<&Wrong>) -> Markup {
    let act = words::act(form.act, page.language);
    let title = format!("{}: {act}", page.say("Record an act", "登记行为"));
    let errors = wrong.and_then(|wrong| wrong.problem.get("errors")).and_then(Value::as_array);
    let errors = errors.map_or(&[][..], Vec::as_slice);
    let of = |field: &Field| {
        let error = errors.iter().find(|error| is_of(error, field))?;
        error.get("detail")?.as_str()
    };
    let typed = |field: &Field| {
        let found = form.typed.iter().find(|(name, _)| *name == field.name);
        found.map_or("", |(_, value)| value.as_str())
    };
    let body = html! {
        h1 { (title) }
        @if let Some(Wrong { problem, more }) = wrong { div.refused role="alert" tabindex="-1" autofocus {
            h2 { (problem.get("title").and_then(Value::as_str).unwrap_or_default()) }
            p { (problem.get("detail").and_then(Value::as_str).unwrap_or_default()) }
            @if let Some(article) = problem.get("article").and_then(Value::as_str) { p { "§ " (words::article(article, page.language)) } }
            @if !errors.is_empty() { ul { @for error in errors { li {
                @let detail = error.get("detail").and_then(Value::as_str).unwrap_or_default();
                @match form.fields.iter().find(|field| is_of(error, field)) {
                    Some(field) => a href={ "#" (form::id(field)) } { (detail) },
                    None => @match file_of(error) {
                        Some(of) => a href={ "#f-file-" (of) } { (detail) },
                        None => (detail),
                    },
                }
            } } } }
            (more)
        } }
        form.stacked method="post" enctype="multipart/form-data" action=(page.times.link(&here(page), &[])) {
            (carried(form))
            @for field in &form.fields { (form::shown(page, field, typed(field), of(field))) }
            (files::fields(page, &form.kinds, &form.typed, errors))
            button name="step" value="check" { (page.say("Check, record nothing yet", "检查（暂不入档）")) }
        }
    };
    let head = Head { title, part: "register", exercise: form.exercise, shows: None };
    whole(page, head, &body).await
}

/// Whether an error is of a field. What is written as JSON is one, whatever is wrong in it.
fn is_of(error: &Value, field: &Field) -> bool {
    let pointer = format!("/{}", field.name.replace('.', "/"));
    let at = error.get("pointer").and_then(Value::as_str);
    let rest = at.and_then(|at| at.trim_start_matches('#').strip_prefix(&pointer));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// For what a file is that an error is of.
fn file_of(error: &Value) -> Option<&str> {
    error.get("pointer")?.as_str()?.strip_prefix("#/file/")
}

fn carried(form: &Form<'_>) -> Markup {
    html! {
        input type="hidden" name="act" value=(form.act);
        input type="hidden" name="revision" value=(form.revision);
        input type="hidden" name="key" value=(form.key);
        input type="hidden" name="exercise" value=(form.exercise);
        input type="hidden" name="kinds" value=(serde_json::json!(form.kinds));
    }
}

/// Takes the form: checks what it says, or records it.
pub async fn take(
    http: HttpRequest,
    body: web::Payload,
    settings: web::Data<Settings>,
    inside: web::Data<Inside>,
) -> HttpResponse {
    if !is_from_here(&http, &settings) {
        return refused();
    }
    let sent = files::sent(&http, body).await;
    let mut page = Page::of(http, settings, inside);
    page.keeps = Keeps::Never;
    let Some(sent) = sent else { return HttpResponse::PayloadTooLarge().finish() };
    page.query = sent.typed.clone();
    let made = match taken(&mut page, sent).await {
        Err(Failure::SignIn) => expired(&page).await,
        Ok(Taken::Recorded(to)) => return see_other(&to),
        Ok(Taken::Page(made)) => Ok(made),
        Err(failure) => Err(failure),
    };
    page.answer(made).await
}

enum Taken {
    Recorded(String),
    Page(Markup),
}

async fn taken(page: &mut Page, mut sent: Sent) -> Result<Taken, Failure> {
    let exercise = is_exercise(page, &page.path("program")).await?;
    let openapi = page.get_at("/openapi.json").await?;
    // What is of this session may keep its files, which are then part of what was typed.
    let wrong = match is_signed(page, page.parameter("key")) {
        true => files::keep(page, &mut sent).await?,
        false => files::left(page, &sent),
    };
    page.query = sent.typed;
    let page = &*page;
    let mut form = Form::sent(page, &openapi, exercise);
    if let Some(problem) = wrong {
        form.key = minted(page);
        return Ok(wrong_form(page, &form, problem, html! {}).await);
    }
    let records = page.parameter("step") == "record";
    if !is_signed(page, &form.key) {
        form.key = minted(page);
        // A check records nothing, whoever began the form.
        if records {
            let problem = said(
                page.say("Check once more", "请再次检查"),
                page.say(
                    "This form was not made in the session that you are signed in to now. Nothing was recorded, and what you typed is here.",
                    "该表单不属于当前登录的会话。尚未入档，已填写的内容保留如下。",
                ),
            );
            return Ok(wrong_form(page, &form, problem, html! {}).await);
        }
    }
    let body = match form::act(form.act, &form.fields, &form.typed) {
        Ok(body) => body,
        Err(field) => {
            let detail = page.say(
                "This can't be read in the form that is asked for.",
                "无法按所要求的格式读取。",
            );
            let pointer = format!("#/{}", field.replace('.', "/"));
            let problem = serde_json::json!({"title": page.say("The form", "表单"), "detail": detail, "errors": [{"pointer": pointer, "detail": detail}]});
            return Ok(wrong_form(page, &form, problem, html! {}).await);
        }
    };
    let target = match records {
        true => format!("{}/acts", path(page)),
        false => format!("{}/acts?validate_only=true", path(page)),
    };
    let (status, answer) = page.post(&target, &body, &form.key, &form.revision).await?;
    if !status.is_success() {
        let mut more = html! {};
        if status == actix_web::http::StatusCode::PRECONDITION_FAILED {
            // Somebody was first: the input is kept, and rests on what stands now.
            let acts = page.get_at(&format!("{}/permitted-acts", path(page))).await?;
            more = meanwhile(page, &form.revision).await?;
            form.revision = number_of(&acts);
            form.key = minted(page);
        }
        return Ok(wrong_form(page, &form, answer, more).await);
    }
    if !records {
        return Ok(Taken::Page(checked(page, &form, &answer).await));
    }
    let (program, subject) = (page.path("program"), page.path("subject"));
    let newest = text_if(&answer, "sequence").map_or("", sequence);
    let to = page.times.link(&format!("/console/{}/{}", encoded(&program), encoded(&subject)), &[]);
    Ok(Taken::Recorded(format!("{to}#e{newest}")))
}

fn said(title: &str, detail: &str) -> Value {
    serde_json::json!({"title": title, "detail": detail})
}

async fn wrong_form(page: &Page, form: &Form<'_>, problem: Value, more: Markup) -> Taken {
    Taken::Page(shown_form(page, form, Some(&Wrong { problem, more })).await)
}

/// What was recorded after the revision that a form rests on.
async fn meanwhile(page: &Page, revision: &str) -> Made {
    let trail = page.get_at(&format!("{}/audit-trail", path(page))).await?;
    let seen = revision.parse::<i64>().unwrap_or(-1);
    let newer = list(&trail, "items").iter().filter(|item| number(item, "revision") > seen);
    Ok(html! {
        p { (page.say("Recorded in the meantime:", "其间已入档：")) }
        ul { @for item in newer { li {
            @let of = sequence(text(item, "sequence"));
            (spoken(text(item, "sentence"), page.language)) " "
            a href=(page.times.link(&format!("/console/log/{of}"), &[])) { "#" (of) }
        } } }
    })
}

/// The form as it was sent, when nobody is signed in any longer: it can be sent again after signing in
/// beside it.
async fn expired(page: &Page) -> Made {
    // What describes the interface is anybody's to read.
    let openapi = page.signed("-").get_at("/openapi.json").await?;
    let form = Form::sent(page, &openapi, page.parameter("exercise") == "true");
    let subject =
        format!("/console/{}/{}", encoded(&page.path("program")), encoded(&page.path("subject")));
    let sign_in = super::links::address(
        "/console/login",
        [("next", page.times.link(&subject, &[]).as_str())],
    );
    let more = html! {
        p { a href=(sign_in) target="_blank" { (page.say("Sign in in a new window", "在新窗口登录")) }
            (page.say(", close it, and send this form again.", "，登录后关闭该窗口，再次提交本表单。")) }
    };
    let problem = said(
        page.say("Your session has ended", "会话已结束"),
        page.say(
            "Nothing was recorded, and what you typed is here.",
            "尚未入档，已填写的内容保留如下。",
        ),
    );
    Ok(shown_form(page, &form, Some(&Wrong { problem, more })).await)
}

/// What the act will do, and the button that records it.
async fn checked(page: &Page, form: &Form<'_>, verdict: &Value) -> Markup {
    let title = page.say("This will be recorded", "将登记如下内容");
    let body = html! {
        h1 { (title) }
        p.lead { strong { (text(verdict, "act_label")) } ", " (shown(text(verdict, "effective_on"), page.language))
            @if let Some(article) = at(verdict, "measure").get("article").and_then(Value::as_str) { " § " (words::article(article, page.language)) } }
        (outlook(page, verdict))
        dl.pairs { @for field in &form.fields {
            @if let Some((_, value)) = form.typed.iter().find(|(name, value)| *name == field.name && !value.is_empty()) {
                dt { (form::label(field, page.language)) } dd { @match field.name.as_str() { "materials" => (files::shown(value)), _ => (value) } }
            }
        } }
        form.stacked method="post" action=(page.times.link(&here(page), &[])) {
            (carried(form))
            @for (name, value) in &form.typed { @if !["act", "revision", "key", "step", "exercise", "kinds"].contains(&name.as_str()) {
                input type="hidden" name=(name) value=(value);
            } }
            p { (page.say("On revision ", "依据修订号")) (form.revision) (page.say(". What is recorded stays: a mistake is corrected by another act.", "。入档后不可删除；差错只能另行更正。")) }
            button name="step" value="record" { (page.say("Record for ever", "永久入档")) }
        }
    };
    let exercise = form.exercise;
    let head = Head { title: title.to_owned(), part: "register", exercise, shows: None };
    whole(page, head, &body).await
}
