//! The OpenAPI document against what is answered: headers, forms, media types, tags and values.

use super::support::*;
use docket::api::auth::Role;
use jsonschema::Validator;
use serde_json::{Value, json};

const ONE: &str = "strong_province/440000";
/// Headers that say something to who writes a client: what is sent is described, and nothing else is.
const TOLD: [&str; 9] = [
    "etag",
    "location",
    "link",
    "docket-last-sequence",
    "preference-applied",
    "repr-digest",
    "content-disposition",
    "retry-after",
    "www-authenticate",
];
/// Those of them that are not there each time.
const AT_TIMES: [&str; 3] = ["link", "preference-applied", "retry-after"];

async fn document(server: &Server) -> Value {
    send(server.request("GET", "/openapi.json")).await.ok(200).json()
}

fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let paths = document["paths"].as_object().unwrap();
    let each = paths.iter().flat_map(|(path, methods)| {
        let methods = methods.as_object().unwrap();
        methods.iter().map(|(verb, row)| (verb.to_ascii_uppercase(), path.clone(), row.clone()))
    });
    each.collect()
}

/// Whether a body is of the form that the document says, where it is JSON.
fn check_form(document: &Value, described: &Value, reply: &Reply, what: &str) {
    let media = reply.header("content-type").split(';').next().unwrap().trim();
    let content = described["content"].as_object();
    let Some(content) = content.filter(|content| !content.is_empty()) else {
        assert!(reply.body.is_empty(), "{what}: no content is described");
        return;
    };
    let form = content.get(media).unwrap_or_else(|| panic!("{what}: {media} is not described"));
    if media.ends_with("json") && media != "application/x-ndjson" {
        let mut schema = form["schema"].clone();
        schema["components"] = document["components"].clone();
        let validator: Validator = jsonschema::validator_for(&schema).unwrap();
        let body = reply.json();
        let errors: Vec<String> = validator
            .iter_errors(&body)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{what}: {errors:?}");
    }
}

fn check(document: &Value, row: &Value, reply: &Reply, what: &str) {
    let described = &row["responses"][reply.status.to_string()];
    assert!(described.is_object(), "{what}: {} is not described", reply.status);
    check_form(document, described, reply, what);
    let headers = described["headers"].as_object();
    let told: Vec<String> =
        headers.into_iter().flatten().map(|(name, _)| name.to_ascii_lowercase()).collect();
    for name in TOLD {
        let (is_told, is_sent) = (told.iter().any(|n| n == name), !reply.header(name).is_empty());
        assert!(is_told || !is_sent, "{what}: {name} is sent and not described");
        let is_page = reply.header("content-type").starts_with("text/html");
        let may_lack = AT_TIMES.contains(&name) || reply.status >= 300 || is_page;
        assert!(is_sent || !is_told || may_lack, "{what}: {name} is described and not sent");
    }
}

/// What stands for each part of a path.
fn filled_in(path: &str, act: &str, digest: &str) -> String {
    let version = if path.contains("plan-versions") { "1" } else { "2015-59" };
    let known = [
        ("{program}", "strong_province"),
        ("{subject}", "440000"),
        ("{division}", "440000"),
        ("{version}", version),
        ("{year}", "2026"),
        ("{revision}", "0"),
        ("{event}", "0"),
        ("{page}", "0"),
        ("{table}", "act"),
        ("{schema}", "PlanSubmitted.v1.json"),
        ("{name}", "not-found"),
        ("{level}", "0"),
        ("{tile}", "000.p/1"),
        ("{act}", act),
        ("{digest}", digest),
    ];
    known.iter().fold(path.to_owned(), |path, (part, value)| path.replace(part, value))
}

fn asks(server: &Server, row: &Value) -> Option<String> {
    let roles = row["x-roles"].as_array().unwrap();
    let role = roles.first()?.as_str().unwrap();
    Some(server.client(Role::parse(role).unwrap(), "office", &[]).token)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_read_is_as_the_document_says() {
    let server = server_with_ledger().await;
    server.register(&["440000"]).await;
    let province = server.province("440000");
    let applied = province.act(ONE, &apply("leading", "2016-01-05")).await.ok(201).json();
    server.national().act(ONE, &approve("2016-03-01")).await.ok(201);
    let digest = server.registrar().upload(b"a document").await;
    let document = document(&server).await;
    let mut given = 0;
    for (verb, path, row) in operations(&document) {
        if verb != "GET" {
            continue;
        }
        let act = applied["events"][0]["id"].as_str().unwrap();
        let address = filled_in(&path, act, &digest);
        let get = || {
            let request = server.request("GET", &address).header("prefer", "wait=20");
            match asks(&server, &row) {
                Some(token) => request.bearer_auth(token),
                None => request,
            }
        };
        let reply = send(get()).await;
        check(&document, &row, &reply, &path);
        given += usize::from(reply.status == 200);
        let tag = reply.header("etag").to_owned();
        if reply.status == 200 && !tag.is_empty() {
            let again = send(get().header("if-none-match", tag)).await.ok(304);
            check(&document, &row, &again, &path);
        }
        let media = row["responses"]["200"]["content"].as_object().into_iter().flatten();
        let others = media.map(|(media, _)| media.as_str());
        for media in others.filter(|media| !["text/event-stream"].contains(media)) {
            let reply = send(get().header("accept", media)).await;
            check(&document, &row, &reply, &format!("{path} as {media}"));
        }
    }
    assert!(given > 30, "{given}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_recorded_is_as_the_document_says() {
    let server = server().await;
    server.register(&["440000"]).await;
    let document = document(&server).await;
    let row = |path: &str| document["paths"][path]["post"].clone();
    let acts = "/v1/enrollments/{program}/{subject}/acts";
    let at = format!("/v1/enrollments/{ONE}/acts");
    let province = server.province("440000");
    let body = apply("leading", "2016-01-05");
    let post = |query: &str| {
        let request = province.request("POST", &format!("{at}{query}")).json(&body);
        request.header("if-none-match", "*")
    };
    let keyed = |query: &str| post(query).header("idempotency-key", "one");
    let tried = send(keyed("?validate_only=true")).await.ok(200);
    check(&document, &row(acts), &tried, acts);
    for expected in [201, 201] {
        let reply = send(keyed("")).await.ok(expected);
        check(&document, &row(acts), &reply, acts);
    }
    for reply in [send(post("")).await, send(post("").header("idempotency-key", "two")).await] {
        assert!(reply.status >= 400);
        check(&document, &row(acts), &reply, acts);
    }
    let unkeyed = province.request("POST", &at).header("idempotency-key", "three").json(&body);
    let unstated = send(unkeyed).await;
    unstated.problem(428, "precondition-required");
    check(&document, &row(acts), &unstated, acts);
    let renaming = json!({
        "name": { "en": "Another", "zh": "另一" }, "source": "test", "effective_on": "2020-01-01",
    });
    let path = "/v1/subjects/{subject}/renamings";
    let reply = server.registrar().post("/v1/subjects/440000/renamings", &renaming).await.ok(201);
    check(&document, &row(path), &reply, path);
    let upload = server.registrar().request("POST", "/v1/documents").body("bytes");
    check(&document, &row("/v1/documents"), &send(upload).await.ok(201), "/v1/documents");
}

/// Of each form that is more than a text: a value that is none of it. Words are of any case, and a
/// number of a log may be one that it does not reach.
fn wrong(schema: &Value) -> Option<&'static str> {
    let is_free = schema["type"] == "string" && schema.as_object().unwrap().len() == 1;
    let is_list_of_any = schema["items"] == json!({ "type": "string" });
    (!is_free && !is_list_of_any).then_some("~wrong~")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_of_another_form_than_is_described_is_refused() {
    let server = server().await;
    server.register(&["440000"]).await;
    server.province("440000").act(ONE, &apply("leading", "2016-01-05")).await.ok(201);
    let document = document(&server).await;
    let mut forms = std::collections::BTreeSet::new();
    for (verb, path, row) in operations(&document) {
        let is_asked = verb == "GET" && row["x-roles"].as_array().unwrap().len() > 1;
        if !is_asked || path.contains("{act}") || path.contains("plan-versions/") {
            continue;
        }
        let token = asks(&server, &row).unwrap();
        for parameter in row["parameters"].as_array().unwrap() {
            let Some(value) = wrong(&parameter["schema"]) else { continue };
            if parameter["in"] != "query" {
                continue;
            }
            let name = parameter["name"].as_str().unwrap();
            let address = filled_in(&path, "-", "-");
            let request = server.request("GET", &format!("{address}?{name}={value}"));
            let reply = send(request.bearer_auth(&token)).await;
            let body = reply.problem(400, "malformed-request");
            assert_eq!(body["errors"][0]["parameter"], name, "{path}: {body}");
            forms.insert(parameter["schema"].to_string());
        }
    }
    assert!(forms.len() >= 7, "{forms:?}");
}
