//! Any bytes as the files of a bundle whose lists fit: what is behind the lists is reached. A file begins
//! with a line of its path.
#![no_main]

use docket_fuzz::judge;
use docket_fuzz::verify::bundle::Files;
use docket_fuzz::verify::tree::{hex, sha256};

/// What stands between two files.
const BETWEEN: &[u8] = b"\0\0";

fn split(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut parts = Vec::new();
    while let Some(at) = bytes.windows(BETWEEN.len()).position(|window| window == BETWEEN) {
        parts.push(&bytes[..at]);
        bytes = &bytes[at + BETWEEN.len()..];
    }
    parts.push(bytes);
    parts
}

fn list(files: &Files, is_listed: impl Fn(&str) -> bool) -> Vec<u8> {
    let listed = files.iter().filter(|(path, _)| is_listed(path));
    let lines = listed.map(|(path, bytes)| format!("{}  {path}\n", hex(&sha256(bytes))));
    lines.collect::<String>().into_bytes()
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut files = Files::new();
    for part in split(bytes) {
        let at = part.iter().position(|byte| *byte == b'\n').unwrap_or(part.len());
        let path = String::from_utf8_lossy(&part[..at]).into_owned();
        files.insert(path, part.get(at + 1..).unwrap_or_default().to_vec());
    }
    files.insert("bagit.txt".to_owned(), b"BagIt-Version: 1.0\n".to_vec());
    let manifest = list(&files, |path| path.starts_with("data/"));
    files.insert("manifest-sha256.txt".to_owned(), manifest);
    let manifest = list(&files, |path| !path.starts_with("data/") && !path.starts_with("tagmanifest-"));
    files.insert("tagmanifest-sha256.txt".to_owned(), manifest);
    judge(&files);
});
