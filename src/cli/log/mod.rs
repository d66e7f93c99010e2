//! `docket log`: what a person decides about a log.

mod accept_loss;
mod confirm_clock;
mod rotate_key;

use std::sync::Arc;

use clap::Subcommand;
use serde_json::json;

use super::config::{Config, ConfigArgs};
use super::exit::{Exit, failure};
use super::output::{Format, print_json, print_line};
use super::stores::{Access, open_log};
use crate::app::decisions::LogBook;
use crate::log::EventLog;

/// Decide about a log: accept a loss, confirm the clock, change the key that signs its checkpoints.
///
/// Each is recorded in the log, for ever. A log in a file must not be served meanwhile: stop the server,
/// decide, start it again. With --dry-run nothing is written, and a server may run beside it.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  docket log accept-loss --data-dir /srv/docket --dry-run
  docket log accept-loss --data-dir /srv/docket --reason 'the disk of 3 March; no newer copy'
  docket log confirm-clock --data-dir /srv/docket
  docket log rotate-key --data-dir /srv/docket --reason 'the yearly change'

Exit codes: 0 done, or nothing to decide, 2 configuration, 4 the log is open elsewhere, 5 no such log,
7 the log is damaged, 8 unavailable (try again), 1 anything else")]
pub struct LogArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    AcceptLoss(accept_loss::AcceptLossArgs),
    ConfirmClock(confirm_clock::ConfirmClockArgs),
    RotateKey(rotate_key::RotateKeyArgs),
}

/// Runs the command.
///
/// # Errors
/// What stands in the way.
pub async fn run(args: &LogArgs) -> anyhow::Result<Exit> {
    match &args.command {
        Command::AcceptLoss(args) => accept_loss::run(args).await,
        Command::ConfirmClock(args) => confirm_clock::run(args).await,
        Command::RotateKey(args) => rotate_key::run(args).await,
    }
}

/// Says what came of it: in words, or with the event that records it, if one was recorded.
fn say(output: Format, recorded: Option<u64>, text: &str) -> anyhow::Result<Exit> {
    match output {
        Format::Json => print_json(&json!({ "recorded": recorded, "says": text }))?,
        Format::Table => print_line(text)?,
    }
    Ok(Exit::Done)
}

/// A log, open to record a decision in it.
struct Opened {
    config: Config,
    log: Arc<dyn EventLog>,
    book: LogBook,
}

/// Opens a log that is there; what only says how it stands writes nothing and works beside a server.
async fn open(args: &ConfigArgs, dry_run: bool) -> anyhow::Result<Opened> {
    let (config, _) = Config::load(args, std::env::vars())?;
    // Who decides about a log does not make one.
    let mut log = open_log(&config, Access::Read).await?;
    if !dry_run {
        log.close().await;
        drop(log);
        log = open_log(&config, Access::Write).await?;
    }
    let Some(book) = LogBook::read(&*log).await? else {
        let text = "the log is empty: there is nothing to go on from. Put a copy of the log back; or, to begin \
                    a new record, begin it in an empty data folder";
        return Err(failure(Exit::Unverified, text));
    };
    Ok(Opened { config, log, book })
}
