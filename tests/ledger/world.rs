//! Logs with a ledger, small enough to be made for each test.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use docket::ledger::{self, Epoch, Ledger, Opened};
use docket::log::{EventLog, Expected, NewEvent, SqliteLog, StreamName};
use docket::verify::open::beside::{Leaves, kept_checkpoints};
use docket::verify::open::documents::Named;
use docket::verify::open::sqlite;
use docket::verify::{Held, Judge, Report};
use ed25519_dalek::SigningKey;
use serde_json::json;
use tempfile::TempDir;
use uuid::Uuid;

pub const ORIGIN: &str = "docket/of-the-tests";

pub fn pair() -> SigningKey {
    SigningKey::from_bytes(&[9; 32])
}

pub fn epoch() -> Epoch {
    let public_key = ledger::Signer::new(ORIGIN.to_owned(), pair()).public_key();
    Epoch { origin: ORIGIN.to_owned(), public_key, since: 0 }
}

pub fn stream(name: &str) -> StreamName {
    StreamName::parse(name).unwrap()
}

fn event(kind: &str, number: u64, data: String) -> NewEvent {
    NewEvent {
        event_id: Uuid::from_u64_pair(0x1ed9e5, number),
        event_type: kind.to_owned(),
        recorded_at_us: 1_700_000_000_000_000 + number as i64,
        data: data.into_bytes().into(),
        metadata: br#"{"principal":"tester"}"#.as_slice().into(),
    }
}

/// Appends the log's first event.
pub async fn create(log: &dyn EventLog) {
    let epoch = epoch();
    let data =
        json!({ "log_id": Uuid::nil(), "origin": epoch.origin, "public_key": epoch.public_key });
    let created = event("LogCreated", 0, data.to_string());
    log.append(&stream("log"), Expected::NoStream, vec![created]).await.unwrap();
}

/// Appends so many events to three streams in turn, each in an append of its own.
pub async fn append(log: &dyn EventLog, count: u64) {
    for _ in 0..count {
        let number = log.head().await.unwrap().map_or(0, |head| head + 1);
        let name = stream(["a", "b", "c"][number as usize % 3]);
        let expected = Expected::from(log.stream_revision(&name).await.unwrap());
        let data = json!({ "number": number }).to_string();
        log.append(&name, expected, vec![event("Happened", number, data)]).await.unwrap();
    }
}

pub async fn opened(folder: &Path, log: &Arc<dyn EventLog>) -> Opened {
    ledger::open(folder, log, vec![epoch()], &[pair()]).await.unwrap()
}

/// Waits until a checkpoint covers everything in the log.
pub async fn covered(ledger: &Ledger, log: &dyn EventLog) {
    let head = log.head().await.unwrap().unwrap();
    assert!(ledger.covering(head, Duration::from_secs(20)).await.is_some());
}

/// A data folder with a log and its ledger, closed.
pub struct Folder {
    pub folder: TempDir,
}

impl Folder {
    /// One in which a checkpoint covers the first events of each of these counts, in turn.
    pub async fn with(counts: &[u64]) -> Self {
        let folder = Self { folder: tempfile::tempdir().unwrap() };
        for count in counts {
            folder.grow(*count).await;
        }
        folder
    }

    pub fn log(&self) -> PathBuf {
        self.folder.path().join("log.sqlite")
    }

    pub fn ledger(&self) -> PathBuf {
        ledger::folder_of(self.folder.path())
    }

    /// Lets it grow to so many events, which a checkpoint then covers.
    pub async fn grow(&self, count: u64) {
        let log: Arc<dyn EventLog> = Arc::new(SqliteLog::open_writer(self.log()).unwrap());
        if log.head().await.unwrap().is_none() {
            create(&*log).await;
        }
        let opened = opened(&self.ledger(), &log).await;
        let keeping = opened.keep(vec![]).expect("nothing stands against it");
        let size = log.head().await.unwrap().unwrap() + 1;
        append(&*log, count - size).await;
        keeping.stop().await;
        log.close().await;
    }

    /// A copy, to do things to.
    pub fn copy(&self) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::copy(self.log(), folder.path().join("log.sqlite")).unwrap();
        let to = ledger::folder_of(folder.path());
        std::fs::create_dir(&to).unwrap();
        for entry in std::fs::read_dir(self.ledger()).unwrap() {
            let entry = entry.unwrap();
            std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
        Self { folder }
    }

    /// What the verifier says of it, beside what is held elsewhere.
    pub fn verified(&self, mut held: Held) -> Report {
        held.beside = kept_checkpoints(&self.ledger()).unwrap();
        let (mut judge, mut leaves) = (Judge::new(held), Leaves::of(&self.ledger()));
        let mut named = Named::default();
        let read = sqlite::read(&self.log(), &mut judge, &mut leaves, &mut named, &mut |_, _| true);
        if let Err(error) = read {
            judge.unreadable(error.to_string());
        }
        judge.finish()
    }

    /// The text of its last checkpoint.
    pub fn last_note(&self) -> String {
        ledger::kept::read(&self.ledger()).unwrap().pop().unwrap().note
    }
}
