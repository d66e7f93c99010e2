//! `docket indicators`.

use super::{items, push, row, show, text};
use crate::cli::ask::AskArgs;
use crate::cli::client::{Answer, segment};
use crate::cli::exit::Exit;
use crate::cli::output::{Page, Table};

/// The figures of a division, as printed, and what the measures set out to reach for it.
///
/// A division is a registered subject, a prefecture-level division by its code, or what a table sums up:
/// total_china, total_foreign_origin, total_all_origins. `--known-at` asks which figure was on record
/// at an instant, before a revision.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  docket indicators 440000 --data-dir demo-data --lang en
  docket indicators total_china --indicator patent_intensive_industry_share_of_gdp --data-dir demo-data
  docket indicators 370200 --known-at 2026-01-01T00:00:00+08:00

Exit codes: 0 shown, 2 usage, 4 the log is in use by another program, 5 no such division or log,
6 the token is not accepted, 7 the log is damaged, 8 the server can't be reached")]
pub struct IndicatorsArgs {
    /// The division, by its id or code, or a total
    division: String,
    /// Only this indicator
    #[arg(long, value_name = "INDICATOR")]
    indicator: Option<String>,
    /// What was on record at this instant, such as 2020-01-01T00:00:00+08:00
    #[arg(long, value_name = "INSTANT")]
    known_at: Option<String>,
    /// Exactly this much of the log: up to and with this sequence
    #[arg(long, value_name = "SEQUENCE", conflicts_with = "known_at")]
    at_sequence: Option<String>,
    #[command(flatten)]
    ask: AskArgs,
}

/// Runs the command.
///
/// # Errors
/// What can't be asked or is not there.
pub async fn run(args: &IndicatorsArgs) -> anyhow::Result<Exit> {
    let mut query = Vec::new();
    push(&mut query, "indicator", args.indicator.as_ref());
    push(&mut query, "known_at", args.known_at.as_ref());
    push(&mut query, "at_sequence", args.at_sequence.as_ref());
    let asker = args.ask.open(false).await?;
    let path = format!("/v1/indicators/{}/observations", segment(&args.division)?);
    let answer = asker.get(&path, &query).await?;
    show(asker, &args.ask, answer, table).await?;
    Ok(Exit::Done)
}

fn table(answer: &Answer) -> Page {
    let mut page = Page::default();
    let name = if answer.is_english { "/name/en" } else { "/name/zh" };
    page.strong(&format!("{}  {}", text(&answer.body, name), text(&answer.body, "/division")));
    let head = [
        answer.say("indicator", "指标"),
        answer.say("period", "期间"),
        answer.say("basis", "口径"),
        answer.say("covers", "范围"),
        answer.say("value", "数值"),
        answer.say("unit", "单位"),
        answer.say("source", "来源"),
    ];
    let mut figures = Table::new(&head);
    let members =
        ["/indicator_label", "/period", "/basis", "/coverage", "/value", "/unit", "/source"];
    for item in items(&answer.body, "/items") {
        figures.row(row(answer, item, &members));
    }
    page.table(&figures);
    let head = [
        answer.say("target of", "目标（类型）"),
        answer.say("indicator", "指标"),
        answer.say("by", "期限"),
        answer.say("target", "目标"),
        answer.say("applies", "适用"),
    ];
    let mut targets = Table::new(&head);
    for item in items(&answer.body, "/targets") {
        let mut cells = row(answer, item, &["/category", "/indicator_label", "/by", "/target"]);
        let applies = item["applies"] == true;
        let said = if applies {
            answer.say("yes", "是")
        } else {
            answer.say("not applicable", "不适用")
        };
        cells.push(said.to_owned());
        targets.row(cells);
    }
    if items(&answer.body, "/targets").next().is_some() {
        page.table(&targets);
    }
    page
}
