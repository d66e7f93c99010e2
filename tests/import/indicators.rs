//! Lines of indicators: figures and their corrections.

use docket::domain::ids::SubjectId;
use serde_json::{Value, json};

use super::app::World;
use super::{How, empty, head, import, ndjson, written};

const INDICATOR: &str = "valid_invention_patents_per_10k";

fn observation(value: &str, unit: &str) -> Value {
    json!({"indicator": INDICATOR, "period": "2016-12", "value": value, "unit": unit,
        "source": "bulletin (invented)", "confidence": "attested"})
}

fn figure(division: &str, value: &str, unit: &str) -> Value {
    let mut figure = observation(value, unit);
    figure["division"] = json!(division);
    json!({ "record_indicator": figure })
}

fn correction(value: &str) -> Value {
    json!({"correct_indicator": {"division": "home", "reason": "revised by the source",
        "replacement": observation(value, "件/万人")}})
}

async fn stands(world: &World, division: &str) -> Vec<String> {
    let registrar = world.app.registrar();
    let id = SubjectId::parse(division).unwrap();
    let division = registrar.division(&id).await.unwrap();
    let history = registrar.indicators(&division).await.unwrap();
    history.stands().map(|(_, figure)| figure.value.to_string()).collect()
}

#[tokio::test]
async fn figures_and_corrections_are_recorded_once() {
    let world = empty().await;
    let lines = [
        figure("home", "12.60", "件/万人"),
        correction("12.71"),
        correction("12.72"),
        figure("370200", "3.1", "patents per 10,000 persons"),
        figure("total_china", "8.0", "件/万人"),
        figure("home", "12.60", "件/万人"),
    ];
    let (outcome, bad) = import(&world, &ndjson(&lines), How::Whole).await;
    assert_eq!((bad, outcome.recorded, outcome.on_record), (vec![], 5, 1));
    assert_eq!(stands(&world, "home").await, ["12.72"]);
    assert_eq!(stands(&world, "370200").await, ["3.1"]);
    let before = head(&world).await;
    let (again, bad) = import(&world, &ndjson(&lines), How::Whole).await;
    assert_eq!((bad, again.on_record, again.recorded), (vec![], 6, 0));
    assert_eq!(head(&world).await, before, "run again it changes nothing");
    let table = "record_indicator.division,record_indicator.indicator,record_indicator.period,record_indicator.value,record_indicator.unit,record_indicator.source,record_indicator.confidence\n\
        home,valid_invention_patents_per_10k,2016年12月,12.60,件/万人,bulletin (invented),attested\n";
    let (same, bad) = import(&world, &written("figures.csv", table), How::Whole).await;
    assert_eq!((bad, same.on_record), (vec![], 1), "a table says the same");
}

#[tokio::test]
async fn what_is_wrong_with_a_figure_is_named() {
    let world = empty().await;
    let before = head(&world).await;
    let mut memberless = figure("home", "1", "件/万人");
    memberless["record_indicator"].as_object_mut().unwrap().remove("value");
    let mut annuls = correction("1");
    annuls["correct_indicator"].as_object_mut().unwrap().remove("replacement");
    let lines = [
        figure("home", "12.60", "件/万人"),
        figure("home", "12.61", "件/万人"),
        figure("home", "13", "percent"),
        figure("371200", "3.1", "件/万人"),
        figure("nowhere", "3.1", "件/万人"),
        memberless,
        annuls,
        json!({"record_indicator": {"indicator": INDICATOR}, "subject": "home"}),
        json!({"record_indicator": 7}),
    ];
    let (outcome, bad) = import(&world, &ndjson(&lines), How::Whole).await;
    let places: Vec<_> = bad
        .iter()
        .map(|bad| (bad.line, bad.column.as_deref().unwrap_or(""), bad.code.as_str()))
        .collect();
    let wrong = "VALIDATION_ERROR";
    assert_eq!(
        places,
        [
            (2, "", "ALREADY_DECIDED"),
            (3, "record_indicator.unit", wrong),
            (4, "record_indicator.division", "NOT_FOUND"),
            (5, "record_indicator.division", "NOT_FOUND"),
            (6, "record_indicator.value", wrong),
            (7, "correct_indicator.corrects", wrong),
            (8, "subject", wrong),
            (9, "record_indicator", wrong),
        ]
    );
    assert!(bad[0].reason.contains("line 1") && bad[0].reason_zh.contains("第1行"), "{:?}", bad[0]);
    // Each category declares it, all in one unit.
    assert_eq!(bad[1].reason.matches("patents per 10,000 persons").count(), 1, "{:?}", bad[1]);
    assert!(bad[2].reason.contains("abolished"), "{:?}", bad[2]);
    assert!(!outcome.is_recorded);
    assert_eq!(head(&world).await, before);
}
