//! `docket store`: the log moved from one engine to another, the proof that two logs are one, and backups.

mod backup;
mod compare;
mod copy;
mod manifest;
mod restore;

use clap::Subcommand;
use indicatif::ProgressBar;
use serde_json::{Value, json};

use super::config::{Config, ConfigArgs, PlaceArgs};
use super::exit::{Exit, failure};
use super::masked::{masked, without_account};
use super::output::tell;
use super::progress::{Interrupt, bar};
use crate::ledger::Root;
use crate::moving::{Notice, Observer};

/// The log's store: back it up and restore it; copy it to another engine, switch to the copy, prove that two
/// logs are one.
///
/// A log can live in an SQLite file or in a KurrentDB database. Moved from one to the other it keeps
/// every id, revision, time and sequence, and with them its Merkle root. Documents, keys and read
/// models stay where they are.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  docket store backup --to /backup/2026-11-29 --data-dir /srv/docket
  docket store restore --from /backup/2026-11-29 --data-dir /srv/docket-new
  docket store copy --from sqlite:/srv/docket/log.sqlite --to kurrentdb://db.example:2113
  docket store compare --from sqlite:/srv/docket/log.sqlite --to kurrentdb://db.example:2113

Exit codes: 0 done, or equal, 4 in use, moved before, or there already, 5 no such log, 7 the logs differ,
or something is damaged, 8 unavailable (try again), 130 interrupted")]
pub struct StoreArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Backup(backup::BackupArgs),
    Restore(restore::RestoreArgs),
    Copy(copy::CopyArgs),
    Compare(compare::CompareArgs),
}

/// Which two logs.
#[derive(Debug, clap::Args)]
struct Addresses {
    /// Address of the log that is there, as store.log has it
    #[arg(long, value_name = "ADDRESS")]
    from: String,
    /// Address of the copy
    #[arg(long, value_name = "ADDRESS")]
    to: String,
    #[command(flatten)]
    place: PlaceArgs,
}

impl Addresses {
    /// The configuration, which has what engines need besides an address.
    fn config(&self) -> anyhow::Result<Config> {
        if self.from == self.to {
            return Err(failure(Exit::Usage, "--from and --to are the same log"));
        }
        let (config, _) = Config::load(&ConfigArgs::from(self.place.clone()), std::env::vars())?;
        Ok(config)
    }
}

/// Runs the command.
///
/// # Errors
/// What stands in the way, or that the logs differ.
pub async fn run(args: &StoreArgs) -> anyhow::Result<Exit> {
    match &args.command {
        Command::Backup(args) => backup::run(args).await,
        Command::Restore(args) => restore::run(args).await,
        Command::Copy(args) => copy::run(args).await,
        Command::Compare(args) => compare::run(args).await,
    }
}

/// Shows the work on standard error, and ends it on Ctrl-C.
struct Watch {
    bar: ProgressBar,
    interrupt: Interrupt,
}

impl Watch {
    fn new(what: &'static str) -> Self {
        Self { bar: bar(what), interrupt: Interrupt::watch() }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

impl Observer for Watch {
    fn progress(&self, done: u64, total: u64) {
        self.bar.set_length(total);
        self.bar.set_position(done);
    }

    fn says(&self, notice: &Notice) {
        let line = match notice {
            Notice::Waits { side, reason, wait } => {
                format!("{side}: {reason}; asking again in {} ms", wait.as_millis())
            }
            Notice::Resumes { events } => {
                format!("the first {events} events are there and equal; going on after them")
            }
            Notice::FallsBehind { rest } => format!(
                "more is written than is copied, {rest} events are left; switching once less is, \
                 or with a longer --max-pause-s"
            ),
            Notice::Stops { rest } => {
                format!("writes to the log stop now; about {rest} events are to be copied still")
            }
            Notice::GoesOn => "the log was not moved; writes to it go on".to_owned(),
        };
        self.bar.suspend(|| tell(&format!("docket: {line}")));
    }

    fn is_stopped(&self) -> bool {
        self.interrupt.is_pressed()
    }
}

fn tree(address: &str, root: &Root) -> Value {
    json!({ "address": masked(address), "events": root.size(), "root": root.to_string() })
}
