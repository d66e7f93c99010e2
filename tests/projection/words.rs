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
    On 8 October 2014 the local people's government of Futian applied (Art. 5, Art. 6, Art. 7); it now stands at “Candidate: Applied”; Number of IP service agencies: the day and the source of the count are not stated.
    On 20 October 2014 the provincial IP department verified and recommended the application of Futian (Art. 7); it now stands at “Candidate: Recommended”.
    On 30 November 2014 SIPO approved the application of Futian in the round of 2014 (Art. 8, Art. 9); it now stands at “Under construction as experimental area”; its term ends on 30 November 2017; the provincial IP department and the local people's government owe: Construction Plan, by 28 February 2015 (Art. 10); the local people's government owes: Written report on the work of the previous year, every year, first by 31 January 2015 (Art. 15); the provincial IP department and the local people's government owe: Department in charge of the construction, without a due date (Art. 13); the provincial IP department owes: Guidance and support by the provincial department, without a due date (Art. 13); the local people's government owes: Guidance and support by the local people's government, without a due date (Art. 13); the local people's government owes: Special agencies for the construction, without a due date (Art. 13); the local people's government owes: Personnel for the construction, without a due date (Art. 13); the local people's government owes: Supportive funds, without a due date (Art. 13); the national IP office owes: Check and acceptance, from 1 December 2017 on, without a due date (Art. 16).
    On 20 February 2015 the provincial IP department submitted the Construction Plan of Futian (Art. 10); this meets: Construction Plan, received on 1 January 2030, 5419 days late; the plan does not say that it takes up: Creating a better environment to promote the development of intellectual property service sector and consolidating the development foundation; Integrating and optimizing resources and gathering service forces; Activating the service market and giving play to the role of intellectual property service in supporting technological innovation and economic development; Cultivating brand agencies, and regulating the service market; Deepening international communication and cultivating high-end service talents.
    On 20 January 2015 the local people's government of Futian submitted its report on the year 2014 (Art. 15); the national IP office owes: Inspection in accordance with the report, without a due date (Art. 15); this meets: Written report on the work of the previous year, due in 2015, received on 1 January 2030, 5447 days late.
    In June 2015 SIPO inspected Futian: f (Art. 15).
    On 20 January 2016 the local people's government of Futian submitted its report on the year 2015 (Art. 15); the national IP office owes: Inspection in accordance with the report, without a due date (Art. 15); this meets: Written report on the work of the previous year, due in 2016, received on 1 January 2030, 5083 days late.
    On 10 December 2017 SIPO decided the check and acceptance of Futian as “qualified”, measured against version 1 of its plan (Art. 16, Art. 17); it now stands at “Experimental area”; it holds the title “Cluster Development Experimental Area of the National Intellectual Property Service Sector” from 10 December 2017, without expiry; this meets: Check and acceptance.
    On 15 January 2018 the local people's government of Futian submitted its report on the year 2017 (Art. 15); the national IP office owes: Inspection in accordance with the report, without a due date (Art. 15); this meets: Written report on the work of the previous year, due in 2018, received on 1 January 2030, 4353 days late.
    In May 2018 the local people's government of Futian asked for another check and acceptance (Art. 17).
    On 1 September 2018 SIPO decided the check and acceptance of Futian as “excellent”, measured against version 1 of its plan (Art. 17); it now stands at “Experimental area: Accepted as excellent, to be confirmed”; the national IP office owes: Confirmation as demonstrative area, without a due date (Art. 17).
    On 1 October 2018 SIPO confirmed the title of Futian (Art. 17, Art. 18); it now stands at “Demonstrative area”; it holds the title “Demonstrative Cluster Development Area of the National Intellectual Property Service Sector” from 1 October 2018, until 1 October 2021; the national IP office owes: Review of the demonstrative title, from 2 October 2021 on, without a due date (Art. 18); this meets: Confirmation as demonstrative area.
    "#);
}

#[test]
fn a_life_in_chinese() {
    let mut world = filled();
    cluster_area(&mut world, "cluster_area", "futian");
    insta::assert_snapshot!(sentences(&world, STREAM, "cluster_area", Language::Zh), @r#"
    2014年10月8日，福田所在地人民政府提出申报（第五条、第六条、第七条）；此后状态为“申报中：已申请，待推荐”；知识产权服务机构数量：未注明统计日期和来源。
    2014年10月20日，省级知识产权主管部门核实并推荐福田的申报（第七条）；此后状态为“申报中：已推荐，待审批”。
    2014年11月30日，国家知识产权局批准福田的申报（2014年度）（第八条、第九条）；此后状态为“试验区建设期”；期限于2017年11月30日届满；由省级知识产权主管部门、地方人民政府不晚于2015年2月28日提交建设方案（第十条）；由地方人民政府逐年报送上一年度工作书面报告，首次不晚于2015年1月31日（第十五条）；由省级知识产权主管部门、地方人民政府确定集聚区建设主管部门（未规定期限，第十三条）；由省级知识产权主管部门加强指导、加大支持（未规定期限，第十三条）；由地方人民政府加强指导、加大支持（未规定期限，第十三条）；由地方人民政府指定或设立专门机构（未规定期限，第十三条）；由地方人民政府配备专门人员（未规定期限，第十三条）；由地方人民政府保障配套经费（未规定期限，第十三条）；由国家知识产权局自2017年12月1日起组织验收（未规定期限，第十六条）。
    2015年2月20日，省级知识产权主管部门提交福田的建设方案（第十条）；据此履行提交建设方案的义务；收到日2030年1月1日，逾期5419日；方案未注明涉及：营造促进知识产权服务业发展的良好环境，夯实发展基础；整合优化资源，集聚服务力量；激活服务市场，发挥知识产权服务对科技创新和经济发展的支撑作用；培育品牌机构，规范服务市场；深化国际交流，培养高端服务人才。
    2015年1月20日，福田所在地人民政府报送2014年度工作书面报告（第十五条）；由国家知识产权局根据年度报告组织检查（未规定期限，第十五条）；据此履行2015年到期的报送上一年度工作书面报告的义务；收到日2030年1月1日，逾期5447日。
    2015年6月，国家知识产权局检查福田：f（第十五条）。
    2016年1月20日，福田所在地人民政府报送2015年度工作书面报告（第十五条）；由国家知识产权局根据年度报告组织检查（未规定期限，第十五条）；据此履行2016年到期的报送上一年度工作书面报告的义务；收到日2030年1月1日，逾期5083日。
    2017年12月10日，国家知识产权局对福田作出验收结论：合格，对照其建设方案第1版（第十六条、第十七条）；此后状态为“集聚发展试验区”；自2017年12月10日起获得“国家知识产权服务业集聚发展试验区”称号，不设有效期；据此履行组织验收的义务。
    2018年1月15日，福田所在地人民政府报送2017年度工作书面报告（第十五条）；由国家知识产权局根据年度报告组织检查（未规定期限，第十五条）；据此履行2018年到期的报送上一年度工作书面报告的义务；收到日2030年1月1日，逾期4353日。
    2018年5月，福田所在地人民政府申请再次验收（第十七条）。
    2018年9月1日，国家知识产权局对福田作出验收结论：优秀，对照其建设方案第1版（第十七条）；此后状态为“集聚发展试验区：验收优秀，待确认”；由国家知识产权局确认为集聚发展示范区（未规定期限，第十七条）。
    2018年10月1日，国家知识产权局确认福田的称号（第十七条、第十八条）；此后状态为“集聚发展示范区”；自2018年10月1日起获得“国家知识产权服务业集聚发展示范区”称号，有效期至2021年10月1日；由国家知识产权局自2021年10月2日起组织复核示范区称号（未规定期限，第十八条）；据此履行确认为集聚发展示范区的义务。
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
    under_construction 2014-11-30..2017-12-10 planned 2017-11-30 Some("Art. 8, Art. 9") ["I"]
    experimental 2017-12-10..2018-10-01 planned - Some("Art. 16, Art. 17") ["I"]
    demonstrative 2018-10-01..- planned 2021-10-01 Some("Art. 17, Art. 18") ["I", "II", "III"]
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
