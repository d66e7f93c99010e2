//! Tags: what they depend on, and that 304 carries what the 200 would.

use super::support::*;
use serde_json::json;

const ONE: &str = "/v1/enrollments/strong_province/440000";

async fn filled() -> (Server, u64) {
    let server = server().await;
    server.register(&["440000"]).await;
    let application = apply("leading", "2016-01-05");
    server.province("440000").act("strong_province/440000", &application).await.ok(201);
    let head = server.app.log().head().await.unwrap().unwrap();
    (server, head)
}

/// What was to be kept for ever was to be asked for again once it had been asked for twice.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_unchanged_is_kept_as_long() {
    let (server, head) = filled().await;
    let auditor = server.auditor();
    let digest = server.registrar().upload(b"exercise").await;
    let acts = auditor.get(&format!("{ONE}/acts")).await.ok(200).json();
    let act = acts["items"][0]["id"].as_str().unwrap().to_owned();
    let list = format!("/v1/enrollments?min_sequence={head}");
    for (path, immutable) in [
        ("/v1/events?limit=2".to_owned(), true),
        ("/v1/events/0".to_owned(), true),
        (format!("{ONE}/acts/{act}"), true),
        (format!("/v1/documents/{digest}"), true),
        ("/schemas/events/PlanSubmitted.v1.json".to_owned(), true),
        ("/v1/events".to_owned(), false),
        ("/v1/programs".to_owned(), false),
        (ONE.to_owned(), false),
        (format!("/v1/exports/act?at_sequence={head}"), false),
        ("/openapi.json".to_owned(), false),
        (list, false),
    ] {
        let get = || auditor.request("GET", &path).header("accept-language", "en");
        let first = send(get().header("prefer", "wait=20")).await.ok(200);
        assert_eq!(first.header("cache-control").contains("immutable"), immutable, "{path}");
        let tag = first.header("etag");
        assert!(!tag.is_empty(), "{path}");
        let again = send(get().header("if-none-match", tag)).await.ok(304);
        for name in ["cache-control", "etag", "content-language"] {
            assert_eq!(again.header(name), first.header(name), "{path} {name}");
        }
        assert!(first.header("vary").is_empty() || again.header("vary") == first.header("vary"));
    }
}

/// A copy that was made to mend another could be told apart by nobody.
#[tokio::test(flavor = "multi_thread")]
async fn the_tag_of_a_list_names_the_copy() {
    let (server, head) = filled().await;
    let auditor = server.auditor();
    for list in ["enrollments", "subjects", "obligations"] {
        for times in ["", "&at_sequence=1"] {
            if list == "subjects" && !times.is_empty() {
                continue;
            }
            let path = format!("/v1/{list}?min_sequence={head}{times}");
            let get = || auditor.request("GET", &path).header("prefer", "wait=20");
            let tag = send(get()).await.ok(200).header("etag").to_owned();
            let copy = server.state.models_status.borrow().copy.clone().unwrap().0;
            assert!(tag.starts_with("W/") && tag.contains(&copy), "{tag} {copy}");
            let other = tag.replace(&copy, "copy-999999-1.sqlite");
            send(get().header("if-none-match", &tag)).await.ok(304);
            send(get().header("if-none-match", &other)).await.ok(200);
        }
    }
}

/// A renaming and a calendar fewer added up to the same number.
#[tokio::test(flavor = "multi_thread")]
async fn what_an_answer_rests_on_is_not_added_up() {
    let one = async |renamed: bool| {
        let (server, _) = filled().await;
        let registrar = server.registrar();
        if renamed {
            let name = json!({
                "name": { "en": "Canton", "zh": "粤" }, "source": "test", "effective_on": "2020-01-01",
            });
            registrar.post("/v1/subjects/440000/renamings", &name).await.ok(201);
        } else {
            let year = json!({ "year": 2026, "rest_days": ["2026-10-01"], "working_weekends": [], "source": "test" });
            registrar.post("/v1/calendars", &year).await.ok(201);
        }
        server.auditor().get(ONE).await.ok(200).header("etag").to_owned()
    };
    let (renamed, adopted) = (one(true).await, one(false).await);
    assert_eq!(renamed, "\"0.2026-11-22.json.en.1-0-1\"");
    assert_eq!(adopted, "\"0.2026-11-22.json.en.0-1-1\"");
}
