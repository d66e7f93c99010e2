//! How a program went, as a drawing: how many stand where by day, hatched where nothing newer says so, on the
//! national stages. One moves along it by days of change or by a slider, which is a form.

use std::fmt::Write as _;

use actix_web::{HttpRequest, HttpResponse, web};
use maud::{Markup, html};
use serde_json::Value;

use super::asking::Page;
use super::frame::{day_of, shown};
use super::json::{at, list, number, text, text_if};
use super::links::Times;
use super::timeline::{Scale, WIDTH, stages};
use super::{Settings, see_other};
use crate::domain::date::Day;
use crate::views::inside::Inside;

/// Where the areas stand, from their top to the axis.
const TOP: i64 = 40;
const FLOOR: i64 = 160;
/// The height of the whole.
const HEIGHT: i64 = 190;

/// Those who are drawn as one area.
struct Alike<'v> {
    /// What the colour is called.
    id: &'v str,
    label: &'v str,
    /// How many from each day on.
    counts: Vec<i64>,
}

/// The drawing with the way along it; nothing where nothing was ever recorded.
pub fn course(page: &Page, program: &str, answer: &Value) -> Markup {
    let (items, today) = (list(answer, "items"), day_of(text(answer, "as_of")));
    let days: Vec<Day> = items.iter().filter_map(|item| day_of(text(item, "from"))).collect();
    let (Some(first), Some(last), Some(today)) = (days.first(), days.last(), today) else {
        return html! {};
    };
    let shown_until = text_if(answer, "last_evidenced_on").and_then(day_of);
    let end = today.max(*last).max(shown_until.unwrap_or(*last));
    let Some(scale) = Scale::years(first.year(), end.year()) else { return html! {} };
    let alike = alike(items);
    html! { section aria-labelledby="course" {
        h2 #course { (page.say("What the record shows, by day", "记录所示各日情况")) }
        p.quiet { (page.say("Hatched: nothing newer says so. Stages are background: nothing is judged by them.", "斜线：其后无更新的依据。国家阶段仅作背景，不作为判断依据。")) }
        (drawing(page, answer, (&scale, &days), &alike, (today, shown_until, end)))
        ul.key { @for (number, one) in alike.iter().enumerate() { li { span class={ "mark a" (number % 4) " " (one.id) } {} " " (one.label) " " strong { (one.among(list(answer, "standing"))) } } } }
        (steps(page, text_if(answer, "changed_before"), text_if(answer, "changed_after")))
        (slider(page, program, first.year(), (today, scale.years.end())))
        details { summary { (page.say("The same as a table", "以表格显示")) } (table(page, items, &alike)) }
    } }
}

impl Alike<'_> {
    /// How many there are of those who stand on a day.
    fn among(&self, standing: &[Value]) -> i64 {
        let of = |one: &&Value| {
            let said = [at(one, "category"), at(one, "phase")];
            said.iter().any(|said| !said.is_null() && text(said, "id") == self.id)
        };
        standing.iter().filter(of).map(|one| number(one, "subjects")).sum()
    }
}

/// Who is drawn as one area: those of a category where there are categories, else those in a phase.
fn alike(items: &[Value]) -> Vec<Alike<'_>> {
    let of = |one: &Value| !at(one, "category").is_null();
    let by = match items.iter().any(|item| list(item, "standing").iter().any(of)) {
        true => "category",
        false => "phase",
    };
    let mut alike: Vec<Alike<'_>> = Vec::new();
    for (index, item) in items.iter().enumerate() {
        for one in list(item, "standing") {
            let said = if at(one, by).is_null() { at(one, "phase") } else { at(one, by) };
            let (id, label) = (text(said, "id"), text(said, "label"));
            let place = alike.iter().position(|known| known.id == id).unwrap_or_else(|| {
                alike.push(Alike { id, label, counts: vec![0; items.len()] });
                alike.len() - 1
            });
            if let Some(count) = alike.get_mut(place).and_then(|of| of.counts.get_mut(index)) {
                *count += number(one, "subjects");
            }
        }
    }
    alike
}

fn drawing(
    page: &Page,
    answer: &Value,
    (scale, days): (&Scale, &[Day]),
    alike: &[Alike<'_>],
    (today, shown_until, end): (Day, Option<Day>, Day),
) -> Markup {
    let total = |index: usize| alike.iter().filter_map(|of| of.counts.get(index)).sum::<i64>();
    let most = (0..days.len()).map(total).max().unwrap_or_default().max(1);
    let label = page.say("How many stand where, by day", "各日各状态的数量");
    let y = |count: i64| FLOOR - count * (FLOOR - TOP) / most;
    let mut below = vec![0; days.len()];
    let mut areas = Vec::new();
    for (number, of) in alike.iter().enumerate() {
        let above: Vec<i64> =
            below.iter().zip(&of.counts).map(|(under, count)| under + count).collect();
        areas.push((
            number,
            of,
            area(
                scale,
                days,
                end,
                [&below, &above].map(|line| line.iter().map(|count| y(*count)).collect()),
            ),
        ));
        below = above;
    }
    let x = scale.x(today);
    html! { div.scroll tabindex="0" role="region" aria-label=(label) {
        svg.timeline viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } width=(WIDTH) height=(HEIGHT) role="img" aria-label=(label) {
            defs { pattern #hatched patternUnits="userSpaceOnUse" width="6" height="6" patternTransform="rotate(45)" {
                line.hatch x1="0" y1="0" x2="0" y2="6" {}
            } }
            (stages(page, answer, scale, FLOOR))
            @for (number, of, path) in &areas { path class={ "area a" (number % 4) " " (of.id) } d=(path) { title { (of.label) } } }
            @if let Some(from) = shown_until.map(|day| scale.x(day)).filter(|from| *from < scale.x(end)) {
                rect x=(from) y=(TOP) width=(scale.x(end) - from) height=(FLOOR - TOP) fill="url(#hatched)" {}
            }
            @for day in days { rect.act x=(scale.x(*day)) y=(FLOOR) width="2" height="6" {} }
            text.on x="0" y=(TOP + 12) { (most) }
            line.axis x1=(scale.x(Day::MIN)) x2=(WIDTH) y1=(FLOOR) y2=(FLOOR) {}
            @for year in scale.years.clone() { text.year x=(scale.year(year) + 4) y=(FLOOR + 20) { (year) } }
            line.today x1=(x) x2=(x) y1="30" y2=(FLOOR) {}
            text.today x=((x + 4).min(WIDTH - 60)) y="38" { (page.say("as of", "截至")) }
        }
    } }
}

/// The outline of an area: from day to day in steps, there above and back below.
fn area(scale: &Scale, days: &[Day], end: Day, [below, above]: [Vec<i64>; 2]) -> String {
    let ends = days.iter().skip(1).copied().chain([end]);
    let spans: Vec<(i64, i64)> =
        days.iter().zip(ends).map(|(from, to)| (scale.x(*from), scale.x(to))).collect();
    let mut path = String::new();
    let steps = spans.iter().zip(&above).flat_map(|((from, to), y)| [(*from, *y), (*to, *y)]);
    let back = spans.iter().zip(&below).rev().flat_map(|((from, to), y)| [(*to, *y), (*from, *y)]);
    for (index, (x, y)) in steps.chain(back).enumerate() {
        let to = if index == 0 { 'M' } else { 'L' };
        // A text takes what is written into it.
        let _ = write!(path, "{to}{x} {y}");
    }
    path + "Z"
}

/// To the last day of change before the one that is looked at, and to the next.
pub fn steps(page: &Page, before: Option<&str>, after: Option<&str>) -> Markup {
    let on = |day: &str| {
        let times = Times { as_of: Some(day.to_owned()), ..page.times.clone() };
        times.link(page.http.uri().path(), &[])
    };
    html! { nav.row aria-label=(page.say("Days of change", "变更日")) {
        @match before {
            Some(day) => a rel="prev" href=(on(day)) { "← " (shown(day, page.language)) },
            None => span.quiet { (page.say("No change before", "此前无变更")) },
        }
        @match after {
            Some(day) => a rel="next" href=(on(day)) { (shown(day, page.language)) " →" },
            None => span.quiet { (page.say("No change after, by what is on record", "记录中此后无变更")) },
        }
    } }
}

fn months(year: i32, month: u32, first: i32) -> i64 {
    i64::from(year - first) * 12 + i64::from(month) - 1
}

fn slider(page: &Page, program: &str, first: i32, (today, last): (Day, &i32)) -> Markup {
    let kept = page.times.of_record().into_iter();
    let kept = kept.chain(page.times.language.map(|language| ("lang", language.tag())));
    let label = page.say("Month", "月份");
    html! { form.slide action="/console/slide" {
        @for (name, value) in kept { input type="hidden" name=(name) value=(value); }
        input type="hidden" name="program" value=(program);
        input type="hidden" name="first" value=(first);
        input type="range" name="month" aria-label=(label) min="0" max=(months(*last, 12, first)) value=(months(today.year(), today.month(), first));
        button { (page.say("Show the month of the slider", "显示滑块所指月份")) }
    } }
}

/// The month that a slider points at: its last day.
pub async fn slide(
    http: HttpRequest,
    settings: web::Data<Settings>,
    inside: web::Data<Inside>,
) -> HttpResponse {
    let page = Page::of(http, settings, inside);
    let first = page.parameter("first").parse().ok().filter(|year| (1900..2200).contains(year));
    let month = page.parameter("month").parse().ok().filter(|month| *month < 12 * 300);
    let day = first.zip(month).and_then(|(first, month): (i32, u32)| {
        Day::last_of_month(first + i32::try_from(month / 12).ok()?, month % 12 + 1)
    });
    let times = Times { as_of: day.map(|day| day.to_string()), ..page.times.clone() };
    let program = super::links::encoded(page.parameter("program"));
    see_other(&times.link(&format!("/console/register/{program}"), &[]))
}

fn table(page: &Page, items: &[Value], alike: &[Alike<'_>]) -> Markup {
    html! { div.scroll tabindex="0" { table.fixed {
        thead { tr {
            th scope="col" { (page.say("From", "起")) }
            @for one in alike { th.figure scope="col" { (one.label) } }
        } }
        tbody { @for (index, item) in items.iter().enumerate() { tr {
            @let day = text(item, "from");
            @let times = Times { as_of: Some(day.to_owned()), ..page.times.clone() };
            th scope="row" { a href=(times.link(page.http.uri().path(), &[])) { (shown(day, page.language)) } }
            @for one in alike { td.figure { (one.counts.get(index).copied().unwrap_or_default()) } }
        } } }
    } } }
}
