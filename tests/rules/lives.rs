//! Beginnings and bodies that many stories share.
#![allow(dead_code, reason = "each suite uses the part that it needs")]

use docket::domain::ids::Office::{
    LocalGovernment, NationalOffice, Province, ProvincialDepartment, Registrar,
};
use serde_json::{Value, json};

use super::story::Story;

pub fn material(kind: &str) -> Value {
    json!({ "kind": kind, "name": format!("{kind}.pdf"), "media_type": "application/pdf", "digest": "0".repeat(64) })
}

pub fn materials(kinds: &[&str]) -> Value {
    kinds.iter().map(|kind| material(kind)).collect()
}

pub fn document() -> Value {
    json!({ "title": "Decision", "number": "〔2016〕1号", "issuing_office": "SIPO" })
}

/// The body of an area's application, with so many agencies.
pub fn area_application(agencies: u64) -> Value {
    json!({
        "applicant_kind": "hi_tech_zone",
        "requirements": {
            "management": "in place",
            "demand": "strong",
            "agencies": agencies,
            "services": ["patent", "trademark", "copyright", "geographical_indication", "plant_variety"],
        },
        "materials": materials(&["application", "initial_work_plan", "commitment"]),
    })
}

pub fn recommendation() -> Value {
    json!({ "opinion": "recommended", "materials": materials(&["letter_of_recommendation"]) })
}

/// Applied on 8 October 2014 and recommended on the 10th: to be approved.
pub fn recommended_area() -> Story {
    let mut story = Story::area();
    story.does(LocalGovernment, "apply", "2014-10-08", area_application(31));
    story.does(ProvincialDepartment, "recommend", "2014-10-10", recommendation());
    story
}

/// Approved on 12 October 2014, at revision 2.
pub fn approved_area() -> Story {
    let mut story = recommended_area();
    story.does(NationalOffice, "approve", "2014-10-12", json!({ "round": "2014" }));
    story
}

pub fn plan() -> Value {
    json!({ "contents": { "goals": "a better environment" }, "guidelines": ["environment"] })
}

pub fn report(year: i32) -> Value {
    json!({ "year": year, "summary": "done", "next_year_plan": "more" })
}

/// A check and acceptance; `None` where no plan is on record.
pub fn acceptance(result: &str, plan_version: Option<u32>) -> Value {
    let mut body = json!({
        "result": result,
        "findings": { "implementation": "a", "practices": "b", "planning": "c" },
    });
    if let Some(version) = plan_version {
        body["plan_version"] = json!(version);
    }
    body
}

pub fn review(result: &str) -> Value {
    json!({ "result": result, "findings": "as printed" })
}

/// The body with the day by which rectification is due.
pub fn rectify_by(mut body: Value, day: &str) -> Value {
    body["rectify_by"] = json!(day);
    body
}

/// With a plan of 5 January 2015, at revision 3, and accepted with this result on 20 October 2017.
pub fn accepted_area(result: &str) -> Story {
    let mut story = approved_area();
    story.does(ProvincialDepartment, "submit_plan", "2015-01-05", plan());
    let mut body = acceptance(result, Some(1));
    if result == "unqualified" {
        body = rectify_by(body, "2018-06-30");
    }
    story.does(NationalOffice, "accept", "2017-10-20", body);
    story
}

/// Confirmed on 1 December 2017, the title beginning on 1 January 2018.
pub fn demonstrative_area() -> Story {
    let mut story = accepted_area("excellent");
    story.does(NationalOffice, "confirm", "2017-12-01", json!({ "title_from": "2018-01-01" }));
    story
}

pub fn province_application(category: &str, rank: &str) -> Value {
    json!({ "category": category, "rank": rank })
}

/// A pilot of the category, applied for on 1 March 2016 and approved on 13 June 2016.
pub fn pilot(category: &str) -> Story {
    let mut story = Story::province();
    story.does(Province, "apply", "2016-03-01", province_application(category, "pilot"));
    story.does(NationalOffice, "approve", "2016-06-13", json!({ "batch": "1" }));
    story
}

pub fn evaluated(result: &str) -> Value {
    json!({ "result": result, "findings": "on the whole" })
}

/// A pilot that failed its evaluation on 15 May 2019.
pub fn failed_pilot() -> Story {
    let mut story = pilot("leading");
    story.does(NationalOffice, "evaluate", "2019-05-15", evaluated("failed"));
    story
}

pub fn scheme(tasks: &[&str]) -> Value {
    let tasks: serde_json::Map<String, Value> =
        tasks.iter().map(|task| ((*task).to_owned(), json!("measures"))).collect();
    json!({ "tasks": tasks })
}

pub const LEADING: [&str; 5] = [
    "innovation_ecosystem",
    "local_practice",
    "comprehensive_reform",
    "intensive_industries",
    "international_competitiveness",
];

pub const SUPPORTING: [&str; 4] =
    ["supporting_ability", "implementation_system", "key_link_reform", "competitive_industries"];

pub fn reason() -> Value {
    json!({ "reason": "stated" })
}

pub fn attested(stands_at: &str) -> Value {
    json!({ "stands_at": stands_at, "confidence": "attested", "source": "reported by a newspaper; original not seen" })
}

/// An area known from evidence alone, recorded on 1 March 2026.
pub fn attest(story: &mut Story, stands_at: &str, on: &str, extra: &Value) -> u64 {
    let mut body = attested(stands_at);
    for (member, value) in extra.as_object().into_iter().flatten() {
        body[member] = value.clone();
    }
    story.today("2026-03-01");
    story.does(Registrar, "attest_standing", on, body)
}
