//! Two servers and two workers as processes of their own over one KurrentDB (its stand-in), with
//! connections that break, answers that come late and a server that restarts: at the end the log holds
//! exactly what was answered, and both servers say the same.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use docket::domain::measure_file::{FILES, measures};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};

use super::program::{Place, Process};
use super::standin::{Call, Control, Fault, Settings, StandIn};
use super::support::PROGRAM;

const PATIENCE: Duration = Duration::from_secs(60);
const CLIENTS: usize = 4;
const ACTS: usize = 12;
const SUBJECTS: u32 = 8;

/// What clients have and what they were answered.
struct Race {
    bases: [String; 2],
    tokens: BTreeMap<String, String>,
    http: reqwest::Client,
    workers: Vec<PathBuf>,
    answered: Mutex<BTreeMap<String, String>>,
}

struct Act {
    id: String,
    key: String,
    token: String,
    on: (&'static str, String),
    body: Value,
}

impl Race {
    /// What the workers said last.
    fn said(&self) -> String {
        let said = self.workers.iter().map(|path| std::fs::read_to_string(path).unwrap());
        let last = |said: String| said.lines().rev().take(12).collect::<Vec<_>>().join("\n");
        said.map(|said| format!("\n{}", last(said))).collect()
    }

    /// The workers have begun before anything breaks.
    async fn workers_are_up(&self) {
        let until = Instant::now() + PATIENCE;
        let is_up =
            |path: &PathBuf| std::fs::read_to_string(path).unwrap().contains("filling read models");
        while !self.workers.iter().all(is_up) {
            assert!(Instant::now() < until, "the workers don't start: {}", self.said());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn get(&self, node: usize, path: &str) -> (u16, Value, String) {
        let until = Instant::now() + PATIENCE;
        let mut last = String::new();
        loop {
            let request = self.http.get(format!("{}{path}", self.bases[node]));
            let request = request.bearer_auth(&self.tokens["auditor"]).header("prefer", "wait=20");
            if let Ok(response) = request.send().await {
                let status = response.status().as_u16();
                let tag =
                    response.headers().get("etag").map(|tag| tag.to_str().unwrap().to_owned());
                let body = response.bytes().await.unwrap_or_default();
                if status < 500 {
                    let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
                    return (status, body, tag.unwrap_or_default());
                }
                last = String::from_utf8_lossy(&body).into_owned();
            }
            assert!(Instant::now() < until, "{path} is not answered: {last}{}", self.said());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Sends an act until it is answered for good, to one node and then the other. The id of its
    /// event, if it is on record.
    async fn take(&self, mut node: usize, path: &str, act: &Act) -> Option<String> {
        let until = Instant::now() + PATIENCE;
        loop {
            let request = self.http.post(format!("{}{path}", self.bases[node]));
            let request = request.bearer_auth(&act.token).header("idempotency-key", &act.key);
            let request = request.header(act.on.0, &act.on.1).json(&act.body);
            if let Ok(response) = request.send().await {
                let status = response.status().as_u16();
                let body = response.bytes().await.unwrap_or_default();
                let body: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
                let in_progress = body["code"] == "IDEMPOTENCY_REQUEST_IN_PROGRESS";
                match status {
                    201 if body["id"].is_string() => {
                        let id = body["id"].as_str().unwrap().to_owned();
                        let mut answered = self.answered.lock().unwrap();
                        let first = answered.entry(act.key.clone()).or_insert_with(|| id.clone());
                        assert_eq!(*first, id, "{} was answered by two events", act.key);
                        return Some(id);
                    }
                    400..500 if !in_progress => {
                        let expected = [403, 404, 409, 412, 422];
                        assert!(expected.contains(&status), "{status} {body}");
                        return None;
                    }
                    _ => {}
                }
            }
            assert!(Instant::now() < until, "{} is not answered", act.key);
            node = 1 - node;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn client(self: Arc<Self>, number: usize) {
        let mut rng = StdRng::seed_from_u64(number as u64);
        for nth in 0..ACTS {
            let id = format!("x0{}", rng.random_range(1..=SUBJECTS));
            let (who, body) = body_of(&mut rng, &id);
            let (status, _, tag) =
                self.get(rng.random_range(0..2), &format!("/v1/enrollments/{PROGRAM}/{id}")).await;
            let on = match status {
                200 if rng.random_bool(0.5) => ("if-match", tag),
                200 => ("if-match", "*".to_owned()),
                _ => ("if-none-match", "*".to_owned()),
            };
            let (key, token) = (format!("{number}/{nth}"), self.tokens[&who].clone());
            let act = Act { id, key, token, on, body };
            let path = format!("/v1/enrollments/{PROGRAM}/{}/acts", act.id);
            if rng.random_bool(0.25) {
                let (one, other) =
                    tokio::join!(self.take(0, &path, &act), self.take(1, &path, &act));
                // One may be refused before the other is recorded; both recorded are one event.
                if let (Some(one), Some(other)) = (one, other) {
                    assert_eq!(one, other);
                }
            } else {
                self.take(number % 2, &path, &act).await;
            }
        }
    }
}

fn body_of(rng: &mut StdRng, id: &str) -> (String, Value) {
    let day = format!("201{}-0{}-01", rng.random_range(6..9), rng.random_range(1..9));
    match rng.random_range(0..10) {
        0 | 1 => {
            let body = json!({
                "act": "apply", "effective_on": "2016-01-04", "category": "leading",
                "rank": "pilot",
            });
            (id.to_owned(), body)
        }
        2..=5 => {
            let body = json!({ "act": "approve", "effective_on": day, "batch": "1" });
            ("national_office".to_owned(), body)
        }
        6 => {
            let body = json!({
                "act": "evaluate", "effective_on": day, "result": "failed", "findings": "…",
            });
            ("national_office".to_owned(), body)
        }
        7 => {
            let body = json!({ "act": "declare_exit", "effective_on": day, "reason": "…" });
            (id.to_owned(), body)
        }
        _ => {
            let body = json!({ "act": "note", "effective_on": day, "text": "seen" });
            ("registrar".to_owned(), body)
        }
    }
}

/// What goes wrong in between, one thing after the other.
async fn disturb(control: Control) {
    let mut rng = StdRng::seed_from_u64(99);
    let wait = Duration::from_millis;
    loop {
        tokio::time::sleep(wait(rng.random_range(100..400))).await;
        let written = rng.random_bool(0.5);
        let fault = match rng.random_range(0..8) {
            0 => Fault::DropConnection { written },
            1 => Fault::AnswerLate(wait(300)),
            2 => Fault::DeadlineExceeded { written },
            3 => Fault::TimedOut,
            4 => Fault::NotReady,
            5 => Fault::WriteLate(wait(200)),
            6 => {
                control.cut_connections();
                continue;
            }
            _ => Fault::Restart { down: wait(150) },
        };
        control.fail_next_on("docket.", Call::Append, 1, fault);
        if rng.random_bool(0.3) {
            control.fail_next(Call::ReadAll, 1, Fault::EndEarly { after: 0 });
            control.fail_next_on("docket.", Call::Read, 1, Fault::FailAfter { after: 0 });
        }
    }
}

fn read_model(folder: &Path) -> (String, Option<Box<dyn std::any::Any>>) {
    #[cfg(feature = "postgres")]
    if folder.exists() {
        let database = super::postgres::server().database();
        return (database.address.clone(), Some(Box::new(database)));
    }
    (format!("sqlite:{}", folder.join("read-models").display()), None)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_and_two_workers_on_one_log_agree_whatever_breaks() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let server = StandIn::start(Settings::default());
    let control = server.control();
    let folder = tempfile::tempdir().unwrap();
    let (read_model, _database) = read_model(folder.path());
    let place = Arc::new(Place { folder, read_model, address: server.address() });
    let mut tokens = BTreeMap::new();
    for role in ["auditor", "registrar", "national_office"] {
        tokens.insert(role.to_owned(), place.token(role, None));
    }
    for n in 1..=SUBJECTS {
        let id = format!("x0{n}");
        tokens.insert(id.clone(), place.token("province", Some(&id)));
    }
    // At once on an empty log: they make one log, and adopt each edition once.
    let mut servers = [place.server("a"), place.server("b")];
    let bases = servers.each_mut().map(Process::base);
    let mut workers = vec![place.worker("c"), place.worker("d")];
    let http = reqwest::Client::builder().timeout(Duration::from_secs(30)).build().unwrap();
    let said = ["c.log", "d.log"].map(|name| place.folder.path().join(name)).to_vec();
    let race = Arc::new(Race { bases, tokens, http, workers: said, answered: Mutex::default() });
    for n in 1..=SUBJECTS {
        let id = format!("x0{n}");
        let body = json!({
            "id": id, "kind": "province", "name": { "en": id, "zh": id }, "invented": true,
            "source": "test", "effective_on": "2010",
        });
        let (key, token) = (format!("register {id}"), race.tokens["registrar"].clone());
        let act = Act { id, key, token, on: ("accept", "*/*".to_owned()), body };
        race.take(n as usize % 2, "/v1/subjects", &act).await.unwrap();
    }
    race.answered.lock().unwrap().clear();
    race.workers_are_up().await;
    let disturbing = tokio::spawn(disturb(control.clone()));
    let clients: Vec<_> =
        (0..2 * CLIENTS).map(|number| tokio::spawn(race.clone().client(number))).collect();
    tokio::time::sleep(Duration::from_secs(2)).await;
    // Killed in the middle; the other goes on.
    drop(workers.remove(0));
    for client in clients {
        client.await.unwrap();
    }
    disturbing.abort();
    control.behave();
    check_events(&control, &race.answered.lock().unwrap());
    check_same(&race).await;
    let verified = place.clone();
    tokio::task::spawn_blocking(move || verified.verify()).await.unwrap();
}

/// Exactly the answered acts stand, each once; the log's own streams have one of each.
fn check_events(control: &Control, answered: &BTreeMap<String, String>) {
    let streams = control.streams();
    assert_eq!(streams["docket.log"].len(), 1);
    let adopted = streams.iter().filter(|(name, _)| name.starts_with("docket.measure-"));
    let adopted: usize = adopted.map(|(_, events)| events.len()).sum();
    assert_eq!(adopted, measures(FILES).count());
    let prefix = format!("docket.{PROGRAM}-");
    let mut standing = BTreeMap::new();
    for (_, events) in streams.iter().filter(|(name, _)| name.starts_with(&prefix)) {
        for (revision, event) in events.iter().enumerate() {
            assert_eq!(event.revision, revision as u64);
            let meta: Value = serde_json::from_slice(&event.metadata).unwrap();
            match meta["key"].as_str() {
                Some(key) => {
                    let twice = standing.insert(key.to_owned(), event.id.to_string());
                    assert!(twice.is_none(), "{key} stands twice");
                }
                None => assert_eq!(meta["principal"], "docket"),
            }
        }
    }
    assert_eq!(&standing, answered, "what stands, and what was answered");
    assert!(answered.len() > 25, "{} acts", answered.len());
}

/// Both servers say the same of every enrollment, of the places, and in lists.
async fn check_same(race: &Race) {
    let until = Instant::now() + PATIENCE;
    let (_, head, _) = race.get(0, "/health/ready").await;
    let head = head["log"]["sequence"].as_str().unwrap().to_owned();
    let mut paths: Vec<String> =
        (1..=SUBJECTS).map(|n| format!("/v1/enrollments/{PROGRAM}/x0{n}")).collect();
    paths.push(format!("/v1/programs/{PROGRAM}/quotas"));
    paths.push(format!("/v1/enrollments?exercise=true&limit=1000&min_sequence={head}"));
    for path in paths {
        loop {
            let ((one, first, tag), (other, second, its)) =
                (race.get(0, &path).await, race.get(1, &path).await);
            if (one, &first) == (other, &second) && !path.contains('?') {
                assert_eq!(tag, its, "{path}");
                break;
            }
            if first["items"] == second["items"] && first["items"].is_array() {
                break;
            }
            assert!(Instant::now() < until, "{path}: {first} and {second}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    let (_, quotas, _) = race.get(1, &format!("/v1/programs/{PROGRAM}/quotas")).await;
    let text = quotas.to_string();
    assert!(text.contains("leading"), "{text}");
}
