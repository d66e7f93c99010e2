//! Keys, revisions and races: an act happens once, on the revision that its sender saw.

use super::support::*;
use docket::api::auth::Role;
use serde_json::{Value, json};

const ACTS: &str = "/v1/enrollments/strong_province/440000/acts";

async fn ready() -> Server {
    let server = server().await;
    server.register(&["440000", "320000"]).await;
    server
}

/// Posts with these headers and no others of its own.
async fn post(client: &Client<'_>, path: &str, headers: &[(&str, &str)], body: &Value) -> Reply {
    let mut request = client.request("POST", path).json(body);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    send(request).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_gets_the_first_answer_whatever_it_says_of_the_revision() {
    let server = ready().await;
    let province = server.province("440000");
    let body = apply("leading", "2016-01-05");
    let opening = [("idempotency-key", "\"k-1\""), ("if-none-match", "*")];
    let first = post(&province, ACTS, &opening, &body).await.ok(201);
    server.national().act("strong_province/440000", &approve("2016-03-01")).await.ok(201);
    let before = server.app.log().head().await.unwrap();
    // Quoted or bare, with the old precondition, a stale one, or none: the same.
    for headers in [
        vec![("idempotency-key", "k-1"), ("if-none-match", "*")],
        vec![("idempotency-key", "k-1"), ("if-match", "\"7\"")],
        vec![("idempotency-key", "\"k-1\"")],
    ] {
        let again = post(&province, ACTS, &headers, &body).await.ok(201);
        assert_eq!(again.body, first.body);
        assert_eq!(again.header("location"), first.header("location"));
        assert_eq!(again.header("etag"), first.header("etag"));
    }
    let other = apply("supporting", "2016-01-05");
    let reused = post(&province, ACTS, &opening, &other).await;
    let reused = reused.problem(422, "idempotency-key-reused");
    assert_eq!(reused["first_used_at"], "2026-11-22T04:00:00.000000Z");
    let malformed = json!({ "act": "apply", "nonsense": 1 });
    post(&province, ACTS, &opening, &malformed).await.problem(422, "idempotency-key-reused");
    assert_eq!(server.app.log().head().await.unwrap(), before);
    // Another client's key of the same name is another key.
    let national = server.national();
    let headers = [("idempotency-key", "k-1"), ("if-match", "*")];
    let submit = json!({ "act": "note", "effective_on": "2016-04-01", "text": "x" });
    post(&national, ACTS, &headers, &submit).await.problem(403, "role-forbidden");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_asked_for_and_have_a_form() {
    let server = ready().await;
    let province = server.province("440000");
    let body = apply("leading", "2016-01-05");
    let missing = post(&province, ACTS, &[("if-none-match", "*")], &body).await;
    let missing = missing.problem(400, "idempotency-key-missing");
    assert!(missing["documentation"].as_str().unwrap().ends_with("idempotency-key-missing"));
    let long = "k".repeat(129);
    for bad in ["", "\"open", "\"a\"b", "\"a\\x\"", "a\tb", &long] {
        let headers = [("idempotency-key", bad), ("if-none-match", "*")];
        post(&province, ACTS, &headers, &body).await.problem(400, "malformed-request");
    }
    let longest = "k".repeat(128);
    let headers = [("idempotency-key", longest.as_str()), ("if-none-match", "*")];
    post(&province, ACTS, &headers, &body).await.ok(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_act_says_on_which_revision_it_rests() {
    let server = ready().await;
    let (province, national) = (server.province("440000"), server.national());
    let application = apply("leading", "2016-01-05");
    let unstated = post(&province, ACTS, &[("idempotency-key", "a")], &application).await;
    assert_eq!(unstated.problem(428, "precondition-required").get("current_etag"), None);
    let headers = [("idempotency-key", "a"), ("if-none-match", "*")];
    let opened = post(&province, ACTS, &headers, &application).await.ok(201);
    let tag = opened.header("etag").to_owned();
    assert!(tag.starts_with("\"0.2026-11-22.json.zh-CN"), "{tag}");
    let again = [("idempotency-key", "b"), ("if-none-match", "*")];
    let exists = post(&province, ACTS, &again, &application).await;
    let exists = exists.problem(412, "enrollment-exists");
    assert_eq!(exists["enrollment"], "/v1/enrollments/strong_province/440000");
    let approval = approve("2016-03-01");
    for (number, bad) in ["W/\"0.x\"", "\"abc\"", "\"9\"", "W/\"0\", \"x\""].iter().enumerate() {
        let key = format!("c{number}");
        let headers = [("idempotency-key", key.as_str()), ("if-match", bad)];
        let reply = post(&national, ACTS, &headers, &approval).await;
        let problem = reply.problem(412, "revision-conflict");
        assert_eq!(problem["current_revision"], 0, "{bad}");
        assert_eq!(problem["current_etag"], tag, "{bad}");
    }
    for bad in [[("if-match", "0"), ("x-y", "")], [("if-match", "\"0\""), ("if-none-match", "*")]] {
        let headers = [("idempotency-key", "d"), bad[0], bad[1]];
        post(&national, ACTS, &headers, &approval).await.problem(400, "malformed-request");
    }
    let headers = [("idempotency-key", "e"), ("if-match", tag.as_str())];
    post(&national, ACTS, &headers, &approval).await.ok(201);
    let headers = [("idempotency-key", "f"), ("if-match", tag.as_str())];
    let scheme = json!({ "act": "return", "effective_on": "2016-03-02", "reason": "x" });
    let stale = post(&national, ACTS, &headers, &scheme).await.problem(412, "revision-conflict");
    assert_eq!(stale["expected_revision"], 0);
    assert_eq!(stale["changes"][0]["type"], "Approved");
    // A body that is wrong in itself comes after the revision, and before whose act it is.
    let wrong = json!({ "act": "approve", "effective_on": "2016-02-30", "extra": 1 });
    post(&national, ACTS, &headers, &wrong).await.problem(412, "revision-conflict");
    let now = [("idempotency-key", "g"), ("if-match", "*")];
    let wrong = post(&province, ACTS, &now, &wrong).await.problem(422, "validation-error");
    assert_eq!(wrong["errors"].as_array().unwrap().len(), 2, "{wrong}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_at_once_on_one_revision_one_is_recorded() {
    let server = ready().await;
    let (province, national) = (server.province("440000"), server.national());
    let application = apply("leading", "2016-01-05");
    province.act("strong_province/440000", &application).await.ok(201);
    let tag = server.auditor().get("/v1/enrollments/strong_province/440000").await.ok(200);
    let tag = tag.header("etag");
    let one = [("idempotency-key", "one"), ("if-match", tag)];
    let two = [("idempotency-key", "two"), ("if-match", tag)];
    let (approval, rejection) = (
        approve("2016-03-01"),
        json!({
            "act": "reject", "effective_on": "2016-03-01", "reason": "no place",
            "document": document(),
        }),
    );
    let (a, b) = tokio::join!(
        post(&national, ACTS, &one, &approval),
        post(&national, ACTS, &two, &rejection)
    );
    let mut statuses = [a.status, b.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 412]);
    let list = server.auditor().get(ACTS).await.ok(200).json();
    assert_eq!(list["items"].as_array().unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_twice_at_once_is_recorded_once() {
    let server = ready().await;
    let province = server.province("440000");
    let body = apply("leading", "2016-01-05");
    let headers = [("idempotency-key", "k"), ("if-none-match", "*")];
    let send_it = || post(&province, ACTS, &headers, &body);
    let replies = futures_util::future::join_all((0..8).map(|_| send_it())).await;
    let (recorded, running): (Vec<_>, Vec<_>) = replies.iter().partition(|r| r.status == 201);
    assert!(recorded.iter().all(|reply| reply.body == recorded[0].body));
    for reply in running {
        reply.problem(409, "idempotency-request-in-progress");
        assert_eq!(reply.header("retry-after"), "1");
    }
    let list = server.auditor().get(ACTS).await.ok(200).json();
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
}

/// A client that goes away while its act is recorded must not leave the cache behind the log.
#[tokio::test(flavor = "multi_thread")]
async fn an_act_whose_sender_went_away_is_seen() {
    let server = ready().await;
    let province = server.province("440000");
    let body = apply("leading", "2016-01-05");
    for wait_us in [0, 500, 1000, 2000, 4000, 8000] {
        let request = province.request("POST", ACTS).header("idempotency-key", "gone");
        let request = request.header("if-match", "*").json(&body).send();
        let limit = std::time::Duration::from_micros(wait_us);
        let _ = tokio::time::timeout(limit, request).await;
    }
    let headers = [("idempotency-key", "gone"), ("if-match", "*")];
    let kept = loop {
        let reply = post(&province, ACTS, &headers, &body).await;
        if reply.status != 409 {
            break reply.ok(201);
        }
    };
    let status = server.auditor().get("/v1/enrollments/strong_province/440000").await.ok(200);
    assert_eq!(status.json()["revision"], kept.json()["revision"]);
    assert_eq!(kept.json()["revision"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn validate_only_gives_the_verdict_and_records_nothing() {
    let server = ready().await;
    let province = server.province("440000");
    let path = format!("{ACTS}?validate_only=true");
    let headers = [("idempotency-key", "k"), ("if-none-match", "*")];
    let before = server.app.log().head().await.unwrap();
    let good = post(&province, &path, &headers, &apply("leading", "2016-01-05")).await.ok(200);
    let good = good.json();
    assert_eq!((&good["state"], &good["id"]), (&json!("VALIDATED"), &Value::Null));
    assert_eq!(good["measure"]["article"], "第三部分（一）1");
    let would = &good["would"];
    assert_eq!(would["stood_at"], Value::Null, "nowhere before");
    assert_eq!(good["enrollment"]["waiting_for"][0]["act"], "approve");
    assert_eq!(would["sentences"].as_array().unwrap().len(), 1);
    post(&province, &path, &headers, &apply("none", "2016-01-05"))
        .await
        .problem(422, "validation-error");
    assert_eq!(server.app.log().head().await.unwrap(), before);
    let flag = format!("{ACTS}?validate_only=yes");
    let headers = [("idempotency-key", "k"), ("if-none-match", "*")];
    post(&province, &flag, &headers, &apply("leading", "2016-01-05"))
        .await
        .problem(400, "malformed-request");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_says_what_the_act_then_does() {
    let server = ready().await;
    let headers = [("idempotency-key", "k"), ("if-match", "*"), ("accept-language", "en")];
    let province = server.province("440000");
    province.act("strong_province/440000", &apply("leading", "2016-01-05")).await.ok(201);
    let path = format!("{ACTS}?validate_only=true");
    let national = server.national();
    let tried = post(&national, &path, &headers, &approve("2016-03-01")).await.ok(200).json();
    let opened = |duties: &Value| -> Vec<Value> {
        duties.as_array().unwrap().iter().map(|duty| duty["obligation"].clone()).collect()
    };
    assert_eq!(tried["would"]["takes"]["category"], "leading");
    assert_eq!(tried["would"]["frees"], Value::Null);
    let opens = opened(&tried["would"]["opens"]);
    assert!(opens.contains(&json!("scheme")), "{tried}");
    let done = national.act("strong_province/440000", &approve("2016-03-01")).await.ok(201).json();
    for member in ["stands_at", "waiting_for"] {
        assert_eq!(tried["enrollment"][member], done["enrollment"][member], "{member}");
    }
    let status =
        server.auditor().get("/v1/enrollments/strong_province/440000").await.ok(200).json();
    assert_eq!(tried["would"]["takes"], status["place"]);
    let owed = opened(&status["obligations"]["unmet"]);
    assert_eq!(owed, opens);
    let trail = server.auditor().get("/v1/enrollments/strong_province/440000/audit-trail").await;
    let trail = trail.ok(200).json();
    let last = trail["items"].as_array().unwrap().last().unwrap();
    assert_eq!(tried["would"]["sentences"], json!([last["sentence"]]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_permitted_is_said_with_the_reason_why_not() {
    let server = ready().await;
    let path = "/v1/enrollments/strong_province/440000/permitted-acts";
    let find = |body: &Value, act: &str| {
        let acts = body["acts"].as_array().unwrap();
        acts.iter().find(|found| found["act"] == act).unwrap().clone()
    };
    let before = server.province("440000").get(path).await.ok(200).json();
    assert_eq!(find(&before, "apply")["allowed"], true);
    assert_eq!(
        find(&before, "approve")["why_not"],
        "“Approve” is here an act of the national IP office, not of the province"
    );
    let other = server.province("320000").get(path).await.ok(200).json();
    assert_eq!(
        find(&other, "apply")["why_not"],
        "this token acts for “320000”; Province 440000 needs one for “440000”"
    );
    let application = apply("leading", "2016-01-05");
    server.province("440000").act("strong_province/440000", &application).await.ok(201);
    let after = server.province("440000").get(path).await.ok(200).json();
    let why = find(&after, "apply")["why_not"].as_str().unwrap().to_owned();
    assert!(why.ends_with("the standing is “Candidate: Applied”"), "{why}");
    let national = server.national().get(path).await.ok(200).json();
    assert_eq!(find(&national, "approve")["allowed"], true);
    assert_eq!(find(&national, "approve")["article"], "III(I)1");
    let schema = find(&national, "approve")["content_schema"].as_str().unwrap().to_owned();
    assert_eq!(schema, "/openapi.json#/components/schemas/content_approve");
    let auditor = server.client(Role::Auditor, "a", &[]).get(path).await.ok(200).json();
    assert_eq!(find(&auditor, "approve")["why_not"], "your role reads and never acts");
    // What permitted-acts allows is what an act that is not permitted is told.
    let refused = server
        .province("440000")
        .act(
            "strong_province/440000",
            &json!({ "act": "submit_scheme", "effective_on": "2016-02-01", "tasks": {} }),
        )
        .await;
    let refused = refused.problem(409, "act-not-permitted");
    assert_eq!(refused["phase"], "candidate.applied");
    assert!(refused["permitted_acts"].is_array(), "{refused}");
}
