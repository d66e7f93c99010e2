//! C18: what [2014] No. 40 lays on the areas approved before it, and nothing of it before its day.

use docket::domain::duty::DutyStatus;
use docket::domain::event::{Event, MeasureSucceeded};
use docket::domain::ids::Office::{LocalGovernment, NationalOffice, Registrar};
use docket::domain::refusal::Reason;
use serde_json::{Value, json};

use crate::lives::{acceptance, accepted_area, area_application, attest, attested, document};
use crate::story::{Story, date, id, missing, not_permitted};

#[test]
fn c18_the_measures_govern_from_29_september_2014_that_day_included() {
    let story = Story::area();
    let refusal = story.refuses(LocalGovernment, "apply", "2014-09-28", area_application(31));
    assert_eq!((*refusal.reason, refusal.measure), (Reason::RuleUnknown, Some(id("2012-61"))));
    let mut story = Story::area();
    story.does(LocalGovernment, "apply", "2014-09-29", area_application(31));
    assert_eq!(story.event(0).meta.measure, Some(id("2014-40")));
}

#[test]
fn c18_an_area_approved_earlier_passes_to_the_measures() {
    let mut story = Story::area();
    story.today("2016-03-01");
    let body = json!({
        "what": "approved as experimental area",
        "stands_at": "under_construction",
        "kept_since": { "day": "2013-09-01", "reason": "its file is complete" },
    });
    let revision = story.does(Registrar, "record_under_unknown_rule", "2013-09", body);
    let meta = &story.event(revision).meta;
    assert_eq!((meta.article.clone(), &meta.measure), (None, &Some(id("2012-61"))));
    let term = story.state.term.clone().unwrap();
    assert_eq!((term.until, term.article.as_str()), (date("2016-09-01/2016-09-30"), "Art. 9"));
    assert_eq!(story.duty("annual_report", 2014, "2015-06-01"), None);
    assert_eq!(story.duty("annual_report", 2015, "2014-10-01"), Some(DutyStatus::Open));
    assert_eq!(story.duty("annual_report", 2015, "2015-06-01"), Some(DutyStatus::Overdue));
    assert_eq!(story.duty("construction_plan", 0, "2015-06-01"), None);
    // The term's end is as sharp as its start: from 2 September 2016 on it may have passed.
    let early =
        story.refuses(NationalOffice, "accept", "2016-09-01", acceptance("qualified", None));
    not_permitted(&early, "under_construction", &["term_over"], "Art. 16");
    story.does(NationalOffice, "accept", "2016-09-02", acceptance("qualified", None));
    assert_eq!(story.duty("acceptance", 0, "2016-10-01"), Some(DutyStatus::Met));
}

#[test]
fn c18_an_attested_area_owes_nothing_until_the_national_office_confirms() {
    let mut story = Story::area();
    let kept = json!({ "kept_since": { "day": "2014-09-29", "reason": "reports kept since" } });
    attest(&mut story, "under_construction", "2013-09", &kept);
    assert_eq!((&story.state.term, story.duties("2026-03-01")), (&None, vec![]));
    story.does(NationalOffice, "confirm_standing", "2026-04-01", json!({}));
    assert_eq!(story.state.term.as_ref().unwrap().until, date("2016-09-01/2016-09-30"));
    // Its duties are open from that day on, the acceptance that was due among them.
    assert_eq!(story.duty("annual_report", 2026, "2026-04-01"), None);
    assert_eq!(story.duty("annual_report", 2027, "2026-04-01"), Some(DutyStatus::Open));
    assert_eq!(story.duty("acceptance", 0, "2026-04-01"), Some(DutyStatus::Open));
    assert_eq!(story.state.open_duty("acceptance").unwrap().open_from, date("2026-04-01"));
    assert_eq!(story.duty("construction_plan", 0, "2026-04-01"), None);
    let again = story.refuses(NationalOffice, "confirm_standing", "2026-04-02", json!({}));
    assert_eq!(missing(&again), [id("attested_standing")]);
}

#[test]
fn c18_high_quality_areas_stand_by_attestation_and_end_no_title() {
    let rules = crate::story::measure(crate::story::HIGH_QUALITY);
    let versions = crate::story::versions(vec![rules]);
    let mut story = Story::new("high_quality_cluster_area", versions, "kunming", "cluster_area");
    let refusal = story.refuses(LocalGovernment, "apply", "2024-01-01", area_application(31));
    assert_eq!(*refusal.reason, Reason::RuleUnknown);
    let mut body = attested("high_quality_experimental");
    body["title"] = json!("high_quality_experimental");
    story.today("2026-03-01");
    story.does(Registrar, "attest_standing", "2023-12", body);
    assert_eq!(story.stands("2024-01-01"), "high_quality_experimental");
    // The area's title under [2014] No. 40 stands in another stream, untouched.
    assert!(accepted_area("qualified").on("2024-01-01").title.is_some());
}

/// Approved under the earlier document, its file complete since 2012.
fn approved_earlier(on: &str) -> Story {
    let mut story = Story::area();
    story.today("2016-03-01");
    story.does(Registrar, "record_under_unknown_rule", on, founding());
    story
}

fn founding() -> Value {
    json!({
        "what": "approved as experimental area",
        "stands_at": "under_construction",
        "kept_since": { "day": "2012-01-01", "reason": "its file is complete" },
    })
}

fn successions(story: &Story) -> Vec<&MeasureSucceeded> {
    let events = story.history.events().iter();
    let found = events.filter_map(|event| match &event.event {
        Event::MeasureSucceeded(succeeded) => Some(&**succeeded),
        Event::Acted(_) | Event::ApprovalAbandoned(_) | Event::ObligationLapsed(_) => None,
    });
    found.collect()
}

#[test]
fn c18_nothing_of_the_measures_is_shown_before_their_day() {
    let story = approved_earlier("2013-05-12");
    let before = story.on("2014-09-28");
    assert_eq!((before.term.clone(), before.duties.len()), (None, 0));
    let after = story.on("2014-09-29");
    assert_eq!(after.term.as_ref().unwrap().until, date("2016-05-12"));
    // An event of Docket's own carries what it opens, each with its own article, and the mark.
    let [succeeded] = successions(&story)[..] else { panic!("one event") };
    let (article, founded_by) = (succeeded.article.as_str(), succeeded.founded_by);
    assert_eq!((article, founded_by, succeeded.in_force_from), ("Art. 20", 0, date("2014-09-29")));
    assert!(succeeded.reading.is_some());
    assert_eq!(succeeded.term.as_ref().unwrap().article, "Art. 9");
    let opens: Vec<_> = succeeded
        .opens
        .iter()
        .map(|duty| (duty.obligation.as_str(), duty.article.as_str()))
        .collect();
    for own in [
        ("annual_report", "Art. 15"),
        ("department_in_charge", "Art. 13"),
        ("agencies", "Art. 13"),
        ("personnel", "Art. 13"),
        ("funds", "Art. 13"),
        ("acceptance", "Art. 16"),
    ] {
        assert!(opens.contains(&own), "{own:?} in {opens:?}");
    }
    assert!(!opens.iter().any(|(obligation, _)| *obligation == "construction_plan"));
    assert_eq!(after.open_duty("funds").unwrap().open_from, date("2014-09-29"));
    // Ratified on another day than that from which it counts: three years from ratification.
    let mut decided = Story::area();
    decided.today("2016-03-01");
    let mut body = founding();
    body["decided_on"] = json!("2013-04-30");
    decided.does(Registrar, "record_under_unknown_rule", "2013-05-12", body);
    assert_eq!(decided.state.term.as_ref().unwrap().until, date("2016-04-30"));
}

#[test]
fn c18_a_corrected_founding_act_restates_what_it_opened_or_makes_it_void() {
    let mut story = approved_earlier("2013-05-12");
    let moved = |story: &Story, on: &str| {
        json!({
            "corrects": story.reference(0).to_string(), "reason": "another day",
            "replacement": {
                "act": { "act": "record_under_unknown_rule", "content": {
                    "what": "approved as experimental area", "stands_at": "under_construction" } },
                "common": { "effective_on": on },
            },
        })
    };
    let body = moved(&story, "2013-08-01");
    let correction = story.does(Registrar, "correct", "2016-03-02", body);
    assert_eq!(story.state.term.as_ref().unwrap().until, date("2016-08-01"));
    assert_eq!(story.on("2014-09-28").term, None);
    let reports = |story: &Story| {
        story.duties("2015-01-01").iter().filter(|(duty, ..)| duty == "annual_report").count()
    };
    assert_eq!((successions(&story).len(), reports(&story)), (2, 1));

    // The correction was the mistake: what the first act opened stands again.
    let annul = json!({ "corrects": story.reference(correction).to_string(), "reason": "wrong" });
    let mut back = story.clone();
    back.does(Registrar, "correct", "2016-03-03", annul);
    assert_eq!(back.state.term.as_ref().unwrap().until, date("2016-05-12"));
    assert_eq!(reports(&back), 1);

    // The act itself taken back: nothing stands, and nothing is owed.
    let mut void = approved_earlier("2013-05-12");
    let annul = json!({ "corrects": void.reference(0).to_string(), "reason": "another area" });
    void.does(Registrar, "correct", "2016-03-03", annul);
    assert_eq!((void.stands("2016-04-01").as_str(), void.duties("2016-04-01")), ("", vec![]));
    assert_eq!(void.state.term, None);
}

#[test]
fn c18_an_earlier_founding_act_found_later_is_what_counts() {
    let mut story = approved_earlier("2013-09-01");
    let body = json!({ "what": "approved in fact", "stands_at": "under_construction" });
    story.does(Registrar, "record_under_unknown_rule", "2013-03-01", body);
    assert_eq!(story.state.term.as_ref().unwrap().until, date("2016-03-01"));
    let reports = story.duties("2014-10-01");
    assert_eq!(reports.iter().filter(|(duty, ..)| duty == "annual_report").count(), 1);
}

/// Approved on a day of 2014 of which nobody knows on which side of 29 September it lies.
#[test]
fn c18_a_duty_that_depends_on_the_side_is_uncertain_and_never_overdue() {
    let approved = |on: &str| {
        let mut story = Story::area();
        story.today("2016-03-01");
        let mut evidence = attested("under_construction");
        evidence["kept_since"] = json!({ "day": "2012-01-01", "reason": "complete" });
        story.does(Registrar, "attest_standing", on, evidence);
        let archive = json!({ "office": "national_office", "source": "box 7" });
        let body = json!({ "round": "2014", "archive": archive, "document": document() });
        story.does(Registrar, "approve", on, body);
        story
    };
    let blunt = approved("2014");
    let plan = blunt.state.open_duty("construction_plan").unwrap();
    assert!(plan.uncertain);
    assert_eq!(blunt.duty("construction_plan", 0, "2026-01-01"), Some(DutyStatus::Open));
    // The first January report is owed on either side.
    assert_eq!(blunt.duty("annual_report", 2015, "2015-06-01"), Some(DutyStatus::Overdue));
    let sharp = approved("2014-10/2014-12");
    assert_eq!(sharp.duty("construction_plan", 0, "2026-01-01"), Some(DutyStatus::Overdue));
}
