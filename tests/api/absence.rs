//! The proof that something is not on record: it verifies offline, and is given where it is true alone.

use super::evidence::{Bundle, ONE, edit, made};
use super::support::*;
use docket::verify::bundle::judge;
use docket::verify::{Kind, Report};

const CLAIM: &str = "data/absence.json";

/// What is answered, as a bundle beside the other.
async fn asked(server: &Server, of: &str, query: &str, other: &Bundle) -> Bundle {
    let path = format!("/v1/enrollments/{of}/evidence/absence?{query}");
    let reply = server.auditor().get(&path).await.ok(200);
    assert_eq!(reply.header("content-type"), "application/zip");
    let folder = tempfile::tempdir().unwrap();
    Bundle { archive: reply.body, key: other.key.clone(), folder }
}

fn judged(bundle: &Bundle) -> Report {
    judge(&bundle.files(), &bundle.held())
}

/// A province applied; then something else is recorded.
async fn world() -> (Server, Bundle, u64) {
    let (server, bundle, at) = made().await;
    server.register(&["110000"]).await;
    let (other, application) = (server.province("110000"), apply("leading", "2016-01-06"));
    let later = other.act("strong_province/110000", &application).await.ok(201).json();
    let later = later["sequence"].as_str().unwrap();
    server.auditor().get(&format!("/v1/log/proofs/inclusion/{later}")).await.ok(200);
    (server, bundle, at)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_on_record_is_proved_and_what_is_is_not() {
    let (server, other, at) = world().await;
    let none = asked(&server, ONE, "act=approve&by=2016-12-31", &other).await;
    let report = judged(&none);
    assert_eq!(report.findings, []);
    let said = report.absent.unwrap();
    assert!(
        said.contains("no Approved in strong_province-440000 effective by 2016-12-31"),
        "{said}"
    );
    assert!(said.contains("times are the server's"), "{said}");
    let files = none.files();
    let entries = std::str::from_utf8(&files["data/entries.txt"]).unwrap().lines().count();
    assert!(entries >= 2, "{entries}");
    let claim: serde_json::Value = serde_json::from_slice(&files[CLAIM]).unwrap();
    assert_eq!(claim["kept_since"], "2016-01-05", "{claim}");
    assert!(
        claim["zh"].as_str().unwrap().contains("没有2016-12-31或之前生效的“批准”行为"),
        "{claim}"
    );
    // Up to its own last event nothing else is needed.
    let query = format!("act=approve&by=2016-12-31&at_sequence={at}");
    let own = asked(&server, ONE, &query, &other).await;
    assert_eq!(judged(&own).findings, []);
    assert!(!own.files().contains_key("data/entries.txt"));
    let again = asked(&server, ONE, &query, &other).await;
    assert!(again.archive == own.archive, "the same bytes for the same sequence");
    // It is on record by then, and not in other days.
    let path = format!("/v1/enrollments/{ONE}/evidence/absence");
    for query in ["act=apply&by=2016-01-31", "act=apply&by=2016-01-05&from=2016-01-05"] {
        let told = server.auditor().get(&format!("{path}?{query}")).await.problem(404, "not-found");
        let detail = told["detail"].as_str().unwrap();
        assert!(detail.contains(&format!("event {at} is")), "{told}");
    }
    for query in ["act=apply&by=2016-01-04", "act=apply&by=2016-12-31&from=2016-01-06"] {
        assert_eq!(judged(&asked(&server, ONE, query, &other).await).findings, [], "{query}");
    }
    for query in [
        "by=2016-01-31",
        "act=apply",
        "act=x&by=2016-01-31",
        "act=apply&by=2016-01-31&from=2016-02-01",
    ] {
        server.auditor().get(&format!("{path}?{query}")).await.problem(400, "malformed-request");
    }
    // Of whoever never took part the whole log says so.
    server.register(&["120000"]).await;
    let never = asked(&server, "strong_province/120000", "act=apply&by=2016-12-31", &other).await;
    assert_eq!(judged(&never).findings, []);
    assert!(!never.files().contains_key("data/status.json"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_false_proof_of_absence_is_found() {
    let (server, other, _) = world().await;
    let none = asked(&server, ONE, "act=approve&by=2016-12-31", &other).await;
    assert_eq!(none.kinds(|_| {}), []);
    let absence =
        |from: &'static str, to: &'static str| none.kinds(|files| edit(files, CLAIM, from, to));
    // What is claimed is on record, or not what the entries are of.
    assert_eq!(absence("\"Approved\"", "\"Applied\""), [Kind::Absence]);
    assert_eq!(absence("-440000", "-110000"), [Kind::Absence]);
    assert_eq!(absence("2016-12-31", "2016-12-32"), [Kind::Malformed]);
    assert_eq!(
        absence("\"recorded_up_to\": \"0000", "\"recorded_up_to\": \"0009"),
        [Kind::Absence]
    );
    let lines = |files: &docket::verify::bundle::Files, path: &str| -> Vec<String> {
        String::from_utf8(files[path].clone()).unwrap().lines().map(str::to_owned).collect()
    };
    for (path, leave_out) in [("data/entries.txt", 0), ("data/events.ndjson", usize::MAX)] {
        let kinds = none.kinds(|files| {
            let mut lines = lines(files, path);
            lines.remove(leave_out.min(lines.len() - 1));
            files.insert(path.to_owned(), (lines.join("\n") + "\n").into_bytes());
        });
        assert_eq!(kinds, [Kind::Absence], "{path}");
    }
    let kinds = none.kinds(|files| {
        files.remove("data/entries.txt");
    });
    assert_eq!(kinds, [Kind::Absence]);
    let kinds = none.kinds(|files| edit(files, "data/entries.txt", "A", "?"));
    assert_eq!(kinds, [Kind::Malformed]);
}
