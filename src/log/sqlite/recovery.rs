//! A start: what the process before left is found out by SQLite's own recovery, really, and put on
//! the disk before anyone builds on it. A clean end is one that left no frame in the WAL and its index;
//! nothing else is believed.
//!
//! - **The index of the WAL is forgotten.** It says which pages of the WAL are in the file already,
//!   and says so before they are flushed; were they lost, no later flush would tell. SQLite makes the
//!   index anew when nobody has the file open, and beside a reader only when it does not know it. So
//!   its header is wiped: whoever comes next, in whichever process, reads the WAL from its beginning.
//! - **The WAL is written anew.** What the system shows of it may not be on the disk: pages whose
//!   flush failed count as flushed. Written again, with the same bytes, they are, or the start fails.
//!
//! Then every page of the WAL goes into the file once more before the WAL begins anew.

use std::fs::{self, File};
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use rusqlite::Connection;
use tracing::warn;

use super::code::is_full;
use super::file::{OpenError, beside, io_error, sync_folder};
use super::lock::Open;
use super::schema::{explain, open_writing, verify};

/// The two copies of the index's header, and the number of pages that are in the file already.
const INDEX_HEADER: [u8; 100] = [0; 100];
/// Where the header says how many frames the WAL has.
const LAST_FRAME: Range<usize> = 16..20;
/// How much of the WAL is written at once.
const PIECE_BYTES: usize = 1024 * 1024;

/// Opens and verifies the file after a recovery; with the number of frames left in the WAL. To be
/// called with the right to append.
pub(super) fn open_recovered(path: &Path, open: &Open) -> Result<(Connection, u64), OpenError> {
    forget_index(path, open)?;
    let wal = beside(path, "-wal");
    write_anew(&wal).map_err(|error| io_error(&wal, error))?;
    sync_folder(path).map_err(|error| io_error(path, error))?;
    let connection = open_writing(path).map_err(|error| explain(path, &error))?;
    verify(path, &connection)?;
    let emptied = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(1));
    match emptied {
        Ok(frames) => {
            // Busy, as beside a reader at work, is no error: the WAL stays as long as it must.
            let frames: i64 = frames;
            Ok((connection, u64::try_from(frames).unwrap_or(0)))
        }
        Err(error) if is_full(&error) => {
            warn!(%error, "there is no room to bring the log's file up to date; its WAL stays");
            Ok((connection, 0))
        }
        Err(error) => Err(explain(path, &error)),
    }
}

fn forget_index(path: &Path, open: &Open) -> Result<(), OpenError> {
    let shm = beside(path, "-shm");
    let failed = |error| io_error(&shm, error);
    let index = match File::options().read(true).write(true).open(&shm) {
        Ok(index) => index,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(error)),
    };
    let wal_bytes = fs::metadata(beside(path, "-wal")).map_or(0, |metadata| metadata.len());
    let mut header = INDEX_HEADER;
    // A shorter one is no index, and must not become one. One that knows of no frame, of a WAL without
    // any, misleads nobody, and wiping it would need the lock that another program may hold.
    match index.read_exact_at(&mut header, 0) {
        Ok(()) if wal_bytes > 0 || header[LAST_FRAME] != [0; 4] => {
            index.write_all_at(&INDEX_HEADER, 0).map_err(failed)?;
        }
        Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => return Err(failed(error)),
        Ok(()) | Err(_) => {}
    }
    open.keep(index);
    Ok(())
}

/// Writes a file's own bytes over it, and flushes it.
fn write_anew(path: &Path) -> io::Result<()> {
    let file = match File::options().read(true).write(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let mut piece = vec![0; PIECE_BYTES];
    let mut at = 0;
    loop {
        let read = match file.read_at(&mut piece, at) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        file.write_all_at(&piece[..read], at)?;
        at += read as u64;
    }
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_anew_a_file_is_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("wal");
        write_anew(&path).unwrap();
        let bytes: Vec<u8> = (0..PIECE_BYTES * 2 + 77).map(|n| (n % 251) as u8).collect();
        std::fs::write(&path, &bytes).unwrap();
        write_anew(&path).unwrap();
        assert!(std::fs::read(&path).unwrap() == bytes);
    }
}
