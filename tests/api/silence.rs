//! The clerk beside clients: lapses make nobody's act stale that does not depend on them, and are
//! shown where the obligation is.

use super::support::*;
use docket::api::auth::Role;
use docket::app::{Clerk, Round};
use docket::cli::demo::data::DataSet;
use docket::cli::demo::load;
use docket::domain::date::Timestamp;
use docket::domain::event::Event;
use serde_json::{Value, json};

const AREA: &str = "/v1/enrollments/exercise_cluster_area/area_one";
const ENROLLMENT: &str = "exercise_cluster_area/area_one";

impl Server {
    fn today(&self, day: &str) {
        let noon = format!("{day}T12:00:00+08:00");
        self.clock.set(Timestamp::parse_rfc3339(&noon).unwrap());
    }

    async fn clerk(&self) -> Round {
        let day = self.app.clock().now().civil_day();
        Clerk::new(self.app.clone(), 0).run_once(day).await.unwrap()
    }

    fn local(&self) -> Client<'_> {
        self.client(Role::LocalGovernment, "gov-one", &["area_one"])
    }

    fn department(&self) -> Client<'_> {
        self.client(Role::ProvincialDepartment, "dept-one", &["x44"])
    }
}

fn material(kind: &str, digest: &str) -> Value {
    json!({ "kind": kind, "name": "x.pdf", "media_type": "application/pdf", "digest": digest })
}

/// An invented area, approved today. Its plan is due in three months, its first report in January.
async fn approved(server: &Server) {
    let registrar = server.registrar();
    for (id, kind) in [("x44", "province"), ("area_one", "cluster_area")] {
        let body = json!({
            "id": id, "kind": kind, "name": { "en": id, "zh": id }, "province": "x44",
            "invented": true, "source": "invented for a test", "effective_on": "2010",
        });
        registrar.post("/v1/subjects", &body).await.ok(201);
    }
    let digest = server.local().upload(b"a document").await;
    let materials =
        ["application", "initial_work_plan", "commitment"].map(|k| material(k, &digest));
    let services = ["patent", "trademark", "copyright", "geographical_indication", "plant_variety"];
    let apply = json!({
        "act": "apply", "effective_on": "2026-11-22", "applicant_kind": "hi_tech_zone",
        "requirements": {
            "management": "in place", "demand": "strong", "agencies": 31, "services": services,
        },
        "materials": materials,
    });
    server.local().act(ENROLLMENT, &apply).await.ok(201);
    let recommend = json!({
        "act": "recommend", "effective_on": "2026-11-22", "opinion": "yes",
        "materials": [material("letter_of_recommendation", &digest)],
    });
    server.department().act(ENROLLMENT, &recommend).await.ok(201);
    let approve = json!({ "act": "approve", "effective_on": "2026-11-22" });
    server.national().act(ENROLLMENT, &approve).await.ok(201);
}

fn plan(on: &str) -> Value {
    json!({
        "act": "submit_plan", "effective_on": on, "contents": { "goals": "a better environment" },
        "guidelines": ["environment"],
    })
}

async fn act_on(client: &Client<'_>, tag: &str, body: &Value) -> Reply {
    let request = client.request("POST", &format!("{AREA}/acts")).header("if-match", tag);
    let request = request.header("idempotency-key", new_key()).header("accept-language", "en");
    send(request.json(body)).await
}

async fn obligation(server: &Server, id: &str) -> Value {
    let all = server.auditor().get(&format!("{AREA}/obligations")).await.ok(200).json();
    let found = all["items"].as_array().unwrap().iter().find(|item| item["obligation"] == id);
    found.unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lapse_makes_no_act_stale_that_is_decided_alike() {
    let server = server().await;
    approved(&server).await;
    assert_eq!(server.clerk().await.lapsed, 0);
    assert_eq!(obligation(&server, "construction_plan").await.get("lapsed_by"), None);
    // Three months after 22 November is Monday, 22 February.
    server.today("2027-02-23");
    let seen = server.department().get(AREA).await.ok(200);
    let tag = seen.header("etag").to_owned();
    let round = server.clerk().await;
    assert_eq!((round.looked_at, round.lapsed), (1, 2), "the report of January and the plan");
    let shown = obligation(&server, "construction_plan").await;
    assert_eq!((&shown["status"], &shown["lapsed_by"]), (&json!("OVERDUE"), &json!(3)));
    let changed = server.department().get(AREA).await.ok(200);
    assert_ne!(changed.header("etag"), tag, "what is shown did change");

    // The plan rests on what was seen before the lapses, and meets the duty late.
    let late = act_on(&server.department(), &tag, &plan("2027-02-23")).await.ok(201).json();
    assert_eq!((&late["late"], &late["revision"]), (&json!(true), &json!(5)));
    let shown = obligation(&server, "construction_plan").await;
    assert_eq!((&shown["status"], &shown["lapsed_by"]), (&json!("LATE"), &json!(3)));

    // The counter-case: after an act of an office the same tag is stale, whoever acts.
    let report = json!({
        "act": "submit_report", "effective_on": "2027-02-23", "year": 2026, "summary": "done",
        "next_year_plan": "more",
    });
    let stale = act_on(&server.local(), &tag, &report).await.problem(412, "revision-conflict");
    let types: Vec<_> = stale["changes"].as_array().unwrap().iter().map(|c| &c["type"]).collect();
    assert_eq!(types, ["ObligationLapsed", "ObligationLapsed", "PlanSubmitted"]);
}

/// A correction lists the lapses that rest on what it corrects: with one more of them it is decided
/// otherwise, and its sender has to look.
#[tokio::test(flavor = "multi_thread")]
async fn an_act_that_depends_on_a_lapse_is_stale_after_it() {
    let server = server().await;
    approved(&server).await;
    server.today("2027-02-23");
    let seen = server.national().get(AREA).await.ok(200);
    let tag = seen.header("etag").to_owned();
    let acts = server.auditor().get(&format!("{AREA}/acts")).await.ok(200).json();
    let approval = acts["items"][2]["reference"].as_str().unwrap().to_owned();
    let correct = json!({
        "act": "correct", "effective_on": "2027-02-23", "corrects": approval,
        "reason": "another day",
        "replacement": {
            "act": { "act": "approve", "content": {} }, "common": { "effective_on": "2026-12-01" },
        },
    });
    assert_eq!(server.clerk().await.lapsed, 2);
    let stale = act_on(&server.national(), &tag, &correct).await.problem(412, "revision-conflict");
    assert_eq!(stale["changes"].as_array().unwrap().len(), 2);
    let current = stale["current_etag"].as_str().unwrap();
    let done = act_on(&server.national(), current, &correct).await.ok(201).json();
    let unsettled = done["unsettles"].as_array().unwrap();
    assert_eq!(unsettled.len(), 2, "both rest on the approval");

    // The plan is due on 1 March now. Its old lapse stays, without ground; that of the report stands.
    let trail = server.auditor().get(&format!("{AREA}/audit-trail")).await.ok(200).json();
    let items = trail["items"].as_array().unwrap();
    let of =
        |revision: usize| (items[revision]["type"].as_str().unwrap(), &items[revision]["fate"]);
    assert_eq!(of(4), ("ObligationLapsed", &json!("STANDS")));
    assert_eq!(of(3), ("ObligationLapsed", &json!("UNSUPPORTED")));
    let sentence = items[3]["sentence"].as_str().unwrap();
    assert_eq!(
        sentence,
        "On 23 February 2027 an obligation of area_one lapsed (Art. 10): Construction Plan, owed by the provincial IP department, due 22 February 2027 (the holidays of that year are not on record; weekends alone are counted); nothing had been received. Docket recorded it; no standing changes, and what is received later is late."
    );
    assert_eq!((&items[3]["act"], &items[3]["office"]), (&Value::Null, &json!("docket")));
    let chinese = server.auditor().request("GET", &format!("{AREA}/audit-trail"));
    let chinese = send(chinese.header("accept-language", "zh-CN")).await.ok(200).json();
    assert_eq!(
        chinese["items"][3]["sentence"],
        "2027年2月23日，area_one的一项义务逾期（第十条）：应由省级知识产权主管部门提交建设方案，到期日2027年2月22日（该年度放假安排未登记，仅按周末推算）；未收到任何材料。由系统记录，状态不变，此后收到的视为逾期。"
    );
    assert_eq!(server.clerk().await.lapsed, 0);
    server.today("2027-03-02");
    assert_eq!(server.clerk().await.lapsed, 1);
    assert_eq!(obligation(&server, "construction_plan").await["lapsed_by"], 6);
}

async fn load_set(server: &Server, set: &DataSet) {
    let token = |role: &str, office: &str, divisions: &[String]| {
        let divisions: Vec<&str> = divisions.iter().map(String::as_str).collect();
        server.client(Role::parse(role).unwrap(), office, &divisions).token
    };
    load(&server.base, &token, set, &mut |_, _| {}).await.unwrap();
}

/// Every lapse in the log: enrollment, obligation, due date.
async fn recorded(server: &Server) -> Vec<String> {
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let page = server.app.log().read_all(after, 1000).await.unwrap();
        for stored in page.events.iter().filter(|e| e.event_type == "ObligationLapsed") {
            let event = docket::codec::decode_enrollment(stored).unwrap();
            let Event::ObligationLapsed(lapse) = event.event else { unreachable!() };
            found.push(format!("{} {} {}", stored.stream, lapse.obligation, lapse.due));
        }
        if page.end {
            return found;
        }
        after = page.next;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn g10_the_real_record_has_no_false_lapse() {
    let server = server().await;
    load_set(&server, &DataSet::real().unwrap()).await;
    let round = server.clerk().await;
    assert!(round.looked_at > 20 && round.unreadable == 0, "{round:?}");
    // Its standings are attested: no obligation is open, whatever the measures say of yearly reports.
    assert_eq!(recorded(&server).await, [""; 0]);
    // The counter-case: the approval of Futian is found. Its record is complete from today, so of all
    // reports since January 2015 only those from now on are asked for.
    let found = json!({
        "act": "record_under_unknown_rule", "effective_on": "2013-09", "what": "approved",
        "stands_at": "under_construction",
    });
    server.registrar().act("cluster_area/futian", &found).await.ok(201);
    assert_eq!(server.clerk().await.lapsed, 0);
    server.today("2027-02-01");
    assert_eq!(server.clerk().await.lapsed, 0, "31 January 2027 is a Sunday");
    server.today("2027-02-02");
    assert_eq!(server.clerk().await.lapsed, 1);
    assert_eq!(recorded(&server).await, ["cluster_area-futian annual_report 2027-01-31"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn g16_what_lapsed_in_the_exercise_is_what_never_came() {
    let server = server().await;
    load_set(&server, &DataSet::exercise().unwrap()).await;
    server.clerk().await;
    let expected = [
        // The report on 2022 never came.
        "exercise_b annual_report 2023-01-31",
        // Nothing came any more after the unqualified acceptance of January 2019.
        "exercise_d annual_report 2020-01-31",
        "exercise_d annual_report 2021-01-31",
        "exercise_d annual_report 2022-01-31",
        "exercise_d annual_report 2023-01-31",
        "exercise_d annual_report 2024-01-31",
        "exercise_d annual_report 2025-01-31",
        "exercise_d annual_report 2026-01-31",
        "exercise_d rectification 2019-06-30",
        // Approved in April 2026 and silent since.
        "exercise_j construction_plan 2026-07-13",
        // The ratification of 2015 was found in 2022; of what followed it nothing was.
        "exercise_n construction_plan 2016-03-07",
    ];
    let reports = (2016..=2026).map(|year| format!("exercise_n annual_report {year}-01-31"));
    let expected = expected.map(str::to_owned).into_iter().chain(reports);
    let areas = expected.map(|lapse| format!("exercise_cluster_area-{lapse}"));
    // A project of a city that never had its result.
    let city = "exercise_strong_city-exercise_city_b project_result 2020-03-31";
    let expected: Vec<_> = areas.chain([city.to_owned()]).collect();
    assert_eq!(recorded(&server).await, expected);
    assert_eq!(server.clerk().await.lapsed, 0);
    // A second loading finds everything recorded, the lapses in between notwithstanding.
    load_set(&server, &DataSet::exercise().unwrap()).await;
    assert_eq!(recorded(&server).await, expected);
}

async fn read_models_follow(server: &Server) {
    let head = server.app.log().head().await.unwrap().unwrap();
    let mut status = server.state.models_status.clone();
    status.wait_for(|status| status.has(head)).await.unwrap();
}

/// C13: two offices receive the report, each with its own receipt; as of a day between it is said who
/// has it, in the answer about one enrollment and in the list.
#[tokio::test(flavor = "multi_thread")]
async fn c13_a_report_is_received_by_two_offices() {
    let server = server().await;
    approved(&server).await;
    server.today("2027-01-30");
    let report = json!({
        "act": "submit_report", "effective_on": "2027-01-25", "year": 2026, "summary": "done",
        "next_year_plan": "more",
    });
    let report = server.local().act(ENROLLMENT, &report).await.ok(201).json();
    server.today("2027-02-10");
    let of = format!("exercise_cluster_area-area_one@3#{}", report["id"].as_str().unwrap());
    let receipt = json!({
        "act": "acknowledge_receipt", "effective_on": "2027-01-26", "of": of,
        "receipt_on": "2027-01-26",
    });
    server.department().act(ENROLLMENT, &receipt).await.ok(201);
    read_models_follow(&server).await;
    let receipt = |office: &str, label: &str, on: &str, stated: bool| json!({ "office": office, "office_label": label, "on": on, "stated": stated });
    let department = ("provincial_department", "the provincial IP department");
    let by_department = receipt(department.0, department.1, "2027-01-26", true);
    let by_national = receipt("national_office", "the national IP office", "2027-01-30", false);
    let both = json!([by_national, by_department]);
    for (day, status, received) in [
        ("2027-01-25", "OPEN", json!([])),
        ("2027-01-26", "OPEN", json!([by_department])),
        ("2027-01-29", "OPEN", json!([by_department])),
        ("2027-01-30", "MET", both.clone()),
    ] {
        let one = format!("{AREA}/obligations?as_of={day}");
        let one = server.auditor().get(&one).await.ok(200).json();
        let list = format!("/v1/obligations?exercise=true&obligation=annual_report&as_of={day}");
        let list = server.auditor().get(&list).await.ok(200).json();
        for body in [one, list] {
            let items = body["items"].as_array().unwrap().iter();
            let mut reports = items.filter(|item| item["obligation"] == "annual_report");
            let report = reports.find(|item| item["due_year"] == 2027).unwrap();
            assert_eq!((&report["status"], &report["received_by"]), (&json!(status), &received));
            assert_eq!(report["uncertain"], false);
        }
    }
    // What no two offices receive has no receipts apart.
    assert_eq!(obligation(&server, "construction_plan").await["received_by"], json!([]));
}

/// C9, C11: what is owed jointly names all who owe it, also where somebody is waited for.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_owed_jointly_names_all_who_owe_it() {
    let server = server().await;
    approved(&server).await;
    let plan = obligation(&server, "construction_plan").await;
    assert_eq!(
        (&plan["owes"], &plan["with"]),
        (&json!("provincial_department"), &json!(["local_government"]))
    );
    let list = "/v1/obligations?exercise=true&obligation=construction_plan&owes=local_government";
    read_models_follow(&server).await;
    let list = server.auditor().get(list).await.ok(200).json();
    assert_eq!(list["items"][0]["with"], json!(["local_government"]), "{list}");
}

/// The late filings of the register, once the tables hold all that is recorded.
async fn late(server: &Server) -> (u64, Vec<Value>) {
    let head = server.app.log().head().await.unwrap().unwrap();
    let path = format!("/v1/exceptions?exercise=true&kind=late_filing&min_sequence={head}");
    let request = server.auditor().request("GET", &path);
    let body = send(request.header("prefer", "wait=10")).await.ok(200).json();
    (body["totals"][0]["count"].as_u64().unwrap(), body["items"].as_array().unwrap().clone())
}

/// What is overdue is in the register whether its lapse is on record or not, and once.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_overdue_is_in_the_register_before_its_lapse_is_recorded() {
    let server = server().await;
    approved(&server).await;
    server.today("2027-01-10");
    assert_eq!(late(&server).await.0, 0);
    server.today("2027-03-01");
    let (count, items) = late(&server).await;
    assert_eq!((count, items.len()), (2, 2), "{items:#?}");
    for item in &items {
        let sentence = item["sentence_en"].as_str().unwrap();
        assert!(sentence.contains("no lapse is recorded yet"), "{sentence}");
        assert!(item["sentence_zh"].as_str().unwrap().contains("尚未入档"), "{item}");
        assert_eq!(item["event"]["type"], "Approved");
    }
    let owing: Vec<_> = items.iter().map(|item| item["code"].as_str().unwrap()).collect();
    server.clerk().await;
    let (count, items) = late(&server).await;
    assert_eq!((count, items.len()), (2, 2), "{items:#?}");
    for item in &items {
        assert_eq!(item["event"]["type"], "ObligationLapsed");
        assert!(owing.contains(&item["code"].as_str().unwrap()), "{item}");
    }
}
