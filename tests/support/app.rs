//! An application over a log of the test's choosing, with invented subjects.
#![allow(dead_code, reason = "each test binary uses its part")]

use std::sync::Arc;

use docket::app::clock::{Clock, FixedClock};
use docket::app::documents::{DocumentStore, FolderStore, put};
use docket::app::persons::{FileKeys, PersonKey};
use docket::app::{ActAnswer, ActCall, ActError, App, Caller, Parts, Precondition, start};
use docket::codec::parse_act_request;
use docket::domain::date::Timestamp;
use docket::domain::decide::Actor;
use docket::domain::ids::{Office, SubjectId};
use docket::domain::measure_file::{FILES, Source};
use docket::log::EventLog;
use serde_json::{Value, json};

pub const NOW: &str = "2026-11-22T10:00:00+08:00";

pub struct World {
    pub app: Arc<App>,
    pub clock: Arc<FixedClock>,
    pub documents: Arc<dyn DocumentStore>,
    _folder: tempfile::TempDir,
}

pub fn caller(office: Office, id: &str, divisions: &[&str]) -> Caller {
    Caller {
        principal: format!("test|{id}"),
        role: office.as_str().to_owned(),
        actor: Some(Actor {
            office,
            office_id: id.to_owned(),
            divisions: divisions.iter().map(ToString::to_string).collect(),
        }),
    }
}

pub fn registrar() -> Caller {
    caller(Office::Registrar, "registrar-1", &[])
}

pub fn national() -> Caller {
    caller(Office::NationalOffice, "national-1", &[])
}

impl World {
    pub async fn over(log: Arc<dyn EventLog>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let documents: Arc<dyn DocumentStore> =
            Arc::new(FolderStore::open(folder.path()).expect("a documents folder"));
        Self::with_documents(log, documents, folder, FILES).await
    }

    pub async fn again(self, log: Arc<dyn EventLog>) -> Self {
        self.again_with(log, FILES).await
    }

    /// Started again with other files of programs and measures.
    pub async fn again_with(
        self,
        log: Arc<dyn EventLog>,
        files: &'static [Source<'static>],
    ) -> Self {
        Self::with_documents(log, self.documents, self._folder, files).await
    }

    async fn with_documents(
        log: Arc<dyn EventLog>,
        documents: Arc<dyn DocumentStore>,
        folder: tempfile::TempDir,
        files: &'static [Source<'static>],
    ) -> Self {
        let now = Timestamp::parse_rfc3339(NOW).expect("an instant");
        let clock = Arc::new(FixedClock::at(now));
        let parts = Parts {
            log,
            documents: documents.clone(),
            clock: clock.clone() as Arc<dyn Clock>,
            files,
            new_log_id: uuid::Uuid::from_u128(7),
            origin: None,
            public_key: "test".to_owned(),
            cache_bytes: 1 << 20,
        };
        let keys = Arc::new(FileKeys::new(folder.path().join("persons.sqlite")));
        let app = start(parts).await.expect("a started application");
        let app = Arc::new(app.with_person_keys(keys, || PersonKey::new([7; 32])));
        Self { app, clock, documents, _folder: folder }
    }

    pub async fn upload(&self, text: &str) -> String {
        let bytes =
            futures_util::stream::iter([Ok::<_, std::convert::Infallible>(text.to_owned())]);
        put(&*self.documents, bytes, None, 1 << 20).await.expect("an upload").digest.to_string()
    }

    pub async fn register(&self, id: &str, kind: &str, province: Option<&str>) {
        let mut body = json!({
            "id": id, "kind": kind, "name": {"en": id, "zh": id}, "invented": true,
            "source": "invented for a test", "effective_on": "2010-01-01",
        });
        if let Some(province) = province {
            body["province"] = json!(province);
        }
        let registration = serde_json::from_value(body).expect("a registration");
        self.app
            .registrar()
            .register_subject(&registrar(), registration, &format!("register {id}"))
            .await
            .expect("a registered subject");
    }

    pub async fn act(
        &self,
        caller: &Caller,
        (program, subject): (&str, &str),
        key: &str,
        body: Value,
    ) -> Result<ActAnswer, ActError> {
        self.act_at(caller, (program, subject), key, Precondition::Any, body).await
    }

    pub async fn act_at(
        &self,
        caller: &Caller,
        (program, subject): (&str, &str),
        key: &str,
        precondition: Precondition,
        body: Value,
    ) -> Result<ActAnswer, ActError> {
        act_at(&self.app, caller, (program, subject), key, precondition, body).await
    }

    /// The national office acts for a program as a whole.
    pub async fn act_for(&self, program: &str, key: &str, body: Value) -> ActAnswer {
        let done = self.act_as(&national(), program, key, body).await;
        done.expect("an act for the program")
    }

    /// Acts for a program as a whole.
    pub async fn act_as(
        &self,
        caller: &Caller,
        program: &str,
        key: &str,
        body: Value,
    ) -> Result<ActAnswer, ActError> {
        let call = call((program, None), key, Precondition::Any, body);
        self.app.act(caller, &call).await
    }

    /// An invented province with an application for a category.
    pub async fn applicant(&self, id: &str, category: &str) {
        self.register(id, "province", None).await;
        let province = caller(Office::Province, id, &[id]);
        self.act(
            &province,
            ("exercise_strong_province", id),
            "apply",
            json!({
                "act": "apply", "effective_on": "2016-01-04", "category": category, "rank": "pilot",
            }),
        )
        .await
        .expect("an application");
    }

    pub async fn approve(&self, id: &str, key: &str) -> Result<ActAnswer, ActError> {
        self.approve_on(id, key, "2016-03-01").await
    }

    pub async fn approve_on(&self, id: &str, key: &str, day: &str) -> Result<ActAnswer, ActError> {
        let body = json!({"act": "approve", "effective_on": day, "batch": "1"});
        self.act(&national(), ("exercise_strong_province", id), key, body).await
    }

    /// The places taken in a category on a day.
    pub async fn taken(&self, category: &str, day: &str) -> u32 {
        let program = self.app.library().program("exercise_strong_province").expect("the program");
        let quotas = self.app.places().quotas(program).await.expect("the quotas");
        let quota = quotas.iter().find(|q| q.category == category).expect("the category");
        quota.quota.taken_on(docket::domain::date::Day::parse(day).expect("a day"))
    }
}

/// An act under `If-Match: *`.
pub async fn act_on(
    app: &App,
    caller: &Caller,
    subject: (&str, &str),
    key: &str,
    body: Value,
) -> Result<ActAnswer, ActError> {
    act_at(app, caller, subject, key, Precondition::Any, body).await
}

async fn act_at(
    app: &App,
    caller: &Caller,
    (program, subject): (&str, &str),
    key: &str,
    precondition: Precondition,
    body: Value,
) -> Result<ActAnswer, ActError> {
    app.act(caller, &call((program, Some(subject)), key, precondition, body)).await
}

fn call(
    (program, subject): (&str, Option<&str>),
    key: &str,
    precondition: Precondition,
    body: Value,
) -> ActCall {
    ActCall {
        program: program.to_owned(),
        subject: subject.map(|subject| SubjectId::parse(subject).expect("a subject")),
        request: parse_act_request(body.to_string().as_bytes()).expect("an act"),
        persons: Vec::new(),
        key: key.to_owned(),
        precondition,
        trace: None,
        validate_only: false,
    }
}
