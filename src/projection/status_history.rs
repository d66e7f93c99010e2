//! `status_history`: where every enrollment stood on any day, as known at any event.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::change::{ModelChanges, RowWriter};
use super::rows::{CHANGES, Rows, Telling, columns};
use super::step::Projection;
use super::table::Kind::{Int, Text};
use super::table::Table;
use super::turn::Turn;
use crate::domain::date::{CivilDate, Day};
use crate::domain::ids::Id;
use crate::domain::state::{Met, State};

/// Fills `status_history`.
#[derive(Default)]
pub struct StatusHistory;

const TABLE: Table = Table {
    name: "status_history",
    columns: columns![
        ("stands_at", Text),
        ("phase", Text),
        ("phase_since", Text),
        ("node_since", Text),
        ("category", Text),
        ("round", Text),
        ("batch", Text),
        ("title", Text),
        ("title_from", Text),
        ("title_until", Text),
        ("term_from", Text),
        ("term_until", Text),
        ("place_category", Text),
        ("place_from", Text),
        ("place_attested", Int),
        ("provenance", Text),
        ("attempt", Int),
        ("last_evidenced_on", Text),
        ("kept_since", Text),
        ("waiting", Text),
        ("unsupported", Int),
        ("met_outside", Text),
    ],
    key: &["id"],
    changes: CHANGES,
};

/// A state without an act in effect has no row.
fn shown(state: &State) -> Option<&State> {
    (state.acts > 0 || !state.unsupported.is_empty()).then_some(state)
}

fn same(a: &State, b: &State) -> bool {
    a.node == b.node
        && a.phase_since == b.phase_since
        && a.node_since == b.node_since
        && a.category == b.category
        && a.round == b.round
        && a.batch == b.batch
        && title(a) == title(b)
        && term(a) == term(b)
        && a.place == b.place
        && a.provenance == b.provenance
        && a.attempt == b.attempt
        && a.last_evidenced_on == b.last_evidenced_on
        && a.kept_since == b.kept_since
        && a.matters == b.matters
        && a.unsupported.len() == b.unsupported.len()
        && a.met_outside == b.met_outside
}

fn title(state: &State) -> Option<(&str, CivilDate, Option<CivilDate>)> {
    state.title.as_ref().map(|title| (title.title.as_str(), title.from, title.until))
}

fn term(state: &State) -> Option<(CivilDate, CivilDate)> {
    state.term.as_ref().map(|term| (term.from, term.until))
}

fn write(state: &State, row: &mut RowWriter<'_>) {
    let (title, term) = (state.title.as_deref(), state.term.as_deref());
    let place = state.place.as_deref();
    row.text_if(state.node.as_ref().map(|node| node.as_str())).text_if(state.phase());
    row.date_if(state.phase_since.as_ref()).date_if(state.node_since.as_ref());
    row.text_if(state.category.as_deref()).text_if(state.round.as_deref());
    row.text_if(state.batch.as_deref());
    row.text_if(title.map(|title| title.title.as_str())).date_if(title.map(|title| &title.from));
    row.date_if(title.and_then(|title| title.until.as_ref()));
    row.date_if(term.map(|term| &term.from)).date_if(term.map(|term| &term.until));
    row.text_if(place.map(|place| place.category.as_str())).day_if(place.map(|place| place.from));
    match place {
        Some(place) => row.flag(place.attested),
        None => row.null(),
    };
    row.text(state.provenance.as_str()).int(i64::from(state.attempt));
    row.date_if(state.last_evidenced_on.as_ref()).day_if(state.kept_since);
    row.text(&waiting(state)).number(state.unsupported.len() as u64);
    row.text(&met_outside(state));
}

/// What awaits a decision, as JSON.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Waiting {
    /// The matter.
    pub matter: Id,
    /// Since when it is open.
    pub since: CivilDate,
    /// The revision of the event that opened it.
    pub by: u64,
    /// The category asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<Id>,
}

fn waiting(state: &State) -> Cow<'static, str> {
    if state.matters.is_empty() {
        return Cow::Borrowed("[]");
    }
    let waiting: Vec<Waiting> = state
        .matters
        .iter()
        .map(|(matter, open)| Waiting {
            matter: matter.clone(),
            since: open.since,
            by: open.by,
            category: open.category.clone(),
        })
        .collect();
    // Names and dates only: always JSON.
    serde_json::to_string(&waiting).map_or(Cow::Borrowed("[]"), Cow::Owned)
}

/// What was met where nobody owed it, such as by who stands outside of the program, as JSON.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct MetOutside {
    /// The obligation.
    pub obligation: Id,
    /// The revision of the event that met it.
    pub by: u64,
    /// Its effective date.
    pub on: CivilDate,
    /// The day of receipt.
    pub received_on: Day,
    /// Whether that day was stated.
    pub stated: bool,
}

impl MetOutside {
    /// As the state has it.
    pub fn of_rows(rows: Option<Vec<Self>>) -> BTreeMap<Id, Met> {
        let met = |one: Self| {
            let Self { obligation, by, on, received_on, stated } = one;
            (obligation, Met { by, on, received_on, stated, receipts: Vec::new() })
        };
        rows.into_iter().flatten().map(met).collect()
    }
}

fn met_outside(state: &State) -> Cow<'static, str> {
    if state.met_outside.is_empty() {
        return Cow::Borrowed("[]");
    }
    let one = |(obligation, met): (&Id, &Met)| MetOutside {
        obligation: obligation.clone(),
        by: met.by,
        on: met.on,
        received_on: met.received_on,
        stated: met.stated,
    };
    let met: Vec<MetOutside> = state.met_outside.iter().map(one).collect();
    serde_json::to_string(&met).map_or(Cow::Borrowed("[]"), Cow::Owned)
}

impl Projection for StatusHistory {
    fn name(&self) -> &'static str {
        "status_history"
    }

    fn version(&self) -> u32 {
        3
    }

    fn tables_sql(&self) -> &'static str {
        include_str!("../../projections/status_history/tables.sql")
    }

    fn indexes_sql(&self) -> &'static str {
        include_str!("../../projections/status_history/indexes.sql")
    }

    fn tables(&self) -> &'static [&'static Table] {
        &[&TABLE]
    }

    fn turn(&mut self, turn: &Turn<'_>, rows: &mut Rows, changes: &mut ModelChanges<'_>) {
        let known = &mut rows.status;
        let mut telling = Telling { turn, table: 0, made: &mut known.made, changes };
        telling.tell(&mut known.rows, shown, same, write);
    }
}
