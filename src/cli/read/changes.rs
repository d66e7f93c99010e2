//! `docket changes`.

use super::{items, joined, show, text};
use crate::cli::ask::AskArgs;
use crate::cli::client::Answer;
use crate::cli::exit::{Exit, failure};
use crate::cli::output::{Page, Table};
use serde_json::Value;

/// What the record answers otherwise than at an earlier instant, and by which event.
///
/// Compares what was on record at two instants: which standings, categories, places, titles, terms, due
/// dates and figures are answered otherwise, for which days, and by which event. With one instant what is on
/// record now is compared with it.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  docket changes --known-at 2026-01-01T00:00:00+08:00 --data-dir demo-data
  docket changes --known-at 2026-01-01T00:00:00+08:00 --known-at 2026-07-01T00:00:00+08:00 --program cluster_area
  docket changes --at-sequence 1000 --exercise --output json

Exit codes: 0 shown, 2 usage, 4 the log is in use by another program, 5 no such subject or log,
6 the token is not accepted, 7 the log is damaged, 8 the server can't be reached")]
pub struct ChangesArgs {
    /// What was on record at this instant, such as 2020-01-01T00:00:00+08:00; a second one: compared with this
    #[arg(long, value_name = "INSTANT", required_unless_present = "at_sequence")]
    known_at: Vec<String>,
    /// The same by how much of the log is looked at: up to and with this sequence
    #[arg(long, value_name = "SEQUENCE", conflicts_with = "known_at")]
    at_sequence: Vec<String>,
    /// Of this program, and figures of the indicators that its measures declare
    #[arg(long)]
    program: Option<String>,
    /// Of this subject, or of a division or total of which figures are kept
    #[arg(long)]
    subject: Option<String>,
    /// The exercises
    #[arg(long, conflicts_with = "program")]
    exercise: bool,
    #[command(flatten)]
    ask: AskArgs,
}

/// Runs the command.
///
/// # Errors
/// What can't be asked.
pub async fn run(args: &ChangesArgs) -> anyhow::Result<Exit> {
    let by_instant = [("since_known_at", "known_at"), ("since_sequence", "at_sequence")];
    let mut query = Vec::new();
    for ((since, until), stated) in by_instant.into_iter().zip([&args.known_at, &args.at_sequence])
    {
        match stated.as_slice() {
            [] => {}
            [one] => query.push((since, one.clone())),
            [one, two] => query.extend([(since, one.clone()), (until, two.clone())]),
            more => {
                let text = format!("two are compared, the earlier first: there are {}", more.len());
                return Err(failure(Exit::Usage, text));
            }
        }
    }
    super::push(&mut query, "program", args.program.as_ref());
    super::push(&mut query, "subject", args.subject.as_ref());
    if args.exercise {
        query.push(("exercise", "true".to_owned()));
    }
    let asker = args.ask.open(true).await?;
    let answer = asker.list("/v1/changes", &query).await?;
    show(asker, &args.ask, answer, table).await?;
    Ok(Exit::Done)
}

fn table(answer: &Answer) -> Page {
    let mut table = Table::new(&[
        answer.say("program", "项目"),
        answer.say("subject", "主体"),
        answer.say("asked", "所问"),
        answer.say("from", "自"),
        answer.say("to before", "至（不含）"),
        answer.say("answered before", "此前的回答"),
        answer.say("answered now", "现在的回答"),
        answer.say("by", "依据事件"),
        answer.say("event", "事件编号"),
    ]);
    for item in items(&answer.body, "/items") {
        let subject = match item["subject"].is_null() {
            true => answer.say("(the program as a whole)", "（项目整体）").to_owned(),
            false => text(item, "/name"),
        };
        let asked = ["/obligation_label", "/figure_of/indicator_label", "/figure_of/period"]
            .into_iter()
            .chain(["/figure_of/basis", "/figure_of/coverage"])
            .fold(text(item, "/asked_label"), |asked, of| joined(asked, " ", text(item, of)));
        let program = match item["program"].is_null() {
            true => String::new(),
            false => super::words::cell(answer, item, "/program"),
        };
        table.row(vec![
            program,
            subject,
            joined(asked, " ", text(item, "/year")),
            text(item, "/from_day"),
            text(item, "/to_day"),
            said(answer, &item["before"]),
            said(answer, &item["after"]),
            text(item, "/by/type_label"),
            text(item, "/by/sequence"),
        ]);
    }
    let mut page = Page::default();
    page.table(&table);
    page
}

/// An answer in one cell.
fn said(answer: &Answer, value: &Value) -> String {
    if value.is_null() {
        return answer.say("nothing", "无").to_owned();
    }
    let parts = [
        (text(value, "/code_label"), "{}", "{}"),
        (text(value, "/figure"), "{}", "{}"),
        (text(value, "/on"), "{}", "{}"),
        (text(value, "/received_on"), "received {}", "{}收到"),
        (text(value, "/ended_on"), "until {}", "至{}止"),
    ];
    let said = parts.into_iter().filter(|(text, ..)| !text.is_empty());
    let said = said.map(|(text, en, zh)| answer.say(en, zh).replace("{}", &text));
    let said = said.fold(String::new(), |all, one| joined(all, answer.say(", ", "，"), one));
    if said.is_empty() { answer.say("without a date", "无确定日期").to_owned() } else { said }
}
