//! Labels beside codes (G8): a Chinese answer says in Chinese what a code means, an English one in
//! English, wherever the code stands.

use super::reads::corrected;
use super::support::*;
use serde_json::{Value, json};

/// Members whose value is a code out of a closed set.
const CODED: [&str; 9] =
    ["act", "fate", "matter", "office", "owes", "provenance", "role", "status", "type"];

fn is_chinese(text: &str) -> bool {
    text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c))
}

/// Every code below a value, with its label; what is stored is shown as it is stored.
fn labelled(value: &Value, at: &str, found: &mut Vec<(String, String, String)>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members.iter().filter(|(name, _)| *name != "data") {
                let at = format!("{at}/{name}");
                if let (true, Some(code)) = (CODED.contains(&&**name), member.as_str()) {
                    let label = members.get(&format!("{name}_label"));
                    let label = label.unwrap_or_else(|| panic!("{at}: {code} has no label"));
                    found.push((at, code.to_owned(), label.as_str().unwrap().to_owned()));
                } else {
                    labelled(member, &at, found);
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| labelled(item, at, found)),
        _ => {}
    }
}

async fn answer(server: &Server, path: &str, language: &str) -> Value {
    let request = server.national().request("GET", path).header("accept-language", language);
    send(request.header("prefer", "wait=20")).await.json()
}

#[tokio::test(flavor = "multi_thread")]
async fn g8_every_code_has_its_label_in_the_language_of_the_answer() {
    let server = server().await;
    corrected(&server).await;
    server.register(&["650000"]).await;
    server.province("650000").act("strong_province/650000", &apply("leading", "2016-02-01")).await;
    let adjust = json!({
        "act": "request_adjustment", "effective_on": "2020-01-01", "category": "supporting",
        "reason": "fits better", "document": document(),
    });
    server.province("440000").act("strong_province/440000", &adjust).await.ok(201);
    let program = "exercise_strong_province";
    let guidance = json!({ "act": "record_guidance", "effective_on": "2021-03-01", "text": "g" });
    server.national().act_for(program, &guidance).await.ok(201);
    let acts = answer(&server, "/v1/enrollments/strong_province/440000/acts", "en").await;
    let act = acts["items"][0]["id"].as_str().unwrap().to_owned();
    let head = server.app.log().head().await.unwrap().unwrap();
    let one = "/v1/enrollments/strong_province/440000";
    let mut codes = std::collections::BTreeSet::new();
    for path in [
        one.to_owned(),
        format!("{one}/acts"),
        format!("{one}/acts/{act}"),
        format!("{one}/audit-trail"),
        format!("{one}/timeline"),
        format!("{one}/obligations"),
        format!("{one}/permitted-acts"),
        format!("{one}/revisions"),
        format!("{one}/revisions/1"),
        format!("/v1/enrollments?min_sequence={head}"),
        format!("/v1/obligations?min_sequence={head}"),
        format!("/v1/obligations?min_sequence={head}&exercise=true"),
        format!("/v1/programs/{program}/obligations"),
        format!("/v1/programs/{program}/acts"),
        format!("/v1/programs/{program}/audit-trail"),
        format!("/v1/programs/{program}/permitted-acts"),
        "/v1/programs/strong_province/quotas".to_owned(),
        "/v1/subjects/440000".to_owned(),
    ] {
        let (mut zh, mut en) = (Vec::new(), Vec::new());
        labelled(&answer(&server, &path, "zh-CN").await, &path, &mut zh);
        labelled(&answer(&server, &path, "en").await, &path, &mut en);
        assert_eq!(zh.len(), en.len(), "{path}");
        for ((at, code, zh), (_, _, en)) in zh.iter().zip(&en) {
            assert!(is_chinese(zh) && zh != code, "{at}: {code} is {zh}");
            assert!(!is_chinese(en) && !en.contains('_'), "{at}: {code} is {en}");
            codes.insert(at.rsplit('/').next().unwrap().to_owned());
        }
    }
    assert_eq!(codes.into_iter().collect::<Vec<_>>(), CODED);
}

/// What else is named by an id has its name beside it.
#[tokio::test(flavor = "multi_thread")]
async fn g8_programs_kinds_measures_batches_and_places_are_named() {
    let server = server().await;
    corrected(&server).await;
    let (name, number) = ("知识产权强省建设", "国知发管字〔2015〕59号");
    let one = "/v1/enrollments/strong_province/440000";
    let status = answer(&server, one, "zh-CN").await;
    assert_eq!(
        (&status["program_name"], &status["measure"]["number"]),
        (&json!(name), &json!(number))
    );
    assert_eq!(status["place"]["category_label"], "引领型");
    let permitted = answer(&server, &format!("{one}/permitted-acts"), "zh-CN").await;
    assert_eq!(permitted["measure_number"], number);
    let trail = answer(&server, &format!("{one}/audit-trail"), "zh-CN").await;
    assert_eq!(
        (&trail["program_name"], &trail["items"][0]["measure_number"]),
        (&json!(name), &json!(number))
    );
    let quotas = answer(&server, "/v1/programs/strong_province/quotas", "zh-CN").await;
    assert_eq!(
        (&quotas["program_name"], &quotas["measure_number"]),
        (&json!(name), &json!(number))
    );
    let program = answer(&server, "/v1/programs/strong_province", "zh-CN").await;
    assert_eq!(program["in_force_number"], number);
    assert_eq!(program["subject_kind_labels"][0], "省（区、市）");
    let subject = answer(&server, "/v1/subjects/440000", "zh-CN").await;
    assert_eq!(subject["kind_label"], "省（区、市）");
    let list = answer(&server, "/v1/subjects", "en").await;
    assert_eq!(list["items"][0]["kind_label"], "a province");
}

/// The problem to an act of somebody, in a language.
async fn refused(client: Client<'_>, path: &str, body: &Value, language: &str) -> Value {
    let request = client.request("POST", path);
    let headers = [("accept-language", language), ("if-match", "*"), ("idempotency-key", "\"k\"")];
    let request =
        headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    send(request.json(body)).await.json()
}

/// A clerk was given `missing_conditions` and `required_roles` without a word for them.
#[tokio::test(flavor = "multi_thread")]
async fn g8_a_problem_calls_its_codes_by_name() {
    let server = server().await;
    server.register(&["440000"]).await;
    server
        .province("440000")
        .act("strong_province/440000", &apply("leading", "2016-02-01"))
        .await
        .ok(201);
    let path = "/v1/enrollments/strong_province/440000/acts";
    let list = json!({ "act": "list", "effective_on": "2020-01-01", "rank": "demonstration",
        "batch": "1", "document": document() });
    let order = refused(server.national(), path, &list, "zh-CN").await;
    assert_eq!(order["code"], "ACT_NOT_PERMITTED", "{order}");
    assert_eq!(order["act_label"], "列名");
    assert_eq!(order["phase_label"], "申报中：已申报，待审定");
    assert_eq!(order["allowed_from_labels"], json!(["试点省（区、市）：评估合格，待列入"]));
    assert_eq!(order["missing_condition_labels"], json!(["允许该行为的状态"]));
    let permitted = order["permitted_act_labels"].as_array().unwrap();
    assert_eq!(permitted.len(), order["permitted_acts"].as_array().unwrap().len());
    assert!(permitted.iter().all(|label| is_chinese(label.as_str().unwrap())), "{permitted:?}");
    let other = refused(server.national(), path, &apply("leading", "2016-03-01"), "zh-CN").await;
    assert_eq!(other["required_role_labels"], json!(["省（区、市）"]), "{other}");
    server.national().act("strong_province/440000", &approve("2016-03-01")).await.ok(201);
    let year = json!({ "act": "evaluate_annually", "effective_on": "2017-03-01", "year": 2016,
        "result": "good" });
    server.national().act("strong_province/440000", &year).await.ok(201);
    let again = server.national().act("strong_province/440000", &year).await;
    let again = again.problem(409, "already-decided");
    let decided_by = again["decided_by"].as_str().unwrap_or_else(|| panic!("{again}"));
    assert!(decided_by.starts_with("strong_province-440000@2#"), "{decided_by}");
    let other = refused(server.auditor(), path, &list, "en").await;
    let roles = other["required_role_labels"].as_array().unwrap();
    assert_eq!((roles.len(), &roles[0]), (5, &json!("the national IP office")));
}

/// A date in a body was "not of the form" in Chinese, whatever was wrong with it.
#[tokio::test(flavor = "multi_thread")]
async fn g8_what_is_wrong_with_a_date_is_said_in_chinese_too() {
    let server = server().await;
    server.register(&["440000"]).await;
    let path = "/v1/enrollments/strong_province/440000/acts";
    for (date, why) in [("2016-02-30", "2016年该月有29天"), ("2016/2/1", "不是可以入档的日期")]
    {
        let problem =
            refused(server.province("440000"), path, &apply("leading", date), "zh-CN").await;
        let said = problem["errors"][0]["detail"].as_str().unwrap_or_else(|| panic!("{problem}"));
        assert!(said.contains(why), "{said}");
    }
}

/// What is wrong with a parameter was said in English within a Chinese sentence.
#[tokio::test(flavor = "multi_thread")]
async fn g8_what_is_wrong_with_a_parameter_is_said_in_the_language_of_the_answer() {
    let server = server().await;
    for query in [
        "as_of=2016-02-30",
        "as_of=2016-02",
        "as_of=2999-01-01",
        "as_of=2016-13-01",
        "known_at=x",
        "known_at=2016-01-01T00:00:00",
        "round=",
        "phase=nope",
        "provenance=nope",
        "exercise=maybe",
        "limit=-1",
        "kind=nope",
        "province=a%20b",
        "at_sequence=x",
        "at_sequence=999999",
        "at_sequence=1&known_at=2026-01-01T00:00:00Z",
        "limit=1&limit=2",
    ] {
        let problem = answer(&server, &format!("/v1/enrollments?{query}"), "zh-CN").await;
        let name = query.split('=').next().unwrap();
        let said = problem["errors"][0]["detail"].as_str().unwrap_or_else(|| panic!("{problem}"));
        assert!(is_chinese(said), "{query}: {said}");
        for word in said.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| word.len() > 2) {
            // Codes that would be taken, and how a form is written, are no English.
            let known = ["nope", "maybe", "true", "false", "known", "YYYY", "RFC"];
            let code = word.chars().all(|c| c.is_ascii_uppercase()) || said.contains("可用的有");
            assert!(code || known.contains(&word), "{query}: {said}");
        }
        let detail = problem["detail"].as_str().unwrap();
        assert_eq!(
            detail,
            format!("参数 {}：{said}", problem["errors"][0]["parameter"].as_str().unwrap())
        );
        let english = answer(&server, &format!("/v1/enrollments?{query}"), "en").await;
        assert!(!is_chinese(english["errors"][0]["detail"].as_str().unwrap()), "{name}: {english}");
    }
}
