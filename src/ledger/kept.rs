//! The checkpoints that were signed, kept for ever: one file of notes, each followed by an empty line. Those
//! that witnesses signed as well are kept once more, with their signatures, in a file of their own.
//!
//! What must hold: a checkpoint is flushed here before anyone is shown it; what a crash left of one
//! at the end was never shown. The file is not the log's, so a log that is shorter or another is found out.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use super::note::Signed;

/// The file within the ledger's folder.
pub const FILE: &str = "checkpoints";
/// That of checkpoints with the signatures of witnesses.
pub const COSIGNED: &str = "cosigned";
/// How much of its end is looked at first, in bytes.
const FIRST_PART: u64 = 16 * 1024;

/// All checkpoints that are kept, oldest first.
///
/// # Errors
/// A file that can't be read; [`ErrorKind::InvalidData`] where something other than a checkpoint stands in it.
pub fn read(folder: &Path) -> io::Result<Vec<Signed>> {
    read_whole(&folder.join(FILE)).map(|(kept, _)| kept)
}

/// Those that witnesses signed as well, oldest first.
///
/// # Errors
/// As [`read`].
pub fn read_cosigned(folder: &Path) -> io::Result<Vec<Signed>> {
    read_whole(&folder.join(COSIGNED)).map(|(kept, _)| kept)
}

/// The first checkpoint of an origin, in one of the two files, that covers an event. It is looked for from
/// the end, where those are that cover what was just recorded.
///
/// # Errors
/// Those of the file.
pub fn first_covering(
    folder: &Path,
    file: &str,
    origin: &str,
    sequence: u64,
) -> io::Result<Option<Signed>> {
    let file = match File::open(folder.join(file)) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    let length = file.metadata()?.len();
    let mut part = FIRST_PART;
    loop {
        let begin = length.saturating_sub(part);
        let mut bytes = vec![0; (length - begin) as usize];
        file.read_exact_at(&mut bytes, begin)?;
        let text = String::from_utf8_lossy(&bytes);
        let mut notes = text.split("\n\n").peekable();
        // Half a note at the beginning ends with its signatures.
        if begin > 0 {
            notes.by_ref().find(|part| part.starts_with("— "));
        }
        let (mut found, mut is_earlier) = (None, begin == 0);
        while let (Some(body), Some(signatures)) = (notes.next(), notes.next()) {
            // What follows the last empty line is half a note.
            let Some(_) = notes.peek() else { break };
            let Some(signed) = Signed::parse(&format!("{body}\n\n{signatures}\n")) else {
                continue;
            };
            if signed.origin != origin || signed.size <= sequence {
                is_earlier = true;
            } else {
                found = found.or(Some(signed));
            }
        }
        if is_earlier {
            return Ok(found);
        }
        part *= 4;
    }
}

/// The same, and how many bytes they take.
fn read_whole(path: &Path) -> io::Result<(Vec<Signed>, u64)> {
    let bytes = match fs::read(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok((Vec::new(), 0)),
        bytes => bytes?,
    };
    let text = match std::str::from_utf8(&bytes) {
        Ok(text) => text,
        // A crash may have left half a character too.
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(error) => return Err(io::Error::new(ErrorKind::InvalidData, error)),
    };
    let (mut kept, mut rest) = (Vec::new(), text);
    while let Some((note, after)) = next(rest) {
        let signed = Signed::parse(note).ok_or_else(|| {
            let what = format!("{}: no checkpoint after {} of them", path.display(), kept.len());
            io::Error::new(ErrorKind::InvalidData, what)
        })?;
        kept.push(signed);
        rest = after;
    }
    Ok((kept, (text.len() - rest.len()) as u64))
}

/// The first whole note of a text, and what follows it.
fn next(text: &str) -> Option<(&str, &str)> {
    let body = text.find("\n\n")? + 2;
    let end = body + text[body..].find("\n\n")? + 1;
    Some((&text[..end], &text[end + 1..]))
}

/// The file, to add to.
#[derive(Debug)]
pub struct Keeper {
    file: File,
}

impl Keeper {
    /// Opens it in a folder that is there, without what a crash left of a note.
    ///
    /// # Errors
    /// As [`read`].
    pub fn open(folder: &Path) -> io::Result<(Self, Vec<Signed>)> {
        Self::open_file(folder, FILE)
    }

    /// The same of one of the two files.
    ///
    /// # Errors
    /// As [`read`].
    pub fn open_file(folder: &Path, file: &str) -> io::Result<(Self, Vec<Signed>)> {
        let path = folder.join(file);
        let (kept, bytes) = read_whole(&path)?;
        let file = OpenOptions::new().append(true).create(true).open(&path)?;
        if file.metadata()?.len() > bytes {
            file.set_len(bytes)?;
        }
        file.sync_all()?;
        File::open(folder)?.sync_all()?;
        Ok((Self { file }, kept))
    }

    /// Keeps another, flushed.
    ///
    /// # Errors
    /// Those of the disk: then nobody may be shown it.
    pub fn keep(&mut self, signed: &Signed) -> io::Result<()> {
        self.file.write_all(format!("{}\n", signed.note).as_bytes())?;
        self.file.sync_data()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Signer;
    use ed25519_dalek::SigningKey;

    #[test]
    fn the_first_that_covers_an_event_is_found_from_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let signer = |name: &str| Signer::new(name.to_owned(), SigningKey::from_bytes(&[7; 32]));
        let (mut keeper, _) = Keeper::open(folder.path()).unwrap();
        assert_eq!(first_covering(folder.path(), FILE, "a", 0).unwrap(), None);
        for size in 1..=400 {
            keeper.keep(&signer("a").sign(2 * size, [1; 32])).unwrap();
        }
        for size in 100..=500 {
            keeper.keep(&signer("b").sign(2 * size, [2; 32])).unwrap();
        }
        let covering = |origin, sequence| {
            first_covering(folder.path(), FILE, origin, sequence).unwrap().map(|signed| signed.size)
        };
        for sequence in 0..1000 {
            assert_eq!(covering("b", sequence), Some((sequence + 2) / 2 * 2).map(|s| s.max(200)));
        }
        assert_eq!((covering("b", 1000), covering("c", 5)), (None, None));
    }

    #[test]
    fn half_a_note_at_the_end_is_none_and_what_is_no_note_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        let signer = Signer::new("docket/test".to_owned(), SigningKey::from_bytes(&[7; 32]));
        let notes: Vec<_> = (1..4).map(|size| signer.sign(size, [size as u8; 32])).collect();
        let (mut keeper, kept) = Keeper::open(folder.path()).unwrap();
        assert_eq!(kept, []);
        notes.iter().for_each(|note| keeper.keep(note).unwrap());
        assert_eq!(read(folder.path()).unwrap(), notes);
        let whole = fs::read(&path).unwrap();
        let second = whole.len() * 2 / 3;
        for cut in second + 1..whole.len() {
            fs::write(&path, &whole[..cut]).unwrap();
            let (mut keeper, kept) = Keeper::open(folder.path()).unwrap();
            assert_eq!(kept, notes[..2], "{cut}");
            keeper.keep(&notes[2]).unwrap();
            assert_eq!(read(folder.path()).unwrap(), notes);
        }
        fs::write(&path, "nothing\n\nof the kind\n\n").unwrap();
        assert_eq!(read(folder.path()).unwrap_err().kind(), ErrorKind::InvalidData);
    }
}
