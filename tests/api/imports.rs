//! Imports as operations.

use std::io::Write as _;

use docket::log::EventLog as _;
use serde_json::{Value, json};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::support::*;

const NDJSON: &str = "application/x-ndjson";

fn register(id: &str) -> Value {
    json!({"register": {
        "id": id, "kind": "province", "name": {"en": id, "zh": id}, "invented": true,
        "source": "invented for a test", "effective_on": "2010-01-01",
    }})
}

fn note(id: &str, text: &str) -> Value {
    json!({
        "program": "exercise_strong_province", "subject": id, "act": "note",
        "effective_on": "2015-03", "text": text,
    })
}

fn lines(lines: &[Value]) -> Vec<u8> {
    let lines: Vec<String> = lines.iter().map(|line| format!("{line}\n")).collect();
    lines.concat().into_bytes()
}

/// A file sent for import, with its key.
async fn send_file(client: &Client<'_>, path: &str, key: &str, media: &str, bytes: &[u8]) -> Reply {
    let request = client.request("POST", path).header("idempotency-key", key);
    let request = request.header("content-type", media).header("accept-language", "en");
    send(request.body(bytes.to_vec())).await
}

/// The operation once it has ended.
async fn ended(client: &Client<'_>, taken: &Reply) -> Value {
    let at = taken.header("location").to_owned();
    loop {
        let request = client.request("GET", &at).header("prefer", "wait=30");
        let reply = send(request.header("accept-language", "en")).await.ok(200);
        assert_eq!(reply.header("preference-applied"), "wait=30");
        let operation = reply.json();
        if operation["done"] == true {
            return operation;
        }
        assert_eq!(reply.header("retry-after"), "1");
    }
}

async fn import(client: &Client<'_>, path: &str, media: &str, bytes: &[u8]) -> Value {
    let taken = send_file(client, path, &new_key(), media, bytes).await.ok(202);
    ended(client, &taken).await
}

async fn report(client: &Client<'_>, operation: &Value) -> Vec<Value> {
    let reply = client.get(operation["report"].as_str().unwrap()).await.ok(200);
    assert_eq!(reply.header("content-type"), NDJSON);
    let text = String::from_utf8(reply.body).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn became(report: &[Value]) -> Vec<(u64, &str)> {
    let of = |line: &'_ Value| line["line"].as_u64().unwrap();
    report.iter().map(|line| (of(line), line["became"].as_str().unwrap())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_taken_done_and_reported_line_by_line() {
    let server = server().await;
    let registrar = server.registrar();
    let file = lines(&[register("one"), note("one", "first"), note("one", "first")]);
    let taken = send_file(&registrar, "/v1/imports", "k", NDJSON, &file).await.ok(202);
    let id = taken.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(taken.header("location"), format!("/v1/operations/{id}"));
    let operation = ended(&registrar, &taken).await;
    assert_eq!(operation["state"], "SUCCEEDED", "{operation}");
    let counts = json!({"lines": 3, "bad_lines": 0, "left_out": 0, "on_record": 1, "recorded": 2, "is_recorded": true});
    assert_eq!(operation["result"], counts);
    let lines_of = report(&registrar, &operation).await;
    assert_eq!(became(&lines_of), [(1, "RECORDED"), (2, "RECORDED"), (3, "ON_RECORD")]);
    let event = lines_of[1]["event"].as_str().unwrap();
    assert!(event.starts_with("exercise_strong_province-one@0#"), "{event}");
    let id_of = event.rsplit('#').next().unwrap();
    let recorded = server.auditor().get(&format!("/v1/events/{id_of}")).await.ok(200).json();
    assert_eq!(recorded["type"], "Noted");

    // The same request again is the same operation; the same file under another key changes nothing.
    let again = send_file(&registrar, "/v1/imports", "k", NDJSON, &file).await.ok(202);
    assert_eq!((&again.json()["id"], &again.json()["state"]), (&json!(id), &json!("SUCCEEDED")));
    let other = import(&registrar, "/v1/imports", NDJSON, &file).await;
    assert_eq!(
        (&other["result"]["on_record"], &other["result"]["recorded"]),
        (&3.into(), &0.into())
    );
    let listed = server.auditor().get("/v1/imports").await.ok(200).json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_bad_line_imports_nothing_or_with_lenient_all_the_rest() {
    let server = server().await;
    let registrar = server.registrar();
    let mut bad = note("one", "x");
    bad["effective_on"] = json!("yesterday");
    let file =
        lines(&[register("one"), register("two"), bad, note("two", "good"), note("one", "left")]);
    let before = server.log.head().await.unwrap();
    let operation = import(&registrar, "/v1/imports", NDJSON, &file).await;
    assert_eq!(
        (&operation["state"], &operation["result"]["bad_lines"]),
        (&"FAILED".into(), &1.into())
    );
    let problem = &operation["problem"];
    assert_eq!(
        (&problem["code"], &problem["line_errors"]),
        (&"OPERATION_FAILED".into(), &operation["report"])
    );
    let lines_of = report(&registrar, &operation).await;
    let not = "NOT_RECORDED";
    assert_eq!(became(&lines_of), [(1, not), (2, not), (3, "BAD"), (4, not), (5, not)]);
    let told = (&lines_of[2]["column"], &lines_of[2]["code"]);
    assert_eq!(told, (&"effective_on".into(), &"VALIDATION_ERROR".into()));
    assert!(lines_of[2]["reason"].is_string() && lines_of[2]["reason_zh"].is_string());
    assert_eq!(server.log.head().await.unwrap(), before, "nothing is half done");

    let lenient = |path| registrar.request("POST", path).header("prefer", "handling=lenient");
    let request =
        |path| lenient(path).header("idempotency-key", new_key()).header("content-type", NDJSON);
    let tried = send(request("/v1/imports?validate_only=true").body(file.clone())).await.ok(202);
    let tried = ended(&registrar, &tried).await;
    assert_eq!(
        (&tried["state"], &tried["result"]["is_recorded"]),
        (&"SUCCEEDED".into(), &false.into())
    );
    assert_eq!(server.log.head().await.unwrap(), before);
    let taken = send(request("/v1/imports").body(file)).await.ok(202);
    assert_eq!(taken.header("preference-applied"), "handling=lenient");
    let operation = ended(&registrar, &taken).await;
    assert_eq!(operation["state"], "SUCCEEDED");
    let (recorded, out) = ("RECORDED", "LEFT_OUT");
    let lines_of = report(&registrar, &operation).await;
    let expected = [(1, recorded), (2, recorded), (3, "BAD"), (4, recorded), (5, out)];
    assert_eq!(became(&lines_of), expected, "in the order of the file");
}

fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in files {
        archive.start_file(*name, SimpleFileOptions::default()).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_and_packed_folders_with_documents_are_taken_too() {
    let server = server().await;
    let registrar = server.registrar();
    let table =
        "program,subject,act,effective_on,text\nexercise_strong_province,one,note,2016/9/1,挂牌\n";
    let coded = encoding_rs::GB18030.encode(table).0.into_owned();
    let subjects = lines(&[register("one")]);
    import(&registrar, "/v1/imports", NDJSON, &subjects).await;
    let operation = import(&registrar, "/v1/imports", "text/csv; header=present", &coded).await;
    assert_eq!(operation["result"]["recorded"], 1, "{operation}");

    let mut citing = note("one", "cites");
    citing["document"] = json!({"title": "Approval", "file": "scans/批复.pdf"});
    let files = [("archive/1.ndjson", &lines(&[citing])[..]), ("archive/scans/批复.pdf", b"scan")];
    let operation = import(&registrar, "/v1/imports", "application/zip", &zipped(&files)).await;
    assert_eq!(operation["result"]["recorded"], 1, "{operation}");
    let lines_of = report(&registrar, &operation).await;
    assert_eq!(lines_of[0]["file"], "1.ndjson");
    let digest = docket::app::documents::Digest::of(b"scan");
    server.auditor().get(&format!("/v1/documents/{digest}")).await.ok(200);

    let missing = zipped(&files[..1]);
    let operation = import(&registrar, "/v1/imports", "application/zip", &missing).await;
    let lines_of = report(&registrar, &operation).await;
    let told = (&lines_of[0]["column"], &lines_of[0]["code"]);
    assert_eq!(told, (&"document.file".into(), &"DOCUMENT_MISSING".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_import_is_refused_before_anything_is_kept() {
    let server = server().await;
    let registrar = server.registrar();
    let file = lines(&[register("one")]);
    let (at, national) = ("/v1/imports", server.national());
    send_file(&national, at, "k", NDJSON, &file).await.problem(403, "role-forbidden");
    national.get(at).await.problem(403, "role-forbidden");
    let other = send_file(&registrar, at, "k", "application/pdf", &file).await;
    let accept = other.problem(415, "unsupported-media-type")["accept"].clone();
    assert_eq!(accept[0], NDJSON);
    let keyless = registrar.request("POST", at).header("content-type", NDJSON).body(file.clone());
    send(keyless).await.problem(400, "idempotency-key-missing");
    let large = vec![b' '; (1 << 20) + 1];
    send_file(&registrar, at, "k", NDJSON, &large).await.problem(413, "payload-too-large");
    send_file(&registrar, at, "k", "application/zip", &file)
        .await
        .problem(400, "malformed-request");
    let bomb = zipped(&[("1.ndjson", &vec![b'\n'; 2 << 20])]);
    assert!(bomb.len() < 1 << 20);
    let refused = send_file(&registrar, at, "k", "application/zip", &bomb).await;
    let detail = refused.problem(400, "malformed-request")["detail"].to_string();
    assert!(detail.contains("1048576 bytes once it is unpacked"), "{detail}");
    assert_eq!(registrar.get(at).await.json()["items"], json!([]), "nothing was kept");

    let taken = send_file(&registrar, at, "k", NDJSON, &file).await.ok(202);
    let reused = send_file(&registrar, at, "k", NDJSON, &lines(&[register("two")])).await;
    reused.problem(422, "idempotency-key-reused");
    let reused = send_file(&registrar, "/v1/imports?validate_only=true", "k", NDJSON, &file).await;
    reused.problem(422, "idempotency-key-reused");
    let operation = ended(&registrar, &taken).await;
    let at = taken.header("location");
    let cancel = send(registrar.request("POST", &format!("{at}/cancellations"))).await;
    assert_eq!(cancel.problem(409, "operation-state")["state"], "SUCCEEDED");
    for unknown in ["/v1/operations/x", "/v1/operations/00000000-0000-0000-0000-000000000000"] {
        registrar.get(unknown).await.problem(404, "not-found");
    }
    assert_eq!(operation["result"]["recorded"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_cancelled_leaves_nothing_and_can_be_sent_again() {
    let server = server().await;
    let registrar = server.registrar();
    let many: Vec<Value> = (0..4000).map(|n| note("one", &format!("note {n}"))).collect();
    let file = lines(&[vec![register("one")], many].concat());
    let before = server.log.head().await.unwrap();
    let first = send_file(&registrar, "/v1/imports", "a", NDJSON, &file).await.ok(202);
    let waits =
        send_file(&registrar, "/v1/imports", "b", NDJSON, &lines(&[register("two")])).await.ok(202);
    let at = first.header("location");
    registrar.get(&format!("{at}/report")).await.problem(409, "operation-state");
    // One that waits for another is cancelled at once, one under way before its next line.
    for taken in [&waits, &first] {
        let path = format!("{}/cancellations", taken.header("location"));
        send(registrar.request("POST", &path)).await.ok(202);
        assert_eq!(ended(&registrar, taken).await["state"], "CANCELLED");
    }
    assert_eq!(server.log.head().await.unwrap(), before);
    let again =
        send_file(&registrar, "/v1/imports", "b", NDJSON, &lines(&[register("two")])).await.ok(202);
    assert_eq!(ended(&registrar, &again).await["state"], "SUCCEEDED");
}
