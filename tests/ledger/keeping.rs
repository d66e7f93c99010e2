//! The ledger beside a log: which root it has, and what it refuses to go on with.

use std::fs;
use std::sync::Arc;

use docket::ledger::{self, Epoch};
use docket::log::envelope::leaf_hash;
use docket::log::{EventLog, MemoryLog, SqliteLog, Stop};
use docket::verify::{Held, Kind};

use crate::tampering::tamper::tamper;
use crate::world::{Folder, append, covered, create, epoch, opened, pair};

#[tokio::test(flavor = "multi_thread")]
async fn every_engine_has_the_root_of_its_leaves_and_each_checkpoint_continues_the_one_before() {
    let folder = tempfile::tempdir().unwrap();
    let file = SqliteLog::open_writer(folder.path().join("log.sqlite")).unwrap();
    let logs: [Arc<dyn EventLog>; 2] = [Arc::new(MemoryLog::new()), Arc::new(file)];
    let mut notes = Vec::new();
    for (number, log) in logs.iter().enumerate() {
        create(&**log).await;
        let at = folder.path().join(number.to_string());
        let opened = opened(&at, log).await;
        let ledger = opened.ledger.clone();
        let keeping = opened.keep(vec![]).unwrap();
        for count in [3, 300, 5] {
            append(&**log, count).await;
            covered(&ledger, &**log).await;
        }
        keeping.stop().await;
        let mut root = ledger::Root::new();
        let events = log.read_all(None, 1000).await.unwrap().events;
        let kept = ledger::kept::read(&at).unwrap();
        let mut due = kept.iter().peekable();
        for event in &events {
            root.push(leaf_hash(event));
            if let Some(signed) = due.next_if(|signed| signed.size == root.size()) {
                assert_eq!(signed.root, root.hash(), "{}", signed.size);
            }
        }
        assert_eq!(due.next(), None, "each was met, in order");
        assert_eq!(kept.last().unwrap().size, 309);
        assert!(kept.len() >= 3);
        notes.push(kept.last().unwrap().note.clone());
        log.close().await;
    }
    assert_eq!(notes[0], notes[1], "the same log, whatever keeps it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tree_that_is_gone_or_wrong_is_made_anew() {
    let folder = Folder::with(&[2, 400]).await;
    let note = folder.last_note();
    fs::remove_file(folder.ledger().join("tree-0")).unwrap();
    folder.grow(401).await;
    // The tree of another log of the same length.
    let mut hashes = fs::read(folder.ledger().join("tree-0")).unwrap();
    hashes.reverse();
    fs::write(folder.ledger().join("tree-0"), &hashes).unwrap();
    folder.grow(700).await;
    let kept = ledger::kept::read(&folder.ledger()).unwrap();
    assert!(kept.iter().any(|signed| signed.note == note));
    let report = folder.verified(Held::default());
    assert_eq!((report.findings, report.covered), (vec![], 700));
}

/// After a loss of power a file can hold zeros where something was written, in the middle of the tree too.
#[tokio::test(flavor = "multi_thread")]
async fn hashes_that_were_damaged_are_mended_from_the_log() {
    use std::os::unix::fs::FileExt as _;
    let folder = Folder::with(&[1400]).await;
    let whole = ["tree-0", "tree-1"].map(|name| fs::read(folder.ledger().join(name)).unwrap());
    for (name, at) in [("tree-0", 10), ("tree-0", 300)] {
        let file = fs::File::options().write(true).open(folder.ledger().join(name)).unwrap();
        file.write_all_at(&[0; 32], 32 * at).unwrap();
    }
    let log: Arc<dyn EventLog> = Arc::new(SqliteLog::open_writer(folder.log()).unwrap());
    let keeping = opened(&folder.ledger(), &log).await.keep(vec![]).unwrap();
    let until = std::time::Instant::now() + std::time::Duration::from_secs(30);
    let now = || ["tree-0", "tree-1"].map(|name| fs::read(folder.ledger().join(name)).unwrap());
    while now() != whole {
        assert!(std::time::Instant::now() < until, "it is not mended");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(log.recording().stopped(), None);
    keeping.stop().await;
    log.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_is_shorter_or_another_than_its_last_checkpoint_is_not_written_on() {
    let whole = Folder::with(&[30, 60]).await;
    let older = Folder::with(&[30]).await;
    let other = Folder::with(&[31]).await;
    let stopped = async |folder: &Folder| {
        let log: Arc<dyn EventLog> = Arc::new(SqliteLog::open_writer(folder.log()).unwrap());
        let opened = opened(&folder.ledger(), &log).await;
        let newest = opened.ledger.checkpoint().unwrap();
        assert!(opened.keep(vec![]).is_none());
        let stopped = log.recording().stopped();
        log.close().await;
        (stopped, newest.size)
    };
    fs::copy(older.log(), whole.log()).unwrap();
    let (why, size) = stopped(&whole).await;
    assert!(matches!(why, Some(Stop::Shorter { head: Some(29), known: 59, .. })), "{why:?}");
    assert_eq!(size, 60, "what was signed is still shown");

    // Another history of the same log, with its own tree beside the checkpoint of the first.
    tamper(&other.log(), "UPDATE event SET data = '{}' WHERE sequence = 7");
    let (why, _) = stopped(&other).await;
    assert!(matches!(why, Some(Stop::Forked { size: 31, .. })), "{why:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_key_that_the_log_names_signs() {
    let folder = tempfile::tempdir().unwrap();
    let log: Arc<dyn EventLog> = Arc::new(MemoryLog::new());
    create(&*log).await;
    let another = ed25519_dalek::SigningKey::from_bytes(&[8; 32]);
    let opened = ledger::open(folder.path(), &log, vec![epoch()], &[another]).await.unwrap();
    let ledger = opened.ledger.clone();
    let keeping = opened.keep(vec![]).unwrap();
    append(&*log, 5).await;
    keeping.stop().await;
    assert_eq!((ledger.checkpoint(), ledger.tiles().size()), (None, 6));
}

/// A restored backup whose loss was accepted: other events stand where some were signed.
#[tokio::test(flavor = "multi_thread")]
async fn after_an_accepted_loss_another_origin_counts() {
    let folder = Folder::with(&[20, 50]).await;
    let held = folder.last_note();
    let older = Folder::with(&[20]).await;
    fs::copy(older.log(), folder.log()).unwrap();
    let log: Arc<dyn EventLog> = Arc::new(SqliteLog::open_writer(folder.log()).unwrap());
    let key = ledger::Signer::new("docket/of-the-tests/1".to_owned(), pair()).public_key();
    let next = Epoch { origin: "docket/of-the-tests/1".to_owned(), public_key: key, since: 20 };
    let data = serde_json::json!({ "origin": next.origin, "public_key": next.public_key,
        "old_head": 49, "old_checkpoint": held, "reason": "test" });
    let accepted = docket::log::NewEvent {
        event_id: uuid::Uuid::from_u64_pair(7, 7),
        event_type: "LossAccepted".to_owned(),
        recorded_at_us: 1,
        data: data.to_string().into_bytes().into(),
        metadata: b"{}".as_slice().into(),
    };
    let name = crate::world::stream("log");
    log.append(&name, docket::log::Expected::Revision(0), vec![accepted]).await.unwrap();
    let opened =
        ledger::open(&folder.ledger(), &log, vec![epoch(), next], &[pair()]).await.unwrap();
    let keeping = opened.keep(vec![]).expect("the loss was accepted");
    append(&*log, 40).await;
    keeping.stop().await;
    log.close().await;
    let report = folder.verified(Held::default());
    assert_eq!((report.findings, report.covered, report.events), (vec![], 61, 61));
    assert_eq!(report.losses, [(20, Some(49), Some(50))]);
    // Who held a checkpoint of what was lost is told.
    let outside = vec![docket::verify::Checkpoint::parse(&held).unwrap()];
    let report = folder.verified(Held { outside, ..Held::default() });
    let kinds: Vec<_> = report.findings.iter().map(|finding| finding.kind).collect();
    assert_eq!(kinds, [Kind::Shorter]);
}
