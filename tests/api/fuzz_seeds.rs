//! What the fuzzers of the verifier begin with: genuine files, each of which is what it is taken for. They
//! are written to the folder that `DOCKET_FUZZ_SEEDS` names (`make fuzz`).

use super::evidence::made;
use docket::log::{EventLog as _, Expected, NewEvent, SqliteLog, StreamName};
use docket::verify::open::beside::Leaves;
use docket::verify::open::documents::Named;
use docket::verify::open::sqlite;
use docket::verify::{Checkpoint, Held, Judge, Key, proof};
use std::path::{Path, PathBuf};

/// Files of a bundle that the verifier reads; the rest it only hashes.
const READ: [&str; 6] = [
    "data/checkpoint",
    "data/events.ndjson",
    "data/keys.txt",
    "data/proofs/",
    "data/absence.json",
    "data/entries.txt",
];

fn put(folder: &Path, target: &str, name: &str, bytes: &[u8]) -> PathBuf {
    let folder = folder.join(target);
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(name), bytes).unwrap();
    folder.join(name)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_seed_of_the_fuzzers_is_what_it_is_taken_for() {
    let temporary = tempfile::tempdir().unwrap();
    let asked = std::env::var("DOCKET_FUZZ_SEEDS").map(PathBuf::from);
    let folder = asked.unwrap_or_else(|_| temporary.path().to_owned());
    let (_server, bundle, at) = made().await;
    put(&folder, "archive", "bundle.zip", &bundle.archive);
    let files = bundle.files();
    let read = files.iter().filter(|(path, _)| READ.iter().any(|name| path.starts_with(name)));
    let parts: Vec<_> =
        read.map(|(path, bytes)| [path.as_bytes(), b"\n", bytes].concat()).collect();
    assert!(parts.len() > 4, "{:?}", files.keys());
    put(&folder, "bundle", "bundle", &parts.join(&b"\0\0"[..]));
    for path in ["data/checkpoint", "data/keys.txt", &format!("data/proofs/{at:020}.tlog-proof")] {
        put(&folder, "texts", &path.replace('/', "-"), &files[path]);
    }
    let text = |path: &str| String::from_utf8(files[path].clone()).unwrap();
    assert!(Checkpoint::parse(&text("data/checkpoint")).is_some());
    assert_eq!(Key::parse(&text("data/keys.txt")), Some(bundle.key.clone()));
    let proved = proof::judge(&text(&format!("data/proofs/{at:020}.tlog-proof")), &bundle.held());
    assert_eq!(proved.findings, []);

    let path = put(&folder, "log", "log.sqlite", b"");
    std::fs::remove_file(&path).unwrap();
    let log = SqliteLog::open_writer(&path).unwrap();
    for (number, stream) in ["log", "program-x"].into_iter().enumerate() {
        let event = NewEvent {
            event_id: uuid::Uuid::from_u128(number as u128),
            event_type: "LogCreated".to_owned(),
            recorded_at_us: 1_700_000_000_000_000,
            data: (&br#"{"origin":"docket/seed","public_key":"AAAA"}"#[..]).into(),
            metadata: (&b"{}"[..]).into(),
        };
        let stream = StreamName::parse(stream).unwrap();
        log.append(&stream, Expected::NoStream, vec![event]).await.unwrap();
    }
    log.close().await;
    // All of it in one file.
    let plain = rusqlite::Connection::open(&path).unwrap();
    plain.pragma_update(None, "journal_mode", "delete").unwrap();
    drop(plain);
    std::fs::remove_file(path.with_extension("sqlite.lock")).unwrap();
    let (mut judge, mut leaves) = (Judge::new(Held::default()), Leaves::default());
    sqlite::read(&path, &mut judge, &mut leaves, &mut Named::default(), &mut |_, _| true).unwrap();
    assert_eq!(judge.finish().events, 2);
}
