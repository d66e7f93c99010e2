//! C9 to C14: plan, amendments, designation, reports, inspections, the first acceptance.

use docket::domain::act::ActKind;
use docket::domain::calendar::Calendars;
use docket::domain::duty::{DutyStatus, items};
use docket::domain::ids::Office::{
    LocalGovernment, NationalOffice, Province, ProvincialDepartment,
};
use docket::domain::refusal::Reason;
use serde_json::{Value, json};

use crate::lives::{
    acceptance, accepted_area, approved_area, demonstrative_area, document, evaluated, pilot, plan,
    province_application, reason, recommended_area, rectify_by, report,
};
use crate::story::{CLUSTER_2014, date, day, forbidden, invalid, measure, not_permitted};

fn amendment() -> Value {
    json!({ "opinion": "to widen", "explanation": "demand grew", "plan": plan() })
}

#[test]
fn c9_the_plan_is_due_three_months_after_approval_and_counts_late_too() {
    let mut story = approved_area();
    let duty = story.state.duties.iter().find(|duty| duty.obligation == "construction_plan");
    let due = duty.unwrap().due.clone().unwrap();
    assert_eq!((due.on, due.rule.as_str()), (date("2015-01-12"), "P3M"));
    assert_eq!(due.arithmetic, "2014-10-12 + P3M = 2015-01-12");
    assert_eq!(&*duty.unwrap().article, "Art. 10");

    let mut in_time = story.clone();
    in_time.does(ProvincialDepartment, "submit_plan", "2015-01-12", plan());
    assert_eq!(in_time.duty("construction_plan", 0, "2015-02-01"), Some(DutyStatus::Met));

    assert_eq!(story.duty("construction_plan", 0, "2015-01-12"), Some(DutyStatus::Open));
    assert_eq!(story.duty("construction_plan", 0, "2015-01-13"), Some(DutyStatus::Overdue));
    story.does(ProvincialDepartment, "submit_plan", "2015-01-13", plan());
    assert_eq!(story.duty("construction_plan", 0, "2015-01-13"), Some(DutyStatus::Late));
    assert_eq!(story.state.plan_versions.len(), 1);
}

#[test]
fn c9_the_department_submits_the_plan_once() {
    let story = approved_area();
    forbidden(
        &story.refuses(LocalGovernment, "submit_plan", "2014-11-01", plan()),
        &[ProvincialDepartment],
        "Art. 10",
    );
    let mut story = approved_area();
    story.does(ProvincialDepartment, "submit_plan", "2014-11-01", plan());
    let refusal = story.refuses(ProvincialDepartment, "submit_plan", "2014-11-02", plan());
    not_permitted(&refusal, "under_construction", &["no_plan_on_record"], "Art. 10");
}

#[test]
fn c10_the_annex_is_advisory_and_a_plan_cites_its_tasks() {
    let rules = measure(CLUSTER_2014);
    let measures: usize = rules.guidelines.iter().map(|task| task.measures.len()).sum();
    assert_eq!((rules.guidelines.len(), measures), (5, 16));
    let mut story = approved_area();
    let mut body = plan();
    body["guidelines"] = json!(["markets"]);
    invalid(
        &story.refuses(ProvincialDepartment, "submit_plan", "2014-11-01", body),
        &["/guidelines"],
    );
    let without = json!({ "contents": { "goals": "x" } });
    story.does(ProvincialDepartment, "submit_plan", "2014-11-01", without);
    let mut body = amendment();
    body["plan"]["guidelines"] = json!(["markets"]);
    let refusal = story.refuses(LocalGovernment, "submit_amendment", "2014-12-01", body);
    invalid(&refusal, &["/plan/guidelines"]);
}

#[test]
fn c11_a_designation_meets_what_it_names_and_that_only() {
    let mut story = approved_area();
    let owed = ["department_in_charge", "agencies", "personnel", "funds"];
    let are = |story: &crate::story::Story, on: &str| owed.map(|id| story.duty(id, 0, on));
    let (open, met) = (Some(DutyStatus::Open), Some(DutyStatus::Met));
    assert_eq!(are(&story, "2014-10-11"), [None; 4]);
    assert_eq!(are(&story, "2024-10-12"), [open; 4], "without a date, never overdue");
    let both = [ProvincialDepartment, LocalGovernment];
    let moves = story.moves("2014-10-13");
    assert!(both.iter().all(|office| moves.contains(&(*office, ActKind::Designate))), "{moves:?}");
    let body = |what: &str| json!({ "designates": what, "text": "the IP office of Futian" });
    let refusal = story.refuses(LocalGovernment, "designate", "2014-11-01", body("building"));
    invalid(&refusal, &["/designates"]);
    assert_eq!(refusal.article.as_deref(), Some("Art. 13"));
    story.does(LocalGovernment, "designate", "2014-11-01", body("funds"));
    assert_eq!(are(&story, "2014-10-31"), [open; 4]);
    assert_eq!(are(&story, "2014-11-01"), [open, open, open, met]);
    // What "the cluster area" designates is not the department's to name.
    let refusal = story.refuses(ProvincialDepartment, "designate", "2014-11-02", body("agencies"));
    invalid(&refusal, &["/designates"]);
    story.does(ProvincialDepartment, "designate", "2014-12-01", body("department"));
    assert_eq!(are(&story, "2014-12-01"), [met, open, open, met]);
    assert!(!story.moves("2014-12-01").contains(&(ProvincialDepartment, ActKind::Designate)));
    let early =
        recommended_area().refuses(LocalGovernment, "designate", "2014-10-11", body("funds"));
    not_permitted(&early, "candidate.recommended", &["standing"], "Art. 13");
}

#[test]
fn c12_an_amendment_counts_once_the_national_office_accepts_it() {
    let mut story = approved_area();
    let early = story.refuses(LocalGovernment, "submit_amendment", "2014-12-01", amendment());
    not_permitted(&early, "under_construction", &["plan_on_record"], "Art. 14");
    let first = story.does(ProvincialDepartment, "submit_plan", "2015-01-05", plan());
    let submitted = story.does(LocalGovernment, "submit_amendment", "2015-03-01", amendment());
    assert_eq!(versions(&story), [first]);
    assert_eq!(story.moves("2015-03-02")[0], (NationalOffice, ActKind::AcceptAmendment));
    let accepted = story.does(NationalOffice, "accept_amendment", "2015-04-01", json!({}));
    assert_eq!(versions(&story), [first, accepted]);
    let rests_on = &story.event(accepted).meta.rests_on;
    assert!(rests_on.contains(&story.reference(submitted).to_string()), "{rests_on}");

    story.does(LocalGovernment, "submit_amendment", "2015-05-01", amendment());
    assert!(story.state.matters.contains_key("amendment"));
    story.does(NationalOffice, "reject_amendment", "2015-06-01", reason());
    assert_eq!(versions(&story), [first, accepted]);
    let nothing = story.refuses(NationalOffice, "accept_amendment", "2015-07-01", json!({}));
    not_permitted(&nothing, "under_construction", &["matter_open"], "Art. 14");
}

#[test]
fn c12_an_acceptance_against_a_superseded_version_has_a_finding() {
    let mut story = approved_area();
    story.does(ProvincialDepartment, "submit_plan", "2015-01-05", plan());
    story.does(LocalGovernment, "submit_amendment", "2015-03-01", amendment());
    story.does(NationalOffice, "accept_amendment", "2015-04-01", json!({}));
    let mut newest = story.clone();
    let accepted =
        newest.does(NationalOffice, "accept", "2017-10-20", acceptance("qualified", Some(2)));
    assert!(newest.fact(accepted).findings.is_empty());
    let accepted =
        story.does(NationalOffice, "accept", "2017-10-20", acceptance("qualified", Some(1)));
    let [found] = &story.fact(accepted).findings[..] else { panic!("one finding") };
    assert_eq!(found.code, "plan_version_superseded");
    assert_eq!(found.article, "Art. 14");
    assert!(found.text.en.contains("version 1") && found.text.en.contains("version 2"));
}

#[test]
fn c7_p3_the_round_and_the_batch_are_those_of_the_present_attempt() {
    let area = approved_area();
    assert_eq!(area.on("2014-10-11").round, None);
    assert_eq!(area.on("2014-10-12").round.as_deref(), Some("2014"));
    assert_eq!(area.state.batch, None);

    let mut province = pilot("leading");
    assert_eq!(province.state.batch.as_deref(), Some("1"));
    let mut exited = province.clone();
    province.does(NationalOffice, "evaluate", "2020-06-01", evaluated("passed"));
    let mut listing = json!({ "rank": "demonstration", "batch": "2" });
    listing["document"] = document();
    province.does(NationalOffice, "list", "2020-07-01", listing);
    assert_eq!(province.on("2020-06-30").batch.as_deref(), Some("1"));
    assert_eq!(province.state.batch.as_deref(), Some("2"));
    exited.does(NationalOffice, "evaluate", "2019-05-15", evaluated("failed"));
    exited.does(Province, "declare_exit", "2019-08-01", reason());
    assert_eq!(exited.state.batch.as_deref(), Some("1"));
    exited.does(Province, "apply", "2021-02-01", province_application("leading", "pilot"));
    assert_eq!(exited.state.batch, None, "nothing is decided on the new attempt");
}

#[test]
fn c13_the_first_report_is_due_in_the_january_after_approval() {
    let story = approved_area();
    let state = story.on("2014-11-01");
    let found = items(&state, day("2014-11-01"), &Calendars::default());
    let first = found.iter().find(|item| item.due_year.is_some()).unwrap();
    let due = first.due.unwrap();
    // 31 January 2015 was a Saturday.
    assert_eq!((due.as_rule_gives, due.not_late_before), (date("2015-01-31"), day("2015-02-02")));
    assert_eq!((first.due_year, first.status), (Some(2015), DutyStatus::Open));
    assert_eq!(first.open_from, date("2015-01-01"));

    let mut january = recommended_area();
    january.does(NationalOffice, "approve", "2015-01-05", json!({}));
    assert_eq!(january.duty("annual_report", 2015, "2015-06-01"), None);
    assert_eq!(january.duty("annual_report", 2016, "2015-06-01"), Some(DutyStatus::Open));
}

#[test]
fn c13_reports_are_due_every_january_and_judged_by_receipt() {
    let mut story = approved_area();
    let revision = story.does(LocalGovernment, "submit_report", "2015-01-20", report(2014));
    let again = story.refuses(LocalGovernment, "submit_report", "2015-01-21", report(2014));
    assert_eq!(*again.reason, Reason::AlreadyDecided { revision, by: None });
    assert_eq!(again.article.as_deref(), Some("Art. 15"));
    // Dated back to January, recorded in March.
    story.today("2016-03-10");
    story.does(LocalGovernment, "submit_report", "2016-01-25", report(2015));
    let too_early = story.refuses(LocalGovernment, "submit_report", "2016-06-01", report(2016));
    invalid(&too_early, &["/year"]);
    let none_due = story.refuses(LocalGovernment, "submit_report", "2016-06-01", report(2013));
    invalid(&none_due, &["/year"]);
    assert_eq!(none_due.article.as_deref(), Some("Art. 15"));
    let reports: Vec<_> = story
        .duties("2017-02-01")
        .into_iter()
        .filter(|(duty, ..)| duty == "annual_report")
        .map(|(_, year, status)| (year, status))
        .collect();
    let expected = [
        (2015, DutyStatus::Met),
        (2016, DutyStatus::Late),
        (2017, DutyStatus::Overdue),
        (2018, DutyStatus::Open),
    ];
    assert_eq!(reports, expected);
}

#[test]
fn c13_reports_go_on_after_the_term_in_rectification_and_under_a_title() {
    let open = Some(DutyStatus::Open);
    let term_over = approved_area();
    assert_eq!(term_over.duty("annual_report", 2019, "2018-06-01"), open);
    let rectifying = accepted_area("unqualified");
    assert_eq!(rectifying.duty("annual_report", 2019, "2018-06-01"), open);
    let titled = demonstrative_area();
    assert_eq!(titled.duty("annual_report", 2020, "2019-06-01"), open);
    let mut ended = accepted_area("qualified");
    let body = json!({ "reason": "merged", "document": crate::lives::document() });
    ended.does(NationalOffice, "end_standing", "2018-06-01", body);
    assert_eq!(ended.duty("annual_report", 2018, "2019-06-01"), Some(DutyStatus::Overdue));
    assert_eq!(ended.duty("annual_report", 2019, "2019-06-01"), Some(DutyStatus::Waived));
    assert_eq!(ended.duty("annual_report", 2020, "2029-06-01"), None);
}

#[test]
fn c13_an_inspection_names_the_report_it_follows_or_none() {
    let mut story = approved_area();
    let report = story.does(LocalGovernment, "submit_report", "2015-01-20", report(2014));
    let following = |revision: u64| json!({ "findings": "seen", "follows": story.reference(revision).to_string() });
    let (right, wrong) = (following(report), following(2));
    invalid(&story.refuses(NationalOffice, "inspect", "2015-03-01", wrong), &["/follows"]);
    let stood = story.state.node_since;
    story.does(NationalOffice, "inspect", "2015-03-01", right.clone());
    story.does(NationalOffice, "inspect", "2015-04-01", json!({ "findings": "seen" }));
    assert_eq!(
        (story.stands("2015-04-01").as_str(), story.state.node_since),
        ("under_construction", stood)
    );

    let annul =
        json!({ "corrects": story.reference(report).to_string(), "reason": "sent in error" });
    story.does(LocalGovernment, "correct", "2015-05-01", annul);
    invalid(&story.refuses(NationalOffice, "inspect", "2015-06-01", right), &["/follows"]);
}

#[test]
fn c14_the_first_acceptance_opens_the_day_after_the_terms_last_day() {
    let mut story = approved_area();
    let body = || acceptance("qualified", None);
    let early = story.refuses(NationalOffice, "accept", "2017-10-12", body());
    not_permitted(&early, "under_construction", &["term_over"], "Art. 16");
    assert!(early.detail.en.contains("2014-10-12 + P3Y = 2017-10-12"), "{}", early.detail.en);
    let text = json!({ "text": "please" });
    let asked = story.refuses(LocalGovernment, "request_acceptance", "2016-01-01", text);
    not_permitted(&asked, "under_construction", &["standing"], "Art. 17");
    forbidden(
        &story.refuses(LocalGovernment, "accept", "2017-10-13", body()),
        &[NationalOffice],
        "Art. 16",
    );
    story.does(NationalOffice, "accept", "2017-10-13", body());
    assert_eq!(story.stands("2017-10-13"), "experimental");
    assert_eq!(story.duty("acceptance", 0, "2017-10-13"), Some(DutyStatus::Met));
}

#[test]
fn c14_each_content_has_a_finding_and_the_plan_version_is_named() {
    let story = approved_area();
    let mut body = acceptance("qualified", None);
    body["findings"]["practices"] = json!("");
    let refusal = story.refuses(NationalOffice, "accept", "2017-10-20", body);
    invalid(&refusal, &["/findings/practices"]);
    assert_eq!(refusal.article.as_deref(), Some("Art. 16(1)"));
    let mut body = acceptance("qualified", None);
    body["findings"]["weather"] = json!("fine");
    invalid(&story.refuses(NationalOffice, "accept", "2017-10-20", body), &["/findings"]);

    // No plan on record: the acceptance says so.
    let mut without = story.clone();
    let body = acceptance("qualified", Some(1));
    invalid(&without.refuses(NationalOffice, "accept", "2017-10-20", body), &["/plan_version"]);
    let accepted =
        without.does(NationalOffice, "accept", "2017-10-20", acceptance("qualified", None));
    assert_eq!(without.fact(accepted).findings[0].code, "no_plan_on_record");

    let with = accepted_area("qualified");
    assert!(with.fact(4).findings.is_empty());
    let mut planned = approved_area();
    planned.does(ProvincialDepartment, "submit_plan", "2015-01-05", plan());
    for version in [None, Some(0), Some(2)] {
        let body = rectify_by(acceptance("unqualified", version), "2018-06-30");
        let refusal = planned.refuses(NationalOffice, "accept", "2017-10-20", body);
        invalid(&refusal, &["/plan_version"]);
    }
}

/// The revisions that put the plan's versions on record.
fn versions(story: &crate::story::Story) -> Vec<u64> {
    story.state.plan_versions.iter().map(|version| version.by).collect()
}
