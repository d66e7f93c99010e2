//! `docket store restore`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde_json::json;

use super::manifest::{
    DOCUMENTS, FORMAT, LOG, MANIFEST, Manifest, SUMS, Sums, Unfinished, copy_file, digest_of,
};
use crate::cli::exit::{Exit, failure};
use crate::cli::output::{Format, Page, print, print_json, said_instant};
use crate::cli::progress::{Interrupt, bar};
use crate::cli::verify::{check, damaged, root};
use crate::log::SqliteLog;

/// Put a backup in place as a new data folder.
///
/// Every file is held against its digest while it is copied, the log is checked whole, and its Merkle root is
/// computed and compared with the backup's: what is damaged is refused, and nothing stays. What was recorded
/// after the backup is not in it, so readers of the old log may be ahead of the new one.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  docket store restore --from /backup/2026-11-29 --data-dir /srv/docket-new
  docket serve --data-dir /srv/docket-new

Exit codes: 0 restored, 4 the target is there already, 5 no backup there, 7 the backup is damaged,
130 interrupted")]
pub struct RestoreArgs {
    /// The folder of the backup
    #[arg(long, value_name = "FOLDER")]
    from: PathBuf,
    /// The data folder to make
    #[arg(long, value_name = "FOLDER")]
    data_dir: PathBuf,
    /// The form of the result
    #[arg(long, value_enum, default_value_t = Format::Table)]
    output: Format,
}

/// Runs the command.
///
/// # Errors
/// A target that is there; a backup that is none, or damaged.
pub async fn run(args: &RestoreArgs) -> anyhow::Result<Exit> {
    let (manifest, sums) = read(&args.from)?;
    let folder = Unfinished::begin(&args.data_dir)?;
    copy(&args.from, &folder, &sums)?;
    verify(&folder, &manifest).await?;
    folder.finish()?;
    show(args, &manifest)
}

fn broken(what: impl std::fmt::Display) -> anyhow::Error {
    failure(Exit::Unverified, format!("the backup is damaged: {what}; use another one"))
}

/// The manifest and the digests, which it vouches for.
fn read(from: &Path) -> anyhow::Result<(Manifest, Sums)> {
    let path = from.join(MANIFEST);
    let text = match fs::read_to_string(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let text = format!("{} is no backup: it has no {MANIFEST}", from.display());
            return Err(failure(Exit::NotFound, text));
        }
        text => text.with_context(|| format!("can't read {}", path.display()))?,
    };
    let format = serde_json::from_str::<serde_json::Value>(&text).ok();
    let format = format.and_then(|manifest| manifest["format"].as_u64());
    if let Some(newer) = format.filter(|format| *format > u64::from(FORMAT)) {
        let text = format!("the backup has the form {newer}; this version knows {FORMAT}");
        return Err(failure(Exit::Failed, text));
    }
    let manifest: Manifest = serde_json::from_str(&text)
        .map_err(|error| broken(format!("{MANIFEST} can't be read ({error})")))?;
    let sums = fs::read_to_string(from.join(SUMS))
        .map_err(|error| broken(format!("{SUMS} can't be read ({error})")))?;
    if digest_of(sums.as_bytes()) != manifest.sums {
        return Err(broken(format!("{SUMS} is not what {MANIFEST} says")));
    }
    let sums = Sums::parse(&sums).ok_or_else(|| broken(format!("{SUMS} can't be read")))?;
    if !sums.0.iter().any(|(name, _)| name == LOG) {
        return Err(broken("it has no log"));
    }
    Ok((manifest, sums))
}

fn copy(from: &Path, folder: &Unfinished, sums: &Sums) -> anyhow::Result<()> {
    let shown = bar("copying");
    shown.set_length(sums.0.len() as u64);
    let interrupt = Interrupt::watch();
    for (name, digest) in &sums.0 {
        interrupt.check()?;
        let source = from.join(name);
        if !source.is_file() {
            return Err(broken(format!("{name} is missing")));
        }
        let (found, _) = copy_file(&source, &folder.file(name)?)?;
        if found != *digest {
            return Err(broken(format!("{name} is not what it was: its digest is {found}")));
        }
        shown.inc(1);
    }
    shown.finish_and_clear();
    Ok(())
}

/// That the log which was copied is the one that the manifest names.
async fn verify(folder: &Unfinished, manifest: &Manifest) -> anyhow::Result<()> {
    let log = SqliteLog::open_reader(folder.file(LOG)?)?;
    let damages = check(&log).await;
    let root = root(&log).await;
    log.close().await;
    if let Some(first) = damages?.first() {
        return Err(damaged(first));
    }
    let root = root?;
    if root.size() != manifest.events || root.to_string() != manifest.root {
        return Err(broken(format!(
            "the log has {} events with the root {root}, the manifest says {} with {}",
            root.size(),
            manifest.events,
            manifest.root
        )));
    }
    Ok(())
}

fn show(args: &RestoreArgs, manifest: &Manifest) -> anyhow::Result<Exit> {
    if args.output == Format::Json {
        print_json(&json!({ "data_dir": args.data_dir, "manifest": manifest }))?;
        return Ok(Exit::Done);
    }
    let mut page = Page::default();
    page.fields(&[
        ("restored to", args.data_dir.display().to_string()),
        ("as of", said_instant(&manifest.made_at)),
        ("events", manifest.events.to_string()),
        ("Merkle root", manifest.root.clone()),
        ("documents", manifest.documents.count.to_string()),
    ]);
    for key in manifest.keys.iter().filter(|key| !key.copied) {
        page.line(&format!(
            "Before it is served, put the key {} there (SHA-256 of its file: {}).",
            key.file, key.sha256
        ));
    }
    if !manifest.documents.copied {
        page.line(&format!("The documents are in {}.", manifest.documents.address));
    }
    let lacking = [&manifest.documents.missing[..], &manifest.documents.damaged[..]].concat();
    if !lacking.is_empty() {
        page.line(&format!("{DOCUMENTS} that the backup lacks: {}.", lacking.join(", ")));
    }
    print(&page)?;
    Ok(Exit::Done)
}
