//! Who was late: what each office owed in each year, and of one of these, or of one province, what it owed where.

use maud::{Markup, html};
use serde_json::Value;

use super::asking::{Made, Page};
use super::frame::{Head, framed};
use super::json::{list, number, text, text_if};
use super::links::figure;

/// What the totals can be of.
const FILTERS: [&str; 5] = ["office", "province", "due_year", "program", "exercise"];
const FIGURES: [(&str, &str, &str); 5] = [
    ("owed", "Owed", "应履行"),
    ("met_in_time", "Met in time", "按期"),
    ("late", "Met late", "迟延"),
    ("open", "Open", "未履行"),
    ("overdue", "Overdue", "逾期"),
];

/// The page.
///
/// # Errors
/// What stands in the way.
pub async fn page(page: &Page) -> Made {
    let kept = FILTERS.map(|name| (name, page.parameter(name)));
    let has = |name: &str| !page.parameter(name).is_empty();
    // Every office in every province and year would be too long to be read, and to be sent.
    let by_province = has("province") || has("office") && has("due_year");
    let by = if by_province { "office,province,year" } else { "office,year" };
    let asked: Vec<_> = kept.into_iter().chain([("by", by)]).collect();
    let answer = page.get("/v1/obligations/totals", &asked).await?;
    let exercise = page.parameter("exercise") == "true";
    let title = page.say("Who was late", "迟延统计");
    let all = FILTERS[3..].iter().map(|name| (*name, page.parameter(name))).collect::<Vec<_>>();
    let body = html! {
        h1 { (title) }
        p.lead { (page.say("Each figure opens the obligations that it counts. The national office stands first.", "每个数字均可打开其所统计的义务。国家局列于首位。")) }
        @if by_province || has("office") || has("due_year") {
            p { a href=(page.times.link("/console/totals", &all)) { (page.say("All offices, by year", "全部机关（按年份）")) } }
        }
        @if list(&answer, "items").is_empty() { p { (page.say("Nothing was owed here.", "此处无应履行的义务。")) } }
        @else { div.scroll tabindex="0" { table.fixed {
            thead { tr {
                th scope="col" { (page.say("Office", "机关")) }
                th.w2 scope="col" { (page.say("Province", "省份")) }
                th.w1 scope="col" { (page.say("Year", "年份")) }
                @for (_, en, zh) in FIGURES { th.w1.figure scope="col" { (page.say(en, zh)) } }
                th.w1.figure scope="col" { (page.say("Days late, sum", "迟延天数合计")) }
            } }
            tbody { @for item in list(&answer, "items") { (row(page, item)) } }
        } } }
    };
    let shows = Some(format!("/v1/obligations/totals?by={by}"));
    let head = Head { title: title.to_owned(), part: "move", exercise, shows };
    framed(page, head, &body).await
}

fn row(page: &Page, item: &Value) -> Markup {
    html! { tr {
        th scope="row" { (text(item, "office_label")) }
        td { @match text_if(item, "province") {
            Some(province) => (text_if(item, "province_name").unwrap_or(province)),
            None => a href=(of_provinces(page, item)) { (page.say("by province", "分省")) },
        } }
        td { (year(page, text(item, "year"))) }
        @for (name, _, _) in FIGURES { td.figure { (figure(page, &item[name])) } }
        td.figure { (number(item, "days_late_sum") + number(item, "days_overdue_sum")) }
    } }
}

/// The same office and year, province by province.
fn of_provinces(page: &Page, item: &Value) -> String {
    let own = [("office", text(item, "office")), ("due_year", text(item, "year"))];
    let kept = ["program", "exercise"].map(|name| (name, page.parameter(name)));
    page.times.link("/console/totals", &[own, kept].concat())
}

fn year<'p>(page: &'p Page, year: &'p str) -> &'p str {
    match year {
        "undated" => page.say("without a date", "无期限"),
        year => year,
    }
}
