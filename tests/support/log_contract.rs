//! What every engine of the log promises, as cases over the port alone. There are no options: an
//! engine that can't pass a case does not keep the port's promises.
//!
//! Each case works in streams of its own, so a whole suite may run on one log; positions in the
//! whole log are taken relative to where the case began.

#[path = "log_events.rs"]
mod log_events;
#[path = "log_lanes.rs"]
mod log_lanes;
#[path = "log_model.rs"]
mod log_model;

use std::sync::Arc;
use std::time::Duration;

use docket::log::{
    Expected, LogError, MAX_APPEND_BYTES, MAX_APPEND_EVENTS, MAX_PAGE_BYTES, NewEvent, Subscription,
};

pub use log_events::*;

/// Every case, on one log.
pub async fn contract(log: Log) {
    empty_streams_have_no_revision(&log).await;
    revisions_and_sequence_are_dense(&log).await;
    bytes_come_back_as_given(&log).await;
    a_wrong_expectation_is_a_conflict_and_writes_nothing(&log).await;
    appends_that_no_engine_takes_are_refused(&log).await;
    pages_end_explicitly_and_continue(&log).await;
    a_page_is_bounded_in_bytes(&log).await;
    a_position_the_log_does_not_hold_is_an_error(&log).await;
    streams_are_found_by_how_their_names_begin(&log).await;
    one_of_many_racing_appends_wins(&log).await;
    the_head_is_published_before_the_answer(&log).await;
    a_subscription_skips_nothing(&log).await;
    log_lanes::appends_of_a_lane_stand_in_the_order_of_sending(&log).await;
    log_lanes::a_lane_ends_with_its_first_failure(&log).await;
    log_model::any_history_equals_the_model(&log).await;
    the_whole_log_is_dense(&log).await;
}

pub async fn empty_streams_have_no_revision(log: &Log) {
    let name = stream("empty");
    assert_eq!(log.stream_revision(&name).await, Ok(None));
    for from in [0, 5, u64::MAX] {
        let page = log.read_stream(&name, from, 10).await.unwrap();
        assert!(page.events.is_empty() && page.end);
        assert_eq!(page.next, from);
    }
}

pub async fn revisions_and_sequence_are_dense(log: &Log) {
    let (a, b) = (stream("dense-a"), stream("dense-b"));
    let start = log.head().await.unwrap().map_or(0, |head| head + 1);
    let first = log.append(&a, Expected::NoStream, events(0..3)).await.unwrap();
    assert_eq!((first.revision, first.sequence), (2, Some(start + 2)));
    let second = log.append(&b, Expected::NoStream, events(3..4)).await.unwrap();
    assert_eq!((second.revision, second.sequence), (0, Some(start + 3)));
    let third = log.append(&a, Expected::Revision(2), events(4..6)).await.unwrap();
    assert_eq!((third.revision, third.sequence), (4, Some(start + 5)));

    let all = read_everything(log, start.checked_sub(1), 100).await;
    let seen: Vec<_> =
        all.iter().map(|e| (e.sequence - start, e.stream.as_str(), e.revision)).collect();
    assert_eq!(
        seen,
        [
            (0, "dense-a", 0),
            (1, "dense-a", 1),
            (2, "dense-a", 2),
            (3, "dense-b", 0),
            (4, "dense-a", 3),
            (5, "dense-a", 4)
        ]
    );
    assert!(all.iter().zip(0..).all(|(recorded, n)| is_as_given(recorded, &event(n))));
    assert_eq!(log.stream_revision(&a).await, Ok(Some(4)));
    assert_eq!(log.head().await, Ok(Some(start + 5)));
    let of_a: Vec<_> = read_whole_stream(log, &a, 100).await;
    assert_eq!(of_a, all.into_iter().filter(|e| e.stream == a).collect::<Vec<_>>());
}

pub async fn bytes_come_back_as_given(log: &Log) {
    let name = stream("bytes");
    let odd: [&[u8]; 8] = [
        b"",
        b"{}",
        b"\0",
        b"a\0b",
        b"\xff\xfe",
        "方案".as_bytes(),
        b"\xef\xbb\xbf{}",
        b"{ \"a\" : 1.0e0 }\r\n",
    ];
    let given: Vec<_> = odd
        .iter()
        .zip(0..)
        .map(|(bytes, n)| NewEvent {
            data: (*bytes).into(),
            metadata: odd[odd.len() - 1 - n as usize].into(),
            recorded_at_us: [i64::MIN, -1, 0, i64::MAX][n as usize % 4],
            ..event(n)
        })
        .collect();
    log.append(&name, Expected::NoStream, given.clone()).await.unwrap();
    let recorded = read_whole_stream(log, &name, 100).await;
    assert_eq!(recorded.len(), given.len());
    for (recorded, given) in recorded.iter().zip(&given) {
        assert!(is_as_given(recorded, given), "{recorded:?} != {given:?}");
    }
}

pub async fn a_wrong_expectation_is_a_conflict_and_writes_nothing(log: &Log) {
    let name = stream("conflict");
    let refused = |expected, actual| Err(LogError::Conflict { expected, actual });
    let early = Expected::Revision(0);
    assert_eq!(log.append(&name, early, events(10..11)).await, refused(early, None));
    log.append(&name, Expected::NoStream, events(0..2)).await.unwrap();
    let head = log.head().await;
    for (expected, n) in [
        (Expected::NoStream, 20),
        (Expected::Revision(0), 21),
        (Expected::Revision(2), 22),
        (Expected::Revision(u64::MAX), 23),
    ] {
        assert_eq!(log.append(&name, expected, events(n..n + 1)).await, refused(expected, Some(1)));
    }
    assert_eq!(log.head().await, head);
    assert_eq!(log.append(&name, Expected::Revision(1), events(2..3)).await.unwrap().revision, 2);
}

pub async fn appends_that_no_engine_takes_are_refused(log: &Log) {
    let name = stream("refused");
    let head = log.head().await;
    let append = |events| log.append(&name, Expected::NoStream, events);
    assert!(matches!(append(Vec::new()).await, Err(LogError::Invalid(_))));
    for bad in ["", "$metadata", "two words", "变更", &"x".repeat(201)] {
        let event = NewEvent { event_type: bad.to_owned(), ..event(0) };
        assert!(matches!(append(vec![event]).await, Err(LogError::Invalid(_))), "{bad:?}");
    }
    let sized = |bytes: usize| NewEvent {
        data: vec![b'x'; bytes / 2].into(),
        metadata: vec![b'y'; bytes - bytes / 2].into(),
        ..event(0)
    };
    let too_large = append(vec![sized(MAX_APPEND_BYTES), sized(1)]).await;
    assert!(
        matches!(too_large, Err(LogError::TooLarge { actual, limit, .. }) if actual == limit + 1)
    );
    let too_many = append(events(0..MAX_APPEND_EVENTS as u64 + 1)).await;
    assert!(
        matches!(too_many, Err(LogError::TooLarge { actual, limit, .. }) if actual == limit + 1)
    );
    assert_eq!(log.head().await, head);
    assert_eq!(log.stream_revision(&name).await, Ok(None));

    append(vec![sized(MAX_APPEND_BYTES)]).await.unwrap();
    assert!(matches!(log.read_stream(&name, 0, 0).await, Err(LogError::Invalid(_))));
    assert!(matches!(log.read_all(None, 0).await, Err(LogError::Invalid(_))));
}

pub async fn pages_end_explicitly_and_continue(log: &Log) {
    let name = stream("pages");
    let start = log.head().await.unwrap();
    log.append(&name, Expected::NoStream, events(0..10)).await.unwrap();
    for (limit, sizes) in [(3, &[3, 3, 3, 1][..]), (5, &[5, 5]), (10, &[10]), (usize::MAX, &[10])] {
        let (mut from, mut after) = (0, start);
        for (n, size) in sizes.iter().enumerate() {
            let last = n + 1 == sizes.len();
            let of_stream = log.read_stream(&name, from, limit).await.unwrap();
            let of_all = log.read_all(after, limit).await.unwrap();
            assert_eq!(of_stream.events, of_all.events);
            assert_eq!((of_stream.events.len(), of_stream.end, of_all.end), (*size, last, last));
            (from, after) = (of_stream.next, of_all.next);
        }
        assert_eq!((from, Ok(after)), (10, log.head().await));
        let beyond = log.read_all(after, limit).await.unwrap();
        assert!(beyond.events.is_empty() && beyond.end && beyond.next == after);
    }
}

pub async fn a_page_is_bounded_in_bytes(log: &Log) {
    let name = stream("large");
    let start = log.head().await.unwrap();
    let megabyte = |n| NewEvent {
        data: vec![b'x'; MAX_APPEND_BYTES].into(),
        metadata: Vec::new().into(),
        ..event(n)
    };
    let count = (MAX_PAGE_BYTES / MAX_APPEND_BYTES) as u64 + 2;
    for n in 0..count {
        let expected = Expected::from(n.checked_sub(1));
        log.append(&name, expected, vec![megabyte(n)]).await.unwrap();
    }
    let page = log.read_all(start, 1000).await.unwrap();
    assert_eq!(page.events.len(), MAX_PAGE_BYTES / MAX_APPEND_BYTES);
    assert!(!page.end);
    let rest = log.read_all(page.next, 1000).await.unwrap();
    assert_eq!((rest.events.len(), rest.end), (2, true));
    assert_eq!(read_whole_stream(log, &name, 1000).await.len() as u64, count);
}

pub async fn a_position_the_log_does_not_hold_is_an_error(log: &Log) {
    let name = stream("beyond");
    log.append(&name, Expected::NoStream, events(0..1)).await.unwrap();
    let head = log.head().await.unwrap();
    for after in [head.unwrap() + 1, i64::MAX as u64, u64::MAX] {
        assert_eq!(log.read_all(Some(after), 10).await, Err(LogError::BeyondEnd { after, head }));
    }
}

pub async fn streams_are_found_by_how_their_names_begin(log: &Log) {
    let names = ["begins-b", "begins-a.~", "begins-a", "begins", "other-begins-a"].map(stream);
    for (n, name) in names.iter().enumerate() {
        let n = n as u64 * 2;
        log.append(name, Expected::NoStream, events(n..n + 2)).await.unwrap();
    }
    let [b, a_more, a, shorter, _] = names;
    let found = |prefix| async move { log.streams(prefix).await.unwrap() };
    assert_eq!(found("begins-").await, [a.clone(), a_more.clone(), b.clone()]);
    assert_eq!(found("begins").await, [shorter, a, a_more, b]);
    assert_eq!(found("no-such-").await, []);
    let all = read_everything(log, None, 1000).await;
    let all: std::collections::BTreeSet<_> = all.into_iter().map(|event| event.stream).collect();
    assert!(found("").await.into_iter().eq(all));
}

pub async fn one_of_many_racing_appends_wins(log: &Log) {
    let name = stream("race");
    let mut won = 0;
    for round in 0..10_u64 {
        let expected = Expected::from(round.checked_sub(1));
        let racers = (0..16).map(|racer| {
            let (log, name) = (Arc::clone(log), name.clone());
            let event = event(1000 + round * 100 + racer);
            tokio::spawn(async move { log.append(&name, expected, vec![event]).await })
        });
        for racer in racers.collect::<Vec<_>>() {
            match racer.await.unwrap() {
                Ok(appended) => {
                    assert_eq!(appended.revision, round);
                    won += 1;
                }
                Err(error) => {
                    assert_eq!(error, LogError::Conflict { expected, actual: Some(round) })
                }
            }
        }
    }
    assert_eq!(won, 10);
    assert_eq!(read_whole_stream(log, &name, 3).await.len(), 10);
}

pub async fn the_head_is_published_before_the_answer(log: &Log) {
    let name = stream("head");
    let head = log.watch_head();
    for n in 0..5_u64 {
        let expected = Expected::from(n.checked_sub(1));
        let appended = log.append(&name, expected, events(n..n + 1)).await.unwrap();
        assert_eq!(*head.borrow(), appended.sequence);
        assert_eq!(log.head().await.unwrap(), appended.sequence);
    }
}

pub async fn a_subscription_skips_nothing(log: &Log) {
    let name = stream("subscription");
    let start = log.head().await.unwrap();
    let mut follower = Subscription::new(Arc::clone(log), start, 7);
    let waiting = tokio::time::timeout(Duration::from_millis(30), follower.next_page()).await;
    assert!(waiting.is_err(), "a page must wait for an event: {waiting:?}");
    let writer = {
        let (log, name) = (Arc::clone(log), name.clone());
        tokio::spawn(async move {
            for n in 0..100_u64 {
                let expected = Expected::from(n.checked_sub(1));
                log.append(&name, expected, events(n..n + 1)).await.unwrap();
            }
        })
    };
    let mut seen = Vec::new();
    while seen.len() < 100 {
        let page = tokio::time::timeout(Duration::from_secs(20), follower.next_page()).await;
        let page = page.expect("the subscription stopped").unwrap();
        assert!(!page.events.is_empty() && page.events.len() <= 7);
        seen.extend(page.events);
        assert_eq!(follower.position(), seen.last().map(|event| event.sequence));
    }
    writer.await.unwrap();
    assert_eq!(seen, read_whole_stream(log, &name, 1000).await);
}

pub async fn the_whole_log_is_dense(log: &Log) {
    let all = read_everything(log, None, 1000).await;
    assert!(all.iter().zip(0..).all(|(event, n)| event.sequence == n));
    assert_eq!(log.head().await.unwrap(), all.last().map(|event| event.sequence));
}
