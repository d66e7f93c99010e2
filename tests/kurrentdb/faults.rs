//! A server that misbehaves, each way in turn: an append is recorded once, what is acknowledged
//! stands, what failed for sure is not there, and a read is never short.

use std::sync::Arc;
use std::time::Duration;

use docket::log::kurrentdb::{KurrentLog, KurrentOptions};
use docket::log::{Expected, LogError};
use rstest::rstest;

use crate::log_contract::{Log, event, events, read_everything, read_whole_stream, stream};
use crate::standin::{Call, Fault, Settings, StandIn};
use crate::support::{open, options, start};

/// Appends one event after another to a stream; the server misbehaves once before each.
#[rstest]
#[case(Fault::DropConnection { written: false })]
#[case(Fault::DropConnection { written: true })]
#[case(Fault::AnswerLate(Duration::from_millis(100)))]
#[case(Fault::AnswerLate(Duration::from_millis(900)))]
#[case(Fault::WriteLate(Duration::from_millis(700)))]
#[case(Fault::NeverAnswer { written: false })]
#[case(Fault::NeverAnswer { written: true })]
#[case(Fault::DeadlineExceeded { written: false })]
#[case(Fault::DeadlineExceeded { written: true })]
#[case(Fault::TimedOut)]
#[case(Fault::NotLeader)]
#[case(Fault::NotReady)]
#[case(Fault::TooBusy)]
#[case(Fault::Restart { down: Duration::from_millis(300) })]
#[tokio::test(flavor = "multi_thread")]
async fn an_append_stands_once_whatever_the_server_does(#[case] fault: Fault) {
    let server = start();
    let log: Log = with_deadline(&server, 500).await;
    let name = stream("faulty");
    for n in 0..4_u64 {
        server.control().fail_next_on("docket.", Call::Append, 1, fault);
        let appended = log.append(&name, Expected::from(n.checked_sub(1)), vec![event(n)]).await;
        let appended = appended.unwrap_or_else(|error| panic!("append {n}: {error}"));
        assert_eq!((appended.revision, appended.sequence), (n, Some(n)));
    }
    stands(&server, &log, "faulty", 4).await;
}

/// A log whose tries of an append take so long at most.
async fn with_deadline(server: &StandIn, ms: u64) -> Log {
    let address = format!("{}&defaultDeadline={ms}", server.address());
    Arc::new(KurrentLog::open(options(&address)).await.unwrap())
}

/// The first `count` events stand in the stream and nowhere else, once.
async fn stands(server: &StandIn, log: &Log, name: &str, count: u64) {
    let ids: Vec<_> = events(0..count).iter().map(|event| event.event_id).collect();
    let found = read_whole_stream(log, &stream(name), 100).await;
    assert_eq!(found.iter().map(|event| event.event_id).collect::<Vec<_>>(), ids);
    assert_eq!(read_everything(log, None, 3).await, found);
    assert_eq!(server.control().streams()[&format!("docket.{name}")].len() as u64, count);
}

/// Nothing was written, and the log says so, as often as it may be tried again.
#[rstest]
#[case(Fault::NotReady)]
#[case(Fault::NotLeader)]
#[tokio::test(flavor = "multi_thread")]
async fn what_surely_was_not_written_is_said(#[case] fault: Fault) {
    let server = start();
    let options =
        KurrentOptions { append_limit: Duration::from_millis(400), ..options(&server.address()) };
    let log: Log = Arc::new(KurrentLog::open(options).await.unwrap());
    server.control().fail_next_on("docket.", Call::Append, 1000, fault);
    let refused = log.append(&stream("s"), Expected::NoStream, vec![event(0)]).await;
    assert!(matches!(refused, Err(LogError::Unavailable(_))), "{refused:?}");
    server.control().behave();
    assert_eq!(
        log.append(&stream("s"), Expected::NoStream, vec![event(1)]).await.unwrap().revision,
        0
    );
}

/// Past the limit nobody knows: that is said, and the stream tells later.
#[tokio::test(flavor = "multi_thread")]
async fn an_outcome_that_cannot_be_found_out_is_unknown() {
    let server = start();
    let address = format!("{}&defaultDeadline=200", server.address());
    let options = KurrentOptions { append_limit: Duration::from_millis(300), ..options(&address) };
    let log: Log = Arc::new(KurrentLog::open(options).await.unwrap());
    server.control().fail_next_on(
        "docket.",
        Call::Append,
        1000,
        Fault::NeverAnswer { written: false },
    );
    let unknown = log.append(&stream("s"), Expected::NoStream, vec![event(0)]).await;
    assert!(matches!(unknown, Err(LogError::OutcomeUnknown(_))), "{unknown:?}");
    server.control().behave();
    assert_eq!(log.stream_revision(&stream("s")).await, Ok(None));

    // Written though: found by its id.
    server.control().fail_next_on(
        "docket.",
        Call::Append,
        1000,
        Fault::NeverAnswer { written: true },
    );
    let found = log.append(&stream("s"), Expected::NoStream, vec![event(0)]).await;
    assert_eq!(found.unwrap().revision, 0);
}

/// The server takes the same id at the same revision whatever the data: another's try of the same.
#[tokio::test(flavor = "multi_thread")]
async fn the_same_id_with_other_bytes_is_somebody_else() {
    let server = start();
    let (one, other): (Log, Log) = (open(&server).await, open(&server).await);
    let name = stream("same-id");
    one.append(&name, Expected::NoStream, vec![event(7)]).await.unwrap();
    let mut late = event(7);
    late.recorded_at_us += 1;
    let refused = other.append(&name, Expected::NoStream, vec![late]).await;
    let expected = Expected::NoStream;
    assert_eq!(refused, Err(LogError::Conflict { expected, actual: Some(0) }));
    // The very same bytes are the same append.
    assert_eq!(other.append(&name, expected, vec![event(7)]).await.unwrap().revision, 0);
    assert_eq!(read_whole_stream(&other, &name, 10).await.len(), 1);
}

#[rstest]
#[case(Fault::EndEarly { after: 0 })]
#[case(Fault::EndEarly { after: 3 })]
#[case(Fault::FailAfter { after: 3 })]
#[case(Fault::DropAfter { after: 3 })]
#[case(Fault::NotReady)]
#[case(Fault::DropConnection { written: false })]
#[tokio::test(flavor = "multi_thread")]
async fn a_read_that_breaks_off_is_never_short(#[case] fault: Fault) {
    let server = start();
    let log: Log = open(&server).await;
    let name = stream("whole");
    log.append(&name, Expected::NoStream, events(0..40)).await.unwrap();
    log.append(&stream("other"), Expected::NoStream, events(40..80)).await.unwrap();
    // A node that has not seen the events yet must ask the server for them.
    let other: Log = open(&server).await;
    for call in [Call::Read, Call::ReadAll] {
        server.control().fail_next(call, 2, fault);
    }
    assert_eq!(read_whole_stream(&other, &name, 1000).await.len(), 40);
    for call in [Call::Read, Call::ReadAll] {
        server.control().fail_next(call, 2, fault);
    }
    assert_eq!(read_everything(&other, None, 17).await, read_everything(&log, None, 1000).await);
    assert_eq!(other.head().await.or(other.head().await), Ok(Some(79)));
}

/// A client that never reached the server is dead for good, and one whose server was restarted keeps
/// its handle: both are made anew.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_goes_and_comes_back_is_found_again() {
    let server = start();
    let log: Log = open(&server).await;
    let name = stream("restart");
    for n in 0..3_u64 {
        server.control().restart(Duration::from_millis(400));
        let appended = log.append(&name, Expected::from(n.checked_sub(1)), vec![event(n)]).await;
        assert_eq!(appended.unwrap().revision, n);
    }
    server.control().kill(0);
    assert!(matches!(log.head().await, Err(LogError::Unavailable(_))));
    assert!(matches!(log.read_stream(&name, 0, 10).await, Err(LogError::Unavailable(_))));
    // It passes by itself, and is shown as long as it lasts.
    assert!(log.recording().trouble().is_some());
    server.control().start(0);
    stands(&server, &log, "restart", 3).await;
    while log.recording().trouble().is_some() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(log.recording().stopped(), None);
}

/// Leader change: appends go to the new leader, each once.
#[tokio::test(flavor = "multi_thread")]
async fn appends_follow_the_leader() {
    let server = StandIn::start(Settings::default().nodes(3));
    let log: Log = open(&server).await;
    let name = stream("leader");
    for n in 0..9_u64 {
        match n {
            1 => server.control().move_leader(1),
            3 => server.control().move_leader(2),
            // The others name a leader that is gone, for a while.
            5 => {
                server.control().kill(2);
                let control = server.control();
                std::thread::spawn(move || {
                    std::thread::sleep(Duration::from_millis(700));
                    control.move_leader(0);
                });
            }
            7 => {
                server.control().start(2);
                server.control().move_leader(2);
                server.control().kill(0);
            }
            _ => {}
        }
        let appended = log.append(&name, Expected::from(n.checked_sub(1)), vec![event(n)]).await;
        assert_eq!(appended.unwrap().revision, n);
    }
    stands(&server, &log, "leader", 9).await;
}

/// Many at once while everything goes wrong at random: each acknowledged append stands once.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_doubled_in_disorder() {
    let server = start();
    let log: Log = with_deadline(&server, 400).await;
    let control = server.control();
    control.seed(20_261_122);
    for (call, chance, fault) in [
        (Call::Append, 0.02, Fault::DropConnection { written: true }),
        (Call::Append, 0.02, Fault::DropConnection { written: false }),
        (Call::Append, 0.05, Fault::DeadlineExceeded { written: true }),
        (Call::Append, 0.05, Fault::TimedOut),
        (Call::Append, 0.01, Fault::NeverAnswer { written: true }),
        (Call::ReadAll, 0.05, Fault::FailAfter { after: 2 }),
        (Call::ReadAll, 0.05, Fault::EndEarly { after: 1 }),
    ] {
        control.fail_randomly(call, chance, fault);
    }
    let writers = (0..8_u64).map(|writer| {
        let (log, name) = (Arc::clone(&log), stream(&format!("writer-{writer}")));
        tokio::spawn(async move {
            for n in 0..40_u64 {
                let given = vec![event(writer * 1000 + n)];
                let appended = log.append(&name, Expected::from(n.checked_sub(1)), given).await;
                assert_eq!(appended.unwrap().revision, n);
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    control.behave();
    let all = read_everything(&log, None, 50).await;
    assert_eq!(all.len(), 320);
    assert!(all.iter().zip(0..).all(|(event, n)| event.sequence == n));
    let fresh: Log = open(&server).await;
    assert_eq!(read_everything(&fresh, None, 1000).await, all);
}
