//! The second verifier, in Python, asked about the same things as the first. Where there is no Python with
//! an Ed25519 package it is skipped, aloud.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
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

/// A process that goes on answering: to start one takes longer than most answers.
struct Second {
    child: Child,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Second {
    fn start() -> Self {
        let program = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/ledger/verify_each.py");
        let mut python = Command::new("python3");
        let piped = python.args(["-B", program]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = piped.spawn().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, answers }
    }

    /// What it prints about what stands in the arguments, and the exit code.
    fn ask(&mut self, arguments: &[&str]) -> (Value, i64) {
        let asked = serde_json::to_string(arguments).unwrap();
        writeln!(self.child.stdin.as_mut().unwrap(), "{asked}").unwrap();
        let mut answer = || self.answers.next().expect("it ended; why stands above").unwrap();
        (serde_json::from_str(&answer()).unwrap(), answer().parse().unwrap())
    }
}

impl Drop for Second {
    fn drop(&mut self) {
        // An error says that it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

thread_local! {
    static SECOND: RefCell<Second> = RefCell::new(Second::start());
}

/// What it says; nothing where it can't be asked.
pub fn said(what: &Path, arguments: &[&str]) -> Option<Value> {
    if !*IS_THERE {
        return None;
    }
    let arguments = [&[what.to_str().unwrap()], arguments].concat();
    let (said, code) = SECOND.with_borrow_mut(|second| second.ask(&arguments));
    let found = said["findings"].as_array().unwrap().len();
    assert_eq!(code, if found > 0 { 7 } else { 0 });
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
