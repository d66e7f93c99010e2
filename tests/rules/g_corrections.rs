//! G1: who corrects, what an annulment brings back, and that the truth is never refused.

use docket::domain::act::ActKind;
use docket::domain::decide::Actor;
use docket::domain::history::Fate;
use docket::domain::ids::Office::{
    self, LocalGovernment, NationalOffice, Province, ProvincialDepartment, Registrar,
};
use docket::domain::refusal::Reason;
use serde_json::{Value, json};

use crate::lives::{
    LEADING, acceptance, accepted_area, approved_area, area_application, attest, attested,
    demonstrative_area, document, evaluated, failed_pilot, pilot, plan, province_application,
    reason, recommendation, report, review, scheme,
};
use crate::story::{Story, act, date, id};

fn annulment(story: &Story, of: u64) -> Value {
    json!({ "corrects": story.reference(of).to_string(), "reason": "recorded wrongly" })
}

fn replacement(story: &Story, of: u64, name: &str, on: &str, mut body: Value) -> Value {
    let mut common = json!({ "effective_on": on });
    for member in ["materials", "document", "archive", "decided_on"] {
        if let Some(stated) = body.as_object_mut().and_then(|body| body.remove(member)) {
            common[member] = stated;
        }
    }
    let mut correction = annulment(story, of);
    correction["replacement"] =
        json!({ "act": { "act": name, "content": body }, "common": common });
    correction
}

fn corrects(story: &mut Story, office: Office, body: Value) -> u64 {
    story.today(&story.now.civil_day().next().to_string());
    let today = story.now.civil_day().to_string();
    story.does(office, "correct", &today, body)
}

fn term_end(story: &Story) -> Option<String> {
    story.state.term.as_ref().map(|term| term.until.to_string())
}

#[test]
fn g1_annulling_a_chain_of_corrections_brings_back_one_after_the_other() {
    let mut story = approved_area();
    let mut chain = vec![2];
    for on in ["2014-10-14", "2014-10-16", "2014-10-18"] {
        let of = *chain.last().unwrap();
        let body = replacement(&story, of, "approve", on, json!({ "round": "2014" }));
        chain.push(corrects(&mut story, NationalOffice, body));
    }
    assert_eq!(term_end(&story).as_deref(), Some("2017-10-18"));
    for (last, until) in [(3, "2017-10-16"), (2, "2017-10-14"), (1, "2017-10-12")] {
        let body = annulment(&story, chain[last]);
        let by = corrects(&mut story, NationalOffice, body);
        assert_eq!(term_end(&story).as_deref(), Some(until));
        assert_eq!(story.history.fate(chain[last]), Fate::Annulled { by });
        // What was annulled is no version in force; neither is what annulled it.
        for stale in [chain[last], by] {
            let again =
                story.refuses(NationalOffice, "correct", "2014-12-01", annulment(&story, stale));
            let in_force = Some(story.reference(chain[last - 1]));
            assert_eq!(*again.reason, Reason::NotInForceVersion { in_force });
        }
    }
    assert_eq!(story.history.fate(2), Fate::Stands);
    // The act itself is taken back by a further correction, of that act.
    let body = annulment(&story, 2);
    let by = corrects(&mut story, NationalOffice, body);
    assert_eq!(story.history.fate(2), Fate::Annulled { by });
    assert_eq!(story.stands("2014-12-01"), "candidate.recommended");
    // The annulment was the mistake: annulled itself, the act stands again.
    let body = annulment(&story, by);
    corrects(&mut story, NationalOffice, body);
    assert_eq!(story.history.fate(2), Fate::Stands);
    assert_eq!(term_end(&story).as_deref(), Some("2017-10-12"));
    assert_eq!(*story.state.unsupported, [] as [u64; 0]);
}

#[test]
fn g1_a_replacement_of_an_annulment_stands_and_can_be_annulled() {
    let mut story = approved_area();
    let body = annulment(&story, 2);
    let annulled = corrects(&mut story, NationalOffice, body);
    let body = replacement(&story, annulled, "approve", "2014-10-20", json!({ "round": "2014" }));
    let by = corrects(&mut story, NationalOffice, body);
    assert_eq!(term_end(&story).as_deref(), Some("2017-10-20"));
    let body = annulment(&story, by);
    corrects(&mut story, NationalOffice, body);
    assert_eq!(story.history.fate(2), Fate::Annulled { by: annulled });
    assert_eq!(story.stands("2014-12-01"), "candidate.recommended");
}

fn actor(office: Office, office_id: &str, divisions: &[&str]) -> Actor {
    let divisions = divisions.iter().map(|division| (*division).to_owned()).collect();
    Actor { office, office_id: office_id.to_owned(), divisions }
}

/// Case 23: what the registrar entered for an office is that office's act.
#[test]
fn g1_the_office_that_acted_corrects_also_what_was_archived_for_it() {
    let mut story = approved_area();
    story.today("2015-03-10");
    let archive = json!({ "office": "local_government", "source": "box 7" });
    let mut body = report(2014);
    body["archive"] = archive.clone();
    let of = story.does(Registrar, "submit_report", "2015-01-20", body.clone());
    assert_eq!(&*story.event(of).meta.office_id, "local_government:futian");
    let mended = replacement(&story, of, "submit_report", "2015-01-21", report(2014));
    let request = act("correct", "2015-03-10", mended);
    let may = |story: &Story, actor: &Actor| story.decide_as(actor, &request);
    assert!(may(&story, &actor(LocalGovernment, "futian_gov", &["futian"])).is_ok());
    assert!(may(&story, &actor(NationalOffice, "cnipa", &[])).is_ok());
    for (other, required) in [
        (actor(LocalGovernment, "elsewhere", &["nanshan"]), vec![NationalOffice]),
        (actor(ProvincialDepartment, "gd", &["440000"]), vec![LocalGovernment, NationalOffice]),
        (actor(Registrar, "the registrar", &[]), vec![LocalGovernment, NationalOffice]),
    ] {
        let refusal = may(&story, &other).unwrap_err();
        assert_eq!(*refusal.reason, Reason::OfficeForbidden { required }, "{refusal}");
        assert_eq!(refusal.article.as_deref(), Some("G1"));
    }
    // Out of the archive the registrar mends it in that office's name.
    let mut archived = replacement(&story, of, "submit_report", "2015-01-21", body);
    archived["archive"] = archive;
    corrects(&mut story, Registrar, archived);

    // By its own id, where that is known.
    let mut story = approved_area();
    story.today("2015-03-10");
    let mut body = report(2014);
    body["archive"] =
        json!({ "office": "local_government", "office_id": "futian_gov", "source": "box 7" });
    let of = story.does(Registrar, "submit_report", "2015-01-20", body);
    let request = act("correct", "2015-03-10", annulment(&story, of));
    let may = |actor: &Actor| story.decide_as(actor, &request).is_ok();
    assert!(may(&actor(LocalGovernment, "futian_gov", &["futian"])));
    assert!(!may(&actor(LocalGovernment, "nanshan_gov", &["nanshan"])));
}

/// What a correction says, and the finding that it leaves.
fn is_found(mut story: Story, of: u64, name: &str, on: &str, body: Value, article: &str) {
    let now = story.now.civil_day().max(crate::story::day(on));
    story.today(&now.to_string());
    let said = format!("{name} {body}");
    let body = replacement(&story, of, name, on, body);
    let by = corrects(&mut story, NationalOffice, body);
    let mended = story.fact(by).mended.as_ref().unwrap();
    let found: Vec<_> =
        mended.fact.findings.iter().filter(|found| found.code == "condition_missing").collect();
    let articles: Vec<&str> = found.iter().map(|found| found.article.as_str()).collect();
    assert!(articles.contains(&article), "{said}: {articles:?}");
    assert!(found.iter().all(|found| !found.text.en.is_empty() && !found.text.zh.is_empty()));
    assert!(!story.state.unsupported.contains(&of), "{said} stands");
    assert_eq!(story.history.fate(of), Fate::Corrected { by });
}

/// An act of a later step, recorded on top of a life.
fn with(mut story: Story, office: Office, name: &str, on: &str, body: Value) -> Story {
    story.does(office, name, on, body);
    story
}

#[test]
fn g1_a_truth_that_misses_a_condition_is_recorded_with_a_finding() {
    let area = approved_area;
    is_found(area(), 0, "apply", "2014-10-08", area_application(20), "Art. 6(3)");
    let mut bare = area_application(40);
    bare["materials"] = json!([]);
    is_found(area(), 0, "apply", "2014-10-08", bare, "Art. 5, Art. 6, Art. 7");
    is_found(area(), 1, "recommend", "2014-10-10", json!({ "opinion": "yes" }), "Art. 7");
    is_found(area(), 1, "recommend", "2014-10-01", recommendation(), "Art. 7");
    is_found(area(), 2, "approve", "2014-10-09", json!({ "round": "2014" }), "Art. 8");
    let planned = || with(area(), ProvincialDepartment, "submit_plan", "2015-01-05", plan());
    is_found(planned(), 3, "submit_plan", "2015-01-05", json!({ "contents": {} }), "Art. 10");
    is_found(planned(), 3, "submit_plan", "2014-10-01", plan(), "Art. 10");
    let reported = || with(area(), LocalGovernment, "submit_report", "2015-01-20", report(2014));
    is_found(reported(), 3, "submit_report", "2015-01-20", report(2015), "Art. 15");
    is_found(reported(), 3, "submit_report", "2015-01-20", report(2010), "Art. 15");
    let twice = with(reported(), LocalGovernment, "submit_report", "2016-01-20", report(2015));
    is_found(twice, 5 - 1, "submit_report", "2016-01-20", report(2014), "Art. 15");
    let accepted = || accepted_area("qualified");
    is_found(accepted(), 4, "accept", "2017-03-01", acceptance("qualified", Some(1)), "Art. 16");
    is_found(accepted(), 4, "accept", "2017-10-20", acceptance("qualified", None), "Art. 16(1)");
    let silent = json!({ "result": "qualified", "findings": {}, "plan_version": 1 });
    is_found(accepted(), 4, "accept", "2017-10-20", silent, "Art. 16(1)");
    let unset = acceptance("unqualified", Some(1));
    is_found(accepted(), 4, "accept", "2017-10-20", unset, "Art. 17");
    let reviewed =
        with(demonstrative_area(), NationalOffice, "review", "2021-03-01", review("qualified"));
    is_found(reviewed, 6, "review", "2019-03-01", review("qualified"), "Art. 18");
    let mut body = json!({ "reason": "merged", "document": document() });
    let ended = with(area(), NationalOffice, "end_standing", "2016-01-01", body.clone());
    body["document"]["number"] = json!("国知办发规字〔2014〕40号");
    is_found(ended.clone(), 3, "end_standing", "2016-01-01", body, "Art. 17");
    is_found(ended, 3, "end_standing", "2016-01-01", reason(), "Art. 17");
}

#[test]
fn g1_a_truth_that_misses_a_condition_is_recorded_for_provinces_too() {
    let mut direct = Story::province();
    let body = province_application("leading", "demonstration");
    direct.does(Province, "apply", "2016-03-01", body);
    let body = json!({ "batch": "1", "override": { "justification": "by decision" } });
    let direct = with(direct, NationalOffice, "approve", "2016-06-13", body);
    is_found(direct, 1, "approve", "2016-06-13", json!({ "batch": "1" }), "III(II)");
    is_found(pilot("leading"), 1, "approve", "2016-02-01", json!({ "batch": "1" }), "III(I)1");
    let mut early = pilot("leading");
    let body = replacement(&early, 1, "approve", "2016-02-01", json!({ "batch": "1" }));
    corrects(&mut early, NationalOffice, body);
    assert_eq!(early.stands("2016-02-01"), "pilot", "of the two ranks the one that was decided");
    assert_eq!(early.on("2016-02-01").category.as_deref(), Some("leading"));
    let planned = with(pilot("leading"), Province, "submit_scheme", "2016-09-01", scheme(&LEADING));
    is_found(planned.clone(), 2, "submit_scheme", "2016-09-01", scheme(&LEADING[..3]), "II(I)4");
    is_found(planned, 2, "submit_scheme", "2016-05-01", scheme(&LEADING), "III(I)2");
    let asks = json!({ "category": "supporting", "reason": "x" });
    let asked = with(pilot("leading"), Province, "request_adjustment", "2016-10-01", asks);
    let same = json!({ "category": "leading", "reason": "x" });
    is_found(asked.clone(), 2, "request_adjustment", "2016-10-01", same, "I(II)");
    let early = json!({ "year": 2030, "result": "good" });
    let body = json!({ "year": 2017, "result": "good" });
    let yearly = with(pilot("leading"), NationalOffice, "evaluate_annually", "2018-01-10", body);
    is_found(yearly, 2, "evaluate_annually", "2018-01-10", early, "IV(II)");
    let body = json!({ "rank": "demonstration", "batch": "1", "document": document() });
    let passed =
        with(pilot("leading"), NationalOffice, "evaluate", "2019-05-15", evaluated("passed"));
    let listed = with(passed, NationalOffice, "list", "2020-03-01", body);
    let undocumented = json!({ "rank": "demonstration", "batch": "1" });
    is_found(listed.clone(), 3, "list", "2020-03-01", undocumented, "III(II)");
    let early = json!({ "rank": "demonstration", "batch": "1", "document": document() });
    is_found(listed, 3, "list", "2018-03-01", early, "III(II)");
    let exited = with(failed_pilot(), Province, "declare_exit", "2019-06-01", reason());
    is_found(exited, 3, "declare_exit", "2019-01-01", reason(), "I(II)");
}

fn lives() -> Vec<Story> {
    let mut unknown = Story::area();
    unknown.today("2026-03-01");
    let body = json!({ "what": "approved", "stands_at": "under_construction" });
    unknown.does(Registrar, "record_under_unknown_rule", "2013-09", body);
    attest(&mut unknown, "experimental", "2017", &json!({ "title": "experimental" }));
    let mut confirmed = Story::province();
    attest(&mut confirmed, "pilot", "2016-06", &json!({ "category": "leading" }));
    confirmed.does(NationalOffice, "confirm_standing", "2026-04-01", json!({}));
    let mut inspected = accepted_area("unqualified");
    inspected.does(LocalGovernment, "submit_report", "2018-01-20", report(2017));
    let of = inspected.history.events().len() as u64 - 1;
    let follows = inspected.reference(of).to_string();
    let body = json!({ "follows": follows, "findings": "x" });
    inspected.does(NationalOffice, "inspect", "2018-02-20", body);
    let body = json!({ "of": follows, "receipt_on": "2018-01-20" });
    inspected.does(NationalOffice, "acknowledge_receipt", "2018-02-21", body);
    let exited = with(failed_pilot(), Province, "declare_exit", "2019-06-01", reason());
    vec![demonstrative_area(), unknown, confirmed, inspected, exited]
}

/// Whatever stands in a record and whatever came after it, it can be taken back, and it can be moved
/// by years: what rested on it stays and is listed.
#[test]
fn g1_no_correction_is_refused_because_of_other_events() {
    for story in lives() {
        for event in story.history.events().iter().filter(|event| !event.event.is_own()) {
            let fact = event.event.fact().unwrap();
            let name = fact.act.kind().as_str();
            let annulled = {
                let mut story = story.clone();
                let body = annulment(&story, event.revision);
                let by = corrects(&mut story, NationalOffice, body);
                (story.history.fate(event.revision), by)
            };
            assert_eq!(annulled.0, Fate::Annulled { by: annulled.1 }, "{name}");
            for years in [-3, -1, 1] {
                let on = event.meta.effective_on.latest().plus_days(years * 365);
                if on > story.now.civil_day() || fact.act.kind() == ActKind::AcknowledgeReceipt {
                    continue;
                }
                let mut story = story.clone();
                let mut body = serde_json::to_value(&fact.act).unwrap();
                body["materials"] = serde_json::to_value(&fact.materials).unwrap();
                body["document"] = document();
                let on = on.to_string();
                let body = replacement(&story, event.revision, name, &on, body);
                let office = event.meta.office;
                let by = corrects(&mut story, office, body);
                assert_eq!(story.history.fate(event.revision), Fate::Corrected { by }, "{name}");
                let at = story.history.effective();
                let stands = at.standing(event.revision).unwrap();
                assert_eq!(stands.meta.effective_on.to_string(), on, "{name}");
            }
        }
    }
}

/// What an act named may be annulled after it; its own record can be mended all the same.
#[test]
fn g1_what_an_act_named_may_be_gone_when_it_is_mended() {
    let mut story = approved_area();
    let of = story.does(LocalGovernment, "submit_report", "2015-01-20", report(2014));
    let follows = story.reference(of).to_string();
    let body = json!({ "follows": follows, "findings": "x" });
    let seen = story.does(NationalOffice, "inspect", "2015-03-01", body);
    let body = annulment(&story, of);
    corrects(&mut story, LocalGovernment, body);
    let body = json!({ "follows": follows, "findings": "on the spot" });
    let body = replacement(&story, seen, "inspect", "2015-03-02", body);
    let by = corrects(&mut story, NationalOffice, body);
    let findings = &story.fact(by).mended.as_ref().unwrap().fact.findings;
    assert!(findings.iter().any(|found| found.code == "condition_missing"), "{findings:?}");
    // The counter-case: to name what is no report now is a mistake of its own.
    let mut other = approved_area();
    let seen = other.does(NationalOffice, "inspect", "2015-03-01", json!({ "findings": "x" }));
    let body = json!({ "follows": other.reference(2).to_string(), "findings": "x" });
    let body = replacement(&other, seen, "inspect", "2015-03-02", body);
    let refusal = other.refuses(NationalOffice, "correct", "2015-03-03", body);
    assert!(matches!(*refusal.reason, Reason::Invalid { .. }), "{refusal}");
}

/// The founding act was before the day of [2014] No. 40: the area passes to it on that day.
#[test]
fn g1_a_founding_act_is_moved_over_a_versions_day() {
    let mut story = approved_area();
    let body = replacement(&story, 2, "approve", "2014-09-10", json!({ "round": "2014" }));
    let by = corrects(&mut story, NationalOffice, body);
    assert_eq!(
        (story.stands("2014-09-09"), story.stands("2014-09-10")),
        (String::new(), "under_construction".into())
    );
    let meta = &story.event(by).meta;
    assert_eq!((meta.measure.clone(), meta.article.clone()), (Some(id("2012-61")), None));
    let mended = &story.fact(by).mended.as_ref().unwrap().fact;
    assert_eq!((mended.effects.opens.len(), mended.effects.term.is_none()), (0, true));
    assert_eq!(story.duties("2014-09-28"), []);
    assert_eq!(story.duty("construction_plan", 0, "2015-06-01"), None, "no plan in arrears");
    assert_eq!(term_end(&story).as_deref(), Some("2017-09-10"));
    let reports = story.state.duties.iter().find(|duty| duty.series.is_some()).unwrap();
    assert_eq!(reports.series.as_ref().unwrap().first_due, crate::story::day("2015-01-31"));
    // Brought back, it is governed by No. 40 from its own day on.
    let body = annulment(&story, by);
    corrects(&mut story, NationalOffice, body);
    assert_eq!(term_end(&story).as_deref(), Some("2017-10-12"));
    assert!(story.duty("construction_plan", 0, "2014-11-01").is_some());

    // The other way round: recorded under an unknown rule, it was under No. 40 after all.
    let mut unknown = Story::area();
    unknown.today("2026-03-01");
    let body = json!({ "what": "approved", "stands_at": "under_construction" });
    let of = unknown.does(Registrar, "record_under_unknown_rule", "2014-09-10", body.clone());
    assert_eq!(unknown.history.events().len(), 2, "the passing follows in the same append");
    assert!(unknown.state.term.is_some());
    let mended = replacement(&unknown, of, "record_under_unknown_rule", "2014-10-05", body);
    corrects(&mut unknown, Registrar, mended);
    assert_eq!(
        (unknown.stands("2014-10-05").as_str(), term_end(&unknown)),
        ("under_construction", None)
    );

    // A pilot before the Working Plan was issued.
    let mut early = pilot("leading");
    let body = replacement(&early, 1, "approve", "2015-10-01", json!({ "batch": "1" }));
    corrects(&mut early, NationalOffice, body);
    assert_eq!(early.stands("2015-10-01"), "pilot");
    assert_eq!(early.state.place.as_ref().unwrap().category, "leading");
}

/// The passing is restated where the founding act is corrected: the last one counts.
#[test]
fn g1_a_corrected_founding_act_restates_the_passing() {
    let mut story = Story::area();
    story.today("2026-03-01");
    let body = json!({ "what": "approved", "stands_at": "under_construction" });
    let of = story.does(Registrar, "record_under_unknown_rule", "2013-09-10", body.clone());
    assert_eq!(term_end(&story).as_deref(), Some("2016-09-10"));
    let mended = replacement(&story, of, "record_under_unknown_rule", "2013-11-20", body);
    let by = corrects(&mut story, Registrar, mended);
    assert_eq!(term_end(&story).as_deref(), Some("2016-11-20"));
    let body = annulment(&story, by);
    corrects(&mut story, Registrar, body);
    assert_eq!(story.state.phase_since, Some(date("2013-09-10")));
}

/// A correction of evidence may be made by the registrar who recorded it.
#[test]
fn g1_the_registrar_mends_what_the_registrar_recorded() {
    let mut story = Story::province();
    let of = attest(&mut story, "pilot", "2016-06", &json!({ "category": "leading" }));
    let mut body = attested("pilot");
    body["category"] = json!("supporting");
    let mended = replacement(&story, of, "attest_standing", "2016-07", body);
    corrects(&mut story, Registrar, mended);
    assert_eq!(story.state.category.as_deref(), Some("supporting"));
    assert_eq!(
        story.state.place.as_ref().map(|place| place.category.clone()),
        Some(id("supporting"))
    );
}
