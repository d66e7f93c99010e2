//! Persons are sealed, opened, held and erased over a KurrentDB as over a file.

use docket::app::persons::{Opening, PersonError};
use docket::app::{ActCall, ActError, Caller, Precondition};
use docket::codec::{self, RequestBody};
use docket::domain::ids::{Office, SubjectId};
use docket::domain::person::{DataSubject, Ground, HoldPlaced, PersonErased};
use docket::domain::text::NonBlank;
use docket::log::{EventLog as _, StreamName};
use serde_json::json;

use crate::app::{World, caller};
use crate::support::{open, start};

const PROGRAM: &str = "exercise_strong_province";

fn words(text: &str) -> NonBlank {
    NonBlank::parse(text).unwrap()
}

fn custodian(id: &str) -> Caller {
    Caller { principal: format!("test|{id}"), role: "custodian".to_owned(), actor: None }
}

fn reason(text: &str) -> Opening {
    Opening { data_subject: None, reason: words(text) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_is_sealed_opened_held_and_erased() {
    let server = start();
    let log = open(&server).await;
    let world = World::over(log.clone()).await;
    world.register("x1", "province", None).await;
    let body = json!({
        "act": "apply", "effective_on": "2016-01-04", "category": "leading", "rank": "pilot",
        "persons": [{ "data_subject": "p-1", "role": "signatory", "name": "欧阳明月" }],
    });
    let (request, persons) =
        RequestBody::read(body.to_string().as_bytes()).unwrap().act_naming().unwrap();
    let call = ActCall {
        program: PROGRAM.to_owned(),
        subject: Some(SubjectId::parse("x1").unwrap()),
        request,
        persons,
        key: "apply".to_owned(),
        precondition: Precondition::Any,
        trace: None,
        validate_only: false,
    };
    let province = caller(Office::Province, "x1", &["x1"]);
    world.app.act(&province, &call).await.unwrap();
    let stream = StreamName::parse(&format!("{PROGRAM}-x1")).unwrap();
    let event = log.read_stream(&stream, 0, 1).await.unwrap().events.remove(0);
    assert_eq!(codec::persons_of(&event).unwrap().len(), 1);
    assert!(!String::from_utf8_lossy(&event.metadata).contains("欧阳明月"));

    let persons = world.app.persons();
    // Twice: the second finds where the first stands, also where it did not know.
    for _ in 0..2 {
        let opened = persons.open(&custodian("one"), &event, reason("a call")).await.unwrap();
        let details = opened.persons[0].details.as_ref().unwrap();
        assert_eq!(details.name.as_str(), "欧阳明月");
    }
    let accesses = StreamName::parse("access-2026-11").unwrap();
    assert_eq!(log.read_stream(&accesses, 0, 10).await.unwrap().events.len(), 2);

    let of = DataSubject::parse("p-1").unwrap();
    let hold = HoldPlaced { data_subject: of.clone(), reason: words("case 17") };
    persons.place_hold(&custodian("one"), hold, "hold").await.unwrap();
    let erased = PersonErased {
        data_subject: of.clone(),
        ground: Ground::Unlawful,
        statement: words("letter 12"),
    };
    let held = persons.erase(&custodian("one"), erased.clone(), "erase").await;
    assert!(matches!(held, Err(ActError::Person(PersonError::Held { .. }))), "{held:?}");
    persons.lift_hold(&custodian("two"), (&of, 0), words("over"), "lift").await.unwrap();
    let first = persons.erase(&custodian("one"), erased.clone(), "erase").await.unwrap();
    let again = persons.erase(&custodian("one"), erased, "erase").await.unwrap();
    assert_eq!((first.id, again.replayed), (again.id, true));
    let gone = persons.open(&custodian("one"), &event, reason("a call")).await.err();
    assert!(matches!(gone, Some(ActError::Person(PersonError::Erased(_)))), "{gone:?}");
}
