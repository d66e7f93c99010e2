//! G10 to G13, C13: a due date that passed in silence is recorded, once, and only where it is sure.

use std::collections::BTreeSet;

use docket::domain::calendar::{Calendar, Calendars};
use docket::domain::date::Day;
use docket::domain::duty::{DutyStatus, items, lapse_has_ground, may_lapse_on};
use docket::domain::event::{Event, ObligationLapsed};
use docket::domain::ids::Office::{
    LocalGovernment, NationalOffice, ProvincialDepartment, Registrar,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::clerk::clerk;
use crate::lives::{
    acceptance, approved_area, area_application, document, plan, recommendation, recommended_area,
    rectify_by, report,
};
use crate::story::{CLUSTER_2014, Story, act, date, day, measure, versions};

fn lapse_at(story: &Story, revision: u64) -> &ObligationLapsed {
    match &story.event(revision).event {
        Event::ObligationLapsed(lapse) => lapse,
        other => panic!("{other:?}"),
    }
}

/// The revision of the lapse that the duty shows on a day.
fn shown(story: &Story, obligation: &str, due_year: Option<i32>, on: &str) -> Option<u64> {
    let state = story.on(on);
    let found = items(&state, day(on), &story.calendars);
    let is = |item: &&docket::domain::duty::DueItem<'_>| {
        item.duty.obligation == obligation && item.due_year == due_year
    };
    found.iter().find(is).expect("an obligation").lapsed_by
}

fn archived(mut body: Value, office: &str) -> Value {
    body["archive"] = json!({ "office": office, "source": "box 7" });
    body
}

const PLAN: &str = "construction_plan 2015-01-12";

#[test]
fn g12_a_due_date_lapses_the_day_after_and_once() {
    let mut story = approved_area();
    assert_eq!(clerk(&mut story, "2015-01-12"), [""; 0]);
    assert_eq!(
        may_lapse_on(&story.state, &story.calendars, day("2014-11-01")),
        Some(day("2015-01-13"))
    );
    let standing = story.state.clone();
    assert_eq!(clerk(&mut story, "2015-01-13"), [PLAN]);
    let lapse = lapse_at(&story, 3);
    assert_eq!((lapse.opened_by, lapse.owes), (2, ProvincialDepartment));
    assert_eq!((lapse.due, lapse.not_late_before), (date("2015-01-12"), day("2015-01-12")));
    assert_eq!((lapse.article.as_str(), lapse.lapsed_on()), ("Art. 10", day("2015-01-13")));
    // It changes no standing, and is shown from the day on which it lapsed.
    let mut changed = story.state.clone();
    changed.kept_mut().lapses = None;
    assert_eq!(changed, standing);
    assert_eq!(story.duty("construction_plan", 0, "2015-01-13"), Some(DutyStatus::Overdue));
    assert_eq!(shown(&story, "construction_plan", None, "2015-01-13"), Some(3));
    assert_eq!(shown(&story, "construction_plan", None, "2015-01-12"), None);
    assert_eq!(clerk(&mut story, "2015-01-30"), [""; 0]);
}

#[test]
fn g12_a_report_that_arrives_later_is_late_not_impossible() {
    let mut story = approved_area();
    clerk(&mut story, "2015-01-13");
    story.does(ProvincialDepartment, "submit_plan", "2015-02-01", plan());
    assert_eq!(story.duty("construction_plan", 0, "2015-02-01"), Some(DutyStatus::Late));
    assert_eq!(shown(&story, "construction_plan", None, "2015-02-01"), Some(3));
    assert!(lapse_has_ground(&story.state, lapse_at(&story, 3)), "it did lapse");
    // What was received late before anybody looked is late, and no silence.
    let mut unseen = approved_area();
    unseen.does(ProvincialDepartment, "submit_plan", "2015-01-20", plan());
    assert_eq!(clerk(&mut unseen, "2015-01-30"), [""; 0]);
    // The counter-case: received in time.
    let mut met = approved_area();
    met.does(ProvincialDepartment, "submit_plan", "2015-01-12", plan());
    assert_eq!(clerk(&mut met, "2015-01-30"), [""; 0]);
}

#[test]
fn g12_a_receipt_in_time_that_is_stated_later_takes_the_ground_of_the_lapse() {
    let mut story = approved_area();
    clerk(&mut story, "2015-01-13");
    let sent = story.does(ProvincialDepartment, "submit_plan", "2015-01-10", plan());
    let lapse = lapse_at(&story, 3).clone();
    assert!(lapse_has_ground(&story.state, &lapse), "recorded on the 13th, whatever its date");
    assert_eq!(story.fact(sent).unsettles, []);
    // The archive shows that it came on the 12th; entered before the report of January, it says so.
    let mut found = approved_area();
    clerk(&mut found, "2015-01-13");
    found.does(LocalGovernment, "submit_report", "2015-01-20", report(2014));
    let mut body = archived(plan(), "provincial_department");
    body["received_on"] = json!("2015-01-12");
    let entered = found.does(Registrar, "submit_plan", "2015-01-11", body);
    assert_eq!(found.duty("construction_plan", 0, "2015-02-01"), Some(DutyStatus::Met));
    assert!(!lapse_has_ground(&found.state, &lapse));
    assert_eq!(found.fact(entered).unsettles, [found.reference(3)]);
    assert_eq!(
        shown(&found, "construction_plan", None, "2015-02-01"),
        Some(3),
        "it stays on record"
    );
}

#[test]
fn g11_an_interval_lapses_after_its_later_end_alone() {
    let mut story = recommended_area();
    story.does(NationalOffice, "approve", "2014-11", json!({}));
    // Due in February 2015, at the latest on Saturday the 28th: in time until Monday, 2 March.
    assert_eq!(clerk(&mut story, "2015-02-01"), [""; 0], "the earlier end");
    assert_eq!(clerk(&mut story, "2015-03-02"), ["annual_report 2015-01-31"]);
    let due = story.state.duties.iter().find(|duty| duty.obligation == "construction_plan");
    let due = due.unwrap().due.as_ref().unwrap().on;
    assert_eq!((due.is_day(), due.latest()), (false, day("2015-02-28")));
    assert_eq!(clerk(&mut story, "2015-03-03"), [format!("construction_plan {due}")]);
}

#[test]
fn g13_nothing_lapses_before_the_working_day_after_a_rest_day() {
    let mut story = recommended_area();
    story.does(NationalOffice, "approve", "2014-11-21", json!({}));
    let rest: BTreeSet<Day> = (18..=24).map(|d| Day::from_ymd(2015, 2, d).unwrap()).collect();
    let source = "State Council notice".to_owned();
    story.calendars.adopt(Calendar::of_year(2015, rest, BTreeSet::new(), source).unwrap());
    // 31 January 2015 was a Saturday.
    assert_eq!(clerk(&mut story, "2015-02-02"), [""; 0]);
    assert_eq!(clerk(&mut story, "2015-02-03"), ["annual_report 2015-01-31"]);
    assert_eq!(clerk(&mut story, "2015-02-25"), [""; 0]);
    assert_eq!(clerk(&mut story, "2015-02-26"), ["construction_plan 2015-02-21"]);
    let lapse = lapse_at(&story, 4);
    assert_eq!((lapse.not_late_before, lapse.holidays_known), (day("2015-02-25"), true));
    // By the weekends alone it would have been Monday the 23rd.
    story.calendars = Calendars::default();
    assert_eq!(clerk(&mut story, "2015-02-26"), [""; 0], "a calendar makes no second lapse");
}

#[test]
fn g10_what_is_not_in_the_record_never_lapses() {
    let mut story = Story::area();
    story.today("2020-06-01");
    for (office, name, on, body) in [
        ("local_government", "apply", "2014-10-08", area_application(31)),
        ("provincial_department", "recommend", "2014-10-10", recommendation()),
        ("national_office", "approve", "2014-10-12", json!({})),
    ] {
        story.does(Registrar, name, on, archived(body, office));
    }
    assert_eq!(story.state.kept_since, Some(day("2020-06-01")));
    assert_eq!(clerk(&mut story, "2020-12-31"), [""; 0]);
    assert_eq!(clerk(&mut story, "2021-03-01"), ["annual_report 2021-01-31"]);

    // Stated to be complete from an earlier day, it is asked about from then on.
    let mut stated = Story::area();
    stated.today("2020-06-01");
    let mut body = archived(area_application(31), "local_government");
    body["kept_since"] = json!({ "day": "2018-01-01", "reason": "the files are complete" });
    stated.does(Registrar, "apply", "2014-10-08", body);
    let body = archived(recommendation(), "provincial_department");
    stated.does(Registrar, "recommend", "2014-10-10", body);
    stated.does(Registrar, "approve", "2014-10-12", archived(json!({}), "national_office"));
    let years = [2018, 2019, 2020].map(|year| format!("annual_report {year}-01-31"));
    assert_eq!(clerk(&mut stated, "2020-06-02"), years);
}

#[test]
fn c13_a_recurring_duty_lapses_once_for_each_due_date() {
    let mut story = approved_area();
    story.does(ProvincialDepartment, "submit_plan", "2015-01-05", plan());
    assert_eq!(clerk(&mut story, "2015-02-03"), ["annual_report 2015-01-31"]);
    story.does(LocalGovernment, "submit_report", "2016-01-31", report(2015));
    let years = [2017, 2018, 2019].map(|year| format!("annual_report {year}-01-31"));
    assert_eq!(clerk(&mut story, "2019-06-01"), years);
    assert_eq!(shown(&story, "annual_report", Some(2016), "2019-06-01"), None);
    assert_eq!(shown(&story, "annual_report", Some(2018), "2019-06-01"), Some(7));
    assert_eq!(
        may_lapse_on(&story.state, &story.calendars, day("2019-06-01")),
        Some(day("2020-02-01"))
    );
}

#[test]
fn p11_what_is_over_or_waived_before_it_falls_due_never_lapses() {
    let mut story = approved_area();
    let body = json!({ "reason": "merged", "document": document() });
    story.does(NationalOffice, "end_standing", "2016-01-30", body.clone());
    let stood = [PLAN.to_owned(), "annual_report 2015-01-31".to_owned()];
    assert_eq!(clerk(&mut story, "2030-01-01"), stood, "what fell due before stands");
    // The counter-case: over a day later, the report of that day was due.
    let mut later = approved_area();
    later.does(NationalOffice, "end_standing", "2016-01-31", body);
    assert_eq!(clerk(&mut later, "2030-01-01").len(), 3);
}

#[test]
fn g1_a_corrected_due_date_leaves_the_lapse_without_ground_and_can_lapse_itself() {
    let mut story = approved_area();
    clerk(&mut story, "2015-01-13");
    let first = lapse_at(&story, 3).clone();
    let to = |story: &Story, of: u64, on: &str| {
        json!({
            "corrects": story.reference(of).to_string(), "reason": "another day",
            "replacement": {
                "act": { "act": "approve", "content": {} }, "common": { "effective_on": on },
            },
        })
    };
    let body = to(&story, 2, "2014-11-12");
    let by = story.does(NationalOffice, "correct", "2015-01-20", body);
    assert_eq!(story.fact(by).unsettles, [story.reference(3)]);
    assert!(!lapse_has_ground(&story.state, &first));
    assert_eq!(shown(&story, "construction_plan", None, "2015-01-20"), None, "another due date");
    assert_eq!(clerk(&mut story, "2015-02-12"), ["annual_report 2015-01-31"]);
    assert_eq!(clerk(&mut story, "2015-02-13"), ["construction_plan 2015-02-12"]);
    // Brought back, the first due date is on record as lapsed already.
    let body = to(&story, by, "2014-10-12");
    let back = story.does(NationalOffice, "correct", "2015-03-01", body);
    assert!(lapse_has_ground(&story.state, &first));
    assert_eq!(clerk(&mut story, "2015-03-02"), [""; 0]);
    assert_eq!(shown(&story, "construction_plan", None, "2015-03-02"), Some(3));
    // Annulled one after the other, the corrections bring back the act itself; once that is annulled
    // as well, nothing is due, and both lapses stay in the record.
    for of in [back, by, 2] {
        let annul =
            json!({ "corrects": story.reference(of).to_string(), "reason": "never approved" });
        story.does(NationalOffice, "correct", "2015-03-05", annul);
    }
    let grounds =
        [3, 5, 6].map(|revision| lapse_has_ground(&story.state, lapse_at(&story, revision)));
    assert_eq!(grounds, [false; 3]);
    assert_eq!(clerk(&mut story, "2016-03-01"), [""; 0]);
    assert_eq!(story.state.lapses.as_ref().unwrap().len(), 3);
}

#[test]
fn g1_nobody_corrects_a_lapse_or_acknowledges_its_receipt() {
    let mut story = approved_area();
    clerk(&mut story, "2015-01-13");
    let lapse = story.reference(3).to_string();
    let annul = json!({ "corrects": lapse, "reason": "wrong" });
    let refusal = story.refuses(NationalOffice, "correct", "2015-01-20", annul);
    assert!(refusal.detail.en.contains("is no act of this record"), "{refusal}");
    let receipt = json!({ "of": lapse, "receipt_on": "2015-01-13" });
    let refusal =
        story.refuses(NationalOffice, "acknowledge_receipt", "2015-01-20", receipt.clone());
    assert!(refusal.detail.en.contains("nothing on record met an obligation"), "{refusal}");
    // Also where something did.
    story.does(ProvincialDepartment, "submit_plan", "2015-01-20", crate::lives::plan());
    let refusal = story.refuses(NationalOffice, "acknowledge_receipt", "2015-01-20", receipt);
    assert!(refusal.detail.en.contains("is no act of"), "{refusal}");
}

/// What is decided but not yet in effect opens nothing that could lapse, nor does it excuse.
#[test]
fn g2_what_is_not_yet_in_effect_is_not_counted_against_anybody() {
    let mut story = approved_area();
    story.today("2015-01-10");
    let body = json!({ "reason": "merged", "document": document(), "decided_on": "2015-01-10" });
    story.records(NationalOffice, &act("end_standing", "2015-06-01", body)).unwrap();
    assert_eq!(clerk(&mut story, "2015-01-13"), [PLAN]);
    assert_eq!(clerk(&mut story, "2014-12-01"), [""; 0]);
}

#[test]
fn g16_an_exercise_is_judged_like_the_rest() {
    let rules = versions(vec![measure(CLUSTER_2014)]);
    let mut story = Story::new("exercise_cluster_area", rules, "area_one", "cluster_area");
    story.does(LocalGovernment, "apply", "2014-10-08", area_application(31));
    story.does(ProvincialDepartment, "recommend", "2014-10-10", recommendation());
    story.does(NationalOffice, "approve", "2014-10-12", json!({}));
    let mut real = approved_area();
    assert_eq!(clerk(&mut story, "2019-01-01"), clerk(&mut real, "2019-01-01"));
}

/// A life with gaps, the clerk looking on some of its days.
fn life(looks: &[Day]) -> Story {
    let mut story = recommended_area();
    let mut looks = looks.iter().peekable();
    let mut until = |story: &mut Story, on: &str| {
        while let Some(look) = looks.next_if(|look| **look < day(on)) {
            clerk(story, &look.to_string());
        }
    };
    for (office, name, on, body) in [
        (NationalOffice, "approve", "2014-10-12", json!({})),
        (ProvincialDepartment, "submit_plan", "2015-02-10", plan()),
        (LocalGovernment, "submit_report", "2016-02-20", report(2015)),
        (LocalGovernment, "submit_report", "2017-01-20", report(2016)),
        (
            NationalOffice,
            "accept",
            "2017-10-20",
            rectify_by(acceptance("unqualified", Some(1)), "2018-03-31"),
        ),
        (LocalGovernment, "report_rectification", "2018-04-20", json!({ "text": "done" })),
        (LocalGovernment, "submit_report", "2018-06-01", report(2016 + 1)),
        (NationalOffice, "accept", "2018-07-01", acceptance("excellent", Some(1))),
    ] {
        until(&mut story, on);
        story.does(office, name, on, body);
    }
    until(&mut story, "2200-01-01");
    story
}

fn days() -> impl Strategy<Value = Vec<Day>> {
    let from = day("2014-10-01");
    let days = prop::collection::vec((0..2500_i64).prop_map(move |n| from.plus_days(n)), 0..12);
    days.prop_map(|mut days| {
        days.sort_unstable();
        days
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Whenever the clerk looks, the acts are decided alike, nothing lapses twice, and what lapsed
    /// was not received by then.
    #[test]
    fn g12_looking_changes_nothing_but_what_is_known(looks in days()) {
        let (quiet, seen) = (life(&[]), life(&looks));
        let facts = |story: &Story| -> Vec<_> {
            story.history.events().iter().filter_map(|e| e.event.fact().cloned()).collect()
        };
        prop_assert_eq!(facts(&quiet), facts(&seen));
        prop_assert_eq!(quiet.state.node.clone(), seen.state.node.clone());
        let known = seen.state.lapses.as_deref().cloned().unwrap_or_default();
        let keys: BTreeSet<_> =
            known.iter().map(|l| (l.opened_by, l.obligation.clone(), l.due.to_string())).collect();
        prop_assert_eq!(keys.len(), known.len());
        for event in seen.history.events() {
            let Event::ObligationLapsed(lapse) = &event.event else { continue };
            prop_assert!(lapse_has_ground(&seen.state, lapse));
            prop_assert!(event.meta.recorded_at.civil_day() >= lapse.lapsed_on());
        }
    }
}
