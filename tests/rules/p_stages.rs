//! P7 to P12, P15, P17, P18: versions, evaluation, listing, adjustment, exit, stages.

use docket::domain::act::ActKind;
use docket::domain::decide::OtherStanding;
use docket::domain::duty::DutyStatus;
use docket::domain::event::PlaceEffect;
use docket::domain::ids::Office::{NationalOffice, Province};
use docket::domain::ids::{EventRef, ProgramId};
use docket::domain::measure::Participation;
use serde_json::json;

use crate::lives::{
    LEADING, SUPPORTING, document, evaluated, failed_pilot, pilot, province_application, reason,
    scheme,
};
use crate::story::{
    PROVINCE_2015, Story, act, date, forbidden, id, ids, invalid, measure, not_permitted, versions,
};

/// A later version that asks for a document with every evaluation.
fn two_versions() -> Story {
    let first = measure(PROVINCE_2015);
    let mut later = first.clone();
    later.version = id("2019-20");
    later.in_force_from = date("2019-06-01");
    for rule in later.acts.iter_mut().filter(|rule| rule.act == ActKind::EvaluateAnnually) {
        rule.document_required = true;
        rule.article = "V".to_owned();
    }
    Story { versions: versions(vec![first, later]), ..pilot("leading") }
}

#[test]
fn p7_an_act_is_judged_by_the_version_in_force_on_its_day() {
    let mut story = two_versions();
    let body = |year: i32| json!({ "year": year, "result": "good" });
    let before = story.does(NationalOffice, "evaluate_annually", "2019-05-31", body(2016));
    assert_eq!(story.event(before).meta.measure, Some(id("2015-59")));
    let refusal = story.refuses(NationalOffice, "evaluate_annually", "2019-06-01", body(2017));
    invalid(&refusal, &["/document"]);
    assert_eq!((refusal.article.as_deref(), refusal.measure), (Some("V"), Some(id("2019-20"))));
    let with = |year: i32| json!({ "year": year, "result": "good", "document": document() });
    let after = story.does(NationalOffice, "evaluate_annually", "2019-06-01", with(2017));
    assert_eq!(story.event(after).meta.measure, Some(id("2019-20")));
    // Of an interval the latest day decides, and the event says that another version was in force.
    let across = story.does(NationalOffice, "evaluate_annually", "2019-05/2019-06", with(2018));
    let meta = &story.event(across).meta;
    assert_eq!((&meta.measure, &meta.measure_also), (&Some(id("2019-20")), &Some(id("2015-59"))));
    assert_eq!(story.fact(across).findings[0].code, "another_version_in_force");
    // The duty that began under the first version keeps its article.
    let state = story.on("2025-01-01");
    assert_eq!(&*state.duties[0].article, "III(I)2");
}

#[test]
fn p8_a_result_moves_nothing_and_a_listing_makes_a_demonstration_province() {
    let mut story = pilot("leading");
    let listing = || json!({ "rank": "demonstration", "batch": "1", "document": document() });
    let early = story.refuses(NationalOffice, "list", "2019-03-01", listing());
    not_permitted(&early, "pilot", &["standing"], "III(II)");

    story.does(NationalOffice, "open_evaluation", "2019-04-01", json!({ "scope": "Stage I" }));
    assert_eq!(story.stands("2019-04-30"), "pilot.evaluating");
    assert_eq!(story.moves("2019-04-30")[0], (NationalOffice, ActKind::Evaluate));
    let result = story.does(NationalOffice, "evaluate", "2019-05-15", evaluated("passed"));
    assert_eq!(story.state.phase(), Some("pilot"));
    assert_eq!(story.state.phase_since, Some(date("2016-06-13")));
    assert_eq!(story.state.last_result(ActKind::Evaluate).map(|found| found.by), Some(result));

    let bare = json!({ "rank": "demonstration", "batch": "1" });
    invalid(&story.refuses(NationalOffice, "list", "2020-03-01", bare), &["/document"]);
    forbidden(
        &story.refuses(Province, "list", "2020-03-01", listing()),
        &[NationalOffice],
        "III(II)",
    );
    story.does(NationalOffice, "list", "2020-03-01", listing());
    assert_eq!(story.stands("2020-02-29"), "pilot.passed");
    assert_eq!(story.stands("2020-03-01"), "demonstration");
}

#[test]
fn p9_a_demonstration_province_becomes_a_powerful_one() {
    let mut story = pilot("supporting");
    let listing = |rank: &str| json!({ "rank": rank, "batch": "1", "document": document() });
    story.does(NationalOffice, "evaluate", "2019-05-15", evaluated("passed"));
    let skip = story.refuses(NationalOffice, "list", "2020-03-01", listing("powerful"));
    not_permitted(&skip, "pilot.passed", &["standing"], "III(III)");
    story.does(NationalOffice, "list", "2020-03-01", listing("demonstration"));
    // It passed as a pilot: for this step it has to pass as a demonstration province.
    let unevaluated = story.refuses(NationalOffice, "list", "2029-03-01", listing("powerful"));
    not_permitted(&unevaluated, "demonstration", &["standing"], "III(III)");
    story.does(NationalOffice, "evaluate", "2028-05-15", evaluated("passed"));
    assert_eq!(story.stands("2028-05-15"), "demonstration.passed");
    let same = story.refuses(NationalOffice, "list", "2029-03-01", listing("demonstration"));
    not_permitted(&same, "demonstration.passed", &["standing"], "III(II)");
    let bare = json!({ "rank": "powerful", "batch": "1" });
    invalid(&story.refuses(NationalOffice, "list", "2029-03-01", bare), &["/document"]);
    story.does(NationalOffice, "list", "2029-03-01", listing("powerful"));
    assert_eq!(story.stands("2029-03-01"), "powerful");
    let again = story.refuses(NationalOffice, "list", "2030-03-01", listing("powerful"));
    not_permitted(&again, "powerful", &["standing"], "III(III)");
}

#[test]
fn p10_the_place_of_a_pilot_moves_and_a_new_scheme_is_owed() {
    let mut story = pilot("leading");
    story.does(Province, "submit_scheme", "2016-09-01", scheme(&LEADING));
    story.does(NationalOffice, "approve_scheme", "2016-10-01", json!({}));
    let same = json!({ "category": "leading", "reason": "x" });
    invalid(&story.refuses(Province, "request_adjustment", "2017-01-01", same), &["/category"]);
    let body = json!({ "category": "supporting", "reason": "fits better" });
    story.does(Province, "request_adjustment", "2017-01-01", body.clone());
    assert_eq!(story.state.category, Some(id("leading")));
    let twice = story.refuses(Province, "request_adjustment", "2017-01-02", body);
    not_permitted(&twice, "pilot", &["no_matter_open"], "I(II)");

    story.today("2017-03-01");
    let request = act("approve_adjustment", "2017-03-01", json!({}));
    let decision = story.decide(NationalOffice, &request).unwrap();
    let wanted = decision.place.unwrap();
    assert_eq!((&*wanted.category, wanted.shown), ("supporting", false));
    assert_eq!((wanted.quota.limit, &*wanted.quota.article), (7, "III(I)1"));
    story.records(NationalOffice, &request).unwrap();
    assert_eq!(story.stands("2017-03-01"), "pilot");
    assert_eq!(story.state.category, Some(id("supporting")));
    assert_eq!(story.state.place.as_ref().unwrap().category, "supporting");
    assert_eq!(story.on("2017-02-28").place.as_ref().unwrap().category, "leading");
    let duties = story.duties("2017-03-01");
    let schemes = duties.iter().filter(|(duty, ..)| duty == "scheme").map(|(.., s)| *s);
    assert_eq!(schemes.collect::<Vec<_>>(), [DutyStatus::Met, DutyStatus::Open]);
    story.does(Province, "submit_scheme", "2017-05-01", scheme(&SUPPORTING));
}

#[test]
fn p11_after_a_failure_only_adjustment_or_exit_can_follow() {
    let mut story = failed_pilot();
    let article = "III(I)2";
    let refusal = story.refuses(Province, "submit_scheme", "2019-06-01", scheme(&LEADING));
    not_permitted(&refusal, "pilot.failed", &["standing"], article);
    let refusal = story.refuses(NationalOffice, "evaluate", "2019-06-01", evaluated("passed"));
    not_permitted(&refusal, "pilot.failed", &["standing"], "I(II), III(II)");
    story.does(NationalOffice, "inspect", "2019-06-01", json!({ "findings": "seen" }));
    let both = [(Province, ActKind::RequestAdjustment), (Province, ActKind::DeclareExit)];
    assert_eq!(story.moves("2019-06-01"), both);

    let body = json!({ "category": "supporting", "reason": "x" });
    story.does(Province, "request_adjustment", "2019-06-10", body);
    assert_eq!(story.moves("2019-06-10"), [(NationalOffice, ActKind::ApproveAdjustment)]);
    let granted = story.does(NationalOffice, "approve_adjustment", "2019-08-01", json!({}));
    assert_eq!(story.stands("2019-08-01"), "pilot");
    let takes = PlaceEffect::Takes { category: id("supporting") };
    assert_eq!(story.effects(granted).place, Some(takes));
    story.does(NationalOffice, "evaluate", "2020-05-15", evaluated("passed"));
    let results: Vec<_> = story.state.results.iter().map(|r| r.result.as_str()).collect();
    assert_eq!(results, ["failed", "passed"]);
}

#[test]
fn p11_an_exit_waives_what_is_due_later_and_closes_the_request() {
    let story = pilot("leading");
    let early = story.refuses(Province, "declare_exit", "2019-05-01", reason());
    not_permitted(&early, "pilot", &["standing"], "I(II)");
    let mut story = failed_pilot();
    let body = json!({ "category": "supporting", "reason": "x" });
    story.does(Province, "request_adjustment", "2019-06-10", body);
    forbidden(
        &story.refuses(NationalOffice, "declare_exit", "2019-07-01", reason()),
        &[Province],
        "I(II)",
    );
    story.does(Province, "declare_exit", "2019-07-01", reason());
    assert_eq!(story.stands("2019-07-01"), "exited");
    assert_eq!(story.duty("scheme", 0, "2019-06-30"), Some(DutyStatus::Open));
    assert_eq!(story.duty("scheme", 0, "2019-07-01"), Some(DutyStatus::Waived));
    assert!(!story.state.matters.contains_key("adjustment"));
    assert_eq!(story.moves("2019-07-02"), []);
}

#[test]
fn p12_a_new_application_is_a_new_attempt_in_the_same_history() {
    let mut story = failed_pilot();
    story.does(Province, "declare_exit", "2019-07-01", reason());
    assert_eq!(story.state.attempt, 1);
    let pilot_again = || province_application("supporting", "pilot");
    story.does(Province, "apply", "2021-03-01", pilot_again());
    assert_eq!((story.state.attempt, story.state.category.clone()), (2, None));
    assert_eq!(story.state.last_result(ActKind::Evaluate), None);
    let twice = story.refuses(Province, "apply", "2021-03-02", pilot_again());
    not_permitted(&twice, "candidate.applied", &["standing"], "III(I)1");
    story.does(NationalOffice, "reject", "2021-06-01", reason());
    story.does(Province, "apply", "2022-03-01", pilot_again());
    assert_eq!(story.state.attempt, 3);
}

#[test]
fn p12_what_awaited_a_decision_in_an_earlier_attempt_awaits_it_no_more() {
    let mut story = pilot("leading");
    story.does(Province, "submit_scheme", "2016-09-01", scheme(&LEADING));
    story.does(NationalOffice, "evaluate", "2019-05-15", evaluated("failed"));
    story.does(Province, "declare_exit", "2019-07-01", reason());
    story.does(Province, "apply", "2021-03-01", province_application("leading", "pilot"));
    story.does(NationalOffice, "approve", "2021-06-01", json!({}));
    let refusal = story.refuses(NationalOffice, "approve_scheme", "2021-07-01", json!({}));
    not_permitted(&refusal, "pilot", &["matter_open"], "III(I)2");
    story.does(Province, "submit_scheme", "2021-07-01", scheme(&LEADING));
}

#[test]
fn p15_inspections_and_annual_evaluations_never_change_a_phase() {
    let mut story = pilot("leading");
    let before = story.state.clone();
    story.does(NationalOffice, "inspect", "2017-04-01", json!({ "findings": "poor" }));
    let body = json!({ "year": 2017, "result": "poor" });
    story.does(NationalOffice, "evaluate_annually", "2018-02-01", body.clone());
    let after = &story.state;
    assert_eq!((&after.node, &after.node_since), (&before.node, &before.node_since));
    assert_eq!(after.duties, before.duties);
    let results: Vec<_> = after.results.iter().map(|r| (r.of, r.year)).collect();
    assert_eq!(results, [(ActKind::EvaluateAnnually, Some(2017))]);
    forbidden(
        &story.refuses(Province, "evaluate_annually", "2018-02-01", body),
        &[NationalOffice],
        "IV(II)",
    );
}

fn with_condition() -> Story {
    let mut rules = measure(PROVINCE_2015);
    let apply = rules.acts.iter_mut().find(|rule| rule.act == ActKind::Apply).unwrap();
    apply.participation = Some(Participation {
        program: ProgramId::parse("cooperation").unwrap(),
        phases: ids(&["participating"]),
        article: "IV(III)".to_owned(),
        reading: None,
    });
    let mut story = Story { versions: versions(vec![rules]), ..Story::province() };
    story.today("2016-03-01");
    story
}

#[test]
fn p17_participation_that_is_not_shown_is_found_and_refuses_nothing() {
    let request = act("apply", "2016-03-01", province_application("leading", "pilot"));
    let story = with_condition();
    let found = |story: &Story| {
        let fact = story.decide(Province, &request).unwrap().fact;
        let found = fact.findings.into_iter();
        found.map(|f| (f.code.to_string(), f.article)).collect::<Vec<_>>()
    };
    let not_shown = [("participation_not_shown".to_owned(), "IV(III)".to_owned())];
    assert_eq!(found(&story), not_shown);

    let by = EventRef::parse("cooperation-440000@0#00000000-0000-0000-0000-000000000007").unwrap();
    let program = ProgramId::parse("cooperation").unwrap();
    let standing = |phase| OtherStanding { phase: id(phase), by: by.clone() };
    let mut shown = story.clone();
    shown.elsewhere = Some((program.clone(), standing("participating")));
    let decision = shown.decide(Province, &request).unwrap();
    assert_eq!((decision.fact.findings, decision.rests_on), (vec![], vec![by.clone()]));
    let mut ended = story.clone();
    ended.elsewhere = Some((program, standing("ended")));
    assert_eq!(found(&ended), not_shown);
}

#[test]
fn p17_the_arrangements_that_the_text_links_to_are_in_the_measure() {
    let rules = measure(PROVINCE_2015);
    assert!(rules.acts.iter().all(|rule| rule.participation.is_none()));
    let links: Vec<_> = rules.links.iter().map(|link| link.id.as_str()).collect();
    let expected = [
        "demonstration_city",
        "rapid_centers",
        "patent_agencies",
        "cadres",
        "review_centers",
        "cooperation",
    ];
    assert_eq!(links, expected);
    assert!(rules.links.iter().all(|link| link.article == "IV(III)"));
}
