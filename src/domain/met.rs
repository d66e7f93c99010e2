//! How a duty was met.

use std::ops::Index;

use super::date::{CivilDate, Day};
use super::ids::Office;

/// How a duty was met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Met {
    /// The event's revision.
    pub by: u64,
    /// Its effective date.
    pub on: CivilDate,
    /// The day of receipt, by which timeliness is judged: that of the last office to receive it.
    pub received_on: Day,
    /// Whether that day was stated rather than that of recording.
    pub stated: bool,
    /// Who had it when, where several offices receive it.
    pub receipts: Vec<Received>,
}

/// That an office had received something.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Received {
    /// The office.
    pub by: Office,
    /// The day.
    pub on: Day,
    /// Whether that day was stated rather than that of recording.
    pub stated: bool,
}

/// The key under which a duty that does not recur keeps how it was met.
pub const ONCE: i32 = 0;

/// How a duty was met, by the year of the due date; of one that does not recur under [`ONCE`]. Most are
/// met once, and a tree has room for eleven: that would be a third of a fold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MetByYear(Vec<(i32, Met)>);

impl MetByYear {
    fn find(&self, year: i32) -> Result<usize, usize> {
        self.0.binary_search_by_key(&year, |(of, _)| *of)
    }

    /// How that of a year was met.
    pub fn get(&self, year: &i32) -> Option<&Met> {
        self.0.get(self.find(*year).ok()?).map(|(_, met)| met)
    }

    /// Whether that of a year was met.
    pub fn contains_key(&self, year: &i32) -> bool {
        self.find(*year).is_ok()
    }

    /// Notes how that of a year was met, unless it was already.
    pub fn note(&mut self, year: i32, met: Met) {
        if let Err(at) = self.find(year) {
            self.0.reserve_exact(1);
            self.0.insert(at, (year, met));
        }
    }

    /// Whether nothing met it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How often it was met.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The years and how each was met, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&i32, &Met)> {
        self.0.iter().map(|(year, met)| (year, met))
    }

    /// The years.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &i32> {
        self.0.iter().map(|(year, _)| year)
    }

    /// How each was met.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &Met> {
        self.0.iter().map(|(_, met)| met)
    }

    /// The same, to be changed.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut Met> {
        self.0.iter_mut().map(|(_, met)| met)
    }
}

impl FromIterator<(i32, Met)> for MetByYear {
    fn from_iter<T: IntoIterator<Item = (i32, Met)>>(entries: T) -> Self {
        let mut met = Self::default();
        entries.into_iter().for_each(|(year, one)| met.note(year, one));
        met
    }
}

impl Index<&i32> for MetByYear {
    type Output = Met;

    fn index(&self, year: &i32) -> &Met {
        match self.get(year) {
            Some(met) => met,
            None => panic!("nothing met it in {year}"),
        }
    }
}
