//! The ledger over a KurrentDB: the same events have the same root as in a file, and the verifier reads them.

use std::sync::Arc;

use docket::ledger;
use docket::log::EventLog;
use docket::verify::{Checkpoint, Event, Held, Judge};

use crate::ledgers::{Folder, append, covered, create, opened};
use crate::support::{open, start};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_events_have_the_same_checkpoint_as_in_a_file() {
    let server = start();
    let log: Arc<dyn EventLog> = open(&server).await;
    let folder = tempfile::tempdir().unwrap();
    create(&*log).await;
    let opened = opened(folder.path(), &log).await;
    let kept = opened.ledger.clone();
    let keeping = opened.keep(vec![]).unwrap();
    for count in [3, 40] {
        append(&*log, count).await;
        covered(&kept, &*log).await;
    }
    keeping.stop().await;
    let note = ledger::kept::read(folder.path()).unwrap().pop().unwrap().note;
    assert_eq!(note, Folder::with(&[44]).await.last_note(), "the same log, whatever keeps it");

    let held = Held { outside: vec![Checkpoint::parse(&note).unwrap()], ..Held::default() };
    let mut judge = Judge::new(held);
    for event in &log.read_all(None, 1000).await.unwrap().events {
        let event = Event {
            sequence: event.sequence,
            stream: event.stream.as_str(),
            revision: event.revision,
            id: *event.event_id.as_bytes(),
            kind: &event.event_type,
            recorded_at: event.recorded_at_us,
            data: &event.data,
            metadata: &event.metadata,
        };
        judge.event(&event, event.leaf(), None);
    }
    let report = judge.finish();
    assert_eq!((report.findings, report.events, report.held), (vec![], 44, true));
    log.close().await;
}
