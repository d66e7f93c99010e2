//! T1–T6: strong cities, known from a summary.

use docket::domain::duty::DutyStatus::{Met, Open, Overdue};
use docket::domain::ids::Office::{LocalGovernment, NationalOffice, Registrar};
use docket::domain::refusal::Reason;
use serde_json::{Map, Value, json};

use crate::lives::document;
use crate::story::{Story, id, invalid, measure, versions};

const CITIES: &str = include_str!("../../schemas/measures/strong_city/2016-86.toml");

const MISSIONS: [&str; 5] = [
    "management_capability",
    "large_scale_protection",
    "utilization",
    "quality",
    "environment_and_openness",
];

fn city() -> Story {
    let versions = versions(vec![measure(CITIES)]);
    Story::new("strong_city", versions, "370200", "city")
}

fn listing(rank: &str, more: &Value) -> Value {
    let mut body = json!({ "rank": rank, "batch": "1", "document": document() });
    for (member, value) in more.as_object().into_iter().flatten() {
        body[member] = value.clone();
    }
    body
}

/// In creation since 2017-06-20, at revision 0, with the term that its document states.
fn creation() -> Story {
    let mut story = city();
    let term = json!({ "term": { "from": "2017-06", "until": "2020-06" } });
    story.does(NationalOffice, "list", "2017-06-20", listing("creation", &term));
    story
}

fn on_each(ids: &[&str]) -> Value {
    let found: Map<String, Value> =
        ids.iter().map(|id| ((*id).to_owned(), json!("found"))).collect();
    Value::Object(found)
}

/// T1: listed with document and batch; the term is the one that the document states.
#[test]
fn t1_a_listing_enters_creation_and_then_the_strong_city() {
    let mut story = creation();
    assert_eq!(story.stands("2017-06-20"), "creation");
    let term = story.state.term.clone().unwrap();
    assert_eq!(
        (term.from.to_string(), term.until.to_string()),
        ("2017-06".into(), "2020-06".into())
    );
    assert_eq!(story.state.batch, Some(id("1")));
    let mut without = listing("strong_city", &json!({}));
    without.as_object_mut().unwrap().remove("batch");
    let refusal = story.refuses(NationalOffice, "list", "2020-07-01", without);
    invalid(&refusal, &["/batch"]);
    let backwards = json!({ "term": { "from": "2020-06", "until": "2017-06" } });
    let body = listing("strong_city", &backwards);
    let refusal = story.refuses(NationalOffice, "list", "2020-07-01", body);
    invalid(&refusal, &["/term/until"]);
    story.does(NationalOffice, "list", "2020-07-01", listing("strong_city", &json!({})));
    assert_eq!(story.stands("2020-07-01"), "strong_city");
}

/// T1: the regions and the target are the measure's; the picture of 2030 is a text.
#[test]
fn t1_regions_and_targets_are_in_the_measure() {
    let rules = measure(CITIES);
    let open: Vec<_> = rules.zones.iter().filter(|zone| zone.open).map(|zone| &*zone.id).collect();
    assert_eq!((rules.zones.len(), open), (4, vec!["other_focus_region"]));
    let counted = rules.targets[0].count.as_ref().unwrap();
    assert_eq!((counted.from, counted.to, counted.about), (20, 20, true));
    assert_eq!(rules.targets[0].by.to_string(), "2020");
    assert!(rules.targets[1].count.is_none(), "a text is never computed");
    let by_2020 = rules.characteristics.iter().filter(|one| one.by.is_some()).count();
    assert_eq!((rules.characteristics.len(), by_2020), (8, 4));
}

/// T2, T3: a finding on each characteristic and standard; the result moves nothing.
#[test]
fn t2_t3_an_evaluation_finds_on_each_characteristic_and_standard() {
    let mut story = creation();
    let four =
        ["management_system", "grand_protection", "sector_development", "regional_coordination"];
    let body = |found: Value| json!({ "result": "passed", "findings": "on the whole", "characteristics": found });
    let refusal = story.refuses(NationalOffice, "evaluate", "2020-03-01", body(on_each(&four)));
    let missing = ["governance", "protective_environment", "economic_contribution", "exchange"];
    let missing = missing.map(|id| format!("/characteristics/{id}"));
    invalid(&refusal, &missing.each_ref().map(String::as_str));
    let all = measure(CITIES).characteristics;
    let all: Vec<&str> = all.iter().map(|one| one.id.as_str()).collect();
    let unknown = body(on_each(&["beauty"]));
    let refusal = story.refuses(NationalOffice, "evaluate", "2020-03-01", unknown);
    invalid(&refusal, &["/characteristics"]);
    story.does(NationalOffice, "evaluate", "2020-03-01", body(on_each(&all)));
    assert_eq!(story.stands("2020-03-01"), "creation");
    assert_eq!(story.state.results.len(), 1);
}

/// T4: the five missions are the tasks of the scheme.
#[test]
fn t4_a_scheme_addresses_the_five_missions() {
    let mut story = creation();
    let scheme = |tasks: &[&str]| json!({ "tasks": on_each(tasks) });
    let refusal =
        story.refuses(LocalGovernment, "submit_scheme", "2017-09-01", scheme(&MISSIONS[..4]));
    invalid(&refusal, &["/tasks/environment_and_openness"]);
    story.does(LocalGovernment, "submit_scheme", "2017-09-01", scheme(&MISSIONS));
    assert_eq!(story.duty("scheme", 0, "2017-09-01"), Some(Met));
    let progress = json!({ "task": "quality", "text": "more of it" });
    story.does(LocalGovernment, "report_progress", "2018-01-10", progress);
    let other = json!({ "task": "innovation_ecosystem", "text": "x" });
    let refusal = story.refuses(LocalGovernment, "report_progress", "2018-01-11", other);
    invalid(&refusal, &["/task"]);
}

fn project(title: &str, due_on: &str) -> Value {
    json!({ "title": title, "task": "quality", "owner": "the city's IP office", "due_on": due_on })
}

/// T5: each project has an owner, a day and one result; one that passes without is overdue.
#[test]
fn t5_projects_have_an_owner_a_day_and_a_result() {
    let mut story = creation();
    let one =
        story.does(LocalGovernment, "state_project", "2017-10-01", project("a", "2018-12-31"));
    assert_eq!(story.fact(one).findings[0].code, "no_scheme");
    let two =
        story.does(LocalGovernment, "state_project", "2017-10-02", project("b", "2019-06-30"));
    let early = project("c", "2017-10-01");
    let refusal = story.refuses(LocalGovernment, "state_project", "2017-10-03", early);
    invalid(&refusal, &["/due_on"]);
    let of = |revision: u64, story: &Story| story.reference(revision).to_string();
    let result = json!({ "of": of(two, &story), "result": "done" });
    story.does(LocalGovernment, "record_project_result", "2019-01-15", result.clone());
    let statuses = |story: &Story, on: &str| {
        let duties = story.duties(on).into_iter();
        let found = duties.filter(|(duty, ..)| duty == "project_result");
        found.map(|(_, _, status)| status).collect::<Vec<_>>()
    };
    assert_eq!(statuses(&story, "2018-12-31"), [Open, Open]);
    assert_eq!(statuses(&story, "2019-02-01"), [Overdue, Met]);
    let refusal = story.refuses(LocalGovernment, "record_project_result", "2019-02-01", result);
    assert!(matches!(*refusal.reason, Reason::AlreadyDecided { .. }), "{refusal:?}");
    let wrong = json!({ "of": of(0, &story), "result": "done" });
    let refusal = story.refuses(LocalGovernment, "record_project_result", "2019-02-01", wrong);
    invalid(&refusal, &["/of"]);
    let due = story.state.duties.iter().find(|duty| duty.opened_by == one).unwrap();
    assert_eq!(due.due.as_ref().unwrap().on.to_string(), "2018-12-31");
}

/// T6: scheme, report and supervision are owed without a date.
#[test]
fn t6_scheme_report_and_supervision_are_undated() {
    let mut story = creation();
    for duty in ["scheme", "work_report", "supervision"] {
        assert_eq!(story.duty(duty, 0, "2026-01-01"), Some(Open), "{duty}");
    }
    story.does(LocalGovernment, "report_work", "2018-05-01", json!({ "text": "what was done" }));
    story.does(NationalOffice, "inspect", "2018-06-01", json!({ "findings": "in order" }));
    let experience = json!({ "kind": "experience", "title": "How it was done", "version": "2" });
    story.does(LocalGovernment, "record_deliverable", "2018-07-01", experience);
    assert_eq!(story.duty("work_report", 0, "2018-05-01"), Some(Met));
    assert_eq!(story.duty("supervision", 0, "2018-06-01"), Some(Met));
    let drawn = json!({ "kind": "experience", "title": "x", "draws_on": ["110000"] });
    let refusal = story.refuses(LocalGovernment, "record_deliverable", "2018-07-02", drawn);
    invalid(&refusal, &["/draws_on"]);
}

/// G9: a city known from evidence alone, with the term that its source prints.
#[test]
fn a_city_known_by_evidence_has_the_term_of_its_source() {
    let mut story = city();
    story.today("2026-03-01");
    let evidence = json!({
        "stands_at": "creation", "batch": "1", "confidence": "attested",
        "term": { "from": "2017-06", "until": "2020-06" },
        "source": "reported by a newspaper; original not seen",
    });
    story.does(Registrar, "attest_standing", "2017-06", evidence);
    assert_eq!(story.state.term.as_ref().unwrap().until.to_string(), "2020-06");
    assert!(story.state.duties.is_empty());
    assert_eq!(story.on("2017-06-30").phase(), Some("creation"));
}
