//! Nothing is refused, and nothing lost, by what a node keeps while it has not heard of the others.

use docket::app::{ActError, Precondition};
use docket::domain::refusal::Reason;

use super::app::{national, registrar};
use super::support::{Shared, call, made_by, note, province, stream};

/// The other node goes on to revision 7, this one stands at 6 and keeps that.
#[tokio::test]
async fn a_revision_of_which_this_node_has_not_heard_is_no_conflict() {
    let shared = Shared::new();
    let (a, b) = shared.two().await;
    a.applicant("x01", "leading").await;
    for n in 1..=6 {
        a.note("x01", &format!("n{n}"), Precondition::Any).await.unwrap();
    }
    b.follows_to("x01", 6).await;
    b.log.hold();
    a.note("x01", "n7", Precondition::Revision(6)).await.unwrap();
    assert_eq!(b.kept("x01").await, Some(6), "it has not heard");
    let answer = b.note("x01", "n8", Precondition::Revision(7)).await.unwrap();
    assert_eq!(answer.recorded.revision, 8);
    assert_eq!(answer.recorded.sequence, None, "it has not counted that far");
    assert_eq!(b.kept("x01").await, Some(8), "it reads its own write");

    // The counter-case: a revision that is past is a conflict, and says what came after it.
    let lost = b.note("x01", "n9", Precondition::Revision(6)).await.unwrap_err();
    let ActError::Conflict { expected, actual, changes } = lost else { panic!("{lost}") };
    assert_eq!((expected, actual), (Some(6), Some(8)));
    assert_eq!(changes.iter().map(|event| event.revision).collect::<Vec<_>>(), [7, 8]);
    b.log.release();
    a.follows_to("x01", 8).await;
}

#[tokio::test]
async fn what_is_kept_follows_the_other_node() {
    let shared = Shared::new();
    let (a, b) = shared.two().await;
    a.applicant("x01", "leading").await;
    assert_eq!(b.kept("x01").await, Some(0));
    b.log.hold();
    a.note("x01", "n1", Precondition::Any).await.unwrap();
    a.approve("x01", "approve").await.unwrap();
    assert_eq!(b.kept("x01").await, Some(0));
    b.log.release();
    b.follows_to("x01", 2).await;
    let one = a.app.enrollment(&stream("x01")).await.unwrap();
    let other = b.app.enrollment(&stream("x01")).await.unwrap();
    assert_eq!(one.state, other.state);
    assert_eq!(one.sequence, other.sequence);
}

/// A stream without events is never kept as that: what opens it elsewhere is seen at once.
#[tokio::test]
async fn an_enrollment_opened_elsewhere_is_there_at_once() {
    let shared = Shared::new();
    let (a, b) = shared.two().await;
    a.register("x01").await;
    assert_eq!(b.kept("x01").await, None);
    b.log.hold();
    a.apply("x01", "apply").await.unwrap();
    assert_eq!(b.kept("x01").await, Some(0));
    let again = b.apply("x01", "k");
    let ActError::Conflict { expected: None, actual: Some(0), changes } = again.await.unwrap_err()
    else {
        panic!("it was opened")
    };
    assert_eq!(changes.len(), 1);
}

#[tokio::test]
async fn a_subject_registered_elsewhere_a_moment_ago_is_known() {
    let shared = Shared::new();
    let (a, b) = shared.two().await;
    b.log.hold();
    let before = b.apply("x01", "k");
    assert!(matches!(before.await, Err(ActError::NotFound { what: "subject", .. })));
    a.register("x01").await;
    let answer = b.apply("x01", "k");
    assert_eq!(answer.await.unwrap().recorded.revision, 0);
}

/// On the kept state there is nothing to approve; on the stream there is.
#[tokio::test]
async fn an_act_that_only_the_kept_state_refuses_is_recorded() {
    let shared = Shared::new();
    let (a, b) = shared.two().await;
    a.register("x01").await;
    a.apply("x01", "apply").await.unwrap();
    b.follows_to("x01", 0).await;
    b.log.hold();
    a.approve("x01", "approve").await.unwrap();
    let evaluate = serde_json::json!({
        "act": "evaluate", "effective_on": "2020-05-01", "result": "passed", "findings": "…",
    });
    let answer = b.act(&national(), "x01", "evaluate", Precondition::Any, &evaluate).await.unwrap();
    assert_eq!(answer.recorded.revision, a.history("x01").await.revision().unwrap());

    // The counter-case: what the stream refuses stays refused, and leaves no event.
    let refused = b.approve("x01", "again").await.unwrap_err();
    assert!(matches!(refused, ActError::Refused(_)), "{refused}");
    assert_eq!(made_by(&a.history("x01").await, "again").len(), 0);
}

/// Neither a dry run nor a check before the content speaks of what is only kept.
#[tokio::test]
async fn a_validation_is_of_the_stream_as_it_stands() {
    let shared = Shared::new();
    let (a, b) = shared.two().await;
    a.applicant("x01", "leading").await;
    b.follows_to("x01", 0).await;
    b.log.hold();
    a.approve("x01", "approve").await.unwrap();
    let mut asked = call("x01", "other", Precondition::Any, &super::support::approve());
    asked.validate_only = true;
    let refused = b.app.act(&national(), &asked).await.unwrap_err();
    assert!(matches!(refused, ActError::Refused(_)), "approved already: {refused}");

    let subject = &asked.subject;
    let caller = national();
    let check = |key: &'static str, on| {
        let (b, caller) = (&b, &caller);
        async move {
            b.app
                .acts()
                .check_before_content(caller, super::support::PROGRAM, subject.as_ref(), key, on)
                .await
        }
    };
    let now = a.history("x01").await.revision().unwrap();
    check("new", Precondition::Revision(now)).await.unwrap();
    assert!(matches!(check("approve", Precondition::Any).await, Err(ActError::KeyReused { .. })));
    assert!(matches!(
        check("new", Precondition::Revision(0)).await,
        Err(ActError::Conflict { expected: Some(0), .. })
    ));
}

/// A retry needs no `If-Match`, wherever it arrives.
#[tokio::test]
async fn a_key_used_elsewhere_is_found_before_anything_is_refused() {
    let shared = Shared::new();
    let (a, b) = shared.two().await;
    a.applicant("x01", "leading").await;
    b.follows_to("x01", 0).await;
    b.log.hold();
    let first = a.note("x01", "n1", Precondition::Revision(0)).await.unwrap();
    for on in [Precondition::Unstated, Precondition::Never, Precondition::Revision(0)] {
        // What was read for an answer is let go, so that each case begins with the stale fold.
        let (c, d) = (shared.node(3).await, Precondition::Any);
        c.follows_to("x01", 1).await;
        c.log.hold();
        let again = b.note("x01", "n1", on).await.unwrap();
        assert!(again.replayed, "{on:?}");
        assert_eq!(again.recorded, first.recorded, "{on:?}");
        let again = c.note("x01", "n1", d).await.unwrap();
        assert_eq!(again.recorded, first.recorded);
    }
    let other = b.act(&registrar(), "x01", "n1", Precondition::Any, &note("something else")).await;
    assert!(matches!(other, Err(ActError::KeyReused { .. })));
}

/// The place is taken on the stream of the quota, which nobody keeps without reading it to its end.
#[tokio::test]
async fn a_place_freed_elsewhere_is_free_and_one_taken_elsewhere_is_taken() {
    let shared = Shared::new();
    let (a, b) = shared.two().await;
    for n in 1..=7 {
        a.applicant(&format!("x0{n}"), "leading").await;
    }
    for n in 1..=4 {
        a.approve(&format!("x0{n}"), "approve").await.unwrap();
    }
    b.follows_to("x04", 1).await;
    assert_eq!(b.taken("leading", "2016-03-01").await, 4);
    b.log.hold();
    a.approve("x05", "approve").await.unwrap();
    let ActError::Refused(refusal) = b.approve("x06", "approve").await.unwrap_err() else {
        panic!("all five are taken")
    };
    assert!(matches!(&*refusal.reason, Reason::QuotaExhausted { limit: 5, taken: 5, .. }));
    let failed = serde_json::json!({
        "act": "evaluate", "effective_on": "2016-04-01", "result": "failed", "findings": "…",
    });
    a.act(&national(), "x05", "evaluate", Precondition::Any, &failed).await.unwrap();
    let exit =
        serde_json::json!({"act": "declare_exit", "effective_on": "2016-05-01", "reason": "…"});
    a.act(&province("x05"), "x05", "exit", Precondition::Any, &exit).await.unwrap();
    let late = serde_json::json!({ "act": "approve", "effective_on": "2016-05-01", "batch": "1" });
    b.act(&national(), "x06", "approve", Precondition::Any, &late).await.unwrap();
    assert_eq!(a.taken("leading", "2016-05-01").await, 5);
}
