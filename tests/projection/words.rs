//! Sentences, entries and the timeline of one enrollment.

use docket::domain::date::CivilDate;
use docket::domain::ids::{Id, Language, Office};
use docket::projection::audit_trail::{Standing, entries, sentence_of};
use docket::projection::timeline::{stages_between, timeline};

use super::lives::{cluster_area, construction};
use super::world;
use super::world::{World, day};

const STREAM: &str = "cluster_area-futian";

fn filled() -> World {
    let mut world = world();
    world.register("futian", "cluster_area", "440000", ("Futian", "福田"));
    world
}

fn sentences(world: &World, stream: &str, program: &str, language: Language) -> String {
    let subject = world.subject("futian");
    let versions = world.versions(program);
    let list = entries(world.history(stream), subject, versions, language);
    list.into_iter().map(|entry| entry.sentence).collect::<Vec<_>>().join("\n")
}

/// G8: each act has a sentence in both languages, dated as sharply as its source (G11).
#[test]
fn a_life_in_english() {
    let mut world = filled();
    cluster_area(&mut world, "cluster_area", "futian");
    insta::assert_snapshot!(sentences(&world, STREAM, "cluster_area", Language::En), @"");
}

#[test]
fn a_life_in_chinese() {
    let mut world = filled();
    cluster_area(&mut world, "cluster_area", "futian");
    insta::assert_snapshot!(sentences(&world, STREAM, "cluster_area", Language::Zh), @"");
}

/// G1: both stay readable, and say what became of them.
#[test]
fn a_correction_says_what_it_mends_and_entries_say_what_became_of_them() {
    let mut world = filled();
    let approval = construction(&mut world, "cluster_area", "futian");
    let correct = format!(
        r#"{{"act":"correct","effective_on":"2016-06-01","corrects":"{approval}","reason":"a day late",
            "replacement":{{"act":{{"act":"approve","content":{{"round":"2014"}}}},
            "common":{{"effective_on":"2014-12-01"}}}}}}"#
    );
    let correction = world.act("cluster_area", "futian", Office::NationalOffice, &correct);
    let (history, subject) = (world.history(STREAM), world.subject("futian"));
    let versions = world.versions("cluster_area");
    let list = entries(history, subject, versions, Language::En);
    assert_eq!(list[2].fate, Standing::Corrected);
    assert_eq!(list[2].corrected_by, Some(correction.revision));
    assert_eq!(list[2].place, Some(day("2014-12-01")));
    assert_eq!(list[2].document.as_ref().unwrap().title, "Approval");
    let last = list.last().unwrap();
    assert_eq!(
        (last.fate, last.corrects.as_deref()),
        (Standing::Stands, Some(&*approval.to_string()))
    );
    assert!(
        last.sentence
            .contains("a day late; it should say that the office, on 1 December 2014, approved"),
        "{}",
        last.sentence
    );
    let zh = entries(history, subject, versions, Language::Zh).pop().unwrap().sentence;
    assert!(zh.contains("应为：2014年12月1日"), "{zh}");
}

/// Where a measure does not name what an event names, the id is shown rather than nothing.
#[test]
fn what_has_no_label_is_shown_by_its_id() {
    let mut world = filled();
    construction(&mut world, "cluster_area", "futian");
    let event = world.history(STREAM).at(2).unwrap();
    let none = docket::domain::measure::Versions::default();
    let name = &world.subject("futian").registration.name;
    let sentence = sentence_of(event, name, &none, Language::En);
    assert!(sentence.contains("“under_construction”"), "{sentence}");
}

/// P18: planned beside actual, on the background of the stages.
#[test]
fn a_timeline_has_phases_planned_beside_actual_titles_terms_duties_and_acts() {
    let mut world = filled();
    cluster_area(&mut world, "cluster_area", "futian");
    let versions = world.versions("cluster_area");
    let stages = &world.versions("strong_province").newest().unwrap().measure.national_stages;
    let line = timeline(world.history(STREAM), versions, stages, None);
    let phases: Vec<String> = line
        .phases
        .iter()
        .map(|span| {
            let date = |date: Option<CivilDate>| date.map_or("-".to_owned(), |d| d.to_string());
            format!(
                "{} {}..{} planned {} {:?} {:?}",
                span.phase,
                span.from,
                date(span.to),
                date(span.planned_until),
                span.article,
                span.stages
            )
        })
        .collect();
    insta::assert_snapshot!(phases.join("\n"), @r#"
    candidate 2014-10-08..2014-11-30 planned - Some("Art. 5, Art. 6, Art. 7") []
    under_construction 2014-11-30..2017-12-10 planned 2017-11-30 Some("Art. 9") ["I"]
    experimental 2017-12-10..2018-10-01 planned - Some("Art. 17") ["I"]
    demonstrative 2018-10-01..- planned 2021-10-01 Some("Art. 18") ["I", "II", "III"]
    "#);
    let titles: Vec<_> = line.titles.iter().map(|held| held.what.title.as_str()).collect();
    assert_eq!(titles, ["experimental", "demonstrative"]);
    assert_eq!(line.terms.len(), 1);
    assert_eq!(line.acts.len(), 12);
    assert!(line.duties.iter().any(|duty| duty.obligation == "construction_plan"));
    let cut = timeline(world.history(STREAM), versions, stages, Some(day("2015-12-31")));
    assert_eq!(cut.phases.len(), 2);
    assert_eq!(cut.phases[1].to, None);
    assert_eq!(cut.phases[1].stages, [Id::from("I")], "as of 2015 it lies in the first stage only");
}

/// P18: boundary years belong to both stages, years before 2015 to none.
#[test]
fn boundary_years_belong_to_both_stages() {
    let world = world();
    let stages = &world.versions("strong_province").newest().unwrap().measure.national_stages;
    let between = |from: &str, to: &str| {
        let found = stages_between(stages, day(from), Some(day(to)));
        found.into_iter().map(|id| id.to_string()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(between("2012-01-01", "2014-12-31"), "");
    assert_eq!(between("2014-12-31", "2015-01-01"), "I");
    assert_eq!(between("2020-06-01", "2020-06-30"), "I II");
    assert_eq!(between("2021-01-01", "2024-12-31"), "II");
    assert_eq!(between("2025-12-31", "2026-01-01"), "II III");
    assert_eq!(stages_between(stages, day("2031-01-01"), None), Vec::<Id>::new());
}
