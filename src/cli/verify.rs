//! `docket verify`: whether a log, a bundle or a server's log is what was signed. The structure of a log is
//! looked at by its engine, as before; what proves its content is `verify`, which shares nothing with it.

mod held;
mod judged;
mod lawful;
mod show;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use indicatif::ProgressBar;

use super::config::{Config, ConfigArgs, PlaceArgs};
use super::exit::{Exit, failure};
use super::masked::masked;
use super::output::Format;
use super::progress::{Interrupt, bar};
use super::stores::{Access, ledger_folder, open_log_at, path_of};
use crate::ledger::Root;
use crate::log::envelope::leaf_hash;
use crate::log::{Damage, EventLog, LogError, MAX_PAGE_EVENTS};
use crate::verify::proof as proofs;

/// The name of the log in a data folder and in a backup.
const LOG_FILE: &str = "log.sqlite";

/// Check that a log is what was signed: no event changed, removed, reordered or inserted.
///
/// Of a log file, of a data folder (also while it is served), of a backup's folder, or of a log at an
/// address it looks at the structure (sequences and revisions are dense, each event has exactly its entry
/// in every index, SQLite's whole integrity check finds nothing), then hashes every event and holds the
/// Merkle tree over them against every checkpoint that is kept in the folder `ledger`, and those
/// against the key that the log names; and each document of a data folder against its digest. An evidence bundle is verified offline; of a server's log the hashes
/// are verified, with a token (DOCKET_TOKEN, --token-file) the events too. What lies above the last checkpoint
/// is not covered yet. Who holds the whole folder and the log's key can still have made another history:
/// a checkpoint that was held elsewhere (--checkpoint) shows it.
/// With --lawful every decision of a log is also made again, under the edition that it cites: where the law
/// or the code would decide otherwise today is said apart, and says nothing of whether the log was changed.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  docket verify --data-dir /srv/docket
  docket verify --data-dir /srv/docket --checkpoint held-in-another-office.txt
  docket verify futian.zip --key 'docket/6f1c…+1a2b3c4d+AY…'
  docket verify futian.zip --authority tsa.example=tsa.pem
  docket verify act.tlog-proof --key 'docket/6f1c…+1a2b3c4d+AY…'
  docket verify https://docket.example --checkpoint held.txt
  docket verify copy.sqlite --output json
  docket verify --data-dir /srv/docket --lawful

Exit codes: 0 nothing found, 2 usage, 3 the log is what was signed, but decisions in it would be judged
otherwise under the editions that they cite (--lawful), 5 no such log, 7 something was found, 8 unavailable (or SQLite's check
gave way to what was being written each time), 130 interrupted")]
pub struct VerifyArgs {
    /// A log file, a folder with one, a bundle, a proof, an address or a server's URL [default: store.log]
    #[arg(value_name = "WHAT")]
    log: Option<String>,
    #[command(flatten)]
    held: held::HeldArgs,
    /// Also make every decision of a log again, under the edition that it cites
    #[arg(long)]
    lawful: bool,
    #[command(flatten)]
    place: PlaceArgs,
    /// The form of the result
    #[arg(long, value_enum, default_value_t = Format::Table)]
    output: Format,
}

/// Runs the command.
///
/// # Errors
/// What stands in the way, or the first thing that was found.
pub async fn run(args: &VerifyArgs) -> anyhow::Result<Exit> {
    let (config, _) = Config::load(&ConfigArgs::from(args.place.clone()), std::env::vars())?;
    let held = args.held.read()?;
    let interrupt = Interrupt::watch();
    if let Some(what) = &args.log {
        let is_server = what.starts_with("http://") || what.starts_with("https://");
        let is_part = || held::proof(Path::new(what)).is_some() || held::is_bundle(Path::new(what));
        if args.lawful && (is_server || is_part()) {
            return Err(failure(Exit::Usage, lawful::ONLY_LOGS));
        }
        if is_server {
            let report = judged::server(what, held, args.held.token()?, &interrupt).await?;
            return show::report(args.output, "server", &masked(what), &report);
        }
        if let Some(proof) = held::proof(Path::new(what)) {
            let report = proofs::judge(&proof, &held);
            return show::report(args.output, "proof", what, &report);
        }
        if held::is_bundle(Path::new(what)) {
            let report = judged::bundle(Path::new(what), held).await?;
            return show::report(args.output, "bundle", what, &report);
        }
    }
    let address = args.log.as_ref().map_or_else(|| config.store.log.clone(), |log| address_of(log));
    let log = open_log_at(&address, "WHAT", &config, Access::Read).await?;
    let folder = ledger_folder(&address, &config);
    let documents = documents(args.log.as_deref(), &config);
    let judged = judged::log(&*log, &address, &folder, documents.as_deref(), held, &interrupt);
    let (checked, judged) = tokio::join!(check_with(&*log, &interrupt), judged);
    // What a damaged file shows need not be what was recorded.
    let is_whole = matches!(&checked, Ok(damages) if damages.is_empty());
    let again = match args.lawful && is_whole && judged.is_ok() {
        true => Some(lawful::judge(&log, &address, &config, &interrupt).await),
        false => None,
    };
    log.close().await;
    let damages = checked?;
    let report = if damages.is_empty() { Some(judged?) } else { None };
    let again = again.transpose()?;
    show::log(args.output, &masked(&address), &damages, report.as_ref(), again.as_ref())?;
    match (damages.first(), again) {
        (Some(first), _) => Err(damaged(first)),
        (None, Some(again)) => show::verdict(report.as_ref()).and_then(|_| lawful::verdict(&again)),
        (None, None) => show::verdict(report.as_ref()),
    }
}

/// Where the documents of a log are, if they are in a folder.
fn documents(log: Option<&str>, config: &Config) -> Option<PathBuf> {
    match log {
        None => path_of(&config.store.documents, "file:"),
        Some(folder) => Some(Path::new(folder).join("documents")),
    }
}

/// An address as it stands, or that of a file or of the log in a folder.
fn address_of(log: &str) -> String {
    let path = Path::new(log);
    if path.is_dir() {
        return format!("sqlite:{}", path.join(LOG_FILE).display());
    }
    let is_address = log.starts_with("sqlite:") || log.contains("://");
    if is_address { log.to_owned() } else { format!("sqlite:{}", PathBuf::from(log).display()) }
}

/// The failure that names the first damage.
pub fn damaged(first: &Damage) -> anyhow::Error {
    failure(
        Exit::Unverified,
        format!(
            "the log is damaged: {first}; restore a backup with `docket store restore`, or, where only an \
             index is damaged, copy the log to a new file with `docket store copy`, which reads none"
        ),
    )
}

/// Checks a log's structure, with progress on standard error.
///
/// # Errors
/// A log that can't be read now; [`Exit::Interrupted`].
pub async fn check(log: &dyn EventLog) -> anyhow::Result<Vec<Damage>> {
    check_with(log, &Interrupt::watch()).await
}

async fn check_with(log: &dyn EventLog, interrupt: &Interrupt) -> anyhow::Result<Vec<Damage>> {
    let shown = bar("checking");
    let (told, flag) = (shown.clone(), interrupt.flag());
    let checked = log.check(Arc::new(move |done, total| {
        told.set_length(total);
        told.set_position(done);
        !flag.load(std::sync::atomic::Ordering::Relaxed)
    }));
    let checked = checked.await;
    shown.finish_and_clear();
    interrupt.check()?;
    Ok(checked?)
}

/// The Merkle root over a log, with progress on standard error.
///
/// # Errors
/// As [`check`].
pub async fn root(log: &dyn EventLog) -> anyhow::Result<Root> {
    root_of(log, &Interrupt::watch()).await
}

/// The Merkle root over a log, read from its first event to where it stands.
async fn root_of(log: &dyn EventLog, interrupt: &Interrupt) -> anyhow::Result<Root> {
    let shown: ProgressBar = bar("hashing");
    let end = log.head().await?.map_or(0, |head| head + 1);
    shown.set_length(end);
    let mut root = Root::new();
    while root.size() < end {
        interrupt.check()?;
        let left = usize::try_from(end - root.size()).unwrap_or(usize::MAX);
        let page = log.read_all(root.size().checked_sub(1), left.min(MAX_PAGE_EVENTS)).await?;
        if page.events.is_empty() {
            return Err(LogError::Unavailable("it does not show all its events".to_owned()))
                .context("the log");
        }
        page.events.iter().for_each(|event| root.push(leaf_hash(event)));
        shown.set_position(root.size());
    }
    shown.finish_and_clear();
    Ok(root)
}
