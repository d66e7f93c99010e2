//! The real binary between an SQLite file and a KurrentDB.

use serde_json::{Value, json};

use super::binary::Client;
use super::standin::{Settings, StandIn};
use super::support::{Server, command, copy, demo, demo_copy, docket, text};

struct Run<'a> {
    folder: &'a tempfile::TempDir,
}

impl Run<'_> {
    fn docket(&self, args: &[&str]) -> super::support::Ran {
        let folder = ["--data-dir", text(self.folder.path())];
        docket(&[args, &folder].concat())
    }

    fn store(&self, what: &str, from: &str, to: &str) -> Value {
        self.docket(&["store", what, "--from", from, "--to", to, "--output", "json"]).json()
    }
}

#[test]
fn a_log_moves_to_a_kurrentdb_and_back_with_the_same_root() {
    let server = StandIn::start(Settings::default());
    let folder = tempfile::tempdir().unwrap();
    let run = Run { folder: &folder };
    let there = format!("sqlite:{}", text(&demo().join("log.sqlite")));
    let (away, back) =
        (server.address(), format!("sqlite:{}", text(&folder.path().join("back.sqlite"))));
    let copied = run.store("copy", &there, &away);
    assert_eq!(copied["from"]["root"], copied["to"]["root"]);
    assert_eq!(run.store("copy", &there, &away)["copied"], 0);
    let returned = run.store("copy", &away, &back);
    assert_eq!(
        (&returned["to"]["root"], &returned["copied"]),
        (&copied["from"]["root"], &copied["copied"])
    );
    for (from, to) in [(&there, &away), (&away, &back), (&there, &back)] {
        let compared = run.store("compare", from, to);
        assert_eq!(
            (&compared["equal"], &compared["to"]["root"]),
            (&json!(true), &copied["to"]["root"])
        );
    }
    // What is proved is the same, and what is decided again; the editions lie in the folder.
    copy(&demo().join("documents"), &folder.path().join("documents"));
    let verified = |log: &str| run.docket(&["verify", log, "--lawful", "--output", "json"]).json();
    let (far, near) = (verified(&away), verified(&there));
    for what in ["events", "root", "findings", "law"] {
        assert_eq!(far[what], near[what], "{what}");
        assert!(!near[what].is_null(), "{what} of {near}");
    }
    // What is said of the record is the same.
    let status = |log: &str| {
        let args = ["status", "cluster_area", "futian", "--output", "json", "--log", log];
        run.docket(&args).json()
    };
    assert_eq!(status(&away), status(&there));
}

/// An administrator deleted the stream of one enrollment: the others are read, this one says what
/// happened, and the whole log is taken along as long as no scavenge has run.
#[test]
fn a_log_with_a_deleted_stream_is_read_and_copied() {
    let server = StandIn::start(Settings::default());
    let folder = tempfile::tempdir().unwrap();
    let run = Run { folder: &folder };
    let there = format!("sqlite:{}", text(&demo().join("log.sqlite")));
    let (away, back) =
        (server.address(), format!("sqlite:{}", text(&folder.path().join("back.sqlite"))));
    let copied = run.store("copy", &there, &away);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(delete(&away, "docket.cluster_area-futian"));
    let status = |subject: &str, log: &str| {
        run.docket(&["status", "cluster_area", subject, "--output", "json", "--log", log])
    };
    let exercise = ["status", "exercise_strong_province", "x01", "--output", "json", "--log"];
    let of_exercise = |log: &str| run.docket(&[&exercise[..], &[log]].concat()).json();
    assert_eq!(of_exercise(&away), of_exercise(&there));
    let lost = status("futian", &away);
    assert!(lost.code != 0 && lost.stderr.contains("integrity check"), "{}", lost.stderr);
    let returned = run.store("copy", &away, &back);
    assert_eq!(returned["to"]["root"], copied["from"]["root"]);
    // Without it, if a person says so; that is said once.
    let decide = |more: &[&str]| {
        let command = ["log", "accept-loss", "--log", &away, "--reason", "no backup"];
        run.docket(&[&command[..], more].concat())
    };
    assert!(decide(&["--dry-run"]).done().contains("cluster_area-futian"));
    assert!(decide(&[]).done().contains("Recorded as event"));
    assert!(decide(&[]).done().contains("Nothing is missing"));
    of_exercise(&away);
    assert_ne!(status("futian", &away).code, 0);
}

async fn delete(address: &str, stream: &str) {
    let client = kurrentdb::Client::new(address.parse().unwrap()).unwrap();
    client.delete_stream(stream, &Default::default()).await.unwrap();
}

/// Such a log is served for reading, and every act says what stopped recording, until a person decides;
/// then the others go on.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_with_a_deleted_stream_is_served_until_a_person_decides() {
    let store = StandIn::start(Settings::default());
    let (away, folder) = (store.address(), demo_copy());
    let place = ["--data-dir", text(folder.path()), "--log", &away];
    let from = format!("sqlite:{}", text(&folder.path().join("log.sqlite")));
    docket(&["store", "copy", "--from", &from, "--to", &away, "--data-dir", place[1]]).done();
    delete(&away, "docket.high_quality_cluster_area-caohejing").await;
    let serve = [&["serve", "--listen", "127.0.0.1:0"], &place[..]].concat();
    let read = async |client: &Client, of: &str| {
        let url = format!("{}/v1/enrollments/{of}", client.base);
        let answer = client.http.get(url).bearer_auth(&client.token).send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    for is_decided in [false, true] {
        let server = Server::spawn(&mut command(&serve));
        let client = Client::of(folder.path(), &server);
        assert_eq!(read(&client, "cluster_area/futian").await.0, 200);
        let lost = read(&client, "high_quality_cluster_area/caohejing").await.1;
        assert_eq!(lost["code"], "LOG_INTEGRITY_FAILURE", "{lost}");
        let (status, retry, body) = client.note("futian", "after the loss").await;
        if is_decided {
            assert_eq!(status, 201, "{body}");
        } else {
            assert_eq!((status, &body["code"]), (503, &json!("RECORDING_STOPPED")), "{body}");
            assert_eq!((retry, &body["reason"]), (None, &json!("LOG_HOLE")));
            let detail = body["detail_en"].as_str().or(body["detail"].as_str()).unwrap();
            assert!(detail.contains("high_quality_cluster_area-caohejing"), "{body}");
        }
        assert_eq!(server.stop("TERM").0, 0);
        if !is_decided {
            docket(&[&["log", "accept-loss", "--reason", "no backup"], &place[..]].concat()).done();
        }
    }
}
