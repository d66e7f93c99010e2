//! Rows that hold from a day to a day and are known from an event to an event.
//!
//! A row says that something held from `valid_from` on, as known from the event `known_from` on. When
//! a later event ends it, the row is completed in place: it holds to `valid_to`, as known from the
//! event `valid_to_known` on (before that it was known without an end). When a correction or a late
//! entry makes it untrue, it gets `known_to`, and other rows take its place. So what held on a day D
//! as known up to an event K are the rows with
//!
//! ```sql
//! valid_from <= D AND known_from <= K AND (known_to IS NULL OR known_to > K)
//!   AND (valid_to_known IS NULL OR valid_to_known > K OR valid_to > D)
//! ```
//!
//! There is one way to them, whatever an event does: it makes the states another from a day on, and
//! from that day on the rows that are known are made into those that are then true ([`Telling`]).

use std::collections::BTreeMap;

use super::change::ModelChanges;
use super::declare::Shown;
use super::fate::Placed;
use super::table::TIMES;
use super::turn::{Path, Turn};
use crate::domain::date::Day;
use crate::domain::ids::Id;
use crate::domain::state::{Duty, State};

/// Rows of one enrollment in a table: an id is the enrollment's number, then the row's number under it.
/// So they lie together.
const ROWS_OF_AN_ENROLLMENT: u64 = 1 << 20;

/// The change of a table that completes a row: it ended, as known from an event on.
const END: usize = 0;
/// The change of a table that takes a row out of what is known.
const FORGET: usize = 1;
/// A row that is known now.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    id: u64,
    valid_from: Day,
    valid_to: Option<Day>,
    /// The hash of its own columns.
    says: u64,
}

/// The rows of an enrollment that are known now: a function of its stream, like the enrollment itself.
#[derive(Debug, Clone, Default)]
pub struct Rows {
    pub(super) status: Spans,
    pub(super) phases: Spans,
    pub(super) categories: Spans,
    pub(super) duties: Duties,
    /// What became of those events of which it has to be said, by revision.
    pub(super) fates: BTreeMap<u64, Placed>,
}

/// Those in one table, by day.
#[derive(Debug, Clone, Default)]
pub(super) struct Spans {
    pub rows: Vec<Span>,
    /// Rows made so far.
    pub made: u64,
}

/// Those of its duties, in the order of the fold.
#[derive(Debug, Clone, Default)]
pub(super) struct Duties {
    pub rows: Vec<DutyRows>,
    /// Rows made so far, of duties and of how they were met.
    pub made: [u64; 2],
}

#[derive(Debug, Clone)]
pub(super) struct DutyRows {
    pub opened_by: u64,
    pub obligation: Id,
    pub rows: Vec<Span>,
    /// How it was met, by year.
    pub met: Vec<(i32, Vec<Span>)>,
}

impl DutyRows {
    /// None yet.
    pub fn of(duty: &Duty) -> Self {
        let (opened_by, obligation) = (duty.opened_by, duty.obligation.clone());
        Self { opened_by, obligation, rows: Vec::new(), met: Vec::new() }
    }
}

impl Rows {
    /// What it takes in memory beside its own size, in bytes.
    pub fn bytes(&self) -> usize {
        let spans = |rows: &Vec<Span>| rows.capacity() * size_of::<Span>();
        let duty = |duty: &DutyRows| {
            let met = duty.met.iter().map(|(_, rows)| size_of_val(rows) + spans(rows));
            size_of::<DutyRows>() + spans(&duty.rows) + met.sum::<usize>()
        };
        let tables = [&self.status, &self.phases, &self.categories];
        tables.into_iter().map(|table| spans(&table.rows)).sum::<usize>()
            + self.duties.rows.iter().map(duty).sum::<usize>()
            + self.fates.len() * size_of::<(u64, Placed)>()
    }
}

/// What an event does to the rows of its enrollment in a table.
pub(super) struct Telling<'t, 'c, 'm> {
    pub turn: &'t Turn<'t>,
    /// The table's number in its read model.
    pub table: usize,
    /// Rows that the enrollment got in it so far.
    pub made: &'c mut u64,
    pub changes: &'c mut ModelChanges<'m>,
}

/// A row that is true: from which day, to which, and what it shows.
type True<C> = (Day, Option<Day>, C);

impl<'t> Telling<'t, '_, '_> {
    /// Makes the rows that are known, ordered by day, into those that are true after the event: what
    /// stands is kept, what is now known to have ended is completed, the rest goes and comes. `shown`
    /// is what a state shows in them, if anything.
    pub fn tell<S: Shown>(
        &mut self,
        known: &mut Vec<Span>,
        shown: impl Fn(&'t State) -> Option<S::Of<'t>>,
    ) {
        let turn = self.turn;
        match turn.path {
            Path::Aside => return,
            Path::Appended { before } => {
                let after = turn.after.last().and_then(|(_, state)| shown(state));
                match (shown(before), after) {
                    (None, None) => return,
                    (Some(before), Some(after)) if S::same(before, after) => return,
                    _ => {}
                }
            }
            Path::Anew { .. } => {}
        }
        let over = known.partition_point(|row| row.valid_to.is_some_and(|to| to < turn.from));
        let mut old = known.split_off(over).into_iter().peekable();
        // The row that holds on the day before, or ended with it: it may go on.
        let begun = old.peek().map(|row| row.valid_from).filter(|from| *from < turn.from);
        let first = begun.and_then(|from| Some((from, None, shown(turn.prior)?)));
        for (valid_from, valid_to, shown) in spans::<S>(first, turn.after, shown) {
            while let Some(gone) = old.next_if(|row| row.valid_from < valid_from) {
                self.forget(&gone);
            }
            let there = old.next_if(|row| row.valid_from == valid_from);
            let row = self.row::<S>(there, (valid_from, valid_to, shown));
            known.push(row);
        }
        old.for_each(|gone| self.forget(&gone));
    }

    /// Takes rows out of what is known.
    pub fn forget_all(&mut self, rows: &[Span]) {
        rows.iter().for_each(|row| self.forget(row));
    }

    /// The row that is true in the place of the one that begins on the same day.
    fn row<S: Shown>(
        &mut self,
        there: Option<Span>,
        (valid_from, valid_to, shown): True<S::Of<'_>>,
    ) -> Span {
        if let Some(mut row) = there {
            let stands = valid_from < self.turn.from
                || row.says == self.changes.hash_of(self.table, |row| S::write(shown, row));
            match (row.valid_to, valid_to) {
                (known, is) if stands && known == is => return row,
                (None, Some(day)) if stands => {
                    self.end(&mut row, day);
                    return row;
                }
                _ => self.forget(&row),
            }
        }
        self.insert::<S>((valid_from, valid_to, shown))
    }

    fn insert<S: Shown>(&mut self, (valid_from, valid_to, shown): True<S::Of<'_>>) -> Span {
        let Turn { enrollment, sequence, .. } = *self.turn;
        let id = enrollment * ROWS_OF_AN_ENROLLMENT + *self.made;
        *self.made += 1;
        let mut row = self.changes.insert(self.table);
        row.number(id).number(enrollment).day(valid_from).number(sequence);
        row.day_if(valid_to).number_if(valid_to.map(|_| sequence)).null();
        S::write(shown, &mut row);
        Span { id, valid_from, valid_to, says: row.hash_from(TIMES.len()) }
    }

    fn end(&mut self, row: &mut Span, day: Day) {
        self.changes.change(self.table, END).day(day).number(self.turn.sequence).number(row.id);
        row.valid_to = Some(day);
    }

    fn forget(&mut self, row: &Span) {
        self.changes.change(self.table, FORGET).number(self.turn.sequence).number(row.id);
    }
}

/// The spans of days on which something is shown, after the one that began before.
fn spans<'t, S: Shown>(
    first: Option<True<S::Of<'t>>>,
    states: &'t [(Day, &'t State)],
    shown: impl Fn(&'t State) -> Option<S::Of<'t>>,
) -> Vec<True<S::Of<'t>>> {
    let mut rows: Vec<_> = first.into_iter().collect();
    for (day, state) in states {
        let shown = shown(state);
        match (rows.last_mut().filter(|(_, to, _)| to.is_none()), shown) {
            (Some((_, _, last)), Some(shown)) if S::same(*last, shown) => continue,
            (Some((_, to, _)), _) => *to = Some(*day),
            (None, _) => {}
        }
        rows.extend(shown.map(|shown| (*day, None, shown)));
    }
    rows
}
