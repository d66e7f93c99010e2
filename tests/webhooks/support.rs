//! A log in memory, webhooks over it with a clock of the test's own, and receivers.

use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use docket::log::{EventLog, Expected, MemoryLog, NewEvent, StreamName};
use docket::webhooks::{
    Delivery, FILE_NAME, Lookup, NewEndpoint, Parts, Place, Revealed, Settings, StartAt,
    SystemLookup, WebhookError, Webhooks,
};
use serde_json::Value;
use tempfile::TempDir;
use uuid::Uuid;
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

pub const SECOND: i64 = 1_000_000;
pub const LOG_ID: Uuid = Uuid::from_u128(7);

/// What keeps the endpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    File,
    #[cfg(feature = "postgres")]
    Postgres,
}

pub struct World {
    pub log: Arc<dyn EventLog>,
    pub webhooks: Arc<Webhooks>,
    pub now_us: Arc<AtomicI64>,
    /// The clock that no one sets, in milliseconds: it stands still unless a test moves it.
    pub steady_ms: Arc<AtomicU64>,
    pub settings: Settings,
    pub lookup: Arc<dyn Lookup>,
    pub folder: TempDir,
    pub kept: Kept,
}

/// Where the endpoints of a world are, gone with it.
pub enum Kept {
    File,
    #[cfg(feature = "postgres")]
    Postgres(crate::server::Database),
}

pub fn settings() -> Settings {
    Settings {
        allow_private_networks: true,
        timeout: Duration::from_secs(20),
        max_attempts: 10,
        public_url: "https://docket.example".to_owned(),
        type_prefix: "docket".to_owned(),
    }
}

/// Different at each call, and without jitter: that asks for four bytes.
fn fill(bytes: &mut [u8]) {
    static CALLS: AtomicU64 = AtomicU64::new(1);
    let call = if bytes.len() == 4 { 0 } else { CALLS.fetch_add(1, Ordering::Relaxed) };
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = if call == 0 { 0 } else { (call as u8).wrapping_mul(31).wrapping_add(index as u8) };
    }
}

/// Receivers compare the time of an attempt with their own.
#[expect(clippy::disallowed_methods, reason = "the receivers' library looks at the real clock")]
fn real_now_us() -> i64 {
    chrono::Utc::now().timestamp() * SECOND
}

impl World {
    pub fn new(engine: Engine) -> Self {
        Self::with(engine, settings(), Arc::new(SystemLookup))
    }

    pub fn with(engine: Engine, settings: Settings, lookup: Arc<dyn Lookup>) -> Self {
        let log: Arc<dyn EventLog> = Arc::new(MemoryLog::new());
        let now_us = Arc::new(AtomicI64::new(real_now_us()));
        let folder = tempfile::tempdir().unwrap();
        let steady_ms = Arc::default();
        let kept = match engine {
            Engine::File => Kept::File,
            #[cfg(feature = "postgres")]
            Engine::Postgres => Kept::Postgres(crate::server::server().database()),
        };
        let place = place(&kept, folder.path().join(FILE_NAME), &settings, &steady_ms);
        let parts = parts(&log, LOG_ID, place, &settings, &now_us, &lookup);
        let webhooks = Webhooks::open(parts).unwrap();
        Self { log, webhooks, now_us, steady_ms, settings, lookup, folder, kept }
    }

    pub fn file(&self) -> PathBuf {
        self.folder.path().join(FILE_NAME)
    }

    /// Where the endpoints are, as one more process finds them that says how deliveries are made.
    pub fn place(&self) -> Place {
        place(&self.kept, self.file(), &self.settings, &self.steady_ms)
    }

    pub fn try_open(&self, log_id: Uuid, place: Place) -> Result<Arc<Webhooks>, WebhookError> {
        let (log, now_us) = (&self.log, &self.now_us);
        Webhooks::open(parts(log, log_id, place, &self.settings, now_us, &self.lookup))
    }

    /// Another process over the same log and endpoints.
    pub fn reopened(&self) -> Arc<Webhooks> {
        self.try_open(LOG_ID, self.place()).unwrap()
    }

    pub async fn try_step(&self) -> Result<Option<i64>, WebhookError> {
        try_step(&self.webhooks).await
    }

    /// Changes rows behind the back of everyone.
    pub fn sql(&self, sql: &str) {
        match &self.kept {
            Kept::File => {
                rusqlite::Connection::open(self.file()).unwrap().execute_batch(sql).unwrap();
            }
            #[cfg(feature = "postgres")]
            Kept::Postgres(database) => {
                let sql = format!("SET search_path TO docket_webhooks; {sql}");
                crate::server::server().sql(&database.name, &sql);
            }
        }
    }

    pub fn now(&self) -> i64 {
        self.now_us.load(Ordering::SeqCst)
    }

    pub fn set_now(&self, now_us: i64) {
        self.now_us.store(now_us, Ordering::SeqCst);
    }

    /// Appends an event; its sequence.
    pub async fn event(&self, stream: &str, event_type: &str) -> u64 {
        append(&*self.log, stream, event_type, self.now()).await
    }

    pub async fn endpoint(&self, url: &str) -> Revealed {
        self.webhooks.create(wanting_all(url)).await.unwrap()
    }

    /// Steps until there is nothing to do at this instant; when there will be.
    pub async fn settle(&self) -> Option<i64> {
        settle(&self.webhooks, self.now()).await
    }

    pub async fn delivery(&self, id: Uuid, sequence: u64) -> Delivery {
        let all = self.webhooks.deliveries(id, None, None, 1000).await.unwrap();
        all.into_iter().find(|delivery| delivery.sequence == sequence).unwrap()
    }
}

#[cfg_attr(not(feature = "postgres"), expect(unused_variables, reason = "a file needs less"))]
fn place(kept: &Kept, file: PathBuf, settings: &Settings, steady_ms: &Arc<AtomicU64>) -> Place {
    match kept {
        Kept::File => Place::File(file),
        #[cfg(feature = "postgres")]
        Kept::Postgres(database) => {
            let says = Some(settings.clone());
            let parts = docket::cli::webhooks::database::parts(&database.address, says).unwrap();
            let steady_ms = steady_ms.clone();
            let steady = move || Duration::from_millis(steady_ms.load(Ordering::SeqCst));
            Place::Postgres(docket::webhooks::PostgresParts { steady: Arc::new(steady), ..parts })
        }
    }
}

fn parts(
    log: &Arc<dyn EventLog>,
    log_id: Uuid,
    place: Place,
    settings: &Settings,
    now_us: &Arc<AtomicI64>,
    lookup: &Arc<dyn Lookup>,
) -> Parts {
    let now_us = now_us.clone();
    Parts {
        log: log.clone(),
        log_id,
        place,
        settings: settings.clone(),
        clock: Arc::new(move || now_us.load(Ordering::SeqCst)),
        random: Arc::new(fill),
        lookup: lookup.clone(),
    }
}

async fn try_step(webhooks: &Arc<Webhooks>) -> Result<Option<i64>, WebhookError> {
    let delivering = webhooks.claim().await?;
    let wake = delivering.step().await;
    delivering.give_back().await?;
    wake
}

pub async fn settle(webhooks: &Arc<Webhooks>, now_us: i64) -> Option<i64> {
    for _ in 0..10_000 {
        let wake = try_step(webhooks).await.unwrap();
        if wake.is_none_or(|wake| wake > now_us) {
            return wake;
        }
    }
    panic!("it does not settle");
}

pub async fn append(log: &dyn EventLog, stream: &str, event_type: &str, now_us: i64) -> u64 {
    let stream = StreamName::parse(stream).unwrap();
    let revision = log.stream_revision(&stream).await.unwrap();
    let next = revision.map_or(0, |revision| revision + 1);
    let name = format!("{stream}@{next}");
    let exercise =
        if stream.as_str().starts_with("exercise") { r#","exercise":"true""# } else { "" };
    let metadata = format!(
        r#"{{"schema_version":"1","office":"national_office","effective_on":"2020","recorded_at":"2026-01-31T08:00:00Z"{exercise}}}"#
    );
    let event = NewEvent {
        event_id: Uuid::new_v5(&LOG_ID, name.as_bytes()),
        event_type: event_type.to_owned(),
        recorded_at_us: now_us,
        data: br#"{"note":"secret content"}"#.as_slice().into(),
        metadata: metadata.into_bytes().into(),
    };
    let appended = log.append(&stream, Expected::from(revision), vec![event]).await.unwrap();
    appended.sequence.unwrap()
}

pub fn wanting_all(url: &str) -> NewEndpoint {
    NewEndpoint {
        url: url.to_owned(),
        description: String::new(),
        programs: Vec::new(),
        types: Vec::new(),
        start_at: StartAt::Now,
    }
}

/// A receiver that answers as it is told.
pub struct Receiver {
    pub server: MockServer,
}

/// What came, in the order in which it came.
pub struct Received {
    pub request: Request,
    pub body: Value,
}

impl Received {
    pub fn header(&self, name: &str) -> &str {
        self.request.headers.get(name).unwrap().to_str().unwrap()
    }

    pub fn sequence(&self) -> u64 {
        self.body["data"]["sequence"].as_str().unwrap().parse().unwrap()
    }
}

impl Receiver {
    /// One that answers each request as this function says of its body.
    pub async fn answering(
        answer: impl Fn(&Value) -> ResponseTemplate + Send + Sync + 'static,
    ) -> Self {
        let server = MockServer::start().await;
        let respond =
            move |request: &Request| answer(&serde_json::from_slice(&request.body).unwrap());
        Mock::given(method("POST")).respond_with(respond).mount(&server).await;
        Self { server }
    }

    pub async fn good() -> Self {
        Self::answering(|_| ResponseTemplate::new(204)).await
    }

    /// One that answers with these in turn, and then with the last of them for ever.
    pub async fn in_turn(answers: Vec<ResponseTemplate>) -> Self {
        let answers = Mutex::new(answers);
        Self::answering(move |_| {
            let mut answers = answers.lock().unwrap();
            if answers.len() > 1 { answers.remove(0) } else { answers[0].clone() }
        })
        .await
    }

    pub fn url(&self) -> String {
        format!("{}/hook", self.server.uri())
    }

    pub async fn received(&self) -> Vec<Received> {
        let requests = self.server.received_requests().await.unwrap();
        let read = |request: Request| {
            let body = serde_json::from_slice(&request.body).unwrap();
            Received { request, body }
        };
        requests.into_iter().map(read).collect()
    }

    pub async fn sequences(&self) -> Vec<u64> {
        self.received().await.iter().map(Received::sequence).collect()
    }
}

pub fn status(code: u16) -> ResponseTemplate {
    ResponseTemplate::new(code)
}
