//! `docket scoreboard`.

use serde_json::Value;

use super::{TimeArgs, items, push, show, text};
use crate::cli::ask::AskArgs;
use crate::cli::client::{Answer, segment};
use crate::cli::exit::Exit;
use crate::cli::output::{Page, Table};

/// How many places are taken, how far each target is, and how many stand in each phase and zone.
///
/// Places of each category that has a limit: taken, of these reserved, attested and overridden, free and
/// over. Targets with their range beside what stands there; those that are a text are never computed.
/// Nothing is summed over phases or national stages. In JSON each figure says which list opens it.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  docket scoreboard strong_province --data-dir demo-data --lang en
  docket scoreboard exercise_strong_province --as-of 2018-06-30 --data-dir demo-data
  docket scoreboard strong_city --zone unassigned --output json

Exit codes: 0 shown, 2 usage, 4 the log is in use by another program, 5 no such program or log,
6 the token is not accepted, 7 the log is damaged, 8 the server can't be reached")]
pub struct ScoreboardArgs {
    /// The program, such as strong_province
    program: String,
    /// Phases of subjects of this zone alone; unassigned: of none on record
    #[arg(long)]
    zone: Option<String>,
    #[command(flatten)]
    time: TimeArgs,
    #[command(flatten)]
    ask: AskArgs,
}

/// Runs the command.
///
/// # Errors
/// What can't be asked or is not there.
pub async fn run(args: &ScoreboardArgs) -> anyhow::Result<Exit> {
    let mut query = args.time.query();
    push(&mut query, "zone", args.zone.as_ref());
    let asker = args.ask.open(true).await?;
    let path = format!("/v1/programs/{}/scoreboard", segment(&args.program)?);
    let answer = asker.get(&path, &query).await?;
    show(asker, &args.ask, answer, board).await?;
    Ok(Exit::Done)
}

fn board(answer: &Answer) -> Page {
    let body = &answer.body;
    let mut page = Page::default();
    page.strong(&format!("{}  {}", text(body, "/program_name"), text(body, "/as_of")));
    let stages: Vec<_> = items(body, "/stages").map(|stage| text(stage, "/stage_label")).collect();
    page.fields(&[
        (answer.say("national stage", "国家阶段"), stages.join(answer.say(", ", "、"))),
        (answer.say("measure", "依据文件"), text(body, "/measure")),
    ]);
    page.section(answer.say("Places", "名额"), &places(answer));
    page.section(answer.say("Targets", "目标"), &targets(answer));
    page.section(answer.say("Standing", "所处阶段"), &standing(answer));
    page.section(answer.say("Zones", "区域"), &zones(answer));
    page
}

fn places(answer: &Answer) -> Table {
    let mut table = Table::new(&[
        answer.say("category", "类型"),
        answer.say("limit", "限额"),
        answer.say("taken", "占用"),
        answer.say("reserved", "其中预留"),
        answer.say("attested", "其中佐证"),
        answer.say("overridden", "其中突破"),
        answer.say("free", "空余"),
        answer.say("over", "超出"),
    ]);
    for item in items(&answer.body, "/places") {
        let figures = ["taken", "reserved", "attested", "overridden", "free", "over"];
        let figures = figures.map(|figure| text(item, &format!("/{figure}/count")));
        let mut row = vec![text(item, "/category/label"), text(item, "/limit")];
        row.extend(figures);
        table.row(row);
    }
    table
}

fn targets(answer: &Answer) -> Table {
    let mut table = Table::new(&[
        answer.say("target", "目标"),
        answer.say("category", "类型"),
        answer.say("by", "期限"),
        answer.say("range", "目标数"),
        answer.say("standing", "现有"),
        answer.say("missing", "尚缺"),
        answer.say("beyond", "超出"),
    ]);
    for item in items(&answer.body, "/targets") {
        table.row(vec![
            text(item, "/target_label"),
            text(item, "/category/label"),
            text(item, "/by"),
            range(answer, item),
            text(item, "/standing/count"),
            text(item, "/short_of"),
            text(item, "/beyond"),
        ]);
    }
    table
}

fn range(answer: &Answer, item: &Value) -> String {
    let (from, to) = (text(item, "/from"), text(item, "/to"));
    let range = if from == to { from } else { format!("{from}–{to}") };
    match item["about"] == true {
        true => answer.say("about {}", "约{}").replace("{}", &range),
        false => range,
    }
}

fn standing(answer: &Answer) -> Table {
    let mut table = Table::new(&[
        answer.say("phase", "阶段"),
        answer.say("category", "类型"),
        answer.say("subjects", "主体数"),
    ]);
    for item in items(&answer.body, "/standing") {
        let all = answer.say("all", "全部").to_owned();
        table.row(vec![text(item, "/phase/label"), all, text(item, "/subjects/count")]);
        for of in items(item, "/categories") {
            table.row(vec![
                String::new(),
                text(of, "/category/label"),
                text(of, "/subjects/count"),
            ]);
        }
    }
    table
}

fn zones(answer: &Answer) -> Table {
    let mut table = Table::new(&[
        answer.say("zone", "区域"),
        answer.say("phase", "阶段"),
        answer.say("subjects", "主体数"),
    ]);
    for item in items(&answer.body, "/zones") {
        for of in items(item, "/phases") {
            table.row(vec![
                text(item, "/zone/label"),
                text(of, "/phase/label"),
                text(of, "/subjects/count"),
            ]);
        }
    }
    table
}
