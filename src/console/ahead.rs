//! What falls due in the months ahead, and the dates of an office as a calendar or a feed.

use actix_web::{HttpRequest, HttpResponse, web};
use maud::{Markup, html};

use super::Settings;
use super::asking::{Failure, Page};
use super::frame::{no_such_page, shown};
use super::json::{list, number, text};
use super::links::{address, figure};
use crate::views::inside::Inside;
use crate::views::media::{ATOM, CALENDAR, CSV};

/// What is asked of the list of what waits.
const FILTERS: [&str; 4] = ["office", "program", "province", "exercise"];
/// The forms of the list: how the address ends, the media type, and what it is called.
const FORMS: [(&str, &str, &str); 3] =
    [("ics", CALENDAR, "iCalendar"), ("atom", ATOM, "Atom"), ("csv", CSV, "CSV")];
const MONTHS: usize = 12;

/// The months from the one of a day on, each with how many dates fall due, and the links to the list's forms.
///
/// # Errors
/// What stands in the way.
pub async fn ahead(page: &Page, today: &str) -> Result<Markup, Failure> {
    let months = months_from(today);
    let (Some(first), Some(last)) = (months.first(), months.last()) else { return Ok(html! {}) };
    let kept = FILTERS.map(|name| (name, page.parameter(name)));
    let span = format!("{first}/{last}");
    let asked = [("by", "month"), ("due_month", &span)];
    let answer = page.get("/v1/obligations/totals", &[&kept[..], &asked[..]].concat()).await?;
    let of = |month: &str| list(&answer, "items").iter().find(|item| text(item, "month") == month);
    Ok(html! { section aria-labelledby="ahead" {
        h2 #ahead { (page.say("Due in the months ahead", "今后各月到期")) }
        ol.months { @for month in &months {
            li { span { (shown(month, page.language)) } " "
                @let (open, overdue) = of(month).map_or((0, 0), |item| (number(item, "open/count"), number(item, "overdue/count")));
                @if open + overdue == 0 { span.quiet { (page.say("none", "无")) } }
                @else if let Some(item) = of(month) {
                    @if open > 0 { (figure(page, &item["open"])) }
                    @if overdue > 0 { " " span.late { (figure(page, &item["overdue"])) " " (page.say("overdue", "项逾期")) } }
                }
            }
        } }
        p { (page.say("This list as ", "本列表另存为：")) @for (index, (end, _, name)) in FORMS.iter().enumerate() {
            @if index > 0 { " · " }
            a href=(page.times.link(&format!("/console/move/as/{end}"), &FILTERS.map(|name| (name, page.parameter(name))))) { (name) }
        } }
    } })
}

/// The months, from that of a day on.
fn months_from(today: &str) -> Vec<String> {
    let first = today.get(..7).map(str::to_owned);
    std::iter::successors(first, |month| Some(next_month(month))).take(MONTHS).collect()
}

fn next_month(before: &str) -> String {
    let year: i32 = before.get(..4).and_then(|year| year.parse().ok()).unwrap_or_default();
    match before.get(5..7).and_then(|month| month.parse::<u32>().ok()) {
        Some(month @ 1..12) => format!("{year:04}-{:02}", month + 1),
        _ => format!("{:04}-01", year + 1),
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
        Ok(reply) => reply.attached(&format!("docket.{end}")),
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
        assert_eq!((months[0].as_str(), months[2].as_str()), ("2026-11", "2027-01"));
        assert_eq!(months[11], "2027-10");
    }
}
