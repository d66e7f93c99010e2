//! Whether the log's files are still those that were opened, whole: a removed, replaced or cut file
//! takes writes like any other, and whoever starts again finds nothing of them.
//!
//! The writer asks before each batch and once more between COMMIT and the answers, so that nothing
//! is acknowledged that went into such a file. Not here: what is in the files, beyond the last frame
//! of the WAL.

use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::file::beside;
use super::lock::{FileId, file_id};

/// SQLite's WAL: a header, then frames of a header and a page each.
const WAL_HEADER_BYTES: usize = 32;
const FRAME_HEADER_BYTES: usize = 24;
/// How a WAL begins, but for its last bit.
const WAL_MAGIC: u32 = 0x377f_0682;

/// What stands at the paths of a log's files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Files {
    pub log: Option<FileId>,
    wal: Option<FileId>,
    shm: Option<FileId>,
}

impl Files {
    pub fn at(path: &Path) -> Self {
        let id = |path: &Path| fs::metadata(path).ok().map(|metadata| file_id(&metadata));
        let (wal, shm) = (beside(path, "-wal"), beside(path, "-shm"));
        Self { log: id(path), wal: id(&wal), shm: id(&shm) }
    }
}

/// The log's own file, which only grows.
pub(super) struct LogFile {
    path: PathBuf,
    id: FileId,
    longest: AtomicU64,
}

impl LogFile {
    pub fn new(path: &Path, id: FileId) -> Arc<Self> {
        Arc::new(Self { path: path.to_owned(), id, longest: AtomicU64::new(0) })
    }

    /// What became of it, as `Stop::Replaced` says it. Notes how long it is.
    ///
    /// Two threads ask. What the other has seen meanwhile says nothing of a length that was read before
    /// it: only what was known before the file is looked at bounds it.
    pub fn changed(&self) -> Option<String> {
        let known = self.longest.load(Ordering::Acquire);
        let length = match stands(&self.path, self.id) {
            Ok(metadata) => metadata.len(),
            Err(what) => return Some(what),
        };
        self.longest.fetch_max(length, Ordering::AcqRel);
        (length < known).then(|| format!("cut short ({length} of {known} bytes)"))
    }
}

/// The file at the path if it is this one, or what became of it.
fn stands(path: &Path, id: FileId) -> Result<Metadata, String> {
    match fs::metadata(path) {
        Ok(metadata) if file_id(&metadata) == id => Ok(metadata),
        Ok(_) => Err("replaced by another".to_owned()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err("removed or moved away".to_owned())
        }
        Err(error) => Err(format!("put out of reach ({error})")),
    }
}

/// What the writer knows of the files.
pub(super) struct Known {
    log: Arc<LogFile>,
    wal_path: PathBuf,
    shm_path: PathBuf,
    wal: File,
    wal_id: FileId,
    shm_id: FileId,
    frame_bytes: usize,
    tail: Tail,
}

/// The end of the WAL as it was last written.
#[derive(Default)]
struct Tail {
    header: [u8; WAL_HEADER_BYTES],
    frames: u64,
    last: Vec<u8>,
}

impl Known {
    /// Of a log that SQLite has open, with `frames` in its WAL.
    pub fn new(log: Arc<LogFile>, page_bytes: usize, frames: u64) -> io::Result<Self> {
        let (wal_path, shm_path) = (beside(&log.path, "-wal"), beside(&log.path, "-shm"));
        // SQLite takes no locks on the WAL: closing this takes none away.
        let wal = File::open(&wal_path)?;
        let mut known = Self {
            wal_id: file_id(&wal.metadata()?),
            shm_id: file_id(&fs::metadata(&shm_path)?),
            wal,
            log,
            wal_path,
            shm_path,
            frame_bytes: FRAME_HEADER_BYTES + page_bytes,
            tail: Tail::default(),
        };
        if frames > 0 {
            known.tail = known.read_tail(frames)?;
        }
        Ok(known)
    }

    /// What became of the files since they were last looked at, if it is nothing good.
    pub fn changed(&self) -> Option<String> {
        let wal = || format!("parted from its {}-wal, which was", self.name());
        if let Some(what) = self.log.changed() {
            return Some(what);
        }
        match stands(&self.wal_path, self.wal_id) {
            Err(what) => return Some(format!("{} {what},", wal())),
            // Without frames it may have no header either.
            Ok(metadata)
                if self.tail.frames > 0 && metadata.len() < self.offset(self.tail.frames) =>
            {
                return Some(format!("{} cut short,", wal()));
            }
            Ok(_) => {}
        }
        let shm = stands(&self.shm_path, self.shm_id).err()?;
        Some(format!("parted from its {}-shm, which was {shm},", self.name()))
    }

    /// To be asked after a COMMIT that left `frames` in the WAL: whether what was there before it and
    /// what it wrote stand in the files at the paths.
    pub fn written(&mut self, frames: u64) -> Option<String> {
        let before = std::mem::take(&mut self.tail);
        match self.read_tail(frames) {
            Ok(tail) => self.tail = tail,
            Err(error) => {
                return Some(format!("parted from its {}-wal ({error})", self.name()));
            }
        }
        // A write past the end of a cut file leaves zeros where the cut was.
        let is_whole = is_wal_header(&self.tail.header) && self.follows(&before);
        if !is_whole {
            return Some(format!("parted from its {}-wal, which was cut short,", self.name()));
        }
        self.changed()
    }

    /// Whether the frames of before stand where they were, unless the WAL began anew.
    fn follows(&self, before: &Tail) -> bool {
        if before.frames == 0 || before.header != self.tail.header {
            return true;
        }
        let mut last = vec![0; self.frame_bytes];
        let at = self.offset(before.frames - 1);
        self.wal.read_exact_at(&mut last, at).is_ok() && last == before.last
    }

    fn read_tail(&self, frames: u64) -> io::Result<Tail> {
        let mut tail = Tail { frames, last: vec![0; self.frame_bytes], ..Tail::default() };
        self.wal.read_exact_at(&mut tail.header, 0)?;
        if let Some(before) = frames.checked_sub(1) {
            self.wal.read_exact_at(&mut tail.last, self.offset(before))?;
        }
        Ok(tail)
    }

    /// Where the frame after so many begins.
    fn offset(&self, frames: u64) -> u64 {
        WAL_HEADER_BYTES as u64 + frames * self.frame_bytes as u64
    }

    fn name(&self) -> String {
        self.log.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }
}

/// Whether a WAL may begin so: SQLite's mark and its checksum over what comes before that.
fn is_wal_header(header: &[u8; WAL_HEADER_BYTES]) -> bool {
    let mut words = [[0; 4]; WAL_HEADER_BYTES / 4];
    for (word, bytes) in words.iter_mut().zip(header.chunks_exact(4)) {
        word.copy_from_slice(bytes);
    }
    let begins = u32::from_be_bytes(words[0]);
    // The last bit says in which order the checksum takes the bytes of a word; it is kept in one.
    let taken = if begins & 1 == 0 { u32::from_le_bytes } else { u32::from_be_bytes };
    let (mut first, mut second) = (0_u32, 0_u32);
    for pair in words[..6].chunks_exact(2) {
        first = first.wrapping_add(taken(pair[0])).wrapping_add(second);
        second = second.wrapping_add(taken(pair[1])).wrapping_add(first);
    }
    let kept = (u32::from_be_bytes(words[6]), u32::from_be_bytes(words[7]));
    begins & !1 == WAL_MAGIC && kept == (first, second)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::thread;

    use super::*;

    /// What one thread has seen says nothing against a length that another read before.
    #[test]
    fn a_file_that_grows_while_many_look_at_it_was_not_cut() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.sqlite");
        let mut file = File::create(&path).unwrap();
        let log = LogFile::new(&path, file_id(&file.metadata().unwrap()));
        thread::scope(|scope| {
            let looks = (0..4).map(|_| {
                let log = Arc::clone(&log);
                scope.spawn(move || (0..20_000).find_map(|_| log.changed()))
            });
            let looks: Vec<_> = looks.collect();
            while looks.iter().any(|look| !look.is_finished()) {
                file.write_all(b"grows").unwrap();
            }
            for look in looks {
                assert_eq!(look.join().unwrap(), None);
            }
        });
        file.set_len(3).unwrap();
        assert!(log.changed().unwrap().starts_with("cut short (3 of "));
    }
}
