//! What an act would do, by a dry run of it: on the page of a form before it is recorded, and on the page of
//! an enrollment beside the record.

use maud::{Markup, html};
use serde_json::{Value, json};

use super::asking::{Failure, Page};
use super::frame::{shown, shown_if};
use super::json::{at, flag, list, text, text_if};
use super::links::address;
use super::session::minted;
use crate::domain::words;
use crate::views::spoken::spoken;

/// What the interface says of an act that was only tried.
pub fn outlook(page: &Page, verdict: &Value) -> Markup {
    let (would, met) = (at(verdict, "would"), list(verdict, "met"));
    let unsettles = list(verdict, "unsettles").len();
    let labels = |duties: &[Value]| {
        let labels = duties.iter().map(|duty| text(duty, "label"));
        labels.collect::<Vec<_>>().join(page.say(", ", "、"))
    };
    let lifts = list(would, "lifts");
    html! {
        @for sentence in list(would, "sentences").iter().filter_map(Value::as_str) { p { (spoken(sentence, page.language)) } }
        ul {
            @if !at(verdict, "enrollment").is_null() { (standing(page, would, at(verdict, "enrollment"))) }
            @if !met.is_empty() { li { (page.say("Meets: ", "履行：")) (labels(met))
                @if flag(verdict, "late") { " " span.tag.care { (page.say("late", "迟延")) } }
            } }
            @for duty in list(would, "opens") { li {
                (page.say("Opens: ", "产生义务：")) (text(duty, "label")) ", " (text(duty, "owes_label"))
                @if !at(duty, "due").is_null() { ", " (page.say("due ", "期限：")) (shown_if(duty, "due/on", page.language)) }
                " § " (words::article(text(duty, "article"), page.language))
            } }
            @if !lifts.is_empty() { li { (page.say("No longer owed: ", "不再负有：")) (labels(lifts)) } }
            @for (name, en, zh) in [("takes", "Takes a place: ", "占用名额："), ("frees", "Frees a place: ", "释放名额：")] {
                @let place = at(would, name);
                @if !place.is_null() { li { (page.say(en, zh)) (text(place, "category_label")) ", " (page.say("from ", "自")) (shown_if(place, "from", page.language)) } }
            }
            @for finding in list(verdict, "findings") { li { span.tag.care { (page.say("finding", "发现")) } " " (text(finding, "text")) } }
            @if unsettles > 0 { li.alarm { (page.say("It unsettles events on record: ", "影响已入档事件：")) (unsettles) } }
        }
    }
}

/// Where it would stand, and whose move it would be.
fn standing(page: &Page, would: &Value, then: &Value) -> Markup {
    let of = |value: &Value| match value.is_null() {
        true => page.say("nowhere", "无状态").to_owned(),
        false => text(value, "label").to_owned(),
    };
    let (before, after) = (at(would, "stood_at"), at(then, "stands_at"));
    let waiting = list(then, "waiting_for");
    html! {
        li { (page.say("Stands at: ", "所处状态："))
            @if before.get("node") == after.get("node") { (of(after)) " " (page.say("(as before)", "（不变）")) }
            @else { (of(before)) " → " strong { (of(after)) } }
            " · " (shown(text(then, "as_of"), page.language))
        }
        @if !waiting.is_empty() { li { (page.say("Then waits at: ", "此后待办：")) @for (index, one) in waiting.iter().enumerate() {
            @if index > 0 { (page.say("; ", "；")) } (text(one, "office_label")) " (" (text(one, "act_label")) ")"
        } } }
    }
}

/// What each act would do that is permitted to who asks, tried with nothing but its day; of one that has to
/// say more, why, and where.
///
/// # Errors
/// When nobody is signed in any longer.
pub async fn beside(page: &Page, path: &str, here: &str, acts: &Value) -> Result<Markup, Failure> {
    let revision = at(acts, "revision").as_u64().map_or_else(String::new, |of| of.to_string());
    let target = address(&format!("{path}/acts"), [("validate_only", "true")]);
    let mut tried = Vec::new();
    for act in list(acts, "acts").iter().filter(|act| flag(act, "allowed")) {
        let body = json!({"act": text(act, "act"), "effective_on": text(acts, "as_of")});
        let (status, answer) = page.post(&target, &body, &minted(page), &revision).await?;
        tried.push((act, status.is_success(), answer));
    }
    let form =
        |act: &Value| page.times.link(&format!("{here}/acts/new"), &[("act", text(act, "act"))]);
    let (whole, more): (Vec<_>, Vec<_>) = tried.iter().partition(|(_, is_whole, _)| *is_whole);
    Ok(html! { section aria-labelledby="what-if" {
        h2 #what-if { (page.say("If this office did this now", "如本机关现在作出以下行为")) }
        p.quiet { (page.say(
            "Tried with nothing but today's date, and not recorded.",
            "仅以今日日期试行，未予登记。"
        )) }
        @if whole.is_empty() { p { (page.say("Each permitted act has to say more than its day.", "获准的各项行为均须载明日期以外的内容。")) } }
        ul.cases { @for (act, _, verdict) in whole { li {
            a href=(form(act)) { strong { (text(act, "act_label")) } } " § " (words::article(text(act, "article"), page.language))
            (outlook(page, verdict))
        } } }
        @if !more.is_empty() { details {
            summary { (page.say("Acts that have to say more: their form shows what they would do before they are recorded", "须载明更多内容的行为：其表单在登记之前显示后果")) }
            ul { @for (act, _, problem) in more { li {
                a href=(form(act)) { (text(act, "act_label")) } ": " (first_of(problem))
            } } }
        } }
    } })
}

/// What a problem says first.
fn first_of(problem: &Value) -> &str {
    let error = problem.pointer("/errors/0/detail").and_then(Value::as_str);
    error
        .or_else(|| problem.get("detail")?.as_str())
        .or_else(|| text_if(problem, "title"))
        .unwrap_or_default()
}
