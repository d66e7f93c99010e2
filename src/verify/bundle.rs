//! An evidence bundle judged: its files by their lists, each event by its proof, the checkpoint by the
//! key, documents by the digests that events cite.

use std::collections::{BTreeMap, BTreeSet};

use super::event::Event;
use super::finding::{Kind, Report};
use super::judge::Held;
use super::keys::Keys;
use super::note::{Checkpoint, Key};
use super::open::claim;
use super::open::shown::Shown;
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
    let Some(lines) = text_of(files, "data/events.ndjson", &mut report) else { return report };
    let lines = lines.lines().map(|line| serde_json::from_str::<Shown<'_>>(line).ok());
    let lines: Vec<Option<Shown<'_>>> = lines.collect();
    let (mut events, mut keys) = (Vec::new(), Keys::default());
    let mut revisions: BTreeMap<&str, u64> = BTreeMap::new();
    for (number, line) in lines.iter().enumerate() {
        let Some(event) = line.as_ref().and_then(Shown::event) else {
            let text = format!("line {} of data/events.ndjson is no event", number + 1);
            report.found(Kind::Malformed, None, text);
            continue;
        };
        prove(files, &event, &checkpoint, &mut report);
        report.findings.extend(keys.take_in(&event));
        let next = revisions.entry(event.stream).or_insert(event.revision);
        if *next != event.revision {
            let text = format!("the bundle lacks revision {next} of the stream {}", event.stream);
            report.found(Kind::Revision, None, text);
        }
        *next = event.revision.saturating_add(1);
        events.push(event);
    }
    // By what the log's own events say of its keys.
    report.findings.extend(keys.unsigned(&checkpoint, false));
    documents(files, &mut report);
    if let Some(claim) = claim::read(files, &mut report) {
        claim.judge(&events, &checkpoint, &mut report);
    }
    report.witness(&checkpoint, &held.witnesses);
    report.miss_witnesses(&held.witnesses);
    report
}

/// Each file of the payload stands in the manifest with its digest, and nothing else does.
fn lists(files: &Files, report: &mut Report) {
    for (list, of_payload) in [("manifest-sha256.txt", true), ("tagmanifest-sha256.txt", false)] {
        let Some(text) = text_of(files, list, report) else { continue };
        let listed = text.lines().filter_map(|line| line.split_once("  "));
        let listed: BTreeMap<_, _> = listed.map(|(digest, path)| (path, digest)).collect();
        let is_its = |path: &&str| {
            path.starts_with("data/") == of_payload && !path.starts_with("tagmanifest-")
        };
        let there = files.keys().map(String::as_str).filter(is_its);
        for path in there.chain(listed.keys().copied()).collect::<BTreeSet<_>>() {
            let fault = match (files.get(path), listed.get(path)) {
                (Some(bytes), Some(digest)) if hex(&sha256(bytes)) == *digest => continue,
                (Some(_), Some(_)) => "is not the file that",
                (Some(_), None) => "is there and not among what",
                (None, _) => "is missing, though",
            };
            let text = format!("{path} {fault} {list} lists");
            report.found(Kind::File, None, text);
        }
    }
}

fn checkpoint(files: &Files, held: &Held, report: &mut Report) -> Option<Checkpoint> {
    let text = text_of(files, "data/checkpoint", report)?;
    let Some(checkpoint) = Checkpoint::parse(text) else {
        report.found(Kind::Malformed, None, "data/checkpoint is no checkpoint");
        return None;
    };
    let brought = text_of(files, "data/keys.txt", report)?;
    let brought: Vec<Key> = brought.lines().filter_map(Key::parse).collect();
    let (keys, whose) = match held.keys.is_empty() {
        true => (&brought, "the bundle brings along"),
        false => (&held.keys, "is held"),
    };
    report.held = !held.keys.is_empty();
    let origin = &checkpoint.origin;
    let mut own = keys.iter().filter(|key| key.name == *origin).peekable();
    if own.peek().is_none() {
        let text = format!("the checkpoint is of the log {origin:?}, and no key that {whose} is");
        report.found(Kind::OtherLog, None, text);
    } else if own.any(|key| checkpoint.is_signed_by(key)) {
        report.checkpoints = 1;
    } else {
        let text = format!("the checkpoint is not signed by the key that {whose}");
        report.found(Kind::Signature, None, text);
    }
    for Checkpoint { origin: other, size, root, .. } in &held.outside {
        if other != origin {
            let text = format!("the held checkpoint is of the log {other:?}, not of {origin:?}");
            report.found(Kind::OtherLog, None, text);
        } else if *size == checkpoint.size && *root != checkpoint.root {
            let text = format!("the held checkpoint over {size} events has another root");
            report.found(Kind::Fork, None, text);
        } else {
            report.held |= *size == checkpoint.size;
        }
    }
    Some(checkpoint)
}

/// Holds an event against its proof.
fn prove(files: &Files, event: &Event<'_>, checkpoint: &Checkpoint, report: &mut Report) {
    let mut found = |kind, text: String| report.found(kind, None, text);
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
        report.found(Kind::Changed, sequence, text);
    } else {
        report.events += 1;
    }
}

/// Documents are named by their digests.
fn documents(files: &Files, report: &mut Report) {
    for (path, bytes) in files {
        let Some(name) = path.strip_prefix("data/documents/") else { continue };
        if name.split('.').next() != Some(&hex(&sha256(bytes))) {
            let text = format!("{path} is not the document of that digest");
            report.found(Kind::File, None, text);
        }
    }
}

fn text_of<'a>(files: &'a Files, path: &str, report: &mut Report) -> Option<&'a str> {
    match files.get(path).map(|bytes| std::str::from_utf8(bytes)) {
        Some(Ok(text)) => return Some(text),
        Some(Err(_)) => report.found(Kind::Malformed, None, format!("{path} is no text")),
        None => report.found(Kind::File, None, format!("{path} is missing")),
    }
    None
}
