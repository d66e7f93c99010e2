//! Nodes that start beside others, and what each takes over of what another put into the log.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use docket::app::clock::FixedClock;
use docket::app::documents::{DocumentStore, FolderStore, put};
use docket::app::{ActError, Following, Parts, Precondition, start};
use docket::domain::date::{Day, Timestamp};
use docket::domain::ids::SubjectId;
use docket::domain::logbook::CalendarAdopted;
use docket::domain::measure_file::{FILES, Source, measures};
use docket::domain::subject::Renaming;
use docket::log::LogError;
use serde_json::json;

use super::app::{NOW, registrar};
use super::node_log::{Fault, NodeLog};
use super::support::{Node, PROGRAM, Shared};

/// The types and digests of what the log's own streams hold.
async fn adopted(shared: &Shared) -> Vec<String> {
    let page = docket::log::EventLog::read_all(&*shared.log, None, 100).await.unwrap();
    let digest = |event: &docket::log::RecordedEvent| {
        let data: serde_json::Value = serde_json::from_slice(&event.data).unwrap();
        data["digest"].as_str().unwrap_or(&event.event_type).to_owned()
    };
    page.events.iter().map(digest).collect()
}

#[tokio::test]
async fn nodes_that_start_on_an_empty_log_at_once_make_one_log() {
    for stream in ["log", "measure-strong_province", "measure-cluster_area"] {
        for fault in [Fault::Stall, Fault::StallUnknown] {
            let shared = Shared::new();
            let log = NodeLog::over(&shared.log);
            let clock = Arc::new(FixedClock::at(Timestamp::parse_rfc3339(NOW).unwrap()));
            log.break_at(stream, fault);
            let slow = tokio::spawn(start(shared.parts(&log, &clock, 1)));
            log.stalled().await;
            let fast = shared.node(2).await;
            log.go_on();
            let slow = slow.await.unwrap().unwrap();
            assert_eq!(slow.log_id(), fast.app.log_id(), "{stream} {fault:?}");
            assert_eq!(slow.origin(), fast.app.origin());
            let all = adopted(&shared).await;
            let once: BTreeSet<_> = all.iter().collect();
            assert_eq!(
                (all.len(), once.len()),
                (measures(FILES).count() + 1, all.len()),
                "{all:?}"
            );
            for program in &slow.library().programs().programs {
                let (one, other) = (slow.library(), fast.app.library());
                let events = |library: &docket::app::Library| {
                    library.adopted(program).map(|adopted| adopted.events.len())
                };
                assert_eq!(events(one), events(other), "{}", program.id);
            }
        }
    }
}

/// A strong-province measure that another binary brings along: its places are fewer.
fn older() -> &'static [Source<'static>] {
    let change = |file: &Source<'static>| Source {
        path: file.path,
        text: match file.path.contains("strong_province/") {
            true => file.text.replace("quota = { limit = 5,", "quota = { limit = 1,").leak(),
            false => file.text,
        },
    };
    Vec::leak(FILES.iter().map(change).collect())
}

async fn upload(documents: &dyn DocumentStore, text: &str) {
    let bytes = futures_util::stream::iter([Ok::<_, std::convert::Infallible>(text.to_owned())]);
    put(documents, bytes, None, 1 << 20).await.unwrap();
}

fn limit(node: &Node) -> u32 {
    let program = node.app.library().program(PROGRAM).unwrap();
    let versions = node.app.library().versions(program);
    let limit = versions.find(|measure| {
        let leading = measure.category("leading")?;
        leading.quota.as_ref().map(|quota| quota.limit)
    });
    limit.unwrap()
}

async fn until(what: impl Fn() -> bool) {
    for _ in 0..500 {
        if what() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it never came about");
}

/// The newer edition is adopted by another node: acts here are judged by it, though the own file is
/// older; and nothing is refused by the older one, even before this node has heard of the newer.
#[tokio::test]
async fn acts_are_judged_by_the_newest_edition_on_a_node_with_an_older_file() {
    let shared = Shared::new();
    let old = shared.node_with(1, older()).await;
    for id in ["x01", "x02", "x03"] {
        old.applicant(id, "leading").await;
    }
    old.approve("x01", "approve").await.unwrap();
    let refused = old.approve("x02", "too many").await.unwrap_err();
    assert!(matches!(refused, ActError::Refused(_)), "one place by the older edition");
    old.log.hold();
    let new = shared.node(2).await;
    assert_eq!((limit(&old), limit(&new)), (1, 5));
    let judged = old.approve("x02", "approve").await.unwrap();
    assert_eq!(limit(&old), 5, "read for the refusal");
    let edition = new.approve("x03", "approve").await.unwrap().recorded.meta.edition;
    assert_eq!(judged.recorded.meta.edition, edition);

    // And without a refusal: by following.
    let shared = Shared::new();
    let old = shared.node_with(1, older()).await;
    let _new = shared.node(2).await;
    until(|| limit(&old) == 5).await;
    // An older file adopted earlier is none that is adopted again.
    let again = shared.node_with(3, older()).await;
    assert_eq!(limit(&again), 5);
}

/// The edition's bytes can't be read here for now: nothing is decided by the older one meanwhile.
#[tokio::test]
async fn a_node_that_can_not_read_an_edition_decides_nothing_under_it() {
    let shared = Shared::new();
    let elsewhere = tempfile::tempdir().unwrap();
    let documents = Arc::new(FolderStore::open(elsewhere.path()).unwrap());
    let log = NodeLog::over(&shared.log);
    let clock = Arc::new(FixedClock::at(Timestamp::parse_rfc3339(NOW).unwrap()));
    let parts = shared.parts(&log, &clock, 1);
    let parts = Parts { files: older(), documents: documents.clone(), ..parts };
    let app = Arc::new(start(parts).await.unwrap());
    let _following = Following::start(&app);
    for file in older() {
        upload(&*shared.documents, file.text).await;
    }
    let new = shared.node(2).await;
    new.applicant("x01", "leading").await;
    let approve = super::support::call("x01", "a", Precondition::Any, &super::support::approve());
    let mut answer = app.act(&super::app::national(), &approve).await;
    for _ in 0..200 {
        if answer.is_err() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
        answer = app.act(&super::app::national(), &approve).await;
    }
    let error = answer.unwrap_err();
    assert!(matches!(error, ActError::Documents(_) | ActError::EditionUnread { .. }), "{error}");
    let text = measures(FILES).find(|file| file.path.contains("strong_province/")).unwrap().text;
    upload(&*documents, text).await;
    app.act(&super::app::national(), &approve).await.unwrap();
}

fn calendar(rest_day: &str) -> CalendarAdopted {
    CalendarAdopted {
        year: 2026,
        rest_days: vec![Day::parse(rest_day).unwrap()],
        working_weekends: Vec::new(),
        source: format!("a notice that names {rest_day}"),
        digest: None,
    }
}

fn rest_days(node: &Node, known_to: Option<u64>) -> Vec<String> {
    let calendars = node.app.library().calendars(known_to);
    let year = calendars.of_year(2026);
    year.into_iter().flat_map(|year| year.rest_days()).map(ToString::to_string).collect()
}

/// A calendar whose sequence is not known yet is in force, in its place, and counts as of a sequence
/// once it is known.
#[tokio::test]
async fn calendars_are_in_force_by_their_order_not_by_when_they_were_heard_of() {
    let shared = Shared::new();
    let (a, b) = shared.two().await;
    a.log.hold();
    let first =
        a.app.registrar().adopt_calendar(&registrar(), calendar("2026-01-02"), "1").await.unwrap();
    assert_eq!(first.sequence, None);
    assert_eq!(rest_days(&a, None), ["2026-01-02"]);
    let second =
        b.app.registrar().adopt_calendar(&registrar(), calendar("2026-01-05"), "2").await.unwrap();
    let known = second.sequence.unwrap();
    until(|| rest_days(&b, None) == ["2026-01-05"]).await;
    until(|| rest_days(&b, Some(known - 1)) == ["2026-01-02"]).await;
    assert_eq!(rest_days(&a, None), ["2026-01-02"]);
    a.log.release();
    until(|| rest_days(&a, None) == ["2026-01-05"]).await;
    assert_eq!(rest_days(&a, Some(known - 1)), ["2026-01-02"]);
    let (one, other) =
        (a.app.library().present_calendars().0, b.app.library().present_calendars().0);
    assert_eq!((one, other), (2, 2));
}

#[tokio::test]
async fn a_renaming_by_another_node_is_heard_of() {
    let shared = Shared::new();
    let (a, b) = shared.two().await;
    a.register("x01").await;
    let id = SubjectId::parse("x01").unwrap();
    assert_eq!(b.app.subject(&id).await.unwrap().revision, 0);
    let renaming: Renaming = serde_json::from_value(json!({
        "name": {"en": "New", "zh": "新"}, "source": "a test", "effective_on": "2020-01-01",
    }))
    .unwrap();
    a.app.registrar().rename_subject(&registrar(), &id, renaming, "rename").await.unwrap();
    for _ in 0..500 {
        if b.app.subject(&id).await.unwrap().revision == 1 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the old name is still kept");
}

/// A failure passes; while the log can't be followed for another reason, nothing is kept.
#[tokio::test]
async fn following_goes_on_after_a_failure_and_ends_with_the_node() {
    let shared = Shared::new();
    let (a, b) = shared.two().await;
    a.applicant("x01", "leading").await;
    b.follows_to("x01", 0).await;
    b.log.fail_reads(Some(LogError::Unavailable("for now".to_owned())));
    a.note("x01", "n1", Precondition::Any).await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(b.kept("x01").await, Some(0), "what is kept is served with its age");
    b.log.fail_reads(Some(LogError::Corrupt { sequence: 1, reason: "a hole".to_owned() }));
    b.follows_to("x01", 1).await;
    a.note("x01", "n2", Precondition::Any).await.unwrap();
    assert_eq!(b.kept("x01").await, Some(2), "read each time");
    b.log.fail_reads(None);
    a.note("x01", "n3", Precondition::Any).await.unwrap();
    b.follows_to("x01", 3).await;

    let Node { app, _following, .. } = b;
    drop(_following);
    until(|| Arc::strong_count(&app) == 1).await;
}
