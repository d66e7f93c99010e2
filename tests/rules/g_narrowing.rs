//! G9, G11 and G2 in time: what rests on an event narrows it, evidence never hides the act that
//! founds what it shows, and a decision whose effect lies ahead stands twice.

use docket::domain::event::Event;
use docket::domain::evolve::Part;
use docket::domain::history::History;
use docket::domain::ids::Office::{
    LocalGovernment, NationalOffice, ProvincialDepartment, Registrar,
};
use docket::domain::quota::{Span, places_of};
use docket::domain::refusal::Reason;
use serde_json::{Value, json};

use crate::lives::{
    accepted_area, approved_area, area_application, attest, demonstrative_area, document, plan,
    recommendation, recommended_area, report,
};
use crate::story::{Story, act, date, day, id};

const LEADING: &str = "leading";

/// A province of which a newspaper says that it is a pilot.
fn shown(on: &str) -> Story {
    let mut story = Story::province();
    story.today("2026-03-01");
    attest(&mut story, "pilot", on, &json!({ "category": LEADING }));
    story
}

fn archived(office: &str, body: &Value) -> Value {
    let mut body = documented(body.clone());
    body["archive"] = json!({ "office": office, "source": "box 7" });
    body
}

fn documented(mut body: Value) -> Value {
    body["document"] = document();
    body
}

fn approve(story: &mut Story, on: &str) -> u64 {
    let body = archived("national_office", &json!({ "batch": "1", "document": document() }));
    story.does(Registrar, "approve", on, body)
}

fn spans(story: &Story) -> Vec<Span> {
    places_of(&story.history).remove(&id(LEADING)).unwrap_or_default()
}

fn span(from: &str, until: Option<&str>) -> Span {
    Span { from: day(from), until: until.map(day), attested: false }
}

fn order(story: &Story) -> Vec<(u64, String)> {
    let effective = story.history.effective();
    effective.entries().iter().map(|e| (e.revision(), e.fold_day().to_string())).collect()
}

fn entry(revision: u64, on: &str) -> (u64, String) {
    (revision, on.to_owned())
}

/// Cases 01 and its neighbours: whatever the evidence says of its day, and whichever was recorded
/// first, the province is a pilot from the act on, and its place is held by that.
#[test]
fn g9_evidence_hides_neither_the_act_nor_its_place() {
    for on in ["../2017-05-12", "2016/2017", "2017-05-12", "2016-05-03", "../2016-05-03"] {
        let mut found = shown(on);
        approve(&mut found, "2016-05-03");
        let mut first = Story::province();
        first.today("2026-03-01");
        let apply = archived("province", &json!({ "category": LEADING, "rank": "pilot" }));
        first.does(Registrar, "apply", "2016-05-01", apply);
        approve(&mut first, "2016-05-03");
        attest(&mut first, "pilot", on, &json!({ "category": LEADING }));
        for story in [found, first] {
            assert_eq!(story.stands("2016-06-01"), "pilot", "{on}");
            assert_eq!(spans(&story), [span("2016-05-03", None)], "{on}");
            assert!(!story.on("2016-06-01").place.as_ref().unwrap().attested);
            assert_eq!(*story.state.unsupported, [] as [u64; 0], "{on}");
            assert_eq!(story.state.provenance.as_str(), "recorded");
        }
    }
}

#[test]
fn g9_a_blunt_act_was_not_after_the_evidence_of_what_it_founded() {
    let mut story = shown("../2017-05-12");
    approve(&mut story, "2016/2018");
    assert_eq!(order(&story), [entry(1, "2017-05-12"), entry(0, "2017-05-12")]);
    assert_eq!(story.history.effective().possible(day("2016-06-01")), [1, 0]);
    assert_eq!(story.stands("2016-06-01"), "");
    assert_eq!(spans(&story), [span("2017-05-12", None)]);
    // What rests on the evidence rests on the act, once that is known.
    let mut story = shown("../2017-05-12");
    let opened = archived("national_office", &json!({ "scope": "stage" }));
    let decision = story.decide(Registrar, &act("open_evaluation", "2016-08-01", opened.clone()));
    assert!(decision.unwrap().grounds.contains(&0));
    story.does(Registrar, "open_evaluation", "2016-08-01", opened);
    assert_eq!(order(&story)[0], entry(0, "2016-08-01"));
    approve(&mut story, "2016/2018");
    assert_eq!(
        order(&story),
        [entry(2, "2016-08-01"), entry(1, "2016-08-01"), entry(0, "2017-05-12")]
    );
    assert_eq!(*story.state.unsupported, [] as [u64; 0]);
}

#[test]
fn g9_two_pieces_of_evidence_give_way_to_one_act() {
    let mut story = shown("../2017-05-12");
    attest(&mut story, "pilot", "2019", &json!({}));
    attest(&mut story, "demonstration", "../2022-05", &json!({}));
    approve(&mut story, "2016-05-03");
    for (on, stands) in
        [("2016-06-01", "pilot"), ("2021-01-01", "pilot"), ("2022-06-01", "demonstration")]
    {
        assert_eq!(story.stands(on), stands, "{on}");
    }
    assert_eq!(spans(&story), [span("2016-05-03", Some("2022-05-31"))]);
}

/// The steps before the founding act are found after it, one by one.
#[test]
fn g9_steps_found_later_take_no_ground_from_the_act() {
    let mut story = Story::area();
    story.today("2026-03-01");
    attest(&mut story, "under_construction", "../2017-05-12", &json!({}));
    let body = archived("national_office", &json!({ "document": document() }));
    story.does(Registrar, "approve", "2015-05-03", body);
    let body = archived("local_government", &area_application(31));
    let applied = story.does(Registrar, "apply", "2015-04-01", body);
    assert_eq!(story.fact(applied).unsettles, []);
    assert_eq!(story.stands("2015-04-15"), "candidate.applied");
    assert_eq!(story.stands("2015-06-01"), "under_construction");
    let body = archived("provincial_department", &recommendation());
    story.does(Registrar, "recommend", "2015-04-20", body);
    assert_eq!(story.stands("2015-06-01"), "under_construction");
    assert_eq!(*story.state.unsupported, [] as [u64; 0]);
}

#[test]
fn g9_a_correction_of_the_act_bounds_the_evidence_anew() {
    let mut story = shown("../2017-05-12");
    let founded = approve(&mut story, "2016-05-03");
    let mended = json!({ "corrects": story.reference(founded).to_string(), "reason": "misread",
        "replacement": { "act": { "act": "approve", "content": { "batch": "1" } },
            "common": { "effective_on": "2016-06-13", "document": document() } } });
    let by = story.does(NationalOffice, "correct", "2026-03-02", mended);
    assert_eq!(
        (story.stands("2016-06-01").as_str(), story.stands("2016-07-01").as_str()),
        ("", "pilot")
    );
    assert_eq!(spans(&story), [span("2016-06-13", None)]);
    // Without it the evidence alone shows the standing again.
    let annul =
        json!({ "corrects": story.reference(by).to_string(), "reason": "another province" });
    story.does(NationalOffice, "correct", "2026-03-03", annul);
    assert_eq!(story.stands("2016-07-01"), "pilot", "the correction was taken back, not the act");
    let annul = json!({ "corrects": story.reference(founded).to_string(), "reason": "of another" });
    story.does(NationalOffice, "correct", "2026-03-04", annul);
    let both = (story.stands("2016-07-01"), story.stands("2017-06-01"));
    assert_eq!(both, (String::new(), "pilot".to_owned()));
}

/// An area of which a newspaper says that it is under construction.
fn shown_area(on: &str) -> Story {
    let mut story = Story::area();
    story.today("2026-03-01");
    attest(&mut story, "under_construction", on, &json!({}));
    story
}

/// What a source says "by" some later day was before the end of it; what it says of a day after that
/// is another matter.
#[test]
fn g9_evidence_is_not_after_the_act_that_ended_what_it_shows() {
    let approve = |story: &mut Story| {
        let body = archived("national_office", &json!({ "document": document() }));
        story.does(Registrar, "approve", "2015-05-03", body)
    };
    let end = |story: &mut Story| {
        let body = json!({ "reason": "merged", "document": document() });
        story.does(Registrar, "end_standing", "2017-06-01", archived("national_office", &body))
    };
    let both = |story: &Story| (story.stands("2017-05-31"), story.stands("2019-01-01"));
    let right = ("under_construction".to_owned(), "ended".to_owned());
    let mut story = shown_area("../2018");
    approve(&mut story);
    end(&mut story);
    assert_eq!(both(&story), right);
    // The end was recorded while only evidence showed the standing.
    let mut story = shown_area("../2018");
    end(&mut story);
    assert_eq!(order(&story), [entry(0, "2017-06-01"), entry(1, "2017-06-01")]);
    approve(&mut story);
    assert_eq!(both(&story), right);
    // The evidence was recorded last.
    let mut story = recommended_area();
    story.today("2026-03-01");
    approve(&mut story);
    end(&mut story);
    attest(&mut story, "under_construction", "../2018", &json!({}));
    assert_eq!(both(&story), right);

    let mut again = shown_area("2016-07");
    approve(&mut again);
    end(&mut again);
    attest(&mut again, "under_construction", "2018-03", &json!({}));
    assert_eq!(again.stands("2019-01-01"), "under_construction");
    assert_eq!(again.state.provenance.as_str(), "attested");
}

#[test]
fn g11_four_possible_acts_carry_each_other() {
    let mut story = Story::area();
    story.today("2026-03-01");
    story.does(LocalGovernment, "apply", "2015", documented(area_application(31)));
    story.does(ProvincialDepartment, "recommend", "2015/2016", documented(recommendation()));
    story.does(NationalOffice, "approve", "2015-06/2017", documented(json!({})));
    // An inspection in that time has no part in it, and is not moved.
    let seen =
        story.does(NationalOffice, "inspect", "2015/2017", documented(json!({ "findings": "x" })));
    assert_eq!(story.state.unsupported.len(), 0);
    story.does(ProvincialDepartment, "submit_plan", "2015-09-01", documented(plan()));
    assert_eq!(
        order(&story),
        [
            entry(0, "2015-09-01"),
            entry(1, "2015-09-01"),
            entry(2, "2015-09-01"),
            entry(4, "2015-09-01"),
            entry(seen, "2017-12-31"),
        ]
    );
    assert_eq!(story.stands("2015-09-01"), "under_construction");
    let effective = story.history.effective();
    assert_eq!(effective.possible(day("2015-07-01")), [0, 1, 2, 3]);
    assert_eq!(effective.possible(day("2015-05-31")), [0, 1]);
    // A day on which it certainly was not there yet.
    let early = documented(json!({ "designates": "department", "text": "x" }));
    let early = story.refuses(ProvincialDepartment, "designate", "2014-12-31", early);
    assert!(matches!(*early.reason, Reason::DateConflict { .. }), "{early}");
}

/// Corrections can make events rest on each other; they are folded all the same, in one order.
#[test]
fn g11_a_ring_is_folded_in_the_order_of_the_record() {
    let mut story = recommended_area();
    story.today("2026-03-01");
    story.does(NationalOffice, "approve", "2014-11/2015-02", documented(json!({})));
    story.does(ProvincialDepartment, "submit_plan", "2014-12/2015-01", documented(plan()));
    let mut events = story.history.events().to_vec();
    let rests_on = |revision: u64| story.reference(revision).to_string();
    // The approval was corrected after the plan, and then said to rest on it.
    let mut correction = events[2].clone();
    let reason = json!({ "corrects": rests_on(2), "reason": "x" });
    let Event::Acted(fact) = &mut correction.event else { unreachable!() };
    let mended = docket::domain::event::MendedFact {
        fact: (**fact).clone(),
        effective_on: correction.meta.effective_on,
        decided_on: None,
        received_on: None,
    };
    fact.act = act("correct", "2026-03-01", reason).act.into();
    fact.mended = Some(Box::new(mended));
    correction.revision = 4;
    correction.meta.rests_on = format!("{} {}", rests_on(1), rests_on(3)).into();
    events.push(correction);
    let mut history = History::new(story.history.stream());
    events.into_iter().for_each(|event| history.push(event));
    let effective = history.effective();
    let days: Vec<_> =
        effective.entries().iter().map(|e| (e.revision(), e.days.earliest, e.fold_day())).collect();
    let both = |revision| (revision, Some(day("2014-12-01")), day("2015-01-31"));
    assert_eq!(days[2..], [both(2), both(3)]);
    assert_eq!(*history.state().unsupported, [] as [u64; 0]);
}

/// The correction of a date may contradict what rests on it: that stays where it says it was, and
/// moves nothing else.
#[test]
fn g11_a_certain_contradiction_moves_nothing() {
    let mut story = approved_area();
    story.does(LocalGovernment, "submit_report", "2015-01-20", report(2014));
    let body = json!({ "corrects": story.reference(2).to_string(), "reason": "another day",
        "replacement": { "act": { "act": "approve", "content": {} },
            "common": { "effective_on": "2015-10", "document": document() } } });
    story.does(NationalOffice, "correct", "2018-01-01", body);
    assert_eq!(order(&story)[2..], [entry(3, "2015-01-20"), entry(2, "2015-10-31")]);
    assert_eq!(*story.state.unsupported, [3]);
}

fn amendment() -> Value {
    json!({ "opinion": "to widen", "explanation": "demand grew", "plan": plan() })
}

fn decided(on: &str) -> Value {
    json!({ "decided_on": on, "document": document() })
}

/// An approval of 30 November with effect from 15 January: until then the earlier standing holds.
#[test]
fn g2_until_its_effect_a_decision_changes_no_standing() {
    let mut story = Story::area();
    story.does(LocalGovernment, "apply", "2026-11-01", area_application(31));
    story.does(ProvincialDepartment, "recommend", "2026-11-02", recommendation());
    story.today("2026-11-30");
    let request = act("approve", "2027-01-15", decided("2026-11-30"));
    let approved = story.records(NationalOffice, &request).unwrap();
    assert_eq!(story.on("2026-11-29").ahead.len(), 0);
    for on in ["2026-11-30", "2027-01-14"] {
        let state = story.on(on);
        let ahead = &state.ahead[&approved];
        assert_eq!(
            (ahead.by, ahead.since.as_str(), ahead.from.as_str()),
            (NationalOffice, "2026-11-30", "2027-01-15")
        );
        assert_eq!(story.stands(on), "candidate.recommended");
        assert_eq!((state.term.as_ref(), state.duties.len(), state.acts), (None, 0, 2));
    }
    let state = story.on("2027-01-15");
    assert_eq!((story.stands("2027-01-15").as_str(), state.ahead.len()), ("under_construction", 0));
    assert_eq!(state.phase_since, Some(date("2027-01-15")));
    assert_eq!(story.enrollment.last_fold_day, Some(day("2027-01-15")));
    // A day of decision that only goes with the effect is no other moment.
    let mut plain = recommended_area();
    plain.does(NationalOffice, "approve", "2014-10-12", decided("2014-10-12"));
    assert!(plain.history.effective().entries().iter().all(|entry| entry.part == Part::Whole));
}

#[test]
fn g2_a_decision_closes_its_matter_at_once() {
    let mut story = approved_area();
    story.does(ProvincialDepartment, "submit_plan", "2014-12-01", plan());
    story.does(LocalGovernment, "submit_amendment", "2015-02-01", amendment());
    assert_eq!(story.state.matters.len(), 1);
    story.today("2015-03-01");
    let request = act("accept_amendment", "2015-04-01", decided("2015-03-01"));
    story.records(NationalOffice, &request).unwrap();
    let then = |on: &str| (story.on(on).matters.len(), story.on(on).plan_versions.len());
    assert_eq!(
        [then("2015-02-28"), then("2015-03-01"), then("2015-03-31"), then("2015-04-01")],
        [(1, 1), (0, 1), (0, 1), (0, 2)]
    );
    // One that is opened in between is not closed by the effect.
    story.does(LocalGovernment, "submit_amendment", "2015-03-10", documented(amendment()));
    assert_eq!(story.on("2015-04-02").matters.len(), 1);
}

/// It cannot have been decided before what it rests on.
#[test]
fn g2_a_decision_before_what_it_decides_is_refused() {
    let mut story = recommended_area();
    story.today("2015-03-01");
    let request = act("approve", "2014-11-01", decided("2014-10-09"));
    let refusal = story.decide(NationalOffice, &request).unwrap_err();
    assert!(matches!(*refusal.reason, Reason::DateConflict { .. }), "{refusal}");
    let request = act("approve", "2014-11-01", decided("2014-10-10"));
    story.records(NationalOffice, &request).unwrap();
    assert_eq!(story.stands("2014-10-31"), "candidate.recommended");
}

/// A title that begins on a day of its own; and one that nothing is left to begin on.
#[test]
fn g2_an_effect_has_a_day_of_its_own() {
    let mut story = accepted_area("excellent");
    let mut ahead = demonstrative_area().history.events().last().unwrap().clone();
    let Event::Acted(fact) = &mut ahead.event else { unreachable!() };
    fact.effects.starts_on = Some(date("2018-01-01"));
    assert_eq!(ahead.meta.effective_on, date("2017-12-01"));
    let (confirmed, before) = (ahead.revision, story.state.clone());
    story.push(ahead);
    let state = story.on("2017-12-31");
    assert_eq!((&state.node, &state.title), (&before.node, &before.title));
    assert_eq!(state.ahead[&confirmed].since, date("2017-12-01"));
    assert_eq!(story.on("2018-01-01").phase_since, Some(date("2018-01-01")));
    assert_eq!((story.state.title.is_some(), story.state.ahead.len()), (true, 0));

    // Hand-made: no act of those who stand here is let in between a decision and its effect.
    let mut ended = accepted_area("excellent");
    let body = json!({ "reason": "merged", "document": document() });
    ended.does(NationalOffice, "end_standing", "2017-12-15", body);
    let mut ended = ended.history.events().last().unwrap().clone();
    ended.revision = confirmed + 1;
    story.push(ended);
    assert_eq!(story.on("2017-12-20").ahead.len(), 1);
    assert_eq!((story.stands("2018-02-01").as_str(), story.state.ahead.len()), ("ended", 0));
    assert_eq!(*story.state.unsupported, [confirmed]);
}
