//! The real set of cities, counties, parks, regions and provinces in cooperation: what the sources name,
//! how sure, as sharp as printed; what has no source stays out.

use std::collections::BTreeMap;

use super::replay::Replay;
use docket::cli::demo::data::{DataSet, What};
use docket::domain::act::{Act, Bound};
use docket::domain::date::Day;
use docket::domain::ids::Provenance;

/// How many stand where by evidence, by program and category, and how many are only noted.
#[test]
fn as_many_stand_as_sources_name() {
    let replay = Replay::of(&DataSet::real().unwrap());
    let mut stand: BTreeMap<(String, String), usize> = BTreeMap::new();
    for (stream, history) in &replay.histories {
        let state = history.state();
        let (program, _) = stream.split_once('-').unwrap();
        let category = state.category.as_deref().unwrap_or_default();
        let at = format!("{} {category}", state.phase().unwrap_or("none"));
        *stand.entry((program.to_owned(), at.trim().to_owned())).or_default() += 1;
        assert!(state.node.is_none() || state.is_evidenced_only(), "{stream}");
    }
    let expected = [
        ("strong_city", "creation", 5),
        ("ip_power_unit", "demonstration city", 15),
        ("ip_power_unit", "demonstration county", 4),
        ("ip_power_unit", "demonstration park", 3),
        ("ip_power_unit", "pilot city", 10),
        ("ip_power_unit", "pilot county", 11),
        ("ip_power_unit", "pilot park", 4),
        ("cooperation_theme", "cooperating", 9),
        ("cooperation_theme", "none", 1),
        ("demonstration_city", "demonstration", 8),
        ("demonstration_city", "none", 18),
        ("protection_demonstration_area", "construction", 25),
        ("operation_key_city", "key_city", 2),
    ];
    for (program, at, many) in expected {
        let found = stand.get(&(program.to_owned(), at.to_owned())).copied().unwrap_or(0);
        assert_eq!(found, many, "{program} {at}: {stand:#?}");
    }
    assert!(
        !stand.keys().any(|(program, _)| program == "regional_arrangement"),
        "no names are known"
    );
}

#[test]
fn dates_terms_and_confidence_are_those_of_the_sources() {
    let replay = Replay::of(&DataSet::real().unwrap());
    let shown = |stream: &str| {
        let history = &replay.histories[stream];
        let state = history.state();
        let since = state.phase_since.unwrap().to_string();
        let term = state.term.as_ref().map(|term| format!("{} to {}", term.from, term.until));
        (since, term, state.provenance)
    };
    let to = |from: &str, until: &str| Some(format!("{from} to {until}"));
    let attested = Provenance::Attested;
    for (stream, expected) in [
        ("strong_city-370200", ("2017-06", to("2017-06", "2020-06"), attested)),
        ("strong_city-610100", ("2017", None, Provenance::Inferred)),
        ("strong_city-370600", ("../2017-11", None, attested)),
        ("strong_city-370500", ("../2018-08-22", None, attested)),
        ("ip_power_unit-110108", ("2022-07", to("2022-07", "2025-06"), attested)),
        ("ip_power_unit-430722", ("2023", None, attested)),
        ("ip_power_unit-beijing_etda", ("2022-08", to("2022-08", "2025-07"), attested)),
        ("demonstration_city-420100", ("2012-04-27", None, attested)),
        ("demonstration_city-210100", ("2018-05", to("2018-05", "2021-05"), attested)),
        ("protection_demonstration_area-110108", ("2024-01-26", None, attested)),
    ] {
        let (since, term, provenance) = expected;
        assert_eq!(shown(stream), (since.to_owned(), term, provenance), "{stream}");
    }
    // A public notice is no listing.
    assert_eq!(replay.histories["demonstration_city-330200"].state().node, None);
    let jimo = &replay.subjects["370215"];
    let name = |day: &str| jimo.name_on(Day::parse(day).unwrap()).zh.as_str();
    assert_eq!((name("2016-05-13"), name("2022-08-31")), ("即墨市", "青岛市即墨区"));
}

/// What was recalled and not read stays out; nothing in a text speaks of how the set was made.
#[test]
fn what_has_no_source_stays_out() {
    let replay = Replay::of(&DataSet::real().unwrap());
    for city in ["320500", "330200", "510100", "430100", "610100", "370200"] {
        assert!(!replay.histories.contains_key(&format!("operation_key_city-{city}")), "{city}");
    }
    for accepted in &replay.accepted {
        let text = serde_json::to_string(&accepted.request.act).unwrap().to_lowercase();
        assert!(!text.contains("recalled") && !text.contains("seed"), "{}", accepted.key);
    }
}

/// N: counts without subjects are figures of their programs, never subjects.
#[test]
fn counts_are_figures_of_their_programs() {
    let replay = Replay::of(&DataSet::real().unwrap());
    let figures: Vec<_> = replay
        .accepted
        .iter()
        .filter_map(|accepted| match &accepted.request.act {
            Act::RecordFigure(figure) => Some((accepted.stream.as_str(), figure)),
            _ => None,
        })
        .collect();
    assert_eq!(figures.len(), 37);
    let of = |program: &str| {
        let stream = format!("program-{program}");
        let own = figures.iter().filter(move |(of, _)| *of == stream);
        own.map(|(_, figure)| (figure.value.to_string(), figure.bound)).collect::<Vec<_>>()
    };
    assert_eq!(of("brand_guidance_center"), [("1300".to_owned(), Bound::MoreThan)]);
    assert_eq!(of("navigation_base"), [("170".to_owned(), Bound::MoreThan)]);
    assert_eq!(of("regional_arrangement"), [("7".to_owned(), Bound::Exactly)]);
    assert_eq!(of("gi_promotion"), [("160".to_owned(), Bound::Exactly)]);
    let kinds = DataSet::real().unwrap().steps.into_iter().filter_map(|step| match step.what {
        What::Register(subject) => Some(subject.kind),
        _ => None,
    });
    let made: Vec<_> =
        kinds.filter(|kind| kind.contains("center") || kind.contains("base")).collect();
    assert_eq!(made, Vec::<String>::new());
}

/// R3: published results stand in the program's own stream.
#[test]
fn results_are_published_for_the_program() {
    let replay = Replay::of(&DataSet::real().unwrap());
    let results = replay.accepted.iter().filter(|accepted| {
        matches!(&accepted.request.act, Act::RecordDeliverable(deliverable) if deliverable.kind == "research_result")
    });
    let streams: Vec<_> = results.map(|accepted| accepted.stream.as_str()).collect();
    assert_eq!(streams, ["program-regional_arrangement"; 2]);
    // In the exercise they are linked to the enrollments that they draw on.
    let exercise = Replay::of(&DataSet::exercise().unwrap());
    let result = exercise.accepted.iter().find(|accepted| accepted.key == "r-results").unwrap();
    let drawn: Vec<_> =
        result.decision.rests_on.iter().map(|event| event.stream.as_str()).collect();
    assert_eq!(
        drawn,
        [
            "exercise_regional_arrangement-exercise_region_a",
            "exercise_regional_arrangement-exercise_region_b"
        ]
    );
}
