//! G9, G10, G17: what evidence shows, what contradicts it, and what a confirmation opens.

use docket::domain::act::ActKind;
use docket::domain::duty::{DutyStatus, items};
use docket::domain::ids::Office::{NationalOffice, ProvincialDepartment, Registrar};
use docket::domain::ids::{Office, Provenance};
use docket::domain::period::Period;
use serde_json::json;

use crate::lives::{accepted_area, approved_area, attest, demonstrative_area, pilot, report};
use crate::story::{Story, date, day};

fn title_until(story: &Story) -> Option<String> {
    story.state.title.as_ref()?.until.map(|until| until.to_string())
}

/// Case 03: reviewed as a newspaper says; the title is kept for three more years.
#[test]
fn g9_evidence_of_a_review_keeps_the_title() {
    let title = json!({ "title": "demonstrative" });
    let mut story = Story::area();
    attest(&mut story, "demonstrative", "2017-01-01", &title);
    assert_eq!(title_until(&story).as_deref(), Some("2020-01-01"));
    let mut seen = story.clone();
    attest(&mut seen, "demonstrative", "2020-12-07", &title);
    assert_eq!(title_until(&seen).as_deref(), Some("2020-01-01"), "a standing is no review");
    let shows = json!({ "title": "demonstrative", "shows": "review", "grade": "excellent" });
    attest(&mut story, "demonstrative", "2020-12-07", &shows);
    assert_eq!(title_until(&story).as_deref(), Some("2023-12-07"));
    let last = story.state.last_result(ActKind::Review).unwrap();
    assert_eq!((last.result.as_str(), last.on), ("excellent", date("2020-12-07")));
    assert_eq!(story.duties("2026-03-01"), [], "it opens no obligation");
    assert_eq!(story.moves("2026-03-01"), []);
}

fn contradictions(story: &mut Story, stands_at: &str, extra: &serde_json::Value) -> usize {
    let by = attest(story, stands_at, "2021-05-01", extra);
    let findings = &story.fact(by).findings;
    let found = findings.iter().filter(|found| found.code == "contradicts_standing");
    found.inspect(|found| assert_eq!(found.article, "G9")).count()
}

#[test]
fn g9_evidence_that_contradicts_what_stands_is_found() {
    let leading = json!({ "category": "leading" });
    assert_eq!(contradictions(&mut pilot("leading"), "pilot", &leading), 0);
    assert_eq!(contradictions(&mut pilot("leading"), "demonstration", &leading), 1);
    assert_eq!(contradictions(&mut pilot("leading"), "pilot.passed", &leading), 1);
    let supporting = json!({ "category": "supporting" });
    assert_eq!(contradictions(&mut pilot("leading"), "pilot", &supporting), 1);
    let title = json!({ "title": "demonstrative" });
    assert_eq!(contradictions(&mut demonstrative_area(), "demonstrative", &title), 0);
    let area = json!({ "title": "experimental" });
    assert_eq!(contradictions(&mut demonstrative_area(), "experimental", &area), 1);
    // Evidence against evidence of the same phase; that it moved on contradicts none.
    let mut shown = Story::province();
    attest(&mut shown, "pilot", "2016-06", &leading);
    assert_eq!(contradictions(&mut shown, "pilot", &supporting), 1);
    assert_eq!(contradictions(&mut shown, "demonstration", &supporting), 0);
}

#[test]
fn g10_a_note_is_no_evidence_of_a_standing() {
    let mut story = Story::area();
    attest(&mut story, "experimental", "2017", &json!({ "title": "experimental" }));
    story.does(Registrar, "note", "2019-05-01", json!({ "text": "a visit" }));
    assert_eq!(story.state.last_evidenced_on, Some(date("2017")));
    attest(&mut story, "experimental", "2018", &json!({}));
    assert_eq!(story.state.last_evidenced_on, Some(date("2018")));
    let mut fresh = Story::area();
    fresh.does(Registrar, "note", "2019-05-01", json!({ "text": "a visit" }));
    assert_eq!((fresh.state.last_evidenced_on, fresh.state.node.clone()), (None, None));
}

/// What is owed by an office on a day, and since when.
fn owed(story: &Story, on: &str, office: Office) -> Vec<(String, String)> {
    let state = story.on(on);
    let found = items(&state, day(on), &story.calendars);
    let open = found.iter().filter(|item| item.duty.owes == office && item.status.is_unmet());
    open.map(|item| (item.duty.obligation.to_string(), item.open_from.to_string())).collect()
}

/// Confirmed means open from then on, the national office's own duties included.
#[test]
fn g10_a_confirmation_opens_the_national_offices_duties_too() {
    for (stands_at, on, title, duty, act) in [
        ("under_construction", "2015-06-01", None, "acceptance", ActKind::Accept),
        ("under_construction.excellent", "2018-06-01", None, "confirmation", ActKind::Confirm),
        ("demonstrative", "2017-01-01", Some("demonstrative"), "review", ActKind::Review),
    ] {
        let mut story = Story::area();
        attest(&mut story, stands_at, on, &json!({ "title": title }));
        assert_eq!(story.moves("2026-03-31"), [], "{stands_at}: nobody is waited for");
        assert_eq!(story.duties("2026-03-31"), []);
        story.does(NationalOffice, "confirm_standing", "2026-04-01", json!({}));
        assert_eq!(story.moves("2026-03-31"), []);
        let since = (duty.to_owned(), "2026-04-01".to_owned());
        let open = owed(&story, "2026-05-01", NationalOffice);
        assert!(open.contains(&since), "{stands_at}: {open:?}");
        assert_eq!(story.duty(duty, 0, "2026-05-01"), Some(DutyStatus::Open));
        let waiting = story.waiting("2026-05-01");
        let waited = waiting.iter().find(|w| w.act == act).expect("its move");
        assert_eq!((waited.office, waited.since), (NationalOffice, date("2026-04-01")));
        assert_eq!(story.state.provenance, Provenance::Recorded);
    }
    // An area accepted as excellent owes no acceptance any more.
    let mut story = Story::area();
    attest(&mut story, "under_construction.excellent", "2018-06-01", &json!({}));
    story.does(NationalOffice, "confirm_standing", "2026-04-01", json!({}));
    assert_eq!(story.duty("acceptance", 0, "2026-05-01"), None);
    // A pilot that passed is to be listed.
    let mut story = Story::province();
    attest(&mut story, "pilot.passed", "2019-06", &json!({ "category": "leading" }));
    story.does(NationalOffice, "confirm_standing", "2026-04-01", json!({}));
    let open = owed(&story, "2026-05-01", NationalOffice);
    assert!(open.iter().any(|(duty, _)| duty == "listing"), "{open:?}");
}

#[test]
fn g13_acceptance_and_review_open_the_day_after_the_last() {
    let story = approved_area();
    let until = story.state.term.as_ref().unwrap().until;
    assert_eq!(until, date("2017-10-12"));
    assert_eq!(
        owed(&story, "2017-10-12", NationalOffice),
        [("acceptance".to_owned(), "2017-10-13".to_owned())]
    );
    let accept = (NationalOffice, ActKind::Accept);
    assert!(!story.moves("2017-10-12").contains(&accept));
    assert!(story.moves("2017-10-13").contains(&accept));
    let titled = demonstrative_area();
    let review = (NationalOffice, ActKind::Review);
    assert!(!titled.moves("2021-01-01").contains(&review));
    assert!(titled.moves("2021-01-02").contains(&review));
    let leap = Period::parse("P1Y").unwrap();
    assert_eq!(leap.add_to(&date("2016-02-29")), date("2017-02-28"));
}

/// Each duty of the national office that can be met is its move, since the day from which it can.
#[test]
fn g17_whoever_owes_is_waited_for() {
    let mut reported = approved_area();
    reported.does(Office::LocalGovernment, "submit_report", "2015-01-20", report(2014));
    let mut passed = pilot("leading");
    passed.does(NationalOffice, "evaluate", "2019-05-15", crate::lives::evaluated("passed"));
    for (story, on, duty, act, since) in [
        (reported, "2015-03-01", "inspection", ActKind::Inspect, "2015-01-20"),
        (accepted_area("excellent"), "2017-11-01", "confirmation", ActKind::Confirm, "2017-10-20"),
        (passed, "2019-06-01", "listing", ActKind::List, "2019-05-15"),
        (approved_area(), "2018-01-01", "acceptance", ActKind::Accept, "2017-10-13"),
        (demonstrative_area(), "2021-06-01", "review", ActKind::Review, "2021-01-02"),
    ] {
        assert_eq!(story.duty(duty, 0, on), Some(DutyStatus::Open), "{duty}");
        let waiting = story.waiting(on);
        let found = waiting.iter().find(|w| w.office == NationalOffice && w.act == act);
        let found = found.unwrap_or_else(|| panic!("{duty}: {waiting:?}"));
        assert_eq!(found.since, date(since), "{duty}");
        assert!(!found.article.is_empty());
    }
    // The counter-case: once it is met nobody is waited for, nor before it can be met.
    let met = accepted_area("qualified");
    assert!(!met.moves("2018-01-01").contains(&(NationalOffice, ActKind::Accept)));
    let joint = approved_area();
    for office in [ProvincialDepartment, Office::LocalGovernment] {
        assert!(joint.moves("2014-11-01").contains(&(office, ActKind::Designate)), "{office:?}");
    }
}
