//! What a bundle says is not on record, read.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use crate::verify::absence::Claim;
use crate::verify::bundle::Files;
use crate::verify::finding::{Kind, Report};
use crate::verify::tree::Hash;

/// What stands in `data/absence.json`.
#[derive(Deserialize)]
struct Said {
    stream: String,
    event_type: String,
    act: String,
    effective_from: Option<String>,
    effective_by: String,
    recorded_up_to: String,
    kept_since: Option<String>,
    #[serde(default)]
    roots_before: Vec<String>,
}

/// Reads it, with the entries that it needs, where a bundle says any; a part of it that is not what it should
/// be is found.
pub fn read(files: &Files, report: &mut Report) -> Option<Claim> {
    let said = files.get("data/absence.json")?;
    let claim = claim(said, files);
    if claim.is_none() {
        report.found(Kind::Malformed, None, "data/absence.json says nothing that can be");
    }
    claim
}

fn claim(said: &[u8], files: &Files) -> Option<Claim> {
    let said: Said = serde_json::from_slice(said).ok()?;
    let is_day = |text: &str| text.len() == 10 && text.parse::<chrono::NaiveDate>().is_ok();
    let from = said.effective_from.unwrap_or_default();
    let is_number = said.recorded_up_to.bytes().all(|byte| byte.is_ascii_digit());
    if !is_day(&said.effective_by) || !(from.is_empty() || is_day(&from)) || !is_number {
        return None;
    }
    let hash = |text: &String| -> Option<Hash> { STANDARD.decode(text).ok()?.try_into().ok() };
    let entries = files.get("data/entries.txt").map_or(Ok(""), |text| std::str::from_utf8(text));
    let entries = entries.ok()?.lines().map(|line| STANDARD.decode(line).ok());
    Some(Claim {
        stream: said.stream,
        event_type: said.event_type,
        act: said.act,
        from,
        by: said.effective_by,
        up_to: said.recorded_up_to.parse().ok()?,
        kept_since: said.kept_since,
        before: said.roots_before.iter().map(hash).collect::<Option<_>>()?,
        entries: entries.collect::<Option<_>>()?,
    })
}
