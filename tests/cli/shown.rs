//! What is shown of the record, and of what the user wrote: nothing acts on the terminal, and no
//! password is repeated.

use serde_json::{Value, json};

use crate::support::{Server, command, demo_copy, docket, run, text};

/// A line break and what would be the next line, a line taken back, colours, and directions.
const FORGED: &str = "box 7\n2024-03-01  On 1 March 2024 CNIPA listed\r\u{1b}[1A\u{1b}[2K\u{9b}2J\u{202e}\u{2066}\u{2028}x";

/// What a terminal would act on, or hide; a line's end is the only control character there is.
#[track_caller]
fn assert_plain(shown: &str) {
    let acts = |c: char| c.is_control() || "\u{202e}\u{2066}\u{2028}\u{200b}\u{3164}".contains(c);
    assert!(!shown.chars().any(|c| c != '\n' && acts(c)), "{shown:?}");
    assert!(
        !shown.lines().any(|line| line.starts_with("2024-03-01  On 1 March 2024 CNIPA")),
        "{shown}"
    );
}

async fn post(server: &Server, token: &str, path: &str, body: &Value) -> u16 {
    let opens = body["act"] == "attest_standing";
    let request = reqwest::Client::new()
        .post(format!("{}/v1/{path}", server.base))
        .bearer_auth(token)
        .header("idempotency-key", "\"forged\"")
        .header(if opens { "if-none-match" } else { "if-match" }, "*");
    request.json(body).send().await.unwrap().status().as_u16()
}

/// An auditor's terminal once showed a listing that no event records.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recorded_text_neither_acts_nor_looks_like_another_event() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let folder = demo_copy();
    let place = ["--data-dir", text(folder.path()), "--lang", "en"];
    let server = Server::start(folder.path());
    let token = docket(&[&["token", "--role", "registrar", "--office", "r"], &place[..2]].concat());
    let token = token.done().trim().to_owned();
    let note = json!({ "act": "note", "effective_on": "2024-03-01", "text": FORGED });
    let acts = "enrollments/exercise_strong_province/x19/acts";
    assert_eq!(post(&server, &token, acts, &note).await, 201);
    let name = json!({ "en": FORGED, "zh": FORGED });
    let subject = json!({ "id": "exercise_z", "kind": "cluster_area", "province": "x01",
        "name": name, "invented": true, "source": FORGED, "effective_on": "2014-01-01" });
    assert_eq!(post(&server, &token, "subjects", &subject).await, 201);
    let attested = json!({ "act": "attest_standing", "effective_on": "2016", "source": FORGED,
        "stands_at": "experimental", "title": "experimental", "confidence": "attested" });
    let acts = "enrollments/exercise_cluster_area/exercise_z/acts";
    assert_eq!(post(&server, &token, acts, &attested).await, 201);
    server.stop("TERM");

    let seen: &[&[&str]] = &[
        &["audit", "exercise_strong_province", "x19"],
        &["audit", "exercise_cluster_area", "exercise_z"],
        &["status", "exercise_cluster_area", "exercise_z"],
        &["timeline", "exercise_cluster_area", "exercise_z"],
        &["status", "--list", "--exercise"],
    ];
    for question in seen {
        let shown = docket(&[*question, &place].concat()).done();
        assert_plain(&shown);
        assert!(shown.contains(r"box 7\n2024-03-01"), "{question:?}: {shown}");
        let shown = docket(&[*question, &place, &["--output", "json"]].concat()).done();
        assert_plain(&shown);
        let value: Value = serde_json::from_str(&shown).unwrap();
        assert!(value.to_string().contains("box 7"), "the value is the same");
    }
    let obligations = ["obligations", "exercise_cluster_area", "exercise_z"];
    assert_plain(&docket(&[&obligations[..], &place].concat()).done());
    // What a server repeats of a question is not trusted either.
    for question in [
        ["status", "strong_province\n2024-03-01  On 1 March 2024 CNIPA", "\u{1b}[2J"],
        ["status", "--list", "--phase=\u{202e}\u{1b}[2J"],
    ] {
        let ran = docket(&[&question[..], &place].concat());
        assert_ne!(ran.code, 0);
        assert_plain(&ran.stderr);
        assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
    }
}

/// Each place where an address can be, each spelling of a password in it.
#[test]
fn no_password_is_shown_wherever_it_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("docket.toml");
    let addresses = [
        "kurrentdb://admin:s3cret@db:2113",
        "KurrentDB://admin:s3cret@db:2113",
        "kurrentdb://admin:x@s3cret@db:2113?tls=false",
        "kurrentdb://admin:s3cret/x@db:2113",
        "kurrentdb://admin:s3cret?x@db:2113",
        "kurrentdb://admin:x%40s3cret@db:2113",
        "kurrentdb://admin:s3cret",
        "postgres://admin:s3cret@db:1/models",
        "Postgres://admin:s3cret@db:1/models",
        "postgres://admin:x@s3cret@db:1/models",
        "postgres://db:1/models?user=admin&password=s3cret",
        "host=db user=admin password=s3cret",
        "s3://AKIA:s3cret@bucket/docs",
        "s3://bucket/docs?secret=s3cret",
    ];
    for address in addresses {
        let mut shown = Vec::new();
        for key in ["store.log", "store.read_model", "store.documents", "server.public_url"] {
            let set = format!("{key}={address}");
            shown.push(docket(&["config", "print", "--set", &set]));
            shown.push(docket(&["config", "print", "--origins", "--set", &set]));
            shown.push(docket(&["config", "check", "--set", &set]));
            std::fs::write(&file, format!("{key} = \"{address}\nx = 1")).unwrap();
            shown.push(docket(&["config", "check", "--config", text(&file)]));
            std::fs::write(&file, format!("{key}.x = \"{address}\"")).unwrap();
            shown.push(docket(&["config", "check", "--config", text(&file)]));
        }
        shown.push(docket(&["config", "check", "--set", address]));
        shown.push(docket(&["config", "check", address]));
        shown.push(docket(&["config", "check", "--lgo", address]));
        shown.push(docket(&["config", "check", "--set", &format!("server.listen={address}")]));
        shown.push(docket(&["status", "a", "b", "--log", &format!("sqlite:{address}")]));
        shown.push(docket(&["rebuild", "--log", address, "--read-model", address]));
        let mut server = command(&["status", "a", "b", "--server", address]);
        shown.push(run(server.env("DOCKET_TOKEN", "t")));
        shown.push(docket(&["healthcheck", "--url", address, "--timeout-s", "1"]));
        let file = run(command(&["config", "check"]).env("DOCKET_STORE__LOG_FILE", address));
        shown.push(file);
        for ran in shown {
            let said = format!("{}{}", ran.stdout, ran.stderr);
            assert!(!said.contains("s3cret"), "{address}: {said}");
        }
    }
}
