//! `docket audit exceptions`.

use super::{items, push, show, text};
use crate::cli::ask::AskArgs;
use crate::cli::client::Answer;
use crate::cli::exit::Exit;
use crate::cli::output::{Page, Table};

/// Every departure from the rule, everywhere, and what rests on less than it.
///
/// Overrides, corrections, stated receipts, acts dated before their recording, late filings, findings, acts
/// under unknown rules, attested and inferred facts, dates not known to the day, days over a quota, and
/// acceptances against no plan or a superseded one. First how many there are of each kind, kinds without a
/// case too; then each with its sentence, article and event.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  docket audit exceptions --data-dir demo-data --lang en
  docket audit exceptions --exercise --kind override,correction --data-dir demo-data
  docket audit exceptions --program strong_province --province 440000 --from 2020-01-01 --output json

Exit codes: 0 shown, 2 usage, 4 the log is in use by another program, 5 no such program, subject or log,
6 the token is not accepted, 7 the log is damaged, 8 the server can't be reached")]
pub struct ExceptionsArgs {
    /// Of these kinds, such as override,correction
    #[arg(long, value_name = "KINDS")]
    kind: Option<String>,
    /// In this program
    #[arg(long)]
    program: Option<String>,
    /// Of this subject
    #[arg(long)]
    subject: Option<String>,
    /// Of subjects in this province, and of it itself
    #[arg(long)]
    province: Option<String>,
    /// Of acts of this kind of office, such as national_office
    #[arg(long)]
    office: Option<String>,
    /// Counting from this day or later
    #[arg(long, value_name = "DAY")]
    from: Option<String>,
    /// Counting from this day or earlier
    #[arg(long, value_name = "DAY")]
    until: Option<String>,
    /// Those of the exercises
    #[arg(long, conflicts_with = "program")]
    exercise: bool,
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
/// What can't be asked.
pub async fn run(args: &ExceptionsArgs) -> anyhow::Result<Exit> {
    let mut query = Vec::new();
    let stated = [
        ("kind", &args.kind),
        ("program", &args.program),
        ("subject", &args.subject),
        ("province", &args.province),
        ("office", &args.office),
        ("from", &args.from),
        ("until", &args.until),
        ("known_at", &args.known_at),
        ("at_sequence", &args.at_sequence),
    ];
    stated.into_iter().for_each(|(name, value)| push(&mut query, name, value.as_ref()));
    if args.exercise {
        query.push(("exercise", "true".to_owned()));
    }
    let asker = args.ask.open(true).await?;
    let answer = asker.list("/v1/exceptions", &query).await?;
    show(asker, &args.ask, answer, register).await?;
    Ok(Exit::Done)
}

fn register(answer: &Answer) -> Page {
    let mut page = Page::default();
    let mut totals = Table::new(&[answer.say("kind", "种类"), answer.say("count", "条数")]);
    for item in items(&answer.body, "/totals") {
        totals.row(vec![text(item, "/kind_label"), text(item, "/count")]);
    }
    page.table(&totals);
    for item in items(&answer.body, "/items") {
        let day = text(item, "/event/effective_on");
        let day = if day.is_empty() { text(item, "/from_day") } else { day };
        let whose = text(item, "/name");
        let whose = if whose.is_empty() { text(item, "/program_name") } else { whose };
        let sentence = text(item, answer.say("/sentence_en", "/sentence_zh"));
        let kind = text(item, "/kind_label");
        page.entry(&day, &format!("  {whose}: {sentence}"));
        let fate = match text(item, "/fate").as_str() {
            "corrected" => answer.say(", corrected since", "，其后已更正"),
            "annulled" => answer.say(", annulled since", "，其后已撤销"),
            "unsupported" => answer.say(", without ground", "，已失去依据"),
            _ => "",
        };
        let at = [kind + fate, text(item, "/article"), text(item, "/event/reference")];
        let at = at.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>();
        page.line(&format!("            {}", at.join("  ")));
    }
    page
}
