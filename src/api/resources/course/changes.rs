//! On which days how many more or fewer stand where. Kept, and brought up to date by who changed.

use std::collections::BTreeMap;

use crate::api::asking::counted::{Count, by_changed};
use crate::domain::date::Day;
use crate::domain::ids::Id;
use crate::projection::current_status::Counted;
use crate::projection::{At, DatabaseError, Tables};

/// Who stand alike: the phase, and the category if there is one.
pub(super) type Alike = (Id, Option<Id>);

/// How a program went.
#[derive(Debug, Clone, Default)]
pub(super) struct Changes {
    /// By day, how many more stand alike from then on.
    pub days: BTreeMap<Day, BTreeMap<Alike, i64>>,
    /// By the last day on which an event shows their standing, how many still have it.
    evidenced: BTreeMap<Day, i64>,
}

impl Changes {
    fn add(&mut self, other: &Self, sign: i64) {
        for (day, changes) in &other.days {
            let here = self.days.entry(*day).or_default();
            for (alike, count) in changes {
                *here.entry(alike.clone()).or_default() += sign * count;
            }
            here.retain(|_, count| *count != 0);
            if here.is_empty() {
                self.days.remove(day);
            }
        }
        for (day, count) in &other.evidenced {
            *self.evidenced.entry(*day).or_default() += sign * count;
        }
        self.evidenced.retain(|_, count| *count != 0);
    }

    /// The last day on which an event shows a standing that somebody has.
    pub fn last_evidenced(&self) -> Option<Day> {
        self.evidenced.last_key_value().map(|(day, _)| *day)
    }
}

/// The question; the day of it says nothing.
pub(super) struct Asked {
    pub of: Counted,
    pub at: At,
}

impl Asked {
    fn ask(&self, tables: &Tables<'_>, of: &Counted, at: At) -> Result<Changes, DatabaseError> {
        let mut changes = Changes::default();
        for span in tables.count_spans(of, at.known)? {
            let count = i64::try_from(span.count).unwrap_or(i64::MAX);
            let ends = [(Some(span.from), count), (span.to, -count)];
            for (day, count) in ends.into_iter().filter_map(|(day, count)| Some((day?, count))) {
                let here = changes.days.entry(day).or_default();
                *here.entry((span.phase.clone(), span.category.clone())).or_default() += count;
            }
            if let Some(shown) = span.last_evidenced_on {
                *changes.evidenced.entry(shown.latest()).or_default() += count;
            }
        }
        // A span that goes on as another one of the same is no change.
        changes.days.retain(|_, here| {
            here.retain(|_, count| *count != 0);
            !here.is_empty()
        });
        Ok(changes)
    }
}

impl Count for Asked {
    type Value = Changes;

    fn key(&self) -> String {
        format!("course {:?} {:?}", self.of, self.at.known)
    }

    fn count(&self, tables: &Tables<'_>) -> Result<Changes, DatabaseError> {
        self.ask(tables, &self.of, self.at)
    }

    fn further(
        &self,
        tables: &Tables<'_>,
        value: &mut Changes,
        since: u64,
    ) -> Result<bool, DatabaseError> {
        let ask = |changed: &[u64], at| {
            let of = Counted { enrollments: Some(changed.to_vec()), ..self.of.clone() };
            self.ask(tables, &of, at)
        };
        by_changed(tables, (self.at, since), ask, |before, now| {
            value.add(&before, -1);
            value.add(&now, 1);
        })
    }

    fn bytes(value: &Changes) -> usize {
        let changes: usize = value.days.values().map(|of| 64 + 128 * of.len()).sum();
        changes + 32 * value.evidenced.len()
    }
}
