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
//! What is kept in memory of an enrollment ([`Track`]) is a function of its stream alone: it is made
//! again by folding the stream, and never read from a table.

use super::change::{ModelChanges, RowWriter};
use super::memory::{Track, Tracked};
use super::step::{Path, Step};
use super::table::Change;
use crate::domain::date::Day;
use crate::domain::state::State;

/// Rows of one enrollment in a table: an id is the enrollment's number, then the row's number under it.
/// So they lie together.
const ROWS_OF_AN_ENROLLMENT: u64 = 1 << 20;

/// The change of a table that completes a row: it ended, as known from an event on.
pub(super) const END: usize = 0;
/// The change of a table that takes a row out of what is known.
pub(super) const FORGET: usize = 1;
/// The changes that a table of such rows has.
pub(super) const CHANGES: &[Change] = &[
    Change { set: &["valid_to", "valid_to_known"], filter: "id = ?" },
    Change { set: &["known_to"], filter: "id = ?" },
];

/// The columns of a table of such rows: the common ones, as [`begin`] writes them, then its own.
macro_rules! columns {
    ($($own:expr),* $(,)?) => {
        &[
            ("id", $crate::projection::table::Kind::Int),
            ("enrollment", $crate::projection::table::Kind::Int),
            ("valid_from", $crate::projection::table::Kind::Text),
            ("known_from", $crate::projection::table::Kind::Int),
            ("valid_to", $crate::projection::table::Kind::Text),
            ("valid_to_known", $crate::projection::table::Kind::Int),
            ("known_to", $crate::projection::table::Kind::Int),
            $($own),*
        ]
    };
}
pub(super) use columns;

/// The ids of the rows that an enrollment gets in a table.
#[derive(Debug)]
pub(super) struct Ids<'a> {
    enrollment: u64,
    made: &'a mut u64,
}

impl<'a> Ids<'a> {
    /// Those after so many made.
    pub fn of(step: &Step<'_>, made: &'a mut u64) -> Self {
        Self { enrollment: step.enrollment, made }
    }

    pub fn next(&mut self) -> u64 {
        let id = self.enrollment * ROWS_OF_AN_ENROLLMENT + *self.made;
        *self.made += 1;
        id
    }
}

/// A table of such rows that shows a part of the state.
pub(super) struct Lane {
    /// The table's number in its read model.
    pub table: usize,
    /// Whether two states look the same in it.
    pub same: fn(&State, &State) -> bool,
    /// Whether a state has anything to show in it.
    pub shows: fn(&State) -> bool,
    /// Writes its own columns, which follow the common ones.
    pub write: fn(&State, &mut RowWriter<'_>),
}

/// Begins a row: `id, enrollment, valid_from, known_from, valid_to, valid_to_known, known_to`.
pub(super) fn begin<'a>(
    changes: &'a mut ModelChanges<'_>,
    table: usize,
    row: &Tracked,
    enrollment: u64,
    sequence: u64,
) -> RowWriter<'a> {
    let mut writer = changes.insert(table);
    writer.number(row.id).number(enrollment).day(row.valid_from).number(sequence);
    writer.day_if(row.valid_to).number_if(row.valid_to.map(|_| sequence)).null();
    writer
}

/// Completes a row: it holds to `day`, as known from `sequence` on.
pub(super) fn end(
    changes: &mut ModelChanges<'_>,
    table: usize,
    row: &mut Tracked,
    day: Day,
    sequence: u64,
) {
    changes.change(table, END).day(day).number(sequence).number(row.id);
    row.valid_to = Some(day);
}

/// Takes a row out of what is known.
pub(super) fn forget(changes: &mut ModelChanges<'_>, table: usize, row: &Tracked, sequence: u64) {
    changes.change(table, FORGET).number(sequence).number(row.id);
}

impl Lane {
    /// Takes in a step.
    pub fn project(&self, step: &Step<'_>, track: &mut Track, changes: &mut ModelChanges<'_>) {
        match step.path {
            Path::Unmoved => {}
            Path::Appended { fold_day } => self.append(step, fold_day, track, changes),
            Path::Refolded { before, after, .. } => {
                self.refold(step, before, after, track, changes);
            }
        }
    }

    fn append(
        &self,
        step: &Step<'_>,
        fold_day: Day,
        track: &mut Track,
        changes: &mut ModelChanges<'_>,
    ) {
        let shown = (self.shows)(step.before);
        let shows = (self.shows)(step.after);
        if shown == shows && (!shows || (self.same)(step.before, step.after)) {
            return;
        }
        let mut valid_from = fold_day;
        match track.rows.last().filter(|last| last.valid_to.is_none()).copied() {
            Some(mut last) if last.valid_from < fold_day => {
                end(changes, self.table, &mut last, fold_day, step.sequence);
                track.rows.pop();
                track.rows.push(last);
            }
            Some(last) => {
                forget(changes, self.table, &last, step.sequence);
                track.rows.pop();
                // The day shows again what the day before it showed: that goes on.
                let goes_on =
                    shows && (self.shows)(step.prior) && (self.same)(step.prior, step.after);
                let before =
                    track.rows.last().filter(|row| row.valid_to == Some(fold_day)).copied();
                if let Some(before) = before.filter(|_| goes_on) {
                    forget(changes, self.table, &before, step.sequence);
                    track.rows.pop();
                    valid_from = before.valid_from;
                }
            }
            None => {}
        }
        if shows {
            let id = Ids::of(step, &mut track.made).next();
            let row = Tracked { id, valid_from, valid_to: None };
            self.insert(step, &row, step.after, changes);
            track.rows.push(row);
        }
    }

    fn insert(
        &self,
        step: &Step<'_>,
        row: &Tracked,
        state: &State,
        changes: &mut ModelChanges<'_>,
    ) {
        let mut writer = begin(changes, self.table, row, step.enrollment, step.sequence);
        (self.write)(state, &mut writer);
    }

    /// Another history: rows that it still has are kept, the others go, and new ones come.
    fn refold(
        &self,
        step: &Step<'_>,
        before: &[(Day, State)],
        after: &[(Day, State)],
        track: &mut Track,
        changes: &mut ModelChanges<'_>,
    ) {
        let known = std::mem::take(&mut track.rows);
        let shown = |state| (self.shows)(state).then_some(state);
        let wanted = spans(after, shown, |a: &State, b: &State| (self.same)(a, b));
        let table = self.table;
        track.rows = reconcile(
            (known, wanted),
            (table, step.sequence, &mut Ids::of(step, &mut track.made)),
            |day, state| state_on(before, day).is_some_and(|was| (self.same)(was, state)),
            |row, state, changes| self.insert(step, row, state, changes),
            changes,
        );
    }
}

/// A row that a history has: from which day, to which, and what it shows.
pub(super) type Wanted<C> = (Day, Option<Day>, C);

/// The spans of days on which something is shown.
pub(super) fn spans<'s, C: Copy>(
    segments: &'s [(Day, State)],
    show: impl Fn(&'s State) -> Option<C>,
    same: impl Fn(C, C) -> bool,
) -> Vec<Wanted<C>> {
    let mut rows: Vec<Wanted<C>> = Vec::new();
    for (day, state) in segments {
        let shown = show(state);
        match (rows.last_mut().filter(|(_, to, _)| to.is_none()), shown) {
            (Some((_, _, last)), Some(shown)) if same(*last, shown) => continue,
            (Some((_, to, _)), _) => *to = Some(*day),
            (None, _) => {}
        }
        rows.extend(shown.map(|shown| (*day, None, shown)));
    }
    rows
}

/// Makes the rows that are known into those that are wanted: what stands is kept, what is now known
/// to have ended is completed, the rest goes and comes. Both are ordered by day. `stood` says
/// whether the same was shown on a day before.
pub(super) fn reconcile<C: Copy>(
    (known, wanted): (Vec<Tracked>, Vec<Wanted<C>>),
    (table, sequence, ids): (usize, u64, &mut Ids<'_>),
    stood: impl Fn(Day, C) -> bool,
    insert: impl Fn(&Tracked, C, &mut ModelChanges<'_>),
    changes: &mut ModelChanges<'_>,
) -> Vec<Tracked> {
    let mut rows = Vec::with_capacity(wanted.len());
    let mut known = known.into_iter().peekable();
    for (valid_from, valid_to, shown) in wanted {
        while let Some(gone) = known.next_if(|row| row.valid_from < valid_from) {
            forget(changes, table, &gone, sequence);
        }
        if let Some(mut row) = known.next_if(|row| row.valid_from == valid_from) {
            let stands = stood(valid_from, shown);
            if stands && row.valid_to == valid_to {
                rows.push(row);
                continue;
            }
            if let (true, None, Some(day)) = (stands, row.valid_to, valid_to) {
                end(changes, table, &mut row, day, sequence);
                rows.push(row);
                continue;
            }
            forget(changes, table, &row, sequence);
        }
        let row = Tracked { id: ids.next(), valid_from, valid_to };
        insert(&row, shown, changes);
        rows.push(row);
    }
    known.for_each(|gone| forget(changes, table, &gone, sequence));
    rows
}

/// The state on a day; absent before the first.
pub(super) fn state_on(segments: &[(Day, State)], day: Day) -> Option<&State> {
    let after = segments.partition_point(|(from, _)| *from <= day);
    segments.get(after.checked_sub(1)?).map(|(_, state)| state)
}
