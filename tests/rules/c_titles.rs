//! C15 to C18: results, another acceptance, the demonstrative title and its review, areas approved
//! before the Measures.

use docket::domain::act::ActKind;
use docket::domain::duty::DutyStatus;
use docket::domain::ids::Office::{LocalGovernment, NationalOffice, ProvincialDepartment};
use docket::domain::refusal::Reason;
use serde_json::json;

use crate::lives::{
    acceptance, accepted_area, approved_area, area_application, demonstrative_area, document, plan,
    reason, recommendation, rectify_by, report, review,
};
use crate::story::{date, invalid, not_permitted};

#[test]
fn c15_each_result_has_its_effect() {
    let excellent = accepted_area("excellent");
    assert_eq!(excellent.stands("2017-10-20"), "under_construction.excellent");
    assert!(excellent.moves("2017-10-20").contains(&(NationalOffice, ActKind::Confirm)));
    assert_eq!(excellent.duty("confirmation", 0, "2027-10-20"), Some(DutyStatus::Open));
    assert_eq!(excellent.state.title, None);

    let qualified = accepted_area("qualified");
    let title = qualified.state.title.as_ref().unwrap();
    assert_eq!((title.title.as_str(), title.until), ("experimental", None));
    assert_eq!((title.from, title.article.as_str()), (date("2017-10-20"), "Art. 17"));

    let unqualified = accepted_area("unqualified");
    assert_eq!(unqualified.stands("2017-10-20"), "under_construction.rectifying");
    assert_eq!(unqualified.moves("2017-10-20")[0], (LocalGovernment, ActKind::ReportRectification));

    let mut area = approved_area();
    area.does(ProvincialDepartment, "submit_plan", "2015-01-05", plan());
    let splendid = acceptance("splendid", Some(1));
    let refusal = area.refuses(NationalOffice, "accept", "2017-10-20", splendid);
    invalid(&refusal, &["/result"]);
    assert_eq!(refusal.article.as_deref(), Some("Art. 16"));
}

#[test]
fn c15_the_rectification_day_is_set_by_the_decision_and_passing_it_changes_nothing_else() {
    let mut area = approved_area();
    area.does(ProvincialDepartment, "submit_plan", "2015-01-05", plan());
    let without = acceptance("unqualified", Some(1));
    invalid(&area.refuses(NationalOffice, "accept", "2017-10-20", without), &["/rectify_by"]);
    let before = rectify_by(acceptance("unqualified", Some(1)), "2017-10-19");
    invalid(&area.refuses(NationalOffice, "accept", "2017-10-20", before), &["/rectify_by"]);
    let needless = rectify_by(acceptance("qualified", Some(1)), "2018-06-30");
    invalid(&area.refuses(NationalOffice, "accept", "2017-10-20", needless), &["/rectify_by"]);

    let mut story = accepted_area("unqualified");
    // 30 June 2018 was a Saturday: nothing is late before Monday has passed.
    assert_eq!(story.duty("rectification", 0, "2018-07-02"), Some(DutyStatus::Open));
    assert_eq!(story.duty("rectification", 0, "2018-07-03"), Some(DutyStatus::Overdue));
    assert_eq!(story.stands("2020-01-01"), "under_construction.rectifying");
    assert_eq!(story.moves("2020-01-01")[0], (LocalGovernment, ActKind::ReportRectification));
    story.does(LocalGovernment, "report_rectification", "2020-02-01", json!({ "text": "done" }));
    assert_eq!(story.duty("rectification", 0, "2020-02-01"), Some(DutyStatus::Late));
    assert_eq!(story.stands("2020-02-01"), "under_construction.rectifying");
    let again = json!({ "text": "done" });
    let refusal = story.refuses(LocalGovernment, "report_rectification", "2020-03-01", again);
    not_permitted(&refusal, "under_construction.rectifying", &["duty_open"], "Art. 17, Art. 18");
}

#[test]
fn c15_only_the_national_office_citing_another_document_ends_an_area() {
    let mut story = accepted_area("qualified");
    let bare = story.refuses(NationalOffice, "end_standing", "2018-03-01", reason());
    invalid(&bare, &["/document"]);
    assert_eq!(bare.article.as_deref(), Some("Art. 17"));
    let body = json!({ "reason": "merged", "document": document() });
    let refusal = story.refuses(LocalGovernment, "end_standing", "2018-03-01", body.clone());
    assert_eq!(*refusal.reason, Reason::OfficeForbidden { required: vec![NationalOffice] });
    story.does(NationalOffice, "end_standing", "2018-03-01", body);
    assert_eq!((story.stands("2018-03-01").as_str(), &story.state.title), ("ended", &None));
}

#[test]
fn c16_another_acceptance_can_be_asked_for_any_number_of_times() {
    let mut story = accepted_area("qualified");
    let ask = || json!({ "text": "another, please" });
    let unasked = acceptance("excellent", Some(1));
    let refusal = story.refuses(NationalOffice, "accept", "2018-10-01", unasked);
    not_permitted(&refusal, "experimental", &["any", "any"], "Art. 17");
    for year in 2018..2021 {
        story.does(LocalGovernment, "request_acceptance", &format!("{year}-09-01"), ask());
        let moves = story.moves(&format!("{year}-09-01"));
        assert!(moves.contains(&(NationalOffice, ActKind::Accept)), "{moves:?}");
        let worse = rectify_by(acceptance("unqualified", Some(1)), &format!("{year}-12-31"));
        story.does(NationalOffice, "accept", &format!("{year}-10-01"), worse);
        // A worse later result takes no title away.
        assert_eq!(story.stands(&format!("{year}-10-01")), "experimental");
        assert_eq!(story.state.title.as_ref().unwrap().title, "experimental");
    }
    let results: Vec<_> = story.state.results.iter().map(|r| r.result.as_str()).collect();
    assert_eq!(results, ["qualified", "unqualified", "unqualified", "unqualified"]);

    let mut rectifying = accepted_area("unqualified");
    rectifying.does(LocalGovernment, "request_acceptance", "2018-05-01", ask());
    rectifying.does(NationalOffice, "accept", "2018-06-01", acceptance("qualified", Some(1)));
    assert_eq!(rectifying.stands("2018-06-01"), "experimental");
    assert!(rectifying.state.matters.is_empty());
    let excellent = accepted_area("excellent");
    let refusal = excellent.refuses(LocalGovernment, "request_acceptance", "2018-05-01", ask());
    not_permitted(&refusal, "under_construction.excellent", &["standing"], "Art. 17");
}

#[test]
fn c17_the_title_begins_on_the_stated_day_and_is_held_until_a_review() {
    let mut story = demonstrative_area();
    let title = story.state.title.clone().unwrap();
    assert_eq!((title.from, title.until), (date("2018-01-01"), Some(date("2021-01-01"))));
    assert_eq!(title.article, "Art. 18");
    let early = story.refuses(NationalOffice, "review", "2021-01-01", review("qualified"));
    not_permitted(&early, "demonstrative", &["title_over"], "Art. 18");
    assert!(!story.moves("2021-01-01").contains(&(NationalOffice, ActKind::Review)));
    assert!(story.moves("2021-01-02").contains(&(NationalOffice, ActKind::Review)));
    // Due since January, still held in June.
    assert!(story.on("2021-06-01").title.is_some());
    story.does(NationalOffice, "review", "2021-06-15", review("excellent"));
    let title = story.state.title.clone().unwrap();
    assert_eq!((title.from, title.until), (date("2018-01-01"), Some(date("2024-06-15"))));
    let printed = story.state.last_result(ActKind::Review).unwrap();
    assert_eq!(printed.result, "excellent");
    let reviews: Vec<_> = story
        .duties("2021-06-15")
        .into_iter()
        .filter(|(duty, ..)| duty == "review")
        .map(|(_, _, status)| status)
        .collect();
    assert_eq!(reviews, [DutyStatus::Met, DutyStatus::Open]);
}

#[test]
fn c17_unqualified_twice_loses_the_title() {
    let mut story = demonstrative_area();
    let without = review("unqualified");
    invalid(&story.refuses(NationalOffice, "review", "2021-02-01", without), &["/rectify_by"]);
    let first = rectify_by(review("unqualified"), "2021-08-01");
    story.does(NationalOffice, "review", "2021-02-01", first);
    assert_eq!(story.stands("2021-02-01"), "demonstrative.rectifying");
    assert!(story.state.title.is_some());

    let mut kept = story.clone();
    kept.does(NationalOffice, "review", "2021-09-01", review("qualified"));
    assert_eq!(kept.stands("2021-09-01"), "demonstrative");
    assert_eq!(kept.state.title.as_ref().unwrap().until, Some(date("2024-09-01")));

    story.does(NationalOffice, "review", "2021-09-01", review("unqualified"));
    assert_eq!(story.stands("2021-09-01"), "cancelled");
    assert_eq!(story.state.title, None);
    assert!(story.on("2021-08-31").title.is_some());
    assert_eq!(story.duty("annual_report", 2022, "2022-06-01"), Some(DutyStatus::Waived));
    assert_eq!(story.duty("annual_report", 2021, "2022-06-01"), Some(DutyStatus::Overdue));
}

#[test]
fn c17_a_cancelled_area_may_apply_anew() {
    let mut story = demonstrative_area();
    let first = rectify_by(review("unqualified"), "2021-08-01");
    story.does(NationalOffice, "review", "2021-02-01", first);
    story.does(NationalOffice, "review", "2021-09-01", review("unqualified"));
    let plan_again = story.refuses(ProvincialDepartment, "submit_plan", "2021-10-01", plan());
    not_permitted(&plan_again, "cancelled", &["standing"], "Art. 10");
    story.does(LocalGovernment, "apply", "2022-03-01", area_application(50));
    story.does(ProvincialDepartment, "recommend", "2022-03-10", recommendation());
    story.does(NationalOffice, "approve", "2022-04-01", json!({}));
    assert_eq!(
        (story.state.attempt, story.stands("2022-04-01").as_str()),
        (2, "under_construction")
    );
    assert_eq!(story.state.term.as_ref().unwrap().until, date("2025-04-01"));
    assert_eq!((&story.state.title, story.state.plan_versions.len()), (&None, 0));
    // The first attempt's reports are no debt of the second, whose own begin anew.
    story.does(LocalGovernment, "submit_report", "2023-01-10", report(2022));
    assert_eq!(story.state.open_duty("annual_report").unwrap().met.len(), 1);
    story.does(ProvincialDepartment, "submit_plan", "2022-06-01", plan());
}

#[test]
fn c15_after_rectification_is_reported_it_is_the_national_offices_move() {
    let mut story = accepted_area("unqualified");
    assert!(story.moves("2018-01-10").contains(&(LocalGovernment, ActKind::ReportRectification)));
    assert!(!story.moves("2018-01-10").contains(&(NationalOffice, ActKind::Accept)));
    story.does(
        LocalGovernment,
        "report_rectification",
        "2018-02-01",
        json!({ "text": "put right" }),
    );
    assert!(story.moves("2018-02-02").contains(&(NationalOffice, ActKind::Accept)));
    assert!(!story.moves("2018-02-02").contains(&(LocalGovernment, ActKind::ReportRectification)));

    // An acceptance that is passed without a report ends the duty: nothing is left to rectify.
    let mut passed = accepted_area("unqualified");
    assert!(passed.state.open_duty("rectification").is_some());
    passed.does(NationalOffice, "accept", "2018-07-01", acceptance("qualified", Some(1)));
    assert!(passed.state.open_duty("rectification").is_none());
}
