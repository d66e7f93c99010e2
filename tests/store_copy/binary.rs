//! The real binary: copied, compared, damaged, and switched under a server that takes acts.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, ChildStderr, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::oneshot;

use super::support::{Server, command, demo, demo_copy, docket, text};
use crate::tamper::tamper;

fn log_of(folder: &Path) -> String {
    format!("sqlite:{}", text(&folder.join("log.sqlite")))
}

fn copy(from: &str, to: &str) -> Value {
    docket(&["store", "copy", "--from", from, "--to", to, "--output", "json"]).json()
}

fn raw(folder: &Path) -> rusqlite::Connection {
    rusqlite::Connection::open(folder.join("log.sqlite")).unwrap()
}

#[test]
fn a_log_is_copied_compared_and_its_first_difference_named() {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (log_of(demo()), log_of(&folder.path().join("made")));
    let copied = copy(&from, &to);
    assert_eq!(
        (&copied["from"]["root"], &copied["from"]["events"]),
        (&copied["to"]["root"], &copied["to"]["events"])
    );
    assert_eq!((&copied["copied"], &copied["switched"]), (&copied["to"]["events"], &json!(false)));
    assert_eq!(copy(&from, &to)["copied"], 0);
    let compare = ["store", "compare", "--from", &from, "--to", &to];
    let said = docket(&compare).done();
    let root = copied["to"]["root"].as_str().unwrap();
    assert_eq!(said.matches(root).count(), 2, "{said}");
    assert!(said.ends_with("equal\n"), "{said}");

    tamper(
        &folder.path().join("made").join("log.sqlite"),
        "UPDATE event SET recorded_at = recorded_at + 1 WHERE sequence = 99;
         UPDATE event SET type = 'Other' WHERE sequence = 120",
    );
    let differs = docket(&compare);
    assert_eq!(differs.code, 7, "{}", differs.stderr);
    assert!(
        differs.stderr.contains("sequence 99 (") && differs.stderr.contains("recorded_at is 20"),
        "{}",
        differs.stderr
    );
    assert!(!differs.stdout.contains("equal"), "{}", differs.stdout);
    let json = docket(&["store", "compare", "--from", &from, "--to", &to, "--output", "json"]);
    assert_eq!(json.code, 7);
    let json: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(json["first_difference"]["sequence"], "00000000000000000099");
    assert_eq!(json["first_difference"]["fields"][0]["name"], "recorded_at");
    assert_eq!((&json["equal"], &json["from"]["root"]), (&json!(false), &json!(root)));
    // Nor is anything copied to it.
    docket(&["store", "copy", "--from", &from, "--to", &to])
        .refused(7, &["is no copy", "sequence 99 ("]);
}

#[test]
fn what_can_not_be_copied_is_said_before_anything_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let (there, nowhere) = (log_of(demo()), log_of(folder.path()));
    let copy = |from: &str, to: &str| docket(&["store", "copy", "--from", from, "--to", to]);
    copy(&there, &there).refused(2, &["same log"]);
    copy(&there, "mysql://x").refused(2, &["--to", "not an address"]);
    copy(&nowhere, &log_of(&folder.path().join("new"))).refused(5, &["there is no log at"]);
    assert!(!folder.path().join("new").exists());
    let max = ["store", "copy", "--from", &there, "--to", &nowhere, "--max-pause-s", "3"];
    docket(&max).refused(2, &["--switch"]);
    // Another log's file, and one that is served.
    let other = tempfile::tempdir().unwrap();
    let server = Server::start(other.path());
    copy(&there, &log_of(other.path())).refused(4, &["open for writing in another process"]);
    assert_eq!(server.stop("TERM").0, 0);
    copy(&there, &log_of(other.path()))
        .refused(7, &["another log", "sequence 0 (log, revision 0)"]);
}

fn token(folder: &Path, role: &str) -> String {
    let args = ["token", "--data-dir", text(folder), "--role", role, "--office", "archive"];
    docket(&args).done().trim().to_owned()
}

/// A client of a server's.
#[derive(Clone)]
pub struct Client {
    pub http: reqwest::Client,
    pub base: String,
    pub token: String,
}

impl Client {
    pub fn of(folder: &Path, server: &Server) -> Self {
        // An error says that it is installed.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::new();
        Self { http, base: server.base.clone(), token: token(folder, "registrar") }
    }

    /// Records a note; the status, `Retry-After`, and the body.
    pub async fn note(&self, subject: &str, key: &str) -> (u16, Option<String>, Value) {
        let url = format!("{}/v1/enrollments/cluster_area/{subject}/acts", self.base);
        let note = json!({"act": "note", "effective_on": "2020-01-02", "text": key});
        let request = self.http.post(url).bearer_auth(&self.token).header("if-match", "*");
        let answer = request.header("idempotency-key", key).json(&note).send().await.unwrap();
        let retry = answer.headers().get("retry-after");
        let retry = retry.map(|value| value.to_str().unwrap().to_owned());
        (answer.status().as_u16(), retry, answer.json().await.unwrap())
    }

    /// Records notes until writes are stopped; the events acknowledged, and the refusal. Says
    /// when the first is.
    async fn notes_until_refused(
        self,
        subject: &'static str,
        first: oneshot::Sender<()>,
    ) -> (Vec<Value>, Value) {
        let mut acknowledged = Vec::new();
        let mut first = Some(first);
        loop {
            let key = format!("{subject} {}", acknowledged.len());
            let (status, retry, body) = self.note(subject, &key).await;
            match status {
                201 => {
                    acknowledged.push(body["events"][0].clone());
                    if let Some(first) = first.take() {
                        first.send(()).unwrap();
                    }
                }
                503 => {
                    assert_eq!(retry.as_deref(), Some("5"));
                    return (acknowledged, body);
                }
                _ => panic!("{status}: {body}"),
            }
        }
    }
}

/// The statuses as the record has them.
fn statuses(folder: &Path, log: &str) -> Vec<Value> {
    let ask = |subject: &&str| {
        docket(&[
            "status",
            "cluster_area",
            subject,
            "--data-dir",
            text(folder),
            "--log",
            log,
            "--output",
            "json",
        ])
        .json()
    };
    SUBJECTS.iter().map(ask).collect()
}

const SUBJECTS: [&str; 3] = ["futian", "zhengzhou", "caohejing"];

#[tokio::test(flavor = "multi_thread")]
async fn no_acknowledged_act_is_missing_after_a_switch_under_load() {
    let folder = demo_copy();
    let new = log_of(&folder.path().join("new"));
    let old = log_of(folder.path());
    let server = Server::start(folder.path());
    let client = Client::of(folder.path(), &server);
    let mut noting = Vec::new();
    for subject in SUBJECTS {
        let (first, under_load) = oneshot::channel();
        noting.push(tokio::spawn(client.clone().notes_until_refused(subject, first)));
        under_load.await.unwrap();
    }
    let args = ["store", "copy", "--switch", "--from", &old, "--to", &new, "--output", "json"];
    let switched = tokio::task::block_in_place(|| docket(&args));
    assert!(switched.stderr.contains("writes to the log stop now"), "{}", switched.stderr);
    let switched = switched.json();
    assert_eq!(switched["switched"], true);
    assert!(switched["pause_ms"].as_u64().unwrap() < 30_000, "{switched}");
    let mut acknowledged = Vec::new();
    for noting in noting {
        let (events, refusal) = noting.await.unwrap();
        assert_eq!((&refusal["status"], &refusal["code"]), (&json!(503), &json!("LOG_MOVING")));
        acknowledged.extend(events);
    }
    // The server still answers reads, and says in its log where the record went.
    let (status, _, _) = client.note("futian", "late").await;
    assert_eq!(status, 503);
    let before = statuses(folder.path(), &old);
    let (code, said) = server.stop("TERM");
    assert_eq!(code, 0);
    assert!(said.contains("writes are stopped") && said.contains(&new), "{said}");

    docket(&["serve", "--listen", "127.0.0.1:0", "--data-dir", text(folder.path())])
        .refused(4, &["moved to", &new, "log.sqlite.moved"]);
    docket(&["store", "compare", "--from", &old, "--to", &new]).done();
    assert_eq!(statuses(folder.path(), &new), before);
    let args =
        ["serve", "--listen", "127.0.0.1:0", "--data-dir", text(folder.path()), "--log", &new];
    let server = Server::spawn(&mut command(&args));
    let client = Client { base: server.base.clone(), ..client };
    for event in &acknowledged {
        let (id, sequence) = (event["id"].as_str().unwrap(), &event["sequence"]);
        let url = format!("{}/v1/events/{id}", client.base);
        let found = client.http.get(url).bearer_auth(&client.token).send().await.unwrap();
        let found: Value = found.json().await.unwrap();
        assert_eq!(&found["sequence"], sequence, "{found}");
    }
    assert_eq!(client.note("futian", "late").await.0, 201);
    assert_eq!(server.stop("TERM").0, 0);
}

/// A copier that runs, killed when dropped.
struct Copier {
    child: Child,
    stderr: BufReader<ChildStderr>,
}

impl Copier {
    fn start(args: &[&str]) -> Self {
        let mut child = command(args)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        Self { child, stderr }
    }

    /// Waits until it says so.
    fn says(&mut self, what: &str) {
        let mut said = String::new();
        while !said.contains(what) {
            assert!(self.stderr.read_line(&mut said).unwrap() > 0, "it ended: {said}");
        }
    }

    fn signal(&mut self, signal: &str) -> (Option<i32>, String) {
        let kill = format!("kill -{signal} {}", self.child.id());
        assert!(std::process::Command::new("sh").args(["-c", &kill]).status().unwrap().success());
        let mut said = String::new();
        self.stderr.read_to_string(&mut said).unwrap();
        (self.child.wait().unwrap().code(), said)
    }
}

impl Drop for Copier {
    fn drop(&mut self) {
        // An error says that it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A copy of a served log whose file another program keeps locked, so that a pause takes long.
struct Held {
    folder: TempDir,
    server: Server,
    client: Client,
    copier: Copier,
    lock: rusqlite::Connection,
}

fn held_in_the_pause() -> Held {
    let folder = demo_copy();
    let made = folder.path().join("new");
    let (old, new) = (log_of(folder.path()), log_of(&made));
    let server = Server::start(folder.path());
    let client = Client::of(folder.path(), &server);
    copy(&old, &new);
    let lock = raw(&made);
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut copier = Copier::start(&["store", "copy", "--switch", "--from", &old, "--to", &new]);
    copier.says("writes to the log stop now");
    Held { folder, server, client, copier, lock }
}

impl Held {
    async fn is_refused(&self) {
        let deadline = Instant::now() + Duration::from_secs(4);
        let mut attempt = 0;
        loop {
            let (status, _, body) = self.client.note("futian", &format!("held {attempt}")).await;
            if status == 503 {
                assert_eq!(body["code"], "LOG_MOVING", "{body}");
                break;
            }
            assert!(Instant::now() < deadline, "writes are not stopped: {status}");
            attempt += 1;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copier_that_is_killed_in_the_pause_leaves_the_server_writing() {
    let mut held = tokio::task::block_in_place(held_in_the_pause);
    held.is_refused().await;
    assert_eq!(held.copier.signal("KILL").0, None);
    assert_eq!(held.client.note("futian", "after").await.0, 201);
    assert!(!held.folder.path().join("log.sqlite.moved").exists());
    // And the switch can be made afterwards.
    drop(held.lock);
    let (old, new) = (log_of(held.folder.path()), log_of(&held.folder.path().join("new")));
    let args = ["store", "copy", "--switch", "--from", &old, "--to", &new];
    let said = tokio::task::block_in_place(|| docket(&args)).done();
    assert!(said.contains(&format!("--log {new}")) && said.contains(" ms, in which"), "{said}");
    let (_, said) = held.server.stop("TERM");
    assert!(said.contains("writes go on: the log was not moved"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_in_the_pause_leaves_the_log_where_it_is() {
    let mut held = tokio::task::block_in_place(held_in_the_pause);
    held.is_refused().await;
    let (code, said) = tokio::task::block_in_place(|| held.copier.signal("INT"));
    assert_eq!(code, Some(130), "{said}");
    assert!(
        said.contains("writes to it go on") && said.contains("the same command goes on"),
        "{said}"
    );
    assert_eq!(held.client.note("futian", "after").await.0, 201);
    assert!(!held.folder.path().join("log.sqlite.moved").exists());
    assert_eq!(held.server.stop("TERM").0, 0);
}

/// The copy's file is locked by another program, which is waited for; then the user gives up.
#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_ends_a_copy_and_the_next_one_goes_on() {
    let folder = demo_copy();
    let made = folder.path().join("new");
    let (old, new) = (log_of(folder.path()), log_of(&made));
    let server = Server::start(folder.path());
    let client = Client::of(folder.path(), &server);
    copy(&old, &new);
    assert_eq!(client.note("futian", "later").await.0, 201);
    let lock = raw(&made);
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut copier = Copier::start(&["store", "copy", "--from", &old, "--to", &new]);
    let (code, said) = tokio::task::block_in_place(|| {
        copier.says("asking again in");
        copier.signal("INT")
    });
    assert_eq!(code, Some(130), "{said}");
    assert!(said.contains("the same command goes on"), "{said}");
    drop(lock);
    let copied = copy(&old, &new);
    assert_eq!(
        (&copied["copied"], &copied["to"]),
        (
            &json!(1),
            &json!({
                "address": new, "events": copied["from"]["events"], "root": copied["from"]["root"],
            })
        )
    );
    assert_eq!(server.stop("TERM").0, 0);
}
