//! What falls due in the months ahead, and the dates of an office as a calendar or a feed.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use maud::{Markup, html};
use serde_json::Value;

use super::Settings;
use super::asking::{Failure, Page};
use super::frame::{day_of, no_such_page, shown};
use super::json::{at, list, text_if};
use super::links::address;
use crate::views::inside::Inside;
use crate::views::media::{ATOM, CALENDAR, CSV};

/// What is asked of the list of what waits.
const FILTERS: [&str; 4] = ["office", "program", "province", "exercise"];
/// The forms of the list: how the address ends, the media type, and what it is called.
const FORMS: [(&str, &str, &str); 3] =
    [("ics", CALENDAR, "iCalendar"), ("atom", ATOM, "Atom"), ("csv", CSV, "CSV")];
/// Dates that are looked at.
const MOST: usize = 300;
const MONTHS: usize = 12;

/// The months from the one of a day on, each with how many dates fall due, and the links to the list's forms.
///
/// # Errors
/// What stands in the way.
pub async fn ahead(page: &Page, today: &str) -> Result<Markup, Failure> {
    let months = months_from(today);
    let (Some(first), Some(last)) = (months.first(), months.last()) else { return Ok(html! {}) };
    // The last day before the first month, and the first day after the last one.
    let (before, after) = (day_before(first), next_month(last));
    let kept = [
        ("owes", "office"),
        ("program", "program"),
        ("province", "province"),
        ("exercise", "exercise"),
    ];
    let kept = kept.map(|(name, own)| (name, page.parameter(own)));
    let most = MOST.to_string();
    let asked = [
        ("status", "OPEN,OVERDUE"),
        ("due_after", &before),
        ("due_before", &after),
        ("limit", &most),
    ];
    let answer = page.get("/v1/obligations", &[&kept[..], &asked[..]].concat()).await?;
    let dues: Vec<_> = list(&answer, "items").iter().filter_map(due).collect();
    let is_all = at(&answer, "next").is_null();
    Ok(html! { section aria-labelledby="ahead" {
        h2 #ahead { (page.say("Due in the months ahead", "今后各月到期")) }
        ol.months { @for month in &months {
            @let count = dues.iter().filter(|due| due.starts_with(&month[..7])).count();
            li { span { (shown(&month[..7], page.language)) } " "
                @match count {
                    0 => span.quiet { (page.say("none", "无")) },
                    count => a href=(of_month(page, month, &kept)) { (count) },
                }
            }
        } }
        @if !is_all { p.quiet { (page.say("The first 300 dates are counted here.", "此处仅计最先的 300 个日期。")) } }
        p { (page.say("This list as ", "本列表另存为：")) @for (index, (end, _, name)) in FORMS.iter().enumerate() {
            @if index > 0 { " · " }
            a href=(page.times.link(&format!("/console/move/as/{end}"), &FILTERS.map(|name| (name, page.parameter(name))))) { (name) }
        } }
    } })
}

/// The latest day of a due date.
fn due(item: &Value) -> Option<String> {
    let on = text_if(item, "due/on")?;
    Some(day_of(on)?.to_string())
}

fn of_month(page: &Page, month: &str, kept: &[(&str, &str)]) -> String {
    let (before, after) = (day_before(month), next_month(month));
    let own = [("due_after", before.as_str()), ("due_before", after.as_str())];
    page.times.link("/console/obligations", &[kept, &own[..]].concat())
}

fn day_before(first: &str) -> String {
    day_of(first).map_or_else(String::new, |day| day.plus_days(-1).to_string())
}

/// The first days of the months, from that of a day on.
fn months_from(today: &str) -> Vec<String> {
    let first = today.get(..7).map(|month| format!("{month}-01"));
    std::iter::successors(first, |month| Some(next_month(month))).take(MONTHS).collect()
}

fn next_month(first: &str) -> String {
    let year: i32 = first.get(..4).and_then(|year| year.parse().ok()).unwrap_or_default();
    match first.get(5..7).and_then(|month| month.parse::<u32>().ok()) {
        Some(month @ 1..12) => format!("{year:04}-{:02}-01", month + 1),
        _ => format!("{:04}-01-01", year + 1),
    }
}

/// What waits, as a calendar, a feed or a table.
pub async fn file(
    http: HttpRequest,
    settings: web::Data<Settings>,
    inside: web::Data<Inside>,
) -> HttpResponse {
    let page = Page::of(http, settings, inside);
    let end = page.path("form");
    let asked = FILTERS.map(|name| (name, page.parameter(name)));
    let target = address("/v1/moves", page.times.pairs().into_iter().chain(asked));
    let found = FORMS.iter().find(|(known, ..)| *known == end);
    let reply = match found {
        Some((_, media, _)) => page.asked(&target, media).await,
        None => Err(no_such_page(&page)),
    };
    match reply {
        Ok(reply) => {
            let media = reply.headers.get(header::CONTENT_TYPE).cloned();
            let media = media.unwrap_or(header::HeaderValue::from_static("text/plain"));
            HttpResponse::Ok()
                .insert_header((header::CONTENT_TYPE, media))
                .insert_header((
                    header::CONTENT_DISPOSITION,
                    format!("attachment; filename=\"docket.{end}\""),
                ))
                .insert_header((header::CACHE_CONTROL, "private, no-cache"))
                .body(reply.body)
        }
        Err(failure) => page.answer(Err(failure)).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twelve_months_follow_one_another_over_the_year() {
        let months = months_from("2026-11-30");
        assert_eq!(months.len(), 12);
        assert_eq!((months[0].as_str(), months[2].as_str()), ("2026-11-01", "2027-01-01"));
        assert_eq!(months[11], "2027-10-01");
        assert_eq!(day_before("2027-01-01"), "2026-12-31");
    }
}
