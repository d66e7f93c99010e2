//! What a read model is given, and what it must be able to do.

use smol_str::SmolStr;
use uuid::Uuid;

use super::ProjectionError;
use super::change::ModelChanges;
use super::memory::Memory;
use super::table::Table;
use crate::domain::date::Day;
use crate::domain::event::{EventMeta, Fact, Recorded};
use crate::domain::history::History;
use crate::domain::ids::{ProgramId, SubjectId};
use crate::domain::quota::QuotaEvent;
use crate::domain::state::State;
use crate::domain::subject::{SubjectEvent, SubjectHistory};
use crate::log::StreamName;

/// Where an event stands, whatever it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The dense number in the whole log.
    pub sequence: u64,
    /// The stream.
    pub stream: StreamName,
    /// The dense number in the stream.
    pub revision: u64,
    /// The id.
    pub event_id: Uuid,
    /// The stored type.
    pub event_type: SmolStr,
    /// When it was recorded, in microseconds UTC since 1970.
    pub recorded_at_us: i64,
    /// The running maximum of `recorded_at` up to it, in microseconds UTC since 1970.
    pub known_at_us: i64,
}

/// One event of an enrollment, or of a program as a whole, with the state before and after it.
#[derive(Debug, Clone, Copy)]
pub struct Step<'a> {
    /// The enrollment's stream.
    pub stream: &'a StreamName,
    /// The program.
    pub program: &'a ProgramId,
    /// The subject; absent: the program as a whole.
    pub subject: Option<&'a SubjectId>,
    /// The enrollment's number in the tables: the sequence of its first event.
    pub enrollment: u64,
    /// The event.
    pub event: &'a Recorded,
    /// Its sequence.
    pub sequence: u64,
    /// The state of the full fold before it.
    pub before: &'a State,
    /// The state of the full fold after it.
    pub after: &'a State,
    /// The state at the end of the day before its fold day, where it went in at the end.
    pub prior: &'a State,
    /// Where it went in.
    pub path: Path<'a>,
}

/// Where an event went into the effective history.
#[derive(Debug, Clone, Copy)]
pub enum Path<'a> {
    /// At the end: the usual case, and the fast one.
    Appended {
        /// Its fold day.
        fold_day: Day,
    },
    /// Before others, or it is a correction: the effective history is another.
    Refolded {
        /// The state at the end of each day on which it changed, without this event.
        before: &'a [(Day, State)],
        /// The same with it.
        after: &'a [(Day, State)],
        /// The history up to this event.
        history: &'a History,
    },
    /// It is Docket's own and changes nothing but the revision.
    Unmoved,
}

impl Step<'_> {
    /// Whether no event of this enrollment came before.
    pub fn is_first(&self) -> bool {
        self.event.revision == 0
    }
}

/// What one event says, whatever came before it.
#[derive(Debug, Clone, Copy)]
pub struct Told<'a> {
    /// Where it stands.
    pub envelope: &'a Envelope,
    /// Who, when, under what.
    pub meta: &'a EventMeta,
    /// The act, where it is one of an enrollment.
    pub fact: Option<&'a Fact>,
    /// The enrollment's number in the tables, where it is one of an enrollment.
    pub enrollment: Option<u64>,
}

/// An event of a stream that no enrollment has.
#[derive(Debug)]
pub enum Input<'a> {
    /// It is a subject's; where it is a correction, with the subject's history up to it.
    Subject(&'a SubjectEvent, Option<&'a SubjectHistory>),
    /// It is a quota's.
    Quota(&'a QuotaEvent),
    /// It is one of Docket's own streams that no read model but the facts of events shows.
    Own,
}

/// A read model: its tables, and how an event changes their rows.
///
/// It never asks a table. What it must know of rows already written is in the [`Memory`] of the
/// enrollment, which is made again from its stream. The rows of an enrollment are a function of its
/// stream, those of a fact one of its event: so a rebuild may make them in any order.
pub trait Projection: Send {
    /// The name, as in `projections/<name>/`.
    fn name(&self) -> &'static str;

    /// The version of what the rows say; another one means another content, and a rebuild.
    fn version(&self) -> u32;

    /// The SQL that creates the tables, as SQLite takes it.
    fn tables_sql(&self) -> &'static str;

    /// The SQL that creates indexes and views; run once the tables are filled.
    fn indexes_sql(&self) -> &'static str;

    /// The tables, by the numbers that [`ModelChanges`] takes.
    fn tables(&self) -> &'static [&'static Table];

    /// Takes in what an event says by itself; every event of the log, in its order.
    ///
    /// # Errors
    /// The runner rolls back and stops at the event.
    fn tell(
        &mut self,
        _told: &Told<'_>,
        _changes: &mut ModelChanges<'_>,
    ) -> Result<(), ProjectionError> {
        Ok(())
    }

    /// Takes in an event of an enrollment, in the order of its stream.
    ///
    /// # Errors
    /// As [`Projection::tell`].
    fn step(
        &mut self,
        _step: &Step<'_>,
        _memory: &mut Memory,
        _changes: &mut ModelChanges<'_>,
    ) -> Result<(), ProjectionError> {
        Ok(())
    }

    /// Takes in an event of another stream, in the order of that stream.
    ///
    /// # Errors
    /// As [`Projection::tell`].
    fn take_in(
        &mut self,
        _envelope: &Envelope,
        _meta: &EventMeta,
        _input: &Input<'_>,
        _changes: &mut ModelChanges<'_>,
    ) -> Result<(), ProjectionError> {
        Ok(())
    }

    /// Adds what it holds back until the batch is written.
    fn flush(&mut self, _changes: &mut ModelChanges<'_>) {}
}
