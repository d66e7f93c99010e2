//! `docket audit`: the trail of an enrollment, and the register of exceptions.

use serde_json::Value;

use super::{TimeArgs, cell, enrollment, items, joined, show, text};
use crate::cli::ask::AskArgs;
use crate::cli::client::Answer;
use crate::cli::exit::Exit;
use crate::cli::output::{Page, said_instant};

/// Every event of an enrollment as a sentence with its article.
///
/// In the order in which they were recorded, with who acted, the document, and what became of it:
/// corrected, annulled, or without ground. Nothing is left out: what a correction replaced is still
/// there.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  docket audit strong_province 440000 --data-dir demo-data --lang zh-CN
  docket audit exercise_strong_province x01 --known-at 2026-01-01T00:00:00+08:00 --output json
  docket audit exceptions --data-dir demo-data --lang en

Exit codes: 0 shown, 2 usage, 4 the log is in use by another program, 5 no such program, subject or log,
6 the token is not accepted, 7 the log is damaged, 8 the server can't be reached")]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct AuditArgs {
    #[command(subcommand)]
    register: Option<Register>,
    /// The program, such as strong_province
    #[arg(required = true)]
    program: Option<String>,
    /// The subject, such as 440000 or futian
    #[arg(required = true)]
    subject: Option<String>,
    #[command(flatten)]
    time: TimeArgs,
    #[command(flatten)]
    ask: AskArgs,
}

#[derive(Debug, clap::Subcommand)]
enum Register {
    Exceptions(super::exceptions::ExceptionsArgs),
}

/// Runs the command.
///
/// # Errors
/// What can't be asked or is not there.
pub async fn run(args: &AuditArgs) -> anyhow::Result<Exit> {
    if let Some(Register::Exceptions(args)) = &args.register {
        return super::exceptions::run(args).await;
    }
    let asker = args.ask.open(false).await?;
    let named = |name: &Option<String>| name.clone().unwrap_or_default();
    let path = enrollment(&named(&args.program), &named(&args.subject), "/audit-trail")?;
    let answer = asker.list(&path, &args.time.query()).await?;
    show(asker, &args.ask, answer, trail).await?;
    Ok(Exit::Done)
}

fn trail(answer: &Answer) -> Page {
    let mut page = Page::default();
    for item in items(&answer.body, "/items") {
        entry(answer, item, &mut page);
    }
    page
}

fn entry(answer: &Answer, item: &Value, page: &mut Page) {
    page.entry(&text(item, "/effective_on"), &format!("  {}", text(item, "/sentence")));
    let document = joined(text(item, "/document/number"), "  ", text(item, "/document/title"));
    let at = said_instant(&text(item, "/recorded_at"));
    let recorded = format!("{} {at}", answer.say("recorded", "入档"));
    let fate = match text(item, "/fate").to_ascii_lowercase().as_str() {
        "corrected" => answer.say("CORRECTED by revision", "已更正，见修订号"),
        "annulled" => answer.say("ANNULLED by revision", "已撤销，见修订号"),
        "unsupported" => answer.say("WITHOUT GROUND: changes nothing", "已失依据，不生效"),
        _ => "",
    };
    let fate = joined(fate.to_owned(), " ", text(item, "/corrected_by"));
    let parts = [
        joined(text(item, "/revision"), " ", cell(answer, item, "/type")),
        cell(answer, item, "/article"),
        document,
        cell(answer, item, "/provenance"),
        recorded,
        fate,
    ];
    let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    page.line(&format!("    {}", parts.join(" · ")));
}
