//! The house rules that no lint can hold: which module may know which, how long a file and a function
//! may grow, and what must not stand in a text at all.
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic")]

#[path = "tidy/circles.rs"]
mod circles;
#[path = "tidy/rules.rs"]
mod rules;

use rules::check;
use std::fs;
use std::path::Path;

#[test]
fn the_house_is_tidy() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut texts = Vec::new();
    for folder in ["src", "tests", "benches", "schemas", "projections", "docker", ".ci"] {
        collect(root, Path::new(folder), &mut texts);
    }
    for entry in fs::read_dir(root).unwrap() {
        let name = entry.unwrap().file_name().to_string_lossy().into_owned();
        let is_text = [".md", ".toml", "Makefile", "Dockerfile", ".yml", ".yaml"];
        if is_text.iter().any(|end| name.ends_with(end)) {
            collect(root, Path::new(&name), &mut texts);
        }
    }
    assert!(texts.iter().any(|(path, _)| path == "src/lib.rs"), "nothing was read");
    let faults: Vec<String> = texts.iter().flat_map(|(path, text)| check(path, text)).collect();
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

/// Modules in which no circle of imports may stand.
const WITHOUT_CIRCLES: &[&str] = &["app", "log", "domain", "projection", "api"];

#[test]
fn no_modules_use_each_other() {
    let mut texts = Vec::new();
    collect(Path::new(env!("CARGO_MANIFEST_DIR")), Path::new("src"), &mut texts);
    let circles = circles::circles(&texts, WITHOUT_CIRCLES);
    assert!(circles.is_empty(), "\n{}\n", circles.join("\n"));
}

/// Reads a file, or all text files of a folder; what is not UTF-8 is no text.
fn collect(root: &Path, path: &Path, into: &mut Vec<(String, String)>) {
    let full = root.join(path);
    if full.is_dir() {
        for entry in fs::read_dir(full).unwrap() {
            collect(root, &path.join(entry.unwrap().file_name()), into);
        }
    } else if let Ok(text) = fs::read_to_string(full) {
        into.push((path.to_string_lossy().into_owned(), text));
    }
}

/// A rule that cannot fail holds nothing: each is shown a text that breaks it and one that does not.
#[test]
fn every_rule_finds_what_it_forbids() {
    let todo = concat!("TO", "DO");
    let long_file = "//\n".repeat(401);
    let long_function = format!("fn long() {{\n{}}}\n", "    x();\n".repeat(69));
    let long_method = format!(
        "    pub(crate) async fn long(\n        a: u8,\n    ) -> u8 {{\n{}    }}\n",
        "        x();\n".repeat(67)
    );
    let home = concat!("see /ro", "ot/x");
    let disk = concat!("open(\"/wo", "rk/x\")");
    for (path, text, fault) in [
        ("src/api/a.rs", "use crate::cli::config;", "api uses cli"),
        ("src/app/a.rs", "use crate::{\n    domain::date,\n    api::problem,\n};", "app uses api"),
        ("src/app/a.rs", "use crate::projection::Step;", "app uses projection"),
        ("src/domain/a.rs", "fn f() { crate::log::x() }", "domain uses log; it may use nothing"),
        ("src/log/sqlite.rs", "use super::super::domain::Event;", "log uses domain"),
        ("src/codec.rs", "use super::app::x;", "codec uses app"),
        ("src/log/mod.rs", "use crate::codec;", "log uses codec"),
        ("src/other/a.rs", "", "module other has no place"),
        ("src/api/a.rs", long_file.as_str(), "401 lines"),
        ("src/api/a.rs", long_function.as_str(), "a.rs:1: fn long has 71 lines"),
        ("tests/a.rs", long_method.as_str(), "fn long has 71 lines"),
        ("src/api/a.rs", &format!("// {todo}"), "the reason"),
        ("README.md", &format!("{todo}: later"), "the reason"),
        ("README.md", home, "a path of one machine"),
        ("src/api/a.rs", disk, "a path of one machine"),
        ("src/domain/a.rs", "use serde_json::{Map, Value};", "serde_json::Value has no place"),
        ("src/domain/a.rs", "pub async fn f() {}", "async fn has no place"),
        ("src/domain/a.rs", "let t = chrono::Utc::now();", "Utc::now has no place"),
    ] {
        let faults = check(path, text).join("\n");
        assert!(faults.contains(fault), "{path}: {fault:?} was not found: {faults:?}");
    }
}

#[test]
fn what_is_allowed_is_not_found() {
    let todo = concat!("TO", "DO");
    let reasoned = format!("// {todo}: waits for the erasure of evidence");
    let longest = format!("fn long() {{\n{}}}\n", "    x();\n".repeat(68));
    for (path, text) in [
        ("src/cli/serve.rs", "use crate::api::problem;\nuse crate::{app, log::sqlite};"),
        ("src/app/documents.rs", "use crate::domain::{date::Day, event};\nuse crate::codec;"),
        (
            "src/domain/date.rs",
            "use super::calendar;\n//! no `serde_json::Value`, never crate::log",
        ),
        ("src/log/sqlite.rs", "use super::domain_separator;\nuse crate::log::memory;"),
        ("src/lib.rs", "pub use crate::api; pub use crate::log;"),
        ("src/api/a.rs", longest.as_str()),
        ("src/api/a.rs", &"\n".repeat(400)),
        ("src/api/a.rs", "trait T {\n    fn f(\n        a: u8,\n    );\n}\n"),
        ("src/api/a.rs", reasoned.as_str()),
        ("README.md", concat!("http://gov.example/wo", "rk/1 and sub/ro", "ot/x")),
        ("schemas/measures/a.toml", "async fn"),
    ] {
        assert_eq!(check(path, text), Vec::<String>::new(), "{path}: {text}");
    }
}
