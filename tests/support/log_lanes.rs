//! What every engine promises of a lane: many appends of one writer, in one order.

use docket::log::{Append, Expected, Landed, Lane, LogError, NewEvent};

use super::log_events::{Log, event, events, read_everything, read_whole_stream, stream};

fn append(name: &str, expected: Option<u64>, events: Vec<NewEvent>) -> Append {
    Append { stream: stream(name), expected: expected.into(), events }
}

async fn answers(lane: &mut dyn Lane) -> Vec<Result<Landed, LogError>> {
    let mut answers = Vec::new();
    while let Some(answer) = lane.answer().await {
        answers.push(answer);
    }
    answers
}

pub async fn appends_of_a_lane_stand_in_the_order_of_sending(log: &Log) {
    let start = log.head().await.unwrap();
    let mut lane = log.lane().await.unwrap();
    let mut landed = Vec::new();
    // One event for three of the streams, two for the fourth, in turn: more than one commit of any engine.
    let mut next = [0_u64; 4];
    let mut sent = Vec::new();
    for n in 0..3000_u64 {
        let of = (n * 7 % 4) as usize;
        let several = 1 + u64::from(of == 3);
        let given = events(n * 2..n * 2 + several);
        sent.extend(given.iter().map(|given| (of, given.event_id)));
        let expected = next[of].checked_sub(1);
        next[of] += several;
        lane.send(append(&format!("lane-{of}"), expected, given)).await;
        landed.extend(std::iter::from_fn(|| lane.answered()));
    }
    landed.extend(answers(&mut *lane).await);
    let landed: Vec<Landed> = landed.into_iter().map(Result::unwrap).collect();
    assert_eq!(landed.len(), 3000);
    let places: Vec<u64> = landed.iter().map(|landed| landed.place.unwrap()).collect();
    assert!(places.is_sorted_by(|a, b| a < b));
    drop(lane);
    log.head().await.unwrap();
    let all = read_everything(log, start, 1000).await;
    let stand: Vec<_> =
        all.iter().map(|event| (event.stream.to_string(), event.event_id)).collect();
    let sent: Vec<_> = sent.into_iter().map(|(of, id)| (format!("lane-{of}"), id)).collect();
    assert!(stand == sent, "they stand in another order");
}

pub async fn a_lane_ends_with_its_first_failure(log: &Log) {
    let whole = |n| append("lane-whole", None, vec![event(n)]);
    let too_late = || append("lane-whole", Some(7), vec![event(9)]);
    for (wrong, n) in [(too_late(), 1), (append("lane-empty", None, Vec::new()), 2)] {
        let name = format!("lane-before-{n}");
        let mut lane = log.lane().await.unwrap();
        lane.send(append(&name, None, vec![event(n)])).await;
        lane.send(wrong.clone()).await;
        lane.send(append(&format!("lane-behind-{n}"), None, vec![event(3)])).await;
        let answers = answers(&mut *lane).await;
        let [Ok(first), Err(why)] = &answers[..] else { panic!("{answers:?}") };
        assert_eq!(first.appended.revision, 0);
        match wrong.expected {
            Expected::NoStream => assert!(matches!(why, LogError::Invalid(_)), "{why:?}"),
            expected => assert_eq!(why, &LogError::Conflict { expected, actual: None }),
        }
        lane.send(whole(4)).await;
        assert_eq!(lane.answer().await, None, "it is at its end");
        assert_eq!(read_whole_stream(log, &stream(&name), 9).await.len(), 1);
    }
    assert_eq!(log.stream_revision(&stream("lane-whole")).await, Ok(None));
}
