//! `docket status`.

use super::{TimeArgs, cell, enrollment, heading, items, joined, push, row, show, text};
use crate::cli::ask::AskArgs;
use crate::cli::client::Answer;
use crate::cli::exit::Exit;
use crate::cli::output::{Page, Table, said_instant};

/// Where an enrollment stands, or a list of them.
///
/// The phase, category, title and term on a day, whose move it is and under which article, and what
/// is due. `--as-of` asks what held on a day, `--known-at` what was on record at an instant. With
/// `--list` one line for each enrollment: the real ones, or with `--exercise` the invented ones.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  docket status strong_province 440000 --data-dir demo-data --lang en
  docket status strong_province 440000 --as-of 2016-12-31 --server http://127.0.0.1:8080
  docket status --list --program strong_province --output json
  docket status --list --as-of 2018-06-30 --known-at 2020-01-01T00:00:00+08:00

Exit codes: 0 shown, 2 usage, 4 the log is in use by another program, 5 no such program, subject or log,
6 the token is not accepted, 7 the log is damaged, 8 the server can't be reached")]
pub struct StatusArgs {
    /// The program, such as strong_province
    #[arg(required_unless_present = "list", conflicts_with = "list")]
    program: Option<String>,
    /// The subject, such as 440000 or futian
    #[arg(required_unless_present = "list")]
    subject: Option<String>,
    #[command(flatten)]
    time: TimeArgs,
    /// List enrollments instead
    #[arg(long)]
    list: bool,
    #[command(flatten)]
    filter: FilterArgs,
    #[command(flatten)]
    ask: AskArgs,
}

/// Which enrollments to list.
#[derive(Debug, clap::Args)]
struct FilterArgs {
    /// With --list: of this program
    #[arg(
        long = "program",
        id = "of_program",
        value_name = "PROGRAM",
        requires = "list",
        conflicts_with = "program"
    )]
    of_program: Option<String>,
    /// With --list: in this phase
    #[arg(long, requires = "list", conflicts_with = "program")]
    phase: Option<String>,
    /// With --list: in this category
    #[arg(long, requires = "list", conflicts_with = "program")]
    category: Option<String>,
    /// With --list: last decided in this annual round
    #[arg(long, requires = "list", conflicts_with = "program")]
    round: Option<String>,
    /// With --list: last decided in this batch
    #[arg(long, requires = "list", conflicts_with = "program")]
    batch: Option<String>,
    /// With --list: decided in this annual round, whatever was decided later
    #[arg(long, value_name = "ROUND", requires = "list", conflicts_with = "program")]
    decided_in_round: Option<String>,
    /// With --list: decided in this batch, whatever was decided later
    #[arg(long, value_name = "BATCH", requires = "list", conflicts_with = "program")]
    decided_in_batch: Option<String>,
    /// With --list: at this node, such as pilot.failed, or nowhere
    #[arg(long, value_name = "NODE", requires = "list", conflicts_with = "program")]
    stands_at: Option<String>,
    /// With --list: in this zone; unassigned: in none on record
    #[arg(long, requires = "list", conflicts_with = "program")]
    zone: Option<String>,
    /// With --list: this province and what lies in it
    #[arg(long, value_name = "CODE", requires = "list", conflicts_with = "program")]
    province: Option<String>,
    /// With --list: the exercises
    #[arg(long, requires = "list", conflicts_with = "program")]
    exercise: bool,
}

/// Runs the command.
///
/// # Errors
/// What can't be asked or is not there.
pub async fn run(args: &StatusArgs) -> anyhow::Result<Exit> {
    let mut query = args.time.query();
    if let (Some(program), Some(subject)) = (&args.program, &args.subject) {
        let asker = args.ask.open(false).await?;
        let answer = asker.get(&enrollment(program, subject, "")?, &query).await?;
        show(asker, &args.ask, answer, one).await?;
        return Ok(Exit::Done);
    }
    let filter = &args.filter;
    push(&mut query, "program", filter.of_program.as_ref());
    push(&mut query, "phase", filter.phase.as_ref());
    push(&mut query, "category", filter.category.as_ref());
    push(&mut query, "round", filter.round.as_ref());
    push(&mut query, "batch", filter.batch.as_ref());
    push(&mut query, "decided_in_round", filter.decided_in_round.as_ref());
    push(&mut query, "decided_in_batch", filter.decided_in_batch.as_ref());
    push(&mut query, "stands_at", filter.stands_at.as_ref());
    push(&mut query, "zone", filter.zone.as_ref());
    push(&mut query, "province", filter.province.as_ref());
    if filter.exercise {
        query.push(("exercise", "true".to_owned()));
    }
    let asker = args.ask.open(true).await?;
    let answer = asker.list("/v1/enrollments", &query).await?;
    show(asker, &args.ask, answer, list).await?;
    Ok(Exit::Done)
}

fn one(answer: &Answer) -> Page {
    let body = &answer.body;
    let say = |en, zh| answer.say(en, zh);
    let range = |from: String, until: String| joined(from, " – ", until);
    let mut page = Page::default();
    page.strong(&heading(answer));
    let node = text(body, "/stands_at/node");
    let node = if answer.is_english { bracketed(node) } else { String::new() };
    let node = joined(text(body, "/stands_at/label"), "  ", node);
    let node = if node.is_empty() { say("nowhere", "无").to_owned() } else { node };
    let until = text(body, "/title/until");
    let title = joined(text(body, "/title/label"), "  ", range(text(body, "/title/from"), until));
    let category = if answer.is_english { "/place/category" } else { "/category/label" };
    let category = body.pointer("/place/category").map(|_| text(body, category));
    let place =
        joined(category.unwrap_or_default(), say(" since ", "，自"), text(body, "/place/from"));
    let attempt = text(body, "/attempt");
    let attempt = if answer.is_english { attempt } else { format!("第{attempt}次申报") };
    let measure = if answer.is_english { "/measure/version" } else { "/measure/number" };
    page.fields(&[
        (say("as of", "日期"), text(body, "/as_of")),
        (say("known at", "截至入档"), said_instant(&text(body, "/known_at"))),
        (say("stands at", "所处阶段"), node),
        (say("since", "起自"), text(body, "/stands_at/since")),
        (say("category", "类型"), text(body, "/category/label")),
        (say("round", "年度"), cell(answer, body, "/round")),
        (say("batch", "批次"), cell(answer, body, "/batch")),
        (say("title", "称号"), title),
        (say("term", "期限"), range(text(body, "/term/from"), text(body, "/term/until"))),
        (say("place taken", "占用名额"), place),
        (say("attempt", "申报次数"), attempt),
        (say("provenance", "来源"), cell(answer, body, "/provenance")),
        (say("last evidenced", "最近佐证"), text(body, "/last_evidenced_on")),
        (say("complete since", "记录完整自"), text(body, "/kept_since")),
        (say("measure", "依据文件"), text(body, measure)),
        (say("revision", "修订号"), text(body, "/revision")),
    ]);
    waiting(answer, &mut page);
    unmet(answer, &mut page);
    for (member, en, zh) in [
        ("/possible", "Possible by then", "当日可能已发生"),
        ("/not_yet_in_effect", "Not yet in effect", "尚未生效"),
        ("/unsupported", "Without ground", "已失依据"),
    ] {
        events(answer, member, say(en, zh), &mut page);
    }
    page
}

fn bracketed(text: String) -> String {
    if text.is_empty() { text } else { format!("[{text}]") }
}

fn waiting(answer: &Answer, page: &mut Page) {
    let mut table = Table::new(&[
        answer.say("office", "机关"),
        answer.say("act", "行为"),
        answer.say("since", "起自"),
        answer.say("days", "天数"),
        answer.say("article", "条款"),
    ]);
    for item in items(&answer.body, "/waiting_for") {
        let members = ["/office", "/act", "/since", "/days", "/article"];
        table.row(row(answer, item, &members));
    }
    page.section(answer.say("Whose move it is", "待办"), &table);
}

fn unmet(answer: &Answer, page: &mut Page) {
    let mut table = Table::new(&[
        answer.say("obligation", "义务"),
        answer.say("owes", "义务人"),
        answer.say("status", "状态"),
        answer.say("due", "到期"),
        answer.say("days waited", "已等待天数"),
        answer.say("days late", "逾期天数"),
        answer.say("article", "条款"),
    ]);
    for item in items(&answer.body, "/obligations/unmet") {
        let members =
            ["/label", "/owes", "/status", "/due/on", "/waiting", "/days_late", "/article"];
        table.row(row(answer, item, &members));
    }
    page.section(answer.say("Due", "应履行"), &table);
}

fn events(answer: &Answer, member: &str, title: &str, page: &mut Page) {
    let mut table = Table::new(&[
        answer.say("event", "事件"),
        answer.say("effective_on", "生效日期"),
        answer.say("revision", "修订号"),
    ]);
    for item in items(&answer.body, member) {
        table.row(row(answer, item, &["/type", "/effective_on", "/revision"]));
    }
    page.section(title, &table);
}

fn list(answer: &Answer) -> Page {
    let mut table = Table::new(&[
        answer.say("program", "项目"),
        answer.say("subject", "主体"),
        answer.say("name", "名称"),
        answer.say("stands at", "所处阶段"),
        answer.say("since", "起自"),
        answer.say("category", "类型"),
        answer.say("round", "年度"),
        answer.say("batch", "批次"),
        answer.say("provenance", "来源"),
    ]);
    for item in items(&answer.body, "/items") {
        let members = [
            "/program",
            "/subject",
            "/name",
            "/stands_at/label",
            "/stands_at/since",
            "/category/label",
            "/round",
            "/batch",
            "/provenance",
        ];
        table.row(row(answer, item, &members));
    }
    let mut page = Page::default();
    page.table(&table);
    page
}
