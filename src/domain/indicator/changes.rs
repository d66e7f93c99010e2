//! Which figures are others than they were when less of a division's stream was known, and by which event.

use std::collections::{BTreeMap, HashMap};

use super::{Chain, IndicatorHistory, IndicatorRecord, Observation};
use crate::domain::date::CivilDate;
use crate::domain::ids::Id;
use crate::domain::text::NonBlank;

/// What a figure is of: one stands for each.
type Of<'a> = (&'a Id, CivilDate, Option<&'a NonBlank>, Option<&'a NonBlank>);

/// A figure that is another than before, a new one, or one that stands no longer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FigureChange<'a> {
    /// The figure that stood.
    pub before: Option<&'a Observation>,
    /// The figure that stands.
    pub after: Option<&'a Observation>,
    /// The event since which it does.
    pub by: &'a IndicatorRecord,
}

impl FigureChange<'_> {
    /// A figure that it is about: its indicator and period are those of both.
    pub fn of(&self) -> Option<&Observation> {
        self.after.or(self.before)
    }
}

impl IndicatorHistory {
    /// What stands otherwise than when the stream had so many events, in the order in which it became so.
    pub fn changes(&self, known_before: usize) -> Vec<FigureChange<'_>> {
        let (mut chains, mut changed) =
            (BTreeMap::new(), HashMap::<Of<'_>, FigureChange<'_>>::new());
        for (at, record) in self.0.iter().enumerate() {
            let original = self.original(record.revision);
            let before = self.figure(&chains, original);
            self.take(record, &mut chains);
            if at < known_before {
                continue;
            }
            let after = self.figure(&chains, original);
            // A correction can put a figure in place that is of another period: then that of the first is gone.
            for said in [before, after].into_iter().flatten() {
                let of = |one: &&Observation| one.is_of_same(said);
                let (was, is) = (before.filter(of), after.filter(of));
                let first = FigureChange { before: was, after: is, by: record };
                let change = changed.entry(of_what(said)).or_insert(first);
                if change.after != is {
                    (change.after, change.by) = (is, record);
                }
            }
        }
        let mut changed: Vec<_> =
            changed.into_values().filter(|one| one.before != one.after).collect();
        changed.sort_by_key(|one| {
            (one.by.revision, one.of().map(|of| (of.indicator.clone(), of.period.to_string())))
        });
        changed
    }

    fn figure(&self, chains: &BTreeMap<u64, Chain>, original: u64) -> Option<&Observation> {
        self.at(chains.get(&original)?.in_force()?)?.says()
    }
}

fn of_what(one: &Observation) -> Of<'_> {
    (&one.indicator, one.period, one.basis.as_ref(), one.coverage.as_ref())
}
