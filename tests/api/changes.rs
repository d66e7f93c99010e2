//! What the record answers otherwise than before: for which days, and by which event.

use super::support::*;
use serde_json::{Value, json};

async fn changes(server: &Server, query: &str) -> Value {
    server.auditor().get(&format!("/v1/changes?{query}")).await.ok(200).json()
}

fn items(body: &Value) -> &[Value] {
    body["items"].as_array().unwrap()
}

fn said<'a>(body: &'a Value, asked: &str) -> Vec<&'a Value> {
    items(body).iter().filter(|item| item["asked"] == asked).collect()
}

fn sequence_of(reply: &Reply) -> u64 {
    reply.json()["sequence"].as_str().unwrap().parse().unwrap()
}

/// An approval, and then the correction of its day: the days between are answered otherwise by the
/// correction, and the approval's earlier answer is gone.
#[tokio::test(flavor = "multi_thread")]
async fn a_correction_is_named_for_the_days_that_it_changes() {
    let server = server().await;
    server.register(&["440000"]).await;
    let province = server.province("440000");
    let application = apply("leading", "2016-01-05");
    let applied = province.act("strong_province/440000", &application).await.ok(201);
    let applied = sequence_of(&applied);
    let approved =
        server.national().act("strong_province/440000", &approve("2016-03-01")).await.ok(201);
    let reference = approved.json()["events"][0]["reference"].as_str().unwrap().to_owned();
    let approved = sequence_of(&approved);

    let first = changes(&server, &format!("since_sequence={applied}")).await;
    let standing = said(&first, "standing");
    assert_eq!(standing.len(), 1, "{first}");
    assert_eq!(standing[0]["from_day"], "2016-03-01");
    assert_eq!(
        (&standing[0]["before"]["code"], &standing[0]["after"]["code"]),
        (&json!("candidate.applied"), &json!("pilot"))
    );
    assert_eq!(standing[0]["by"]["type"], "Approved");
    assert_eq!(said(&first, "place")[0]["after"]["code"], "leading");

    let correction = json!({
        "act": "correct", "effective_on": "2016-06-01", "corrects": reference, "reason": "a slip",
        "replacement": {
            "act": { "act": "approve", "content": {} },
            "common": { "effective_on": "2016-04-01", "document": document() },
        },
    });
    server.national().act("strong_province/440000", &correction).await.ok(201);
    let then = changes(&server, &format!("since_sequence={approved}")).await;
    for asked in ["standing", "place"] {
        let changed = said(&then, asked);
        assert_eq!(changed.len(), 1, "{then}");
        let days = (&changed[0]["from_day"], &changed[0]["to_day"]);
        assert_eq!(days, (&json!("2016-03-01"), &json!("2016-04-01")));
        assert_eq!(changed[0]["by"]["type"], "Corrected");
    }
    assert_eq!(said(&then, "standing")[0]["after"]["code"], "candidate.applied");
    assert_eq!(said(&then, "place")[0]["after"], Value::Null);

    // Between the two earlier ones nothing of the correction is known.
    let between =
        changes(&server, &format!("since_sequence={applied}&at_sequence={approved}")).await;
    assert_eq!(between["items"], first["items"]);
    // As one instant after all of it: nothing is otherwise.
    let nothing = changes(&server, "since_known_at=2100-01-01T00:00:00Z").await;
    assert_eq!(items(&nothing), &[] as &[Value]);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_hold_each_enrollment_once_and_whole_and_filters_take_theirs() {
    let server = server().await;
    let ids = ["110000", "310000", "320000"];
    server.register(&ids).await;
    let begin = server.auditor().get("/v1/events?limit=1000").await.ok(200);
    let begin = begin.header("docket-last-sequence").to_owned();
    for id in ids {
        let enrollment = format!("strong_province/{id}");
        server.province(id).act(&enrollment, &apply("leading", "2016-01-05")).await.ok(201);
    }
    for id in ids {
        let enrollment = format!("strong_province/{id}");
        server.national().act(&enrollment, &approve("2016-03-01")).await.ok(201);
    }
    let all = changes(&server, &format!("since_sequence={begin}")).await;
    let mut walked = Vec::new();
    let mut page = changes(&server, &format!("since_sequence={begin}&limit=1")).await;
    let mut pages = 1;
    loop {
        walked.extend(items(&page).iter().cloned());
        let Some(next) = page["next"].as_str() else { break };
        let query = next.split_once('?').unwrap().1.to_owned();
        page = changes(&server, &query).await;
        pages += 1;
    }
    assert_eq!(json!(walked), all["items"]);
    assert!(pages >= 3, "{pages}");
    let one = changes(&server, &format!("since_sequence={begin}&subject=310000")).await;
    let whole: Vec<&Value> =
        items(&all).iter().filter(|item| item["subject"] == "310000").collect();
    assert_eq!(items(&one).iter().collect::<Vec<_>>(), whole);
    assert!(!whole.is_empty());
    let none = changes(&server, &format!("since_sequence={begin}&program=cluster_area")).await;
    assert_eq!(items(&none), &[] as &[Value]);
    let invented = changes(&server, &format!("since_sequence={begin}&exercise=true")).await;
    assert_eq!((items(&invented).len(), &invented["exercise"]), (0, &json!(true)));
}

fn figure(period: &str, value: &str) -> Value {
    json!({
        "indicator": "pct_international_applications", "period": period, "basis": "full year",
        "value": value, "unit": "applications", "confidence": "attested", "source": "a table",
    })
}

/// P14: a revised figure, one that is annulled, and a new one, each for its period and by its event.
#[tokio::test(flavor = "multi_thread")]
async fn figures_that_are_others_are_named_with_their_period_and_event() {
    let server = server().await;
    server.register(&["430000", "440000"]).await;
    let registrar = server.registrar();
    let (recorded, corrected) =
        ("/v1/indicators/440000/observations", "/v1/indicators/440000/corrections");
    let first = registrar.post(recorded, &figure("2017", "10")).await.ok(201).json();
    let second = registrar.post(recorded, &figure("2018-12", "20")).await.ok(201).json();
    let since = second["sequence"].as_str().unwrap();
    let correction = json!({
        "corrects": first["reference"], "reason": "revised", "replacement": figure("2017", "11"),
    });
    let revised = registrar.post(corrected, &correction).await.ok(201).json();
    let annulment = json!({ "corrects": second["reference"], "reason": "of another province" });
    let annulled = registrar.post(corrected, &annulment).await.ok(201).json();
    let third = registrar.post(recorded, &figure("2019", "30")).await.ok(201).json();

    let page = changes(&server, &format!("since_sequence={since}")).await;
    let seen: Vec<_> = items(&page)
        .iter()
        .map(|item| {
            let days = (item["from_day"].as_str().unwrap(), item["to_day"].as_str().unwrap());
            let values = (item["before"]["value"].as_str(), item["after"]["value"].as_str());
            (days, values, item["by"]["reference"].clone(), item["by"]["type"].as_str().unwrap())
        })
        .collect();
    let expected = [
        (("2017-01-01", "2018-01-01"), (Some("10"), Some("11")), &revised, "IndicatorCorrected"),
        (("2018-12-01", "2019-01-01"), (Some("20"), None), &annulled, "IndicatorCorrected"),
        (("2019-01-01", "2020-01-01"), (None, Some("30")), &third, "IndicatorRecorded"),
    ];
    assert_eq!(
        seen,
        expected.map(|(days, values, by, of)| (days, values, by["reference"].clone(), of))
    );
    let of = &items(&page)[0]["figure_of"];
    assert_eq!(of["indicator_label"], "Applications for PCT international patents");
    assert_eq!((&of["period"], &of["basis"]), (&json!("2017"), &json!("full year")));

    // Between the two first ones nothing is otherwise; the filters take theirs.
    let none = changes(&server, &format!("since_sequence={since}&at_sequence={since}")).await;
    assert_eq!(items(&none), &[] as &[Value]);
    for (filter, count) in [
        ("subject=440000", 3),
        ("subject=430000", 0),
        ("program=strong_province", 3),
        ("program=cluster_area", 0),
        ("exercise=true", 0),
    ] {
        let page = changes(&server, &format!("since_sequence={since}&{filter}")).await;
        assert_eq!(items(&page).len(), count, "{filter}: {page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_compared_is_said() {
    let server = server().await;
    let refused = async |query: &str, parameter: &str| {
        let reply = server.auditor().get(&format!("/v1/changes{query}")).await;
        let problem = reply.problem(400, "malformed-request");
        assert_eq!(problem["errors"][0]["parameter"], parameter, "{problem}");
    };
    refused("", "since_known_at").await;
    refused("?since_sequence=0&since_known_at=2020-01-01T00:00:00Z", "since_sequence").await;
    refused("?since_sequence=999999", "since_sequence").await;
    refused("?since_sequence=2&at_sequence=1", "since_known_at").await;
    let unknown = server.auditor().get("/v1/changes?since_sequence=1&program=none").await;
    unknown.problem(404, "not-found");
    refused("?since_known_at=yesterday", "since_known_at").await;
}
