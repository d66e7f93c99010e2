//! What a backup says of itself: `manifest.json`, and `SHA256SUMS` with the digest of every file, which
//! `sha256sum -c` checks too. The manifest has the digest of the sums, so nothing of it can change alone.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Component, Path, PathBuf};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::cli::exit::{Exit, failure};

/// The manifest's name.
pub const MANIFEST: &str = "manifest.json";
/// The name of the list of digests.
pub const SUMS: &str = "SHA256SUMS";
/// The log's name, in a backup and in a data folder.
pub const LOG: &str = "log.sqlite";
/// The folder of documents, in both.
pub const DOCUMENTS: &str = "documents";
/// The form of backups that this version writes and reads.
pub const FORMAT: u32 = 1;

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: u32,
    /// The version that wrote it.
    pub docket: String,
    /// When it was finished.
    pub made_at: String,
    /// The log's id, where its first event says it.
    pub log_id: Option<Uuid>,
    /// How many events the log has.
    pub events: u64,
    /// The sequence of the last one, 20 digits.
    pub head_sequence: Option<String>,
    /// The Merkle root over them.
    pub root: String,
    /// The digest of [`SUMS`].
    pub sums: String,
    /// Which documents are in it.
    pub documents: Documents,
    /// The keys that belong to the log.
    pub keys: Vec<Key>,
    /// Whether the webhook endpoints are in it, with their secrets.
    pub webhooks: bool,
}

/// The documents' part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Documents {
    /// Where they were.
    pub address: String,
    /// Whether they were copied: an object store has a backup of its own.
    pub copied: bool,
    /// How many were.
    pub count: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Digests that the log cites and no file has.
    pub missing: Vec<String>,
    /// Digests of files whose content was another; not copied.
    pub damaged: Vec<String>,
}

/// A key that belongs to the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// Where it belongs in a data folder.
    pub file: String,
    /// Its file's digest.
    pub sha256: String,
    /// Whether it is in the backup.
    pub copied: bool,
}

/// The digests of a backup's files, in the order of their names.
#[derive(Debug, Default)]
pub struct Sums(pub Vec<(String, String)>);

impl Sums {
    /// Adds a file.
    pub fn add(&mut self, name: impl Into<String>, digest: impl Into<String>) {
        self.0.push((name.into(), digest.into()));
    }

    /// As `sha256sum` writes it.
    pub fn text(&mut self) -> String {
        self.0.sort();
        self.0.iter().map(|(name, digest)| format!("{digest}  {name}\n")).collect()
    }

    /// Reads what [`Sums::text`] wrote. No name leads out of the folder.
    pub fn parse(text: &str) -> Option<Self> {
        let line = |line: &str| {
            let (digest, name) = line.split_once("  ")?;
            let parts = Path::new(name).components();
            let is_inside = parts.clone().all(|part| matches!(part, Component::Normal(_)));
            (digest.len() == 64 && is_inside && parts.count() > 0)
                .then(|| (name.to_owned(), digest.to_owned()))
        };
        text.lines().map(line).collect::<Option<Vec<_>>>().map(Self)
    }
}

/// A digest of bytes at hand.
pub fn digest_of(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The digest of a file, and its length.
pub fn digest_file(path: &Path) -> anyhow::Result<(String, u64)> {
    let mut hasher = Sha256::new();
    let bytes = read_to(path, |part| {
        hasher.update(part);
        Ok(())
    })
    .with_context(|| format!("can't read {}", path.display()))?;
    Ok((hex(&hasher.finalize()), bytes))
}

/// Copies a file to a new one that only its owner reads, flushed; the digest of what was copied, and its
/// length.
pub fn copy_file(from: &Path, to: &Path) -> anyhow::Result<(String, u64)> {
    let mut hasher = Sha256::new();
    let mut copy = || -> io::Result<u64> {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to)?;
        let bytes = read_to(from, |part| {
            hasher.update(part);
            file.write_all(part)
        })?;
        file.sync_all()?;
        Ok(bytes)
    };
    let bytes =
        copy().with_context(|| format!("can't copy {} to {}", from.display(), to.display()))?;
    Ok((hex(&hasher.finalize()), bytes))
}

fn read_to(path: &Path, mut take: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<u64> {
    let mut file = File::open(path)?;
    let (mut part, mut bytes) = (vec![0; 256 * 1024], 0);
    loop {
        match file.read(&mut part)? {
            0 => return Ok(bytes),
            read => {
                take(&part[..read])?;
                bytes += read as u64;
            }
        }
    }
}

/// Writes a small file that only its owner reads, flushed.
pub fn write_file(path: &Path, text: &str) -> anyhow::Result<()> {
    let write = || -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    };
    write().with_context(|| format!("can't write {}", path.display()))
}

/// A folder being filled beside its place; removed unless it was finished.
#[derive(Debug)]
pub struct Unfinished {
    path: PathBuf,
    place: PathBuf,
    is_done: bool,
}

impl Unfinished {
    /// Makes it, where nothing or an empty folder stands at its place.
    ///
    /// # Errors
    /// [`Exit::Conflict`] when something is there.
    pub fn begin(place: &Path) -> anyhow::Result<Self> {
        let is_free = match fs::read_dir(place) {
            Ok(mut entries) => entries.next().is_none(),
            Err(error) => error.kind() == io::ErrorKind::NotFound,
        };
        if !is_free {
            let text = format!("{} is there already: name a new folder", place.display());
            return Err(failure(Exit::Conflict, text));
        }
        let mut name = place.components().as_path().as_os_str().to_owned();
        name.push(".unfinished");
        let path = PathBuf::from(name);
        if path.exists() {
            let text = format!(
                "{} is there: another such command is at work, or one broke off; then remove it",
                path.display()
            );
            return Err(failure(Exit::Conflict, text));
        }
        make_folder(&path)?;
        Ok(Self { path, place: place.to_owned(), is_done: false })
    }

    /// A path in it, whose folder is made.
    pub fn file(&self, name: &str) -> anyhow::Result<PathBuf> {
        let path = self.path.join(name);
        if let Some(folder) = path.parent() {
            make_folder(folder)?;
        }
        Ok(path)
    }

    /// Flushes every folder and puts it in its place.
    pub fn finish(mut self) -> anyhow::Result<()> {
        sync_folders(&self.path).context("can't flush the folder")?;
        let put = || -> io::Result<()> {
            fs::rename(&self.path, &self.place)?;
            let parent = self.place.parent().filter(|parent| !parent.as_os_str().is_empty());
            File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
        };
        put().with_context(|| format!("can't make {}", self.place.display()))?;
        self.is_done = true;
        Ok(())
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.is_done
            && let Err(error) = fs::remove_dir_all(&self.path)
        {
            eprintln!("docket: {} stays: {error}", self.path.display());
        }
    }
}

fn make_folder(path: &Path) -> anyhow::Result<()> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.with_context(|| format!("can't make the folder {}", path.display()))
}

fn sync_folders(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            sync_folders(&entry.path())?;
        }
    }
    File::open(folder)?.sync_all()
}
