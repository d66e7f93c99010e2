//! What a read model is given, and what it must be able to do.

use smol_str::SmolStr;
use uuid::Uuid;

use super::ProjectionError;
use super::change::ModelChanges;
use super::rows::Rows;
use super::table::Table;
use super::turn::{Head, Turn};
use crate::domain::event::{EventMeta, Fact};
use crate::domain::indicator::{IndicatorEvent, IndicatorHistory};
use crate::domain::quota::QuotaEvent;
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
    /// It is of the indicators of a division; where it is a correction, with their history up to it.
    Indicator(&'a IndicatorEvent, Option<&'a IndicatorHistory>),
    /// It is a quota's.
    Quota(&'a QuotaEvent),
    /// It is one of Docket's own streams that no read model but the facts of events shows.
    Own,
}

/// A read model: its tables, and how an event changes their rows.
///
/// It never asks a table. What it must know of rows already written is in the [`Rows`] of the
/// enrollment, which are made again from its stream. The rows of an enrollment are a function of its
/// stream, those of a fact one of its event: so a rebuild may make them in any order.
pub trait Projection: Send {
    /// The name, as in `projections/<name>/`.
    fn name(&self) -> &'static str;

    /// The version of what the rows say; another one means another content, and a rebuild.
    fn version(&self) -> u32;

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

    /// Makes the rows of an enrollment into those that are true after an event.
    fn turn(&mut self, _turn: &Turn<'_>, _rows: &mut Rows, _changes: &mut ModelChanges<'_>) {}

    /// Says how far an enrollment was taken in: once in each batch.
    fn newest(&mut self, _newest: &Head, _changes: &mut ModelChanges<'_>) {}

    /// Takes in an event of another stream, in the order of that stream.
    fn take_in(
        &mut self,
        _envelope: &Envelope,
        _meta: &EventMeta,
        _input: &Input<'_>,
        _changes: &mut ModelChanges<'_>,
    ) {
    }
}
