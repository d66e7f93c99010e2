//! `docket measures`: for the people who write measure files and for those who read them.
//!
//! `check` holds files to the schema and the model check, `draw` shows the phase graph, `diff` says
//! what changed between two versions or editions, article by article, `retry` which decisions on record
//! an edition would have judged otherwise. Deliberately not here: adopting a measure into a log.

pub mod retry;

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::builder::PossibleValue;
use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::exit::Exit;
use super::language::LanguageArgs;
use super::output::{Format, Page};
use super::private::create_usual;
use crate::app::measure_files::{Checked, check_files};
use crate::domain::ids::Language;
use crate::domain::measure::{Measure, Programs};
use crate::domain::measure_file::{FILES, Source};
use crate::views::compared::{PartChange, compared};

pub use crate::views::draw::draw;

/// Check, draw and compare the measure files.
///
/// A measure file is one version of a program's governing document as data: who may do what, the
/// phases, terms, deadlines and quotas, each with its article. For those who write such files, and
/// for those who want to see what a document was read as. Only `retry` looks at a log.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  docket measures check                                  those that docket brings along
  docket measures check my-measures/                     file and line of each error
  docket measures draw strong_province 2015-59 > graph.svg
  docket measures diff cluster_area/2012-61 cluster_area/2014-40
  docket measures retry mended/2015-59.toml --data-dir /srv/docket

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
    Retry(retry::RetryArgs),
}

/// What to check.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Measure files, or folders of programs with their measures [default: those that docket brings along]
    #[arg(value_name = "FILE|FOLDER")]
    paths: Vec<PathBuf>,
    /// The form of the result
    #[arg(long, value_enum, default_value_t = Format::Table)]
    output: Format,
}

/// What to draw.
#[derive(Debug, Args)]
#[command(disable_version_flag = true)]
pub struct DrawArgs {
    /// The program, such as cluster_area
    program: String,
    /// The version of its measure, such as 2014-40
    version: String,
    #[command(flatten)]
    language: LanguageArgs,
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
    /// The form of the result
    #[arg(long, value_enum, default_value_t = Format::Table)]
    output: Format,
}

impl ValueEnum for Language {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::En, Self::Zh]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(match self {
            Self::En => PossibleValue::new(self.tag()).help("English"),
            Self::Zh => PossibleValue::new(self.tag()).alias("zh").help("Chinese"),
        })
    }
}

/// Runs `docket measures`; what is shown goes to `out`.
///
/// # Errors
/// A file cannot be read, a measure is not known, or `out` cannot be written.
pub async fn run(args: &MeasuresArgs, out: &mut impl Write) -> anyhow::Result<Exit> {
    match &args.command {
        Command::Check(args) => run_check(args, out),
        Command::Draw(args) => run_draw(args, out),
        Command::Diff(args) => run_diff(args, out),
        Command::Retry(args) => retry::retry(args, out).await,
    }
}

/// A file of a folder, with its text.
struct Read {
    path: String,
    text: String,
}

impl Read {
    fn source(&self) -> Source<'_> {
        Source { path: &self.path, text: &self.text }
    }
}

fn run_check(args: &CheckArgs, out: &mut impl Write) -> anyhow::Result<Exit> {
    let read = read_all(&args.paths)?;
    let mut sources: Vec<Source<'_>> = read.iter().map(Read::source).collect();
    let checked = if args.paths.is_empty() {
        sources.extend(FILES);
        check_files(FILES, None)
    } else {
        check_files(&sources, Some(&embedded()?.programs))
    };
    if args.output == Format::Json {
        writeln!(out, "{:#}", checked_as_json(&checked))?;
        return Ok(if checked.faults.is_empty() { Exit::Done } else { Exit::Failed });
    }
    let mut page = Page::default();
    for fault in &checked.faults {
        page.line(&fault.to_string());
    }
    for (source, measure) in &checked.measures {
        report(source, measure, &mut page);
    }
    let errors = checked.faults.len();
    if errors > 0 {
        let files: BTreeSet<&str> = checked.faults.iter().map(|f| f.path.as_str()).collect();
        page.line(&format!("{errors} errors in {} of {} files", files.len(), sources.len()));
    }
    write!(out, "{page}")?;
    Ok(if errors > 0 { Exit::Failed } else { Exit::Done })
}

fn checked_as_json(checked: &Checked<'_>) -> Value {
    let measure = |(source, measure): &(Source<'_>, Measure)| {
        json!({
            "file": source.path,
            "program": measure.program.as_str(),
            "version": measure.version,
            "phases": measure.phases.len(),
            "rules": measure.acts.len(),
            "obligations": measure.obligations.len(),
            "readings": readings(measure),
            "known_in_part": measure.gaps.iter().map(|gap| &gap.en).collect::<Vec<_>>(),
        })
    };
    json!({
        "faults": checked.faults.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "measures": checked.measures.iter().map(measure).collect::<Vec<_>>(),
    })
}

/// How many readings of silent texts a measure rests on.
fn readings(measure: &Measure) -> usize {
    let readings = measure.acts.iter().flat_map(|rule| {
        rule.outcomes.values().map(|outcome| &outcome.reading).chain([&rule.reading])
    });
    readings.flatten().count()
        + measure.obligations.iter().filter(|obligation| obligation.reading.is_some()).count()
        + usize::from(measure.passing.as_ref().is_some_and(|passing| passing.reading.is_some()))
}

fn report(source: &Source<'_>, measure: &Measure, page: &mut Page) {
    let readings = readings(measure);
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
        None => embedded()?.measures,
        Some(dir) => {
            let read = read_all(std::slice::from_ref(dir))?;
            let sources: Vec<Source<'_>> = read.iter().map(Read::source).collect();
            right(check_files(&sources, Some(&embedded()?.programs)))?.measures
        }
    };
    let measure = pick(&measures, &args.program, &args.version)?;
    let svg = draw(measure, args.language.language());
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
    if args.output == Format::Json {
        writeln!(out, "{:#}", json!({ "changes": changes }))?;
        return Ok(Exit::Done);
    }
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

/// What changed from `a` to `b`, one line each: `+` added, `-` removed, `~` changed.
///
/// # Errors
/// A measure cannot be written as TOML.
pub fn diff(a: &Measure, b: &Measure) -> anyhow::Result<Vec<String>> {
    let mut lines = Vec::new();
    for PartChange { part, change, article, members } in compared(a, b)? {
        let cited = article.map_or_else(String::new, |article| format!(" ({article})"));
        match change {
            "ADDED" => lines.push(format!("+ {part}{cited}")),
            "REMOVED" => lines.push(format!("- {part}{cited}")),
            _ => lines.extend(members.iter().map(|one| {
                let shown = |value: &Option<String>| value.clone().unwrap_or("nothing".to_owned());
                let member = match one.member.as_str() {
                    "" => String::new(),
                    member => format!(": {member}"),
                };
                let (before, after) = (shown(&one.before), shown(&one.after));
                format!("~ {part}{cited}{member} was {before}, is {after}")
            })),
        }
    }
    Ok(lines)
}

/// A measure by file, or by program and version.
fn named(name: &str) -> anyhow::Result<Measure> {
    let path = Path::new(name);
    let known = embedded()?;
    if path.is_file() {
        let source = Source { path: name, text: &read_text(path)? };
        let measures = right(check_files(&[source], Some(&known.programs)))?.measures;
        return measures.into_iter().next().with_context(|| format!("{name} is no measure"));
    }
    let Some((program, version)) = name.split_once('/') else {
        bail!("{name} is neither a file nor program/version, such as cluster_area/2014-40");
    };
    Ok(pick(&known.measures, program, version)?.clone())
}

fn pick<'m>(measures: &'m [Measure], program: &str, version: &str) -> anyhow::Result<&'m Measure> {
    let is = |measure: &&Measure| measure.program.as_str() == program && measure.version == version;
    measures.iter().find(is).with_context(|| {
        let known: Vec<String> =
            measures.iter().map(|m| format!("{} {}", m.program, m.version)).collect();
        format!("no measure {program} {version}: there are {}", known.join(", "))
    })
}

/// Programs and measures without a fault.
struct Library {
    programs: Programs,
    measures: Vec<Measure>,
}

fn right(checked: Checked<'_>) -> anyhow::Result<Library> {
    if checked.faults.is_empty() {
        let measures = checked.measures.into_iter().map(|(_, measure)| measure).collect();
        return Ok(Library { programs: checked.programs, measures });
    }
    let lines: Vec<String> = checked.faults.iter().map(ToString::to_string).collect();
    bail!(lines.join("; "))
}

fn embedded() -> anyhow::Result<Library> {
    right(check_files(FILES, None))
}

fn read_all(paths: &[PathBuf]) -> anyhow::Result<Vec<Read>> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            list(path, &mut files)?;
        } else {
            files.push(path.clone());
        }
    }
    let read = |path: &PathBuf| -> anyhow::Result<Read> {
        Ok(Read { path: path.display().to_string(), text: read_text(path)? })
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
    let before = files.len();
    for path in paths {
        if path.is_dir() {
            list(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "toml") {
            files.push(path);
        }
    }
    if files.len() == before {
        bail!("{} holds no .toml file", dir.display());
    }
    Ok(())
}

fn read_text(path: &Path) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}
