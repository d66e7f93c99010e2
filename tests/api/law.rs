//! Rules as a client meets them: the aspects of a plan (C10), inspections by report (C13), the indicators
//! of an acceptance (C14), what evidence shows of a title (C17), and that no refusal names an id (G8).

use super::support::*;
use serde_json::{Value, json};

pub const AREA: &str = "exercise_cluster_area/area";
const FINDINGS: [&str; 3] = ["implementation", "practices", "planning"];

/// An invented area, recorded out of an archive by the registrar.
pub struct Archive {
    pub server: Server,
}

impl Archive {
    pub async fn new() -> Self {
        let server = server().await;
        server.register(&["pa"]).await;
        let area = json!({
            "id": "area", "kind": "cluster_area", "name": { "en": "Area", "zh": "某区" },
            "province": "pa", "invented": true, "source": "test", "effective_on": "2010",
        });
        server.registrar().post("/v1/subjects", &area).await.ok(201);
        Self { server }
    }

    pub async fn asked(&self, office: &str, act: &str, on: &str, mut body: Value) -> Reply {
        body["act"] = json!(act);
        body["effective_on"] = json!(on);
        body["archive"] = json!({ "office": office, "source": "test" });
        self.server.registrar().act(AREA, &body).await
    }

    pub async fn done(&self, office: &str, act: &str, on: &str, body: Value) -> Value {
        self.asked(office, act, on, body).await.ok(201).json()
    }

    pub async fn materials(&self, kinds: &[&str]) -> Value {
        let digest = self.server.registrar().upload(b"text").await;
        let material = |kind: &&str| json!({ "kind": kind, "name": "a.txt", "media_type": "text/plain", "digest": digest });
        kinds.iter().map(material).collect()
    }

    pub async fn applied(&self, services: &[&str]) -> Value {
        let materials = self.materials(&["application", "initial_work_plan", "commitment"]).await;
        let body = json!({
            "applicant_kind": "hi_tech_zone", "materials": materials,
            "kept_since": { "day": "2014-01-01", "reason": "test" },
            "requirements": {
                "management": "m", "demand": "d", "services": services,
                "agencies": { "number": 40, "on": "2014-01-01", "source": "a count" },
            },
        });
        self.done("local_government", "apply", "2014-10-08", body).await
    }

    /// Approved on 12 October 2014.
    pub async fn approved() -> Self {
        let area = Self::new().await;
        area.applied(&["patent"]).await;
        let letter = area.materials(&["letter_of_recommendation"]).await;
        let opinion = json!({ "opinion": "o", "materials": letter });
        area.done("provincial_department", "recommend", "2014-10-10", opinion).await;
        area.done("national_office", "approve", "2014-10-12", json!({ "round": "2014" })).await;
        area
    }

    pub async fn get(&self, what: &str) -> Value {
        let path = format!("/v1/enrollments/{AREA}{what}");
        self.server.auditor().get(&path).await.ok(200).json()
    }
}

pub fn codes(answer: &Value) -> Vec<&str> {
    let findings = answer["findings"].as_array().unwrap().iter();
    findings.map(|finding| finding["code"].as_str().unwrap()).collect()
}

pub fn found<'a>(answer: &'a Value, code: &str) -> Option<&'a Value> {
    answer["findings"].as_array().unwrap().iter().find(|finding| finding["code"] == code)
}

pub fn acceptance(extra: Value) -> Value {
    let findings: serde_json::Map<_, _> =
        FINDINGS.iter().map(|content| ((*content).to_owned(), json!("f"))).collect();
    let mut body = json!({ "result": "excellent", "findings": findings });
    for (member, value) in extra.as_object().unwrap() {
        body[member] = value.clone();
    }
    body
}

#[track_caller]
pub fn says(value: &Value, text: &str) {
    let said = value.as_str().unwrap_or_else(|| panic!("{value} is no text"));
    assert!(said.contains(text), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn c10_a_plan_that_leaves_an_aspect_out_has_a_finding() {
    let area = Archive::approved().await;
    let path = "/v1/programs/cluster_area/measures/2014-40";
    let measure = area.server.auditor().get(path).await.ok(200).json();
    let annex = measure["measure"]["guideline"].as_array().unwrap();
    let measures = annex.iter().map(|task| task["measures"].as_array().unwrap());
    assert_eq!((annex.len(), measures.clone().map(Vec::len).sum::<usize>()), (5, 16));
    for measure in measures.flatten() {
        assert!(measure["ideas"]["en"].is_string() && measure["label"]["zh"].is_string());
    }
    let plan = |aspects: &[&str]| json!({ "contents": { "goals": "g" }, "guidelines": aspects });
    let few =
        area.done("provincial_department", "submit_plan", "2015-01-05", plan(&["market"])).await;
    let left_out = found(&few, "aspects_left_out").unwrap();
    says(&left_out["text"], "Creating a better environment");
    assert!(!left_out["text"].as_str().unwrap().contains("Activating the service market"));
    assert_eq!(left_out["article"], "Art. 11, annex");
    // An amendment is a plan as well; one that takes up all five has no such finding.
    let all: Vec<&str> = annex.iter().map(|task| task["id"].as_str().unwrap()).collect();
    let amendment =
        |aspects: &[&str]| json!({ "opinion": "o", "explanation": "e", "plan": plan(aspects) });
    let wrong = area.asked("local_government", "submit_amendment", "2015-03-01", amendment(&["x"]));
    let wrong = wrong.await.problem(422, "validation-error");
    assert_eq!(wrong["errors"][0]["accepted"], json!(all));
    let whole =
        area.done("local_government", "submit_amendment", "2015-03-01", amendment(&all)).await;
    assert_eq!(found(&whole, "aspects_left_out"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn c13_each_report_opens_an_inspection_that_one_which_names_it_meets() {
    let area = Archive::approved().await;
    let report = |year: i32| json!({ "year": year, "summary": "s", "next_year_plan": "n" });
    let mut reports = Vec::new();
    for year in [2014, 2015] {
        let on = format!("{}-01-20", year + 1);
        let recorded = area.done("local_government", "submit_report", &on, report(year)).await;
        reports.push(recorded["events"][0]["reference"].clone());
    }
    let inspections = || async {
        let owed = area.get("/obligations").await;
        let items = owed["items"].as_array().unwrap().iter();
        let items = items.filter(|item| item["obligation"] == "inspection");
        items.map(|item| item["status"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(inspections().await, ["OPEN", "OPEN"]);
    // One that names none stands by itself.
    area.done("national_office", "inspect", "2016-03-01", json!({ "findings": "f" })).await;
    assert_eq!(inspections().await, ["OPEN", "OPEN"]);
    let second = json!({ "findings": "f", "follows": reports[1] });
    let met = area.done("national_office", "inspect", "2016-04-01", second.clone()).await;
    assert_eq!(
        (&met["met"][0]["obligation"], &met["met"][1]),
        (&json!("inspection"), &Value::Null)
    );
    assert_eq!(inspections().await, ["OPEN", "MET"]);
    let standing = area.get("").await;
    assert_eq!(standing["stands_at"]["node"], "under_construction");
    // Before the report that it follows, and of what is no report.
    area.asked("national_office", "inspect", "2016-01-10", second)
        .await
        .problem(409, "effective-date-conflict");
    let approval = area.get("/acts").await["items"][2]["reference"].clone();
    let of_approval = json!({ "findings": "f", "follows": approval });
    let wrong = area.asked("national_office", "inspect", "2016-04-02", of_approval).await;
    assert_eq!(wrong.problem(422, "validation-error")["errors"][0]["pointer"], "#/follows");
}

#[tokio::test(flavor = "multi_thread")]
async fn c14_an_acceptance_finds_on_each_indicator_of_the_plan_it_names() {
    let area = Archive::approved().await;
    // Without a plan on record the finding says so.
    let mut bare = acceptance(json!({}));
    bare["act"] = json!("accept");
    bare["effective_on"] = json!("2017-10-20");
    bare["archive"] = json!({ "office": "national_office", "source": "test" });
    let path = format!("/v1/enrollments/{AREA}/acts?validate_only=true");
    let request = area.server.registrar().request("POST", &path);
    let request = request.header("idempotency-key", new_key()).header("if-match", "*");
    let tried = send(request.json(&bare)).await.ok(200).json();
    assert!(codes(&tried).contains(&"no_plan_on_record"), "{tried}");
    let plan = json!({
        "contents": { "goals": "g" }, "indicators": { "firms": "60", "training": "100" },
    });
    area.done("provincial_department", "submit_plan", "2015-01-05", plan).await;
    let accept =
        |extra: Value| area.asked("national_office", "accept", "2017-10-20", acceptance(extra));
    let unnamed = accept(json!({})).await.problem(422, "validation-error");
    assert_eq!(unnamed["errors"][0]["pointer"], "#/plan_version");
    let strange = accept(json!({ "plan_version": 1, "indicators": { "x": "y" } })).await;
    let strange = strange.problem(422, "validation-error");
    assert_eq!(strange["errors"][0]["accepted"], json!(["firms", "training"]));
    let mut silent = acceptance(json!({}));
    silent["findings"].as_object_mut().unwrap().remove("practices");
    let silent = area.asked("national_office", "accept", "2017-10-20", silent).await;
    says(&silent.problem(422, "validation-error")["detail"], "Main practices");
    let one = json!({ "plan_version": 1, "indicators": { "firms": "64" }, "result": "unqualified", "rectify_by": "2018-01-31" });
    let one = accept(one).await.ok(201).json();
    let missing = found(&one, "indicator_without_finding").unwrap();
    assert_eq!(missing["article"], "Art. 16(1)");
    assert_eq!(missing["text"], "nothing is found on these indicators of the plan: training");
    let all = json!({ "plan_version": 1, "indicators": { "firms": "64", "training": "120" } });
    let all = area.asked("national_office", "accept", "2018-02-01", acceptance(all)).await;
    let all = all.ok(201).json();
    assert_eq!(codes(&all), Vec::<&str>::new(), "{all}");
    let trail = area.get("/audit-trail").await;
    let last = trail["items"].as_array().unwrap().last().unwrap();
    says(&last["sentence"], "measured against version 1 of its plan");
}

#[tokio::test(flavor = "multi_thread")]
async fn c17_what_evidence_shows_is_said_by_a_member_and_never_read_out_of_text() {
    let area = Archive::new().await;
    let attest = |on: &str, extra: Value| {
        let mut body = json!({
            "act": "attest_standing", "effective_on": on, "stands_at": "demonstrative",
            "title": "demonstrative", "confidence": "attested",
            "source": "reviewed: excellent; the title is kept",
        });
        for (member, value) in extra.as_object().unwrap() {
            body[member] = value.clone();
        }
        body
    };
    let registrar = area.server.registrar();
    registrar.act(AREA, &attest("2016-05-01", json!({}))).await.ok(201);
    registrar.act(AREA, &attest("2019-06-01", json!({}))).await.ok(201);
    // The text alone shows no review.
    let title = area.get("?as_of=2020-01-01").await["title"].clone();
    assert_eq!((&title["until"], &title["review_due"]), (&json!("2019-05-01"), &json!(true)));
    says(&title["note"], "held until a review decides");
    let ungraded = attest("2019-06-02", json!({ "grade": "excellent" }));
    let ungraded = registrar.act(AREA, &ungraded).await.problem(422, "validation-error");
    assert_eq!(ungraded["errors"][0]["pointer"], "#/grade");
    let strange = attest("2019-06-02", json!({ "shows": "review", "grade": "good" }));
    let strange = registrar.act(AREA, &strange).await.problem(422, "validation-error");
    assert_eq!(strange["errors"][0]["accepted"], json!(["excellent", "qualified", "unqualified"]));
    let shown = attest("2019-06-02", json!({ "shows": "review", "grade": "excellent" }));
    registrar.act(AREA, &shown).await.ok(201);
    let title = area.get("?as_of=2020-01-01").await["title"].clone();
    assert_eq!((&title["until"], &title["review_due"]), (&json!("2022-06-02"), &json!(false)));
    let trail = area.get("/audit-trail").await;
    says(&trail["items"][2]["sentence"], "by the act “Review”, with the result “excellent”");
    // It owes nothing and waits for nobody until it is confirmed; then the review that was due is open.
    let before = area.get("").await;
    assert_eq!((&before["waiting_for"], &before["obligations"]["open"]), (&json!([]), &json!(0)));
    let confirm = json!({ "act": "confirm_standing", "effective_on": "2024-03-01" });
    area.server.national().act(AREA, &confirm).await.ok(201);
    let owed = area.get("/obligations?as_of=2024-04-01").await;
    let items = owed["items"].as_array().unwrap().iter();
    let review = items.clone().find(|item| item["obligation"] == "review").unwrap();
    assert_eq!((&review["status"], &review["open_from"]), (&json!("OPEN"), &json!("2024-03-01")));
    says(&review["reading"], "late review");
    let waits = area.get("?as_of=2024-04-01").await["waiting_for"].clone();
    assert!(waits.as_array().unwrap().iter().any(|waits| waits["act"] == "review"), "{waits}");
}

#[tokio::test(flavor = "multi_thread")]
async fn g1_a_correction_shows_what_was_found_on_the_truth() {
    let area = Archive::approved().await;
    let application = area.get("/acts").await["items"][0]["reference"].clone();
    let truth = json!({
        "applicant_kind": "hi_tech_zone",
        "requirements": { "management": "m", "demand": "d", "agencies": 20, "services": ["patent"] },
    });
    let correct = json!({
        "act": "correct", "effective_on": "2026-11-22", "corrects": application, "reason": "keyed in wrongly",
        "replacement": { "act": { "act": "apply", "content": truth }, "common": { "effective_on": "2014-10-08" } },
    });
    let corrected = area.server.national().act(AREA, &correct).await.ok(201).json();
    let missed: Vec<&Value> = corrected["findings"].as_array().unwrap().iter().collect();
    let missed = missed.iter().filter(|finding| finding["code"] == "condition_missing");
    let texts: Vec<&str> = missed.map(|finding| finding["text"].as_str().unwrap()).collect();
    assert!(
        texts.iter().any(|text| text.contains("more than 30 agencies is required")),
        "{texts:?}"
    );
    assert!(texts.iter().any(|text| text.contains("Letter of commitment")), "{texts:?}");
    let trail = area.get("/audit-trail").await;
    let last = trail["items"].as_array().unwrap().last().unwrap();
    assert_eq!(
        last["findings"].as_array().unwrap().len(),
        corrected["findings"].as_array().unwrap().len()
    );
}

/// Words that only programs read: with an underscore, or with a dot between two of them.
fn ids_in(text: &str) -> Vec<&str> {
    let is_id = |word: &&str| {
        let word = word.trim_end_matches(['.', ',', ';', ':']);
        let parts = word.split_once('_').or_else(|| word.split_once('.'));
        parts.is_some_and(|(a, b)| {
            let lower = |part: &str| part.chars().all(|c| c.is_ascii_lowercase() || c == '_');
            !a.is_empty() && !b.is_empty() && lower(a) && lower(b)
        })
    };
    // What is to be written is quoted as it is written: `effective_on`.
    let words = text.split(|c: char| c.is_whitespace() || "“”()".contains(c));
    words.filter(|word| !word.starts_with('`')).filter(is_id).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn g8_no_refusal_names_an_id() {
    assert_eq!(ids_in("submit_plan is allowed from pilot.passed"), ["submit_plan", "pilot.passed"]);
    assert_eq!(
        ids_in("leave out `decided_on` (Art. 17); “Candidate: Applied”."),
        Vec::<&str>::new()
    );
    let area = Archive::approved().await;
    let server = &area.server;
    server.register(&["pb"]).await;
    let mut faults = Vec::new();
    let clients = [
        server.registrar(),
        server.national(),
        server.province("pb"),
        server.client(docket::api::auth::Role::LocalGovernment, "g", &["area"]),
        server.client(docket::api::auth::Role::ProvincialDepartment, "d", &["pb"]),
    ];
    for enrollment in [AREA, "exercise_strong_province/pb", "strong_province/pb"] {
        for client in &clients {
            for language in ["en", "zh-CN"] {
                let path = format!("/v1/enrollments/{enrollment}/permitted-acts");
                let reply = client.request("GET", &path).header("accept-language", language);
                let reply = send(reply).await;
                let acts = reply.json()["acts"].as_array().cloned().unwrap_or_default();
                let texts = acts.iter().filter_map(|act| act["why_not"].as_str());
                for text in texts {
                    faults.extend(ids_in(text).iter().map(|id| format!("{id}: {text}")));
                    if language == "zh-CN" && text.contains(|c: char| c.is_ascii_lowercase()) {
                        let own = ["area", "pa", "pb", "archive"];
                        let words = text.split(|c: char| !c.is_ascii_alphabetic());
                        let foreign = words.filter(|w| w.chars().any(|c| c.is_ascii_lowercase()));
                        let foreign = foreign.filter(|word| !own.contains(word));
                        faults.extend(foreign.map(|word| format!("{word}: {text}")));
                    }
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
