//! Whole lives, with every date: an area under [2014] No. 40 from application to re-application,
//! and Futian as the sources tell it.

use docket::domain::act::ActKind;
use docket::domain::duty::DutyStatus;
use docket::domain::ids::Office::{
    LocalGovernment, NationalOffice, ProvincialDepartment, Registrar,
};
use docket::domain::ids::Provenance;
use serde_json::json;

use crate::lives::{
    acceptance, approved_area, area_application, plan, recommendation, rectify_by, report, review,
};
use crate::story::{Story, date, day};

/// From application in 2014 by way of rectification, title and cancellation to a second approval in 2023.
fn full_life() -> Story {
    let mut story = approved_area();
    let designation = json!({ "designates": "department", "text": "IP office" });
    story.does(LocalGovernment, "designate", "2014-11-03", designation);
    story.does(ProvincialDepartment, "submit_plan", "2015-01-12", plan());
    story.does(LocalGovernment, "submit_report", "2015-01-31", report(2014));
    let amendment = json!({ "opinion": "widen", "explanation": "demand", "plan": plan() });
    story.does(LocalGovernment, "submit_amendment", "2015-06-01", amendment);
    story.does(NationalOffice, "accept_amendment", "2015-07-01", json!({}));
    story.today("2016-02-02");
    story.does(LocalGovernment, "submit_report", "2016-01-31", report(2015));
    story.does(NationalOffice, "inspect", "2016-04-01", json!({ "findings": "slow" }));
    story.does(LocalGovernment, "submit_report", "2017-01-26", report(2016));
    let poor = rectify_by(acceptance("unqualified", Some(2)), "2018-03-31");
    story.does(NationalOffice, "accept", "2017-10-13", poor);
    story.does(LocalGovernment, "submit_report", "2018-01-30", report(2017));
    story.does(LocalGovernment, "report_rectification", "2018-04-20", json!({ "text": "done" }));
    story.does(LocalGovernment, "request_acceptance", "2018-05-02", json!({ "text": "please" }));
    story.does(NationalOffice, "accept", "2018-07-01", acceptance("excellent", Some(2)));
    story.does(NationalOffice, "confirm", "2018-08-01", json!({ "title_from": "2018-09-01" }));
    let first = rectify_by(review("unqualified"), "2022-06-30");
    story.does(NationalOffice, "review", "2022-01-10", first);
    story.does(NationalOffice, "review", "2022-09-10", review("unqualified"));
    story.does(LocalGovernment, "apply", "2023-03-01", area_application(44));
    story.does(ProvincialDepartment, "recommend", "2023-03-20", recommendation());
    story.does(NationalOffice, "approve", "2023-05-01", json!({ "round": "2023" }));
    story
}

#[test]
fn c2_the_full_life_of_an_area() {
    let story = full_life();
    for (on, node) in [
        ("2014-10-07", ""),
        ("2014-10-08", "candidate.applied"),
        ("2014-10-10", "candidate.recommended"),
        ("2014-10-12", "under_construction"),
        ("2017-10-13", "under_construction.rectifying"),
        ("2018-07-01", "under_construction.excellent"),
        // The title begins on 1 September; until then the area stands as before.
        ("2018-08-31", "under_construction.excellent"),
        ("2018-09-01", "demonstrative"),
        ("2021-09-02", "demonstrative"),
        ("2022-01-10", "demonstrative.rectifying"),
        ("2022-09-10", "cancelled"),
        ("2023-03-01", "candidate.applied"),
        ("2023-05-01", "under_construction"),
    ] {
        assert_eq!(story.stands(on), node, "on {on}");
    }
    let duties = |on: &str| {
        let found = story.duties(on);
        let kept = found.into_iter().map(|(duty, year, status)| {
            if year == 0 { (duty, status) } else { (format!("{duty} {year}"), status) }
        });
        kept.collect::<Vec<_>>()
    };
    let expected = [
        ("construction_plan", DutyStatus::Met),
        // Received on Tuesday 2 February 2016; 31 January was a Sunday.
        ("annual_report 2015", DutyStatus::Met),
        ("annual_report 2016", DutyStatus::Late),
        ("annual_report 2017", DutyStatus::Met),
        ("annual_report 2018", DutyStatus::Met),
        ("annual_report 2019", DutyStatus::Overdue),
        ("annual_report 2020", DutyStatus::Overdue),
        ("annual_report 2021", DutyStatus::Overdue),
        ("annual_report 2022", DutyStatus::Overdue),
        ("annual_report 2023", DutyStatus::Waived),
        ("department_in_charge", DutyStatus::Met),
        ("guidance_support_department", DutyStatus::Waived),
        ("guidance_support_local", DutyStatus::Waived),
        ("agencies", DutyStatus::Waived),
        ("personnel", DutyStatus::Waived),
        ("funds", DutyStatus::Waived),
        ("acceptance", DutyStatus::Met),
        // One for each report; the inspection of 2016 names none.
        ("inspection", DutyStatus::Waived),
        ("inspection", DutyStatus::Waived),
        ("inspection", DutyStatus::Waived),
        ("rectification", DutyStatus::Late),
        ("inspection", DutyStatus::Waived),
        ("confirmation", DutyStatus::Met),
        ("review", DutyStatus::Met),
        ("rectification", DutyStatus::Overdue),
    ];
    assert_eq!(duties("2022-12-31"), expected.map(|(duty, status)| (duty.to_owned(), status)));
    assert_eq!(story.on("2018-08-31").title, None);
    assert_eq!(story.on("2018-09-01").title.as_ref().unwrap().from, date("2018-09-01"));
    let again = story.duties("2023-06-01");
    let second = again.iter().rev().find(|(duty, ..)| duty == "annual_report").unwrap();
    assert_eq!(second, &("annual_report".to_owned(), 2024, DutyStatus::Open));
    assert_eq!(story.state.attempt, 2);
}

/// As reported: approved in September 2013 under [2012] No. 61, unveiled in November, accepted as
/// excellent in October 2016, a demonstration area from 2017, reviewed on 7 December 2020.
#[test]
fn c18_futian_as_the_sources_tell_it() {
    let mut story = Story::area();
    story.today("2026-03-01");
    let archive = json!({ "office": "national_office", "source": "futian-2016" });
    let approved =
        json!({ "what": "approved as experimental area", "stands_at": "under_construction" });
    story.does(Registrar, "record_under_unknown_rule", "2013-09", approved);
    story.does(Registrar, "note", "2013-11", json!({ "text": "experimental area unveiled" }));
    let mut body = acceptance("excellent", None);
    body["archive"] = archive.clone();
    story.does(Registrar, "accept", "2016-10", body);
    assert_eq!(story.stands("2016-10-31"), "under_construction.excellent");
    let confirm = json!({ "title_from": "2017", "archive": archive });
    story.does(Registrar, "confirm", "2017", confirm);
    assert_eq!(story.state.title.as_ref().unwrap().until, Some(date("2020-01-01/2020-12-31")));
    let mut body = review("excellent");
    body["archive"] = archive;
    story.does(Registrar, "review", "2020-12-07", body);
    assert_eq!(story.state.title.as_ref().unwrap().until, Some(date("2023-12-07")));
    assert_eq!(story.stands("2026-03-01"), "demonstrative");
    assert_eq!(story.state.provenance, Provenance::Recorded);
    // The record is kept since the day of recording: nothing before it failed.
    assert_eq!(story.state.kept_since, Some(day("2026-03-01")));
    let found = story.duties("2026-03-01");
    let reports: Vec<_> = found.iter().filter(|(duty, ..)| duty == "annual_report").collect();
    assert_eq!((reports[0].1, reports[reports.len() - 1].1), (2015, 2027));
    let failed = |status: &DutyStatus| matches!(status, DutyStatus::Overdue | DutyStatus::Late);
    assert!(!found.iter().any(|(_, _, status)| failed(status)), "{found:?}");
    assert_eq!(story.duty("annual_report", 2026, "2026-03-01"), Some(DutyStatus::NotInTheRecord));
    assert_eq!(story.duty("annual_report", 2027, "2026-03-01"), Some(DutyStatus::Open));
    assert_eq!(story.duty("construction_plan", 0, "2026-03-01"), None);
    let moves = story.moves("2027-01-05");
    assert!(moves.contains(&(LocalGovernment, ActKind::SubmitReport)), "{moves:?}");
    assert!(!moves.iter().any(|(office, _)| *office == NationalOffice), "{moves:?}");
}
