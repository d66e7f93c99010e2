//! `docket obligations`.

use super::{TimeArgs, enrollment, items, push, row, show};
use crate::cli::ask::AskArgs;
use crate::cli::client::Answer;
use crate::cli::exit::Exit;
use crate::cli::output::{Page, Table};

/// What is due, when, under which article, and who owes it.
///
/// Of one enrollment, with how each due date follows; or, without a subject, across programs.
/// `--as-of` asks what was due on a day, `--known-at` what was on record at an instant, judged by
/// the calendars adopted until then. Nothing is late before the later end of its due date, moved to a working
/// day, has passed.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  docket obligations cluster_area futian --data-dir demo-data --lang en
  docket obligations exercise_strong_province --status OVERDUE,LATE --data-dir demo-data
  docket obligations --owes local_government --due-before 2027-01-01
  docket obligations --as-of 2018-06-30 --known-at 2020-01-01T00:00:00+08:00

Exit codes: 0 shown, 2 usage, 4 the log is in use by another program, 5 no such program, subject or log,
6 the token is not accepted, 7 the log is damaged, 8 the server can't be reached")]
pub struct ObligationsArgs {
    /// The program [default: every one that is no exercise]
    program: Option<String>,
    /// The subject
    subject: Option<String>,
    #[command(flatten)]
    time: TimeArgs,
    /// Across programs: OPEN, MET, LATE, OVERDUE, WAIVED, NOT_IN_THE_RECORD, with commas
    #[arg(long, conflicts_with = "subject")]
    status: Option<String>,
    /// Across programs: owed by this office, such as provincial_department
    #[arg(long, value_name = "OFFICE", conflicts_with = "subject")]
    owes: Option<String>,
    /// Across programs: of subjects in this province, and of it itself; unassigned: in none
    #[arg(long, conflicts_with = "subject")]
    province: Option<String>,
    /// Across programs: certainly due before this day
    #[arg(long, value_name = "DAY", conflicts_with = "subject")]
    due_before: Option<String>,
    /// Across programs: due in this year, or undated
    #[arg(long, value_name = "YEAR", conflicts_with = "subject")]
    due_year: Option<String>,
    /// Across programs: the exercises
    #[arg(long, conflicts_with = "program")]
    exercise: bool,
    #[command(flatten)]
    ask: AskArgs,
}

/// Runs the command.
///
/// # Errors
/// What can't be asked or is not there.
pub async fn run(args: &ObligationsArgs) -> anyhow::Result<Exit> {
    let mut query = args.time.query();
    if let (Some(program), Some(subject)) = (&args.program, &args.subject) {
        let asker = args.ask.open(false).await?;
        let path = enrollment(program, subject, "/obligations")?;
        let answer = asker.get(&path, &query).await?;
        show(asker, &args.ask, answer, table).await?;
        return Ok(Exit::Done);
    }
    push(&mut query, "program", args.program.as_ref());
    push(&mut query, "status", args.status.as_ref());
    push(&mut query, "owes", args.owes.as_ref());
    push(&mut query, "province", args.province.as_ref());
    push(&mut query, "due_before", args.due_before.as_ref());
    push(&mut query, "due_year", args.due_year.as_ref());
    if args.exercise {
        query.push(("exercise", "true".to_owned()));
    }
    let asker = args.ask.open(true).await?;
    let answer = asker.list("/v1/obligations", &query).await?;
    show(asker, &args.ask, answer, table).await?;
    Ok(Exit::Done)
}

fn table(answer: &Answer) -> Page {
    let is_list = items(&answer.body, "/items").any(|item| item.get("subject").is_some());
    let mut head = vec![
        answer.say("obligation", "义务"),
        answer.say("owes", "义务人"),
        answer.say("status", "状态"),
        answer.say("due", "到期"),
        answer.say("in time until", "按期截止"),
        answer.say("received", "收到"),
        answer.say("days waited", "已等待天数"),
        answer.say("days late", "逾期天数"),
        answer.say("article", "条款"),
        answer.say("how it follows", "推算"),
    ];
    let mut members = vec![
        "/label",
        "/owes",
        "/status",
        "/due/on",
        "/due/not_late_before",
        "/met/received_on",
        "/waiting",
        "/days_late",
        "/article",
        "/due/arithmetic",
    ];
    if is_list {
        head.splice(0..0, [answer.say("program", "项目"), answer.say("subject", "主体")]);
        members.splice(0..0, ["/program", "/subject"]);
    }
    let mut table = Table::new(&head);
    for item in items(&answer.body, "/items") {
        table.row(row(answer, item, &members));
    }
    let mut page = Page::default();
    page.table(&table);
    page
}
