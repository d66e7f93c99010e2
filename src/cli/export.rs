//! `docket export`.

mod boards;
mod files;

use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use clap::ValueEnum;
use serde_json::{Value, json};

use super::ask::{fill, read_with};
use super::config::{Config, ConfigArgs, PlaceArgs};
use super::exit::{Exit, failure};
use super::node::read_models;
use super::output::{Format, Out, print_json, tell};
use super::private::create_usual_folder;
use super::stores::{Access, open_log};
use super::temporary::TemporaryFolder;
use crate::api::{BOARDS, Board};
use crate::app::book_of;
use crate::domain::date::{Day, Timestamp};
use crate::domain::ids::Language;
use crate::domain::measure::{Program, Versions};
use crate::export::{Form, LABEL, Written, write, write_labels};
use crate::log::EventLog;
use crate::projection::{
    Copies, ExportError, REPORTS, Report, Snapshot, SqliteCopies, StoreError, report, snapshot,
};
use boards::Judged;
use files::{in_manifest, whole, write_manifest};

/// Write reporting tables to files, as of an event.
///
/// The rows are the real ones, or with `--exercise` those of the exercises alone; the names of such
/// files begin with `exercise_`.
///
/// Each table is what was known up to and with one sequence, by default as far as the read models
/// are. Written again, also when more is known, from rebuilt read models or from another engine, a
/// file is the same to the byte. Rows come from the read models where they hold that event; else
/// they are made from the log, in a temporary folder. Beside a running server it only reads. Each
/// row names the event behind it: `source_sequence` and `source_event_id` both lead to it under
/// /v1/events/.
///
/// What waits, who was late, scoreboards and cohorts are judged on a day (--as-of, by default today): the
/// same rows as those commands and /v1/moves show, written again the same by a day and a sequence. Each
/// figure opens the list of what it counts.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Tables: enrollment_current, enrollment_history, phase_interval, act, annual_result, exception, event,
obligation, division, indicator_observation, place, freshness; label says what their codes are called, in
both languages

Judged on a day: move, obligation_total, scoreboard, cohort; their labels are in the language of --lang

Examples:
  docket export --table enrollment_current --data-dir demo-data > standing.csv
  docket export --table move --as-of 2018-06-30 --data-dir demo-data > waiting.csv
  docket export --all --out-dir report --format parquet --sequence 120 --data-dir demo-data

Exit codes: 0 written, 2 no such table, form or sequence, 5 no such log, 7 the log is damaged or not
the read models' own, 8 no room on the disk")]
pub struct ExportArgs {
    /// The table
    #[arg(long, value_name = "NAME", required_unless_present = "all")]
    table: Option<String>,
    /// Every table, and manifest.json with the size and SHA-256 of each file
    #[arg(long, conflicts_with = "table", requires = "out_dir")]
    all: bool,
    /// The exercises alone, instead of the real ones
    #[arg(long)]
    exercise: bool,
    /// The form of the files
    #[arg(long, value_enum, default_value_t = ExportFormat::Csv)]
    format: ExportFormat,
    /// As known up to and with this sequence [default: as far as the read models are]
    #[arg(long, value_name = "SEQUENCE")]
    sequence: Option<u64>,
    /// The file; - is standard output
    #[arg(long, value_name = "FILE", default_value = "-", conflicts_with = "all")]
    out: PathBuf,
    /// The folder of the files, made where it is missing
    #[arg(long, value_name = "FOLDER", requires = "all")]
    out_dir: Option<PathBuf>,
    /// Begin CSV with a byte order mark, by which Excel knows UTF-8
    #[arg(long)]
    bom: bool,
    /// json: also print what was written, as manifest.json has it; needs files to write to
    #[arg(long, value_enum, default_value_t = Format::Table)]
    output: Format,
    /// Make the rows from the log, whatever the read models hold
    #[arg(long)]
    from_log: bool,
    /// The day on which what waits, totals, scoreboards and cohorts are judged [default: today]
    #[arg(long, value_name = "DAY", value_parser = |day: &str| Day::parse(day))]
    as_of: Option<Day>,
    /// The language of their labels [default: en]
    #[arg(long, value_enum)]
    lang: Option<Language>,
    #[command(flatten)]
    place: PlaceArgs,
    /// Address of the log (store.log)
    #[arg(long, value_name = "ADDRESS")]
    log: Option<String>,
    /// Address of the read models (store.read_model)
    #[arg(long, value_name = "ADDRESS", conflicts_with = "from_log")]
    read_model: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ExportFormat {
    Csv,
    Parquet,
}

/// Where the rows come from.
struct Source {
    copies: Arc<dyn Copies>,
    log: Arc<dyn EventLog>,
    /// Where a temporary copy may be.
    data: PathBuf,
    log_id: String,
    /// The id of the log's first event, which the read models were made from.
    first: String,
    head: u64,
}

/// Runs the command.
///
/// # Errors
/// What stands in the way.
pub async fn run(args: &ExportArgs) -> anyhow::Result<Exit> {
    let mut wanted = Wanted::of(args)?;
    if wanted.folder.is_none() && wanted.out == Path::new("-") && io::stdout().is_terminal() {
        let text = "an export has texts as they were recorded, which no terminal should be given: write it \
                    to a file (--out FILE) or into a pipe";
        return Err(failure(Exit::Usage, text));
    }
    if args.output == Format::Json && wanted.folder.is_none() && wanted.out == Path::new("-") {
        let text =
            "--output json says what was written to files: name one with --out, or --out-dir";
        return Err(failure(Exit::Usage, text));
    }
    let config = ConfigArgs {
        log: args.log.clone(),
        read_model: args.read_model.clone(),
        ..ConfigArgs::from(args.place.clone())
    };
    let (config, _) = Config::load(&config, std::env::vars())?;
    let source = Source::open(&config).await?;
    if let Some(asked) = args.sequence.filter(|asked| *asked > source.head) {
        let text = format!("sequence {asked} was asked for, and the log ends at {}", source.head);
        return Err(failure(Exit::Usage, text));
    }
    let log = source.log.clone();
    if wanted.label || !wanted.boards.is_empty() {
        let app = read_with(log.clone(), &config).await?;
        let programs = app.library().governed(args.exercise);
        if wanted.label {
            wanted.besides.push(wanted.labels(&programs)?);
        }
        let judged = Judged { of: &wanted, as_of: args.as_of, language: args.lang };
        let judged = judged.export((&log, &config, args.from_log), &programs).await?;
        wanted.besides.extend(judged);
    }
    let exported = match (wanted.tables.is_empty(), args.from_log) {
        (true, _) => Ok(json!({ "files": wanted.besides })),
        (false, true) => source.export_anew(wanted).await,
        (false, false) => match source.try_store(wanted.clone()).await? {
            Some(written) => Ok(written),
            None => source.export_anew(wanted).await,
        },
    };
    log.close().await;
    let written = exported?;
    if args.output == Format::Json {
        print_json(&written)?;
    }
    Ok(Exit::Done)
}

impl Source {
    async fn open(config: &Config) -> anyhow::Result<Self> {
        let log = open_log(config, Access::Read).await?;
        let nothing = || failure(Exit::NotFound, "the log has no event yet");
        let book = book_of(&*log).await?.ok_or_else(nothing)?;
        let head = log.head().await?.unwrap_or_default();
        Ok(Self {
            copies: read_models(config)?,
            data: config.store.data_dir.clone(),
            log_id: book.log_id().map(|id| id.to_string()).unwrap_or_default(),
            first: book.first.map(|id| id.to_string()).unwrap_or_default(),
            log,
            head,
        })
    }

    /// Exports from the read models; nothing where they can't serve what is asked for.
    async fn try_store(&self, wanted: Wanted) -> anyhow::Result<Option<Value>> {
        let (copies, log_id) = (self.copies.clone(), self.log_id.clone());
        let first = self.first.clone();
        let work = move || wanted.export(&*copies, &log_id, &first);
        match tokio::task::spawn_blocking(work).await.context("the export broke off")? {
            Ok(written) => Ok(Some(written)),
            Err(
                error @ (ExportError::Behind { .. }
                | ExportError::Stale(_)
                | ExportError::Store(StoreError::Missing(_))),
            ) => {
                tell(&format!("docket: {error}; making the rows from the log"));
                Ok(None)
            }
            Err(error) => Err(explain(error)),
        }
    }

    async fn export_anew(self, wanted: Wanted) -> anyhow::Result<Value> {
        let folder = TemporaryFolder::new(&self.data)?;
        fill(self.log.clone(), SqliteCopies::new(folder.path())).await?;
        let work = move || {
            let copies = SqliteCopies::new(folder.path());
            wanted.export(&copies, &self.log_id, &self.first)
        };
        let exported = tokio::task::spawn_blocking(work).await.context("the export broke off")?;
        exported.map_err(explain)
    }
}

fn explain(error: ExportError) -> anyhow::Error {
    match error {
        ExportError::Store(error) => error.into(),
        ExportError::Io(error) if error.kind() == io::ErrorKind::StorageFull => {
            failure(Exit::Unavailable, format!("can't write: {error}"))
        }
        error @ ExportError::Form(_) => failure(Exit::Usage, error.to_string()),
        error => error.into(),
    }
}

/// What is asked for.
#[derive(Clone)]
struct Wanted {
    tables: Vec<&'static Report>,
    /// What is judged on a day.
    boards: Vec<&'static Board>,
    /// What their codes are called.
    label: bool,
    /// The files that are no tables of the read models, once they are written.
    besides: Vec<Value>,
    form: Form,
    sequence: Option<u64>,
    exercise: bool,
    out: PathBuf,
    folder: Option<PathBuf>,
}

impl Wanted {
    fn of(args: &ExportArgs) -> anyhow::Result<Self> {
        let form = match args.format {
            ExportFormat::Csv => Form::Csv { bom: args.bom },
            ExportFormat::Parquet if args.bom => {
                return Err(failure(Exit::Usage, "--bom is for CSV: Parquet has none"));
            }
            ExportFormat::Parquet => Form::Parquet,
        };
        if !form.is_built() {
            return Err(failure(Exit::Usage, ExportError::Form("parquet").to_string()));
        }
        let (mut tables, mut boards, mut label) = (Vec::new(), Vec::new(), args.all);
        match &args.table {
            None => (tables, boards) = (REPORTS.iter().collect(), BOARDS.iter().collect()),
            Some(name) if name == LABEL => label = true,
            Some(name) => match (report(name), BOARDS.iter().find(|board| board.name == name)) {
                (Some(table), _) => tables.push(table),
                (None, Some(board)) => boards.push(board),
                (None, None) => {
                    let known = REPORTS.iter().map(|table| table.name).chain([LABEL]);
                    let known = known.chain(BOARDS.iter().map(|board| board.name));
                    let known = known.collect::<Vec<_>>().join(", ");
                    let text = format!("there is no reporting table {name:?}; there are {known}");
                    return Err(failure(Exit::Usage, text));
                }
            },
        }
        let (out, folder) = (args.out.clone(), args.out_dir.clone());
        let (sequence, exercise) = (args.sequence, args.exercise);
        if sequence.is_some() && tables.is_empty() && boards.is_empty() {
            return Err(failure(Exit::Usage, "--sequence: labels depend on no sequence"));
        }
        if boards.is_empty() && (args.as_of.is_some() || args.lang.is_some()) {
            let judged = BOARDS.iter().map(|board| board.name).collect::<Vec<_>>().join(", ");
            let text = format!("--as-of and --lang are for what is judged on a day: {judged}");
            return Err(failure(Exit::Usage, text));
        }
        let besides = Vec::new();
        Ok(Self { tables, boards, label, besides, form, sequence, exercise, out, folder })
    }

    /// Writes what the codes are called; what the manifest says of the file.
    fn labels(&self, programs: &[(Program, Arc<Versions>)]) -> anyhow::Result<Value> {
        let labels = |out: &mut (dyn Write + Send)| write_labels(programs, self.form, out);
        let name = if self.exercise { "exercise_label" } else { LABEL };
        let file = format!("{name}.{}", self.form.ending());
        let written = match &self.folder {
            Some(folder) => {
                create_usual_folder(folder).map_err(ExportError::Io).map_err(explain)?;
                whole(&folder.join(&file), |file| labels(file))
            }
            None if self.out == Path::new("-") => labels(&mut BufWriter::new(Out::default())),
            None => whole(&self.out, |file| labels(file)),
        };
        let written = written.map_err(explain)?;
        tell(&format!("{name}: {} rows", written.rows));
        Ok(in_manifest(LABEL, &file, &written))
    }

    /// Writes the tables; what they are, as a manifest has it.
    fn export(&self, copies: &dyn Copies, log_id: &str, first: &str) -> Result<Value, ExportError> {
        snapshot(copies, self.sequence, self.exercise, |snapshot| {
            if snapshot.log.as_deref() != Some(first) {
                let made_from = snapshot.log.as_deref().unwrap_or("none");
                let text = format!("the read models were made from the log of event {made_from}");
                return Err(StoreError::OtherLog(text).into());
            }
            let files = match &self.folder {
                Some(folder) => self.to_folder(snapshot, folder)?,
                None => self.to_file(snapshot)?,
            };
            let manifest = json!({
                "log_id": log_id,
                "sequence": snapshot.sequence,
                "exercise": snapshot.exercise,
                "known_at": Timestamp::from_micros(snapshot.known_at_us).to_rfc3339(),
                "events": "/v1/events/{source_sequence}",
                "files": files,
            });
            if let Some(folder) = &self.folder {
                let name = if self.exercise { "exercise_manifest.json" } else { "manifest.json" };
                write_manifest(&folder.join(name), &manifest)?;
            }
            Ok(manifest)
        })
    }

    fn to_file(&self, snapshot: &mut Snapshot<'_>) -> Result<Vec<Value>, ExportError> {
        let mut files = Vec::new();
        for table in &self.tables {
            let written = if self.out == Path::new("-") {
                write(snapshot, table, self.form, &mut BufWriter::new(Out::default()))?
            } else {
                to_path(snapshot, table, self.form, &self.out)?
            };
            say(table, &written, snapshot);
            files.push(in_manifest(table.name, &self.out.display().to_string(), &written));
        }
        Ok(files)
    }

    fn to_folder(
        &self,
        snapshot: &mut Snapshot<'_>,
        folder: &Path,
    ) -> Result<Vec<Value>, ExportError> {
        create_usual_folder(folder)?;
        let mut files = Vec::new();
        for table in &self.tables {
            let name = format!("{}.{}", table.file_name(self.exercise), self.form.ending());
            let written = to_path(snapshot, table, self.form, &folder.join(&name))?;
            say(table, &written, snapshot);
            files.push(in_manifest(table.name, &name, &written));
        }
        files.extend(self.besides.clone());
        Ok(files)
    }
}

fn say(table: &Report, written: &Written, snapshot: &Snapshot<'_>) {
    let exercise = if snapshot.exercise { " (exercise)" } else { "" };
    let (rows, sequence) = (written.rows, snapshot.sequence);
    tell(&format!("{}{exercise}: {rows} rows as of sequence {sequence}", table.name));
}

fn to_path(
    snapshot: &mut Snapshot<'_>,
    table: &Report,
    form: Form,
    path: &Path,
) -> Result<Written, ExportError> {
    whole(path, |file| write(snapshot, table, form, file))
}
