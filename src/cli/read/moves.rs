//! `docket moves` and `docket totals`.

use super::words::row;
use super::{TimeArgs, items, push, show, text};
use crate::cli::ask::AskArgs;
use crate::cli::client::Answer;
use crate::cli::exit::Exit;
use crate::cli::output::{Page, Table};

/// What waits at which office since when, dated or not.
///
/// First the decisions and steps that an office is waited for, then the obligations that are not met and
/// can be. With the days waited, the last day in time, and the days that have passed since.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  docket moves --office national_office --data-dir demo-data --lang en
  docket moves --program exercise_cluster_area --province x01 --data-dir demo-data
  docket moves --exercise --as-of 2018-06-30 --output json

Exit codes: 0 shown, 2 usage, 4 the log is in use by another program, 5 no such program, subject or log,
6 the token is not accepted, 7 the log is damaged, 8 the server can't be reached")]
pub struct MovesArgs {
    #[command(flatten)]
    which: WhichArgs,
    #[command(flatten)]
    time: TimeArgs,
    #[command(flatten)]
    ask: AskArgs,
}

/// Obligations added up by office, province and year, the national office first.
///
/// How many were owed, met in time, met late and by how many days, are open and overdue. The year is that of
/// the due date; what two offices owe together stands under each of them. In JSON each figure says which
/// list of obligations opens it.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  docket totals --data-dir demo-data --lang en
  docket totals --exercise --office national_office --data-dir demo-data
  docket totals --program cluster_area --due-year 2018 --output json

Exit codes: 0 shown, 2 usage, 4 the log is in use by another program, 5 no such program, subject or log,
6 the token is not accepted, 7 the log is damaged, 8 the server can't be reached")]
pub struct TotalsArgs {
    /// Due in this year, or undated
    #[arg(long, value_name = "YEAR")]
    due_year: Option<String>,
    #[command(flatten)]
    which: WhichArgs,
    #[command(flatten)]
    time: TimeArgs,
    #[command(flatten)]
    ask: AskArgs,
}

#[derive(Debug, clap::Args)]
struct WhichArgs {
    /// In this program [default: every one that is no exercise]
    #[arg(long)]
    program: Option<String>,
    /// Of this subject
    #[arg(long)]
    subject: Option<String>,
    /// Of subjects in this province, and of it itself; unassigned: in none
    #[arg(long)]
    province: Option<String>,
    /// Of this office, such as national_office
    #[arg(long)]
    office: Option<String>,
    /// The exercises
    #[arg(long, conflicts_with = "program")]
    exercise: bool,
}

impl WhichArgs {
    fn query(&self, time: &TimeArgs) -> Vec<(&'static str, String)> {
        let mut query = time.query();
        let stated = [
            ("program", &self.program),
            ("subject", &self.subject),
            ("province", &self.province),
            ("office", &self.office),
        ];
        stated.into_iter().for_each(|(name, value)| push(&mut query, name, value.as_ref()));
        if self.exercise {
            query.push(("exercise", "true".to_owned()));
        }
        query
    }
}

/// Runs the command.
///
/// # Errors
/// What can't be asked.
pub async fn run(args: &MovesArgs) -> anyhow::Result<Exit> {
    let asker = args.ask.open(true).await?;
    let answer = asker.list("/v1/moves", &args.which.query(&args.time)).await?;
    show(asker, &args.ask, answer, moves).await?;
    Ok(Exit::Done)
}

/// Runs the command that adds up.
///
/// # Errors
/// What can't be asked.
pub async fn run_totals(args: &TotalsArgs) -> anyhow::Result<Exit> {
    let mut query = args.which.query(&args.time);
    push(&mut query, "due_year", args.due_year.as_ref());
    let asker = args.ask.open(true).await?;
    let answer = asker.get("/v1/obligations/totals", &query).await?;
    show(asker, &args.ask, answer, totals).await?;
    Ok(Exit::Done)
}

fn moves(answer: &Answer) -> Page {
    let mut table = Table::new(&[
        answer.say("office", "机关"),
        answer.say("program", "项目"),
        answer.say("subject", "主体"),
        answer.say("waits for", "待办事项"),
        answer.say("since", "起自"),
        answer.say("days waited", "已等待天数"),
        answer.say("in time until", "按期截止"),
        answer.say("days late", "逾期天数"),
        answer.say("article", "条款"),
    ]);
    let members = ["/office", "/program", "/name", "/matter_label", "/since", "/waiting_days"];
    for item in items(&answer.body, "/items") {
        let mut cells = row(answer, item, &members);
        let more = ["/in_time_until", "/days_late", "/article"];
        cells.extend(more.map(|pointer| text(item, pointer)));
        table.row(cells);
    }
    let mut page = Page::default();
    page.table(&table);
    page
}

fn totals(answer: &Answer) -> Page {
    let mut table = Table::new(&[
        answer.say("office", "机关"),
        answer.say("province", "省份"),
        answer.say("year", "年份"),
        answer.say("owed", "应履行"),
        answer.say("in time", "按期"),
        answer.say("late", "逾期履行"),
        answer.say("days late", "逾期天数"),
        answer.say("most", "最多"),
        answer.say("open", "尚未履行"),
        answer.say("overdue", "逾期未履行"),
        answer.say("days overdue", "已逾期天数"),
        answer.say("most", "最多"),
        answer.say("waived", "已免除"),
        answer.say("not in the record", "未在档"),
    ]);
    for item in items(&answer.body, "/items") {
        let year = match text(item, "/year").as_str() {
            "undated" => answer.say("undated", "无期限").to_owned(),
            year => year.to_owned(),
        };
        let mut cells = vec![text(item, "/office_label"), text(item, "/province_name"), year];
        let figures = [
            "/owed/count",
            "/met_in_time/count",
            "/late/count",
            "/days_late_sum",
            "/days_late_max",
            "/open/count",
            "/overdue/count",
            "/days_overdue_sum",
            "/days_overdue_max",
            "/waived/count",
            "/not_in_the_record/count",
        ];
        cells.extend(figures.map(|pointer| text(item, pointer)));
        table.row(cells);
    }
    let mut page = Page::default();
    page.table(&table);
    page
}
