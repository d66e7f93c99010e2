//! What cohorts count. Kept, and brought up to date by who changed: as they were known then is taken off,
//! as they are known now is added.

use std::collections::BTreeMap;

use crate::api::asking::counted::{Count, by_changed};
use crate::domain::ids::{Id, Node};
use crate::projection::current_status::{CohortCount, CohortOf, Counted};
use crate::projection::{At, DatabaseError, Tables};

/// How many of a round or batch stand somewhere, wait, and were decided again.
type Counts = BTreeMap<(Id, Option<Node>), [u64; 3]>;

/// The question.
pub(super) struct Asked {
    pub of: Counted,
    pub by: CohortOf,
    pub at: At,
}

/// What is counted, in the order of rounds or batches.
pub(super) fn in_order(counts: &Counts) -> Vec<CohortCount> {
    let counts = counts.iter().map(|((of, node), [count, waiting, decided_later])| CohortCount {
        of: of.clone(),
        node: node.clone(),
        count: *count,
        waiting: *waiting,
        decided_later: *decided_later,
    });
    counts.collect()
}

impl Count for Asked {
    type Value = Counts;

    fn key(&self) -> String {
        format!("cohorts {:?} {:?} {:?}", self.of, self.by, self.at)
    }

    fn count(&self, tables: &Tables<'_>) -> Result<Counts, DatabaseError> {
        self.ask(tables, &self.of, self.at)
    }

    fn further(
        &self,
        tables: &Tables<'_>,
        value: &mut Counts,
        since: u64,
    ) -> Result<bool, DatabaseError> {
        let ask = |changed: &[u64], at| {
            self.ask(
                tables,
                &Counted { enrollments: Some(changed.to_vec()), ..self.of.clone() },
                at,
            )
        };
        by_changed(tables, (self.at, since), ask, |before, now| {
            for (key, now) in now {
                let counts = value.entry(key).or_default();
                counts.iter_mut().zip(now).for_each(|(count, now)| *count += now);
            }
            for (key, before) in before {
                let counts = value.entry(key).or_default();
                counts
                    .iter_mut()
                    .zip(before)
                    .for_each(|(count, was)| *count = count.saturating_sub(was));
            }
            value.retain(|_, [count, ..]| *count > 0);
        })
    }

    fn bytes(value: &Counts) -> usize {
        160 * (value.len() + 1)
    }
}

impl Asked {
    fn ask(&self, tables: &Tables<'_>, of: &Counted, at: At) -> Result<Counts, DatabaseError> {
        let counts = tables.count_cohorts(of, self.by, at)?.into_iter();
        Ok(counts.map(|c| ((c.of, c.node), [c.count, c.waiting, c.decided_later])).collect())
    }
}
