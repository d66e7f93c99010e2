//! `docket log confirm-clock`.

use super::super::clock_file::{ClockFile, knowing_clock, written_at};
use super::super::config::{Config, ConfigArgs};
use super::super::exit::Exit;
use super::super::output::{Format, instant};
use super::Opened;
use crate::app::clock::Clock as _;
use crate::app::decisions::newest;
use crate::domain::date::Timestamp;

/// Confirm that this machine's clock is right, though it is far from the log's newest event.
///
/// After a start with the clock more than a day ahead of all that is known of a log, Docket records
/// nothing by itself (lapses, measures, what a crash left); more than a year ahead, acts wait too. Behind an
/// event of the future nothing is recorded until that time. If the clock is wrong, set it right: nothing
/// else is needed. If it is right, say so with this command; that is recorded as ClockConfirmed.
#[derive(Debug, clap::Args)]
pub struct ConfirmClockArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// Only say how the clock stands to the log
    #[arg(long)]
    dry_run: bool,
    /// The form of the result
    #[arg(long, value_enum, default_value_t = Format::Table)]
    output: Format,
}

/// Runs the command.
///
/// # Errors
/// What stands in the way of recording it.
pub async fn run(args: &ConfirmClockArgs) -> anyhow::Result<Exit> {
    let (config, _) = Config::load(&args.config, std::env::vars())?;
    let written_at = written_at(&config.store.log);
    let Opened { config, log, book } = super::open(&args.config, args.dry_run).await?;
    let file = ClockFile::of(&config.store.data_dir);
    let clock = knowing_clock(&*log, &file, written_at, Some(&book)).await?;
    let newest = newest(&*log).await?.map_or(0, |event| event.recorded_at_us);
    let newest = Timestamp::from_micros(newest);
    let (now, last) = (instant(clock.now()), instant(newest));
    let (recorded, text) = match clock.now_for_own() {
        Ok(_) => (
            None,
            format!(
                "The clock says {now}, the log's newest event is of {last}: they agree, nothing is to be confirmed."
            ),
        ),
        Err(error) if args.dry_run => {
            (None, format!("The clock says {now}, the log's newest event is of {last}: {error}."))
        }
        Err(_) => {
            let sequence = book.confirm_clock(&*log, &clock, newest).await?;
            file.trusted(clock.now());
            (Some(sequence), format!("Recorded as event {sequence}: the clock is right at {now}."))
        }
    };
    log.close().await;
    super::say(args.output, recorded, &text)
}
