//! The ledger over HTTP: what is given verifies by code that shares nothing with the server.

#[path = "../support/consistency.rs"]
mod consistency;

use super::support::*;
use consistency::continues;
use docket::verify::proof::Proof;
use docket::verify::tree::{Tree, leaf};
use docket::verify::{Checkpoint, Key};
use serde_json::Value;

const ONE: &str = "strong_province/440000";

fn text(reply: &Reply) -> String {
    String::from_utf8(reply.body.clone()).unwrap()
}

fn hashes(list: &Value) -> Vec<[u8; 32]> {
    use base64::Engine as _;
    let decode = |text: &Value| {
        let bytes = base64::engine::general_purpose::STANDARD.decode(text.as_str().unwrap());
        bytes.unwrap().try_into().unwrap()
    };
    list.as_array().unwrap().iter().map(decode).collect()
}

async fn get(server: &Server, path: &str) -> Reply {
    send(server.request("GET", path)).await
}

async fn checkpoint(server: &Server) -> Checkpoint {
    let reply = get(server, "/v1/log/checkpoint").await.ok(200);
    assert_eq!(reply.header("content-type"), "text/plain; charset=utf-8");
    assert_eq!(reply.header("cache-control"), "public, max-age=1");
    Checkpoint::parse(&text(&reply)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_act_is_proved_against_a_checkpoint_soon_after_it_is_answered() {
    let server = server_with_ledger().await;
    server.register(&["440000"]).await;
    let applied = server.province("440000").act(ONE, &apply("leading", "2016-01-05")).await.ok(201);
    let event = applied.json()["events"][0].clone();
    let (id, sequence) = (event["id"].as_str().unwrap(), event["sequence"].as_str().unwrap());
    let at = format!("/v1/log/proofs/inclusion/{id}");
    let reply = server.auditor().get(&at).await.ok(200);
    let proof = Proof::parse(&text(&reply)).unwrap();
    assert_eq!(proof.index, sequence.parse::<u64>().unwrap());
    let keys = get(&server, "/v1/log/keys").await.ok(200).json();
    let key = Key::parse(keys["items"][0]["key"].as_str().unwrap()).unwrap();
    assert!(proof.checkpoint.is_signed_by(&key));
    let as_json = server.auditor().request("GET", &at).header("accept", "application/json");
    let as_json = send(as_json).await.ok(200).json();
    let leaf_hash = hashes(&serde_json::json!([as_json["leaf_hash"]]))[0];
    assert!(proof.proves(leaf_hash));
    // The entries are those of the tree's leaves, and the leaves those of the checkpoint.
    let newest = checkpoint(&server).await;
    let size = newest.size;
    let tile = get(&server, &format!("/tile/0/000.p/{size}")).await.ok(200);
    assert_eq!(tile.header("cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(tile.body, get(&server, &format!("/v1/log/tile/0/000.p/{size}")).await.body);
    let entries = server.auditor().get(&format!("/v1/log/tile/entries/000.p/{size}")).await.ok(200);
    let (mut tree, mut rest) = (Tree::default(), &entries.body[..]);
    for hash in tile.body.as_chunks::<32>().0 {
        let (length, after) = rest.split_first_chunk::<2>().unwrap();
        let (entry, after) = after.split_at(u16::from_be_bytes(*length).into());
        assert_eq!(leaf(entry), *hash);
        tree.push(*hash);
        rest = after;
    }
    assert_eq!((tree.root(), rest.len()), (newest.root, 0));
    // What is proved later continues it.
    server.national().act(ONE, &approve("2016-03-01")).await.ok(201);
    let later = server.auditor().get(&format!("/v1/log/proofs/inclusion/{size}")).await.ok(200);
    let later = Proof::parse(&text(&later)).unwrap().checkpoint;
    let between = format!("/v1/log/proofs/consistency?from={size}&to={}", later.size);
    let between = get(&server, &between).await.ok(200).json();
    let (from, to) = ((size, &newest.root), (later.size, &later.root));
    assert!(continues(from, to, &hashes(&between["hashes"])));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_carries_its_proof_where_it_is_waited_for() {
    let server = server_with_ledger().await;
    server.register(&["440000"]).await;
    let province = server.province("440000");
    let asked = |wait: bool| {
        let request = province.request("POST", &format!("/v1/enrollments/{ONE}/acts"));
        let request = request.header("idempotency-key", "one").header("if-none-match", "*");
        let request = if wait { request.header("prefer", "wait=20") } else { request };
        send(request.json(&apply("leading", "2016-01-05")))
    };
    let first = asked(true).await.ok(201).json();
    let proof = Proof::parse(first["proof"].as_str().unwrap()).unwrap();
    assert_eq!(format!("{:020}", proof.index), first["sequence"].as_str().unwrap());
    server.national().act(ONE, &approve("2016-03-01")).await.ok(201);
    assert_eq!(
        asked(true).await.ok(201).json()["proof"],
        first["proof"],
        "a retry gets the first answer"
    );
    assert!(asked(false).await.ok(201).json().get("proof").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_said() {
    let server = server_with_ledger().await;
    let newest = server.auditor().get("/v1/log/proofs/inclusion/0").await.ok(200);
    let size = Proof::parse(&text(&newest)).unwrap().checkpoint.size;
    for tile in
        ["0/000", "0/0", "00/000.p/1", "0/000.p/0", "9/000.p/1", "1/000.p/1", "0/x001/000", "a/000"]
    {
        get(&server, &format!("/tile/{tile}")).await.problem(404, "not-found");
        get(&server, &format!("/v1/log/tile/{tile}")).await.problem(404, "not-found");
    }
    for query in ["", "?from=0", "?from=a", "?from=2&to=1", "?from=1&to=9999", "?from=99999"] {
        let at = format!("/v1/log/proofs/consistency{query}");
        get(&server, &at).await.problem(400, "malformed-request");
    }
    let unknown = format!("/v1/log/proofs/inclusion/{}", size + 1000);
    server.auditor().get(&unknown).await.problem(404, "not-found");
    // What names streams is for readers.
    get(&server, "/v1/log/tile/entries/000.p/1").await.problem(401, "invalid-token");
    get(&server, "/v1/log/proofs/inclusion/0").await.problem(401, "invalid-token");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_a_ledger_says_so() {
    let server = server_without_read_models().await;
    for path in ["/checkpoint", "/v1/log/keys", "/tile/0/000", "/v1/log/proofs/consistency?from=1"]
    {
        get(&server, path).await.problem(404, "not-found");
    }
}
