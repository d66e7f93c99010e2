//! A row on its way into a batch.

use std::hash::{BuildHasher as _, Hasher as _};

use foldhash::quality::FixedState;
use uuid::Uuid;

use super::{Cell, Cells, Packed, TableChanges};
use crate::domain::date::{CivilDate, Day};

/// A row, or the values of a change, column by column in order.
pub struct RowWriter<'a> {
    pub(super) into: &'a mut TableChanges,
}

impl RowWriter<'_> {
    fn push(&mut self, cell: Packed) -> &mut Self {
        self.into.cells.push(cell);
        if let Some(op) = self.into.ops.last_mut() {
            op.cells += 1;
        }
        self
    }

    /// The hash of what is written so far, from a column on. The same values give the same one while the
    /// process runs.
    pub(in crate::projection) fn hash_from(&self, column: usize) -> u64 {
        let mut hasher = FixedState::with_seed(0).build_hasher();
        let first = self.into.ops.last().map_or(0, |op| op.first_cell + column);
        let TableChanges { cells, text, bytes, .. } = &*self.into;
        for cell in (Cells { cells: &cells[first..], text, bytes }).iter() {
            match cell {
                Cell::Null => hasher.write_u8(0),
                Cell::Int(value) => hasher.write_i64(value),
                Cell::Text(text) => {
                    hasher.write_usize(text.len());
                    hasher.write(text.as_bytes());
                }
                Cell::Bytes(bytes) => hasher.write(bytes),
            }
        }
        hasher.finish()
    }

    /// Nothing.
    pub fn null(&mut self) -> &mut Self {
        self.push(Packed::Null)
    }

    /// A number.
    pub fn int(&mut self, value: i64) -> &mut Self {
        self.push(Packed::Int(value))
    }

    /// A number of the log: it can't reach the sign.
    pub fn number(&mut self, value: u64) -> &mut Self {
        self.int(i64::try_from(value).unwrap_or(i64::MAX))
    }

    /// A number of the log, or nothing.
    pub fn number_if(&mut self, value: Option<u64>) -> &mut Self {
        match value {
            Some(value) => self.number(value),
            None => self.null(),
        }
    }

    /// Yes or no.
    pub fn flag(&mut self, value: bool) -> &mut Self {
        self.int(i64::from(value))
    }

    /// A text.
    pub fn text(&mut self, value: &str) -> &mut Self {
        let from = place(self.into.text.len());
        self.into.text.push_str(value);
        let to = place(self.into.text.len());
        self.push(Packed::Text(from, to))
    }

    /// A text, or nothing.
    pub fn text_if(&mut self, value: Option<&str>) -> &mut Self {
        match value {
            Some(value) => self.text(value),
            None => self.null(),
        }
    }

    /// A day, as `YYYY-MM-DD`.
    pub fn day(&mut self, day: Day) -> &mut Self {
        self.text(std::str::from_utf8(&day_text(day)).unwrap_or_default())
    }

    /// A day, or nothing.
    pub fn day_if(&mut self, day: Option<Day>) -> &mut Self {
        match day {
            Some(day) => self.day(day),
            None => self.null(),
        }
    }

    /// A date as sharp as its source.
    pub fn date(&mut self, date: &CivilDate) -> &mut Self {
        self.text(date.as_str())
    }

    /// A date, or nothing.
    pub fn date_if(&mut self, date: Option<&CivilDate>) -> &mut Self {
        self.text_if(date.map(CivilDate::as_str))
    }

    /// An id, as its 16 bytes.
    pub fn id(&mut self, id: Uuid) -> &mut Self {
        let from = place(self.into.bytes.len());
        self.into.bytes.extend_from_slice(id.as_bytes());
        let to = place(self.into.bytes.len());
        self.push(Packed::Bytes(from, to))
    }
}

/// A place among the values of a batch, which is written long before it holds 4 GiB.
fn place(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// `YYYY-MM-DD`, without a detour over the heap.
pub(super) fn day_text(day: Day) -> [u8; 10] {
    let digit = |number: u32| b'0' + u8::try_from(number % 10).unwrap_or(0);
    // Days lie in the years 1900 to 2200.
    let year = day.year().unsigned_abs();
    let (month, day) = (day.month(), day.day());
    [
        digit(year / 1000),
        digit(year / 100),
        digit(year / 10),
        digit(year),
        b'-',
        digit(month / 10),
        digit(month),
        b'-',
        digit(day / 10),
        digit(day),
    ]
}
