//! `docket store backup`.
//!
//! The order is what makes it consistent: webhook endpoints and checkpoints first, so that none stands ahead of
//! the log; then the log, which only grows; then the documents, each of which was there before an event cited it.

mod documents;

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use serde_json::json;
use uuid::Uuid;

use super::Watch;
use super::manifest::{
    FORMAT, Key, LOG, MANIFEST, Manifest, SUMS, Sums, Unfinished, copy_file, digest_file,
    digest_of, write_file,
};
use crate::app::decisions::LogBook;
use crate::cli::config::{Config, ConfigArgs, PlaceArgs};
use crate::cli::exit::{Exit, failure};
use crate::cli::node::{is_postgres, now_us};
use crate::cli::output::{Format, Page, print, print_json};
use crate::cli::person_keys;
use crate::cli::verify::{check, damaged};
use crate::domain::date::Timestamp;
use crate::ledger::{self, Root};
use crate::log::SqliteLog;
use crate::moving::{MoveError, Observer as _, compare_first};
use crate::webhooks::{self, Place};

/// Make a verified backup of a data folder, also while it is served.
///
/// Copies the log as it stands at one event, its signed checkpoints, the documents, and the webhook endpoints to a
/// new folder, and names the keys (--with-keys copies them too, but never those of persons, which an erasure
/// must reach). Each index of the log is compared with its table first; the
/// copy is checked whole and compared with the log event by event; each document is held against its digest.
/// Read models are left out, since they can be made anew. Acts go on meanwhile. Copying the files of a
/// running server instead makes no backup: BACKUP.md says which other ways are good.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  docket store backup --to /backup/2026-11-29 --data-dir /srv/docket
  docket store backup --to /safe/2026-11-29 --with-keys --data-dir /srv/docket
  (cd /backup/2026-11-29 && sha256sum -c --quiet SHA256SUMS) && docket verify /backup/2026-11-29

The folder holds the secrets of webhook endpoints, and with --with-keys the keys: keep it as you keep those.
A log in a KurrentDB has that server's backups; `docket store copy` copies it to a file. Documents in an
object store have that store's.

Exit codes: 0 done, 2 usage, 4 the target is there already, 5 no such log, 7 the log is damaged and nothing
is kept, or documents that it cites are missing or damaged (the backup is made and names them),
8 unavailable, 130 interrupted")]
pub struct BackupArgs {
    /// The folder to make
    #[arg(long, value_name = "FOLDER")]
    to: PathBuf,
    /// Copy the keys too, instead of naming them alone
    #[arg(long)]
    with_keys: bool,
    /// Link the documents instead of copying them, where the file system is the same: a document never
    /// changes, but damage to the disk then meets both
    #[arg(long)]
    link_documents: bool,
    #[command(flatten)]
    place: PlaceArgs,
    /// The form of the result
    #[arg(long, value_enum, default_value_t = Format::Table)]
    output: Format,
}

/// The log's part of a backup.
struct CopiedLog {
    root: Root,
    log_id: Option<Uuid>,
}

/// Runs the command.
///
/// # Errors
/// What stands in the way; a log that is damaged.
pub async fn run(args: &BackupArgs) -> anyhow::Result<Exit> {
    let (config, _) = Config::load(&ConfigArgs::from(args.place.clone()), std::env::vars())?;
    crate::cli::stores::check_addresses(&config)?;
    let Some(path) = config.store.log.strip_prefix("sqlite:") else {
        let text = "a log in a KurrentDB is backed up with that server's own means; `docket store copy \
                    --to sqlite:<file>` copies it to a file, of which a backup can be made";
        return Err(failure(Exit::Usage, text));
    };
    let log = SqliteLog::open_reader(path)?;
    let folder = Unfinished::begin(&args.to)?;
    let mut sums = Sums::default();
    let with_webhooks = copy_webhooks(&config, &folder, &mut sums).await?;
    copy_checkpoints(&config, &folder, &mut sums)?;
    let watch = Watch::new("copying the log");
    let copied = copy_log(&log, &folder, &mut sums, &watch).await;
    log.close().await;
    drop(watch);
    let CopiedLog { root, log_id } = copied?;
    let documents = documents::copy(&config, &folder, &mut sums, args.link_documents).await?;
    let keys = keys(&config, args.with_keys.then_some(&folder), &mut sums)?;
    let text = sums.text();
    let manifest = Manifest {
        format: FORMAT,
        docket: env!("CARGO_PKG_VERSION").to_owned(),
        made_at: Timestamp::from_micros(now_us()).to_rfc3339(),
        log_id,
        events: root.size(),
        head_sequence: root.size().checked_sub(1).map(|head| format!("{head:020}")),
        root: root.to_string(),
        sums: digest_of(text.as_bytes()),
        documents,
        keys,
        webhooks: with_webhooks,
    };
    write_file(&folder.file(SUMS)?, &text)?;
    write_file(&folder.file(MANIFEST)?, &format!("{:#}\n", json!(manifest)))?;
    folder.finish()?;
    show(args, &manifest, person_keys::file_of(&config).exists())
}

/// Copies the endpoints of this node; those in a database have that one's backup.
async fn copy_webhooks(
    config: &Config,
    folder: &Unfinished,
    sums: &mut Sums,
) -> anyhow::Result<bool> {
    let from = config.store.data_dir.join(webhooks::FILE_NAME);
    if is_postgres(&config.store.read_model) || !from.exists() {
        return Ok(false);
    }
    let to = folder.file(webhooks::FILE_NAME)?;
    webhooks::export(Place::File(from), &to).await?;
    sums.add(webhooks::FILE_NAME, digest_file(&to)?.0);
    Ok(true)
}

/// Copies the checkpoints: none may cover more than the copy of the log.
fn copy_checkpoints(config: &Config, folder: &Unfinished, sums: &mut Sums) -> anyhow::Result<()> {
    for file in [ledger::kept::FILE, ledger::kept::COSIGNED] {
        let from = ledger::folder_of(&config.store.data_dir).join(file);
        if from.exists() {
            let name = format!("ledger/{file}");
            sums.add(&name, copy_file(&from, &folder.file(&name)?)?.0);
        }
    }
    Ok(())
}

/// Copies the log, checks the copy whole, and compares it with the log event by event.
async fn copy_log(
    log: &SqliteLog,
    folder: &Unfinished,
    sums: &mut Sums,
    watch: &Watch,
) -> anyhow::Result<CopiedLog> {
    let path = folder.file(LOG)?;
    let (bar, flag) = (watch.bar.clone(), watch.interrupt.flag());
    let progress = Arc::new(move |done, total| {
        bar.set_length(total);
        bar.set_position(done);
        !flag.load(Ordering::Relaxed)
    });
    let events = match log.copy_to(&path, progress).await {
        Err(_) if watch.is_stopped() => return Err(failure(Exit::Interrupted, "interrupted")),
        events => events?,
    };
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
    let copy = SqliteLog::open_reader(&path)?;
    let verified = verify(log, &copy, events, watch).await;
    copy.close().await;
    let copied = verified?;
    // Nobody has the copy open any more, and this is not the log's path.
    sums.add(LOG, digest_file(&path)?.0);
    Ok(copied)
}

async fn verify(
    log: &SqliteLog,
    copy: &SqliteLog,
    events: u64,
    watch: &Watch,
) -> anyhow::Result<CopiedLog> {
    if let Some(first) = check(copy).await?.first() {
        return Err(damaged(first));
    }
    let compared = compare_first(log, copy, events, watch).await.map_err(|error| match error {
        MoveError::Interrupted => failure(Exit::Interrupted, "interrupted"),
        error => error.into(),
    })?;
    if let Some(difference) = compared.first {
        return Err(failure(Exit::Unverified, format!("the copy is no copy. {difference}")));
    }
    let log_id = LogBook::read(copy).await?.and_then(|book| book.log_id());
    Ok(CopiedLog { root: compared.to, log_id })
}

/// The keys that belong to the log: named, and copied where a folder is given for them.
fn keys(config: &Config, folder: Option<&Unfinished>, sums: &mut Sums) -> anyhow::Result<Vec<Key>> {
    let log_key = config.store.data_dir.join("keys").join("log.pem");
    let mut keys = Vec::new();
    for (file, from) in
        [("keys/log.pem", log_key.as_path()), ("token-key.pem", config.auth.token_key.as_path())]
    {
        if !Path::exists(from) {
            continue;
        }
        let sha256 = match folder {
            Some(folder) => {
                let (digest, _) = copy_file(from, &folder.file(file)?)?;
                sums.add(file, digest.clone());
                digest
            }
            None => digest_file(from)?.0,
        };
        keys.push(Key { file: file.to_owned(), sha256, copied: folder.is_some() });
    }
    Ok(keys)
}

fn show(args: &BackupArgs, manifest: &Manifest, has_person_keys: bool) -> anyhow::Result<Exit> {
    let documents = &manifest.documents;
    if args.output == Format::Json {
        print_json(&json!(manifest))?;
    } else {
        let named = manifest.keys.iter().map(|key| {
            format!("{} ({})", key.file, if key.copied { "copied" } else { "named, not copied" })
        });
        let of_documents = if documents.copied {
            format!("{} ({} bytes)", documents.count, documents.bytes)
        } else {
            format!("not copied: they are in {}", documents.address)
        };
        let of_webhooks = if manifest.webhooks { "copied" } else { "none in the data folder" };
        let of_persons = match has_person_keys {
            true => "not copied: an erasure must reach every copy (docs/personal-data.md)",
            false => "none in the data folder",
        };
        let mut page = Page::default();
        page.fields(&[
            ("backup", args.to.display().to_string()),
            ("events", manifest.events.to_string()),
            ("Merkle root", manifest.root.clone()),
            ("documents", of_documents),
            ("keys", named.collect::<Vec<_>>().join(", ")),
            ("webhook endpoints", of_webhooks.to_owned()),
            ("keys of persons", of_persons.to_owned()),
        ]);
        print(&page)?;
    }
    if documents.missing.is_empty() && documents.damaged.is_empty() {
        return Ok(Exit::Done);
    }
    let list = |what: &str, digests: &[String]| match digests {
        [] => String::new(),
        digests => format!("; {what}: {}", digests.join(", ")),
    };
    let text = format!(
        "the backup is made, but documents are not whole where it was made from{}{}: upload them again",
        list("missing", &documents.missing),
        list("damaged", &documents.damaged)
    );
    Err(failure(Exit::Unverified, text))
}
