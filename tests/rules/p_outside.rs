//! P12, P15, P19: provinces outside of the list, annual results, and what the text lays on those listed.

use docket::domain::act::ActKind;
use docket::domain::calendar::Calendars;
use docket::domain::duty::{DutyStatus, items, owed_unlisted};
use docket::domain::ids::Office::{NationalOffice, Province};
use docket::domain::refusal::Reason;
use docket::domain::state::State;
use serde_json::json;

use crate::lives::{
    attest, document, evaluated, failed_pilot, pilot, province_application, reason,
};
use crate::p_duties::demonstration;
use crate::story::{PROVINCE_2015, Story, act, day, invalid, measure, not_permitted};

const OPEN: Option<DutyStatus> = Some(DutyStatus::Open);
const MET: Option<DutyStatus> = Some(DutyStatus::Met);

/// What is owed on a day by and to a province that is not listed: obligation, status, since when.
fn unlisted(state: &State, on: &str, complete: Option<&str>) -> Vec<(String, DutyStatus, String)> {
    let (rules, on) = (measure(PROVINCE_2015), day(on));
    let owed = owed_unlisted(&rules, state, on, complete.map(day));
    let found = items(&owed, on, &Calendars::default());
    let entry = |item: &docket::domain::duty::DueItem<'_>| {
        (item.duty.obligation.to_string(), item.status, item.open_from.to_string())
    };
    found.iter().map(entry).collect()
}

fn both_open(since: &str) -> Vec<(String, DutyStatus, String)> {
    let owed = ["promotion_plan", "support_of_unlisted"];
    owed.map(|id| (id.to_owned(), DutyStatus::Open, since.to_owned())).to_vec()
}

#[test]
fn p12_who_is_unlisted_is_known_where_the_list_is_complete() {
    let nobody = State::default();
    let plan = |status| vec![("promotion_plan".to_owned(), status, "2015-10-21".to_owned())];
    assert_eq!(unlisted(&nobody, "2026-11-01", None), plan(DutyStatus::NotInTheRecord));
    let complete = Some("2016-08-01");
    assert_eq!(unlisted(&nobody, "2016-07-31", complete), plan(DutyStatus::NotInTheRecord));
    assert_eq!(unlisted(&nobody, "2016-08-01", complete), both_open("2016-08-01"));
    // Listed ones owe no plan, whatever the list says, nor while only evidence shows them listed.
    assert_eq!(unlisted(&pilot("leading").state, "2026-11-01", complete), []);
    assert_eq!(unlisted(&demonstration().state, "2026-11-01", complete), []);
    let mut attested = Story::province();
    attest(&mut attested, "pilot", "2017", &json!({ "category": "leading" }));
    assert_eq!(unlisted(&attested.state, "2026-11-01", complete), []);
}

#[test]
fn p12_an_exit_opens_the_plan_and_an_application_pauses_it() {
    let mut story = failed_pilot();
    story.does(Province, "declare_exit", "2019-08-01", reason());
    assert_eq!(unlisted(&story.state, "2020-01-01", Some("2016-08-01")), both_open("2019-08-01"));
    // Its own record shows that it left, with or without a list.
    assert_eq!(unlisted(&story.state, "2020-01-01", None), both_open("2019-08-01"));
    story.does(Province, "apply", "2021-03-01", province_application("leading", "pilot"));
    assert_eq!(unlisted(&story.state, "2021-03-01", Some("2016-08-01")), []);
    let mut returned = story.clone();
    returned.does(NationalOffice, "return", "2021-05-01", reason());
    assert_eq!(unlisted(&returned.state, "2021-05-01", None), both_open("2021-05-01"));
    story.does(NationalOffice, "reject", "2021-06-01", reason());
    assert_eq!(unlisted(&story.state, "2021-06-01", None), both_open("2021-06-01"));
    story.does(Province, "submit_promotion_plan", "2022-01-01", json!({ "summary": "x" }));
    let status = |story: &Story, at| unlisted(&story.state, at, None)[0].1;
    assert_eq!(status(&story, "2022-01-01"), DutyStatus::Met);
    // Once met it stays met, over later attempts too.
    story.does(Province, "apply", "2023-03-01", province_application("leading", "pilot"));
    story.does(NationalOffice, "reject", "2023-06-01", reason());
    assert_eq!(status(&story, "2023-06-01"), DutyStatus::Met);
}

#[test]
fn p12_a_plan_is_made_outside_and_an_inspection_meets_what_the_national_office_owes() {
    let mut story = Story::province();
    story.does(Province, "submit_promotion_plan", "2017-02-01", json!({ "summary": "x" }));
    assert_eq!((story.stands("2017-02-01").as_str(), story.state.attempt), ("outside", 0));
    // The list said half a year earlier that it is not on it.
    let owed = |story: &Story| unlisted(&story.state, "2018-01-01", Some("2016-08-01"));
    let met = |id: &str| (id.to_owned(), DutyStatus::Met, "2016-08-01".to_owned());
    let open = |id: &str| (id.to_owned(), DutyStatus::Open, "2016-08-01".to_owned());
    assert_eq!(owed(&story), [met("promotion_plan"), open("support_of_unlisted")]);
    story.does(NationalOffice, "inspect", "2017-05-01", json!({ "findings": "seen" }));
    assert_eq!(owed(&story), [met("promotion_plan"), met("support_of_unlisted")]);
    assert_eq!(story.stands("2017-05-01"), "outside");

    let listed = pilot("leading");
    let body = json!({ "summary": "x" });
    let refusal = listed.refuses(Province, "submit_promotion_plan", "2018-01-01", body);
    not_permitted(&refusal, "pilot", &["standing"], "IV(IV)");
}

#[test]
fn p15_one_annual_result_stands_per_year_and_a_second_is_a_correction() {
    let mut story = pilot("leading");
    let result = |year: i32, said: &str| json!({ "year": year, "result": said });
    let first = story.does(NationalOffice, "evaluate_annually", "2018-02-01", result(2017, "poor"));
    let already = |story: &Story, on: &str| {
        let refusal = story.refuses(NationalOffice, "evaluate_annually", on, {
            let mut body = result(2017, "good");
            body["document"] = document();
            body
        });
        assert!(matches!(*refusal.reason, Reason::AlreadyDecided { .. }), "{refusal}");
        assert_eq!(refusal.article.as_deref(), Some("IV(II)"));
    };
    already(&story, "2018-03-01");
    // Neither before the one on record, nor in another attempt.
    already(&story, "2018-01-15");
    story.does(NationalOffice, "evaluate_annually", "2019-02-01", result(2018, "good"));
    let mut later = story.clone();
    later.does(NationalOffice, "evaluate", "2019-05-15", evaluated("failed"));
    later.does(Province, "declare_exit", "2019-08-01", reason());
    later.does(Province, "apply", "2020-03-01", province_application("leading", "pilot"));
    later.does(NationalOffice, "approve", "2020-06-13", json!({ "batch": "2" }));
    already(&later, "2020-07-01");
    later.does(NationalOffice, "evaluate_annually", "2021-02-01", result(2020, "good"));

    story.today("2019-03-01");
    let mended = json!({ "act": "evaluate_annually", "content": result(2017, "good") });
    let correction = json!({
        "corrects": story.reference(first).to_string(),
        "reason": "misread",
        "replacement": { "act": mended, "common": { "effective_on": "2018-02-01" } },
    });
    story.records(NationalOffice, &act("correct", "2019-03-01", correction)).unwrap();
    let of_2017: Vec<_> =
        story.state.results.iter().filter(|r| r.year == Some(2017)).map(|r| &*r.result).collect();
    assert_eq!(of_2017, ["good"]);
    let ahead = story.refuses(NationalOffice, "evaluate_annually", "2019-03-01", result(2020, "x"));
    invalid(&ahead, &["/year"]);
}

#[test]
fn p19_demonstration_provinces_lead_others_by_deliverables() {
    let mut story = demonstration();
    assert_eq!(story.duty("leading_others", 0, "2020-02-29"), None);
    assert_eq!(story.duty("leading_others", 0, "2031-01-01"), OPEN);
    let moves = story.moves("2031-01-01");
    assert!(moves.contains(&(Province, ActKind::RecordDeliverable)), "{moves:?}");
    story.does(
        Province,
        "record_deliverable",
        "2021-05-01",
        json!({ "kind": "policy", "title": "x" }),
    );
    assert_eq!(story.duty("leading_others", 0, "2021-05-01"), MET);
    // A pilot owes no such thing.
    assert_eq!(pilot("leading").duty("leading_others", 0, "2031-01-01"), None);
    let mut direct = Story::province();
    direct.does(Province, "apply", "2016-03-01", province_application("leading", "demonstration"));
    let body =
        json!({ "batch": "1", "override": { "justification": "by decision of the ministers" } });
    direct.does(NationalOffice, "approve", "2016-06-13", body);
    assert_eq!(direct.duty("leading_others", 0, "2016-06-13"), OPEN);
    assert_eq!(direct.duty("listing", 0, "2016-06-13"), None);
}

#[test]
fn p19_the_base_conditions_stand_in_the_measure_as_text() {
    let rules = measure(PROVINCE_2015);
    let conditions: Vec<_> = rules.base_conditions.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(conditions, ["management", "enforcement", "funds", "other"]);
    assert!(rules.base_conditions.iter().all(|one| one.article == "IV(III)"));
    // An inspection looks at those that it names, and at no others.
    let mut story = pilot("leading");
    let seen = |id: &str| json!({ "findings": "seen", "base_conditions": { id: "kept up" } });
    story.does(NationalOffice, "inspect", "2017-04-01", seen("enforcement"));
    assert_eq!(story.stands("2017-04-01"), "pilot");
    let other = story.refuses(NationalOffice, "inspect", "2017-05-01", seen("climate"));
    invalid(&other, &["/base_conditions"]);
}
