//! G12, G13, G16, G17: receipt, periods and rest days, real and invented, whose move it is; and
//! what a late entry may take from later events.

use std::collections::BTreeSet;

use docket::domain::act::ActKind;
use docket::domain::calendar::Calendar;
use docket::domain::date::Day;
use docket::domain::duty::DutyStatus;
use docket::domain::ids::Office::{
    LocalGovernment, NationalOffice, Province, ProvincialDepartment, Registrar,
};
use docket::domain::refusal::Reason;
use serde_json::{Value, json};

use crate::lives::{
    LEADING, accepted_area, approved_area, area_application, demonstrative_area, pilot, plan,
    province_application, reason, recommended_area, report, scheme,
};
use crate::story::{CLUSTER_2014, Story, date, day, id, ids, invalid, measure, missing, versions};

/// Reported in time by its own date, recorded in March.
fn reported_late() -> (Story, u64) {
    let mut story = approved_area();
    story.today("2015-03-10");
    let revision = story.does(LocalGovernment, "submit_report", "2015-01-20", report(2014));
    (story, revision)
}

fn received(story: &Story, of: u64, on: &str) -> Value {
    json!({ "of": story.reference(of).to_string(), "receipt_on": on })
}

#[test]
fn g12_nobody_meets_a_deadline_by_dating_back() {
    let (story, _) = reported_late();
    assert_eq!(story.duty("annual_report", 2015, "2015-03-10"), Some(DutyStatus::Late));
    assert_eq!(story.duty("annual_report", 2015, "2015-03-09"), Some(DutyStatus::Overdue));
    let mut body = report(2014);
    body["received_on"] = json!("2015-01-20");
    let mut stated = approved_area();
    stated.today("2015-03-10");
    let refusal = stated.refuses(LocalGovernment, "submit_report", "2015-01-20", body.clone());
    assert_eq!(*refusal.reason, Reason::OfficeForbidden { required: vec![Registrar] });
    // The registrar, recording an archive, states the day; it is shown as stated.
    body["archive"] = json!({ "office": "local_government", "source": "box 7" });
    stated.does(Registrar, "submit_report", "2015-01-20", body.clone());
    assert_eq!(stated.duty("annual_report", 2015, "2015-03-10"), Some(DutyStatus::Met));
    let duty = stated.state.duties.iter().find(|duty| duty.series.is_some()).unwrap();
    assert!(duty.met[&2015].stated);

    let mut fresh = approved_area();
    fresh.today("2015-03-10");
    for day in ["2015-01-19", "2015-03-11"] {
        body["received_on"] = json!(day);
        let refusal = fresh.refuses(Registrar, "submit_report", "2015-01-20", body.clone());
        assert_eq!(*refusal.reason, Reason::DateConflict { with: None });
    }
}

#[test]
fn g12_the_receiving_office_acknowledges_an_earlier_day() {
    let (mut story, revision) = reported_late();
    let late = received(&story, revision, "2015-02-20");
    let own = story.refuses(LocalGovernment, "acknowledge_receipt", "2015-03-11", late.clone());
    assert_eq!(own.article.as_deref(), Some("G12"));
    assert!(matches!(*own.reason, Reason::OfficeForbidden { .. }));
    story.does(NationalOffice, "acknowledge_receipt", "2015-03-11", late);
    assert_eq!(story.duty("annual_report", 2015, "2015-03-11"), Some(DutyStatus::Late));
    let in_time = received(&story, revision, "2015-01-28");
    story.does(ProvincialDepartment, "acknowledge_receipt", "2015-03-12", in_time);
    // In time is what both had in time; the department alone had it.
    assert_eq!(story.duty("annual_report", 2015, "2015-03-12"), Some(DutyStatus::Late));
    let body = received(&story, revision, "2015-01-27");
    let mended = json!({ "corrects": story.reference(revision + 1).to_string(), "reason": "misread",
        "replacement": { "act": { "act": "acknowledge_receipt", "content": body },
            "common": { "effective_on": "2015-03-11" } } });
    story.does(NationalOffice, "correct", "2015-03-12", mended);
    assert_eq!(story.duty("annual_report", 2015, "2015-03-12"), Some(DutyStatus::Met));

    for on in ["2015-01-19", "2015-03-11"] {
        let body = received(&story, revision, on);
        let refusal = story.refuses(NationalOffice, "acknowledge_receipt", "2015-03-13", body);
        let with = Some(story.reference(revision));
        assert_eq!(*refusal.reason, Reason::DateConflict { with });
    }
    let approval = received(&story, 2, "2014-10-12");
    let refusal =
        story.refuses(ProvincialDepartment, "acknowledge_receipt", "2015-03-13", approval);
    invalid(&refusal, &["/of"]);
}

/// A department submits the plan that it owes; it is not the office that receives it.
#[test]
fn g12_nobody_acknowledges_their_own_act() {
    let mut story = approved_area();
    story.today("2015-03-10");
    let plan = story.does(ProvincialDepartment, "submit_plan", "2015-01-05", plan());
    let body = received(&story, plan, "2015-01-05");
    let own =
        story.refuses(ProvincialDepartment, "acknowledge_receipt", "2015-03-10", body.clone());
    assert_eq!(*own.reason, Reason::OfficeForbidden { required: vec![NationalOffice] });
    assert_eq!(story.duty("construction_plan", 0, "2015-03-10"), Some(DutyStatus::Late));
    story.does(NationalOffice, "acknowledge_receipt", "2015-03-10", body.clone());
    assert_eq!(story.duty("construction_plan", 0, "2015-03-10"), Some(DutyStatus::Met));
    let mut other = body;
    let id = "00000000-0000-0000-0000-00000000ffff";
    other["of"] = json!(format!("{}@{plan}#{id}", story.history.stream()));
    invalid(&story.refuses(NationalOffice, "acknowledge_receipt", "2015-03-11", other), &["/of"]);
}

#[test]
fn g12_a_correction_does_not_carry_an_early_receipt_to_a_later_year() {
    let mut story = approved_area();
    let first = story.does(LocalGovernment, "submit_report", "2015-01-20", report(2014));
    story.today("2019-06-01");
    let body = json!({
        "corrects": story.reference(first).to_string(),
        "reason": "the wrong file",
        "replacement": {
            "act": { "act": "submit_report", "content": report(2017) },
            "common": { "effective_on": "2018-01-20" },
        },
    });
    story.does(LocalGovernment, "correct", "2019-06-01", body);
    assert_eq!(story.duty("annual_report", 2018, "2019-06-01"), Some(DutyStatus::Late));
    assert_eq!(story.duty("annual_report", 2015, "2019-06-01"), Some(DutyStatus::Overdue));
}

#[test]
fn g13_months_end_on_the_corresponding_day_or_the_months_last() {
    let mut story = recommended_area();
    story.does(NationalOffice, "approve", "2014-11-30", json!({}));
    let plan = story.state.duties.iter().find(|duty| duty.obligation == "construction_plan");
    let due = plan.unwrap().due.clone().unwrap();
    assert_eq!(due.on, date("2015-02-28"));
    assert!(due.arithmetic.contains("no corresponding day: last of the month"));
}

#[test]
fn g13_nothing_is_late_before_the_working_day_after_a_rest_day() {
    let mut story = recommended_area();
    story.does(NationalOffice, "approve", "2014-11-21", json!({}));
    // Due on Saturday 21 February 2015, in the Spring Festival of 18 to 24 February.
    assert_eq!(story.duty("construction_plan", 0, "2015-02-24"), Some(DutyStatus::Overdue));
    let rest: BTreeSet<Day> = (18..=24).map(|d| Day::from_ymd(2015, 2, d).unwrap()).collect();
    let source = "State Council notice".to_owned();
    let calendar = Calendar::of_year(2015, rest, BTreeSet::new(), source).unwrap();
    story.calendars.adopt(calendar);
    assert_eq!(story.duty("construction_plan", 0, "2015-02-25"), Some(DutyStatus::Open));
    assert_eq!(story.duty("construction_plan", 0, "2015-02-26"), Some(DutyStatus::Overdue));
    story.does(ProvincialDepartment, "submit_plan", "2015-02-25", plan());
    assert_eq!(story.duty("construction_plan", 0, "2015-02-25"), Some(DutyStatus::Met));
}

#[test]
fn g16_real_and_invented_never_mix() {
    let rules = || versions(vec![measure(CLUSTER_2014)]);
    let mut invented = Story::new("exercise_cluster_area", rules(), "area_one", "cluster_area");
    invented.does(LocalGovernment, "apply", "2014-10-08", area_application(31));
    assert!(invented.event(0).meta.exercise);

    let mut in_real = Story::area();
    in_real.subject.registration.invented = true;
    let refusal = in_real.refuses(LocalGovernment, "apply", "2014-10-08", area_application(31));
    assert_eq!(missing(&refusal), ids(&["cluster_area"]));
    let mut in_exercise = Story::new("exercise_cluster_area", rules(), "futian", "cluster_area");
    in_exercise.subject.registration.invented = false;
    let refusal = in_exercise.refuses(LocalGovernment, "apply", "2014-10-08", area_application(31));
    assert_eq!(missing(&refusal), ids(&["cluster_area"]));
    assert!(!recommended_area().event(0).meta.exercise);
}

#[test]
fn g17_the_move_goes_from_office_to_office() {
    let mut story = Story::area();
    story.does(LocalGovernment, "apply", "2014-10-08", area_application(31));
    let waiting = story.waiting("2014-10-09");
    assert_eq!(waiting.len(), 1);
    assert_eq!((waiting[0].office, waiting[0].act), (ProvincialDepartment, ActKind::Recommend));
    assert_eq!((waiting[0].since, waiting[0].article.as_str()), (date("2014-10-08"), "Art. 7"));

    let story = approved_area();
    let recommended = [(NationalOffice, ActKind::Approve)];
    assert_eq!(story.moves("2014-10-11"), recommended);
    let moves = story.moves("2014-12-31");
    for owed in [
        (ProvincialDepartment, ActKind::SubmitPlan),
        (ProvincialDepartment, ActKind::Designate),
        (LocalGovernment, ActKind::Designate),
    ] {
        assert!(moves.contains(&owed), "{owed:?} in {moves:?}");
    }
    assert!(!moves.iter().any(|(_, act)| *act == ActKind::Approve), "{moves:?}");
    // A report can be made once its year is over; an acceptance once the term is.
    assert!(story.moves("2015-01-01").contains(&(LocalGovernment, ActKind::SubmitReport)));
    assert!(!story.moves("2017-10-12").contains(&(NationalOffice, ActKind::Accept)));
    let accept = story.waiting("2017-10-13");
    let accept = accept.iter().find(|waiting| waiting.act == ActKind::Accept).unwrap();
    assert_eq!((accept.since, accept.article.as_str()), (date("2017-10-13"), "Art. 16"));
    assert_eq!(accept.office, NationalOffice);
}

#[test]
fn g17_who_owes_a_scheme_is_waited_for_until_it_is_submitted() {
    let mut story = pilot("leading");
    let schemes = |story: &Story, on: &str| {
        let mut moves = story.moves(on);
        moves.retain(|(_, act)| matches!(act, ActKind::SubmitScheme | ActKind::ApproveScheme));
        moves
    };
    assert_eq!(schemes(&story, "2016-07-01"), [(Province, ActKind::SubmitScheme)]);
    story.does(Province, "submit_scheme", "2016-09-01", scheme(&LEADING));
    assert_eq!(schemes(&story, "2016-09-01"), [(NationalOffice, ActKind::ApproveScheme)]);
    story.does(NationalOffice, "return_scheme", "2016-10-01", reason());
    assert_eq!(schemes(&story, "2016-10-01"), [(Province, ActKind::SubmitScheme)]);
    story.does(Province, "submit_scheme", "2016-11-01", scheme(&LEADING));
    story.does(NationalOffice, "approve_scheme", "2016-12-01", json!({}));
    assert_eq!(schemes(&story, "2016-12-01"), []);
    let mut rejected = Story::province();
    rejected.does(Province, "apply", "2016-03-01", province_application("leading", "pilot"));
    rejected.does(NationalOffice, "reject", "2016-06-13", reason());
    assert_eq!(rejected.moves("2016-06-13"), []);
    assert!(
        !accepted_area("qualified")
            .moves("2017-11-01")
            .contains(&(NationalOffice, ActKind::Accept))
    );
    assert!(
        demonstrative_area()
            .moves("2019-01-02")
            .contains(&(LocalGovernment, ActKind::SubmitReport))
    );
}

#[test]
fn g3_a_late_entry_by_a_local_government_takes_the_ground_from_nothing() {
    let mut story = Story::area();
    story.does(LocalGovernment, "apply", "2014-10-08", area_application(31));
    story.does(ProvincialDepartment, "recommend", "2014-11-10", crate::lives::recommendation());
    // A return on 1 November would leave the recommendation of the 10th nothing to recommend.
    let refusal = story.refuses(ProvincialDepartment, "return", "2014-11-01", reason());
    let events = vec![story.reference(1)];
    assert_eq!(*refusal.reason, Reason::WouldUnsettle { events });
    assert!(refusal.detail.en.contains("“Recommended” of 10 November 2014 (revision 1)"));
    // The same out of an archive is entered, and lists what it unsettles.
    let mut body = reason();
    body["archive"] = json!({ "office": "provincial_department", "source": "box 7" });
    let entered = story.does(Registrar, "return", "2014-11-01", body);
    assert_eq!(story.fact(entered).unsettles, [story.reference(1)]);
    assert_eq!(*story.state.unsupported, [1]);
    assert_eq!(story.state.node.as_ref().unwrap().as_str(), "candidate.returned");
    assert_eq!(story.stands("2014-10-31"), "candidate.applied");
}

#[test]
fn g3_a_late_entry_by_the_national_office_lists_what_it_unsettles() {
    let mut story = accepted_area("qualified");
    let body = json!({ "reason": "merged", "document": crate::lives::document() });
    let entered = story.does(NationalOffice, "end_standing", "2016-03-01", body);
    assert_eq!(story.fact(entered).unsettles, [story.reference(4)]);
    assert_eq!(story.state.node.as_ref().unwrap().as_str(), "ended");
    assert_eq!(story.state.title, None);
    // One that takes nothing from anybody lists nothing.
    let mut quiet = accepted_area("qualified");
    let entered = quiet.does(
        LocalGovernment,
        "designate",
        "2014-12-01",
        json!({ "designates": "funds", "text": "x" }),
    );
    assert_eq!(quiet.fact(entered).unsettles, []);
    assert_eq!(quiet.duty("funds", 0, "2014-12-01"), Some(DutyStatus::Met));
}

#[test]
fn g1_a_corrected_date_lists_what_rests_on_it() {
    let mut story = accepted_area("qualified");
    let body = json!({
        "corrects": story.reference(2).to_string(),
        "reason": "another day",
        "replacement": {
            "act": { "act": "approve", "content": {} },
            "common": { "effective_on": "2015-10-12" },
        },
    });
    let by = story.does(NationalOffice, "correct", "2018-01-01", body);
    // The plan of January 2015 now precedes the approval; the acceptance stands and is listed.
    assert_eq!(*story.state.unsupported, [3]);
    assert_eq!(story.fact(by).unsettles, [story.reference(3), story.reference(4)]);
    assert_eq!(story.stands("2017-10-20"), "experimental");
    let refusal = story.refuses(ProvincialDepartment, "submit_plan", "2015-09-01", plan());
    let with = Some(story.reference(2));
    assert_eq!(*refusal.reason, Reason::DateConflict { with });
    assert_eq!(refusal.measure, Some(id("2014-40")));
    assert_eq!(day("2015-10-12"), story.history.effective().entries()[3].fold_day());
}
