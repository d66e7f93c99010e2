//! The habits of the command line: data alone on standard output, a form for programs everywhere, the
//! language of the locale, colours on terminals that take them, help as wide as the terminal.

use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::{Server, command, demo, demo_copy, docket, run, text};

/// What a command writes to a terminal.
fn on_a_terminal(line: &str, columns: u32, set: &[(&str, &str)]) -> String {
    let line = format!("stty rows 40 cols {columns}; {} {line}", env!("CARGO_BIN_EXE_docket"));
    let mut script = Command::new("script");
    script.args(["-qec", &line, "/dev/null"]).stdin(Stdio::null());
    for name in
        ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "LC_ALL", "LC_MESSAGES", "LANG", "COLUMNS"]
    {
        script.env_remove(name);
    }
    script.env("TERM", "xterm").envs(set.iter().copied());
    let output = script.output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_language_is_that_of_the_locale_unless_it_is_named() {
    let asked = ["status", "strong_province", "440000", "--data-dir", text(demo())];
    let said = |locale: &str, more: &[&str]| {
        run(command(&[&asked, more].concat()).env("LANG", locale)).done()
    };
    let (english, chinese) = (said("C.UTF-8", &[]), said("zh_CN.UTF-8", &[]));
    assert!(english.starts_with("Guangdong  ") && english.contains("stands at"), "{english}");
    assert!(english.is_ascii(), "one language at a time: {english}");
    assert!(chinese.starts_with("广东省  ") && chinese.contains("所处阶段"), "{chinese}");
    assert_eq!(said("zh_CN.UTF-8", &["--lang", "en"]), english);
    assert_eq!(said("C", &["--lang", "zh-CN"]), chinese);
    let refused = |locale| {
        let unknown = ["status", "strong_province", "nowhere", "--data-dir", text(demo())];
        let ran = run(command(&unknown).env("LC_ALL", locale));
        assert_eq!(ran.code, 5);
        ran.stderr
    };
    assert!(refused("en_GB.UTF-8").is_ascii(), "{}", refused("en_GB.UTF-8"));
    assert!(refused("zh_CN.UTF-8").contains("未找到"), "{}", refused("zh_CN.UTF-8"));
}

#[test]
fn colours_are_for_terminals_and_never_where_nobody_wants_them() {
    let asked =
        format!("status exercise_strong_province x01 --lang en --data-dir {}", text(demo()));
    let seen = on_a_terminal(&asked, 100, &[]);
    assert!(seen.contains("\u{1b}[1mEXERCISE"), "{seen:?}");
    for line in [asked.as_str(), "--help", "status --nothing"] {
        let seen = on_a_terminal(line, 100, &[("NO_COLOR", "1")]);
        assert!(!seen.contains('\u{1b}'), "{line}: {seen:?}");
        assert!(seen.len() > 50, "{line}: {seen:?}");
    }
    let words: Vec<&str> = asked.split(' ').collect();
    assert!(!docket(&words).done().contains('\u{1b}'));
}

#[test]
fn help_is_as_wide_as_the_terminal() {
    for line in ["--help", "-h", "status --help", "verify --help", "store copy --help"] {
        let seen = on_a_terminal(line, 60, &[("NO_COLOR", "1")]);
        assert!(seen.contains("Usage: docket"), "{line}: {seen}");
        for shown in seen.lines().map(|shown| shown.trim_end_matches('\r')) {
            // One word can't be broken, nor what says how a command is used.
            let is_whole = shown.starts_with("Usage:") || !shown.trim().contains(' ');
            let fits = shown.chars().count() <= 60 || is_whole;
            assert!(fits, "{line}: {shown:?}");
        }
    }
}

#[test]
fn help_and_manual_page_have_the_table_of_exit_codes() {
    let page = include_str!("../../docs/operating.md");
    let (_, table) = page.split_once("| code | means | what it asks for |").unwrap();
    let rows = table.lines().filter_map(|line| {
        let mut cells = line.trim_matches('|').split('|').map(str::trim);
        Some((cells.next()?.parse::<u8>().ok()?, cells.next()?))
    });
    let rows: Vec<_> = rows.collect();
    assert_eq!(rows.len(), 10);
    let folder = tempfile::tempdir().unwrap();
    docket(&["man", text(folder.path())]).done();
    let manual = std::fs::read_to_string(folder.path().join("docket.1")).unwrap();
    let helps = [docket(&["help"]).done(), docket(&["-h"]).done(), docket(&["--help"]).done()];
    for (code, means) in rows {
        for help in helps.iter().chain([&manual]) {
            assert!(help.contains(&format!("{code:>3}  {means}")), "{code} {means}: {help}");
        }
    }
}

/// What commands print that once had words alone, for programs; messages stay on standard error.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_printed_has_a_form_for_programs() {
    let folder = demo_copy();
    let place = ["--data-dir", text(folder.path()), "--output", "json"];
    let json = |args: &[&str]| docket(&[args, &place].concat()).json();
    let token = json(&["token", "--role", "auditor", "--office", "a"]);
    assert_eq!(token["token"].as_str().unwrap().split('.').count(), 3);
    let id = token["id"].as_str().unwrap();
    assert!(token["expires_at"].as_str().unwrap().ends_with('Z'));
    assert_eq!(json(&["token", "--revoke", id])["revoked"], id);
    assert_eq!(json(&["config", "check"])["good"], true);
    assert_eq!(json(&["config", "print"])["store.data_dir"], text(folder.path()));
    let origins = json(&["config", "print", "--origins"]);
    assert_eq!(origins["store.data_dir"]["value"], text(folder.path()));
    let clock = json(&["log", "confirm-clock", "--dry-run"]);
    assert_eq!((&clock["recorded"], clock["says"].is_string()), (&Value::Null, true));
    assert_eq!(json(&["log", "accept-loss", "--dry-run"])["recorded"], Value::Null);
    let key = json(&["log", "rotate-key", "--dry-run"]);
    assert!(key["says"].as_str().unwrap().contains("are signed by docket/"), "{key}");
    let checked = docket(&["measures", "check", "--output", "json"]).json();
    assert_eq!(checked["faults"], serde_json::json!([]));
    assert!(checked["measures"].as_array().unwrap().len() > 5);
    let compare = ["measures", "diff", "cluster_area/2012-61", "cluster_area/2014-40"];
    let changes = docket(&[&compare[..], &["--output", "json"]].concat()).json();
    assert!(changes["changes"].as_array().unwrap().len() > 3);
    let file = folder.path().join("act.csv");
    let written = json(&["export", "--table", "act", "--out", text(&file)]);
    assert_eq!(written["files"][0]["table"], "act");
    let whole = folder.path().join("report");
    let written = json(&["export", "--all", "--out-dir", text(&whole)]);
    let manifest = std::fs::read(whole.join("manifest.json")).unwrap();
    assert_eq!(written, serde_json::from_slice::<Value>(&manifest).unwrap());
    docket(&[&["export", "--table", "act"][..], &place].concat()).refused(2, &["--out"]);
    let server = Server::start(folder.path());
    let shown = docket(&["healthcheck", "--url", &server.base, "--output", "table"]).done();
    assert!(shown.contains("status") && shown.contains("UP") && !shown.contains('{'), "{shown}");
    server.stop("TERM");
}
