//! What stands still or lags: said on every page of now, with how old what is shown is.

use maud::{Markup, html};
use serde_json::Value;

use super::asking::Page;
use super::json::sequence;

/// A bar where lists are not of now, or nothing can be recorded; nothing else.
pub fn bar(page: &Page, health: &Value) -> Markup {
    let text = |pointer: &str| health.pointer(pointer).and_then(Value::as_str);
    let number = |pointer: &str| health.pointer(pointer).and_then(Value::as_i64);
    let status = text("/read_models/status").unwrap_or("UP");
    let behind = number("/read_models/behind_events").unwrap_or_default();
    let stops = text("/acts/status") == Some("DOWN");
    html! {
        @if status != "UP" || behind > 0 { section.standstill aria-label=(page.say("What lags", "滞后情况")) { div.wide {
            @match text("/read_models/sequence") {
                Some(read) => { (page.say("Lists are as of event ", "名单截至事件")) (sequence(read)) },
                None => (page.say("Lists have read nothing yet", "名单尚未读取任何事件")),
            }
            @if behind > 0 { (page.say(", ", "，尚余")) (behind) (page.say(" events behind", "个事件")) }
            @if let Some(age) = number("/read_models/age_s") { (page.say(", as old as ", "，距今")) (aged(page, age)) }
            (page.say(". Pages of one record are current. ", "。单项记录的页面为最新。"))
            @if status != "UP" { strong { (standing(page, status)) } }
            @if let Some(reason) = text("/read_models/reason") { " " (reason) }
        } } }
        @if stops { section.standstill.alarm aria-label=(page.say("What stands still", "停止情况")) { div.wide {
            strong { (page.say("Nothing can be recorded now. ", "目前不能入档。")) } (text("/acts/reason").unwrap_or_default())
        } } }
    }
}

fn standing<'p>(page: &'p Page, status: &str) -> &'p str {
    match status {
        "BUILDING" => page.say("They are being made.", "名单正在生成。"),
        "RETRYING" => page.say("They are tried again.", "正在重试。"),
        "FAILED" => page.say("They have stopped.", "名单已停止更新。"),
        _ => page.say("They do not move, though the log goes on.", "日志仍在增加，而名单未更新。"),
    }
}

fn aged(page: &Page, seconds: i64) -> String {
    let (count, en, zh) = match seconds {
        ..120 => (seconds, "seconds", "秒"),
        120..7200 => (seconds / 60, "minutes", "分钟"),
        7200..172_800 => (seconds / 3600, "hours", "小时"),
        _ => (seconds / 86_400, "days", "天"),
    };
    format!("{count}{}{}", page.say(" ", ""), page.say(en, zh))
}
