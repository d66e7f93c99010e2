//! What hurts in the official client, and the guard against each: the numbers are those of the list in
//! ARCHITECTURE.md. Those not here are in `faults` (2, 3) and in the engine's own tests of addresses
//! (6, 7, 8) and bytes (5, 9).

use std::sync::Arc;
use std::time::Duration;

use docket::log::Expected;
use nix::sys::socket::sockopt::TcpNoDelay;
use nix::sys::socket::{SockaddrStorage, getpeername, getsockopt};

use crate::log_contract::{Log, event, events, stream};
use crate::standin::{Call, Fault};
use crate::support::{open, start};

/// Whether Nagle's algorithm is off, for each connection of this process to the server.
fn nodelay(port: u16) -> Vec<bool> {
    let descriptors = std::fs::read_dir("/proc/self/fd").unwrap().flatten();
    let numbers = descriptors.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    numbers
        .filter(|number| {
            let peer = getpeername::<SockaddrStorage>(*number).ok();
            let peer = peer.and_then(|peer| peer.as_sockaddr_in().copied());
            peer.is_some_and(|peer| peer.port() == port)
        })
        .filter_map(|number| getsockopt(number, TcpNoDelay).ok())
        .collect()
}

/// 12: the client leaves Nagle's algorithm on, 45 ms an append. It is off on the connection that the
/// log begins with, and on those that the client makes anew by itself.
#[tokio::test(flavor = "multi_thread")]
async fn no_connection_waits_for_delayed_acknowledgements() {
    let server = start();
    let log: Log = open(&server).await;
    let address = server.address();
    let port = address.rsplit(':').next().unwrap().split('?').next().unwrap().parse().unwrap();
    let switched = nodelay(port);
    assert!(!switched.is_empty() && switched.iter().all(|on| *on), "{switched:?}");
    for n in 0..6_u64 {
        server.control().cut_connections();
        log.append(&stream("s"), Expected::from(n.checked_sub(1)), vec![event(n)]).await.unwrap();
    }
    // The first slow append on a connection finds it, or the client was made anew and all were looked
    // at.
    for n in 6..40_u64 {
        log.append(&stream("s"), Expected::Revision(n - 1), vec![event(n)]).await.unwrap();
        let switched = nodelay(port);
        if n > 20 && !switched.is_empty() && switched.iter().all(|on| *on) {
            return;
        }
    }
    panic!("Nagle's algorithm stays on: {:?}", nodelay(port));
}

/// 1: a subscription spins for ever when the server ends it politely; following the log ends its
/// reads, and goes on when the server is back.
#[tokio::test(flavor = "multi_thread")]
async fn following_outlives_a_polite_end() {
    let server = start();
    let log: Log = open(&server).await;
    let mut follower = docket::log::Subscription::new(log.clone(), None, 100);
    for n in 0..3_u64 {
        log.append(&stream("s"), Expected::from(n.checked_sub(1)), vec![event(n)]).await.unwrap();
        let page = tokio::time::timeout(Duration::from_secs(20), follower.next_page()).await;
        assert_eq!(page.unwrap().unwrap().events.len(), 1);
        server.control().restart(Duration::from_millis(100));
    }
}

/// 4: in a batch session the first refusal ends the appends of everybody else. 64 writers, of whom
/// half are refused, do not disturb one another.
#[tokio::test(flavor = "multi_thread")]
async fn refused_appends_disturb_nobody() {
    let server = start();
    let log: Log = open(&server).await;
    let writers = (0..64_u64).map(|writer| {
        let (log, name) = (Arc::clone(&log), stream(&format!("w-{}", writer / 2)));
        tokio::spawn(
            async move { log.append(&name, Expected::NoStream, vec![event(writer)]).await },
        )
    });
    let mut won = 0;
    for writer in writers.collect::<Vec<_>>() {
        won += usize::from(writer.await.unwrap().is_ok());
    }
    assert_eq!((won, log.head().await), (32, Ok(Some(31))));
}

/// 8 and 10: an empty append is refused before the client sees it, and following filters here, so its
/// position advances over thousands of events of others.
#[tokio::test(flavor = "multi_thread")]
async fn the_position_advances_over_events_of_others() {
    let server = start();
    let log: Log = open(&server).await;
    assert!(log.append(&stream("s"), Expected::NoStream, Vec::new()).await.is_err());
    for _ in 0..3000 {
        server.control().append_foreign("orders", "OrderPlaced", b"{}");
    }
    log.append(&stream("s"), Expected::NoStream, events(0..2)).await.unwrap();
    let reads = server.control().reads();
    log.head().await.unwrap();
    assert!(server.control().reads() > reads, "the server is asked");
    for _ in 0..3000 {
        server.control().append_foreign("orders", "OrderPlaced", b"{}");
    }
    log.append(&stream("s"), Expected::Revision(1), events(2..3)).await.unwrap();
    let page = log.read_all(None, 10).await.unwrap();
    assert_eq!((page.events.len(), page.end), (3, true));
    // Read from the server, where others' events lie between.
    let other: Log = open(&server).await;
    let page = other.read_all(Some(0), 10).await.unwrap();
    assert_eq!(page.events.len(), 2);
}

/// 8: the client panics on a message that it does not know. One read ends with it; the next goes on,
/// and whoever follows the log misses nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_panic_of_the_client_ends_one_read() {
    let server = start();
    let log: Log = open(&server).await;
    for n in 0..5_u64 {
        server.control().fail_next(Call::ReadAll, 2, Fault::Nonsense { after: 1 });
        let appended =
            log.append(&stream("s"), Expected::from(n.checked_sub(1)), vec![event(n)]).await;
        assert_eq!(appended.unwrap().sequence, Some(n));
        server.control().fail_next(Call::Read, 1, Fault::Nonsense { after: 0 });
        let page = log.read_stream(&stream("s"), 0, 10).await.unwrap();
        assert_eq!(page.events.len() as u64, n + 1);
    }
    assert_eq!(log.head().await, Ok(Some(4)));
}

/// While one append hangs at the server, 63 on other streams come and go.
#[tokio::test(flavor = "multi_thread")]
async fn appends_do_not_wait_for_one_another() {
    let server = start();
    let log: Log = open(&server).await;
    server.control().fail_next_on("docket.held", Call::Append, 1, Fault::Hold { written: false });
    let held = {
        let log = log.clone();
        tokio::spawn(
            async move { log.append(&stream("held"), Expected::NoStream, events(0..1)).await },
        )
    };
    server.control().held(1).await;
    let others = (1..64_u64).map(|writer| {
        let (log, name) = (log.clone(), stream(&format!("free-{writer}")));
        tokio::spawn(
            async move { log.append(&name, Expected::NoStream, vec![event(writer)]).await },
        )
    });
    for other in others.collect::<Vec<_>>() {
        other.await.unwrap().unwrap();
    }
    assert!(!held.is_finished());
    server.control().release();
    assert_eq!(held.await.unwrap().unwrap().sequence, Some(63));
}
