//! P4 over several provinces: what the places of their own records come to, day by day.

use docket::domain::ids::EventRef;
use docket::domain::ids::Office::{NationalOffice, Province};
use docket::domain::quota::{PlacesRestated, Quota, QuotaEvent, Span, places_of};
use serde_json::json;

use crate::lives::{attest, document, evaluated, failed_pilot, pilot, reason};
use crate::story::{Story, act, day, id};

const LIMIT: u32 = 5;

/// The quota of a category as the records of these provinces have it.
fn quota(category: &str, stories: &[(&str, &Story)]) -> Quota {
    let mut quota = Quota::default();
    for (revision, (name, story)) in stories.iter().enumerate() {
        let spans = places_of(&story.history).remove(&id(category)).unwrap_or_default();
        let newest = story.history.events().last().unwrap();
        let restated =
            PlacesRestated { enrollment: (*name).to_owned(), cites: newest.reference(name), spans };
        let own = EventRef {
            stream: format!("quota-strong_province.{category}"),
            revision: revision as u64,
            id: newest.id,
        };
        quota.evolve(QuotaEvent::PlacesRestated(restated), own);
    }
    quota
}

fn spans(story: &Story, category: &str) -> Vec<Span> {
    places_of(&story.history).remove(&id(category)).unwrap_or_default()
}

fn span(from: &str, until: Option<&str>, attested: bool) -> Span {
    Span { from: day(from), until: until.map(day), attested }
}

#[test]
fn p4_places_are_counted_on_the_day_and_on_every_later_day() {
    let five = ["a", "b", "c", "d", "e"].map(|name| (name, pilot("leading")));
    let mut leaves = five[0].1.clone();
    leaves.does(NationalOffice, "evaluate", "2019-05-15", evaluated("failed"));
    leaves.does(Province, "declare_exit", "2019-08-01", reason());
    let mut stories: Vec<(&str, &Story)> =
        five.iter().map(|(name, story)| (*name, story)).collect();
    let full = quota("leading", &stories);
    assert_eq!(full.taken_on(day("2016-06-12")), 0);
    assert_eq!(full.taken_on(day("2016-06-13")), 5);
    // An act of an earlier day takes its place on the later, full days too.
    let first = Some((day("2016-06-13"), 5));
    assert_eq!(full.full_from(LIMIT, day("2016-01-01"), "f"), first);
    assert_eq!(full.full_from(LIMIT, day("2030-01-01"), "f"), Some((day("2030-01-01"), 5)));
    // One enrollment never counts twice.
    assert_eq!(full.full_from(LIMIT, day("2016-01-01"), "a"), None);
    stories[0].1 = &leaves;
    let freed = quota("leading", &stories);
    assert_eq!(freed.full_from(LIMIT, day("2019-07-31"), "f"), Some((day("2019-07-31"), 5)));
    assert_eq!(freed.full_from(LIMIT, day("2019-08-01"), "f"), None);
}

#[test]
fn p4_a_correction_frees_or_takes_a_place_from_its_day_on_and_the_days_over_are_listed() {
    let mut sixth = pilot("supporting");
    sixth.today("2020-01-01");
    let correction = |story: &Story, effective_on: &str, revision: u64| {
        json!({
            "corrects": story.reference(revision).to_string(),
            "reason": "misread",
            "replacement": {
                "act": { "act": "apply", "content": { "category": "leading", "rank": "pilot" } },
                "common": { "effective_on": effective_on },
            },
        })
    };
    // The application was for a leading province; the approval rests on it and is not another.
    let body = correction(&sixth, "2016-03-01", 0);
    sixth.records(Province, &act("correct", "2020-01-01", body)).unwrap();
    let five = ["a", "b", "c", "d", "e"].map(|name| (name, pilot("leading")));
    let stories: Vec<(&str, &Story)> = five.iter().map(|(name, story)| (*name, story)).collect();

    let mut moved = pilot("leading");
    moved.today("2020-01-01");
    let approve = json!({
        "corrects": moved.reference(1).to_string(),
        "reason": "decided a year later",
        "replacement": {
            "act": { "act": "approve", "content": { "batch": "1" } },
            "common": { "effective_on": "2017-06-13" },
        },
    });
    moved.records(NationalOffice, &act("correct", "2020-01-01", approve)).unwrap();
    assert_eq!(spans(&moved, "leading"), [span("2017-06-13", None, false)]);
    let over = quota("leading", &[stories.as_slice(), &[("f", &moved)]].concat());
    let days: Vec<_> =
        over.days_over(LIMIT).iter().map(|run| (run.from, run.until, run.taken)).collect();
    assert_eq!(days, [(day("2017-06-13"), None, 6)]);

    let mut annulled = moved.clone();
    let annulment = json!({
        "corrects": annulled.reference(2).to_string(), "reason": "it was right after all" });
    annulled.records(NationalOffice, &act("correct", "2020-01-01", annulment)).unwrap();
    assert_eq!(spans(&annulled, "leading"), [span("2016-06-13", None, false)]);
    let taken_back = json!({
        "corrects": annulled.reference(1).to_string(), "reason": "never approved" });
    annulled.records(NationalOffice, &act("correct", "2020-01-01", taken_back)).unwrap();
    assert_eq!(spans(&annulled, "leading"), []);
    let after = quota("leading", &[stories.as_slice(), &[("f", &annulled)]].concat());
    assert_eq!(after.days_over(LIMIT), []);
}

#[test]
fn p4_a_listing_taken_back_takes_the_place_again() {
    let mut story = pilot("leading");
    story.does(NationalOffice, "evaluate", "2019-05-15", evaluated("passed"));
    let body = json!({ "rank": "demonstration", "batch": "1", "document": document() });
    let listed = story.does(NationalOffice, "list", "2020-03-01", body);
    assert_eq!(spans(&story, "leading"), [span("2016-06-13", Some("2020-03-01"), false)]);
    let annulment = json!({ "corrects": story.reference(listed).to_string(), "reason": "wrong" });
    story.does(NationalOffice, "correct", "2021-01-01", annulment);
    assert_eq!(spans(&story, "leading"), [span("2016-06-13", None, false)]);
}

#[test]
fn p4_an_adjustment_moves_the_place_and_a_demonstration_province_has_none() {
    let mut story = failed_pilot();
    let body = json!({ "category": "supporting", "reason": "x" });
    story.does(Province, "request_adjustment", "2019-06-10", body);
    story.does(NationalOffice, "approve_adjustment", "2019-08-01", json!({}));
    assert_eq!(spans(&story, "leading"), [span("2016-06-13", Some("2019-08-01"), false)]);
    assert_eq!(spans(&story, "supporting"), [span("2019-08-01", None, false)]);
    story.does(NationalOffice, "evaluate", "2020-05-15", evaluated("passed"));
    let body = json!({ "rank": "demonstration", "batch": "1", "document": document() });
    story.does(NationalOffice, "list", "2020-09-01", body);
    assert_eq!(spans(&story, "supporting"), [span("2019-08-01", Some("2020-09-01"), false)]);
}

#[test]
fn p4_blunt_evidence_entered_earlier_hides_neither_a_founding_act_nor_its_place() {
    let mut story = Story::province();
    attest(&mut story, "pilot", "2016", &json!({ "category": "leading" }));
    assert_eq!(spans(&story, "leading"), [span("2016-12-31", None, true)]);
    let body = |act: &str| {
        let mut body = json!({
            "document": document(),
            "archive": { "office": "national_office", "source": "file" },
        });
        match act {
            "apply" => {
                body["category"] = json!("leading");
                body["rank"] = json!("pilot");
                body["archive"]["office"] = json!("province");
            }
            _ => body["batch"] = json!("1"),
        }
        body
    };
    let registrar = docket::domain::ids::Office::Registrar;
    story.does(registrar, "apply", "2016-03-01", body("apply"));
    story.does(registrar, "approve", "2016-06-13", body("approve"));
    assert_eq!(story.stands("2016-06-13"), "pilot");
    assert_eq!(story.on("2016-06-13").place.as_ref().map(|place| place.attested), Some(false));
    assert_eq!(spans(&story, "leading"), [span("2016-06-13", None, false)]);
    assert_eq!(story.stands("2026-03-01"), "pilot");
}
