//! The Merkle root over leaf hashes, in one pass (RFC 9162, section 2.1.1; the same tree as RFC 6962).
//!
//! What is kept are the roots of the perfect subtrees that the leaves so far fill, one for each bit
//! set in their number: at most 64 hashes, whatever the size. Deliberately not here: proofs, which
//! need more of the tree.

use std::fmt;

use sha2::{Digest, Sha256};

/// A SHA-256 hash of a leaf or node.
pub type Hash = [u8; 32];

/// The tree over the leaf hashes pushed so far, as much of it as its root needs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Root {
    size: u64,
    /// The roots of the perfect subtrees from left to right, the largest first.
    peaks: Vec<Hash>,
}

impl Root {
    /// The tree without leaves.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many leaves it has.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Adds the next leaf by its hash (`envelope::leaf_hash`).
    pub fn push(&mut self, leaf: Hash) {
        let mut node = leaf;
        // Each trailing one of the size is a perfect subtree that the new leaf makes twice as large.
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.peaks.pop() {
                node = parent(&left, &node);
            }
        }
        self.peaks.push(node);
        self.size += 1;
    }

    /// The root over the leaves so far; that of the empty tree is the hash of nothing.
    pub fn hash(&self) -> Hash {
        let mut peaks = self.peaks.iter().rev();
        let Some(smallest) = peaks.next() else { return Sha256::digest([]).into() };
        peaks.fold(*smallest, |right, left| parent(left, &right))
    }
}

impl fmt::Display for Root {
    /// The root in hexadecimal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.hash().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The hash of an inner node: SHA-256 over a one byte and its children.
pub fn parent(left: &Hash, right: &Hash) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update([1]);
    hasher.update(left);
    hasher.update(right);
    hasher.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::envelope::hash_entry;

    /// The entries of the reference tests of Certificate Transparency, and the root over the first
    /// n of them.
    const ENTRIES: [&[u8]; 8] = [
        b"",
        &[0x00],
        &[0x10],
        &[0x20, 0x21],
        &[0x30, 0x31],
        &[0x40, 0x41, 0x42, 0x43],
        &[0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
        &[
            0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d,
            0x6e, 0x6f,
        ],
    ];
    const ROOTS: [&str; 9] = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    #[test]
    fn roots_are_those_of_the_reference_tests() {
        let mut root = Root::new();
        assert_eq!(root.to_string(), ROOTS[0]);
        for (size, entry) in (1..).zip(ENTRIES) {
            root.push(hash_entry(entry));
            assert_eq!((root.size(), root.to_string().as_str()), (size as u64, ROOTS[size]));
        }
    }

    /// The definition, word for word: split at the largest power of two below the size.
    fn by_definition(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => Sha256::digest([]).into(),
            [leaf] => *leaf,
            _ => {
                let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
                parent(&by_definition(left), &by_definition(right))
            }
        }
    }

    #[test]
    fn every_size_agrees_with_the_definition() {
        let (mut root, mut leaves) = (Root::new(), Vec::new());
        for n in 0..300_u32 {
            leaves.push(hash_entry(&n.to_be_bytes()));
            root.push(hash_entry(&n.to_be_bytes()));
            assert_eq!(root.hash(), by_definition(&leaves), "{}", n + 1);
        }
    }
}
