//! `docket verify`: a log's structure, whole. What it proves about the content of events comes with the
//! ledger; here every place where the log says something twice is compared.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use indicatif::ProgressBar;
use serde_json::{Value, json};

use super::config::{Config, ConfigArgs, PlaceArgs};
use super::exit::{Exit, failure};
use super::masked::masked;
use super::output::{Format, Page, print, print_json, tell};
use super::progress::{Interrupt, bar};
use super::stores::{Access, open_log_at};
use crate::ledger::Root;
use crate::log::envelope::leaf_hash;
use crate::log::{Damage, EventLog, LogError, MAX_PAGE_EVENTS};

/// The name of the log in a data folder and in a backup.
const LOG_FILE: &str = "log.sqlite";

/// Check that a log is sound: no event missing, every index as its table, every stream with its name.
///
/// Looks at the structure of a log file, of a data folder (also while it is served), of a backup's
/// folder, or of a log at an address: sequences and revisions are dense, each event has exactly its
/// entry in every index, SQLite's whole integrity check finds nothing. Prints the number of events and
/// the Merkle root over them, or the first damage with its sequence, stream and index. Whether somebody
/// who holds the file has rewritten it is not seen here: compare the root with one noted elsewhere.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  docket verify --data-dir /srv/docket
  docket verify /backup/2026-11-29
  docket verify copy.sqlite --output json

Exit codes: 0 sound, 5 no such log, 7 damaged, 8 unavailable (or SQLite's check gave way to what was being
written each time), 130 interrupted")]
pub struct VerifyArgs {
    /// A log file, a folder with one, or an address [default: store.log]
    #[arg(value_name = "LOG")]
    log: Option<String>,
    #[command(flatten)]
    place: PlaceArgs,
    /// The form of the result
    #[arg(long, value_enum, default_value_t = Format::Table)]
    output: Format,
}

/// Runs the command.
///
/// # Errors
/// What stands in the way, or the first damage.
pub async fn run(args: &VerifyArgs) -> anyhow::Result<Exit> {
    let (config, _) = Config::load(&ConfigArgs::from(args.place.clone()), std::env::vars())?;
    let address = args.log.as_ref().map_or_else(|| config.store.log.clone(), |log| address_of(log));
    let log = open_log_at(&address, "LOG", &config, Access::Read).await?;
    let interrupt = Interrupt::watch();
    let checked = check_with(&*log, &interrupt).await;
    let root = match &checked {
        Ok(damages) if damages.is_empty() => Some(root_of(&*log, &interrupt).await),
        _ => None,
    };
    log.close().await;
    let (damages, root) = (checked?, root.transpose()?);
    show(args.output, &masked(&address), &damages, root.as_ref())?;
    damages.first().map_or(Ok(Exit::Done), |first| Err(damaged(first)))
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

fn show(
    output: Format,
    address: &str,
    damages: &[Damage],
    root: Option<&Root>,
) -> anyhow::Result<()> {
    if output == Format::Json {
        let damages = damages.iter().map(|damage| {
            let sequence = damage.sequence.map(|sequence| format!("{sequence:020}"));
            json!({ "sequence": sequence, "stream": damage.stream, "index": damage.index,
                "reason": damage.reason })
        });
        let damages: Vec<Value> = damages.collect();
        return Ok(print_json(&json!({
            "log": address, "sound": damages.is_empty(), "damages": damages,
            "events": root.map(Root::size), "root": root.map(ToString::to_string),
        }))?);
    }
    if let Some(root) = root {
        let mut page = Page::default();
        page.fields(&[
            ("log", address.to_owned()),
            ("events", root.size().to_string()),
            ("Merkle root", root.to_string()),
            ("structure", "sound".to_owned()),
        ]);
        print(&page)?;
    }
    // The first is the command's error.
    for damage in damages.iter().skip(1) {
        tell(&format!("docket: also {damage}"));
    }
    Ok(())
}
