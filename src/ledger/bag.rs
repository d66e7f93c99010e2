//! A bundle of files as BagIt 1.0 (RFC 8493) in a zip archive: each file with its digests, which
//! `sha256sum -c` checks. The same files give the same bytes. What is in it is not decided here.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Cursor, Write as _};

use sha2::{Digest, Sha256, Sha512};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// Files by their paths.
pub type Files = BTreeMap<String, Vec<u8>>;

const BAGIT: &str = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n";

/// Puts a payload into a bundle of this name; `info`: what `bag-info.txt` says besides the payload's size.
///
/// # Errors
/// An archive larger than can be.
pub fn bag(name: &str, payload: &Files, info: &[(&str, String)]) -> io::Result<Vec<u8>> {
    let mut files = Files::new();
    let octets: usize = payload.values().map(Vec::len).sum();
    let oxum = ("Payload-Oxum", format!("{octets}.{}", payload.len()));
    let info = info.iter().chain([&oxum]).map(|(label, value)| format!("{label}: {value}\n"));
    files.insert("bagit.txt".to_owned(), BAGIT.into());
    files.insert("bag-info.txt".to_owned(), info.collect::<String>().into_bytes());
    for (path, bytes) in payload {
        files.insert(format!("data/{path}"), bytes.clone());
    }
    let below = |files: &Files, is_payload: bool| -> Vec<String> {
        files.keys().filter(|path| path.starts_with("data/") == is_payload).cloned().collect()
    };
    let listed = below(&files, true);
    add_lists(&mut files, "manifest", &listed)?;
    let listed = below(&files, false);
    add_lists(&mut files, "tagmanifest", &listed)?;
    archive(name, &files)
}

/// Adds the lists of digests of files, by both hashes.
fn add_lists(files: &mut Files, list: &str, paths: &[String]) -> io::Result<()> {
    let (mut short, mut long) = (String::new(), String::new());
    for path in paths {
        let bytes = files.get(path).ok_or_else(|| io::Error::other("a file is not there"))?;
        line(&mut short, &Sha256::digest(bytes), path);
        line(&mut long, &Sha512::digest(bytes), path);
    }
    files.insert(format!("{list}-sha256.txt"), short.into_bytes());
    files.insert(format!("{list}-sha512.txt"), long.into_bytes());
    Ok(())
}

fn line(list: &mut String, digest: &[u8], path: &str) {
    digest.iter().for_each(|byte| {
        let _ = write!(list, "{byte:02x}");
    });
    let _ = writeln!(list, "  {path}");
}

fn archive(name: &str, files: &Files) -> io::Result<Vec<u8>> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .last_modified_time(DateTime::default())
        .unix_permissions(0o644);
    for (path, bytes) in files {
        // Proofs are hashes: they hardly shrink, and there are many.
        let method = match path.ends_with(".tlog-proof") {
            true => CompressionMethod::Stored,
            false => CompressionMethod::Deflated,
        };
        writer.start_file(format!("{name}/{path}"), options.compression_method(method))?;
        writer.write_all(bytes)?;
    }
    Ok(writer.finish()?.into_inner())
}
