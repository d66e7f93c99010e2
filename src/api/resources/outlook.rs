//! What an act that was only tried would do: the sentences that it would write, where the enrollment would
//! stand, what would be owed by it and what no longer, which place it would take or free.
//!
//! Found by the one fold: the history with the act's events at its end beside the history without them.

use schemars::JsonSchema;
use serde::Serialize;

use crate::api::asking::reading::Reading;
use crate::domain::duty::DueItem;
use crate::domain::history::History;
use crate::domain::ids::Language;
use crate::projection::audit_trail::entries;
use crate::views::brief::ObligationView;
use crate::views::reading::Judged;
use crate::views::standing::{PlaceView, StandsAt, place, stands_at};

/// What an act that was only tried would do.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Outlook<'a> {
    /// What the record would say of it: a sentence for each event.
    pub sentences: Vec<String>,
    /// Where the enrollment stands without it, on the same day; absent: nowhere.
    pub stood_at: Option<StandsAt<'a>>,
    /// The obligations that would be owed by it.
    pub opens: Vec<ObligationView<'a>>,
    /// The obligations that are owed without it, and would be no longer, though it does not meet them.
    pub lifts: Vec<ObligationView<'a>>,
    /// The place of a quota that it would take.
    pub takes: Option<PlaceView<'a>>,
    /// The place of a quota that it would free.
    pub frees: Option<PlaceView<'a>>,
}

impl<'a> Outlook<'a> {
    /// From the states without it and with it, judged on one day; `sentences` are those of its events.
    pub fn of(
        reading: &'a Reading<'_>,
        sentences: Vec<String>,
        (before, after): (&'a Judged<'_>, &'a Judged<'_>),
        language: Language,
    ) -> Self {
        let (day, labels) = (reading.day, reading.labels());
        let view = |item: &'a DueItem<'_>| ObligationView::of(item, day, labels, language);
        let is_new = |item: &&DueItem<'_>| !before.items.iter().any(|old| is_same(old, item));
        let is_gone = |item: &&DueItem<'_>| {
            let now = after.items.iter().find(|now| is_same(now, item));
            now.is_none_or(|now| !now.status.is_unmet() && now.met.is_none())
        };
        let unmet = |item: &&DueItem<'_>| item.status.is_unmet();
        let (had, has) = (before.state.place.as_deref(), after.state.place.as_deref());
        let moves = had != has;
        Self {
            sentences,
            stood_at: stands_at(reading, before.state, language),
            opens: after.items.iter().filter(unmet).filter(is_new).map(view).collect(),
            lifts: before.items.iter().filter(unmet).filter(is_gone).map(view).collect(),
            takes: has.filter(|_| moves).map(|held| place(reading, held, language)),
            frees: had.filter(|_| moves).map(|held| place(reading, held, language)),
        }
    }
}

/// Whether two items are the same obligation, due on the same day.
fn is_same(one: &DueItem<'_>, other: &DueItem<'_>) -> bool {
    let due = |item: &DueItem<'_>| item.due.as_ref().map(|due| due.as_rule_gives);
    one.duty.obligation == other.duty.obligation
        && one.duty.opened_by == other.duty.opened_by
        && one.due_year == other.due_year
        && due(one) == due(other)
}

/// The sentences of the events of a history from a revision on.
pub fn sentences(
    reading: &Reading<'_>,
    history: &History,
    from: usize,
    language: Language,
) -> Vec<String> {
    let all = entries(history, &reading.subject, &reading.versions, &reading.calendars, language);
    all.into_iter().skip(from).map(|entry| entry.sentence).collect()
}
