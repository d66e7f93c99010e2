//! Copies into the stand-in, many appends under way on one call, and what becomes of them when something
//! goes wrong in the middle of it.

use std::sync::Arc;
use std::time::Duration;

use docket::log::EventLog;
use docket::log::kurrentdb::{Address, KurrentLog, KurrentOptions};
use docket::moving::{Copier, MoveError, Notice, Side};

use super::copied::copy;
use super::engines::{
    Engine, Opened, Watching, Written, are_one, event, read, stream, turns, write,
};
use super::standin::{Call, Fault, Settings, StandIn};

const EVENTS: u64 = 3000;

async fn open(server: &StandIn) -> Arc<dyn EventLog> {
    // What is not answered within this is not answered.
    let address = format!("{}&defaultDeadline=400", server.address());
    let options = KurrentOptions::new(Address::parse(&address).unwrap());
    Arc::new(KurrentLog::open(options).await.unwrap())
}

/// Streams take turns, and one event in the middle is of a stream of its own.
async fn source() -> Opened {
    let mut history = turns(EVENTS);
    let middle: Written = (stream("middle"), vec![event(9_000)]);
    history[EVENTS as usize / 2] = middle;
    history.retain(|(name, _)| name.as_str() != "turn-0");
    let from = Engine::Memory.open().await;
    write(&*from, &history).await;
    from
}

#[tokio::test(flavor = "multi_thread")]
async fn many_appends_are_under_way_on_one_call() {
    let (server, from) = (StandIn::start(Settings::default()), source().await);
    server.control().flush_takes(Duration::from_millis(2));
    let to = open(&server).await;
    let all = read(&*from).await.len() as u64;
    assert_eq!(copy(&*from, &*to).await, Ok(all));
    are_one(&read(&*from).await, &read(&*to).await);
    let control = server.control();
    assert_eq!(control.batched(), all);
    assert!(control.most_batched() > 200, "{}", control.most_batched());
}

/// Whatever became of the appends, what stands is looked at, and the copy goes on from there.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_broke_off_anywhere_is_gone_on_from_what_stands() {
    let from = source().await;
    let faults = [
        Fault::DropConnection { written: false },
        Fault::DropConnection { written: true },
        Fault::EndCall { written: false },
        Fault::EndCall { written: true },
        Fault::NeverAnswer { written: false },
        Fault::NeverAnswer { written: true },
        Fault::DeadlineExceeded { written: true },
        Fault::TimedOut,
        Fault::NotLeader,
        Fault::AnswerLate(Duration::from_secs(2)),
        Fault::Restart { down: Duration::from_millis(300) },
    ];
    for fault in faults {
        let server = StandIn::start(Settings::default());
        let (to, watch) = (open(&server).await, Watching::new());
        server.control().fail_next_on("docket.middle", Call::Batched, 1, fault);
        let mut copier = Copier::begin(&*from, &*to, &watch).await.unwrap();
        let copied = copier.catch_up().await;
        let all = read(&*from).await;
        assert_eq!(copied, Ok(all.len() as u64), "{fault:?}");
        are_one(&all, &read(&*to).await);
        assert_eq!((copier.copy().size(), copier.copy()), (all.len() as u64, copier.source()));
        let said = watch.said();
        let waited =
            said.iter().all(|notice| matches!(notice, Notice::Waits { side: Side::To, .. }));
        assert!(waited && !said.is_empty(), "{fault:?}: {said:?}");
    }
}

/// The fault met again and again, at any append.
#[tokio::test(flavor = "multi_thread")]
async fn calls_that_break_off_again_and_again_are_gone_on_from() {
    let from = source().await;
    for (seed, fault) in [
        (1, Fault::DropConnection { written: true }),
        (2, Fault::EndCall { written: false }),
        (3, Fault::TimedOut),
    ] {
        let server = StandIn::start(Settings::default());
        let to = open(&server).await;
        server.control().seed(seed);
        server.control().fail_randomly(Call::Batched, 1.0 / 700.0, fault);
        let all = read(&*from).await;
        assert_eq!(copy(&*from, &*to).await, Ok(all.len() as u64), "{fault:?}");
        are_one(&all, &read(&*to).await);
    }
}

/// An append that is not written while those behind it are: no copy can be made of that any more.
#[tokio::test(flavor = "multi_thread")]
async fn what_stands_out_of_order_is_void_and_nothing_more_is_sent() {
    let from = source().await;
    for fault in [
        Fault::DeadlineExceeded { written: false },
        Fault::NotReady,
        Fault::TooBusy,
        Fault::WriteLate(Duration::from_millis(60)),
        Fault::WriteLate(Duration::from_millis(900)),
    ] {
        let server = StandIn::start(Settings::default());
        let to = open(&server).await;
        server.control().fail_next_on("docket.middle", Call::Batched, 1, fault);
        let error = copy(&*from, &*to).await.unwrap_err();
        let text = error.to_string();
        let is_void = matches!(error, MoveError::Void { .. } | MoveError::Differs(_));
        assert!(is_void && text.contains("nothing more is written to it"), "{fault:?}: {text}");
        let sent = server.control().batched();
        assert!(sent <= EVENTS / 2 + 1024, "{fault:?}: {sent}");
        // Started again, it says so before anything is written.
        tokio::time::sleep(Duration::from_secs(1)).await;
        let again = copy(&*from, &*to).await.unwrap_err();
        assert!(matches!(again, MoveError::Differs(_)), "{again}");
        assert_eq!(server.control().batched(), sent);
    }
}

/// Somebody else's event of the same stream: the call says that the append conflicts, and with what is
/// read.
#[tokio::test(flavor = "multi_thread")]
async fn an_append_of_somebody_else_is_noticed_on_a_call() {
    let from = source().await;
    let (server, all) = (StandIn::start(Settings::default()), read(&*from).await);
    let (to, other) = (open(&server).await, open(&server).await);
    let half = Engine::Memory.open().await;
    write(&*half, &[(all[0].stream.clone(), vec![event(1)])]).await;
    let watch = Watching::new();
    let mut copier = Copier::begin(&*from, &*to, &watch).await.unwrap();
    write(&*other, &[(stream("middle"), vec![event(77)])]).await;
    let text = copier.catch_up().await.unwrap_err().to_string();
    assert!(text.contains("The first difference is at sequence 0 (turn-1, revision 0)"), "{text}");
}
