//! What waits at which office, since when, dated or not.

use maud::{Markup, html};
use serde_json::Value;

use super::ahead::ahead;
use super::asking::{Made, Page};
use super::frame::{Head, counted, framed, shown_if};
use super::json::{list, number_if, text, text_if, texts};
use super::links::encoded;
use super::obligations::{OFFICES, cursor, hidden};
use crate::domain::words;

const FILTERS: [&str; 5] = ["office", "program", "province", "exercise", "mine"];

/// The page.
///
/// # Errors
/// What stands in the way.
pub async fn page(page: &Page) -> Made {
    let exercise = page.parameter("exercise") == "true";
    let kept = FILTERS.map(|name| (name, page.parameter(name)));
    let more = [("limit", "100"), ("cursor", page.parameter("cursor"))];
    let asked: Vec<_> = kept.iter().copied().chain(more).collect();
    let answer = page.get("/v1/moves", &asked).await?;
    let items = list(&answer, "items");
    let late = items.iter().filter(|item| text(item, "status") == "OVERDUE").count();
    let title = page.say("Whose move", "待办");
    let body = html! {
        h1 { (title) }
        p.lead {
            strong { (counted(&answer)) } (page.say(" wait; ", "项待办；"))
            strong.alarm[late > 0] { (late) } (page.say(" of those shown are overdue. Open is not late.", "项逾期（以所列为限）。未办不等于迟延。"))
        }
        (filter(page, exercise))
        // The totals are of offices, not of who reads.
        @if page.parameter("mine") != "true" { (ahead(page, text(&answer, "as_of")).await?) }
        p { a href=(page.times.link("/console/totals", &[("exercise", page.parameter("exercise"))])) {
            (page.say("Totals: who was late, by office, province and year", "统计：各机关、省份、年份的迟延情况"))
        } }
        div.scroll tabindex="0" { table.fixed {
            thead { tr {
                th.w2 scope="col" { (page.say("Due, or open since", "期限或起始")) }
                th scope="col" { (page.say("At which office", "待办机关")) }
                th scope="col" { (page.say("What", "事项")) }
                th.w2 scope="col" { (page.say("Article", "条文")) }
                th.w1.figure scope="col" { (page.say("Days", "天数")) }
            } }
            tbody { @for item in items { (row(page, item)) } }
        } }
        @if let Some(next) = text_if(&answer, "next") {
            @let onward: Vec<_> = kept.iter().copied().chain([("cursor", cursor(next))]).collect();
            p { a href=(page.times.link("/console/move", &onward)) { (page.say("Further ones", "下一页")) } }
        }
    };
    let shows = Some("/v1/moves".to_owned());
    let head = Head { title: title.to_owned(), part: "move", exercise, shows };
    framed(page, head, &body).await
}

fn filter(page: &Page, exercise: bool) -> Markup {
    html! {
        form.filter {
            (hidden(page))
            label { (page.say("Office", "机关")) " "
                select name="office" {
                    option value="" { (page.say("all", "全部")) }
                    @for office in OFFICES {
                        option value=(office) selected[page.parameter("office") == office] { (words::role(office, page.language)) }
                    }
                }
            }
            label { (page.say("Program", "项目")) " " input name="program" size="16" value=(page.parameter("program")); }
            label { (page.say("Province", "省份")) " " input name="province" size="8" value=(page.parameter("province")); }
            label { input type="checkbox" name="exercise" value="true" checked[exercise]; " " (page.say("the exercises instead", "改看演练")) }
            @if page.may_act() {
                label { input type="checkbox" name="mine" value="true" checked[page.parameter("mine") == "true"]; " " (page.say("only what I may do", "仅列本人可办")) }
            }
            button { (page.say("Show", "显示")) }
        }
    }
}

fn row(page: &Page, item: &Value) -> Markup {
    let subject = text_if(item, "subject");
    let path =
        format!("/console/{}/{}", text(item, "program"), encoded(subject.unwrap_or_default()));
    let late = number_if(item, "days_late").filter(|days| *days > 0);
    html! {
        tr {
            td { @match text_if(item, "due_on") {
                Some(_) => (shown_if(item, "due_on", page.language)),
                None => { span.quiet { (page.say("open since ", "起始：")) } (shown_if(item, "since", page.language)) },
            } }
            td { (text(item, "office_label"))
                @for with in texts(item, "with_labels") { ", " (with) }
                br;
                @match subject {
                    Some(_) => a href=(page.times.link(&path, &[])) { (text(item, "name")) },
                    None => (page.say("the program as a whole", "项目整体")),
                }
            }
            td { (text(item, "matter_label")) " " span.tag { (text(item, "kind_label")) } br; span.quiet { (text(item, "program_name")) } }
            td { "§ " (words::article(text(item, "article"), page.language)) }
            td.figure { @match late {
                Some(days) => strong.alarm { (days) " " (text(item, "status_label")) },
                None => { @if let Some(days) = number_if(item, "waiting_days") { (days) (page.say(" waiting", "天")) } },
            } }
        }
    }
}
