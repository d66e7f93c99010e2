//! Corrections: by whom, of which version, and what stands in the corrected event's place (G1).

use std::collections::BTreeSet;

use super::judge::{Moment, judge};
use super::named::{check_named, named_by};
use super::unsettle::{hypothetical, newly_unsupported, references};
use crate::domain::act::{ActKind, ActRequest, Correction, KeptSince};
use crate::domain::decide::{Actor, Context, Decision, check_common, year_is_taken};
use crate::domain::event::{
    Effects, EventMeta, Fact, Ground, MeasureSucceeded, MendedFact, Recorded,
};
use crate::domain::history::{Effective, History};
use crate::domain::ids::{EventRef, Office, Provenance, Text};
use crate::domain::refusal::{Reason, Refusal, field};
use crate::domain::words::said;

pub(super) fn decide_correction(
    ctx: &Context<'_>,
    history: &History,
    effective: &Effective<'_>,
    request: &ActRequest,
    correction: &Correction,
) -> Result<Decision, Refusal> {
    let state = effective.state();
    check_common(ctx, &state, request)?;
    let target = correctable(history, correction)?;
    let original = history.at(history.original(target.revision)).unwrap_or(target);
    check_corrector(ctx, request, original)?;
    let mut decision = Decision {
        fact: Box::new(Fact {
            act: request.act.clone().into(),
            document: request.common.document.clone(),
            materials: request.common.materials.clone(),
            archive: request.common.archive.clone(),
            over_limit: None,
            effects: Effects { ground: Ground::default(), ..Effects::default() },
            findings: Vec::new(),
            mended: None,
            unsettles: Vec::new(),
        }),
        office: request.common.archive.as_ref().map_or(ctx.actor.office, |a| a.office),
        article: None,
        measure: None,
        measure_also: None,
        edition: None,
        grounds: Vec::new(),
        rests_on: Vec::new(),
        provenance: Provenance::Recorded,
        place: None,
        follows: None,
    };
    if let Some(mended) = &correction.replacement {
        let replacement = ActRequest { act: mended.act.clone(), common: mended.common.clone() };
        let found = decide_replacement(ctx, history, (original, target), &replacement)?;
        decision.measure = found.measure;
        decision.measure_also = found.measure_also;
        decision.edition = found.edition;
        decision.article = found.article;
        decision.follows = found
            .follows
            .map(|follows| MeasureSucceeded { founded_by: original.revision, ..follows });
        decision.grounds = found.grounds;
        decision.rests_on = found.rests_on;
        decision.fact.mended = Some(Box::new(MendedFact {
            fact: *found.fact,
            effective_on: replacement.common.effective_on,
            decided_on: replacement.common.decided_on,
            received_on: replacement.common.received_on,
        }));
    }
    let lost = |decision: &Decision| {
        let meta = hypothetical(ctx, history, decision, &request.common);
        newly_unsupported(history, &state, ActKind::Correct, &decision.fact, meta)
    };
    let lost = match lost(&decision) {
        Ok(lost) => lost,
        Err(refusal) => {
            stand_without_ground(&mut decision, refusal);
            lost(&decision)?
        }
    };
    let mut resting = resting_on(history, original);
    resting.extend(lost.all());
    decision.fact.unsettles = references(history, resting.into_iter());
    Ok(decision)
}

/// What is true stands where it says, though by what it rests on it could not (G1).
fn stand_without_ground(decision: &mut Decision, refusal: Refusal) {
    let Some(mended) = &mut decision.fact.mended else { return };
    mended.fact.effects.ground = Ground::default();
    mended.fact.findings.push(refusal.into_finding());
    decision.grounds.clear();
}

/// The event that a correction names, if it is the version in force.
fn correctable<'h>(history: &'h History, correction: &Correction) -> Result<&'h Recorded, Refusal> {
    let named = &correction.corrects;
    let refuse = |in_force: Option<EventRef>, text: Text| {
        Err(Refusal::new(ActKind::Correct, Reason::NotInForceVersion { in_force }, text))
    };
    let target = history.at(named.revision).filter(|target| {
        target.id == named.id && named.stream == history.stream() && !target.event.is_own()
    });
    let Some(target) = target else {
        let text = said!("what it names is no act of this record", "所指的不是本项目记录中的行为");
        return refuse(None, text);
    };
    let in_force = history.version_in_force(named.revision).unwrap_or(named.revision);
    if in_force != named.revision {
        let current = history.at(in_force).map(|event| event.reference(history.stream()));
        let text = said!(
            "revision {named} was corrected already; the version in force is revision {in_force}",
            "修订号{named}的记录已被更正；现行版本为修订号{in_force}",
            named = named.revision,
            in_force = in_force
        );
        return refuse(current, text);
    }
    Ok(target)
}

/// A correction is made by the office that acted, or by the national office.
fn check_corrector(
    ctx: &Context<'_>,
    request: &ActRequest,
    original: &Recorded,
) -> Result<(), Refusal> {
    let office = request.common.archive.as_ref().map_or(ctx.actor.office, |a| a.office);
    let acted = original.meta.office;
    if is_corrector(ctx.actor, office, original) {
        return Ok(());
    }
    // Another office of the same kind is told by the text which one acted.
    let mut required = vec![acted, Office::NationalOffice];
    required.retain(|required| *required != office);
    required.dedup();
    let text = said!(
        "a correction is made by the office that acted ({acted}) or by the national office",
        "更正须由原行为机关（{acted}）或国家知识产权局作出",
        acted = acted_by(&original.meta)
    );
    Err(Refusal::new(ActKind::Correct, Reason::OfficeForbidden { required }, text).under("G1"))
}

/// The office by its name on that day, or by its kind.
fn acted_by(meta: &EventMeta) -> Text {
    let (en, zh) = (&meta.office_name.en, &meta.office_name.zh);
    if en.is_empty() || zh.is_empty() {
        return said!("{office}", "{office}", office = meta.office);
    }
    Text { en: en.to_string(), zh: zh.to_string() }
}

/// Whether a correction of an event, made in the name of an office, is in the right hands.
pub(super) fn is_corrector(actor: &Actor, office: Office, original: &Recorded) -> bool {
    let acted = original.meta.office;
    // Of an archived act whose office is not known by its own id, the office of that division.
    let division = original.meta.office_id.strip_prefix(acted.as_str());
    let division = division.and_then(|rest| rest.strip_prefix(':'));
    let same_hand = actor.office == Office::Registrar
        || actor.office_id == original.meta.office_id
        || division.is_some_and(|division| original.meta.archive && actor.acts_for(division));
    office == Office::NationalOffice || (office == acted && same_hand)
}

/// Decides the act as it should have been, on the record without the original, as its office.
fn decide_replacement(
    ctx: &Context<'_>,
    history: &History,
    (original, in_force): (&Recorded, &Recorded),
    replacement: &ActRequest,
) -> Result<Decision, Refusal> {
    check_same_office(original, replacement)?;
    let actor = Actor {
        office: original.meta.office,
        office_id: original.meta.office_id.to_string(),
        divisions: [&ctx.subject.registration.province, &Some(ctx.subject.id().clone())]
            .into_iter()
            .flatten()
            .map(ToString::to_string)
            .collect(),
    };
    let actor = if replacement.common.archive.is_some() { ctx.actor } else { &actor };
    let judged = &Context { actor, ..*ctx };
    let without = history.effective_without(original.revision);
    let named = check_named(judged, history.stream(), &without, replacement);
    // What it named may have been corrected since; that is no reason to leave the record wrong.
    let keeps =
        named_by(&replacement.act).is_some() && named_by(&replacement.act) == names(in_force);
    if !keeps {
        named.clone()?;
    }
    let day = replacement.common.effective_on.latest();
    let moment = Moment { day, before: Some(original.revision) };
    // What the truth misses is a finding, where nothing that may have happened satisfies it either.
    let mending = Context { mending: on_record(in_force), ..*judged };
    let mut decision = judge(judged, &without, moment, replacement)
        .or_else(|_| judge(&mending, &without, moment, replacement))?;
    if let Some(opened) = opened_record(in_force).or_else(|| opened_record(original))
        && original.meta.archive | (original.meta.office == Office::Registrar)
        && replacement.common.kept_since.is_none()
    {
        decision.fact.effects.opens_record = Some(opened);
    }
    let findings = &mut decision.fact.findings;
    findings.extend(named.err().map(Refusal::into_finding));
    // Also where the result on record is dated later.
    let taken = year_is_taken(judged, &without.state(), replacement).map(Refusal::into_finding);
    findings.extend(taken.filter(|taken| !findings.iter().any(|found| found.text == taken.text)));
    Ok(decision)
}

/// What an event records, or what a correction puts in its place.
fn on_record(event: &Recorded) -> Option<&Fact> {
    let fact = event.event.fact()?;
    Some(fact.mended.as_ref().map_or(fact, |mended| &mended.fact))
}

/// The event that the act on record names.
fn names(in_force: &Recorded) -> Option<&EventRef> {
    named_by(on_record(in_force)?.act.read().ok()?)
}

/// A correction mends what an office did; it does not make it the act of another one.
fn check_same_office(original: &Recorded, replacement: &ActRequest) -> Result<(), Refusal> {
    let acted = original.meta.office;
    match &replacement.common.archive {
        Some(archive) if archive.office != acted => {
            let text = said!(
                "revision {revision} is an act of {acted}, not of {other}; annul it, and record the other act as one of its own",
                "修订号{revision}是{acted}的行为，不是{other}的行为；请撤销后另行入档",
                revision = original.revision,
                acted = acted,
                other = archive.office
            );
            let error = field("/replacement/common/archive/office", text);
            Err(Refusal::invalid(ActKind::Correct, vec![error]))
        }
        Some(_) | None => Ok(()),
    }
}

/// What an event, or what a correction puts in its place, says of the record's beginning.
fn opened_record(event: &Recorded) -> Option<KeptSince> {
    on_record(event)?.effects.opens_record.clone()
}

/// The revisions of events that name the corrected one among what they rest on.
fn resting_on(history: &History, original: &Recorded) -> BTreeSet<u64> {
    let named = original.reference(history.stream()).to_string();
    history
        .events()
        .iter()
        .filter(|event| event.meta.rests_on.split_ascii_whitespace().any(|r| r == named))
        .map(|event| event.revision)
        .collect()
}
