//! `docket demo`: a folder with both data sets, served, and what to look at.
//!
//! What must hold: the sets go in through the REST interface like any client's; what is there
//! already is left alone; only a folder that a demo made is ever removed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use serde_json::json;

use super::data::DataSet;
use super::tour::tour;
use super::{Summary, load};
use crate::api::auth::{Role, TokenKey};
use crate::cli::config::{Config, ConfigArgs};
use crate::cli::exit::{Exit, failure};
use crate::cli::healthcheck::reachable;
use crate::cli::node::sqlite_path;
use crate::cli::output::{Format, print, print_json, tell};
use crate::cli::progress::bar;
use crate::cli::running::{self, Running};
use crate::cli::signals::Signals;
use crate::cli::telemetry;
use crate::cli::token::token;
use crate::log::SqliteLog;

/// What says that a folder is a demo's.
const MARK: &str = "docket-demo";
const MARK_TEXT: &str =
    "This folder was made by `docket demo`; `docket demo --fresh` replaces it.\n";
/// How long the tokens last that are printed: a week.
const TTL_S: u32 = 7 * 24 * 3600;

/// Fill a folder with the real record and an exercise, and serve it.
///
/// Starts the same server as `docket serve` and sends it two data sets as a client would: the real
/// one (what public sources say of provinces, areas, cities, counties and parks) and an exercise (complete
/// life cycles of invented ones); the two never stand in one list. Then prints what to look at and a
/// token for each role, and serves until Ctrl-C. Run again, it goes on where it was: nothing is
/// recorded twice.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  docket demo
  docket demo --fresh --listen 127.0.0.1:9000
  docket demo --exit-after-load --data-dir here    only fill the folder

Exit codes: 0 stopped by Ctrl-C (or loaded), 2 usage, 4 the folder is no demo's, is being served, or
the address is in use, 1 anything else")]
pub struct DemoArgs {
    /// The folder
    #[arg(long, value_name = "FOLDER", default_value = "demo-data")]
    data_dir: PathBuf,
    /// Address and port of the API
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    listen: String,
    /// Remove the folder first, if a demo made it
    #[arg(long)]
    fresh: bool,
    /// End once both sets are loaded, instead of serving
    #[arg(long, visible_alias = "once")]
    exit_after_load: bool,
    /// The form of what is printed once it serves: what to look at, or its address with the tokens and links
    #[arg(long, value_enum, default_value_t = Format::Table)]
    output: Format,
}

/// Runs the command.
///
/// # Errors
/// A folder that is no demo's, a server that can't be started, a step that is not taken.
pub async fn run(args: &DemoArgs) -> anyhow::Result<Exit> {
    let config = configuration(args)?;
    if config.server.tls.cert.is_some() {
        let text = "docket demo speaks no TLS; leave server.tls out of its configuration";
        return Err(failure(Exit::Usage, text));
    }
    telemetry::install_quiet(config.telemetry.log_format);
    prepare(&args.data_dir, args.fresh, &config).await?;
    let mut signals = Signals::take()?;
    let mut running = running::start(&config, &mut signals).await?;
    let loaded = tokio::select! {
        loaded = load_both(&running, &config) => loaded,
        _ = signals.next() => Err(failure(
            Exit::Interrupted,
            "interrupted; `docket demo` goes on from there",
        )),
    };
    if let Err(error) = loaded {
        running.stop().await?;
        return Err(error);
    }
    if args.exit_after_load {
        running.stop().await?;
        return Ok(Exit::Done);
    }
    running.start_clerk(&config);
    let address = reachable(running.address());
    let tokens = tokens(&running.key, &config)?;
    let links: Vec<_> =
        tokens.iter().map(|(name, token)| (*name, running.console.sign_in_link(token))).collect();
    let base = format!("http://{address}");
    let page = tour(&base, &args.data_dir, &tokens, &links)?;
    match args.output {
        Format::Table => print(&page)?,
        Format::Json => {
            let links = links.iter().map(|(name, link)| (*name, format!("{base}{link}")));
            print_json(&json!({
                "address": base,
                "tokens": tokens.iter().cloned().collect::<BTreeMap<_, _>>(),
                "sign_in": links.collect::<BTreeMap<_, _>>(),
            }))?;
        }
    }
    tell(&format!("docket serves http://{address} (Ctrl-C stops it)"));
    running.until(&mut signals).await?;
    Ok(Exit::Done)
}

fn configuration(args: &DemoArgs) -> anyhow::Result<Config> {
    let folder = args.data_dir.to_str();
    let folder = folder.with_context(|| format!("{} is not UTF-8", args.data_dir.display()))?;
    // All named here: whatever else is configured, invented data goes into no other log.
    let config = ConfigArgs {
        data_dir: Some(folder.to_owned()),
        listen: Some(args.listen.clone()),
        log: Some(format!("sqlite:{folder}/log.sqlite")),
        read_model: Some(format!("sqlite:{folder}/read-models")),
        documents: Some(format!("file:{folder}/documents")),
        set: vec![format!("auth.token_key={folder}/token-key.pem")],
        ..ConfigArgs::default()
    };
    Ok(Config::load(&config, std::env::vars())?.0)
}

/// Makes the folder a demo's, if it may become one.
async fn prepare(folder: &Path, fresh: bool, config: &Config) -> anyhow::Result<()> {
    let mark = folder.join(MARK);
    let is_empty = match std::fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => true,
        Err(error) => {
            return Err(error).with_context(|| format!("can't read {}", folder.display()));
        }
    };
    if !is_empty && !mark.is_file() {
        return Err(failure(
            Exit::Conflict,
            format!(
                "{} was not made by a demo (it has no file {MARK}), so it is left alone: name another folder with --data-dir",
                folder.display()
            ),
        ));
    }
    if fresh && !is_empty {
        remove(folder, config).await?;
    }
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(&mark, MARK_TEXT))
        .with_context(|| format!("can't make the folder {}", folder.display()))
}

/// Removes a demo's folder, unless a server holds it.
async fn remove(folder: &Path, config: &Config) -> anyhow::Result<()> {
    let log = sqlite_path(&config.store.log, "store.log")?;
    if log.is_file() {
        match SqliteLog::open_writer(&log) {
            Ok(log) => log.close().await,
            Err(error @ crate::log::OpenError::InUse { .. }) => return Err(error.into()),
            // A broken log is as good a reason as any to begin anew.
            Err(_) => {}
        }
    }
    std::fs::remove_dir_all(folder).with_context(|| format!("can't remove {}", folder.display()))
}

async fn load_both(running: &Running, config: &Config) -> anyhow::Result<()> {
    let base = format!("http://{}", reachable(running.address()));
    let key = running.key.clone();
    let make = |role: &str, office: &str, divisions: &[String]| {
        let role = Role::parse(role);
        let made = role.map(|role| token(&key, config, role, office, office, divisions, TTL_S));
        // Without a token the server refuses the step, which ends the loading with its name.
        made.and_then(Result::ok).unwrap_or_default()
    };
    for set in [DataSet::real()?, DataSet::exercise()?] {
        let bar = bar(if set.name == "real" { "the real record" } else { "the exercise   " });
        let summary = load(&base, &make, &set, &mut |done, of| {
            bar.set_length(of as u64);
            bar.set_position(done as u64);
        })
        .await;
        bar.finish_and_clear();
        tell(&format!("{}: {}", set.name, told(summary?)));
    }
    running.record_what_is_due(config).await?;
    ensure!(
        running.read_models_at_head().await?,
        "the read models stopped before the last event; the log lines say why"
    );
    Ok(())
}

fn told(summary: Summary) -> String {
    let Summary { subjects, renamings, documents, acts, figures, refused, passed_over } = summary;
    let mut text = format!(
        "{subjects} subjects, {renamings} renamings, {documents} documents, {acts} acts, {figures} figures, {refused} acts refused as meant"
    );
    if passed_over > 0 {
        text.push_str(&format!(", {passed_over} of an earlier run"));
    }
    text
}

/// A token of each role, with the name of the variable that holds it.
fn tokens(key: &TokenKey, config: &Config) -> anyhow::Result<Vec<(&'static str, String)>> {
    let grants: [(&str, Role, &str, &[&str]); 8] = [
        ("NATIONAL_OFFICE", Role::NationalOffice, "cnipa", &[]),
        ("GUANGDONG_DEPARTMENT", Role::ProvincialDepartment, "gd-ip-department", &["440000"]),
        ("GUANGDONG_PROVINCE", Role::Province, "gd-government", &["440000"]),
        ("FUTIAN_GOVERNMENT", Role::LocalGovernment, "futian-government", &["futian"]),
        ("REGISTRAR", Role::Registrar, "registrar", &[]),
        ("AUDITOR", Role::Auditor, "audit-office", &[]),
        ("OPERATOR", Role::Operator, "operations", &[]),
        ("CUSTODIAN", Role::Custodian, "custody", &[]),
    ];
    let issue = |(name, role, office, divisions): (&'static str, Role, &str, &[&str])| {
        let divisions: Vec<String> = divisions.iter().map(|&id| id.to_owned()).collect();
        Ok((name, token(key, config, role, office, office, &divisions, TTL_S)?))
    };
    grants.into_iter().map(issue).collect()
}
