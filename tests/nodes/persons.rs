//! Several nodes and one key store: what one seals another opens, and what one erases is erased for all.

use std::sync::Arc;

use docket::app::persons::{FileKeys, Opening, PersonError, PersonKey};
use docket::app::{ActCall, ActError, App, Caller, Precondition, start};
use docket::codec::RequestBody;
use docket::domain::person::{DataSubject, Ground, HoldPlaced, PersonErased};
use docket::domain::text::NonBlank;
use docket::log::{EventLog as _, RecordedEvent, StreamName};
use serde_json::json;

use super::app::registrar;
use super::node_log::NodeLog;
use super::support::{Node, Shared, call, note, stream};

fn words(text: &str) -> NonBlank {
    NonBlank::parse(text).unwrap()
}

fn custodian(id: &str) -> Caller {
    Caller { principal: format!("test|{id}"), role: "custodian".to_owned(), actor: None }
}

fn naming(key: &str, of: &str) -> ActCall {
    let mut body = note("n");
    body["persons"] = json!([{ "data_subject": of, "role": "contact", "name": "欧阳明月" }]);
    let read = RequestBody::read(body.to_string().as_bytes()).unwrap().act_naming();
    let (request, persons) = read.unwrap();
    ActCall { request, persons, ..call("x01", key, Precondition::Any, &note("n")) }
}

fn erased(of: &str) -> PersonErased {
    let data_subject = DataSubject::parse(of).unwrap();
    PersonErased { data_subject, ground: Ground::Unlawful, statement: words("letter 12") }
}

async fn open(app: &App, event: &RecordedEvent) -> Result<String, ActError> {
    let opening = Opening { data_subject: None, reason: words("a call") };
    let opened = app.persons().open(&custodian("one"), event, opening).await?;
    Ok(opened.persons[0].details.as_ref().unwrap().name.to_string())
}

/// Two nodes that find the keys at one place.
async fn two(shared: &Shared, keys: &std::path::Path) -> (App, App) {
    let mut apps = Vec::new();
    for id in [1, 2] {
        let Node { clock, .. } = shared.node(id).await;
        let log = NodeLog::over(&shared.log);
        let app = start(shared.parts(&log, &clock, id)).await.unwrap();
        let keys = Arc::new(FileKeys::new(keys.to_owned()));
        let fresh = if id == 1 { || PersonKey::new([1; 32]) } else { || PersonKey::new([2; 32]) };
        apps.push(app.with_person_keys(keys, fresh));
    }
    let second = apps.pop().unwrap();
    (apps.pop().unwrap(), second)
}

async fn events(shared: &Shared) -> Vec<RecordedEvent> {
    let stream = StreamName::parse(&stream("x01")).unwrap();
    shared.log.read_stream(&stream, 0, 100).await.unwrap().events
}

#[tokio::test]
async fn what_one_node_seals_another_opens_and_erases_for_all() {
    let shared = Shared::new();
    shared.node(1).await.applicant("x01", "leading").await;
    let folder = tempfile::tempdir().unwrap();
    let (a, b) = two(&shared, &folder.path().join("persons.sqlite")).await;
    // The same person in acts through both: one key, whichever node made it.
    a.act(&registrar(), &naming("a", "p-1")).await.unwrap();
    b.act(&registrar(), &naming("b", "p-1")).await.unwrap();
    let named = events(&shared).await.split_off(1);
    assert_eq!(named.len(), 2);
    for app in [&a, &b] {
        for event in &named {
            assert_eq!(open(app, event).await.unwrap(), "欧阳明月");
        }
    }
    b.persons().erase(&custodian("one"), erased("p-1"), "erase").await.unwrap();
    for app in [&a, &b] {
        for event in &named {
            let gone = open(app, event).await;
            assert!(matches!(gone, Err(ActError::Person(PersonError::Erased(_)))), "{gone:?}");
        }
        let again = app.act(&registrar(), &naming("c", "p-1")).await;
        assert!(matches!(again, Err(ActError::Person(PersonError::Erased(_)))), "{again:?}");
    }
    assert_eq!(events(&shared).await.len(), 3);
}

/// Whichever comes first, the other finds it: no hold stands on what is erased, and nothing is erased under one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hold_and_an_erasure_at_once_are_one_after_the_other() {
    let shared = Shared::new();
    shared.node(1).await.applicant("x01", "leading").await;
    let folder = tempfile::tempdir().unwrap();
    let (a, b) = two(&shared, &folder.path().join("persons.sqlite")).await;
    let mut held = 0;
    for round in 0..20 {
        let of = format!("p-{round}");
        a.act(&registrar(), &naming(&of, &of)).await.unwrap();
        let data_subject = DataSubject::parse(&of).unwrap();
        let hold = HoldPlaced { data_subject: data_subject.clone(), reason: words("case 17") };
        let (one, two) = (custodian("one"), custodian("two"));
        let placing = a.persons().place_hold(&one, hold, "hold");
        let erasing = b.persons().erase(&two, erased(&of), "erase");
        let (placed, gone) = tokio::join!(placing, erasing);
        let standing = a.persons().standing(&data_subject).await.unwrap();
        match (placed, gone) {
            (Ok(_), Err(ActError::Person(PersonError::Held { .. }))) => {
                assert!(standing.erased.is_none());
                held += 1;
            }
            (Err(ActError::Person(PersonError::Erased(_))), Ok(_)) => {
                assert_eq!(standing.holds, []);
            }
            other => panic!("{other:?}"),
        }
    }
    println!("{held} of 20 were held");
}

#[tokio::test]
async fn a_node_that_keeps_no_keys_records_no_act_that_names_a_person() {
    let shared = Shared::new();
    let node = shared.node(1).await;
    node.applicant("x01", "leading").await;
    let named = node.app.act(&registrar(), &naming("a", "p-1")).await;
    assert!(matches!(named, Err(ActError::Person(PersonError::Store(_)))), "{named:?}");
    assert_eq!(events(&shared).await.len(), 1);
    let call = call("x01", "b", Precondition::Any, &note("n"));
    node.app.act(&registrar(), &call).await.unwrap();
}
