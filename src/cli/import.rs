//! `docket import`: archives brought into the record. Through a server in `remote`.

mod remote;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use clap::ValueEnum;
use indicatif::ProgressBar;
use serde_json::json;

use super::client::ServerArgs;
use super::config::{Config, ConfigArgs, PlaceArgs};
use super::exit::{Exit, failure};
use super::node;
use super::output::{Format, Page, print, print_json, print_text, tell};
use super::patience::Patience;
use super::private::create_usual;
use super::progress::{Interrupt, bar};
use super::served;
use super::signals::Signals;
use super::temporary::TemporaryFolder;
use crate::api::auth::Role;
use crate::app::Caller;
use crate::domain::decide::Actor;
use crate::domain::ids::Language;
use crate::domain::ids::Office;
use crate::import::{BadLine, Import, Outcome, Source, Step, TEMPLATE, Watch, open, template_csv};
use crate::log::OpenError;

/// How many bad lines are shown; all of them are in the report.
const SHOWN: u64 = 20;

/// Bring acts, notes, attestations, subjects and figures out of an archive into the record.
///
/// FILE has one JSON object a line (.ndjson): an act as the body of the act has it over REST, with
/// `program`, `subject` and, if it has one, a `key` of its own; or `register` with a subject,
/// `record_indicator` with a figure of a `division`, or `correct_indicator` with what should stand instead.
/// Or it is a table (.csv, .xlsx) whose header names these members, those within another with a dot:
/// program, subject, act, effective_on, document.number, register.id, record_indicator.value. Or a folder of
/// such files, in the order of their names, with documents that `document` or a material names as `file`.
///
/// Lines are recorded in order by the registrar, by the same rules as any act; an act of another office
/// says so in `archive`. Everything is checked before anything is recorded, and each bad line is told with
/// its line, column and reason. One bad line imports nothing, or with --lenient only the enrollments
/// without one. The same file again changes nothing. Into a folder that is served it goes through the
/// server, as with --server, where it goes on if this command is left.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  docket import --template > acts.ndjson
  docket import --template csv > acts.csv
  docket import acts.ndjson --data-dir /srv/docket --dry-run --report bad.ndjson
  docket import acts.ndjson --data-dir /srv/docket --lenient
  docket import archive/ --server https://docket.example --token-file registrar.token

Exit codes: 0 imported (or on record before), 2 usage, 3 lines are bad: nothing was imported, or with
--lenient not all, 4 the log is open elsewhere, 5 no such file, 8 unavailable (try again), 130 interrupted:
nothing was imported")]
pub struct ImportArgs {
    /// The file or folder
    #[arg(value_name = "FILE", required_unless_present = "template")]
    file: Option<PathBuf>,
    /// Write an example of each kind of line to standard output, as lines of JSON or as a table
    #[arg(
        long,
        value_enum,
        num_args = 0..=1,
        default_missing_value = "ndjson",
        conflicts_with_all = ["file", "report", "lenient", "dry_run", "server"]
    )]
    template: Option<Template>,
    /// Import the enrollments without a bad line, each whole, though others have one
    #[arg(long)]
    lenient: bool,
    /// Check the whole file and record nothing
    #[arg(long)]
    dry_run: bool,
    /// Write all bad lines to this file, one JSON object a line
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// The id of the registrar's office, of which it is recorded that it imported; through a server that of
    /// the token [default: registrar]
    #[arg(long, value_name = "ID", conflicts_with = "server")]
    office: Option<String>,
    #[command(flatten)]
    server: ServerArgs,
    #[command(flatten)]
    place: PlaceArgs,
    /// The form of the result
    #[arg(long, value_enum, default_value_t = Format::Table)]
    output: Format,
}

/// The form of the examples.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Template {
    /// A JSON object a line
    Ndjson,
    /// A table with a header
    Csv,
}

/// Runs the command.
///
/// # Errors
/// A file that can't be read, a log that can't be written; bad lines.
pub async fn run(args: &ImportArgs) -> anyhow::Result<Exit> {
    let Some(file) = &args.file else {
        match args.template {
            Some(Template::Csv) => print_text(&template_csv()?)?,
            Some(Template::Ndjson) | None => print_text(TEMPLATE)?,
        }
        return Ok(Exit::Done);
    };
    let source = open(file).map_err(|error| {
        let exit = match error.kind() {
            std::io::ErrorKind::NotFound => Exit::NotFound,
            _ => Exit::Usage,
        };
        failure(exit, format!("{}: {error}", file.display()))
    })?;
    let (config, _) = Config::load(&ConfigArgs::from(args.place.clone()), std::env::vars())?;
    let report = args.report.as_deref().map(Report::create).transpose()?;
    let watch = Shown::new(report);
    let outcome =
        match args.server.client(args.place.data_dir.is_some(), Some(Language::En.tag()))? {
            Some(_) if args.office.is_some() => Err(failure(
                Exit::Usage,
                "through a server (DOCKET_SERVER) the office is the token's",
            )),
            Some(client) => remote::run(args, file, &client, &watch).await,
            None => into_folder(args, file, source, &config, &watch).await,
        };
    watch.bar.finish_and_clear();
    let outcome = outcome?;
    watch.end()?;
    show(args, &outcome)?;
    Ok(if outcome.bad_lines > 0 { Exit::Refused } else { Exit::Done })
}

/// Imports into the log of the configuration, or where that is served through its server.
async fn into_folder(
    args: &ImportArgs,
    file: &Path,
    source: Arc<dyn Source>,
    config: &Config,
    watch: &Shown,
) -> anyhow::Result<Outcome> {
    let office = args.office.as_deref().unwrap_or("registrar");
    let mut signals = Signals::take()?;
    let opened = node::open(config, &mut Patience::new(config.store.wait_s, &mut signals)).await;
    drop(signals);
    let node = match opened {
        Ok(node) => node,
        Err(error) if is_in_use(&error) => {
            return match served::client(config, Role::Registrar, office).await? {
                Some(client) => remote::run(args, file, &client, watch).await,
                None => Err(error),
            };
        }
        Err(error) => return Err(error),
    };
    let scratch = TemporaryFolder::new(&config.store.data_dir)?;
    let import = Import {
        app: &node.app,
        caller: registrar(config, office),
        scratch: scratch.path(),
        lenient: args.lenient,
        only_tries: args.dry_run,
        watch,
    };
    let outcome = import.run(source).await;
    node.clock.abort();
    node.log.close().await;
    Ok(outcome?)
}

/// Whether another process has the log.
pub(super) fn is_in_use(error: &anyhow::Error) -> bool {
    let mut causes = error.chain().filter_map(|cause| cause.downcast_ref::<OpenError>());
    causes.any(|error| matches!(error, OpenError::InUse { .. }))
}

/// Who imports: the same as a token of this office says, so that either finds what the other recorded.
fn registrar(config: &Config, office: &str) -> Caller {
    Caller {
        principal: format!("{}|{office}", config.auth.issuer),
        role: Office::Registrar.as_str().to_owned(),
        actor: Some(Actor {
            office: Office::Registrar,
            office_id: office.to_owned(),
            divisions: Vec::new(),
        }),
    }
}

fn show(args: &ImportArgs, outcome: &Outcome) -> anyhow::Result<()> {
    if args.output == Format::Json {
        return Ok(print_json(&json!(outcome))?);
    }
    let mut page = Page::default();
    let recorded = match outcome.is_recorded {
        true => "recorded",
        false => "would be recorded",
    };
    page.fields(&[
        ("lines", outcome.lines.to_string()),
        ("bad", outcome.bad_lines.to_string()),
        ("left out beside them", outcome.left_out.to_string()),
        ("on record before", outcome.on_record.to_string()),
        (recorded, outcome.recorded.to_string()),
    ]);
    if !outcome.is_recorded {
        page.line("Nothing was recorded.");
    }
    Ok(print(&page)?)
}

/// The file of all bad lines.
struct Report {
    path: PathBuf,
    to: std::io::BufWriter<std::fs::File>,
    failed: Option<std::io::Error>,
}

impl Report {
    fn create(path: &Path) -> anyhow::Result<Self> {
        let file = create_usual(path).with_context(|| format!("can't write {}", path.display()))?;
        Ok(Self { path: path.to_owned(), to: std::io::BufWriter::new(file), failed: None })
    }

    fn write(&mut self, bad: &BadLine) {
        let written = serde_json::to_string(bad)
            .map_err(std::io::Error::from)
            .and_then(|line| writeln!(self.to, "{line}"));
        if let Err(error) = written {
            self.failed.get_or_insert(error);
        }
    }

    fn end(&mut self) -> anyhow::Result<()> {
        let ended = self.failed.take().map_or_else(|| self.to.flush(), Err);
        ended.with_context(|| format!("can't write {}", self.path.display()))
    }
}

/// Shows the work on standard error, and ends it on Ctrl-C.
struct Shown {
    bar: ProgressBar,
    interrupt: Interrupt,
    bad: Mutex<(u64, Option<Report>)>,
}

impl Shown {
    fn new(report: Option<Report>) -> Self {
        Self { bar: bar("checking"), interrupt: Interrupt::watch(), bad: Mutex::new((0, report)) }
    }

    fn end(&self) -> anyhow::Result<()> {
        let mut bad = self.bad.lock().unwrap_or_else(PoisonError::into_inner);
        if bad.0 > SHOWN {
            tell(&format!("docket: {} more; --report FILE writes all", bad.0 - SHOWN));
        }
        bad.1.as_mut().map_or(Ok(()), Report::end)
    }
}

impl Watch for Shown {
    fn progress(&self, step: Step, done: u64, total: u64) {
        self.bar.set_message(match step {
            Step::Checking => "checking",
            Step::Recording => "recording",
            Step::Making => "making",
        });
        self.bar.set_length(total);
        self.bar.set_position(done);
    }

    fn is_bad(&self, bad: &BadLine) {
        let mut told = self.bad.lock().unwrap_or_else(PoisonError::into_inner);
        told.0 += 1;
        if told.0 <= SHOWN {
            let column = bad.column.as_ref().map_or_else(String::new, |name| format!(", {name}"));
            let file = bad.file.as_ref().map_or_else(String::new, |name| format!("{name}, "));
            let (number, reason, code) = (bad.line, &bad.reason, &bad.code);
            let line = format!("{file}line {number}{column}: {reason} ({code})");
            self.bar.suspend(|| tell(&line));
        }
        if let Some(report) = &mut told.1 {
            report.write(bad);
        }
    }

    fn is_stopped(&self) -> bool {
        self.interrupt.is_pressed()
    }
}
