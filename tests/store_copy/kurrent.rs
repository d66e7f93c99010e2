//! The real binary between an SQLite file and a KurrentDB.

use serde_json::{Value, json};

use super::standin::{Settings, StandIn};
use super::support::{demo, docket, text};

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
    runtime.block_on(async {
        let client = kurrentdb::Client::new(away.parse().unwrap()).unwrap();
        client.delete_stream("docket.cluster_area-futian", &Default::default()).await.unwrap();
    });
    let status = |subject: &str, log: &str| {
        run.docket(&["status", "cluster_area", subject, "--output", "json", "--log", log])
    };
    let exercise = ["status", "exercise_strong_province", "x01", "--output", "json", "--log"];
    let of_exercise = |log: &str| run.docket(&[&exercise[..], &[log]].concat()).json();
    assert_eq!(of_exercise(&away), of_exercise(&there));
    let lost = status("futian", &away);
    assert!(lost.code != 0 && lost.stderr.contains("完整性检查"), "{}", lost.stderr);
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
