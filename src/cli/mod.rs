//! The command line: one binary, one file per command.
//!
//! What must hold: data goes to standard output, messages to standard error; an error is one clear
//! line and an exit code that says what kind it is ([`exit`]); no option is read and ignored. What a
//! command shows of the record comes from the same answers as the REST interface's ([`ask`]).

mod ask;
mod client;
mod clock_file;
pub mod config;
pub mod demo;
mod evidence;
pub mod exit;
mod export;
mod grace;
mod healthcheck;
mod import;
pub mod known;
mod language;
mod log;
mod log_key;
mod masked;
pub mod measures;
pub mod node;
mod output;
mod patience;
mod person_keys;
mod personal;
mod private;
mod progress;
mod projections;
mod provider;
mod read;
mod running;
mod serve;
mod served;
mod shell;
mod signals;
mod store;
mod stores;
mod tables;
pub mod telemetry;
mod temporary;
mod tls;
pub mod token;
mod verify;
pub mod webhooks;
mod worker;

use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Parser, Subcommand};

use config::command::ConfigCommandArgs;
use exit::{Exit, exit_of};

/// Help is no wider than this, however wide the terminal.
const WIDEST: usize = 100;

const FIRST_STEPS: &str = "\
First steps:
  docket demo                                       fill ./demo-data, serve it, print what to look at
  docket status cluster_area futian --data-dir demo-data
  docket audit strong_province 440000 --data-dir demo-data --lang zh-CN
  docket serve --data-dir /srv/docket               serve a log of one's own
  docket COMMAND --help                             what it does, when to use it, an example";

/// The official record of government IP programs.
///
/// Every application, recommendation, approval, plan, report, inspection and acceptance is kept as
/// an event that never changes; status, audit trail and timeline are derived from those events, for
/// any day, and each cites the article it follows.
#[derive(Debug, Parser)]
#[command(name = "docket", version = env!("DOCKET_VERSION"), after_help = exit::table())]
#[command(after_long_help = format!("{FIRST_STEPS}\n\n{}", exit::table()), max_term_width = WIDEST)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// Each says of itself what it does.
#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::ServeArgs),
    Demo(demo::command::DemoArgs),
    Worker(worker::WorkerArgs),
    Rebuild(projections::rebuild::RebuildArgs),
    Projections(projections::ProjectionsArgs),
    Status(read::status::StatusArgs),
    Timeline(read::timeline::TimelineArgs),
    Audit(Box<read::audit::AuditArgs>),
    Export(export::ExportArgs),
    Import(import::ImportArgs),
    Log(log::LogArgs),
    Store(store::StoreArgs),
    Verify(verify::VerifyArgs),
    Obligations(read::obligations::ObligationsArgs),
    Moves(read::moves::MovesArgs),
    Totals(read::moves::TotalsArgs),
    Scoreboard(read::scoreboard::ScoreboardArgs),
    Cohorts(read::cohorts::CohortsArgs),
    Indicators(read::indicators::IndicatorsArgs),
    Changes(read::changes::ChangesArgs),
    Evidence(evidence::EvidenceArgs),
    Erase(Box<personal::EraseArgs>),
    Hold(Box<personal::HoldArgs>),
    Measures(measures::MeasuresArgs),
    Webhooks(webhooks::WebhooksArgs),
    Token(token::TokenArgs),
    Config(ConfigCommandArgs),
    Healthcheck(healthcheck::HealthcheckArgs),
    Completions(shell::CompletionsArgs),
    Man(shell::ManArgs),
}

/// Runs the program: reads the command line, does what it says, tells what went wrong.
pub fn main() -> ExitCode {
    private::keep_private();
    let cli = Cli::try_parse().unwrap_or_else(|error| explain_usage(&error));
    // An error means that the process has one already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    match run(cli.command) {
        Ok(exit) => exit.into(),
        Err(error) => {
            output::tell(&format!("docket: {}", line_of(&error)));
            exit_of(&error).into()
        }
    }
}

/// Tells what clap found, as clap does; what it repeats of the command line may hold a password.
fn explain_usage(error: &clap::Error) -> ! {
    let is_error = error.use_stderr();
    let text = error.render();
    let words = || std::env::args().skip(1);
    let shown = masked::masked_within(&text.to_string(), words());
    if !is_error || shown == text.to_string() {
        error.exit();
    }
    shown.trim_end().lines().for_each(output::tell);
    std::process::exit(error.exit_code());
}

/// The error and its causes on one line; causes that the text before them tells already are left out.
fn line_of(error: &anyhow::Error) -> String {
    let mut line = String::new();
    for cause in error.chain() {
        let text = cause.to_string();
        if line.contains(&text) {
            continue;
        }
        if !line.is_empty() {
            line.push_str(": ");
        }
        line.push_str(&text);
    }
    line
}

fn run(command: Command) -> anyhow::Result<Exit> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("can't start the threads")?;
    runtime.block_on(async {
        match command {
            Command::Serve(args) => serve::run(&args).await,
            Command::Demo(args) => demo::command::run(&args).await,
            Command::Worker(args) => worker::run(&args).await,
            Command::Rebuild(args) => projections::rebuild::run(&args).await,
            Command::Projections(args) => projections::run(&args).await,
            Command::Status(args) => read::status::run(&args).await,
            Command::Timeline(args) => read::timeline::run(&args).await,
            Command::Audit(args) => read::audit::run(&args).await,
            Command::Moves(args) => read::moves::run(&args).await,
            Command::Totals(args) => read::moves::run_totals(&args).await,
            Command::Scoreboard(args) => read::scoreboard::run(&args).await,
            Command::Cohorts(args) => read::cohorts::run(&args).await,
            Command::Obligations(args) => read::obligations::run(&args).await,
            Command::Indicators(args) => read::indicators::run(&args).await,
            Command::Changes(args) => read::changes::run(&args).await,
            Command::Export(args) => export::run(&args).await,
            Command::Import(args) => import::run(&args).await,
            Command::Log(args) => log::run(&args).await,
            Command::Store(args) => store::run(&args).await,
            Command::Verify(args) => verify::run(&args).await,
            Command::Evidence(args) => evidence::run(&args).await,
            Command::Erase(args) => personal::erase(*args).await,
            Command::Hold(args) => personal::run_hold(*args).await,
            Command::Measures(args) => measures::run(&args, &mut output::Out::default()).await,
            Command::Webhooks(args) => webhooks::run(&args).await,
            Command::Token(args) => token::run(&args),
            Command::Config(args) => config::command::run(&args),
            Command::Healthcheck(args) => healthcheck::run(&args).await,
            Command::Completions(args) => shell::completions(&args),
            Command::Man(args) => shell::man(&args),
        }
    })
}

#[cfg(test)]
mod tests {
    use clap::{Command, CommandFactory as _};

    use super::exit::TABLE;

    #[test]
    fn the_command_line_has_no_contradiction() {
        super::Cli::command().debug_assert();
    }

    /// Commands that print nothing a program would read as JSON, and why.
    const NO_JSON: &[(&str, &str)] = &[
        ("serve", "serves; its log lines have telemetry.log_format=json"),
        ("worker", "works; its log lines have telemetry.log_format=json"),
        ("measures draw", "a picture"),
        ("webhooks export", "prints nothing"),
        ("webhooks import", "prints nothing"),
        ("completions", "a script"),
        ("man", "writes pages, prints nothing"),
    ];

    /// Each command that does something, by its words.
    fn commands(command: &Command, before: &str, found: &mut Vec<(String, Command)>) {
        for inner in command.get_subcommands() {
            let name = format!("{before} {}", inner.get_name()).trim().to_owned();
            if !inner.is_subcommand_required_set() {
                found.push((name.clone(), inner.clone()));
            }
            commands(inner, &name, found);
        }
    }

    fn all() -> Vec<(String, Command)> {
        let mut found = Vec::new();
        commands(&super::Cli::command(), "", &mut found);
        assert!(found.len() > 30, "{}", found.len());
        found
    }

    #[test]
    fn every_command_that_prints_has_a_form_for_programs() {
        let mut without: Vec<String> = Vec::new();
        for (name, command) in all() {
            let output = command.get_arguments().find(|arg| arg.get_long() == Some("output"));
            let values = output.map(|arg| arg.get_possible_values()).unwrap_or_default();
            if !values.iter().any(|value| value.get_name() == "json") {
                without.push(name);
            }
        }
        let mut excepted: Vec<&str> = NO_JSON.iter().map(|(name, _)| *name).collect();
        without.sort();
        excepted.sort_unstable();
        assert_eq!(without, excepted);
    }

    /// What a command's help says of exit codes is of the one table.
    #[test]
    fn exit_codes_are_those_of_the_table() {
        let known: Vec<u8> = TABLE.iter().map(|(exit, ..)| *exit as u8).collect();
        let mut told = 0;
        for (name, command) in all() {
            let help = command.get_after_long_help().map(ToString::to_string).unwrap_or_default();
            let Some((_, codes)) = help.split_once("Exit codes:") else { continue };
            told += 1;
            for part in codes.split([',', ';', '\n']) {
                let first = part.trim().split(' ').next().unwrap_or_default();
                if let Ok(code) = first.parse::<u8>() {
                    assert!(known.contains(&code), "{name}: {code}");
                }
            }
        }
        assert!(told > 15, "{told}");
    }

    /// The operator's page has the table, row by row.
    #[test]
    fn the_operators_page_has_the_table_of_exit_codes() {
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/operating.md");
        let page = std::fs::read_to_string(page).unwrap();
        let rows: String = TABLE
            .iter()
            .map(|(exit, means, asks)| format!("| {} | {means} | {asks} |\n", *exit as u8))
            .collect();
        assert!(page.contains(&rows), "docs/operating.md wants these rows:\n{rows}");
    }
}
