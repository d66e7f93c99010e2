//! Programs and offices: each file by itself, and what the files of a folder say of each other.

use std::sync::Arc;

use docket::app::clock::SystemClock;
use docket::app::documents::FolderStore;
use docket::app::measure_files::check_files;
use docket::app::{Parts, start};
use docket::domain::measure_file::{FILES, Source};
use docket::log::{EventLog as _, MemoryLog};
use rstest::rstest;

use super::{CLUSTER, line_of, programs, text_of};

const CLUSTER_PROGRAM: &str = "schemas/measures/cluster_area/program.toml";
const STRONG_PROGRAM: &str = "schemas/measures/strong_province/program.toml";
const OFFICES: &str = "schemas/measures/offices.toml";

/// The faults of all files together, as they are shown.
fn faults(files: &[Source<'_>]) -> Vec<String> {
    check_files(files, None).faults.iter().map(ToString::to_string).collect()
}

fn assert_fault(files: &[Source<'_>], path: &str, line: usize, says: &str) {
    let faults = faults(files);
    let start = format!("{path}:{line}: ");
    let found = faults.iter().any(|fault| fault.starts_with(&start) && fault.contains(says));
    assert!(found, "no fault at {start} that says {says:?} among {faults:#?}");
}

#[rstest]
#[case::twice(
    STRONG_PROGRAM,
    "id = \"strong_province\"",
    "id = \"cluster_area\"",
    "id = \"cluster_area\"",
    "cluster_area is also a program in schemas/measures/cluster_area/program.toml: give each its own id"
)]
#[case::exercise_twice(
    STRONG_PROGRAM,
    "id = \"exercise_strong_province\"",
    "id = \"cluster_area\"",
    "id = \"cluster_area\"",
    "cluster_area is also a program in schemas/measures/cluster_area/program.toml"
)]
#[case::own_exercise(
    STRONG_PROGRAM,
    "id = \"exercise_strong_province\"",
    "id = \"strong_province\"",
    "id = \"strong_province\"\nname = { en = \"Ex",
    "the exercise needs an id of its own"
)]
#[case::other_folder(
    STRONG_PROGRAM,
    "id = \"strong_province\"",
    "id = \"strong\"",
    "id = \"strong\"",
    "the program strong stands in the folder strong_province: name the folder as the program"
)]
#[case::one_language(
    CLUSTER_PROGRAM,
    ", zh = \"国家知识产权服务业集聚发展区\"",
    "",
    "name = { en = \"Cluster",
    "/name lacks zh: add it. Chinese (zh-CN)."
)]
#[case::blank(
    OFFICES,
    "name = { en = \"SIPO\"",
    "name = { en = \" \"",
    "name = { en = \" \"",
    "empty: every name has both languages"
)]
#[case::nobody(
    STRONG_PROGRAM,
    "subject_kinds = [\n",
    "subject_kinds = []\nothers = [\n",
    "subject_kinds",
    "Kinds of subject that can enroll."
)]
#[case::no_first_name(
    OFFICES,
    "source = \"signature",
    "from = \"2014\"\nsource = \"signature",
    "[[office_name]]\noffice = \"national_office\"\nname = { en = \"SIPO\"",
    "without `from`"
)]
#[case::member(
    CLUSTER_PROGRAM,
    "subject_kinds",
    "kinds",
    "kinds = ",
    "the file has no member kinds: allowed are article, exercise, id, name, subject_kinds"
)]
#[case::elsewhere(
    CLUSTER,
    "program = \"cluster_area\"",
    "program = \"strong_province\"",
    "program = \"strong",
    "a measure of strong_province in the folder of cluster_area: move it"
)]
#[case::misnamed(
    CLUSTER,
    "version = \"2014-40\"",
    "version = \"2014-41\"",
    "version = \"2014-41",
    "name the file 2014-41.toml"
)]
fn mistakes(
    #[case] path: &'static str,
    #[case] old: &str,
    #[case] new: &str,
    #[case] mark: &str,
    #[case] says: &str,
) {
    let wrong = text_of(path).replacen(old, new, 1);
    assert_ne!(wrong, text_of(path));
    let with = |file: &Source<'static>| {
        if file.path == path { Source { path, text: &wrong } } else { *file }
    };
    let files: Vec<Source<'_>> = FILES.iter().map(with).collect();
    assert_fault(&files, path, line_of(&wrong, mark), says);
}

#[test]
fn a_folder_without_a_measure_is_named() {
    let rest = FILES
        .iter()
        .filter(|file| file.path == STRONG_PROGRAM || !file.path.contains("/strong_province/"));
    let files: Vec<Source<'_>> = rest.copied().collect();
    let says = "strong_province has no measure: put one beside this file, named <version>.toml";
    assert_fault(&files, STRONG_PROGRAM, 3, says);
}

#[test]
fn a_measure_without_a_program_is_named() {
    let rest = FILES.iter().filter(|file| file.path != CLUSTER_PROGRAM);
    let files: Vec<Source<'_>> = rest.copied().collect();
    let line = line_of(text_of(CLUSTER), "program = \"cluster_area\"");
    assert_fault(
        &files,
        CLUSTER,
        line,
        "no program cluster_area: declare it in cluster_area/program.toml",
    );
}

#[test]
fn the_offices_need_names() {
    let rest = FILES.iter().filter(|file| file.path != OFFICES);
    let files: Vec<Source<'_>> = rest.copied().collect();
    assert_fault(&files, "offices.toml", 1, "no such file");
}

/// A program that is known already need not be among the files, unless they declare it anew.
#[test]
fn what_is_known_stands_unless_it_is_declared_anew() {
    let known = programs();
    let file = Source { path: "new.toml", text: text_of(CLUSTER) };
    let checked = check_files(&[file], Some(known));
    assert_eq!((checked.faults.len(), checked.measures.len()), (0, 1));
    assert_eq!(checked.programs, *known);
    let program = text_of(CLUSTER_PROGRAM).replace("exercise_cluster_area", "exercise_area");
    let files = [file, Source { path: "program.toml", text: &program }];
    let programs = check_files(&files, Some(known)).programs;
    assert!(programs.program("exercise_area").is_some());
    assert!(programs.program("exercise_cluster_area").is_none());
    assert_eq!(programs.programs.len(), known.programs.len());
}

/// A server that brings faulty files along says the same as the check, and records nothing.
#[tokio::test]
async fn a_start_names_file_and_line() {
    let wrong = text_of(STRONG_PROGRAM).replace("exercise_strong_province", "cluster_area").leak();
    let unknown = text_of(CLUSTER).replacen("\"title_over\"", "\"is_raining\"", 1).leak();
    let other = |file: &Source<'static>| match file.path {
        STRONG_PROGRAM => Source { text: wrong, ..*file },
        CLUSTER => Source { text: unknown, ..*file },
        _ => *file,
    };
    let log = Arc::new(MemoryLog::new());
    let folder = tempfile::tempdir().unwrap();
    let parts = Parts {
        log: log.clone(),
        documents: Arc::new(FolderStore::open(folder.path()).unwrap()),
        clock: Arc::new(SystemClock::default()),
        files: Vec::leak(FILES.iter().map(other).collect()),
        new_log_id: uuid::Uuid::from_u128(7),
        origin: None,
        public_key: String::new(),
        cache_bytes: 1 << 20,
    };
    let said = start(parts).await.err().unwrap().to_string();
    for (path, line, says) in [
        (
            STRONG_PROGRAM,
            line_of(wrong, "id = \"cluster_area\""),
            "cluster_area is also a program in",
        ),
        (CLUSTER, line_of(unknown, "\"is_raining\""), "\"is_raining\" is not one of term_over"),
    ] {
        let start = format!("{path}:{line}: ");
        let found = said.lines().any(|l| l.starts_with(&start) && l.contains(says));
        assert!(found, "no line {start} that says {says:?} in {said}");
    }
    assert_eq!(log.head().await.unwrap(), None);
}
