//! `docket log accept-loss`.

use base64::Engine as _;

use super::super::clock_file::{ClockFile, knowing_clock, written_at};
use super::super::config::{Config, ConfigArgs};
use super::super::exit::{Exit, failure};
use super::super::known;
use super::super::log_key;
use super::super::output::Format;
use super::super::token::key_for;
use super::super::webhooks::place;
use super::Opened;
use crate::api::auth::KeyUse;
use crate::app::decisions::LogBook;
use crate::domain::logbook::LossAccepted;
use crate::domain::text::says_something;
use crate::ledger;
use crate::log::{EventLog, Stop};
use crate::webhooks::go_back;

/// Accept that events of the log are lost, so that recording goes on without them.
///
/// A log that ends before an event that something outside it has seen is served for reading only: put
/// the longer log back if there is any. If there is none, accept the loss. It is recorded as LossAccepted at
/// the end of the log; the sequences that are lost are given again from there on, read models are made
/// anew, webhook endpoints go on from there, and who had read into the range that was lost is told so.
#[derive(Debug, clap::Args)]
pub struct AcceptLossArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// Why, for the record
    #[arg(long, value_name = "TEXT", default_value = "accepted by the operator")]
    reason: String,
    /// The last sequence that the log is known to have had, where nothing beside it knows: after a
    /// restore of a backup, readers may have read that far
    #[arg(long, value_name = "SEQUENCE")]
    old_head: Option<u64>,
    /// Only say what is lost
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
pub async fn run(args: &AcceptLossArgs) -> anyhow::Result<Exit> {
    if !says_something(&args.reason) {
        return Err(failure(Exit::Usage, "--reason is empty, or nobody can see it"));
    }
    let (config, _) = Config::load(&args.config, std::env::vars())?;
    let written_at = written_at(&config.store.log);
    let Opened { config, log, mut book } = super::open(&args.config, args.dry_run).await?;
    let known = known::outside(&config, Some(&mut book)).await?;
    let stopped = match known::shorter(&*log, &known).await? {
        Some(stop) => Some(stop),
        None => match (log.recording().stopped(), args.old_head, log.head().await?) {
            (None, Some(known), head) if head < Some(known) => {
                Some(Stop::Shorter { head, known, known_by: "somebody".to_owned() })
            }
            (stopped, ..) => stopped,
        },
    };
    let (recorded, text) = match stopped {
        None => (None, "Nothing is missing: there is no loss to accept.".to_owned()),
        Some(why) if args.dry_run => (None, why.to_string()),
        Some(why) => {
            let (old_head, streams) = match &why {
                Stop::Shorter { known, .. } => (Some(*known), Vec::new()),
                Stop::Hole { stream, .. } => (None, lost_streams(&*log, stream)),
                Stop::DiskFailed { .. }
                | Stop::Replaced { .. }
                | Stop::Damaged { .. }
                | Stop::Forked { .. }
                | Stop::Parted { .. } => {
                    return Err(crate::log::LogError::Stopped(why).into());
                }
            };
            let key = key_for(KeyUse::Log, &log_key::path(&config))?;
            let origin = next_origin(&book)?;
            let loss = LossAccepted {
                old_head,
                old_checkpoint: last_checkpoint(&config, &book),
                streams,
                origin,
                public_key: base64::engine::general_purpose::STANDARD
                    .encode(key.public().as_bytes()),
                reason: args.reason.clone(),
            };
            // Before it is recorded: what takes the place of what was lost is told to everyone.
            if let Some(from) = first_lost(&why) {
                go_back(place(&config, None)?, from).await?;
            }
            let file = ClockFile::of(&config.store.data_dir);
            let clock = knowing_clock(&*log, &file, written_at, Some(&book)).await?;
            let sequence = book.accept_loss(&*log, &clock, &loss).await?;
            let text = format!(
                "Recorded as event {sequence}: {why}. The loss is accepted; recording goes on from here."
            );
            (Some(sequence), text)
        }
    };
    log.close().await;
    super::say(args.output, recorded, &text)
}

/// The last checkpoint that is kept of the log as it was.
fn last_checkpoint(config: &Config, book: &LogBook) -> Option<String> {
    let kept = ledger::kept::read(&ledger::folder_of(&config.store.data_dir)).ok()?;
    let origin = book.identities.last().map(|identity| &identity.origin);
    let of_this = kept.into_iter().rev().find(|signed| Some(&signed.origin) == origin);
    of_this.map(|signed| signed.note)
}

/// The origin of checkpoints from here on.
fn next_origin(book: &LogBook) -> anyhow::Result<String> {
    let Some(origin) = book.origin() else {
        let text = "the log's first event can't be read, so what a loss is of can't be said: restore a backup \
                    with `docket store restore`";
        return Err(failure(Exit::Unverified, text));
    };
    Ok(format!("{origin}/{}", book.losses.len() + 1))
}

/// The first sequence that is given again.
fn first_lost(why: &Stop) -> Option<u64> {
    match why {
        Stop::Shorter { head, .. } => Some(head.map_or(0, |head| head + 1)),
        Stop::Hole { sequence, .. } => *sequence,
        Stop::DiskFailed { .. }
        | Stop::Replaced { .. }
        | Stop::Damaged { .. }
        | Stop::Forked { .. }
        | Stop::Parted { .. } => None,
    }
}

/// The streams that lost events: all that the engine names, or the one that stopped recording.
fn lost_streams(log: &dyn EventLog, stopped_for: &str) -> Vec<String> {
    let lost: Vec<_> = log.lost().into_iter().map(|lost| lost.stream.to_string()).collect();
    if lost.is_empty() { vec![stopped_for.to_owned()] } else { lost }
}
