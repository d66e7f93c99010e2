//! Imports over stops of the server, and beside other acts.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use docket::app::clock::Clock as _;
use docket::domain::date::Timestamp;
use docket::import::operations::{
    Asked, EvidenceAsked, Form, ImportAsked, Made, Operation, Operations, State, Work,
};
use docket::import::{BadLine, Import, ImportError, Step, Watch, open};
use docket::log::LogError;
use serde_json::json;

use super::app::{World, act_on, registrar};
use super::{How, area, empty, evidence, head, import, ndjson, note};

fn start(world: &World, folder: &std::path::Path) -> Arc<Operations> {
    Operations::start(world.app.clone(), folder, 1 << 30).unwrap()
}

fn take(imports: &Operations, key: &str, text: &str) -> Operation {
    let mut sent = imports.begin().unwrap();
    sent.write(text.as_bytes()).unwrap();
    let asked = Asked {
        caller: registrar(),
        office_id: registrar().actor.unwrap().office_id,
        key: key.to_owned(),
        work: Work::Import(ImportAsked { form: Form::Ndjson, lenient: false, only_tries: false }),
    };
    imports.take(sent, asked).unwrap().0
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

fn ask(operations: &Operations, key: &str) -> Operation {
    let asked = EvidenceAsked { request: "/v1/…/evidence".to_owned(), at_sequence: 1 };
    let work = Work::Evidence(asked);
    let (caller, office_id) = (registrar(), "office".to_owned());
    operations.ask(Asked { caller, office_id, key: key.to_owned(), work }).unwrap().0
}

fn later(world: &World, seconds: i64) {
    let now = world.clock.now().micros();
    world.clock.set(Timestamp::from_micros(now + seconds * 1_000_000));
}

fn state_of(operations: &Operations, id: uuid::Uuid) -> State {
    operations.find(id).unwrap().unwrap().0.state
}

#[tokio::test(flavor = "multi_thread")]
async fn bundles_are_made_in_turn_and_a_cancelled_or_stopped_one_is_not() {
    let world = empty().await;
    let folder = tempfile::tempdir().unwrap();
    let operations = start(&world, folder.path());
    let [endless, waits, last] = ["endless", "waits", "last"].map(|key| ask(&operations, key));
    let made = |name: &str| Made { file_name: name.to_owned(), archive: name.as_bytes().to_vec() };
    let cancels = async {
        while operations.find(endless.id).unwrap().unwrap().1.is_none() {
            tokio::task::yield_now().await;
        }
        assert_eq!(state_of(&operations, endless.id), State::Running);
        assert_eq!(state_of(&operations, last.id), State::Pending, "one after another");
        operations.cancel(waits.id).unwrap().unwrap();
        operations.ended(waits.id).await;
        assert_eq!(state_of(&operations, waits.id), State::Cancelled);
        operations.cancel(endless.id).unwrap().unwrap();
    };
    let never = async {
        operations.tells(endless.id, 1, 2);
        std::future::pending().await
    };
    tokio::join!(
        operations.make(endless.id, never),
        operations.make(waits.id, async { panic!("it was cancelled before its turn") }),
        operations.make(last.id, async { Ok(made("last.zip")) }),
        cancels,
    );
    assert_eq!(state_of(&operations, endless.id), State::Cancelled);
    let (done, _) = operations.find(last.id).unwrap().unwrap();
    assert_eq!((done.state, done.bundle.unwrap().bytes), (State::Succeeded, 8));
    assert_eq!(std::fs::read(operations.result(last.id)).unwrap(), b"last.zip");

    // What breaks off is not under way for ever, and the same is asked for again.
    let broken = ask(&operations, "broken");
    operations.make(broken.id, async { panic!("a fault") }).await;
    assert_eq!(state_of(&operations, broken.id), State::Failed);
    assert_eq!(ask(&operations, "broken").state, State::Pending);
    operations.stop().await;
    let again = start(&world, folder.path());
    let (stopped, _) = again.find(broken.id).unwrap().unwrap();
    assert_eq!(stopped.state, State::Failed);
    assert!(stopped.failure.unwrap().text.en.contains("the server stopped"));
    again.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bundles_are_kept_for_a_day_and_the_newest_alone() {
    let world = empty().await;
    let folder = tempfile::tempdir().unwrap();
    let operations = start(&world, folder.path());
    let import = take(&operations, "import", &format!("{}\n", area("one")));
    operations.ended(import.id).await;
    let mut ids = Vec::new();
    for number in 0..102 {
        later(&world, 1);
        let id = ask(&operations, &number.to_string()).id;
        let made = Made { file_name: "x.zip".to_owned(), archive: vec![0; 10] };
        operations.make(id, async { Ok(made) }).await;
        ids.push(id);
    }
    let kept = ids.iter().filter(|id| operations.find(**id).unwrap().is_some()).count();
    assert_eq!((kept, operations.find(ids[1]).unwrap()), (100, None), "the newest 100");
    later(&world, 24 * 3600);
    assert_eq!(operations.find(ids[101]).unwrap(), None, "a day");
    assert_eq!(state_of(&operations, import.id), State::Succeeded, "an import is kept longer");
    operations.stop().await;
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

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_was_kept_before_there_were_bundles_is_known() {
    let world = empty().await;
    let folder = tempfile::tempdir().unwrap();
    let id = uuid::Uuid::from_u128(9);
    let kept = json!({
        "id": id, "state": "SUCCEEDED", "principal": "p", "role": "registrar", "office_id": "o",
        "form": "csv", "bytes": 7, "sha256": "00", "lenient": true, "only_tries": false,
        "created_us": 1, "started_us": 2, "starts": 1, "ended_us": i64::MAX / 2, "outcome": null,
        "failure": null, "has_report": false,
    });
    std::fs::create_dir(folder.path().join(id.to_string())).unwrap();
    let place = folder.path().join(id.to_string()).join("operation.json");
    std::fs::write(place, kept.to_string()).unwrap();
    let operations = start(&world, folder.path());
    let (known, _) = operations.find(id).unwrap().unwrap();
    let asked = ImportAsked { form: Form::Csv, lenient: true, only_tries: false };
    assert_eq!((known.work, known.bytes), (Work::Import(asked), 7));
    operations.stop().await;
}
