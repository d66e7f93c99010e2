//! Stopping the writers of every node while a log moves.

use std::sync::Arc;
use std::time::Duration;

use docket::log::kurrentdb::{KurrentError, KurrentLog, KurrentOptions};
use docket::log::{Expected, LogError, Moved};

use crate::log_contract::{Log, event, read_everything, stream};
use crate::standin::{Call, Fault, StandIn};
use crate::support::{open, options, start};

/// A try of an append takes little here, so a pause begins sooner.
async fn node(server: &StandIn) -> Log {
    let address = format!("{}&defaultDeadline=300", server.address());
    Arc::new(KurrentLog::open(options(&address)).await.unwrap())
}

async fn add(log: &Log, n: u64) -> Result<u64, LogError> {
    let expected = Expected::from(n.checked_sub(1));
    log.append(&stream("s"), expected, vec![event(n)]).await.map(|appended| appended.revision)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_stops_every_node_and_ends() {
    let server = start();
    let (one, two, mover) = (node(&server).await, node(&server).await, node(&server).await);
    add(&one, 0).await.unwrap();
    let writing = {
        let two = two.clone();
        tokio::spawn(async move {
            let mut n = 1;
            loop {
                match add(&two, n).await {
                    Ok(_) => n += 1,
                    Err(error) => return (n, error),
                }
            }
        })
    };
    let pause = mover.pause("sqlite:elsewhere").await.unwrap();
    let (next, error) = writing.await.unwrap();
    assert!(
        matches!(&error, LogError::Moving(text) if text.contains("sqlite:elsewhere")),
        "{error}"
    );
    assert!(matches!(add(&one, next).await, Err(LogError::Moving(_))));
    // Whatever was acknowledged is there for the mover, and nothing comes after.
    assert_eq!(mover.head().await, Ok(Some(next - 1)));
    let again = two.pause("sqlite:other").await.map(|_| ());
    assert!(matches!(again, Err(LogError::Unavailable(_))), "{again:?}");
    pause.end().await.unwrap();
    one.head().await.unwrap();
    assert_eq!(add(&one, next).await, Ok(next));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_moved_is_written_no_more() {
    let server = start();
    let (one, mover) = (node(&server).await, node(&server).await);
    add(&one, 0).await.unwrap();
    let pause = mover.pause("sqlite:elsewhere").await.unwrap();
    let notice =
        |events| Moved { to: "sqlite:elsewhere".to_owned(), at_us: 0, events, root: [7; 32] };
    assert!(matches!(pause.moved(&notice(2)).await, Err(LogError::Unavailable(_))));
    pause.moved(&notice(1)).await.unwrap();
    pause.moved(&notice(1)).await.unwrap();
    drop(pause);
    one.head().await.unwrap();
    let refused = add(&one, 1).await;
    assert!(
        matches!(&refused, Err(LogError::Moving(text)) if text.contains("0707")),
        "{refused:?}"
    );

    // Also after a start, with and without this node's count; reading goes on.
    let folder = tempfile::tempdir().unwrap();
    let cached = || KurrentOptions {
        cache: Some(folder.path().join("count.sqlite")),
        ..options(&server.address())
    };
    for _ in 0..2 {
        let error = KurrentLog::open(cached()).await.map(|_| ()).unwrap_err();
        assert!(matches!(error, KurrentError::Moved { .. }), "{error}");
        let reader = KurrentLog::open(KurrentOptions { writes: false, ..cached() }).await.unwrap();
        let reader: Log = Arc::new(reader);
        assert_eq!(read_everything(&reader, None, 10).await.len(), 1);
        assert!(matches!(add(&reader, 1).await, Err(LogError::Moving(_))));
        reader.close().await;
    }
    // Taken back, as the error says.
    server.control().append_foreign("~docket.moving", "MovingEnded", b"{}");
    add(&(open(&server).await as Log), 1).await.unwrap();
}

/// What a mover said that died long ago: how long ago, a start can't know. It waits whether the mover
/// is still at work, then goes on.
#[tokio::test(flavor = "multi_thread")]
async fn a_pause_found_at_a_start_is_outlived() {
    let server = start();
    let said = br#"{"to":"sqlite:elsewhere","mover":"0123456789abcdef"}"#;
    server.control().append_foreign("~docket.moving", "MovingBegan", said);
    let one = node(&server).await;
    add(&one, 0).await.unwrap();
    // Another mover need not wait for it either.
    one.pause("sqlite:elsewhere").await.unwrap().end().await.unwrap();
    add(&one, 1).await.unwrap();
}

/// A node that was frozen between its look for a move and the send: its append lands behind the move, so
/// it is in no copy, and must not be acknowledged though it stands where it was to stand: neither by the
/// count, nor where the count does not come in time.
#[tokio::test(flavor = "multi_thread")]
async fn an_append_that_lands_behind_a_move_is_not_acknowledged() {
    for is_counted in [true, false] {
        let server = start();
        let one: Log = open(&server).await;
        add(&one, 0).await.unwrap();
        server.control().fail_next_on("docket.s", Call::Append, 1, Fault::Hold { written: false });
        let late = {
            let one = one.clone();
            tokio::spawn(async move { add(&one, 1).await })
        };
        server.control().held(1).await;
        if !is_counted {
            server.control().fail_next(Call::ReadAll, 100_000, Fault::NotReady);
        }
        let said = br#"{"to":"sqlite:elsewhere","mover":"0123456789abcdef","notice":"elsewhere"}"#;
        server.control().append_foreign("~docket.moving", "LogMoved", said);
        server.control().release();
        let answer = late.await.unwrap();
        assert!(matches!(&answer, Err(LogError::OutcomeUnknown(_))), "{answer:?}");
        assert_eq!(server.control().streams()["docket.s"].len(), 2);
    }
}

/// The mover's process dies: nobody is stopped for longer than the pause holds.
#[tokio::test(flavor = "multi_thread")]
async fn a_mover_that_dies_stops_nobody_for_long() {
    let server = start();
    let (one, mover) = (node(&server).await, node(&server).await);
    add(&one, 0).await.unwrap();
    let pause = mover.pause("sqlite:elsewhere").await.unwrap();
    assert!(matches!(add(&one, 1).await, Err(LogError::Moving(_))));
    drop(pause);
    drop(mover);
    let writes_again = async {
        while let Err(LogError::Moving(_)) = add(&one, 1).await {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), writes_again).await.unwrap();
    assert_eq!(one.head().await, Ok(Some(1)));
}
