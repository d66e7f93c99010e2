//! The feed: dense, in order, exactly as stored; and what describes the interface.

use super::support::*;
use docket::api::auth::Role;
use docket::app::measure_files::check_files;
use docket::domain::measure_file::FILES;
use serde_json::{Value, json};

async fn filled() -> Server {
    let server = server_with_ledger().await;
    server.register(&["440000", "utopia"]).await;
    let body = apply("leading", "2016-01-05");
    server.province("440000").act("strong_province/440000", &body).await.ok(201);
    server.province("utopia").act("exercise_strong_province/utopia", &body).await.ok(201);
    server
}

async fn lines(server: &Server, media: &str, query: &str) -> Vec<Value> {
    let request = server.auditor().request("GET", &format!("/v1/events?{query}"));
    let reply = send(request.header("accept", media)).await.ok(200);
    assert_eq!(reply.header("content-type"), media);
    let text = String::from_utf8(reply.body).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_feed_is_the_log() {
    let server = filled().await;
    let head = server.app.log().head().await.unwrap().unwrap();
    let all = lines(&server, "application/x-ndjson", "limit=all").await;
    assert_eq!(all.len() as u64, head + 1);
    for (number, event) in all.iter().enumerate() {
        assert_eq!(event["sequence"], format!("{number:020}"));
        assert_eq!(event["exercise"], event["metadata"]["exercise"] == "true", "{event}");
    }
    assert_eq!(all[0]["type"], "LogCreated");
    assert_eq!(all.iter().filter(|event| event["exercise"] == true).count(), 2);
    let tail = lines(&server, "application/jsonl", "limit=2&after=3").await;
    assert_eq!(tail.as_slice(), &all[4..6]);
    let mut path = "/v1/events?limit=4".to_owned();
    let mut paged = Vec::new();
    loop {
        let page = server.auditor().get(&path).await.ok(200).json();
        paged.extend(page["items"].as_array().unwrap().clone());
        match page["next"].as_str() {
            Some(next) => path = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(paged, all);
    let one = &all[all.len() - 1];
    let auditor = server.auditor();
    let found = auditor.get(&format!("/v1/events/{}", one["sequence"].as_str().unwrap())).await;
    assert_eq!(&found.ok(200).json(), one);
    let by_id = format!("/v1/events/{}?", one["id"].as_str().unwrap());
    let waiting = format!("/v1/subjects?min_sequence={head}");
    send(auditor.request("GET", &waiting).header("prefer", "wait=20")).await.ok(200);
    assert_eq!(&auditor.get(&by_id).await.ok(200).json(), one);
    auditor.get(&format!("/v1/events?after={}", head + 1)).await.problem(400, "cursor-invalid");
    auditor.get("/v1/events?after=x").await.problem(400, "malformed-request");
    auditor.get("/v1/events?limit=all").await.problem(400, "malformed-request");
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_and_measures_are_shown_with_their_bytes() {
    let server = filled().await;
    let auditor = server.auditor();
    let programs = auditor.get("/v1/programs").await.ok(200).json();
    let items = programs["items"].as_array().unwrap();
    let brought = check_files(FILES, None).programs.programs;
    let ids: Vec<&str> = brought.iter().map(|program| program.id.as_str()).collect();
    assert_eq!(items.iter().map(|item| item["id"].as_str().unwrap()).collect::<Vec<_>>(), ids);
    let exercise = auditor.get("/v1/programs/exercise_cluster_area").await.ok(200).json();
    assert_eq!(exercise["exercise_of"], "cluster_area");
    assert_eq!(exercise["measures"], json!(["2012-61", "2014-40"]));
    let list = auditor.get("/v1/programs/cluster_area/measures").await.ok(200).json();
    assert_eq!(list["items"][0]["known_in_part"], true);
    let path = "/v1/programs/cluster_area/measures/2014-40";
    let measure = auditor.get(path).await.ok(200).json();
    assert_eq!(measure["measure"]["requirement"][2]["more_than"], 30);
    let file = measure["editions"][0]["file"].as_str().unwrap();
    let bytes = auditor.get(file).await.ok(200).body;
    let kept = std::fs::read("schemas/measures/cluster_area/2014-40.toml").unwrap();
    assert_eq!(bytes, kept);
    auditor.get("/v1/programs/cluster_area/measures/1999-1").await.problem(404, "not-found");
}

fn filled_in(path: &str) -> String {
    let known = [
        ("{program}", "strong_province"),
        ("{subject}", "440000"),
        ("{division}", "440000"),
        ("{version}", "2015-59"),
        ("{year}", "2026"),
        ("{revision}", "0"),
        ("{event}", "0"),
        ("{page}", "0"),
        ("{schema}", "PlanSubmitted.v1.json"),
        ("{name}", "not-found"),
        ("{resource}", "words"),
        ("{level}", "0"),
        ("{tile}", "000.p/1"),
        ("/consistency", "/consistency?from=1"),
    ];
    known.iter().fold(path.to_owned(), |path, (part, value)| path.replace(part, value))
}

#[tokio::test(flavor = "multi_thread")]
async fn each_route_is_open_to_its_roles_alone() {
    let server = filled().await;
    // Once it is proved there is a checkpoint.
    server.auditor().get("/v1/log/proofs/inclusion/0").await.ok(200);
    let document = send(server.request("GET", "/openapi.json")).await.ok(200).json();
    let mut seen = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            seen += 1;
            let roles = operation["x-roles"].as_array().unwrap();
            let (method, address) = (method.to_ascii_uppercase(), filled_in(path));
            let taken = operation["requestBody"]["content"].as_object();
            let media = taken.and_then(|taken| taken.keys().next()).map_or("*/*", String::as_str);
            let sent = |request: reqwest::RequestBuilder| {
                send(request.header("content-type", media).body("{}"))
            };
            let without = sent(server.request(&method, &address)).await;
            if roles.is_empty() {
                // This server names nobody to whom a weakness is reported.
                let expected = if path.ends_with("/security.txt") { 404 } else { 200 };
                assert_eq!(without.status, expected, "{method} {path}");
                continue;
            }
            without.problem(401, "invalid-token");
            // Without credentials it is asked for some, and no error is told (RFC 6750, 3.1).
            let challenge = without.header("www-authenticate");
            assert!(
                challenge.starts_with("Bearer realm=\"docket\"") && !challenge.contains("error")
            );
            for role in Role::ALL {
                let client = server.client(role, "office", &["320000"]);
                let reply = sent(client.request(&method, &address)).await;
                let allowed = roles.iter().any(|known| known == role.as_str());
                let said = String::from_utf8_lossy(&reply.body).into_owned();
                let forbidden = said.contains("\"ROLE_FORBIDDEN\"");
                assert_eq!(forbidden, !allowed, "{role} {method} {path}: {said}");
                let responses = operation["responses"].as_object().unwrap();
                let status = reply.status.to_string();
                assert!(
                    responses.contains_key(&status),
                    "{method} {path}: {status} is not described"
                );
            }
        }
    }
    assert!(seen > 30, "{seen}");
    server
        .client(Role::Operator, "ops", &[])
        .get("/v1/enrollments")
        .await
        .problem(403, "role-forbidden");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_description_is_whole() {
    let server = server().await;
    let document = send(server.request("GET", "/openapi.json")).await.ok(200);
    let text = String::from_utf8(document.body.clone()).unwrap();
    let document = document.json();
    assert_eq!(document["openapi"], "3.1.0");
    for reference in text.split("\"#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(document["components"]["schemas"].get(name).is_some(), "{name} is not there");
    }
    let mut ids = Vec::new();
    for methods in document["paths"].as_object().unwrap().values() {
        for operation in methods.as_object().unwrap().values() {
            ids.push(operation["operationId"].as_str().unwrap().to_owned());
        }
    }
    ids.sort_unstable();
    let count = ids.len();
    ids.dedup();
    assert_eq!(ids.len(), count);
    let names = document["components"]["schemas"]["Problem"]["properties"]["code"]["enum"].clone();
    for name in names.as_array().unwrap() {
        let name = name.as_str().unwrap().to_ascii_lowercase().replace('_', "-");
        let mut html = String::new();
        for language in ["en", "zh-CN"] {
            let page = server.request("GET", &format!("/problems/{name}?lang={language}"));
            let page = send(page).await.ok(200);
            assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
            let shown = std::str::from_utf8(&page.body).unwrap();
            html.push_str(&shown.replace("<code>", "`").replace("</code>", "`"));
        }
        let json = server.request("GET", &format!("/problems/{name}"));
        let json = send(json.header("accept", "application/json")).await.ok(200).json();
        assert_eq!(json["name"], name);
        for member in ["title_zh", "text_zh", "title_en", "text_en"] {
            let said = json[member].as_str().unwrap();
            assert_eq!(said.is_ascii(), member.ends_with("_en"), "{name}: {said}");
            let escaped = said.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            assert!(html.contains(&escaped.replace('"', "&quot;")), "{name}: {said}");
        }
        let code = format!("`{name}`");
        assert!(text.contains(&code), "{name}");
    }
    send(server.request("GET", "/problems/nonsense")).await.problem(404, "not-found");
}

#[tokio::test(flavor = "multi_thread")]
async fn health_needs_no_token_and_stopping_is_orderly() {
    let mut server = filled().await;
    for path in ["/health/live", "/health/startup", "/health/ready"] {
        let reply = send(server.request("GET", path)).await.ok(200);
        assert_eq!(reply.json()["status"], "UP", "{path}");
    }
    let ready = send(server.request("GET", "/health/ready")).await.json();
    let head = server.app.log().head().await.unwrap().unwrap();
    assert_eq!(ready["log"]["sequence"], format!("{head:020}"));
    assert!(ready["read_models"]["status"] == "UP" || ready["read_models"]["status"] == "BUILDING");
    server.state.stop();
    let stopping = send(server.request("GET", "/health/ready")).await.ok(503);
    assert_eq!(stopping.json()["status"], "DOWN");
    server.served.take().unwrap().stop().await.unwrap();
    assert!(server.request("GET", "/health/live").send().await.is_err());
}

/// What is cut off by a limit says so, as a page does.
#[tokio::test(flavor = "multi_thread")]
async fn lines_up_to_a_limit_link_to_what_follows() {
    let server = server().await;
    server.register(&["440000"]).await;
    let auditor = server.auditor();
    let (mut path, mut seen) = ("/v1/events?limit=3".to_owned(), Vec::new());
    loop {
        let request = auditor.request("GET", &path).header("accept", "application/x-ndjson");
        let reply = send(request).await.ok(200);
        let text = String::from_utf8(reply.body.clone()).unwrap();
        seen.extend(text.lines().map(|line| {
            let event: serde_json::Value = serde_json::from_str(line).unwrap();
            event["sequence"].as_str().unwrap().parse::<u64>().unwrap()
        }));
        let Some(next) = reply.header("link").strip_prefix('<') else { break };
        let next = next.split('>').next().unwrap();
        path = next.strip_prefix(&server.base).unwrap_or(next).to_owned();
    }
    assert!(seen.len() > 3, "{seen:?}");
    assert_eq!(seen, (0..seen.len() as u64).collect::<Vec<_>>());
}
