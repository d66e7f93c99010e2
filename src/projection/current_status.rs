//! `current_status`: where every enrollment stands, by spans of days.

use std::collections::BTreeMap;

use rusqlite::types::Value;
use rusqlite::{Connection, params};

use super::ProjectionError;
use super::spans::{SpanTable, Spans};
use super::step::{Envelope, Input, Projection, Step};
use super::store::signed;
use super::value::text;
use crate::domain::date::CivilDate;
use crate::domain::event::EventMeta;
use crate::domain::ids::Node;
use crate::domain::state::State;
use crate::log::StreamName;

mod list;

pub(in crate::projection) use list::names;

pub use list::{EnrollmentCursor, EnrollmentFilter, EnrollmentRow};

/// Fills `current_status` and `enrollment`.
pub struct CurrentStatus {
    spans: Spans,
    heads: BTreeMap<StreamName, Head>,
}

struct Head {
    program: String,
    subject: String,
    exercise: bool,
    revision: u64,
    sequence: u64,
    recorded_at_us: i64,
}

impl Default for CurrentStatus {
    fn default() -> Self {
        let spans =
            Spans::new(SpanTable { name: "current_status", columns: COLUMNS, same, values });
        Self { spans, heads: BTreeMap::new() }
    }
}

const COLUMNS: &[&str] = &[
    "stands_at",
    "phase",
    "step",
    "phase_since",
    "node_since",
    "category",
    "title",
    "title_from",
    "title_until",
    "term_from",
    "term_until",
    "place_category",
    "place_from",
    "place_attested",
    "provenance",
    "attempt",
    "last_evidenced_on",
    "kept_since",
    "waiting",
    "unsupported",
];

fn same(a: &State, b: &State) -> bool {
    a.node == b.node
        && a.phase_since == b.phase_since
        && a.node_since == b.node_since
        && a.category == b.category
        && title(a) == title(b)
        && term(a) == term(b)
        && a.place == b.place
        && a.provenance == b.provenance
        && a.attempt == b.attempt
        && a.last_evidenced_on == b.last_evidenced_on
        && a.kept_since == b.kept_since
        && a.matters == b.matters
        && a.unsupported.len() == b.unsupported.len()
}

fn title(state: &State) -> Option<(&str, CivilDate, Option<CivilDate>)> {
    state.title.as_ref().map(|title| (title.title.as_str(), title.from, title.until))
}

fn term(state: &State) -> Option<(CivilDate, CivilDate)> {
    state.term.as_ref().map(|term| (term.from, term.until))
}

fn values(state: &State) -> Option<Vec<Value>> {
    let (title, title_from, title_until) = match title(state) {
        Some((title, from, until)) => (Some(title), Some(from), until),
        None => (None, None, None),
    };
    let (term_from, term_until) = term(state).unzip();
    let place = state.place.as_deref();
    Some(vec![
        text(state.node.as_ref()),
        text(state.phase()),
        text(state.node.as_ref().and_then(Node::step)),
        text(state.phase_since),
        text(state.node_since),
        text(state.category.as_ref()),
        text(title),
        text(title_from),
        text(title_until),
        text(term_from),
        text(term_until),
        text(place.map(|place| &place.category)),
        text(place.map(|place| place.from)),
        place.map_or(Value::Null, |place| Value::Integer(i64::from(place.attested))),
        text(Some(state.provenance.as_str())),
        Value::Integer(i64::from(state.attempt)),
        text(state.last_evidenced_on),
        text(state.kept_since),
        Value::Text(waiting(state)),
        Value::Integer(i64::try_from(state.unsupported.len()).unwrap_or(i64::MAX)),
    ])
}

/// What awaits a decision, as JSON.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Waiting {
    /// The matter.
    pub matter: crate::domain::measure::Matter,
    /// Since when it is open.
    pub since: CivilDate,
    /// The revision of the event that opened it.
    pub by: u64,
    /// The category asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<crate::domain::ids::Id>,
}

fn waiting(state: &State) -> String {
    if state.matters.is_empty() {
        return "[]".to_owned();
    }
    let waiting: Vec<Waiting> = state
        .matters
        .iter()
        .map(|(matter, open)| Waiting {
            matter: *matter,
            since: open.since,
            by: open.by,
            category: open.category.clone(),
        })
        .collect();
    // Names and dates only: always JSON.
    serde_json::to_string(&waiting).unwrap_or_else(|_| "[]".to_owned())
}

impl Projection for CurrentStatus {
    fn name(&self) -> &'static str {
        "current_status"
    }

    fn version(&self) -> u32 {
        1
    }

    fn tables_sql(&self) -> &'static str {
        include_str!("../../projections/current_status/tables.sql")
    }

    fn indexes_sql(&self) -> &'static str {
        include_str!("../../projections/current_status/indexes.sql")
    }

    fn tables(&self) -> &'static [(&'static str, &'static str)] {
        &[("current_status", "program, subject, valid_from"), ("enrollment", "program, subject")]
    }

    fn project(
        &mut self,
        envelope: &Envelope,
        _meta: &EventMeta,
        input: &Input<'_>,
        _tx: &Connection,
    ) -> Result<(), ProjectionError> {
        if let Input::Step(step) = input {
            self.spans.project(step);
            self.heads.insert(step.stream.clone(), head(envelope, step));
        }
        Ok(())
    }

    fn flush(&mut self, tx: &Connection) -> Result<(), ProjectionError> {
        self.spans.flush(tx)?;
        let mut insert = tx.prepare_cached(
            "INSERT INTO enrollment (program, subject, stream, exercise, revision, sequence, recorded_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (program, subject) DO UPDATE SET revision = excluded.revision,
                sequence = excluded.sequence, recorded_at = excluded.recorded_at",
        )?;
        for (stream, head) in std::mem::take(&mut self.heads) {
            insert.execute(params![
                head.program,
                head.subject,
                stream.as_str(),
                head.exercise,
                signed(head.revision),
                signed(head.sequence),
                head.recorded_at_us,
            ])?;
        }
        Ok(())
    }
}

fn head(envelope: &Envelope, step: &Step<'_>) -> Head {
    Head {
        program: step.program.to_string(),
        subject: step.subject.to_string(),
        exercise: step.event.meta.exercise,
        revision: envelope.revision,
        sequence: envelope.sequence,
        recorded_at_us: envelope.recorded_at_us,
    }
}
