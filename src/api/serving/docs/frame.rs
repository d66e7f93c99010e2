//! What holds on every page about the interface: head, navigation and foot, as in the console.

use maud::{DOCTYPE, Markup, html};

use super::{SHARED, resource};
use crate::api::asking::reader::Reader;
use crate::domain::ids::Language;
use crate::views::look::style_address;

/// The whole page around its content; `part`: the end of its address.
pub fn framed(reader: &Reader, part: &str, title: &str, body: &Markup) -> Markup {
    let other = match reader.language {
        Language::En => Language::Zh,
        Language::Zh => Language::En,
    };
    let first = reader.say("The first hour", "入门");
    let title = if title.is_empty() { first } else { title };
    let entry = |to: &str, name: &str, is_here: bool| {
        html! { a href=(reader.link(to)) aria-current=[is_here.then_some("page")] { (name) } }
    };
    html! {
        (DOCTYPE)
        html lang=(reader.language.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " · Docket" }
                link rel="stylesheet" href=(style_address());
                link rel="icon" href="data:,";
            }
            body {
                a.skip href="#content" { (reader.say("To the content", "跳至正文")) }
                header.top { div.wide {
                    a.brand href=(reader.link("/docs")) { span.seal aria-hidden="true" { "牍" } " Docket" }
                    nav aria-label=(reader.say("Parts", "栏目")) {
                        (entry("/docs", first, part.is_empty()))
                        @for (name, en, zh) in SHARED {
                            (entry(&format!("/docs/{name}"), reader.say(en, zh), name == part))
                        }
                        a href="/openapi.json" { "OpenAPI" }
                        a href=(reader.link("/console")) { (reader.say("Console", "控制台")) }
                    }
                    a hreflang=(other.tag()) lang=(other.tag()) href={ (reader.path) "?lang=" (other.tag()) } {
                        @match other { Language::En => "English", Language::Zh => "中文" }
                    }
                } }
                main #content {
                    (body)
                    h2 { (reader.say("Every resource", "全部资源")) }
                    nav.row aria-label=(reader.say("Resources", "资源")) { @for name in resource::names() {
                        (entry(&format!("/docs/{name}"), name, name == part))
                    } }
                }
                footer { div.wide { p {
                    (reader.say(
                        "Nothing of the record stands on these pages; they need no token.",
                        "本说明不含任何档案内容，阅读无需令牌。"
                    ))
                } } }
            }
        }
    }
}
