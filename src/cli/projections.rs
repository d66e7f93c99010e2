//! `docket projections`: the read models, how far they are, and whether they are what the log says.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use clap::Subcommand;
use serde_json::json;

use super::config::{Config, ConfigArgs, PlaceArgs};
use super::exit::{Exit, failure};
use super::node::read_models;
use super::output::{Format, Page, Table, instant, print, print_json};
use super::progress::{Interrupt, bar};
use super::stores::{Access, open_log};
use super::verify::check;
use crate::domain::date::Timestamp;
use crate::log::{Damage, EventLog};
use crate::projection::store::Checkpoint;
use crate::projection::{self, Copies, Rebuild, StoreError};

mod compare;
mod elsewhere;
pub mod rebuild;

/// The read models: list, state, rebuild, verify, compare.
///
/// They are derived from the log and can always be made anew. All but `rebuild` only read.
#[derive(Debug, clap::Args)]
pub struct ProjectionsArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// What read models there are, with their tables and versions
    List(ListArgs),
    /// How far the copy that serves has read, who writes it, and whether it stopped
    Status(StatusArgs),
    Rebuild(rebuild::RebuildArgs),
    Verify(compare::VerifyArgs),
    Diff(compare::DiffArgs),
}

#[derive(Debug, clap::Args)]
struct ListArgs {
    /// The form of the result
    #[arg(long, value_enum, default_value_t = Format::Table)]
    output: Format,
}

#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Exit codes: 0 it follows the log, 5 nothing serves yet, 7 it stopped at an event or is damaged,
8 it can't be reached or written")]
struct StatusArgs {
    #[command(flatten)]
    stores: StoreArgs,
    /// The form of the result
    #[arg(long, value_enum, default_value_t = Format::Table)]
    output: Format,
}

/// Which log and read models.
#[derive(Debug, Clone, clap::Args)]
pub struct StoreArgs {
    #[command(flatten)]
    place: PlaceArgs,
    /// Address of the log (store.log)
    #[arg(long, value_name = "ADDRESS")]
    log: Option<String>,
    /// Address of the read models (store.read_model)
    #[arg(long, value_name = "ADDRESS")]
    read_model: Option<String>,
}

/// The log and the read models, open to be read.
pub struct Stores {
    log: Arc<dyn EventLog>,
    copies: Arc<dyn Copies>,
}

/// How long what is under way may take once the work is interrupted.
const HURRY: Duration = Duration::from_secs(2);

impl StoreArgs {
    fn config(&self) -> anyhow::Result<Config> {
        let config = ConfigArgs {
            log: self.log.clone(),
            read_model: self.read_model.clone(),
            ..ConfigArgs::from(self.place.clone())
        };
        Ok(Config::load(&config, std::env::vars())?.0)
    }

    /// How long a process that writes may give no sign of life.
    fn lease(&self) -> anyhow::Result<Duration> {
        Ok(Duration::from_millis(self.config()?.projections.lease_ms))
    }

    async fn open(&self) -> anyhow::Result<Stores> {
        let config = self.config()?;
        let log = open_log(&config, Access::Read).await?;
        Ok(Stores { log, copies: read_models(&config)? })
    }

    /// What is damaged in the log.
    async fn check_log(&self) -> anyhow::Result<Vec<Damage>> {
        let Stores { log, .. } = self.open().await?;
        let damages = check(&*log).await;
        log.close().await;
        damages
    }

    /// Does long work over the log and the read models, with progress on standard error, until it is
    /// done or interrupted; what only reads also where the read models can't be written.
    async fn work<T: Send + 'static>(
        &self,
        what: &'static str,
        only_reads: bool,
        names: &[String],
        work: impl FnOnce(&Rebuild<'_>, &mut dyn FnMut(u64, u64) -> bool) -> Result<T, StoreError>
        + Send
        + 'static,
    ) -> anyhow::Result<T> {
        let Stores { log, mut copies } = self.open().await?;
        if only_reads {
            copies = elsewhere::where_writable(copies, &self.config()?)?;
        }
        let interrupt = Interrupt::watch();
        let runtime = tokio::runtime::Handle::current();
        let (names, reading) = (names.to_vec(), log.clone());
        let (ending, pressed) = (copies.clone(), interrupt.pressed());
        // What hangs is not waited for.
        let ending = tokio::spawn(async move {
            pressed.await;
            ending.end_by(Instant::now() + HURRY);
        });
        let work = tokio::task::spawn_blocking(move || {
            let bar = bar(what);
            let rebuild = Rebuild {
                log: reading,
                runtime,
                copies: &*copies,
                projections: projection::all,
                names: &names,
            };
            let done = work(&rebuild, &mut |done, total| {
                bar.set_length(total);
                bar.set_position(done);
                !interrupt.is_pressed()
            });
            bar.finish_and_clear();
            done
        });
        let done = work.await.context("the work broke off")?;
        ending.abort();
        log.close().await;
        done.map_err(explain)
    }
}

fn explain(error: StoreError) -> anyhow::Error {
    match error {
        StoreError::InUse(place) => failure(
            Exit::Conflict,
            format!(
                "another rebuild is at work on the read models in {place}: wait for it, or stop it"
            ),
        ),
        other => other.into(),
    }
}

/// Runs the command.
///
/// # Errors
/// What stands in the way, or what does not verify.
pub async fn run(args: &ProjectionsArgs) -> anyhow::Result<Exit> {
    match &args.command {
        Command::List(args) => list(args),
        Command::Status(args) => status(args).await,
        Command::Rebuild(args) => rebuild::run(args).await,
        Command::Verify(args) => compare::verify(args).await,
        Command::Diff(args) => compare::diff(args).await,
    }
}

fn list(args: &ListArgs) -> anyhow::Result<Exit> {
    let models = projection::all();
    let tables = |model: &dyn projection::Projection| {
        model.tables().iter().map(|table| table.name).collect::<Vec<_>>()
    };
    if args.output == Format::Json {
        let models = models.iter().map(|model| {
            json!({ "name": model.name(), "version": model.version(), "tables": tables(&**model) })
        });
        print_json(&json!({ "models": models.collect::<Vec<_>>() }))?;
        return Ok(Exit::Done);
    }
    let mut table = Table::new(&["read model", "version", "tables"]);
    for model in &models {
        let (name, version) = (model.name().to_owned(), model.version().to_string());
        table.row(vec![name, version, tables(&**model).join(", ")]);
    }
    let mut page = Page::default();
    page.table(&table);
    print(&page)?;
    Ok(Exit::Done)
}

async fn status(args: &StatusArgs) -> anyhow::Result<Exit> {
    let Stores { log, copies } = args.stores.open().await?;
    let head = log.head().await?;
    let place = copies.place();
    let lease = args.stores.lease()?;
    let looked = tokio::task::spawn_blocking(move || look(&*copies, lease)).await;
    let looked = looked.context("the reading broke off")??;
    log.close().await;
    show(args.output, &place, &looked, head)?;
    if let Some((sequence, reason)) = &looked.checkpoint.failed {
        return Err(failure(Exit::Unverified, format!("stopped at sequence {sequence}: {reason}")));
    }
    match looked.refused {
        None => Ok(Exit::Done),
        Some(reason) => Err(failure(Exit::Unavailable, format!("can't be written: {reason}"))),
    }
}

/// The copy that serves, as it was met.
struct Looked {
    copy: String,
    checkpoint: Checkpoint,
    /// The read models of another version.
    stale: Vec<String>,
    /// Who gave a sign of life just now.
    writer: Option<String>,
    /// Why it can't be written.
    refused: Option<String>,
    /// The copy that a rebuild differed from.
    kept: Option<String>,
}

/// How soon a sign of life is looked for again.
const LOOK_EVERY: Duration = Duration::from_millis(20);

fn look(copies: &dyn Copies, lease: Duration) -> Result<Looked, StoreError> {
    let serving = copies.serving()?.ok_or_else(|| StoreError::Missing(copies.place()))?;
    if let Some(what) = copies.damage(&serving)? {
        return Err(StoreError::Damaged { copy: serving, what });
    }
    let models = projection::Models::new(projection::all());
    let mut reader = copies.reader(&serving)?;
    let mut snapshot = reader.snapshot()?;
    let stale = projection::store::stale(&mut *snapshot, &models)?;
    let mut checkpoint = snapshot.checkpoint().clone();
    drop(snapshot);
    // No time that another wrote says whether it lives: only that it goes on.
    let (met, since) = (checkpoint.sign(), Instant::now());
    while checkpoint.holder.is_some() && checkpoint.sign() == met && since.elapsed() < lease {
        std::thread::sleep(LOOK_EVERY);
        checkpoint = reader.checkpoint()?;
    }
    let writer = checkpoint.holder.clone().filter(|_| checkpoint.sign() != met);
    Ok(Looked {
        copy: serving.to_string(),
        checkpoint,
        stale,
        writer,
        refused: copies.writable(&serving).err().map(|error| error.to_string()),
        kept: copies.kept()?.map(|copy| copy.to_string()),
    })
}

fn show(output: Format, place: &str, looked: &Looked, head: Option<u64>) -> anyhow::Result<()> {
    let Looked { copy, checkpoint, stale, writer, refused, kept } = looked;
    let count = |at: Option<u64>| at.map_or(0, |at| at + 1);
    let behind = count(head).saturating_sub(count(checkpoint.position));
    let number = |at: Option<u64>| at.map(|at| format!("{at:020}"));
    let known_at = checkpoint.position.map(|_| Timestamp::from_micros(checkpoint.known_at_us));
    let failed = checkpoint.failed.as_ref();
    if output == Format::Json {
        return Ok(print_json(&json!({
            "place": place, "copy": copy, "sequence": number(checkpoint.position),
            "log_sequence": number(head), "behind": behind, "known_at": known_at.map(Timestamp::to_rfc3339),
            "writer": writer, "epoch": checkpoint.epoch, "another_version": stale,
            "can_not_be_written": refused, "kept": kept,
            "failed": failed.map(|(at, why)| json!({ "sequence": number(Some(*at)), "reason": why })),
        }))?);
    }
    let mut table = Table::new(&["read models", place]);
    let mut row = |name: &str, value: String| table.row(vec![name.to_owned(), value]);
    row("copy that serves", copy.clone());
    row("sequence", number(checkpoint.position).unwrap_or_default());
    row("log's sequence", number(head).unwrap_or_default());
    row("events behind", behind.to_string());
    row("known at", known_at.map(instant).unwrap_or_default());
    row("written by", writer.clone().unwrap_or_else(|| "nobody now".to_owned()));
    if !stale.is_empty() {
        row("of another version", stale.join(", "));
    }
    if let Some(reason) = refused {
        row("can't be written", reason.clone());
    }
    if let Some(kept) = kept {
        row("kept, since a rebuild differed", kept.clone());
    }
    if let Some((sequence, reason)) = failed {
        row("stopped at", format!("{sequence:020}: {reason}"));
    }
    let mut page = Page::default();
    page.table(&table);
    print(&page)?;
    Ok(())
}
