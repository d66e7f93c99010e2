//! What the client sees when the stand-in is told to misbehave, and what is stored then.

use std::time::{Duration, Instant};

use kurrentdb::StreamState::{NoStream, StreamRevision};
use kurrentdb::{AppendToStreamOptions, Client, Error, ReadAllOptions, WriteResult};

use super::standin::{Call, Control, Fault};
use super::{Settings, StandIn, append, begin, collect, connect, contents, events, read};

const LATE: Duration = Duration::from_millis(400);

/// A stand-in, a client that has reached it, and its control.
async fn start() -> (StandIn, Client, Control) {
    let server = StandIn::start(Settings::default());
    let client = connect(&server.address());
    client.server_info().await.unwrap();
    let control = server.control();
    (server, client, control)
}

/// What the client sees of an append that meets a fault, and whether it was written.
async fn append_with(fault: Fault) -> (Result<WriteResult, Error>, bool) {
    let (_server, client, control) = start().await;
    control.fail_next(Call::Append, 1, fault);
    let answer = append(&client, "s", NoStream, events([1])).await;
    (answer, !control.streams().is_empty())
}

fn is(answer: &Result<WriteResult, Error>, wanted: tonic::Code) -> bool {
    matches!(answer, Err(Error::Grpc { code, .. }) if *code == wanted)
}

#[tokio::test]
async fn a_dropped_connection_hides_whether_it_was_written() {
    for written in [false, true] {
        let (answer, stored) = append_with(Fault::DropConnection { written }).await;
        assert!(matches!(answer, Err(Error::ServerError(_))), "{answer:?}");
        assert_eq!(stored, written);
    }
}

#[tokio::test]
async fn a_dropped_connection_takes_its_other_calls_along() {
    let (_server, client, control) = start().await;
    control.fail_next_on("hangs", Call::Append, 1, Fault::NeverAnswer { written: false });
    control.fail_next_on("cut", Call::Append, 1, Fault::DropConnection { written: false });
    let hanging = tokio::spawn({
        let client = client.clone();
        async move { append(&client, "hangs", NoStream, events([1])).await }
    });
    while control.appends() == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    append(&client, "cut", NoStream, events([2])).await.unwrap_err();
    let answer = hanging.await.unwrap();
    assert!(matches!(answer, Err(Error::ServerError(_))), "{answer:?}");
    begin(&client, "cut", [2]).await;
    assert_eq!(control.connections(), 2);
}

#[tokio::test]
async fn a_passed_deadline_says_nothing_about_the_outcome() {
    for written in [false, true] {
        let (answer, stored) = append_with(Fault::DeadlineExceeded { written }).await;
        assert!(matches!(answer, Err(Error::DeadlineExceeded)), "{answer:?}");
        assert_eq!(stored, written);
    }
    let (answer, stored) = append_with(Fault::TimedOut).await;
    assert!(is(&answer, tonic::Code::Aborted), "{answer:?}");
    assert!(stored);
}

#[tokio::test]
async fn what_is_answered_late_was_written_early_or_late() {
    for (fault, at_once) in [(Fault::AnswerLate(LATE), true), (Fault::WriteLate(LATE), false)] {
        let (_server, client, control) = start().await;
        control.fail_next(Call::Append, 1, fault);
        let options = AppendToStreamOptions::default().stream_state(NoStream);
        let options = options.deadline(LATE / 2);
        let answer = client.append_to_stream("s", &options, events([1])).await;
        assert!(matches!(answer, Err(Error::DeadlineExceeded)), "{answer:?}");
        assert_eq!(!control.streams().is_empty(), at_once);
        tokio::time::sleep(LATE).await;
        assert_eq!(control.streams().len(), 1);

        control.fail_next(Call::Append, 1, fault);
        let before = Instant::now();
        append(&client, "s", StreamRevision(0), events([2])).await.unwrap();
        assert!(before.elapsed() >= LATE);
    }
}

#[tokio::test]
async fn what_is_held_goes_on_when_it_is_released() {
    for written in [false, true] {
        let (_server, client, control) = start().await;
        control.fail_next_on("s", Call::Append, 1, Fault::Hold { written });
        control.fail_next(Call::ReadAll, 1, Fault::Hold { written });
        let append = tokio::spawn({
            let client = client.clone();
            async move { append(&client, "s", NoStream, events([1])).await }
        });
        let options = ReadAllOptions::default();
        let (events, ()) = tokio::join!(client.read_all(&options), async {
            control.held(2).await;
            assert_eq!(!control.streams().is_empty(), written);
            begin(&client, "other", [2]).await;
            control.release();
        });
        assert!(collect(events.unwrap()).await.is_ok());
        assert_eq!(append.await.unwrap().unwrap().next_expected_version, 0);
    }
}

#[tokio::test]
async fn what_is_never_answered_is_not_answered_at_the_deadline_either() {
    for written in [false, true] {
        let (_server, client, control) = start().await;
        control.fail_next(Call::Append, 1, Fault::NeverAnswer { written });
        let options = AppendToStreamOptions::default().stream_state(NoStream).deadline(LATE / 4);
        let answer = client.append_to_stream("s", &options, events([1]));
        assert!(tokio::time::timeout(LATE, answer).await.is_err(), "it was answered");
        assert_eq!(!control.streams().is_empty(), written);
        control.fail_next(Call::ReadAll, 1, Fault::NeverAnswer { written });
        let options = ReadAllOptions::default().deadline(LATE / 4);
        assert!(tokio::time::timeout(LATE, client.read_all(&options)).await.is_err());
    }
}

#[tokio::test]
async fn a_server_that_can_not_serve_says_so_and_writes_nothing() {
    for (fault, text) in
        [(Fault::NotReady, "Server Is Not Ready"), (Fault::TooBusy, "Server Is Too Busy")]
    {
        let (answer, stored) = append_with(fault).await;
        assert!(
            matches!(&answer, Err(Error::ServerError(told)) if told.contains(text)),
            "{answer:?}"
        );
        assert!(!stored);
    }
    let (answer, stored) = append_with(Fault::NotLeader).await;
    assert!(matches!(answer, Err(Error::NotLeaderException(_))), "{answer:?}");
    assert!(!stored);
}

#[tokio::test]
async fn a_read_ends_early_or_breaks() {
    let (_server, client, control) = start().await;
    begin(&client, "s", 1..=500).await;
    control.fail_next(Call::Read, 1, Fault::EndEarly { after: 300 });
    assert_eq!(contents(&client, "s").await.len(), 300, "as if there were no more");

    for fault in [Fault::FailAfter { after: 300 }, Fault::DropAfter { after: 300 }] {
        control.fail_next(Call::Read, 1, fault);
        let mut events = client.read_stream("s", &Default::default()).await.unwrap();
        for at in 0..300 {
            assert!(events.next().await.unwrap().is_some(), "{fault:?} at {at}");
        }
        let end = events.next().await;
        assert!(matches!(end, Err(Error::ServerError(_))), "{fault:?}: {end:?}");
    }
    control.fail_next(Call::ReadAll, 1, Fault::EndEarly { after: 2 });
    let options = ReadAllOptions::default();
    let all = collect(client.read_all(&options).await.unwrap()).await.unwrap();
    assert_eq!(all.len(), 2);
    assert_eq!(contents(&client, "s").await.len(), 500);
}

#[tokio::test]
async fn faults_are_for_the_next_calls_that_match() {
    let (_server, client, control) = start().await;
    control.fail_next_on("a", Call::Append, 2, Fault::TooBusy);
    begin(&client, "b", [1]).await;
    for _ in 0..2 {
        append(&client, "a", NoStream, events([2])).await.unwrap_err();
    }
    begin(&client, "a", [2]).await;
    control.fail_next(Call::Append, 9, Fault::TooBusy);
    assert_eq!(read(&client, "a").await.unwrap().len(), 1, "reads are not meant");
    control.behave();
    begin(&client, "c", [3]).await;
}

#[tokio::test]
async fn faults_drawn_from_a_seed_are_drawn_again_alike() {
    let mut drawn = Vec::new();
    for _ in 0..2 {
        let (_server, client, control) = start().await;
        control.seed(42);
        control.fail_randomly(Call::Append, 0.5, Fault::DeadlineExceeded { written: false });
        let mut answers = Vec::new();
        for at in 0..20 {
            let stream = format!("s-{at}");
            answers.push(append(&client, &stream, NoStream, events([1])).await.is_ok());
        }
        drawn.push(answers);
    }
    assert_eq!(drawn[0], drawn[1]);
    let good = drawn[0].iter().filter(|good| **good).count();
    assert!((5..=15).contains(&good), "{good} of 20");
}

#[tokio::test]
async fn those_who_wait_for_a_flush_share_it() {
    let (_server, client, control) = start().await;
    control.flush_takes(Duration::from_millis(200));
    let before = Instant::now();
    let appends = (0..20).map(|at| {
        let client = client.clone();
        tokio::spawn(async move { begin(&client, &format!("s-{at}"), [1]).await })
    });
    for append in appends.collect::<Vec<_>>() {
        append.await.unwrap();
    }
    let took = before.elapsed();
    assert!(took >= Duration::from_millis(200) && took < Duration::from_secs(2), "{took:?}");
}

#[tokio::test]
async fn somebody_elses_events_are_among_ours() {
    let (_server, client, control) = start().await;
    begin(&client, "ours", [1]).await;
    control.append_foreign("theirs", "Invoiced", b"{}");
    control.append_foreign("theirs", "Paid", b"{}");
    let stored = control.streams();
    assert_eq!(
        stored["theirs"].iter().map(|event| &*event.kind).collect::<Vec<_>>(),
        ["Invoiced", "Paid"]
    );
    assert_eq!(read(&client, "theirs").await.unwrap().len(), 2);
    assert_eq!((control.appends(), control.reads()), (1, 1));
}
