//! A bundle's files, out of its archive or its folder, within limits: no path climbs out, and nothing
//! grows beyond what a bundle can be.

use std::fs::{self, File};
use std::io::{Cursor, Read as _};
use std::path::{Component, Path};

use super::OpenError;
use crate::verify::Kind;
use crate::verify::bundle::Files;

/// The most files, and the most bytes of all together and of one.
const MAX_FILES: usize = 200_000;
const MAX_BYTES: u64 = 2 << 30;
const MAX_FILE_BYTES: u64 = 512 << 20;

fn no_bundle(kind: Kind, text: impl Into<String>) -> OpenError {
    OpenError::NoBundle(kind, text.into())
}

fn not_one(text: impl Into<String>) -> OpenError {
    no_bundle(Kind::Malformed, text)
}

/// Reads a bundle.
///
/// # Errors
/// [`OpenError`], which names the file that is at fault.
pub fn read(path: &Path) -> Result<Files, OpenError> {
    read_within(path, MAX_BYTES)
}

/// The same where all files together have so many bytes at most.
///
/// # Errors
/// As [`read`].
pub fn read_within(path: &Path, bytes: u64) -> Result<Files, OpenError> {
    let is_folder = path.is_dir();
    let mut files = if is_folder { of_folder(path, bytes)? } else { of_archive(path, bytes)? };
    // All of it stands in one folder, named as the bundle is.
    if !files.contains_key("bagit.txt") {
        let top = files
            .keys()
            .next()
            .and_then(|name| name.split_once('/'))
            .map(|(top, _)| top.to_owned());
        let below = top.map(|top| format!("{top}/"));
        files = files
            .into_iter()
            .map(|(name, bytes)| {
                let inner = below.as_ref().and_then(|below| name.strip_prefix(below.as_str()));
                let inner = inner.map(str::to_owned).ok_or_else(|| {
                    not_one(format!("{name:?} stands beside the bundle's folder"))
                })?;
                Ok((inner, bytes))
            })
            .collect::<Result<_, OpenError>>()?;
    }
    if files.get("bagit.txt").is_none_or(|text| !text.starts_with(b"BagIt-Version: 1.0\n")) {
        return Err(not_one("it is no bundle: bagit.txt is missing or another"));
    }
    Ok(files)
}

fn of_archive(path: &Path, bytes: u64) -> Result<Files, OpenError> {
    let unavailable = |error| OpenError::Unavailable(format!("{}: {error}", path.display()));
    let mut archived = Vec::new();
    // In memory, as its files will be: to seek for each is slow.
    let file = File::open(path).map_err(unavailable)?;
    file.take(bytes + 1).read_to_end(&mut archived).map_err(unavailable)?;
    if archived.len() as u64 > bytes {
        return Err(no_bundle(Kind::Oversized, "the archive is larger than any bundle is"));
    }
    let broken = |error: &dyn std::fmt::Display| {
        no_bundle(Kind::Truncated, format!("the archive is cut short or damaged: {error}"))
    };
    let mut archive =
        ::zip::ZipArchive::new(Cursor::new(archived)).map_err(|error| broken(&error))?;
    if archive.len() > MAX_FILES {
        return Err(no_bundle(
            Kind::Oversized,
            format!("the archive has more than {MAX_FILES} files"),
        ));
    }
    let (mut files, mut left) = (Files::new(), bytes);
    for index in 0..archive.len() {
        let entry = archive.by_index(index).map_err(|error| broken(&error))?;
        let name = entry.name().map_err(|error| broken(&error))?.into_owned();
        if !is_within(&name) || entry.is_symlink() {
            return Err(no_bundle(Kind::Climbs, format!("{name:?} would climb out of the bundle")));
        }
        if entry.is_dir() {
            continue;
        }
        let limit = MAX_FILE_BYTES.min(left);
        let mut bytes = Vec::new();
        // What the archive says of sizes is not believed.
        let read = entry.take(limit + 1).read_to_end(&mut bytes);
        read.map_err(|error| {
            no_bundle(Kind::Truncated, format!("{name:?} is cut short or damaged: {error}"))
        })?;
        if bytes.len() as u64 > limit {
            return Err(no_bundle(
                Kind::Oversized,
                format!("{name:?} makes the bundle larger than any is"),
            ));
        }
        left -= bytes.len() as u64;
        if files.insert(name.clone(), bytes).is_some() {
            return Err(not_one(format!("{name:?} is in the archive twice")));
        }
    }
    Ok(files)
}

/// Whether a path stays below where it begins.
fn is_within(name: &str) -> bool {
    let plain = !name.contains('\\') && !name.contains('\0') && !name.contains(':');
    plain && Path::new(name).components().all(|part| matches!(part, Component::Normal(_)))
}

fn of_folder(folder: &Path, bytes: u64) -> Result<Files, OpenError> {
    let (mut files, mut open, mut left) = (Files::new(), vec![folder.to_owned()], bytes);
    let failed = |path: &Path, error: std::io::Error| {
        OpenError::Unavailable(format!("{} can't be read: {error}", path.display()))
    };
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(&next).map_err(|error| failed(&next, error))? {
            let entry = entry.map_err(|error| failed(&next, error))?;
            let (path, kind) = (entry.path(), entry.file_type());
            let kind = kind.map_err(|error| failed(&path, error))?;
            if kind.is_dir() {
                open.push(path);
                continue;
            }
            let name = path.strip_prefix(folder).ok().and_then(Path::to_str).map(str::to_owned);
            let Some(name) = name.filter(|_| kind.is_file() && files.len() < MAX_FILES) else {
                return Err(not_one(format!("{} has no place in a bundle", path.display())));
            };
            let size = entry.metadata().map_err(|error| failed(&path, error))?.len();
            left = left.checked_sub(size).ok_or_else(|| {
                no_bundle(Kind::Oversized, format!("{name:?} makes the bundle larger than any is"))
            })?;
            files.insert(name, fs::read(&path).map_err(|error| failed(&path, error))?);
        }
    }
    Ok(files)
}
