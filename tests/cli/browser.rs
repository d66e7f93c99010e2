//! The console in a real browser: Debian's Chromium, driven by the program in `tests/browser`, which says
//! of each check by name what it found. `make browser` installs what it takes.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::json;

use crate::support::{Server, demo_copy, docket, text};

/// Where Debian has the browser, and where others do.
const CHROMIUM: [&str; 3] =
    ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/// Every role, with what its office acts for.
pub(super) const ROLES: [(&str, &[&str]); 8] = [
    ("national_office", &[]),
    ("provincial_department", &["440000"]),
    ("province", &["440000"]),
    ("local_government", &["futian"]),
    ("registrar", &[]),
    ("auditor", &[]),
    ("operator", &[]),
    ("custodian", &[]),
];

fn program() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser")
}

/// The browser's path, when all is there that the tests take.
fn chromium() -> String {
    let set = std::env::var("DOCKET_CHROMIUM").ok();
    let known = CHROMIUM.iter().map(|path| (*path).to_owned());
    let found = set.into_iter().chain(known).find(|path| Path::new(path).exists());
    let found =
        found.expect("no Chromium: `make browser` installs it; DOCKET_CHROMIUM names another");
    let node = Command::new("node").arg("--version").output();
    let node = node.expect("no Node.js: `make browser` installs it");
    let version = String::from_utf8(node.stdout).unwrap();
    let major = version.trim_start_matches('v').split('.').next().unwrap().parse::<u32>();
    assert!(major.is_ok_and(|major| major >= 20), "Node.js is {version}: 20 or newer is needed");
    let installed = program().join("node_modules/playwright-core");
    assert!(installed.exists(), "what drives the browser is not installed: run `make browser`");
    found
}

pub(super) fn token_of(folder: &Path, role: &str, divisions: &[&str], ttl_s: &str) -> String {
    let mut args = vec!["token", "--role", role, "--office", role, "--ttl-s", ttl_s];
    args.extend(divisions.iter().flat_map(|division| ["--division", division]));
    args.extend(["--data-dir", text(folder)]);
    docket(&args).done().trim().to_owned()
}

/// Runs parts of the program on a server of their own; each check that failed is named.
#[track_caller]
fn browse(parts: &[&str], least: usize) {
    let chromium = chromium();
    let folder = demo_copy();
    let mut tokens = serde_json::Map::new();
    for (role, divisions) in ROLES {
        tokens.insert(role.to_owned(), token_of(folder.path(), role, divisions, "28800").into());
    }
    tokens
        .insert("expired".to_owned(), token_of(folder.path(), "national_office", &[], "1").into());
    let server = Server::start(folder.path());
    let job = json!({"base": server.base, "chromium": chromium, "tokens": tokens, "parts": parts});
    let mut node = Command::new("node");
    let mut node = node.arg(program().join("main.mjs"));
    node = node.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = node.spawn().unwrap();
    running.stdin.take().unwrap().write_all(job.to_string().as_bytes()).unwrap();
    let ran = running.wait_with_output().unwrap();
    let (said, wrong) =
        (String::from_utf8(ran.stdout).unwrap(), String::from_utf8_lossy(&ran.stderr));
    let failed: Vec<_> = said.lines().filter(|line| line.starts_with("not ok ")).collect();
    assert!(failed.is_empty(), "{} checks failed:\n{}", failed.len(), failed.join("\n"));
    let passed = said.lines().filter(|line| line.starts_with("ok ")).count();
    let end = format!("{passed} checks, 0 failed");
    assert!(ran.status.success() && said.trim_end().ends_with(&end), "{said}\n{wrong}");
    assert!(passed >= least, "only {end}");
    assert_eq!(server.stop("INT").0, 0);
}

#[test]
fn every_kind_of_page_holds_what_all_of_them_promise() {
    browse(&["looks"], 750);
}

#[test]
fn pages_are_printed_bad_input_gets_one_and_acts_are_recorded_by_hand_and_by_keyboard() {
    // The acts stand last: until then the token that is to expire has, its leeway with it.
    browse(&["paper", "input", "keys", "acts"], 55);
}
