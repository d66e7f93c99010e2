//! Each mistake that a measure file can make is answered with its line and with what would satisfy
//! it. A case takes a file that is right, breaks it in one place, and says on which line the error
//! has to stand and what it has to say.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod conditions;
mod nodes;
mod programs;
mod shape;

use std::sync::LazyLock;

use docket::app::measure_files::{Checked, check_files, check_measure};
use docket::domain::measure::Programs;
use docket::domain::measure_file::{FILES, FileError};

const TRIAL: &str = "schemas/measures/cluster_area/2012-61.toml";
const CLUSTER: &str = "schemas/measures/cluster_area/2014-40.toml";
const STRONG: &str = "schemas/measures/strong_province/2015-59.toml";

fn text_of(path: &str) -> &'static str {
    FILES.iter().find(|file| file.path == path).unwrap().text
}

fn programs() -> &'static Programs {
    static PROGRAMS: LazyLock<Programs> = LazyLock::new(|| check_files(FILES, None).programs);
    &PROGRAMS
}

/// The line on which the marked text begins, which stands in the file once.
fn line_of(text: &str, mark: &str) -> usize {
    assert_eq!(text.matches(mark).count(), 1, "{mark:?} should stand in the file once");
    text[..text.find(mark).unwrap()].matches('\n').count() + 1
}

fn assert_found(errors: &[FileError], line: usize, says: &str) {
    let found = errors.iter().any(|error| error.line == line && error.message.contains(says));
    assert!(found, "no error on line {line} that says {says:?} among {errors:#?}");
}

/// Replaces `old` everywhere by `new`; the error stands where `mark` begins in the new text.
fn assert_mistake(path: &str, old: &str, new: &str, mark: &str, says: &str) {
    let right = text_of(path);
    assert!(right.contains(old), "{old:?} is not in {path}");
    let wrong = right.replace(old, new);
    let errors = check_measure(&wrong, &programs().programs).map(drop).unwrap_err();
    assert_found(&errors, line_of(&wrong, mark), says);
}

#[test]
fn what_is_embedded_is_right() {
    let Checked { measures, faults, .. } = check_files(FILES, None);
    assert_eq!(faults, []);
    for (file, measure) in measures {
        assert_eq!(measure.known_in_part, !measure.gaps.is_empty(), "{}", file.path);
    }
}
