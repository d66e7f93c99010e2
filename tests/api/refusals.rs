//! Bad input, kind by kind: each has a clear and specific answer, and the server keeps serving.

use super::support::*;
use docket::api::auth::Role;
use serde_json::{Value, json};

async fn area() -> Server {
    let server = server().await;
    server.register(&["440000", "320000"]).await;
    let body = json!({
        "id": "futian", "kind": "cluster_area", "name": { "en": "Futian", "zh": "福田" },
        "province": "440000", "source": "test", "effective_on": "2010",
    });
    server.registrar().post("/v1/subjects", &body).await.ok(201);
    server
}

fn local(server: &Server) -> Client<'_> {
    server.client(Role::LocalGovernment, "gov-futian", &["futian"])
}

/// A complete application, but for what `change` does to it.
async fn application(server: &Server, change: impl FnOnce(&mut Value)) -> Value {
    let mut materials = Vec::new();
    for kind in ["application", "initial_work_plan", "commitment"] {
        let digest = local(server).upload(kind.as_bytes()).await;
        let media_type = "application/pdf";
        materials.push(
            json!({ "kind": kind, "name": kind, "media_type": media_type, "digest": digest }),
        );
    }
    let kinds = ["patent", "trademark", "copyright", "geographical_indication", "plant_variety"];
    let mut body = json!({
        "act": "apply", "effective_on": "2015-03-02", "applicant_kind": "hi_tech_zone",
        "requirements": {
            "management": "yes", "demand": "yes", "agencies": 31, "services": kinds,
        },
        "materials": materials, "document": document(),
    });
    change(&mut body);
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_things_are_named() {
    let server = area().await;
    let national = server.national();
    let body = approve("2016-03-01");
    national.act("no_program/440000", &body).await.problem(404, "not-found");
    let unknown = national.act("strong_province/999999", &body).await;
    assert!(unknown.problem(404, "not-found")["detail"].as_str().unwrap().contains("999999"));
    national.act("strong_province/%20", &body).await.problem(404, "not-found");
    let act = national.act("strong_province/440000", &json!({ "act": "promote" })).await;
    assert_eq!(act.problem(422, "validation-error")["errors"][0]["pointer"], "#/act");
    let mut extra = apply("leading", "2016-01-05");
    extra["surprise"] = json!(1);
    let field = server.province("440000").act("strong_province/440000", &extra).await;
    let field = field.problem(422, "validation-error");
    assert_eq!(field["errors"][0]["pointer"], "#/surprise");
    let parameter = national.get("/v1/enrollments?programme=x").await;
    let parameter = parameter.problem(400, "unknown-parameter");
    assert_eq!(
        (&parameter["parameter"], &parameter["nearest"]),
        (&json!("programme"), &json!("program"))
    );
    national.get("/v1/nothing").await.problem(404, "not-found");
    national.get("/v1/enrollments/strong_province/440000").await.problem(404, "not-found");
    national.get("/v1/events/99999").await.problem(404, "not-found");
}

#[tokio::test(flavor = "multi_thread")]
async fn dates_are_looked_at() {
    let server = area().await;
    let province = server.province("440000");
    let enrollment = "strong_province/440000";
    let no_day = province.act(enrollment, &apply("leading", "2016-02-30")).await;
    let no_day = no_day.problem(422, "validation-error");
    assert!(no_day["detail"].as_str().unwrap().contains("February 2016 has 29 days"), "{no_day}");
    let early = province.act(enrollment, &apply("leading", "2014-01-05")).await;
    let early = early.problem(422, "measure-not-in-force");
    assert_eq!(early["versions"][0]["version"], "2015-59");
    let mut future = apply("leading", "2016-01-05");
    future["decided_on"] = json!("2027-01-01");
    province.act(enrollment, &future).await.problem(409, "effective-date-conflict");
    province.act(enrollment, &apply("leading", "2016-01-05")).await.ok(201);
    let before = server.national().act(enrollment, &approve("2015-12-01")).await;
    let before = before.problem(409, "effective-date-conflict");
    let with = before["conflicting_event"].as_str().unwrap();
    assert!(with.starts_with("strong_province-440000@0#"), "{with}");
    let wrong = "/v1/enrollments/strong_province/440000?as_of=2016-02-30";
    province.get(wrong).await.problem(400, "malformed-request");
    let wrong = "/v1/enrollments/strong_province/440000?known_at=2016-01-01T00:00:00";
    province.get(wrong).await.problem(400, "malformed-request");
}

#[tokio::test(flavor = "multi_thread")]
async fn hands_are_looked_at() {
    let server = area().await;
    let enrollment = "strong_province/440000";
    let order = server.national().act(enrollment, &approve("2016-03-01")).await;
    let order = order.problem(409, "act-not-permitted");
    assert_eq!(order["allowed_from"], json!(["candidate.applied"]));
    assert_eq!(order["article"], "III(I)1");
    let body = apply("leading", "2016-01-05");
    let another = server.province("320000").act(enrollment, &body).await;
    assert_eq!(another.problem(403, "jurisdiction-forbidden")["division_code"], "440000");
    let office = server.national().act(enrollment, &body).await;
    assert_eq!(office.problem(403, "role-forbidden")["required_roles"], json!(["province"]));
    let auditor = server.auditor().act(enrollment, &body).await;
    auditor.problem(403, "role-forbidden");
    let wrong_area = server.client(Role::LocalGovernment, "gov-x", &["suzhou"]);
    let application = application(&server, |_| {}).await;
    wrong_area
        .act("cluster_area/futian", &application)
        .await
        .problem(403, "jurisdiction-forbidden");
    let other = server.province("440000").act("strong_province/futian", &body).await;
    other.problem(422, "ineligible-subject");
}

#[tokio::test(flavor = "multi_thread")]
async fn real_and_invented_never_mix() {
    let server = area().await;
    server.register(&["utopia"]).await;
    let body = apply("leading", "2016-01-05");
    let invented = server.province("utopia").act("strong_province/utopia", &body).await;
    let invented = invented.problem(422, "ineligible-subject");
    assert!(invented["detail"].as_str().unwrap().contains("G16"));
    let real = server.province("440000").act("exercise_strong_province/440000", &body).await;
    real.problem(422, "ineligible-subject");
    server.province("utopia").act("exercise_strong_province/utopia", &body).await.ok(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn requirements_and_materials_are_looked_at() {
    let server = area().await;
    let enrollment = "cluster_area/futian";
    let thirty = application(&server, |body| body["requirements"]["agencies"] = json!(30)).await;
    let thirty = local(&server).act(enrollment, &thirty).await;
    let thirty = thirty.problem(422, "requirement-not-met");
    assert_eq!((&thirty["requirement"], &thirty["given"]), (&json!("agencies"), &json!("30")));
    assert_eq!(thirty["article"], "Art. 6(3)");
    let lacking = application(&server, |body| {
        body["materials"].as_array_mut().unwrap().pop();
    });
    let lacking = local(&server).act(enrollment, &lacking.await).await;
    assert_eq!(lacking.problem(422, "material-missing")["materials"], json!(["commitment"]));
    let never = "0".repeat(64);
    let missing = application(&server, |body| body["materials"][1]["digest"] = json!(never)).await;
    let missing = local(&server).act(enrollment, &missing).await;
    let missing = missing.problem(422, "document-missing");
    assert_eq!(missing["digest"], never);
    assert_eq!(missing["pointer"], "#/materials/1/digest");
    local(&server).act(enrollment, &application(&server, |_| {}).await).await.ok(201);
    let detail = server.request("POST", "/v1/enrollments/cluster_area/futian/acts");
    let detail = detail.bearer_auth(local(&server).token).header("idempotency-key", new_key());
    let again = application(&server, |_| {}).await;
    let zh = send(detail.header("if-match", "*").json(&again)).await;
    let zh = zh.problem(409, "act-not-permitted");
    assert!(!zh["detail"].as_str().unwrap().is_ascii(), "{zh}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_entry_must_not_take_the_ground_from_another() {
    let server = area().await;
    let enrollment = "strong_province/440000";
    let (province, national) = (server.province("440000"), server.national());
    province.act(enrollment, &apply("leading", "2016-01-05")).await.ok(201);
    national.act(enrollment, &approve("2016-03-01")).await.ok(201);
    let rejected = json!({ "act": "reject", "effective_on": "2016-02-01", "reason": "x" });
    let late = national.act(enrollment, &rejected).await.ok(201).json();
    assert_eq!(late["unsettles"].as_array().unwrap().len(), 1, "{late}");
    let status = server.auditor().get("/v1/enrollments/strong_province/440000").await.json();
    assert_eq!(status["unsupported"][0]["type"], "Approved");
    // A correction names the version in force.
    let id = late["id"].as_str().unwrap();
    let correct = json!({
        "act": "correct", "effective_on": "2026-11-22", "reason": "entered by mistake",
        "corrects": format!("strong_province-440000@2#{id}"),
    });
    national.act(enrollment, &correct).await.ok(201);
    let status = server.auditor().get("/v1/enrollments/strong_province/440000").await.json();
    assert_eq!(status["stands_at"]["node"], "pilot");
    national.act(enrollment, &correct).await.problem(409, "already-decided");
    // What a correction puts in place is held to the same: its documents must be there.
    let first = server.auditor().get("/v1/enrollments/strong_province/440000/acts").await.json();
    let mut mended = correct;
    mended["corrects"] = first["items"][0]["reference"].clone();
    mended["replacement"] = json!({
        "act": { "act": "apply", "content": { "category": "leading", "rank": "pilot" } },
        "common": {
            "effective_on": "2016-01-04",
            "document": { "title": "x", "digest": "1".repeat(64) },
        },
    });
    let mended = national.act(enrollment, &mended).await.problem(422, "document-missing");
    assert_eq!(mended["pointer"], "#/replacement/common/document/digest");
}

#[tokio::test(flavor = "multi_thread")]
async fn registrations_are_checked() {
    let server = area().await;
    let body = |id: &str, kind: &str| {
        json!({
            "id": id, "kind": kind, "name": { "en": "x", "zh": "x" }, "province": id,
            "source": "test", "effective_on": "2010",
        })
    };
    let registrar = server.registrar();
    registrar
        .post("/v1/subjects", &body("440000", "province"))
        .await
        .problem(409, "subject-exists");
    let code = registrar.post("/v1/subjects", &body("123456", "province")).await;
    assert_eq!(code.problem(422, "validation-error")["errors"][0]["pointer"], "#/id");
    let nowhere = registrar.post("/v1/subjects", &body("suzhou", "cluster_area")).await;
    nowhere.problem(422, "validation-error");
    let mut more = body("110000", "province");
    more["revision"] = json!(7);
    let more = registrar.post("/v1/subjects", &more).await.problem(422, "validation-error");
    assert_eq!(more["errors"][0]["pointer"], "#/revision");
    server
        .national()
        .post("/v1/subjects", &body("110000", "province"))
        .await
        .problem(403, "role-forbidden");
    let calendar = json!({
        "year": 2026, "rest_days": ["2025-01-01"], "working_weekends": [], "source": "x",
    });
    registrar.post("/v1/calendars", &calendar).await.problem(422, "validation-error");
}
