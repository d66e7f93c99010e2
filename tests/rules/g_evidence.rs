//! G9 to G11, G14: evidence, what is not in the record, dates as sharp as their source, rules that
//! are not known.

use docket::domain::duty::DutyStatus;
use docket::domain::event::PlaceEffect;
use docket::domain::ids::Office::{
    LocalGovernment, NationalOffice, Province, ProvincialDepartment, Registrar,
};
use docket::domain::ids::Provenance;
use docket::domain::refusal::Reason;
use serde_json::json;

use crate::lives::{
    acceptance, approved_area, area_application, attest, attested, document, pilot, plan,
    province_application, recommended_area, review,
};
use crate::story::{Story, act, date, day, forbidden, id, invalid, missing, not_permitted};

#[test]
fn g9_an_attestation_opens_an_enrollment_and_owes_nothing() {
    let mut story = Story::province();
    let category = json!({ "category": "leading" });
    let revision = attest(&mut story, "pilot", "2016-06", &category);
    assert_eq!(story.stands("2016-06-30"), "pilot");
    assert_eq!(story.state.provenance, Provenance::Attested);
    assert_eq!(story.event(revision).meta.provenance, Provenance::Attested);
    assert_eq!((story.state.duties.len(), story.state.attempt), (0, 1));
    let place = story.state.place.as_ref().unwrap();
    assert_eq!((place.attested, place.from), (true, day("2016-06-30")));
    let takes = PlaceEffect::Takes { category: id("leading") };
    assert_eq!(story.effects(revision).place, Some(takes));
    // No place is asked for: an attestation is never refused for a full quota.
    let request = act("attest_standing", "2016-06", {
        let mut body = attested("pilot");
        body["category"] = json!("leading");
        body
    });
    let mut fresh = Story::province();
    fresh.today("2026-03-01");
    assert_eq!(fresh.decide(Registrar, &request).unwrap().place, None);
}

#[test]
fn g9_an_attestation_is_the_registrars_and_names_its_source() {
    let story = Story::province();
    let body = || {
        let mut body = attested("pilot");
        body["category"] = json!("leading");
        body
    };
    forbidden(
        &story.refuses(NationalOffice, "attest_standing", "2016-06", body()),
        &[Registrar],
        "G9",
    );
    for (member, value, at) in [
        ("confidence", json!("recorded"), "/confidence"),
        ("stands_at", json!("famous"), "/stands_at"),
        ("stands_at", json!("pilot.famous"), "/stands_at"),
        ("category", json!("famous"), "/category"),
    ] {
        let mut body = body();
        body[member] = value;
        invalid(&story.refuses(Registrar, "attest_standing", "2016-06", body), &[at]);
    }
    let mut uncategorised = attested("pilot");
    uncategorised["title"] = json!(null);
    let refusal = story.refuses(Registrar, "attest_standing", "2016-06", uncategorised);
    invalid(&refusal, &["/category"]);
}

/// The founding act of an attested pilot has no application on record, so no rank to go by.
#[test]
fn g9_evidence_gives_way_to_the_founding_act() {
    let mut story = Story::province();
    attest(&mut story, "pilot", "2016-06", &json!({ "category": "leading" }));
    let archive = json!({ "office": "national_office", "source": "box 7" });
    let archive = json!({ "archive": archive, "document": document() });
    let request = act("approve", "2016-06-13", archive);
    let decision = story.decide(Registrar, &request).unwrap();
    // It takes over the place that evidence shows.
    assert!(decision.place.as_ref().unwrap().shown);
    assert_eq!(decision.fact.effects.enters.as_ref().map(|n| n.as_str()), Some("pilot"));
    story.records(Registrar, &request).unwrap();
    assert_eq!(story.state.provenance, Provenance::Recorded);
    assert!(!story.state.place.as_ref().unwrap().attested);
    assert_eq!(story.state.duties[0].obligation, "scheme");
    // Evidence of what is on record adds nothing to it.
    let before = story.state.clone();
    attest(&mut story, "pilot", "2017-06", &json!({ "category": "supporting" }));
    assert_eq!(
        (story.state.category.clone(), &story.state.node_since),
        (Some(id("leading")), &before.node_since)
    );
    assert_eq!(story.state.last_evidenced_on, Some(date("2017-06")));

    // An act that would lead elsewhere is no founding act of this standing.
    let mut area = Story::area();
    attest(&mut area, "experimental", "2017-10", &json!({ "title": "experimental" }));
    let mut body = acceptance("excellent", None);
    body["archive"] = json!({ "office": "national_office", "source": "box 7" });
    let refusal = area.refuses(Registrar, "accept", "2017-10-31", body.clone());
    not_permitted(&refusal, "experimental", &["any"], "Art. 17");
    let mut area = Story::area();
    attest(&mut area, "demonstrative", "2017", &json!({ "title": "demonstrative" }));
    let confirm = json!({ "title_from": "2017-12-01", "archive": body["archive"] });
    area.does(Registrar, "confirm", "2017-12-01", confirm);
    assert_eq!(area.state.title.as_ref().unwrap().until, Some(date("2020-12-01")));
}

#[test]
fn g9_an_attested_demonstration_province_holds_no_place() {
    let mut story = Story::province();
    attest(&mut story, "pilot", "2016-06", &json!({ "category": "leading" }));
    attest(&mut story, "demonstration", "2022-05", &json!({}));
    assert_eq!(
        (story.state.place.clone(), story.state.category.clone()),
        (None, Some(id("leading")))
    );
    assert!(story.on("2022-05-30").place.is_some());
    // A confirmed listing opens no scheme: that belongs to an adjustment.
    story.does(NationalOffice, "confirm_standing", "2026-04-01", json!({}));
    let open = story.duties("2026-04-01");
    assert!(open.contains(&("leading_others".to_owned(), 0, DutyStatus::Open)), "{open:?}");
    assert_eq!(story.duty("scheme", 0, "2026-04-01"), None);
}

#[test]
fn g9_a_note_has_no_effect() {
    let mut story = approved_area();
    let before = story.state.clone();
    story.does(Registrar, "note", "2014-11", json!({ "text": "experimental area unveiled" }));
    let after = story.state.clone();
    assert_eq!(
        (&after.node, &after.duties, &after.title),
        (&before.node, &before.duties, &before.title)
    );
    let text = json!({ "text": "x" });
    forbidden(&story.refuses(LocalGovernment, "note", "2014-12-01", text), &[Registrar], "G9");
}

#[test]
fn g10_what_fell_due_before_the_record_is_complete_did_not_fail() {
    let mut story = approved_area();
    assert_eq!(story.state.kept_since, Some(day("2014-10-08")));
    assert_eq!(story.duty("annual_report", 2015, "2016-06-01"), Some(DutyStatus::Overdue));

    let mut archived = Story::area();
    archived.today("2016-03-01");
    let from = |office: &str| json!({ "office": office, "source": "box 7" });
    let mut body = area_application(31);
    body["archive"] = from("local_government");
    archived.does(Registrar, "apply", "2014-10-08", body);
    assert_eq!(archived.state.kept_since, Some(day("2016-03-01")));
    let mut body = crate::lives::recommendation();
    body["archive"] = from("provincial_department");
    archived.does(Registrar, "recommend", "2014-10-10", body);
    archived.does(
        Registrar,
        "approve",
        "2014-10-12",
        json!({ "archive": from("national_office") }),
    );
    for (obligation, year) in [("construction_plan", 0), ("annual_report", 2016)] {
        let status = archived.duty(obligation, year, "2016-06-01");
        assert_eq!(status, Some(DutyStatus::NotInTheRecord), "{obligation}");
    }
    assert_eq!(archived.duty("annual_report", 2017, "2017-06-01"), Some(DutyStatus::Overdue));

    // Only the registrar states another day, and only with the act that opens the record.
    let kept = json!({ "kept_since": { "day": "2015-01-01", "reason": "x" } });
    let mut body = area_application(31);
    body["kept_since"] = kept["kept_since"].clone();
    let refusal = Story::area().refuses(LocalGovernment, "apply", "2014-10-08", body);
    assert_eq!(*refusal.reason, Reason::OfficeForbidden { required: vec![Registrar] });
    let mut body = json!({ "text": "x" });
    body["kept_since"] = kept["kept_since"].clone();
    invalid(&archived.refuses(Registrar, "note", "2016-04-01", body.clone()), &["/kept_since"]);
    invalid(&archived.refuses(Registrar, "note", "2010-04-01", body), &["/kept_since"]);
    story.does(Registrar, "note", "2010", json!({ "text": "older than the record" }));
    assert_eq!(story.state.kept_since, Some(day("2014-10-08")));
}

#[test]
fn g10_a_confirmed_standing_opens_what_recurs_under_it() {
    let mut story = Story::area();
    attest(&mut story, "experimental", "2017-10", &json!({ "title": "experimental" }));
    assert_eq!(story.duties("2026-03-01"), []);
    forbidden(
        &story.refuses(Registrar, "confirm_standing", "2026-04-01", json!({})),
        &[NationalOffice],
        "G10",
    );
    story.does(NationalOffice, "confirm_standing", "2026-04-01", json!({}));
    assert_eq!(story.state.provenance, Provenance::Recorded);
    assert_eq!(story.duty("annual_report", 2018, "2026-04-01"), None);
    assert_eq!(story.duty("annual_report", 2027, "2026-04-01"), Some(DutyStatus::Open));
    assert_eq!(story.duty("annual_report", 2027, "2027-02-02"), Some(DutyStatus::Overdue));
    // Without the attestation there is nothing that was confirmed.
    let annul = json!({ "corrects": story.reference(0).to_string(), "reason": "another area" });
    story.does(Registrar, "correct", "2026-05-01", annul);
    assert_eq!(*story.state.unsupported, [1]);
    assert_eq!((story.state.node.clone(), story.state.duties.len()), (None, 0));
}

#[test]
fn g11_only_a_certain_contradiction_is_refused() {
    let mut story = recommended_area();
    story.today("2015-03-01");
    story.does(NationalOffice, "approve", "2014-10/2014-12", json!({}));
    // On 1 November the approval is possible: counted, and named among the grounds.
    assert_eq!(story.stands("2014-11-01"), "candidate.recommended");
    assert_eq!(story.history.effective().possible(day("2014-11-01")), [2]);
    let mut body = plan();
    body["document"] = document();
    let plan_on = act("submit_plan", "2014-11-01", body);
    let decision = story.decide(ProvincialDepartment, &plan_on).unwrap();
    assert!(decision.grounds.contains(&2), "{:?}", decision.grounds);
    story.records(ProvincialDepartment, &plan_on).unwrap();
    // What the plan rests on was not after it.
    let effective = story.history.effective();
    let days: Vec<_> = effective.entries().iter().map(|e| (e.revision(), e.fold_day())).collect();
    assert_eq!(days[2..], [(2, day("2014-11-01")), (3, day("2014-11-01"))]);
    assert_eq!(effective.entries()[2].days.earliest, Some(day("2014-10-10")));
    assert_eq!(*story.state.unsupported, [] as [u64; 0]);

    // On 30 September it certainly had not been approved.
    let before = story.refuses(
        ProvincialDepartment,
        "designate",
        "2014-09-30",
        json!({ "designates": "department", "text": "x" }),
    );
    assert_eq!(before.article.as_deref(), Some("Art. 13"));
    let Reason::DateConflict { with: Some(with) } = *before.reason else { panic!("{before:?}") };
    assert_eq!(with.revision, 0);
}

/// An act that rests on what is possible says that this was done by then: so it goes in before what
/// had met the same need later, and may not take its ground.
#[test]
fn g11_an_act_that_narrows_takes_no_ground_from_a_later_one() {
    let mut story = recommended_area();
    story.today("2015-03-01");
    story.does(NationalOffice, "approve", "2014-10-15/2014-12-31", json!({}));
    let first = story.does(ProvincialDepartment, "submit_plan", "2014-11-10", plan());
    let refusal = story.refuses(ProvincialDepartment, "submit_plan", "2014-11-01", plan());
    let events = vec![story.reference(first)];
    assert_eq!(*refusal.reason, Reason::WouldUnsettle { events });
    let report = json!({ "designates": "funds", "text": "x" });
    story.does(LocalGovernment, "designate", "2014-11-01", report);
}

#[test]
fn g11_an_act_that_certainly_precedes_what_it_answers_is_refused() {
    let mut story = Story::area();
    story.does(LocalGovernment, "apply", "2014-10-08", area_application(31));
    let refusal = story.refuses(
        ProvincialDepartment,
        "recommend",
        "2014-10-07",
        crate::lives::recommendation(),
    );
    let with = Some(story.reference(0));
    assert_eq!(*refusal.reason, Reason::DateConflict { with });
    assert_eq!(refusal.article.as_deref(), Some("Art. 7"));
    assert!(refusal.detail.en.contains("7 October 2014 lies before “Applied” of 8 October 2014"));
    story.does(ProvincialDepartment, "recommend", "2014-10-08", crate::lives::recommendation());
}

#[test]
fn g11_terms_and_due_dates_are_as_sharp_as_their_start() {
    let mut story = recommended_area();
    story.today("2015-06-01");
    story.does(NationalOffice, "approve", "2014-11", json!({}));
    let state = story.state.clone();
    assert_eq!(state.term.as_ref().unwrap().until, date("2017-11-01/2017-11-30"));
    let plan = state.duties.iter().find(|duty| duty.obligation == "construction_plan").unwrap();
    assert_eq!(plan.due.as_ref().unwrap().on, date("2015-02-01/2015-02-28"));
    // 28 February 2015 was a Saturday.
    assert_eq!(story.duty("construction_plan", 0, "2015-03-02"), Some(DutyStatus::Open));
    assert_eq!(story.duty("construction_plan", 0, "2015-03-03"), Some(DutyStatus::Overdue));
    let spanning =
        story.refuses(NationalOffice, "accept", "2017-11-01", acceptance("qualified", None));
    not_permitted(&spanning, "under_construction", &["term_over"], "Art. 16");
    story.does(NationalOffice, "accept", "2017-11-02", acceptance("qualified", None));

    let mut vague = recommended_area();
    vague.today("2016-01-01");
    let revision = vague.does(NationalOffice, "approve", "2014-12/2015-01", json!({}));
    let mut found = vague.fact(revision).findings.iter().map(|finding| finding.code.as_str());
    assert!(found.any(|code| code == "ambiguous_year"));
}

#[test]
fn g14_an_act_under_an_unknown_rule_has_no_article_and_no_check() {
    let mut story = Story::area();
    story.today("2026-03-01");
    let body = |what: &str| json!({ "what": what, "stands_at": "candidate" });
    let revision = story.does(Registrar, "record_under_unknown_rule", "2012-11", body("applied"));
    assert_eq!(story.event(revision).meta.article, None);
    // Before the first version that is known to have been in force.
    assert_eq!(story.event(revision).meta.measure, None);
    assert_eq!(story.duties("2026-03-01"), []);
    story.does(Registrar, "record_under_unknown_rule", "2013-05", json!({ "what": "inspected" }));
    assert_eq!(story.stands("2013-06-01"), "candidate");

    let known =
        story.refuses(Registrar, "record_under_unknown_rule", "2014-09-29", body("applied"));
    assert_eq!(missing(&known), [id("unknown_rule")]);
    forbidden(
        &story.refuses(NationalOffice, "record_under_unknown_rule", "2013-06", body("x")),
        &[Registrar],
        "G14",
    );
    let early = Story::province().refuses(
        Province,
        "apply",
        "2015-10-20",
        province_application("leading", "pilot"),
    );
    assert_eq!(early.article.as_deref(), Some("G14"));
    let versions = vec![(id("2015-59"), date("2015-10-21"))];
    assert_eq!(*early.reason, Reason::NotInForce { versions });
    let refusal = story.refuses(NationalOffice, "review", "2013-06-01", review("qualified"));
    assert_eq!(*refusal.reason, Reason::RuleUnknown);
    assert!(refusal.detail.en.contains("Its articles are not known"));
}

#[test]
fn g14_a_known_act_cites_its_document() {
    let mut story = pilot("leading");
    story.does(NationalOffice, "evaluate", "2019-05-15", crate::lives::evaluated("passed"));
    let body = json!({ "rank": "demonstration", "batch": "1", "document": document() });
    let listed = story.does(NationalOffice, "list", "2020-03-01", body);
    assert_eq!(story.fact(listed).document.as_ref().unwrap().title.as_str(), "Decision");
}

#[test]
fn g9_evidence_adds_to_what_is_known_and_begins_nothing_anew() {
    let mut story = Story::area();
    attest(&mut story, "under_construction", "2014-12", &json!({}));
    attest(&mut story, "under_construction.excellent", "2016-10", &json!({}));
    // Another step of the same phase: the term still runs from the first evidence of the phase.
    let term = story.state.term.clone().unwrap();
    assert_eq!(term.from, date("2014-12"));
    attest(&mut story, "demonstrative", "2017", &json!({ "title": "demonstrative" }));
    attest(&mut story, "demonstrative", "2020-12-07", &json!({ "title": "demonstrative" }));
    let title = story.state.title.clone().unwrap();
    assert_eq!((title.from, story.state.phase_since), (date("2017"), Some(date("2017"))));
    assert_eq!(story.state.last_evidenced_on, Some(date("2020-12-07")));
    // What only follows from a source does not weaken what another one says.
    attest(&mut story, "demonstrative", "2021-05", &json!({ "confidence": "inferred" }));
    assert_eq!(story.state.provenance, Provenance::Attested);
    assert_eq!(story.state.last_evidenced_on, Some(date("2021-05")));

    // The counter-case: another phase is as well known as its own evidence.
    let mut other = Story::area();
    attest(&mut other, "under_construction", "2013-09", &json!({}));
    attest(&mut other, "experimental", "2017", &json!({ "confidence": "inferred" }));
    assert_eq!(other.state.provenance, Provenance::Inferred);
}
