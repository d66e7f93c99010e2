//! Bundles as operations, and how long what is answered may be kept.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use docket::ledger::Witness;
use ed25519_dalek::SigningKey;
use sha2::{Digest as _, Sha256};

use super::evidence::{ONE, made};
use super::support::*;

/// The operation once it has ended.
async fn ended(client: &Client<'_>, taken: &Reply) -> serde_json::Value {
    let at = taken.header("location");
    let asked = client.request("GET", at).header("prefer", "wait=30");
    let operation = send(asked.header("accept-language", "en")).await.ok(200).json();
    assert_eq!(operation["done"], true, "{operation}");
    operation
}

async fn ask(client: &Client<'_>, path: &str, key: &str) -> Reply {
    let request = client.request("POST", path).header("idempotency-key", key);
    send(request.header("accept-language", "en")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_makes_the_bundle_that_is_answered_at_once() {
    let (server, _, at) = made().await;
    let (auditor, other) = (server.auditor(), server.national());
    let paths = [
        format!("/v1/enrollments/{ONE}/evidence?at_sequence={at}"),
        format!(
            "/v1/enrollments/{ONE}/evidence/absence?act=submit_report&by=2016-12-31&at_sequence={at}"
        ),
    ];
    for path in &paths {
        let taken = ask(&auditor, path, path).await.ok(202);
        let operation = ended(&auditor, &taken).await;
        assert_eq!(
            (&operation["kind"], &operation["state"]),
            (&"EVIDENCE".into(), &"SUCCEEDED".into())
        );
        assert_eq!(operation["at_sequence"], format!("{at:020}"));
        let result = format!("{}/result", taken.header("location"));
        assert_eq!(operation["bundle"]["href"], result);
        let (made, at_once) = (auditor.get(&result).await.ok(200), auditor.get(path).await.ok(200));
        assert!(made.body == at_once.body, "the same bytes: {path}");
        let digest = docket::app::documents::Digest::of(&made.body).to_string();
        assert_eq!(operation["bundle"]["digest"], digest);
        for header in ["content-type", "content-disposition"] {
            assert_eq!(made.header(header), at_once.header(header));
        }
        assert_eq!(made.header("cache-control"), "no-store");
        // Asked again under its key it is the same one; it is nobody else's, and no import.
        let again = ask(&auditor, path, path).await.ok(202);
        assert_eq!(again.json()["id"], operation["id"]);
        for at in [taken.header("location"), &result] {
            other.get(at).await.problem(404, "not-found");
        }
        let cancelled = format!("{}/cancellations", taken.header("location"));
        send(other.request("POST", &cancelled)).await.problem(404, "not-found");
        let late = send(auditor.request("POST", &cancelled)).await;
        assert_eq!(late.problem(409, "operation-state")["state"], "SUCCEEDED");
        let report = format!("{}/report", taken.header("location"));
        auditor.get(&report).await.problem(409, "operation-state");
    }
    assert_eq!(auditor.get("/v1/imports").await.ok(200).json()["items"], serde_json::json!([]));
    ask(&auditor, &paths[0], &paths[1]).await.problem(422, "idempotency-key-reused");
    let keyless = send(auditor.request("POST", &paths[0])).await;
    keyless.problem(400, "idempotency-key-missing");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_says_why_there_is_no_bundle() {
    let (server, _, at) = made().await;
    let auditor = server.auditor();
    let unknown = "/v1/enrollments/strong_province/110000/evidence";
    ask(&auditor, unknown, "a").await.problem(404, "not-found");
    let beyond = format!("/v1/enrollments/{ONE}/evidence?at_sequence={}", at + 1000);
    ask(&auditor, &beyond, "b").await.problem(404, "not-found");
    // What is seen only while it is made: a subject that is registered and not enrolled, and an act that
    // is on record.
    let (en, zh) = ("is on record", "记录中有该行为");
    let shown =
        format!("/v1/enrollments/{ONE}/evidence/absence?act=apply&by=2016-12-31&at_sequence={at}");
    let taken = ask(&auditor, &shown, "c").await.ok(202);
    let operation = ended(&auditor, &taken).await;
    assert_eq!(operation["state"], "FAILED");
    assert_eq!(operation["problem"]["code"], "NOT_FOUND", "{operation}");
    assert!(operation["problem"]["detail"].as_str().unwrap().contains(en), "{operation}");
    let chinese = auditor.request("GET", taken.header("location")).header("accept-language", "zh");
    let chinese = send(chinese).await.ok(200).json();
    assert!(chinese["problem"]["detail"].as_str().unwrap().contains(zh), "{chinese}");
    let result = format!("{}/result", taken.header("location"));
    auditor.get(&result).await.problem(409, "operation-state");
    server.register(&["320000"]).await;
    let none = "/v1/enrollments/strong_province/320000/evidence";
    auditor.get(none).await.problem(404, "not-found");
    let operation = ended(&auditor, &ask(&auditor, none, "d").await.ok(202)).await;
    assert_eq!(operation["problem"]["code"], "NOT_FOUND", "{operation}");
}

/// A witness that never answers.
fn silent() -> Witness {
    let public = SigningKey::from_bytes(&[5; 32]).verifying_key().to_bytes();
    let id = Sha256::digest([b"w.example\n\x04", &public[..]].concat());
    let id: String = id[..4].iter().map(|byte| format!("{byte:02x}")).collect();
    let key = STANDARD.encode([&[4][..], &public].concat());
    Witness::parse(&format!("w.example+{id}+{key} http://127.0.0.1:9/")).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_that_no_witness_signed_yet_is_not_to_be_kept() {
    let asked = |server: Server| async move {
        server.register(&["440000"]).await;
        let applied = server.province("440000").act(ONE, &apply("leading", "2016-01-05")).await;
        let at = applied.ok(201).json()["sequence"].as_str().unwrap().to_owned();
        server.auditor().get(&format!("/v1/log/proofs/inclusion/{at}")).await.ok(200);
        let path = format!("/v1/enrollments/{ONE}/evidence?at_sequence={at}");
        server.auditor().get(&path).await.ok(200).header("cache-control").to_owned()
    };
    assert!(asked(server_with_ledger().await).await.contains("immutable"));
    assert_eq!(asked(server_with_witnesses(vec![silent()]).await).await, "private, no-cache");
}
