//! `docket evidence`: what is on record as a file that proves itself.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Subcommand;
use serde_json::json;

use super::ask::AskArgs;
use super::client::segment;
use super::exit::{Exit, failure};
use super::output::{Format, print_json, tell};
use super::read::enrollment;

/// Make an evidence bundle of an enrollment, or the proof of one event.
///
/// A bundle (BagIt in a zip archive) holds the events with a proof each, the signed checkpoint and its key,
/// the editions and documents that they cite, status, timeline and the audit trail to read in English and
/// Chinese, and says how it is verified with and without docket. Made again up to the same sequence it has
/// the same bytes. A proof (C2SP tlog-proof) is one file, verified with the log's key alone: that an event with these
/// digests stands at its place in the log.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  docket evidence create --enrollment cluster_area/futian --to futian.zip --data-dir demo-data
  docket evidence create --enrollment strong_province/440000 --at-sequence 120 --to 440000.zip --server https://docket.example
  docket verify futian.zip --key \"$(cat key.txt)\"
  docket evidence proof 120 --to act.tlog-proof --data-dir demo-data

Exit codes: 0 made, 2 usage, 4 the file is there already, 5 no such enrollment or log, or no checkpoint covers
it yet, 6 the token is not accepted, 7 the log is damaged, 8 the server can't be reached")]
pub struct EvidenceArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Create(CreateArgs),
    Proof(ProofArgs),
}

/// Make the file that proves one event.
#[derive(Debug, clap::Args)]
struct ProofArgs {
    /// The event, by its sequence or id
    #[arg(value_name = "EVENT")]
    event: String,
    /// The file to make
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    #[command(flatten)]
    ask: AskArgs,
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
    match &args.command {
        Command::Create(args) => {
            let Some((program, subject)) = args.enrollment.split_once('/') else {
                let text = "--enrollment is program/subject, such as cluster_area/futian";
                return Err(failure(Exit::Usage, text));
            };
            let path = enrollment(program, subject, "/evidence")?;
            let at = args.at_sequence.map(|at| ("at_sequence", at.to_string()));
            make(&path, at.as_slice(), &args.to, &args.ask).await
        }
        Command::Proof(args) => {
            let path = format!("/v1/log/proofs/inclusion/{}", segment(&args.event)?);
            make(&path, &[], &args.to, &args.ask).await
        }
    }
}

/// Makes a file of what is answered.
async fn make(
    path: &str,
    query: &[(&str, String)],
    to: &Path,
    ask: &AskArgs,
) -> anyhow::Result<Exit> {
    if to.exists() {
        return Err(failure(Exit::Conflict, format!("{} is there already", to.display())));
    }
    let asker = ask.open(false).await?;
    let made = asker.bytes(path, query).await;
    asker.close().await?;
    let bytes = made?;
    let file = OpenOptions::new().write(true).create_new(true).open(to);
    file.and_then(|mut file| {
        file.write_all(&bytes)?;
        file.sync_all()
    })
    .with_context(|| format!("can't write {}", to.display()))?;
    if ask.output == Format::Json {
        print_json(&json!({ "file": to.display().to_string(), "bytes": bytes.len() }))?;
    } else {
        tell(&format!("docket: made {} ({} bytes)", to.display(), bytes.len()));
    }
    Ok(Exit::Done)
}
