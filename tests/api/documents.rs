//! Documents: what was uploaded is what comes back, under its digest.

use super::support::*;
use docket::api::ApiSettings;
use docket::app::documents::FolderStore;
use serde_json::{Value, json};
use std::sync::Arc;

const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
const ABC_REPR: &str = "sha-256=:ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=:";

pub const ONE: &str = "strong_province/440000";

/// An application that cites a document.
pub fn citing(digest: &str) -> Value {
    let mut act = apply("leading", "2016-01-05");
    act["document"] = json!({ "title": "Application", "digest": digest });
    act
}

pub async fn send_act(server: &Server, key: &str, act: &Value, language: &str) -> Reply {
    let path = format!("/v1/enrollments/{ONE}/acts");
    let province = server.province("440000");
    let request = province.request("POST", &path).header("idempotency-key", key);
    let request = request.header("accept-language", language).header("if-none-match", "*");
    send(request.json(act)).await
}

pub async fn documents_health(server: &Server) -> Value {
    let ready = send(server.request("GET", "/health/ready")).await.ok(200).json();
    ready["documents"]["status"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_comes_back_under_its_digest() {
    let server = server().await;
    let registrar = server.registrar();
    let path = format!("/v1/documents?digest={ABC}");
    let request = registrar.request("POST", &path).header("repr-digest", ABC_REPR).body("abc");
    let kept = send(request).await.ok(201);
    assert_eq!(kept.json()["digest"], ABC);
    assert_eq!(kept.json()["size_bytes"], 3);
    assert_eq!(kept.header("location"), format!("/v1/documents/{ABC}"));
    let got = server.auditor().get(&format!("/v1/documents/{ABC}")).await.ok(200);
    assert_eq!(got.body, b"abc");
    assert_eq!(got.header("repr-digest"), ABC_REPR);
    assert_eq!(got.header("content-length"), "3");
    assert!(got.header("cache-control").contains("immutable"));
    let head =
        send(server.auditor().request("HEAD", &format!("/v1/documents/{ABC}"))).await.ok(200);
    assert_eq!((head.header("content-length"), head.body.len()), ("3", 0));
    let known = server.auditor().request("GET", &format!("/v1/documents/{ABC}"));
    send(known.header("if-none-match", got.header("etag"))).await.ok(304);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_claim_keeps_nothing() {
    let server =
        server_with(ApiSettings { max_document_bytes: 100, ..ApiSettings::default() }).await;
    let registrar = server.registrar();
    let path = format!("/v1/documents?digest={ABC}");
    let wrong = send(registrar.request("POST", &path).body("abd")).await;
    assert_eq!(wrong.problem(422, "digest-mismatch")["claimed"], ABC);
    let header = registrar.request("POST", "/v1/documents").header("repr-digest", ABC_REPR);
    send(header.body("abd")).await.problem(422, "digest-mismatch");
    let form = registrar.request("POST", "/v1/documents").header("repr-digest", "md5=:xx:");
    send(form.body("abc")).await.problem(400, "malformed-request");
    registrar.get(&format!("/v1/documents/{ABC}")).await.problem(404, "not-found");
    registrar.get("/v1/documents/abc").await.problem(404, "not-found");
    let large = vec![7; 101];
    send(registrar.request("POST", "/v1/documents").body(large))
        .await
        .problem(413, "payload-too-large");
    // Sent in chunks, so that its length is not said beforehand.
    let parts = (0..101).map(|_| Ok::<_, std::io::Error>(vec![7u8]));
    let chunked = reqwest::Body::wrap_stream(futures_util::stream::iter(parts));
    let chunked = send(registrar.request("POST", "/v1/documents").body(chunked)).await;
    chunked.problem(413, "payload-too-large");
    send(server.auditor().request("POST", "/v1/documents").body("abc"))
        .await
        .problem(403, "role-forbidden");
}

/// A scanned decision is larger than any act.
#[tokio::test(flavor = "multi_thread")]
async fn a_document_may_be_larger_than_an_act() {
    let server = server().await;
    let digest = server.registrar().upload(&vec![7; 3 << 20]).await;
    let back = server.auditor().get(&format!("/v1/documents/{digest}")).await.ok(200);
    assert_eq!(back.body.len(), 3 << 20);
}

/// Emptied, it was served as good; cut, its HEAD said nothing of it, and acts cited it.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_was_emptied_or_cut_is_a_problem_whatever_its_size() {
    let folder = tempfile::tempdir().unwrap();
    let server = server_over(Arc::new(FolderStore::open(folder.path()).unwrap())).await;
    server.register(&["440000"]).await;
    for size in [3, 300_000] {
        let content = vec![7; size];
        let digest = server.registrar().upload(&content).await;
        let file = folder.path().join(&digest[..2]).join(&digest[2..4]).join(&digest);
        let path = format!("/v1/documents/{digest}");
        for left in [size - 1, 1, 0] {
            std::fs::write(&file, &content[..left]).unwrap();
            server.auditor().get(&path).await.problem(500, "document-damaged");
            let head = send(server.auditor().request("HEAD", &path)).await;
            assert_eq!((head.status, head.body.len()), (500, 0), "{size} cut to {left}");
            let act = send_act(&server, "k", &citing(&digest), "en").await;
            assert_eq!(act.problem(500, "document-damaged")["digest"], digest);
        }
        assert_eq!(server.registrar().upload(&content).await, digest);
        let head = send(server.auditor().request("HEAD", &path)).await.ok(200);
        assert_eq!(head.header("content-length"), size.to_string());
        assert_eq!(server.auditor().get(&path).await.ok(200).body, content);
    }
}

/// A shared folder can be lost to a node like a store; its path is not shown.
#[tokio::test(flavor = "multi_thread")]
async fn a_shared_folder_that_was_unmounted_refuses_what_cites_documents() {
    let parent = tempfile::tempdir().unwrap();
    let (root, away) = (parent.path().join("documents"), parent.path().join("away"));
    let server = server_over(Arc::new(FolderStore::open(&root).unwrap())).await;
    server.register(&["440000"]).await;
    let digest = server.registrar().upload(b"abc").await;
    std::fs::rename(&root, &away).unwrap();
    std::fs::create_dir(&root).unwrap();
    let reply = send_act(&server, "k", &citing(&digest), "en").await;
    let problem = reply.problem(503, "documents-unavailable");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("documents folder") && detail.contains("unmounted"), "{detail}");
    assert!(!problem.to_string().contains(root.to_str().unwrap()), "{problem}");
    assert_eq!(documents_health(&server).await, "DOWN");
    std::fs::remove_dir(&root).unwrap();
    std::fs::rename(&away, &root).unwrap();
    send_act(&server, "k", &citing(&digest), "en").await.ok(201);
}
