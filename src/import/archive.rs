//! A folder of lines and documents as one file (ZIP), as it is sent to a server.
//!
//! What must hold: nothing is written outside of the folder that it is unpacked to, and no more than the
//! limit, whatever it says of itself. A single folder around everything else means nothing. Names are read
//! as UTF-8, or else as GB18030, in which Chinese systems pack them.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read as _, Seek, Write};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use encoding_rs::GB18030;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use super::documents::Documents;
use super::folder::Folder;
use super::line::{Line, Source};

/// What systems add to archives that nobody put there.
const ADDED: &str = "__MACOSX";

/// What an archive holds, unpacked beside it.
pub struct Archive(Folder);

impl Archive {
    /// Opens an archive; unpacks it unless that was done before.
    ///
    /// # Errors
    /// What is no archive, can't be unpacked or has no file of lines.
    pub fn open(path: &Path, limit_bytes: u64) -> io::Result<Self> {
        let folder = path.with_extension("unpacked");
        if !folder.is_dir() {
            fs::create_dir(&folder)?;
            unpack(path, &folder, limit_bytes)?;
        }
        Ok(Self(Folder::open(&folder, super::open_file)?))
    }
}

impl Source for Archive {
    fn path(&self) -> &Path {
        self.0.path()
    }

    fn bytes(&self) -> u64 {
        self.0.bytes()
    }

    fn documents(&self) -> Option<Arc<Documents>> {
        self.0.documents()
    }

    fn lines(&self) -> io::Result<Box<dyn Iterator<Item = io::Result<Line>> + Send>> {
        self.0.lines()
    }
}

fn unusable(what: impl std::fmt::Display) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("the archive can't be unpacked: {what}"))
}

fn unpack(path: &Path, folder: &Path, limit_bytes: u64) -> io::Result<()> {
    let mut archive = ZipArchive::new(BufReader::new(File::open(path)?)).map_err(unusable)?;
    let mut names = Vec::new();
    for raw in archive.file_names_raw() {
        names.push(name_of(raw)?);
    }
    let around = around(&names);
    let mut left = limit_bytes;
    for (index, name) in names.iter().enumerate() {
        let mut entry = archive.by_index(index).map_err(unusable)?;
        if entry.is_dir() || name.starts_with(ADDED) {
            continue;
        }
        let name =
            around.as_ref().and_then(|around| name.strip_prefix(around).ok()).unwrap_or(name);
        let to = folder.join(name);
        if let Some(parent) = to.parent() {
            fs::create_dir_all(parent)?;
        }
        let mut file =
            BufWriter::new(File::create_new(&to).map_err(|error| match error.kind() {
                io::ErrorKind::AlreadyExists => {
                    unusable(format!("{} is in it twice", name.display()))
                }
                _ => error,
            })?);
        // What an entry says of its size is not believed.
        let written = io::copy(&mut (&mut entry).take(left + 1), &mut file).map_err(unusable)?;
        left = left.checked_sub(written).ok_or_else(|| {
            unusable(format!("it has more than {limit_bytes} bytes once it is unpacked, the limit"))
        })?;
        file.flush()?;
    }
    Ok(())
}

/// The name of an entry as a path within a folder.
fn name_of(raw: &[u8]) -> io::Result<PathBuf> {
    let name = match std::str::from_utf8(raw) {
        Ok(name) => name.to_owned(),
        Err(_) => GB18030.decode(raw).0.into_owned(),
    };
    let path = PathBuf::from(name.replace('\\', "/"));
    let is_within = path.components().all(|part| matches!(part, Component::Normal(_)));
    if name.contains('\0') || name.is_empty() || !is_within {
        return Err(unusable(format!("{name:?} in it is no name within a folder")));
    }
    Ok(path)
}

/// The folder in which everything lies, if there is one.
fn around(names: &[PathBuf]) -> Option<PathBuf> {
    let mut names = names.iter().filter(|name| !name.starts_with(ADDED));
    let first = PathBuf::from(names.clone().next()?.components().next()?.as_os_str());
    // Of the folder itself there may be an entry too; a file is no folder.
    let is_folder = names.clone().any(|name| name.components().count() > 1);
    (is_folder && names.all(|name| name.starts_with(&first))).then_some(first)
}

/// Packs a folder: its files, and those of the folders in it.
///
/// # Errors
/// Those of the system; names that are no text.
pub fn pack(folder: &Path, into: &Path) -> io::Result<()> {
    let mut archive = ZipWriter::new(BufWriter::new(File::create(into)?));
    add(&mut archive, folder, "")?;
    let mut file = archive.finish().map_err(io::Error::other)?;
    file.flush()
}

fn add<W: Write + Seek>(archive: &mut ZipWriter<W>, folder: &Path, within: &str) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_str().ok_or_else(|| {
            let text = format!("{} has a name that is no text", entry.path().display());
            io::Error::new(io::ErrorKind::InvalidInput, text)
        })?;
        let name = format!("{within}{name}");
        let kind = fs::metadata(entry.path())?;
        if kind.is_dir() {
            add(archive, &entry.path(), &format!("{name}/"))?;
        } else if kind.is_file() {
            let options = SimpleFileOptions::default().large_file(true);
            archive.start_file(name, options).map_err(io::Error::other)?;
            io::copy(&mut File::open(entry.path())?, archive)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(entries: &[(&str, &str)]) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sent");
        let mut archive = ZipWriter::new(File::create(&path).unwrap());
        for (name, text) in entries {
            archive.start_file(*name, SimpleFileOptions::default()).unwrap();
            archive.write_all(text.as_bytes()).unwrap();
        }
        archive.finish().unwrap();
        (folder, path)
    }

    fn refused(path: &Path, limit_bytes: u64) -> String {
        Archive::open(path, limit_bytes).err().unwrap().to_string()
    }

    #[test]
    fn what_lies_in_one_folder_is_unpacked_within_the_limit() {
        let entries = [("a/lines.ndjson", "{}\n"), ("a/b/scan.pdf", "x"), ("__MACOSX/._a", "y")];
        let (folder, path) = packed(&entries);
        assert_eq!(Archive::open(&path, 4).unwrap().lines().unwrap().count(), 1);
        let unpacked = folder.path().join("sent.unpacked");
        assert_eq!(fs::read_to_string(unpacked.join("b/scan.pdf")).unwrap(), "x");
        assert!(!unpacked.join("__MACOSX").exists());
        let (_folder, path) = packed(&entries);
        assert!(refused(&path, 3).contains("more than 3 bytes"));
    }

    #[test]
    fn what_is_no_folder_of_lines_is_refused() {
        let (folder, path) = packed(&[("../out.ndjson", "{}")]);
        assert!(refused(&path, 99).contains("../out.ndjson"));
        assert!(!folder.path().join("out.ndjson").exists());
        let (_folder, path) = packed(&[("scan.pdf", "x")]);
        assert!(refused(&path, 99).contains("no file of lines"));
        fs::write(&path, "no archive").unwrap();
        fs::remove_dir_all(path.with_extension("unpacked")).unwrap();
        assert!(refused(&path, 99).contains("can't be unpacked"));
    }

    #[test]
    fn a_folder_is_packed_as_it_is_unpacked() {
        let from = tempfile::tempdir().unwrap();
        fs::create_dir(from.path().join("扫描")).unwrap();
        fs::write(from.path().join("扫描/批复.pdf"), "x").unwrap();
        fs::write(from.path().join("lines.ndjson"), "{}").unwrap();
        let to = tempfile::tempdir().unwrap();
        let path = to.path().join("sent");
        pack(from.path(), &path).unwrap();
        assert_eq!(Archive::open(&path, 99).unwrap().bytes(), 2);
        let scan = to.path().join("sent.unpacked/扫描/批复.pdf");
        assert_eq!(fs::read_to_string(scan).unwrap(), "x");
    }
}
