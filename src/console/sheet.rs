//! The record sheet: a page as it is printed and cited, at a day and an event that are fixed.
//!
//! What must hold: what stands in `<main>` follows from the log up to the event named, the day, the language,
//! the version of Docket and the server's address, and from nothing else; the digest is that of its bytes, so
//! that whoever holds the page, or asks for it again, can make it again.

use std::collections::BTreeSet;

use actix_web::HttpResponse;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::asking::{Failure, Page};
use super::frame::{Head, at_times, band, sentence};
use super::json::{at, sequence, text, text_if};
use super::links::{Times, address, encoded};
use super::see_other;
use crate::codec::sha256_hex;

/// Who has the sheet as a file makes the digest again by this.
const AGAIN: &str = "perl -0777 -ne 'print m{(<main.*</main>)}s' sheet.html | sha256sum";

/// Whether the sheet of a page is asked for.
pub fn is_asked(page: &Page) -> bool {
    page.parameter("print") == "1"
}

/// Leads to the sheet with its times and its language fixed, where they are not.
///
/// # Errors
/// What stands in the way.
pub async fn elsewhere(page: &Page) -> Result<Option<HttpResponse>, Failure> {
    if !is_asked(page) || page.times.are_fixed() && page.times.language.is_some() {
        return Ok(None);
    }
    // The day is the record's own, and what an instant knew is known by a sequence.
    let now = page.get("/v1/enrollments", &[("limit", "1")]).await?;
    let known = match text_if(&now, "known_to_sequence") {
        Some(known) => sequence(known).to_owned(),
        None => {
            let log = page.get_at("/health/ready").await?;
            sequence(text(&log, "log/sequence")).to_owned()
        }
    };
    Ok(Some(see_other(&at_times(page, text(&now, "as_of"), &known))))
}

/// The sheet around the content of a page.
///
/// # Errors
/// What stands in the way.
pub async fn sheet(page: &Page, head: &Head, body: &Markup) -> Result<Markup, Failure> {
    let main = main(page, head, body).await?.into_string();
    let digest = sha256_hex(main.as_bytes());
    let title = format!("{} · {}", head.title, page.say("Record sheet", "记录单"));
    let path = page.http.uri().path();
    let own = page.query.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let back = address(path, own.filter(|(name, _)| *name != "print"));
    Ok(html! {
        (DOCTYPE)
        html lang=(page.language.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                link rel="stylesheet" href=(page.settings.style);
                link rel="icon" href="data:,";
            }
            body.sheet.exercise[head.exercise] {
                (PreEscaped(main))
                footer { div.wide {
                    p { strong { "SHA-256 " } code #digest { (digest) } }
                    p { (page.say(
                        "The digest is of the bytes of this page from “<main” to “</main>”, both included. Saved as sheet.html, it is made again by ",
                        "摘要按本页自“<main”起至“</main>”止（含首尾）的字节计算。将本页存为 sheet.html 后，可以下列命令重新计算："
                    )) code { (AGAIN) } (page.say(
                        ". The same log and the same version of Docket give the same bytes at the same address.",
                        "。日志与 Docket 版本相同，则同一地址给出相同的字节。"
                    )) }
                    p.screen { a href=(back) { (page.say("Back to the page", "返回页面")) } }
                } }
            }
        }
    })
}

async fn main(page: &Page, head: &Head, body: &Markup) -> Result<Markup, Failure> {
    let Times { as_of, at_sequence, .. } = &page.times;
    let (day, known) = (as_of.as_deref(), at_sequence.as_deref().unwrap_or_default());
    let first = page.get_at("/v1/events/0").await?;
    let last = page.get_at(&format!("/v1/events/{}", encoded(known))).await?;
    let cited = cited(&body.0);
    let own = page.settings.public_url.trim_end_matches('/');
    let here = at_times(page, day.unwrap_or_default(), known);
    Ok(html! { main #content {
        p.brand { span.seal aria-hidden="true" { "牍" } " Docket " span.other { (page.say("Record sheet", "记录单")) } }
        @if head.exercise { (band(page)) }
        p.lead { (sentence(page)) }
        (body)
        section #this-sheet { h2 { (page.say("This sheet", "本记录单")) } dl.pairs {
            dt { (page.say("As of", "截至")) } dd { (day.unwrap_or_default()) }
            dt { (page.say("Known up to", "已知至")) } dd { (page.say("event ", "事件")) "#" (known) (page.say(", recorded at ", "，入档于")) (text(&last, "recorded_at")) }
            dt { (page.say("Log", "日志")) } dd { code { (text(at(&first, "data"), "log_id")) } }
            dt { (page.say("Events cited", "所引事件")) } dd { @if cited.is_empty() { (page.say("none", "无")) } @else { (ranges(&cited)) } }
            dt { (page.say("Fixed address", "固定地址")) } dd { code { (own) (here) } }
            @if let Some(shows) = &head.shows { dt { (page.say("As data", "数据")) } dd { code { (own) (shows) } } }
            dt { (page.say("Made by", "生成程序")) } dd { "Docket " (env!("CARGO_PKG_VERSION")) }
        } }
    } })
}

/// The events to which a page leads.
fn cited(body: &str) -> BTreeSet<u64> {
    let led = body.split("href=\"/console/log/").skip(1);
    let number = |rest: &str| rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok();
    led.filter_map(number).collect()
}

/// Numbers in order; those that follow each other as one.
fn ranges(numbers: &BTreeSet<u64>) -> String {
    let mut runs: Vec<(u64, u64)> = Vec::new();
    for number in numbers {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == *number => *last = *number,
            _ => runs.push((*number, *number)),
        }
    }
    let said = runs.iter().map(|(first, last)| match first == last {
        true => format!("#{first}"),
        false => format!("#{first}–{last}"),
    });
    said.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_page_cites_is_said_in_order() {
        let body = "<a href=\"/console/log/12?lang=en\">#12</a><a href=\"/console/log/3\">3</a> \
            <a href=\"/console/log/13\">13</a><a href=\"/console/log?after=5\">x</a>";
        assert_eq!(ranges(&cited(body)), "#3, #12–13");
    }
}
