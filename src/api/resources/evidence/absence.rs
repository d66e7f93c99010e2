//! That something is not on record: no act of a kind in an enrollment that counts on one of some days,
//! recorded up to an event.
//!
//! What must hold: the proof is of the log alone. All events of the stream are there by their dense
//! revisions; from its last one on the entries of the whole log are, none of which is of the stream. What
//! was recorded by mistake and annulled since is on record: the log has it.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::readme::Absent;
use crate::api::asking::call::{Call, wrong_parameter};
use crate::api::asking::reading::Reading;
use crate::api::asking::times::AT_SEQUENCE;
use crate::codec;
use crate::domain::act::{Act, ActKind};
use crate::domain::date::{CivilDate, Day};
use crate::domain::enrollment::Enrollment;
use crate::domain::history::History;
use crate::domain::words::{Given, quoted, said};
use crate::ledger::bag::Files;
use crate::ledger::{Ledger, Signed};
use crate::log::envelope::leaf_entry;
use crate::log::{MAX_PAGE_EVENTS, RecordedEvent};
use crate::views::parameter::{Kind, Parameter};
use crate::views::problem::{Code, Problem};
use crate::views::sequence::sequence;

/// What is asked not to be on record.
pub const ABSENCE: &[Parameter] = &[
    Parameter::new(
        "act",
        Kind::OneOf(|| ActKind::ALL.iter().map(|kind| kind.as_str()).collect()),
        "The act of which none is on record.",
        "记录中没有的行为。",
    )
    .required(),
    Parameter::new("by", Kind::Day, "Counting from this day or earlier.", "自该日或之前生效。")
        .required(),
    Parameter::new(
        "from",
        Kind::Day,
        "Counting from this day or later; any day before `by` unless told.",
        "自该日或之后生效；默认不限。",
    ),
    AT_SEQUENCE,
];

/// The most entries that are carried beyond the stream's last event.
const MAX_ENTRIES: u64 = 500_000;

/// What is asked about.
pub struct Asked {
    act: ActKind,
    from: Option<Day>,
    by: Day,
}

impl Asked {
    /// Reads it.
    ///
    /// # Errors
    /// `malformed-request`.
    pub fn of(call: &Call) -> Result<Self, Problem> {
        let missing = |name: &'static str| wrong_parameter(name, said!("it is missing", "未填写"));
        let act = |name: &str| {
            ActKind::parse(name).ok_or_else(|| {
                said!("there is no act {name}", "没有行为{name}", name = quoted(Given(name)))
            })
        };
        let act = call.parsed("act", act)?.ok_or_else(|| missing("act"))?;
        let by = call.parsed("by", Day::parse)?.ok_or_else(|| missing("by"))?;
        let from = call.parsed("from", Day::parse)?;
        if from.is_some_and(|from| from > by) {
            return Err(wrong_parameter("from", said!("it is after `by`", "晚于 by")));
        }
        Ok(Self { act, from, by })
    }

    /// Whether an act that counts from then could be it.
    fn covers(&self, kind: ActKind, on: CivilDate) -> bool {
        let begins_by = on.earliest().is_none_or(|earliest| earliest <= self.by);
        kind == self.act && begins_by && self.from.is_none_or(|from| on.latest() >= from)
    }

    /// The first event that is, or once was, what should not be there.
    fn shown_by(&self, history: &History) -> Option<u64> {
        let mut events = history.events().iter();
        let shown = events.find(|event| {
            let Some(fact) = event.event.fact() else { return false };
            let mended = match fact.act.read().ok() {
                Some(Act::Correct(correction)) => correction
                    .replacement
                    .as_ref()
                    .is_some_and(|m| self.covers(m.act.kind(), m.common.effective_on)),
                _ => false,
            };
            mended || self.covers(fact.act.kind(), event.meta.effective_on)
        });
        shown.and_then(|event| event.sequence)
    }
}

/// Adds what proves it, and says it in words.
///
/// # Errors
/// `not-found` where such an act is on record; a log of which too much would have to be carried.
pub async fn add(
    call: &Call,
    ledger: &Ledger,
    (reading, asked): (&Reading<'_>, &Asked),
    (events, at): (&BTreeMap<u64, RecordedEvent>, u64),
    checkpoint: &Signed,
    files: &mut Files,
) -> Result<Absent, Problem> {
    let mut history = History::new(&reading.stream);
    let own = events.values().filter(|event| event.stream.as_str() == reading.stream);
    for event in own.filter(|event| event.sequence <= at) {
        history.push(codec::decode_enrollment(event).map_err(Problem::internal)?);
    }
    if let Some(shown) = asked.shown_by(&history) {
        return Err(Problem::new(Code::NotFound)
            .detail(format!(
                "it is on record: event {shown} is, or was until it was corrected, such an act"
            ))
            .detail_zh(format!("记录中有该行为：事件 {shown} 即是（或更正前曾是）")));
    }
    let begins =
        history.events().last().and_then(|event| event.sequence).map_or(0, |last| last + 1);
    let mut roots = Vec::new();
    if begins <= at {
        let count = checkpoint.size - begins;
        if count > MAX_ENTRIES {
            return Err(too_many(count, begins));
        }
        roots = ledger.peaks(begins).await.map_err(Problem::internal)?;
        let entries = entries(call, begins, checkpoint.size).await?;
        files.insert("entries.txt".to_owned(), entries.into_bytes());
    }
    let kept_since = Enrollment::of(&history).state.kept_since;
    let absent = Absent {
        label: asked.act.label(),
        from: asked.from,
        by: asked.by,
        at,
        kept_since,
        entries: (begins <= at).then_some((begins, checkpoint.size - 1)),
    };
    let roots: Vec<_> = roots.iter().map(|root| STANDARD.encode(root)).collect();
    let claim = json!({
        "program": reading.program.id,
        "subject": reading.named(),
        "stream": reading.stream,
        "act": asked.act.as_str(),
        "event_type": asked.act.recorded_as().name,
        "effective_from": asked.from.map(|day| day.to_string()),
        "effective_by": asked.by.to_string(),
        "recorded_up_to": sequence(at),
        "kept_since": kept_since.map(|day| day.to_string()),
        "roots_before": roots,
        "entries_from": (begins <= at).then(|| sequence(begins)),
        "en": absent.en(),
        "zh": absent.zh(),
    });
    files.insert("absence.json".to_owned(), format!("{claim:#}\n").into_bytes());
    Ok(absent)
}

fn too_many(count: u64, begins: u64) -> Problem {
    let last = begins.saturating_sub(1);
    Problem::new(Code::PayloadTooLarge)
        .detail(format!(
            "beyond the last event of the stream, {last}, it would carry the entries of {count} events, at \
             most {MAX_ENTRIES}; ask with at_sequence={last}, or soon after it"
        ))
        .detail_zh(format!(
            "该记录最后事件 {last} 之后须附 {count} 个事件的条目，上限为 {MAX_ENTRIES}；请以 at_sequence={last} 或其后不久的序号查询"
        ))
}

/// The entries that were hashed, a line each in base64.
async fn entries(call: &Call, begins: u64, end: u64) -> Result<String, Problem> {
    let (log, mut lines, mut next) = (call.state.app.log(), String::new(), begins);
    while next < end {
        let left = usize::try_from(end - next).unwrap_or(usize::MAX).min(MAX_PAGE_EVENTS);
        let page = log.read_all(next.checked_sub(1), left).await?;
        if page.events.is_empty() {
            return Err(Problem::internal("the log does not show all its events"));
        }
        for event in &page.events {
            lines.push_str(&STANDARD.encode(leaf_entry(event)));
            lines.push('\n');
            next = event.sequence + 1;
        }
    }
    Ok(lines)
}
