//! Events that an act names: the report that an inspection follows, the act that was received.

use crate::domain::act::{Act, ActKind, Receipt};
use crate::domain::decide::Context;
use crate::domain::history::{Fate, History};
use crate::domain::ids::{EventRef, Office};
use crate::domain::refusal::{Reason, Refusal, field};

/// Checks the events that an act names.
#[expect(clippy::wildcard_enum_match_arm, reason = "no other act names an event of its stream")]
pub(super) fn check_named(ctx: &Context<'_>, history: &History, act: &Act) -> Result<(), Refusal> {
    match act {
        Act::Inspect(inspection) => match &inspection.follows {
            Some(follows) => check_follows(history, follows),
            None => Ok(()),
        },
        Act::AcknowledgeReceipt(receipt) => check_received(ctx, history, receipt),
        _ => Ok(()),
    }
}

fn check_follows(history: &History, follows: &EventRef) -> Result<(), Refusal> {
    let event = history.at(follows.revision).filter(|event| event.id == follows.id);
    let stands = match history.fate(follows.revision) {
        Fate::Stands | Fate::Corrected { .. } => true,
        Fate::Annulled { .. } => false,
    };
    let is_report = event
        .filter(|_| stands)
        .and_then(|event| event.event.fact())
        .is_some_and(|fact| fact.act.kind() == ActKind::SubmitReport);
    if follows.stream == history.stream() && is_report {
        return Ok(());
    }
    Err(Refusal::new(
        ActKind::Inspect,
        Reason::Invalid {
            errors: vec![field(
                "/follows",
                format!("{follows} is no report of {}", history.stream()),
                format!("{follows} 不是 {} 的报告", history.stream()),
            )],
        },
        format!("/follows: {follows} is no report of {}", history.stream()),
        format!("/follows：{follows} 不是 {} 的报告", history.stream()),
    ))
}

/// A receipt is acknowledged by another office than the one that acted, for a day on which the act
/// can have been received: not before it was done, not after it was recorded (G12).
fn check_received(ctx: &Context<'_>, history: &History, receipt: &Receipt) -> Result<(), Refusal> {
    let refuse = |reason: Reason, en: String, zh: String| {
        Err(Refusal::new(ActKind::AcknowledgeReceipt, reason, en, zh).under("G12"))
    };
    let (of, day) = (&receipt.of, receipt.receipt_on);
    let effective = history.effective();
    let entry = effective.iter().find(|entry| {
        entry.event.revision == of.revision
            && entry.event.id == of.id
            && of.stream == history.stream()
    });
    let Some(entry) = entry else {
        let (en, zh) = (
            format!("{of} is no act of {} that stands", history.stream()),
            format!("{of} 不是 {} 中有效的行为", history.stream()),
        );
        let errors = vec![field("/of", en.clone(), zh.clone())];
        return refuse(Reason::Invalid { errors }, en, zh);
    };
    let event = &entry.event;
    if event.meta.office == ctx.actor.office {
        return refuse(
            Reason::OfficeForbidden { required: vec![Office::NationalOffice] },
            format!(
                "{} is an act of {} itself; its receipt is acknowledged by the office that received it",
                event.event.event_type(),
                ctx.actor.office.as_str()
            ),
            format!(
                "{} 是 {} 自己的行为；收到日期由接收机关确认",
                event.event.event_type(),
                ctx.actor.office.as_str()
            ),
        );
    }
    let recorded = event.meta.recorded_at.civil_day();
    let done = event.meta.effective_on;
    if day > recorded || done.earliest().is_some_and(|earliest| day < earliest) {
        return refuse(
            Reason::DateConflict { with: Some(of.clone()) },
            format!(
                "receipt_on {day} is not between the act's own day {done} and its recording on {recorded}"
            ),
            format!("receipt_on {day} 不在该行为之日 {done} 与入档日 {recorded} 之间"),
        );
    }
    Ok(())
}
