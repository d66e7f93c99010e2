//! What a receiver gets, and that it can tell whose it is.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use docket::webhooks::{NewEndpoint, StartAt, WebhookError};
use ed25519_dalek::{Signature, VerifyingKey};
use serde_json::json;

use super::support::{Engine, Received, Receiver, SECOND, World, wanting_all};

/// Verifies with the official library.
fn verifies(received: &Received, secret: &str) -> bool {
    let webhook = standardwebhooks::Webhook::new(secret).unwrap();
    webhook.verify(&received.request.body, &received.request.headers).is_ok()
}

/// Verifies a `v1a` signature as the specification says.
fn verifies_by_public_key(received: &Received, public: &str) -> bool {
    let bytes = STANDARD.decode(public.strip_prefix("whpk_").unwrap()).unwrap();
    let key = VerifyingKey::from_bytes(&bytes.try_into().unwrap()).unwrap();
    let (id, time) = (received.header("webhook-id"), received.header("webhook-timestamp"));
    let mut content = format!("{id}.{time}.").into_bytes();
    content.extend_from_slice(&received.request.body);
    let signatures = received.header("webhook-signature").split(' ');
    signatures.filter_map(|s| s.strip_prefix("v1a,")).any(|signature| {
        let bytes: [u8; 64] = STANDARD.decode(signature).unwrap().try_into().unwrap();
        key.verify_strict(&content, &Signature::from_bytes(&bytes)).is_ok()
    })
}

async fn a_delivery_is_thin_and_signed_both_ways(engine: Engine) {
    let world = World::new(engine);
    let receiver = Receiver::good().await;
    let made = world.endpoint(&receiver.url()).await;
    let sequence = world.event("exercise_strong_province-x1", "SchemeSubmitted").await;
    assert_eq!(world.settle().await, None);

    let received = receiver.received().await;
    assert_eq!(received.len(), 1);
    let received = &received[0];
    let id = received.body["data"]["id"].as_str().unwrap();
    assert_eq!(received.header("webhook-id"), id);
    assert_eq!(received.header("webhook-timestamp"), (world.now() / SECOND).to_string());
    assert_eq!(received.header("content-type"), "application/json");
    let expected = json!({
        "type": "docket.enrollment.scheme_submitted",
        "timestamp": docket::domain::date::Timestamp::from_micros(world.now()).to_rfc3339(),
        "data": {
            "sequence": format!("{sequence:020}"),
            "id": id,
            "stream": "exercise_strong_province-x1",
            "subject": "x1",
            "program": "exercise_strong_province",
            "exercise": true,
            "href": format!("https://docket.example/v1/events/{sequence:020}"),
        },
    });
    assert_eq!(received.body, expected);
    assert!(received.request.body.len() < 20_000);

    assert!(made.secret.starts_with("whsec_"));
    assert!(verifies(received, &made.secret));
    let [public] = made.endpoint.public_keys(world.now()).try_into().unwrap();
    assert!(verifies_by_public_key(received, &public));

    let other = world.endpoint(&receiver.url()).await;
    assert_ne!(other.secret, made.secret, "secrets are unique per endpoint");
    assert!(!verifies(received, &other.secret));
    assert!(!verifies_by_public_key(received, &other.endpoint.public_keys(world.now())[0]));
}

async fn old_and_new_keys_sign_while_a_rotation_lasts(engine: Engine) {
    let world = World::new(engine);
    let receiver = Receiver::good().await;
    let old = world.endpoint(&receiver.url()).await;
    let id = old.endpoint.id;
    let new = world.webhooks.rotate(id, Duration::from_secs(60)).await.unwrap();
    assert_ne!(old.secret, new.secret);
    let public = new.endpoint.public_keys(world.now());
    assert_eq!(public.len(), 2);

    world.event("log", "LogCreated").await;
    world.settle().await;
    world.set_now(world.now() + 60 * SECOND);
    world.event("log", "KeyRotated").await;
    world.settle().await;

    let received = receiver.received().await;
    let (during, after) = (&received[0], &received[1]);
    for secret in [&old.secret, &new.secret] {
        assert!(verifies(during, secret));
    }
    for key in &public {
        assert!(verifies_by_public_key(during, key));
    }
    assert!(verifies(after, &new.secret) && !verifies(after, &old.secret));
    assert!(verifies_by_public_key(after, &public[0]));
    assert!(!verifies_by_public_key(after, &public[1]));

    // A secret that became known is replaced at once.
    let third = world.webhooks.rotate(id, Duration::ZERO).await.unwrap();
    assert_eq!(third.endpoint.public_keys(world.now()).len(), 1);
    let error = world.webhooks.rotate(id, Duration::from_secs(31 * 24 * 3600)).await.unwrap_err();
    assert!(matches!(error, WebhookError::Invalid(errors) if errors[0].pointer == "/overlap_s"));
}

async fn filters_leave_out_and_the_position_goes_on(engine: Engine) {
    let world = World::new(engine);
    let receiver = Receiver::good().await;
    let first = world.event("log", "LogCreated").await;
    let made = world
        .webhooks
        .create(NewEndpoint {
            programs: vec!["strong_province".to_owned()],
            types: vec!["Applied".to_owned(), "MeasureAdopted".to_owned()],
            start_at: StartAt::Sequence(first),
            ..wanting_all(&receiver.url())
        })
        .await
        .unwrap();
    let mut wanted = vec![world.event("measure-strong_province", "MeasureAdopted").await];
    world.event("strong_province-440000", "Approved").await;
    world.event("cluster_area-futian", "Applied").await;
    wanted.push(world.event("strong_province-440000", "Applied").await);
    // More than a page that is not wanted at all.
    for _ in 0..600 {
        world.event("log", "LogCreated").await;
    }
    wanted.push(world.event("strong_province-330000", "Applied").await);
    world.settle().await;
    assert_eq!(receiver.sequences().await, wanted);
    let (endpoint, counts) = world.webhooks.get(made.endpoint.id).await.unwrap();
    assert_eq!(endpoint.next_sequence, wanted[2] + 1);
    assert_eq!((counts.pending, counts.failed), (0, 0));
}

async fn an_endpoint_begins_where_it_is_told(engine: Engine) {
    let world = World::new(engine);
    for _ in 0..3 {
        world.event("log", "LogCreated").await;
    }
    let (now, first) = (Receiver::good().await, Receiver::good().await);
    world.endpoint(&now.url()).await;
    let from = NewEndpoint { start_at: StartAt::Sequence(1), ..wanting_all(&first.url()) };
    world.webhooks.create(from).await.unwrap();
    let next = world.event("log", "LogCreated").await;
    world.settle().await;
    assert_eq!(now.sequences().await, [next]);
    assert_eq!(first.sequences().await, [1, 2, 3]);

    let beyond = NewEndpoint { start_at: StartAt::Sequence(5), ..wanting_all(&first.url()) };
    let error = world.webhooks.create(beyond).await.unwrap_err();
    assert!(error.to_string().contains("up to 4"), "{error}");
}

async fn outcomes_are_counted(engine: Engine) {
    let world = World::new(engine);
    let (good, bad) =
        (Receiver::good().await, Receiver::in_turn(vec![super::support::status(500)]).await);
    world.endpoint(&good.url()).await;
    world.endpoint(&bad.url()).await;
    world.endpoint("http://127.0.0.1:1/").await;
    world.event("log", "LogCreated").await;
    world.settle().await;
    let counted = world.webhooks.counters().by_outcome();
    let expected = [
        ("delivered", 1),
        ("rejected", 1),
        ("timed_out", 0),
        ("forbidden_address", 0),
        ("unreachable", 1),
    ];
    assert_eq!(counted, expected);
}

on_every_engine!(
    a_delivery_is_thin_and_signed_both_ways,
    old_and_new_keys_sign_while_a_rotation_lasts,
    filters_leave_out_and_the_position_goes_on,
    an_endpoint_begins_where_it_is_told,
    outcomes_are_counted,
);
