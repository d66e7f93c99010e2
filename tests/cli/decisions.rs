//! What stops recording until a person decides: a clock that nobody confirmed, a log that is shorter than
//! what is known of it; and the two commands that record the decision.

use std::fs;
use std::path::Path;

use docket::app::clock::FixedClock;
use docket::app::decisions::LogBook;
use docket::domain::date::Timestamp;
use docket::log::{EventLog as _, SqliteLog};
use serde_json::{Value, json};

use crate::support::{Server, command, demo_copy, docket, text};

pub(super) fn serve(folder: &Path) -> Server {
    serve_with(folder, "clerk.enabled=false")
}

fn serve_with(folder: &Path, setting: &str) -> Server {
    let args = ["serve", "--listen", "127.0.0.1:0", "--data-dir", text(folder)];
    Server::spawn(command(&args).args(["--set", setting]))
}

fn token(folder: &Path, role: &str) -> String {
    let args = ["token", "--role", role, "--office", "office", "--data-dir", text(folder)];
    docket(&args).done().trim().to_owned()
}

pub(super) struct Asked {
    pub status: u16,
    pub retry_after: Option<String>,
    pub body: Value,
}

fn ask(request: reqwest::RequestBuilder) -> Asked {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let reply = request.header("accept-language", "en").send().await.unwrap();
        let retry_after = reply.headers().get("retry-after");
        let retry_after = retry_after.map(|value| value.to_str().unwrap().to_owned());
        let status = reply.status().as_u16();
        let text = reply.text().await.unwrap();
        Asked { status, retry_after, body: serde_json::from_str(&text).unwrap_or(Value::Null) }
    })
}

pub(super) fn note(server: &Server, folder: &Path, subject: &str, key: &str, text: &str) -> Asked {
    let path = format!("{}/v1/enrollments/exercise_strong_province/{subject}/acts", server.base);
    let body = json!({ "act": "note", "effective_on": "2024-03-01", "text": text });
    let request = reqwest::Client::new().post(path).bearer_auth(token(folder, "registrar"));
    ask(request.header("idempotency-key", key).header("if-match", "*").json(&body))
}

pub(super) fn get(server: &Server, folder: &Path, path: &str) -> Asked {
    let url = format!("{}{path}", server.base);
    ask(reqwest::Client::new().get(url).bearer_auth(token(folder, "auditor")))
}

pub(super) fn head(folder: &Path) -> u64 {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let log = SqliteLog::open_reader(folder.join("log.sqlite")).unwrap();
        let head = log.head().await.unwrap().unwrap();
        log.close().await;
        head
    })
}

fn log_command(folder: &Path, what: &str, more: &[&str]) -> crate::support::Ran {
    let args = ["log", what, "--data-dir", text(folder)];
    crate::support::run(command(&args).args(more))
}

/// An event that a wrong clock dated.
fn record_in_the_future(folder: &Path) {
    let future = Timestamp::parse_rfc3339("2099-01-01T00:00:00Z").unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let log = SqliteLog::open_writer(folder.join("log.sqlite")).unwrap();
        let book = LogBook::read(&log).await.unwrap().unwrap();
        book.confirm_clock(&log, &FixedClock::at(future), future).await.unwrap();
        log.close().await;
    });
}

/// One start with the clock ten years ahead recorded 90 lapses that nothing could correct.
#[test]
fn far_ahead_nothing_is_recorded_until_a_person_confirms_the_clock() {
    let folder = demo_copy();
    let before = head(folder.path());
    fs::write(folder.path().join("clock"), "unconfirmed 2016-03-01T00:00:00Z\n").unwrap();
    let server = serve_with(folder.path(), "clerk.interval_s=1");
    let refused = note(&server, folder.path(), "x22", "k", "it waits");
    assert_eq!((refused.status, refused.retry_after), (503, None), "{}", refused.body);
    assert_eq!(refused.body["code"], "RECORDING_STOPPED");
    assert_eq!(refused.body["reason"], "CLOCK_UNCONFIRMED");
    let read = get(&server, folder.path(), "/v1/enrollments/exercise_strong_province/x22");
    assert_eq!(read.status, 200);
    // The clerk looks every second.
    std::thread::sleep(std::time::Duration::from_secs(3));
    log_command(folder.path(), "confirm-clock", &[]).refused(4, &["open for writing"]);
    assert_eq!(server.stop("TERM").0, 0);
    assert_eq!(head(folder.path()), before, "nobody recorded anything");

    let shown = log_command(folder.path(), "confirm-clock", &["--dry-run"]).done();
    assert!(shown.contains("days ahead"), "{shown}");
    assert_eq!(head(folder.path()), before);
    let said = log_command(folder.path(), "confirm-clock", &[]).done();
    assert!(said.contains(&format!("event {}", before + 1)), "{said}");
    let again = log_command(folder.path(), "confirm-clock", &[]).done();
    assert!(again.contains("nothing is to be confirmed"), "{again}");
    let server = serve(folder.path());
    let noted = note(&server, folder.path(), "x22", "k", "it waits");
    assert_eq!(noted.status, 201, "{}", noted.body);
}

/// With the clock right again the server did not start until 2036.
#[test]
fn behind_an_event_of_the_future_the_server_reads_and_a_person_can_go_on() {
    let folder = demo_copy();
    record_in_the_future(folder.path());
    let server = serve(folder.path());
    let refused = note(&server, folder.path(), "x22", "k", "it waits");
    assert_eq!(refused.status, 503, "{}", refused.body);
    assert_eq!(refused.body["code"], "CLOCK_UNRELIABLE");
    assert!(refused.retry_after.is_some());
    assert_eq!(server.stop("TERM").0, 0);
    let said = log_command(folder.path(), "confirm-clock", &[]).done();
    assert!(said.contains("Recorded as event"), "{said}");
    let server = serve(folder.path());
    assert_eq!(note(&server, folder.path(), "x22", "k", "it waits").status, 201);
}

/// An older copy of the log was put back, and numbers that were given out once were given out again.
#[test]
fn a_log_that_is_shorter_than_what_is_known_is_not_written_on_until_a_person_accepts_the_loss() {
    let folder = demo_copy();
    let log = folder.path().join("log.sqlite");
    let kept = head(folder.path());
    fs::copy(&log, folder.path().join("copy")).unwrap();
    let server = serve(folder.path());
    for number in 1..=3 {
        let noted = note(&server, folder.path(), "x21", &format!("b{number}"), "lost");
        assert_eq!(noted.status, 201, "{}", noted.body);
    }
    until_models_have(&server, kept + 3);
    assert_eq!(server.stop("TERM").0, 0);
    let known = head(folder.path());
    assert_eq!(known, kept + 3);
    fs::copy(folder.path().join("copy"), &log).unwrap();

    let server = serve(folder.path());
    let refused = note(&server, folder.path(), "x20", "c1", "goes on");
    assert_eq!((refused.status, refused.retry_after), (503, None), "{}", refused.body);
    assert_eq!(refused.body["code"], "RECORDING_STOPPED");
    assert_eq!(refused.body["log_sequence"], format!("{kept:020}"));
    assert_eq!(refused.body["known_sequence"], format!("{known:020}"));
    let read = get(&server, folder.path(), "/v1/enrollments/exercise_strong_province/x21");
    assert_eq!(read.status, 200);
    let ahead = get(&server, folder.path(), &format!("/v1/events?after={known}"));
    assert_eq!(ahead.body["code"], "CURSOR_INVALID");
    assert_eq!(server.stop("TERM").0, 0);
    assert_eq!(head(folder.path()), kept, "nobody recorded anything");

    let said = log_command(folder.path(), "accept-loss", &["--reason", "the disk"]).done();
    assert!(said.contains(&format!("event {}", kept + 1)), "{said}");
    let again = log_command(folder.path(), "accept-loss", &[]).done();
    assert!(again.contains("Nothing is missing"), "{again}");
    let server = serve(folder.path());
    for number in 1..=4 {
        let noted = note(&server, folder.path(), "x20", &format!("c{number}"), "goes on");
        assert_eq!(noted.status, 201, "{}", noted.body);
    }
    until_models_have(&server, kept + 5);
    feed_after_a_loss(&server, folder.path(), kept, known);
}

/// Also a webhook endpoint knows how far the log was. Once the loss is accepted it is told what took
/// the place of what was lost.
#[test]
fn a_webhook_endpoint_knows_how_far_the_log_was_and_is_told_what_comes_instead() {
    let folder = demo_copy();
    let log = folder.path().join("log.sqlite");
    let kept = head(folder.path());
    fs::copy(&log, folder.path().join("copy")).unwrap();
    let server = serve(folder.path());
    let path = format!("{}/v1/webhook-endpoints", server.base);
    let made = reqwest::Client::new().post(path).bearer_auth(token(folder.path(), "operator"));
    let made = ask(made.json(&json!({ "url": "https://receiver.example/" })));
    let id = made.body["endpoint"]["id"].as_str().unwrap().to_owned();
    for number in 1..=3 {
        let noted = note(&server, folder.path(), "x21", &format!("b{number}"), "lost");
        assert_eq!(noted.status, 201, "{}", noted.body);
    }
    until_endpoint_waits_with(&server, folder.path(), &id, &[kept + 1, kept + 2, kept + 3]);
    assert_eq!(server.stop("TERM").0, 0);
    fs::copy(folder.path().join("copy"), &log).unwrap();
    // Nothing else knows.
    fs::remove_dir_all(folder.path().join("read-models")).unwrap();

    let server = serve(folder.path());
    let refused = note(&server, folder.path(), "x20", "c1", "goes on");
    assert_eq!(refused.body["code"], "RECORDING_STOPPED", "{}", refused.body);
    assert_eq!(refused.body["known_sequence"], format!("{:020}", kept + 3));
    assert_eq!(server.stop("TERM").0, 0);
    log_command(folder.path(), "accept-loss", &[]).done();
    let server = serve(folder.path());
    let noted = note(&server, folder.path(), "x20", "c1", "goes on");
    assert_eq!(noted.status, 201, "{}", noted.body);
    until_endpoint_waits_with(&server, folder.path(), &id, &[kept + 1, kept + 2]);
}

fn until_endpoint_waits_with(server: &Server, folder: &Path, id: &str, sequences: &[u64]) {
    let wanted: Vec<String> = sequences.iter().rev().map(|n| format!("{n:020}")).collect();
    let url = format!("{}/v1/webhook-endpoints/{id}/deliveries", server.base);
    let operator = token(folder, "operator");
    let mut listed = Value::Null;
    for _ in 0..300 {
        listed = ask(reqwest::Client::new().get(&url).bearer_auth(&operator)).body;
        let items = listed["items"].as_array().unwrap().iter();
        if items.map(|item| item["sequence"].as_str().unwrap()).eq(wanted.iter()) {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    panic!("it never waits with {wanted:?}: {listed}");
}

/// What was recorded after an accepted loss can be lost too, in the same range; and a log that holds other
/// events than what is known is no better than a shorter one.
#[test]
fn a_loss_that_was_accepted_excuses_no_other() {
    let folder = demo_copy();
    let log = folder.path().join("log.sqlite");
    let kept = head(folder.path());
    let keep = |name: &str| fs::copy(&log, folder.path().join(name)).unwrap();
    let put_back = |name: &str| fs::copy(folder.path().join(name), &log).unwrap();
    let record = |key: &str, times: u64| {
        let server = serve(folder.path());
        let before = head(folder.path());
        for number in 0..times {
            let noted = note(&server, folder.path(), "x21", &format!("{key}{number}"), key);
            assert_eq!(noted.status, 201, "{}", noted.body);
        }
        until_models_have(&server, before + times);
        assert_eq!(server.stop("TERM").0, 0);
    };
    keep("first");
    record("a", 8);
    put_back("first");
    log_command(folder.path(), "accept-loss", &[]).done();
    keep("second");
    record("b", 3);
    put_back("second");
    let server = serve(folder.path());
    let refused = note(&server, folder.path(), "x20", "c", "goes on");
    assert_eq!(refused.body["reason"], "LOG_SHORTER", "{}", refused.body);
    assert_eq!(refused.body["known_sequence"], format!("{:020}", kept + 4));
    let list = get(&server, folder.path(), "/v1/enrollments?exercise=true&limit=1");
    assert_eq!(list.status, 200, "lists are as they were: {}", list.body);
    assert_eq!(server.stop("TERM").0, 0);
    log_command(folder.path(), "accept-loss", &[]).done();
    record("d", 1);
    assert_eq!(head(folder.path()), kept + 3);

    // As long as before, and another.
    keep("mine");
    fs::rename(folder.path().join("read-models"), folder.path().join("known")).unwrap();
    // A checkpoint would have stopped that.
    fs::remove_dir_all(folder.path().join("ledger")).unwrap();
    put_back("second");
    record("e", 4);
    fs::remove_dir_all(folder.path().join("read-models")).unwrap();
    fs::rename(folder.path().join("known"), folder.path().join("read-models")).unwrap();
    let server = serve(folder.path());
    let refused = note(&server, folder.path(), "x20", "f", "goes on");
    assert_eq!((refused.status, &refused.body["reason"]), (503, &json!("LOG_PARTED")));
}

/// A restored backup has nothing beside it that knows how far the log was; a person may.
#[test]
fn a_person_can_say_how_far_a_log_was() {
    let folder = demo_copy();
    let kept = head(folder.path());
    let not_lost = log_command(folder.path(), "accept-loss", &["--old-head", "9"]).done();
    assert!(not_lost.contains("Nothing is missing"), "{not_lost}");
    let known = (kept + 5).to_string();
    let said = log_command(folder.path(), "accept-loss", &["--old-head", &known]).done();
    assert!(said.contains(&format!("event {}", kept + 1)), "{said}");
    let server = serve(folder.path());
    let inside = get(&server, folder.path(), &format!("/v1/events?after={}", kept + 3));
    assert_eq!(inside.body["code"], "CURSOR_INVALID", "{}", inside.body);
    assert_eq!(note(&server, folder.path(), "x22", "k", "goes on").status, 201);
}

/// Known time stays the running maximum also after a confirmation.
#[test]
fn nothing_is_known_before_an_event_of_the_future_that_came_before_it() {
    let folder = demo_copy();
    let before = head(folder.path());
    record_in_the_future(folder.path());
    log_command(folder.path(), "confirm-clock", &[]).done();
    let server = serve(folder.path());
    assert_eq!(note(&server, folder.path(), "x22", "k", "later").status, 201);
    let known_at = "known_at=2098-01-01T00:00:00Z";
    let one = format!("/v1/enrollments/exercise_strong_province/x22?{known_at}");
    let shown = get(&server, folder.path(), &one);
    assert_eq!(shown.body["known_to_sequence"], format!("{before:020}"), "{}", shown.body);
}

/// A reader inside the range that was lost goes on only by the id of the event that it has there.
fn feed_after_a_loss(server: &Server, folder: &Path, kept: u64, known: u64) {
    for inside in [kept + 1, known] {
        let answer = get(server, folder, &format!("/v1/events?after={inside}"));
        assert_eq!((answer.status, &answer.body["code"]), (400, &json!("CURSOR_INVALID")));
        let detail = answer.body["detail"].as_str().unwrap();
        let range = format!("{:020} to {known:020}", kept + 1);
        assert!(detail.contains(&range), "{detail}");
    }
    let after = get(server, folder, &format!("/v1/events?after={known}&limit=10"));
    assert_eq!(after.status, 400);
    // Who has an event that is lost asks by its id.
    let (lost, range) = (uuid::Uuid::from_u128(7), format!("{:020} to {known:020}", kept + 1));
    let after = get(server, folder, &format!("/v1/events?after={lost}"));
    assert_eq!((after.status, &after.body["code"]), (400, &json!("CURSOR_INVALID")));
    let event = get(server, folder, &format!("/v1/events/{lost}"));
    assert_eq!((event.status, &event.body["code"]), (404, &json!("NOT_FOUND")));
    for body in [after.body, event.body] {
        let detail = body["detail"].as_str().unwrap();
        let remedy = format!("begin before {:020}", kept + 1);
        assert!(detail.contains(&range) && detail.contains(&remedy), "{detail}");
    }
    let mut path = format!("/v1/events?after={kept}&limit=1");
    let mut types = Vec::new();
    loop {
        let page = get(server, folder, &path);
        assert_eq!(page.status, 200, "{}", page.body);
        for item in page.body["items"].as_array().unwrap() {
            types.push(item["type"].as_str().unwrap().to_owned());
        }
        let Some(next) = page.body["next"].as_str() else { break };
        path = next.split_once("/v1/").map(|(_, rest)| format!("/v1/{rest}")).unwrap();
    }
    assert_eq!(types, ["LossAccepted", "Noted", "Noted", "Noted", "Noted"]);
}

fn until_models_have(server: &Server, sequence: u64) {
    let wanted = format!("{sequence:020}");
    for _ in 0..300 {
        let ready = ask(reqwest::Client::new().get(format!("{}/health/ready", server.base)));
        let there = ready.body["read_models"]["sequence"].as_str().unwrap_or_default().to_owned();
        if there >= wanted && ready.body["read_models"]["status"] == "UP" {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    panic!("the read models do not reach {wanted}");
}
