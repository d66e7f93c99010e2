//! A server in a temporary folder, and clients with a token each.

use super::failing_log::FailingLog;
use docket::api::auth::{Authenticator, Grant, LocalVerifier, Role, TokenKey, issue};
use docket::api::{ApiSettings, ApiState, Served, serve};
use docket::app::clock::{Clock, FixedClock};
use docket::app::documents::{DocumentStore, FolderStore};
use docket::app::persons::{FileKeys, PersonKey};
use docket::app::{App, Parts, start};
use docket::domain::date::Timestamp;
use docket::domain::measure_file::FILES;
use docket::import::operations::Operations;
use docket::ledger::{self, Epoch, Keeping, Opened, Signer, Witness};
use docket::log::{EventLog, Expected, NewEvent, SqliteLog, StreamName};
use docket::projection::{Copies, Options, ReadModels, Runner, SqliteCopies, Status};
use ed25519_dalek::SigningKey;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// 2026-11-22, noon in China.
const BEGUN: &str = "2026-01-01T00:00:00+08:00";
pub const NOW: &str = "2026-11-22T12:00:00+08:00";
const UNIX_NOW: i64 = 1_795_320_000;

pub struct Server {
    pub app: Arc<App>,
    pub log: Arc<FailingLog>,
    pub clock: Arc<FixedClock>,
    pub state: Arc<ApiState>,
    pub served: Option<Served>,
    pub base: String,
    /// The time by which tokens are judged, in Unix seconds.
    pub seconds: Arc<AtomicI64>,
    key: TokenKey,
    http: reqwest::Client,
    runner: Option<Runner>,
    _keeping: Option<Keeping>,
    _folder: tempfile::TempDir,
}

#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&self.body)))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Asserts a problem and gives its body.
    #[track_caller]
    pub fn problem(&self, status: u16, name: &str) -> Value {
        let text = String::from_utf8_lossy(&self.body);
        assert_eq!(self.status, status, "{text}");
        assert_eq!(self.header("content-type"), "application/problem+json", "{text}");
        assert_eq!(self.header("cache-control"), "no-store");
        let body = self.json();
        assert_eq!(body["status"], status, "{text}");
        let uri = body["type"].as_str().unwrap();
        assert!(uri.ends_with(&format!("/problems/{name}")), "{text}");
        assert_eq!(body["code"], name.to_ascii_uppercase().replace('-', "_"));
        assert_eq!(body["trace_id"].as_str().unwrap().len(), 32);
        let code =
            docket::views::problem::Code::ALL.iter().copied().find(|code| code.name() == name);
        let doc = docket::views::problem::documentation(code.unwrap());
        let every = ["type", "title", "status", "detail", "instance", "code", "trace_id"];
        for member in body.as_object().unwrap().keys().map(String::as_str) {
            let is_known = every.contains(&member) || doc.members.contains(&member);
            assert!(is_known, "{name} does not document its member {member}");
        }
        body
    }

    #[track_caller]
    pub fn ok(self, status: u16) -> Reply {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        self
    }
}

pub async fn server() -> Server {
    server_with(ApiSettings { workers: Some(2), ..ApiSettings::default() }).await
}

pub async fn server_with(settings: ApiSettings) -> Server {
    build(settings, true, None, None, None).await
}

/// A server by another clock than one that stands still; [`Server::clock`] moves nothing then.
pub async fn server_by(clock: Arc<dyn Clock>) -> Server {
    build(ApiSettings { workers: Some(2), ..ApiSettings::default() }, true, Some(clock), None, None)
        .await
}

/// A server whose tables nobody fills.
pub async fn server_without_read_models() -> Server {
    build(ApiSettings { workers: Some(2), ..ApiSettings::default() }, false, None, None, None).await
}

/// The same with settings.
pub async fn server_without_read_models_with(settings: ApiSettings) -> Server {
    build(settings, false, None, None, None).await
}

/// A server whose documents are elsewhere than in its folder.
pub async fn server_over(documents: Arc<dyn DocumentStore>) -> Server {
    over_with(documents, ApiSettings { workers: Some(2), ..ApiSettings::default() }).await
}

/// The same, with these settings.
pub async fn over_with(documents: Arc<dyn DocumentStore>, settings: ApiSettings) -> Server {
    build(settings, true, None, Some(documents), None).await
}

/// A server that keeps a ledger.
pub async fn server_with_ledger() -> Server {
    server_with_witnesses(vec![]).await
}

/// The same where witnesses are asked.
pub async fn server_with_witnesses(witnesses: Vec<Witness>) -> Server {
    let settings = ApiSettings { workers: Some(2), ..ApiSettings::default() };
    build(settings, true, None, None, Some(witnesses)).await
}

async fn build(
    settings: ApiSettings,
    fill: bool,
    by: Option<Arc<dyn Clock>>,
    documents: Option<Arc<dyn DocumentStore>>,
    witnesses: Option<Vec<Witness>>,
) -> Server {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let folder = tempfile::tempdir().unwrap();
    let log = SqliteLog::open_writer(folder.path().join("log.sqlite")).unwrap();
    let log = Arc::new(FailingLog::over(log));
    // The log began before anything that a test records, also where that puts its clock back.
    let clock = Arc::new(FixedClock::at(Timestamp::parse_rfc3339(BEGUN).unwrap()));
    let folder_of_documents = || Arc::new(FolderStore::open(folder.path()).unwrap());
    let app = start(Parts {
        log: log.clone() as Arc<dyn EventLog>,
        documents: documents.unwrap_or_else(|| folder_of_documents()),
        clock: by.unwrap_or_else(|| clock.clone()),
        files: FILES,
        new_log_id: uuid::Uuid::from_u128(7),
        origin: None,
        public_key: ledger_signer().public_key(),
        cache_bytes: 1 << 20,
    });
    let app = with_person_keys(app.await.unwrap(), folder.path());
    clock.set(Timestamp::parse_rfc3339(NOW).unwrap());
    let copies: Arc<dyn Copies> = Arc::new(SqliteCopies::new(folder.path().join("read-models")));
    let runner = fill.then(|| {
        let runtime = tokio::runtime::Handle::current();
        let options = Options::new("test");
        Runner::start(app.log().clone(), copies.clone(), options, runtime).unwrap()
    });
    let nobody = || tokio::sync::watch::channel(Status::default()).1;
    let status = runner.as_ref().map_or_else(nobody, Runner::status);
    let key = token_key();
    let verifier = Arc::new(LocalVerifier::new(&key, "docket-test", "docket"));
    let seconds = Arc::new(AtomicI64::new(UNIX_NOW));
    let by = seconds.clone();
    let authenticator = Authenticator::new(verifier, move || by.load(Ordering::Relaxed), 1 << 20);
    let models = ReadModels::of_runner(copies, status.clone());
    let operations = Operations::start(app.clone(), &folder.path().join("operations"), 1 << 20);
    let state = ApiState::new(app.clone(), models, status, authenticator, settings);
    let state = state.with_operations(operations.unwrap());
    let (state, keeping) = match witnesses {
        Some(witnesses) => {
            let opened = open_ledger(folder.path(), &app).await;
            (state.with_ledger(opened.ledger.clone()), opened.keep(witnesses))
        }
        None => (state, None),
    };
    let state = Arc::new(state);
    let served = serve("127.0.0.1:0".parse().unwrap(), state.clone()).unwrap();
    Server {
        app,
        log,
        clock,
        state,
        base: format!("http://{}", served.address),
        served: Some(served),
        seconds,
        key,
        http: reqwest::Client::new(),
        runner,
        _keeping: keeping,
        _folder: folder,
    }
}

fn ledger_pair() -> SigningKey {
    SigningKey::from_bytes(&[3; 32])
}

fn ledger_signer() -> Signer {
    Signer::new(String::new(), ledger_pair())
}

async fn open_ledger(folder: &Path, app: &App) -> Opened {
    let origin = app.origin().unwrap().to_owned();
    let epoch = Epoch { origin, public_key: ledger_signer().public_key(), since: 0 };
    ledger::open(&folder.join("ledger"), app.log(), vec![epoch], &[ledger_pair()]).await.unwrap()
}

fn with_person_keys(app: App, folder: &Path) -> Arc<App> {
    let keys = Arc::new(FileKeys::new(folder.join("keys/persons.sqlite")));
    Arc::new(app.with_person_keys(keys, || PersonKey::new(*token_key().public().as_bytes())))
}

#[expect(clippy::disallowed_methods, reason = "a key of its own for each test")]
fn token_key() -> TokenKey {
    TokenKey::generate(&mut rand::rng())
}

/// A client of one office.
pub struct Client<'a> {
    pub server: &'a Server,
    pub token: String,
}

static KEYS: AtomicU64 = AtomicU64::new(0);

pub fn new_key() -> String {
    format!("key-{}", KEYS.fetch_add(1, Ordering::Relaxed))
}

impl Server {
    pub fn client(&self, role: Role, office: &str, divisions: &[&str]) -> Client<'_> {
        let grant = Grant {
            issuer: "docket-test".to_owned(),
            audience: "docket".to_owned(),
            sub: format!("{role}-{office}"),
            role,
            office: office.to_owned(),
            divisions: divisions.iter().map(ToString::to_string).collect(),
            jti: new_key(),
        };
        Client { server: self, token: issue(&self.key, &grant, UNIX_NOW, 3600).unwrap() }
    }

    pub fn registrar(&self) -> Client<'_> {
        self.client(Role::Registrar, "registrar", &[])
    }

    pub fn national(&self) -> Client<'_> {
        self.client(Role::NationalOffice, "cnipa", &[])
    }

    pub fn province(&self, id: &str) -> Client<'_> {
        self.client(Role::Province, &format!("gov-{id}"), &[id])
    }

    pub fn auditor(&self) -> Client<'_> {
        self.client(Role::Auditor, "audit", &[])
    }

    /// Stops what fills the tables; they go on being served as they are.
    pub async fn stop_read_models(&mut self) {
        let mut status = self.state.models_status.clone();
        status.wait_for(|status| status.copy.is_some()).await.unwrap();
        self.runner.take().unwrap().stop().await;
    }

    /// The file of the log.
    pub fn log_file(&self) -> std::path::PathBuf {
        self._folder.path().join("log.sqlite")
    }

    /// Appends events that no act made, with data of this size, to a new stream; for servers
    /// without read models, which would not know them.
    pub async fn append(&self, stream: &str, events: usize, bytes: usize) {
        let name = StreamName::parse(stream).unwrap();
        let padding = "x".repeat(bytes);
        let mut next = 0;
        while next < events {
            let until = events.min(next + (512 * 1024 / (bytes + 64)).clamp(1, 1000));
            let event = |number: usize| NewEvent {
                event_id: uuid::Uuid::new_v5(
                    &uuid::Uuid::nil(),
                    format!("{stream}{number}").as_bytes(),
                ),
                event_type: "SubjectRenamed".to_owned(),
                recorded_at_us: 1_700_000_000_000_000 + number as i64,
                data: format!("{{\"n\":{number},\"padding\":\"{padding}\"}}").into_bytes().into(),
                metadata: b"{\"schema_version\":\"1\"}".as_slice().into(),
            };
            let expected = Expected::from(next.checked_sub(1).map(|last| last as u64));
            let batch = (next..until).map(event).collect();
            self.log.append(&name, expected, batch).await.unwrap();
            next = until;
        }
    }

    pub fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        self.http.request(method, format!("{}{path}", self.base))
    }

    /// Registers provinces, invented ones where the id has letters.
    pub async fn register(&self, ids: &[&str]) {
        for id in ids {
            let invented = id.chars().any(char::is_alphabetic) && *id != "XPCC";
            let body = json!({
                "id": id, "kind": if *id == "XPCC" { "corps" } else { "province" },
                "name": { "en": format!("Province {id}"), "zh": format!("省{id}") },
                "province": id, "invented": invented, "source": "test", "effective_on": "2010",
            });
            self.registrar().post("/v1/subjects", &body).await.ok(201);
        }
    }

    /// Registers an area of Guangdong.
    pub async fn register_futian(&self) {
        let area = json!({
            "id": "futian", "kind": "cluster_area", "name": { "en": "Futian", "zh": "福田" },
            "province": "440000", "source": "test", "effective_on": "2010",
        });
        self.registrar().post("/v1/subjects", &area).await.ok(201);
    }
}

pub async fn send(request: reqwest::RequestBuilder) -> Reply {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Reply { status, headers, body: response.bytes().await.unwrap().to_vec() }
}

impl Client<'_> {
    pub fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        self.server.request(method, path).bearer_auth(&self.token)
    }

    pub async fn get(&self, path: &str) -> Reply {
        send(self.request("GET", path).header("accept-language", "en")).await
    }

    /// Posts JSON under a new key.
    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        let request = self.request("POST", path).header("idempotency-key", new_key());
        send(request.header("accept-language", "en").json(body)).await
    }

    /// Takes an act on whatever revision there is. What is dated back in a real program cites a document: one is cited where the
    /// body names none.
    pub async fn act(&self, enrollment: &str, body: &Value) -> Reply {
        self.act_at(&format!("/v1/enrollments/{enrollment}/acts"), body).await
    }

    /// Acts for a program as a whole.
    pub async fn act_for(&self, program: &str, body: &Value) -> Reply {
        self.act_at(&format!("/v1/programs/{program}/acts"), body).await
    }

    async fn act_at(&self, path: &str, body: &Value) -> Reply {
        let mut body = body.clone();
        if let Some(members) = body.as_object_mut() {
            members.entry("document").or_insert_with(document);
        }
        let request = self.request("POST", path).header("idempotency-key", new_key());
        send(request.header("accept-language", "en").header("if-match", "*").json(&body)).await
    }

    pub async fn upload(&self, bytes: &[u8]) -> String {
        let request = self.request("POST", "/v1/documents").body(bytes.to_vec());
        let reply = send(request).await.ok(201).json();
        reply["digest"].as_str().unwrap().to_owned()
    }
}

/// The document that an act dated back in a real program cites (G2).
pub fn document() -> Value {
    json!({ "title": "A file of the test", "number": "1", "issuing_office": "test" })
}

/// An application of a province for a pilot place.
pub fn apply(category: &str, on: &str) -> Value {
    json!({
        "act": "apply", "effective_on": on, "category": category, "rank": "pilot",
        "document": document(),
    })
}

/// Its approval.
pub fn approve(on: &str) -> Value {
    json!({ "act": "approve", "effective_on": on, "document": document() })
}
