//! What is owed and by whom, across programs, by its status: what a figure of the totals opens.

use maud::{Markup, html};
use serde_json::Value;

use super::asking::{Made, Page};
use super::frame::{Head, counted, framed, shown_if};
use super::json::{at, list, number_if, text, text_if};
use super::links::{encoded, said_in};
use crate::domain::words;

/// The offices that a list can be of.
pub const OFFICES: [&str; 4] =
    ["national_office", "provincial_department", "province", "local_government"];
const STATUSES: [(&str, &str, &str); 6] = [
    ("OVERDUE,OPEN", "Open and overdue", "未履行与逾期"),
    ("OVERDUE", "Overdue", "逾期"),
    ("OPEN", "Open", "未履行"),
    ("MET", "Met in time", "按期履行"),
    ("LATE", "Met late", "迟延履行"),
    ("MET,LATE,OPEN,OVERDUE", "All that is owed", "全部义务"),
];

/// The page.
///
/// # Errors
/// What stands in the way.
pub async fn page(page: &Page) -> Made {
    let exercise = page.parameter("exercise") == "true";
    let status = Some(page.parameter("status"))
        .filter(|status| !status.is_empty())
        .unwrap_or("OVERDUE,OPEN");
    let filters = [
        ("owes", page.parameter("owes")),
        ("program", page.parameter("program")),
        ("province", page.parameter("province")),
        ("obligation", page.parameter("obligation")),
        ("due_year", page.parameter("due_year")),
        ("due_month", page.parameter("due_month")),
        ("due_after", page.parameter("due_after")),
        ("due_before", page.parameter("due_before")),
        ("status", status),
        ("exercise", if exercise { "true" } else { "" }),
        ("limit", "200"),
        ("cursor", page.parameter("cursor")),
    ];
    let answer = page.get("/v1/obligations", &filters).await?;
    let items = list(&answer, "items");
    let overdue = items.iter().filter(|item| text(item, "status") == "OVERDUE").count();
    let title = page.say("Obligations", "义务");
    let body = html! {
        h1 { (title) }
        p.lead {
            strong { (counted(&answer)) } (page.say(" are listed; ", "项列出；"))
            strong.alarm[overdue > 0] { (overdue) } (page.say(" of those shown are overdue. Open is not late.", "项逾期（以所列为限）。未履行不等于迟延。"))
        }
        (filter(page, status, exercise))
        div.scroll tabindex="0" { table.fixed {
            thead { tr {
                th.w2 scope="col" { (page.say("Due, or open since", "期限或起始")) }
                th scope="col" { (page.say("Who", "责任方")) }
                th scope="col" { (page.say("What", "事项")) }
                th.w3 scope="col" { (page.say("Why", "依据")) }
                th.w1.figure scope="col" { (page.say("Days", "天数")) }
            } }
            tbody { @for item in items { (row(page, item)) } }
        } }
        @if let Some(next) = text_if(&answer, "next") {
            p { a href=(page.times.link("/console/obligations", &onward(page, status, cursor(next)))) { (page.say("Further ones", "下一页")) } }
        }
    };
    let shows = Some("/v1/obligations".to_owned());
    let head = Head { title: title.to_owned(), part: "move", exercise, shows };
    framed(page, head, &body).await
}

/// The cursor in the address of a next page, as it was encoded.
pub fn cursor(next: &str) -> &str {
    said_in(next, "cursor")
}

fn onward<'p>(page: &'p Page, status: &'p str, cursor: &'p str) -> Vec<(&'p str, &'p str)> {
    let kept = [
        "owes",
        "program",
        "province",
        "obligation",
        "due_year",
        "due_month",
        "due_after",
        "due_before",
        "exercise",
    ]
    .map(|name| (name, page.parameter(name)));
    kept.into_iter().chain([("status", status), ("cursor", cursor)]).collect()
}

fn filter(page: &Page, status: &str, exercise: bool) -> Markup {
    html! {
        form.filter {
            (hidden(page))
            label { (page.say("Office", "机关")) " "
                select name="owes" {
                    option value="" { (page.say("all", "全部")) }
                    @for office in OFFICES {
                        option value=(office) selected[page.parameter("owes") == office] { (words::role(office, page.language)) }
                    }
                }
            }
            label { (page.say("Status", "状态")) " "
                select name="status" { @for (id, en, zh) in STATUSES {
                    option value=(id) selected[status == id] { (page.say(en, zh)) }
                } }
            }
            label { (page.say("Program", "项目")) " " input name="program" size="16" value=(page.parameter("program")); }
            label { (page.say("Province", "省份")) " " input name="province" size="8" value=(page.parameter("province")); }
            label { (page.say("Due in the year", "到期年份")) " " input name="due_year" size="8" value=(page.parameter("due_year")); }
            label { (page.say("Due in the month", "到期月份")) " " input name="due_month" size="8" placeholder="2026-11" value=(page.parameter("due_month")); }
            label { input type="checkbox" name="exercise" value="true" checked[exercise]; " " (page.say("the exercises instead", "改看演练")) }
            button { (page.say("Show", "显示")) }
        }
    }
}

/// The times and the language, for a form that keeps them.
pub fn hidden(page: &Page) -> Markup {
    let language = page.times.language.map(|language| ("lang", language.tag()));
    html! { @for (name, value) in page.times.pairs().into_iter().chain(language) {
        input type="hidden" name=(name) value=(value);
    } }
}

fn row(page: &Page, item: &Value) -> Markup {
    let (program, subject) = (text(item, "program"), text_if(item, "subject"));
    let path = format!("/console/{program}/{}", encoded(subject.unwrap_or_default()));
    let late = number_if(item, "days_late").filter(|days| *days > 0);
    html! {
        tr {
            td { @match text_if(item, "due/on") {
                Some(_) => { (shown_if(item, "due/on", page.language)) },
                None => { span.quiet { (page.say("open since ", "起始：")) } (shown_if(item, "open_from", page.language)) },
            } }
            td { (text(item, "owes_label")) br;
                @match subject {
                    Some(subject) => { a href=(page.times.link(&path, &[])) {
                        (item.get("name").and_then(Value::as_str).unwrap_or(subject))
                    } },
                    None => { (page.say("the program as a whole", "项目整体")) },
                }
            }
            td { (text(item, "label")) br; span.quiet { (text(item, "program_name")) } }
            td { "§ " (words::article(text(item, "article"), page.language))
                @if let Some(arithmetic) = at(item, "due").get("arithmetic").and_then(Value::as_str) {
                    br; code { (words::arithmetic(arithmetic, page.language)) }
                }
            }
            td.figure {
                @match late {
                    Some(days) => strong.alarm { (days) " " (text(item, "status_label")) },
                    None => { @if let Some(days) = number_if(item, "waiting") { (days) (page.say(" waiting", "天")) } },
                }
            }
        }
    }
}
