//! G5 and "Who may do what": a refusal names its article and never contradicts itself, for all
//! offices, acts and places of both programs; and the offices of each act are those of the table.

use std::sync::Arc;

use docket::domain::act::ActKind;
use docket::domain::date::CivilDate;
use docket::domain::decide::{Context, check_footing, every_program_knows};
use docket::domain::ids::Office::{
    self, LocalGovernment, NationalOffice, Province, ProvincialDepartment, Registrar,
};
use docket::domain::ids::{Node, Provenance, covered};
use docket::domain::measure::Measure;
use docket::domain::refusal::{Reason, Refusal};
use docket::domain::state::{Ahead, OpenMatter, State};
use serde_json::json;

use crate::lives::{approved_area, area_application, attest, attested, document, pilot};
use crate::story::{
    CLUSTER_2014, PROVINCE_2015, Story, act, date, forbidden, invalid, measure, versions,
};

const OFFICES: [Office; 5] =
    [NationalOffice, ProvincialDepartment, Province, LocalGovernment, Registrar];

/// Every place of a measure's graph, and none.
fn nodes(measure: &Measure) -> Vec<Option<Node>> {
    let of_phase = |phase: &docket::domain::measure::Phase| {
        let steps = phase.steps.iter().map(|step| format!("{}.{}", phase.id, step.id));
        std::iter::once(phase.id.to_string()).chain(steps).collect::<Vec<_>>()
    };
    let named = measure.phases.iter().flat_map(of_phase);
    std::iter::once(None).chain(named.map(|node| Some(Node::parse(&node).unwrap()))).collect()
}

/// Standings at a node: by acts, by evidence, with everything that can await a decision, and with a
/// decision whose effect lies ahead.
fn states(measure: &Measure, node: Option<&Node>) -> Vec<State> {
    let since = date("2019-01-01");
    let plain = State {
        node: node.cloned(),
        node_since: node.map(|_| since),
        phase_since: node.map(|_| since),
        attempt: 1,
        ..State::default()
    };
    let mut shown = plain.clone();
    shown.provenance = Provenance::Attested;
    let mut asked = plain.clone();
    for matter in &measure.matters {
        let open = OpenMatter { by: 0, since, category: None, plan: None };
        Arc::make_mut(&mut asked.kept_mut().matters).insert(matter.id.clone(), open);
    }
    let mut decided = asked.clone();
    let ahead = Ahead { by: NationalOffice, since, from: date("2030-01-01"), meets: vec![] };
    Arc::make_mut(&mut decided.kept_mut().ahead).insert(1, ahead);
    vec![plain, shown, asked, decided]
}

fn refusal(story: &Story, state: &State, kind: ActKind, office: Office) -> Option<Refusal> {
    let mut actor = story.actor(office);
    actor.divisions = vec!["440000".to_owned(), story.subject.id().to_string()];
    let context = Context {
        program: &story.program,
        versions: &story.versions,
        subject: &story.subject,
        stream: story.history.stream(),
        actor: &actor,
        now: story.now,
        mending: None,
        standing_in: &|_| None,
        met_for_whole: &|_| None,
        enrolled: &|_| None,
    };
    check_footing(&context, state, kind, office, CivilDate::from(story.now.civil_day())).err()
}

#[track_caller]
fn agrees_with_itself(story: &Story, state: &State, office: Office, refusal: &Refusal) {
    let at = format!("{office:?} at {:?}: {refusal}", state.node);
    assert!(refusal.article.as_deref().is_some_and(|article| !article.is_empty()), "{at}");
    assert!(!refusal.detail.en.is_empty() && !refusal.detail.zh.is_empty(), "{at}");
    assert!(!refusal.detail.zh.contains(refusal.act.as_str()), "{at}: {}", refusal.detail.zh);
    match &*refusal.reason {
        Reason::NotPermitted { stands_at, allowed_from, missing } => {
            let stands = stands_at.as_ref().map(|at| at.id.as_str());
            assert_eq!(stands, state.node.as_ref().map(|node| node.as_str()), "{at}");
            let elsewhere = missing.iter().any(|missing| missing.id == "standing");
            let from: Vec<_> = allowed_from.iter().map(|from| from.id.clone()).collect();
            assert!(!elsewhere || !covered(&from, state.node.as_ref()), "{at}");
            assert!(!elsewhere || !allowed_from.is_empty(), "{at}");
        }
        Reason::OfficeForbidden { required } => {
            assert!(!required.is_empty() && !required.contains(&office), "{at}");
            for other in required {
                let theirs = self::refusal(story, state, refusal.act, *other);
                let same = theirs.as_ref().is_some_and(|theirs| {
                    matches!(&*theirs.reason, Reason::OfficeForbidden { .. })
                });
                assert!(!same, "{at}, nor of {other:?}: {theirs:?}");
            }
        }
        Reason::AlreadyDecided { .. } => assert!(!state.ahead.is_empty(), "{at}"),
        other => panic!("{at}: {other:?}"),
    }
}

#[test]
fn g5_no_refusal_contradicts_itself() {
    for (mut story, text) in [(Story::area(), CLUSTER_2014), (Story::province(), PROVINCE_2015)] {
        let measure = measure(text);
        story.versions = versions(vec![measure.clone()]);
        story.today("2020-06-01");
        let (mut refused, mut allowed) = (0, 0);
        for node in nodes(&measure) {
            for state in states(&measure, node.as_ref()) {
                for (kind, office) in
                    ActKind::ALL.iter().flat_map(|kind| OFFICES.map(|office| (*kind, office)))
                {
                    match refusal(&story, &state, kind, office) {
                        Some(refusal) => {
                            refused += 1;
                            agrees_with_itself(&story, &state, office, &refusal);
                        }
                        None => allowed += 1,
                    }
                }
            }
        }
        assert!(refused > 1000 && allowed > 100, "{refused} refused, {allowed} allowed");
    }
}

/// Case 32: the right office of another province, or for another area, is told the article.
#[test]
fn g5_a_refusal_for_jurisdiction_names_the_article() {
    let story = approved_area();
    let mut other = story.actor(ProvincialDepartment);
    other.divisions = vec!["110000".to_owned()];
    for (name, body, article) in [
        ("submit_plan", json!({ "contents": { "goals": "x" } }), "Art. 10"),
        ("designate", json!({ "designates": "department", "text": "x" }), "Art. 13"),
        (
            "acknowledge_receipt",
            json!({ "of": story.reference(2).to_string(), "receipt_on": "2014-10-12" }),
            "G12",
        ),
    ] {
        let refusal = story.decide_as(&other, &act(name, "2014-10-12", body)).unwrap_err();
        let division = "440000".to_owned();
        assert_eq!(*refusal.reason, Reason::JurisdictionForbidden { division }, "{name}");
        assert_eq!(refusal.article.as_deref(), Some(article), "{name}");
    }
    let mut other = story.actor(LocalGovernment);
    other.divisions = vec!["nanshan".to_owned()];
    let apply = act("apply", "2014-10-12", area_application(31));
    let mut fresh = Story::area();
    fresh.today("2014-10-12");
    let refusal = fresh.decide_as(&other, &apply).unwrap_err();
    assert!(matches!(*refusal.reason, Reason::JurisdictionForbidden { .. }), "{refusal}");
    assert_eq!(refusal.article.as_deref(), Some("Art. 5, Art. 6, Art. 7"));
}

/// What is asked of every act, whatever its measure says, names the rule of the record.
#[test]
fn g5_what_every_act_must_say_names_its_rule() {
    let story = approved_area();
    let archive = json!({ "office": "national_office", "source": "box 7" });
    for (office, name, on, body, rule) in [
        (
            NationalOffice,
            "inspect",
            "2014-10-12",
            json!({ "findings": "x", "archive": archive }),
            "G2",
        ),
        (
            NationalOffice,
            "inspect",
            "2014-10-12",
            json!({ "findings": "x", "decided_on": "2014-10-13" }),
            "G2",
        ),
        (
            NationalOffice,
            "inspect",
            "2014-10-12",
            json!({ "findings": "x", "received_on": "2014-10-12" }),
            "G12",
        ),
        (
            Registrar,
            "note",
            "2014-10-12",
            json!({ "text": "x", "received_on": "2014-10-13" }),
            "G12",
        ),
        (
            NationalOffice,
            "inspect",
            "2014-10-12",
            json!({ "findings": "x", "kept_since": { "day": "2014-10-12", "reason": "x" } }),
            "G10",
        ),
        (NationalOffice, "confirm_standing", "2014-10-12", json!({}), "G10"),
        (Registrar, "record_under_unknown_rule", "2014-10-12", json!({ "what": "x" }), "G14"),
        (LocalGovernment, "submit_scheme", "2014-10-12", json!({ "tasks": {} }), "G5"),
    ] {
        let refusal = story.refuses(office, name, on, body);
        assert_eq!(refusal.article.as_deref(), Some(rule), "{name}: {refusal}");
    }
}

/// The rows of "Who may do what", as far as a measure's acts are concerned.
const AREA: [(Office, &[ActKind]); 3] = [
    (
        LocalGovernment,
        &[
            ActKind::Apply,
            ActKind::SubmitAmendment,
            ActKind::SubmitReport,
            ActKind::RequestAcceptance,
            ActKind::ReportRectification,
            ActKind::Designate,
        ],
    ),
    (
        ProvincialDepartment,
        &[ActKind::Recommend, ActKind::Return, ActKind::SubmitPlan, ActKind::Designate],
    ),
    (
        NationalOffice,
        &[
            ActKind::Approve,
            ActKind::Reject,
            ActKind::Return,
            ActKind::AcceptAmendment,
            ActKind::RejectAmendment,
            ActKind::Inspect,
            ActKind::Accept,
            ActKind::Confirm,
            ActKind::Review,
            ActKind::EndStanding,
        ],
    ),
];

const PROVINCES: [(Office, &[ActKind]); 2] = [
    (
        Province,
        &[
            ActKind::Apply,
            ActKind::SubmitScheme,
            ActKind::ReportProgress,
            ActKind::RecordDeliverable,
            ActKind::RequestAdjustment,
            ActKind::DeclareExit,
            ActKind::SubmitPromotionPlan,
        ],
    ),
    (
        NationalOffice,
        &[
            ActKind::Approve,
            ActKind::Reject,
            ActKind::Return,
            ActKind::ApproveAdjustment,
            ActKind::RejectAdjustment,
            ActKind::Inspect,
            ActKind::Evaluate,
            ActKind::List,
            ActKind::EndStanding,
        ],
    ),
];

#[test]
fn who_may_do_what_is_what_the_measures_say() {
    type Table<'a> = &'a [(Office, &'a [ActKind])];
    let tables: [(&str, Table<'_>); 2] = [(CLUSTER_2014, &AREA), (PROVINCE_2015, &PROVINCES)];
    for (text, table) in tables {
        let measure = measure(text);
        let offices = |kind: ActKind| {
            let mut offices: Vec<Office> =
                measure.rules(kind).flat_map(|rule| rule.by.iter().copied()).collect();
            offices.sort_unstable();
            offices.dedup();
            offices
        };
        for kind in table.iter().flat_map(|(_, kinds)| kinds.iter()) {
            let rows = table.iter().filter(|(_, kinds)| kinds.contains(kind));
            let mut said: Vec<Office> = rows.map(|(office, _)| *office).collect();
            said.sort_unstable();
            let mut found = offices(*kind);
            // The guidance of the national office on deliverables is recorded by it (P7).
            found.retain(|o| !(*kind == ActKind::RecordDeliverable && *o == NationalOffice));
            assert_eq!(found, said, "{}", kind.as_str());
        }
        // The registrar never decides, nor does Docket.
        for rule in &measure.acts {
            let never = |office: &Office| matches!(office, Office::Registrar | Office::Docket);
            assert!(!rule.by.iter().any(never), "{}", rule.act.as_str());
        }
    }
    let by = |kind: ActKind| every_program_knows(kind).map(|(offices, _)| offices.to_vec());
    assert_eq!(by(ActKind::Note), Some(vec![Registrar]));
    assert_eq!(by(ActKind::AttestStanding), Some(vec![Registrar]));
    assert_eq!(by(ActKind::RecordUnderUnknownRule), Some(vec![Registrar]));
    assert_eq!(by(ActKind::ConfirmStanding), Some(vec![NationalOffice]));
    let receive = Some(vec![NationalOffice, ProvincialDepartment]);
    assert_eq!(by(ActKind::AcknowledgeReceipt), receive);
}

/// What an office may not do is refused with the office that may; the registrar only out of an archive.
#[test]
fn who_may_do_what_holds_for_every_other_office() {
    let story = approved_area();
    let inspect = json!({ "findings": "x" });
    for office in [ProvincialDepartment, LocalGovernment, Registrar, Province] {
        let refusal = story.refuses(office, "inspect", "2015-01-01", inspect.clone());
        forbidden(&refusal, &[NationalOffice], "Art. 15");
    }
    let mut archived = inspect;
    archived["archive"] = json!({ "office": "national_office", "source": "box 7" });
    story.clone().does(Registrar, "inspect", "2015-01-01", archived.clone());
    archived["archive"]["office"] = json!("local_government");
    let refusal = story.refuses(Registrar, "inspect", "2015-01-01", archived);
    forbidden(&refusal, &[NationalOffice], "Art. 15");
    let exit = json!({ "reason": "x" });
    let refusal = pilot("leading").refuses(NationalOffice, "declare_exit", "2017-01-01", exit);
    forbidden(&refusal, &[Province], "I(II)");
}

/// Evidence that cannot be is refused under G9, whatever is wrong with it.
#[test]
fn g9_what_is_no_evidence_is_refused_under_its_rule() {
    let mut story = Story::area();
    story.today("2026-03-01");
    let ahead = act("attest_standing", "2026-04-01", attested("experimental"));
    let refusal = story.decide(Registrar, &ahead).unwrap_err();
    assert_eq!(*refusal.reason, Reason::DateConflict { with: None });
    assert_eq!(refusal.article.as_deref(), Some("G9"));
    // The counter-cases: an interval that has begun, and today.
    for on in ["2026", "2026-03-01", "../2026-12-31"] {
        story.decide(Registrar, &act("attest_standing", on, attested("experimental"))).unwrap();
    }
    let mut body = attested("experimental");
    body["title"] = json!("demonstrative");
    let refusal = story.refuses(Registrar, "attest_standing", "2017", body.clone());
    invalid(&refusal, &["/title"]);
    assert_eq!(refusal.article.as_deref(), Some("G9"));
    body["stands_at"] = json!("demonstrative.rectifying");
    story.clone().does(Registrar, "attest_standing", "2017", body);
    let mut body = attested("demonstrative");
    body["grade"] = json!("qualified");
    let refusal = story.refuses(Registrar, "attest_standing", "2020", body.clone());
    invalid(&refusal, &["/grade"]);
    body["shows"] = json!("review");
    body["grade"] = json!("splendid");
    invalid(&story.refuses(Registrar, "attest_standing", "2020", body), &["/grade"]);
    attest(&mut story, "experimental", "2017", &json!({ "document": document() }));
}
