//! What a scoreboard counts. Kept, and brought up to date by who changed: as many as they were known to be
//! then are taken off, as many as they are known to be now are added.

use std::collections::BTreeMap;

use crate::api::asking::counted::{Count, by_changed};
use crate::domain::ids::Id;
use crate::projection::current_status::Counted;
use crate::projection::{At, DatabaseError, Tables};

/// What is counted.
#[derive(Debug, Clone, Default)]
pub(super) struct Counts {
    /// By phase and category, of the zone asked about.
    pub phases: BTreeMap<(Id, Option<Id>), u64>,
    /// The same of all zones.
    pub all: BTreeMap<(Id, Option<Id>), u64>,
    /// By zone and phase; no zone: none is on record.
    pub zones: BTreeMap<(Option<Id>, Id), u64>,
}

/// How many are in a phase, of a category if one is named.
pub(super) fn in_phase(
    counts: &BTreeMap<(Id, Option<Id>), u64>,
    phase: &Id,
    category: Option<&Id>,
) -> u64 {
    let of = counts.iter().filter(|((of, in_category), _)| {
        of == phase && category.is_none_or(|id| in_category.as_ref() == Some(id))
    });
    of.map(|(_, count)| count).sum()
}

/// The question.
pub(super) struct Asked {
    pub of: Counted,
    pub at: At,
}

impl Asked {
    fn ask(&self, tables: &Tables<'_>, of: &Counted, at: At) -> Result<Counts, DatabaseError> {
        let all = Counted { zone: None, ..of.clone() };
        let phases = |of: &Counted| {
            let counts = tables.count_phases(of, at)?.into_iter();
            Ok::<_, DatabaseError>(
                counts.map(|one| ((one.phase, one.category), one.count)).collect(),
            )
        };
        let zones = tables.count_zones(&all, at)?.into_iter();
        Ok(Counts {
            phases: phases(of)?,
            all: phases(&all)?,
            zones: zones.map(|one| ((one.zone, one.phase), one.count)).collect(),
        })
    }
}

/// Takes off what was counted before, and adds what is counted now; what there is none of is left out.
fn exchange<K: Ord>(
    counts: &mut BTreeMap<K, u64>,
    before: BTreeMap<K, u64>,
    now: BTreeMap<K, u64>,
) {
    for (key, count) in now {
        *counts.entry(key).or_default() += count;
    }
    for (key, count) in before {
        let left = counts.entry(key).or_default();
        *left = left.saturating_sub(count);
    }
    counts.retain(|_, count| *count > 0);
}

impl Count for Asked {
    type Value = Counts;

    fn key(&self) -> String {
        format!("scoreboard {:?} {:?}", self.of, self.at)
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
            exchange(&mut value.phases, before.phases, now.phases);
            exchange(&mut value.all, before.all, now.all);
            exchange(&mut value.zones, before.zones, now.zones);
        })
    }

    fn bytes(value: &Counts) -> usize {
        256 * (value.phases.len() + value.all.len() + value.zones.len() + 1)
    }
}
