//! The main walk: register, upload, act, read.

use super::support::*;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_province_is_registered_applies_is_approved_and_read() {
    let server = server().await;
    server.register(&["440000"]).await;
    let digest = server.province("440000").upload(b"an application").await;
    let mut application = apply("leading", "2016-01-05");
    application["document"] = json!({ "title": "Application", "digest": digest });
    let applied = server.province("440000").act("strong_province/440000", &application).await;
    let applied = applied.ok(201);
    assert!(applied.header("location").starts_with("/v1/enrollments/strong_province/440000/acts/"));
    let approved = server.national().act("strong_province/440000", &approve("2016-03-01")).await;
    let body = approved.ok(201).json();
    assert_eq!(body["state"], "RECORDED");
    assert_eq!(body["enrollment"]["stands_at"]["node"], "pilot");
    let status = server.auditor().get("/v1/enrollments/strong_province/440000").await.ok(200);
    let status_json = status.json();
    assert_eq!(status_json["stands_at"]["label"], "Pilot province");
    assert_eq!(status_json["place"]["category"], "leading");
    assert_eq!(status_json["obligations"]["unmet"][0]["obligation"], "scheme");
    assert_eq!(status.header("etag"), "\"1.2026-11-22.json.en.0-0-1\"");
    let act = server.auditor().get(applied.header("location")).await.ok(200).json();
    assert_eq!(act["act"], "apply");
    assert_eq!(act["data"]["document"]["digest"], digest);
}
