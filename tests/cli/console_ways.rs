//! Ways through the console: from one day of change to the next, into the log at an instant, two events
//! side by side, keys, the picture of a measure; and that what lags is said.

use std::path::Path;
use std::time::Duration;

use docket::log::{EventLog as _, Expected, NewEvent, SqliteLog, StreamName};
use serde_json::Value;

use super::console::{Browser, token};
use super::support::{Server, demo_copy, docket};

#[test]
fn one_steps_from_day_of_change_to_day_of_change() {
    let folder = demo_copy();
    let server = Server::start(folder.path());
    let mut browser = Browser::new(&server.base);
    let auditor = token(folder.path(), "auditor");
    browser.sign_in(&auditor);
    let trail = browser.json(&auditor, "/v1/enrollments/cluster_area/futian/audit-trail");
    let days = trail["items"].as_array().unwrap().iter();
    let days: std::collections::BTreeSet<_> =
        days.map(|item| item["fold_day"].as_str().unwrap().to_owned()).collect();
    let link = |body: &str, rel: &str| {
        let part = body.split(&format!("<a rel=\"{rel}\" href=\"")).nth(1)?;
        Some(part.split('"').next().unwrap().replace("&amp;", "&"))
    };
    let (mut at, mut found) = ("/console/cluster_area/futian?lang=en".to_owned(), Vec::new());
    // Back from now to the first, each of them once.
    while let Some(before) = link(&browser.get(&at).body, "prev") {
        found.push(before.split("as_of=").nth(1).unwrap().split('&').next().unwrap().to_owned());
        at = before;
    }
    found.reverse();
    assert_eq!(found, days.iter().cloned().collect::<Vec<_>>());
    let first = browser.get(&at).body;
    assert!(first.contains("No change before"));
    let next = link(&first, "next").unwrap();
    assert!(next.contains(&format!("as_of={}", found[1])), "{next}");
}

#[test]
fn the_log_is_entered_at_an_instant() {
    let folder = demo_copy();
    let server = Server::start(folder.path());
    let mut browser = Browser::new(&server.base);
    let auditor = token(folder.path(), "auditor");
    browser.sign_in(&auditor);
    let event = browser.json(&auditor, "/v1/events/300");
    let at = event["recorded_at"].as_str().unwrap();
    let page = browser.get(&format!("/console/log?lang=en&recorded_from={at}")).body;
    let first = page.split("<tbody>").nth(1).unwrap().split("/console/log/").nth(1).unwrap();
    assert!(first.starts_with("300?"), "{first}");
    let wrong = browser.get("/console/log?lang=en&recorded_from=yesterday");
    assert_eq!(wrong.status, 400);
    assert!(wrong.body.contains("recorded_from"), "{}", wrong.body);
}

#[test]
fn a_correction_stands_beside_what_it_corrects_member_by_member() {
    let folder = demo_copy();
    let server = Server::start(folder.path());
    let mut browser = Browser::new(&server.base);
    let auditor = token(folder.path(), "auditor");
    browser.sign_in(&auditor);
    let events =
        browser.json(&auditor, "/v1/events?type=Corrected&stream=exercise_strong_province-x04");
    let correction = events["items"][0].clone();
    let number =
        |event: &Value| event["sequence"].as_str().unwrap().trim_start_matches('0').to_owned();
    let of = number(&correction);
    let corrects =
        correction["metadata"]["corrects"].as_str().unwrap().rsplit_once('#').unwrap().1.to_owned();
    let original = browser.json(&auditor, &format!("/v1/events/{corrects}"));
    let (was, is) =
        (&original["metadata"]["effective_on"], &correction["data"]["mended"]["effective_on"]);
    let (was, is) = (was.as_str().unwrap(), is.as_str().unwrap());
    assert_ne!(was, is);
    for page in [
        format!("/console/exercise_strong_province/x04/corrections/{of}?lang=en"),
        format!("/console/log/{}/beside?other={of}&lang=en", number(&original)),
    ] {
        let body = browser.get(&page).body;
        assert!(body.contains(&format!("<del>{was}</del>")), "{page}: {body}");
        assert!(body.contains(&format!("<ins>{is}</ins>")), "{page}");
        assert!(body.contains("the same"), "{page}");
    }
    assert_eq!(browser.get(&format!("/console/log/{of}/beside?other=999999")).status, 404);
}

#[test]
fn a_measure_is_drawn_as_the_interface_draws_it() {
    let folder = demo_copy();
    let server = Server::start(folder.path());
    let mut browser = Browser::new(&server.base);
    browser.sign_in(&token(folder.path(), "auditor"));
    for lang in ["en", "zh-CN"] {
        let page = browser.get(&format!("/console/measures/cluster_area/2014-40?lang={lang}")).body;
        let picture = page.split("<img class=\"graph\" src=\"").nth(1).unwrap();
        let picture = picture.split('"').next().unwrap().replace("&amp;", "&");
        let shown = browser.get(&picture);
        assert_eq!((shown.status, shown.header("content-type")), (200, "image/svg+xml"));
        let short = if lang == "en" { "en" } else { "zh" };
        let drawn = docket(&["measures", "draw", "cluster_area", "2014-40", "--lang", short]);
        assert_eq!(shown.body, drawn.done(), "{lang}");
    }
}

#[test]
fn keys_are_listed_and_off_until_they_are_turned_on() {
    let folder = demo_copy();
    let server = Server::start(folder.path());
    let mut browser = Browser::new(&server.base);
    browser.sign_in(&token(folder.path(), "auditor"));
    let page = browser.get("/console/keys?lang=en").body;
    assert!(page.contains("<button id=\"turn-keys\" type=\"button\" hidden"), "{page}");
    let script = page.split("<script src=\"").nth(1).unwrap().split('"').next().unwrap();
    let script = browser.get(script);
    assert_eq!(
        (script.status, script.header("content-type")),
        (200, "text/javascript; charset=utf-8")
    );
    assert!(script.body.len() <= 4096, "{}", script.body.len());
    // What it presses is there to be pressed.
    for found in ["data-key=\"w\"", "id=\"find\"", "id=\"as_of\"", "data-key=\"keys\""] {
        assert!(page.contains(found), "{found}");
    }
}

fn append_unknown(folder: &Path) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let log = SqliteLog::open_writer(folder.join("log.sqlite")).unwrap();
        let event = NewEvent {
            event_id: uuid::Uuid::from_u128(7),
            event_type: "NobodyKnows".to_owned(),
            recorded_at_us: 1_800_000_000_000_000,
            data: b"{}".to_vec().into(),
            metadata: b"{}".to_vec().into(),
        };
        let stream = StreamName::parse("exercise_cluster_area-nobody").unwrap();
        log.append(&stream, Expected::NoStream, vec![event]).await.unwrap();
        log.close().await;
    });
}

/// A stopped read model: its lists are said to be old, and pages of one record go on.
#[test]
fn what_stands_still_is_said_with_its_age() {
    let folder = demo_copy();
    let server = Server::start(folder.path());
    let mut browser = Browser::new(&server.base);
    let auditor = token(folder.path(), "auditor");
    browser.sign_in(&auditor);
    let lags = "Lists are as of event";
    let up = || browser.json(&auditor, "/health/ready")["read_models"]["behind_events"] == 0;
    let patience = std::time::Instant::now() + Duration::from_secs(60);
    while !up() {
        assert!(std::time::Instant::now() < patience, "the lists never came to the end");
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(!browser.get("/console/move?lang=en").body.contains(lags));
    assert_eq!(server.stop("INT").0, 0);
    // An event that nobody knows stops whoever reads it.
    append_unknown(folder.path());
    let server = Server::start(folder.path());
    let mut browser = Browser::new(&server.base);
    browser.sign_in(&token(folder.path(), "auditor"));
    let patience = std::time::Instant::now() + Duration::from_secs(60);
    let page = loop {
        let page = browser.get("/console/move?lang=en");
        if page.body.contains("They have stopped") {
            break page;
        }
        assert!(std::time::Instant::now() < patience, "it is not said: {}", page.body);
        std::thread::sleep(Duration::from_millis(100));
    };
    assert!(page.body.contains(lags) && page.body.contains("1 events behind"), "{}", page.body);
    assert_eq!(browser.get("/console/cluster_area/futian?lang=en").status, 200);
}
