//! The second verifier agrees with the first on what is done to a log.

#[path = "second_process.rs"]
mod process;

use docket::verify::Report;

use crate::world::Folder;

/// Whether it was asked; then it said the same.
pub fn agrees(folder: &Folder, held: &str, report: &Report) -> bool {
    let file = folder.folder.path().join("held.txt");
    std::fs::write(&file, held).unwrap();
    agrees_with(folder, &["--checkpoint", file.to_str().unwrap()], report)
}

/// The same about other things that are held.
pub fn agrees_with(folder: &Folder, held: &[&str], report: &Report) -> bool {
    process::said(folder.folder.path(), held).is_some_and(|said| {
        process::compare(&said, report);
        true
    })
}
