//! What was found, shown.

use chrono::SecondsFormat;
use serde_json::{Value, json};

use super::lawful;
use crate::app::DecidedAgain;
use crate::cli::exit::{Exit, failure};
use crate::cli::output::{Format, Page, print, print_json, tell};
use crate::log::Damage;
use crate::verify::{Finding, Report};

/// Shows what is known of a log.
///
/// # Errors
/// Output that can't be written.
pub fn log(
    output: Format,
    address: &str,
    damages: &[Damage],
    report: Option<&Report>,
    again: Option<&DecidedAgain>,
) -> anyhow::Result<()> {
    if output == Format::Json {
        let damages = damages.iter().map(|damage| {
            let sequence = damage.sequence.map(padded);
            json!({ "sequence": sequence, "stream": damage.stream, "index": damage.index,
                "reason": damage.reason })
        });
        let damages: Vec<Value> = damages.collect();
        let is_sound = damages.is_empty() && report.is_none_or(|report| report.findings.is_empty());
        let mut shown = json!({ "log": address, "sound": is_sound, "damages": damages });
        add(&mut shown, report);
        if let Some(again) = again {
            shown["law"] = lawful::as_json(again);
        }
        return Ok(print_json(&shown)?);
    }
    if let Some(report) = report {
        let mut fields = vec![("log", address.to_owned())];
        fields.extend(lines(report));
        fields.push(("structure", "sound".to_owned()));
        let mut page = Page::default();
        page.fields(&fields);
        print(&page)?;
    }
    if let Some(again) = again {
        print(&lawful::as_page(again))?;
    }
    // The first is the command's error.
    damages.iter().skip(1).for_each(|damage| tell(&format!("docket: also {damage}")));
    Ok(())
}

/// Shows what is known of a bundle or a server's log, and ends with what was found.
///
/// # Errors
/// The first finding.
pub fn report(
    output: Format,
    what: &'static str,
    name: &str,
    report: &Report,
) -> anyhow::Result<Exit> {
    if output == Format::Json {
        let mut shown = json!({ what: name, "sound": report.findings.is_empty() });
        add(&mut shown, Some(report));
        print_json(&shown)?;
    } else {
        let mut fields = vec![(what, name.to_owned())];
        fields.extend(lines(report));
        let mut page = Page::default();
        page.fields(&fields);
        print(&page)?;
    }
    verdict(Some(report))
}

/// The first finding as the command's error; the others are told.
///
/// # Errors
/// The first finding.
pub fn verdict(report: Option<&Report>) -> anyhow::Result<Exit> {
    let findings = report.map_or(&[][..], |report| &report.findings);
    let Some((first, others)) = findings.split_first() else { return Ok(Exit::Done) };
    others.iter().for_each(|other| tell(&format!("docket: also {other}")));
    Err(failure(Exit::Unverified, format!("it does not verify: {first}")))
}

fn padded(sequence: u64) -> String {
    format!("{sequence:020}")
}

fn add(shown: &mut Value, report: Option<&Report>) {
    let finding = |finding: &Finding| {
        json!({
            "kind": finding.kind.word(),
            "first_sequence": finding.between.map(|(first, _)| padded(first)),
            "last_sequence": finding.between.map(|(_, last)| padded(last)),
            "reason": finding.text,
        })
    };
    shown["events"] = json!(report.map(|report| report.events));
    shown["root"] = json!(report.map(|report| &report.root));
    let Some(report) = report else { return };
    shown["findings"] = report.findings.iter().map(finding).collect();
    shown["covered"] = json!(report.covered);
    shown["not_yet_covered"] = json!(report.events.saturating_sub(report.covered));
    shown["checkpoints"] = json!(report.checkpoints);
    shown["held_outside"] = json!(report.held);
    if let Some((whole, unnamed)) = &report.documents {
        shown["documents"] = json!({ "whole": whole, "cited_by_no_act": unnamed });
    }
    let witnessed = |(name, size, time): &(String, u64, u64)| json!({ "witness": name, "events": size, "at": instant(*time) });
    shown["witnessed"] = report.witnessed.iter().map(witnessed).collect();
    shown["absent"] = json!(report.absent);
    let loss = |(at, head, covered): &(u64, Option<u64>, Option<u64>)| json!({ "sequence": padded(*at), "old_head": head.map(padded), "old_checkpoint_size": covered });
    shown["losses_accepted"] = report.losses.iter().map(loss).collect();
}

fn lines(report: &Report) -> Vec<(&'static str, String)> {
    let covered = match (report.covered, report.checkpoints) {
        (_, 0) => "nothing: there is no checkpoint to hold it against".to_owned(),
        (covered, count) => format!("{covered} events, by {count} signed checkpoints"),
    };
    let above = report.events.saturating_sub(report.covered);
    let above = if above > 0 { format!("the newest {above} events") } else { String::new() };
    let by = if report.held { "what was held elsewhere" } else { "what lies beside it alone" };
    let losses = report.losses.iter().map(|(at, head, covered)| {
        let head = head.map_or_else(String::new, |head| format!(": the log had reached {head}"));
        let signed =
            covered.map_or_else(String::new, |size| format!(", signed over {size} events"));
        let left =
            at.checked_sub(1).map_or_else(String::new, |left| format!(", and ended at {left}"));
        format!("at {at}{head}{signed}{left}")
    });
    let witnessed = report.witnessed.iter().map(|(name, size, time)| {
        format!("{size} events were there at {}, says {name}", instant(*time))
    });
    let documents = report.documents.as_ref().map_or_else(String::new, |(whole, unnamed)| {
        format!("{whole} whole, {} of them cited by no act", unnamed.len())
    });
    vec![
        ("events", report.events.to_string()),
        ("Merkle root", report.root.clone()),
        ("covered", covered),
        ("not yet covered", above),
        ("held against", by.to_owned()),
        ("documents", documents),
        ("witnessed", witnessed.collect::<Vec<_>>().join("; ")),
        ("not on record", report.absent.clone().unwrap_or_default()),
        ("loss accepted", losses.collect::<Vec<_>>().join("; ")),
    ]
}

/// An instant, RFC 3339.
fn instant(seconds: u64) -> String {
    let at = i64::try_from(seconds).ok().and_then(|s| chrono::DateTime::from_timestamp(s, 0));
    at.map_or_else(|| seconds.to_string(), |at| at.to_rfc3339_opts(SecondsFormat::Secs, true))
}
