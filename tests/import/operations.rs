//! Operations over stops of the server.

use std::sync::Arc;

use docket::import::operations::{Asked, Form, Imports, Operation, State};

use super::app::{World, registrar};
use super::{area, empty, head, note};

fn start(world: &World, folder: &std::path::Path) -> Arc<Imports> {
    Imports::start(world.app.clone(), folder, 1 << 30).unwrap()
}

fn take(imports: &Imports, key: &str, text: &str) -> Operation {
    let mut sent = imports.begin().unwrap();
    sent.write(text.as_bytes()).unwrap();
    let asked = Asked {
        caller: registrar(),
        key: key.to_owned(),
        form: Form::Ndjson,
        lenient: false,
        only_tries: false,
    };
    imports.take(sent, asked).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_stop_interrupts_is_done_by_the_next_start() {
    let world = empty().await;
    let folder = tempfile::tempdir().unwrap();
    let before = head(&world).await;
    let imports = start(&world, folder.path());
    let lines: Vec<String> = std::iter::once(area("one"))
        .chain((0..2000).map(|n| note("one", &format!("note {n}"))))
        .map(|line| format!("{line}\n"))
        .collect();
    let first = take(&imports, "first", &lines.concat());
    let second = take(&imports, "second", &format!("{}\n", area("two")));
    while imports.find(first.id).unwrap().unwrap().1.is_none() {
        tokio::task::yield_now().await;
    }
    imports.stop().await;
    let (stopped, _) = imports.find(first.id).unwrap().unwrap();
    assert_eq!((stopped.state, stopped.starts), (State::Pending, 1));
    assert_eq!(head(&world).await, before, "nothing is half done");

    let again = start(&world, folder.path());
    again.ended(first.id).await;
    again.ended(second.id).await;
    let (done, _) = again.find(first.id).unwrap().unwrap();
    assert_eq!((done.state, done.starts), (State::Succeeded, 2));
    assert_eq!(done.outcome.unwrap().recorded, 2001);
    assert_eq!(again.find(second.id).unwrap().unwrap().0.state, State::Succeeded);
    again.stop().await;

    // The result outlives a start, and what was sent is gone.
    let later = start(&world, folder.path());
    assert_eq!(later.find(first.id).unwrap().unwrap().0, done);
    assert_eq!(std::fs::read_to_string(later.report(first.id)).unwrap().lines().count(), 2001);
    let kept = std::fs::read_dir(folder.path().join(first.id.to_string())).unwrap();
    let mut kept: Vec<_> = kept.map(|entry| entry.unwrap().file_name()).collect();
    kept.sort();
    assert_eq!(kept, ["operation.json", "report.ndjson"]);
    later.stop().await;
}
