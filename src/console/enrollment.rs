//! One enrollment: where it stands, whose move it is, its timeline, its audit trail, what it owes.

use maud::{Markup, html};
use serde_json::Value;

use super::asking::{Failure, Made, Page};
use super::course::steps;
use super::frame::{Head, day_of, framed, known_from, shown, shown_if};
use super::json::{at, flag, list, number, number_if, sequence, text, text_if, text_left_out};
use super::links::{address, encoded};
use super::near;
use super::outlook;
use super::timeline::timeline;
use super::two::two;
use crate::domain::date::Day;
use crate::domain::words;
use crate::views::spoken::spoken;

/// The page.
///
/// # Errors
/// What stands in the way.
pub async fn page(page: &Page) -> Made {
    let (program, subject) = (page.path("program"), page.path("subject"));
    let path = format!("/v1/enrollments/{}/{}", encoded(&program), encoded(&subject));
    let status = match page.get(&path, &[]).await {
        Err(failure) => return without_record(page, (&program, &subject), &path, failure).await,
        Ok(status) => status,
    };
    let line = page.get(&format!("{path}/timeline"), &[]).await?;
    let acts = recordable(page, &path).await;
    let trail = page.get(&format!("{path}/audit-trail"), &[]).await?;
    // The days on which something changed, also those after the day that is looked at.
    let known = page.times.pairs().into_iter().filter(|(name, _)| *name != "as_of");
    let whole = match page.times.as_of {
        Some(_) => page.get_at(&address(&format!("{path}/audit-trail"), known)).await?,
        None => Value::Null,
    };
    let whole = if whole.is_null() { &trail } else { &whole };
    let name = text(&status, "name").to_owned();
    let exercise = flag(&status, "exercise");
    let today = day_of(text(&status, "as_of")).unwrap_or(Day::MIN);
    let version = text(&status, "measure/version");
    let here = format!("/console/{}/{}", encoded(&program), encoded(&subject));
    // Each act is tried in its turn: only for who asks for it.
    let what_if = match acts.as_ref().filter(|_| page.parameter("try") == "1") {
        Some(acts) => Some(outlook::beside(page, &path, &here, acts).await?),
        None => None,
    };
    let body = html! {
        p.crumbs { a href=(page.times.link(&format!("/console/register/{program}"), &[])) { (text(&status, "program_name")) } }
        h1 { (name) " " span.other { (subject) } }
        p.lead { a href=(page.times.link(&format!("/console/measures/{program}/{version}"), &[])) {
            (text_left_out(&status, "measure/number").unwrap_or(version))
        } }
        (summary(page, &status))
        @if acts.is_some() { p { a.button href=(page.times.link(&format!("{here}/acts/new"), &[])) { (page.say("Record an act", "登记行为")) }
            @if what_if.is_none() { " " a href=(format!("{}#what-if", page.times.link(&here, &[("try", "1")]))) { (page.say("What each permitted act would do now", "试看各项获准行为现在的后果")) } }
        } }
        section aria-labelledby="timeline" {
            h2 #timeline { (page.say("Timeline", "时间线")) }
            p.quiet { (page.say("Edges are as wide as their source is vague. Stages are background: nothing is judged by them.", "边缘宽度表示日期的不确定程度。国家阶段仅作背景，不作为判断依据。")) }
            (days(page, whole, text(&status, "as_of")))
            @if page.parameter("two") == "1" { (two(page, &path, whole, today).await?) }
            @else {
                (timeline(page, &line, today))
                p { a href=(page.times.link(&here, &[("two", "1")])) { (page.say("Both times at once: what was known after each event", "双时间图：每一事件之后所知")) } }
            }
        }
        div.columns.main {
            section aria-labelledby="trail" {
                h2 #trail { (page.say("Audit trail", "审计轨迹")) }
                ol.trail { @for item in list(&trail, "items") { (entry(page, &here, item)) } }
            }
            section aria-labelledby="duties" {
                h2 #duties { (page.say("Obligations", "义务")) }
                (obligations(page, &status))
            }
        }
        @if let Some(what_if) = what_if { (what_if) }
    };
    let head = Head { title: name, part: "register", exercise, shows: Some(path) };
    framed(page, head, &body).await
}

/// To the day of change before the one that is looked at, and to the next.
fn days(page: &Page, trail: &Value, today: &str) -> Markup {
    let days = list(trail, "items").iter().filter_map(|item| text_if(item, "fold_day"));
    let before = days.clone().filter(|day| *day < today).max();
    let after = days.filter(|day| *day > today).min();
    steps(page, before, after)
}

/// The acts at hand, where who asks may record any of them now. A view of another time offers none.
async fn recordable(page: &Page, path: &str) -> Option<Value> {
    if page.times.are_past() {
        return None;
    }
    let acts = page.get_at(&format!("{path}/permitted-acts")).await.ok()?;
    list(&acts, "acts").iter().any(|act| flag(act, "allowed")).then_some(acts)
}

/// Standing, move, title or term, record.
fn summary(page: &Page, status: &Value) -> Markup {
    let title = at(status, "title");
    let newest = sequence(text(status, "sequence"));
    html! {
        div.summary {
            div {
                h2 { (page.say("Stands at", "所处状态")) }
                p.big { (text(status, "stands_at/label")) }
                p { (page.say("since ", "起始：")) (shown_if(status, "stands_at/since", page.language)) " " (known_from(status)) }
                @if let Some(label) = text_if(status, "category/label") {
                    p { span class={ "mark " (text(status, "category/id")) } {} " " (label) }
                }
                p.quiet { (page.say("last evidenced ", "最近依据：")) (shown_if(status, "last_evidenced_on", page.language)) }
            }
            div {
                h2 { (page.say("Whose move", "待办方")) }
                (moves(page, status))
            }
            div {
                h2 { (page.say("Title, term", "称号与期限")) }
                @if title.is_null() { p { (page.say("No title is held, by what is on record.", "记录中未持有称号。")) } } @else {
                    p.big { (text(title, "label")) }
                    p { (page.say("from ", "自")) (shown_if(title, "from", page.language)) (page.say(" until ", "至")) (shown_if(title, "until", page.language)) (article(page, title)) }
                    @if let Some(note) = text_if(title, "note") { p { (note) } }
                    @if let Some(reading) = text_if(title, "reading") { p { span.tag { (page.say("reading", "理解")) } " " (reading) } }
                }
                @let term = at(status, "term");
                @if !term.is_null() {
                    p { (page.say("Term until ", "期限至")) (shown_if(term, "until", page.language)) (article(page, term)) }
                    @if let Some(arithmetic) = text_if(term, "arithmetic") { p { code { (words::arithmetic(arithmetic, page.language)) } } }
                }
            }
            div {
                h2 { (page.say("Record", "记录")) }
                p.big { (number(status, "revision") + 1) (page.say(" events", "个事件")) }
                p { (page.say("kept since ", "建档：")) (shown_if(status, "kept_since", page.language)) }
                p { (page.say("newest ", "最新：")) a href=(page.times.link(&format!("/console/log/{newest}"), &[])) { "#" (newest) } }
            }
        }
    }
}

fn article(page: &Page, of: &Value) -> Markup {
    html! { @if let Some(article) = text_if(of, "article") { " § " (words::article(article, page.language)) } }
}

fn moves(page: &Page, status: &Value) -> Markup {
    let waiting = list(status, "waiting_for");
    html! {
        @if waiting.is_empty() {
            p.big { (page.say("Nobody's, on record", "记录中无待办方")) }
            @if text(status, "provenance") != "RECORDED" { p { (page.say(
                "A standing known only from evidence opens no duty until the national office confirms it.",
                "仅有佐证的状态在主管机关确认之前不产生义务。"
            )) " § " (words::article("G10", page.language)) } }
        }
        @for one in waiting {
            p { strong { (text(one, "office_label")) } ": " (text(one, "act_label")) (article(page, one))
                @if let Some(days) = number_if(one, "days") { br; span.quiet { (page.say("for ", "已")) (days) (page.say(" days", "天")) } }
            }
        }
    }
}

fn entry(page: &Page, here: &str, item: &Value) -> Markup {
    let of = sequence(text(item, "sequence"));
    let date = text(item, "effective_on");
    html! {
        li id={ "e" (of) } {
            p.when { strong { (shown(date, page.language)) } }
            div {
                p { (spoken(text(item, "sentence"), page.language)) }
                p.marks {
                    (known_from(item)) " "
                    @if text(item, "fate") != "STANDS" { span.tag.care { (text(item, "fate_label")) } " " }
                    @if let Some(article) = text_if(item, "article") { span { "§ " (words::article(article, page.language)) " " } }
                    @if let Some(measure) = text_if(item, "measure_number") { span.quiet { (measure) } }
                    @if text_if(item, "corrects").is_some() {
                        " " a href=(page.times.link(&format!("{here}/corrections/{of}"), &[])) { (page.say("What it changed", "改变了什么")) }
                    }
                }
                (sources(page, item))
                @for reading in list(item, "readings").iter().filter_map(Value::as_str) { p { span.tag { (page.say("reading", "理解")) } " " (reading) } }
            }
            p.where {
                a href=(page.times.link(&format!("/console/log/{of}"), &[])) { "#" (of) }
                span.quiet { " · " (page.say("rev. ", "修订")) (number(item, "revision")) }
                br; span.quiet { (page.say("recorded ", "入档 ")) (text(item, "recorded_at").get(..10).unwrap_or_default()) }
            }
        }
    }
}

/// The document that an act cites and the materials that came with it, as far as they are known.
fn sources(page: &Page, item: &Value) -> Markup {
    let document = item.get("document").filter(|document| document.is_object());
    let (separator, digest) = (page.say(", ", "，"), page.say("SHA-256 ", "SHA-256："));
    html! {
        @if let Some(document) = document { p.source {
            (page.say("Document: ", "文件："))
            @for (at, member) in ["number", "title", "issuing_office"].into_iter().filter_map(|name| text_left_out(document, name)).enumerate() {
                @if at > 0 { (separator) } (spoken(member, page.language))
            }
            @match text_left_out(document, "digest") {
                Some(of) => { (separator) (digest) code { (of) } },
                None => { (separator) (page.say("named, not kept", "仅具名，未存档")) },
            }
            @if let Some(by) = text_left_out(document, "reported_by") { (separator) (page.say("reported by ", "转引自")) (spoken(by, page.language)) }
        } }
        @for material in list(item, "materials") { p.source {
            (text_if(material, "kind_label").unwrap_or_default()) ": " (spoken(text(material, "name"), page.language)) (separator) (digest) code { (text(material, "digest")) }
        } }
    }
}

fn obligations(page: &Page, status: &Value) -> Markup {
    let unmet = list(status, "obligations/unmet");
    html! {
        p { strong { (number(status, "obligations/open")) } (page.say(" open, ", "项未履行，"))
            strong.alarm[number(status, "obligations/overdue") > 0] { (number(status, "obligations/overdue")) } (page.say(" overdue, ", "项逾期，"))
            (number(status, "obligations/late")) (page.say(" met late, ", "项迟延履行，"))
            (number(status, "obligations/met")) (page.say(" met.", "项已履行。")) }
        @if unmet.is_empty() { p { (page.say("Nothing is open. What fell due before the record begins is not in the record, and never late.", "没有未履行的义务。建档之前到期的义务不在记录之内，不视为迟延。")) } }
        (duties(page, unmet))
    }
}

/// What is owed, one by one.
fn duties(page: &Page, duties: &[Value]) -> Markup {
    html! {
        ul.duties { @for duty in duties { li {
            strong { (text(duty, "label")) } " "
            @if text(duty, "status") == "OVERDUE" { span.tag.alarm { (text(duty, "status_label")) } }
            br; (text(duty, "owes_label"))
            @let due = at(duty, "due");
            @if due.is_null() {
                ", " (page.say("open since ", "起始：")) (shown_if(duty, "open_from", page.language))
            } @else {
                ", " (page.say("due ", "期限：")) (shown_if(due, "on", page.language))
                br; code { (words::arithmetic(text(due, "arithmetic"), page.language)) }
            }
            (article(page, duty))
        } } }
    }
}

/// The page of a subject without a record in the program, on whom its measure lays something all the same; for any
/// other, why there is none, with those that are near it.
async fn without_record(
    page: &Page,
    (program, subject): (&str, &str),
    path: &str,
    failure: Failure,
) -> Made {
    let Ok(owed) = page.get(&format!("{path}/obligations"), &[]).await else {
        return Err(near::beside(page, program, subject, failure).await);
    };
    let may_act = recordable(page, path).await.is_some();
    let name = text(&owed, "name").to_owned();
    let here = format!("/console/{}/{}", encoded(program), encoded(subject));
    let body = html! {
        p.crumbs { a href=(page.times.link(&format!("/console/register/{program}"), &[])) { (text(&owed, "program_name")) } }
        h1 { (name) " " span.other { (subject) } }
        p.lead { (page.say("Nothing is on record of it in this program. What the measure lays on those who are not listed stands here.", "该项目中没有其记录。下列为办法对未列入者所定的事项。")) }
        @if may_act { p { a.button href=(page.times.link(&format!("{here}/acts/new"), &[])) { (page.say("Record the first act", "登记首项行为")) } } }
        section aria-labelledby="duties" {
            h2 #duties { (page.say("Obligations", "义务")) }
            (duties(page, list(&owed, "items")))
        }
    };
    let exercise = flag(&owed, "exercise");
    let shows = Some(format!("{path}/obligations"));
    framed(page, Head { title: name, part: "register", exercise, shows }, &body).await
}
