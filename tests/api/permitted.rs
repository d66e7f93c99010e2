//! What a caller may do is said by the rules that decide it.

use super::support::*;
use docket::api::auth::Role;
use serde_json::{Value, json};

const ONE: &str = "/v1/enrollments/strong_province/440000";

fn find<'a>(body: &'a Value, act: &str) -> &'a Value {
    body["acts"].as_array().unwrap().iter().find(|found| found["act"] == act).unwrap()
}

async fn permitted(client: &Client<'_>, day: &str) -> Value {
    client.get(&format!("{ONE}/permitted-acts?as_of={day}")).await.ok(200).json()
}

/// Where evidence shows a standing, the act that founds it can be recorded; it was left out.
#[tokio::test(flavor = "multi_thread")]
async fn a_founding_act_is_permitted_on_an_attested_standing() {
    let server = server().await;
    server.register(&["440000"]).await;
    let (national, registrar) = (server.national(), server.registrar());
    let attested = json!({
        "act": "attest_standing", "effective_on": "2016-06-30", "stands_at": "pilot",
        "category": "leading", "confidence": "attested", "source": "a newspaper",
    });
    registrar.act("strong_province/440000", &attested).await.ok(201);
    let day = "2016-06-30";
    for client in [&national, &registrar] {
        let body = permitted(client, day).await;
        for (act, allowed) in [("approve", true), ("reject", false), ("confirm_standing", true)] {
            assert_eq!(find(&body, act)["allowed"], allowed, "{act}: {body}");
        }
    }
    let approval = json!({ "act": "approve", "effective_on": day });
    national.act("strong_province/440000", &approval).await.ok(201);
    let body = permitted(&national, day).await;
    assert_eq!(find(&body, "approve")["allowed"], false, "{body}");
    assert_eq!(find(&body, "confirm_standing")["allowed"], false, "{body}");
}

/// Under a known measure the act itself is recorded (G14).
#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_rule_is_permitted_only_where_none_is_known() {
    let server = server().await;
    server.register(&["440000"]).await;
    let registrar = server.registrar();
    for (day, allowed) in [("2013-01-01", true), ("2016-06-30", false)] {
        let body = permitted(&registrar, day).await;
        let found = find(&body, "record_under_unknown_rule");
        assert_eq!(found["allowed"], allowed, "{found}");
        let act = json!({ "act": "record_under_unknown_rule", "effective_on": day, "what": "x" });
        let path = format!("{ONE}/acts?validate_only=true");
        let request = registrar.request("POST", &path).header("idempotency-key", new_key());
        let verdict = send(request.header("if-match", "*").json(&act)).await;
        assert_eq!(verdict.status == 409, !allowed, "{}", String::from_utf8_lossy(&verdict.body));
    }
    let known = permitted(&registrar, "2016-06-30").await;
    let why = find(&known, "record_under_unknown_rule")["why_not"].as_str().unwrap().to_owned();
    assert!(why.contains("is known"), "{why}");
}

/// Real and invented never mix, whatever the act says (G16).
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_permitted_to_a_subject_that_cannot_enroll() {
    let server = server().await;
    server.register(&["440000", "utopia"]).await;
    let path = "/v1/enrollments/strong_province/utopia/permitted-acts";
    let body = server.province("utopia").get(path).await.ok(200).json();
    let apply = find(&body, "apply");
    assert_eq!(apply["allowed"], false, "{apply}");
    assert!(apply["why_not"].as_str().unwrap().contains("G16"), "{apply}");
}

/// One person with two tokens got the answer to the other as unchanged.
#[tokio::test(flavor = "multi_thread")]
async fn the_tag_tells_roles_and_divisions_apart() {
    let server = server().await;
    server.register(&["440000"]).await;
    let path = format!("{ONE}/permitted-acts");
    let both = server.client(Role::Province, "gov", &["440000"]);
    let tag = both.get(&path).await.ok(200).header("etag").to_owned();
    let same = send(
        both.request("GET", &path).header("if-none-match", &tag).header("accept-language", "en"),
    );
    assert_eq!(same.await.status, 304);
    for divisions in [&["320000"][..], &[], &["440000", "320000"]] {
        let other = server.client(Role::Province, "gov", divisions);
        let request = other.request("GET", &path).header("accept-language", "en");
        send(request.header("if-none-match", &tag)).await.ok(200);
    }
}
