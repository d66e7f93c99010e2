//! Two servers over one log, as clients behind a balancer meet them: what one has answered, the other
//! does not deny.

use std::sync::Arc;
use std::time::Duration;

use docket::api::auth::{Authenticator, Grant, LocalVerifier, Role, TokenKey, issue};
use docket::api::{ApiSettings, ApiState, Served, serve};
use docket::projection::{Copies, Options, ReadModels, Runner, SqliteCopies};
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use super::support::{Node, PROGRAM, Shared, apply, note};

const UNIX_NOW: i64 = 1_795_312_800;

struct Web {
    node: Node,
    base: String,
    _served: Served,
    _runner: Runner,
    _tables: tempfile::TempDir,
}

struct Reply {
    status: u16,
    headers: HeaderMap,
    body: Value,
}

impl Reply {
    #[track_caller]
    fn ok(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.body);
        self
    }

    fn header(&self, name: &str) -> String {
        self.headers[name].to_str().unwrap().to_owned()
    }
}

fn web(node: Node, key: &TokenKey) -> Web {
    let tables = tempfile::tempdir().unwrap();
    let copies: Arc<dyn Copies> = Arc::new(SqliteCopies::new(tables.path().join("read-models")));
    let options = Options::new("test");
    let runtime = tokio::runtime::Handle::current();
    let runner = Runner::start(node.app.log().clone(), copies.clone(), options, runtime).unwrap();
    let verifier = Arc::new(LocalVerifier::new(key, "docket-test", "docket"));
    let authenticator = Authenticator::new(verifier, || UNIX_NOW, 1 << 20);
    let status = runner.status();
    let models = ReadModels::of_runner(copies, status.clone());
    let settings = ApiSettings { workers: Some(1), ..ApiSettings::default() };
    let state = Arc::new(ApiState::new(node.app.clone(), models, status, authenticator, settings));
    let served = serve("127.0.0.1:0".parse().unwrap(), state).unwrap();
    let base = format!("http://{}", served.address);
    Web { node, base, _served: served, _runner: runner, _tables: tables }
}

/// Two servers, and a client for each role.
struct Two {
    a: Web,
    b: Web,
    key: TokenKey,
    http: reqwest::Client,
    _shared: Shared,
}

impl Two {
    #[expect(clippy::disallowed_methods, reason = "a key of its own for each test")]
    async fn new() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let shared = Shared::new();
        let (a, b) = shared.two().await;
        let key = TokenKey::generate(&mut rand::rng());
        let (a, b) = (web(a, &key), web(b, &key));
        Self { a, b, key, http: reqwest::Client::new(), _shared: shared }
    }

    fn token(&self, role: Role, divisions: &[&str]) -> String {
        let grant = Grant {
            issuer: "docket-test".to_owned(),
            audience: "docket".to_owned(),
            sub: format!("{role}"),
            role,
            office: format!("office {role}"),
            divisions: divisions.iter().map(ToString::to_string).collect(),
            jti: "j".to_owned(),
        };
        issue(&self.key, &grant, UNIX_NOW, 3600).unwrap()
    }

    async fn get(&self, web: &Web, path: &str, headers: &[(&str, &str)]) -> Reply {
        let token = self.token(Role::Auditor, &[]);
        let request = self.http.get(format!("{}{path}", web.base)).bearer_auth(token);
        send(headers.iter().fold(request, |request, (name, value)| request.header(*name, *value)))
            .await
    }

    async fn post(
        &self,
        web: &Web,
        (role, divisions): (Role, &[&str]),
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Reply {
        let request = self.http.post(format!("{}{path}", web.base));
        let request = request.bearer_auth(self.token(role, divisions)).json(body);
        send(headers.iter().fold(request, |request, (name, value)| request.header(*name, *value)))
            .await
    }

    async fn register(&self, web: &Web, id: &str) -> Reply {
        let body = json!({
            "id": id, "kind": "province", "name": { "en": id, "zh": id }, "invented": true,
            "source": "test", "effective_on": "2010",
        });
        let key = format!("register {id}");
        self.post(web, (Role::Registrar, &[]), "/v1/subjects", &[("idempotency-key", &key)], &body)
            .await
    }

    async fn apply(&self, web: &Web, id: &str) -> Reply {
        let path = format!("/v1/enrollments/{PROGRAM}/{id}/acts");
        let headers = [("idempotency-key", "apply"), ("if-none-match", "*")];
        self.post(web, (Role::Province, &[id]), &path, &headers, &apply("leading")).await
    }

    async fn note(&self, web: &Web, id: &str, key: &str, on: &str) -> Reply {
        let path = format!("/v1/enrollments/{PROGRAM}/{id}/acts");
        let headers = [("idempotency-key", key), ("if-match", on)];
        self.post(web, (Role::Registrar, &[]), &path, &headers, &note(key)).await
    }

    async fn status(&self, web: &Web, id: &str) -> Reply {
        self.get(web, &format!("/v1/enrollments/{PROGRAM}/{id}"), &[]).await
    }
}

async fn send(request: reqwest::RequestBuilder) -> Reply {
    let response = request.header("accept-language", "en").send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let bytes = response.bytes().await.unwrap();
    let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    Reply { status, headers, body }
}

/// Past the deadline of counting the answer is 201 with the revision and no sequence.
#[tokio::test]
async fn an_answer_whose_sequence_is_not_counted_yet_says_null() {
    let two = Two::new().await;
    two.b.node.log.hold();
    let registered = two.register(&two.b, "x01").await.ok(201);
    assert_eq!(
        (&registered.body["sequence"], &registered.body["revision"]),
        (&Value::Null, &json!(0))
    );
    let applied = two.apply(&two.b, "x01").await.ok(201);
    assert_eq!(applied.body["sequence"], Value::Null);
    assert_eq!(applied.body["events"][0]["sequence"], Value::Null);
    assert_eq!(applied.body["revision"], 0);
    assert!(applied.header("etag").starts_with("\"0."), "{:?}", applied.headers);
    assert!(applied.header("location").contains(applied.body["id"].as_str().unwrap()));
    let status = two.status(&two.b, "x01").await.ok(200);
    assert_eq!((&status.body["sequence"], &status.body["revision"]), (&Value::Null, &json!(0)));
    let noted = two.note(&two.b, "x01", "n1", &applied.header("etag")).await.ok(201);
    assert_eq!((&noted.body["sequence"], &noted.body["revision"]), (&Value::Null, &json!(1)));

    // Counted, it is told: by the status, and by a retry, on either node.
    two.b.node.log.release();
    let expected = {
        let again = two.note(&two.a, "x01", "n1", "*").await.ok(201);
        assert_eq!(again.body["id"], noted.body["id"]);
        again.body["sequence"].clone()
    };
    assert!(expected.is_string());
    assert_eq!(two.note(&two.b, "x01", "n1", "*").await.ok(201).body["sequence"], expected);
    for _ in 0..200 {
        let status = two.status(&two.b, "x01").await.ok(200);
        if status.body["sequence"] == expected {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the status never tells its sequence");
}

#[tokio::test]
async fn what_one_node_answered_the_other_does_not_deny() {
    let two = Two::new().await;
    two.register(&two.a, "x01").await.ok(201);
    two.status(&two.b, "x01").await.ok(404);
    two.b.node.log.hold();
    let applied = two.apply(&two.a, "x01").await.ok(201);
    // No event was kept of it: it is there at once.
    assert_eq!(two.status(&two.b, "x01").await.ok(200).body["revision"], 0);
    let noted = two.note(&two.a, "x01", "n1", &applied.header("etag")).await.ok(201);
    assert_eq!(two.status(&two.b, "x01").await.ok(200).body["revision"], 0, "not heard of");
    // A client that has seen more gets no less.
    let tag = two.status(&two.a, "x01").await.ok(200).header("etag");
    let path = format!("/v1/enrollments/{PROGRAM}/x01");
    two.get(&two.b, &path, &[("if-none-match", &tag)]).await.ok(304);
    assert_eq!(two.status(&two.b, "x01").await.ok(200).body["revision"], 1);
    two.note(&two.a, "x01", "n2", &noted.header("etag")).await.ok(201);
    let on_b = two.note(&two.b, "x01", "n3", "\"2.x\"").await.ok(201);
    assert_eq!(on_b.body["revision"], 3);
    let lost = two.note(&two.b, "x01", "n4", "\"2.x\"").await.ok(412);
    assert_eq!(lost.body["changes"].as_array().unwrap().len(), 1, "{}", lost.body);
}

/// A position that the other node told is one to wait for, not one beyond the end of the log.
#[tokio::test]
async fn a_sequence_that_the_other_node_told_is_waited_for() {
    let two = Two::new().await;
    two.register(&two.a, "x01").await.ok(201);
    two.b.node.log.hold();
    let applied = two.apply(&two.a, "x01").await.ok(201);
    let sequence = applied.body["sequence"].as_str().unwrap().to_owned();
    let paths = [
        format!("/v1/enrollments/{PROGRAM}/x01?at_sequence={sequence}"),
        format!("/v1/events?after={sequence}"),
        format!("/v1/enrollments?program={PROGRAM}&min_sequence={sequence}"),
    ];
    let asking = async {
        for path in &paths {
            two.get(&two.b, path, &[("prefer", "wait=5")]).await.ok(200);
        }
    };
    let releasing = async {
        tokio::time::sleep(Duration::from_millis(150)).await;
        two.b.node.log.release();
    };
    tokio::join!(asking, releasing);
    let beyond = format!("/v1/enrollments/{PROGRAM}/x01?at_sequence=99999");
    two.get(&two.b, &beyond, &[]).await.ok(400);
}
