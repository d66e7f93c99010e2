//! P13, P14, P16: indicators, targets and zones.

use docket::domain::date::Day;
use docket::domain::division::{has_prefecture_level_cities, name_of};
use docket::domain::history::Fate;
use docket::domain::ids::EventRef;
use docket::domain::indicator::{
    IndicatorEvent, IndicatorHistory, IndicatorRecord, Observation, ObservationCorrected,
};
use docket::domain::measure::IndicatorRule;
use docket::domain::refusal::Reason;
use docket::domain::subject::Registration;
use serde_json::{Value, json};

use crate::story::{PROVINCE_2015, measure};

const STREAM: &str = "indicator-total_china";

fn observation(more: Value) -> Observation {
    let mut body = json!({
        "indicator": "patent_intensive_industry_share_of_gdp", "period": "2022",
        "value": "12.71", "unit": "percent of GDP", "confidence": "attested",
        "source": "a notice",
    });
    if let (Value::Object(body), Value::Object(more)) = (&mut body, more) {
        body.extend(more);
    }
    serde_json::from_value(body).unwrap()
}

fn add(history: &mut IndicatorHistory, event: IndicatorEvent) -> EventRef {
    let revision = history.records().len() as u64;
    let id = uuid::Uuid::from_u128(u128::from(revision) + 1);
    history.push(IndicatorRecord { revision, sequence: 100 + revision, id, event });
    EventRef { stream: STREAM.to_owned(), revision, id }
}

fn correction(corrects: &EventRef, replacement: Option<Observation>) -> ObservationCorrected {
    let reason = serde_json::from_value(json!("revised after the census")).unwrap();
    ObservationCorrected { corrects: corrects.clone(), reason, replacement }
}

fn correct(
    history: &mut IndicatorHistory,
    corrects: &EventRef,
    replacement: Option<Observation>,
) -> EventRef {
    let corrected = correction(corrects, replacement);
    history.check(STREAM, &corrected).unwrap();
    add(history, IndicatorEvent::Corrected(Box::new(corrected)))
}

fn values(history: &IndicatorHistory) -> Vec<String> {
    history.stands().map(|(_, one)| one.value.to_string()).collect()
}

/// P14: a revised figure is a correction, also of a correction; the value is as known at any time.
#[test]
fn p14_a_revised_figure_is_a_correction() {
    let mut history = IndicatorHistory::default();
    let first = add(&mut history, IndicatorEvent::Recorded(observation(json!({}))));
    let again = observation(json!({ "value": "12.60" }));
    let refusal = history.check_new(STREAM, &again).unwrap_err();
    let (revision, by) = (first.revision, Some(first.clone()));
    assert_eq!(*refusal.reason, Reason::AlreadyDecided { revision, by });
    let revised = correct(&mut history, &first, Some(again));
    assert_eq!(values(&history), ["12.60"]);
    assert_eq!(values(&history.known_to(100)), ["12.71"]);
    assert_eq!(history.fate(first.revision), Fate::Corrected { by: revised.revision });
    let earlier = history.superseded_by(revised.revision);
    assert_eq!(earlier.map(|(_, was)| was.value.to_string()).collect::<Vec<_>>(), ["12.71"]);
    // The version in force is the correction.
    let stale = history.check(STREAM, &correction(&first, None)).unwrap_err();
    let in_force = Some(revised.clone());
    assert_eq!(*stale.reason, Reason::NotInForceVersion { in_force });
    // Annulled, a correction brings back what it corrected; the figure itself goes with its own annulment.
    correct(&mut history, &revised, None);
    assert_eq!(values(&history), ["12.71"]);
    correct(&mut history, &first, None);
    assert_eq!(values(&history), [""; 0]);
    assert_eq!(history.check_new(STREAM, &observation(json!({}))), Ok(()));
}

/// P14: what counts another population is another figure.
#[test]
fn p14_figures_of_another_basis_or_coverage_stand_beside_each_other() {
    let mut history = IndicatorHistory::default();
    add(&mut history, IndicatorEvent::Recorded(observation(json!({}))));
    for other in [
        json!({ "coverage": "mainland only" }),
        json!({ "basis": "single month" }),
        json!({ "period": "2022-12" }),
        json!({ "indicator": "license_fee_income" }),
    ] {
        let other = observation(other);
        history.check_new(STREAM, &other).unwrap();
        add(&mut history, IndicatorEvent::Recorded(other));
    }
    assert_eq!(history.stands().count(), 5);
}

fn declared() -> Vec<IndicatorRule> {
    let categories = measure(PROVINCE_2015).categories;
    categories.into_iter().flat_map(|category| category.indicators).collect()
}

/// P14: a unit is checked only where the measure declares the indicator, in either language.
#[test]
fn p14_a_unit_is_the_measures_where_it_declares_the_indicator() {
    let rules = declared();
    let today = Day::parse("2026-11-30").unwrap();
    let check =
        |more: Value| observation(more).check(rules.iter(), today).map_err(|error| error.pointer);
    assert_eq!(check(json!({})), Ok(()));
    assert_eq!(check(json!({ "unit": "占地区生产总值的百分比" })), Ok(()));
    assert_eq!(check(json!({ "indicator": "population_used", "unit": "heads" })), Ok(()));
    let wrong = |member: &str| Err(format!("/{member}"));
    assert_eq!(check(json!({ "unit": "percent" })), wrong("unit"));
    assert_eq!(check(json!({ "period": "2027" })), wrong("period"));
    assert_eq!(check(json!({ "confidence": "recorded" })), wrong("confidence"));
    assert_eq!(check(json!({ "indicator": "Valid Patents" })), wrong("indicator"));
}

/// P13, P14, P16: each category's own list; a target without a number is a text; the zones.
#[test]
fn p13_p14_p16_targets_indicators_and_zones_are_in_the_measure() {
    let rules = measure(PROVINCE_2015);
    let of = |id: &str| {
        let category = rules.category(id).unwrap();
        category.indicators.iter().map(|one| &*one.id).collect::<Vec<_>>()
    };
    let shared = [
        "pct_international_applications",
        "patent_intensive_industry_share_of_gdp",
        "license_fee_income",
        "demonstration_city_share",
    ];
    assert_eq!(of("leading")[..2], ["valid_invention_patents_per_10k", "triadic_patents"]);
    assert_eq!(of("leading")[2..], shared);
    assert_eq!(of("supporting")[1..], shared);
    assert_eq!(of("characteristic"), ["valid_invention_patents_per_10k", "demonstration_cities"]);
    let number = |category: &str, id: &str| {
        let category = rules.category(category).unwrap();
        let rule = category.indicators.iter().find(|one| one.id == id).unwrap();
        let text = |number: &Option<_>| number.as_ref().map(ToString::to_string);
        (text(&rule.at_least), text(&rule.at_most), rule.target.en.clone())
    };
    let sixty = Some("60".to_owned());
    assert_eq!(number("leading", "demonstration_city_share"), (sixty, None, "60 percent".into()));
    let (none, _, text) = number("leading", "pct_international_applications");
    assert_eq!((none, text.as_str()), (None, "internationally top level"), "never computed");
    assert_eq!(number("characteristic", "demonstration_cities").1, Some("3".into()));
    let counts: Vec<_> = rules.targets.iter().filter_map(|target| target.count.as_ref()).collect();
    let ranges: Vec<_> = counts.iter().map(|count| (count.from, count.to)).collect();
    assert_eq!(ranges, [(3, 4), (5, 6), (4, 5)]);
    assert!(rules.targets.iter().all(|target| target.by.to_string() == "2030"));
    assert_eq!(rules.zones.len(), 4);
}

/// P14: the share of prefecture-level cities applies to no division that has none; totals and divisions
/// that no program addresses have figures and no enrollment.
#[test]
fn p14_divisions_and_totals() {
    assert!(has_prefecture_level_cities("440000") && !has_prefecture_level_cities("110000"));
    assert!(!has_prefecture_level_cities("XPCC"));
    for known in ["810000", "370200", "total_foreign_origin", "total_360000_620000"] {
        assert!(name_of(known).is_some(), "{known}");
    }
    assert_eq!(name_of("371200"), None, "abolished before the list was made");
}

/// A city's code is one of the list, or says which revision of GB/T 2260 has it.
#[test]
fn a_code_that_was_abolished_is_named() {
    let register = |code: &str, revision: Option<&str>| {
        let registration: Registration = serde_json::from_value(json!({
            "id": code, "kind": "city", "name": { "en": "A", "zh": "甲市" }, "code": code,
            "code_revision": revision, "province": "370000", "source": "a test",
            "effective_on": "2015",
        }))
        .unwrap();
        registration.check(false).map_err(|error| error.pointer)
    };
    assert_eq!(register("370200", None), Ok(()));
    assert_eq!(register("371200", None), Err("/code".to_owned()));
    assert_eq!(register("371200", Some("202101")), Err("/code".to_owned()));
    assert_eq!(register("371200", Some("201706")), Ok(()));
    assert_eq!(register("370215", Some("202101")), Ok(()), "of counties no list is kept");
}
