//! An evidence bundle judged: its files by their lists, each event by its proof, the checkpoint by the
//! key, documents by the digests that events cite.

use std::collections::BTreeMap;

use super::event::Shown;
use super::finding::{Finding, Kind, Report};
use super::judge::Held;
use super::note::{Checkpoint, Key};
use super::proof::Proof;
use super::tree::{hex, sha256};

/// The files of a bundle by their paths below its folder.
pub type Files = BTreeMap<String, Vec<u8>>;

/// Judges a bundle by what is held. Without a held key or checkpoint it is judged by the key that it
/// brings along, which proves that it is whole, not whose it is.
pub fn judge(files: &Files, held: &Held) -> Report {
    let mut report = Report::default();
    lists(files, &mut report);
    let Some(checkpoint) = checkpoint(files, held, &mut report) else { return report };
    report.covered = checkpoint.size;
    let Some(events) = text_of(files, "data/events.ndjson", &mut report) else { return report };
    let mut revisions: BTreeMap<String, u64> = BTreeMap::new();
    for (number, line) in events.lines().enumerate() {
        let Ok(line) = serde_json::from_str::<Shown<'_>>(line) else {
            let text = format!("line {} of data/events.ndjson is no event", number + 1);
            report.findings.push(Finding::new(Kind::Malformed, text));
            continue;
        };
        event(files, &line, &checkpoint, &mut report);
        let next = revisions.entry(line.stream.clone()).or_insert(line.revision);
        if *next != line.revision {
            let text = format!("the bundle lacks revision {next} of the stream {}", line.stream);
            report.findings.push(Finding::new(Kind::Revision, text));
        }
        *next = line.revision.saturating_add(1);
    }
    documents(files, &mut report);
    report
}

/// Each file of the payload stands in the manifest with its digest, and nothing else does.
fn lists(files: &Files, report: &mut Report) {
    for (list, is_listed) in [
        ("manifest-sha256.txt", (|path: &str| path.starts_with("data/")) as fn(&str) -> bool),
        ("tagmanifest-sha256.txt", |path| {
            !path.starts_with("data/") && !path.starts_with("tagmanifest-")
        }),
    ] {
        let Some(text) = text_of(files, list, report) else { continue };
        let mut listed = BTreeMap::new();
        for line in text.lines() {
            if let Some((digest, path)) = line.split_once("  ") {
                listed.insert(path, digest);
            }
        }
        let there = files.keys().map(String::as_str).filter(|path| is_listed(path));
        let paths = there.chain(listed.keys().copied()).collect::<std::collections::BTreeSet<_>>();
        for path in paths {
            let fault = match (files.get(path), listed.get(path)) {
                (Some(bytes), Some(digest)) if hex(&sha256(bytes)) == *digest => continue,
                (Some(_), Some(_)) => "is not the file that",
                (Some(_), None) => "is there and not among what",
                (None, _) => "is missing, though",
            };
            let text = format!("{path} {fault} {list} lists");
            report.findings.push(Finding::new(Kind::File, text));
        }
    }
}

fn checkpoint(files: &Files, held: &Held, report: &mut Report) -> Option<Checkpoint> {
    let text = text_of(files, "data/checkpoint", report)?;
    let Some(checkpoint) = Checkpoint::parse(text) else {
        report.findings.push(Finding::new(Kind::Malformed, "data/checkpoint is no checkpoint"));
        return None;
    };
    let brought = text_of(files, "data/keys.txt", report)?;
    let brought: Vec<Key> = brought.lines().filter_map(Key::parse).collect();
    let keys = if held.keys.is_empty() { &brought } else { &held.keys };
    report.held = !held.keys.is_empty();
    let of_origin = |key: &&Key| key.name == checkpoint.origin;
    if !keys.iter().any(|key| key.name == checkpoint.origin) {
        let names = keys.iter().map(|key| key.name.as_str()).collect::<Vec<_>>().join(", ");
        let text =
            format!("the checkpoint is of the log {:?}, the key of {names:?}", checkpoint.origin);
        report.findings.push(Finding::new(Kind::OtherLog, text));
    } else if keys.iter().filter(of_origin).any(|key| checkpoint.is_signed_by(key)) {
        report.checkpoints = 1;
    } else {
        let whose = if held.keys.is_empty() { "the bundle brings along" } else { "is held" };
        let text = format!("the checkpoint is not signed by the key that {whose}");
        report.findings.push(Finding::new(Kind::Signature, text));
    }
    for other in &held.outside {
        let is_same = other.origin == checkpoint.origin;
        let text = if !is_same {
            format!(
                "the checkpoint that is held is of the log {:?}, the bundle of {:?}",
                other.origin, checkpoint.origin
            )
        } else if other.size == checkpoint.size && other.root != checkpoint.root {
            format!(
                "the checkpoint that is held and the bundle's, both over {} events, have different roots",
                other.size
            )
        } else {
            report.held |= other.size == checkpoint.size;
            continue;
        };
        let kind = if is_same { Kind::Fork } else { Kind::OtherLog };
        report.findings.push(Finding::new(kind, text));
    }
    Some(checkpoint)
}

/// Holds an event against its proof.
fn event(files: &Files, line: &Shown<'_>, checkpoint: &Checkpoint, report: &mut Report) {
    let mut found = |kind, text: String| report.findings.push(Finding::new(kind, text));
    let Some(event) = line.event() else {
        return found(
            Kind::Malformed,
            format!("{:?} in data/events.ndjson is no event", line.sequence),
        );
    };
    let sequence = event.sequence;
    let path = format!("data/proofs/{sequence:020}.tlog-proof");
    let proof = files.get(&path).and_then(|bytes| Proof::parse(std::str::from_utf8(bytes).ok()?));
    let Some(proof) = proof else {
        return found(Kind::Malformed, format!("{path} is missing, or is no proof"));
    };
    let is_same = (&proof.checkpoint.origin, proof.checkpoint.size, proof.checkpoint.root)
        == (&checkpoint.origin, checkpoint.size, checkpoint.root);
    if proof.index != sequence {
        found(Kind::Proof, format!("{path} proves event {}, not {sequence}", proof.index));
    } else if !is_same {
        found(Kind::Fork, format!("{path} is of another checkpoint than the bundle's"));
    } else if !event.leaf().is_some_and(|leaf| proof.proves(leaf)) {
        let text = "it is not the event that the checkpoint covers: it or its proof was changed";
        report.findings.push(Finding::new(Kind::Changed, text).at(sequence));
    } else {
        report.events += 1;
    }
}

/// Documents are named by their digests.
fn documents(files: &Files, report: &mut Report) {
    for (path, bytes) in files {
        let Some(name) = path.strip_prefix("data/documents/") else { continue };
        let digest = name.split('.').next().unwrap_or_default();
        if hex(&sha256(bytes)) != digest {
            let text = format!("{path} is not the document of that digest");
            report.findings.push(Finding::new(Kind::File, text));
        }
    }
}

fn text_of<'a>(files: &'a Files, path: &str, report: &mut Report) -> Option<&'a str> {
    let text = files.get(path).map(|bytes| std::str::from_utf8(bytes));
    if let Some(Ok(text)) = text {
        return Some(text);
    }
    let (kind, what) = match text {
        None => (Kind::File, "is missing"),
        Some(_) => (Kind::Malformed, "is no text"),
    };
    report.findings.push(Finding::new(kind, format!("{path} {what}")));
    None
}
