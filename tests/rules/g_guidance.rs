//! G19: guidance and support given to a subject; C11, P5 and P12: the duties that they meet.

use docket::domain::duty::DutyStatus;
use docket::domain::ids::Office::{
    LocalGovernment, NationalOffice, Province, ProvincialDepartment,
};
use serde_json::{Value, json};

use crate::lives::{LEADING, approved_area, failed_pilot, pilot, recommended_area, scheme};
use crate::story::{Story, forbidden, not_permitted};

fn guidance() -> Value {
    json!({ "text": "on setting up the public service platform" })
}

#[test]
fn c11_guidance_of_each_office_meets_its_own_duty() {
    let mut story = approved_area();
    let duty = |story: &Story, office: &str, on: &str| {
        story.duty(&format!("guidance_support_{office}"), 0, on)
    };
    assert_eq!(duty(&story, "department", "2014-10-11"), None);
    assert_eq!(duty(&story, "department", "2024-10-12"), Some(DutyStatus::Open));
    story.does(ProvincialDepartment, "record_guidance", "2014-12-01", guidance());
    assert_eq!(duty(&story, "department", "2014-12-01"), Some(DutyStatus::Met));
    assert_eq!(duty(&story, "local", "2014-12-01"), Some(DutyStatus::Open));
    // The national office guides too (Art. 3, Art. 12): that is nobody else's duty.
    story.does(NationalOffice, "record_guidance", "2014-12-02", guidance());
    assert_eq!(duty(&story, "local", "2014-12-02"), Some(DutyStatus::Open));
    story.does(LocalGovernment, "record_guidance", "2014-12-03", guidance());
    assert_eq!(duty(&story, "local", "2014-12-03"), Some(DutyStatus::Met));
    assert_eq!(story.stands("2014-12-03"), "under_construction");
}

#[test]
fn g19_guidance_is_of_those_who_stand() {
    let early =
        recommended_area().refuses(NationalOffice, "record_guidance", "2014-10-11", guidance());
    not_permitted(&early, "candidate.recommended", &["standing"], "Art. 3, Art. 12");
}

#[test]
fn p5_the_approved_scheme_opens_the_duty_to_guide() {
    let mut story = pilot("leading");
    let offices = [NationalOffice];
    let refusal = story.refuses(Province, "record_guidance", "2016-09-01", guidance());
    forbidden(&refusal, &offices, "III(I)2, IV(I)");
    story.does(Province, "submit_scheme", "2016-09-01", scheme(&LEADING));
    assert_eq!(story.duty("guidance", 0, "2030-01-01"), None);
    story.does(NationalOffice, "approve_scheme", "2016-12-01", json!({}));
    assert_eq!(story.duty("guidance", 0, "2016-11-30"), None);
    assert_eq!(story.duty("guidance", 0, "2030-01-01"), Some(DutyStatus::Open));
    story.does(NationalOffice, "record_guidance", "2017-03-01", guidance());
    assert_eq!(story.duty("guidance", 0, "2017-03-01"), Some(DutyStatus::Met));
    assert_eq!(story.stands("2017-03-01"), "pilot");
}

fn support(kind: &str) -> Value {
    json!({ "kind": kind, "amount": "5 million yuan", "text": "for the public service platform" })
}

#[test]
fn c11_support_meets_the_duty_that_guidance_meets_as_well() {
    let mut story = approved_area();
    story.does(LocalGovernment, "record_support", "2014-12-01", support("funds"));
    let local = |on: &str| story.duty("guidance_support_local", 0, on);
    assert_eq!(
        (local("2014-11-30"), local("2014-12-01")),
        (Some(DutyStatus::Open), Some(DutyStatus::Met))
    );
    assert_eq!(story.duty("guidance_support_department", 0, "2020-01-01"), Some(DutyStatus::Open));
    // Funds that are given are no designation of supportive funds.
    assert_eq!(story.duty("funds", 0, "2014-12-01"), Some(DutyStatus::Open));
}

#[test]
fn p12_support_of_a_province_that_is_not_listed_meets_what_is_owed_to_it() {
    let mut story = Story::province();
    story.does(NationalOffice, "record_support", "2016-09-01", support("project"));
    assert_eq!(story.state.met_outside["support_of_unlisted"].by, 0);
    assert_eq!((story.state.node.as_ref(), story.state.attempt), (None, 0));
    let refusal = story.refuses(Province, "record_support", "2016-09-01", support("project"));
    forbidden(&refusal, &[NationalOffice], "IV(IV)");
    // A pilot is supported too, which is no support of one that is not listed.
    let mut pilot = pilot("leading");
    pilot.does(NationalOffice, "record_support", "2017-03-01", support("policy"));
    assert!(pilot.state.met_outside.is_empty());
    assert_eq!(pilot.stands("2017-03-01"), "pilot");
}

#[test]
fn p11_support_stays_possible_after_a_failed_evaluation() {
    let mut story = failed_pilot();
    story.does(NationalOffice, "record_support", "2019-06-01", support("funds"));
    assert_eq!(story.stands("2019-06-01"), "pilot.failed");
}

#[test]
fn g19_a_kind_of_support_is_one_that_the_article_lists_or_any_where_it_lists_none() {
    // IV(III): policies, projects and funds.
    let mut listed = pilot("leading");
    let other = listed.refuses(NationalOffice, "record_support", "2017-03-01", support("offices"));
    crate::story::invalid(&other, &["/kind"]);
    assert_eq!(other.article.as_deref(), Some("IV(III)"));
    assert!(other.detail.en.ends_with("what can be is “policies”, “projects” or “funds”"));
    listed.does(NationalOffice, "record_support", "2017-03-01", support("funds"));
    // IV(IV), Art. 12 and Art. 13 print no list that is closed.
    Story::province().does(NationalOffice, "record_support", "2016-09-01", support("training"));
    approved_area().does(LocalGovernment, "record_support", "2014-12-01", support("free offices"));
    let body = |kind: &str| {
        let body = json!({ "act": "record_support", "effective_on": "2016-09-01", "kind": kind, "text": "x" });
        docket::codec::parse_act_request(body.to_string().as_bytes())
    };
    assert!(body(" ").is_err(), "a kind that says nothing");
    assert!(body("offices").is_ok());
}
