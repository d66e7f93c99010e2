//! `status_history`: where every enrollment stood on any day, as known at any event.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::change::ModelChanges;
use super::declare::{Shown as _, spans};
use super::rows::{Rows, Telling};
use super::step::Projection;
use super::table::Table;
use super::turn::Turn;
use super::value::{AsJson, Json, array};
use crate::domain::date::{CivilDate, Day};
use crate::domain::ids::Id;
use crate::domain::state::{Met, OpenMatter, PlaceHeld, State};

/// Fills `status_history`.
#[derive(Default)]
pub struct StatusHistory;

spans! {
    /// Where each enrollment stood on any day, as known at any event: one row per span of days on
    /// which nothing shown here changes.
    StatusRow("status_history"), <'a> |state: &'a State|
    /// the node: a phase, or `phase.step`; null: nowhere yet
    stands_at: Option<&str> = state.node.as_ref().map(|node| node.as_str()),
    /// the node's phase
    phase: Option<&str> = state.phase(),
    /// since when it is in the phase
    phase_since: Option<CivilDate> = state.phase_since,
    /// since when it stands at the node
    node_since: Option<CivilDate> = state.node_since,
    /// the category applied for or held
    category: Option<&str> = state.category.as_deref(),
    /// the annual round in which the present attempt was last decided
    round: Option<&str> = state.round.as_deref(),
    /// the batch in which the present attempt was last decided
    batch: Option<&str> = state.batch.as_deref(),
    /// the title held
    title: Option<&str> = state.title.as_ref().map(|title| title.title.as_str()),
    /// from when it is held
    title_from: Option<CivilDate> = state.title.as_ref().map(|title| title.from),
    /// until when; null: without an end
    title_until: Option<CivilDate> = state.title.as_ref().and_then(|title| title.until),
    /// the beginning of the term that runs or ran
    term_from: Option<CivilDate> = state.term.as_ref().map(|term| term.from),
    /// that term's last day
    term_until: Option<CivilDate> = state.term.as_ref().map(|term| term.until),
    /// the category of the quota in which it holds a place
    place_category: Option<&str> = place(state).map(|place| place.category.as_str()),
    /// from which it holds the place
    place_from: Option<Day> = place(state).map(|place| place.from),
    /// the place is known from evidence only
    place_attested: Option<bool> = place(state).map(|place| place.attested),
    /// `recorded`, `attested` or `inferred`: how the standing got into the record
    provenance: &str = state.provenance.as_str(),
    /// the number of the present attempt, from 1; 0 before the first
    attempt: u32 = state.attempt,
    /// the latest date on which an event shows the standing
    last_evidenced_on: Option<CivilDate> = state.last_evidenced_on,
    /// from which the record is complete; null: not known to be
    kept_since: Option<Day> = state.kept_since,
    /// what awaits a decision, each with `matter`, `since` (EDTF), `by` (revision), `category`
    waiting: Json<Matters<'_>> = Json(Matters(&state.matters)),
    /// how many events lost their ground
    unsupported: u64 = state.unsupported.len() as u64,
    /// what was met where nobody owed it, such as by a province outside the program: `obligation`, `by` (revision), `on` (EDTF), `received_on`, `stated`
    met_outside: Json<Outside<'_>> = Json(Outside(&state.met_outside)),
}

fn place(state: &State) -> Option<&PlaceHeld> {
    state.place.as_deref()
}

/// A state without an act in effect has no row.
fn shown(state: &State) -> Option<&State> {
    (state.acts > 0 || !state.unsupported.is_empty()).then_some(state)
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

#[derive(PartialEq)]
struct Matters<'a>(&'a BTreeMap<Id, OpenMatter>);

impl AsJson for Matters<'_> {
    fn json(&self) -> Cow<'static, str> {
        array(self.0.iter().map(|(matter, open)| Waiting {
            matter: matter.clone(),
            since: open.since,
            by: open.by,
            category: open.category.clone(),
        }))
    }
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

#[derive(PartialEq)]
struct Outside<'a>(&'a BTreeMap<Id, Met>);

impl AsJson for Outside<'_> {
    fn json(&self) -> Cow<'static, str> {
        array(self.0.iter().map(|(obligation, met)| MetOutside {
            obligation: obligation.clone(),
            by: met.by,
            on: met.on,
            received_on: met.received_on,
            stated: met.stated,
        }))
    }
}

impl Projection for StatusHistory {
    fn name(&self) -> &'static str {
        "status_history"
    }

    fn version(&self) -> u32 {
        3
    }

    fn indexes_sql(&self) -> &'static str {
        include_str!("../../projections/status_history/indexes.sql")
    }

    fn tables(&self) -> &'static [&'static Table] {
        &[&StatusRow::TABLE]
    }

    fn turn(&mut self, turn: &Turn<'_>, rows: &mut Rows, changes: &mut ModelChanges<'_>) {
        let known = &mut rows.status;
        let mut telling = Telling { turn, table: 0, made: &mut known.made, changes };
        telling.tell::<StatusRow>(&mut known.rows, shown);
    }
}
