//! What every handler needs: the application, who is let in, and the limits.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use actix_web::web::{self, Bytes};
use tokio::sync::{Semaphore, watch};

use super::auth::Authenticator;
use super::counted::CountedAnswers;
use super::outgoing::{Limits, Outgoing};
use super::requests::Requests;
use super::tail::Tail;
use super::tls::Tls;
use crate::app::{App, Kept};
use crate::codec::CloudEvents;
use crate::domain::date::Day;
use crate::domain::ids::Language;
use crate::import::operations::Operations;
use crate::ledger::Ledger;
use crate::projection::{ReadModels, Status};
use crate::webhooks::Webhooks;

/// How events are called outside. Readers know an event by source and id, and archive pages hold
/// both names, so they are chosen once.
#[derive(Debug, Clone)]
pub struct EventNames {
    /// What types begin with, before the first dot.
    pub type_prefix: String,
    /// The source of every event; absent: `urn:docket:<log id>`, which stays when the address moves
    /// and is the same from every node.
    pub source: Option<String>,
}

impl Default for EventNames {
    fn default() -> Self {
        Self { type_prefix: "docket".to_owned(), source: None }
    }
}

/// The limits and habits of a server.
#[derive(Debug, Clone)]
pub struct ApiSettings {
    /// What stands before `/problems/<name>`, without a slash at the end.
    pub public_url: String,
    /// The provider whose access tokens are taken beside Docket's own, if there is one.
    pub authorization_server: Option<String>,
    /// Where a weakness is reported, as a URI.
    pub security_contact: Option<String>,
    /// The language where a client names none that is known.
    pub default_language: Language,
    /// The largest JSON body, in bytes.
    pub max_body_bytes: u64,
    /// The largest document, in bytes; it goes to the folder as it comes, never whole into memory.
    pub max_document_bytes: u64,
    /// How long running requests are waited for at shutdown.
    pub shutdown_grace: Duration,
    /// How long a client may take to send its head, and then its body.
    pub request_timeout: Duration,
    /// Threads that serve requests; absent: one per core.
    pub workers: Option<usize>,
    /// How events are called in feeds.
    pub events: EventNames,
    /// How long an answer may take, besides what the request asks to wait.
    pub answer_timeout: Duration,
    /// How much may go out at once.
    pub limits: Limits,
}

impl Default for ApiSettings {
    fn default() -> Self {
        Self {
            public_url: String::new(),
            authorization_server: None,
            security_contact: None,
            default_language: Language::default(),
            max_body_bytes: 1024 * 1024,
            max_document_bytes: 64 * 1024 * 1024,
            shutdown_grace: Duration::from_secs(10),
            request_timeout: Duration::from_secs(30),
            workers: None,
            events: EventNames::default(),
            answer_timeout: Duration::from_secs(30),
            limits: Limits::default(),
        }
    }
}

/// Exports written at once; more wait a little.
const EXPORTS_AT_ONCE: usize = 2;
/// Rendered statuses kept at most, in bytes.
const RENDERED_BYTES: usize = 16 << 20;

/// What was counted out of the tables, kept at most, in bytes.
const COUNTED_BYTES: usize = 64 << 20;

/// An answer as it went out, under the tag that says all that it depends on.
#[derive(Clone)]
pub struct Rendered {
    /// The tag.
    pub tag: Arc<str>,
    /// The body.
    pub body: Bytes,
}

/// Puts pages into the application.
pub type Pages = Arc<dyn Fn(&mut web::ServiceConfig) + Send + Sync>;

/// What every handler needs.
pub struct ApiState {
    /// The application.
    pub app: Arc<App>,
    /// The tables of the read models.
    pub models: Arc<ReadModels>,
    /// How far they have read.
    pub models_status: watch::Receiver<Status>,
    /// Verifies tokens.
    pub authenticator: Authenticator,
    /// The limits.
    pub settings: ApiSettings,
    /// The webhooks, where this node has them.
    pub webhooks: Option<Arc<Webhooks>>,
    /// The operations (imports, bundles), where this node takes them.
    pub operations: Option<Arc<Operations>>,
    /// The ledger, where there is one.
    pub ledger: Option<Arc<Ledger>>,
    /// The certificate of the listener, where it speaks TLS.
    pub tls: Option<Arc<Tls>>,
    /// Pages beside the interface, where this node has them.
    pub pages: Option<Pages>,
    /// Today's statuses by language and stream.
    pub rendered: Kept<String, Rendered>,
    /// What was counted out of the tables.
    pub counted: CountedAnswers,
    /// The interface as it describes itself here.
    pub described: OnceLock<Rendered>,
    /// What is counted of requests.
    pub requests: Requests,
    /// What goes out and is not taken yet.
    pub outgoing: Arc<Outgoing>,
    /// Exports that may begin.
    pub exports: Arc<Semaphore>,
    /// Writes events as CloudEvents.
    pub cloud_events: Arc<CloudEvents>,
    /// The newest events, for those who wait for them.
    pub tail: Tail,
    models_trouble: Mutex<Option<String>>,
    stopping: watch::Sender<bool>,
    running: Mutex<HashSet<u64>>,
}

/// A key whose act is being recorded; gone when the act is.
pub struct Running {
    state: Arc<ApiState>,
    key: u64,
}

impl Drop for Running {
    fn drop(&mut self) {
        let mut running = self.state.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.remove(&self.key);
    }
}

impl ApiState {
    /// Puts the parts together.
    pub fn new(
        app: Arc<App>,
        models: Arc<ReadModels>,
        models_status: watch::Receiver<Status>,
        authenticator: Authenticator,
        settings: ApiSettings,
    ) -> Self {
        let cloud_events = Arc::new(cloud_events(&app, &settings));
        let outgoing = Outgoing::new(settings.limits);
        Self {
            app,
            models,
            models_status,
            authenticator,
            settings,
            webhooks: None,
            operations: None,
            ledger: None,
            tls: None,
            pages: None,
            rendered: Kept::new(RENDERED_BYTES),
            counted: Kept::undivided(COUNTED_BYTES),
            described: OnceLock::new(),
            requests: Requests::default(),
            outgoing,
            exports: Arc::new(Semaphore::new(EXPORTS_AT_ONCE)),
            cloud_events,
            tail: Tail::default(),
            models_trouble: Mutex::default(),
            stopping: watch::Sender::new(false),
            running: Mutex::default(),
        }
    }

    /// The same with webhooks.
    pub fn with_webhooks(self, webhooks: Arc<Webhooks>) -> Self {
        Self { webhooks: Some(webhooks), ..self }
    }

    /// The same with operations.
    pub fn with_operations(self, operations: Arc<Operations>) -> Self {
        Self { operations: Some(operations), ..self }
    }

    /// The same with a ledger.
    pub fn with_ledger(self, ledger: Arc<Ledger>) -> Self {
        Self { ledger: Some(ledger), ..self }
    }

    /// The same over TLS.
    pub fn with_tls(self, tls: Option<Arc<Tls>>) -> Self {
        Self { tls, ..self }
    }

    /// The same with pages, which ask the interface from inside.
    pub fn with_pages(self, pages: Pages) -> Self {
        Self { pages: Some(pages), ..self }
    }

    /// The present civil day in China.
    pub fn today(&self) -> Day {
        self.app.clock().now().civil_day()
    }

    /// Begins an act under a key; nothing where one under it is being recorded.
    pub fn begin(
        self: &Arc<Self>,
        principal: &str,
        enrollment: &str,
        key: &str,
    ) -> Option<Running> {
        let mut hasher = DefaultHasher::new();
        (principal, enrollment, key).hash(&mut hasher);
        let key = hasher.finish();
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.insert(key).then(|| Running { state: self.clone(), key })
    }

    /// Why the tables could not be read when they were last asked, if so.
    pub fn models_trouble(&self) -> Option<String> {
        self.models_trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes whether the tables could be read.
    pub fn note_models_trouble(&self, trouble: Option<String>) {
        *self.models_trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }

    /// Says that no further request should be sent here.
    pub fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Whether the server is about to stop.
    pub fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    /// Turns `true` once the server is about to stop: what never ends by itself ends then.
    pub fn stopping(&self) -> watch::Receiver<bool> {
        self.stopping.subscribe()
    }
}

fn cloud_events(app: &App, settings: &ApiSettings) -> CloudEvents {
    let own = match app.log_id() {
        id if id.is_nil() => "urn:docket:unknown".to_owned(),
        id => format!("urn:docket:{id}"),
    };
    let source = settings.events.source.as_ref().unwrap_or(&own);
    // A relative address would name nothing once the event has left the answer.
    let schemas = format!("{}/schemas/events/", settings.public_url);
    let schemas = (!settings.public_url.is_empty()).then_some(schemas);
    CloudEvents::new(&settings.events.type_prefix, source, schemas.as_deref())
}
