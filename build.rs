//! Brings the files of `schemas/measures` along. A program is found by its folder being there, so a
//! new one needs no line of code.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

const FOLDER: &str = "schemas/measures";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={FOLDER}");
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let mut files = Vec::new();
    collect(&root, FOLDER, &mut files)?;
    files.sort();
    let mut list = String::from("&[\n");
    for path in files {
        let full = root.join(&path);
        writeln!(list, "    Source {{ path: {path:?}, text: include_str!({full:?}) }},")?;
    }
    list.push_str("]\n");
    fs::write(Path::new(&env::var("OUT_DIR")?).join("measures.rs"), list)?;
    Ok(())
}

/// The `.toml` files under a folder, as paths from the root.
fn collect(root: &Path, folder: &str, files: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(root.join(folder))? {
        let entry = entry?;
        let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            collect(root, &path, files)?;
        } else if path.ends_with(".toml") {
            files.push(path);
        }
    }
    Ok(())
}
