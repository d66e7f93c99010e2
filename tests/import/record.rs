//! What is on record after an import.

use docket::app::App;
use docket::cli::demo::data::{DataSet, What};
use docket::import::{TEMPLATE, template_csv};
use docket::log::{MAX_PAGE_EVENTS, RecordedEvent};
use serde_json::{Value, json};

use super::app::{World, act_on, registrar};
use super::{How, area, empty, evidence, head, import, ndjson, note, written};

async fn events(app: &App) -> Vec<RecordedEvent> {
    let (mut events, mut after) = (Vec::new(), None);
    loop {
        let page = app.log().read_all(after, MAX_PAGE_EVENTS).await.unwrap();
        events.extend(page.events);
        after = page.next;
        if page.end {
            return events;
        }
    }
}

/// The real record, as lines.
fn real() -> Vec<Value> {
    let set = DataSet::real().unwrap();
    let line = |step: docket::cli::demo::data::Step| {
        let mut line = match step.what {
            What::Register(registration) => json!({ "register": registration }),
            What::Act(act) if act.references.is_empty() => {
                let mut line = act.body(|_| None).unwrap();
                line["program"] = json!(act.program);
                match &act.subject {
                    Some(subject) => line["subject"] = json!(subject),
                    None => line["for_the_program"] = json!(true),
                }
                line
            }
            _ => return None,
        };
        line["key"] = json!(step.key);
        Some(line)
    };
    set.steps.into_iter().filter_map(line).collect()
}

/// Records lines one after another, as REST does.
async fn record(world: &World, lines: &[Value]) {
    for line in lines {
        let mut line = line.clone();
        let members = line.as_object_mut().unwrap();
        let key = members.remove("key").unwrap();
        let key = key.as_str().unwrap();
        if let Some(registration) = members.remove("register") {
            let registration = serde_json::from_value(registration).unwrap();
            let registrar_of = world.app.registrar();
            registrar_of.register_subject(&registrar(), registration, key).await.unwrap();
            continue;
        }
        let program = members.remove("program").unwrap();
        let program = program.as_str().unwrap();
        match members.remove("subject") {
            Some(subject) => {
                let of = (program, subject.as_str().unwrap());
                act_on(&world.app, &registrar(), of, key, line).await.unwrap();
            }
            None => {
                members.remove("for_the_program");
                world.act_as(&registrar(), program, key, line).await.unwrap();
            }
        }
    }
}

#[tokio::test]
async fn an_import_is_the_same_record_as_acts_one_after_another() {
    let lines = real();
    assert!(lines.len() > 50);
    let (one_by_one, imported) = (empty().await, empty().await);
    record(&one_by_one, &lines).await;
    let (outcome, bad) = import(&imported, &ndjson(&lines), How::Whole).await;
    assert_eq!(bad, []);
    assert!(outcome.is_recorded);
    assert_eq!((outcome.lines, outcome.recorded), (lines.len() as u64, lines.len() as u64));
    let (expected, found) = (events(&one_by_one.app).await, events(&imported.app).await);
    assert_eq!(expected.len(), found.len());
    for (expected, found) in expected.iter().zip(&found) {
        assert_eq!(expected, found);
    }
    // What is recorded next goes on from there.
    let after = json!({"act": "note", "effective_on": "2024", "text": "seen"});
    for world in [&one_by_one, &imported] {
        let of = ("cluster_area", "futian");
        act_on(&world.app, &registrar(), of, "after", after.clone()).await.unwrap();
    }
    assert_eq!(events(&one_by_one.app).await, events(&imported.app).await);
}

#[tokio::test]
async fn the_same_file_again_changes_nothing_and_a_longer_one_adds_what_is_new() {
    let world = empty().await;
    let mut lines = vec![area("one"), evidence("one", "2014-09"), note("one", "first")];
    // A line that is there twice is one act.
    lines.push(lines[2].clone());
    let (first, _) = import(&world, &ndjson(&lines), How::Whole).await;
    assert_eq!((first.recorded, first.on_record), (3, 1));
    let before = head(&world).await;
    // In whatever order the members of a line stand, and whichever number it has.
    let shuffled = written(
        "lines.ndjson",
        format!(
            "\u{feff}{}\r\n\r\n{}\n{}",
            lines[0],
            lines[2],
            r#"{"stands_at":"under_construction","source":"newspaper (invented)","confidence":"attested","effective_on":"2014-09","act":"attest_standing","subject":"one","program":"exercise_cluster_area"}"#
        ),
    );
    let (again, bad) = import(&world, &shuffled, How::Whole).await;
    assert_eq!((bad, again.on_record, again.recorded), (vec![], 3, 0));
    assert_eq!(head(&world).await, before);
    lines.push(note("one", "second"));
    let (longer, _) = import(&world, &ndjson(&lines), How::Whole).await;
    assert_eq!((longer.on_record, longer.recorded), (4, 1));
    assert_eq!(head(&world).await, before.map(|head| head + 1));
}

#[tokio::test]
async fn the_template_can_be_imported() {
    let world = empty().await;
    let (outcome, bad) = import(&world, &written("template.ndjson", TEMPLATE), How::Whole).await;
    assert_eq!(bad, []);
    assert_eq!((outcome.recorded, outcome.is_recorded), (7, true));
    let table = written("template.csv", template_csv().unwrap());
    let (outcome, bad) = import(&world, &table, How::Whole).await;
    assert_eq!((bad, outcome.recorded, outcome.on_record), (vec![], 0, 7), "they say the same");
}

#[tokio::test]
async fn trying_records_nothing() {
    let world = empty().await;
    let before = head(&world).await;
    let lines = ndjson(&[area("one"), note("one", "first")]);
    let (outcome, _) = import(&world, &lines, How::OnlyTries).await;
    assert_eq!((outcome.recorded, outcome.is_recorded), (2, false));
    assert_eq!(head(&world).await, before);
}
