//! P1 to P6: categories, subjects, application, places, schemes, tasks.

use docket::domain::duty::DutyStatus;
use docket::domain::event::PlaceEffect;
use docket::domain::ids::Office::{NationalOffice, Province, Registrar};
use docket::domain::refusal::Reason;
use serde_json::json;

use crate::lives::{LEADING, document, evaluated, pilot, province_application, reason, scheme};
use crate::story::{
    PROVINCE_2015, Story, act, day, forbidden, id, ids, invalid, measure, missing, not_permitted,
    versions,
};

fn applied(category: &str, rank: &str) -> Story {
    let mut story = Story::province();
    story.does(Province, "apply", "2016-03-01", province_application(category, rank));
    story
}

#[test]
fn p1_an_application_has_one_of_three_categories() {
    let story = Story::province();
    for category in ["leading", "supporting", "characteristic"] {
        let mut story = story.clone();
        story.does(Province, "apply", "2016-03-01", province_application(category, "pilot"));
        story.does(NationalOffice, "approve", "2016-06-13", json!({}));
        assert_eq!(story.state.category, Some(id(category)));
    }
    let unknown = province_application("famous", "pilot");
    invalid(&story.refuses(Province, "apply", "2016-03-01", unknown), &["/category"]);
    let none = json!({ "rank": "pilot" });
    invalid(&story.refuses(Province, "apply", "2016-03-01", none), &["/category"]);
}

#[test]
fn p2_only_provinces_and_the_corps_take_part() {
    let measures = || versions(vec![measure(PROVINCE_2015)]);
    let corps = Story::new("strong_province", measures(), "XPCC", "corps");
    let request = act("apply", "2016-03-01", province_application("supporting", "pilot"));
    let mut then = corps.clone();
    then.today("2016-03-01");
    assert!(then.decide(Province, &request).is_ok());

    let city = Story::new("strong_province", measures(), "440300", "city");
    let refusal =
        city.refuses(Province, "apply", "2016-03-01", province_application("leading", "pilot"));
    assert_eq!(missing(&refusal), ids(&["province", "corps"]));
    assert_eq!(refusal.article.as_deref(), Some("Circular (addressees), I(II)"));
}

#[test]
fn p3_the_province_applies_and_the_national_office_decides() {
    let story = Story::province();
    let body = || province_application("leading", "pilot");
    forbidden(
        &story.refuses(NationalOffice, "apply", "2016-03-01", body()),
        &[Province],
        "III(I)1",
    );
    forbidden(&story.refuses(Registrar, "apply", "2016-03-01", body()), &[Province], "III(I)1");
    let mut other = story.actor(Province);
    other.divisions = vec!["310000".to_owned()];
    let mut then = story.clone();
    then.today("2016-03-01");
    let refusal = then.decide_as(&other, &act("apply", "2016-03-01", body())).unwrap_err();
    assert_eq!(*refusal.reason, Reason::JurisdictionForbidden { division: "440000".to_owned() });

    let story = applied("leading", "pilot");
    assert_eq!(story.stands("2016-03-01"), "candidate.applied");
    forbidden(
        &story.refuses(Province, "approve", "2016-06-13", json!({})),
        &[NationalOffice],
        "III(I)1",
    );
    for (decision, node) in
        [("approve", "pilot"), ("return", "candidate.returned"), ("reject", "candidate.rejected")]
    {
        let mut story = story.clone();
        let body = if decision == "approve" { json!({ "batch": "1" }) } else { reason() };
        story.does(NationalOffice, decision, "2016-06-13", body);
        assert_eq!(story.stands("2016-06-13"), node);
    }
}

#[test]
fn p3_direct_entry_as_demonstration_is_only_by_override_and_takes_no_place() {
    let story = Story::province();
    let rank = province_application("leading", "powerful");
    invalid(&story.refuses(Province, "apply", "2016-03-01", rank), &["/rank"]);

    let mut story = applied("leading", "demonstration");
    let bare = story.refuses(NationalOffice, "approve", "2016-06-13", json!({ "batch": "1" }));
    not_permitted(&bare, "candidate.applied", &["override"], "III(II)");
    story.today("2016-06-13");
    let blank = json!({ "batch": "1", "override": { "justification": "long experience" } });
    let request = act("approve", "2016-06-13", blank);
    let decision = story.decide(NationalOffice, &request).unwrap();
    assert_eq!((decision.place, decision.fact.effects.place), (None, None));
    assert_eq!(decision.article.as_deref(), Some("III(I)1, III(II)"));
    let approved = story.records(NationalOffice, &request).unwrap();
    assert_eq!(story.stands("2016-06-13"), "demonstration");
    assert_eq!(story.state.category, Some(id("leading")));
    assert_eq!(story.state.overrides, 1);
    let kept = story.fact(approved).over_limit.as_ref().unwrap();
    assert_eq!(&*kept.justification, "long experience");
}

#[test]
fn p3_a_decision_without_a_batch_has_a_finding() {
    let mut story = applied("leading", "pilot");
    let mut batched = story.clone();
    let silent = story.does(NationalOffice, "approve", "2016-06-13", json!({}));
    let found = &story.fact(silent).findings[0];
    assert_eq!((found.code.as_str(), found.article.as_str()), ("no_batch", "I(II)"));
    let body = json!({ "batch": "2016-1" });
    let stated = batched.does(NationalOffice, "approve", "2016-06-13", body);
    assert!(batched.fact(stated).findings.is_empty());
    assert_eq!(batched.state.batch, Some(id("2016-1")));
}

#[test]
fn p4_a_pilot_takes_a_place_of_its_category() {
    for (category, limit) in [("leading", 5), ("supporting", 7), ("characteristic", 6)] {
        let mut story = applied(category, "pilot");
        story.today("2016-06-13");
        let request = act("approve", "2016-06-13", json!({}));
        let decision = story.decide(NationalOffice, &request).unwrap();
        let category = id(category);
        let wanted = decision.place.unwrap();
        assert_eq!((&wanted.category, wanted.shown), (&category, false));
        let quota = wanted.quota;
        assert_eq!((quota.limit, quota.soft, &*quota.article), (limit, true, "III(I)1"));
        assert!(quota.reading.is_some(), "III(I)1 prints the numbers alone");
        assert_eq!(decision.fact.effects.place, Some(PlaceEffect::Takes { category }));
    }
    let story = pilot("leading");
    let place = story.state.place.as_ref().unwrap();
    assert_eq!((place.from, place.attested), (day("2016-06-13"), false));
    assert_eq!(story.on("2016-06-12").place, None);
}

#[test]
fn p4_listing_and_exit_free_the_place() {
    let mut listed = pilot("leading");
    listed.does(NationalOffice, "evaluate", "2019-05-15", evaluated("passed"));
    assert!(listed.state.place.is_some());
    let body = json!({ "rank": "demonstration", "batch": "1", "document": document() });
    listed.does(NationalOffice, "list", "2020-03-01", body);
    assert_eq!(listed.state.place, None);
    assert!(listed.on("2020-02-29").place.is_some());

    let mut exited = pilot("leading");
    exited.does(NationalOffice, "evaluate", "2019-05-15", evaluated("failed"));
    assert!(exited.state.place.is_some());
    exited.does(Province, "declare_exit", "2019-08-01", reason());
    assert_eq!(exited.state.place, None);
}

#[test]
fn p4_only_the_national_office_goes_over_a_limit_and_only_in_writing() {
    let mut story = applied("leading", "pilot");
    story.today("2016-06-13");
    let over =
        |text: &str| act("approve", "2016-06-13", json!({ "override": { "justification": text } }));
    let refusal = story.decide(NationalOffice, &over(" ")).unwrap_err();
    invalid(&refusal, &["/override/justification"]);
    assert_eq!(refusal.article.as_deref(), Some("III(I)1"));
    story.records(NationalOffice, &over("state council decision")).unwrap();
    assert_eq!(story.state.overrides, 1);
    let over = story.fact(1).over_limit.as_ref().unwrap();
    assert_eq!(over.justification.as_str(), "state council decision");

    // An act that takes no place has nothing to go over.
    let body = json!({ "result": "passed", "findings": "x", "override": { "justification": "y" } });
    invalid(&story.refuses(NationalOffice, "evaluate", "2019-05-15", body), &["/override"]);
}

#[test]
fn p5_a_scheme_is_owed_without_a_date_and_counts_by_its_approval() {
    let mut story = pilot("leading");
    assert_eq!(story.duty("scheme", 0, "2030-01-01"), Some(DutyStatus::Open));
    let submitted = story.does(Province, "submit_scheme", "2016-09-01", scheme(&LEADING));
    assert_eq!(story.state.matters["scheme"].by, submitted);
    let again = story.refuses(Province, "submit_scheme", "2016-09-02", scheme(&LEADING));
    not_permitted(&again, "pilot", &["no_matter_open"], "III(I)2");

    story.does(NationalOffice, "return_scheme", "2016-09-20", reason());
    assert_eq!(story.duty("scheme", 0, "2016-10-01"), Some(DutyStatus::Open));
    story.does(Province, "submit_scheme", "2016-10-10", scheme(&LEADING));
    story.does(NationalOffice, "reject_scheme", "2016-10-20", reason());
    assert_eq!(story.duty("scheme", 0, "2016-11-01"), Some(DutyStatus::Open));
    story.does(Province, "submit_scheme", "2016-11-10", scheme(&LEADING));
    story.does(NationalOffice, "approve_scheme", "2016-12-01", json!({}));
    assert_eq!(story.duty("scheme", 0, "2016-11-30"), Some(DutyStatus::Open));
    assert_eq!(story.duty("scheme", 0, "2016-12-01"), Some(DutyStatus::Met));

    let nothing_owed = story.refuses(Province, "submit_scheme", "2017-01-01", scheme(&LEADING));
    not_permitted(&nothing_owed, "pilot", &["duty_open"], "III(I)2");
    let nothing_open = story.refuses(NationalOffice, "approve_scheme", "2017-01-01", json!({}));
    not_permitted(&nothing_open, "pilot", &["matter_open"], "III(I)2");
}

#[test]
fn p6_a_scheme_addresses_each_main_task_of_its_category() {
    let measure = measure(PROVINCE_2015);
    let tasks = |id: &str| measure.category(id).unwrap().tasks.len();
    assert_eq!((tasks("leading"), tasks("supporting"), tasks("characteristic")), (5, 4, 4));

    let mut story = pilot("leading");
    let refusal = story.refuses(Province, "submit_scheme", "2016-09-01", scheme(&LEADING[..4]));
    invalid(&refusal, &["/tasks/international_competitiveness"]);
    assert_eq!(refusal.article.as_deref(), Some("II(I)5"));
    let foreign = json!({ "tasks": { "basic_ability": "of another category" } });
    invalid(&story.refuses(Province, "submit_scheme", "2016-09-01", foreign), &["/tasks"]);

    story.does(
        Province,
        "report_progress",
        "2017-03-01",
        json!({ "task": "local_practice", "text": "x" }),
    );
    assert_eq!(story.stands("2017-03-01"), "pilot");
    let foreign = json!({ "task": "basic_ability", "text": "x" });
    invalid(&story.refuses(Province, "report_progress", "2017-03-01", foreign), &["/task"]);
}
