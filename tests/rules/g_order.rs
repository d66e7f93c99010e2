//! G5: what is said first where an act is refused for more than one reason, and under which names.

use docket::domain::ids::Office::{LocalGovernment, NationalOffice, Province};
use docket::domain::refusal::{Reason, Refusal};
use docket::domain::subject::Subject;
use serde_json::json;

use crate::lives::{
    approved_area, demonstrative_area, document, evaluated, failed_pilot, pilot, reason, report,
    review, scheme,
};
use crate::p_duties::demonstration;
use crate::story::{
    CLUSTER_2014, Story, act, forbidden, invalid, measure, not_permitted, versions,
};

fn passed_pilot() -> Story {
    let mut story = pilot("leading");
    story.does(NationalOffice, "evaluate", "2019-05-15", evaluated("passed"));
    story
}

/// A failed pilot that submitted a scheme without tasks was told of its tasks first.
#[test]
fn g5_the_standing_comes_before_what_the_act_says() {
    let failed = failed_pilot();
    let refusal = failed.refuses(Province, "submit_scheme", "2019-06-01", scheme(&[]));
    not_permitted(&refusal, "pilot.failed", &["standing"], "III(I)2");
    let refusal = failed.refuses(
        NationalOffice,
        "list",
        "2019-06-01",
        json!({ "rank": "demonstration", "batch": "1" }),
    );
    not_permitted(&refusal, "pilot.failed", &["standing"], "III(II)");
    // Also before the document of what is dated back.
    let bare = act("submit_scheme", "2019-06-01", scheme(&[]));
    let mut later = failed.clone();
    later.today("2026-03-01");
    let refusal = later.decide(Province, &bare).unwrap_err();
    not_permitted(&refusal, "pilot.failed", &["standing"], "III(I)2");
    // The counter-cases: where it stands right, the document is asked for, then the tasks.
    let mut stands = pilot("leading");
    let refusal = stands.refuses(Province, "submit_scheme", "2019-06-01", scheme(&[]));
    let Reason::Invalid { errors } = &*refusal.reason else { panic!("{refusal}") };
    assert_eq!(errors.len(), 5, "{refusal}");
    stands.today("2026-03-01");
    invalid(&stands.decide(Province, &bare).unwrap_err(), &["/document"]);
}

/// What an act names in its stream comes after whether it may be done.
#[test]
fn g5_who_may_act_comes_before_what_the_act_names() {
    let mut area = approved_area();
    area.does(LocalGovernment, "submit_report", "2015-01-20", report(2014));
    let body = json!({ "findings": "seen", "follows": area.reference(0).to_string() });
    let refusal = area.refuses(LocalGovernment, "inspect", "2015-02-20", body.clone());
    forbidden(&refusal, &[NationalOffice], "Art. 15");
    invalid(&area.refuses(NationalOffice, "inspect", "2015-02-20", body), &["/follows"]);
}

/// The rule for a pilot said that a powerful province "cannot be stated here"; it is the standing that
/// the other rule asks for.
#[test]
fn p9_a_rank_of_another_stage_is_refused_for_the_standing() {
    let listing = |rank| json!({ "rank": rank, "batch": "1", "document": document() });
    let mut story = passed_pilot();
    let refusal = story.refuses(NationalOffice, "list", "2020-03-01", listing("powerful"));
    not_permitted(&refusal, "pilot.passed", &["standing"], "III(III)");
    let Reason::NotPermitted { allowed_from, .. } = &*refusal.reason else { unreachable!() };
    let from: Vec<_> = allowed_from.iter().map(|from| from.id.as_str()).collect();
    assert_eq!(from, ["demonstration.passed"]);
    // A rank that no rule knows is one that cannot be stated.
    invalid(&story.refuses(NationalOffice, "list", "2020-03-01", listing("best")), &["/rank"]);
    // A correction toward it is recorded, with the finding (G1).
    let listed = story.does(NationalOffice, "list", "2020-03-01", listing("demonstration"));
    let corrected = story.reference(listed).to_string();
    let mended = story.does(
        NationalOffice,
        "correct",
        "2020-04-01",
        json!({ "corrects": corrected, "reason": "the list says so", "replacement": {
            "act": { "act": "list", "content": { "rank": "powerful", "batch": "1" } },
            "common": { "effective_on": "2020-03-01", "document": document() } } }),
    );
    assert_eq!(story.stands("2020-05-01"), "powerful");
    let findings = &story.fact(mended).mended.as_ref().unwrap().fact.findings;
    assert!(findings.iter().any(|found| found.code == "condition_missing"), "{findings:?}");
}

/// The duties that a province has as pilot and demonstration province can still be met by a powerful
/// one: nothing stays open that nobody can do.
#[test]
fn p9_a_powerful_province_records_what_it_still_owes() {
    let mut story = demonstration();
    story.does(NationalOffice, "evaluate", "2025-02-01", evaluated("passed"));
    let body = json!({ "rank": "powerful", "batch": "1", "document": document() });
    story.does(NationalOffice, "list", "2025-03-01", body);
    let moves = story.moves("2025-03-02");
    assert!(moves.iter().any(|(office, _)| *office == Province), "{moves:?}");
    let body = json!({ "kind": "policy", "title": "a policy" });
    story.does(Province, "record_deliverable", "2025-04-01", body);
    assert!(story.moves("2025-04-02").iter().all(|(office, _)| *office != Province));
}

/// `/task` is the member, and "funds" is called as the base condition that it is.
#[test]
fn g5_what_can_be_stated_is_called_as_its_own_list_calls_it() {
    let story = pilot("leading");
    let body = json!({ "task": "basic_ability", "text": "of another category" });
    invalid(&story.refuses(Province, "report_progress", "2016-08-01", body), &["/task"]);
    let body = json!({ "findings": "seen", "base_conditions": { "money": "enough" } });
    let refusal = story.refuses(NationalOffice, "inspect", "2017-03-01", body);
    invalid(&refusal, &["/base_conditions"]);
    assert!(refusal.detail.en.contains("“Fund investment”"), "{}", refusal.detail.en);
    assert!(refusal.detail.zh.contains("“经费投入”"), "{}", refusal.detail.zh);
}

/// What is missing has a name in both languages beside its code.
#[test]
fn g8_conditions_that_are_missing_are_called_by_what_they_ask_for() {
    let area = approved_area();
    let body = crate::lives::acceptance("qualified", None);
    let early = area.refuses(NationalOffice, "accept", "2016-03-01", body);
    not_permitted(&early, "under_construction", &["term_over"], "Art. 16");
    let Reason::NotPermitted { stands_at, allowed_from, missing } = &*early.reason else {
        unreachable!()
    };
    assert_eq!(missing[0].label.en, "the term is over");
    assert_eq!(missing[0].label.zh, "期限已届满");
    assert_eq!(stands_at.as_ref().unwrap().label.zh, "试验区建设期");
    assert_eq!(allowed_from[0].label.en, "Under construction as experimental area");
    assert!(early.detail.en.starts_with("needed: the term is over; the term ends on"), "{early}");
}

/// A second result for a year, by a correction: recorded, and found.
#[test]
fn p15_a_correction_toward_a_year_that_has_a_result_is_found() {
    let mut story = pilot("leading");
    let of = |year, result| json!({ "year": year, "result": result });
    let first = story.does(NationalOffice, "evaluate_annually", "2018-02-01", of(2016, "good"));
    let second = story.does(NationalOffice, "evaluate_annually", "2018-02-02", of(2017, "fair"));
    for (corrected, day, year) in [(first, "2018-02-01", 2017), (second, "2018-02-02", 2016)] {
        let mut story = story.clone();
        let corrects = story.reference(corrected).to_string();
        let mended = story.does(
            NationalOffice,
            "correct",
            "2018-03-01",
            json!({ "corrects": corrects, "reason": "of another year", "replacement": {
                "act": { "act": "evaluate_annually", "content": of(year, "good") },
                "common": { "effective_on": day, "document": document() } } }),
        );
        let findings = &story.fact(mended).mended.as_ref().unwrap().fact.findings;
        let found: Vec<_> = findings.iter().map(|found| found.text.en.as_str()).collect();
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with(&format!("the result for {year} is on record")), "{found:?}");
    }
}

/// The reading of what was kept is that of the review, not that of the confirmation.
#[test]
fn c17_a_title_that_a_review_kept_has_the_reading_of_the_review() {
    let mut story = demonstrative_area();
    let reading = |story: &Story| {
        let title = story.state.title.clone().unwrap();
        story.versions.reading_of_title(&title).map(|text| text.en.clone())
    };
    assert_eq!(reading(&story), None);
    story.does(NationalOffice, "review", "2021-02-01", review("qualified"));
    let kept = reading(&story).unwrap();
    assert!(kept.contains("three more years from this decision"), "{kept}");
}

/// [2014] No. 40 knows applications, though not for the program as a whole.
#[test]
fn g5_an_act_that_is_not_known_is_not_known_here() {
    let unknown = |story: &Story, name: &str, body| -> Refusal {
        story.refuses(NationalOffice, name, "2016-03-01", body)
    };
    let area = approved_area();
    let interpretation = json!({ "article": "Art. 17", "text": "as follows" });
    let refusal = unknown(&area, "record_interpretation", interpretation.clone());
    assert!(
        refusal.detail.en.ends_with("knows no act “Record an interpretation” here"),
        "{refusal}"
    );
    let versions = versions(vec![measure(CLUSTER_2014).of_whole()]);
    let mut story = Story { versions, ..Story::area() };
    story.subject = Subject::of_program(&story.program);
    unknown(&story, "reject", reason());
    story.does(NationalOffice, "record_interpretation", "2016-03-01", interpretation);
    let beyond = json!({ "article": "Art. 19, Art. 21", "text": "as follows" });
    let refusal = unknown(&story, "record_interpretation", beyond);
    assert!(refusal.detail.en.contains("it has Art. 1 to Art. 20"), "{refusal}");
    let nowhere = json!({ "article": "the end", "text": "as follows" });
    unknown(&story, "record_interpretation", nowhere);
}
