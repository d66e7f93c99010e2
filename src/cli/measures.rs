//! `docket measures`: for the people who write measure files and for those who read them.
//!
//! `check` holds files to the schema and the model check, `draw` shows the phase graph, `diff` says
//! what changed between two versions or editions, article by article. Deliberately not here:
//! adopting a measure into a log.

mod diff;
mod draw;
mod words;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::{Args, Subcommand, ValueEnum};

use super::exit::Exit;
use super::output::Page;
use super::private::create_usual;
use crate::app::measure_files::{check_measure, check_programs};
use crate::domain::ids::Language;
use crate::domain::measure::{Measure, Programs};
use crate::domain::measure_file::{Embedded, FileError, MEASURES, PROGRAMS};

pub use diff::diff;
pub use draw::draw;

/// Check, draw and compare the measure files.
///
/// A measure file is one version of a program's governing document as data: who may do what, the
/// phases, terms, deadlines and quotas, each with its article. For those who write such files, and
/// for those who want to see what a document was read as. Needs no log.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  docket measures check                                  those that docket brings along
  docket measures check my-measures/                     file and line of each error
  docket measures draw strong_province 2015-59 > graph.svg
  docket measures diff cluster_area/2012-61 cluster_area/2014-40

Exit codes: 0 good, 1 errors were found or a file can't be read, 2 usage")]
pub struct MeasuresArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check measure files: shape, articles, reachability, conditions; file and line of each error
    Check(CheckArgs),
    /// Draw a measure's phase graph as SVG
    Draw(DrawArgs),
    /// Say what changed between two versions or editions, article by article
    Diff(DiffArgs),
}

/// What to check.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Measure files, programs.toml, or folders of them [default: those that docket brings along]
    #[arg(value_name = "FILE|FOLDER")]
    paths: Vec<PathBuf>,
}

/// What to draw.
#[derive(Debug, Args)]
#[command(disable_version_flag = true)]
pub struct DrawArgs {
    /// The program, such as cluster_area
    program: String,
    /// The version of its measure, such as 2014-40
    version: String,
    /// The language of the labels
    #[arg(long, value_enum, default_value_t = Lang::En)]
    lang: Lang,
    /// A folder to take the measure from [default: those that docket brings along]
    #[arg(long, value_name = "FOLDER")]
    dir: Option<PathBuf>,
    /// Write to a file [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    output_file: Option<PathBuf>,
}

/// What to compare.
#[derive(Debug, Args)]
pub struct DiffArgs {
    /// The earlier one: a file, or program/version such as cluster_area/2012-61
    a: String,
    /// The later one, likewise
    b: String,
}

/// A language, as named on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Lang {
    /// English
    En,
    /// Chinese
    #[value(name = "zh-CN", alias = "zh")]
    Zh,
}

impl From<Lang> for Language {
    fn from(lang: Lang) -> Self {
        match lang {
            Lang::En => Self::En,
            Lang::Zh => Self::Zh,
        }
    }
}

/// Runs `docket measures`; what is shown goes to `out`.
///
/// # Errors
/// A file cannot be read, a measure is not known, or `out` cannot be written.
pub fn run(args: &MeasuresArgs, out: &mut impl Write) -> anyhow::Result<Exit> {
    match &args.command {
        Command::Check(args) => run_check(args, out),
        Command::Draw(args) => run_draw(args, out),
        Command::Diff(args) => run_diff(args, out),
    }
}

/// A file with its text.
struct Source {
    path: String,
    text: String,
}

impl From<&Embedded> for Source {
    fn from(file: &Embedded) -> Self {
        Self { path: file.path.to_owned(), text: file.text.to_owned() }
    }
}

impl Source {
    fn is_programs(&self) -> bool {
        Path::new(&self.path).file_name().is_some_and(|name| name == "programs.toml")
    }
}

fn run_check(args: &CheckArgs, out: &mut impl Write) -> anyhow::Result<Exit> {
    let sources = if args.paths.is_empty() {
        std::iter::once(&PROGRAMS).chain(MEASURES).map(Source::from).collect()
    } else {
        read_all(&args.paths)?
    };
    let mut found = Vec::new();
    let (programs, measures): (Vec<&Source>, Vec<&Source>) =
        sources.iter().partition(|source| source.is_programs());
    let mut known = embedded_programs()?;
    for source in programs {
        match check_programs(&source.text) {
            Ok(programs) => known = programs,
            Err(errors) => found.push((source, errors)),
        }
    }
    let mut checked: Vec<(&Source, Measure)> = Vec::new();
    for source in measures {
        match check_measure(&source.text, &known.programs) {
            Ok(measure) => match twin(&checked, &measure) {
                Some(error) => found.push((source, vec![error])),
                None => checked.push((source, measure)),
            },
            Err(errors) => found.push((source, errors)),
        }
    }
    let mut page = Page::default();
    for (source, errors) in &found {
        for FileError { line, message } in errors {
            page.line(&format!("{}:{line}: {message}", source.path));
        }
    }
    for (source, measure) in &checked {
        report(source, measure, &mut page);
    }
    let errors: usize = found.iter().map(|(_, errors)| errors.len()).sum();
    if errors > 0 {
        page.line(&format!("{errors} errors in {} of {} files", found.len(), sources.len()));
    }
    write!(out, "{page}")?;
    Ok(if errors > 0 { Exit::Failed } else { Exit::Done })
}

/// The error that a version is there already.
fn twin(checked: &[(&Source, Measure)], measure: &Measure) -> Option<FileError> {
    let same =
        |other: &Measure| other.program == measure.program && other.version == measure.version;
    let (source, _) = checked.iter().find(|(_, other)| same(other))?;
    let (program, version) = (&measure.program, &measure.version);
    let message = format!("{program} {version} is also in {}: keep one of them", source.path);
    Some(FileError { line: 1, message })
}

fn report(source: &Source, measure: &Measure, page: &mut Page) {
    let readings = measure.acts.iter().flat_map(|rule| {
        rule.outcomes.values().map(|outcome| &outcome.reading).chain([&rule.reading])
    });
    let readings = readings.flatten().count()
        + measure.obligations.iter().filter(|obligation| obligation.reading.is_some()).count()
        + usize::from(measure.passing.as_ref().is_some_and(|passing| passing.reading.is_some()));
    page.line(&format!(
        "{}: ok: {} {}, {} phases, {} rules for acts, {} obligations, {readings} readings",
        source.path,
        measure.program,
        measure.version,
        measure.phases.len(),
        measure.acts.len(),
        measure.obligations.len()
    ));
    for gap in &measure.gaps {
        page.line(&format!("  known in part: {}", gap.en));
    }
}

fn run_draw(args: &DrawArgs, out: &mut impl Write) -> anyhow::Result<Exit> {
    let measures = match &args.dir {
        None => embedded_measures()?,
        Some(dir) => read_measures(dir)?,
    };
    let measure = pick(&measures, &args.program, &args.version)?;
    let svg = draw(measure, args.lang.into());
    match &args.output_file {
        None => out.write_all(svg.as_bytes())?,
        Some(path) => {
            let written = create_usual(path).and_then(|mut file| file.write_all(svg.as_bytes()));
            written.with_context(|| format!("cannot write {}", path.display()))?;
        }
    }
    Ok(Exit::Done)
}

fn run_diff(args: &DiffArgs, out: &mut impl Write) -> anyhow::Result<Exit> {
    let (a, b) = (named(&args.a)?, named(&args.b)?);
    let changes = diff(&a, &b)?;
    let mut page = Page::default();
    if changes.is_empty() {
        page.line("no difference");
    }
    for change in changes {
        page.line(&change);
    }
    write!(out, "{page}")?;
    Ok(Exit::Done)
}

/// A measure by file, or by program and version.
fn named(name: &str) -> anyhow::Result<Measure> {
    let path = Path::new(name);
    if path.is_file() {
        let text = read_text(path)?;
        return checked(name, &text);
    }
    let Some((program, version)) = name.split_once('/') else {
        bail!("{name} is neither a file nor program/version, such as cluster_area/2014-40");
    };
    let measures = embedded_measures()?;
    Ok(pick(&measures, program, version)?.clone())
}

fn pick<'m>(measures: &'m [Measure], program: &str, version: &str) -> anyhow::Result<&'m Measure> {
    let is = |measure: &&Measure| measure.program.as_str() == program && measure.version == version;
    measures.iter().find(is).with_context(|| {
        let known: Vec<String> =
            measures.iter().map(|m| format!("{} {}", m.program, m.version)).collect();
        format!("no measure {program} {version}: there are {}", known.join(", "))
    })
}

fn checked(path: &str, text: &str) -> anyhow::Result<Measure> {
    check_measure(text, &embedded_programs()?.programs).map_err(|errors| {
        let lines = errors.iter().map(|error| format!("{path}:{}: {}", error.line, error.message));
        anyhow::anyhow!(lines.collect::<Vec<_>>().join("; "))
    })
}

fn embedded_programs() -> anyhow::Result<Programs> {
    check_programs(PROGRAMS.text).map_err(|errors| anyhow::anyhow!("{}: {errors:?}", PROGRAMS.path))
}

fn embedded_measures() -> anyhow::Result<Vec<Measure>> {
    MEASURES.iter().map(|file| checked(file.path, file.text)).collect()
}

fn read_measures(dir: &Path) -> anyhow::Result<Vec<Measure>> {
    let sources = read_all(&[dir.to_path_buf()])?;
    let measures = sources.iter().filter(|source| !source.is_programs());
    measures.map(|source| checked(&source.path, &source.text)).collect()
}

fn read_all(paths: &[PathBuf]) -> anyhow::Result<Vec<Source>> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            let before = files.len();
            list(path, &mut files)?;
            if files.len() == before {
                bail!("{} holds no .toml file", path.display());
            }
        } else {
            files.push(path.clone());
        }
    }
    let read = |path: &PathBuf| -> anyhow::Result<Source> {
        Ok(Source { path: path.display().to_string(), text: read_text(path)? })
    };
    files.iter().map(read).collect()
}

fn list(dir: &Path, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let entries = fs::read_dir(dir).with_context(|| format!("cannot list {}", dir.display()))?;
    let mut paths = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()
        .with_context(|| format!("cannot list {}", dir.display()))?;
    paths.sort();
    for path in paths {
        if path.is_dir() {
            list(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "toml") {
            files.push(path);
        }
    }
    Ok(())
}

fn read_text(path: &Path) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}
