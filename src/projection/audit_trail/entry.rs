//! One enrollment's audit trail, from its history: never from a table.

use std::collections::HashMap;

use serde::Serialize;

use super::sentence::{Around, Receipt, sentence};
use super::{Standing, fold_days, standing_of};
use crate::domain::act::{DocumentRef, Material};
use crate::domain::calendar::Calendars;
use crate::domain::date::{CivilDate, Day, Timestamp};
use crate::domain::duty::{DueItem, items};
use crate::domain::event::{Finding, Recorded, TitleEffect};
use crate::domain::history::{Effective, History, corrected_revision};
use crate::domain::ids::{EventRef, Id, Language, Office, Provenance};
use crate::domain::measure::Versions;
use crate::domain::state::State;
use crate::domain::subject::Subject;

/// An event as the audit trail shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// The event.
    pub reference: EventRef,
    /// Its sequence, where it is known.
    pub sequence: Option<u64>,
    /// The stored type.
    pub event_type: &'static str,
    /// The act; absent for Docket's own events.
    pub act: Option<&'static str>,
    /// What it says, in the language asked for.
    pub sentence: String,
    /// The article.
    pub article: Option<String>,
    /// Our readings that it rests on, where the text is silent.
    pub readings: Vec<String>,
    /// The measure version that governed it.
    pub measure: Option<String>,
    /// What kind of office acted.
    pub office: Office,
    /// The office's id.
    pub office_id: String,
    /// The office's name on that day, in the language asked for.
    pub office_name: String,
    /// Who recorded it.
    pub principal: String,
    /// In which role.
    pub role: String,
    /// From when it counts.
    pub effective_on: CivilDate,
    /// The day at which it stands in the effective history; absent where nothing of it stands there.
    pub fold_day: Option<Day>,
    /// When it was decided.
    pub decided_on: Option<CivilDate>,
    /// The stated day of receipt.
    pub received_on: Option<Day>,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// The document that it cites.
    pub document: Option<DocumentRef>,
    /// Its materials.
    pub materials: Vec<Material>,
    /// What was found, though it refused nothing.
    pub findings: Vec<Finding>,
    /// How the fact got into the record.
    pub provenance: Provenance,
    /// Whether it was recorded from an archive.
    pub archive: bool,
    /// What became of it.
    pub fate: Standing,
    /// The revision of the correction in force, if it was corrected or annulled.
    pub corrected_by: Option<u64>,
    /// What it rested on.
    pub rests_on: Vec<String>,
    /// What it corrects.
    pub corrects: Option<String>,
    /// The events that lost their ground by it.
    pub unsettles: Vec<EventRef>,
}

/// Every event of a history, in the order in which they were recorded.
pub fn entries(
    history: &History,
    subject: &Subject,
    versions: &Versions,
    calendars: &Calendars,
    language: Language,
) -> Vec<Entry> {
    let state = history.state();
    let effective = history.effective();
    let fold_days = fold_days(&effective);
    let titles = titles_before(&effective);
    let receipts = receipts(history, &state, calendars);
    let entry_of = |event: &Recorded| {
        let met: Vec<Receipt> = receipts
            .iter()
            .filter(|(by, _)| *by == history.original(event.revision))
            .map(|(_, receipt)| receipt.clone())
            .collect();
        let corrected = corrected_revision(event).and_then(|revision| history.at(revision));
        let around = Around {
            subject: subject.name_on(event.meta.effective_on.latest()),
            versions,
            met: &met,
            title: titles.get(&history.original(event.revision)).copied(),
            corrected,
        };
        let mut entry = entry(history, &state, event, sentence(event, &around, language), language);
        entry.fold_day = fold_days.get(&event.revision).copied();
        let readings = versions.readings_of(event).into_iter();
        entry.readings = readings.map(|text| text.get(language).to_owned()).collect();
        entry
    };
    history.events().iter().map(entry_of).collect()
}

/// The title held before each event that takes one away.
fn titles_before<'a>(effective: &'a Effective<'_>) -> HashMap<u64, &'a Id> {
    let mut held = None;
    let mut before = HashMap::new();
    for placed in effective.entries() {
        let fact = placed.event.event.fact();
        match fact.and_then(|fact| fact.effects.title.as_ref()) {
            Some(TitleEffect::Granted(title)) => held = Some(&title.title),
            Some(TitleEffect::Cancelled) => {
                before.extend(held.take().map(|title| (placed.revision(), title)));
            }
            Some(TitleEffect::Kept { .. }) | None => {}
        }
    }
    before
}

/// What was due and received, by the revision of the event that met it.
fn receipts(history: &History, state: &State, calendars: &Calendars) -> Vec<(u64, Receipt)> {
    let received = history.events().iter().map(|event| event.received().0);
    let Some(last) = received.max() else { return Vec::new() };
    let receipt = |item: DueItem<'_>| {
        let met = item.met?;
        let received_on = met.received_on;
        let days_late = item.due.map(|due| due.not_late_before.days_until(received_on));
        let (obligation, due_year) = (item.duty.obligation.clone(), item.due_year);
        let opened_by = item.duty.opened_by;
        Some((met.by, Receipt { obligation, due_year, opened_by, received_on, days_late }))
    };
    items(state, last, calendars).into_iter().filter_map(receipt).collect()
}

fn entry(
    history: &History,
    state: &State,
    event: &Recorded,
    sentence: String,
    language: Language,
) -> Entry {
    let meta = &event.meta;
    let fact = event.event.fact();
    let (fate, corrected_by) = standing_of(history, state, event);
    Entry {
        reference: event.reference(history.stream()),
        sequence: event.sequence,
        event_type: event.event.event_type(),
        act: fact.map(|fact| fact.act.kind().as_str()),
        sentence,
        article: meta.article.as_deref().map(str::to_owned),
        readings: Vec::new(),
        measure: meta.measure.as_ref().map(ToString::to_string),
        office: meta.office,
        office_id: meta.office_id.to_string(),
        office_name: meta.office_name.get(language).to_owned(),
        principal: meta.principal.to_string(),
        role: meta.role.to_string(),
        effective_on: meta.effective_on,
        fold_day: None,
        decided_on: meta.decided_on,
        received_on: meta.received_on,
        recorded_at: meta.recorded_at,
        document: fact.and_then(|fact| fact.document.clone()),
        materials: fact.map(|fact| fact.materials.clone()).unwrap_or_default(),
        findings: fact.map(|fact| fact.found().cloned().collect()).unwrap_or_default(),
        provenance: meta.provenance,
        archive: meta.archive,
        fate,
        corrected_by,
        rests_on: meta.rests_on.split_ascii_whitespace().map(str::to_owned).collect(),
        corrects: (!meta.corrects.is_empty()).then(|| meta.corrects.to_string()),
        unsettles: fact.map(|fact| fact.unsettles.clone()).unwrap_or_default(),
    }
}
