//! Random histories against the plainest thing that could be right: a list and a map.

use std::collections::BTreeMap;

use docket::log::{Expected, LogError, NewEvent, StreamName};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, TestRunner};

use super::{Log, events, is_as_given, read_everything, read_whole_stream, stream};

/// What the model is told to do: which stream, how far off the expectation is, how many events.
type Command = (u8, u8, u8);

/// A log as a list and a map; the plainest thing that could be right.
#[derive(Default)]
struct Model {
    log: Vec<(StreamName, u64, NewEvent)>,
    tips: BTreeMap<StreamName, u64>,
}

pub async fn any_history_equals_the_model(log: &Log) {
    let commands = proptest::collection::vec((0..5_u8, 0..4_u8, 1..5_u8), 1..40);
    let mut runner =
        TestRunner::new(Config { cases: 24, failure_persistence: None, ..Config::default() });
    let histories: Vec<Vec<Command>> =
        (0..24).map(|_| commands.new_tree(&mut runner).unwrap().current()).collect();
    for (number, history) in histories.into_iter().enumerate() {
        play(log, number as u64, &history).await;
    }
}

async fn play(log: &Log, number: u64, history: &[Command]) {
    let mut model = Model::default();
    let start = log.head().await.unwrap();
    let mut next_event = 1_000_000 * (number + 1);
    for (which, off, count) in history {
        let name = stream(&format!("model-{number}-{which}"));
        let actual = model.tips.get(&name).copied();
        // Three times of four the expectation is right.
        let expected = match (off, actual) {
            (0, None) => Expected::Revision(0),
            (0, Some(revision)) => Expected::Revision(revision + 1),
            _ => Expected::from(actual),
        };
        let new = events(next_event..next_event + u64::from(*count));
        next_event += u64::from(*count);
        let answer = log.append(&name, expected, new.clone()).await;
        if !expected.matches(actual) {
            assert_eq!(answer, Err(LogError::Conflict { expected, actual }), "{history:?}");
            continue;
        }
        for event in new {
            let revision = model.tips.get(&name).map_or(0, |tip| tip + 1);
            model.tips.insert(name.clone(), revision);
            model.log.push((name.clone(), revision, event));
        }
        let appended = answer.unwrap();
        assert_eq!(Some(appended.revision), model.tips.get(&name).copied(), "{history:?}");
    }
    let all = read_everything(log, start, 1 + number as usize % 9).await;
    assert_eq!(all.len(), model.log.len(), "{history:?}");
    for (recorded, (name, revision, given)) in all.iter().zip(&model.log) {
        assert_eq!((&recorded.stream, recorded.revision), (name, *revision), "{history:?}");
        assert!(is_as_given(recorded, given), "{history:?}");
    }
    for (name, tip) in &model.tips {
        assert_eq!(log.stream_revision(name).await, Ok(Some(*tip)));
        let of_stream: Vec<_> = all.iter().filter(|e| e.stream == *name).cloned().collect();
        assert_eq!(read_whole_stream(log, name, 2).await, of_stream);
    }
}
