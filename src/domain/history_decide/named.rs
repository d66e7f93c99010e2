//! Events that an act names: the report that an inspection follows, the act that was received.

use crate::domain::act::{Act, ActKind, ActRequest, Receipt};
use crate::domain::date::CivilDate;
use crate::domain::decide::Context;
use crate::domain::history::Effective;
use crate::domain::ids::{EventRef, Office, Text};
use crate::domain::refusal::{Reason, Refusal, field};
use crate::domain::words::said;

/// The event of its stream that an act names.
#[expect(clippy::wildcard_enum_match_arm, reason = "no other act names an event of its stream")]
pub(super) fn named_by(act: &Act) -> Option<&EventRef> {
    match act {
        Act::Inspect(inspection) => inspection.follows.as_ref(),
        Act::AcknowledgeReceipt(receipt) => Some(&receipt.of),
        Act::RecordProjectResult(result) => Some(&result.of),
        _ => None,
    }
}

/// Checks the events that an act names.
#[expect(clippy::wildcard_enum_match_arm, reason = "no other act names an event of its stream")]
pub(super) fn check_named(
    ctx: &Context<'_>,
    stream: &str,
    effective: &Effective<'_>,
    request: &ActRequest,
) -> Result<(), Refusal> {
    match &request.act {
        Act::Inspect(inspection) => match &inspection.follows {
            Some(follows) => {
                check_follows(stream, effective, follows, &request.common.effective_on)
            }
            None => Ok(()),
        },
        Act::RecordProjectResult(result) => check_project(stream, effective, &result.of),
        Act::AcknowledgeReceipt(receipt) => {
            // Out of an archive it is the act of the office that is kept there.
            let archived = request.common.archive.as_ref().map(|archive| archive.office);
            check_received(stream, effective, receipt, archived.unwrap_or(ctx.actor.office))
        }
        _ => Ok(()),
    }
}

/// An inspection follows a report that stands, and not one that came certainly after it.
fn check_follows(
    stream: &str,
    effective: &Effective<'_>,
    follows: &EventRef,
    on: &CivilDate,
) -> Result<(), Refusal> {
    let refuse = |reason: Reason, text: Text| Err(Refusal::new(ActKind::Inspect, reason, text));
    let report = effective.entries().iter().map(|entry| &entry.event).find(|event| {
        let is_report =
            event.event.fact().is_some_and(|fact| fact.act.kind() == ActKind::SubmitReport);
        is_report && follows.stream == stream && event.reference(stream) == *follows
    });
    let Some(report) = report else {
        let text = said!(
            "what it follows is no report of this record",
            "所指的不是本项目记录中的年度报告"
        );
        return Err(Refusal::invalid(ActKind::Inspect, vec![field("/follows", text)]));
    };
    let reported = report.meta.effective_on;
    if on.certainly_before(&reported) {
        let text = said!(
            "the inspection of {on} lies before the report of {reported}, which it follows",
            "{on}的检查早于其所依据的{reported}的报告",
            on = on,
            reported = reported
        );
        return refuse(Reason::DateConflict { with: Some(follows.clone()) }, text);
    }
    Ok(())
}

/// A result is that of a project of this record which stands.
fn check_project(stream: &str, effective: &Effective<'_>, of: &EventRef) -> Result<(), Refusal> {
    let stands = effective.entries().iter().map(|entry| &entry.event).any(|event| {
        let fact = event.event.fact();
        fact.is_some_and(|fact| fact.act.kind() == ActKind::StateProject)
            && of.stream == stream
            && event.reference(stream) == *of
    });
    if stands {
        return Ok(());
    }
    let text = said!("what it names is no project of this record", "所指的不是本项目记录中的项目");
    Err(Refusal::invalid(ActKind::RecordProjectResult, vec![field("/of", text)]))
}

/// A receipt is acknowledged by another office than the one that acted, for a day on which the act
/// can have been received: not before it was done, not after it was recorded (G12).
fn check_received(
    stream: &str,
    effective: &Effective<'_>,
    receipt: &Receipt,
    office: Office,
) -> Result<(), Refusal> {
    let refuse = |reason: Reason, text: Text| {
        Err(Refusal::new(ActKind::AcknowledgeReceipt, reason, text).under("G12"))
    };
    let (of, day) = (&receipt.of, receipt.receipt_on);
    let entry = effective.entries().iter().find(|entry| {
        entry.event.revision == of.revision
            && !entry.event.event.is_own()
            && entry.event.id == of.id
            && of.stream == stream
    });
    let Some(entry) = entry else {
        let text = said!(
            "what it names is no act of this record that stands",
            "所指的不是本项目记录中有效的行为"
        );
        let refusal = Refusal::invalid(ActKind::AcknowledgeReceipt, vec![field("/of", text)]);
        return Err(refusal.under("G12"));
    };
    let event = &entry.event;
    if event.meta.office == office {
        let receiving = [Office::NationalOffice, Office::ProvincialDepartment].into_iter();
        let receiving = receiving.filter(|receiving| *receiving != office);
        let text = said!(
            "that is an act of {office} itself; its receipt is acknowledged by the office that received it",
            "该行为是{office}自己作出的；收到日期由接收机关确认",
            office = office
        );
        return refuse(Reason::OfficeForbidden { required: receiving.collect() }, text);
    }
    let recorded = event.meta.recorded_at.civil_day();
    let done = event.meta.effective_on;
    if day > recorded || done.earliest().is_some_and(|earliest| day < earliest) {
        let text = said!(
            "`receipt_on`, {day}, is not between the act's own day, {done}, and its recording on {recorded}",
            "收到日期{day}不在该行为之日{done}与入档日{recorded}之间",
            day = day,
            done = done,
            recorded = recorded
        );
        return refuse(Reason::DateConflict { with: Some(of.clone()) }, text);
    }
    Ok(())
}
