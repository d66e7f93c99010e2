//! A whole node over a log of the test's choosing: application, read models, HTTP interface.

use std::sync::Arc;
use std::time::Duration;

use docket::api::auth::{Authenticator, LocalVerifier, TokenKey};
use docket::api::{ApiSettings, ApiState, Served, serve};
use docket::app::clock::{Clock, FixedClock};
use docket::app::documents::FolderStore;
use docket::app::{App, Following, Parts, start};
use docket::domain::date::Timestamp;
use docket::domain::measure_file::FILES;
use docket::log::EventLog;
use docket::projection::{Copies, Options, ReadModels, Runner, SqliteCopies, Status};
use tokio::sync::watch;

use super::asked::{Answer, Request};

/// The time by which tokens are judged, in Unix seconds.
pub const UNIX_NOW: i64 = 1_795_320_000;

pub struct Node {
    pub name: &'static str,
    pub app: Arc<App>,
    pub copies: Arc<SqliteCopies>,
    clock: Arc<FixedClock>,
    base: String,
    http: reqwest::Client,
    served: Served,
    runner: Runner,
    _following: Option<Following>,
    models: watch::Receiver<Status>,
    _folder: tempfile::TempDir,
}

impl Node {
    pub async fn over(name: &'static str, log: Arc<dyn EventLog>, key: &TokenKey) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(FixedClock::at(Timestamp::from_micros(0)));
        clock.set(super::script::start_of_time());
        let parts = Parts {
            log,
            documents: Arc::new(FolderStore::open(folder.path()).unwrap()),
            clock: clock.clone() as Arc<dyn Clock>,
            files: FILES,
            new_log_id: uuid::Uuid::from_u128(7),
            origin: None,
            public_key: "AA==".to_owned(),
            cache_bytes: 1 << 20,
        };
        let app = Arc::new(start(parts).await.unwrap());
        let following = Following::start(&app);
        let copies = Arc::new(SqliteCopies::new(folder.path().join("read-models")));
        let options = Options::new(name);
        let runtime = tokio::runtime::Handle::current();
        let runner =
            Runner::start(app.log().clone(), copies.clone() as Arc<dyn Copies>, options, runtime);
        let runner = runner.unwrap();
        let models = runner.status();
        let verifier = Arc::new(LocalVerifier::new(key, "docket-test", "docket"));
        let authenticator = Authenticator::new(verifier, || UNIX_NOW, 1 << 20);
        let tables = ReadModels::of_runner(copies.clone() as Arc<dyn Copies>, models.clone());
        let settings = ApiSettings { workers: Some(1), ..ApiSettings::default() };
        let state = ApiState::new(app.clone(), tables, models.clone(), authenticator, settings);
        let served = serve("127.0.0.1:0".parse().unwrap(), Arc::new(state)).unwrap();
        let base = format!("http://{}", served.address);
        let http = reqwest::Client::new();
        Self {
            name,
            app,
            copies,
            clock,
            base,
            http,
            served,
            runner,
            _following: following,
            models,
            _folder: folder,
        }
    }

    pub fn set_clock(&self, now: Timestamp) {
        self.clock.set(now);
    }

    pub async fn ask(&self, request: &Request) -> Answer {
        let method = reqwest::Method::from_bytes(request.method.as_bytes()).unwrap();
        let mut sent = self.http.request(method, format!("{}{}", self.base, request.path));
        for (name, value) in &request.headers {
            sent = sent.header(*name, value);
        }
        if let Some(token) = &request.token {
            sent = sent.bearer_auth(token);
        }
        if let Some(body) = &request.body {
            sent = sent.body(body.clone());
        }
        Answer::read(sent.send().await.unwrap()).await
    }

    /// Waits until the tables hold every event.
    pub async fn caught_up(&mut self) {
        let head = self.app.log().head().await.unwrap();
        let read =
            self.models.wait_for(|status| status.position >= head || status.failed.is_some());
        let status = tokio::time::timeout(Duration::from_secs(60), read).await;
        let status = status.expect("the read models stand still").unwrap();
        assert!(status.failed.is_none(), "{}: {:?}", self.name, status.failed);
    }

    pub async fn stop(self) {
        self.served.stop().await.unwrap();
        self.runner.stop().await;
        self.app.log().close().await;
    }
}
