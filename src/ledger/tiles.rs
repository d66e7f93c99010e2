//! The Merkle tree as C2SP has it (`tlog-tiles`), one file for each level: `tree-0` holds the leaf hashes
//! one after the other, `tree-1` the hash of each 256 of them that are complete, and so on. A tile is a
//! part of such a file, and every node of the tree is at most 256 hashes away from one.
//!
//! What must hold: files only grow; the size moves after what it counts can be read. Nothing is flushed:
//! the tree can be made anew from the log, and a start compares it with checkpoints and log. Plain files
//! rather than a database, since they are appended to and cut into pieces of 8,192 bytes, no more.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::root::{Hash, Root, parent};

/// Hashes in a full tile.
pub const WIDTH: u64 = 256;
/// Levels that are kept: enough for 256^5 events.
const LEVELS: usize = 5;
const HASH_BYTES: u64 = 32;

/// The tree, to be read while it grows.
#[derive(Debug)]
pub struct Tiles {
    files: [File; LEVELS],
    size: AtomicU64,
}

impl Tiles {
    /// Opens the tree of a folder to read what stands there now.
    ///
    /// # Errors
    /// Those of the files; one that is missing has no hash.
    pub fn read(folder: &Path) -> io::Result<Self> {
        let mut files = Vec::new();
        for level in 0..LEVELS {
            files.push(File::open(path_of(folder, level))?);
        }
        let size = files[0].metadata()?.len() / HASH_BYTES;
        Ok(Self { files: five(files)?, size: AtomicU64::new(size) })
    }

    /// How many leaves it has.
    pub fn size(&self) -> u64 {
        self.size.load(Ordering::Acquire)
    }

    /// The hashes of a tile from its first on; `None` where the tree does not have all of them.
    ///
    /// # Errors
    /// Those of the file.
    pub fn tile(&self, level: u8, tile: u64, width: u64) -> io::Result<Option<Vec<u8>>> {
        let level = usize::from(level);
        let Some(first) = tile.checked_mul(WIDTH).filter(|_| level < LEVELS) else {
            return Ok(None);
        };
        let there = self.size() >> (8 * level as u32);
        if first.checked_add(width).is_none_or(|end| end > there) {
            return Ok(None);
        }
        self.bytes(level, first, width).map(Some)
    }

    /// The hash of a leaf that is there.
    ///
    /// # Errors
    /// Those of the file.
    pub fn leaf(&self, index: u64) -> io::Result<Hash> {
        Ok(self.hashes(0, index, 1)?[0])
    }

    /// The hashes of leaves that are there.
    ///
    /// # Errors
    /// Those of the file.
    pub fn leaves(&self, first: u64, count: u64) -> io::Result<Vec<Hash>> {
        self.hashes(0, first, count)
    }

    /// The root over the first leaves.
    ///
    /// # Errors
    /// Those of the files.
    pub fn root(&self, size: u64) -> io::Result<Hash> {
        if size == 0 {
            return Ok(Root::new().hash());
        }
        self.range(0, size)
    }

    /// The hash over the leaves from `low` to before `high`, where `low` is a multiple of the smallest
    /// power of two that takes as many: what a proof is made of.
    ///
    /// # Errors
    /// Those of the files.
    pub fn range(&self, low: u64, high: u64) -> io::Result<Hash> {
        let mut peaks = self.peaks(low, high)?;
        let last = peaks.pop().ok_or_else(|| io::Error::other("no leaf has no hash"))?;
        Ok(peaks.iter().rev().fold(last, |right, left| parent(left, &right)))
    }

    /// The roots of the perfect subtrees that make up such a range, the largest first: over the first
    /// leaves, all that goes on with the tree needs of them.
    ///
    /// # Errors
    /// Those of the files.
    pub fn peaks(&self, low: u64, high: u64) -> io::Result<Vec<Hash>> {
        let (mut at, mut peaks) = (low, Vec::new());
        while at < high {
            let height = (high - at).ilog2();
            peaks.push(self.perfect(height, at >> height)?);
            at += 1 << height;
        }
        Ok(peaks)
    }

    /// Whether the hashes above the first leaves are those of what is below them; made so if told.
    ///
    /// # Errors
    /// Those of the files.
    pub fn is_right_above(&self, size: u64, mend: bool) -> io::Result<bool> {
        let mut is_right = true;
        for level in 1..LEVELS {
            for index in 0..size >> (8 * level as u32) {
                let right = root_of(&self.hashes(level - 1, index * WIDTH, WIDTH)?);
                if self.hashes(level, index, 1)?[0] == right {
                    continue;
                }
                is_right = false;
                if mend {
                    self.files[level].write_all_at(&right, index * HASH_BYTES)?;
                }
            }
        }
        Ok(is_right)
    }

    /// Writes leaves again that are there already.
    ///
    /// # Errors
    /// Those of the file.
    pub fn put_right(&self, first: u64, leaves: &[Hash]) -> io::Result<()> {
        self.files[0].write_all_at(leaves.as_flattened(), first * HASH_BYTES)
    }

    /// The root of a perfect subtree.
    fn perfect(&self, height: u32, index: u64) -> io::Result<Hash> {
        let level = (height / 8).min(LEVELS as u32 - 1);
        let above = height - 8 * level;
        Ok(root_of(&self.hashes(level as usize, index << above, 1 << above)?))
    }

    fn hashes(&self, level: usize, first: u64, count: u64) -> io::Result<Vec<Hash>> {
        let bytes = self.bytes(level, first, count)?;
        Ok(bytes.as_chunks::<32>().0.to_vec())
    }

    fn bytes(&self, level: usize, first: u64, count: u64) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; (count * HASH_BYTES) as usize];
        self.files[level].read_exact_at(&mut bytes, first * HASH_BYTES)?;
        Ok(bytes)
    }
}

fn root_of(hashes: &[Hash]) -> Hash {
    let mut root = Root::new();
    hashes.iter().for_each(|hash| root.push(*hash));
    root.hash()
}

fn path_of(folder: &Path, level: usize) -> std::path::PathBuf {
    folder.join(format!("tree-{level}"))
}

fn five(files: Vec<File>) -> io::Result<[File; LEVELS]> {
    files.try_into().map_err(|_| io::Error::other("another number of levels"))
}

/// The tree, to be added to by one who follows the log.
#[derive(Debug)]
pub struct Growing {
    tiles: Arc<Tiles>,
    /// The tile of each level that is not full yet.
    open: [Vec<Hash>; LEVELS],
}

impl Growing {
    /// Opens the tree of a folder, or begins one. Leaves are taken as they stand; what is missing above
    /// them is made.
    ///
    /// # Errors
    /// Those of the files.
    pub fn open(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let mut files = Vec::new();
        for level in 0..LEVELS {
            let mut options = OpenOptions::new();
            options.read(true).write(true).create(true).truncate(false);
            files.push(options.open(path_of(folder, level))?);
        }
        let size = files[0].metadata()?.len() / HASH_BYTES;
        let tiles = Tiles { files: five(files)?, size: AtomicU64::new(size) };
        tiles.files[0].set_len(size * HASH_BYTES)?;
        let mut growing = Self { tiles: Arc::new(tiles), open: Default::default() };
        growing.recover()?;
        Ok(growing)
    }

    /// Goes back to what is counted, after an error or a start.
    ///
    /// # Errors
    /// Those of the files.
    pub fn recover(&mut self) -> io::Result<()> {
        (0..LEVELS).try_for_each(|level| self.mend(level))
    }

    /// Gives a level as many hashes as the one below has full tiles, and takes up its open tile.
    fn mend(&mut self, level: usize) -> io::Result<()> {
        let tiles = self.tiles.clone();
        let wanted = tiles.size() >> (8 * level as u32);
        let there = tiles.files[level].metadata()?.len() / HASH_BYTES;
        if level > 0 {
            for index in there.min(wanted)..wanted {
                let hash = root_of(&tiles.hashes(level - 1, index * WIDTH, WIDTH)?);
                tiles.files[level].write_all_at(&hash, index * HASH_BYTES)?;
            }
        }
        tiles.files[level].set_len(wanted * HASH_BYTES)?;
        self.open[level] = tiles.hashes(level, wanted - wanted % WIDTH, wanted % WIDTH)?;
        Ok(())
    }

    /// The tree as others read it.
    pub fn tiles(&self) -> &Arc<Tiles> {
        &self.tiles
    }

    /// Forgets all leaves, to begin anew.
    ///
    /// # Errors
    /// Those of the files.
    pub fn clear(&mut self) -> io::Result<()> {
        self.tiles.size.store(0, Ordering::Release);
        self.open = Default::default();
        self.tiles.files.iter().try_for_each(|file| file.set_len(0))
    }

    /// Adds the next leaves by their hashes. After an error the tree is to be recovered.
    ///
    /// # Errors
    /// Those of the files.
    pub fn push(&mut self, leaves: &[Hash]) -> io::Result<()> {
        let mut next = leaves.to_vec();
        let size = self.tiles.size();
        for level in 0..LEVELS {
            if next.is_empty() {
                break;
            }
            let at = (size >> (8 * level as u32)) * HASH_BYTES;
            self.tiles.files[level].write_all_at(next.as_flattened(), at)?;
            let open = &mut self.open[level];
            open.append(&mut next);
            let full = open.len() - open.len() % WIDTH as usize;
            next = open[..full].chunks(WIDTH as usize).map(root_of).collect();
            open.drain(..full);
        }
        self.tiles.size.store(size + leaves.len() as u64, Ordering::Release);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::envelope::hash_entry;

    fn leaf(n: u64) -> Hash {
        hash_entry(&n.to_be_bytes())
    }

    #[test]
    fn every_root_is_that_of_one_pass_also_after_what_is_missing_was_mended() {
        let folder = tempfile::tempdir().unwrap();
        let (mut root, mut growing) = (Root::new(), Growing::open(folder.path()).unwrap());
        let mut roots = vec![root.hash()];
        let mut next = 0;
        for batch in [1, 254, 1, 1, 700, 66_000, 3] {
            let leaves: Vec<_> = (next..next + batch).map(leaf).collect();
            next += batch;
            leaves.iter().for_each(|leaf| {
                root.push(*leaf);
                roots.push(root.hash());
            });
            growing.push(&leaves).unwrap();
            assert_eq!(growing.tiles().root(next).unwrap(), root.hash());
        }
        let sizes = (0..600).chain(65_500..65_600).chain([next]);
        for size in sizes {
            assert_eq!(growing.tiles().root(size).unwrap(), roots[size as usize], "{size}");
        }
        let tile = growing.tiles().tile(1, 1, 5).unwrap().unwrap();
        assert_eq!(tile[..32], growing.tiles().range(65_536, 65_792).unwrap());
        assert_eq!(growing.tiles().tile(0, 261, 145).unwrap(), None, "not all of it is there");
        drop(growing);
        // A crash left half a hash, and less above than there should be.
        let file = OpenOptions::new().write(true).open(path_of(folder.path(), 0)).unwrap();
        file.set_len(next * 32 - 7).unwrap();
        fs::write(path_of(folder.path(), 1), [0; 40]).unwrap();
        fs::remove_file(path_of(folder.path(), 2)).unwrap();
        let first = growing_first(folder.path());
        assert_eq!(first, next - 1);
        // What stands above is taken as it is found: opened anew it is compared with a checkpoint.
        fs::write(path_of(folder.path(), 1), []).unwrap();
        fs::write(path_of(folder.path(), 2), []).unwrap();
        let mut growing = Growing::open(folder.path()).unwrap();
        growing.push(&[leaf(next - 1)]).unwrap();
        assert_eq!(growing.tiles().root(next).unwrap(), root.hash());
        growing.clear().unwrap();
        growing.push(&[leaf(0)]).unwrap();
        assert_eq!(growing.tiles().root(1).unwrap(), roots[1]);
    }

    fn growing_first(folder: &Path) -> u64 {
        Growing::open(folder).unwrap().tiles().size()
    }
}
