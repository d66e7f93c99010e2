//! `docket config`: what the configuration comes to, and whether it can be used.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{Config, ConfigArgs, Origins};
use crate::cli::exit::Exit;
use crate::cli::node::read_models;
use crate::cli::output::{Format, Page, Table, print, print_json, print_line};
use crate::cli::stores::check_addresses;
use crate::cli::tls;

/// Show or check the configuration.
///
/// A value is the default, else what docket.toml says, else what the environment says
/// (DOCKET_SERVER__LISTEN for server.listen), else what the command line says.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  docket config print --origins          every key, its value, where that came from, what it is for
  docket config check --config /etc/docket.toml

Exit codes: 0 good, 2 something is wrong with it")]
pub struct ConfigCommandArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print every key with its value; passwords are masked
    Print(PrintArgs),
    /// Say whether the configuration can be used; starts nothing
    Check(CheckArgs),
}

#[derive(Debug, Args)]
struct CheckArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// The form of the result
    #[arg(long, value_enum, default_value_t = Format::Table)]
    output: Format,
}

#[derive(Debug, Args)]
struct PrintArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// Also where each value came from, and what the key is for
    #[arg(long)]
    origins: bool,
    /// The form of the result
    #[arg(long, value_enum, default_value_t = Format::Table)]
    output: Format,
}

/// Runs the command.
///
/// # Errors
/// What is wrong with the configuration.
pub fn run(args: &ConfigCommandArgs) -> anyhow::Result<Exit> {
    match &args.command {
        Command::Print(args) => {
            let (_, origins) = Config::load(&args.config, std::env::vars())?;
            match args.output {
                Format::Json => print_json(&as_json(&origins, args.origins))?,
                Format::Table if args.origins => print(&with_origins(&origins))?,
                Format::Table => print(&plain(&origins))?,
            }
        }
        Command::Check(args) => {
            let (config, _) = Config::load(&args.config, std::env::vars())?;
            read_models(&config)?;
            check_addresses(&config)?;
            tls::configured(&config)?;
            match args.output {
                Format::Json => print_json(&json!({ "good": true }))?,
                Format::Table => print_line("the configuration is good")?,
            }
        }
    }
    Ok(Exit::Done)
}

/// As a docket.toml would have it.
fn plain(origins: &Origins) -> Page {
    let mut page = Page::default();
    for entry in origins {
        page.line(&format!("{} = {}", entry.key, entry.value));
    }
    page
}

/// A value as a docket.toml has it, as JSON has it.
fn typed(value: &str) -> Value {
    let table = toml::from_str::<toml::Table>(&format!("value = {value}")).ok();
    let typed = table.and_then(|mut table| serde_json::to_value(table.remove("value")?).ok());
    typed.unwrap_or_else(|| json!(value))
}

/// Each key with its value, and with where that came from.
fn as_json(origins: &Origins, with_origins: bool) -> Value {
    let entries = origins.iter().map(|entry| {
        let value = typed(&entry.value);
        let value = match with_origins {
            false => value,
            true => {
                json!({ "value": value, "from": entry.origin.to_string(), "what_for": entry.help })
            }
        };
        (entry.key.to_owned(), value)
    });
    Value::Object(entries.collect())
}

fn with_origins(origins: &Origins) -> Page {
    let mut table = Table::new(&["key", "value", "from", "what for"]);
    for entry in origins {
        table.row(vec![
            entry.key.to_owned(),
            entry.value.clone(),
            entry.origin.to_string(),
            entry.help.to_owned(),
        ]);
    }
    let mut page = Page::default();
    page.table(&table);
    page
}
