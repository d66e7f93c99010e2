//! Imports over stops of the server, and beside other acts.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use docket::import::operations::{Asked, Form, Imports, Operation, State};
use docket::import::{BadLine, Import, ImportError, Step, Watch, open};
use docket::log::LogError;
use serde_json::json;

use super::app::{World, act_on, registrar};
use super::{How, area, empty, evidence, head, import, ndjson, note};

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

/// Who has another act recorded just before what was tried is.
struct Meddling {
    app: Arc<docket::app::App>,
    done: AtomicBool,
}

impl Watch for Meddling {
    fn progress(&self, _: Step, _: u64, _: u64) {}

    fn is_bad(&self, bad: &BadLine) {
        panic!("{bad:?}");
    }

    fn is_stopped(&self) -> bool {
        false
    }

    fn begins_recording(&self) -> bool {
        if !self.done.swap(true, Ordering::Relaxed) {
            let app = self.app.clone();
            let act = async move {
                let body = json!({"act": "note", "effective_on": "2016", "text": "between"});
                let of = ("exercise_cluster_area", "one");
                act_on(&app, &registrar(), of, "between", body).await.unwrap();
            };
            let apart = move || {
                let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                runtime.block_on(act);
            };
            std::thread::spawn(apart).join().unwrap();
        }
        true
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_record_moves_meanwhile_the_same_file_goes_on_from_there() {
    let world = empty().await;
    import(&world, &ndjson(&[area("one"), evidence("one", "2014-09")]), How::Whole).await;
    let lines = ndjson(&[area("two"), note("two", "first"), note("one", "a"), note("one", "b")]);
    let scratch = tempfile::tempdir().unwrap();
    let watch = Meddling { app: world.app.clone(), done: AtomicBool::new(false) };
    let import_of = Import {
        app: &world.app,
        caller: registrar(),
        scratch: scratch.path(),
        lenient: false,
        only_tries: false,
        watch: &watch,
    };
    let source = || open(&lines.folder.path().join(lines.name)).unwrap();
    match import_of.run(source()).await {
        Err(ImportError::Ended { done: 2, all: 4, reason: LogError::Conflict { .. } }) => {}
        other => panic!("{other:?}"),
    }
    let outcome = import_of.run(source()).await.unwrap();
    assert_eq!((outcome.on_record, outcome.recorded), (2, 2));
    let one = world.app.enrollment("exercise_cluster_area-one").await.unwrap();
    assert_eq!(one.revision, Some(3), "evidence, the act between, two notes");
}
