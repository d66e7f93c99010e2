//! Both times of an enrollment at once: days across, and down what was known after each event.

use maud::{Markup, html};
use serde_json::Value;

use super::asking::{Failure, Page};
use super::frame::{day_of, shown, shown_if};
use super::json::{list, sequence, text, text_if};
use super::links::{Times, address};
use super::timeline::{Scale, WIDTH, clipped};
use crate::domain::date::Day;

/// The newest steps of what was known that are shown.
const MOST: usize = 12;
const ROW: usize = 28;

/// What was known up to an event.
struct Known {
    sequence: String,
    recorded: String,
    line: Value,
}

/// The drawing, with the same as a table.
///
/// # Errors
/// What stands in the way.
pub async fn two(page: &Page, path: &str, trail: &Value, today: Day) -> Result<Markup, Failure> {
    let mut steps: Vec<_> = list(trail, "items").iter().collect();
    steps.sort_by_key(|item| text(item, "sequence"));
    let left_out = steps.len().saturating_sub(MOST);
    let mut all = Vec::new();
    for item in &steps[left_out..] {
        let of = sequence(text(item, "sequence")).to_owned();
        let line = page
            .get_at(&address(&format!("{path}/timeline"), [("at_sequence", of.as_str())]))
            .await?;
        let recorded = text(item, "recorded_at").get(..10).unwrap_or_default().to_owned();
        all.push(Known { sequence: of, recorded, line });
    }
    let Some(scale) = all.last().and_then(|known| Scale::of(&known.line)) else {
        return Ok(html! {});
    };
    let label = page.say(
        "Across: the day asked about. Down: what was on record.",
        "横向：所问之日。纵向：当时已入档的内容。",
    );
    let height = ROW * all.len() + 24;
    Ok(html! {
        p.quiet { (label)
            @if left_out > 0 { " " (page.say("The newest 12 steps; earlier ones: ", "仅列最近 12 步；更早者：")) (left_out) }
        }
        div.scroll tabindex="0" role="region" aria-label=(label) {
            svg.timeline viewBox={ "0 0 " (WIDTH) " " (height) } width=(WIDTH) height=(height) role="group" aria-label=(label) {
                @for (row, known) in all.iter().enumerate() { (bars(page, known, row, &scale, today)) }
                @for year in scale.years.clone() { text x=(scale.year(year)) y=(height - 6) { (year) } }
            }
        }
        details { summary { (page.say("The same as a table", "以表格显示")) } div.scroll tabindex="0" { table.fixed {
            thead { tr { th scope="col" { (page.say("Known up to", "已知至")) } th scope="col" { (page.say("What held, from and until", "所处状态及起止")) } } }
            tbody { @for known in &all { tr {
                th scope="row" { a href=(as_known(page, known)) { "#" (known.sequence) } " " span.quiet { (known.recorded) } }
                td { @for phase in list(&known.line, "phases") { p { (text(phase, "label")) ": " (shown(text(phase, "from"), page.language)) " – " (shown_if(phase, "to", page.language)) } } }
            } } }
        } } }
    })
}

/// The enrollment as it was known then.
fn as_known(page: &Page, known: &Known) -> String {
    let at_sequence = Some(known.sequence.clone());
    let times = Times { at_sequence, known_at: None, ..page.times.clone() };
    times.link(page.http.uri().path(), &[])
}

fn bars(page: &Page, known: &Known, row: usize, scale: &Scale, today: Day) -> Markup {
    let y = row * ROW;
    html! {
        a href=(as_known(page, known)) { text.lane x="0" y=(y + 18) { "#" (known.sequence) } }
        @for (index, phase) in list(&known.line, "phases").iter().enumerate() {
            @if let Some(from) = text_if(phase, "from_day").and_then(day_of) {
                @let end = text_if(phase, "to_day").and_then(day_of).unwrap_or(today);
                @let (x, end) = (scale.x(from), scale.x(end));
                rect class={ "phase p" (index % 4) } x=(x) y=(y + 3) width=((end - x).max(2)) height=(ROW - 6) {
                    title { (text(phase, "label")) ", " (shown(text(phase, "from"), page.language)) " – " (shown_if(phase, "to", page.language)) }
                }
                @if end - x > 60 { text.on x=(x + 5) y=(y + 18) { (clipped(text(phase, "label"), (end - x) / 8)) } }
            }
        }
    }
}
