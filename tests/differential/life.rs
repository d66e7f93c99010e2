//! One act at random for an enrollment: more often than not one that its measure allows where it
//! stands, with the content that this takes; now and then anything else.

use docket::domain::act::ActKind::{self, *};
use docket::domain::date::{CivilDate, Day};
use docket::domain::history::History;
use docket::domain::ids::Office;
use docket::domain::measure::{ActRule, Measure};
use docket::domain::state::State;
use serde_json::{Value, json};

use super::chance::Chance;
use super::lives;

/// What an act is made for.
pub struct Ground<'a> {
    pub is_area: bool,
    pub is_exercise: bool,
    pub measure: Option<&'a Measure>,
    pub state: &'a State,
    pub last_fold_day: Option<Day>,
    /// Read only where an act is about another event.
    pub history: Option<&'a History>,
    /// Digests of documents that are kept.
    pub documents: &'a [String],
}

/// An act: by which office, and its body.
pub struct Tried {
    pub office: Office,
    pub body: Value,
}

/// Those that no measure has to declare.
const BUILT_IN: [ActKind; 6] =
    [Note, AttestStanding, ConfirmStanding, RecordUnderUnknownRule, AcknowledgeReceipt, Correct];
/// What ends an attempt or a standing comes seldom, so that lives get long.
const ENDS: [ActKind; 7] =
    [Return, Reject, EndStanding, DeclareExit, ReturnScheme, RejectScheme, RejectAdjustment];
const CATEGORIES: [&str; 3] = ["leading", "supporting", "characteristic"];

/// The kind of act to try next.
pub fn kind(ground: &Ground<'_>, chance: &mut Chance) -> ActKind {
    if chance.percent(10) {
        return *chance.pick(ActKind::ALL);
    }
    if ground.state.acts == 0 && chance.percent(12) {
        return *chance.pick(&[RecordUnderUnknownRule, AttestStanding]);
    }
    if ground.state.acts > 0 && chance.percent(14) {
        let often = [(4, Correct), (3, Note), (1, AttestStanding), (1, ConfirmStanding)];
        let seldom = [(1, RecordUnderUnknownRule), (2, AcknowledgeReceipt)];
        return chance.weighted(&[&often[..], &seldom[..]].concat());
    }
    let possible: Vec<ActKind> = ActKind::ALL
        .iter()
        .copied()
        .filter(|kind| rule(ground, *kind).is_some_and(|rule| fits(rule, ground.state)))
        .filter(|kind| !ENDS.contains(kind) || chance.percent(15))
        .collect();
    if possible.is_empty() { Note } else { *chance.pick(&possible) }
}

/// Whether the act is about another event.
pub fn needs_history(kind: ActKind) -> bool {
    matches!(kind, Correct | AcknowledgeReceipt | Inspect)
}

fn rule<'a>(ground: &Ground<'a>, kind: ActKind) -> Option<&'a ActRule> {
    ground.measure?.rule_at(kind, ground.state.node.as_ref())
}

fn fits(rule: &ActRule, state: &State) -> bool {
    let open = |matter| state.matters.contains_key(matter);
    rule.opens.as_ref().is_none_or(|matter| !open(matter)) && rule.decides.as_ref().is_none_or(open)
}

/// The act of this kind, by an office that does it.
pub fn act(ground: &Ground<'_>, kind: ActKind, chance: &mut Chance) -> Tried {
    let by = rule(ground, kind).map(|rule| rule.by.clone()).unwrap_or_default();
    let mut office = match kind {
        _ if !by.is_empty() => *chance.pick(&by),
        ConfirmStanding | Correct | AcknowledgeReceipt => Office::NationalOffice,
        _ => Office::Registrar,
    };
    let (day, on) = when(ground, kind, chance);
    let mut body = content(ground, kind, day, chance);
    if decides(kind, office) && chance.percent(20) {
        body["decided_on"] = json!(day.plus_days(-chance.count(90)).to_string());
    }
    body["act"] = json!(kind.as_str());
    body["effective_on"] = json!(on);
    if kind == Approve && chance.percent(20) {
        body["override"] = json!({ "justification": "the region needs it" });
    }
    // Of what was done long ago real programs want the document (G2).
    let wanted = rule(ground, kind).is_some_and(|rule| rule.document_required)
        || (!ground.is_exercise && !BUILT_IN.contains(&kind) && chance.percent(90));
    if wanted || chance.percent(10) {
        body["document"] = document(ground, chance);
    }
    if ground.state.acts == 0 && chance.percent(30) {
        let since = day.to_string();
        body["kept_since"] = json!({ "day": since, "reason": "kept from this act on" });
    }
    let is_late = ground.last_fold_day.is_some_and(|last| day < last);
    let wants_archive = is_late || chance.percent(20);
    if wants_archive && !BUILT_IN.contains(&kind) && office != Office::Registrar {
        body["archive"] = json!({ "office": office.as_str(), "source": "box 7" });
        office = Office::Registrar;
    }
    if chance.percent(4) {
        let offices = [Office::NationalOffice, Office::ProvincialDepartment, Office::Province];
        office = *chance.pick(&offices);
    }
    set_digests(&mut body, ground.documents, chance);
    if chance.percent(4) {
        spoil(&mut body, chance);
    }
    Tried { office, body }
}

/// Whether an office settles something by it that can take effect later.
fn decides(kind: ActKind, office: Office) -> bool {
    office == Office::NationalOffice && !BUILT_IN.contains(&kind)
}

/// The day from which it counts, and how that is written.
fn when(ground: &Ground<'_>, kind: ActKind, chance: &mut Chance) -> (Day, String) {
    let begin = match kind {
        RecordUnderUnknownRule if ground.is_area => "2013-09-02",
        _ if ground.is_area => "2014-10-08",
        _ => "2015-11-02",
    };
    let base = ground.last_fold_day.unwrap_or_else(|| Day::parse(begin).unwrap());
    let ahead = match kind {
        // Their terms are three years.
        Accept | Review if chance.percent(70) => 1096 + chance.below(60),
        _ => chance.below(40),
    };
    let mut day = base.plus_days(i64::try_from(ahead).unwrap());
    if ground.last_fold_day.is_some() && chance.percent(7) {
        day = base.plus_days(-chance.count(500));
    }
    let text = match chance.below(20) {
        0 => CivilDate::interval(day.plus_days(-20), day).to_string(),
        1 => CivilDate::interval(day, day.plus_days(150)).to_string(),
        2 => format!("../{day}"),
        3 => day.to_string()[..7].to_owned(),
        4 if chance.percent(20) => day.to_string()[..4].to_owned(),
        _ => day.to_string(),
    };
    (day, text)
}

fn document(ground: &Ground<'_>, chance: &mut Chance) -> Value {
    let mut document = lives::document();
    if chance.percent(40) {
        document["digest"] = json!(chance.pick(ground.documents));
    }
    document
}

fn content(ground: &Ground<'_>, kind: ActKind, day: Day, chance: &mut Chance) -> Value {
    match kind {
        AttestStanding | RecordUnderUnknownRule | AcknowledgeReceipt | Correct => {
            about_the_record(ground, kind, day, chance)
        }
        Accept | Confirm | Review | Evaluate | List | EvaluateAnnually => {
            judgement(ground, kind, day, chance)
        }
        _ => submission(ground, kind, day, chance),
    }
}

fn submission(ground: &Ground<'_>, kind: ActKind, day: Day, chance: &mut Chance) -> Value {
    let category = *chance.pick(&CATEGORIES);
    match kind {
        Apply if ground.is_area => lives::area_application(chance.weighted(&[(9, 31), (1, 30)])),
        Apply => {
            let rank = chance.weighted(&[(6, "pilot"), (1, "demonstration")]);
            let mut application = lives::province_application(category, rank);
            if rank == "demonstration" && chance.percent(80) {
                application["justification"] = json!("it stands out");
            }
            application
        }
        Recommend => lives::recommendation(),
        Approve if ground.is_area => json!({ "round": day.to_string()[..4] }),
        Approve => json!({ "batch": "1" }),
        Return | Reject | RejectAmendment | ReturnScheme | RejectScheme | RejectAdjustment
        | DeclareExit | EndStanding => lives::reason(),
        SubmitPlan => lives::plan(),
        SubmitAmendment => json!({ "opinion": "o", "explanation": "e", "plan": lives::plan() }),
        SubmitScheme => lives::scheme(tasks(ground)),
        ReportProgress => json!({ "task": *chance.pick(tasks(ground)), "text": "it goes on" }),
        RequestAdjustment => json!({ "category": category, "reason": "it fits better" }),
        SubmitPromotionPlan => json!({ "summary": "s" }),
        Designate => {
            let each = ["department", "agencies", "personnel", "funds"];
            json!({ "designates": *chance.pick(&each), "text": "x" })
        }
        SubmitReport => lives::report(day.year() - 1),
        Inspect => match ground.history.filter(|_| chance.percent(60)) {
            Some(_) => json!({ "findings": "as seen", "follows": reference(ground, chance) }),
            None => json!({ "findings": "as seen" }),
        },
        OpenEvaluation => json!({ "scope": "the first stage" }),
        RecordDeliverable => json!({ "kind": "policy", "title": "Rules" }),
        Note | RequestAcceptance | ReportRectification => json!({ "text": "done, 已完成" }),
        _ => json!({}),
    }
}

fn tasks(ground: &Ground<'_>) -> &'static [&'static str] {
    match ground.state.category.as_deref() {
        Some("supporting") => &lives::SUPPORTING,
        Some("characteristic") => &[
            "innovation_environment",
            "basic_ability",
            "characteristic_advantages",
            "characteristic_industries",
        ],
        _ => &lives::LEADING,
    }
}

fn judgement(ground: &Ground<'_>, kind: ActKind, day: Day, chance: &mut Chance) -> Value {
    let result = chance.weighted(&[(4, "excellent"), (3, "qualified"), (2, "unqualified")]);
    let rectify = |body: Value| match result {
        "unqualified" => lives::rectify_by(body, &day.plus_days(180).to_string()),
        _ => body,
    };
    let plans = u32::try_from(ground.state.plan_versions.len()).unwrap();
    match kind {
        Accept => rectify(lives::acceptance(result, (plans > 0).then_some(plans))),
        Review => rectify(lives::review(result)),
        Confirm => json!({ "title_from": day.plus_days(30).to_string() }),
        Evaluate => lives::evaluated(chance.weighted(&[(2, "passed"), (1, "failed")])),
        EvaluateAnnually => json!({ "year": day.year() - 1, "result": "good" }),
        _ => {
            let phase = ground.state.node.as_ref().map(ToString::to_string).unwrap_or_default();
            let rank = if phase.starts_with("pilot") { "demonstration" } else { "powerful" };
            json!({ "rank": rank, "batch": "1" })
        }
    }
}

fn about_the_record(ground: &Ground<'_>, kind: ActKind, day: Day, chance: &mut Chance) -> Value {
    let nodes: &[&str] = if ground.is_area {
        &["under_construction", "experimental", "demonstrative"]
    } else {
        &["pilot", "demonstration"]
    };
    match kind {
        AttestStanding => evidence(ground, chance.pick::<&str>(nodes), chance),
        RecordUnderUnknownRule if chance.percent(50) && ground.is_area => {
            json!({ "what": "approved", "stands_at": "under_construction" })
        }
        RecordUnderUnknownRule => json!({ "what": "a meeting" }),
        AcknowledgeReceipt => {
            json!({ "of": reference(ground, chance), "receipt_on": day.to_string() })
        }
        _ => correction(ground, day, chance),
    }
}

/// Evidence of a standing, now and then of what was done there.
fn evidence(ground: &Ground<'_>, node: &str, chance: &mut Chance) -> Value {
    let mut body = lives::attested(node);
    if !ground.is_area {
        body["category"] = json!(*chance.pick(&CATEGORIES));
    }
    let shown = match node {
        "under_construction" | "pilot" => ("approval", None),
        "experimental" => ("acceptance", Some("qualified")),
        "demonstrative" => ("review", Some("excellent")),
        _ => ("listing", None),
    };
    if chance.percent(60) {
        body["shows"] = json!(shown.0);
        if let Some(grade) = shown.1 {
            body["grade"] = json!(grade);
        }
    }
    body
}

/// Some event of the enrollment, as others cite it.
fn reference(ground: &Ground<'_>, chance: &mut Chance) -> String {
    match ground.history.filter(|history| !history.events().is_empty()) {
        Some(history) => chance.pick(history.events()).reference(history.stream()).to_string(),
        None => format!("nowhere-x@0#{}", uuid::Uuid::nil()),
    }
}

/// Another day, or an annulment, of the version in force of some event; now and then of one that is
/// corrected already.
fn correction(ground: &Ground<'_>, day: Day, chance: &mut Chance) -> Value {
    let mut body = json!({ "corrects": reference(ground, chance), "reason": "misread" });
    let Some(history) = ground.history.filter(|history| !history.events().is_empty()) else {
        return body;
    };
    let target = chance.pick(history.events()).revision;
    let original = history.at(history.original(target));
    let in_force = history.version_in_force(target).and_then(|revision| history.at(revision));
    let Some(fact) = original.and_then(|event| event.event.fact()) else { return body };
    if let Some(event) = in_force.filter(|_| chance.percent(85)) {
        body["corrects"] = json!(event.reference(history.stream()).to_string());
    }
    if chance.percent(70) {
        let content = serde_json::to_value(&fact.act).unwrap();
        let on = original.map_or(day, |event| event.meta.effective_on.latest());
        let on = on.plus_days(chance.count(60) - 30);
        let mut common = json!({ "effective_on": on.to_string(), "materials": fact.materials });
        if let Some(document) = &fact.document {
            common["document"] = json!(document);
        }
        let act = json!({ "act": fact.act.kind().as_str(), "content": content });
        body["replacement"] = json!({ "act": act, "common": common });
    }
    body
}

/// Documents that are kept; now and then one that isn't.
fn set_digests(value: &mut Value, documents: &[String], chance: &mut Chance) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                if name == "digest" && !chance.percent(1) {
                    *member = json!(chance.pick(documents));
                } else {
                    set_digests(member, documents, chance);
                }
            }
        }
        Value::Array(items) => {
            items.iter_mut().for_each(|item| set_digests(item, documents, chance));
        }
        _ => {}
    }
}

/// A member missing, unknown or of another form.
fn spoil(body: &mut Value, chance: &mut Chance) {
    let members = body.as_object_mut().unwrap();
    let names: Vec<String> = members.keys().cloned().collect();
    let name = chance.pick(&names).clone();
    match chance.below(4) {
        0 => drop(members.remove(&name)),
        1 => drop(members.insert("remarks".to_owned(), json!("none"))),
        2 => drop(members.insert(name, json!(["x"]))),
        _ => drop(members.insert("effective_on".to_owned(), json!("2015-02-30"))),
    }
}
