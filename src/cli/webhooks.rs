//! `docket webhooks`: the backup of the webhook endpoints, which stand in no log. Here too: how
//! servers and workers open them.

#[cfg(feature = "postgres")]
pub mod database;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, Subcommand};
use rand::Rng as _;

use super::config::{Config, ConfigArgs, PlaceArgs};
use super::exit::Exit;
use super::node::{is_postgres, now_us};
use super::token::random;
use crate::app::{App, book_of};
use crate::log::EventLog;
use crate::webhooks::{
    FILE_NAME, Parts, Place, Settings, SystemLookup, WebhookError, Webhooks, check_not_emptied,
    export, import, newest_seen,
};

/// What types begin with in a payload.
const TYPE_PREFIX: &str = "docket";

/// Back up the webhook endpoints, or put a backup in place.
///
/// Endpoints, their secrets and how far each has got are configuration, not part of the record, and in
/// no export of the log. They stand in webhooks.sqlite in the data folder, or, where the read models are
/// in PostgreSQL, in a schema beside them for all nodes; the copy is one SQLite file either way. One that
/// is put back knows only what had been delivered when it was made; what followed is delivered again.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  docket webhooks export /backup/webhooks.sqlite --data-dir /srv/docket     also while it is served
  docket webhooks import /backup/webhooks.sqlite --data-dir /srv/docket     while it is not
  docket webhooks import /srv/docket/webhooks.sqlite --read-model postgres://db.example/docket
                                              moves a node's endpoints to where all nodes have them

The copy holds the secrets that sign deliveries: keep it as you keep the keys.

Exit codes: 0 done, 1 failure, 2 usage, 4 a server or worker\ndelivers them, 5 the database has none, 7 they belong to another log, 8 no database answers")]
pub struct WebhooksArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write a copy of one instant to a new file, readable by its owner alone
    Export(FileArgs),
    /// Put a copy in the place of the endpoints that there are
    Import(FileArgs),
}

#[derive(Debug, Args)]
struct FileArgs {
    /// The copy
    file: PathBuf,
    /// Address of the read models (store.read_model)
    #[arg(long, value_name = "ADDRESS")]
    read_model: Option<String>,
    #[command(flatten)]
    place: PlaceArgs,
}

/// Runs the command.
///
/// # Errors
/// Endpoints or a copy that are missing, in use or none of webhooks.
pub async fn run(args: &WebhooksArgs) -> anyhow::Result<Exit> {
    let (Command::Export(file) | Command::Import(file)) = &args.command;
    let config =
        ConfigArgs { read_model: file.read_model.clone(), ..ConfigArgs::from(file.place.clone()) };
    let (config, _) = Config::load(&config, std::env::vars())?;
    let place = place(&config, None)?;
    match &args.command {
        Command::Export(_) => export(place, &file.file).await?,
        Command::Import(_) => import(&file.file, place).await?,
    }
    Ok(Exit::Done)
}

fn file(config: &Config) -> PathBuf {
    config.store.data_dir.join(FILE_NAME)
}

/// Where the endpoints are: with read models in PostgreSQL there too, for all nodes. A server says
/// how deliveries are made.
pub(super) fn place(config: &Config, says: Option<Settings>) -> anyhow::Result<Place> {
    if !is_postgres(&config.store.read_model) {
        return Ok(Place::File(file(config)));
    }
    #[cfg(feature = "postgres")]
    return Ok(Place::Postgres(database::parts(&config.store.read_model, says)?));
    #[cfg(not(feature = "postgres"))]
    {
        let _ = says;
        super::node::read_models(config).map(|_| Place::File(file(config)))
    }
}

/// Refuses what can be seen to be wrong with the endpoints before a server listens.
///
/// # Errors
/// A file of them that was emptied.
pub fn check(config: &Config) -> Result<(), WebhookError> {
    match is_postgres(&config.store.read_model) {
        true => Ok(()),
        false => check_not_emptied(&file(config)),
    }
}

/// The webhooks of a server; none while it is not known which log it serves.
///
/// # Errors
/// Endpoints that can't be used; a database that is away for now is none.
pub async fn open(config: &Config, app: &Arc<App>) -> anyhow::Result<Option<Arc<Webhooks>>> {
    if app.log_id().is_nil() {
        tracing::error!("nothing is delivered: it is not known whose the webhook endpoints are");
        return Ok(None);
    }
    let place = place(config, Some(settings(config)))?;
    #[cfg(feature = "postgres")]
    if !matches!(place, Place::File(_)) {
        database::warn_of_file(&file(config));
    }
    let clock = app.clock().clone();
    let now_us = move || clock.now().micros();
    let parts = parts(config, app.log().clone(), app.log_id(), place, now_us);
    reached(Webhooks::open(parts)?).await.map(Some)
}

/// The webhooks of a worker, once the log has begun; none where they are those of one node.
///
/// # Errors
/// As [`open`]; a log that is none.
pub async fn beside(
    config: &Config,
    log: &Arc<dyn EventLog>,
) -> anyhow::Result<Option<Arc<Webhooks>>> {
    if !is_postgres(&config.store.read_model) {
        return Ok(None);
    }
    // An error says that the log was closed: then nothing is delivered any more.
    let begun = log.watch_head().wait_for(Option::is_some).await.is_ok();
    let book = if begun { book_of(&**log).await? } else { None };
    let Some(mut book) = book else { return Ok(None) };
    if let Some((log_id, _)) = newest_seen(place(config, None)?).await? {
        book.may_be(log_id);
    }
    let Some(log_id) = book.log_id() else {
        tracing::error!("nothing is delivered: it is not known whose the webhook endpoints are");
        return Ok(None);
    };
    let place = place(config, None)?;
    let parts = parts(config, log.clone(), log_id, place, now_us);
    reached(Webhooks::open(parts)?).await.map(Some)
}

async fn reached(webhooks: Arc<Webhooks>) -> anyhow::Result<Arc<Webhooks>> {
    match webhooks.reach().await {
        Err(error @ WebhookError::Unavailable { .. }) => tracing::warn!(%error, "tried again"),
        reached => reached?,
    }
    Ok(webhooks)
}

fn settings(config: &Config) -> Settings {
    Settings {
        allow_private_networks: config.webhooks.allow_private_networks,
        timeout: Duration::from_secs(config.webhooks.timeout_s),
        max_attempts: config.webhooks.max_attempts,
        public_url: config.server.public_url.clone(),
        type_prefix: TYPE_PREFIX.to_owned(),
    }
}

fn parts(
    config: &Config,
    log: Arc<dyn EventLog>,
    log_id: uuid::Uuid,
    place: Place,
    now_us: impl Fn() -> i64 + Send + Sync + 'static,
) -> Parts {
    Parts {
        log,
        log_id,
        place,
        settings: settings(config),
        clock: Arc::new(now_us),
        random: Arc::new(|bytes| random().fill_bytes(bytes)),
        lookup: Arc::new(SystemLookup),
    }
}
