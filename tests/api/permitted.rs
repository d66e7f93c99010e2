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

/// G1: a correction is made by the office that acted, or by the national office. The old list allowed
/// it to every office.
#[tokio::test(flavor = "multi_thread")]
async fn only_who_acted_may_correct() {
    let server = server().await;
    server.register(&["440000"]).await;
    let (province, national) = (server.province("440000"), server.national());
    let department = server.client(Role::ProvincialDepartment, "dept", &["440000"]);
    let day = "2026-11-22";
    let corrects = async |client: &Client<'_>| {
        let body = permitted(client, day).await;
        let found = find(&body, "correct").clone();
        (
            found["allowed"].as_bool().unwrap(),
            found["why_not"].as_str().unwrap_or_default().to_owned(),
        )
    };
    for client in [&province, &national] {
        assert_eq!(corrects(client).await, (false, "nothing is on record yet".to_owned()));
    }
    let applied = province.act("strong_province/440000", &apply("leading", "2016-01-05")).await;
    let applied = applied.ok(201).json();
    assert!(corrects(&province).await.0);
    assert!(corrects(&national).await.0);
    assert!(corrects(&server.registrar()).await.0);
    let (allowed, why) = corrects(&department).await;
    assert!(!allowed && why.contains("by the office that acted"), "{why}");
    // It is refused as that says, and with the rule.
    let id = applied["id"].as_str().unwrap();
    let correct = json!({
        "act": "correct", "effective_on": day, "reason": "a test",
        "corrects": format!("strong_province-440000@0#{id}"),
    });
    let refused = department.act("strong_province/440000", &correct).await;
    assert_eq!(refused.problem(403, "role-forbidden")["article"], "G1");
    // What nobody owed can't be received.
    let body = permitted(&department, day).await;
    let receipt = find(&body, "acknowledge_receipt");
    assert_eq!(receipt["allowed"], false, "{receipt}");
    assert!(receipt["why_not"].as_str().unwrap().contains("no receipt"), "{receipt}");
}

/// G9: an act that founds what only later evidence shows can be recorded as of a day before it; other
/// acts that a standing of that kind would permit can't.
#[tokio::test(flavor = "multi_thread")]
async fn evidence_of_a_later_day_permits_what_founds_it() {
    let server = server().await;
    server.register(&["440000"]).await;
    let attested = json!({
        "act": "attest_standing", "effective_on": "2018", "stands_at": "pilot",
        "category": "leading", "confidence": "attested", "source": "a newspaper",
    });
    server.registrar().act("strong_province/440000", &attested).await.ok(201);
    let body = permitted(&server.national(), "2016-06-30").await;
    assert_eq!(find(&body, "approve")["allowed"], true, "{body}");
    for act in ["evaluate", "submit_scheme", "confirm_standing"] {
        assert_eq!(find(&body, act)["allowed"], false, "{act}");
    }
    // So it is.
    let evaluate = json!({
        "act": "evaluate", "effective_on": "2016-06-30", "result": "passed", "findings": "x",
    });
    let refused = server.national().act("strong_province/440000", &evaluate).await;
    refused.problem(409, "effective-date-conflict");
    server.national().act("strong_province/440000", &approve("2016-06-30")).await.ok(201);
}

/// G5: that a token does not act for a subject has the article, in what is permitted and in what is
/// refused, of acts of the measure and of those that every program knows.
#[tokio::test(flavor = "multi_thread")]
async fn another_province_is_refused_with_the_article() {
    let server = server().await;
    server.register(&["440000", "320000"]).await;
    let other = server.province("320000");
    let act = apply("leading", "2016-01-05");
    let refused = other.act("strong_province/440000", &act).await;
    assert_eq!(refused.problem(403, "jurisdiction-forbidden")["article"], "III(I)1");
    let department = server.client(Role::ProvincialDepartment, "dept", &["320000"]);
    server.province("440000").act("strong_province/440000", &act).await.ok(201);
    let body = permitted(&department, "2026-11-22").await;
    let receipt = find(&body, "acknowledge_receipt");
    assert_eq!(
        receipt["why_not"], "this token acts for “320000”; Province 440000 needs one for “440000”",
        "{receipt}"
    );
}

/// G2: what is dated back in a real program needs a document, whatever its rule asks for; evidence
/// names its source instead, and in an exercise it is a finding.
#[tokio::test(flavor = "multi_thread")]
async fn a_day_that_has_passed_needs_a_document() {
    let server = server().await;
    server.register(&["440000", "x01"]).await;
    let registrar = server.registrar();
    let needs = async |enrollment: &str, day: &str, act: &str| {
        let path = format!("/v1/enrollments/{enrollment}/permitted-acts?as_of={day}");
        let body = registrar.get(&path).await.ok(200).json();
        find(&body, act)["document_required"].as_bool().unwrap()
    };
    let (real, exercise) = ("strong_province/440000", "exercise_strong_province/x01");
    assert!(needs(real, "2026-11-21", "apply").await);
    assert!(needs(real, "2026-11-21", "confirm_standing").await);
    assert!(!needs(real, "2026-11-22", "apply").await);
    assert!(!needs(real, "2016-01-05", "attest_standing").await);
    assert!(!needs(exercise, "2016-01-05", "apply").await);
    // And so it is decided.
    let mut body = apply("leading", "2026-11-21");
    body["document"] = Value::Null;
    let refused = server.province("440000").act(real, &body).await.problem(422, "validation-error");
    assert_eq!(refused["errors"][0]["pointer"], "#/document");
    body["effective_on"] = json!("2026-11-22");
    server.province("440000").act(real, &body).await.ok(201);
}

/// G8: in Chinese the rules are cited as Chinese documents cite.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_permitted_is_said_in_chinese_throughout() {
    let server = server().await;
    server.register(&["440000"]).await;
    let national = server.national();
    let request = national.request("GET", &format!("{ONE}/permitted-acts"));
    let body = send(request.header("accept-language", "zh-CN")).await.ok(200).json();
    let approve = find(&body, "approve");
    assert_eq!(approve["article"], "第三部分（一）1");
    for act in body["acts"].as_array().unwrap() {
        let why = act["why_not"].as_str().unwrap_or_default();
        assert!(!why.chars().any(|c| c.is_ascii_alphabetic()), "{act}");
    }
}
