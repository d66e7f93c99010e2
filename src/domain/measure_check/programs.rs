//! The programs and the offices: names in both languages, an exercise with an id of its own.

use super::Problems;
use crate::domain::ids::{Office, ProgramId, Text};
use crate::domain::measure::{OfficeName, OfficesFile, ProgramFile};
use crate::domain::text::says_something;

pub(super) fn check(program: &ProgramFile, problems: &mut Problems) {
    named("/name", &program.name, problems);
    for (index, kind) in program.subject_kinds.iter().enumerate() {
        named(&format!("/subject_kinds/{index}/label"), &kind.label, problems);
    }
    if let Some(exercise) = &program.exercise {
        named("/exercise/name", &exercise.name, problems);
        if exercise.id == program.id {
            let message = "the exercise needs an id of its own, such as exercise_";
            problems.add("/exercise/id", format!("{message}{}", program.id));
        }
    }
}

pub(super) fn check_offices(offices: &OfficesFile, problems: &mut Problems) {
    for (index, name) in offices.office_names.iter().enumerate() {
        named(&format!("/office_name/{index}/name"), &name.name, problems);
    }
    let first = |name: &OfficeName| name.office == Office::NationalOffice && name.from.is_none();
    if !offices.office_names.iter().any(first) {
        problems.add(
            "/office_name",
            "the national office has no name from the beginning: add an [[office_name]] for national_office without `from`",
        );
    }
}

pub(super) fn undeclared(program: &ProgramId) -> String {
    format!("no program {program}: declare it in {program}/program.toml")
}

fn named(path: &str, text: &Text, problems: &mut Problems) {
    for (member, value) in [("en", &text.en), ("zh", &text.zh)] {
        if !says_something(value) {
            let message = "empty: every name has both languages";
            problems.add(format!("{path}/{member}"), message);
        }
    }
}
