//! Two nodes at once: an act happens once, a race has one winner, a place belongs to who stands.

use std::time::Duration;

use docket::app::{ActError, Precondition, UNDER_WAY_US};
use docket::domain::date::Timestamp;
use docket::log::LogError;

use super::app::{NOW, national, registrar};
use super::node_log::Fault;
use super::support::{Node, Shared, approve, call, made_by, note, stream};

/// A clock of its own, so that the same act tried on two nodes has other bytes.
fn later(node: &Node, micros: i64) {
    let now = Timestamp::parse_rfc3339(NOW).unwrap();
    node.clock.set(Timestamp::from_micros(now.micros() + micros));
}

/// The act begins on `a`, which stalls before its append; `b` takes the same act through.
async fn at_once(
    a: &Node,
    b: &Node,
    fault: Fault,
    key: &str,
    body: serde_json::Value,
    on: Precondition,
) {
    later(b, 1_000_000);
    a.log.break_at(&stream("x01"), fault);
    let who = if body["act"] == "approve" { national() } else { registrar() };
    let (app, asked) = (a.app.clone(), call("x01", key, on, &body));
    let caller = who.clone();
    let slow = tokio::spawn(async move { app.act(&caller, &asked).await });
    a.log.stalled().await;
    let fast = b.act(&who, "x01", key, on, &body).await.unwrap();
    a.log.go_on();
    let slow = slow.await.unwrap().unwrap();
    assert!(!fast.replayed);
    // The answer is made from what stands, whoever's bytes these are.
    assert_eq!(slow.recorded, fast.recorded);
    let history = a.history("x01").await;
    assert_eq!(made_by(&history, key), [fast.recorded.id]);
    a.follows_to("x01", fast.recorded.revision).await;
    b.follows_to("x01", fast.recorded.revision).await;
}

#[tokio::test]
async fn the_same_key_sent_to_two_nodes_at_once_makes_one_event() {
    for fault in [Fault::Stall, Fault::StallUnknown] {
        for on in [Precondition::Any, Precondition::Revision(0)] {
            let shared = Shared::new();
            let (a, b) = shared.two().await;
            a.applicant("x01", "leading").await;
            at_once(&a, &b, fault, "n", note("n"), on).await;
        }
    }
}

/// Both tries use one reservation; the loser must not give away what the winner's approval cites.
#[tokio::test]
async fn the_same_approval_sent_to_two_nodes_at_once_takes_one_place_and_keeps_it() {
    for fault in [Fault::Stall, Fault::StallUnknown] {
        let shared = Shared::new();
        let (a, b) = shared.two().await;
        a.applicant("x01", "leading").await;
        at_once(&a, &b, fault, "approve", approve(), Precondition::Any).await;
        for node in [&a, &b] {
            assert_eq!(node.taken("leading", "2016-03-01").await, 1, "{fault:?}");
            let recovered = node.app.places().recover(0).await.unwrap();
            assert_eq!((recovered.released, recovered.abandoned), (0, 0));
            assert_eq!(node.taken("leading", "2016-03-01").await, 1, "{fault:?}");
        }
    }
}

/// A try that surely failed leaves the reservation alone while another try may still use it.
#[tokio::test]
async fn a_try_that_failed_takes_no_place_from_one_under_way() {
    let shared = Shared::new();
    let (a, b) = shared.two().await;
    a.applicant("x01", "leading").await;
    a.log.break_at(&stream("x01"), Fault::Stall);
    let app = a.app.clone();
    let slow = tokio::spawn(async move {
        app.act(&national(), &call("x01", "approve", Precondition::Any, &approve())).await
    });
    a.log.stalled().await;
    b.log.break_at(&stream("x01"), Fault::Unavailable);
    let failed = b.approve("x01", "approve").await.unwrap_err();
    assert!(matches!(failed, ActError::Log(LogError::Unavailable(_))), "{failed}");
    assert_eq!(b.taken("leading", "2016-03-01").await, 1);
    a.log.go_on();
    slow.await.unwrap().unwrap();
    assert_eq!(b.taken("leading", "2016-03-01").await, 1);

    // The counter-case: where no other try is under way, the recovery gives the place back.
    b.applicant("x02", "leading").await;
    b.log.break_at(&stream("x02"), Fault::Unavailable);
    b.approve("x02", "approve").await.unwrap_err();
    assert_eq!(b.taken("leading", "2016-03-01").await, 2);
    let recovered = a.app.places().recover(0).await.unwrap();
    assert_eq!((recovered.released, recovered.abandoned), (1, 1));
    assert_eq!(a.taken("leading", "2016-03-01").await, 1);
}

/// Who loses a race under a revision learns what changed; under `*` it is decided again.
#[tokio::test]
async fn a_lost_race_is_told_or_decided_again() {
    for (on, lost) in [(Precondition::Revision(0), true), (Precondition::Any, false)] {
        for fault in [Fault::Stall, Fault::StallUnknown] {
            let shared = Shared::new();
            let (a, b) = shared.two().await;
            a.applicant("x01", "leading").await;
            a.log.break_at(&stream("x01"), fault);
            let app = a.app.clone();
            let slow = tokio::spawn(async move {
                app.act(&registrar(), &call("x01", "slow", on, &note("slow"))).await
            });
            a.log.stalled().await;
            b.note("x01", "fast", Precondition::Revision(0)).await.unwrap();
            a.log.go_on();
            match slow.await.unwrap() {
                Ok(answer) => {
                    assert!(!lost);
                    assert_eq!(answer.recorded.revision, 2);
                }
                Err(ActError::Conflict { expected, actual, changes }) => {
                    assert!(lost);
                    assert_eq!((expected, actual), (Some(0), Some(1)));
                    assert_eq!(changes[0].meta.key.as_ref().unwrap().0, "fast");
                }
                Err(other) => panic!("{other}"),
            }
            let made = made_by(&a.history("x01").await, "slow").len();
            assert_eq!(made, usize::from(!lost));
        }
    }
}

/// An append that may not have happened is told so, and its retry on the other node happens once.
#[tokio::test]
async fn an_unknown_outcome_is_made_known_by_the_retry_on_the_other_node() {
    for (fault, known) in [(Fault::LostBefore, false), (Fault::LostAfter, true)] {
        let shared = Shared::new();
        let (a, b) = shared.two().await;
        a.applicant("x01", "leading").await;
        b.follows_to("x01", 0).await;
        b.log.hold();
        a.log.break_at(&stream("x01"), fault);
        let first = a.approve("x01", "approve").await;
        assert_eq!(first.is_ok(), known);
        let again = b.approve("x01", "approve").await.unwrap();
        assert_eq!(again.replayed, known);
        assert_eq!(made_by(&a.history("x01").await, "approve"), [again.recorded.id]);
        a.app.places().recover(0).await.unwrap();
        assert_eq!(a.taken("leading", "2016-03-01").await, 1);
    }
}

/// A node that starts, and one that recovers, leave alone what another has under way; later they give
/// its revision away, and it is decided again.
#[tokio::test]
async fn an_approval_under_way_elsewhere_is_abandoned_only_when_it_is_old() {
    for old in [false, true] {
        let shared = Shared::new();
        let (a, b) = shared.two().await;
        a.applicant("x01", "leading").await;
        a.log.break_at(&stream("x01"), Fault::Stall);
        let app = a.app.clone();
        let slow = tokio::spawn(async move {
            app.act(&national(), &call("x01", "approve", Precondition::Revision(0), &approve()))
                .await
        });
        a.log.stalled().await;
        if old {
            later(&b, UNDER_WAY_US);
        }
        let recovered = b.app.places().recover(UNDER_WAY_US).await.unwrap();
        let c = shared.node(3).await;
        assert_eq!(recovered.abandoned, usize::from(old));
        a.log.go_on();
        // Docket's own event in between takes nothing from the revision that the caller saw.
        let answer = slow.await.unwrap().unwrap();
        assert_eq!(answer.recorded.revision, if old { 2 } else { 1 });
        for node in [&a, &b, &c] {
            assert_eq!(node.taken("leading", "2016-03-01").await, 1);
        }
    }
}

#[tokio::test]
async fn two_who_recover_at_once_release_a_reservation_once() {
    for _ in 0..20 {
        let shared = Shared::new();
        let (a, b) = shared.two().await;
        a.applicant("x01", "leading").await;
        a.log.break_at(&stream("x01"), Fault::LostBefore);
        a.approve("x01", "approve").await.unwrap_err();
        a.log.break_at(&stream("x01"), Fault::Stall);
        let app = a.app.clone();
        let slow = tokio::spawn(async move { app.places().recover(0).await });
        a.log.stalled().await;
        b.app.places().recover(0).await.unwrap();
        a.log.go_on();
        slow.await.unwrap().unwrap();
        let types = |stream: String| {
            let log = shared.log.clone();
            async move {
                let events = docket::app::read_whole_stream(&*log, &stream, 0).await.unwrap();
                events.iter().map(|event| event.event_type.to_string()).collect::<Vec<_>>()
            }
        };
        assert_eq!(types(stream("x01")).await, ["Applied", "ApprovalAbandoned"]);
        let quota = types(format!("quota-{}.leading", super::support::PROGRAM)).await;
        assert_eq!(quota, ["PlaceReserved", "ReservationReleased"]);
    }
}

/// The follower, an act and a reader at the same enrollment: nobody sees it go back.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_a_node_shows_never_goes_back() {
    let shared = Shared::new();
    let (a, b) = shared.two().await;
    a.applicant("x01", "leading").await;
    let (a, b) = (std::sync::Arc::new(a), std::sync::Arc::new(b));
    let writers: Vec<_> = [a.clone(), b.clone()]
        .into_iter()
        .enumerate()
        .map(|(who, node)| {
            tokio::spawn(async move {
                for n in 0..60 {
                    let key = format!("{who}-{n}");
                    let mut answer = node.note("x01", &key, Precondition::Any).await;
                    while matches!(answer, Err(ActError::Busy { .. })) {
                        answer = node.note("x01", &key, Precondition::Any).await;
                    }
                    let revision = answer.unwrap().recorded.revision;
                    assert!(node.kept("x01").await >= Some(revision), "it reads its own write");
                }
            })
        })
        .collect();
    let done = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let readers: Vec<_> = [a.clone(), b.clone()]
        .into_iter()
        .map(|node| {
            let done = done.clone();
            tokio::spawn(async move {
                let mut last = None;
                while !done.load(std::sync::atomic::Ordering::Relaxed) {
                    let now = node.kept("x01").await;
                    assert!(now >= last, "{now:?} after {last:?}");
                    last = now;
                    tokio::time::sleep(Duration::from_micros(300)).await;
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    done.store(true, std::sync::atomic::Ordering::Relaxed);
    for reader in readers {
        reader.await.unwrap();
    }
    assert_eq!(a.history("x01").await.events().len(), 121);
    a.follows_to("x01", 120).await;
    b.follows_to("x01", 120).await;
}
