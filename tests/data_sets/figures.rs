//! The figures of the real set: every row that is an observation, at the division that its name is of.

use std::collections::{BTreeMap, BTreeSet};

use docket::app::measure_files::check_files;
use docket::cli::demo::data::{DataSet, What};
use docket::cli::demo::figures::{FigureStep, read};
use docket::domain::date::Day;
use docket::domain::division::name_of;
use docket::domain::ids::{EventRef, Provenance};
use docket::domain::indicator::{
    IndicatorEvent, IndicatorHistory, IndicatorRecord, ObservationCorrected,
};
use docket::domain::measure_file::FILES;
use docket::domain::text::NonBlank;

fn figures() -> Vec<(String, Box<FigureStep>)> {
    let steps = DataSet::real().unwrap().steps.into_iter();
    let figures = steps.filter_map(|step| match step.what {
        What::Figure(figure) => Some((step.key, figure)),
        _ => None,
    });
    figures.collect()
}

/// The histories that the figures make, each taken in as a server would.
fn histories() -> BTreeMap<String, IndicatorHistory> {
    let mut histories: BTreeMap<String, IndicatorHistory> = BTreeMap::new();
    let mut events: BTreeMap<String, EventRef> = BTreeMap::new();
    for (key, figure) in figures() {
        let stream = format!("indicator-{}", figure.division);
        let history = histories.entry(figure.division.to_string()).or_default();
        let event = match &figure.revises {
            None => {
                history.check_new(&stream, &figure.observation).unwrap();
                IndicatorEvent::Recorded(figure.observation)
            }
            Some(revised) => {
                let corrects = events[revised].clone();
                let reason = NonBlank::literal("revised");
                let replacement = Some(figure.observation);
                let corrected = ObservationCorrected { corrects, reason, replacement };
                history.check(&stream, &corrected).unwrap();
                IndicatorEvent::Corrected(Box::new(corrected))
            }
        };
        let revision = history.records().len() as u64;
        let id = uuid::Uuid::new_v5(&uuid::Uuid::nil(), key.as_bytes());
        events.insert(key, EventRef { stream, revision, id });
        history.push(IndicatorRecord { revision, sequence: revision, id, event });
    }
    histories
}

/// 1,784 rows less the seven of kind target; 312 of them of cities.
#[test]
fn every_observation_stands_at_its_division() {
    let set = DataSet::real().unwrap();
    let registered: BTreeSet<String> = set
        .steps
        .iter()
        .filter_map(|step| match &step.what {
            What::Register(subject) => Some(subject.id.to_string()),
            _ => None,
        })
        .collect();
    let figures = figures();
    assert_eq!(figures.len(), 1777);
    let of_cities = figures.iter().filter(|(_, figure)| {
        let id = figure.division.as_str();
        id.len() == 6 && id.ends_with("00") && !id.ends_with("0000")
    });
    assert_eq!(of_cities.count(), 312);
    let today = Day::parse("2026-11-30").unwrap();
    let checked = check_files(FILES, None);
    let rules: Vec<_> = checked
        .measures
        .iter()
        .flat_map(|(_, measure)| &measure.categories)
        .flat_map(|category| &category.indicators)
        .collect();
    for (key, figure) in &figures {
        let id = figure.division.as_str();
        assert!(registered.contains(id) || name_of(id).is_some(), "{key}: {id}");
        assert_eq!(figure.observation.check(rules.iter().copied(), today), Ok(()), "{key}");
        assert!(!figure.observation.indicator.contains("target"), "{key}");
    }
    let histories = histories();
    let standing: usize = histories.values().map(|history| history.stands().count()).sum();
    assert_eq!((standing, histories.len()), (1776, 35 + 18 + 4 + 2));
}

/// The one revision of the set, and two populations of one indicator and period.
#[test]
fn a_revision_is_a_correction_and_another_coverage_is_none() {
    let histories = histories();
    let of = |indicator: &str, period: &str| {
        let stands = histories["total_china"].stands();
        let found =
            stands.filter(|(_, o)| o.indicator == indicator && o.period.to_string() == period);
        found
            .map(|(record, o)| (record.revision, o.value.to_string(), o.confidence))
            .collect::<Vec<_>>()
    };
    let revised = of("patent_intensive_industry_share_of_gdp", "2022");
    let [(by, value, confidence)] = revised.as_slice() else { panic!("{revised:?}") };
    assert_eq!((value.as_str(), *confidence), ("12.6", Provenance::Inferred));
    let earlier = histories["total_china"].superseded_by(*by);
    assert_eq!(earlier.map(|(_, o)| o.value.to_string()).collect::<Vec<_>>(), ["12.71"]);
    let counts = of("valid_invention_patents", "2021-12");
    let values: Vec<_> = counts.iter().map(|(_, value, _)| value.as_str()).collect();
    assert_eq!(values, ["2773287", "2704000"]);
    let two = &histories["total_360000_620000"];
    assert_eq!(two.stands().count(), 1, "kept as printed, of two provinces together");
}

#[test]
fn a_table_that_is_wrong_is_refused_with_its_line() {
    let sources = "s\tA source\n";
    let line = "k\t\t440000\tvalid_invention_patents\t2016\t\t\t5\t\tpatents\ts\tattested\t";
    assert_eq!(read(line, sources).unwrap().len(), 1);
    for (wrong, says) in [
        (line.replace("\ts\t", "\tt\t"), "there is no source \"t\""),
        (line.replace("\t5\t", "\tfive\t"), "no number in digits"),
        (line.replace("2016", "last year"), "line 1"),
        (line.replace("attested\t", "attested"), "it has 12 columns of 13"),
    ] {
        let error = format!("{:#}", read(&wrong, sources).unwrap_err());
        assert!(error.contains(says) && error.contains("line 1"), "{error}");
    }
}
