//! The second verifier, in Python, asked about the same things as the first. Where there is no Python with
//! an Ed25519 package it is skipped, aloud.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use docket::verify::Report;
use serde_json::Value;

static IS_THERE: LazyLock<bool> = LazyLock::new(|| {
    let asked = Command::new("python3").args(["-c", "import cryptography"]).output();
    let is_there = asked.is_ok_and(|asked| asked.status.success());
    if !is_there {
        eprintln!("SKIPPED: the second verifier needs python3 with the package cryptography");
    }
    is_there
});

/// What it says; nothing where it can't be asked.
pub fn said(what: &Path, arguments: &[&str]) -> Option<Value> {
    if !*IS_THERE {
        return None;
    }
    let program = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/ledger/verify.py");
    let ran =
        Command::new("python3").arg("-B").arg(program).arg(what).args(arguments).output().unwrap();
    let text = String::from_utf8(ran.stdout).unwrap();
    let said = serde_json::from_str::<Value>(&text);
    let said = said.unwrap_or_else(|_| panic!("{text}{}", String::from_utf8_lossy(&ran.stderr)));
    let found = said["findings"].as_array().unwrap().len();
    assert_eq!(ran.status.code(), Some(if found > 0 { 7 } else { 0 }));
    Some(said)
}

/// What both say alike: kinds of findings with their places, how much is covered.
pub fn compare(said: &Value, report: &Report) {
    let theirs = said["findings"].as_array().unwrap().iter();
    let theirs: BTreeSet<(String, Option<(u64, u64)>)> = theirs
        .map(|finding| {
            let place = finding["first"].as_u64().zip(finding["last"].as_u64());
            (finding["kind"].as_str().unwrap().to_owned(), place)
        })
        .collect();
    let ours: BTreeSet<(String, Option<(u64, u64)>)> =
        report.findings.iter().map(|finding| (finding.kind.word(), finding.between)).collect();
    assert_eq!(ours, theirs, "{:?} {said}", report.findings);
    assert_eq!(
        (said["covered"].as_u64(), said["events"].as_u64()),
        (Some(report.covered), Some(report.events))
    );
}

/// Asks it about a bundle.
#[allow(dead_code, reason = "each test binary uses its part")]
pub fn agrees_on_bundle(archive: &Path, key: &str, report: &Report) {
    if let Some(said) = said(archive, &["--key", key]) {
        compare(&said, report);
    }
}
