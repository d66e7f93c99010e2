//! The data of persons, by the binary: sealed on the disk, held, erased, and everything proved as before.

use std::path::Path;

use docket::log::SqliteLog;
use serde_json::{Value, json};

use super::console::{Browser, hidden, token};
use super::support::{Ran, Server, demo_copy, docket, text};

const NAME: &str = "Example Contact (invented)";
const PHONE: &str = "000-00000000";

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

fn nothing_is_readable(folder: &Path) {
    for bytes in [NAME.as_bytes(), PHONE.as_bytes()] {
        assert_eq!(holding(folder, bytes), [""; 0]);
    }
}

fn key_of(folder: &Path) -> Vec<u8> {
    let file = rusqlite::Connection::open(folder.join("keys/persons.sqlite")).unwrap();
    let sql = "SELECT key FROM person_key WHERE data_subject = 'p-demo'";
    file.query_row(sql, [], |row| row.get(0)).unwrap()
}

/// The sequence of the event that names the person.
fn sequence_of(folder: &Path) -> u64 {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        use docket::log::EventLog as _;
        let log = SqliteLog::open_reader(folder.join("log.sqlite")).unwrap();
        let mut after = None;
        loop {
            let page = log.read_all(after, 500).await.unwrap();
            let named = |event: &&docket::log::RecordedEvent| {
                !docket::codec::persons_of(event).unwrap().is_empty()
            };
            if let Some(found) = page.events.iter().find(named) {
                return found.sequence;
            }
            assert!(!page.end, "no event names a person");
            after = page.next;
        }
    })
}

/// What an opening answers: its status and its body.
fn opened(server: &Server, folder: &Path, role: &str, event: u64) -> (u16, Value) {
    let args = ["token", "--role", role, "--office", "someone", "--data-dir", text(folder)];
    let token = docket(&args).done().trim().to_owned();
    let path = format!("{}/v1/events/{event}/openings", server.base);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let request = reqwest::Client::new().post(path).bearer_auth(token);
        let reply = request.json(&json!({ "reason": "a test" })).send().await.unwrap();
        (reply.status().as_u16(), reply.json().await.unwrap())
    })
}

fn hold(words: &[&str], folder: &Path) -> Ran {
    docket(&[&["hold"], words, &["--data-dir", text(folder)]].concat())
}

fn erase(who: &str, folder: &Path) -> Ran {
    let folder = text(folder);
    let said = ["--ground", "retention_over", "--statement", "schedule 3"];
    docket(&[&["erase", "p-demo"], &said[..], &["--as", who, "--data-dir", folder]].concat())
}

#[test]
fn what_is_erased_on_a_served_folder_is_gone_and_all_is_proved_as_before() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let data = demo_copy();
    let folder = data.path();
    let event = sequence_of(folder);
    let key = key_of(folder);
    assert_eq!(holding(folder, &key), ["persons.sqlite"]);
    nothing_is_readable(folder);
    let made = |to: &str| {
        let to = folder.join(to);
        let enrollment = "exercise_cluster_area/exercise_a";
        let args = ["evidence", "create", "--enrollment", enrollment, "--to", text(&to)];
        docket(&[&args[..], &["--data-dir", text(folder)]].concat()).done();
        to
    };
    let server = Server::start(folder);
    let (status, body) = opened(&server, folder, "auditor", event);
    assert_eq!((status, &body["persons"][0]["details"]["name"]), (201, &json!(NAME)), "{body}");
    let (before, export) = (made("before.zip"), folder.join("export"));
    let all = ["export", "--all", "--out-dir", text(&export), "--data-dir", text(folder)];
    docket(&all).done();

    hold(&["place", "p-demo", "--reason", "case 17", "--as", "one"], folder).done();
    erase("two", folder).refused(4, &["p-demo@0", "legal hold"]);
    let lift = ["lift", "p-demo@0", "--reason", "over", "--as"];
    hold(&[&lift[..], &["one"]].concat(), folder).refused(6, &["another person"]);
    let shown = hold(&["show", "p-demo", "--lang", "en"], folder).done();
    assert!(shown.contains("HELD") && shown.contains("case 17"), "{shown}");
    hold(&[&lift[..], &["two"]].concat(), folder).done();
    erase("two", folder).done();
    assert_eq!(holding(folder, &key), [""; 0]);
    let (status, body) = opened(&server, folder, "auditor", event);
    assert_eq!((status, &body["code"]), (409, &json!("DATA_SUBJECT_ERASED")), "{body}");
    erase("two", folder).refused(4, &["erased"]);
    assert_eq!(server.stop("TERM").0, 0);

    let after = made("after.zip");
    nothing_is_readable(folder);
    assert_eq!(holding(folder, &key), [""; 0]);
    docket(&["verify", "--data-dir", text(folder)]).done();
    for bundle in [&before, &after] {
        docket(&["verify", text(bundle)]).done();
    }
    let rebuilt = docket(&["rebuild", "--data-dir", text(folder)]).done();
    assert!(!rebuilt.contains(NAME));
}

/// What a crash between the record and the key would leave, and an older copy of the key store brings back.
#[test]
fn a_key_that_comes_back_opens_nothing_and_goes_again() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let data = demo_copy();
    let folder = data.path();
    let (event, key) = (sequence_of(folder), key_of(folder));
    let store = folder.join("keys/persons.sqlite");
    let older = std::fs::read(&store).unwrap();
    erase("one", folder).done();
    let backup = folder.join("backup");
    let said =
        ["store", "backup", "--with-keys", "--to", text(&backup), "--data-dir", text(folder)];
    let said = docket(&said).done();
    assert!(said.contains("not copied: an erasure must reach every copy"), "{said}");
    assert!(!backup.join("keys/persons.sqlite").exists());
    std::fs::write(&store, &older).unwrap();
    assert_eq!(holding(folder, &key), ["persons.sqlite"]);
    let server = Server::start(folder);
    let (status, body) = opened(&server, folder, "custodian", event);
    assert_eq!((status, &body["code"]), (409, &json!("DATA_SUBJECT_ERASED")), "{body}");
    assert_eq!(holding(folder, &key), [""; 0]);
    assert_eq!(server.stop("TERM").0, 0);
    std::fs::write(&store, older).unwrap();
    erase("one", folder).refused(4, &["erased"]);
    assert_eq!(holding(folder, &key), [""; 0]);
}

#[test]
fn what_is_asked_wrongly_is_said() {
    let data = demo_copy();
    let folder = text(data.path());
    let asked = |words: &[&str]| docket(&[words, &["--data-dir", folder]].concat());
    let ground = ["--ground", "boredom", "--statement", "x", "--as", "one"];
    asked(&[&["erase", "p-demo"], &ground[..]].concat()).refused(2, &["consent_withdrawn"]);
    let ground = ["--ground", "unlawful", "--statement", " ", "--as", "one"];
    asked(&[&["erase", "p-demo"], &ground[..]].concat()).refused(2, &["blank"]);
    let ground = ["--ground", "unlawful", "--statement", "x", "--as", "one"];
    asked(&[&["erase", "p-nobody"], &ground[..]].concat()).refused(5, &["p-nobody"]);
    asked(&[&["erase", "13800138000"], &ground[..]].concat()).refused(2, &["opaque"]);
    asked(&["hold", "lift", "p-demo", "--reason", "x", "--as", "one"]).refused(2, &["p-7f3a@0"]);
    asked(&["hold", "lift", "p-demo@4", "--reason", "x", "--as", "one"]).refused(5, &["p-demo@4"]);
    asked(&["hold", "place", "p-demo", "--reason", "x"]).refused(2, &["--as"]);
}

/// Persons are typed as JSON; what was typed goes into no cache, and what is recorded is sealed.
#[test]
fn a_person_is_named_in_the_console_and_shown_as_sealed() {
    let folder = demo_copy();
    let server = Server::start(folder.path());
    let mut browser = Browser::new(&server.base);
    browser.sign_in(&token(folder.path(), "national_office"));
    let at = "/console/exercise_cluster_area/exercise_a/acts/new?lang=en";
    let shown = browser.get(&format!("{at}&act=inspect")).body;
    let (key, on) = (hidden(&shown, "key").to_owned(), hidden(&shown, "revision").to_owned());
    let send = |step: &str, persons: &str| {
        let form = [
            ("act", "inspect"),
            ("revision", &*on),
            ("key", &*key),
            ("effective_on", "2026-11-30"),
            ("findings", "All in order"),
            ("persons", persons),
            ("step", step),
        ];
        browser.post(at, &form, &[("sec-fetch-site", "same-origin")])
    };
    let nameless = send("check", r#"[{"data_subject": "p-1", "role": "contact"}]"#);
    assert!(nameless.body.contains("class=\"field wrong\""), "{}", nameless.body);
    assert_eq!(nameless.header("cache-control"), "no-store");
    let persons = r#"[{"data_subject": "p-1", "role": "contact", "name": "Example Person"}]"#;
    assert!(send("check", persons).body.contains("This will be recorded"));
    assert_eq!(send("record", persons).status, 303);
    let auditor = token(folder.path(), "auditor");
    let events = browser.json(&auditor, "/v1/events?type=Inspected&limit=1000");
    let newest = events["items"].as_array().unwrap().last().unwrap();
    let number = newest["sequence"].as_str().unwrap().trim_start_matches('0');
    let shown = browser.get(&format!("/console/log/{number}?lang=en")).body;
    assert!(shown.contains("contact <code>p-1</code>") && shown.contains("(sealed)"), "{shown}");
    assert!(!shown.contains("Example Person"));
}
