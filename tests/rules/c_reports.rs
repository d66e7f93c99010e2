//! C13, C15, C16: reports where the approval's year is not known, receipts of two offices, documents
//! that end a standing, another acceptance after an unqualified one.

use docket::domain::duty::DutyStatus;
use docket::domain::ids::Office::{
    LocalGovernment, NationalOffice, ProvincialDepartment, Registrar,
};
use serde_json::json;

use crate::lives::{
    acceptance, accepted_area, approved_area, recommended_area, rectify_by, report,
};
use crate::story::{date, day, invalid};

#[test]
fn c13_a_report_is_accepted_from_the_earliest_year_that_the_approval_can_have() {
    let mut story = recommended_area();
    story.today("2026-03-01");
    let archive = json!({ "office": "national_office", "source": "box 7" });
    story.does(Registrar, "approve", "2014-12/2016-02", json!({ "archive": archive }));
    let overdue = |year| story.duty("annual_report", year, "2026-03-01");
    assert_eq!([2015, 2016].map(overdue), [Some(DutyStatus::Open); 2], "it may not be owed");
    assert_eq!(overdue(2017), Some(DutyStatus::Overdue), "owed whenever it was approved");
    let mut body = report(2014);
    body["archive"] = json!({ "office": "local_government", "source": "box 7" });
    body["received_on"] = json!("2015-01-20");
    story.does(Registrar, "submit_report", "2015-01-20", body);
    assert_eq!(story.duty("annual_report", 2015, "2026-03-01"), Some(DutyStatus::Met));
    // Approved by 20 January 2015, as the report shows: the next one was owed for certain.
    assert_eq!(story.duty("annual_report", 2016, "2026-03-01"), Some(DutyStatus::Overdue));
}

#[test]
fn c13_a_report_is_in_time_when_both_offices_had_it_in_time() {
    let mut story = approved_area();
    story.today("2015-02-20");
    let sent = story.does(LocalGovernment, "submit_report", "2015-01-25", report(2014));
    assert_eq!(story.duty("annual_report", 2015, "2015-02-20"), Some(DutyStatus::Late));
    let receipt = |on: &str| json!({ "of": story.reference(sent).to_string(), "receipt_on": on });
    let (first, second) = (receipt("2015-01-28"), receipt("2015-01-30"));
    story.does(NationalOffice, "acknowledge_receipt", "2015-02-20", first);
    assert_eq!(story.duty("annual_report", 2015, "2015-02-20"), Some(DutyStatus::Late));
    // As of a day between, one of them had it.
    let state = story.on("2015-01-29");
    let met = &state.open_duty("annual_report").unwrap().met[&2015];
    let had = met.receipts.iter().filter(|receipt| receipt.on <= day("2015-01-29"));
    assert_eq!(had.map(|receipt| receipt.by).collect::<Vec<_>>(), [NationalOffice]);
    assert_eq!(story.duty("annual_report", 2015, "2015-01-29"), Some(DutyStatus::Open));
    story.does(ProvincialDepartment, "acknowledge_receipt", "2015-02-20", second);
    assert_eq!(story.duty("annual_report", 2015, "2015-02-20"), Some(DutyStatus::Met));
}

#[test]
fn c15_no_spelling_of_the_measures_own_number_is_another_document() {
    let story = accepted_area("qualified");
    let citing = |number: &str| {
        let document = json!({ "title": "Decision", "number": number });
        json!({ "reason": "merged", "document": document })
    };
    for own in [
        "国知办发规字〔2014〕40号",
        "国知办发规字 [2014] 40 号",
        "国知办发规字（２０１４）４０号",
        "〔2014〕40号",
        "G. ZH. B. F. G. Zi. [2014] No. 40",
        "g zh b f g zi (2014) no 40",
    ] {
        let refusal = story.refuses(NationalOffice, "end_standing", "2018-03-01", citing(own));
        invalid(&refusal, &["/document/number"]);
    }
    let mut ended = story.clone();
    ended.does(NationalOffice, "end_standing", "2018-03-01", citing("国知发管字〔2018〕40号"));
    assert_eq!(ended.stands("2018-03-01"), "ended");
}

#[test]
fn c16_after_an_unqualified_result_under_the_title_the_set_day_is_enough() {
    let mut story = accepted_area("qualified");
    story.does(LocalGovernment, "request_acceptance", "2018-09-01", json!({ "text": "again" }));
    let worse = rectify_by(acceptance("unqualified", Some(1)), "2018-12-31");
    story.does(NationalOffice, "accept", "2018-10-01", worse);
    let again = || acceptance("qualified", Some(1));
    story.refuses(NationalOffice, "accept", "2018-12-31", again());
    story.does(NationalOffice, "accept", "2019-01-01", again());
    assert_eq!(story.state.title.as_ref().unwrap().from, date("2017-10-20"));
    // Qualified again: the next one is for the area to ask.
    story.refuses(NationalOffice, "accept", "2019-06-01", again());
}
