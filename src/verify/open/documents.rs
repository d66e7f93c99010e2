//! The documents of a folder, each held against the digest that is its name; and those that no event names.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::{OpenError, Progress};
use crate::verify::finding::{Kind, Report};
use crate::verify::tree::hex;

/// The digits of a SHA-256.
const DIGITS: usize = 64;

/// Every digest that stands in an event.
#[derive(Debug, Default)]
pub struct Named(HashSet<String>);

impl Named {
    /// Takes in what some bytes name.
    pub fn take_in(&mut self, bytes: &[u8]) {
        // Most bytes are passed over: where one of these is no digit, no digest lies over it.
        let mut from = 0;
        while let Some(window) = bytes.get(from..from + DIGITS) {
            if let Some(last) = window.iter().rposition(|byte| !byte.is_ascii_hexdigit()) {
                from += last + 1;
                continue;
            }
            let digits = bytes[from..].iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
            // A longer run names none, and none of its parts does.
            if digits == DIGITS {
                let digest = String::from_utf8_lossy(window);
                if !self.0.contains(digest.as_ref()) {
                    self.0.insert(digest.into_owned());
                }
            }
            from += digits;
        }
    }
}

/// Holds each document of a folder against its name, and adds what is found to the report.
///
/// # Errors
/// [`OpenError`].
pub fn check(
    folder: &Path,
    named: &Named,
    report: &mut Report,
    progress: Progress<'_>,
) -> Result<(), OpenError> {
    let failed = |path: &Path, error: std::io::Error| {
        OpenError::Unavailable(format!("{} can't be read: {error}", path.display()))
    };
    let (mut open, mut whole, mut unnamed) = (vec![folder.to_owned()], 0, Vec::new());
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(&next).map_err(|error| failed(&next, error))? {
            let entry = entry.map_err(|error| failed(&next, error))?;
            let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
            if entry.file_type().map_err(|error| failed(&path, error))?.is_dir() {
                open.push(path);
                continue;
            }
            // Uploads that are under way have other names.
            if name.len() != DIGITS || !name.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                continue;
            }
            if !progress(whole, whole + 1) {
                return Err(OpenError::Interrupted);
            }
            if digest_of(&path).map_err(|error| failed(&path, error))? == name {
                whole += 1;
            } else {
                let text = format!("{} is not the document of that digest", path.display());
                report.found(Kind::File, None, text);
            }
            if !named.0.contains(&name) {
                unnamed.push(name);
            }
        }
    }
    unnamed.sort();
    report.documents = Some((whole, unnamed));
    Ok(())
}

fn digest_of(path: &Path) -> std::io::Result<String> {
    let (mut file, mut hasher, mut part) = (File::open(path)?, Sha256::new(), vec![0; 64 * 1024]);
    loop {
        match file.read(&mut part)? {
            0 => return Ok(hex(&hasher.finalize())),
            read => hasher.update(&part[..read]),
        }
    }
}
