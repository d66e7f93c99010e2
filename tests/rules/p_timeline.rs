//! P18: the timeline on the background of the national stages, planned beside actual.

use docket::domain::ids::Office::{NationalOffice, Province};
use docket::projection::timeline::{PhaseSpan, Timeline, timeline};
use serde_json::json;

use crate::lives::{attest, document, evaluated, pilot, province_application};
use crate::story::{PROVINCE_2015, Story, date, day, measure};

fn line(story: &Story, as_of: Option<&str>) -> Timeline {
    let stages = measure(PROVINCE_2015).national_stages;
    timeline(&story.history, &story.versions, &stages, as_of.map(day))
}

fn phase<'l>(line: &'l Timeline, id: &str) -> &'l PhaseSpan {
    line.phases.iter().find(|span| span.phase == id).unwrap()
}

/// A pilot of 2016, listed in 2020.
fn listed() -> Story {
    let mut story = pilot("leading");
    story.does(NationalOffice, "evaluate", "2019-05-15", evaluated("passed"));
    let body = json!({ "rank": "demonstration", "batch": "1", "document": document() });
    story.does(NationalOffice, "list", "2020-03-01", body);
    story
}

#[test]
fn p18_what_is_planned_stands_beside_what_was_marked_as_our_reading() {
    let line = line(&listed(), None);
    let planned = |span: &PhaseSpan| {
        let reading = span.planned_reading.is_some();
        (span.planned_until, span.planned_article.clone().unwrap_or_default(), reading)
    };
    let (pilot, demonstration) = (phase(&line, "pilot"), phase(&line, "demonstration"));
    assert_eq!(planned(pilot), (Some(date("2020")), "III(I)".to_owned(), true));
    assert_eq!(pilot.to, Some(date("2020-03-01")));
    assert_eq!(planned(demonstration), (Some(date("2025")), "III(II)".to_owned(), true));
    assert_eq!(demonstration.to, None);
    let candidate = phase(&line, "candidate");
    assert_eq!(planned(candidate), (None, String::new(), false));
    // It limits nothing: it is a pilot still long after the planned end.
    let mut late = pilot_in("2031-06-13");
    late.does(NationalOffice, "evaluate", "2032-05-15", evaluated("passed"));
    let late = self::line(&late, None);
    assert_eq!(phase(&late, "pilot").planned_until, Some(date("2020")));
}

fn pilot_in(on: &str) -> Story {
    let mut story = Story::province();
    story.does(Province, "apply", on, province_application("leading", "pilot"));
    story.does(NationalOffice, "approve", on, json!({ "batch": "9" }));
    story
}

#[test]
fn p18_a_phase_known_from_evidence_has_its_planned_end_too() {
    let mut story = Story::province();
    attest(&mut story, "pilot", "2016", &json!({ "category": "leading" }));
    assert_eq!(phase(&line(&story, None), "pilot").planned_until, Some(date("2020")));
    story.does(NationalOffice, "confirm_standing", "2026-04-01", json!({}));
    assert_eq!(phase(&line(&story, None), "pilot").planned_until, Some(date("2020")));
}

#[test]
fn p18_changes_of_category_are_on_it() {
    let mut story = pilot("leading");
    let body = json!({ "category": "supporting", "reason": "fits better" });
    story.does(Province, "request_adjustment", "2017-01-01", body);
    story.does(NationalOffice, "approve_adjustment", "2017-03-01", json!({}));
    let categories = |line: &Timeline| -> Vec<(String, String, Option<String>)> {
        let spans = line.categories.iter();
        spans
            .map(|span| {
                let until = span.to_day.map(|day| day.to_string());
                (span.what.to_string(), span.from_day.to_string(), until)
            })
            .collect()
    };
    let leading = |until: Option<&str>| {
        ("leading".to_owned(), "2016-06-13".to_owned(), until.map(str::to_owned))
    };
    let supporting = ("supporting".to_owned(), "2017-03-01".to_owned(), None);
    let line = line(&story, None);
    assert_eq!(categories(&line), [leading(Some("2017-03-01")), supporting]);
    assert_eq!(categories(&self::line(&story, Some("2017-02-28"))), [leading(None)]);
    // The phase went on all the while.
    assert_eq!(phase(&line, "pilot").to, None);
}

#[test]
fn p18_years_before_the_first_stage_are_said_and_a_boundary_year_counts_in_both() {
    let stages = |line: &Timeline, id: &str| {
        let span = phase(line, id);
        let ids = span.stages.iter().map(ToString::to_string).collect::<Vec<_>>();
        (span.before_stages, ids)
    };
    let listed = listed();
    let then = line(&listed, Some("2024-12-31"));
    assert_eq!(stages(&then, "pilot"), (false, vec!["I".to_owned(), "II".to_owned()]));
    assert_eq!(stages(&then, "demonstration"), (false, vec!["I".to_owned(), "II".to_owned()]));
    assert_eq!(stages(&then, "candidate"), (false, vec!["I".to_owned()]));
    // A cluster area is drawn on the same background.
    let area = crate::lives::approved_area();
    let area = line(&area, Some("2016-01-01"));
    assert_eq!(stages(&area, "candidate"), (true, vec![]));
    assert_eq!(stages(&area, "under_construction"), (true, vec!["I".to_owned()]));
}

#[test]
fn p18_boundary_years_belong_to_both_stages_and_stages_limit_nothing() {
    let rules = measure(PROVINCE_2015);
    let stages = |year: i32| rules.stages_of(year).map(|s| s.id.to_string()).collect::<Vec<_>>();
    assert_eq!(stages(2014), Vec::<String>::new());
    assert_eq!(stages(2015), ["I"]);
    assert_eq!(stages(2020), ["I", "II"]);
    assert_eq!(stages(2025), ["II", "III"]);
    assert_eq!(stages(2030), ["III"]);
    assert_eq!(stages(2031), Vec::<String>::new());
    // Listed as demonstration in 2019, before Stage II, and selected as a pilot after Stage III.
    let mut early = pilot("leading");
    early.does(NationalOffice, "evaluate", "2018-05-15", evaluated("passed"));
    let body = json!({ "rank": "demonstration", "batch": "1", "document": document() });
    early.does(NationalOffice, "list", "2019-01-01", body);
    let mut late = Story::province();
    late.does(Province, "apply", "2031-03-01", province_application("leading", "pilot"));
    late.does(NationalOffice, "approve", "2031-06-13", json!({}));
    // The subject's own phases, by the day on which each began.
    let phases: Vec<_> = early
        .history
        .effective()
        .segments()
        .into_iter()
        .map(|(day, state)| (day.to_string(), state.phase().unwrap_or_default().to_owned()))
        .collect();
    let expected = [
        ("2016-03-01", "candidate"),
        ("2016-06-13", "pilot"),
        ("2018-05-15", "pilot"),
        ("2019-01-01", "demonstration"),
    ];
    assert_eq!(phases, expected.map(|(day, phase)| (day.to_owned(), phase.to_owned())));
}
