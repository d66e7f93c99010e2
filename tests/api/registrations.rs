//! Registrations: which ids invented subjects bear (P2, G16), and corrections (G1).

use super::support::*;
use serde_json::{Value, json};

fn province(id: &str, invented: bool) -> Value {
    json!({
        "id": id, "kind": "province", "name": { "en": id, "zh": id }, "province": id,
        "invented": invented, "source": "test", "effective_on": "2010",
    })
}

fn area(name: &str, province: &str) -> Value {
    json!({
        "id": "area_a", "kind": "cluster_area", "name": { "en": name, "zh": name },
        "province": province, "invented": true, "source": "test", "effective_on": "2010",
    })
}

/// An invented province could be registered with the code of Taiwan.
#[tokio::test(flavor = "multi_thread")]
async fn no_invented_subject_bears_the_code_of_a_real_one() {
    let server = server().await;
    let registrar = server.registrar();
    for id in [
        "440000", "710000", "810000", "820000", "CN-TW", "cn-gd", "GD", "hk", "xpcc", "440300",
        "440304", "44",
    ] {
        let refused = registrar.post("/v1/subjects", &province(id, true)).await;
        let problem = refused.problem(422, "validation-error");
        assert!(problem.to_string().contains("#/id"), "{id}: {problem}");
        let mut coded = province("x01", true);
        coded["code"] = json!(id);
        let refused = registrar.post("/v1/subjects", &coded).await;
        let problem = refused.problem(422, "validation-error");
        assert!(problem.to_string().contains("#/code"), "{id}: {problem}");
    }
    for id in ["710000", "HK", "440300", "CN-GD"] {
        registrar.post("/v1/subjects", &province(id, false)).await.problem(422, "validation-error");
    }
    let mut corps = province("x_corps", true);
    corps["kind"] = json!("corps");
    let problem = registrar.post("/v1/subjects", &corps).await.problem(422, "validation-error");
    assert!(problem.to_string().contains("#/kind"), "{problem}");
    let mut lying = province("x01", true);
    lying["province"] = json!("440000");
    registrar.post("/v1/subjects", &lying).await.problem(422, "validation-error");
    registrar.post("/v1/subjects", &province("x01", true)).await.ok(201);
    registrar.post("/v1/subjects", &province("440000", false)).await.ok(201);
}

struct Record {
    server: Server,
    registered: String,
    renamed: String,
}

async fn renamed() -> Record {
    let server = server().await;
    server.register(&["pa", "pb"]).await;
    let registrar = server.registrar();
    let made = registrar.post("/v1/subjects", &area("Wrong", "pa")).await.ok(201).json();
    let renaming = json!({ "name": { "en": "Later", "zh": "后名" }, "source": "test",
        "effective_on": "2020-01-01" });
    let path = "/v1/subjects/area_a/renamings";
    let renamed = registrar.post(path, &renaming).await.ok(201).json();
    let reference = |made: &Value| made["reference"].as_str().unwrap().to_owned();
    Record { registered: reference(&made), renamed: reference(&renamed), server }
}

impl Record {
    async fn subject(&self) -> Value {
        self.server.auditor().get("/v1/subjects/area_a").await.ok(200).json()
    }
}

fn mended(corrects: &str, replacement: Value) -> Value {
    json!({ "corrects": corrects, "reason": "misread", "replacement": replacement })
}

const CORRECTIONS: &str = "/v1/subjects/area_a/corrections";

#[tokio::test(flavor = "multi_thread")]
async fn a_registration_is_corrected_and_both_stay_readable() {
    let record = renamed().await;
    let server = &record.server;
    let note = json!({ "act": "note", "effective_on": "2016-04-01", "text": "x" });
    let enrollment = "exercise_cluster_area/area_a";
    server.registrar().act(enrollment, &note).await.ok(201);
    let before = server.app.log().head().await.unwrap().unwrap();
    let replacement = json!({ "registration": area("Right", "pb") });
    let correction = mended(&record.registered, replacement);
    let request = server.registrar().request("POST", CORRECTIONS);
    let request = request.header("idempotency-key", "c1").json(&correction);
    let first = send(request.try_clone().unwrap()).await.ok(201).json();
    assert_eq!(send(request).await.ok(201).json()["id"], first["id"]);
    let subject = record.subject().await;
    assert_eq!(subject["registration"]["province"], "pb");
    assert_eq!(subject["names"][0]["name"]["en"], "Right");
    assert_eq!(subject["name"]["en"], "Later");
    let fates = |subject: &Value| {
        let records = subject["records"].as_array().unwrap();
        records.iter().map(|r| r["fate"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(fates(&subject), ["CORRECTED", "STANDS", "STANDS"]);
    assert_eq!(subject["records"][0]["corrected_by"], 2);
    let sentence = subject["records"][2]["sentence"].as_str().unwrap();
    assert!(sentence.contains("Right") && sentence.contains("misread"), "{sentence}");
    // The name on a day, as known before and after.
    let path = format!("/v1/enrollments/{enrollment}?as_of=2017-01-01");
    let name = async |path: &str| {
        server.auditor().get(path).await.ok(200).json()["name"].as_str().unwrap().to_owned()
    };
    assert_eq!(name(&path).await, "Right");
    assert_eq!(name(&format!("{path}&at_sequence={before}")).await, "Wrong");
    let head = server.app.log().head().await.unwrap().unwrap();
    for (known, province, there) in [(before, "pa", 1), (before, "pb", 0), (head, "pb", 1)] {
        let path = format!(
            "/v1/enrollments?exercise=true&province={province}&at_sequence={known}&min_sequence={head}"
        );
        let list = server.auditor().request("GET", &path).header("prefer", "wait=20");
        let list = send(list).await.ok(200).json();
        assert_eq!(list["items"].as_array().unwrap().len(), there, "{path}");
    }
    // The version in force is now the correction, and the national office may correct too.
    let stale = server.registrar().post(CORRECTIONS, &correction).await;
    let stale = stale.problem(409, "already-decided");
    assert_eq!(stale["in_force"], first["reference"]);
    let undo = json!({ "corrects": first["reference"], "reason": "it was right" });
    server.national().post(CORRECTIONS, &undo).await.ok(201);
    let subject = record.subject().await;
    assert_eq!(subject["registration"]["province"], "pa");
    assert_eq!(fates(&subject), ["STANDS", "STANDS", "ANNULLED", "STANDS"]);
    let event =
        server.auditor().get(&format!("/v1/events/{}", first["id"].as_str().unwrap())).await;
    assert!(event.ok(200).json().to_string().contains(&record.registered));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renaming_is_annulled_and_what_cannot_be_is_said() {
    let record = renamed().await;
    let server = &record.server;
    let post = async |body: &Value| server.registrar().post(CORRECTIONS, body).await;
    for (body, pointer) in [
        (json!({ "corrects": record.registered, "reason": "no such area" }), "#/replacement"),
        (json!({ "corrects": record.renamed, "reason": " " }), "#/reason"),
        (mended(&record.renamed, json!({ "registration": area("x", "pa") })), "#/replacement"),
        (
            mended(&record.registered, json!({ "registration": area("x", "nowhere") })),
            "#/replacement/registration/province",
        ),
        (
            mended(&record.registered, json!({ "registration": province("pb", true) })),
            "#/replacement/registration/id",
        ),
    ] {
        let problem = post(&body).await.problem(422, "validation-error");
        assert!(problem.to_string().contains(pointer), "{pointer}: {problem}");
    }
    let other = record.renamed.replace("@1#", "@7#");
    post(&json!({ "corrects": other, "reason": "x" })).await.problem(409, "already-decided");
    let undo = json!({ "corrects": record.renamed, "reason": "never renamed" });
    let province = server.province("pa");
    province.post(CORRECTIONS, &undo).await.problem(403, "role-forbidden");
    post(&undo).await.ok(201);
    let subject = record.subject().await;
    assert_eq!(subject["name"]["en"], "Wrong");
    assert_eq!(subject["records"][1]["fate"], "ANNULLED");
}

/// What the registrar entered for an office is that office's act: it is named, and may correct it (G2).
#[tokio::test(flavor = "multi_thread")]
async fn an_archived_act_names_its_office_which_may_correct_it() {
    let server = server().await;
    server.register(&["x01", "x02"]).await;
    for (id, named, shown) in
        [("x01", None, "province:x01"), ("x02", Some("gov-of-old"), "gov-of-old")]
    {
        let enrollment = format!("exercise_strong_province/{id}");
        let mut body = apply("leading", "2016-01-05");
        body["archive"] = json!({ "office": "province", "source": "file 1" });
        if let Some(named) = named {
            body["archive"]["office_id"] = json!(named);
        }
        let made = server.registrar().act(&enrollment, &body).await.ok(201).json();
        let trail = format!("/v1/enrollments/{enrollment}/audit-trail");
        let trail = server.auditor().get(&trail).await.ok(200).json();
        let entry = &trail["items"][0];
        assert_eq!((&entry["office"], &entry["office_id"]), (&json!("province"), &json!(shown)));
        assert_eq!(entry["role"], "registrar");
        let correction = json!({ "act": "correct", "effective_on": "2016-02-01",
            "corrects": made["events"][0]["reference"], "reason": "never sent" });
        // Its own id is known and is another's: that is another office.
        let other = if id == "x01" { "x02" } else { "x01" };
        server.province(other).act(&enrollment, &correction).await.problem(403, "role-forbidden");
        let own = server.province(id).act(&enrollment, &correction).await;
        match named {
            None => drop(own.ok(201)),
            Some(_) => drop(own.problem(403, "role-forbidden")),
        }
    }
    let mut blank = apply("leading", "2016-01-06");
    blank["archive"] = json!({ "office": "province", "office_id": " ", "source": "file 1" });
    let refused = server.registrar().act("exercise_strong_province/x01", &blank).await;
    let problem = refused.problem(422, "validation-error");
    assert!(problem.to_string().contains("#/archive/office_id"), "{problem}");
}

/// R: of a region not even the kind is known, so its province may not be either; a city lies in one.
#[tokio::test(flavor = "multi_thread")]
async fn only_kinds_that_may_lie_anywhere_need_no_province() {
    let server = server().await;
    let registrar = server.registrar();
    let body = |id: &str, kind: &str| {
        json!({
            "id": id, "kind": kind, "name": { "en": id, "zh": "某地" }, "source": "test",
            "effective_on": "2015",
        })
    };
    registrar.post("/v1/subjects", &body("somewhere", "region")).await.ok(201);
    registrar.post("/v1/subjects", &body("a_center", "operation_center")).await.ok(201);
    let refused = registrar.post("/v1/subjects", &body("a_city", "city")).await;
    let problem = refused.problem(422, "validation-error");
    assert!(problem.to_string().contains("#/province"), "{problem}");
}
