//! Where two rules meet: what is stated and empty, what is dated back, what a second office or an
//! archive could slip past a check.

use docket::domain::act::ActKind;
use docket::domain::duty::DutyStatus;
use docket::domain::event::Event;
use docket::domain::ids::Office::{
    LocalGovernment, NationalOffice, Province, ProvincialDepartment, Registrar,
};
use docket::domain::ids::Provenance;
use docket::domain::refusal::Reason;
use serde_json::json;

use crate::lives::{
    LEADING, acceptance, accepted_area, approved_area, attest, attested, pilot, plan,
    province_application, reason, report, scheme,
};
use crate::story::{Story, date, day, invalid, not_permitted};

#[test]
fn g17_nobody_is_waited_for_once_a_rectification_is_over() {
    let mut story = accepted_area("unqualified");
    let report = (LocalGovernment, ActKind::ReportRectification);
    assert!(story.moves("2018-07-31").contains(&report));
    story.does(NationalOffice, "accept", "2018-08-01", acceptance("qualified", Some(1)));
    assert_eq!(story.duty("rectification", 0, "2018-09-01"), Some(DutyStatus::Overdue));
    let refusal =
        story.refuses(LocalGovernment, "report_rectification", "2018-09-01", json!({"text": "x"}));
    not_permitted(&refusal, "experimental", &["duty_open"], "Art. 17, Art. 18");
    assert!(!story.moves("2018-09-01").contains(&report), "{:?}", story.moves("2018-09-01"));
}

#[test]
fn p10_a_scheme_for_the_old_category_is_no_scheme_for_the_new_one() {
    let mut story = pilot("leading");
    story.does(Province, "submit_scheme", "2016-09-01", scheme(&LEADING));
    let asks = json!({ "category": "supporting", "reason": "x" });
    story.does(Province, "request_adjustment", "2016-10-01", asks.clone());
    // The counter-case: until the category is another, the scheme awaits its decision.
    story.clone().does(NationalOffice, "approve_scheme", "2016-10-15", json!({}));
    story.does(NationalOffice, "approve_adjustment", "2016-11-01", json!({}));
    let refusal = story.refuses(NationalOffice, "approve_scheme", "2016-12-01", json!({}));
    not_permitted(&refusal, "pilot", &["matter_open"], "III(I)2");
    assert!(story.moves("2016-12-01").contains(&(Province, ActKind::SubmitScheme)));
}

#[test]
fn p12_a_province_whose_application_is_pending_can_meet_what_it_owes() {
    let mut story = Story::province();
    story.does(Province, "apply", "2016-03-01", province_application("leading", "pilot"));
    story.does(Province, "submit_promotion_plan", "2016-04-01", json!({ "summary": "x" }));
    assert_eq!((story.stands("2016-04-01"), story.state.attempt), ("candidate.applied".into(), 1));
    assert_eq!(story.state.met_outside["promotion_plan"].by, 1);
}

#[test]
fn g9_a_title_known_from_evidence_is_one_of_the_programs() {
    let mut body = attested("experimental");
    body["title"] = json!("famous");
    invalid(&Story::area().refuses(Registrar, "attest_standing", "2017", body), &["/title"]);
    let mut body = attested("pilot");
    (body["title"], body["category"]) = (json!("experimental"), json!("leading"));
    invalid(&Story::province().refuses(Registrar, "attest_standing", "2017", body), &["/title"]);
}

/// The decision that founded an attested standing is mostly older than the evidence of it.
#[test]
fn g9_evidence_gives_way_to_a_founding_act_that_is_older() {
    let mut story = Story::province();
    attest(&mut story, "pilot", "2016-06-13", &json!({ "category": "leading" }));
    let archive = || json!({ "archive": { "office": "national_office", "source": "box 7" } });
    story.does(Registrar, "approve", "2016-05-27", archive());
    assert_eq!(
        (story.stands("2016-05-26"), story.stands("2016-05-27")),
        ("".into(), "pilot".into())
    );
    assert_eq!(*story.state.unsupported, Vec::<u64>::new());
    assert_eq!(story.state.provenance, Provenance::Recorded);
    let place = story.state.place.as_ref().unwrap();
    assert_eq!((place.attested, place.from), (false, day("2016-05-27")));
    assert_eq!(story.state.category.as_deref(), Some("leading"));
    assert_eq!(story.state.duties[0].obligation, "scheme");
    assert_eq!(story.state.last_evidenced_on, Some(date("2016-06-13")));

    let mut area = Story::area();
    let title = json!({ "title": "experimental" });
    attest(&mut area, "experimental", "2017-12-20", &title);
    let mut body = acceptance("qualified", None);
    body["archive"] = archive()["archive"].clone();
    area.does(Registrar, "accept", "2017-10-31", body.clone());
    assert_eq!(area.stands("2017-11-01"), "experimental");
    assert_eq!(area.state.provenance, Provenance::Recorded);
    assert_eq!(area.state.title.as_ref().map(|title| title.from), Some(date("2017-10-31")));

    // The counter-cases: another standing than the evidence shows; an act without any evidence.
    let mut area = Story::area();
    attest(&mut area, "demonstrative", "2021", &json!({ "title": "demonstrative" }));
    let refusal = area.refuses(Registrar, "accept", "2017-10-31", body);
    not_permitted(&refusal, "none", &["standing"], "Art. 16");
    let refusal = Story::province().refuses(Registrar, "approve", "2016-05-27", archive());
    not_permitted(&refusal, "none", &["standing"], "III(I)1");
}

/// What is not in the record did not fail, also as of the days before the evidence; and the founding
/// act can be mended like any other.
#[test]
fn g10_a_founding_act_that_is_older_completes_no_record() {
    let mut story = Story::area();
    attest(&mut story, "under_construction", "2015-06-10", &json!({}));
    let archive = json!({ "office": "national_office", "source": "box 7" });
    let of = story.does(Registrar, "approve", "2014-10-12", json!({ "archive": archive }));
    let not_in_the_record = Some(DutyStatus::NotInTheRecord);
    for on in ["2015-03-01", "2016-03-01", "2026-03-01"] {
        assert_eq!(story.duty("construction_plan", 0, on), not_in_the_record, "{on}");
    }
    let body = json!({ "corrects": story.reference(of).to_string(), "reason": "misread",
        "archive": archive,
        "replacement": { "act": { "act": "approve", "content": { "round": "2014" } },
            "common": { "effective_on": "2014-10-13", "archive": archive } } });
    story.does(Registrar, "correct", "2026-04-01", body);
    assert_eq!((story.stands("2014-10-12"), story.state.unsupported.to_vec()), ("".into(), vec![]));
    assert_eq!(story.stands("2014-10-13"), "under_construction");
    assert_eq!(story.duty("construction_plan", 0, "2015-03-01"), not_in_the_record);
}

#[test]
fn g9_evidence_takes_the_ground_from_no_act() {
    let story = pilot("leading");
    let mut body = attested("pilot");
    body["category"] = json!("leading");
    let refusal = story.refuses(Registrar, "attest_standing", "2016-02-01", body.clone());
    assert!(matches!(*refusal.reason, Reason::WouldUnsettle { .. }), "{refusal}");
    story.clone().does(Registrar, "attest_standing", "2016-07-01", body);
}

#[test]
fn g10_the_day_of_a_complete_record_lies_not_ahead_and_has_a_reason() {
    let mut body = json!({ "text": "x", "kept_since": { "day": "2027-01-01", "reason": "x" } });
    let story = Story::area();
    invalid(&story.refuses(Registrar, "note", "2026-01-01", body.clone()), &["/kept_since/day"]);
    body["kept_since"] = json!({ "day": "2025-01-01", "reason": "the files are complete" });
    story.clone().does(Registrar, "note", "2026-01-01", body);
}

#[test]
fn g10_a_record_whose_opening_is_annulled_is_complete_from_what_remains() {
    let mut story = Story::area();
    attest(&mut story, "under_construction", "2013", &json!({}));
    attest(&mut story, "under_construction", "2015", &json!({}));
    story.does(NationalOffice, "confirm_standing", "2026-04-01", json!({}));
    let annul = json!({ "corrects": story.reference(0).to_string(), "reason": "another area" });
    story.does(Registrar, "correct", "2026-05-01", annul);
    assert_eq!(*story.state.unsupported, Vec::<u64>::new());
    assert_eq!(story.state.kept_since, Some(day("2026-03-01")));
    // Its duties are open from the confirmation on.
    assert_eq!(story.duty("annual_report", 2026, "2026-06-01"), None);
    assert_eq!(story.duty("annual_report", 2027, "2026-06-01"), Some(DutyStatus::Open));
}

#[test]
fn g10_a_second_correction_keeps_the_day_that_the_first_one_stated() {
    let mut story = Story::area();
    let first = attest(&mut story, "under_construction", "2015", &json!({}));
    let mended = |source: &str, kept: Option<&str>| {
        let mut act = attested("under_construction");
        act["source"] = json!(source);
        let mut common = json!({ "effective_on": "2015" });
        if let Some(kept) = kept {
            common["kept_since"] = json!({ "day": kept, "reason": "the archive is complete" });
        }
        json!({ "act": { "act": "attest_standing", "content": act }, "common": common })
    };
    let correct = |story: &Story, of: u64, replacement: serde_json::Value| json!({ "corrects": story.reference(of).to_string(), "reason": "x", "replacement": replacement });
    let body = correct(&story, first, mended("a newspaper", Some("2020-01-01")));
    let second = story.does(Registrar, "correct", "2026-04-01", body);
    assert_eq!(story.state.kept_since, Some(day("2020-01-01")));
    let body = correct(&story, second, mended("another newspaper", None));
    story.does(Registrar, "correct", "2026-05-01", body);
    assert_eq!(story.state.kept_since, Some(day("2020-01-01")));
}

#[test]
fn g12_an_office_does_not_acknowledge_its_own_act_out_of_an_archive() {
    let mut story = approved_area();
    story.today("2015-03-01");
    let of = story.does(ProvincialDepartment, "submit_plan", "2015-01-05", plan());
    let mut body = json!({ "of": story.reference(of).to_string(), "receipt_on": "2015-01-06",
        "archive": { "office": "provincial_department", "source": "box 7" } });
    let refusal = story.refuses(Registrar, "acknowledge_receipt", "2015-03-02", body.clone());
    assert!(matches!(*refusal.reason, Reason::OfficeForbidden { .. }), "{refusal}");
    body["archive"]["office"] = json!("national_office");
    story.does(Registrar, "acknowledge_receipt", "2015-03-02", body);
    assert_eq!(story.duty("construction_plan", 0, "2015-03-02"), Some(DutyStatus::Met));
}

/// A receipt that was stated for the day recorded first says nothing of a later one.
#[test]
fn g12_a_correction_to_a_later_day_leaves_no_earlier_receipt() {
    let mut story = approved_area();
    story.today("2016-06-01");
    let archive = json!({ "office": "local_government", "source": "box 7" });
    let mut body = report(2014);
    body["archive"] = archive.clone();
    body["received_on"] = json!("2015-01-20");
    let of = story.does(Registrar, "submit_report", "2015-01-15", body);
    assert_eq!(story.duty("annual_report", 2015, "2016-06-01"), Some(DutyStatus::Met));
    let correct = |received: Option<&str>| {
        let mut common = json!({ "effective_on": "2015-03-15", "archive": archive });
        if let Some(received) = received {
            common["received_on"] = json!(received);
        }
        json!({ "corrects": story.reference(of).to_string(), "reason": "misread", "archive": archive,
            "replacement": { "act": { "act": "submit_report", "content": report(2014) },
                "common": common } })
    };
    let unstated = correct(None);
    let mut other = story.clone();
    other.does(Registrar, "correct", "2016-06-02", unstated);
    assert_eq!(other.duty("annual_report", 2015, "2016-06-02"), Some(DutyStatus::Late));
    let stated = correct(Some("2015-03-16"));
    story.does(Registrar, "correct", "2016-06-02", stated);
    assert_eq!(story.duty("annual_report", 2015, "2016-06-02"), Some(DutyStatus::Late));
}

/// A correction mends a record of one office; it does not turn it into an act of another.
#[test]
fn g1_a_correction_does_not_change_who_acted() {
    let mut story = approved_area();
    let of = story.does(Registrar, "note", "2015-01-05", json!({ "text": "x" }));
    let archive = json!({ "office": "national_office", "source": "box 7" });
    let body = json!({ "corrects": story.reference(of).to_string(), "reason": "it was an inspection",
        "replacement": { "act": { "act": "inspect", "content": { "findings": "x" } },
            "common": { "effective_on": "2015-01-05", "archive": archive } } });
    let refusal = story.refuses(Registrar, "correct", "2015-02-01", body);
    invalid(&refusal, &["/replacement/common/archive/office"]);
    assert_eq!(refusal.article.as_deref(), Some("G1"));
}

/// An attestation mended into a note is no longer evidence of a standing.
#[test]
fn g9_what_is_corrected_to_a_note_is_not_evidence() {
    let mut story = Story::area();
    let of = attest(&mut story, "experimental", "2017", &json!({}));
    let body = json!({ "corrects": story.reference(of).to_string(), "reason": "only unveiled",
        "replacement": { "act": { "act": "note", "content": { "text": "unveiled" } },
            "common": { "effective_on": "2017" } } });
    story.does(Registrar, "correct", "2026-04-01", body);
    let effective = story.history.effective();
    assert_eq!(effective.entries()[0].event.meta.provenance, Provenance::Recorded);
    assert!(matches!(&effective.entries()[0].event.event, Event::Acted(_)));
}

#[test]
fn g12_what_an_archive_keeps_has_been_done() {
    let mut story = Story::province();
    story.today("2016-03-01");
    let mut body = province_application("leading", "pilot");
    body["archive"] = json!({ "office": "province", "source": "box 7" });
    let refusal = story
        .decide(Registrar, &crate::story::act("apply", "2016-03-02", body.clone()))
        .unwrap_err();
    assert_eq!(*refusal.reason, Reason::DateConflict { with: None });
    story.records(Registrar, &crate::story::act("apply", "2016-03", body)).unwrap();
}

#[test]
fn c13_an_inspection_rests_on_the_report_that_it_follows() {
    let mut story = approved_area();
    story.today("2015-02-01");
    let of = story.does(LocalGovernment, "submit_report", "2015-01-20", report(2014));
    let body = json!({ "follows": story.reference(of).to_string(), "findings": "x" });
    let refusal = story.refuses(NationalOffice, "inspect", "2015-01-19", body.clone());
    let with = Some(story.reference(of));
    assert_eq!(*refusal.reason, Reason::DateConflict { with });
    let inspected = story.does(NationalOffice, "inspect", "2015-03-01", body);
    let rests_on = &story.event(inspected).meta.rests_on;
    assert!(rests_on.contains(&story.reference(of).to_string()), "{rests_on}");
}

#[test]
fn c13_a_report_dated_before_the_one_on_record_is_a_second_one() {
    let mut story = approved_area();
    story.today("2015-01-30");
    story.does(LocalGovernment, "submit_report", "2015-01-20", report(2014));
    story.today("2015-06-01");
    let refusal = story.refuses(LocalGovernment, "submit_report", "2015-01-10", report(2014));
    assert!(matches!(*refusal.reason, Reason::AlreadyDecided { .. }), "{refusal}");
    assert_eq!(story.duty("annual_report", 2015, "2015-06-01"), Some(DutyStatus::Met));
}

#[test]
fn c15_an_end_cites_another_document_than_the_measures() {
    let mut story = approved_area();
    let mut body = reason();
    body["document"] = json!({ "title": "Measures", "number": "国知办发规字〔2014〕40号" });
    let refusal = story.refuses(NationalOffice, "end_standing", "2016-01-01", body.clone());
    invalid(&refusal, &["/document/number"]);
    body["document"]["number"] = json!("国知发运字〔2016〕1号");
    story.does(NationalOffice, "end_standing", "2016-01-01", body);
}

#[test]
fn p15_a_year_is_evaluated_once_it_has_begun() {
    let mut story = pilot("leading");
    let body = |year: i32| json!({ "year": year, "result": "good" });
    let refusal = story.refuses(NationalOffice, "evaluate_annually", "2017-12-20", body(2018));
    invalid(&refusal, &["/year"]);
    story.does(NationalOffice, "evaluate_annually", "2017-12-20", body(2017));
}
