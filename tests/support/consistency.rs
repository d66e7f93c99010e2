//! The proof that one tree is the beginning of another, checked as RFC 9162 has it: by whoever tests what
//! gives such proofs, and by the witness of the tests.

use docket::verify::tree::Hash;
use sha2::{Digest as _, Sha256};

fn node(left: &Hash, right: &Hash) -> Hash {
    Sha256::new_with_prefix([1]).chain_update(left).chain_update(right).finalize().into()
}

/// Whether a path proves that the tree of `from` leaves and its root is the beginning of that of `to`
/// leaves and its root (RFC 9162, 2.1.4.2).
pub fn continues(from: (u64, &Hash), to: (u64, &Hash), path: &[Hash]) -> bool {
    let ((from, old), (to, new)) = (from, to);
    if from == to {
        return path.is_empty() && old == new;
    }
    if from == 0 || from > to {
        return false;
    }
    let mut path = path.iter().copied();
    let first = if from.is_power_of_two() { Some(*old) } else { path.next() };
    let Some(first) = first else { return false };
    let shift = (from - 1).trailing_ones();
    let (mut at, mut last) = ((from - 1) >> shift, (to - 1) >> shift);
    let (mut old_hash, mut new_hash) = (first, first);
    for sibling in path {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            old_hash = node(&sibling, &old_hash);
            new_hash = node(&sibling, &new_hash);
            while at & 1 == 0 && at != 0 {
                (at, last) = (at >> 1, last >> 1);
            }
        } else {
            new_hash = node(&new_hash, &sibling);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    last == 0 && old_hash == *old && new_hash == *new
}
