//! Opening what an event has sealed of persons: why is asked first, and the opening is on record before
//! anything is shown.
//!
//! What must hold: nobody keeps these pages, and they have no times, since what was opened is no citation.

use actix_web::web::{self, Bytes};
use actix_web::{HttpRequest, HttpResponse};
use maud::{Markup, html};
use serde_json::{Value, json};

use super::asking::{Failure, Keeps, Made, Page, pairs};
use super::frame::{Head, whole};
use super::json::{at, flag, list, text};
use super::links::{Times, encoded};
use super::session::{MAX_FORM_BYTES, is_from_here, is_signed, minted, refused};
use super::{Settings, see_other};
use crate::views::inside::Inside;

/// The address of the page of an event, which has no times.
pub fn address_of(page: &Page, event: &str) -> String {
    let times = Times { language: page.times.language, ..Times::default() };
    times.link(&format!("/console/log/{event}/openings"), &[])
}

fn path(page: &Page) -> String {
    format!("/v1/events/{}/openings", encoded(&page.path("sequence")))
}

/// Asks why.
pub async fn ask(
    http: HttpRequest,
    settings: web::Data<Settings>,
    inside: web::Data<Inside>,
) -> HttpResponse {
    let mut page = Page::of(http, settings, inside);
    page.keeps = Keeps::Never;
    if page.times.are_past() {
        return see_other(&address_of(&page, &page.path("sequence")));
    }
    let made = form(&page, None).await;
    page.answer(made).await
}

async fn form(page: &Page, wrong: Option<&Value>) -> Made {
    let sealed = page.get_at(&path(page)).await?;
    let persons = list(&sealed, "persons");
    let title = page.say("Open what is sealed of persons", "查看封存的个人信息");
    let named =
        persons.iter().map(|person| (text(person, "data_subject"), text(person, "role_label")));
    let body = html! {
        p.crumbs { a href=(page.times.link(&format!("/console/log/{}", page.path("sequence")), &[])) { "#" (page.path("sequence")) } }
        h1 { (title) }
        @if let Some(wrong) = wrong { div.refused role="alert" tabindex="-1" autofocus {
            h2 { (wrong.get("title").and_then(Value::as_str).unwrap_or_default()) }
            p { (wrong.get("detail").and_then(Value::as_str).unwrap_or_default()) }
        } }
        @if persons.is_empty() { p.lead { (page.say("This event names no person.", "该事件未载明任何个人。")) } }
        @else if !flag(&sealed, "may_open") { p.lead { (page.say(
            "You may not open these: an office opens those of its own acts; the national office, the auditor and the custodian open any.",
            "您无权查看：各机关仅可查看本机关所作行为中的个人信息；国家局、审计员和保管员可查看全部。"
        )) } }
        @else {
            p.lead { (page.say(
                "Each opening is recorded before anything is shown: who, when, of whom and why. What is shown is to be read, and kept by nobody.",
                "每次查看均先行登记：何人、何时、查看何人信息及理由。所示内容仅供阅读，不得留存。"
            )) }
            form.stacked method="post" action=(address_of(page, &page.path("sequence"))) {
                input type="hidden" name="key" value=(minted(page));
                label for="data_subject" { (page.say("Of whom", "查看何人")) }
                select #data_subject name="data_subject" {
                    option value="" { (page.say("all whom the event names", "该事件载明的所有人")) }
                    @for (id, role) in named { option value=(id) selected[page.parameter("data_subject") == id] { (role) " " (id) } }
                }
                label for="reason" { (page.say("Why; it is recorded", "理由（将予登记）")) }
                textarea #reason name="reason" rows="3" required { (page.parameter("reason")) }
                button { (page.say("Record the opening, and show", "登记并查看")) }
            }
        }
    };
    let head = Head { title: title.to_owned(), part: "log", ..Head::default() };
    Ok(whole(page, head, &body).await)
}

/// Opens.
pub async fn open(
    http: HttpRequest,
    body: Bytes,
    settings: web::Data<Settings>,
    inside: web::Data<Inside>,
) -> HttpResponse {
    if !is_from_here(&http, &settings) {
        return refused();
    }
    let mut page = Page::of(http, settings, inside);
    page.keeps = Keeps::Never;
    let given = std::str::from_utf8(&body).ok().filter(|_| body.len() <= MAX_FORM_BYTES);
    let Some(given) = given else { return HttpResponse::PayloadTooLarge().finish() };
    page.query = pairs(given);
    let made = opened(&page).await;
    page.answer(made).await
}

async fn opened(page: &Page) -> Made {
    if !is_signed(page, page.parameter("key")) {
        let wrong = json!({
            "title": page.say("Nothing was opened", "未予查看"),
            "detail": page.say("This form was not made in the session that you are signed in to now. Send it again.", "该表单不属于当前登录的会话，请再次提交。"),
        });
        return form(page, Some(&wrong)).await;
    }
    let asked = match page.parameter("data_subject") {
        "" => json!({"reason": page.parameter("reason")}),
        person => json!({"reason": page.parameter("reason"), "data_subject": person}),
    };
    let (status, answer) = page.tell(&path(page), &asked).await?;
    match status.as_u16() {
        201 => Ok(shown(page, &answer).await),
        400 | 422 => form(page, Some(&answer)).await,
        _ => Err(Failure::Problem(status, answer)),
    }
}

async fn shown(page: &Page, answer: &Value) -> Markup {
    let title = page.say("Opened", "已查看");
    let members = [
        ("name", "Name", "姓名"),
        ("position", "Position", "职务"),
        ("telephone", "Telephone", "电话"),
        ("email", "E-mail", "电子邮箱"),
    ];
    let body = html! {
        p.crumbs { a href=(page.times.link(&format!("/console/log/{}", page.path("sequence")), &[])) { "#" (page.path("sequence")) } }
        h1 { (title) }
        p.lead { (page.say("Recorded at ", "已登记于")) (text(answer, "recorded_at")) ": " code { (text(answer, "reference")) } }
        @for person in list(answer, "persons") { section {
            h2 { (text(person, "role_label")) " " span.other { (text(person, "data_subject")) } }
            @let details = at(person, "details");
            @if details.is_null() { p { (page.say("Erased: there is nothing more to read.", "已删除，无可查看。")) } }
            @else { dl.pairs { @for (member, en, zh) in members {
                @if let Some(value) = details.get(member).and_then(Value::as_str) { dt { (page.say(en, zh)) } dd { (value) } }
            } } }
        } }
    };
    let head = Head { title: title.to_owned(), part: "log", ..Head::default() };
    whole(page, head, &body).await
}
