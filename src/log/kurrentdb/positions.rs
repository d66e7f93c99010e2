//! Where each event of the log stands in `$all`: a list in order, so that an event's place in it is its
//! sequence. Kept as differences of one to four bytes, since a log may have millions.

use uuid::Uuid;

/// Where an event stands, and which it is.
pub(super) type Place = (Uuid, u64);

/// So many are packed together.
const PACKED: usize = 1024;

/// The list.
#[derive(Debug, Default)]
pub(super) struct Positions {
    packs: Vec<Pack>,
    /// The last ones, not packed yet.
    open: Vec<u64>,
    packed: u64,
}

#[derive(Debug)]
struct Pack {
    /// The sequence of the first.
    first: u64,
    low: u64,
    high: u64,
    bytes: Box<[u8]>,
}

impl Positions {
    /// How many there are: the sequence that comes next.
    pub fn len(&self) -> u64 {
        self.packed + self.open.len() as u64
    }

    /// The last position.
    pub fn last(&self) -> Option<u64> {
        self.open.last().copied().or_else(|| Some(self.packs.last()?.high))
    }

    /// Adds the next; `false`, and nothing is added, if it does not come after the last.
    #[must_use]
    pub fn push(&mut self, position: u64) -> bool {
        if self.last().is_some_and(|last| position <= last) {
            return false;
        }
        self.open.push(position);
        if self.open.len() == PACKED {
            self.pack_open();
        }
        true
    }

    /// Leaves out so many sequences: their events are gone, and where they stood nobody knows.
    pub fn skip(&mut self, missing: u64) {
        self.pack_open();
        self.packed += missing;
    }

    fn pack_open(&mut self) {
        let (Some(low), Some(high)) = (self.open.first(), self.open.last()) else { return };
        let (low, high, bytes) = (*low, *high, pack(&self.open).into());
        self.packs.push(Pack { first: self.packed, low, high, bytes });
        self.packed += self.open.len() as u64;
        self.open.clear();
    }

    /// The position of an event.
    pub fn get(&self, sequence: u64) -> Option<u64> {
        if let Some(index) = sequence.checked_sub(self.packed) {
            return self.open.get(usize::try_from(index).ok()?).copied();
        }
        let after = self.packs.partition_point(|pack| pack.first <= sequence);
        let pack = &self.packs[after.checked_sub(1)?];
        unpack(&pack.bytes).nth(usize::try_from(sequence - pack.first).ok()?)
    }

    /// The sequence of the event at a position.
    pub fn sequence_at(&self, position: u64) -> Option<u64> {
        if let Ok(index) = self.open.binary_search(&position) {
            return Some(self.packed + index as u64);
        }
        let after = self.packs.partition_point(|pack| pack.low <= position);
        let pack = &self.packs[after.checked_sub(1)?];
        let index = unpack(&pack.bytes).take_while(|at| *at <= position).enumerate().last();
        index.filter(|(_, at)| *at == position).map(|(index, _)| pack.first + index as u64)
    }

    /// Neighbours from a sequence on, at most so many: the sequence of the first, and where they stand.
    pub fn run(&self, from: u64, most: usize) -> (u64, Vec<u64>) {
        let (mut first, mut found) = (from, Vec::new());
        let start = self.packs.partition_point(|pack| pack.first <= from).saturating_sub(1);
        let packs =
            self.packs[start..].iter().map(|pack| (pack.first, unpack(&pack.bytes).collect()));
        for (begins, part) in packs.chain([(self.packed, self.open.clone())]) {
            let skip = usize::try_from(from.saturating_sub(begins)).unwrap_or(usize::MAX);
            let part: Vec<u64> = part;
            if found.len() >= most || skip >= part.len() {
                continue;
            }
            let begins = begins + skip as u64;
            if found.is_empty() {
                first = begins;
            } else if begins != first + found.len() as u64 {
                break;
            }
            found.extend(part[skip..].iter().take(most - found.len()));
        }
        (first, found)
    }
}

/// Positions in order as bytes: the first, then differences, seven bits a byte, the lowest first.
pub(super) fn pack(positions: &[u64]) -> Vec<u8> {
    let (mut bytes, mut last) = (Vec::with_capacity(positions.len() * 2 + 8), 0);
    for position in positions {
        let mut rest = position - last;
        while rest >= 0x80 {
            bytes.push((rest & 0x7F) as u8 | 0x80);
            rest >>= 7;
        }
        bytes.push(rest as u8);
        last = *position;
    }
    bytes
}

/// Positions out of bytes; ends at bytes that are none.
pub(super) fn unpack(bytes: &[u8]) -> impl Iterator<Item = u64> + '_ {
    let (mut bytes, mut last) = (bytes.iter(), 0_u64);
    std::iter::from_fn(move || {
        let mut rest = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = bytes.next()?;
            rest |= u64::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                last = last.checked_add(rest)?;
                return Some(last);
            }
        }
        None
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_any_length_finds_each_event_both_ways() {
        let mut positions = Positions::default();
        // Near, far, and further than any difference of a file has been.
        let all: Vec<u64> = (0..5000_u64).map(|n| n * 137 + (n / 900) * (1 << 40) + 3).collect();
        for at in &all {
            assert!(positions.push(*at));
            assert!(!positions.push(*at), "not twice");
        }
        assert_eq!((positions.len(), positions.last()), (5000, all.last().copied()));
        for (sequence, at) in (0..).zip(&all).step_by(7) {
            assert_eq!(positions.get(sequence), Some(*at));
            assert_eq!(positions.sequence_at(*at), Some(sequence));
            assert_eq!(positions.sequence_at(at + 1), None);
        }
        assert_eq!((positions.get(5000), positions.sequence_at(0)), (None, None));
        for (from, most) in [(0, 10), (1000, 3000), (4090, 100), (4990, 100)] {
            let wanted: Vec<u64> = all.iter().skip(from).take(most).copied().collect();
            assert_eq!(positions.run(from as u64, most), (from as u64, wanted));
        }
        assert_eq!(positions.run(6000, 1), (6000, Vec::new()));
    }

    #[test]
    fn sequences_that_are_left_out_have_no_position() {
        let mut positions = Positions::default();
        assert!(positions.push(10) && positions.push(20));
        positions.skip(3);
        assert!(positions.push(30) && positions.push(40));
        assert_eq!((positions.len(), positions.sequence_at(30)), (7, Some(5)));
        assert_eq!([1, 2, 4, 5].map(|n| positions.get(n)), [Some(20), None, None, Some(30)]);
        assert_eq!(positions.run(0, 9), (0, vec![10, 20]));
        assert_eq!(positions.run(2, 9), (5, vec![30, 40]));
    }

    #[test]
    fn bytes_that_are_none_end_the_list() {
        assert_eq!(unpack(&pack(&[5, u64::MAX])).collect::<Vec<_>>(), [5, u64::MAX]);
        assert_eq!(unpack(&[0x80; 30]).count(), 0);
        assert_eq!(unpack(&[1, 0x80]).count(), 1);
    }
}
