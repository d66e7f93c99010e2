//! `docket evidence`: what is on record as a file that proves itself.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::Subcommand;
use serde_json::json;

use super::ask::AskArgs;
use super::exit::{Exit, failure};
use super::output::{Format, print_json, tell};
use super::read::enrollment;

/// Make an evidence bundle: what is on record of one enrollment, with what proves it.
///
/// The bundle (BagIt in a zip archive) holds the events with a proof each, the signed checkpoint and its key,
/// the editions and documents that they cite, status, timeline and the audit trail to read in English and
/// Chinese, and says how it is verified with and without docket. Made again up to the same sequence it has
/// the same bytes.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  docket evidence create --enrollment cluster_area/futian --to futian.zip --data-dir demo-data
  docket evidence create --enrollment strong_province/440000 --at-sequence 120 --to 440000.zip --server https://docket.example
  docket verify futian.zip

Exit codes: 0 made, 2 usage, 4 the file is there already, 5 no such enrollment or log, or no checkpoint covers
it yet, 6 the token is not accepted, 7 the log is damaged, 8 the server can't be reached")]
pub struct EvidenceArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Create(CreateArgs),
}

/// Make the bundle of an enrollment.
#[derive(Debug, clap::Args)]
struct CreateArgs {
    /// The enrollment: program/subject
    #[arg(long, value_name = "PROGRAM/SUBJECT")]
    enrollment: String,
    /// The file to make
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    /// Up to and with this sequence [default: the newest that a checkpoint covers]
    #[arg(long, value_name = "SEQUENCE")]
    at_sequence: Option<u64>,
    #[command(flatten)]
    ask: AskArgs,
}

/// Runs the command.
///
/// # Errors
/// What can't be asked, or is not there; a file that is.
pub async fn run(args: &EvidenceArgs) -> anyhow::Result<Exit> {
    let Command::Create(args) = &args.command;
    let Some((program, subject)) = args.enrollment.split_once('/') else {
        let text = "--enrollment is program/subject, such as cluster_area/futian";
        return Err(failure(Exit::Usage, text));
    };
    if args.to.exists() {
        return Err(failure(Exit::Conflict, format!("{} is there already", args.to.display())));
    }
    let asker = args.ask.open(false).await?;
    let path = enrollment(program, subject, "/evidence")?;
    let at = args.at_sequence.map(|at| ("at_sequence", at.to_string()));
    let made = asker.bytes(&path, at.as_slice()).await;
    asker.close().await?;
    let bytes = made?;
    let file = OpenOptions::new().write(true).create_new(true).open(&args.to);
    file.and_then(|mut file| {
        file.write_all(&bytes)?;
        file.sync_all()
    })
    .with_context(|| format!("can't write {}", args.to.display()))?;
    if args.ask.output == Format::Json {
        print_json(&json!({ "file": args.to.display().to_string(), "bytes": bytes.len() }))?;
    } else {
        tell(&format!("docket: made {} ({} bytes)", args.to.display(), bytes.len()));
    }
    Ok(Exit::Done)
}
