//! The files of a folder of measures from text to something to judge acts by: shape (JSON Schema),
//! form, sense, and what they say of each other.
//!
//! What must hold: whoever adopts or checks files goes through here, so that files which the check
//! lets pass are files that the server can use. Every error names the file and the line and what
//! would satisfy it. Deliberately not here: reading folders and adoption.

mod shape;

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use crate::domain::ids::ProgramId;
use crate::domain::measure::{Measure, OfficesFile, Program, ProgramFile, Programs};
use crate::domain::measure_check::{self, Problem};
use crate::domain::measure_file::{self, FileError, Kind, Lines, Source};

pub use shape::schema_of;

/// What is wrong with a file, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The file's path.
    pub path: String,
    /// The line, and what is wrong.
    pub error: FileError,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.error.line, self.error.message)
    }
}

/// Files that were checked together.
#[derive(Debug)]
pub struct Checked<'a> {
    /// The programs that they declare, with those known before that they don't, and the offices.
    pub programs: Programs,
    /// The measures that are right.
    pub measures: Vec<(Source<'a>, Measure)>,
    /// What is wrong, by file.
    pub faults: Vec<Fault>,
}

/// Checks files together: each by itself, and against the others. Programs and offices that they
/// don't declare are those `known`; without any, the offices must be among the files.
pub fn check_files<'a>(files: &[Source<'a>], known: Option<&Programs>) -> Checked<'a> {
    let mut check = Check::default();
    let offices = check.offices(files, known);
    let declared = check.programs(files);
    let mut programs = Programs::of(offices, declared.iter().map(|one| one.file.clone()));
    if let Some(known) = known {
        programs.programs.extend(without(&known.programs, &programs.programs));
    }
    let mut measures: Vec<(Source<'a>, Measure)> = Vec::new();
    for source in files.iter().filter(|file| file.kind() == Kind::Measure) {
        let checked = check_measure(source.text, &programs.programs);
        let Some(measure) = check.take(source, checked) else { continue };
        if check.stands_where_it_belongs(source, &measure, &declared, &measures) {
            measures.push((*source, measure));
        }
    }
    for one in &declared {
        let folder = one.source.folder_and_name().0;
        if !files.iter().any(|file| is_measure_in(file, folder)) {
            let id = &one.file.id;
            check.fault(
                &one.source,
                "/id",
                format!("{id} has no measure: put one beside this file, named <version>.toml"),
            );
        }
    }
    Checked { programs, measures, faults: check.0 }
}

/// Reads and checks a measure.
///
/// # Errors
/// Everything that is wrong with it, in the order of the lines.
pub fn check_measure(text: &str, programs: &[Program]) -> Result<Measure, Vec<FileError>> {
    check_as(text, |measure| measure_check::check(measure, programs))
}

fn check_as<T: DeserializeOwned + JsonSchema + 'static>(
    text: &str,
    check: impl FnOnce(&T) -> Vec<Problem>,
) -> Result<T, Vec<FileError>> {
    let lines = shape::hold::<T>(text)?;
    let read: T = measure_file::read_as(text).map_err(|error| vec![error])?;
    let problems = check(&read).into_iter();
    let located = problems.map(|p| FileError { line: lines.line(&p.path), message: p.message });
    shape::all_right(located.collect())?;
    Ok(read)
}

/// A program and the file that declares it.
struct Declared<'a> {
    source: Source<'a>,
    file: ProgramFile,
}

fn is_measure_in(file: &Source<'_>, folder: &str) -> bool {
    file.kind() == Kind::Measure && file.folder_and_name().0 == folder
}

/// The programs that are not among `declared`, nor exercises of one that is.
fn without(known: &[Program], declared: &[Program]) -> Vec<Program> {
    let is_declared = |id: &ProgramId| declared.iter().any(|program| program.id == *id);
    let kept = known.iter().filter(|p| !is_declared(&p.id) && !is_declared(p.governed_as()));
    kept.cloned().collect()
}

/// What was found wrong so far.
#[derive(Default)]
struct Check(Vec<Fault>);

impl Check {
    fn fault(&mut self, source: &Source<'_>, pointer: &str, message: String) {
        let line = Lines::of(source.text).map_or(1, |lines| lines.line(pointer));
        let error = FileError { line, message };
        self.0.push(Fault { path: source.path.to_owned(), error });
    }

    fn take<T>(&mut self, source: &Source<'_>, read: Result<T, Vec<FileError>>) -> Option<T> {
        let fault = |error| Fault { path: source.path.to_owned(), error };
        read.map_err(|errors| self.0.extend(errors.into_iter().map(fault))).ok()
    }

    fn offices(&mut self, files: &[Source<'_>], known: Option<&Programs>) -> OfficesFile {
        let mut office_names = known.map_or_else(Vec::new, |known| known.office_names.clone());
        let mut found = known.is_some();
        for source in files.iter().filter(|file| file.kind() == Kind::Offices) {
            found = true;
            let read = check_as(source.text, measure_check::check_offices);
            if let Some(offices) = self.take(source, read) {
                office_names = offices.office_names;
            }
        }
        if !found {
            let missing = Source { path: "offices.toml", text: "" };
            self.fault(&missing, "", "no such file: the offices need their names".to_owned());
        }
        OfficesFile { office_names }
    }

    fn programs<'a>(&mut self, files: &[Source<'a>]) -> Vec<Declared<'a>> {
        let mut declared: Vec<Declared<'a>> = Vec::new();
        let mut ids: BTreeMap<ProgramId, &'a str> = BTreeMap::new();
        for source in files.iter().filter(|file| file.kind() == Kind::Program) {
            let read = check_as::<ProgramFile>(source.text, measure_check::check_program);
            let Some(file) = self.take(source, read) else { continue };
            let exercise = file.exercise.iter().map(|exercise| ("/exercise/id", &exercise.id));
            for (pointer, id) in std::iter::once(("/id", &file.id)).chain(exercise) {
                if let Some(other) = ids.insert(id.clone(), source.path) {
                    let message =
                        format!("{id} is also a program in {other}: give each its own id");
                    self.fault(source, pointer, message);
                }
            }
            let folder = source.folder_and_name().0.rsplit('/').next().unwrap_or_default();
            if !folder.is_empty() && folder != file.id.as_str() {
                let message = format!(
                    "the program {} stands in the folder {folder}: name the folder as the program",
                    file.id
                );
                self.fault(source, "/id", message);
            }
            declared.push(Declared { source: *source, file });
        }
        declared
    }

    /// Whether a measure stands in its program's folder, under its version's name, and once.
    fn stands_where_it_belongs(
        &mut self,
        source: &Source<'_>,
        measure: &Measure,
        declared: &[Declared<'_>],
        others: &[(Source<'_>, Measure)],
    ) -> bool {
        let before = self.0.len();
        let (folder, name) = source.folder_and_name();
        let (program, version) = (&measure.program, &measure.version);
        if let Some(one) = declared.iter().find(|one| one.source.folder_and_name().0 == folder) {
            let id = &one.file.id;
            if id != program {
                let message = format!("a measure of {program} in the folder of {id}: move it");
                self.fault(source, "/program", message);
            }
            if name.strip_suffix(".toml") != Some(version.as_str()) {
                self.fault(source, "/version", format!("name the file {version}.toml"));
            }
        }
        let same = |(_, m): &&(Source<'_>, Measure)| m.program == *program && m.version == *version;
        if let Some((other, _)) = others.iter().find(same) {
            let message =
                format!("{program} {version} is also in {}: keep one of them", other.path);
            self.fault(source, "/version", message);
        }
        self.0.len() == before
    }
}
