//! `docket log rotate-key`.

use std::time::Duration;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::clock_file::{ClockFile, knowing_clock, written_at};
use super::super::config::{Config, ConfigArgs};
use super::super::exit::{Exit, failure};
use super::super::log_key;
use super::super::node::epochs_of;
use super::super::output::Format;
use super::super::token::key_for;
use super::Opened;
use crate::api::auth::KeyUse;
use crate::app::decisions::LogBook;
use crate::domain::logbook::KeyRotated;
use crate::domain::text::says_something;
use crate::ledger;

/// How long the first checkpoint is waited for.
const PATIENCE: Duration = Duration::from_secs(600);

/// Have another key sign the log's checkpoints from here on.
///
/// A new key is made and recorded as KeyRotated; the first checkpoint that covers that event is signed by
/// both keys, so whoever trusts the one can come to trust the other. From then on only the new key signs,
/// and the old one is removed from this folder. Compare /v1/log/keys, or this command's output, with what you
/// publish. Where the command is cut off, give it again: it goes on.
#[derive(Debug, clap::Args)]
pub struct RotateKeyArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// Why, for the record
    #[arg(long, value_name = "TEXT", default_value = "by the operator")]
    reason: String,
    /// Only say which key signs now
    #[arg(long)]
    dry_run: bool,
    /// The form of the result
    #[arg(long, value_enum, default_value_t = Format::Table)]
    output: Format,
}

/// Runs the command.
///
/// # Errors
/// What stands in the way of recording it, or of signing.
pub async fn run(args: &RotateKeyArgs) -> anyhow::Result<Exit> {
    if !says_something(&args.reason) {
        return Err(failure(Exit::Usage, "--reason is empty, or nobody can see it"));
    }
    let (config, _) = Config::load(&args.config, std::env::vars())?;
    let written_at = written_at(&config.store.log);
    let Opened { config, log, book } = super::open(&args.config, args.dry_run).await?;
    let (key, next) = (log_key::path(&config), log_key::next(&config));
    let of = |path: &std::path::Path| -> anyhow::Result<String> {
        Ok(STANDARD.encode(key_for(KeyUse::Log, path)?.public().as_bytes()))
    };
    let named = book.identities.last().map(|now| now.public_key.clone());
    let (is_own, is_recorded) = match key.exists() {
        true => (named == Some(of(&key)?), next.exists() && named == Some(of(&next)?)),
        false => (false, false),
    };
    if !is_own && !is_recorded {
        log.close().await;
        let text = format!(
            "{} is not the key that the log names, so what it signs proves nothing: put that key there",
            key.display()
        );
        return Err(failure(Exit::Unverified, text));
    }
    if args.dry_run {
        log.close().await;
        let text = format!("Checkpoints are signed by {}", verifier_key(&book)?);
        return super::say(args.output, None, &text);
    }
    // After a change that was cut off the key is there and has not signed with the former yet.
    let is_cut_off = is_recorded || (is_own && log_key::former(&config).exists());
    if !is_cut_off {
        let public_key = of(&next)?;
        let file = ClockFile::of(&config.store.data_dir);
        let clock = knowing_clock(&*log, &file, written_at, Some(&book)).await?;
        let rotated = KeyRotated { public_key, reason: args.reason.clone() };
        book.rotate_key(&*log, &clock, &rotated).await?;
    }
    if next.exists() {
        log_key::change(&config)?;
    }
    let book = LogBook::read(&*log).await?.context("the log has no first event")?;
    let since = book.identities.last().map_or(0, |now| now.since);
    let pairs = log_key::pairs(&config, &key_for(KeyUse::Log, &key)?)?;
    let folder = ledger::folder_of(&config.store.data_dir);
    let opened = ledger::open(&folder, &log, epochs_of(&book), &pairs).await?;
    let shown = opened.ledger.clone();
    let keeping = opened.keep(Vec::new()).ok_or_else(|| {
        let text =
            "the log is not the one that was signed: `docket verify` says where it is another";
        failure(Exit::Unverified, text)
    })?;
    let covering = shown.covering(since, PATIENCE).await;
    keeping.stop().await;
    log.close().await;
    let covering =
        covering.context("no checkpoint covers the change yet; give the command again")?;
    let former = log_key::former(&config);
    if former.exists() {
        std::fs::remove_file(&former).with_context(|| former.display().to_string())?;
    }
    let text = format!(
        "Recorded as event {since}: from there on checkpoints are signed by {}. Both keys signed the checkpoint \
         over {} events.",
        verifier_key(&book)?,
        covering.size
    );
    super::say(args.output, Some(since), &text)
}

fn verifier_key(book: &LogBook) -> anyhow::Result<String> {
    let epochs = epochs_of(book);
    epochs.last().and_then(ledger::Epoch::verifier_key).context("the log names no key")
}
