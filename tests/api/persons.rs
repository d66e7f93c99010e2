//! Persons whom acts name: sealed wherever anything is kept, opened for those who may, erased for good.

use std::path::Path;

use docket::api::auth::Role;
use docket::codec::{self, StreamKind};
use docket::log::RecordedEvent;
use serde_json::{Value, json};

use crate::support::{Client, Reply, Server, apply, new_key, send, server, server_with_ledger};

const NAME: &str = "欧阳明月";
const PHONE: &str = "+86 20 8888 7766";
const ENROLLMENT: &str = "strong_province/440000";

fn person(data_subject: &str, role: &str) -> Value {
    json!({ "data_subject": data_subject, "role": role, "name": NAME, "telephone": PHONE })
}

fn naming(persons: &[Value]) -> Value {
    let mut body = apply("leading", "2016-01-04");
    body["persons"] = json!(persons);
    body
}

fn custodian(server: &Server) -> Client<'_> {
    server.client(Role::Custodian, "custody", &[])
}

/// An application that names a contact; the event that it became.
async fn named(server: &Server) -> RecordedEvent {
    server.register(&["440000"]).await;
    let guangdong = server.province("440000");
    guangdong.act(ENROLLMENT, &naming(&[person("p-7f3a", "contact")])).await.ok(201);
    let page = server.app.log().read_all(None, 1000).await.unwrap();
    let applied = |event: &RecordedEvent| event.event_type == "Applied";
    page.events.into_iter().find(applied).unwrap()
}

async fn open(client: &Client<'_>, event: &RecordedEvent) -> Reply {
    let path = format!("/v1/events/{}/openings", event.sequence);
    client.post(&path, &json!({ "reason": "a call about the application" })).await
}

async fn erase(server: &Server, data_subject: &str) -> Reply {
    let body = json!({ "data_subject": data_subject, "ground": "consent_withdrawn", "statement": "letter 12" });
    custodian(server).post("/v1/erasures", &body).await
}

/// The files of a folder in which bytes stand.
fn holding(folder: &Path, bytes: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(holding(&path, bytes));
        } else if std::fs::read(&path).unwrap().windows(bytes.len()).any(|part| part == bytes) {
            found.push(path.file_name().unwrap().to_string_lossy().into_owned());
        }
    }
    found
}

fn key_of(folder: &Path) -> Vec<u8> {
    let file = rusqlite::Connection::open(folder.join("keys/persons.sqlite")).unwrap();
    file.query_row("SELECT key FROM person_key", [], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn a_person_is_sealed_opened_by_who_may_and_erased_for_good() {
    let server = server_with_ledger().await;
    let event = named(&server).await;
    let folder = server.log_file().parent().unwrap().to_owned();
    // Ciphertext alone, and no schema of data knows it.
    let sealed = codec::persons_of(&event).unwrap();
    assert_eq!((sealed.len(), sealed[0].data_subject.as_str()), (1, "p-7f3a"));
    assert!(!String::from_utf8_lossy(&event.data).contains("p-7f3a"));
    let opened = open(&server.auditor(), &event).await.ok(201);
    assert_eq!(opened.header("cache-control"), "no-store");
    let person = &opened.json()["persons"][0];
    assert_eq!((&person["state"], &person["role"]), (&json!("OPENED"), &json!("contact")));
    assert_eq!(person["details"], json!({ "name": NAME, "telephone": PHONE }));
    // The opening is on record: who, when, of whom, why.
    let page = server.app.log().read_all(None, 1000).await.unwrap();
    let accesses = page.events.iter().filter(|event| {
        matches!(codec::kind_of_stream(event.stream.as_str()), StreamKind::Access("2026-11"))
    });
    let accesses: Vec<&RecordedEvent> = accesses.collect();
    assert_eq!(accesses.len(), 1);
    let said: Value = serde_json::from_slice(&accesses[0].data).unwrap();
    assert_eq!(said["event"], codec::reference(&event).to_string());
    assert_eq!(said["data_subjects"], json!(["p-7f3a"]));
    assert_eq!(said["reason"], "a call about the application");
    assert_eq!(&*codec::decode_meta(accesses[0]).unwrap().principal, "docket-test|auditor-audit");

    // The scanner finds what is there: the key before it is destroyed.
    let key = key_of(&folder);
    assert_eq!(holding(&folder, &key), ["persons.sqlite"]);
    erase(&server, "p-7f3a").await.ok(201);
    assert_eq!(holding(&folder, &key), [""; 0]);
    for text in [NAME, PHONE] {
        assert_eq!(holding(&folder, text.as_bytes()), [""; 0], "{text}");
    }
    let problem = open(&server.auditor(), &event).await.problem(409, "data-subject-erased");
    assert_eq!(problem["data_subject"], "p-7f3a");
    let state = server.auditor().get("/v1/data-subjects/p-7f3a").await.ok(200).json();
    assert_eq!(state["state"], "ERASED");
    assert_eq!(state["erasure"]["ground"], "consent_withdrawn");
    // The act stands as it was recorded, and so does what proves it.
    let now = server.app.log().read_stream(&event.stream, event.revision, 1).await.unwrap();
    assert_eq!(now.events.first(), Some(&event));
    let proof = format!("/v1/log/proofs/inclusion/{}", event.sequence);
    server.auditor().get(&proof).await.ok(200);
    // No other key is made for the same id; what was recorded is not erased twice.
    let again = json!({
        "act": "note", "effective_on": "2016-02-01", "text": "asked again",
        "persons": [self::person("p-7f3a", "contact")],
    });
    server.national().act(ENROLLMENT, &again).await.problem(409, "data-subject-erased");
    erase(&server, "p-7f3a").await.problem(409, "data-subject-erased");
    assert_eq!(holding(&folder, NAME.as_bytes()), [""; 0]);
}

#[tokio::test]
async fn what_is_answered_elsewhere_holds_no_name() {
    let server = server().await;
    let event = named(&server).await;
    open(&server.auditor(), &event).await.ok(201);
    let auditor = server.auditor();
    let act = event.event_id;
    for path in [
        format!("/v1/enrollments/{ENROLLMENT}"),
        format!(
            "/v1/enrollments/{ENROLLMENT}?as_of=2026-01-01&known_at=2026-11-22T12:00:00%2B08:00"
        ),
        format!("/v1/enrollments/{ENROLLMENT}/acts"),
        format!("/v1/enrollments/{ENROLLMENT}/acts/{act}"),
        format!("/v1/enrollments/{ENROLLMENT}/audit-trail"),
        format!("/v1/enrollments/{ENROLLMENT}/revisions/0"),
        format!("/v1/events/{}", event.sequence),
        "/v1/events?limit=1000".to_owned(),
    ] {
        let reply = auditor.get(&path).await.ok(200);
        let text = String::from_utf8_lossy(&reply.body);
        assert!(!text.contains(NAME) && !text.contains("8888 7766"), "{path}: {text}");
    }
    let shown = auditor.get(&format!("/v1/enrollments/{ENROLLMENT}/acts/{act}")).await.json();
    let expected =
        json!([{ "data_subject": "p-7f3a", "role": "contact", "role_label": "contact" }]);
    assert_eq!(shown["persons"], expected);
}

#[tokio::test]
async fn a_retry_with_another_name_gets_the_first_answer() {
    let server = server().await;
    server.register(&["440000"]).await;
    let guangdong = server.province("440000");
    let (path, key) = (format!("/v1/enrollments/{ENROLLMENT}/acts"), new_key());
    let mut body = naming(&[person("p-7f3a", "contact")]);
    let mut ids = Vec::new();
    for name in [NAME, "司马相如"] {
        body["persons"][0]["name"] = json!(name);
        let request = guangdong.request("POST", &path).header("idempotency-key", &key);
        let reply = send(request.header("if-match", "*").json(&body)).await.ok(201).json();
        ids.push(reply["id"].clone());
    }
    assert_eq!(ids[0], ids[1]);
    let event = server.app.log().head().await.unwrap().unwrap();
    let path = format!("/v1/events/{event}/openings");
    let opened = server.national().post(&path, &json!({ "reason": "a call" })).await.ok(201);
    assert_eq!(opened.json()["persons"][0]["details"]["name"], NAME);
}

#[tokio::test]
async fn a_hold_keeps_data_until_another_person_lifts_it() {
    let server = server().await;
    named(&server).await;
    let (national, custodian) = (server.national(), custodian(&server));
    let hold = json!({ "data_subject": "p-7f3a", "reason": "case 17 of the court" });
    national.post("/v1/holds", &hold).await.ok(201);
    let held = custodian.get("/v1/data-subjects/p-7f3a").await.ok(200).json();
    assert_eq!((&held["state"], &held["holds"][0]["hold"]), (&json!("HELD"), &json!("p-7f3a@0")));
    let problem = erase(&server, "p-7f3a").await.problem(409, "under-legal-hold");
    assert_eq!(problem["holds"], json!(["p-7f3a@0"]));
    let release = json!({ "reason": "the case is over" });
    let own = national.post("/v1/holds/p-7f3a@0/releases", &release).await;
    assert_eq!(own.problem(403, "self-approval-forbidden")["hold"], "p-7f3a@0");
    custodian.post("/v1/holds/p-7f3a@0/releases", &release).await.ok(201);
    custodian.post("/v1/holds/p-7f3a@0/releases", &release).await.problem(409, "already-decided");
    for unknown in ["p-7f3a@1", "p-1@0", "p-7f3a", "p-7f3a@x"] {
        let path = format!("/v1/holds/{unknown}/releases");
        custodian.post(&path, &release).await.problem(404, "not-found");
    }
    erase(&server, "p-7f3a").await.ok(201);
    national.post("/v1/holds", &hold).await.problem(409, "data-subject-erased");
}

#[tokio::test]
async fn what_is_wrong_is_named() {
    let server = server().await;
    let event = named(&server).await;
    server.register(&["330000"]).await;
    let zhejiang = server.province("330000");
    let pointer = async |persons: Value| {
        let mut body = naming(&[]);
        body["persons"] = persons;
        let problem = zhejiang.act("strong_province/330000", &body).await;
        problem.problem(422, "validation-error")["errors"][0]["pointer"].clone()
    };
    let nameless = json!([{ "data_subject": "p-1", "role": "contact" }]);
    assert_eq!(pointer(nameless).await, "#/persons/0/name");
    let of_nobody = json!([{ "role": "contact", "name": NAME }]);
    assert_eq!(pointer(of_nobody).await, "#/persons/0/data_subject");
    assert_eq!(
        pointer(json!([person("13800138000", "contact")])).await,
        "#/persons/0/data_subject"
    );
    assert_eq!(pointer(json!([person("p-1", "witness")])).await, "#/persons/0/role");
    let twice = json!([person("p-1", "contact"), person("p-1", "contact")]);
    assert_eq!(pointer(twice).await, "#/persons/1/data_subject");
    assert_eq!(
        pointer(json!([{ "data_subject": "p-1", "role": "contact", "name": NAME, "age": 4 }]))
            .await,
        "#/persons/0/age"
    );
    // A refused act keeps no key.
    let custodian = custodian(&server);
    custodian.get("/v1/data-subjects/p-1").await.problem(404, "not-found");
    erase(&server, "p-1").await.problem(404, "not-found");
    let hold = json!({ "data_subject": "p-1", "reason": "x" });
    custodian.post("/v1/holds", &hold).await.problem(404, "not-found");
    let ground = json!({ "data_subject": "p-7f3a", "ground": "boredom", "statement": "x" });
    let problem = custodian.post("/v1/erasures", &ground).await.problem(422, "validation-error");
    assert_eq!(problem["errors"][0]["pointer"], "#/ground");
    // Who may not.
    for role in Role::ALL.into_iter().filter(|role| *role != Role::Custodian) {
        let client = server.client(role, "someone", &["330000"]);
        let body = json!({ "data_subject": "p-7f3a", "ground": "unlawful", "statement": "x" });
        client.post("/v1/erasures", &body).await.problem(403, "role-forbidden");
    }
    open(&zhejiang, &event).await.problem(403, "role-forbidden");
    open(&server.client(Role::Operator, "ops", &[]), &event).await.problem(403, "role-forbidden");
    open(&server.province("440000"), &event).await.ok(201);
    let path = format!("/v1/events/{}/openings", event.sequence);
    let other = json!({ "data_subject": "p-9", "reason": "x" });
    custodian.post(&path, &other).await.problem(404, "not-found");
    custodian.post(&path, &json!({})).await.problem(422, "validation-error");
    custodian
        .post("/v1/events/0/openings", &json!({ "reason": "x" }))
        .await
        .problem(404, "not-found");
}
