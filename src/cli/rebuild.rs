//! `docket rebuild`.

use std::sync::Arc;

use anyhow::Context as _;
use serde_json::json;

use super::config::{Config, ConfigArgs, PlaceArgs};
use super::exit::{Exit, failure};
use super::node::{now_us, read_models, sqlite_path};
use super::output::{Format, Table, print, print_json};
use super::progress::{Interrupt, bar};
use crate::log::SqliteLog;
use crate::projection::{self, Compared, Rebuild, Rebuilt, RebuiltModel, StoreError};

/// Make the read models anew from the log and compare them with those that serve.
///
/// Reads the log once for all that are named (all, if none is), fills a new copy, compares its
/// content with the copy that serves at the same event, and lets it take over. A difference without
/// a new version of the read model is a finding: the copy that served is kept beside it. Does its
/// work while no server runs over the folder; a server rebuilds by itself what has a new version.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  docket rebuild --data-dir demo-data
  docket rebuild current_status obligations --output json

Exit codes: 0 rebuilt (and alike, where it could be compared), 4 a server is writing there,
5 no such log or read model, 7 the content differs, or an event can't be read, 130 interrupted:
the copy that served serves on")]
pub struct RebuildArgs {
    /// Read models to rebuild: audit_trail, current_status … [default: all]
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    #[command(flatten)]
    place: PlaceArgs,
    /// Address of the log (store.log)
    #[arg(long, value_name = "ADDRESS")]
    log: Option<String>,
    /// Address of the read models (store.read_model)
    #[arg(long, value_name = "ADDRESS")]
    read_model: Option<String>,
    /// The form of the result
    #[arg(long, value_enum, default_value_t = Format::Table)]
    output: Format,
}

/// Runs the command.
///
/// # Errors
/// What stands in the way, or that the content differs.
pub async fn run(args: &RebuildArgs) -> anyhow::Result<Exit> {
    let config = ConfigArgs {
        log: args.log.clone(),
        read_model: args.read_model.clone(),
        ..ConfigArgs::from(args.place.clone())
    };
    let (config, _) = Config::load(&config, std::env::vars())?;
    let log = SqliteLog::open_reader(sqlite_path(&config.store.log, "store.log")?)?;
    let log = Arc::new(log);
    let copies = read_models(&config)?;
    let interrupt = Interrupt::watch();
    let runtime = tokio::runtime::Handle::current();
    let (names, reading) = (args.names.clone(), log.clone());
    let work = tokio::task::spawn_blocking(move || {
        let bar = bar("rebuilding");
        let rebuild = Rebuild {
            log: reading,
            runtime,
            copies: &*copies,
            projections: projection::all,
            names: &names,
            cache_bytes: projection::DEFAULT_CACHE_BYTES,
            now_us,
        };
        let rebuilt = projection::rebuild(&rebuild, &mut |done, total| {
            bar.set_length(total);
            bar.set_position(done);
            !interrupt.is_pressed()
        });
        bar.finish_and_clear();
        rebuilt
    });
    let rebuilt = work.await.context("the rebuild broke off")?;
    log.close().await;
    let rebuilt = rebuilt.map_err(explain)?;
    show(&rebuilt, args.output)?;
    match rebuilt.findings().map(|model| model.name.as_str()).collect::<Vec<_>>().join(", ") {
        names if names.is_empty() => Ok(Exit::Done),
        names => Err(failure(
            Exit::Unverified,
            format!(
                "not what served, though the version is the same: {names}; the copy that served is kept"
            ),
        )),
    }
}

fn explain(error: StoreError) -> anyhow::Error {
    match error {
        StoreError::InUse(folder) => failure(
            Exit::Conflict,
            format!(
                "another rebuild is at work on the read models in {folder}: wait for it, or stop it"
            ),
        ),
        other => other.into(),
    }
}

fn show(rebuilt: &Rebuilt, output: Format) -> anyhow::Result<()> {
    if output == Format::Json {
        let models = rebuilt.models.iter().map(|model| {
            json!({ "name": model.name, "version": model.version, "checksum": model.checksum,
                "compared": compared(model) })
        });
        let models: Vec<_> = models.collect();
        let sequence = rebuilt.position.map(|position| format!("{position:020}"));
        return Ok(print_json(&json!({ "sequence": sequence, "models": models }))?);
    }
    let mut table = Table::new(&["read model", "version", "checksum", "compared with what served"]);
    for model in &rebuilt.models {
        table.row(vec![
            model.name.clone(),
            model.version.to_string(),
            model.checksum.clone().unwrap_or_default(),
            compared(model),
        ]);
    }
    let events = rebuilt.position.map_or(0, |position| position + 1);
    print(&format!("{}\n{events} events\n", table.render()))?;
    Ok(())
}

fn compared(model: &RebuiltModel) -> String {
    match &model.compared {
        Compared::Nothing => "nothing served".to_owned(),
        Compared::AnotherVersion => "another version served".to_owned(),
        Compared::Same => "the same".to_owned(),
        Compared::Differs { served, at } => format!("DIFFERS at sequence {at}: {served}"),
    }
}
