//! The timeline of an enrollment as a drawing: stages behind, planned periods, what held, and acts. An
//! edge is as wide as its date is vague.

use maud::{Markup, html};
use serde_json::Value;

use super::asking::Page;
use super::frame::shown;
use super::json::{at, list, number, sequence, text, text_if};
use crate::domain::date::{CivilDate, Day};

/// How wide a drawing is.
pub const WIDTH: i64 = 1180;
const LEFT: i64 = 90;
const FIRST_YEAR: i32 = 2012;
const LAST_YEAR: i32 = 2030;

/// From days to the drawing.
pub struct Scale {
    first: Day,
    days: i64,
    /// The years that are drawn.
    pub years: std::ops::RangeInclusive<i32>,
}

impl Scale {
    /// What a timeline needs; nothing where its dates can't be read.
    pub fn of(answer: &Value) -> Option<Self> {
        let members =
            [("phases", "from"), ("titles", "from"), ("terms", "from"), ("acts", "effective_on")];
        let dates = members
            .iter()
            .flat_map(|(of, from)| list(answer, of).iter().map(|one| text(one, from)));
        let ends = list(answer, "titles").iter().filter_map(|title| text_if(title, "until"));
        let years: Vec<i32> = dates
            .chain(ends)
            .filter_map(|date| CivilDate::parse(date).ok())
            .map(|date| date.latest().year())
            .collect();
        let from = years.iter().copied().min().unwrap_or(FIRST_YEAR);
        let to = years.iter().copied().max().unwrap_or(LAST_YEAR);
        Self::years(from, to)
    }

    /// One that has room for these years; the usual ones are always drawn.
    pub fn years(from: i32, to: i32) -> Option<Self> {
        let (from, to) = (from.clamp(1980, FIRST_YEAR), to.clamp(LAST_YEAR, 2060));
        let (first, last) = (Day::from_ymd(from, 1, 1)?, Day::from_ymd(to + 1, 1, 1)?);
        Some(Self { first, days: first.days_until(last).max(1), years: from..=to })
    }

    /// Where a day stands.
    pub fn x(&self, day: Day) -> i64 {
        let at = self.first.days_until(day).clamp(0, self.days);
        LEFT + at * (WIDTH - LEFT) / self.days
    }

    /// Where a year begins.
    pub fn year(&self, year: i32) -> i64 {
        Day::from_ymd(year, 1, 1).map_or(LEFT, |day| self.x(day))
    }

    /// From where a date surely or possibly holds, to where it surely does.
    fn edge(&self, date: &str) -> Option<(i64, i64)> {
        let date = CivilDate::parse(date).ok()?;
        let latest = date.latest();
        Some((self.x(date.earliest().unwrap_or(self.first)), self.x(latest)))
    }
}

/// The drawing, with the same as a table for those who don't see it.
pub fn timeline(page: &Page, answer: &Value, today: Day) -> Markup {
    let Some(scale) = Scale::of(answer) else { return html! {} };
    let label = page.say(
        "Stages, planned periods, what held, and acts, by year",
        "各阶段、计划期间、实际状态与行为（按年）",
    );
    html! {
        div.scroll tabindex="0" role="region" aria-label=(label) {
            svg.timeline viewBox={ "0 0 " (WIDTH) " 236" } width=(WIDTH) height="236" role="group" aria-label=(label) {
                (stages(page, answer, &scale, 206))
                (lane(page.say("Planned", "计划"), 60))
                (lane(page.say("Actual", "实际"), 105))
                (lane(page.say("Acts", "行为"), 160))
                (planned(answer, &scale))
                (phases(page, answer, &scale, today))
                (acts(page, answer, &scale))
                (axis(page, &scale, today))
            }
        }
        details { summary { (page.say("The same as a table", "以表格显示")) } (table(page, answer)) }
    }
}

fn lane(name: &str, y: i64) -> Markup {
    html! { text.lane x="0" y=(y) { (name) } }
}

/// The national stages behind a drawing, down to its axis.
pub fn stages(page: &Page, answer: &Value, scale: &Scale, floor: i64) -> Markup {
    html! { @for (index, stage) in list(answer, "stages").iter().enumerate() {
        @let (from, to) = (number(stage, "from_year"), number(stage, "to_year"));
        @let (x, end) = (scale.year(i32::try_from(from).unwrap_or(0)), scale.year(i32::try_from(to + 1).unwrap_or(0)));
        rect class={ "stage s" (index % 2) } x=(x) y="0" width=((end - x).max(1)) height=(floor) {}
        text.stage x=((x + end) / 2) y={ (14 + 14 * (index as i64 % 2)) } text-anchor="middle" {
            (page.say("Stage ", "阶段")) (text(stage, "id")) " · " (from) "–" (to)
        }
    } }
}

fn planned(answer: &Value, scale: &Scale) -> Markup {
    let (terms, titles) = (list(answer, "terms").iter(), list(answer, "titles").iter());
    html! { @for one in terms.chain(titles) {
        @if let (Some((_, x)), Some((_, end))) = (scale.edge(text(one, "from")), scale.edge(text(one, "until"))) {
            rect.planned x=(x) y="46" width=((end - x).max(2)) height="22" {
                title { (text(one, "from")) "–" (text(one, "until")) " § " (text(one, "article")) }
            }
        }
    } }
}

fn phases(page: &Page, answer: &Value, scale: &Scale, today: Day) -> Markup {
    html! { @for (index, phase) in list(answer, "phases").iter().enumerate() {
        @if let Some((doubt, x)) = scale.edge(text(phase, "from")) {
            @let end = text_if(phase, "to").and_then(|to| scale.edge(to)).map_or_else(|| scale.x(today), |(_, end)| end);
            @if doubt < x { rect.doubt x=(doubt) y="90" width=(x - doubt) height="24" {} }
            rect class={ "phase p" (index % 4) } x=(x) y="90" width=((end - x).max(2)) height="24" {
                title { (text(phase, "label")) ": " (shown(text(phase, "from"), page.language)) }
            }
            @if end - x > 60 { text.on x=(x + 5) y="107" { (clipped(text(phase, "label"), (end - x) / 8)) } }
        }
    } }
}

/// As much of a label as fits.
pub fn clipped(label: &str, room: i64) -> String {
    let room = usize::try_from(room).unwrap_or(0);
    match label.chars().count() {
        length if length <= room => label.to_owned(),
        _ => label.chars().take(room.saturating_sub(1)).chain(['…']).collect(),
    }
}

fn acts(page: &Page, answer: &Value, scale: &Scale) -> Markup {
    html! { @for (index, act) in list(answer, "acts").iter().enumerate() {
        @if let Some((doubt, x)) = scale.edge(text(act, "effective_on")) {
            @let y = 146 + 18 * (index as i64 % 3);
            @if doubt < x { line.doubt x1=(doubt) x2=(x) y1=(y) y2=(y) {} }
            a href=(page.times.link(&format!("/console/log/{}", sequence(text(act, "sequence"))), &[])) {
                circle.act cx=(x) cy=(y) r="8" { title { (text(act, "act_label")) ", " (shown(text(act, "effective_on"), page.language)) } }
                text.number x=(x) y=(y + 4) text-anchor="middle" { (index + 1) }
            }
        }
    } }
}

fn axis(page: &Page, scale: &Scale, today: Day) -> Markup {
    let x = scale.x(today);
    html! {
        line.axis x1=(LEFT) x2=(WIDTH) y1="206" y2="206" {}
        @for year in scale.years.clone() { text.year x=(scale.year(year) + 4) y="224" { (year) } }
        line.today x1=(x) x2=(x) y1="30" y2="206" {}
        text.today x=((x + 4).min(WIDTH - 60)) y="40" { (page.say("as of", "截至")) }
    }
}

fn table(page: &Page, answer: &Value) -> Markup {
    html! { div.scroll tabindex="0" { table.fixed {
        thead { tr {
            th scope="col" { (page.say("Phase", "阶段")) }
            th scope="col" { (page.say("From", "起")) }
            th scope="col" { (page.say("To", "止")) }
            th scope="col" { (page.say("Planned until", "计划至")) }
            th scope="col" { (page.say("National stages", "国家阶段")) }
        } }
        tbody { @for phase in list(answer, "phases") { tr {
            th scope="row" { (text(phase, "label")) }
            td { (super::frame::shown_if(phase, "from", page.language)) }
            td { (super::frame::shown_if(phase, "to", page.language)) }
            td { (super::frame::shown_if(phase, "planned_until", page.language)) }
            td { (list(phase, "stages").iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")) }
        } } }
    } } (acts_table(page, at(answer, "acts"))) }
}

fn acts_table(page: &Page, acts: &Value) -> Markup {
    let acts = acts.as_array().map_or(&[][..], Vec::as_slice);
    html! { ol { @for act in acts { li { (text(act, "act_label")) ", " (shown(text(act, "effective_on"), page.language)) } } } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_cut_where_there_is_no_room() {
        assert_eq!(clipped("示范区", 3), "示范区");
        assert_eq!(clipped("Demonstrative", 5), "Demo…");
    }

    #[test]
    fn an_edge_is_as_wide_as_the_date_is_vague() {
        let scale =
            Scale { first: Day::from_ymd(2012, 1, 1).unwrap(), days: 366, years: 2012..=2012 };
        let (from, to) = scale.edge("2012-01").unwrap();
        assert_eq!(from, LEFT);
        assert!(to > from);
        let (from, to) = scale.edge("2012-06-01").unwrap();
        assert_eq!(from, to);
    }
}
