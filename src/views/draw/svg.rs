//! The drawing as SVG text.

use std::fmt::Write as _;

use super::layout::Lanes;
use super::picture::{Item, Kind, Line, Picture, label, lane_name, patterns};
use super::text::{LARGE, LEADING, SMALL, escape, width};
use super::words;
use crate::domain::ids::{Id, Language};
use crate::domain::measure::{ActRule, Measure};
use crate::domain::words::article;

const FONTS: &str =
    "system-ui, 'Noto Sans', 'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', sans-serif";
const ROW: f64 = 18.0;
/// Where the names of the lanes, the heading and the table begin.
const EDGE: f64 = 12.0;

/// Writes the drawing.
pub fn render(measure: &Measure, language: Language, picture: &Picture, lanes: &Lanes) -> String {
    let mut below = String::new();
    let table = table(measure, language, lanes.bottom + 34.0, &mut below);
    let right = lanes.right.max(table.0).max(heading_width(measure, language));
    let bottom = table.1;
    let mut svg = String::new();
    let title = escape(measure.title.get(language));
    let lang = match language {
        Language::En => "en",
        Language::Zh => "zh-CN",
    };
    let _ = write!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" xml:lang=\"{lang}\" width=\"{right:.0}\" height=\"{bottom:.0}\" viewBox=\"0 0 {right:.0} {bottom:.0}\" font-family=\"{FONTS}\">\n<title>{title}</title>\n<defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\"><path d=\"M0 0L8 4L0 8z\" fill=\"#456\"/></marker></defs>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
    );
    heading(measure, language, &mut svg);
    for (index, phase) in measure.phases.iter().enumerate() {
        let (top, height) = lanes.lanes[index];
        let fill = if index % 2 == 0 { "#f5f7fa" } else { "#fdfdfe" };
        let _ = writeln!(
            svg,
            "<rect x=\"0\" y=\"{top:.1}\" width=\"{right:.0}\" height=\"{height:.1}\" fill=\"{fill}\"/>"
        );
        let mut lines = lane_name(phase, language);
        lines.push(article(&phase.article, language).into_owned());
        let mut y = top + 22.0;
        for (number, line) in lines.iter().enumerate() {
            let is_article = number + 1 == lines.len();
            let (size, weight) = if is_article { (SMALL, "normal") } else { (LARGE, "bold") };
            text(&mut svg, EDGE, y, size, weight, "#234", "start", line);
            y += LARGE * LEADING;
        }
    }
    for line in &picture.lines {
        path(picture, line, &mut svg);
    }
    for item in &picture.items {
        draw_item(item, &mut svg);
    }
    svg.push_str(&below);
    svg.push_str("</svg>\n");
    svg
}

fn heading_lines(measure: &Measure, language: Language) -> [String; 2] {
    let words = words::words(language);
    let document = format!(
        "{} · {} · {} · {} {}",
        measure.cited().get(language),
        measure.issued_by.get(language),
        measure.in_force_from,
        words.version,
        measure.version
    );
    [measure.title.get(language).to_owned(), document]
}

fn heading_width(measure: &Measure, language: Language) -> f64 {
    let [title, document] = heading_lines(measure, language);
    width(&title, 17.0).max(width(&document, LARGE)) + 2.0 * EDGE
}

fn heading(measure: &Measure, language: Language, svg: &mut String) {
    let [title, document] = heading_lines(measure, language);
    text(svg, EDGE, 26.0, 17.0, "bold", "#123", "start", &title);
    text(svg, EDGE, 47.0, LARGE, "normal", "#456", "start", &document);
}

#[expect(clippy::too_many_arguments, reason = "the attributes of one SVG element")]
fn text(
    svg: &mut String,
    x: f64,
    y: f64,
    size: f64,
    weight: &str,
    fill: &str,
    anchor: &str,
    line: &str,
) {
    let _ = writeln!(
        svg,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" font-size=\"{size}\" font-weight=\"{weight}\" fill=\"{fill}\" text-anchor=\"{anchor}\">{}</text>",
        escape(line)
    );
}

fn draw_item(item: &Item, svg: &mut String) {
    let Item { x, y, width, height, .. } = *item;
    let (radius, fill, stroke, dash) = match item.kind {
        Kind::Pass => return,
        Kind::Start => (height / 2.0, "#fff", "#789", ""),
        Kind::Node { standing: true, .. } => (6.0, "#dcebfa", "#27639c", ""),
        Kind::Node { .. } => (6.0, "#eceff3", "#678", ""),
        Kind::Label => (3.0, "#fff", "#c3ccd6", ""),
        Kind::Tag => (3.0, "#fffbea", "#c9a94a", " stroke-dasharray=\"4 2\""),
    };
    let _ = writeln!(
        svg,
        "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"{radius:.1}\" fill=\"{fill}\" stroke=\"{stroke}\"{dash}/>"
    );
    if matches!(item.kind, Kind::Node { terminal: true, .. }) {
        let _ = writeln!(
            svg,
            "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"4\" fill=\"none\" stroke=\"{stroke}\"/>",
            x + 3.0,
            y + 3.0,
            width - 6.0,
            height - 6.0
        );
    }
    let lines = item.head.iter().map(|line| (line, LARGE, "bold", "#123"));
    let small = item.small.iter().map(|line| (line, SMALL, "normal", "#345"));
    let inner = if item.head.is_empty() { 3.0 } else { 7.0 };
    let mut line_top = y + inner;
    for (line, size, weight, fill) in lines.chain(small) {
        text(svg, x + width / 2.0, line_top + size, size, weight, fill, "middle", line);
        line_top += size * LEADING;
    }
}

/// A curve that leaves and enters each box level, from its right edge to the next one's left.
fn path(picture: &Picture, line: &Line, svg: &mut String) {
    let mut data = String::new();
    for pair in line.through.windows(2) {
        let (Some(a), Some(b)) = (
            pair.first().map(|number| &picture.items[*number]),
            pair.last().map(|number| &picture.items[*number]),
        ) else {
            continue;
        };
        let (x1, y1) = (a.x + a.width, a.y + a.height / 2.0);
        let (x2, y2) = (b.x, b.y + b.height / 2.0);
        let half = (x2 - x1) / 2.0;
        let _ = write!(
            data,
            "M{x1:.1} {y1:.1}C{:.1} {y1:.1} {:.1} {y2:.1} {x2:.1} {y2:.1}",
            x1 + half,
            x2 - half
        );
    }
    let tip = if line.arrow { " marker-end=\"url(#tip)\"" } else { "" };
    let _ = writeln!(
        svg,
        "<path d=\"{data}\" fill=\"none\" stroke=\"#456\" stroke-width=\"1.2\"{tip}/>"
    );
}

/// The acts that move nothing, what is not known, and what the mark means; answers how far right
/// and down it reaches.
fn table(measure: &Measure, language: Language, top: f64, svg: &mut String) -> (f64, f64) {
    let words = words::words(language);
    let rows: Vec<[String; 4]> =
        measure.acts.iter().filter_map(|rule| row(measure, rule, language)).collect();
    let mut right = 0.0_f64;
    let mut y = top;
    if !rows.is_empty() {
        text(svg, EDGE, y, LARGE, "bold", "#123", "start", words.unmoved);
        y += ROW + 4.0;
        let head = words.columns.map(str::to_owned);
        let mut lefts = [EDGE; 5];
        for column in 0..4 {
            let cells = rows.iter().chain([&head]).map(|row| width(&row[column], SMALL));
            lefts[column + 1] = lefts[column] + cells.fold(0.0, f64::max) + 24.0;
        }
        for (number, row) in std::iter::once(&head).chain(&rows).enumerate() {
            let (weight, fill) = if number == 0 { ("bold", "#456") } else { ("normal", "#234") };
            for (cell, left) in row.iter().zip(lefts) {
                text(svg, left, y, SMALL, weight, fill, "start", cell);
            }
            y += ROW;
        }
        right = lefts[4];
    }
    if !measure.gaps.is_empty() {
        text(svg, EDGE, y, LARGE, "bold", "#123", "start", words.gaps);
        y += ROW;
        for gap in &measure.gaps {
            let gap = format!("– {}", gap.get(language));
            right = right.max(width(&gap, SMALL) + 2.0 * EDGE);
            text(svg, EDGE, y, SMALL, "normal", "#234", "start", &gap);
            y += ROW;
        }
    }
    if !measure.acts.is_empty() {
        text(svg, EDGE, y + 4.0, SMALL, "normal", "#456", "start", words.reading);
        y += ROW;
    }
    (right, y + 8.0)
}

/// The row of a rule, if one of its outcomes leaves a standing where it is.
fn row(measure: &Measure, rule: &ActRule, language: Language) -> Option<[String; 4]> {
    let words = words::words(language);
    let staying: Vec<&Id> = rule
        .outcomes
        .iter()
        .filter(|(_, outcome)| outcome.to.is_none())
        .map(|(id, _)| id)
        .collect();
    if staying.is_empty() {
        return None;
    }
    let said = label(measure, rule, &staying, language);
    let (act, article) = said.split_once(" · ")?;
    let by: Vec<String> = rule.by.iter().map(|office| words::office(*office, language)).collect();
    Some([
        act.to_owned(),
        by.join(words.comma),
        patterns(measure, &rule.from, language),
        article.to_owned(),
    ])
}
