//! Which figures of a division are others than before, for random records, revisions, revisions of
//! revisions and annulments: as the figures that stand at each event say.

use std::collections::BTreeMap;

use docket::domain::ids::EventRef;
use docket::domain::indicator::{
    IndicatorEvent, IndicatorHistory, IndicatorRecord, Observation, ObservationCorrected,
};
use proptest::prelude::{Strategy, any, prop, prop_assert, prop_assert_eq, proptest};
use proptest::test_runner::Config;
use serde_json::json;
use uuid::Uuid;

const STREAM: &str = "indicator-total_china";

/// One thing that somebody tries: a figure of one of three years, or a correction of an event, or that it
/// is annulled.
#[derive(Debug, Clone)]
struct Attempt {
    year: usize,
    value: u8,
    corrects: Option<usize>,
    annuls: bool,
}

fn attempts() -> impl Strategy<Value = Vec<Attempt>> {
    let one = (0..3_usize, 0..4_u8, prop::option::weighted(0.7, 0..8_usize), any::<bool>());
    let one =
        one.prop_map(|(year, value, corrects, annuls)| Attempt { year, value, corrects, annuls });
    prop::collection::vec(one, 0..14)
}

fn figure(attempt: &Attempt) -> Observation {
    serde_json::from_value(json!({
        "indicator": "patents", "period": (2018 + attempt.year).to_string(),
        "value": attempt.value.to_string(), "unit": "applications", "confidence": "attested",
        "source": "a table",
    }))
    .unwrap()
}

fn lived(attempts: &[Attempt]) -> IndicatorHistory {
    let mut history = IndicatorHistory::default();
    for attempt in attempts {
        let revision = history.records().len() as u64;
        let named = attempt.corrects.and_then(|at| history.records().get(at));
        let event = match named {
            None if history.check_new(STREAM, &figure(attempt)).is_ok() => {
                IndicatorEvent::Recorded(figure(attempt))
            }
            None => continue,
            Some(record) => {
                let corrects = EventRef {
                    stream: STREAM.to_owned(),
                    revision: record.revision,
                    id: record.id,
                };
                let corrected: ObservationCorrected = serde_json::from_value(json!({
                    "corrects": corrects.to_string(), "reason": "revised",
                    "replacement": (!attempt.annuls).then(|| figure(attempt)),
                }))
                .unwrap();
                if history.check(STREAM, &corrected).is_err() {
                    continue;
                }
                IndicatorEvent::Corrected(Box::new(corrected))
            }
        };
        let (id, sequence) = (Uuid::from_u128(u128::from(revision)), 100 + 3 * revision);
        history.push(IndicatorRecord { revision, sequence, id, event });
    }
    history
}

/// The figures that stand once the stream has so many events, by their periods.
fn standing(history: &IndicatorHistory, known: usize) -> BTreeMap<String, Observation> {
    let mut then = IndicatorHistory::default();
    history.records()[..known].iter().for_each(|record| then.push(record.clone()));
    then.stands().map(|(_, one)| (one.period.to_string(), one.clone())).collect()
}

proptest! {
    #![proptest_config(Config { cases: 256, ..Config::default() })]

    /// What is listed as changed is all that stands otherwise, each by the last event since which it does.
    #[test]
    fn p14_what_changed_of_figures_is_what_stands_otherwise(attempts in attempts()) {
        let history = lived(&attempts);
        let events = history.records().len();
        let known: Vec<_> = (0..=events).map(|known| standing(&history, known)).collect();
        for before in 0..=events {
            let mut figures = known[before].clone();
            for change in history.changes(before) {
                let period = change.of().unwrap().period.to_string();
                let was = figures.remove(&period);
                prop_assert_eq!(was.as_ref(), change.before, "{} since {}", &period, before);
                let last = (before..events).rev().find(|at| {
                    known[*at].get(&period) != known[*at + 1].get(&period)
                });
                prop_assert_eq!(Some(change.by.revision), last.map(|at| at as u64), "{}", &period);
                prop_assert!(change.before != change.after);
                figures.extend(change.after.map(|after| (period, after.clone())));
            }
            prop_assert_eq!(&figures, &known[events], "since {}", before);
        }
    }
}
