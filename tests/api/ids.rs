//! Ids in bodies and addresses: what can be registered, and in which case it is found.

use super::support::*;
use docket::api::auth::Role;
use serde_json::{Value, json};

fn area(id: &str, province: &str) -> Value {
    json!({
        "id": id, "kind": "cluster_area", "name": { "en": "Area", "zh": "区" }, "province": province,
        "invented": true, "source": "exercise", "effective_on": "2014",
    })
}

/// `.` and `..` were taken for ever, and no address can hold them.
#[tokio::test(flavor = "multi_thread")]
async fn an_id_can_stand_in_an_address() {
    let server = server().await;
    server.register(&["utopia"]).await;
    let registrar = server.registrar();
    for bad in [
        ".",
        "..",
        "a.",
        ".a",
        "...",
        "a b",
        "a/b",
        "a%2Fb",
        "é",
        "",
        "a\u{200b}",
        "x+y",
        "a:b",
        "a@1",
    ] {
        let refused = registrar.post("/v1/subjects", &area(bad, "utopia")).await;
        let problem = refused.problem(422, "validation-error");
        assert!(problem.to_string().contains("#/id"), "{bad:?}: {problem}");
    }
    let mut zoned = area("zoned", "utopia");
    zoned["zones"] = json!([{ "zone": "a/b", "source": "exercise" }]);
    let problem = registrar.post("/v1/subjects", &zoned).await.problem(422, "validation-error");
    assert!(problem.to_string().contains("#/zones/0/zone"), "{problem}");
    let long = "x".repeat(65);
    registrar.post("/v1/subjects", &area(&long, "utopia")).await.problem(422, "validation-error");
    for good in ["a.b", "a-b", "a_b", "7", "a--1", &"x".repeat(64)] {
        let made = registrar.post("/v1/subjects", &area(good, "utopia")).await.ok(201);
        assert_eq!(made.header("location"), format!("/v1/subjects/{good}"));
        let act = json!({ "act": "note", "effective_on": "2016-04-01", "text": "x" });
        registrar.act(&format!("exercise_cluster_area/{good}"), &act).await.ok(201);
        let path = format!("/v1/enrollments/exercise_cluster_area/{good}/audit-trail");
        server.auditor().get(&path).await.ok(200);
    }
    let head = server.app.log().head().await.unwrap().unwrap();
    let waiting = format!("/v1/enrollments?exercise=true&min_sequence={head}");
    let list = server.auditor().request("GET", &waiting).header("prefer", "wait=20");
    assert_eq!(send(list).await.ok(200).json()["items"].as_array().unwrap().len(), 6);
}

/// `X01` stood beside `x01`.
#[tokio::test(flavor = "multi_thread")]
async fn ids_are_compared_without_case() {
    let server = server().await;
    server.register(&["440000", "XPCC", "utopia"]).await;
    let (registrar, auditor) = (server.registrar(), server.auditor());
    registrar.post("/v1/subjects", &area("x01", "utopia")).await.ok(201);
    for other in ["X01", "XPCC", "xpcc", "Utopia"] {
        let twin = registrar.post("/v1/subjects", &area(other, "utopia")).await;
        twin.problem(422, "validation-error");
    }
    registrar.post("/v1/subjects", &area("x01", "utopia")).await.problem(409, "subject-exists");
    // Registered in capitals it is kept as every id is; a retry gets the first answer.
    let body = area("Q7", "UTOPIA");
    let post = async || {
        let request = registrar.request("POST", "/v1/subjects").header("idempotency-key", "q7");
        send(request.json(&body)).await.ok(201)
    };
    let (first, again) = (post().await, post().await);
    assert_eq!(first.header("location"), "/v1/subjects/q7");
    assert_eq!(first.body, again.body);
    registrar.post("/v1/subjects", &area("q7", "utopia")).await.problem(409, "subject-exists");
    for asked in ["q7", "Q7", "%51%37"] {
        let found = auditor.get(&format!("/v1/subjects/{asked}")).await.ok(200).json();
        assert_eq!(
            (&found["id"], &found["registration"]["province"]),
            (&json!("q7"), &json!("utopia"))
        );
    }
    for asked in ["XPCC", "xpcc", "Xpcc"] {
        let found = auditor.get(&format!("/v1/subjects/{asked}")).await.ok(200).json();
        assert_eq!(found["id"], "XPCC");
    }
    auditor.get("/v1/subjects/q_7").await.problem(404, "not-found");
    // What is recorded under either is one record, and its jurisdiction is the same.
    let local = server.client(Role::LocalGovernment, "gov-q7", &["Q7"]);
    let act = json!({ "act": "note", "effective_on": "2016-04-01", "text": "x" });
    let made = registrar.act("Exercise_Cluster_Area/Q7", &act).await.ok(201).json();
    assert!(made["events"].to_string().contains("exercise_cluster_area-q7@0#"), "{made}");
    let path = "/v1/enrollments/exercise_cluster_area/q7";
    let one = auditor.get(path).await.ok(200);
    let other = auditor.get("/v1/enrollments/EXERCISE_cluster_area/Q7").await.ok(200);
    assert_eq!((&one.body, one.header("etag")), (&other.body, other.header("etag")));
    let permitted =
        local.get(&format!("{path}/permitted-acts?as_of=2016-05-01")).await.ok(200).json();
    let apply = permitted["acts"].as_array().unwrap().iter().find(|act| act["act"] == "apply");
    assert_eq!(apply.unwrap()["allowed"], true, "{permitted}");
    let head = server.app.log().head().await.unwrap().unwrap();
    for list in [
        "province=Utopia&program=exercise_CLUSTER_area",
        "program=exercise_cluster_area&kind=Cluster_Area",
    ] {
        let path = format!("/v1/enrollments?{list}&min_sequence={head}");
        let list = send(auditor.request("GET", &path).header("prefer", "wait=20")).await.ok(200);
        assert_eq!(list.json()["items"][0]["subject"], "q7", "{path}");
    }
    for filter in ["subject=Q7", "subject=q7&program=Exercise_cluster_area"] {
        let feed = auditor.get(&format!("/v1/events?{filter}")).await.ok(200).json();
        let streams = feed["items"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|event| event["stream"] == "exercise_cluster_area-q7");
        assert_eq!(streams.count(), 1, "{filter}");
    }
}

/// An id of the address was shown as it was encoded.
#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_shows_what_the_address_names() {
    let server = server().await;
    server.register(&["440000"]).await;
    server.province("440000").act("strong_province/440000", &apply("leading", "2016-01-05")).await;
    let auditor = server.auditor();
    let one = "/v1/enrollments/strong_province";
    for (path, shown) in [
        ("/v1/subjects/%E5%B9%BF%E4%B8%9C", "广东"),
        (&format!("{one}/a%2Fb"), "a/b"),
        (&format!("{one}/a%252Fb"), "a%2Fb"),
        (&format!("{one}/440000/acts/%E2%80%AEx"), "\\u{202e}x"),
        (&format!("{one}/440000/revisions/%E4%B8%80"), "一"),
        ("/v1/programs/%E5%BC%BA%2F%E7%9C%81", "强/省"),
        ("/v1/programs/strong_province/measures/%E4%BA%8C", "二"),
        ("/v1/calendars/%E4%BB%8A", "今"),
        ("/v1/events/%E2%80%AE%0A1", "\\u{202e}\\n1"),
        ("/v1/exports/%E8%A1%A8", "表"),
        ("/v1/documents/%E6%96%87", "文"),
        ("/schemas/events/%E7%B1%BB", "类"),
    ] {
        let request = auditor.request("GET", path).header("accept-language", "en");
        let refused = send(request.header("accept", "*/*")).await;
        let problem = refused.json();
        let detail = problem["detail"].as_str().unwrap_or_else(|| panic!("{path}: {problem}"));
        assert!(detail.contains(&format!("{shown}\"")), "{path}: {detail}");
        assert!(!detail.contains("%E"), "{path}: {detail}");
    }
}
