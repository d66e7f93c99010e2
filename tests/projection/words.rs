//! Sentences, entries and the timeline of one enrollment.

use docket::domain::calendar::Calendars;
use docket::domain::date::CivilDate;
use docket::domain::ids::{Id, Language, Office};
use docket::projection::audit_trail::{Around, Standing, entries, sentence_of};
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
    let list = entries(world.history(stream), subject, versions, &Calendars::default(), language);
    list.into_iter().map(|entry| entry.sentence).collect::<Vec<_>>().join("\n")
}

/// G8: each act has a sentence in both languages, dated as sharply as its source (G11).
#[test]
fn a_life_in_english() {
    let mut world = filled();
    cluster_area(&mut world, "cluster_area", "futian");
    insta::assert_snapshot!(sentences(&world, STREAM, "cluster_area", Language::En), @r#"
    On 8 October 2014 the local people's government applied for Futian (Art. 5, Art. 6, Art. 7); it now stands at “Candidate: Applied”.
    On 20 October 2014 the provincial IP department verified and recommended the application of Futian (Art. 7); it now stands at “Candidate: Recommended”.
    On 30 November 2014 SIPO approved the application of Futian in the round of 2014 (Art. 9); it now stands at “Under construction as experimental area”; its term ends on 30 November 2017; the provincial IP department owes: Construction Plan, by 28 February 2015 (Art. 10); the local people's government owes: Written report on the work of the previous year, every year, first by 31 January 2015 (Art. 15); the local people's government owes: Designation of department in charge, agencies, personnel and funds, without a due date (Art. 13); the national IP office owes: Check and acceptance, from 1 December 2017 on, without a due date (Art. 16).
    On 20 February 2015 the provincial IP department submitted the Construction Plan of Futian (Art. 10); this meets: Construction Plan.
    On 20 January 2015 the local people's government submitted the report of Futian on the year 2014 (Art. 15); this meets: Written report on the work of the previous year, due in 2015.
    In June 2015 SIPO inspected Futian: f (Art. 15).
    On 20 January 2016 the local people's government submitted the report of Futian on the year 2015 (Art. 15); this meets: Written report on the work of the previous year, due in 2016.
    On 10 December 2017 SIPO decided the check and acceptance of Futian as “qualified”, measured against version 1 of its plan (Art. 17); it now stands at “Experimental area”; it holds the title “Cluster Development Experimental Area of the National Intellectual Property Service Sector” from 10 December 2017, without expiry; this meets: Check and acceptance.
    On 15 January 2018 the local people's government submitted the report of Futian on the year 2017 (Art. 15); this meets: Written report on the work of the previous year, due in 2018.
    In May 2018 the local people's government asked for another check and acceptance of Futian (Art. 17).
    On 1 September 2018 SIPO decided the check and acceptance of Futian as “excellent”, measured against version 1 of its plan (Art. 17); it now stands at “Experimental area: Accepted as excellent, to be confirmed”.
    On 1 October 2018 SIPO confirmed the title of Futian (Art. 18); it now stands at “Demonstrative area”; it holds the title “Demonstrative Cluster Development Area of the National Intellectual Property Service Sector” from 1 October 2018, until 1 October 2021; the national IP office owes: Review of the demonstrative title, from 2 October 2021 on, without a due date (Art. 18).
    "#);
}

#[test]
fn a_life_in_chinese() {
    let mut world = filled();
    cluster_area(&mut world, "cluster_area", "futian");
    insta::assert_snapshot!(sentences(&world, STREAM, "cluster_area", Language::Zh), @r#"
    2014年10月8日，地方人民政府为福田提出申请（第5条、第6条、第7条）；此后状态为“申报中：已申请，待推荐”。
    2014年10月20日，省级知识产权管理部门核实并推荐了福田的申请（第7条）；此后状态为“申报中：已推荐，待审批”。
    2014年11月30日，国家知识产权局批准了福田的申请（2014 年度）（第9条）；此后状态为“试验区建设中”；期限至2017年11月30日；省级知识产权管理部门应完成：建设方案，不晚于2015年2月28日（第10条）；地方人民政府应完成：上一年度工作书面报告，逐年到期，首次为2015年1月31日（第15条）；地方人民政府应完成：明确主管部门、机构、人员和经费，无到期日（第13条）；国家知识产权局应完成：验收，自2017年12月1日起，无到期日（第16条）。
    2015年2月20日，省级知识产权管理部门提交了福田的建设方案（第10条）；由此履行：建设方案。
    2015年1月20日，地方人民政府提交了福田 2014 年度工作报告（第15条）；由此履行：上一年度工作书面报告（2015年到期）。
    2015年6月，国家知识产权局检查了福田：f（第15条）。
    2016年1月20日，地方人民政府提交了福田 2015 年度工作报告（第15条）；由此履行：上一年度工作书面报告（2016年到期）。
    2017年12月10日，国家知识产权局对福田作出验收结论“合格”，依据其方案第 1 版（第17条）；此后状态为“集聚发展试验区”；自2017年12月10日起获得“国家知识产权服务业集聚发展试验区”称号，不设有效期；由此履行：验收。
    2018年1月15日，地方人民政府提交了福田 2017 年度工作报告（第15条）；由此履行：上一年度工作书面报告（2018年到期）。
    2018年5月，地方人民政府申请对福田再次验收（第17条）。
    2018年9月1日，国家知识产权局对福田作出验收结论“优秀”，依据其方案第 1 版（第17条）；此后状态为“集聚发展试验区：验收优秀，待确认”。
    2018年10月1日，国家知识产权局确认了福田的称号（第18条）；此后状态为“集聚发展示范区”；自2018年10月1日起获得“国家知识产权服务业集聚发展示范区”称号，至2021年10月1日；国家知识产权局应完成：示范区称号复核，自2021年10月2日起，无到期日（第18条）。
    "#);
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
    let list = entries(history, subject, versions, &Calendars::default(), Language::En);
    assert_eq!(list[2].fate, Standing::Corrected);
    assert_eq!(list[2].corrected_by, Some(correction.revision));
    assert_eq!(list[2].fold_day, Some(day("2014-12-01")));
    assert_eq!(&*list[2].document.as_ref().unwrap().title, "Approval");
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
    let zh = entries(history, subject, versions, &Calendars::default(), Language::Zh)
        .pop()
        .unwrap()
        .sentence;
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
    let around = Around { subject: name, versions: &none, met: &[], title: None, corrected: None };
    let sentence = sentence_of(event, &around, Language::En);
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
