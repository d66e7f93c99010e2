//! Where a text is silent our choice is marked as one in the measure, and refusals say it (G5); and what
//! lies beside the cases of a rule: decisions ahead, requests that are pending, evidence against evidence.

use docket::domain::act::ActKind::{
    self, Accept, AcceptAmendment, Approve, ApproveAdjustment, EndStanding, List, Review,
};
use docket::domain::ids::Office::{NationalOffice, Province};
use docket::domain::ids::Text;
use docket::domain::measure::Measure;
use docket::domain::refusal::{Reason, Refusal};
use serde_json::json;

use crate::lives::{
    LEADING, acceptance, approved_area, attest, evaluated, failed_pilot, pilot, reason, rectify_by,
    scheme,
};
use crate::story::{CLUSTER_2014, PROVINCE_2015, Story, id, measure, not_permitted, program};

fn of_act<'m>(
    measure: &'m Measure,
    act: ActKind,
    from: &str,
) -> &'m docket::domain::measure::ActRule {
    measure.rules(act).find(|rule| rule.from.contains(&id(from))).expect("a rule")
}

fn of_duty(measure: &Measure, obligation: &str) -> Option<Text> {
    measure.obligation(obligation).unwrap().reading.clone()
}

/// Each "(reading)" of the rule book that these two measures encode.
#[test]
fn g5_every_reading_of_the_rule_book_is_marked_in_its_measure() {
    let (area, province) = (&measure(CLUSTER_2014), &measure(PROVINCE_2015));
    let outcome = |measure: &Measure, act, from, outcome: &str| {
        of_act(measure, act, from).outcomes[outcome].reading.clone()
    };
    let rule = |measure: &Measure, act, from| of_act(measure, act, from).reading.clone();
    let kinds = program("strong_province").subject_kinds;
    let quota =
        |category: &str| province.category(category).unwrap().quota.clone().unwrap().reading;
    let planned = |phase: &str| province.phase(phase).unwrap().planned.clone().unwrap().reading;
    let marked: Vec<(&str, Option<Text>)> = vec![
        ("P2 the Corps", kinds.iter().find(|kind| kind.id == "corps").unwrap().reading.clone()),
        ("P3 direct entry", outcome(province, Approve, "candidate.applied", "demonstration")),
        ("P4 leading", quota("leading")),
        ("P4 supporting", quota("supporting")),
        ("P4 characteristic", quota("characteristic")),
        ("P9", rule(province, List, "demonstration.passed")),
        ("P10 evaluated again", rule(province, ApproveAdjustment, "demonstration.passed")),
        ("P10 new scheme", outcome(province, ApproveAdjustment, "demonstration", "done")),
        ("P11 ended", rule(province, EndStanding, "pilot.failed")),
        ("P12 paused", province.unlisted.as_ref().unwrap().reading.clone()),
        ("P18 pilot", planned("pilot")),
        ("P18 demonstration", planned("demonstration")),
        ("C4", area.requirements.iter().find(|one| one.id == "services").unwrap().reading.clone()),
        ("C8", outcome(area, Approve, "candidate.recommended", "done")),
        ("C11 either", of_duty(area, "department_in_charge")),
        ("C11 agencies", of_duty(area, "agencies")),
        ("C11 personnel", of_duty(area, "personnel")),
        ("C11 funds", of_duty(area, "funds")),
        ("C12", rule(area, AcceptAmendment, "demonstrative.*")),
        ("C13", of_duty(area, "annual_report")),
        ("C15 ended", rule(area, EndStanding, "experimental.*")),
        ("C16 next", rule(area, Accept, "under_construction.rectifying")),
        ("C16 worse", outcome(area, Accept, "experimental", "unqualified")),
        ("C17 held", of_duty(area, "review")),
        ("C17 kept", outcome(area, Review, "demonstrative", "qualified")),
        ("C17 excellent", outcome(area, Review, "demonstrative", "excellent")),
        ("C17 second", rule(area, Review, "demonstrative.rectifying")),
        ("C17 cancelled", outcome(area, Review, "demonstrative.rectifying", "unqualified")),
        ("C18", area.passing.as_ref().unwrap().reading.clone()),
        ("G12, G13 the plan", of_duty(area, "construction_plan")),
        ("G13 acceptance", of_duty(area, "acceptance")),
    ];
    for (what, reading) in marked {
        let said = reading.is_some_and(|text| !text.en.is_empty() && !text.zh.is_empty());
        assert!(said, "{what} is not marked");
    }
    // What the text prints is no reading.
    assert_eq!(of_duty(province, "scheme"), None);
    assert_eq!(rule(area, Approve, "candidate.recommended"), None);
}

#[test]
fn g5_a_refusal_says_the_reading_that_it_rests_on() {
    let mut story = approved_area();
    let poor = rectify_by(acceptance("unqualified", None), "2018-06-30");
    story.does(NationalOffice, "accept", "2017-10-20", poor);
    let early =
        story.refuses(NationalOffice, "accept", "2017-12-01", acceptance("qualified", None));
    let rule = "After an unqualified result the next check needs";
    assert!(early.reading.unwrap().en.starts_with(rule));
    let asks = &early.detail.en;
    assert!(asks.starts_with("needed: one of these: the day set for “"), "{asks}");
    assert!(
        !asks.contains("nothing awaits"),
        "what is needed is said, not what is missing: {asks}"
    );
    let before = approved_area().refuses(
        NationalOffice,
        "accept",
        "2015-12-01",
        acceptance("qualified", None),
    );
    assert_eq!(before.reading, None, "Art. 16 prints it");
}

#[test]
fn g2_an_article_is_cited_once() {
    let story = failed_pilot();
    let failed = story.history.events().last().unwrap();
    assert_eq!(failed.meta.article.as_deref(), Some("I(II), III(II)"));
}

#[test]
fn p11_who_asked_for_an_adjustment_is_not_ended_before_it_is_decided() {
    let mut story = failed_pilot();
    let request = json!({ "category": "supporting", "reason": "r" });
    story.does(Province, "request_adjustment", "2019-06-01", request);
    let document = json!({ "title": "t", "number": "1", "issuing_office": "o" });
    let body = || json!({ "reason": "neither", "document": document });
    let pending = story.refuses(NationalOffice, "end_standing", "2019-07-01", body());
    not_permitted(&pending, "pilot.failed", &["no_matter_open"], "I(II)");
    story.does(NationalOffice, "reject_adjustment", "2019-08-01", reason());
    story.does(NationalOffice, "end_standing", "2019-09-01", body());
    assert_eq!(story.stands("2019-09-01"), "exited");
}

#[test]
fn g2_what_a_decision_ahead_will_meet_is_not_submitted_again() {
    let mut story = pilot("leading");
    story.does(Province, "submit_scheme", "2016-09-01", scheme(&LEADING));
    story.today("2016-10-01");
    let ahead =
        crate::story::act("approve_scheme", "2016-12-01", json!({ "decided_on": "2016-10-01" }));
    let decided = story.records(NationalOffice, &ahead).unwrap();
    let again = story.refuses(Province, "submit_scheme", "2016-11-01", scheme(&LEADING));
    assert_eq!(*again.reason, Reason::AlreadyDecided { revision: decided, by: None });
    assert!(again.detail.en.contains(&format!("revision {decided}")), "{}", again.detail.en);
    // Until then the tasks have not begun, and it stays owed.
    let progress = json!({ "task": "local_practice", "text": "x" });
    let early = story.does(Province, "report_progress", "2016-11-01", progress);
    assert!(story.fact(early).findings.iter().any(|finding| finding.code == "scheme_not_approved"));
}

#[test]
fn g2_a_request_that_cannot_be_decided_yet_is_nobodys_move() {
    let mut story = pilot("leading");
    story.does(NationalOffice, "evaluate", "2019-05-15", evaluated("passed"));
    story.today("2019-06-01");
    let body = json!({
        "rank": "demonstration", "batch": "1", "decided_on": "2019-06-01", "document": { "title": "t" },
    });
    let listing = crate::story::act("list", "2019-12-01", body);
    story.records(NationalOffice, &listing).unwrap();
    let request = json!({ "category": "supporting", "reason": "r" });
    story.does(Province, "request_adjustment", "2019-06-01", request);
    let decides = |on: &str| {
        let moves = story.moves(on);
        moves.contains(&(NationalOffice, ActKind::ApproveAdjustment))
    };
    assert!(!decides("2019-07-01"), "a second decision would be refused");
    assert!(decides("2019-12-01"), "once the listing holds it can be decided");
}

#[test]
fn g9_evidence_of_another_category_than_earlier_evidence_is_found() {
    let mut story = Story::province();
    attest(&mut story, "pilot", "2016", &json!({ "category": "leading" }));
    let codes = |story: &Story, revision| {
        let findings = &story.fact(revision).findings;
        findings.iter().map(|finding| finding.code.to_string()).collect::<Vec<_>>()
    };
    let same = attest(&mut story, "pilot", "2017", &json!({ "category": "leading" }));
    assert_eq!(codes(&story, same), Vec::<String>::new());
    let other = attest(&mut story, "pilot", "2018", &json!({ "category": "supporting" }));
    assert_eq!(codes(&story, other), ["contradicts_standing"]);
    // To have moved on is no contradiction of evidence.
    let moved = attest(&mut story, "demonstration", "2021", &json!({ "category": "supporting" }));
    assert_eq!(codes(&story, moved), Vec::<String>::new());
}

#[test]
fn c15_a_number_within_another_is_another_document() {
    let story = approved_area();
    let ends = |number: &str| {
        let document = json!({ "title": "t", "number": number, "issuing_office": "o" });
        let body = json!({ "reason": "r", "document": document });
        let act = crate::story::act("end_standing", "2016-01-01", body);
        let mut then = story.clone();
        then.today("2016-01-01");
        then.decide(NationalOffice, &act).map(|_| ())
    };
    let refused =
        |result: Result<(), Refusal>| matches!(*result.unwrap_err().reason, Reason::Invalid { .. });
    for own in
        ["2014 40", "〔2014〕40", "2014年第40号", "(2014) NO.40", "［２０１４］４０", "No. 61"]
    {
        assert!(refused(ends(own)), "{own}");
    }
    for other in ["No. 1440", "〔2015〕40号", "国知发管字〔2016〕86号", "〔2014〕140号"]
    {
        assert_eq!(ends(other), Ok(()), "{other}");
    }
}
