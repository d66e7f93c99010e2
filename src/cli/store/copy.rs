//! `docket store copy`.

use std::time::Duration;

use serde_json::json;

use super::{Addresses, Watch, tree, without_account};
use crate::cli::exit::{Exit, failure};
use crate::cli::node::now_us;
use crate::cli::output::{Format, Page, print, print_json};
use crate::cli::stores::{Access, open_log_at};
use crate::log::EventLog;
use crate::moving::{Copier, MoveError, Switch, Switched, switch};

/// Copy a log to another engine, and switch to the copy.
///
/// Copies every event in order, reads each back and compares it, and ends; run again, it compares what
/// is there and copies what is new, so that a copy which broke off is resumed. The log may be served
/// meanwhile; nothing is written to it. With --switch it goes on until little is left, then stops
/// writes to the old log for as long as the rest takes (its server answers 503 log-moving), and marks
/// the old log as moved: it takes no more events and is only read. What to do then is said at the end.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  docket store copy --from sqlite:/srv/docket/log.sqlite --to kurrentdb://db.example:2113
  docket store copy --switch --from sqlite:/srv/docket/log.sqlite --to kurrentdb://db.example:2113
  docket serve --data-dir /srv/docket --log kurrentdb://db.example:2113

Exit codes: 0 copied (and switched), 2 usage, 4 the copy is in use or the log was moved before,
5 no such log or nothing in it, 7 the destination is no copy of the log, 8 unavailable, or the pause
would be too long: writes go on where they were, 130 interrupted: run it again to go on")]
pub struct CopyArgs {
    #[command(flatten)]
    addresses: Addresses,
    /// Stop writes to the old log at the end, and mark it as moved to the copy
    #[arg(long)]
    switch: bool,
    /// For how long writes may be stopped; if it takes longer, they go on where they were
    #[arg(long, value_name = "SECONDS", default_value_t = 30, requires = "switch")]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=3600))]
    max_pause_s: u64,
    /// The form of the result
    #[arg(long, value_enum, default_value_t = Format::Table)]
    output: Format,
}

/// What came of it.
struct Copied {
    before: u64,
    source: crate::ledger::Root,
    copy: crate::ledger::Root,
    switched: Option<Switched>,
}

/// Runs the command.
///
/// # Errors
/// What stands in the way, or where the destination is no copy.
pub async fn run(args: &CopyArgs) -> anyhow::Result<Exit> {
    let config = args.addresses.config()?;
    let from = open_log_at(&args.addresses.from, "--from", &config, Access::Read).await?;
    // Before the destination is made.
    if from.head().await?.is_none() {
        return Err(MoveError::Empty.into());
    }
    let to = open_log_at(&args.addresses.to, "--to", &config, Access::Write).await?;
    let watch = Watch::new("copying");
    let copied = copy(args, &*from, &*to, &watch).await;
    drop(watch);
    to.close().await;
    from.close().await;
    show(args, &copied.map_err(explain)?)?;
    Ok(Exit::Done)
}

async fn copy(
    args: &CopyArgs,
    from: &dyn EventLog,
    to: &dyn EventLog,
    watch: &Watch,
) -> Result<Copied, MoveError> {
    let mut copier = Copier::begin(from, to, watch).await?;
    let before = copier.events();
    let switched = if args.switch {
        let how = Switch {
            to: without_account(&args.addresses.to),
            now_us,
            max_pause: Duration::from_secs(args.max_pause_s),
        };
        Some(switch(&mut copier, &how).await?)
    } else {
        copier.catch_up().await?;
        None
    };
    Ok(Copied { before, source: copier.source().clone(), copy: copier.copy().clone(), switched })
}

fn explain(error: MoveError) -> anyhow::Error {
    match error {
        MoveError::Interrupted => {
            failure(Exit::Interrupted, format!("{error}; the same command goes on from there"))
        }
        error => error.into(),
    }
}

fn show(args: &CopyArgs, copied: &Copied) -> anyhow::Result<()> {
    let Copied { before, source, copy, switched } = copied;
    let pause_ms = switched.as_ref().map(|switched| switched.pause.as_millis());
    if args.output == Format::Json {
        let (from, to) = (&args.addresses.from, &args.addresses.to);
        let in_pause = switched.as_ref().map(|switched| switched.in_pause);
        return Ok(print_json(&json!({
            "copied": copy.size() - before, "from": tree(from, source), "to": tree(to, copy),
            "switched": switched.is_some(), "pause_ms": pause_ms, "copied_in_pause": in_pause,
        }))?);
    }
    let to = without_account(&args.addresses.to);
    let pause = switched.as_ref().zip(pause_ms).map(|(switched, pause_ms)| {
        format!("{pause_ms} ms, in which {} events were copied", switched.in_pause)
    });
    let mut page = Page::default();
    page.fields(&[
        ("copied", format!("{} events", copy.size() - before)),
        ("there before", format!("{before} events")),
        ("events in both", copy.size().to_string()),
        ("Merkle root of both", copy.to_string()),
        ("writes stopped for", pause.unwrap_or_default()),
    ]);
    match switched {
        None => page.line("The log that was copied goes on; --switch ends that."),
        Some(_) => page.line(&format!(
            "The old log takes no more events. Restart every server and worker with --log {to}"
        )),
    }
    Ok(print(&page)?)
}
