//! The house rules that no lint can hold: which module may know which, how long a file and a function
//! may grow, and what must not stand in a text at all.
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic")]

#[path = "tidy/circles.rs"]
mod circles;
#[path = "tidy/law.rs"]
mod law;
#[path = "tidy/links.rs"]
mod links;
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

/// What a page of the repository links to is there, and the place on it too.
#[test]
fn no_link_between_pages_is_dead() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut texts = Vec::new();
    for folder in ["docs", "docker", "schemas", "projections", "tests"] {
        collect(root, Path::new(folder), &mut texts);
    }
    for entry in fs::read_dir(root).unwrap() {
        let name = entry.unwrap().file_name().to_string_lossy().into_owned();
        if name.ends_with(".md") {
            collect(root, Path::new(&name), &mut texts);
        }
    }
    let pages: Vec<_> = texts.into_iter().filter(|(path, _)| path.ends_with(".md")).collect();
    let is_there = |path: &str| root.join(path).exists();
    let dead = links::dead(&pages, &is_there);
    assert!(dead.is_empty(), "\n{}\n", dead.join("\n"));
    let page = |text: &str| vec![("docs/a.md".to_owned(), format!("# One `two`: 3\n{text}\n"))];
    let found = |text: &str| links::dead(&page(text), &|path| path == "docs/a.md");
    assert_eq!(found("[x](a.md#one-two-3) [y](https://x.example/z) `[z](gone.md)`"), [""; 0]);
    for wrong in ["[x](b.md)", "![x](../x.png)", "[x](#two)", "[x](a.md#gone)"] {
        assert_eq!(found(wrong).len(), 1, "{wrong}");
    }
}

/// Modules in which no circle of imports may stand.
const WITHOUT_CIRCLES: &[&str] = &["app", "log", "domain", "projection", "views", "api"];

/// Modules that are built floor by floor, from below: each floor uses itself and those before it.
const FLOORS: &[(&str, &[&str])] = &[("api", &["asking", "resources", "table", "serving"])];

#[test]
fn no_modules_use_each_other() {
    let texts = sources();
    let circles = circles::circles(&texts, WITHOUT_CIRCLES);
    assert!(circles.is_empty(), "\n{}\n", circles.join("\n"));
    let climbs = circles::climbs(&texts, FLOORS);
    assert!(climbs.is_empty(), "\n{}\n", climbs.join("\n"));
}

fn sources() -> Vec<(String, String)> {
    let mut texts = Vec::new();
    collect(Path::new(env!("CARGO_MANIFEST_DIR")), Path::new("src"), &mut texts);
    texts
}

/// What judges a log is read in an afternoon; what opens it judges nothing.
#[test]
fn what_verifies_is_small() {
    let texts = sources();
    let judging = texts.iter().filter(|(path, _)| {
        path.starts_with("src/verify/") && !path.starts_with("src/verify/open/")
    });
    let is_code = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with("//");
    let lines: usize = judging.map(|(_, text)| text.lines().filter(is_code).count()).sum();
    assert!((400..=800).contains(&lines), "{lines} lines of code judge; 800 at most");
    let second = include_str!("ledger/verify.py").lines().count();
    assert!(second < 600, "the second verifier has {second} lines; fewer than 600");
}

#[test]
fn no_word_of_a_programs_law_stands_in_code() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut texts = Vec::new();
    collect(root, Path::new("src"), &mut texts);
    collect(root, Path::new("schemas/measures"), &mut texts);
    let words = law::words(&texts);
    assert_eq!(words.get("cluster_area"), Some(&"a program"));
    assert_eq!(words.get("qualified"), Some(&"an outcome"));
    let faults = law::faults(&texts, &words);
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn no_refusal_is_put_together_by_hand() {
    let mut texts = Vec::new();
    collect(Path::new(env!("CARGO_MANIFEST_DIR")), Path::new("src"), &mut texts);
    assert_eq!(law::sentences_by_hand(&texts), Vec::<String>::new());
    let by_hand = (
        "src/domain/decide/x.rs".to_owned(),
        "let zh =\n format!(\n\"{act}须由{by}作出\")".to_owned(),
    );
    assert_eq!(law::sentences_by_hand(&[by_hand]).len(), 1);
}

#[test]
fn a_circle_is_found_at_any_level_and_through_a_re_export() {
    let found = |files: &[(&str, &str)]| {
        let own = |(path, text): &(&str, &str)| ((*path).to_owned(), (*text).to_owned());
        circles::circles(&files.iter().map(own).collect::<Vec<_>>(), &["app"]).join("\n")
    };
    let a = ("src/app/a.rs", "use super::b::{self, B};");
    let b = ("src/app/b.rs", "mod deep;");
    let on = ("src/app/b/deep.rs", "fn f() {\n    crate::app::c::x();\n}");
    assert_eq!(
        found(&[
            a,
            b,
            on,
            ("src/app/c.rs", "use super::A; // of a\n"),
            ("src/app/mod.rs", "pub use a::A;")
        ]),
        "in app: a uses b (src/app/a.rs:1), b uses c (src/app/b/deep.rs:2), c uses a (src/app/c.rs:1)"
    );
    let inner = [("src/app/b/x.rs", "use super::y::Y;"), ("src/app/b/y.rs", "use super::x::X;")];
    assert!(found(&inner).starts_with("in app::b: x uses y"), "{}", found(&inner));
    let test = "use super::b;\n#[cfg(test)]\nmod tests {\n    use crate::app::c::x;\n}";
    for rest in ["// use super::a;", "use super::Shared;", "fn f() { a::x() }"] {
        assert_eq!(
            found(&[
                ("src/app/a.rs", test),
                ("src/app/b.rs", rest),
                ("src/app/c.rs", "use super::a;")
            ]),
            ""
        );
    }
}

#[test]
fn a_use_of_a_floor_above_is_found() {
    let found = |code: &str| {
        let texts = [
            ("src/api/asking/call.rs".to_owned(), code.to_owned()),
            ("src/api/resources/mod.rs".to_owned(), "pub fn f() {}".to_owned()),
            ("src/api/table.rs".to_owned(), "use super::asking::call;".to_owned()),
        ];
        circles::climbs(&texts, &[("api", &["asking", "resources", "table"])]).join("\n")
    };
    assert_eq!(found("use crate::views::x;"), "");
    let climbs = "in api: asking uses resources above it (src/api/asking/call.rs:2)";
    assert_eq!(found("//\nuse crate::api::resources::f;"), climbs);
    let texts = [("src/api/other.rs".to_owned(), "use super::asking::x;".to_owned())];
    assert_eq!(circles::climbs(&texts, &[("api", &["asking"])]).len(), 0, "asking is not there");
    let texts = [&texts[..], &[("src/api/asking.rs".to_owned(), String::new())]].concat();
    let faults = circles::climbs(&texts, &[("api", &["asking"])]);
    assert_eq!(faults, ["in api: other stands on no floor"]);
}

#[test]
fn a_word_of_the_law_is_found_in_a_literal_alone() {
    let measure = "[[obligation]]\nid = \"annual_report\"\n\n[[act]]\n[act.outcome.done]\n[act.outcome.failed]\n";
    let found = |code: &str| {
        let texts = [
            ("schemas/measures/p/2014-1.toml".to_owned(), measure.to_owned()),
            ("schemas/measures/p/program.toml".to_owned(), "id = \"p_one\"".to_owned()),
            ("src/domain/a.rs".to_owned(), code.to_owned()),
        ];
        law::faults(&texts, &law::words(&texts)).join("\n")
    };
    assert_eq!(
        found("f(\"annual_report\")"),
        "src/domain/a.rs:1: \"annual_report\" is an obligation of a measure"
    );
    assert!(found("x\nf(1, \"failed\")").contains("a.rs:2"));
    assert!(found("f(\"p_one\")").contains("a program"));
    for code in [
        "/// as \"failed\"",
        "f(\"done\")",
        "#[cfg(test)]\nmod tests {\n f(\"failed\")\n}",
        "failed",
    ] {
        assert_eq!(found(code), "");
    }
}

/// Reads a file, or all text files of a folder; what is not UTF-8 is no text.
fn collect(root: &Path, path: &Path, into: &mut Vec<(String, String)>) {
    let full = root.join(path);
    if full.is_dir() {
        for entry in fs::read_dir(full).unwrap() {
            let name = entry.unwrap().file_name();
            // What npm installs is no text of ours.
            if name != "node_modules" {
                collect(root, &path.join(name), into);
            }
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
