//! P5, P7, P8, P10, P11: what is owed by whom, what follows a result, and whose move it is.

use docket::domain::act::ActKind;
use docket::domain::duty::DutyStatus;
use docket::domain::ids::Office::{NationalOffice, Province, Registrar};
use serde_json::{Value, json};

use crate::lives::{
    LEADING, SUPPORTING, attest, document, evaluated, failed_pilot, pilot, province_application,
    reason, scheme,
};
use crate::story::{Story, date, forbidden, id, ids, invalid, missing, not_permitted};

const OPEN: Option<DutyStatus> = Some(DutyStatus::Open);
const MET: Option<DutyStatus> = Some(DutyStatus::Met);
const WAIVED: Option<DutyStatus> = Some(DutyStatus::Waived);

fn listing(rank: &str) -> Value {
    json!({ "rank": rank, "batch": "1", "document": document() })
}

fn adjustment(category: &str) -> Value {
    json!({ "category": category, "reason": "fits better" })
}

/// A leading pilot whose scheme was approved on 1 October 2016.
fn scheme_approved() -> Story {
    let mut story = pilot("leading");
    story.does(Province, "submit_scheme", "2016-09-01", scheme(&LEADING));
    story.does(NationalOffice, "approve_scheme", "2016-10-01", json!({}));
    story
}

/// A demonstration province since 1 March 2020.
pub fn demonstration() -> Story {
    let mut story = scheme_approved();
    story.does(NationalOffice, "evaluate", "2019-05-15", evaluated("passed"));
    story.does(NationalOffice, "list", "2020-03-01", listing("demonstration"));
    story
}

fn findings(story: &Story, revision: u64) -> Vec<&str> {
    story.fact(revision).findings.iter().map(|finding| finding.code.as_str()).collect()
}

#[test]
fn p5_tasks_begin_with_the_approval_of_the_scheme() {
    let progress = || json!({ "task": "local_practice", "text": "begun" });
    let mut story = pilot("leading");
    let early = story.does(Province, "report_progress", "2016-08-01", progress());
    assert_eq!(findings(&story, early), ["scheme_not_approved"]);
    assert_eq!(story.fact(early).findings[0].article, "III(I)2");
    story.does(Province, "submit_scheme", "2016-09-01", scheme(&LEADING));
    let pending = story.does(Province, "report_progress", "2016-09-15", progress());
    assert_eq!(findings(&story, pending), ["scheme_not_approved"]);
    story.does(NationalOffice, "approve_scheme", "2016-10-01", json!({}));
    let begun = story.does(Province, "report_progress", "2016-10-01", progress());
    assert_eq!(findings(&story, begun), <[&str; 0]>::default());
    // What is recorded late is judged by its day.
    story.today("2017-01-01");
    let mut body = progress();
    body["document"] = document();
    let late = story.does(Province, "report_progress", "2016-07-01", body);
    assert_eq!(findings(&story, late), ["scheme_not_approved"]);
}

#[test]
fn p5_a_listing_without_an_approved_scheme_is_recorded_with_a_finding() {
    let mut story = pilot("leading");
    story.does(NationalOffice, "evaluate", "2019-05-15", evaluated("passed"));
    let listed = story.does(NationalOffice, "list", "2020-03-01", listing("demonstration"));
    assert_eq!(findings(&story, listed), ["scheme_not_approved"]);
    assert_eq!(story.stands("2020-03-01"), "demonstration");
    // It is owed still, also for the next step.
    assert_eq!(story.duty("scheme", 0, "2024-01-01"), OPEN);
    story.does(NationalOffice, "evaluate", "2028-05-15", evaluated("passed"));
    let powerful = story.does(NationalOffice, "list", "2029-03-01", listing("powerful"));
    assert_eq!(findings(&story, powerful), ["scheme_not_approved"]);

    let mut with_scheme = demonstration();
    let listed = with_scheme.history.events().len() as u64 - 1;
    assert_eq!(findings(&with_scheme, listed), <[&str; 0]>::default());
    with_scheme.does(NationalOffice, "evaluate", "2028-05-15", evaluated("passed"));
    let powerful = with_scheme.does(NationalOffice, "list", "2029-03-01", listing("powerful"));
    assert_eq!(findings(&with_scheme, powerful), <[&str; 0]>::default());
}

#[test]
fn p7_policies_are_deliverables_of_the_province_and_owed_without_a_date() {
    let mut story = pilot("leading");
    let body = || json!({ "kind": "policy", "title": "Replicable policies" });
    assert_eq!(story.duty("deliverables", 0, "2030-01-01"), OPEN);
    forbidden(
        &story.refuses(NationalOffice, "record_deliverable", "2019-10-01", body()),
        &[Province],
        "III(I)3",
    );
    story.does(Province, "record_deliverable", "2019-10-01", body());
    assert_eq!(story.stands("2019-10-01"), "pilot");
    assert_eq!(story.duty("deliverables", 0, "2019-09-30"), OPEN);
    assert_eq!(story.duty("deliverables", 0, "2019-10-01"), MET);
    // One more adds to what was met.
    story.does(Province, "record_deliverable", "2019-11-01", body());
    assert_eq!(story.duty("deliverables", 0, "2019-11-01"), MET);

    let mut outside = Story::province();
    outside.does(Province, "apply", "2016-03-01", province_application("leading", "pilot"));
    let refusal = outside.refuses(Province, "record_deliverable", "2016-04-01", body());
    not_permitted(&refusal, "candidate.applied", &["standing"], "III(I)3");
}

#[test]
fn p8_passing_opens_a_duty_to_list_and_moves_nothing() {
    let mut story = scheme_approved();
    assert_eq!(story.duty("listing", 0, "2019-05-14"), None);
    story.does(NationalOffice, "evaluate", "2019-05-15", evaluated("passed"));
    assert_eq!(story.on("2030-01-01").phase(), Some("pilot"));
    assert_eq!(story.duty("listing", 0, "2030-01-01"), OPEN);
    let listing_duty = |story: &Story| {
        let state = story.on("2030-01-01");
        let duty = state.duties.iter().find(|duty| duty.obligation == "listing").unwrap();
        (duty.owes, duty.article.to_string(), duty.due.is_none())
    };
    assert_eq!(listing_duty(&story), (NationalOffice, "III(II)".to_owned(), true));
    assert!(story.moves("2030-01-01").contains(&(NationalOffice, ActKind::List)));
    let again = story.refuses(NationalOffice, "evaluate", "2019-06-01", evaluated("passed"));
    not_permitted(&again, "pilot.passed", &["standing"], "I(II), III(II)");
    story.does(NationalOffice, "list", "2031-03-01", listing("demonstration"));
    assert_eq!(story.duty("listing", 0, "2031-03-01"), MET);
    assert_eq!(story.state.batch, Some(id("1")));

    let failed = failed_pilot();
    assert_eq!(failed.duty("listing", 0, "2030-01-01"), None);
}

#[test]
fn p8_a_pass_known_from_evidence_opens_the_duty_to_list_when_it_is_confirmed() {
    let mut story = Story::province();
    attest(&mut story, "pilot.passed", "2020-06-01", &json!({ "category": "leading" }));
    assert_eq!(story.duties("2026-03-01"), []);
    assert_eq!(story.moves("2026-03-01"), []);
    story.does(NationalOffice, "confirm_standing", "2026-04-01", json!({}));
    for owed in ["listing", "scheme", "deliverables"] {
        assert_eq!(story.duty(owed, 0, "2026-04-01"), OPEN, "{owed}");
    }
    let moves = story.moves("2026-04-01");
    assert!(moves.contains(&(NationalOffice, ActKind::List)), "{moves:?}");

    // The counter-case: who is a pilot and no more is not to be listed.
    let mut story = Story::province();
    attest(&mut story, "pilot", "2020-06-01", &json!({ "category": "leading" }));
    story.does(NationalOffice, "confirm_standing", "2026-04-01", json!({}));
    assert_eq!(story.duty("listing", 0, "2026-04-01"), None);
    assert_eq!(story.duty("scheme", 0, "2026-04-01"), OPEN);
}

#[test]
fn p10_after_passing_an_adjustment_makes_it_a_pilot_again_to_be_evaluated_again() {
    let mut story = scheme_approved();
    story.does(NationalOffice, "evaluate", "2019-05-15", evaluated("passed"));
    story.does(Province, "request_adjustment", "2019-06-01", adjustment("supporting"));
    story.does(NationalOffice, "approve_adjustment", "2019-08-01", json!({}));
    assert_eq!(story.stands("2019-08-01"), "pilot");
    assert_eq!(story.state.phase_since, Some(date("2016-06-13")));
    assert_eq!(story.state.category, Some(id("supporting")));
    let early = story.refuses(NationalOffice, "list", "2020-03-01", listing("demonstration"));
    not_permitted(&early, "pilot", &["standing"], "III(II)");
    // "Passed" was for the old category: nobody owes its listing, and it stays on record.
    assert_eq!(story.duty("listing", 0, "2019-08-01"), None);
    assert!(!story.moves("2019-08-01").contains(&(NationalOffice, ActKind::List)));
    assert_eq!(story.state.results.len(), 1);
    assert_eq!(story.duties("2019-08-01").last().unwrap().2, DutyStatus::Open);
    story.does(NationalOffice, "evaluate", "2020-05-15", evaluated("passed"));
    story.does(NationalOffice, "list", "2020-09-01", listing("demonstration"));
    assert_eq!(story.stands("2020-09-01"), "demonstration");
}

#[test]
fn p10_a_pending_scheme_falls_with_the_adjustment() {
    let mut story = pilot("leading");
    story.does(Province, "submit_scheme", "2016-09-01", scheme(&LEADING));
    story.does(Province, "request_adjustment", "2017-01-01", adjustment("supporting"));
    story.does(NationalOffice, "approve_adjustment", "2017-03-01", json!({}));
    assert!(story.state.matters.is_empty());
    let gone = story.refuses(NationalOffice, "approve_scheme", "2017-04-01", json!({}));
    not_permitted(&gone, "pilot", &["matter_open"], "III(I)2");
    let old = story.refuses(Province, "submit_scheme", "2017-04-01", scheme(&LEADING));
    invalid(&old, &["/tasks"]);
    story.does(Province, "submit_scheme", "2017-04-01", scheme(&SUPPORTING));
    // A refused adjustment lets the pending scheme stand.
    let mut story = pilot("leading");
    story.does(Province, "submit_scheme", "2016-09-01", scheme(&LEADING));
    story.does(Province, "request_adjustment", "2017-01-01", adjustment("supporting"));
    story.does(NationalOffice, "reject_adjustment", "2017-03-01", reason());
    story.does(NationalOffice, "approve_scheme", "2017-04-01", json!({}));
    assert_eq!(story.duty("scheme", 0, "2017-04-01"), MET);
}

#[test]
fn p10_a_demonstration_province_adjusts_without_a_place_and_owes_a_scheme() {
    let mut story = demonstration();
    story.does(Province, "request_adjustment", "2021-01-01", adjustment("supporting"));
    story.does(NationalOffice, "reject_adjustment", "2021-02-01", reason());
    assert!(story.state.matters.is_empty());
    assert_eq!(story.state.category, Some(id("leading")));
    story.does(Province, "request_adjustment", "2022-01-01", adjustment("characteristic"));
    let granted = story.does(NationalOffice, "approve_adjustment", "2022-02-01", json!({}));
    assert_eq!(story.effects(granted).place, None);
    assert_eq!(story.state.place, None);
    assert_eq!(story.state.category, Some(id("characteristic")));
    assert_eq!(story.stands("2022-02-01"), "demonstration");
    let duties = story.duties("2022-02-01");
    let schemes = duties.iter().filter(|(duty, ..)| duty == "scheme").map(|(.., s)| *s);
    assert_eq!(schemes.collect::<Vec<_>>(), [DutyStatus::Met, DutyStatus::Open]);
    // What it had passed as a demonstration province, it has to pass again.
    story.does(NationalOffice, "evaluate", "2023-02-01", evaluated("passed"));
    story.does(Province, "request_adjustment", "2024-01-01", adjustment("leading"));
    story.does(NationalOffice, "approve_adjustment", "2024-02-01", json!({}));
    assert_eq!(story.stands("2024-02-01"), "demonstration");
    let early = story.refuses(NationalOffice, "list", "2024-03-01", listing("powerful"));
    not_permitted(&early, "demonstration", &["standing"], "III(III)");
}

/// Failed as a pilot, and failed as a demonstration province.
fn failed_ones() -> [(Story, &'static str); 2] {
    let mut second = demonstration();
    second.does(NationalOffice, "evaluate", "2024-05-15", evaluated("failed"));
    [(failed_pilot(), "pilot"), (second, "demonstration")]
}

#[test]
fn p11_in_either_stage_nothing_leads_on_from_a_failure() {
    for (story, phase) in failed_ones() {
        let at = format!("{phase}.failed");
        assert_eq!(story.stands("2025-01-01"), at);
        for (act, body) in [
            ("list", listing("demonstration")),
            ("list", listing("powerful")),
            ("evaluate", evaluated("passed")),
            ("open_evaluation", json!({ "scope": "once more" })),
        ] {
            let refusal = story.refuses(NationalOffice, act, "2025-01-01", body);
            assert_eq!(missing(&refusal), ids(&["standing"]), "{act}");
        }
        for (office, act, body) in [
            (NationalOffice, "inspect", json!({ "findings": "seen" })),
            (NationalOffice, "evaluate_annually", json!({ "year": 2024, "result": "poor" })),
            (Registrar, "note", json!({ "text": "noted" })),
            (Province, "request_adjustment", adjustment("supporting")),
            (Province, "declare_exit", reason()),
            (NationalOffice, "end_standing", json!({ "reason": "r", "document": document() })),
        ] {
            let mut story = story.clone();
            story.does(office, act, "2025-01-01", body);
        }
        let both = [(Province, ActKind::RequestAdjustment), (Province, ActKind::DeclareExit)];
        let moves = story.moves("2025-01-01");
        assert_eq!(moves.iter().filter(|one| both.contains(one)).count(), 2, "{moves:?}");
        let since = story.waiting("2025-01-01")[0].since;
        assert_eq!(since, story.state.node_since.unwrap());
    }
}

#[test]
fn p11_once_it_asked_for_an_adjustment_it_is_the_national_offices_move() {
    for (mut story, phase) in failed_ones() {
        story.does(Province, "request_adjustment", "2025-01-01", adjustment("supporting"));
        let moves = story.moves("2025-02-01");
        assert!(moves.contains(&(NationalOffice, ActKind::ApproveAdjustment)), "{moves:?}");
        assert!(!moves.contains(&(Province, ActKind::DeclareExit)), "{moves:?}");
        let mut refused = story.clone();
        refused.does(NationalOffice, "reject_adjustment", "2025-03-01", reason());
        assert_eq!(refused.stands("2025-03-01"), format!("{phase}.failed"));
        assert!(refused.moves("2025-03-01").contains(&(Province, ActKind::DeclareExit)));
        story.does(NationalOffice, "approve_adjustment", "2025-03-01", json!({}));
        assert_eq!(story.stands("2025-03-01"), phase);
        let results: Vec<_> = story.state.results.iter().map(|r| r.result.as_str()).collect();
        assert_eq!(results.last(), Some(&"failed"), "it stays on record");
        let (rank, article) = match phase {
            "pilot" => ("demonstration", "III(II)"),
            _ => ("powerful", "III(III)"),
        };
        let early = story.refuses(NationalOffice, "list", "2025-04-01", listing(rank));
        not_permitted(&early, phase, &["standing"], article);
        story.does(NationalOffice, "evaluate", "2025-05-01", evaluated("passed"));
        story.does(NationalOffice, "list", "2025-06-01", listing(rank));
        assert_eq!(story.stands("2025-06-01"), rank);
    }
}

#[test]
fn p11_who_does_neither_is_ended_by_the_national_office_with_a_document() {
    for (story, phase) in failed_ones() {
        let bare = story.refuses(NationalOffice, "end_standing", "2025-01-01", reason());
        invalid(&bare, &["/document"]);
        assert_eq!(bare.article.as_deref(), Some("I(II)"));
        let body = || json!({ "reason": "neither", "document": document() });
        let by_province = story.refuses(Province, "end_standing", "2025-01-01", body());
        forbidden(&by_province, &[NationalOffice], "I(II)");
        let mut ended = story.clone();
        ended.does(NationalOffice, "end_standing", "2025-01-01", body());
        assert_eq!(ended.stands("2025-01-01"), "exited");
        assert_eq!(ended.state.place, None);
        assert_eq!(ended.on("2024-12-31").place.is_some(), phase == "pilot");
        assert_eq!(ended.duty("deliverables", 0, "2025-01-01"), WAIVED);
    }
    let standing = pilot("leading");
    let body = json!({ "reason": "no", "document": document() });
    let early = standing.refuses(NationalOffice, "end_standing", "2019-01-01", body);
    not_permitted(&early, "pilot", &["standing"], "I(II)");
}

#[test]
fn p11_an_exit_waives_what_is_due_later_and_leaves_what_was_met() {
    let mut story = scheme_approved();
    story.does(
        Province,
        "record_deliverable",
        "2018-01-01",
        json!({ "kind": "policy", "title": "x" }),
    );
    story.does(NationalOffice, "evaluate", "2019-05-15", evaluated("failed"));
    story.does(Province, "declare_exit", "2019-08-01", reason());
    assert_eq!(story.duty("scheme", 0, "2019-08-01"), MET);
    assert_eq!(story.duty("deliverables", 0, "2019-08-01"), MET);
    assert!(!story.duties("2019-08-01").iter().any(|(.., status)| *status == DutyStatus::Open));
    let mut pending = pilot("leading");
    pending.does(Province, "submit_scheme", "2016-09-01", scheme(&LEADING));
    pending.does(NationalOffice, "evaluate", "2019-05-15", evaluated("failed"));
    pending.does(Province, "declare_exit", "2019-08-01", reason());
    assert!(pending.state.matters.is_empty(), "nobody decides a scheme of one that left");
    assert_eq!(pending.duty("scheme", 0, "2019-07-31"), OPEN);
    assert_eq!(pending.duty("scheme", 0, "2019-08-01"), WAIVED);
}
