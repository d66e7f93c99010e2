//! `docket webhooks`: the backup of the webhook endpoints, which stand in no log. Here too: how a
//! server opens them.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, Subcommand};
use rand::Rng as _;

use super::config::{Config, ConfigArgs, PlaceArgs};
use super::exit::Exit;
use super::token::random;
use crate::app::App;
use crate::webhooks::{FILE_NAME, Parts, Settings, SystemLookup, WebhookError, Webhooks};
use crate::webhooks::{export, import};

/// What types begin with in a payload.
const TYPE_PREFIX: &str = "docket";

/// Back up the webhook endpoints, or put a backup in place.
///
/// Endpoints, their secrets and how far each has got are configuration, not part of the record: they
/// stand in webhooks.sqlite in the data folder, and in no export of the log. A copy that is put back
/// knows only what had been delivered when it was made; what followed is delivered again.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  docket webhooks export /backup/webhooks.sqlite --data-dir /srv/docket     also while it is served
  docket webhooks import /backup/webhooks.sqlite --data-dir /srv/docket     while it is not

The copy holds the secrets that sign deliveries: keep it as you keep the keys.

Exit codes: 0 done, 1 failure, 2 usage, 4 a server delivers from the file")]
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
    #[command(flatten)]
    place: PlaceArgs,
}

/// Runs the command.
///
/// # Errors
/// A file that is missing, in use or none of webhooks.
pub fn run(args: &WebhooksArgs) -> anyhow::Result<Exit> {
    let (Command::Export(file) | Command::Import(file)) = &args.command;
    let (config, _) = Config::load(&ConfigArgs::from(file.place.clone()), std::env::vars())?;
    let path = path(&config);
    match &args.command {
        Command::Export(_) => export(&path, &file.file)?,
        Command::Import(_) => import(&file.file, &path)?,
    }
    Ok(Exit::Done)
}

fn path(config: &Config) -> PathBuf {
    config.store.data_dir.join(FILE_NAME)
}

/// The webhooks of a server.
///
/// # Errors
/// A file that can't be used.
pub fn open(config: &Config, app: &Arc<App>) -> Result<Arc<Webhooks>, WebhookError> {
    let clock = app.clock().clone();
    Webhooks::open(Parts {
        log: app.log().clone(),
        log_id: app.log_id(),
        file: path(config),
        settings: Settings {
            allow_private_networks: config.webhooks.allow_private_networks,
            timeout: Duration::from_secs(config.webhooks.timeout_s),
            max_attempts: config.webhooks.max_attempts,
            public_url: config.server.public_url.clone(),
            type_prefix: TYPE_PREFIX.to_owned(),
        },
        clock: Arc::new(move || clock.now().micros()),
        random: Arc::new(|bytes| random().fill_bytes(bytes)),
        lookup: Arc::new(SystemLookup),
    })
}
