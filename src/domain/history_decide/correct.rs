//! Corrections: by whom, of which version, and what stands in the corrected event's place (G1).

use std::collections::BTreeSet;

use super::judge::{Moment, judge};
use super::named::{check_named, named_by};
use super::unsettle::{hypothetical, newly_unsupported, references};
use crate::domain::act::{ActKind, ActRequest, Correction, KeptSince};
use crate::domain::decide::{Actor, Context, Decision, check_common};
use crate::domain::event::{
    Effects, Fact, Finding, Ground, MeasureSucceeded, MendedFact, Recorded,
};
use crate::domain::history::{Effective, History};
use crate::domain::ids::{EventRef, Id, Language, Office, Provenance};
use crate::domain::refusal::{Reason, Refusal, field};
use crate::domain::words;

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
        fact: Fact {
            act: request.act.clone().into(),
            document: request.common.document.clone(),
            materials: request.common.materials.clone(),
            archive: request.common.archive.clone(),
            over_limit: None,
            effects: Effects { ground: Ground::default(), ..Effects::default() },
            findings: Vec::new(),
            mended: None,
            unsettles: Vec::new(),
        },
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
            fact: found.fact,
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
    mended.fact.findings.push(missing(refusal));
    decision.grounds.clear();
}

fn missing(refusal: Refusal) -> Finding {
    let article = refusal.article.unwrap_or_else(|| "G1".to_owned());
    Finding { code: Id::from("condition_missing"), text: refusal.detail, article }
}

/// The event that a correction names, if it is the version in force.
fn correctable<'h>(history: &'h History, correction: &Correction) -> Result<&'h Recorded, Refusal> {
    let named = &correction.corrects;
    let refuse = |in_force: Option<EventRef>, en: String, zh: String| {
        Err(Refusal::new(ActKind::Correct, Reason::NotInForceVersion { in_force }, en, zh))
    };
    let target = history.at(named.revision).filter(|target| {
        target.id == named.id && named.stream == history.stream() && !target.event.is_own()
    });
    let Some(target) = target else {
        return refuse(
            None,
            format!("{named} names no act of {}", history.stream()),
            "所指的不是本项目记录中的行为".to_owned(),
        );
    };
    let in_force = history.version_in_force(named.revision).unwrap_or(named.revision);
    if in_force != named.revision {
        let current = history.at(in_force).map(|event| event.reference(history.stream()));
        let name = current.as_ref().map(ToString::to_string).unwrap_or_default();
        return refuse(
            current,
            format!(
                "revision {} was corrected already; the version in force is {name}",
                named.revision
            ),
            format!("修订号{}的记录已被更正；现行版本为修订号{in_force}", named.revision),
        );
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
    Err(Refusal::new(
        ActKind::Correct,
        Reason::OfficeForbidden { required },
        format!(
            "a correction is made by the office that acted ({} {}) or by the national office",
            acted.as_str(),
            original.meta.office_id
        ),
        format!("更正须由原行为机关（{}）或国家知识产权局作出", words::office(acted, Language::Zh)),
    )
    .under("G1"))
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
    decision.fact.findings.extend(named.err().map(missing));
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
            let en = format!(
                "revision {} is an act of {}, not of {}; annul it, and record the other act as one of its own",
                original.revision,
                acted.as_str(),
                archive.office.as_str()
            );
            let zh = format!(
                "修订号{}是{}的行为，不是{}的行为；请撤销后另行入档",
                original.revision,
                words::office(acted, Language::Zh),
                words::office(archive.office, Language::Zh)
            );
            let at = "/replacement/common/archive/office";
            let errors = vec![field(at, en.clone(), zh.clone())];
            Err(Refusal::new(ActKind::Correct, Reason::Invalid { errors }, en, zh))
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
