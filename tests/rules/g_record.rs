//! G1 to G3, G5, G8: corrections, dates, the two times, refusals, both languages.

use docket::domain::act::Act;
use docket::domain::event::Event;
use docket::domain::history::{Fate, History};
use docket::domain::ids::Office::{
    LocalGovernment, NationalOffice, Province, ProvincialDepartment, Registrar,
};
use docket::domain::measure::Measure;
use docket::domain::refusal::Reason;
use serde_json::{Value, json};

use crate::lives::{
    acceptance, approved_area, area_application, pilot, province_application, recommendation,
    report,
};
use crate::story::{
    CLUSTER_2012, CLUSTER_2014, HIGH_QUALITY, PROVINCE_2015, Story, act, date, day, id, measure,
};

fn correction(story: &Story, of: u64) -> Value {
    json!({ "corrects": story.reference(of).to_string(), "reason": "recorded wrongly" })
}

fn replaced(story: &Story, of: u64, name: &str, on: &str, content: &Value) -> Value {
    let mut body = correction(story, of);
    let act = json!({ "act": name, "content": content });
    body["replacement"] = json!({ "act": act, "common": { "effective_on": on } });
    body
}

#[test]
fn g1_a_correction_stands_in_the_place_of_the_original_and_both_stay_readable() {
    let mut story = approved_area();
    let body = replaced(&story, 2, "approve", "2014-10-14", &json!({ "round": "2014" }));
    let mended = story.does(NationalOffice, "correct", "2014-11-01", body);
    assert_eq!(story.history.fate(2), Fate::Corrected { by: mended });
    assert_eq!(story.stands("2014-10-13"), "candidate.recommended");
    assert_eq!(story.state.term.as_ref().unwrap().until, date("2017-10-14"));
    assert_eq!(story.event(2).meta.effective_on, date("2014-10-12"));
    assert_eq!(story.event(mended).meta.corrects, story.reference(2).to_string());
}

/// In a log that was tampered with a correction can name itself, or an event after it: the fold looked for
/// its original for ever. It corrects nothing.
#[test]
fn g1_a_correction_of_itself_or_of_what_follows_corrects_nothing() {
    let mut story = approved_area();
    let body = correction(&story, 2);
    let by = story.does(NationalOffice, "correct", "2014-11-01", body);
    for named in [by, by + 1, u64::MAX] {
        let mut forged = History::new(story.history.stream());
        for event in story.history.events() {
            let mut event = event.clone();
            if event.revision == by
                && let Event::Acted(fact) = &mut event.event
                && let Ok(Act::Correct(correction)) = fact.act.read()
            {
                let mut correction = correction.clone();
                correction.corrects.revision = named;
                fact.act = Act::Correct(correction).into();
            }
            forged.push(event);
        }
        assert_eq!(forged.fate(2), Fate::Stands, "{named}");
        assert_eq!(forged.version_in_force(by), Some(by));
        assert_eq!(forged.original(by), by);
        assert_eq!(forged.state(), approved_area().state);
    }
}

#[test]
fn g1_a_correction_names_the_version_in_force() {
    let mut story = approved_area();
    let first = replaced(&story, 2, "approve", "2014-10-14", &json!({}));
    let stale = first.clone();
    let by = story.does(NationalOffice, "correct", "2014-11-01", first);
    let refusal = story.refuses(NationalOffice, "correct", "2014-11-02", stale);
    let in_force = Some(story.reference(by));
    assert_eq!(*refusal.reason, Reason::NotInForceVersion { in_force });
    // A correction of the correction, then one that annuls, then one that brings it back.
    let second = replaced(&story, by, "approve", "2014-10-15", &json!({}));
    let by = story.does(NationalOffice, "correct", "2014-11-03", second);
    assert_eq!(story.state.term.as_ref().unwrap().until, date("2017-10-15"));
    let annul = correction(&story, by);
    let by = story.does(NationalOffice, "correct", "2014-11-04", annul);
    // What the second one corrected stands again: the first correction, not the original.
    let first = story.history.version_in_force(2).unwrap();
    assert_eq!(story.history.fate(2), Fate::Corrected { by: first });
    assert_eq!(story.history.fate(by - 1), Fate::Annulled { by });
    assert_eq!(story.state.term.as_ref().unwrap().until, date("2017-10-14"));
    let mut unknown = correction(&story, 0);
    let id = "00000000-0000-0000-0000-00000000ffff";
    unknown["corrects"] = json!(format!("{}@0#{id}", story.history.stream()));
    let refusal = story.refuses(NationalOffice, "correct", "2014-11-06", unknown);
    assert_eq!(*refusal.reason, Reason::NotInForceVersion { in_force: None });
}

#[test]
fn g1_a_correction_is_made_by_the_office_that_acted_or_the_national_office() {
    let story = approved_area();
    let body = replaced(&story, 1, "recommend", "2014-10-11", &json!({ "opinion": "yes" }));
    let refusal = story.refuses(LocalGovernment, "correct", "2014-11-01", body);
    let required = vec![ProvincialDepartment, NationalOffice];
    assert_eq!(*refusal.reason, Reason::OfficeForbidden { required });

    // Another department is not the one that acted.
    let mut other = story.actor(ProvincialDepartment);
    other.office_id = "another department".to_owned();
    let mut then = story.clone();
    then.today("2014-11-01");
    let annul = act("correct", "2014-11-01", correction(&story, 1));
    let refusal = then.decide_as(&other, &annul).unwrap_err();
    let required = vec![NationalOffice];
    assert_eq!(*refusal.reason, Reason::OfficeForbidden { required });
    assert!(refusal.detail.en.contains("that acted (office)"), "{refusal}");
    for office in [ProvincialDepartment, NationalOffice] {
        assert!(then.decide(office, &annul).is_ok());
    }
}

/// Anyone could once correct anything, by stating `archive` with the national office in it.
#[test]
fn g1_only_the_registrar_corrects_for_another_office_out_of_an_archive() {
    let story = approved_area();
    let mut body = correction(&story, 2);
    body["archive"] = json!({ "office": "national_office", "source": "none" });
    let refusal = story.refuses(LocalGovernment, "correct", "2014-11-01", body.clone());
    assert_eq!(*refusal.reason, Reason::OfficeForbidden { required: vec![Registrar] });
    let mut then = story.clone();
    then.does(Registrar, "correct", "2014-11-01", body);
    assert_eq!(then.stands("2014-11-01"), "candidate.recommended");
}

#[test]
fn g1_an_annulled_application_leaves_the_approval_unsupported() {
    let mut story = approved_area();
    let annul = correction(&story, 0);
    let by = story.does(LocalGovernment, "correct", "2014-11-01", annul);
    assert_eq!(*story.state.unsupported, [1, 2]);
    assert_eq!((story.state.node.clone(), story.state.duties.len()), (None, 0));
    let unsettled = &story.fact(by).unsettles;
    assert_eq!(*unsettled, [story.reference(1), story.reference(2)]);
    // Both stay in the record, and come back with their ground.
    let mut again = correction(&story, by);
    again["replacement"] = json!({
        "act": { "act": "apply", "content": {
            "applicant_kind": "hi_tech_zone",
            "requirements": area_application(35)["requirements"],
        } },
        "common": { "effective_on": "2014-10-08", "materials": area_application(35)["materials"] },
    });
    story.does(LocalGovernment, "correct", "2014-11-02", again);
    assert_eq!(*story.state.unsupported, [] as [u64; 0]);
    assert_eq!(story.stands("2014-11-02"), "under_construction");
}

/// What the truth misses is found; it keeps nobody from telling the truth.
#[test]
fn g1_a_replacement_is_judged_like_the_act_itself() {
    let story = approved_area();
    let content = json!({
        "applicant_kind": "hi_tech_zone",
        "requirements": area_application(30)["requirements"],
    });
    let mut body = correction(&story, 0);
    body["replacement"] = json!({
        "act": { "act": "apply", "content": content },
        "common": { "effective_on": "2014-10-08", "materials": area_application(30)["materials"] },
    });
    let mut story = story;
    let by = story.does(LocalGovernment, "correct", "2014-11-01", body);
    let mended = story.fact(by).mended.as_ref().unwrap();
    let found = mended.fact.findings.iter().find(|f| f.code == "condition_missing").unwrap();
    assert_eq!(found.article, "Art. 6(3)");
    assert_eq!(story.stands("2014-11-01"), "under_construction");
}

#[test]
fn g2_a_decision_is_never_dated_ahead_and_its_effect_may_be() {
    let mut story = approved_area();
    story.today("2017-09-01");
    let ahead =
        json!({ "reason": "x", "document": crate::lives::document(), "decided_on": "2017-09-02" });
    let request = act("end_standing", "2017-10-01", ahead);
    let refusal = story.decide(NationalOffice, &request).unwrap_err();
    assert_eq!(*refusal.reason, Reason::DateConflict { with: None });
    let body =
        json!({ "reason": "x", "document": crate::lives::document(), "decided_on": "2017-09-01" });
    let request = act("end_standing", "2017-10-01", body);
    story.records(NationalOffice, &request).unwrap();
    // Decided, not yet in effect.
    assert_eq!(story.stands("2017-09-30"), "under_construction");
    assert_eq!(story.stands("2017-10-01"), "ended");

    // What others submit counts from the day on which it is submitted.
    let request = act("submit_report", "2017-09-02", report(2016));
    let refusal = story.decide(LocalGovernment, &request).unwrap_err();
    assert_eq!(*refusal.reason, Reason::DateConflict { with: None });
}

#[test]
fn g2_an_event_says_under_which_version_article_and_edition() {
    let story = approved_area();
    let meta = &story.event(2).meta;
    assert_eq!(meta.measure, Some(id("2014-40")));
    // The article of the act, and that of its effect on the standing; duties carry their own.
    assert_eq!(meta.article.as_deref(), Some("Art. 8, Art. 9"));
    let plan = story.state.duties.iter().find(|duty| duty.obligation == "construction_plan");
    assert_eq!(&*plan.unwrap().article, "Art. 10");
    assert_eq!(meta.edition, Some("digest of 2014-40".into()));
    assert_eq!(meta.rests_on, story.reference(1).to_string());
}

#[test]
fn g3_what_was_so_and_what_was_believed_have_different_answers() {
    let mut story = pilot("leading");
    story.today("2018-01-10");
    let body = replaced(&story, 1, "approve", "2016-06-20", &json!({ "batch": "1" }));
    story.does(NationalOffice, "correct", "2018-01-10", body);
    let believed = story.history.known_to(2);
    let node = |state: docket::domain::state::State| state.node.unwrap().to_string();
    assert_eq!(node(believed.state_at(day("2016-06-15"))), "pilot");
    assert_eq!(node(story.history.state_at(day("2016-06-15"))), "candidate.applied");
    assert_eq!(node(story.history.state_at(day("2016-06-20"))), "pilot");
}

#[test]
fn g5_a_refused_act_leaves_no_event_and_names_article_and_measure() {
    let mut story = approved_area();
    let before = (story.history.events().len(), story.state.clone());
    story.today("2017-10-12");
    let request = act("accept", "2017-10-12", acceptance("qualified", None));
    let refusal = story.records(NationalOffice, &request).unwrap_err();
    assert_eq!(refusal.article.as_deref(), Some("Art. 16"));
    assert_eq!(refusal.measure, Some(id("2014-40")));
    assert_eq!((story.history.events().len(), story.state.clone()), before);
    let unknown = story.refuses(Province, "submit_scheme", "2017-10-12", json!({ "tasks": {} }));
    assert!(
        unknown.detail.en.contains("knows no act “Submit the scheme”"),
        "{}",
        unknown.detail.en
    );
    // An office's own "no" is an act and an event.
    let mut returned = Story::area();
    returned.does(LocalGovernment, "apply", "2014-10-08", area_application(31));
    let event =
        returned.does(ProvincialDepartment, "return", "2014-10-09", json!({ "reason": "x" }));
    assert_eq!(returned.event(event).event.event_type(), "Returned");
    let late = returned.refuses(ProvincialDepartment, "recommend", "2014-10-10", recommendation());
    assert!(matches!(*late.reason, Reason::NotPermitted { .. }));
}

/// Every label of a measure file has both languages, and the Chinese one is Chinese.
fn labels(text: &str) -> usize {
    fn walk(value: &toml::Value, at: &str, found: &mut usize) {
        match value {
            toml::Value::Table(table) => {
                if let (Some(en), Some(zh)) = (table.get("en"), table.get("zh")) {
                    let (en, zh) = (en.as_str().unwrap(), zh.as_str().unwrap());
                    assert!(!en.trim().is_empty(), "{at}");
                    assert!(
                        zh.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)),
                        "{at}: {zh}"
                    );
                    *found += 1;
                }
                for (key, value) in table {
                    walk(value, &format!("{at}.{key}"), found);
                }
            }
            toml::Value::Array(list) => {
                list.iter().enumerate().for_each(|(i, v)| walk(v, &format!("{at}[{i}]"), found));
            }
            _ => {}
        }
    }
    let mut found = 0;
    walk(&toml::from_str(text).unwrap(), "measure", &mut found);
    found
}

#[test]
fn g8_labels_are_in_both_languages() {
    for text in [CLUSTER_2012, CLUSTER_2014, HIGH_QUALITY, PROVINCE_2015] {
        assert!(labels(text) > 5);
        let measure: Measure = measure(text);
        for phase in &measure.phases {
            let node = docket::domain::ids::Node::parse(&phase.id).unwrap();
            assert!(measure.label(&node).is_some());
        }
    }
    let refusal = Story::province().refuses(
        Province,
        "apply",
        "2016-03-01",
        province_application("x", "pilot"),
    );
    let zh = &refusal.detail.zh;
    assert!(!zh.contains("leading") && zh.contains('、'), "{zh}");
}
