//! What is owed, added up as finely as it is ever asked for, and kept; what a question wants of it is put
//! together from that.

use std::collections::BTreeMap;

use super::super::pick::{DueIn, Pick};
use super::super::{Found, Question};
use crate::api::asking::counted::{Count, by_changed, counted};
use crate::api::asking::named::UNASSIGNED;
use crate::api::asking::state::ApiState;
use crate::domain::duty::{DueItem, DutyStatus};
use crate::domain::ids::Office;
use crate::projection::obligations::{ObligationFilter, ObligationRow};
use crate::projection::{At, DatabaseError, Tables};

/// Duties judged in one go.
pub(super) const CHUNK: usize = 1000;

/// By what is added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct By {
    pub office: bool,
    pub province: bool,
    pub year: bool,
    pub month: bool,
}

/// Whose total: the office in the order of offices, none where each occasion counts once; the province, the
/// last of which is none; when it was due, in the first month of the year where months are not asked for.
pub(super) type Key = (Option<usize>, Option<(bool, String)>, Option<DueIn>);

/// What is counted of one of them.
#[derive(Debug, Clone, Default)]
pub(super) struct Sum {
    pub by_status: BTreeMap<DutyStatus, u64>,
    pub late: Days,
    pub overdue: Days,
}

/// How often there were so many days.
#[derive(Debug, Clone, Default)]
pub(super) struct Days {
    times: BTreeMap<i64, u64>,
    sum: i64,
}

impl Days {
    fn add(&mut self, days: i64, times: u64) {
        *self.times.entry(days).or_default() += times;
        self.sum += days * i64::try_from(times).unwrap_or(i64::MAX);
    }

    fn take_off(&mut self, days: i64, times: u64) {
        let left = self.times.entry(days).or_default();
        let gone = times.min(*left);
        *left -= gone;
        if *left == 0 {
            self.times.remove(&days);
        }
        self.sum -= days * i64::try_from(gone).unwrap_or(i64::MAX);
    }

    /// How many days that was all together, and at most.
    fn so_many(&self) -> SoMany {
        SoMany { sum: self.sum, max: self.times.last_key_value().map_or(0, |(days, _)| *days) }
    }
}

/// How many days all together, and at most.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct SoMany {
    pub sum: i64,
    pub max: i64,
}

impl SoMany {
    fn add(&mut self, other: Self) {
        self.sum += other.sum;
        self.max = self.max.max(other.max);
    }
}

/// What sums come to, added up.
#[derive(Debug, Clone, Default)]
pub(super) struct Added {
    pub by_status: BTreeMap<DutyStatus, u64>,
    pub late: SoMany,
    pub overdue: SoMany,
}

fn add_counts(counts: &mut BTreeMap<DutyStatus, u64>, other: &BTreeMap<DutyStatus, u64>) {
    for (status, count) in other {
        *counts.entry(*status).or_default() += count;
    }
}

impl Added {
    fn add_sum(&mut self, sum: &Sum) {
        add_counts(&mut self.by_status, &sum.by_status);
        self.late.add(sum.late.so_many());
        self.overdue.add(sum.overdue.so_many());
    }

    pub fn add(&mut self, other: &Self) {
        add_counts(&mut self.by_status, &other.by_status);
        self.late.add(other.late);
        self.overdue.add(other.overdue);
    }
}

impl Sum {
    pub fn add(&mut self, other: &Self) {
        add_counts(&mut self.by_status, &other.by_status);
        other.late.times.iter().for_each(|(days, times)| self.late.add(*days, *times));
        other.overdue.times.iter().for_each(|(days, times)| self.overdue.add(*days, *times));
    }

    fn take_off(&mut self, other: &Self) {
        for (status, count) in &other.by_status {
            let left = self.by_status.entry(*status).or_default();
            *left = left.saturating_sub(*count);
        }
        self.by_status.retain(|_, count| *count > 0);
        other.late.times.iter().for_each(|(days, times)| self.late.take_off(*days, *times));
        other.overdue.times.iter().for_each(|(days, times)| self.overdue.take_off(*days, *times));
    }
}

pub(super) type Sums = BTreeMap<Key, Sum>;

/// What stands in the streams, added up by office and once over all of them, by province, and by year or
/// month. Kept, and brought up to date by who changed.
pub(super) struct Recorded {
    filter: ObligationFilter,
    pick: Pick,
    by_month: bool,
    at: At,
    /// How many calendars are on record: with another one, due dates can be judged otherwise.
    adopted: usize,
}

impl Recorded {
    /// What a question needs. Who owes it and when it is due is picked out of what is kept.
    pub fn of(question: &Question, by_month: bool, at: At, adopted: usize) -> Self {
        let Question { filter, pick, .. } = question;
        let filter =
            ObligationFilter { owes: None, due_before: None, due_after: None, ..filter.clone() };
        let pick = Pick { due_year: None, due_months: None, ..pick.clone() };
        Self { filter, pick, by_month, at, adopted }
    }

    fn sums(
        &self,
        tables: &Tables<'_>,
        only: Option<&[u64]>,
        at: At,
    ) -> Result<Sums, DatabaseError> {
        let (mut sums, mut after) = (Sums::new(), None);
        let filter =
            ObligationFilter { enrollments: only.map(<[u64]>::to_vec), ..self.filter.clone() };
        loop {
            let rows = tables.list_obligations(&filter, at, after.as_ref(), CHUNK)?;
            let end = rows.len() < CHUNK;
            after = rows.last().map(ObligationRow::cursor);
            rows.into_iter()
                .for_each(|row| add(&self.pick, self.by_month, &Found::of(row), &mut sums));
            if end {
                return Ok(sums);
            }
        }
    }
}

impl Count for Recorded {
    type Value = Sums;

    fn key(&self) -> String {
        let Self { filter, pick, by_month, at, adopted } = self;
        format!("totals {filter:?} {pick:?} {by_month} {at:?} {adopted}")
    }

    fn count(&self, tables: &Tables<'_>) -> Result<Sums, DatabaseError> {
        self.sums(tables, None, self.at)
    }

    fn further(
        &self,
        tables: &Tables<'_>,
        sums: &mut Sums,
        since: u64,
    ) -> Result<bool, DatabaseError> {
        let ask = |changed: &[u64], at| self.sums(tables, Some(changed), at);
        by_changed(tables, (self.at, since), ask, |before, now| {
            for (key, now) in now {
                sums.entry(key).or_default().add(&now);
            }
            for (key, before) in before {
                sums.entry(key).or_default().take_off(&before);
            }
            sums.retain(|_, sum| !sum.by_status.is_empty());
        })
    }

    fn bytes(sums: &Sums) -> usize {
        let days = |sum: &Sum| sum.late.times.len() + sum.overdue.times.len();
        sums.values().map(|sum| 256 + 24 * days(sum)).sum()
    }
}

/// Counts what the pages show of today before somebody asks.
///
/// # Errors
/// Those of the database.
pub fn totals_at_hand(state: &ApiState, tables: &Tables<'_>, at: At) -> Result<(), DatabaseError> {
    let (adopted, calendars) = state.app.library().present_calendars();
    for exercise in [false, true] {
        for by_month in [false, true] {
            let count = Recorded {
                filter: ObligationFilter { exercise, ..ObligationFilter::default() },
                pick: Pick::all(at.day, calendars.clone()),
                by_month,
                at,
                adopted,
            };
            counted(&state.counted, tables, &count, false, |_| ())?;
        }
    }
    Ok(())
}

/// Adds the occasions of a duty that are picked: once, and under each office that owes it.
pub(super) fn add(pick: &Pick, by_month: bool, found: &Found, sums: &mut Sums) {
    let province = found.province.as_ref().map_or((true, UNASSIGNED), |id| (false, id.as_str()));
    for item in &pick.of(&found.state) {
        let due = match DueIn::of(item) {
            DueIn::Month(year, _) if !by_month => DueIn::Month(year, 1),
            due => due,
        };
        let offices = offices(item).into_iter();
        let places = offices.map(|office| Office::ALL.iter().position(|known| *known == office));
        for office in std::iter::once(None).chain(places) {
            let key = (office, Some((province.0, province.1.to_owned())), Some(due));
            let sum = sums.entry(key).or_default();
            *sum.by_status.entry(item.status).or_default() += 1;
            let days = item.days_late(pick.day).unwrap_or_default();
            match item.status {
                DutyStatus::Late => sum.late.add(days, 1),
                DutyStatus::Overdue => sum.overdue.add(days, 1),
                DutyStatus::Open
                | DutyStatus::Met
                | DutyStatus::Waived
                | DutyStatus::NotInTheRecord => {}
            }
        }
    }
}

/// What a question wants of these sums, by what it asks for.
pub(super) fn grouped(sums: &Sums, question: &Question, by: By) -> BTreeMap<Key, Added> {
    let Question { filter, pick, .. } = question;
    let owes = filter.owes.and_then(|asked| Office::ALL.iter().position(|one| *one == asked));
    let mut wanted: BTreeMap<Key, Added> = BTreeMap::new();
    for ((office, province, due), sum) in sums {
        // Under each office, or each once: never both.
        let is_office = match owes {
            Some(owes) => *office == Some(owes),
            None => office.is_some() == by.office,
        };
        let is_due = due.is_some_and(|due| {
            pick.due_year.is_none_or(|year| year == due.year())
                && pick.due_months.is_none_or(|months| months.has(due))
        });
        if is_office && is_due {
            let due = due.map(|due| match due {
                DueIn::Month(year, _) if !by.month => DueIn::Month(year, 1),
                due => due,
            });
            let key = (
                office.filter(|_| by.office),
                province.as_ref().filter(|_| by.province).cloned(),
                due.filter(|_| by.year || by.month),
            );
            wanted.entry(key).or_default().add_sum(sum);
        }
    }
    wanted
}

/// Those who owe it, each once.
fn offices(item: &DueItem<'_>) -> Vec<Office> {
    let mut offices = vec![item.duty.owes];
    offices.extend(item.duty.with.iter().filter(|office| **office != item.duty.owes));
    offices
}
