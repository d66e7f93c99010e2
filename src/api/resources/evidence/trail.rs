//! The audit trail as a page that opens offline and prints well.

use maud::{DOCTYPE, Markup, html};
use serde_json::Value;

use crate::domain::ids::Language;

const STYLE: &str = "body{font:16px/1.5 Georgia,'Songti SC',SimSun,serif;max-width:46em;margin:2em auto;padding:0 1em}\
h1{font-size:1.4em}h2{font-size:1.2em}li{margin:0 0 .8em;break-inside:avoid}small{color:#555}.fate{font-weight:bold}\
@media print{body{margin:0;max-width:none}}";

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap_or_default()
}

/// The page, from the answer of the audit trail and what departs from the rule.
pub fn page(trail: &Value, exceptions: &Value, language: Language) -> Markup {
    let is_english = language == Language::En;
    let say = |en: &'static str, zh: &'static str| if is_english { en } else { zh };
    let title = format!("{} – {}", text(trail, "program_name"), text(trail, "name"));
    let items = trail["items"].as_array().map(Vec::as_slice).unwrap_or_default();
    html! {
        (DOCTYPE)
        html lang=(language.tag()) {
            head { meta charset="utf-8"; title { (title) } style { (STYLE) } }
            body {
                h1 { (title) }
                p { (say("Audit trail as of ", "审计轨迹，截至")) (text(trail, "as_of")) }
                @if trail["exercise"] == true {
                    p { strong { (say("An exercise: subjects and acts are invented.", "演练：主体与行为均为虚构。")) } }
                }
                ol {
                    @for item in items { li {
                        (text(item, "sentence"))
                        @if text(item, "fate") != "STANDS" { " " span.fate { (text(item, "fate_label")) } }
                        br;
                        small {
                            (text(item, "article")) " · " (text(item, "effective_on")) " · "
                            (say("recorded ", "入档 ")) (text(item, "recorded_at")) " · "
                            (say("event ", "事件 ")) (text(item, "sequence"))
                        }
                    } }
                }
                @let exceptions = exceptions["items"].as_array().map(Vec::as_slice).unwrap_or_default();
                @if !exceptions.is_empty() {
                    h2 { (say("Departures from the rule, and what rests on less than it", "与规定不符之处，以及依据不足之处")) }
                    ul { @for one in exceptions { li {
                        (text(one, "kind_label")) (say(": ", "："))
                        (text(one, say("sentence_en", "sentence_zh")))
                        br;
                        small {
                            (text(one, "article")) " · " (text(&one["event"], "effective_on")) " · "
                            (say("event ", "事件 ")) (text(&one["event"], "sequence"))
                        }
                    } } }
                }
            }
        }
    }
}
