//! The programs: each declared once, an exercise of one that is none, names in both languages.

use std::collections::BTreeSet;

use super::Problems;
use crate::domain::ids::{Office, Text};
use crate::domain::measure::{OfficeName, Programs};
use crate::domain::text::says_something;

pub(super) fn check(programs: &Programs, problems: &mut Problems) {
    let mut seen = BTreeSet::new();
    for (index, program) in programs.programs.iter().enumerate() {
        let path = format!("/program/{index}");
        if !seen.insert(&program.id) {
            let message = format!("{} is declared twice: give each its own id", program.id);
            problems.add(format!("{path}/id"), message);
        }
        named(&format!("{path}/name"), &program.name, problems);
        if program.subject_kinds.is_empty() {
            problems.add(
                format!("{path}/subject_kinds"),
                "nobody can take part: name at least one kind of subject",
            );
        }
        let Some(of) = &program.exercise_of else { continue };
        match programs.program(of.as_str()) {
            Some(exercised) if !exercised.is_exercise() => {}
            Some(_) => problems.add(
                format!("{path}/exercise_of"),
                format!("{of} is itself an exercise: name the program that it exercises"),
            ),
            None => problems.add(
                format!("{path}/exercise_of"),
                format!("no program {of}: declare it in [[program]], or name another"),
            ),
        }
    }
    for (index, name) in programs.office_names.iter().enumerate() {
        named(&format!("/office_name/{index}/name"), &name.name, problems);
    }
    let first = |name: &OfficeName| name.office == Office::NationalOffice && name.from.is_none();
    if !programs.office_names.iter().any(first) {
        problems.add(
            "/office_name",
            "the national office has no name from the beginning: add an [[office_name]] for national_office without `from`",
        );
    }
}

fn named(path: &str, text: &Text, problems: &mut Problems) {
    for (member, value) in [("en", &text.en), ("zh", &text.zh)] {
        if !says_something(value) {
            let message = "empty: every name has both languages";
            problems.add(format!("{path}/{member}"), message);
        }
    }
}
