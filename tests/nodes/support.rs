//! Nodes over one log in memory, and what they have in common.

use std::sync::Arc;
use std::time::Duration;

use docket::app::clock::{Clock, FixedClock};
use docket::app::documents::{DocumentStore, FolderStore};
use docket::app::{
    ActAnswer, ActCall, ActError, App, Caller, Following, Parts, Precondition, start,
};
use docket::codec::parse_act_request;
use docket::domain::date::{Day, Timestamp};
use docket::domain::history::History;
use docket::domain::ids::{Office, SubjectId};
use docket::domain::measure_file::{FILES, Source};
use docket::log::MemoryLog;
use serde_json::{Value, json};

use super::app::{NOW, caller, national, registrar};
use super::node_log::NodeLog;

pub const PROGRAM: &str = "exercise_strong_province";

/// What the nodes share.
pub struct Shared {
    pub log: Arc<MemoryLog>,
    pub documents: Arc<dyn DocumentStore>,
    _folder: tempfile::TempDir,
}

pub struct Node {
    pub app: Arc<App>,
    pub log: Arc<NodeLog>,
    pub clock: Arc<FixedClock>,
    pub _following: Option<Following>,
}

impl Shared {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let documents = Arc::new(FolderStore::open(folder.path()).unwrap());
        Self { log: Arc::new(MemoryLog::new()), documents, _folder: folder }
    }

    pub fn parts(&self, log: &Arc<NodeLog>, clock: &Arc<FixedClock>, id: u128) -> Parts {
        Parts {
            log: log.clone(),
            documents: self.documents.clone(),
            clock: clock.clone() as Arc<dyn Clock>,
            files: FILES,
            new_log_id: uuid::Uuid::from_u128(id),
            origin: None,
            public_key: format!("key {id}"),
            cache_bytes: 1 << 20,
        }
    }

    /// A node that has its own log id in case it is the first.
    pub async fn node(&self, id: u128) -> Node {
        self.node_with(id, FILES).await
    }

    pub async fn node_with(&self, id: u128, files: &'static [Source<'static>]) -> Node {
        let log = NodeLog::over(&self.log);
        let clock = Arc::new(FixedClock::at(Timestamp::parse_rfc3339(NOW).unwrap()));
        let parts = Parts { files, ..self.parts(&log, &clock, id) };
        let app = Arc::new(start(parts).await.unwrap());
        let _following = Following::start(&app);
        assert!(_following.is_some());
        Node { app, log, clock, _following }
    }

    pub async fn two(&self) -> (Node, Node) {
        (self.node(1).await, self.node(2).await)
    }
}

pub fn stream(id: &str) -> String {
    format!("{PROGRAM}-{id}")
}

pub fn province(id: &str) -> Caller {
    caller(Office::Province, id, &[id])
}

pub fn call(id: &str, key: &str, precondition: Precondition, body: &Value) -> ActCall {
    ActCall {
        persons: Vec::new(),
        program: PROGRAM.to_owned(),
        subject: Some(SubjectId::parse(id).unwrap()),
        request: parse_act_request(body.to_string().as_bytes()).unwrap(),
        key: key.to_owned(),
        precondition,
        trace: None,
        validate_only: false,
    }
}

pub fn apply(category: &str) -> Value {
    json!({ "act": "apply", "effective_on": "2016-01-04", "category": category, "rank": "pilot" })
}

pub fn approve() -> Value {
    json!({ "act": "approve", "effective_on": "2016-03-01", "batch": "1" })
}

pub fn note(text: &str) -> Value {
    json!({ "act": "note", "effective_on": "2016-02-01", "text": text })
}

impl Node {
    pub async fn act(
        &self,
        who: &Caller,
        id: &str,
        key: &str,
        precondition: Precondition,
        body: &Value,
    ) -> Result<ActAnswer, ActError> {
        self.app.act(who, &call(id, key, precondition, body)).await
    }

    pub async fn register(&self, id: &str) {
        let body = json!({
            "id": id, "kind": "province", "name": {"en": id, "zh": id}, "invented": true,
            "source": "invented for a test", "effective_on": "2010-01-01",
        });
        let registration = serde_json::from_value(body).unwrap();
        let key = format!("register {id}");
        self.app.registrar().register_subject(&registrar(), registration, &key).await.unwrap();
    }

    /// An invented province with an application.
    pub async fn applicant(&self, id: &str, category: &str) {
        self.register(id).await;
        let body = apply(category);
        self.act(&province(id), id, "apply", Precondition::NotExists, &body).await.unwrap();
    }

    pub async fn apply(&self, id: &str, key: &str) -> Result<ActAnswer, ActError> {
        self.act(&province(id), id, key, Precondition::NotExists, &apply("leading")).await
    }

    pub async fn approve(&self, id: &str, key: &str) -> Result<ActAnswer, ActError> {
        self.act(&national(), id, key, Precondition::Any, &approve()).await
    }

    pub async fn note(&self, id: &str, key: &str, on: Precondition) -> Result<ActAnswer, ActError> {
        self.act(&registrar(), id, key, on, &note(key)).await
    }

    pub async fn history(&self, id: &str) -> History {
        self.app.history(&stream(id)).await.unwrap()
    }

    /// The revision at which the fold that this node keeps stands.
    pub async fn kept(&self, id: &str) -> Option<u64> {
        self.app.enrollment(&stream(id)).await.unwrap().revision
    }

    /// Waits until what this node keeps has reached a revision.
    pub async fn follows_to(&self, id: &str, revision: u64) {
        for _ in 0..500 {
            if self.kept(id).await >= Some(revision) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{id} stands at {:?} on this node, not at {revision}", self.kept(id).await);
    }

    pub async fn taken(&self, category: &str, day: &str) -> u32 {
        let program = self.app.library().program(PROGRAM).unwrap();
        let quotas = self.app.places().quotas(program).await.unwrap();
        let quota = quotas.iter().find(|q| q.category == category).unwrap();
        quota.quota.taken_on(Day::parse(day).unwrap())
    }
}

/// The ids of the events that a key produced.
pub fn made_by(history: &History, key: &str) -> Vec<uuid::Uuid> {
    let made = history
        .events()
        .iter()
        .filter(|event| event.meta.key.as_ref().is_some_and(|(used, _)| used == key));
    made.map(|event| event.id).collect()
}
