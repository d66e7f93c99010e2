//! The checkpoints that were signed, kept for ever: one file of notes, each followed by an empty line.
//!
//! What must hold: a checkpoint is flushed here before anyone is shown it; what a crash left of one
//! at the end was never shown. The file is not the log's, so a log that is shorter or another is found out.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::Path;

use super::note::Signed;

/// The file within the ledger's folder.
pub const FILE: &str = "checkpoints";

/// All checkpoints that are kept, oldest first.
///
/// # Errors
/// A file that can't be read; [`ErrorKind::InvalidData`] where something other than a checkpoint stands in it.
pub fn read(folder: &Path) -> io::Result<Vec<Signed>> {
    read_whole(folder).map(|(kept, _)| kept)
}

/// The same, and how many bytes they take.
fn read_whole(folder: &Path) -> io::Result<(Vec<Signed>, u64)> {
    let path = folder.join(FILE);
    let text = match fs::read_to_string(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok((Vec::new(), 0)),
        text => text?,
    };
    let (mut kept, mut rest) = (Vec::new(), text.as_str());
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
        let (kept, bytes) = read_whole(folder)?;
        let file = OpenOptions::new().append(true).create(true).open(folder.join(FILE))?;
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
