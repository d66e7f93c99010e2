//! Reporting tables over HTTP: what they count is what the lists count, every row opens its event,
//! and what was asked for once is the same for ever.

use super::support::*;
use docket::projection::REPORTS;
use serde_json::Value;

async fn filled() -> (Server, u64) {
    let server = server().await;
    let ids = ["110000", "310000", "440000", "x01"];
    server.register(&ids).await;
    for id in ["110000", "310000"] {
        let enrollment = format!("strong_province/{id}");
        server.province(id).act(&enrollment, &apply("leading", "2016-01-05")).await.ok(201);
        server.national().act(&enrollment, &approve("2016-03-01")).await.ok(201);
    }
    let evaluated = serde_json::json!({
        "act": "evaluate_annually", "effective_on": "2017-02-01", "year": 2016, "result": "good",
    });
    server.national().act("strong_province/110000", &evaluated).await.ok(201);
    let figure = serde_json::json!({
        "indicator": "population_used", "period": "2016", "value": "21.7", "unit": "million persons",
        "source": "a yearbook", "confidence": "attested",
    });
    server.registrar().post("/v1/indicators/110000/observations", &figure).await.ok(201);
    let exercise = "exercise_strong_province/x01";
    server.province("x01").act(exercise, &apply("leading", "2016-01-05")).await.ok(201);
    let head = caught_up(&server).await;
    (server, head)
}

async fn caught_up(server: &Server) -> u64 {
    let head = server.app.log().head().await.unwrap().unwrap();
    let mut status = server.state.models_status.clone();
    status.wait_for(|status| status.has(head)).await.unwrap();
    head
}

async fn export(server: &Server, path: &str, accept: &str) -> Reply {
    let request = server.auditor().request("GET", &format!("/v1/exports/{path}"));
    send(request.header("accept", accept)).await
}

fn rows(reply: &Reply) -> Vec<csv::StringRecord> {
    csv::Reader::from_reader(&*reply.body).records().map(Result::unwrap).collect()
}

fn column<'a>(reply: &Reply, rows: &'a [csv::StringRecord], name: &str) -> Vec<&'a str> {
    let mut reader = csv::Reader::from_reader(&*reply.body);
    let index = reader.headers().unwrap().iter().position(|column| column == name).unwrap();
    rows.iter().map(|row| &row[index]).collect()
}

async fn count(server: &Server, path: &str) -> usize {
    let list = server.auditor().get(path).await.ok(200).json();
    assert_eq!(list["next"], Value::Null, "{path}");
    list["items"].as_array().unwrap().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn exports_and_lists_count_alike_and_rows_open_their_events() {
    let (server, head) = filled().await;
    let real = count(&server, "/v1/enrollments?limit=1000").await;
    let invented = count(&server, "/v1/enrollments?exercise=true&limit=1000").await;
    let subjects = count(&server, "/v1/subjects?limit=1000").await;
    let invented_subjects = count(&server, "/v1/subjects?exercise=true&limit=1000").await;
    let duties = server.auditor().get("/v1/obligations?limit=1000").await.ok(200).json();
    let duties = duties["items"].as_array().unwrap().iter();
    let duties = duties.filter(|duty| !duty["opened_by"].is_null()).count();
    let models = docket::projection::all().len();
    for (table, real, invented) in [
        ("enrollment_current", real, invented),
        ("event", usize::try_from(head).unwrap() - 1, 2),
        ("act", 5, 1),
        ("annual_result", 1, 0),
        ("obligation", duties, 0),
        ("division", subjects, invented_subjects),
        ("indicator_observation", 1, 0),
        ("place", 2, 0),
        ("freshness", models, models),
    ] {
        for (asked, prefix, there) in [("", "", real), ("?exercise=true", "exercise_", invented)] {
            let reply = export(&server, &format!("{table}{asked}"), "text/csv").await.ok(200);
            assert_eq!(rows(&reply).len(), there, "{table}{asked}");
            let name = format!("attachment; filename=\"{prefix}{table}-{head}.csv\"");
            assert_eq!(reply.header("content-disposition"), name);
            assert_eq!(reply.header("content-type"), "text/csv; charset=utf-8; header=present");
        }
    }
    for table in REPORTS.iter() {
        let reply = export(&server, table.name, "*/*").await.ok(200);
        let rows = rows(&reply);
        assert!(!rows.is_empty(), "{}", table.name);
        let ids = column(&reply, &rows, "source_event_id");
        for (sequence, id) in column(&reply, &rows, "source_sequence").into_iter().zip(ids) {
            for name in [sequence, id] {
                let event =
                    server.auditor().get(&format!("/v1/events/{name}")).await.ok(200).json();
                assert_eq!(event["id"], id);
                assert_eq!(event["sequence"], format!("{:020}", sequence.parse::<u64>().unwrap()));
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_exported_once_stays_when_more_is_known() {
    let (server, head) = filled().await;
    let mut then = Vec::new();
    for table in REPORTS.iter() {
        then.push(export(&server, table.name, "text/csv").await.ok(200));
    }
    let enrollment = "strong_province/110000";
    let acts = server.auditor().get(&format!("/v1/enrollments/{enrollment}/acts")).await.json();
    let first = &acts["items"][1];
    let reference = format!(
        "strong_province-110000@1#{}",
        first["id"].as_str().unwrap_or_else(|| panic!("{acts}"))
    );
    let mended = serde_json::json!({
        "act": "correct", "effective_on": "2016-04-01", "corrects": reference, "reason": "never signed",
    });
    server.national().act(enrollment, &mended).await.ok(201);
    let exit = serde_json::json!({
        "name": { "en": "Shanghai", "zh": "上海" }, "source": "test", "effective_on": "2020-01-01",
    });
    server.registrar().post("/v1/subjects/310000/renamings", &exit).await.ok(201);
    caught_up(&server).await;
    let mut changed = 0;
    for (table, before) in REPORTS.iter().zip(&then) {
        let path = format!("{}?at_sequence={head}", table.name);
        let again = export(&server, &path, "text/csv").await.ok(200);
        assert_eq!(again.body, before.body, "{}", table.name);
        assert_eq!(again.header("etag"), before.header("etag"));
        let now = export(&server, table.name, "text/csv").await.ok(200);
        assert_ne!(now.header("etag"), before.header("etag"));
        changed += usize::from(now.body != before.body);
        let tag = before.header("etag").to_owned();
        let request = server.auditor().request("GET", &format!("/v1/exports/{path}"));
        let kept = request.header("accept", "text/csv").header("if-none-match", tag);
        assert!(send(kept).await.ok(304).body.is_empty());
    }
    assert!(changed >= 7, "{changed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_exported_is_said() {
    let (server, head) = filled().await;
    let unknown = export(&server, "acts", "text/csv").await.problem(404, "not-found");
    assert!(unknown["detail"].as_str().unwrap().contains("enrollment_history"), "{unknown}");
    let beyond = format!("act?at_sequence={}", head + 1);
    export(&server, &beyond, "text/csv").await.problem(400, "malformed-request");
    export(&server, "act?at_sequence=last", "text/csv").await.problem(400, "malformed-request");
    export(&server, "act?as_of=2016-01-01", "text/csv").await.problem(400, "unknown-parameter");
    export(&server, "act?exercise=both", "text/csv").await.problem(400, "malformed-request");
    export(&server, "act?bom=maybe", "text/csv").await.problem(400, "malformed-request");
    let json = export(&server, "act", "application/json").await.problem(406, "not-acceptable");
    assert_eq!(json["accept"][0], "text/csv");
    let anyone = server.request("GET", "/v1/exports/act");
    send(anyone.header("accept", "text/csv")).await.problem(401, "invalid-token");
    let labels = export(&server, "label?at_sequence=1", "text/csv").await;
    labels.problem(400, "malformed-request");
    let labels = export(&server, "label", "text/csv").await.ok(200);
    let line = "strong_province,node,pilot,Pilot province,试点省（区、市）\r\n";
    assert!(String::from_utf8_lossy(&labels.body).contains(line));
    let labels = export(&server, "label?exercise=true&bom=true", "text/csv").await.ok(200);
    let line = "\r\nexercise_strong_province,node,pilot,Pilot province,试点省（区、市）\r\n";
    let text = String::from_utf8_lossy(&labels.body);
    assert!(text.starts_with("\u{feff}program,list,code,label_en,label_zh\r\n"), "{text}");
    assert!(text.contains(line) && !text.contains("\r\nstrong_province,"), "{text}");
    let marked = export(&server, "act?bom=true", "text/csv").await.ok(200);
    assert!(marked.body.starts_with("\u{feff}enrollment".as_bytes()));
    let parquet = export(&server, "act", "application/vnd.apache.parquet").await;
    if cfg!(feature = "parquet") {
        let parquet = parquet.ok(200);
        assert!(parquet.body.starts_with(b"PAR1") && parquet.body.ends_with(b"PAR1"));
        let path = "act?bom=true";
        let marked = export(&server, path, "application/vnd.apache.parquet").await;
        marked.problem(400, "malformed-request");
    } else {
        parquet.problem(406, "not-acceptable");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_that_are_behind_are_asked_for_later() {
    let (mut server, head) = filled().await;
    server.stop_read_models().await;
    server.register(&["320000"]).await;
    let path = format!("event?at_sequence={}", head + 1);
    let behind = export(&server, &path, "text/csv").await.problem(503, "projection-behind");
    assert_eq!(behind["required_sequence"], format!("{:020}", head + 1));
    assert_eq!(behind["sequence"], format!("{head:020}"));
    let reply = export(&server, "event", "text/csv").await.ok(200);
    assert_eq!(rows(&reply).len() as u64, head - 1);
    let empty = server_without_read_models().await;
    let nothing = export(&empty, "event", "text/csv").await;
    nothing.problem(503, "projection-rebuilding");
}

/// Parts are made as they are read: one that nobody reads stops there, and holds up nobody else.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_goes_away_leaves_nothing_behind() {
    let (server, _) = filled().await;
    for _ in 0..8 {
        let request = server.auditor().request("GET", "/v1/exports/event");
        drop(request.header("accept", "text/csv").send().await.unwrap());
    }
    export(&server, "event", "text/csv").await.ok(200);
    // What reads the rows ends a moment after its client has gone.
    let all_back = async {
        while server.state.exports.available_permits() < 2 {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), all_back).await.unwrap();
    assert_eq!(server.state.exports.available_permits(), 2);
}

/// HEAD said 200 where GET could not read the tables.
#[tokio::test(flavor = "multi_thread")]
async fn head_says_what_get_says_while_the_tables_are_away() {
    let (mut server, _) = filled().await;
    server.stop_read_models().await;
    let ask = async |method: &str| {
        let request = server.auditor().request(method, "/v1/exports/act");
        send(request.header("accept", "text/csv")).await
    };
    for method in ["HEAD", "GET"] {
        ask(method).await.ok(200);
    }
    let models = server.log_file().with_file_name("read-models");
    std::fs::rename(&models, models.with_extension("away")).unwrap();
    let (head, get) = (ask("HEAD").await, ask("GET").await);
    assert_eq!((head.status, get.status), (503, 503));
    assert_eq!(head.header("retry-after"), get.header("retry-after"));
    assert!(head.body.is_empty() && !get.body.is_empty());
}
