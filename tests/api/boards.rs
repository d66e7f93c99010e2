//! Scoreboard, cohorts, totals and what waits, over the whole exercise: every figure opens exactly what it
//! counts.

use super::support::*;
use docket::api::auth::Role;
use docket::cli::demo::data::DataSet;
use docket::cli::demo::load;
use serde_json::{Value, json};

pub async fn exercised() -> Server {
    let server = server().await;
    let set = DataSet::exercise().unwrap();
    let tokens = |role: &str, office: &str, divisions: &[String]| {
        let divisions: Vec<&str> = divisions.iter().map(String::as_str).collect();
        let roles = [Role::Registrar, Role::NationalOffice, Role::Province];
        let role = roles.into_iter().find(|known| known.to_string() == role).unwrap();
        server.client(role, office, &divisions).token
    };
    load(&server.base, &tokens, &set, &mut |_, _| {}).await.unwrap();
    let head = server.app.log().head().await.unwrap().unwrap();
    let mut status = server.state.models_status.clone();
    status.wait_for(|status| status.has(head)).await.unwrap();
    server
}

pub async fn asked(server: &Server, path: &str) -> Value {
    server.auditor().get(path).await.ok(200).json()
}

/// Every item of a list, page by page.
pub async fn listed(server: &Server, path: &str) -> Vec<Value> {
    let sign = if path.contains('?') { '&' } else { '?' };
    let (mut path, mut items) = (format!("{path}{sign}limit=1000"), Vec::new());
    loop {
        let page = asked(server, &path).await;
        items.extend(page["items"].as_array().unwrap().iter().cloned());
        let Some(next) = page["next"].as_str() else { return items };
        path = next[next.find("/v1/").unwrap()..].to_owned();
    }
}

/// The figures in an answer, each with where it stands.
fn figures(value: &Value, at: String, found: &mut Vec<(String, u64, String)>) {
    match value {
        Value::Object(members) => {
            if let (Some(count), Some(opens)) = (members.get("count"), members.get("opens")) {
                let (count, opens) = (count.as_u64().unwrap(), opens.as_str().unwrap());
                found.push((at, count, opens.to_owned()));
                return;
            }
            for (name, member) in members {
                figures(member, format!("{at}/{name}"), found);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                figures(item, format!("{at}/{index}"), found);
            }
        }
        _ => {}
    }
}

/// Opens every figure; how many of them were more than none.
async fn opens_what_it_counts(server: &Server, path: &str) -> usize {
    let body = asked(server, path).await;
    let mut found = Vec::new();
    figures(&body, String::new(), &mut found);
    let mut more = 0;
    for (at, count, opens) in found {
        let counted = match opens.contains("/quotas?") {
            true => {
                let quotas = asked(server, &opens).await;
                let [quota] = &quotas["quotas"].as_array().unwrap()[..] else {
                    panic!("{opens}: {quotas}")
                };
                let holders = quota["holders"].as_array().unwrap();
                assert!(holders.iter().all(|holder| holder["event"] != ""), "{holders:?}");
                let taken = holders.len() as u64;
                let limit = quota["limit"].as_u64().unwrap();
                match at.rsplit('/').next().unwrap() {
                    "free" => limit.saturating_sub(taken),
                    "over" => taken.saturating_sub(limit),
                    _ => taken,
                }
            }
            false => listed(server, &opens).await.len() as u64,
        };
        assert_eq!(counted, count, "{path} {at} opens {opens}");
        more += usize::from(count > 0);
    }
    more
}

#[tokio::test(flavor = "multi_thread")]
async fn every_figure_of_the_exercise_opens_exactly_what_it_counts() {
    let server = exercised().await;
    let provinces = "/v1/programs/exercise_strong_province";
    let mut more = 0;
    for path in [
        format!("{provinces}/scoreboard"),
        format!("{provinces}/scoreboard?as_of=2017-06-19"),
        format!("{provinces}/scoreboard?as_of=2021-03-10&zone=silk_road"),
        format!("{provinces}/scoreboard?as_of=2021-03-10&at_sequence=200"),
        "/v1/programs/exercise_strong_city/scoreboard".to_owned(),
        "/v1/programs/exercise_cluster_area/scoreboard?zone=unassigned".to_owned(),
        "/v1/programs/exercise_navigation_base/scoreboard".to_owned(),
        "/v1/programs/exercise_brand_guidance_center/scoreboard".to_owned(),
        "/v1/events/totals".to_owned(),
        "/v1/events/totals?by=program,office,exercise".to_owned(),
        "/v1/events/totals?by=measure,article&program=exercise_cluster_area".to_owned(),
        "/v1/events/totals?by=type,article&office=province&at_sequence=300".to_owned(),
        "/v1/events/totals?by=exercise&known_at=2026-01-01T00:00:00Z".to_owned(),
        "/v1/programs/exercise_cluster_area/cohorts".to_owned(),
        "/v1/programs/exercise_cluster_area/cohorts?as_of=2018-06-30".to_owned(),
        format!("{provinces}/cohorts"),
        "/v1/obligations/totals?program=exercise_cluster_area&province=x01".to_owned(),
        "/v1/obligations/totals?exercise=true&due_year=2019&as_of=2020-06-30".to_owned(),
        "/v1/obligations/totals?exercise=true&office=national_office".to_owned(),
        "/v1/obligations/totals?exercise=true&by=office,year".to_owned(),
        "/v1/obligations/totals?exercise=true&by=province&province=x01&office=province".to_owned(),
        "/v1/obligations/totals?exercise=true&by=year,month&due_year=2019".to_owned(),
        "/v1/obligations/totals?exercise=true&by=month&due_month=2016-01/2018-12&as_of=2017-06-30"
            .to_owned(),
        "/v1/obligations/totals?exercise=true&by=office&due_month=2018-06/2019-03".to_owned(),
        "/v1/obligations/totals?exercise=true&by=month&due_year=undated".to_owned(),
        "/v1/exceptions?exercise=true".to_owned(),
        "/v1/exceptions?program=exercise_strong_province&until=2018-12-31".to_owned(),
    ] {
        let figures = opens_what_it_counts(&server, &path).await;
        assert!(figures > 0, "{path}: {figures}");
        more += figures;
    }
    assert!(more > 200, "{more}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_scoreboard_says_what_the_exercise_did() {
    let server = exercised().await;
    let path = "/v1/programs/exercise_strong_province/scoreboard?as_of=2017-06-19";
    let board = asked(&server, path).await;
    let leading = &board["places"][0];
    let figures = ["taken", "reserved", "attested", "overridden", "free", "over"];
    let figures = figures.map(|figure| leading[figure]["count"].as_u64().unwrap());
    assert_eq!(figures, [6, 0, 0, 1, 0, 1], "{leading}");
    assert_eq!((&leading["limit"], &leading["category"]["id"]), (&json!(5), &json!("leading")));
    // The overridden place opens the approval that took it, which says why.
    let opened = asked(&server, leading["overridden"]["opens"].as_str().unwrap()).await;
    let event = opened["quotas"][0]["holders"][0]["event"].as_str().unwrap().to_owned();
    let event = asked(&server, &format!("/v1/events/{}", event.split('#').nth(1).unwrap())).await;
    assert_eq!(event["type"], "Approved");
    // 2017 lies in the first stage alone, 2020 in two.
    assert_eq!(board["stages"].as_array().unwrap().len(), 1);
    let boundary = asked(&server, &path.replace("2017-06-19", "2020-06-19")).await;
    assert_eq!(boundary["stages"].as_array().unwrap().len(), 2);
    let targets = board["targets"].as_array().unwrap();
    let ranges: Vec<_> = targets.iter().filter(|one| !one["standing"].is_null()).collect();
    assert_eq!(ranges.len(), 3);
    assert_eq!((&ranges[0]["from"], &ranges[0]["to"]), (&json!(3), &json!(4)));
    assert_eq!(ranges[0]["short_of"], 3);
    // A text is never computed.
    let texts: Vec<_> = targets.iter().filter(|one| one["standing"].is_null()).collect();
    assert_eq!(texts.len(), targets.len() - 3);
    assert!(texts.iter().all(|one| one["from"].is_null() && one["short_of"].is_null()));
    let zones = board["zones"].as_array().unwrap();
    let named: Vec<_> = zones.iter().map(|zone| zone["zone"]["id"].as_str().unwrap()).collect();
    let expected =
        ["bohai_rim", "yangtze_river_delta", "pearl_river_delta", "silk_road", "unassigned"];
    assert_eq!(named, expected);
    let cities = asked(&server, "/v1/programs/exercise_strong_city/scoreboard").await;
    assert_eq!(
        (&cities["targets"][0]["from"], &cities["targets"][0]["about"]),
        (&json!(20), &json!(true))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_what_the_statuses_say_and_can_be_subscribed_to() {
    let server = exercised().await;
    for day in ["2016-06-30", "2021-06-30", "2026-11-22"] {
        let moves = listed(&server, &format!("/v1/moves?exercise=true&as_of={day}")).await;
        assert!(moves.iter().any(|one| one["kind"] == "obligation"), "{day}");
        // Each office of each subject that a status waits for stands in the list, and no other.
        let list = format!("/v1/enrollments?exercise=true&as_of={day}");
        for enrollment in listed(&server, &list).await {
            let address = enrollment["self"].as_str().unwrap();
            let status = asked(&server, &format!("{address}?as_of={day}")).await;
            for waiting in status["waiting_for"].as_array().unwrap() {
                let office = &waiting["office"];
                let found = moves.iter().any(|one| {
                    one["enrollment"] == address
                        && (one["office"] == *office
                            || one["with"].as_array().unwrap().contains(office))
                });
                assert!(found, "{day} {address}: {waiting}");
            }
        }
        for one in moves.iter().filter(|one| one["kind"] == "decision") {
            let address = one["enrollment"].as_str().unwrap();
            let status = asked(&server, &format!("{address}?as_of={day}")).await;
            let waiting = status["waiting_for"].as_array().unwrap();
            let is_said = |waiting: &&Value| {
                waiting["office"] == one["office"] && waiting["act"] == one["act"]
            };
            let waiting = waiting.iter().find(is_said).unwrap_or_else(|| panic!("{one}"));
            assert!(one["waiting_days"].as_i64() <= waiting["days"].as_i64(), "{one} {waiting}");
        }
    }
    // Page by page it is the same list.
    let all = listed(&server, "/v1/moves?exercise=true&as_of=2016-06-30").await;
    let (mut path, mut walked) =
        ("/v1/moves?exercise=true&as_of=2016-06-30&limit=3".to_owned(), Vec::new());
    loop {
        let page = asked(&server, &path).await;
        walked.extend(page["items"].as_array().unwrap().iter().cloned());
        let Some(next) = page["next"].as_str() else { break };
        path = next[next.find("/v1/").unwrap()..].to_owned();
    }
    assert_eq!(walked, all);
    // By office; with what it owes together with others.
    let own =
        listed(&server, "/v1/moves?exercise=true&as_of=2016-06-30&office=national_office").await;
    let of = |one: &&Value| {
        one["office"] == "national_office"
            || one["with"].as_array().unwrap().contains(&json!("national_office"))
    };
    let expected: Vec<_> = all.iter().filter(of).cloned().collect();
    assert_eq!(own, expected);

    let forms = [
        ("text/csv", "kind,program,"),
        ("application/atom+xml", "<feed"),
        ("text/calendar", "BEGIN:VEVENT"),
    ];
    for (media, holds) in forms {
        let request = server.auditor().request("GET", "/v1/moves?exercise=true&as_of=2016-06-30");
        let reply = send(request.header("accept", media)).await.ok(200);
        let body = String::from_utf8(reply.body.to_vec()).unwrap();
        assert!(body.contains(holds), "{body}");
        if media == "text/csv" {
            assert_eq!(body.trim_end().lines().count(), all.len() + 1, "{body}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn totals_say_who_was_late_by_how_many_days_the_national_office_first() {
    let server = exercised().await;
    let totals = asked(&server, "/v1/obligations/totals?exercise=true").await;
    let items = totals["items"].as_array().unwrap();
    assert_eq!(items[0]["office"], "national_office");
    let late: Vec<_> = items.iter().filter(|one| one["late"]["count"] != 0).collect();
    assert!(!late.is_empty());
    for one in late {
        let listed = listed(&server, one["late"]["opens"].as_str().unwrap()).await;
        let days: Vec<_> = listed.iter().map(|item| item["days_late"].as_i64().unwrap()).collect();
        assert_eq!(one["days_late_sum"], days.iter().sum::<i64>());
        assert_eq!(one["days_late_max"], *days.iter().max().unwrap());
    }
    for path in [
        "/v1/programs/exercise_strong_province/scoreboard",
        "/v1/programs/exercise_cluster_area/cohorts",
    ] {
        let body = asked(&server, path).await;
        let mut found = Vec::new();
        figures(&body, String::new(), &mut found);
        let csv = server.auditor().request("GET", path).header("accept", "text/csv");
        let lines = String::from_utf8(send(csv).await.ok(200).body).unwrap();
        let opening = lines.lines().filter(|line| line.contains("/v1/")).count();
        assert_eq!(opening, found.len(), "{lines}");
    }
    let request = server.auditor().request("GET", "/v1/obligations/totals?exercise=true");
    let csv = send(request.header("accept", "text/csv")).await.ok(200);
    let lines = String::from_utf8(csv.body.to_vec()).unwrap();
    assert_eq!(lines.trim_end().lines().count(), items.len() + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_decided_again_stays_in_the_earlier_cohort() {
    let server = exercised().await;
    let cohorts = asked(&server, "/v1/programs/exercise_cluster_area/cohorts").await;
    let rounds = cohorts["rounds"].as_array().unwrap();
    let again: u64 =
        rounds.iter().map(|round| round["decided_again"]["count"].as_u64().unwrap()).sum();
    assert!(again > 0, "{rounds:#?}");
    for round in rounds {
        let became = round["became"].as_array().unwrap().iter();
        let became: u64 = became.map(|one| one["members"]["count"].as_u64().unwrap()).sum();
        assert_eq!(round["members"]["count"], became);
    }
    let one = asked(&server, "/v1/programs/exercise_cluster_area/cohorts?round=2014").await;
    assert_eq!(one["rounds"].as_array().unwrap().len(), 1);
    assert_eq!(one["batches"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_measure_declares_is_refused() {
    let server = server().await;
    for (path, parameter) in [
        ("/v1/enrollments?zone=nowhere", "zone"),
        ("/v1/enrollments?stands_at=somewhere", "stands_at"),
        ("/v1/enrollments?decided_in_round=%20", "decided_in_round"),
        ("/v1/enrollments?decided_again=true", "decided_again"),
        ("/v1/programs/strong_province/scoreboard?zone=x", "zone"),
        ("/v1/programs/strong_province/quotas?category=x", "category"),
        ("/v1/programs/strong_province/quotas?held=taken,attested", "held"),
        ("/v1/obligations?due_year=soon", "due_year"),
        ("/v1/obligations/totals?due_year=0", "due_year"),
        ("/v1/obligations/totals?by=colour", "by"),
        ("/v1/obligations/totals?due_month=2026-13", "due_month"),
        ("/v1/obligations?due_month=2026-1", "due_month"),
        ("/v1/obligations?due_month=2027-01/2026-12", "due_month"),
        ("/v1/moves?office=nobody", "office"),
    ] {
        let problem = server.auditor().get(path).await.problem(400, "malformed-request");
        assert_eq!(problem["errors"][0]["parameter"], parameter, "{path}");
    }
    server.auditor().get("/v1/programs/none/scoreboard").await.problem(404, "not-found");
    server.auditor().get("/v1/programs/none/cohorts").await.problem(404, "not-found");
}

/// An answer without addresses, and without what it says of itself.
fn bare(mut body: Value) -> Value {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(members) => {
                members.remove("opens");
                members.values_mut().for_each(strip);
            }
            Value::Array(items) => items.iter_mut().for_each(strip),
            _ => {}
        }
    }
    strip(&mut body);
    for member in ["known_to_sequence", "read_to_sequence", "projection", "next"] {
        body.as_object_mut().unwrap().remove(member);
    }
    body
}

/// What was counted is kept, and brought up to date by what was recorded since: it is what is counted anew
/// by as much of the log.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_follows_what_is_recorded() {
    let server = server().await;
    let ids = ["110000", "310000", "320000", "330000", "370000", "440000"];
    server.register(&ids).await;
    let (province, national) = (server.province("440000"), server.national());
    let (one, two) = ("strong_province/440000", "strong_province/110000");
    let mut recorded = Vec::new();
    let paths = [
        "/v1/programs/strong_province/scoreboard?as_of=2026-11-22",
        "/v1/programs/strong_province/scoreboard?as_of=2026-11-22&zone=unassigned",
        "/v1/exceptions?limit=1000",
        "/v1/exceptions?limit=1000&program=strong_province&kind=back_dated,late_filing",
        "/v1/exceptions?limit=1000&subject=440000",
        "/v1/exceptions?limit=1000&office=national_office&from=2016-03-01&until=2016-03-31",
        "/v1/exceptions?limit=1000&province=110000",
        "/v1/moves?limit=1000",
        "/v1/moves?limit=1000&province=440000",
        "/v1/obligations/totals?as_of=2026-11-22",
        "/v1/obligations/totals?as_of=2026-11-22&province=440000&office=province",
        "/v1/programs/strong_province/cohorts?as_of=2026-11-22",
        "/v1/events/totals?by=type,office,article",
        "/v1/programs/strong_province/course?as_of=2026-11-22&every=day",
    ];
    let inspected = json!({
        "act": "inspect", "effective_on": "2017-01-01", "findings": "x", "document": document(),
    });
    for step in 0..6 {
        let reply = match step {
            0 => province.act(one, &apply("leading", "2016-01-05")).await,
            1 => national.act(one, &approve("2016-03-01")).await,
            2 => {
                let other = server.province("110000");
                other.act(two, &apply("supporting", "2016-01-06")).await
            }
            3 => national.act(two, &approve("2016-04-01")).await,
            4 => {
                let correction = json!({
                    "act": "correct", "effective_on": "2016-06-01", "reason": "a slip",
                    "corrects": recorded[1],
                });
                national.act(one, &correction).await
            }
            _ => national.act(two, &inspected).await,
        };
        let reply = reply.ok(201);
        let reply = reply.json();
        recorded.push(reply["events"][0]["reference"].as_str().unwrap().to_owned());
        let head = server.app.log().head().await.unwrap().unwrap();
        let mut status = server.state.models_status.clone();
        status.wait_for(|status| status.has(head)).await.unwrap();
        for path in paths {
            let kept = bare(asked(&server, path).await);
            let anew = bare(asked(&server, &format!("{path}&at_sequence={head}")).await);
            assert_eq!(kept, anew, "step {step}: {path}");
        }
    }
}
