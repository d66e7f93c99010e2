//! Webhooks of several nodes: two servers and a worker over one KurrentDB (its stand-in) and one
//! PostgreSQL. One that delivers is stopped and woken, one is killed for good, the last server too; a
//! receiver counts: every event at least once, each subject's in order, none left out.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::postgres::{Database, server};
use super::program::{Place, Process};
use super::standin::{Settings, StandIn};

const PATIENCE: Duration = Duration::from_secs(40);
const SUBJECTS: usize = 4;
const ENDPOINTS: &str = "/v1/webhook-endpoints";

struct Nodes {
    place: Place,
    database: Database,
    receiver: MockServer,
    http: reqwest::Client,
    tokens: BTreeMap<&'static str, String>,
    /// Those that still run, by the address of each.
    servers: Vec<(String, Process)>,
    written: usize,
}

impl Nodes {
    /// Sends a request to a server until it is answered.
    async fn ask(
        &self,
        base: &str,
        path: &str,
        role: &str,
        body: Option<(String, Value)>,
    ) -> Value {
        let until = Instant::now() + PATIENCE;
        loop {
            let address = format!("{base}{path}");
            let request = match &body {
                None => self.http.get(address),
                Some((key, body)) => {
                    self.http.post(address).header("idempotency-key", key).json(body)
                }
            };
            let answer = request.bearer_auth(&self.tokens[role]).send().await;
            let mut said = format!("{:?}", answer.as_ref().err());
            if let Ok(answer) = answer {
                let status = answer.status().as_u16();
                said = answer.text().await.unwrap_or_default();
                if status < 300 {
                    return serde_json::from_str(&said).unwrap();
                }
                assert!(status >= 500, "{path}: {status} {said}");
            }
            assert!(Instant::now() < until, "{path} is not answered: {said}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Registers the subjects.
    async fn begin(&self, base: &str) {
        for n in 0..SUBJECTS {
            let id = format!("x0{n}");
            let body = json!({
                "id": id, "kind": "province", "name": { "en": id, "zh": id }, "invented": true,
                "source": "test", "effective_on": "2010",
            });
            let body = Some((format!("register {id}"), body));
            self.ask(base, "/v1/subjects", "registrar", body).await;
        }
    }

    /// Renames subjects in turn, so many times: each one more event of it.
    async fn write(&mut self, base: &str, count: usize) {
        for _ in 0..count {
            let n = self.written;
            self.written += 1;
            let id = format!("x0{}", n % SUBJECTS);
            let day = format!("20{:02}-0{}-01", 11 + n / 36, 1 + n / 4 % 9);
            let body = json!({
                "name": { "en": format!("{id} {n}"), "zh": format!("{id} {n}") },
                "source": "test", "effective_on": day,
            });
            let path = format!("/v1/subjects/{id}/renamings");
            self.ask(base, &path, "registrar", Some((format!("rename {n}"), body))).await;
        }
    }

    async fn came(&self) -> Vec<(String, u64)> {
        let requests = self.receiver.received_requests().await.unwrap();
        let read = |body: &[u8]| {
            let body: Value = serde_json::from_slice(body).unwrap();
            let lane = body["data"]["subject"].as_str().or(body["data"]["stream"].as_str());
            let sequence = body["data"]["sequence"].as_str().unwrap().parse().unwrap();
            (lane.unwrap().to_owned(), sequence)
        };
        requests.iter().map(|request| read(&request.body)).collect()
    }

    /// Waits until the receiver has every event up to this one.
    async fn delivered(&self, head: u64, when: &str) {
        let until = Instant::now() + PATIENCE;
        loop {
            let mut came: Vec<u64> = self.came().await.into_iter().map(|(_, n)| n).collect();
            came.sort();
            came.dedup();
            let missing: Vec<u64> = (0..=head).filter(|n| came.binary_search(n).is_err()).collect();
            if missing.is_empty() {
                return;
            }
            assert!(Instant::now() < until, "{when}: {missing:?} of {head} never came");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn head(&self, base: &str) -> u64 {
        let ready = self.ask(base, "/health/ready", "operator", None).await;
        ready["log"]["sequence"].as_str().unwrap().parse().unwrap()
    }

    /// Which process delivers, by its id.
    fn deliverer(&self) -> u32 {
        let until = Instant::now() + PATIENCE;
        loop {
            let sql = "SELECT coalesce(holder, '') FROM docket_webhooks.meta";
            let holder = server().sql(&self.database.name, sql);
            if let Some(id) = holder.split(' ').nth(1) {
                return id.parse().unwrap();
            }
            assert!(Instant::now() < until, "nobody delivers");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Puts the server that delivers last.
    fn sort_by_delivering(&mut self) {
        let deliverer = self.deliverer();
        self.servers.sort_by_key(|(_, process)| process.child.id() == deliverer);
        assert_eq!(self.servers.last().unwrap().1.child.id(), deliverer);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn webhooks_outlive_the_node_that_delivers_them() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let standin = StandIn::start(Settings::default());
    let database = server().database();
    let receiver = MockServer::start().await;
    Mock::given(method("POST")).respond_with(ResponseTemplate::new(204)).mount(&receiver).await;
    let (folder, address) = (tempfile::tempdir().unwrap(), standin.address());
    let place = Place { folder, read_model: database.address.clone(), address };
    let roles = ["registrar", "operator"];
    let tokens = roles.map(|role| (role, place.token(role, None))).into();
    let private = "webhooks.allow_private_networks=true";
    let mut started = ["a", "b"].map(|name| place.server_with(name, private));
    let bases = started.each_mut().map(Process::base);
    let servers = bases.iter().cloned().zip(started).collect();
    let http = reqwest::Client::builder().timeout(Duration::from_secs(10)).build().unwrap();
    let mut nodes = Nodes { place, database, receiver, http, tokens, servers, written: 0 };

    let body = json!({ "url": nodes.receiver.uri(), "from_sequence": 0 });
    let made = nodes.ask(&bases[0], ENDPOINTS, "operator", Some(("hook".to_owned(), body))).await;
    for base in &bases {
        let listed = nodes.ask(base, ENDPOINTS, "operator", None).await;
        assert_eq!(listed["items"][0]["id"], made["endpoint"]["id"]);
        assert!(!listed.to_string().contains(made["secret"].as_str().unwrap()));
    }
    nodes.begin(&bases[0]).await;
    nodes.write(&bases[1], 12).await;
    nodes.delivered(nodes.head(&bases[0]).await, "at first").await;

    // The one that delivers is stopped in the middle; the other takes over, and it wakes.
    nodes.sort_by_delivering();
    let other = nodes.servers[0].0.clone();
    let stopped = nodes.servers[1].1.child.id();
    nodes.write(&other, 6).await;
    nodes.servers[1].1.signal("STOP");
    nodes.write(&other, 12).await;
    nodes.delivered(nodes.head(&other).await, "while one is stopped").await;
    nodes.servers[1].1.signal("CONT");
    nodes.write(&other, 12).await;
    nodes.delivered(nodes.head(&other).await, "after it woke").await;

    // The one that delivers now is killed for good in the middle.
    nodes.sort_by_delivering();
    assert_ne!(nodes.deliverer(), stopped, "it lost its right");
    let left = nodes.servers[0].0.clone();
    nodes.write(&left, 6).await;
    drop(nodes.servers.pop());
    nodes.write(&left, 12).await;
    let listed = nodes.ask(&left, ENDPOINTS, "operator", None).await;
    assert_eq!(listed["items"][0]["id"], made["endpoint"]["id"]);
    nodes.delivered(nodes.head(&left).await, "after one was killed").await;

    // At last a worker alone: it has no settings for deliveries, and those of the servers count.
    let worker = nodes.place.worker("c");
    let reads = nodes.place.folder.path().join("c.log");
    while !std::fs::read_to_string(&reads).unwrap().contains("filling read models") {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    nodes.write(&left, 12).await;
    let head = nodes.head(&left).await;
    drop(nodes.servers.pop());
    nodes.delivered(head, "by a worker").await;
    drop(worker);
    check_order(&nodes.came().await);
}

/// The first time that each came is after the first time of all before it.
fn check_order(came: &[(String, u64)]) {
    let mut last: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for (lane, sequence) in came {
        let seen = last.entry(lane).or_default();
        if !seen.contains(sequence) {
            assert!(seen.iter().all(|before| before < sequence), "{lane}: {sequence} came late");
            seen.push(*sequence);
        }
    }
    assert!(last.len() > SUBJECTS, "{last:?}");
}
