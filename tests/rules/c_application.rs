//! C1 to C8: who applies, what an application states and brings, recommendation, ratification.

use docket::domain::act::ActKind;
use docket::domain::duty::DutyStatus;
use docket::domain::ids::Id;
use docket::domain::ids::Office::{
    LocalGovernment, NationalOffice, Province, ProvincialDepartment, Registrar,
};
use docket::domain::refusal::Reason;
use serde_json::{Value, json};

use crate::lives::{
    accepted_area, approved_area, area_application, materials, reason, recommendation,
    recommended_area,
};
use crate::story::{Story, act, date, forbidden, id, ids, invalid, missing, not_permitted};

fn applied_area() -> Story {
    let mut story = Story::area();
    story.does(LocalGovernment, "apply", "2014-10-08", area_application(31));
    story
}

#[test]
fn c1_each_office_does_its_own_acts() {
    let story = recommended_area();
    for (office, name, body, does) in [
        (Province, "approve", json!({}), NationalOffice),
        (LocalGovernment, "approve", json!({}), NationalOffice),
        (ProvincialDepartment, "reject", reason(), NationalOffice),
        (LocalGovernment, "recommend", recommendation(), ProvincialDepartment),
        (NationalOffice, "recommend", recommendation(), ProvincialDepartment),
        (ProvincialDepartment, "apply", area_application(31), LocalGovernment),
    ] {
        let refusal = story.refuses(office, name, "2014-10-12", body);
        let reason = Reason::OfficeForbidden { required: vec![does] };
        assert_eq!(*refusal.reason, reason, "{name} by {}", office.as_str());
        assert!(refusal.article.is_some(), "{name}");
    }
    // The registrar never decides; out of an archive it records what the office decided.
    forbidden(
        &story.refuses(Registrar, "approve", "2014-10-12", json!({})),
        &[NationalOffice],
        "Art. 8",
    );
    let mut archived = story.clone();
    let body = json!({ "archive": { "office": "national_office", "source": "box 7" } });
    let revision = archived.does(Registrar, "approve", "2014-10-12", body.clone());
    assert_eq!(archived.event(revision).meta.office, NationalOffice);
    let refusal = story.refuses(ProvincialDepartment, "approve", "2014-10-12", body);
    assert_eq!(*refusal.reason, Reason::OfficeForbidden { required: vec![Registrar] });
}

#[test]
fn c2_an_area_is_under_construction_then_experimental_then_demonstrative() {
    let mut story = accepted_area("qualified");
    assert_eq!(story.stands("2014-10-11"), "candidate.recommended");
    assert_eq!(story.stands("2014-10-12"), "under_construction");
    assert_eq!(story.on("2017-10-19").title, None);
    assert_eq!(story.stands("2017-10-20"), "experimental");
    assert_eq!(story.state.title.as_ref().unwrap().title, "experimental");
    let skip = story.refuses(
        NationalOffice,
        "confirm",
        "2017-12-01",
        json!({ "title_from": "2018-01-01" }),
    );
    not_permitted(&skip, "experimental", &["standing"], "Art. 17");
    story.does(LocalGovernment, "request_acceptance", "2018-10-01", json!({ "text": "again" }));
    let body = crate::lives::acceptance("excellent", Some(1));
    story.does(NationalOffice, "accept", "2018-12-01", body);
    assert_eq!(story.state.title.as_ref().unwrap().title, "experimental");
    story.does(NationalOffice, "confirm", "2019-01-10", json!({ "title_from": "2019-01-10" }));
    assert_eq!(story.stands("2019-01-10"), "demonstrative");
    assert_eq!(story.state.title.as_ref().unwrap().title, "demonstrative");
}

#[test]
fn c3_an_applicant_is_of_one_of_five_kinds() {
    let kinds = [
        "hi_tech_zone",
        "economic_technological_zone",
        "foreign_trade_park",
        "service_reform_pilot_area",
        "ip_pilot_demonstration_park",
    ];
    for kind in kinds {
        let mut body = area_application(31);
        body["applicant_kind"] = json!(kind);
        let mut story = Story::area();
        story.does(LocalGovernment, "apply", "2014-10-08", body);
        assert_eq!(story.state.applied.as_ref().unwrap().applicant_kind, Some(id(kind)));
    }
    for kind in [json!("free_trade_zone"), json!("unknown"), json!(null)] {
        let mut body = area_application(31);
        body["applicant_kind"] = kind;
        let refusal = Story::area().refuses(LocalGovernment, "apply", "2014-10-08", body);
        invalid(&refusal, &["/applicant_kind"]);
        assert_eq!(refusal.article.as_deref(), Some("Art. 5"));
    }
}

#[test]
fn c4_more_than_thirty_agencies_are_needed() {
    let refusal =
        Story::area().refuses(LocalGovernment, "apply", "2014-10-08", area_application(30));
    let Reason::RequirementNotMet { requirement, required, given } = &*refusal.reason else {
        panic!("{refusal}")
    };
    assert_eq!(requirement.id, "agencies");
    assert_eq!((required.en.as_str(), given.en.as_str()), ("more than 30 agencies", "30"));
    assert_eq!((required.zh.as_str(), given.zh.as_str()), ("超过30家", "30家"));
    assert_eq!(refusal.article.as_deref(), Some("Art. 6(3)"));
    assert_eq!(refusal.detail.zh, "知识产权服务机构数量：须超过30家，所填为30家");
    assert_eq!(refusal.measure, Some(id("2014-40")));
    assert_eq!(applied_area().stands("2014-10-08"), "candidate.applied");
}

/// How an application states the number of agencies, and what is found on it.
fn found_on_count(agencies: Value) -> Vec<Id> {
    let mut body = area_application(31);
    body["requirements"]["agencies"] = agencies;
    let mut story = Story::area();
    let applied = story.does(LocalGovernment, "apply", "2014-10-08", body);
    story.fact(applied).findings.iter().map(|finding| finding.code.clone()).collect()
}

#[test]
fn c4_the_agencies_are_counted_on_a_day_by_a_source() {
    let counted = json!({ "number": 31, "on": "2014-09-30", "source": "the area's register" });
    assert_eq!(found_on_count(counted), ids(&[]));
    for lacking in [
        json!(31),
        json!({ "number": 31, "on": "2014-09-30" }),
        json!({ "number": 31, "source": "the area's register" }),
    ] {
        assert_eq!(found_on_count(lacking), ids(&["count_without_source"]));
    }
    let mut body = area_application(31);
    body["requirements"]["agencies"] =
        json!({ "number": 30, "on": "2014-09-30", "source": "the area's register" });
    let refusal = Story::area().refuses(LocalGovernment, "apply", "2014-10-08", body);
    assert_eq!(refusal.article.as_deref(), Some("Art. 6(3)"));
}

#[test]
fn c4_kinds_of_service_that_are_missing_are_a_finding() {
    let mut body = area_application(31);
    body["requirements"]["services"] = json!(["patent", "trademark", "copyright"]);
    let mut story = Story::area();
    let applied = story.does(LocalGovernment, "apply", "2014-10-08", body);
    let found: Vec<_> = story.fact(applied).findings.iter().collect();
    let [_, missing] = found[..] else { panic!("{found:?}") };
    assert_eq!((missing.code.as_str(), missing.article.as_str()), ("not_covered", "Art. 6(3)"));
    assert!(missing.text.en.ends_with("geographical indications and new plant varieties"));
    assert!(missing.text.zh.ends_with("地理标志、植物新品种"));
}

#[test]
fn c4_each_requirement_is_stated() {
    for (requirement, stated, article) in [
        ("management", json!(["in place"]), "Art. 6(1)"),
        ("demand", json!(7), "Art. 6(2)"),
        ("agencies", json!("many"), "Art. 6(3)"),
        ("services", json!([]), "Art. 6(3)"),
        ("services", json!("all of them"), "Art. 6(3)"),
    ] {
        let mut body = area_application(31);
        body["requirements"][requirement] = stated;
        let refusal = Story::area().refuses(LocalGovernment, "apply", "2014-10-08", body);
        assert_eq!(refusal.article.as_deref(), Some(article));
        let Reason::RequirementNotMet { requirement: named, .. } = *refusal.reason else {
            panic!("{refusal}")
        };
        assert_eq!(named.id, requirement);
    }
    let mut body = area_application(31);
    body["requirements"]["weather"] = json!("fine");
    invalid(
        &Story::area().refuses(LocalGovernment, "apply", "2014-10-08", body),
        &["/requirements"],
    );
}

#[test]
fn c5_no_step_can_be_skipped_or_done_by_another_province() {
    let story = applied_area();
    let skipped = story.refuses(NationalOffice, "approve", "2014-10-12", json!({}));
    not_permitted(&skipped, "candidate.applied", &["standing"], "Art. 8");

    let mut other = story.actor(ProvincialDepartment);
    other.divisions = vec!["310000".to_owned()];
    let mut then = story.clone();
    then.today("2014-10-10");
    let request = act("recommend", "2014-10-10", recommendation());
    let refusal = then.decide_as(&other, &request).unwrap_err();
    assert_eq!(*refusal.reason, Reason::JurisdictionForbidden { division: "440000".to_owned() });
    let mut neighbour = story.actor(LocalGovernment);
    neighbour.divisions = vec!["nanshan".to_owned()];
    let mut fresh = Story::area();
    fresh.today("2014-10-08");
    let refusal = fresh.decide_as(&neighbour, &act("apply", "2014-10-08", area_application(31)));
    let required = Reason::JurisdictionForbidden { division: "futian".to_owned() };
    assert_eq!(*refusal.unwrap_err().reason, required);

    let mut returned = story.clone();
    returned.does(ProvincialDepartment, "return", "2014-10-10", reason());
    assert_eq!(returned.moves("2014-10-10"), [(LocalGovernment, ActKind::Apply)]);
    returned.does(LocalGovernment, "apply", "2014-10-20", area_application(40));
    assert_eq!(returned.stands("2014-10-20"), "candidate.applied");
}

#[test]
fn c6_a_missing_material_is_named() {
    let mut body = area_application(31);
    body["materials"] = materials(&["application"]);
    let refusal = Story::area().refuses(LocalGovernment, "apply", "2014-10-08", body);
    assert_eq!(missing(&refusal), ids(&["initial_work_plan", "commitment"]));
    assert_eq!(refusal.article.as_deref(), Some("Art. 5, Art. 6, Art. 7"));
    assert!(refusal.detail.en.contains("Letter of commitment on the truthfulness"));
    assert!(refusal.detail.zh.contains("申报材料真实性承诺函"));

    let bare = json!({ "opinion": "recommended" });
    let refusal = applied_area().refuses(ProvincialDepartment, "recommend", "2014-10-10", bare);
    assert_eq!(missing(&refusal), ids(&["letter_of_recommendation"]));
    assert_eq!(recommended_area().fact(1).materials[0].kind, "letter_of_recommendation");
}

#[test]
fn c7_the_national_office_approves_rejects_or_returns() {
    for (name, node) in [("reject", "candidate.rejected"), ("return", "candidate.returned")] {
        let mut story = recommended_area();
        let body = json!({ "reason": "too small", "round": "2014" });
        story.does(NationalOffice, name, "2014-10-12", body);
        assert_eq!(story.stands("2014-10-12"), node);
        assert_eq!(story.state.round.as_deref(), Some("2014"));
        // A later round begins with a new application, and needs a new recommendation.
        story.does(LocalGovernment, "apply", "2015-10-08", area_application(31));
        assert_eq!(story.state.attempt, 2);
        let unrecommended = story.refuses(NationalOffice, "approve", "2015-10-12", json!({}));
        not_permitted(&unrecommended, "candidate.applied", &["standing"], "Art. 8");
    }
    let story = approved_area();
    assert_eq!(story.fact(2).findings, []);
    let mut without = recommended_area();
    let approved = without.does(NationalOffice, "approve", "2014-10-12", json!({}));
    let [found] = &without.fact(approved).findings[..] else { panic!("one finding") };
    assert_eq!((found.code.as_str(), found.article.as_str()), ("no_round", "Art. 8"));
    let refusal = story.refuses(LocalGovernment, "apply", "2015-10-08", area_application(31));
    not_permitted(&refusal, "under_construction", &["standing"], "Art. 5, Art. 6, Art. 7");
}

#[test]
fn c8_the_construction_period_is_three_years_from_ratification() {
    let story = approved_area();
    let term = story.state.term.as_ref().unwrap();
    assert_eq!((term.from, term.until), (date("2014-10-12"), date("2017-10-12")));
    assert_eq!(term.arithmetic, "2014-10-12 + P3Y = 2017-10-12");
    assert_eq!(term.article, "Art. 9");
    // The planned end changes nothing by itself.
    assert_eq!(story.stands("2017-10-13"), "under_construction");
    assert_eq!(story.duty("acceptance", 0, "2017-10-13"), Some(DutyStatus::Open));

    let mut decided = recommended_area();
    let body = json!({ "decided_on": "2014-10-11", "round": "2014" });
    decided.does(NationalOffice, "approve", "2014-10-20", body);
    assert_eq!(decided.state.term.as_ref().unwrap().until, date("2017-10-11"));
    let plan = decided.state.open_duty("construction_plan").unwrap();
    assert_eq!(plan.due.as_ref().unwrap().arithmetic, "2014-10-11 + P3M = 2015-01-11");

    let mut vague = recommended_area();
    vague.today("2014-11-30");
    vague.does(NationalOffice, "approve", "2014-10-12/2014-11", json!({}));
    assert_eq!(vague.state.term.as_ref().unwrap().until, date("2017-10-12/2017-11-30"));
}
