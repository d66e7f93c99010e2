//! Documents of several nodes, and what a node does that cannot reach them: acts that cite any are
//! refused with the reason, nothing of them is recorded, and everything else goes on.

use super::documents::{citing, documents_health, send_act};
use super::s3::{KEY_ID, S3StandIn, SECRET};
use super::support::*;
use docket::api::ApiSettings;
use docket::app::documents::s3::{S3Settings, S3Store};
use std::sync::Arc;

#[tokio::test(flavor = "multi_thread")]
async fn what_one_node_keeps_an_act_at_another_cites() {
    let stand_in = S3StandIn::start();
    let one = server_over(Arc::new(stand_in.store("docs"))).await;
    let other = server_over(Arc::new(stand_in.store("docs"))).await;
    other.register(&["440000"]).await;
    let missing = "0".repeat(64);
    let refused = send_act(&other, "a", &citing(&missing), "en").await;
    assert_eq!(refused.problem(422, "document-missing")["digest"], missing);
    let digest = one.registrar().upload(b"abc").await;
    let back = other.auditor().get(&format!("/v1/documents/{digest}")).await.ok(200);
    assert_eq!(back.body, b"abc");
    send_act(&other, "b", &citing(&digest), "en").await.ok(201);
    // Larger than what waits in memory.
    let large: Vec<u8> = (0..20 << 20).map(|i: u32| (i % 251) as u8).collect();
    let digest = one.registrar().upload(&large).await;
    let back = other.auditor().get(&format!("/v1/documents/{digest}")).await.ok(200);
    assert!(back.body == large);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_away_refuses_what_cites_documents_and_says_why() {
    let stand_in = S3StandIn::start();
    let server = server_over(Arc::new(stand_in.store("docs"))).await;
    server.register(&["440000", "370000"]).await;
    let digest = server.registrar().upload(b"abc").await;
    assert_eq!(documents_health(&server).await, "UP");
    let head = server.app.log().head().await.unwrap();
    stand_in.stop().await;

    let reply = send_act(&server, "k", &citing(&digest), "en").await;
    let problem = reply.problem(503, "documents-unavailable");
    assert_eq!(reply.header("retry-after"), "5");
    let detail = problem["detail"].as_str().unwrap();
    assert!(
        detail.contains("s3://docket-docs/docs") && detail.contains("no connection"),
        "{detail}"
    );
    assert!(!problem.to_string().contains(KEY_ID) && !problem.to_string().contains(SECRET));
    let chinese = send_act(&server, "k", &citing(&digest), "zh-CN").await;
    let problem = chinese.problem(503, "documents-unavailable");
    assert!(problem["detail"].as_str().unwrap().contains("无法建立连接"), "{problem}");
    let path = format!("/v1/documents/{digest}");
    server.auditor().get(&path).await.problem(503, "documents-unavailable");
    let upload = server.registrar().request("POST", "/v1/documents").body("abd");
    send(upload).await.problem(503, "documents-unavailable");
    assert_eq!(server.app.log().head().await.unwrap(), head);
    assert_eq!(documents_health(&server).await, "DOWN");

    // What cites nothing goes on, and so do reads.
    let other = "strong_province/370000";
    server.province("370000").act(other, &apply("leading", "2016-01-05")).await.ok(201);
    server.auditor().get(&format!("/v1/enrollments/{other}")).await.ok(200);

    stand_in.resume().await;
    send_act(&server, "k", &citing(&digest), "en").await.ok(201);
    assert_eq!(documents_health(&server).await, "UP");
}

/// While the store was silent, the client was told that its body did not arrive.
#[tokio::test(flavor = "multi_thread")]
async fn a_silent_store_is_not_the_clients_fault() {
    let stand_in = S3StandIn::start();
    let silence = std::time::Duration::from_millis(1500);
    let settings = S3Settings { silence, ..stand_in.settings("docs") };
    let server = over_with(
        Arc::new(S3Store::new(&settings).unwrap()),
        ApiSettings {
            request_timeout: std::time::Duration::from_millis(500),
            ..ApiSettings::default()
        },
    )
    .await;
    stand_in.state().late = Some(std::time::Duration::from_secs(60));
    let upload = server.registrar().request("POST", "/v1/documents").body("abc");
    let upload = upload.header("accept-language", "en");
    let problem = send(upload).await.problem(503, "documents-unavailable");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("s3://docket-docs/docs") && detail.contains("in time"), "{detail}");
}

/// A HEAD of a cut object once closed the connection without an answer.
#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_was_cut_is_a_problem_for_get_head_and_acts() {
    let stand_in = S3StandIn::start();
    let server = server_over(Arc::new(stand_in.store("docs"))).await;
    server.register(&["440000"]).await;
    for size in [3, 300_000] {
        let content = vec![7; size];
        let digest = server.registrar().upload(&content).await;
        let key = format!("docs/{}/{}/{digest}", &digest[..2], &digest[2..4]);
        let path = format!("/v1/documents/{digest}");
        for left in [size - 1, 0] {
            stand_in.replace(&key, &content[..left]);
            let head = send(server.auditor().request("HEAD", &path)).await;
            assert_eq!((head.status, head.body.len()), (500, 0), "{size} cut to {left}");
            if size == 3 || left == 0 {
                server.auditor().get(&path).await.problem(500, "document-damaged");
            }
            let act = send_act(&server, "k", &citing(&digest), "en").await;
            assert_eq!(act.problem(500, "document-damaged")["digest"], digest);
        }
        assert_eq!(server.registrar().upload(&content).await, digest);
        let head = send(server.auditor().request("HEAD", &path)).await.ok(200);
        assert_eq!(head.header("content-length"), size.to_string());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_fails_or_shuts_the_node_out_is_told_apart() {
    let stand_in = S3StandIn::start();
    let server = server_over(Arc::new(stand_in.store("docs"))).await;
    server.register(&["440000"]).await;
    let digest = server.registrar().upload(b"abc").await;
    let detail = async || {
        let reply = send_act(&server, "k", &citing(&digest), "en").await;
        reply.problem(503, "documents-unavailable")["detail"].as_str().unwrap().to_owned()
    };
    stand_in.state().deny = true;
    assert!(detail().await.contains("does not let this server in"));
    stand_in.state().deny = false;
    stand_in.state().slow_downs = usize::MAX;
    assert!(detail().await.contains("can't serve now"));
    stand_in.state().slow_downs = 0;
    send_act(&server, "k", &citing(&digest), "en").await.ok(201);
}
