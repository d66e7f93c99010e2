//! What stands: each corrected event replaced by its latest correction, annulled ones left out.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::narrow::rests_on_own;
use super::{History, is_correction};
use crate::domain::act::KeptSince;
use crate::domain::date::CivilDate;
use crate::domain::event::{Event, Recorded};
use crate::domain::ids::{Office, Provenance};

/// The version in force of each event that stands, by the original's revision, and the revision of the
/// correction that made it so.
pub(super) type Standing<'a> = BTreeMap<u64, (Cow<'a, Recorded>, Option<u64>)>;

/// What stands of a history, one event left out where the record without it is asked for.
pub(super) fn standing(history: &History, without: Option<u64>) -> Standing<'_> {
    let corrections = history.corrections();
    let mut standing = Standing::new();
    for event in &history.events {
        if is_correction(event) || without == Some(event.revision) {
            continue;
        }
        match corrections.get(&event.revision) {
            None => {
                standing.insert(event.revision, (Cow::Borrowed(event), None));
            }
            Some(&by) => {
                if let Some(mended) = history.at(by).and_then(|mending| mend(event, mending)) {
                    standing.insert(event.revision, (Cow::Owned(mended), Some(by)));
                }
            }
        }
    }
    keep_succession(history, &mut standing);
    open_record(history, &mut standing);
    standing
}

/// What a later version lays is restated with each correction of the founding act: what was laid by the
/// version of that act which is in force counts, or else what was laid last.
fn keep_succession(history: &History, standing: &mut Standing<'_>) {
    let mut kept: BTreeMap<_, (bool, u64)> = BTreeMap::new();
    for (revision, (event, _)) in standing.iter() {
        if let Event::MeasureSucceeded(succeeded) = &event.event {
            let by = succeeded.founded_by;
            let in_force = history.version_in_force(by).unwrap_or(by);
            let mut own = rests_on_own(&event.meta.rests_on, &history.stream);
            let found = (own.any(|revision| revision == in_force), *revision);
            let last = kept.entry((by, succeeded.version.clone())).or_insert(found);
            *last = found.max(*last);
        }
    }
    standing.retain(|revision, (event, _)| match &event.event {
        Event::MeasureSucceeded(_) => kept.values().any(|(_, kept)| kept == revision),
        Event::Acted(_) | Event::ApprovalAbandoned(_) | Event::ObligationLapsed(_) => true,
    });
}

/// What stands in an original's place by a correction; nothing if it annuls.
fn mend(original: &Recorded, correction: &Recorded) -> Option<Recorded> {
    let mended = correction.event.fact()?.mended.as_ref()?;
    let mut event = original.clone();
    event.event = Event::Acted(Box::new(mended.fact.clone()));
    event.meta.effective_on = mended.effective_on;
    event.meta.decided_on = mended.decided_on;
    if mended.received_on.is_some() {
        event.meta.received_on = mended.received_on;
    }
    // What took place only after the original was recorded cannot have been received with it.
    let recorded_on = original.meta.recorded_at.civil_day();
    let after = |on: CivilDate| on.earliest().is_some_and(|earliest| earliest > recorded_on);
    if after(event.meta.effective_on) && !after(original.meta.effective_on) {
        event.meta.recorded_at = correction.meta.recorded_at;
    }
    // A receipt of what was recorded wrongly says nothing of what took place only after it.
    let earliest = event.meta.effective_on.earliest();
    event.meta.received_on =
        event.meta.received_on.filter(|day| earliest.is_none_or(|earliest| earliest <= *day));
    event.meta.provenance = mended.fact.effects.stands_by.unwrap_or(Provenance::Recorded);
    event.meta.rests_on.clone_from(&correction.meta.rests_on);
    event.meta.measure.clone_from(&correction.meta.measure);
    event.meta.measure_also.clone_from(&correction.meta.measure_also);
    event.meta.edition.clone_from(&correction.meta.edition);
    event.meta.article.clone_from(&correction.meta.article);
    Some(event)
}

/// Where the event that opened the record was annulled, the first one that remains opens it, as it
/// would have done alone (G10), with what was laid then.
fn open_record(history: &History, standing: &mut Standing<'_>) {
    let opens = |event: &Recorded| {
        event.event.fact().is_some_and(|fact| fact.effects.opens_record.is_some())
    };
    if standing.values().any(|(event, _)| opens(event)) {
        return;
    }
    let first = standing.values_mut().map(|(event, _)| event).find(|event| !event.event.is_own());
    let Some(first) = first.map(Cow::to_mut) else { return };
    let meta = &first.meta;
    let opened = if meta.archive || meta.office == Office::Registrar {
        KeptSince::from_recording(meta.recorded_at.civil_day())
    } else {
        KeptSince::from_act(meta.effective_on.latest())
    };
    if let Event::Acted(fact) = &mut first.event {
        fact.effects.opens_record = Some(opened);
        if let Some(opener) = history.events.first().and_then(|event| event.event.fact()) {
            fact.effects.lays.clone_from(&opener.effects.lays);
        }
    }
}
