//! Proofs out of the tree: that a leaf is in it, and that one tree is the beginning of another (RFC 9162,
//! 2.1.3.1 and 2.1.4.1), and the file of such a proof (C2SP `tlog-proof`).

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::note::Signed;
use super::root::Hash;
use super::tiles::Tiles;

/// What proves that a leaf stands at `index` in the tree of `size` leaves, from its sibling up.
///
/// # Errors
/// Those of the tree's files; a tree that is smaller.
pub fn inclusion(tiles: &Tiles, index: u64, size: u64) -> io::Result<Vec<Hash>> {
    if index >= size || size > tiles.size() {
        return Err(io::Error::other("no such leaf in the tree"));
    }
    let (mut low, mut high, mut path) = (0, size, Vec::new());
    while high - low > 1 {
        let middle = low + split(high - low);
        if index < middle {
            path.push(tiles.range(middle, high)?);
            high = middle;
        } else {
            path.push(tiles.range(low, middle)?);
            low = middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// What proves that the tree of `from` leaves is the beginning of that of `to`.
///
/// # Errors
/// As [`inclusion`].
pub fn consistency(tiles: &Tiles, from: u64, to: u64) -> io::Result<Vec<Hash>> {
    if from == 0 || from > to || to > tiles.size() {
        return Err(io::Error::other("no such trees"));
    }
    let (mut low, mut high, mut path, mut whole) = (0, to, Vec::new(), true);
    while from < high {
        let middle = low + split(high - low);
        if from <= middle {
            path.push(tiles.range(middle, high)?);
            high = middle;
        } else {
            path.push(tiles.range(low, middle)?);
            low = middle;
            whole = false;
        }
    }
    if !whole {
        path.push(tiles.range(low, high)?);
    }
    path.reverse();
    Ok(path)
}

/// The largest power of two that is smaller.
fn split(leaves: u64) -> u64 {
    1 << (leaves - 1).ilog2()
}

/// The file that proves a leaf against a checkpoint. It carries the entry that was hashed, so that nothing
/// else is needed to verify it.
pub fn proof_file(index: u64, entry: &[u8], path: &[Hash], checkpoint: &Signed) -> String {
    let entry = STANDARD.encode(entry);
    let mut text = format!("c2sp.org/tlog-proof@v1\nextra {entry}\nindex {index}\n");
    for hash in path {
        text.push_str(&STANDARD.encode(hash));
        text.push('\n');
    }
    text.push('\n');
    text.push_str(&checkpoint.note);
    text
}
