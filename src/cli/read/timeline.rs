//! `docket timeline`.

use serde_json::Value;

use super::{TimeArgs, cell, enrollment, heading, items, joined, show, text};
use crate::cli::ask::AskArgs;
use crate::cli::client::Answer;
use crate::cli::exit::Exit;
use crate::cli::output::{Page, Table};
use crate::cli::token::now_unix_s;
use crate::domain::date::Timestamp;

/// Columns of the picture for one year: four quarters and a space.
const YEAR_COLUMNS: usize = 5;
/// A picture of more years than this fits no screen.
const MAX_YEARS: i32 = 40;

/// The phases of an enrollment against the national stages, plan beside actual.
///
/// A picture by quarters, then the same as tables with articles: phases, titles, terms, and the acts
/// in the order in which they count. The national stages are a background; nothing is judged by them.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  docket timeline exercise_strong_province x01 --data-dir demo-data --lang en
  docket timeline cluster_area futian --as-of 2018-12-31 --server http://127.0.0.1:8080

Exit codes: 0 shown, 2 usage, 4 the log is in use by another program, 5 no such program, subject or log,
6 the token is not accepted, 7 the log is damaged, 8 the server can't be reached")]
pub struct TimelineArgs {
    /// The program, such as strong_province
    program: String,
    /// The subject, such as 440000 or futian
    subject: String,
    #[command(flatten)]
    time: TimeArgs,
    #[command(flatten)]
    ask: AskArgs,
}

/// Runs the command.
///
/// # Errors
/// What can't be asked or is not there.
pub async fn run(args: &TimelineArgs) -> anyhow::Result<Exit> {
    let asker = args.ask.open(false).await?;
    let path = enrollment(&args.program, &args.subject, "/timeline")?;
    let answer = asker.get(&path, &args.time.query()).await?;
    show(asker, &args.ask, answer, timeline).await?;
    Ok(Exit::Done)
}

fn timeline(answer: &Answer) -> Page {
    let mut page = Page::default();
    page.strong(&heading(answer));
    if let Some(picture) = picture(answer, this_quarter()) {
        page.line("");
        page.table(&picture);
    }
    phases(answer, &mut page);
    held(answer, "/categories", answer.say("Categories", "类型"), &mut page);
    held(answer, "/titles", answer.say("Titles", "称号"), &mut page);
    held(answer, "/terms", answer.say("Terms", "期限"), &mut page);
    acts(answer, &mut page);
    page
}

fn phases(answer: &Answer, page: &mut Page) {
    let mut table = Table::new(&[
        answer.say("phase", "阶段"),
        answer.say("from", "自"),
        answer.say("to", "至"),
        answer.say("planned until", "计划至"),
        answer.say("national stages", "国家阶段"),
        answer.say("article", "条款"),
    ]);
    for item in items(&answer.body, "/phases") {
        let stages: Vec<_> = items(item, "/stages").filter_map(Value::as_str).collect();
        table.row(vec![
            text(item, "/label"),
            text(item, "/from"),
            text(item, "/to"),
            planned_said(answer, item),
            stages_said(answer, &stages, item["before_stages"] == true),
            cell(answer, item, "/article"),
        ]);
    }
    page.section(answer.say("Phases", "阶段"), &table);
}

/// Until when a phase was planned, marked where that is our reading.
fn planned_said(answer: &Answer, phase: &Value) -> String {
    let until = text(phase, "/planned_until");
    match phase["planned_reading"].is_null() {
        true => until,
        false => format!("{until} {}", answer.say("(reading)", "（解读）")),
    }
}

/// The national stages by their numbers, and that years lie before the first: `I II`,
/// `第一、第二阶段`, `before Stage I, I`.
fn stages_said(answer: &Answer, ids: &[&str], before: bool) -> String {
    let before = if before { answer.say("before Stage I", "第一阶段之前") } else { "" };
    let stages = stages_numbered(answer, ids);
    let all = [before, stages.as_str()];
    let said: Vec<&str> = all.into_iter().filter(|said| !said.is_empty()).collect();
    said.join(answer.say(", ", "、"))
}

fn stages_numbered(answer: &Answer, ids: &[&str]) -> String {
    if answer.is_english || ids.is_empty() {
        return ids.join(" ");
    }
    let said = |id: &&str| match *id {
        "I" => "第一",
        "II" => "第二",
        "III" => "第三",
        _ => "其他",
    };
    let said: Vec<_> = ids.iter().map(said).collect();
    format!("{}阶段", said.join("、"))
}

fn held(answer: &Answer, member: &str, title: &str, page: &mut Page) {
    let mut table = Table::new(&[
        answer.say("from", "自"),
        answer.say("until", "至"),
        answer.say("held until", "实际至"),
        answer.say("what", "内容"),
        answer.say("article", "条款"),
    ]);
    for item in items(&answer.body, member) {
        let what = joined(text(item, "/label"), "", text(item, "/arithmetic"));
        // A category has no day of its own, but that from which it was held.
        let from = if item["from"].is_null() { "/from_day" } else { "/from" };
        table.row(vec![
            text(item, from),
            text(item, "/until"),
            text(item, "/to_day"),
            what,
            cell(answer, item, "/article"),
        ]);
    }
    page.section(title, &table);
}

fn acts(answer: &Answer, page: &mut Page) {
    let mut table = Table::new(&[
        answer.say("date", "日期"),
        answer.say("act", "行为"),
        answer.say("revision", "修订号"),
        "",
    ]);
    for item in items(&answer.body, "/acts") {
        let lost = item["supported"] == false;
        let lost = if lost { answer.say("without ground", "已失依据") } else { "" };
        table.row(vec![
            text(item, "/effective_on"),
            cell(answer, item, "/act"),
            text(item, "/revision"),
            lost.to_owned(),
        ]);
    }
    page.section(answer.say("Acts", "行为"), &table);
}

/// One row of the picture: its label, and its first and last quarter, counted from year 0.
struct Bar {
    label: String,
    first: i32,
    last: i32,
    fill: char,
}

/// Stages and phases as bars over the years, an open phase up to the day asked about or today;
/// nothing where there is no phase.
fn picture(answer: &Answer, today: i32) -> Option<Table> {
    let body = &answer.body;
    let phases: Vec<&Value> = items(body, "/phases").collect();
    let marks: Vec<i32> =
        items(body, "/acts").filter_map(|act| quarter(act, "/fold_day")).collect();
    let first = phases.iter().filter_map(|phase| quarter(phase, "/from_day")).min()?;
    let newest = marks.iter().copied().max().unwrap_or(first);
    let present = quarter(body, "/as_of").unwrap_or(today);
    let year = |item: &Value, pointer| item.pointer(pointer).and_then(Value::as_i64);
    let mut bars = Vec::new();
    for stage in items(body, "/stages") {
        let (Some(from), Some(to)) = (year(stage, "/from_year"), year(stage, "/to_year")) else {
            continue;
        };
        let quarters = |year: i64| i32::try_from(year * 4).unwrap_or_default();
        let (first, last) = (quarters(from), quarters(to) + 3);
        bars.push(Bar { label: text(stage, "/label"), first, last, fill: '·' });
    }
    for phase in phases {
        let from = quarter(phase, "/from_day")?;
        let until = quarter(phase, "/to_day");
        let last = until.map_or(present.max(from), |to| (to - 1).max(from));
        bars.push(Bar { label: text(phase, "/label"), first: from, last, fill: '█' });
        // A plan that was over when the phase began has no day in it.
        if let Some(last) = quarter(phase, "/planned_until").filter(|last| *last >= from) {
            let label = answer.say("  as planned", "  计划").to_owned();
            bars.push(Bar { label, first: from, last, fill: '░' });
        }
    }
    let last = bars.iter().map(|bar| bar.last).max().unwrap_or(newest).max(newest);
    let years = first.min(bars.iter().map(|bar| bar.first).min()?) / 4..=last / 4;
    if years.clone().count() > usize::try_from(MAX_YEARS).unwrap_or_default() {
        return None;
    }
    Some(drawn(&bars, &marks, years, answer.say("acts", "行为")))
}

fn drawn(bars: &[Bar], marks: &[i32], years: std::ops::RangeInclusive<i32>, acts: &str) -> Table {
    let (begin, count) = (*years.start(), years.clone().count());
    let column = |quarter: i32| {
        let at = usize::try_from(quarter - begin * 4).unwrap_or_default();
        at / 4 * YEAR_COLUMNS + at % 4
    };
    let blank = || vec![' '; count * YEAR_COLUMNS];
    let head: String = years.map(|year| format!("{year:<YEAR_COLUMNS$}")).collect();
    let mut table = Table::new(&["", head.trim_end()]);
    for bar in bars {
        let mut row = blank();
        for cell in &mut row[column(bar.first)..=column(bar.last)] {
            *cell = bar.fill;
        }
        table.row(vec![bar.label.clone(), row.into_iter().collect()]);
    }
    let mut row = blank();
    for mark in marks {
        row[column(*mark)] = '|';
    }
    table.row(vec![acts.to_owned(), row.into_iter().collect()]);
    table
}

/// The present quarter in China, counted from year 0.
fn this_quarter() -> i32 {
    let day = Timestamp::from_micros(now_unix_s() * 1_000_000).civil_day();
    day.year() * 4 + i32::try_from((day.month() - 1) / 3).unwrap_or_default()
}

/// The quarter of a day, counted from year 0; of an interval that of its latest day.
fn quarter(item: &Value, pointer: &str) -> Option<i32> {
    let day = item.pointer(pointer)?.as_str()?;
    let day = day.rsplit('/').next()?;
    let year: i32 = day.get(..4)?.parse().ok()?;
    let month: i32 = day.get(5..7).map_or(Some(12), |month| month.parse().ok())?;
    Some(year * 4 + (month - 1) / 3)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_quarter_is_that_of_the_latest_day() {
        let of = |day| quarter(&json!({ "at": day }), "/at");
        assert_eq!(of("2016-04-01"), Some(2016 * 4 + 1));
        assert_eq!(of("2016-12-31"), Some(2016 * 4 + 3));
        assert_eq!(of("2013/2016-06"), Some(2016 * 4 + 1));
        assert_eq!(of("2016"), Some(2016 * 4 + 3));
        assert_eq!(of("long ago"), None);
    }

    #[test]
    fn bars_stand_under_their_years() {
        let body = json!({
            "stages": [{ "label": "I", "from_year": 2015, "to_year": 2016 }],
            "phases": [{ "label": "试点", "from_day": "2015-07-01", "to_day": "2016-04-01",
                "planned_until": "2016-06-30" }],
            "acts": [{ "fold_day": "2015-07-01" }, { "fold_day": "2016-04-01" }],
        });
        let picture = picture(&Answer { body, is_english: true }, 2016 * 4 + 2).unwrap();
        let mut page = Page::default();
        page.table(&picture);
        let picture = page.to_string();
        let expected = [
            "              2015 2016",
            "I             ·········",
            "试点            ████",
            "  as planned    ░░░░░",
            "acts            |   |",
        ];
        assert_eq!(picture.lines().collect::<Vec<_>>(), expected);
    }
}
