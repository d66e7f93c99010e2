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

/// Make an evidence bundle of an enrollment, the proof of one event, or the proof that there is none.
///
/// A bundle (BagIt in a zip archive) holds the events with a proof each, the signed checkpoint and its key,
/// the editions and documents that they cite, status, timeline and the audit trail to read in English and
/// Chinese, and says how it is verified with and without docket. Made again up to the same sequence it has
/// the same bytes. A proof (C2SP tlog-proof) is one file, verified with the log's key alone: that an event with these
/// digests stands at its place in the log. That no act of a kind is on record is proved by a bundle with all
/// events of the enrollment, and beyond its last one with the entries of the whole log.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  docket evidence create --enrollment cluster_area/futian --to futian.zip --data-dir demo-data
  docket evidence create --enrollment strong_province/440000 --at-sequence 120 --to 440000.zip --server https://docket.example
  docket verify futian.zip --key \"$(cat key.txt)\"
  docket evidence proof 120 --to act.tlog-proof --data-dir demo-data
  docket evidence absence --enrollment cluster_area/futian --act submit_report --from 2015-02-01 --by 2016-01-31 --to none.zip

Exit codes: 0 made, 2 usage, 4 the file is there already, 5 no such enrollment or log, no checkpoint covers
it yet, or what is said not to be on record is, 6 the token is not accepted, 7 the log is damaged, 8 the server can't be reached")]
pub struct EvidenceArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Create(CreateArgs),
    Proof(ProofArgs),
    Absence(AbsenceArgs),
}

/// Make the bundle that proves that no act of a kind is on record.
///
/// An act counts among those looked for where one of the days on which it can have taken effect lies
/// within; one that was recorded by mistake and corrected since is on record too. Times are the server's,
/// unless a witness signed the checkpoint.
#[derive(Debug, clap::Args)]
struct AbsenceArgs {
    /// The enrollment: program/subject
    #[arg(long, value_name = "PROGRAM/SUBJECT")]
    enrollment: String,
    /// The act of which none is on record, such as submit_report
    #[arg(long, value_name = "ACT")]
    act: String,
    /// Effective on this day or earlier
    #[arg(long, value_name = "DAY")]
    by: String,
    /// Effective on this day or later [default: any day]
    #[arg(long, value_name = "DAY")]
    from: Option<String>,
    /// The file to make
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    /// Recorded up to and with this sequence [default: the newest that a checkpoint covers]
    #[arg(long, value_name = "SEQUENCE")]
    at_sequence: Option<u64>,
    #[command(flatten)]
    ask: AskArgs,
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
            let path = path_of(&args.enrollment, "/evidence")?;
            let at = args.at_sequence.map(|at| ("at_sequence", at.to_string()));
            make(&path, at.as_slice(), &args.to, &args.ask).await
        }
        Command::Absence(args) => {
            let path = path_of(&args.enrollment, "/evidence/absence")?;
            let mut query = vec![("act", args.act.clone()), ("by", args.by.clone())];
            query.extend(args.from.clone().map(|from| ("from", from)));
            query.extend(args.at_sequence.map(|at| ("at_sequence", at.to_string())));
            make(&path, &query, &args.to, &args.ask).await
        }
        Command::Proof(args) => {
            let path = format!("/v1/log/proofs/inclusion/{}", segment(&args.event)?);
            make(&path, &[], &args.to, &args.ask).await
        }
    }
}

/// The address of something of an enrollment, `program/subject`.
fn path_of(named: &str, rest: &str) -> anyhow::Result<String> {
    let Some((program, subject)) = named.split_once('/') else {
        let text = "--enrollment is program/subject, such as cluster_area/futian";
        return Err(failure(Exit::Usage, text));
    };
    enrollment(program, subject, rest)
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
