//! G2: a decision whose effect lies ahead, for every act that decides; and what is dated back.

use docket::domain::date::Day;
use docket::domain::ids::Office::{
    LocalGovernment, NationalOffice, Province, ProvincialDepartment, Registrar,
};
use docket::domain::measure::Measure;
use docket::domain::quota::places_of;
use docket::domain::refusal::Reason;
use docket::domain::state::State;
use serde_json::{Value, json};

use crate::lives::{
    LEADING, acceptance, accepted_area, approved_area, area_application, demonstrative_area,
    document, evaluated, failed_pilot, pilot, plan, province_application, reason, recommended_area,
    rectify_by, review, scheme,
};
use crate::story::{CLUSTER_2014, Story, act, day, id, invalid, measure, versions};

fn planned_area() -> Story {
    let mut story = approved_area();
    story.does(ProvincialDepartment, "submit_plan", "2015-01-05", plan());
    story
}

fn amended_area() -> Story {
    let mut story = planned_area();
    let body = json!({ "opinion": "widen", "explanation": "demand", "plan": plan() });
    story.does(LocalGovernment, "submit_amendment", "2015-06-01", body);
    story
}

fn rectifying_title() -> Story {
    let mut story = demonstrative_area();
    let body = rectify_by(review("unqualified"), "2021-06-30");
    story.does(NationalOffice, "review", "2021-01-05", body);
    story
}

fn applied_province() -> Story {
    let mut story = Story::province();
    let body = province_application("leading", "pilot");
    story.does(Province, "apply", "2016-03-01", body);
    story
}

fn pilot_with(name: &str, body: Value) -> Story {
    let mut story = pilot("leading");
    story.does(Province, name, "2016-09-01", body);
    story
}

fn passed_pilot() -> Story {
    let mut story = pilot_with("submit_scheme", scheme(&LEADING));
    story.does(NationalOffice, "approve_scheme", "2016-10-01", json!({}));
    story.does(NationalOffice, "evaluate", "2019-05-15", evaluated("passed"));
    story
}

/// Each act by which an office decides, on a day, with the life before it.
fn decisions() -> Vec<(Story, &'static str, &'static str, Value)> {
    let asks = json!({ "category": "supporting", "reason": "x" });
    let adjusting = || pilot_with("request_adjustment", asks.clone());
    let planned = || pilot_with("submit_scheme", scheme(&LEADING));
    let merged = json!({ "reason": "merged" });
    let unqualified = rectify_by(acceptance("unqualified", Some(1)), "2018-06-30");
    let again = rectify_by(review("unqualified"), "2021-12-31");
    let listed = json!({ "rank": "demonstration", "batch": "1" });
    vec![
        (recommended_area(), "approve", "2014-10-12", json!({ "round": "2014" })),
        (recommended_area(), "reject", "2014-10-12", reason()),
        (recommended_area(), "return", "2014-10-12", reason()),
        (planned_area(), "accept", "2017-10-20", acceptance("qualified", Some(1))),
        (planned_area(), "accept", "2017-10-20", acceptance("excellent", Some(1))),
        (planned_area(), "accept", "2017-10-20", unqualified),
        (
            accepted_area("excellent"),
            "confirm",
            "2017-12-01",
            json!({ "title_from": "2018-01-01" }),
        ),
        (amended_area(), "accept_amendment", "2015-07-01", json!({})),
        (amended_area(), "reject_amendment", "2015-07-01", reason()),
        (demonstrative_area(), "review", "2021-01-05", review("qualified")),
        (demonstrative_area(), "review", "2021-01-05", again),
        (rectifying_title(), "review", "2021-07-05", review("unqualified")),
        (rectifying_title(), "review", "2021-07-05", review("excellent")),
        (approved_area(), "end_standing", "2016-01-05", merged),
        (applied_province(), "approve", "2016-06-13", json!({ "batch": "1" })),
        (applied_province(), "reject", "2016-06-13", reason()),
        (applied_province(), "return", "2016-06-13", reason()),
        (planned(), "approve_scheme", "2016-10-01", json!({})),
        (planned(), "return_scheme", "2016-10-01", reason()),
        (planned(), "reject_scheme", "2016-10-01", reason()),
        (adjusting(), "approve_adjustment", "2016-10-01", json!({})),
        (adjusting(), "reject_adjustment", "2016-10-01", reason()),
        (pilot("leading"), "evaluate", "2019-05-15", evaluated("passed")),
        (pilot("leading"), "evaluate", "2019-05-15", evaluated("failed")),
        (passed_pilot(), "list", "2020-03-01", listed),
        (failed_pilot(), "end_standing", "2020-03-01", reason()),
    ]
}

/// What holds of a standing until an effect begins.
fn standing(state: &State) -> impl PartialEq + std::fmt::Debug {
    let kept = (state.title.clone(), state.term.clone(), state.place.clone());
    let duties: Vec<_> =
        state.duties.iter().map(|d| (d.obligation.clone(), d.ended.clone())).collect();
    (state.node.clone(), state.category.clone(), kept, state.plan_versions.len(), duties)
}

fn dated(body: &Value, decided: Day) -> Value {
    let mut body = body.clone();
    body["decided_on"] = json!(decided.to_string());
    body["document"] = document();
    body
}

#[test]
fn g2_until_its_effect_every_decision_leaves_the_standing_and_waits_for_nobody() {
    for (mut story, name, on, body) in decisions() {
        let decided = day(on);
        let effect = decided.plus_days(31);
        story.today(on);
        let before = story.on(on);
        let request = act(name, &effect.to_string(), dated(&body, decided));
        let by = story.records(NationalOffice, &request).unwrap_or_else(|r| panic!("{name}: {r}"));
        for between in [decided, effect.plus_days(-1)] {
            let state = story.on(&between.to_string());
            assert_eq!(standing(&state), standing(&before), "{name} on {between}");
            assert_eq!(state.ahead[&by].by, NationalOffice, "{name}");
        }
        let moves = story.moves(on);
        let decides = |kind: &docket::domain::act::ActKind| {
            let edition = story.versions.in_force(decided).unwrap();
            let mut rules = edition.measure.rules(*kind);
            rules.any(|rule| {
                rule.decides.is_some() || rule.outcomes.values().any(|o| o.to.is_some())
            })
        };
        let waited: Vec<_> = moves
            .iter()
            .filter(|(office, kind)| *office == NationalOffice && decides(kind))
            .collect();
        assert!(waited.is_empty(), "{name}: {waited:?}");
        let again = (Province, docket::domain::act::ActKind::SubmitScheme);
        let resubmits = name == "approve_scheme" && moves.contains(&again);
        assert!(!resubmits, "{name}: {moves:?}");
        // No second decision, on the same day or later.
        for later in [decided, decided.next()] {
            let mut then = story.clone();
            then.today(&later.to_string());
            let mut body = dated(&body, later);
            if name == "confirm" {
                body["title_from"] = json!(later.to_string());
            }
            let second = then.decide(NationalOffice, &act(name, &later.to_string(), body));
            let refusal = second.expect_err(name);
            let settled = matches!(
                &*refusal.reason,
                Reason::AlreadyDecided { .. } | Reason::NotPermitted { .. }
            );
            assert!(settled, "{name}: {refusal}");
        }
        assert_eq!(story.on(&effect.to_string()).ahead.len(), 0, "{name}");
        assert_eq!(*story.state.unsupported, [] as [u64; 0], "{name}");
    }
}

#[test]
fn g2_no_decision_is_dated_ahead() {
    for (mut story, name, on, body) in decisions() {
        story.today(on);
        let effect = day(on).plus_days(31);
        let request = act(name, &effect.to_string(), dated(&body, effect));
        let refusal = story.decide(NationalOffice, &request).unwrap_err();
        assert_eq!(*refusal.reason, Reason::DateConflict { with: None }, "{name}");
        assert_eq!(refusal.article.as_deref(), Some("G2"), "{name}");
    }
}

/// Whoever records what takes effect only later has decided it by then.
#[test]
fn g2_what_is_recorded_ahead_of_its_effect_is_decided() {
    let mut story = recommended_area();
    story.today("2014-10-12");
    let body = json!({ "round": "2014" });
    let request = act("approve", "2014-12-01", body.clone());
    story.records(NationalOffice, &request).unwrap();
    assert_eq!(story.stands("2014-10-12"), "candidate.recommended");
    assert_eq!(story.moves("2014-10-12"), []);
    let second = story.decide(NationalOffice, &act("approve", "2014-10-12", body)).unwrap_err();
    assert!(matches!(*second.reason, Reason::AlreadyDecided { .. }), "{second}");
    assert_eq!(story.stands("2014-12-01"), "under_construction");
    // The counter-case: before that day it awaits its decision.
    assert!(!recommended_area().moves("2014-10-11").is_empty());
}

#[test]
fn g2_a_place_is_held_from_the_effect_on() {
    let mut story = applied_province();
    story.today("2016-06-13");
    let body = dated(&json!({ "batch": "1" }), day("2016-06-13"));
    story.records(NationalOffice, &act("approve", "2016-07-01", body)).unwrap();
    let spans = places_of(&story.history).remove(&id("leading")).unwrap();
    assert_eq!(spans.iter().map(|span| span.from).collect::<Vec<_>>(), [day("2016-07-01")]);
    assert!(story.on("2016-06-30").place.is_none());
    // What frees it frees it then.
    let mut listed = passed_pilot();
    listed.today("2020-03-01");
    let body = dated(&json!({ "rank": "demonstration", "batch": "1" }), day("2020-03-01"));
    listed.records(NationalOffice, &act("list", "2020-05-01", body)).unwrap();
    let spans = places_of(&listed.history).remove(&id("leading")).unwrap();
    assert_eq!(spans.last().unwrap().until, Some(day("2020-05-01")));
}

fn measures() -> Vec<Measure> {
    vec![measure(CLUSTER_2014)]
}

/// Case 29: today, as of an earlier day, on no document.
#[test]
fn g2_what_is_dated_back_cites_its_document() {
    let mut story = recommended_area();
    story.today("2015-03-01");
    let bare = json!({ "round": "2014" });
    for (on, decided) in
        [("2014-12-01", None), ("2015-03-01", Some("2015-02-01")), ("2014-11", None)]
    {
        let mut body = bare.clone();
        if let Some(decided) = decided {
            body["decided_on"] = json!(decided);
        }
        let refusal = story.decide(NationalOffice, &act("approve", on, body.clone())).unwrap_err();
        invalid(&refusal, &["/document"]);
        assert_eq!(refusal.article.as_deref(), Some("G2"));
        body["document"] = document();
        story.decide(NationalOffice, &act("approve", on, body)).unwrap();
    }
    // Only what was certainly before: this interval need not have passed; nor has today.
    for on in ["2014-12/2015-03", "2015-03", "2015-03-01"] {
        story.decide(NationalOffice, &act("approve", on, bare.clone())).unwrap();
    }
    // What cites a source, or gives a reason, cites no document.
    let mut other = Story::area();
    other.today("2026-03-01");
    for (name, on, body) in [
        ("note", "2013-11", json!({ "text": "unveiled" })),
        ("attest_standing", "2017", crate::lives::attested("experimental")),
    ] {
        let decision = other.decide(Registrar, &act(name, on, body)).unwrap();
        assert!(!decision.fact.findings.iter().any(|f| f.code == "dated_back_without_document"));
    }
    // An act under an unknown rule has no other member for its source.
    let unknown = |body| act("record_under_unknown_rule", "2013-09", body);
    let bare = other.decide(Registrar, &unknown(json!({ "what": "approved" }))).unwrap_err();
    invalid(&bare, &["/document"]);
    let cited = json!({ "what": "approved", "document": document() });
    other.decide(Registrar, &unknown(cited)).unwrap();
}

/// An exercise plays with days: there it is a finding.
#[test]
fn g2_in_an_exercise_a_missing_document_is_found() {
    let mut story =
        Story::new("exercise_cluster_area", versions(measures()), "area_one", "cluster_area");
    story.today("2026-03-01");
    let request = act("apply", "2014-10-08", area_application(31));
    story.records(LocalGovernment, &request).unwrap();
    let found = &story.fact(0).findings;
    let back = found.iter().find(|found| found.code == "dated_back_without_document").unwrap();
    assert_eq!(back.article, "G2");
    assert!(back.text.en.contains("8 October 2014") && back.text.zh.contains("补录"));
    let mut same_day = story.clone();
    same_day.today("2026-03-02");
    let mut body = crate::lives::recommendation();
    body["document"] = document();
    let by = same_day.records(ProvincialDepartment, &act("recommend", "2014-10-10", body)).unwrap();
    let found = &same_day.fact(by).findings;
    assert!(!found.iter().any(|found| found.code == "dated_back_without_document"));
}
