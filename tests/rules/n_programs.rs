//! N1–N6, R1–R3: programs of which an annual report or a news item tells.

use docket::domain::duty::DutyStatus::{Met, Open};
use docket::domain::ids::Office::{LocalGovernment, NationalOffice, Registrar};
use docket::domain::refusal::Reason;
use serde_json::{Value, json};

use crate::lives::{area_application, document};
use crate::story::{Story, forbidden, id, invalid, measure, versions};

const EXPORT_BASES: &str = include_str!("../../schemas/measures/service_export_base/2021.toml");
const UNITS: &str = include_str!("../../schemas/measures/ip_power_unit/2021-1197.toml");
const THEMES: &str = include_str!("../../schemas/measures/cooperation_theme/2021.toml");
const CENTERS: &str = include_str!("../../schemas/measures/operation_center/2021.toml");
const NAVIGATION: &str = include_str!("../../schemas/measures/navigation_base/2021.toml");
const BRANDS: &str = include_str!("../../schemas/measures/brand_guidance_center/2021.toml");
const INDICATIONS: &str = include_str!("../../schemas/measures/gi_promotion/2021.toml");
const REGIONS: &str = include_str!("../../schemas/measures/regional_arrangement/2015.toml");

fn story(program: &str, text: &str, subject: &str, kind: &str) -> Story {
    Story::new(program, versions(vec![measure(text)]), subject, kind)
}

fn listing(rank: &str, more: Value) -> Value {
    let mut body = json!({ "rank": rank, "document": document() });
    if let (Value::Object(body), Value::Object(more)) = (&mut body, more) {
        body.extend(more);
    }
    body
}

/// N1: the category of a unit is its kind, stated or not; the term is the document's.
#[test]
fn n1_the_category_of_a_unit_is_its_kind() {
    let mut county = story("ip_power_unit", UNITS, "430722", "county");
    let as_city = listing("pilot", json!({ "category": "city" }));
    let refusal = county.refuses(NationalOffice, "list", "2022-08-25", as_city);
    invalid(&refusal, &["/category"]);
    let term = json!({ "from": "2022-08", "until": "2025-07" });
    let body = listing("pilot", json!({ "term": term }));
    county.does(NationalOffice, "list", "2022-08-25", body);
    assert_eq!(county.state.category, Some(id("county")));
    assert_eq!(county.state.term.as_ref().unwrap().until.to_string(), "2025-07");
    county.does(NationalOffice, "list", "2024-01-10", listing("demonstration", json!({})));
    assert_eq!(county.stands("2024-01-10"), "demonstration");
    let mut park = story("ip_power_unit", UNITS, "a_park", "park");
    park.today("2026-03-01");
    let evidence = |category: &str| json!({ "stands_at": "pilot", "category": category, "confidence": "attested", "source": "a newspaper" });
    let refusal = park.refuses(Registrar, "attest_standing", "2022-08", evidence("county"));
    invalid(&refusal, &["/category"]);
    park.does(Registrar, "attest_standing", "2022-08", evidence("park"));
}

/// N2: a theme per region and round; participation in the strong provinces that is not shown is found.
#[test]
fn n2_a_theme_per_region_and_round() {
    let mut story = story("cooperation_theme", THEMES, "330000", "province");
    let without = listing("cooperating", json!({}));
    let refusal = story.refuses(NationalOffice, "list", "2022-03-01", without);
    invalid(&refusal, &["/theme", "/round"]);
    let round =
        |number: &str| listing("cooperating", json!({ "theme": "Quality", "round": number }));
    let first = story.does(NationalOffice, "list", "2022-03-01", round("1"));
    assert_eq!(story.fact(first).findings[0].code, "participation_not_shown");
    assert!(story.fact(first).findings[0].reading.is_some());
    story.does(NationalOffice, "list", "2024-03-01", round("2"));
    assert_eq!(
        (story.state.round.clone(), story.stands("2024-03-01")),
        (Some(id("2")), "cooperating".into())
    );
}

/// N3: approved in a category that the approval states; evaluated by indicators with their values.
#[test]
fn n3_centers_are_approved_and_evaluated() {
    let mut story = story("operation_center", CENTERS, "a_center", "operation_center");
    let approval = |category: Option<&str>| match category {
        Some(category) => json!({ "category": category, "document": document() }),
        None => json!({ "document": document() }),
    };
    let refusal = story.refuses(NationalOffice, "approve", "2022-02-10", approval(None));
    invalid(&refusal, &["/category"]);
    let refusal = story.refuses(NationalOffice, "approve", "2022-02-10", approval(Some("rural")));
    invalid(&refusal, &["/category"]);
    story.does(NationalOffice, "approve", "2022-02-10", approval(Some("regional")));
    assert_eq!(story.state.category, Some(id("regional")));
    assert_eq!(story.duty("performance_evaluation", 0, "2026-01-01"), Some(Open));
    let evaluation = json!({
        "period": "2022", "findings": "in order",
        "indicators": { "transactions": { "value": "1203", "unit": "items" } },
    });
    story.does(NationalOffice, "evaluate_performance", "2023-04-03", evaluation);
    assert_eq!(story.duty("performance_evaluation", 0, "2023-04-03"), Some(Met));
}

/// N4, N5: filed by the registrar, since who files is not known; nothing is approved.
#[test]
fn n4_n5_bases_and_guidance_centers_are_filed() {
    for (program, text) in [("navigation_base", NAVIGATION), ("brand_guidance_center", BRANDS)] {
        let mut story = story(program, text, "one", program);
        let filing = json!({ "text": "on the list of the province", "document": document() });
        let refusal = story.refuses(NationalOffice, "file", "2022-05-05", filing.clone());
        forbidden(&refusal, &[Registrar], "04");
        let refusal = story.refuses(NationalOffice, "approve", "2022-05-05", json!({}));
        assert_eq!(*refusal.reason, Reason::RuleUnknown);
        story.does(Registrar, "file", "2022-05-05", filing);
        assert_eq!(story.stands("2022-05-05"), "filed");
        assert!(story.state.duties.is_empty());
    }
}

/// N5: selected in batches; guidance is owed without a date.
#[test]
fn n5_indications_are_selected_in_batches() {
    let mut story = story("gi_promotion", INDICATIONS, "tea", "geographical_indication");
    let refusal =
        story.refuses(NationalOffice, "list", "2022-01-10", listing("selected", json!({})));
    invalid(&refusal, &["/batch"]);
    let body = listing("selected", json!({ "batch": "1" }));
    story.does(NationalOffice, "list", "2022-01-10", body);
    assert_eq!(story.duty("guidance", 0, "2026-01-01"), Some(Open));
    story.does(NationalOffice, "record_guidance", "2022-06-06", json!({ "text": "on the mark" }));
    assert_eq!(story.duty("guidance", 0, "2022-06-06"), Some(Met));
}

/// R1, R2: a catalogue meets what is owed, another deliverable does not; a conclusion without has a
/// finding.
#[test]
fn r1_r2_a_region_owes_its_catalogue() {
    let start = || {
        let mut story = story("regional_arrangement", REGIONS, "somewhere", "region");
        story.does(NationalOffice, "list", "2015", listing("pilot", json!({})));
        story
    };
    let deliverable = |kind: &str| json!({ "kind": kind, "title": "t", "version": "1" });
    let mut with = start();
    with.does(LocalGovernment, "record_deliverable", "2016-08-01", deliverable("solution"));
    assert_eq!(with.duty("catalogue", 0, "2016-08-01"), Some(Open));
    let refusal =
        with.refuses(LocalGovernment, "record_deliverable", "2016-08-02", deliverable("song"));
    invalid(&refusal, &["/kind"]);
    with.does(LocalGovernment, "record_deliverable", "2016-09-01", deliverable("catalogue"));
    assert_eq!(with.duty("catalogue", 0, "2016-09-01"), Some(Met));
    let concluded = with.does(NationalOffice, "conclude", "2017-05-10", json!({}));
    assert!(with.fact(concluded).findings.is_empty());
    let mut without = start();
    let concluded = without.does(NationalOffice, "conclude", "2017-05-10", json!({}));
    assert_eq!(without.fact(concluded).findings[0].code, "no_catalogue");
    assert_eq!(without.stands("2017-05-10"), "concluded");
}

/// A document whose number is not known is cited by its title, and its version is the year alone.
#[test]
fn a_document_without_a_known_number_is_cited_by_its_title() {
    let rules = measure(THEMES);
    assert!(rules.number.is_none());
    assert_eq!(rules.version, "2021");
    let cited = rules.cited();
    assert!(cited.en.starts_with('“') && cited.zh.starts_with('《'), "{cited:?}");
    let story = story("cooperation_theme", THEMES, "330000", "province");
    let refusal = story.refuses(NationalOffice, "approve", "2022-03-01", json!({}));
    assert!(refusal.detail.en.contains("one theme for one region"), "{}", refusal.detail.en);
}

/// N6: the notice was not read: nothing is applied for, decided or owed; what a source says stands.
#[test]
fn n6_export_bases_are_held_by_attestation_alone() {
    let rules = measure(EXPORT_BASES);
    assert!(rules.known_in_part && rules.acts.is_empty() && rules.obligations.is_empty());
    assert_eq!(rules.gaps.len(), 3);
    let mut story =
        Story::new("service_export_base", versions(vec![rules]), "a_base", "service_export_base");
    for (office, act, body) in
        [(LocalGovernment, "apply", area_application(31)), (NationalOffice, "approve", json!({}))]
    {
        let refusal = story.refuses(office, act, "2022-03-01", body);
        assert_eq!(*refusal.reason, Reason::RuleUnknown, "{act}");
    }
    let evidence =
        json!({ "stands_at": "base", "confidence": "attested", "source": "an annual report" });
    story.today("2023-03-01");
    story.does(Registrar, "attest_standing", "2022", evidence);
    assert_eq!(story.stands("2022-12-31"), "base");
    assert!(story.moves("2023-03-01").is_empty(), "nobody is known to owe anything");
}
