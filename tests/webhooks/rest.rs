//! Endpoints over REST: the real application on a port of its own.

use std::sync::Arc;

use docket::api::auth::{Authenticator, Grant, LocalVerifier, Role, TokenKey, issue};
use docket::api::{ApiSettings, ApiState, Served, serve};
use docket::log::EventLog;
use docket::projection::{ReadModels, Status};
use reqwest::Method;
use serde_json::{Value, json};

use super::support::{Engine, LOG_ID, Receiver, World, status};
use crate::app;

const UNIX_NOW: i64 = 1_795_320_000;

struct Server {
    world: World,
    key: TokenKey,
    base: String,
    served: Served,
}

struct Reply {
    status: u16,
    headers: reqwest::header::HeaderMap,
    body: Value,
}

impl Reply {
    #[track_caller]
    fn ok(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.body
    }

    #[track_caller]
    fn problem(self, status: u16, name: &str) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        let uri = self.body["type"].as_str().unwrap();
        assert!(uri.ends_with(&format!("/problems/{name}")), "{uri}");
        self.body
    }
}

#[expect(clippy::disallowed_methods, reason = "a key of its own for each test")]
fn new_key() -> TokenKey {
    TokenKey::generate(&mut rand::rng())
}

impl Server {
    async fn start(engine: Engine) -> Self {
        Self::over(World::new(engine)).await
    }

    async fn over(mut world: World) -> Self {
        // The application writes the beginning of the log.
        let log: Arc<dyn EventLog> = Arc::new(docket::log::MemoryLog::new());
        let node = app::World::over(log.clone()).await;
        world.log = log;
        world.webhooks = world.reopened();
        let key = new_key();
        let verifier = Arc::new(LocalVerifier::new(&key, "docket-test", "docket"));
        let authenticator = Authenticator::new(verifier, || UNIX_NOW, 1 << 20);
        let models = tokio::sync::watch::channel(Status::default()).1;
        let settings = ApiSettings { workers: Some(1), ..ApiSettings::default() };
        let nowhere = Arc::new(docket::projection::SqliteCopies::new("nowhere"));
        let of_runner = ReadModels::of_runner(nowhere, models.clone());
        let state = ApiState::new(node.app.clone(), of_runner, models, authenticator, settings);
        let state = Arc::new(state.with_webhooks(world.webhooks.clone()));
        let served = serve("127.0.0.1:0".parse().unwrap(), state).unwrap();
        assert_eq!(node.app.log_id(), LOG_ID);
        Self { world, key, base: format!("http://{}", served.address), served }
    }

    async fn send(
        &self,
        (method, path): (Method, &str),
        role: Role,
        language: &str,
        body: Option<Value>,
    ) -> Reply {
        let grant = Grant {
            issuer: "docket-test".to_owned(),
            audience: "docket".to_owned(),
            sub: role.to_string(),
            role,
            office: "office".to_owned(),
            divisions: vec!["440000".to_owned()],
            jti: "1".to_owned(),
        };
        let token = issue(&self.key, &grant, UNIX_NOW, 3600).unwrap();
        let request = reqwest::Client::new()
            .request(method, format!("{}{path}", self.base))
            .bearer_auth(token)
            .header("accept-language", language);
        let request = body.iter().fold(request, |request, body| request.json(body));
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = response.bytes().await.unwrap();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Reply { status, headers, body }
    }

    async fn get(&self, path: &str) -> Reply {
        self.send((Method::GET, path), Role::Operator, "en", None).await
    }

    async fn post(&self, path: &str, body: Value) -> Reply {
        self.send((Method::POST, path), Role::Operator, "en", Some(body)).await
    }

    async fn patch(&self, path: &str, body: Value) -> Reply {
        self.send((Method::PATCH, path), Role::Operator, "en", Some(body)).await
    }

    async fn made(&self, url: &str) -> (String, Value) {
        let made = self.post(ENDPOINTS, json!({ "url": url })).await.ok(201);
        let id = made["endpoint"]["id"].as_str().unwrap();
        (format!("{ENDPOINTS}/{id}"), made)
    }
}

const ENDPOINTS: &str = "/v1/webhook-endpoints";

async fn an_endpoint_from_its_making_to_its_removal(engine: Engine) {
    let server = Server::start(engine).await;
    let receiver = Receiver::good().await;
    let body = json!({
        "url": receiver.url(), "description": "test", "programs": ["cluster_area"],
        "types": ["Applied"], "from_sequence": "0",
    });
    let reply = server.post(ENDPOINTS, body).await;
    let location = reply.headers["location"].to_str().unwrap().to_owned();
    assert_eq!(reply.headers["cache-control"], "no-store");
    let made = reply.ok(201);
    let secret = made["secret"].as_str().unwrap().to_owned();
    assert!(secret.starts_with("whsec_"));
    let endpoint = &made["endpoint"];
    assert_eq!(endpoint["enabled"], true);
    assert_eq!(endpoint["next_sequence"], "00000000000000000000");
    assert_eq!(location, format!("{ENDPOINTS}/{}", endpoint["id"].as_str().unwrap()));
    assert!(endpoint["public_keys"][0].as_str().unwrap().starts_with("whpk_"));

    // The secret is nowhere else.
    let one = server.get(&location).await.ok(200);
    assert_eq!(&one, endpoint);
    let list = server.get(ENDPOINTS).await.ok(200);
    assert_eq!(list, json!({ "items": [endpoint] }));
    assert!(!list.to_string().contains("whsec_") && !list.to_string().contains("whsk_"));

    let changes =
        json!({ "description": "changed", "programs": [], "types": [], "enabled": false });
    let changed = server.patch(&location, changes).await.ok(200);
    assert_eq!(changed["description"], "changed");
    assert_eq!((&changed["programs"], &changed["url"]), (&json!([]), &endpoint["url"]));
    assert_eq!(changed["disabled"]["reason"], "operator");
    let enabled = server.patch(&location, json!({ "enabled": true })).await.ok(200);
    assert_eq!((&enabled["enabled"], &enabled["disabled"]), (&json!(true), &Value::Null));

    let rotated =
        server.post(&format!("{location}/secrets"), json!({ "overlap_s": 60 })).await.ok(201);
    assert_ne!(rotated["secret"], secret);
    assert_eq!(rotated["endpoint"]["public_keys"].as_array().unwrap().len(), 2);
    assert!(rotated["endpoint"]["previous_keys_until"].is_string());

    server.send((Method::DELETE, &location), Role::Operator, "en", None).await.ok(204);
    server.get(&location).await.problem(404, "not-found");
    let again = server.send((Method::DELETE, &location), Role::Operator, "zh-CN", None).await;
    let said = again.problem(404, "not-found")["detail"].to_string();
    assert!(said.contains("没有 Webhook 端点"), "{said}");
    server.served.stop().await.unwrap();
}

async fn deliveries_are_listed_redelivered_and_replayed(engine: Engine) {
    let server = Server::start(engine).await;
    let receiver = Receiver::in_turn(vec![status(500), status(200)]).await;
    let (endpoint, _) = server.made(&receiver.url()).await;
    let first = server.world.event("strong_province-440000", "Applied").await;
    let second = server.world.event("strong_province-330000", "Applied").await;
    server.world.settle().await;

    let path = format!("{endpoint}/deliveries");
    let failing = server.get(&format!("{path}?state=pending")).await.ok(200);
    assert_eq!(failing["items"].as_array().unwrap().len(), 1, "{failing}");
    let item = &failing["items"][0];
    assert_eq!((&item["attempts"], &item["last_status"]), (&json!(1), &json!(500)));
    assert!(item["next_attempt_at"].is_string() && item["last_error"].is_string());
    assert_eq!(item["type"], "Applied");

    let page = server.get(&format!("{path}?limit=1")).await.ok(200);
    assert_eq!(page["items"][0]["sequence"], format!("{second:020}"));
    let next = page["next"].as_str().unwrap().to_owned();
    let page = server.get(&next).await.ok(200);
    assert_eq!(page["items"][0]["sequence"], format!("{first:020}"));
    assert_eq!(page["next"], Value::Null);

    let again = format!("{path}/{second}/redeliveries");
    let redelivered = server.send((Method::POST, &again), Role::Operator, "en", None).await.ok(201);
    assert_eq!((&redelivered["state"], &redelivered["attempts"]), (&json!("pending"), &json!(0)));
    let unknown = format!("{path}/999/redeliveries");
    let reply = server.send((Method::POST, &unknown), Role::Operator, "en", None).await;
    reply.problem(404, "not-found");
    let wrong = format!("{path}/x/redeliveries");
    let reply = server.send((Method::POST, &wrong), Role::Operator, "en", None).await;
    reply.problem(400, "malformed-request");

    let replays = format!("{endpoint}/replays");
    let replayed = server.post(&replays, json!({ "from_sequence": first })).await.ok(201);
    assert_eq!(replayed["from_sequence"], format!("{first:020}"));
    assert_eq!(replayed["position_before"], format!("{:020}", second + 1));
    let body = json!({ "from_sequence": format!("{:020}", second + 2) });
    let beyond = server.post(&replays, body).await.problem(422, "validation-error");
    assert_eq!(beyond["errors"][0]["pointer"], "#/from_sequence");
    let now = server.post(&replays, json!({ "from_sequence": "now" })).await;
    now.problem(422, "validation-error");
    server.post(&replays, json!({})).await.problem(422, "validation-error");

    for query in ["state=lost", "limit=0"] {
        server.get(&format!("{path}?{query}")).await.problem(400, "malformed-request");
    }
    server.get(&format!("{path}?cursor=x")).await.problem(400, "cursor-invalid");
    server.get(&format!("{path}?status=x")).await.problem(400, "unknown-parameter");
    server.served.stop().await.unwrap();
}

async fn only_operators_manage_them(engine: Engine) {
    let server = Server::start(engine).await;
    let (endpoint, _) = server.made("http://127.0.0.1:1/").await;
    let requests = [
        (Method::GET, ENDPOINTS.to_owned(), None),
        (Method::POST, ENDPOINTS.to_owned(), Some(json!({ "url": "https://example.org/" }))),
        (Method::GET, endpoint.clone(), None),
        (Method::PATCH, endpoint.clone(), Some(json!({ "enabled": false }))),
        (Method::DELETE, endpoint.clone(), None),
        (Method::POST, format!("{endpoint}/secrets"), Some(json!({}))),
        (Method::GET, format!("{endpoint}/deliveries"), None),
        (Method::POST, format!("{endpoint}/deliveries/0/redeliveries"), None),
        (Method::POST, format!("{endpoint}/replays"), Some(json!({ "from_sequence": 0 }))),
    ];
    for role in Role::ALL.into_iter().filter(|role| *role != Role::Operator) {
        for (method, path, body) in &requests {
            let request = (method.clone(), path.as_str());
            let reply = server.send(request, role, "en", body.clone()).await;
            let problem = reply.problem(403, "role-forbidden");
            assert_eq!(problem["required_roles"], json!(["operator"]));
        }
    }
    for (method, path, _) in &requests {
        let request =
            reqwest::Client::new().request(method.clone(), format!("{}{path}", server.base));
        assert_eq!(request.send().await.unwrap().status(), 401, "{method} {path}");
    }
    assert_eq!(server.get(&endpoint).await.ok(200)["enabled"], true);
    server.served.stop().await.unwrap();
}

async fn what_is_wrong_is_named_place_by_place_in_both_languages(engine: Engine) {
    let server = Server::start(engine).await;
    let wrong = json!({
        "url": "https://169.254.169.254/", "types": ["Applied", "Nothing"],
        "description": "x".repeat(501),
    });
    let request = (Method::POST, ENDPOINTS);
    for (language, words) in [("en", "reserved address"), ("zh-CN", "链路本地")] {
        let reply =
            server.send(request.clone(), Role::Operator, language, Some(wrong.clone())).await;
        let problem = reply.problem(422, "validation-error");
        let errors = problem["errors"].as_array().unwrap();
        let pointers: Vec<&str> = errors.iter().map(|e| e["pointer"].as_str().unwrap()).collect();
        assert_eq!(pointers, ["#/url", "#/description", "#/types/1"]);
        assert!(errors[0]["detail"].as_str().unwrap().contains(words), "{problem}");
    }
    for (body, pointer) in [
        (json!({ "url": "ftp://example.org" }), "#/url"),
        (json!({ "url": "https://u:p@example.org" }), "#/url"),
        (json!({ "url": "https://example.org", "programs": ["no_such"] }), "#/programs/0"),
        (json!({ "url": "https://example.org", "from_sequence": "soon" }), "#/from_sequence"),
        (json!({ "url": "https://example.org", "from_sequence": 9_999_999 }), "#/from_sequence"),
        (json!({ "url": "https://example.org", "secret": "x" }), "#/secret"),
        (json!({ "url": 7 }), "#/url"),
        (json!({}), "#/url"),
    ] {
        let problem = server.post(ENDPOINTS, body.clone()).await.problem(422, "validation-error");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{body}");
    }
    let (endpoint, _) = server.made("http://127.0.0.1:1/").await;
    let problem = server.patch(&endpoint, json!({ "enabled": "no" })).await;
    assert_eq!(problem.problem(422, "validation-error")["errors"][0]["pointer"], "#/enabled");
    server.get(&format!("{ENDPOINTS}/none")).await.problem(404, "not-found");
    let allow = server.send((Method::PUT, &endpoint), Role::Operator, "en", None).await;
    assert_eq!(allow.headers["allow"], "GET, HEAD, PATCH, DELETE, OPTIONS");
    allow.problem(405, "method-not-allowed");
    server.served.stop().await.unwrap();
}

async fn there_is_a_limit_to_how_many(engine: Engine) {
    let server = Server::start(engine).await;
    for _ in 0..docket::webhooks::MAX_ENDPOINTS {
        server.world.endpoint("http://127.0.0.1:1/").await;
    }
    let body = json!({ "url": "http://127.0.0.1:1/" });
    let problem = server.post(ENDPOINTS, body).await.problem(422, "validation-error");
    assert!(problem["errors"][0]["detail"].as_str().unwrap().contains("the limit"), "{problem}");
    server.served.stop().await.unwrap();
}

/// A database that is away: worth another try, and nobody hears how it is reached.
#[cfg(feature = "postgres")]
#[tokio::test]
async fn endpoints_that_can_not_be_reached_are_worth_another_try() {
    let mut world = World::new(Engine::File);
    let address = "postgres://app:s3cret@127.0.0.1:1/nowhere?sslmode=disable".to_owned();
    let database = crate::server::Database { name: "nowhere".to_owned(), address };
    world.kept = super::support::Kept::Postgres(database);
    let server = Server::over(world).await;
    let answer = server.get(ENDPOINTS).await;
    assert_eq!(answer.headers["retry-after"], "5");
    let problem = answer.problem(503, "webhooks-unavailable");
    assert!(
        !problem.to_string().contains("s3cret") && !problem.to_string().contains("127.0.0.1:1")
    );
    let url = json!({ "url": "https://receiver.example/" });
    server.post(ENDPOINTS, url).await.problem(503, "webhooks-unavailable");
    server.served.stop().await.unwrap();
}

on_every_engine!(
    an_endpoint_from_its_making_to_its_removal,
    deliveries_are_listed_redelivered_and_replayed,
    only_operators_manage_them,
    what_is_wrong_is_named_place_by_place_in_both_languages,
    there_is_a_limit_to_how_many,
);
