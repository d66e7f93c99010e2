//! A change of keys: both sign the first checkpoint after it, each counts for trees of its own sizes.

use std::fs;
use std::sync::Arc;

use docket::ledger::{self, Epoch, Signer};
use docket::log::{EventLog, Expected, NewEvent, SqliteLog};
use docket::verify::{Checkpoint, Held, Key, Kind};
use ed25519_dalek::SigningKey;

use crate::second::agrees_with;
use crate::world::{Folder, ORIGIN, append, epoch, pair, stream};

fn other() -> SigningKey {
    SigningKey::from_bytes(&[8; 32])
}

/// What the log names after the change at this event.
fn epochs(since: u64) -> Vec<Epoch> {
    let public_key = Signer::new(ORIGIN.to_owned(), other()).public_key();
    vec![epoch(), Epoch { origin: ORIGIN.to_owned(), public_key, since }]
}

async fn rotate(log: &dyn EventLog) {
    let data = serde_json::json!({ "public_key": epochs(0)[1].public_key, "reason": "test" });
    let rotated = NewEvent {
        event_id: uuid::Uuid::from_u64_pair(8, 8),
        event_type: "KeyRotated".to_owned(),
        recorded_at_us: 1,
        data: data.to_string().into_bytes().into(),
        metadata: b"{}".as_slice().into(),
    };
    log.append(&stream("log"), Expected::Revision(0), vec![rotated]).await.unwrap();
}

/// A log of 20 events, then the change, then ten more, kept with these keys.
async fn changed(pairs: &[SigningKey]) -> Folder {
    let folder = Folder::with(&[10, 20]).await;
    let log: Arc<dyn EventLog> = Arc::new(SqliteLog::open_writer(folder.log()).unwrap());
    rotate(&*log).await;
    append(&*log, 10).await;
    let opened = ledger::open(&folder.ledger(), &log, epochs(20), pairs).await.unwrap();
    let keeping = opened.keep(vec![]).unwrap();
    keeping.stop().await;
    let opened = ledger::open(&folder.ledger(), &log, epochs(20), &[other()]).await.unwrap();
    let keeping = opened.keep(vec![]).unwrap();
    append(&*log, 10).await;
    keeping.stop().await;
    log.close().await;
    folder
}

fn kinds(folder: &Folder, held: Held) -> Vec<Kind> {
    folder.verified(held).findings.iter().map(|finding| finding.kind).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn both_keys_sign_the_first_checkpoint_after_a_change() {
    let folder = changed(&[other(), pair()]).await;
    let kept = ledger::kept::read(&folder.ledger()).unwrap();
    let first = kept.iter().position(|signed| signed.size > 20).unwrap();
    let (before, last) = (first - 1, kept.len() - 1);
    assert_eq!([before, first, last].map(|at| kept[at].size), [20, 31, 41]);
    let keys = epochs(20).into_iter().map(|e| Key::of(&e.origin, &e.public_key).unwrap());
    let [old, new]: [Key; 2] = keys.collect::<Vec<_>>().try_into().unwrap();
    let signed = |at: usize| {
        let checkpoint = Checkpoint::parse(&kept[at].note).unwrap();
        (checkpoint.is_signed_by(&old), checkpoint.is_signed_by(&new))
    };
    assert_eq!([before, first, last].map(signed), [(true, false), (true, true), (false, true)]);
    let report = folder.verified(Held { keys: vec![old, new], ..Held::default() });
    assert_eq!((&report.findings[..], report.covered), (&[][..], 41));
    agrees_with(&folder, &[], &report);

    // Each key outside the sizes of its trees: the old one after, the new one before anyone named it.
    let (root, file) = (kept[last].root, folder.ledger().join("checkpoints"));
    let whole = fs::read_to_string(&file).unwrap();
    let late = Signer::new(ORIGIN.to_owned(), pair()).sign(41, root).note;
    let early = Signer::new(ORIGIN.to_owned(), other()).sign(20, kept[before].root).note;
    for (at, other, kind) in [(last, late, Kind::KeySizes), (before, early, Kind::Signature)] {
        fs::write(&file, whole.replacen(&kept[at].note, &other, 1)).unwrap();
        let report = folder.verified(Held::default());
        let found: Vec<_> = report.findings.iter().map(|finding| finding.kind).collect();
        assert_eq!(found, [kind], "{:?}", report.findings);
        agrees_with(&folder, &[], &report);
    }
    // The first after the change without the key before.
    let alone = Signer::new(ORIGIN.to_owned(), self::other()).sign(31, kept[first].root).note;
    fs::write(&file, whole.replacen(&kept[first].note, &alone, 1)).unwrap();
    let report = folder.verified(Held::default());
    assert_eq!(report.findings[0].between, Some((20, 20)), "{:?}", report.findings);
    assert_eq!(kinds(&folder, Held::default()), [Kind::Signature]);
    agrees_with(&folder, &[], &report);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_key_before_nothing_is_signed() {
    let folder = changed(&[other()]).await;
    let kept = ledger::kept::read(&folder.ledger()).unwrap();
    assert_eq!(kept.last().unwrap().size, 20);
    assert_eq!(kinds(&folder, Held::default()), []);
}

/// Another node over the same log goes on only after a start: its key no longer counts.
#[tokio::test(flavor = "multi_thread")]
async fn who_runs_while_another_changes_the_key_stops_signing() {
    let folder = Folder::with(&[10]).await;
    let log: Arc<dyn EventLog> = Arc::new(SqliteLog::open_writer(folder.log()).unwrap());
    let opened = ledger::open(&folder.ledger(), &log, vec![epoch()], &[pair()]).await.unwrap();
    let keeping = opened.keep(vec![]).unwrap();
    rotate(&*log).await;
    append(&*log, 10).await;
    keeping.stop().await;
    log.close().await;
    assert_eq!(ledger::kept::read(&folder.ledger()).unwrap().last().unwrap().size, 10);
}
