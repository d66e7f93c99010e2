//! `docket cohorts`.

use super::{TimeArgs, items, push, show, text};
use crate::cli::ask::AskArgs;
use crate::cli::client::{Answer, segment};
use crate::cli::exit::Exit;
use crate::cli::output::{Page, Table};

/// What became of those who were decided in one round or batch.
///
/// For each annual round and each batch of a program: how many were decided in it, how many of them have
/// something that awaits a decision, and where they stand on the day. Who was decided again in a later round
/// stays in the earlier one. In JSON each figure says which list of enrollments opens it.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  docket cohorts exercise_cluster_area --round 2014 --data-dir demo-data --lang en
  docket cohorts strong_province --data-dir demo-data
  docket cohorts cluster_area --as-of 2018-06-30 --output json

Exit codes: 0 shown, 2 usage, 4 the log is in use by another program, 5 no such program or log,
6 the token is not accepted, 7 the log is damaged, 8 the server can't be reached")]
pub struct CohortsArgs {
    /// The program, such as cluster_area
    program: String,
    /// Of this annual round
    #[arg(long)]
    round: Option<String>,
    /// Of this batch
    #[arg(long)]
    batch: Option<String>,
    #[command(flatten)]
    time: TimeArgs,
    #[command(flatten)]
    ask: AskArgs,
}

/// Runs the command.
///
/// # Errors
/// What can't be asked or is not there.
pub async fn run(args: &CohortsArgs) -> anyhow::Result<Exit> {
    let mut query = args.time.query();
    push(&mut query, "round", args.round.as_ref());
    push(&mut query, "batch", args.batch.as_ref());
    let asker = args.ask.open(true).await?;
    let path = format!("/v1/programs/{}/cohorts", segment(&args.program)?);
    let answer = asker.get(&path, &query).await?;
    show(asker, &args.ask, answer, table).await?;
    Ok(Exit::Done)
}

fn table(answer: &Answer) -> Page {
    let mut page = Page::default();
    let body = &answer.body;
    page.strong(&format!("{}  {}", text(body, "/program_name"), text(body, "/as_of")));
    let mut table = Table::new(&[
        answer.say("cohort", "年度或批次"),
        answer.say("stands at", "所处阶段"),
        answer.say("members", "主体数"),
    ]);
    for cohort in items(body, "/rounds").chain(items(body, "/batches")) {
        let all = answer.say("all", "全部").to_owned();
        table.row(vec![text(cohort, "/label"), all, text(cohort, "/members/count")]);
        for became in items(cohort, "/became") {
            let at = text(became, "/stands_at/label");
            let at = if at.is_empty() { answer.say("nowhere", "无").to_owned() } else { at };
            table.row(vec![String::new(), at, text(became, "/members/count")]);
        }
        let more = [
            (answer.say("awaiting a decision", "有待决事项"), "/waiting/count"),
            (answer.say("decided again since", "其后再次决定"), "/decided_again/count"),
        ];
        for (label, at) in more {
            table.row(vec![String::new(), label.to_owned(), text(cohort, at)]);
        }
    }
    page.table(&table);
    page
}
