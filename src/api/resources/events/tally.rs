//! How many events of which kind there are, up to any event of the log.
//!
//! What must hold: events never change, so what was counted of a part of the log stays. The counts at the end of
//! each block are kept; of the block in which a count ends, the events are looked at.

use std::collections::HashMap;
use std::ops::Range;

use crate::api::asking::counted::{Count, counted};
use crate::api::asking::state::ApiState;
use crate::codec::kind_of_stream;
use crate::domain::ids::Office;
use crate::projection::event_facts::EventKind;
use crate::projection::{At, DatabaseError, Tables};

/// Events in a block.
const BLOCK: u64 = 16 * 1024;

/// What is counted: its texts by their numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    program: Option<usize>,
    event_type: Option<usize>,
    office: Office,
    exercise: bool,
    measure: Option<usize>,
    article: Option<usize>,
}

/// A kind of events.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kind<'a> {
    pub program: Option<&'a str>,
    pub event_type: &'a str,
    pub office: Office,
    pub exercise: bool,
    pub measure: Option<&'a str>,
    pub article: Option<&'a str>,
}

/// Texts, each by a number.
#[derive(Debug, Default)]
struct Texts {
    texts: Vec<String>,
    numbers: HashMap<String, usize>,
}

impl Texts {
    fn number(&mut self, text: &str) -> usize {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = self.texts.len();
        self.texts.push(text.to_owned());
        self.numbers.insert(text.to_owned(), number);
        number
    }

    fn text(&self, number: Option<usize>) -> Option<&str> {
        Some(self.texts.get(number?)?.as_str())
    }
}

/// The counts.
#[derive(Debug, Default)]
pub(super) struct Tally {
    texts: Texts,
    kinds: Vec<Key>,
    places: HashMap<Key, usize>,
    /// By kind, of all events that were looked at; how many these are.
    counts: Vec<u64>,
    events: u64,
    /// The same at the end of each full block, the first first.
    blocks: Vec<Vec<u64>>,
}

impl Tally {
    fn add(&mut self, kind: &EventKind<'_>) {
        let place = self.place(kind);
        self.counts[place] += 1;
        self.events += 1;
        if self.events.is_multiple_of(BLOCK) {
            self.blocks.push(self.counts.clone());
        }
    }

    fn place(&mut self, kind: &EventKind<'_>) -> usize {
        let texts = &mut self.texts;
        let key = Key {
            program: kind_of_stream(kind.stream).program().map(|text| texts.number(text)),
            event_type: Some(texts.number(kind.event_type)),
            office: kind.office,
            exercise: kind.exercise,
            measure: kind.measure.map(|text| texts.number(text)),
            article: kind.article.map(|text| texts.number(text)),
        };
        *self.places.entry(key).or_insert_with(|| {
            self.kinds.push(key);
            self.counts.push(0);
            self.kinds.len() - 1
        })
    }

    /// How many of each kind there are among the first events of the log; `read` hands over those of a part of it.
    fn among<E>(
        &self,
        events: u64,
        read: impl FnOnce(Range<u64>, &mut Tally) -> Result<(), E>,
    ) -> Result<Vec<u64>, E> {
        if events >= self.events {
            return Ok(self.counts.clone());
        }
        let full = events / BLOCK;
        let before =
            usize::try_from(full).ok().and_then(|full| self.blocks.get(full.checked_sub(1)?));
        let mut counts = before.cloned().unwrap_or_default();
        counts.resize(self.kinds.len(), 0);
        // Each of these was counted, so its kind has a place.
        let mut rest = Self::default();
        read(full * BLOCK..events, &mut rest)?;
        for (key, count) in rest.kinds.iter().zip(&rest.counts) {
            let number = |of: Option<usize>| {
                rest.texts.text(of).and_then(|text| self.texts.numbers.get(text).copied())
            };
            let here = Key {
                program: number(key.program),
                event_type: number(key.event_type),
                measure: number(key.measure),
                article: number(key.article),
                ..*key
            };
            if let Some(place) = self.places.get(&here) {
                counts[*place] += count;
            }
        }
        Ok(counts)
    }

    fn kind(&self, key: &Key) -> Kind<'_> {
        Kind {
            program: self.texts.text(key.program),
            event_type: self.texts.text(key.event_type).unwrap_or_default(),
            office: key.office,
            exercise: key.exercise,
            measure: self.texts.text(key.measure),
            article: self.texts.text(key.article),
        }
    }
}

/// The question: of all events.
struct AllKinds;

impl Count for AllKinds {
    type Value = Tally;

    fn key(&self) -> String {
        "events by kind".to_owned()
    }

    fn count(&self, tables: &Tables<'_>) -> Result<Tally, DatabaseError> {
        let mut tally = Tally::default();
        self.further(tables, &mut tally, 0)?;
        Ok(tally)
    }

    fn further(
        &self,
        tables: &Tables<'_>,
        tally: &mut Tally,
        _since: u64,
    ) -> Result<bool, DatabaseError> {
        let (_, read) = tables.read_to();
        let end = read.map_or(0, |read| read + 1);
        tables.event_kinds(tally.events..end, |kind| tally.add(&kind))?;
        Ok(true)
    }

    fn bytes(tally: &Tally) -> usize {
        let counts = tally.kinds.len() * (2 * size_of::<Key>() + size_of::<u64>());
        let blocks: usize = tally.blocks.iter().map(|block| block.len() * size_of::<u64>()).sum();
        let texts: usize = tally.texts.texts.iter().map(|text| 2 * text.len() + 64).sum();
        counts + blocks + texts
    }
}

/// Hands over how many events of each kind are known.
///
/// # Errors
/// Those of the database.
pub(super) fn each_kind(
    state: &ApiState,
    tables: &Tables<'_>,
    known: Option<u64>,
    mut each: impl FnMut(Kind<'_>, u64),
) -> Result<(), DatabaseError> {
    // Another question may have read further than this one's view of the tables.
    let events = known.or(tables.read_to().1).map_or(0, |last| last + 1);
    counted(&state.counted, tables, &AllKinds, false, |tally| {
        let counts =
            tally.among(events, |part, rest| tables.event_kinds(part, |kind| rest.add(&kind)))?;
        let found = tally.kinds.iter().zip(counts).filter(|(_, count)| *count > 0);
        found.for_each(|(key, count)| each(tally.kind(key), count));
        Ok(())
    })?
}

/// Counts all events.
///
/// # Errors
/// Those of the database.
pub fn kinds_at_hand(state: &ApiState, tables: &Tables<'_>, _: At) -> Result<(), DatabaseError> {
    counted(&state.counted, tables, &AllKinds, false, |_| ())
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    fn kind(number: u64) -> EventKind<'static> {
        // The last kind comes late: earlier blocks know nothing of it.
        let article = match number {
            50_000.. => Some("Art. 9"),
            _ if number.is_multiple_of(7) => Some("Art. 8"),
            _ => None,
        };
        EventKind {
            stream: if number.is_multiple_of(3) { "cluster_area-futian" } else { "subject-futian" },
            event_type: "Noted",
            office: Office::Registrar,
            exercise: false,
            measure: article.map(|_| "2014-40"),
            article,
        }
    }

    #[test]
    fn a_part_of_the_log_counts_what_it_has_wherever_it_ends() {
        let mut tally = Tally::default();
        (0..50_100).for_each(|number| tally.add(&kind(number)));
        for end in [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 50_000, 50_050, 50_100, 60_000] {
            let counts = tally
                .among(end, |part, rest| {
                    assert!(part.end - part.start < BLOCK, "{part:?}");
                    part.for_each(|number| rest.add(&kind(number)));
                    Ok::<_, Infallible>(())
                })
                .unwrap();
            let of = |takes: &dyn Fn(Kind<'_>) -> bool| -> u64 {
                let picked = tally.kinds.iter().zip(&counts);
                picked.filter(|(key, _)| takes(tally.kind(key))).map(|(_, count)| count).sum()
            };
            let there = end.min(50_100);
            let expected =
                |takes: &dyn Fn(u64) -> bool| (0..there).filter(|n| takes(*n)).count() as u64;
            assert_eq!(of(&|_| true), there);
            assert_eq!(
                of(&|kind| kind.program == Some("cluster_area")),
                expected(&|n| n.is_multiple_of(3))
            );
            assert_eq!(of(&|kind| kind.article == Some("Art. 9")), expected(&|n| n >= 50_000));
            assert_eq!(
                of(&|kind| kind.measure.is_none()),
                expected(&|n| kind(n).measure.is_none())
            );
        }
    }
}
